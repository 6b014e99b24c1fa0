//! Submitting on a worker: it never waits, and on a full queue the task comes back.
//!
//! This is what v1 to v3 do. From v4 on a worker has a queue of its own, and there is always a
//! place in it: these tests stay behind.

mod common;

use std::sync::{Arc, mpsc};
use std::time::Duration;

use common::Watchdog;
use v1_fixed::{Pool, Reason};

#[test]
fn a_worker_never_waits_for_a_place_in_its_own_pool() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    pool.execute(move || {
        inside.execute(|| ()).unwrap();
        let execute = inside.execute(|| ()).unwrap_err().reason();
        let forever = inside.execute_timeout(|| (), Duration::MAX);
        let group = inside.group().execute(|| ()).unwrap_err().reason();
        tell.send([execute, forever.unwrap_err().reason(), group])
            .unwrap();
    })
    .unwrap();
    assert_eq!(told.recv().unwrap(), [Reason::Full; 3]);
}

struct TellOnDrop(Arc<Pool>, mpsc::Sender<Reason>);

impl Drop for TellOnDrop {
    fn drop(&mut self) {
        self.0.try_execute(|| ()).unwrap();
        let full = self.0.execute(|| ()).unwrap_err();
        self.1.send(full.reason()).unwrap();
    }
}

#[test]
fn the_drop_of_a_captured_value_counts_as_being_on_the_worker() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let value = TellOnDrop(Arc::clone(&pool), tell);
    pool.execute(move || drop(value)).unwrap();
    assert_eq!(told.recv().unwrap(), Reason::Full);
}

#[test]
fn a_task_kept_by_its_owner_after_a_refusal_holds_nobody_up() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let group = Arc::new(pool.group());
    let (tell, told) = mpsc::channel();
    let (inside, again) = (Arc::clone(&pool), Arc::clone(&group));
    // On the only worker: with the queue full, the group's second task is refused.
    pool.execute(move || {
        inside.execute(|| ()).unwrap();
        tell.send(again.execute(|| ()).unwrap_err().into_task())
            .unwrap();
    })
    .unwrap();
    let _kept = told.recv().unwrap();
    group.wait();
    pool.wait_idle();
}
