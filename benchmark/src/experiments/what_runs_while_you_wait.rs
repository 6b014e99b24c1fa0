//! What a worker does while one of its tasks waits for another.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::{Experiment, Outcome, within};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "what-runs-while-you-wait",
    title: "what runs on the stack of a task that waits",
    question: "A task has borrowed a RefCell that belongs to its thread, and waits for its child, in rayon \
               and in v5. Eight other tasks are queued, and each of them borrows the RefCell as well, for a \
               moment. There is one worker, and the child is queued among the others; or there are two, and \
               the other one runs the child, which takes its time. Does one of the eight find it borrowed?",
    predict: "In rayon and in v5, with one worker and with two: how many of the eight run on the stack of \
              the task that waits?",
    checks: "law 11, joining never runs unrelated work: in v5",
    run,
};

const OTHERS: usize = 8;

/// The child that another worker runs waits so long for the others to be over.
const WAIT: Duration = Duration::from_millis(200);

/// After so long, something else has gone wrong.
const PATIENCE: Duration = Duration::from_secs(5);

std::thread_local! {
    static JOURNAL: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// What the tasks have seen.
#[derive(Debug, Default)]
struct Seen {
    /// Others that found the journal borrowed.
    met: AtomicUsize,
    /// Others that have run.
    ran: Mutex<usize>,
    more: Condvar,
    /// The child has begun.
    begun: AtomicBool,
    child: Mutex<Option<ThreadId>>,
    in_place: AtomicBool,
}

impl Seen {
    fn other(&self) {
        JOURNAL.with(|journal| match journal.try_borrow_mut() {
            Ok(mut journal) => journal.push("another task was here"),
            // `borrow_mut` would panic, and a lock of the standard library would wait for itself.
            Err(_) => {
                self.met.fetch_add(1, SeqCst);
            }
        });
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.more.notify_all();
    }

    fn child(&self, case: Case) {
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(thread::current().id());
        self.begun.store(true, SeqCst);
        if case == Case::Taken {
            let ran = self.ran.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.more.wait_timeout_while(ran, WAIT, |ran| *ran < OTHERS));
        }
    }

    /// What the parent does. `wait` returns once the child is over.
    fn parent(&self, wait: impl FnOnce()) {
        JOURNAL.with(|journal| {
            let mut journal = journal.borrow_mut();
            journal.push("the parent begins");
            wait();
            journal.push("the parent ends");
        });
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
        self.in_place
            .store(*child == Some(thread::current().id()), SeqCst);
    }

    /// The others are queued around the child that has not begun, and after the one that has.
    fn submit_all(&self, case: Case, child: impl FnOnce(), other: impl Fn()) {
        let before = match case {
            Case::Queued => OTHERS / 2,
            Case::Taken => 0,
        };
        (0..before).for_each(|_| other());
        child();
        if case == Case::Taken {
            within(PATIENCE, || self.begun.load(SeqCst));
        }
        (before..OTHERS).for_each(|_| other());
    }

    fn ran(&self) -> usize {
        *self.ran.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    /// One worker: the child has not begun when its parent waits for it.
    Queued,
    /// Two workers: the other one runs the child.
    Taken,
}

impl Case {
    const ALL: [Case; 2] = [Case::Queued, Case::Taken];

    fn name(self) -> &'static str {
        match self {
            Case::Queued => "queued",
            Case::Taken => "taken",
        }
    }

    fn workers(self) -> usize {
        match self {
            Case::Queued => 1,
            Case::Taken => 2,
        }
    }
}

fn on_rayon(case: Case) -> Arc<Seen> {
    let seen = Arc::<Seen>::default();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(case.workers());
    let pool = pool.build().expect("rayon starts");
    // The scope ends, and with it the wait, once the child is over.
    pool.install(|| {
        seen.parent(|| {
            rayon::scope(|scope| {
                let child = || scope.spawn(|_| seen.child(case));
                let other = || {
                    let seen = Arc::clone(&seen);
                    rayon::spawn(move || seen.other());
                };
                seen.submit_all(case, child, other);
            });
        });
    });
    within(PATIENCE, || seen.ran() == OTHERS);
    seen
}

fn on_v5(case: Case) -> Arc<Seen> {
    let seen = Arc::<Seen>::default();
    let pool = v5_futures::Pool::new(case.workers(), 2 * OTHERS).expect("within the limits");
    let pool = Arc::new(pool);
    let (its, saw) = (Arc::clone(&pool), Arc::clone(&seen));
    let parent = pool.spawn(move || {
        saw.parent(|| {
            let mut handle = None;
            let child = || {
                let saw = Arc::clone(&saw);
                handle = its.spawn(move || saw.child(case)).ok();
            };
            let other = || {
                let saw = Arc::clone(&saw);
                its.execute(move || saw.other()).expect("the pool is open");
            };
            saw.submit_all(case, child, other);
            let joined = handle.map(v5_futures::JoinHandle::join);
            assert!(matches!(joined, Some(Ok(()))), "the child has run");
        });
    });
    let parent = parent.expect("the pool is open");
    if parent.join_timeout(PATIENCE).is_err() {
        // To drop the pool would mean to wait for it.
        std::mem::forget(pool);
    } else {
        pool.wait_idle();
    }
    seen
}

fn report(outcome: &mut Outcome, case: Case, pool: &str, seen: &Seen) {
    let in_place = seen.in_place.load(SeqCst);
    let (met, ran) = (seen.met.load(SeqCst), seen.ran());
    let state = match case {
        Case::Queued => "the child is queued",
        Case::Taken => "another worker has the child",
    };
    outcome.tell(format!(
        "{state:29} {pool:6} {met} of {OTHERS} ran on the stack of the one who waits; {ran} ran in the end"
    ));
    let name = format!("{}.{pool}", case.name());
    outcome.result(format!("{name}.met"), met as f64);
    outcome.result(format!("{name}.ran"), ran as f64);
    outcome.result(format!("{name}.in_place"), f64::from(u8::from(in_place)));
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let mut held = true;
    for case in Case::ALL {
        let seen = on_rayon(case);
        report(&mut outcome, case, "rayon", &seen);
        held &= seen.met.load(SeqCst) > 0;
        let seen = on_v5(case);
        report(&mut outcome, case, "v5", &seen);
        held &= (seen.met.load(SeqCst), seen.ran()) == (0, OTHERS);
        held &= seen.in_place.load(SeqCst) == (case == Case::Queued);
    }
    outcome.result("others", OTHERS as f64);
    outcome.result("taken.wait", WAIT.as_millis() as f64);
    outcome.held = held;
    outcome
}
