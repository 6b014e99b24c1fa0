//! Where a task waits for its limit: in a place of the limit, in order, and on no worker.

mod common;
mod scene;

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use common::{Gate, LONG, OpenOnDrop, adds_one, until};
use rate_limit::{CancelToken, Limit, Pool, Reason, Task};
use scene::{Notes, Scene, TICK};

/// Law: a task that waits for its limit holds no worker, not the only one either.
#[test]
fn tasks_with_another_limit_or_none_go_ahead_of_those_that_wait() {
    let scene = Scene::new(1, 1);
    scene.submit(5);
    scene.starts(1);
    let ran = Arc::new(AtomicUsize::new(0));
    let group = scene.pool.group();
    group.execute(adds_one(&ran)).unwrap();
    let other = scene.other(TICK);
    group
        .execute(Task::from(adds_one(&ran)).limited(&other))
        .unwrap();
    assert_eq!(group.wait().completed, 2);
    scene.starts(1);
    scene.clock.advance(TICK * 4); // a burst of one saves up one
    scene.starts(2);
    assert_eq!(scene.pool.shutdown_now().len(), 3);
}

/// Law: first in, first out within a limit, whatever else is queued; and of those that may start,
/// the one that was accepted first.
#[test]
fn tasks_that_may_start_do_so_in_the_order_in_which_they_were_accepted() {
    let scene = Scene::new(1, 2);
    let (a, b) = (scene.limit.clone(), scene.other(TICK * 3));
    let gate = Gate::new();
    gate.occupy(|task| scene.pool.execute(task).unwrap());
    let notes = Notes::new();
    for n in 0..4 {
        let free = notes.task(("free", n));
        scene
            .pool
            .execute(notes.task(("a", n)).limited(&a))
            .unwrap();
        scene.pool.execute(free).unwrap();
        scene
            .pool
            .execute(notes.task(("b", n)).limited(&b))
            .unwrap();
    }
    gate.open();
    let mut expected = vec![
        ("a", 0),
        ("free", 0),
        ("b", 0),
        ("a", 1),
        ("free", 1),
        ("free", 2),
        ("free", 3),
    ];
    until(|| notes.read().len() >= expected.len());
    assert_eq!(notes.read(), expected);
    for more in [
        &[("a", 2)][..],
        &[("a", 3)],
        &[("b", 1)],
        &[],
        &[],
        &[("b", 2)],
    ] {
        scene.clock.advance(TICK);
        expected.extend(more);
        until(|| notes.read().len() >= expected.len());
        assert_eq!(notes.read(), expected);
    }
    scene.clock.advance(TICK * 3);
    scene.pool.wait_idle();
    assert_eq!(notes.read()[expected.len()..], [("b", 3)]);
}

/// A pool whose only worker is busy, and a limit with two places in it.
fn narrow() -> (Scene, Limit, Gate) {
    let scene = Scene::new(1, 1);
    let gate = Gate::new();
    gate.occupy(|task| scene.pool.execute(task).unwrap());
    let limit = Limit::builder(1, TICK).places(2).clock(&scene.clock);
    let limit = limit.build().unwrap();
    (scene, limit, gate)
}

#[test]
fn a_flood_behind_one_limit_shuts_nobody_else_out() {
    let (scene, limit, gate) = narrow();
    let _open = OpenOnDrop(&gate);
    let behind = |limit: &Limit| scene.pool.try_execute(Task::from(|| ()).limited(limit));
    behind(&limit).unwrap();
    behind(&limit).unwrap();
    assert_eq!(behind(&limit).unwrap_err().reason(), Reason::Full);
    for _ in 0..scene.pool.queue_capacity() {
        scene.pool.try_execute(|| ()).unwrap();
    }
    let full = scene.pool.try_execute(|| ()).unwrap_err();
    assert_eq!(full.reason(), Reason::Full);
    behind(&scene.limit).unwrap();
    assert_eq!(scene.pool.queue_len(), 2 + 1000 + 1);
    scene.clock.advance(TICK);
    gate.open();
    until(|| scene.pool.queue_len() == 1);
    scene.clock.advance(TICK);
    scene.pool.wait_idle();
}

#[test]
fn a_submitter_waits_for_a_place_of_its_own_limit() {
    let (scene, limit, gate) = narrow();
    let limited = |ran| Task::from(adds_one(ran)).limited(&limit);
    let ran = Arc::new(AtomicUsize::new(0));
    for _ in 0..2 {
        scene.pool.execute(limited(&ran)).unwrap();
    }
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let blocked = [(); 3].map(|()| scope.spawn(|| scene.pool.execute(limited(&ran))));
        gate.open();
        // Whoever is let in takes the place of one that has started.
        until(|| ran.load(SeqCst) == 1);
        scene.pool.execute(|| ()).unwrap();
        thread::sleep(Duration::from_millis(10));
        let left = blocked.iter().filter(|one| !one.is_finished()).count();
        assert_eq!((ran.load(SeqCst), left), (1, 2));
        for n in 2..=5 {
            scene.clock.advance(TICK);
            until(|| ran.load(SeqCst) == n);
        }
        for one in blocked {
            one.join().unwrap().unwrap();
        }
    });
}

