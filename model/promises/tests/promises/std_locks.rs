//! `std::sync`: locks that a panic poisons, and the place to wait for what they protect.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use super::standard::panic::resume_unwind;
use super::standard::sync::{Arc, Condvar, Mutex, OnceLock, PoisonError, RwLock, TryLockError};
use super::standard::thread;
use super::standard::time::Duration;

promises![
    one_thread_at_a_time_has_the_lock,
    a_panic_poisons_the_lock_and_opens_it,
    a_lock_that_is_opened_while_another_thread_panics_is_not_poisoned,
    a_lock_that_is_taken_and_opened_in_a_drop_of_a_panic_is_not_poisoned,
    a_thread_that_panics_says_so_and_the_others_do_not,
    try_lock_takes_the_lock_if_it_is_free,
    a_lock_gives_its_value_away,
    a_notification_wakes_one_who_waits,
    a_notification_to_all_wakes_all_who_wait,
    a_wait_with_a_condition_ends_when_it_is_false,
    a_wait_ends_when_its_time_is_over,
    a_wait_with_a_condition_and_a_time_says_which_it_was,
    a_time_without_an_end_is_waited_for,
    a_wait_comes_back_with_the_poison,
    readers_read_together_and_a_writer_is_alone,
    a_panic_of_a_writer_poisons_and_one_of_a_reader_does_not,
    a_value_is_made_once,
];

const SHORT: Duration = Duration::from_micros(10);

fn panics_with<T: Send + 'static>(lock: &Arc<Mutex<T>>) {
    let lock = Arc::clone(lock);
    let panics = thread::spawn(move || {
        let _held = lock.lock().unwrap();
        resume_unwind(Box::new("on purpose"));
    });
    panics.join().unwrap_err();
}

fn one_thread_at_a_time_has_the_lock() {
    let count = Arc::new(Mutex::new(0));
    let adders = [(); 3].map(|()| {
        let count = Arc::clone(&count);
        thread::spawn(move || {
            let mut count = count.lock().unwrap();
            let before = *count;
            thread::yield_now();
            *count = before + 1;
        })
    });
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(*count.lock().unwrap(), 3);
}

fn a_panic_poisons_the_lock_and_opens_it() {
    let lock = Arc::new(Mutex::new(1));
    panics_with(&lock);
    assert!(lock.is_poisoned());
    assert_eq!(*lock.lock().unwrap_err().into_inner(), 1);
    let again = lock.try_lock();
    assert!(matches!(again, Err(TryLockError::Poisoned(guard)) if **guard.get_ref() == 1));
    assert_eq!(format!("{lock:?}"), "Mutex { data: 1, poisoned: true, .. }");
    lock.clear_poison();
    assert_eq!(*lock.lock().unwrap(), 1);
}

/// It is opened between the beginning of the panic and its end.
fn a_lock_that_is_opened_while_another_thread_panics_is_not_poisoned() {
    struct Meets(Arc<Mutex<()>>);
    impl Drop for Meets {
        fn drop(&mut self) {
            drop(self.0.lock());
            thread::yield_now();
        }
    }
    let (lock, other) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
    let held = lock.lock().unwrap();
    let meets = Meets(Arc::clone(&other));
    let panics = thread::spawn(move || {
        let _meets = meets;
        resume_unwind(Box::new("on purpose"));
    });
    for _ in 0..4 {
        drop(other.lock().unwrap());
        thread::yield_now();
    }
    drop(held);
    panics.join().unwrap_err();
    assert!(!lock.is_poisoned() && !other.is_poisoned());
}

fn a_lock_that_is_taken_and_opened_in_a_drop_of_a_panic_is_not_poisoned() {
    struct Locks(Arc<Mutex<usize>>);
    impl Drop for Locks {
        fn drop(&mut self) {
            *self.0.lock().unwrap() += 1;
        }
    }
    let lock = Arc::new(Mutex::new(0));
    let locks = Locks(Arc::clone(&lock));
    let panics = thread::spawn(move || {
        let _locks = locks;
        resume_unwind(Box::new("on purpose"));
    });
    panics.join().unwrap_err();
    assert_eq!(*lock.lock().unwrap(), 1);
}

