//! What the search finds: that it comes to each of several ends, and that it fails where it should.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use model_crossbeam_channel::{Select, bounded, select, select_biased};
use model_parking_lot::{Condvar, Mutex};
use model_schedule::{
    Limits, asleep, explore, search, spawns_fail_after, spawns_may_fail, step, until_asleep,
    working,
};
use model_std::sync::atomic::AtomicBool;
use model_std::{sync, thread};

const SOME_TIME: Duration = Duration::from_secs(3600);

/// Tries a model that notes how it ended.
fn ends<const N: usize>(ends: &'static [AtomicUsize; N], model: fn()) {
    explore(model, &[]);
    let seen = ends.each_ref().map(|end| end.load(SeqCst));
    assert!(seen.iter().all(|&times| times > 0), "{seen:?}");
}

#[test]
fn a_time_out_fires_or_the_message_is_there_first() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let (sender, receiver) = bounded(1);
        let sending = thread::spawn(move || sender.try_send(()));
        let in_time = receiver.recv_timeout(SOME_TIME).is_ok();
        ENDS[usize::from(in_time)].fetch_add(1, SeqCst);
        let _ = sending.join().unwrap();
    });
}

#[test]
fn each_arm_that_is_ready_is_taken() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let (sender, _receiver) = bounded(1);
        let (close, closed) = bounded::<()>(0);
        drop(close);
        let arm = select! {
            send(sender, ()) -> _ => 0,
            recv(closed) -> _ => 1,
        };
        ENDS[arm].fetch_add(1, SeqCst);
    });
}

/// A submitter that waits in a full queue with a time-out, while the queue is closed.
#[test]
fn a_select_that_waits_comes_to_each_of_its_ends() {
    static ENDS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    ends(&ENDS, || {
        let (sender, receiver) = bounded(1);
        sender.send(()).unwrap();
        let (close, closed) = bounded::<()>(0);
        let waits = thread::spawn(move || {
            select! {
                send(sender, ()) -> _ => 0,
                recv(closed) -> _ => 1,
                default(SOME_TIME) => 2,
            }
        });
        let closes = thread::spawn(move || drop(close));
        receiver.recv().unwrap();
        ENDS[waits.join().unwrap()].fetch_add(1, SeqCst);
        closes.join().unwrap();
    });
}

/// One that waits in two channels wakes in the one or in the other, and is counted once.
#[test]
fn a_select_that_sleeps_is_counted_once_and_woken_in_either_channel() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let [(one, ones), (other, others)] = [(); 2].map(|()| bounded::<()>(0));
        let waits = thread::spawn(move || {
            select! {
                recv(ones) -> _ => 0,
                recv(others) -> _ => 1,
            }
        });
        until_asleep(1);
        assert_eq!(asleep(), 1);
        let first = thread::spawn(move || drop(one));
        drop(other);
        ENDS[waits.join().unwrap()].fetch_add(1, SeqCst);
        first.join().unwrap();
        assert_eq!(asleep(), 0);
    });
}

