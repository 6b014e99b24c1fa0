//! What the submitter of a task that panics learns.

use std::sync::mpsc;

use super::allocations::allocations;
use super::{Experiment, Outcome, quietly};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "who-knows-that-it-failed",
    title: "three of a thousand jobs panic: who hears of it",
    question: "A thousand jobs, and three of them panic. What does their submitter learn of it: from the \
               counts of v4, from a channel that it makes for each job, and from the handles of v5?",
    predict: "For each of the three: does it tell how many have failed, which ones, and why? And how many \
              allocations does a job take?",
    checks: "law 11, a handle resolves however its task ends: all three panics come back, each to its own handle",
    run,
};

const WORKERS: usize = 2;
const JOBS: usize = 1000;
const FAILING: [usize; 3] = [137, 512, 808];

/// The reason of a job that panics.
fn reason(job: usize) -> String {
    format!("record {job} has no name")
}

/// What each job does.
fn work(job: usize, may_fail: bool) -> usize {
    assert!(!may_fail || !FAILING.contains(&job), "{}", reason(job));
    job
}

/// What the submitter has in the end.
#[derive(Debug, Default, PartialEq)]
struct Knowledge {
    how_many: usize,
    which: usize,
    why: usize,
    results: usize,
}

/// A way to submit all jobs and to hear of them.
trait Way {
    const NAME: &'static str;
    const TITLE: &'static str;

    fn start() -> Self;

    fn submit_all(&self, may_fail: bool) -> Knowledge;
}

/// `execute` of v4, and a look at the counts.
struct Stats(v4_dedicated_queues::Pool);

impl Way for Stats {
    const NAME: &'static str = "stats";
    const TITLE: &'static str = "v4, the counts";

    fn start() -> Stats {
        Stats(v4_dedicated_queues::Pool::new(WORKERS, JOBS).expect("within the limits"))
    }

    fn submit_all(&self, may_fail: bool) -> Knowledge {
        for job in 0..JOBS {
            let submitted = self.0.execute(move || {
                work(job, may_fail);
            });
            submitted.expect("nobody shuts the pool down");
        }
        self.0.wait_idle();
        Knowledge {
            how_many: self.0.stats().panicked,
            ..Knowledge::default()
        }
    }
}

/// `execute` of v4, and a channel for each job.
struct Channel(v4_dedicated_queues::Pool);

impl Way for Channel {
    const NAME: &'static str = "channel";
    const TITLE: &'static str = "v4, a channel each";

    fn start() -> Channel {
        Channel(v4_dedicated_queues::Pool::new(WORKERS, JOBS).expect("within the limits"))
    }

    fn submit_all(&self, may_fail: bool) -> Knowledge {
        let mut answers = Vec::with_capacity(JOBS);
        for job in 0..JOBS {
            let (tell, told) = mpsc::channel();
            let submitted = self.0.execute(move || {
                let _ = tell.send(work(job, may_fail));
            });
            submitted.expect("nobody shuts the pool down");
            answers.push(told);
        }
        // So that nobody has to wait for an answer, which may allocate.
        self.0.wait_idle();
        let mut knowledge = Knowledge::default();
        for (job, answer) in answers.into_iter().enumerate() {
            match answer.recv() {
                Ok(result) => knowledge.results += usize::from(result == job),
                // The sender was dropped by a panic, which took the reason along.
                Err(mpsc::RecvError) => {
                    knowledge.how_many += 1;
                    knowledge.which += usize::from(FAILING.contains(&job));
                }
            }
        }
        knowledge
    }
}

/// `spawn` of v5.
struct Spawn(v5_futures::Pool);

impl Way for Spawn {
    const NAME: &'static str = "spawn";
    const TITLE: &'static str = "v5, a handle each";

    fn start() -> Spawn {
        Spawn(v5_futures::Pool::new(WORKERS, JOBS).expect("within the limits"))
    }

    fn submit_all(&self, may_fail: bool) -> Knowledge {
        let mut handles = Vec::with_capacity(JOBS);
        for job in 0..JOBS {
            let handle = self.0.spawn(move || work(job, may_fail));
            handles.push(handle.expect("nobody shuts the pool down"));
        }
        self.0.wait_idle();
        let mut knowledge = Knowledge::default();
        for (job, handle) in handles.into_iter().enumerate() {
            match handle.join() {
                Ok(result) => knowledge.results += usize::from(result == job),
                Err(error) => {
                    knowledge.how_many += 1;
                    knowledge.which += usize::from(FAILING.contains(&job));
                    let text = error.try_into_panic().ok();
                    let text = text.and_then(|payload| payload.downcast::<String>().ok());
                    knowledge.why += usize::from(text.is_some_and(|text| *text == reason(job)));
                }
            }
        }
        knowledge
    }
}

fn learn<W: Way>(outcome: &mut Outcome) -> Knowledge {
    let way = W::start();
    let knowledge = quietly(|| way.submit_all(true));
    // The pool has room for all of them by now. A panic allocates, and is not what is counted here.
    let allocated = allocations(|| {
        way.submit_all(false);
    });
    let each = allocated.map(|times| (times as f64 / JOBS as f64 * 10.0).round() / 10.0);
    let Knowledge {
        how_many,
        which,
        why,
        results,
    } = knowledge;
    let each_told = each.map_or(String::new(), |each| format!(", {each} allocations a job"));
    outcome.tell(format!(
        "{:19} {how_many} failed; which ones is known of {which}, and why of {why}; {results} results{each_told}",
        W::TITLE
    ));
    let values = [
        ("how_many", how_many),
        ("which", which),
        ("why", why),
        ("results", results),
    ];
    for (field, value) in values {
        outcome.result(format!("{}.{field}", W::NAME), value as f64);
    }
    if let Some(each) = each {
        outcome.result(format!("{}.allocations", W::NAME), each);
    }
    knowledge
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    learn::<Stats>(&mut outcome);
    learn::<Channel>(&mut outcome);
    let handles = learn::<Spawn>(&mut outcome);
    let failures = FAILING.len();
    outcome.result("jobs", JOBS as f64);
    outcome.result("failures", failures as f64);
    outcome.result("workers", WORKERS as f64);
    let all = Knowledge {
        how_many: failures,
        which: failures,
        why: failures,
        results: JOBS - failures,
    };
    outcome.held = handles == all;
    outcome
}
