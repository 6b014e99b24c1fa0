//! Ten submitters, two workers, three places.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

use super::{Experiment, Outcome, millis};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "who-waits",
    title: "ten submitters, two workers, three places",
    question: "Two workers, room for three waiting tasks. Ten threads submit a task of 100 ms each, all at \
               once. A place comes free when a worker takes a task. How many return at once, when does the \
               last of them return, and when is the last task finished?",
    predict: "Three numbers: how many return at once, and after how many milliseconds come the last \
              submitter and the last task?",
    checks: "law 4, back-pressure: a submitter waits on a full queue",
    run,
};

const SUBMITTERS: u64 = 10;
const TASK: Duration = Duration::from_millis(100);

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let recorder = Recorder::new();
    let pool = v1_fixed::Pool::new(2, 3).expect("the numbers are within the limits");
    let at_once = AtomicUsize::new(0);
    let start = Instant::now();
    let last_submitter = millis(|| {
        thread::scope(|scope| {
            for n in 0..SUBMITTERS {
                let (pool, recorder, at_once) = (&pool, &recorder, &at_once);
                scope.spawn(move || {
                    let task = || thread::sleep(TASK);
                    let submitted = recorder.submit(n, |task| pool.execute(task), task);
                    submitted.expect("nobody shuts the pool down");
                    let early = start.elapsed() < TASK / 2;
                    at_once.fetch_add(usize::from(early), SeqCst);
                });
            }
        });
    });
    pool.wait_idle();
    let last_task = start.elapsed().as_secs_f64() * 1000.0;
    let at_once = at_once.load(SeqCst);
    outcome.tell(format!("{at_once} submitters returned at once"));
    outcome.tell(format!(
        "the last submitter returned after {last_submitter:.0} ms"
    ));
    outcome.tell(format!(
        "the last task was finished after {last_task:.0} ms"
    ));
    outcome.result("at_once", at_once as f64);
    outcome.result("submitters", SUBMITTERS as f64);
    outcome.result("last_submitter.millis", last_submitter);
    outcome.result("last_task.millis", last_task);
    let trace = recorder.finish("v1: ten submitters, two workers, three places", 2, 3);
    outcome.traces.insert("v1-who-waits", trace);
    outcome.held = at_once <= 5 && last_submitter >= 290.0 && last_task >= 490.0;
    outcome
}
