//! Closing a pool while submitters wait for a place.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::bounded;

use super::{Experiment, Outcome, within};
use crate::trace::Recorder;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "release-of-submitters",
    title: "who returns when a full queue is closed",
    question: "The only worker is stuck, the queue is full, four submitters wait. Somebody closes the pool: \
               by dropping the sender of its channel, by dropping the receivers, or as v1 does. Who returns, \
               and with what?",
    predict: "For each of the three ways: how many of four submitters return within half a second, and how \
              many accepted tasks are lost?",
    checks: "law 6, shutdown ends: a submitter that waits returns, with its task",
    run,
};

const SUBMITTERS: usize = 4;
const SOON: Duration = Duration::from_millis(500);

/// A task that counts its run, and one that is stuck until the other end is dropped.
fn counting(ran: &Arc<AtomicUsize>) -> impl FnOnce() + Send + 'static {
    let ran = Arc::clone(ran);
    move || {
        ran.fetch_add(1, SeqCst);
    }
}

type Job = Box<dyn FnOnce() + Send>;

/// A channel as the whole pool. Returns how many submitters came back soon, and how many accepted
/// tasks never ran.
fn channel(drop_receiver: bool) -> (usize, usize) {
    let (sender, receiver) = bounded::<Job>(1);
    let (unstick, stuck) = mpsc::channel::<()>();
    let ran = Arc::new(AtomicUsize::new(0));
    let returned = Arc::new(AtomicUsize::new(0));
    let accepted = Arc::new(AtomicUsize::new(0));
    let (begin, begun) = mpsc::channel();

    let worker = thread::spawn(move || {
        // Closing by dropping the receivers: the worker leaves after the task in its hands.
        let one = receiver.recv().into_iter();
        let rest = receiver
            .into_iter()
            .take(if drop_receiver { 0 } else { usize::MAX });
        for job in one.chain(rest) {
            job();
        }
    });
    let stuck_job: Job = Box::new(move || {
        let _ = begin.send(());
        let _ = stuck.recv();
    });
    sender.send(stuck_job).expect("the worker receives");
    let _ = begun.recv();
    sender
        .send(Box::new(counting(&ran)))
        .expect("there is a place");
    accepted.fetch_add(1, SeqCst);

    let submitters: Vec<_> = (0..SUBMITTERS)
        .map(|_| {
            let (sender, job) = (sender.clone(), Box::new(counting(&ran)));
            let (returned, accepted) = (Arc::clone(&returned), Arc::clone(&accepted));
            thread::spawn(move || {
                let sent = sender.send(job).is_ok();
                accepted.fetch_add(usize::from(sent), SeqCst);
                returned.fetch_add(1, SeqCst);
            })
        })
        .collect();
    thread::sleep(Duration::from_millis(20));

    // Close: all that the owner has in hand is its own sender.
    drop(sender);
    within(SOON, || returned.load(SeqCst) == SUBMITTERS);
    let soon = returned.load(SeqCst);
    drop(unstick);
    for thread in submitters.into_iter().chain([worker]) {
        drop(thread.join());
    }
    (soon, accepted.load(SeqCst) - ran.load(SeqCst))
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (returned, lost) = channel(false);
    outcome.tell(format!(
        "dropping the sender:    {returned} of {SUBMITTERS} return soon, {lost} accepted tasks are lost"
    ));
    outcome.result("sender.returned", returned as f64);
    outcome.result("sender.lost", lost as f64);
    let (returned, lost) = channel(true);
    outcome.tell(format!(
        "dropping the receivers: {returned} of {SUBMITTERS} return soon, {lost} accepted tasks are lost"
    ));
    outcome.result("receivers.returned", returned as f64);
    outcome.result("receivers.lost", lost as f64);

    let recorder = Recorder::new();
    let pool = v1_fixed::Pool::new(1, 1).expect("the numbers are within the limits");
    let (unstick, stuck) = mpsc::channel::<()>();
    let (begin, begun) = mpsc::channel();
    let ran = Arc::new(AtomicUsize::new(0));
    let stuck_task = move || {
        let _ = begin.send(());
        let _ = stuck.recv();
    };
    let first = recorder.submit(0, |task| pool.execute(task), stuck_task);
    let _ = begun.recv();
    let second = recorder.submit(1, |task| pool.execute(task), counting(&ran));
    let accepted = usize::from(first.is_ok()) + usize::from(second.is_ok());
    let back = AtomicUsize::new(0);
    let returned = thread::scope(|scope| {
        for n in 0..SUBMITTERS as u64 {
            let (pool, recorder, back, task) = (&pool, &recorder, &back, counting(&ran));
            scope.spawn(move || {
                let refused = recorder
                    .submit(2 + n, |task| pool.execute(task), task)
                    .is_err();
                back.fetch_add(usize::from(refused), SeqCst);
            });
        }
        thread::sleep(Duration::from_millis(20));
        let stopper = scope.spawn(|| pool.shutdown());
        within(SOON, || back.load(SeqCst) == SUBMITTERS);
        let returned = back.load(SeqCst);
        thread::sleep(Duration::from_millis(20));
        drop(unstick);
        drop(stopper.join());
        returned
    });
    let lost = accepted - 1 - ran.load(SeqCst);
    outcome.tell(format!(
        "v1:                     {returned} of {SUBMITTERS} return soon, {lost} accepted tasks are lost"
    ));
    outcome.result("v1.returned", returned as f64);
    outcome.result("v1.lost", lost as f64);
    outcome.result("submitters", SUBMITTERS as f64);
    let trace = recorder.finish("v1: four submitters wait, then the pool is shut down", 1, 1);
    outcome.traces.insert("v1-release", trace);
    outcome.held = returned == SUBMITTERS && lost == 0;
    outcome
}
