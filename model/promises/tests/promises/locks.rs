//! `parking_lot`: a lock, and the place to wait for a change of what it protects.

use super::lock::{Condvar, Mutex, MutexGuard};
use super::standard::panic::resume_unwind;
use super::standard::sync::Arc;
use super::standard::thread::{self, JoinHandle};
use super::standard::time::{Duration, Instant};

promises![
    one_thread_at_a_time_has_the_lock,
    a_panic_opens_the_lock_and_poisons_nothing,
    try_lock_takes_the_lock_if_it_is_free,
    unlocked_lets_another_thread_in,
    a_lock_gives_its_value_away_without_being_locked,
    a_notification_that_nobody_waits_for_is_lost,
    notify_one_wakes_one_and_notify_all_the_rest,
    each_waiter_may_have_a_condition_variable_of_its_own,
    a_wait_with_a_condition_ends_when_it_is_false,
    a_condition_that_is_false_at_once_is_not_waited_for,
    a_time_out_is_one_only_if_the_condition_is_still_true,
    a_time_without_an_end_is_waited_for,
    a_condition_variable_may_change_its_lock_when_nobody_waits,
];

const SHORT: Duration = Duration::from_micros(10);

/// The threads that wait, or have done so.
#[derive(Default)]
struct Place {
    here: Mutex<usize>,
    changed: Condvar,
}

impl Place {
    /// So many threads that wait here once.
    fn with_waiters(waiters: usize) -> (Arc<Place>, Vec<JoinHandle<()>>) {
        let place = Arc::new(Place::default());
        let waiters = (0..waiters).map(|_| {
            let place = Arc::clone(&place);
            thread::spawn(move || {
                let mut here = place.here.lock();
                *here += 1;
                place.changed.wait(&mut here);
                *here -= 1;
            })
        });
        let waiters = waiters.collect();
        (place, waiters)
    }

    /// Who is here and has opened the lock is asleep.
    fn until(&self, number: usize) {
        while *self.here.lock() != number {
            thread::yield_now();
        }
    }
}

fn one_thread_at_a_time_has_the_lock() {
    let count = Arc::new(Mutex::new(0));
    let adders = [(); 3].map(|()| {
        let count = Arc::clone(&count);
        thread::spawn(move || {
            let mut count = count.lock();
            let before = *count;
            thread::yield_now();
            *count = before + 1;
        })
    });
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(*count.lock(), 3);
}

fn a_panic_opens_the_lock_and_poisons_nothing() {
    let value = Arc::new(Mutex::new(1));
    let theirs = Arc::clone(&value);
    let panics = thread::spawn(move || {
        let mut value = theirs.lock();
        *value = 2;
        resume_unwind(Box::new("on purpose"));
    });
    panics.join().unwrap_err();
    assert_eq!(*value.lock(), 2);
    assert_eq!(value.try_lock().as_deref(), Some(&2));
}

fn try_lock_takes_the_lock_if_it_is_free() {
    let value = Arc::new(Mutex::new(1));
    let held = value.lock();
    let theirs = Arc::clone(&value);
    let failed = thread::spawn(move || theirs.try_lock().is_none());
    assert!(failed.join().unwrap());
    drop(held);
    let held = value.try_lock().unwrap();
    assert!(value.try_lock().is_none());
    assert_eq!(format!("{value:?}"), "Mutex { data: <locked> }");
    drop(held);
    assert_eq!(format!("{value:?}"), "Mutex { data: 1 }");
}

fn unlocked_lets_another_thread_in() {
    let value = Arc::new(Mutex::new(1));
    let mut held = value.lock();
    let theirs = Arc::clone(&value);
    let adder = thread::spawn(move || *theirs.lock() += 1);
    MutexGuard::unlocked(&mut held, || adder.join().unwrap());
    assert_eq!(*held, 2);
    assert!(value.try_lock().is_none(), "it is locked again");
}

fn a_lock_gives_its_value_away_without_being_locked() {
    let mut value = Mutex::new(1);
    *value.get_mut() += 1;
    assert_eq!(value.into_inner(), 2);
}