fn a_thread_that_panics_says_so_and_the_others_do_not() {
    struct Asks(Arc<AtomicUsize>, Arc<Mutex<()>>);
    impl Drop for Asks {
        fn drop(&mut self) {
            drop(self.1.lock());
            self.0.fetch_add(usize::from(thread::panicking()), SeqCst);
        }
    }
    let (lock, panicked, ended) = <(Arc<Mutex<()>>, Arc<_>, Arc<_>)>::default();
    let [asks, other] = [&panicked, &ended].map(|count| Asks(Arc::clone(count), Arc::clone(&lock)));
    let panics = thread::spawn(move || {
        let _asks = asks;
        resume_unwind(Box::new("on purpose"));
    });
    let ends = thread::spawn(move || drop(other));
    panics.join().unwrap_err();
    ends.join().unwrap();
    assert_eq!((panicked.load(SeqCst), ended.load(SeqCst)), (1, 0));
}

fn try_lock_takes_the_lock_if_it_is_free() {
    let lock = Arc::new(Mutex::new(1));
    let held = lock.lock().unwrap();
    let theirs = Arc::clone(&lock);
    let failed = thread::spawn(move || matches!(theirs.try_lock(), Err(TryLockError::WouldBlock)));
    assert!(failed.join().unwrap());
    drop(held);
    assert_eq!(*lock.try_lock().unwrap(), 1);
}

fn a_lock_gives_its_value_away() {
    let mut lock = Mutex::from(1);
    *lock.get_mut().unwrap() += 1;
    assert_eq!(lock.into_inner().unwrap(), 2);
    let lock = Arc::new(Mutex::new(1));
    panics_with(&lock);
    let lock = Arc::into_inner(lock).unwrap();
    assert_eq!(lock.into_inner().unwrap_err().into_inner(), 1);
}

/// A door, and the threads that wait for it to open.
type Door = Arc<(Mutex<usize>, Condvar)>;

/// A thread that takes one of what comes.
fn waiter(door: &Door) -> thread::JoinHandle<()> {
    let door = Arc::clone(door);
    thread::spawn(move || {
        let mut left = door.0.lock().unwrap();
        while *left == 0 {
            left = door.1.wait(left).unwrap();
        }
        *left -= 1;
    })
}

fn a_notification_wakes_one_who_waits() {
    let door = Door::default();
    let waiters = [(); 2].map(|()| waiter(&door));
    for _ in 0..2 {
        *door.0.lock().unwrap() += 1;
        door.1.notify_one();
    }
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

fn a_notification_to_all_wakes_all_who_wait() {
    let door = Door::default();
    let waiters = [(); 3].map(|()| waiter(&door));
    *door.0.lock().unwrap() = 3;
    door.1.notify_all();
    for waiter in waiters {
        waiter.join().unwrap();
    }
}

fn a_wait_with_a_condition_ends_when_it_is_false() {
    let door = Door::default();
    let theirs = Arc::clone(&door);
    let adder = thread::spawn(move || {
        for _ in 0..3 {
            *theirs.0.lock().unwrap() += 1;
            theirs.1.notify_all();
        }
    });
    let here = door.0.lock().unwrap();
    let here = door.1.wait_while(here, |here| *here < 3).unwrap();
    assert_eq!(*here, 3);
    drop(here);
    adder.join().unwrap();
}

fn a_wait_ends_when_its_time_is_over() {
    let door = Door::default();
    let mut here = door.0.lock().unwrap();
    loop {
        let (guard, result) = door.1.wait_timeout(here, SHORT).unwrap();
        here = guard;
        if result.timed_out() {
            break;
        }
    }
    assert_eq!(*here, 0);
}

fn a_wait_with_a_condition_and_a_time_says_which_it_was() {
    let door = Door::default();
    let here = door.0.lock().unwrap();
    let waited = door.1.wait_timeout_while(here, SHORT, |_| true);
    let (here, result) = waited.unwrap();
    assert!(result.timed_out());
    let waited = door.1.wait_timeout_while(here, SHORT, |_| false);
    assert!(!waited.unwrap().1.timed_out());
}

fn a_time_without_an_end_is_waited_for() {
    let door = Door::default();
    let theirs = Arc::clone(&door);
    let notifier = thread::spawn(move || {
        *theirs.0.lock().unwrap() = 1;
        theirs.1.notify_one();
    });
    let here = door.0.lock().unwrap();
    let is_closed = |here: &mut usize| *here == 0;
    let waited = door.1.wait_timeout_while(here, Duration::MAX, is_closed);
    let (here, result) = waited.unwrap();
    assert_eq!((*here, result.timed_out()), (1, false));
    drop(here);
    notifier.join().unwrap();
}

fn a_wait_comes_back_with_the_poison() {
    let door = Door::default();
    let theirs = Arc::clone(&door);
    let waits = thread::spawn(move || {
        let mut here = theirs.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match theirs.1.wait_timeout(here, SHORT) {
                Ok((guard, _)) => here = guard,
                Err(poison) => return *poison.into_inner().0,
            }
        }
    });
    let theirs = Arc::clone(&door);
    let panics = thread::spawn(move || {
        *theirs.0.lock().unwrap() = 7;
        let _held = theirs.0.lock().unwrap();
        resume_unwind(Box::new("on purpose"));
    });
    panics.join().unwrap_err();
    assert_eq!(waits.join().unwrap(), 7);
}

