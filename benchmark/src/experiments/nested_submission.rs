//! A task that submits tasks to its own pool, which is full.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};

use super::gates::hold;
use super::{Experiment, Outcome};
use crate::contender::{Lawful, Patience, Why};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "nested-submission",
    title: "a task submits to its own full pool",
    question: "One worker, four places, and all of them are taken. The task that runs submits ten tasks of \
               its own, and would wait for a place. Who should free one?",
    predict: "For v1, v2, v3 and v4: how many of the ten are refused, and how many run?",
    checks: "on a worker of the same pool, execute never waits",
    run,
};

const CAPACITY: usize = 4;
const CHILDREN: usize = 10;

/// What became of the children.
#[derive(Debug, Default)]
struct Family {
    refused: usize,
    accepted: usize,
    ran: usize,
    /// The most that was seen in the queue.
    queued: usize,
}

fn family<P: Lawful>() -> Family {
    let pool = Arc::new(P::build(1, CAPACITY).expect("within the limits"));
    let gate = hold(1, |task| pool.submit(Patience::Forever, task));
    let (tell, told) = mpsc::channel();
    let ran = Arc::new(AtomicUsize::new(0));
    let (its, children) = (Arc::clone(&pool), Arc::clone(&ran));
    // It waits in the queue until the gate opens, and leaves the place that it has.
    let parent = move || {
        let mut family = Family::default();
        // So the queue is as full as it was.
        drop(its.submit(Patience::None, || ()));
        for _ in 0..CHILDREN {
            let ran = Arc::clone(&children);
            let child = move || {
                ran.fetch_add(1, SeqCst);
            };
            match its.submit(Patience::Forever, child) {
                Ok(()) => family.accepted += 1,
                Err(refused) => {
                    assert_eq!(refused.why, Why::Full, "the pool is open");
                    family.refused += 1;
                }
            }
        }
        family.queued = its.queue_len();
        // Before its end: whoever waits for the pool to be idle then finds it here.
        let _ = tell.send(family);
    };
    let submitted = pool.submit(Patience::Forever, parent);
    assert!(submitted.is_ok(), "the pool is open");
    for _ in 1..CAPACITY {
        let submitted = pool.submit(Patience::None, || ());
        assert!(submitted.is_ok(), "there is a place");
    }
    drop(gate);
    pool.wait_idle();
    let mut family = told.recv().expect("the parent has run");
    family.ran = ran.load(SeqCst);
    family
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let families = [
        ("v1", family::<v1_fixed::Pool>()),
        ("v2", family::<v2_cancel_panic::Pool>()),
        ("v3", family::<v3_dynamic::Pool>()),
        ("v4", family::<v4_dedicated_queues::Pool>()),
    ];
    let mut held = true;
    for (version, family) in &families {
        outcome.tell(format!(
            "{version}: of {CHILDREN}, {} were refused at once, {} were accepted, {} ran; {} in the queue",
            family.refused, family.accepted, family.ran, family.queued
        ));
        let values = [
            ("refused", family.refused),
            ("accepted", family.accepted),
            ("ran", family.ran),
            ("queued", family.queued),
        ];
        for (field, value) in values {
            outcome.result(format!("{version}.{field}"), value as f64);
        }
        let expected = if *version == "v4" { CHILDREN } else { 0 };
        held &= (family.accepted, family.ran) == (expected, expected);
    }
    outcome.result("children", CHILDREN as f64);
    outcome.result("capacity", CAPACITY as f64);
    outcome.held = held;
    outcome
}
