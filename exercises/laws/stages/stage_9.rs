//! Stage 9: a queue each, and stealing.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

use harness::{Gate, OpenOnDrop, adds_one, doing, laws, until};
use pool::{Placement, Pool, Reason, Stealing};

/// A pool that is never dropped.
fn pool(threads: usize, capacity: usize, placement: Placement, stealing: Stealing) -> Arc<Pool> {
    let builder = Pool::builder()
        .threads(threads..=threads)
        .queue_capacity(capacity);
    let Ok(pool) = builder.placement(placement).stealing(stealing).build() else {
        panic!("a pool of {threads} threads was refused");
    };
    let pool = Arc::new(pool);
    mem::forget(Arc::clone(&pool));
    pool
}

fn execute(pool: &Pool, task: impl FnOnce() + Send + 'static) {
    let accepted = doing("calls execute", || pool.execute(task).is_ok());
    assert!(accepted, "a task was refused");
}

const SETTINGS: [(Placement, Stealing); 4] = [
    (Placement::RoundRobin, Stealing::One),
    (Placement::RoundRobin, Stealing::Half),
    (Placement::LeastLoaded, Stealing::One),
    (Placement::LeastLoaded, Stealing::Half),
];

/// Without stealing, what a worker has submitted waits for that worker, while others are idle.
fn a_queue_each() {
    let pool = pool(4, 16, Placement::RoundRobin, Stealing::Off);
    let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
    let _open = OpenOnDrop(&gate);
    gate.occupy(|blocks| {
        let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
        execute(&pool, move || {
            for _ in 0..10 {
                execute(&inside, adds_one(&count));
            }
            blocks();
        });
    });
    // Time for a thief.
    thread::sleep(Duration::from_millis(20));
    let (early, queued) = (ran.load(SeqCst), pool.queue_len());
    assert!(
        (early, queued) == (0, 10),
        "a worker submitted 10 tasks and is busy: {queued} wait, and {early} ran elsewhere although stealing is off"
    );
    gate.open();
    doing("calls wait_idle", || pool.wait_idle());
    let stolen = pool.stats().stolen;
    assert!(stolen == 0, "stealing is off, and {stolen} were stolen");
}

/// While a worker is idle, nothing waits behind a busy one, whoever has submitted it.
fn no_task_waits_behind_a_busy_worker() {
    for (placement, stealing) in SETTINGS {
        for on_worker in [false, true] {
            let pool = pool(4, 16, placement, stealing);
            let (gate, ran) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
            let _open = OpenOnDrop(&gate);
            let (inside, count) = (Arc::clone(&pool), Arc::clone(&ran));
            let others = move || {
                // Time for those to fall asleep that have nothing to do.
                thread::sleep(Duration::from_millis(5));
                for _ in 0..200 {
                    execute(&inside, adds_one(&count));
                }
            };
            if on_worker {
                gate.occupy(|blocks| {
                    execute(&pool, move || {
                        others();
                        blocks();
                    });
                });
            } else {
                gate.occupy(|blocks| execute(&pool, blocks));
                others();
            }
            let by = if on_worker {
                "by the busy worker"
            } else {
                "from outside"
            };
            let what = format!(
                "waits for 200 tasks submitted {by}, with one of 4 workers busy \
                 ({placement:?}, stealing {stealing:?})"
            );
            until(&what, || ran.load(SeqCst) == 200);
            gate.open();
            doing("calls wait_idle", || pool.wait_idle());
        }
    }
}

/// As many tasks as there are workers meet each other, whoever submits them.
fn all_workers_meet() {
    for (placement, stealing) in SETTINGS {
        for threads in [2, 3, 5] {
            let pool = pool(threads, threads, placement, stealing);
            for round in 0..40 {
                let meeting = Arc::new(Barrier::new(threads));
                let meet = move || {
                    let what = format!("runs a task that waits for {threads} at the same time");
                    doing(&what, || meeting.wait());
                };
                if round % 2 == 0 {
                    for _ in 0..threads {
                        execute(&pool, meet.clone());
                    }
                } else {
                    let inside = Arc::clone(&pool);
                    execute(&pool, move || {
                        for _ in 1..threads {
                            execute(&inside, meet.clone());
                        }
                        meet();
                    });
                }
                let what = format!("calls wait_idle, for {threads} tasks that meet");
                doing(&what, || pool.wait_idle());
                if round % 8 == 0 {
                    thread::sleep(Duration::from_micros(200));
                }
            }
        }
    }
}

/// What a worker submits needs no place; outsiders count it.
fn a_worker_always_has_a_place() {
    let pool = pool(1, 2, Placement::RoundRobin, Stealing::One);
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let (tell, told) = mpsc::channel();
    let (inside, at, ran) = (
        Arc::clone(&pool),
        gate.clone(),
        Arc::new(AtomicUsize::new(0)),
    );
    let count = Arc::clone(&ran);
    execute(&pool, move || {
        let taken = (0..10).filter(|_| inside.try_execute(adds_one(&count)).is_ok());
        tell.send(taken.count()).unwrap_or_default();
        doing("runs a task that has submitted ten, and waits", || {
            at.pass();
        });
    });
    let taken = doing("waits for a task that submits ten", || told.recv());
    assert!(
        taken == Ok(10),
        "on a worker of a pool with 2 places, of 10 tasks were accepted: {taken:?}"
    );
    let outside = pool
        .try_execute(|| ())
        .map_err(|rejected| rejected.reason());
    assert!(
        matches!(outside, Err(Reason::Full)),
        "10 tasks wait in 2 places, and one more from outside got {outside:?}"
    );
    gate.open();
    doing("calls wait_idle", || pool.wait_idle());
    let ran = ran.load(SeqCst);
    assert!(ran == 10, "of 10 tasks that a worker submitted {ran} ran");
}

/// Many at once: how many were taken, and the rest comes back.
fn a_batch() {
    let pool = pool(2, 8, Placement::RoundRobin, Stealing::One);
    let ran = Arc::new(AtomicUsize::new(0));
    let taken = doing("calls execute_batch, with 100 tasks for 8 places", || {
        pool.execute_batch((0..100).map(|_| adds_one(&ran))).ok()
    });
    assert!(
        taken == Some(100),
        "of a batch of 100 tasks were accepted: {taken:?}"
    );
    doing("calls wait_idle, for a batch", || pool.wait_idle());
    let all = ran.load(SeqCst);
    assert!(all == 100, "of a batch of 100 tasks {all} ran");
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    for _ in 0..2 {
        gate.occupy(|blocks| execute(&pool, blocks));
    }
    let Err(rejected) = pool.try_execute_batch((0..20).map(|_| adds_one(&ran))) else {
        panic!("with all workers busy, 8 places have taken a batch of 20");
    };
    let accepted = rejected.accepted();
    let back = rejected.into_tasks().len();
    assert!(
        (accepted, back) == (8, 12),
        "of a batch of 20 for 8 places {accepted} were accepted and {back} came back"
    );
    gate.open();
    doing("calls wait_idle", || pool.wait_idle());
    let all = ran.load(SeqCst);
    assert!(all == 108, "of 108 accepted tasks of batches {all} ran");
}

laws! {
    a_queue_each,
    no_task_waits_behind_a_busy_worker,
    all_workers_meet,
    a_worker_always_has_a_place,
    a_batch,
}