fn readers_read_together_and_a_writer_is_alone() {
    let lock = Arc::new(RwLock::new(0));
    let one = lock.read().unwrap();
    let other = lock.try_read().unwrap();
    assert!(matches!(lock.try_write(), Err(TryLockError::WouldBlock)));
    let theirs = Arc::clone(&lock);
    let writes = thread::spawn(move || {
        let mut value = theirs.write().unwrap();
        let before = *value;
        thread::yield_now();
        *value = before + 1;
    });
    assert_eq!((*one, *other), (0, 0));
    drop((one, other));
    let mut value = lock.write().unwrap();
    assert!(matches!(lock.try_read(), Err(TryLockError::WouldBlock)));
    let before = *value;
    thread::yield_now();
    *value = before + 1;
    drop(value);
    writes.join().unwrap();
    assert_eq!(*lock.read().unwrap(), 2);
    assert_eq!(Arc::into_inner(lock).unwrap().into_inner().unwrap(), 2);
}

fn a_panic_of_a_writer_poisons_and_one_of_a_reader_does_not() {
    let mut lock = Arc::new(RwLock::new(0));
    for write in [false, true] {
        let theirs = Arc::clone(&lock);
        let panics = thread::spawn(move || {
            let (_read, _write);
            if write {
                _write = theirs.write().unwrap();
            } else {
                _read = theirs.read().unwrap();
            }
            resume_unwind(Box::new("on purpose"));
        });
        panics.join().unwrap_err();
        assert_eq!(lock.is_poisoned(), write);
    }
    assert!(lock.read().is_err() && lock.write().is_err());
    assert!(Arc::get_mut(&mut lock).unwrap().get_mut().is_err());
}

fn a_value_is_made_once() {
    let (value, made) = (Arc::new(OnceLock::new()), Arc::new(AtomicUsize::new(0)));
    let makers = [1, 2, 3].map(|number| {
        let (value, made) = (Arc::clone(&value), Arc::clone(&made));
        thread::spawn(move || {
            *value.get_or_init(|| {
                made.fetch_add(1, SeqCst);
                thread::yield_now();
                number
            })
        })
    });
    let seen = makers.map(|maker| maker.join().unwrap());
    assert_eq!(made.load(SeqCst), 1);
    assert_eq!(value.get(), Some(&seen[0]));
    assert!(seen.iter().all(|number| number == &seen[0]));
    assert_eq!(value.set(4), Err(4));
}