#[test]
fn a_call_goes_to_any_of_the_selects_that_wait() {
    static ENDS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    ends(&ENDS, || {
        let (sender, receiver) = bounded(1);
        let (close, closed) = bounded::<()>(0);
        let waiters = [0, 1, 2].map(|number| {
            let (receiver, closed) = (receiver.clone(), closed.clone());
            thread::spawn(move || {
                let mut select = Select::new();
                let message = select.recv(&receiver);
                select.recv(&closed);
                let selected = select.select();
                if selected.index() == message {
                    selected.recv(&receiver).unwrap();
                    ENDS[number].fetch_add(1, SeqCst);
                } else {
                    selected.recv(&closed).unwrap_err();
                }
            })
        });
        until_asleep(3);
        sender.send(()).unwrap();
        until_asleep(2);
        drop(close);
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// It is called for a place, and before it is awake the other channel is closed as well.
#[test]
fn a_place_is_not_lost_with_a_select_that_leaves() {
    explore(
        || {
            let (sender, receiver) = bounded(1);
            sender.send(()).unwrap();
            let (close, closed) = bounded::<()>(0);
            let leaves = thread::spawn({
                let sender = sender.clone();
                move || {
                    select! {
                        send(sender, ()) -> _ => (),
                        recv(closed) -> _ => (),
                    }
                }
            });
            let stays = thread::spawn(move || sender.send(()));
            until_asleep(2);
            receiver.recv().unwrap();
            drop(close);
            leaves.join().unwrap();
            let _ = receiver.try_recv();
            stays.join().unwrap().unwrap();
        },
        &[],
    );
}

/// Without places, who is late has not been met, and who is met is not late.
#[test]
fn without_places_a_sender_is_met_or_late() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let (sender, receiver) = bounded(0);
        let sends = thread::spawn(move || sender.send_timeout((), SOME_TIME).is_ok());
        let received = receiver.recv_timeout(SOME_TIME).is_ok();
        assert_eq!(sends.join().unwrap(), received);
        ENDS[usize::from(received)].fetch_add(1, SeqCst);
    });
}

/// Whose call it was, and whether the one that left late has used it up.
#[test]
fn a_notification_goes_to_any_of_those_who_wait() {
    static ENDS: [AtomicUsize; 3] = [const { AtomicUsize::new(0) }; 3];
    ends(&ENDS, || {
        let state = Arc::new((Mutex::new(()), Condvar::new()));
        let waiters = [0, 1, 2].map(|number| {
            let state = Arc::clone(&state);
            thread::spawn(move || {
                let late = state.1.wait_for(&mut state.0.lock(), SOME_TIME);
                if !late.timed_out() {
                    ENDS[number].fetch_add(1, SeqCst);
                }
            })
        });
        state.1.notify_one();
        for waiter in waiters {
            waiter.join().unwrap();
        }
    });
}

/// When it is seen to have left, its thread-local values may still be there, or not any more.
#[test]
fn a_thread_may_be_over_and_not_gone() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        model_std::thread_local! {
            static VALUE: RefCell<Option<Arc<()>>> = const { RefCell::new(None) };
        }
        let kept = Arc::new(());
        let value = Arc::clone(&kept);
        let (sender, receiver) = bounded::<()>(1);
        let thread = thread::spawn(move || {
            VALUE.with(|place| *place.borrow_mut() = Some(value));
            drop(sender);
        });
        receiver.recv().unwrap_err();
        ENDS[Arc::strong_count(&kept) - 1].fetch_add(1, SeqCst);
        thread.join().unwrap();
        assert_eq!(Arc::strong_count(&kept), 1);
    });
}

#[test]
fn a_wait_with_a_time_out_is_no_deadlock() {
    explore(
        || {
            let mut nobody = (Mutex::new(()), Condvar::new());
            assert!(
                nobody
                    .1
                    .wait_for(&mut nobody.0.lock(), SOME_TIME)
                    .timed_out()
            );
            nobody.0.get_mut();
        },
        &[],
    );
}

#[test]
fn a_thread_is_started_or_not_where_spawns_may_fail() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        spawns_may_fail();
        let started = thread::Builder::new().spawn(|| ());
        ENDS[usize::from(started.is_ok())].fetch_add(1, SeqCst);
    });
}

/// Whether threads can be started begins anew with each schedule, and so does the count of them.
#[test]
fn so_many_threads_can_be_started_as_the_scenario_says() {
    explore(
        || {
            let start = || thread::Builder::new().spawn(|| ());
            let first = start().unwrap();
            spawns_fail_after(1);
            let second = start().unwrap();
            assert!(start().is_err());
            first.join().unwrap();
            second.join().unwrap();
            assert!(start().is_err(), "those that have ended are no new ones");
            assert_eq!(working(), 0);
        },
        &[],
    );
}

