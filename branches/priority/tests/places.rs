//! Each level has places of its own, and a wait of its own for them.

mod common;
mod levels;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, LONG, OpenOnDrop, Watchdog, adds_one};
use levels::{LEVELS, busy, nothing};
use priority::{CancelToken, Pool, Priority, Reason, Task};

#[test]
fn a_flood_of_one_level_leaves_the_others_their_places() {
    let watchdog = Watchdog::start();
    for flood in LEVELS {
        let (pool, gate) = busy(&watchdog, 4, 8);
        let _open = OpenOnDrop(&gate);
        for _ in 0..4 {
            pool.try_execute(nothing(flood)).unwrap();
        }
        let refused = pool.try_execute(nothing(flood)).unwrap_err();
        assert_eq!(refused.reason(), Reason::Full);
        for other in LEVELS.into_iter().filter(|&level| level != flood) {
            for _ in 0..4 {
                pool.try_execute(nothing(other)).unwrap();
            }
        }
        assert_eq!((pool.queue_len(), pool.queue_capacity()), (12, 4));
    }
}

/// It could have a place that another level does not need; but then one level could take all.
#[test]
fn an_urgent_task_is_refused_if_its_own_queue_is_full_though_the_others_are_empty() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1, 8);
    let _open = OpenOnDrop(&gate);
    pool.try_execute(nothing(Priority::High)).unwrap();
    let refused = pool.try_execute(nothing(Priority::High)).unwrap_err();
    assert_eq!(refused.reason(), Reason::Full);
}

#[test]
fn a_refused_task_keeps_its_level() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1, 8);
    let _open = OpenOnDrop(&gate);
    for level in LEVELS {
        pool.try_execute(nothing(level)).unwrap();
        let full = pool.try_execute(nothing(level)).unwrap_err();
        assert_eq!(full.into_task().priority(), level);
        let late = pool.execute_timeout(nothing(level), Duration::ZERO);
        let late = late.unwrap_err();
        assert_eq!(late.reason(), Reason::Timeout);
        assert_eq!(late.into_task().priority(), level);
    }
}

#[test]
fn on_a_worker_a_full_level_refuses_and_another_accepts() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let inside = Arc::clone(&pool);
    let (tell, told) = mpsc::channel();
    pool.execute(move || {
        inside.execute(nothing(Priority::Low)).unwrap();
        let refused = inside.execute(nothing(Priority::Low)).unwrap_err();
        let other = inside.execute(nothing(Priority::High));
        tell.send((refused.reason(), other.is_ok())).unwrap();
    })
    .unwrap();
    assert_eq!(told.recv().unwrap(), (Reason::Full, true));
}

#[test]
fn a_submitter_waits_for_a_place_of_its_own_level() {
    let watchdog = Watchdog::start();
    let builder = Pool::builder().threads(1).queue_capacity(1).ageing(100);
    let pool = watchdog.watch(builder.build().unwrap());
    let (first, second) = (Gate::new(), Gate::new());
    let at = second.clone();
    let (begin, begun) = mpsc::channel();
    first.occupy(|task| pool.execute(task).unwrap());
    let urgent = Task::from(move || {
        begin.send(()).unwrap();
        at.pass();
    });
    pool.execute(urgent.at(Priority::High)).unwrap();
    pool.execute(nothing(Priority::Low)).unwrap();
    thread::scope(|scope| {
        let _open = (OpenOnDrop(&first), OpenOnDrop(&second));
        let low = scope.spawn(|| pool.execute(nothing(Priority::Low)));
        first.open();
        begun.recv().unwrap();
        // The urgent task has left its queue. Its place is there for urgent tasks, and not for
        // the submitter that waits.
        pool.try_execute(nothing(Priority::High)).unwrap();
        thread::sleep(Duration::from_millis(10));
        assert!(!low.is_finished());
        second.open();
        low.join().unwrap().unwrap();
    });
}

/// With one signal for all levels, one of these would sleep on.
#[test]
fn blocked_submitters_of_all_levels_get_their_places() {
    let watchdog = Watchdog::start();
    for round in 0..200 {
        let (pool, gate) = busy(&watchdog, 1, 4);
        for level in LEVELS {
            pool.execute(nothing(level)).unwrap();
        }
        let ran = Arc::new(AtomicUsize::new(0));
        thread::scope(|scope| {
            for level in LEVELS.into_iter().cycle().take(6) {
                let (pool, task) = (&pool, adds_one(&ran));
                scope.spawn(move || pool.execute(Task::from(task).at(level)).unwrap());
            }
            gate.open();
        });
        pool.shutdown();
        assert_eq!(ran.load(SeqCst), 6, "round {round}");
    }
}

#[test]
fn a_cancelled_token_releases_the_submitters_of_every_level() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1, 4);
    for level in LEVELS {
        pool.execute(nothing(level)).unwrap();
    }
    let token = CancelToken::new();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let blocked = LEVELS.map(|level| {
            let (pool, token) = (&pool, &token);
            scope.spawn(move || pool.execute_with(token, nothing(level)))
        });
        thread::sleep(Duration::from_millis(5));
        token.cancel();
        for (submitter, level) in blocked.into_iter().zip(LEVELS) {
            let rejected = submitter.join().unwrap().unwrap_err();
            assert_eq!(rejected.reason(), Reason::Cancelled);
            assert_eq!(rejected.into_task().priority(), level);
        }
    });
}

#[test]
fn a_shutdown_releases_the_submitters_of_every_level() {
    let watchdog = Watchdog::start();
    let (pool, gate) = busy(&watchdog, 1, 4);
    for level in LEVELS {
        pool.execute(nothing(level)).unwrap();
    }
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let blocked = LEVELS.map(|level| {
            let pool = &pool;
            scope.spawn(move || pool.execute(nothing(level)))
        });
        thread::sleep(Duration::from_millis(5));
        pool.shutdown_timeout(Duration::ZERO).unwrap_err();
        for submitter in blocked {
            let rejected = submitter.join().unwrap().unwrap_err();
            assert_eq!(rejected.reason(), Reason::ShutDown);
        }
    });
}

/// It may have been woken by the signal in the very moment at which its time was up.
#[test]
fn a_submitter_that_gives_up_does_not_keep_the_signal_for_itself() {
    let watchdog = Watchdog::start();
    for round in 0..100 {
        let (pool, gate) = busy(&watchdog, 1, 4);
        pool.execute(nothing(Priority::Low)).unwrap();
        let token = CancelToken::new();
        let impatience = Duration::from_micros(50 * round % 1000);
        let low = || nothing(Priority::Low);
        thread::scope(|scope| {
            let patient = scope.spawn(|| pool.execute_timeout(low(), LONG));
            scope.spawn(|| pool.execute_timeout(low(), impatience));
            scope.spawn(|| pool.execute_with(&token, low()));
            thread::sleep(Duration::from_micros(200));
            scope.spawn(|| token.cancel());
            gate.open();
            patient.join().unwrap().unwrap();
        });
    }
}