fn a_notification_that_nobody_waits_for_is_lost() {
    let place = Place::default();
    assert!(!place.changed.notify_one());
    assert_eq!(place.changed.notify_all(), 0);
    let mut here = place.here.lock();
    assert!(place.changed.wait_for(&mut here, SHORT).timed_out());
    let past = Instant::now();
    assert!(place.changed.wait_until(&mut here, past).timed_out());
}

fn notify_one_wakes_one_and_notify_all_the_rest() {
    let (place, waiters) = Place::with_waiters(3);
    place.until(3);
    assert!(place.changed.notify_one());
    place.until(2);
    for _ in 0..3 {
        thread::yield_now();
        assert_eq!(*place.here.lock(), 2, "one more has been woken");
    }
    assert_eq!(place.changed.notify_all(), 2);
    assert!(!place.changed.notify_one());
    for waiter in waiters {
        waiter.join().unwrap();
    }
    assert_eq!(*place.here.lock(), 0);
}

fn each_waiter_may_have_a_condition_variable_of_its_own() {
    let state = Arc::new((Mutex::new(0), [Condvar::new(), Condvar::new()]));
    let waiters = [0, 1].map(|own| {
        let state = Arc::clone(&state);
        thread::spawn(move || {
            let mut here = state.0.lock();
            *here += 1;
            state.1[own].wait(&mut here);
            *here += 10;
        })
    });
    while *state.0.lock() != 2 {
        thread::yield_now();
    }
    let [first, second] = waiters;
    assert!(state.1[1].notify_one());
    second.join().unwrap();
    assert_eq!(*state.0.lock(), 12);
    assert_eq!(state.1[0].notify_all(), 1);
    first.join().unwrap();
}

fn a_wait_with_a_condition_ends_when_it_is_false() {
    let place = Arc::new(Place::default());
    let theirs = Arc::clone(&place);
    let adder = thread::spawn(move || {
        for _ in 0..3 {
            *theirs.here.lock() += 1;
            theirs.changed.notify_all();
        }
    });
    let mut here = place.here.lock();
    place.changed.wait_while(&mut here, |here| *here < 3);
    assert_eq!(*here, 3);
    drop(here);
    adder.join().unwrap();
}

fn a_condition_that_is_false_at_once_is_not_waited_for() {
    let place = Place::default();
    let mut here = place.here.lock();
    place.changed.wait_while(&mut here, |_| false);
    let past = Instant::now();
    let result = place.changed.wait_while_until(&mut here, |_| false, past);
    assert!(!result.timed_out());
}

fn a_time_out_is_one_only_if_the_condition_is_still_true() {
    let place = Place::default();
    let mut here = place.here.lock();
    let soon = Instant::now() + SHORT;
    let result = place.changed.wait_while_until(&mut here, |_| true, soon);
    assert!(result.timed_out());
    let mut looks = 0;
    let only_at_first = |_: &mut usize| {
        looks += 1;
        looks == 1
    };
    let result = place
        .changed
        .wait_while_until(&mut here, only_at_first, soon);
    assert!(!result.timed_out());
    assert_eq!(looks, 2);
}

fn a_time_without_an_end_is_waited_for() {
    let place = Arc::new(Place::default());
    let theirs = Arc::clone(&place);
    let mut here = place.here.lock();
    let notifier = thread::spawn(move || {
        *theirs.here.lock() = 1;
        assert!(theirs.changed.notify_one());
    });
    let result = place.changed.wait_for(&mut here, Duration::MAX);
    assert!(!result.timed_out());
    assert_eq!(*here, 1);
    drop(here);
    notifier.join().unwrap();
}

fn a_condition_variable_may_change_its_lock_when_nobody_waits() {
    let (changed, one, other) = (Condvar::new(), Mutex::new(()), Mutex::new(()));
    for lock in [&one, &other, &one] {
        assert!(changed.wait_for(&mut lock.lock(), SHORT).timed_out());
    }
}