/// A thread that nobody has joined is seen on some schedule.
#[test]
#[should_panic(expected = "is still at work")]
fn a_thread_that_is_left_behind_is_found() {
    explore(
        || {
            drop(thread::Builder::new().spawn(|| ()).unwrap());
            assert_eq!(working(), 0, "it is still at work");
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_lost_wake_up_is_found() {
    explore(
        || {
            let state = Arc::new((AtomicBool::new(false), Mutex::new(()), Condvar::new()));
            let theirs = Arc::clone(&state);
            let waiter = thread::spawn(move || {
                let mut guard = theirs.1.lock();
                // Not under the lock: the flag may be set between this look and the sleep.
                while !theirs.0.load(SeqCst) {
                    theirs.2.wait(&mut guard);
                }
            });
            state.0.store(true, SeqCst);
            state.2.notify_one();
            waiter.join().unwrap();
        },
        &[],
    );
}

/// Without places, `try_send` leaves nothing behind for those who come later.
#[test]
#[should_panic(expected = "deadlock")]
fn a_wake_up_that_is_lost_before_a_select_is_found() {
    explore(
        || {
            let closed = Arc::new(AtomicBool::new(false));
            let (sign, signs) = bounded(0);
            let (_open, never) = bounded::<()>(0);
            let waiter = thread::spawn({
                let closed = Arc::clone(&closed);
                move || {
                    // The sign may be given between this look and the sleep.
                    if !closed.load(SeqCst) {
                        select! {
                            recv(signs) -> sign => sign.unwrap(),
                            recv(never) -> _ => (),
                        }
                    }
                }
            });
            closed.store(true, SeqCst);
            let _ = sign.try_send(());
            waiter.join().unwrap();
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_thread_that_locks_twice_is_found() {
    explore(
        || {
            let mutex = Mutex::new(());
            let _once = mutex.lock();
            let _twice = mutex.lock();
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "max_steps")]
fn a_thread_that_goes_round_in_circles_is_found() {
    explore(
        || loop {
            step();
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "somebody has caught")]
fn a_panic_that_somebody_has_caught_is_found() {
    explore(
        || {
            let caught = thread::spawn(|| assert_eq!(1, 2));
            assert!(caught.join().is_err());
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "more than one mutex")]
fn a_condition_variable_with_two_locks_is_found() {
    explore(use_two_locks, &[]);
}

fn use_two_locks() {
    let changed = Arc::new(Condvar::new());
    let theirs = Arc::clone(&changed);
    thread::spawn(move || theirs.wait(&mut Mutex::new(()).lock()));
    until_asleep(1);
    changed.wait(&mut Mutex::new(()).lock());
}

#[test]
fn who_sleeps_is_counted_and_who_waits_for_a_lock_is_not() {
    explore(
        || {
            let lock = Arc::new(Mutex::new(()));
            let held = lock.lock();
            let (sender, receiver) = bounded::<()>(1);
            let asks = thread::spawn({
                let lock = Arc::clone(&lock);
                move || drop(lock.lock())
            });
            let waits = thread::spawn(move || receiver.recv());
            until_asleep(1);
            assert_eq!(asleep(), 1);
            drop(held);
            asks.join().unwrap();
            drop(sender);
            waits.join().unwrap().unwrap_err();
            assert_eq!(asleep(), 0);
        },
        &[],
    );
}

/// The seed of a failure is printed, and leads to it again.
#[test]
fn a_seed_leads_to_the_same_end() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    fn race() {
        let first = Arc::new(AtomicBool::new(true));
        let racers = [0, 1].map(|number| {
            let first = Arc::clone(&first);
            thread::spawn(move || {
                if first.swap(false, SeqCst) {
                    ENDS[number].fetch_add(1, SeqCst);
                }
            })
        });
        for racer in racers {
            racer.join().unwrap();
        }
    }
    let runs = || {
        explore(race, &[7, 8, 9]);
        ENDS.each_ref().map(|end| end.swap(0, SeqCst))
    };
    assert_eq!(runs(), runs());
}

/// What the last worker of v1 relies on: a submitter that sleeps when the queue is closed takes no
/// place that comes free later. (One that is still looking may.)
#[test]
fn a_biased_select_that_sleeps_takes_no_place_after_it_was_woken() {
    explore(
        || {
            let (sender, receiver) = bounded(1);
            sender.try_send(1).unwrap();
            let (close, closed) = bounded::<()>(0);
            let waiters = [(); 2].map(|()| {
                let (sender, closed) = (sender.clone(), closed.clone());
                thread::spawn(move || {
                    select_biased! {
                        recv(closed) -> _ => (),
                        send(sender, 2) -> _ => unreachable!(),
                    }
                })
            });
            until_asleep(2);
            drop(close);
            receiver.recv().unwrap();
            for waiter in waiters {
                waiter.join().unwrap();
            }
        },
        &[],
    );
}

/// `std` allows it, so a wait without a loop is found.
#[test]
fn a_wait_of_std_ends_by_itself_or_is_woken() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let state = Arc::new((sync::Mutex::new(0), sync::Condvar::new()));
        let theirs = Arc::clone(&state);
        let waits = thread::spawn(move || {
            let set = theirs.0.lock().unwrap();
            if *set == 0 {
                ENDS[*theirs.1.wait(set).unwrap()].fetch_add(1, SeqCst);
            }
        });
        *state.0.lock().unwrap() = 1;
        state.1.notify_all();
        waits.join().unwrap();
    });
}

/// Although some waits end by themselves.
#[test]
#[should_panic(expected = "deadlock")]
fn a_lost_wake_up_of_std_is_found() {
    explore(
        || {
            let state = Arc::new((
                AtomicBool::new(false),
                sync::Mutex::new(()),
                sync::Condvar::new(),
            ));
            let theirs = Arc::clone(&state);
            let waiter = thread::spawn(move || {
                let mut guard = theirs.1.lock().unwrap();
                while !theirs.0.load(SeqCst) {
                    guard = theirs.2.wait(guard).unwrap();
                }
            });
            state.0.store(true, SeqCst);
            state.2.notify_one();
            waiter.join().unwrap();
        },
        &[],
    );
}

#[test]
#[should_panic(expected = "deadlock")]
fn a_thread_that_parks_without_a_token_is_found() {
    explore(
        || {
            let parks = thread::spawn(thread::park);
            parks.join().unwrap();
        },
        &[],
    );
}

/// Who comes second may find the lock poisoned, or come first.
#[test]
fn a_lock_is_poisoned_for_whoever_comes_later() {
    static ENDS: [AtomicUsize; 2] = [const { AtomicUsize::new(0) }; 2];
    ends(&ENDS, || {
        let lock = Arc::new(sync::Mutex::new(()));
        let theirs = Arc::clone(&lock);
        let panics = thread::spawn(move || {
            let _held = theirs.lock();
            std::panic::resume_unwind(Box::new("on purpose"));
        });
        ENDS[usize::from(lock.lock().is_err())].fetch_add(1, SeqCst);
        panics.join().unwrap_err();
    });
}

/// A search that is to end in time says on which schedule it has failed, and how.
#[test]
fn a_search_tells_its_failure() {
    let limits = Limits {
        schedules: 200,
        time: Duration::from_secs(60),
    };
    let failure = search(race_of_two_additions, limits).unwrap_err();
    assert!((1..=200).contains(&failure.schedule));
    assert!(failure.ending.contains("left: 1"), "{}", failure.ending);
    let told: Vec<String> = failure.journal.iter().map(ToString::to_string).collect();
    let reads = |line: &&String| line.contains("reads 0") && line.contains("reach.rs:");
    assert_eq!(told.iter().filter(reads).count(), 2, "{told:#?}");
    assert!(told.last().unwrap().contains("panics: "), "{told:#?}");
    assert_eq!(search(|| (), limits).unwrap(), 200);
}

fn race_of_two_additions() {
    let number = Arc::new(sync::atomic::AtomicU32::new(0));
    let adders = [(); 2].map(|()| {
        let number = Arc::clone(&number);
        thread::spawn(move || number.store(number.load(SeqCst) + 1, SeqCst))
    });
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(number.load(SeqCst), 2);
}