/// Whoever gives up passes on what it may have been woken for, and leaves nothing behind.
#[test]
fn submitters_that_give_up_leave_their_places_to_others() {
    for round in 0..100 {
        let (scene, limit, gate) = narrow();
        let limited = || Task::from(|| ()).limited(&limit);
        scene.pool.execute(limited()).unwrap();
        scene.pool.execute(limited()).unwrap();
        let token = CancelToken::new();
        let impatience = Duration::from_micros(40 * round % 700);
        thread::scope(|scope| {
            let patient = scope.spawn(|| scene.pool.execute_timeout(limited(), LONG));
            scope.spawn(|| scene.pool.execute_timeout(limited(), impatience));
            scope.spawn(|| scene.pool.execute_with(&token, limited()));
            scope.spawn(|| token.cancel());
            gate.open();
            while !patient.is_finished() {
                scene.clock.advance(TICK);
                thread::yield_now();
            }
            patient.join().unwrap().unwrap();
        });
        drop(scene.pool.shutdown_now());
    }
}

#[test]
fn a_shutdown_and_a_cancel_release_submitters_that_wait_for_a_place_of_a_limit() {
    for cancelled in [false, true] {
        let (scene, limit, gate) = narrow();
        let limited = || Task::from(|| ()).limited(&limit);
        scene.pool.execute(limited()).unwrap();
        scene.pool.execute(limited()).unwrap();
        thread::scope(|scope| {
            let _open = OpenOnDrop(&gate);
            let blocked = scope.spawn(|| scene.pool.execute(limited()));
            thread::sleep(Duration::from_millis(5));
            let reason = if cancelled {
                scene.pool.cancel();
                Reason::Cancelled
            } else {
                scene.pool.shutdown_timeout(Duration::ZERO).unwrap_err();
                Reason::ShutDown
            };
            let rejected = blocked.join().unwrap().unwrap_err();
            assert_eq!(rejected.reason(), reason);
        });
        drop(scene.pool.shutdown_now());
    }
}

#[test]
fn on_a_worker_a_full_limit_refuses_and_another_accepts() {
    let scene = Scene::new(1, 1);
    let limit = Limit::builder(1, TICK).places(1).clock(&scene.clock);
    let limit = limit.build().unwrap();
    let inside = Arc::clone(&scene.pool);
    let (tell, told) = mpsc::channel();
    scene
        .pool
        .execute(move || {
            let limited = || inside.execute(Task::from(|| ()).limited(&limit));
            limited().unwrap();
            let refused = limited().unwrap_err();
            let other = inside.execute(|| ());
            tell.send((refused.reason(), other.is_ok())).unwrap();
        })
        .unwrap();
    assert_eq!(told.recv().unwrap(), (Reason::Full, true));
}

/// A task that comes back keeps its limit, and submitted again it waits again: a retry takes a
/// start of its own.
#[test]
fn a_task_that_comes_back_keeps_its_limit() {
    let scene = Scene::new(1, 1);
    let closed = Pool::new(1, 1).unwrap();
    closed.shutdown();
    scene.submit(1);
    scene.starts(1);
    let refused = closed.execute(scene.task()).unwrap_err();
    scene.pool.execute(refused.into_task()).unwrap();
    scene.starts(1);
    scene.clock.advance(TICK);
    scene.starts(2);
    // Run in place, it asks nobody.
    scene.submit(1);
    scene.pool.shutdown_now().into_iter().for_each(Task::run);
    assert_eq!(scene.started.load(SeqCst), 3);
}

/// The last call is the one that counts.
#[test]
fn a_task_has_one_limit() {
    let scene = Scene::new(1, 1);
    scene.submit(1);
    scene.starts(1);
    let other = scene.other(TICK);
    for _ in 0..2 {
        let task = scene.task().limited(&other);
        scene.pool.execute(task).unwrap();
    }
    scene.starts(2);
    assert_eq!(scene.pool.shutdown_now().len(), 1);
}

/// A worker that has nothing to do but to wait is where it should be: with the next task.
#[test]
fn the_timekeeper_runs_a_free_task_if_nobody_else_is_idle_and_somebody_keeps_the_time_again() {
    let scene = Scene::new(2, 1);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    scene.submit(3);
    scene.starts(1);
    gate.occupy(|task| scene.pool.execute(task).unwrap());
    let (ran, told) = mpsc::channel();
    for n in 2..=3 {
        // The other worker keeps the time, and is needed.
        let tell = ran.clone();
        scene.pool.execute(move || tell.send(()).unwrap()).unwrap();
        told.recv().unwrap();
        scene.clock.advance(TICK);
        scene.starts(n);
    }
}

/// The timekeeper sleeps for an hour, and then something comes that may start sooner.
#[test]
fn a_task_that_may_start_sooner_than_all_that_wait_is_not_slept_past() {
    for threads in [1, 2, 3] {
        let scene = Scene::new(threads, 1);
        let hourly = scene.other(Duration::from_secs(3600));
        let notes = Notes::new();
        for n in 0..2 {
            scene
                .pool
                .execute(notes.task(("hourly", n)).limited(&hourly))
                .unwrap();
        }
        until(|| notes.read().len() == 1);
        scene.submit(2);
        scene.starts(1);
        scene.clock.advance(TICK);
        scene.starts(2);
        scene.clock.advance(Duration::from_secs(3600));
        scene.pool.wait_idle();
        assert_eq!(notes.read(), [("hourly", 0), ("hourly", 1)]);
    }
}

/// Limits that come and go, as when each customer has one.
#[test]
fn ten_thousand_limits_one_after_another_are_all_kept() {
    let scene = Scene::new(2, 1);
    for n in 1..=10_000 {
        let own = scene.other(TICK);
        let task = Task::from(adds_one(&scene.started)).limited(&own);
        scene.pool.execute(task).unwrap();
        if n % 1_000 == 0 {
            scene.pool.wait_idle();
        }
    }
    assert_eq!(scene.started.load(SeqCst), 10_000);
}
