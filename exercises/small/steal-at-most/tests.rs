//! A thief with a limit.

use std::sync::{Arc, Mutex, mpsc};

use harness::{Gate, OpenOnDrop, doing, laws};
use pool::{Pool, Stealing};

/// How many tasks are in the queue that is stolen from.
const QUEUED: usize = 8;

/// Two workers. One has eight tasks in its queue, and is busy. The other one steals.
struct Theft {
    pool: Arc<Pool>,
    /// The first that submitted, until it is opened.
    busy: Gate,
    /// Each of the eight, until it is opened.
    tasks: Gate,
    /// How many tasks had been stolen before.
    before: usize,
    /// The numbers of those that have begun.
    order: Arc<Mutex<Vec<usize>>>,
}

impl Theft {
    /// Returns when the thief runs the first of the eight.
    fn begin(stealing: Stealing) -> Theft {
        let pool = Pool::builder().threads(2).stealing(stealing);
        let mut theft = Theft {
            pool: Arc::new(pool.build().unwrap()),
            busy: Gate::new(),
            tasks: Gate::new(),
            before: 0,
            order: Arc::default(),
        };
        let thief = Gate::new();
        thief.occupy(|task| theft.pool.execute(task).unwrap());
        let (begin, begun) = mpsc::channel();
        let (pool, tasks) = (Arc::clone(&theft.pool), theft.tasks.clone());
        let order = Arc::clone(&theft.order);
        theft.busy.occupy(move |waits| {
            let inside = Arc::clone(&pool);
            let submits = move || {
                for n in 0..QUEUED {
                    let (begin, tasks) = (begin.clone(), tasks.clone());
                    let order = Arc::clone(&order);
                    let task = move || {
                        order.lock().unwrap().push(n);
                        let _ = begin.send(());
                        doing("runs one of the tasks", || tasks.pass());
                    };
                    inside.execute(task).unwrap();
                }
                drop(inside);
                waits();
            };
            pool.execute(submits).unwrap();
        });
        theft.before = theft.pool.stats().stolen;
        // Both are busy, and one has eight tasks. The other one is free from now on.
        thief.open();
        let what = "waits until an idle worker has stolen a task from a busy one";
        doing(what, || begun.recv()).unwrap();
        theft
    }

    /// How many the thief took at once.
    fn stolen(&self) -> usize {
        self.pool.stats().stolen - self.before
    }

    /// Has the thief do all of it, while the other one is still busy.
    fn end(self) -> Vec<usize> {
        let _open = OpenOnDrop(&self.busy);
        self.tasks.open();
        harness::until("waits until the eight tasks have begun", || {
            self.order.lock().unwrap().len() == QUEUED
        });
        self.busy.open();
        doing("waits until the pool is idle", || self.pool.wait_idle());
        self.order.lock().unwrap().clone()
    }
}

/// Nobody is left behind a busy worker, also with a limit of zero.
fn it_steals_at_least_one() {
    let theft = Theft::begin(Stealing::AtMost(0));
    let stolen = theft.stolen();
    assert!(stolen == 1, "AtMost(0) has stolen {stolen} tasks");
    theft.end();
}

/// Of eight tasks it takes as many as it may.
fn no_more_than_the_limit() {
    for limit in [1, 2, 3, 7, 8] {
        let theft = Theft::begin(Stealing::AtMost(limit));
        let stolen = theft.stolen();
        assert!(
            stolen == limit,
            "AtMost({limit}) has stolen {stolen} of 8 tasks at once"
        );
        theft.end();
    }
}

/// If there are fewer than it may take, it takes those.
fn a_short_queue_is_enough() {
    for limit in [9, usize::MAX] {
        let theft = Theft::begin(Stealing::AtMost(limit));
        let stolen = theft.stolen();
        assert!(
            stolen == 8,
            "AtMost({limit}) has stolen {stolen} of 8 tasks"
        );
        theft.end();
    }
}

/// The tasks begin in the order in which they were queued, each once.
fn the_oldest_come_first() {
    for limit in [1, 3, 5, 8] {
        let order = Theft::begin(Stealing::AtMost(limit)).end();
        let right: Vec<usize> = (0..QUEUED).collect();
        assert!(
            order == right,
            "with AtMost({limit}), the tasks began in the order {order:?}"
        );
    }
}

/// `One` and `Half` are what they were.
fn the_others_are_as_before() {
    for (stealing, right) in [(Stealing::One, 1), (Stealing::Half, 4)] {
        let theft = Theft::begin(stealing);
        let stolen = theft.stolen();
        assert!(
            stolen == right,
            "{stealing:?} has stolen {stolen} of 8 tasks"
        );
        theft.end();
    }
}

laws! {
    a_short_queue_is_enough,
    it_steals_at_least_one,
    no_more_than_the_limit,
    the_oldest_come_first,
    the_others_are_as_before,
}
