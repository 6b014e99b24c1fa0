//! Sets on a worker, hostile wakers, and a panic that somebody always hears of.

use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use v5_futures::{JoinSet, Pool, Task};

use crate::common::{Gate, Watchdog, until};
use crate::scenes;

/// The older handle is of a task that is in no pool yet; the other task would submit it.
#[test]
fn a_set_on_a_worker_runs_its_own_task_although_an_older_one_is_elsewhere() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(10));
    let pool = Arc::new(Pool::new(1, 4).unwrap());
    let inside = Arc::clone(&pool);
    let answer = pool.spawn(move || {
        let (task, handle) = Task::with_handle(|| 1);
        let mut set = JoinSet::new();
        set.insert(handle);
        let again = Arc::clone(&inside);
        set.spawn(&inside, move || {
            again.execute(task).unwrap();
            2
        })
        .unwrap();
        set.join_all().into_iter().map(Result::unwrap).sum::<i32>()
    });
    assert_eq!(answer.unwrap().join().unwrap(), 3);
}

/// The other pool is busy with something long. A worker that waited for it would sleep beside its
/// own task.
#[test]
fn a_set_with_handles_of_two_pools_does_not_sleep_beside_what_it_could_run() {
    let _watchdog = Watchdog::with_limit(Duration::from_secs(10));
    let (one, other) = (Arc::new(Pool::new(1, 4).unwrap()), Pool::new(1, 4).unwrap());
    let gate = Gate::new();
    gate.occupy(|task| other.execute(task).unwrap());
    let far = other.spawn(|| ()).unwrap(); // behind the gate
    let (inside, at) = (Arc::clone(&one), gate.clone());
    let both = one.spawn(move || {
        let mut set = JoinSet::new();
        set.insert(far);
        set.spawn(&inside, move || at.open()).unwrap();
        set.join_all().len()
    });
    assert_eq!(both.unwrap().join().unwrap(), 2);
}

struct Hostile {
    ended: Arc<AtomicUsize>,
    gate: Gate,
}

impl Wake for Hostile {
    fn wake(self: Arc<Self>) {}
}

impl Drop for Hostile {
    fn drop(&mut self) {
        self.gate.open();
        until(|| self.ended.load(SeqCst) > 0);
        std::thread::sleep(Duration::from_millis(20)); // the result is published after the closure
        panic!("a waker that panics when it is dropped");
    }
}

#[test]
fn a_set_survives_a_handle_whose_waker_panics_when_it_is_dropped() {
    let _watchdog = Watchdog::start();
    let pool = Pool::new(1, 4).unwrap();
    let (ended, gate) = (Arc::new(AtomicUsize::new(0)), Gate::new());
    let (at, count) = (gate.clone(), Arc::clone(&ended));
    let mut handle = pool
        .spawn(move || {
            at.pass();
            count.fetch_add(1, SeqCst);
        })
        .unwrap();
    let waker = Waker::from(Arc::new(Hostile { ended, gate }));
    let poll = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
    assert!(matches!(poll, Poll::Pending));
    drop(waker);
    let mut set = JoinSet::new();
    assert!(catch_unwind(AssertUnwindSafe(|| set.insert(handle))).is_err());
    set.spawn(&pool, || ()).unwrap();
    while let Some(result) = set.join_next() {
        result.unwrap();
    }
}

#[test]
fn a_panic_is_told_although_its_handle_is_dropped_after_it() {
    let _watchdog = Watchdog::start();
    for late in [false, true] {
        let (told, handler) = scenes::counting_handler();
        let pool = Pool::builder().threads(1).panic_handler(handler);
        let pool = pool.build().unwrap();
        let gate = Gate::new();
        let at = gate.clone();
        let handle = pool
            .spawn(move || {
                at.pass();
                panic!("told once")
            })
            .unwrap();
        let _: &v5_futures::JoinHandle<()> = &handle;
        if late {
            gate.open();
            until(|| handle.is_finished());
            drop(handle);
        } else {
            drop(handle);
            gate.open();
        }
        pool.shutdown();
        assert_eq!(told.load(SeqCst), 1, "dropped late: {late}");
    }
}
