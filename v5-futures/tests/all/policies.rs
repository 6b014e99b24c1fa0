//! What a policy is told of tasks that are run on top of others.

use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use v5_futures::{Load, Moment, Pool, Scaling, Stealing};

use crate::common::{Gate, OpenOnDrop, Watchdog, until};

fn nest(pool: &Arc<Pool>, depth: usize, bottom: Box<dyn FnOnce() + Send>) {
    if depth == 0 {
        return bottom();
    }
    let inside = Arc::clone(pool);
    let (task, handle) = v5_futures::Task::with_handle(move || nest(&inside, depth - 1, bottom));
    pool.execute(task).unwrap();
    let _ = handle.join();
}

/// The pool has one worker, so all is nested. Then it may have more, and tasks are submitted one by
/// one.
#[test]
fn on_demand_starts_nobody_while_somebody_is_idle_although_tasks_are_nested() {
    let _watchdog = Watchdog::start();
    let pool = Arc::new(Pool::builder().threads(1).build().unwrap());
    let gate = Gate::new();
    let _open = OpenOnDrop(&gate);
    let inside = Arc::clone(&pool);
    gate.occupy(|bottom| {
        pool.execute(move || nest(&inside, 20, bottom)).unwrap();
    });
    // One worker holds 21 tasks, of which one runs.
    assert_eq!(pool.stats().running, 1);
    pool.resize(1..=16).unwrap();
    for _ in 0..20 {
        let (done, is_done) = mpsc::channel();
        pool.execute(move || done.send(()).unwrap()).unwrap();
        is_done.recv().unwrap();
        // Everybody but the first is idle again.
        until(|| pool.stats().running == 1);
    }
    assert!(
        pool.threads() <= 3,
        "one is busy, one at a time was needed, and there are {}",
        pool.threads()
    );
    gate.open();
}

/// Sends away all that may go, whenever the clock asks.
#[derive(Debug)]
struct Trims;

impl Scaling for Trims {
    fn wanted(&self, _: Moment, _: &Load) -> usize {
        0
    }

    fn excess(&self, load: &Load) -> usize {
        load.live
    }

    fn period(&self) -> Option<Duration> {
        Some(Duration::from_millis(1))
    }
}

/// A task that waits for one on top of it needs no worker besides its own.
#[test]
fn the_clock_keeps_nobody_for_tasks_that_are_nested() {
    let watchdog = Watchdog::start();
    // Without stealing, the idle ones leave the children to whoever joins them.
    let pool = Pool::builder().threads(3).stealing(Stealing::Off);
    let pool = watchdog.watch(pool.scaling(Trims).build().unwrap());
    let (tell, told) = mpsc::channel();
    let (inside, at) = (Arc::clone(&pool), Arc::clone(&pool));
    let bottom = Box::new(move || {
        at.resize(1..=3).unwrap();
        until(|| at.threads() == 1);
        tell.send(()).unwrap();
    });
    pool.execute(move || nest(&inside, 20, bottom)).unwrap();
    told.recv().unwrap();
}
