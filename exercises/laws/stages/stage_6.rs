//! Stage 6: a panic costs one task.
//!
//! It asks for nothing that stage 1 did not have, so any pool can be asked.

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Barrier, mpsc};
use std::thread::{self, ThreadId};

use busy::{owned, pool};
use harness::{doing, expecting_a_panic, laws};
use pool::Pool;

mod busy;

/// Has the pool run a task, which is refused by no pool that lives.
fn execute(pool: &Pool, task: impl FnOnce() + Send + 'static) {
    let submits = || doing("calls execute", || pool.execute(task).is_ok());
    let accepted = expecting_a_panic(|| catch_unwind(AssertUnwindSafe(submits)));
    match accepted {
        Ok(true) => {}
        Ok(false) => panic!("after some panics in tasks, the pool refuses the next task"),
        Err(_) => panic!("after some panics in tasks, `execute` panics itself"),
    }
}

/// A panic as that of `panic!`, of which nobody needs to read.
fn panics() {
    resume_unwind(Box::new("as it should"));
}

/// Which threads work: as many tasks as there should be threads meet each other.
fn crew(pool: &Pool, threads: usize) -> HashSet<ThreadId> {
    let meeting = Arc::new(Barrier::new(threads));
    let (tell, told) = mpsc::channel();
    for _ in 0..threads {
        let (tell, meeting) = (tell.clone(), Arc::clone(&meeting));
        execute(pool, move || {
            let what = format!("runs a task that waits until {threads} run at the same time");
            doing(&what, || meeting.wait());
            tell.send(thread::current().id()).unwrap_or_default();
        });
    }
    drop(tell);
    let what = format!("waits for {threads} tasks that meet, on {threads} threads");
    let crew: HashSet<ThreadId> = doing(&what, || told.iter().collect());
    let met = crew.len();
    assert!(
        met == threads,
        "of {threads} tasks on {threads} threads {met} ran: the others were dropped"
    );
    crew
}

/// After panics in tasks, all workers still work.
fn a_panic_costs_one_task() {
    let pool = pool(3, 64);
    for _ in 0..10 {
        execute(&pool, panics);
    }
    crew(&pool, 3);
}

/// They are the same threads as before.
fn the_worker_stays() {
    let pool = pool(3, 64);
    let before = crew(&pool, 3);
    for n in 0..20 {
        execute(&pool, move || {
            if n % 2 == 0 {
                panics();
            }
        });
    }
    let others = crew(&pool, 3).difference(&before).count();
    assert!(
        others == 0,
        "after 10 panics {others} of 3 workers are others than before"
    );
}

/// What a task has captured, or panics with, may panic when it is dropped.
fn hostile_values() {
    struct PanicOnDrop;
    impl Drop for PanicOnDrop {
        fn drop(&mut self) {
            panics();
        }
    }
    let pool = pool(2, 64);
    let before = crew(&pool, 2);
    for n in 0..10 {
        let value = PanicOnDrop;
        execute(&pool, move || {
            if n % 2 == 0 {
                resume_unwind(Box::new(value));
            }
            drop(value);
        });
    }
    let others = crew(&pool, 2).difference(&before).count();
    assert!(
        others == 0,
        "after values that panic when they are dropped, {others} of 2 workers are others"
    );
}

/// A pool with panics behind it ends as any other.
fn it_ends_well() {
    let pool = owned(2, 16);
    for _ in 0..4 {
        execute(&pool, panics);
    }
    let drops = || doing("drops the pool", || drop(pool));
    let dropped = expecting_a_panic(|| catch_unwind(AssertUnwindSafe(drops)));
    assert!(
        dropped.is_ok(),
        "the drop of a pool panics, since a task of it did"
    );
}

laws! {
    a_panic_costs_one_task,
    the_worker_stays,
    hostile_values,
    it_ends_well,
}
