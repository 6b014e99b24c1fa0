//! When a task begins to count for those who wait: at the call that submits it. Later versions,
//! which accept and count under one lock, count it when it is accepted.

#![cfg(target_os = "linux")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;

use common::{Gate, OpenOnDrop, Watchdog, adds_one};
use v2_cancel_panic::Pool;

#[test]
fn a_task_is_waited_for_while_its_submitter_waits_for_a_place() {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(1, 1).unwrap());
    let gate = Gate::new();
    gate.occupy(|wait| pool.execute(wait).unwrap());
    pool.execute(|| ()).unwrap();
    let group = pool.group();
    let ran = Arc::new(AtomicUsize::new(0));
    let (tell, told) = mpsc::channel();
    thread::scope(|scope| {
        let _open = OpenOnDrop(&gate);
        let (group, ran) = (&group, &ran);
        let tell_too = tell.clone();
        scope.spawn(move || {
            tell.send(common::this_thread()).unwrap();
            group.execute(adds_one(ran)).unwrap();
        });
        common::until_asleep(&told.recv().unwrap());
        scope.spawn(move || {
            tell_too.send(common::this_thread()).unwrap();
            group.wait();
            assert_eq!(ran.load(SeqCst), 1);
        });
        common::until_asleep(&told.recv().unwrap());
    });
}
