//! The pool of the Rust Book's last project, with one line changed.

use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use super::{Experiment, Outcome, millis};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "who-holds-the-lock",
    title: "four workers, one receiver in a mutex",
    question: "Four workers share one receiver in a mutex. `while let Ok(job) = \
               receiver.lock().unwrap().recv() { job() }`: how many jobs run at a time?",
    predict: "Twelve jobs of 20 ms take 60 ms if all four work, and 240 ms if one does. Which is it, and \
              which with `let job = ..; job()`?",
    checks: "no lock is held while a task runs",
    run,
};

const WORKERS: u64 = 4;
const TASKS: u64 = 12;
const TASK: Duration = Duration::from_millis(20);

type Job = Box<dyn FnOnce() + Send>;

/// The lock lives as long as the value of the `while let`: until the end of its body.
fn work_under_the_lock(receiver: &Mutex<Receiver<Job>>) {
    while let Ok(job) = receiver.lock().expect("no job panics").recv() {
        job();
    }
}

/// The lock lives until the end of the `let`.
fn work_without_the_lock(receiver: &Mutex<Receiver<Job>>) {
    loop {
        let job = receiver.lock().expect("no job panics").recv();
        let Ok(job) = job else { return };
        job();
    }
}

fn race(work: fn(&Mutex<Receiver<Job>>), title: &str) -> (f64, Trace) {
    let recorder = Recorder::new();
    let (sender, receiver) = mpsc::channel::<Job>();
    let receiver = Arc::new(Mutex::new(receiver));
    let time = millis(|| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|_| {
                let receiver = Arc::clone(&receiver);
                thread::spawn(move || work(&receiver))
            })
            .collect();
        for n in 0..TASKS {
            let submitted = recorder.submit(n, |job| sender.send(job), || thread::sleep(TASK));
            submitted.expect("the receiver lives");
        }
        drop(sender);
        for worker in workers {
            worker.join().expect("no job panics");
        }
    });
    (time, recorder.finish(title, WORKERS, TASKS))
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let (held, trace) = race(
        work_under_the_lock,
        "`while let`: the lock is held while a job runs",
    );
    outcome.tell(format!(
        "`while let ... lock() ... {{ job() }}`: {held:.0} ms"
    ));
    outcome.result("held.millis", held);
    outcome.traces.insert("lock-held", trace);

    let (free, trace) = race(
        work_without_the_lock,
        "`let`, then the job: the lock is free again",
    );
    outcome.tell(format!(
        "`let job = ... lock() ...; job()`:     {free:.0} ms"
    ));
    outcome.result("free.millis", free);
    outcome.traces.insert("lock-free", trace);

    let recorder = Recorder::new();
    let v1 = millis(|| {
        let pool = v1_fixed::Pool::new(WORKERS as usize, TASKS as usize);
        let pool = pool.expect("the numbers are within the limits");
        for n in 0..TASKS {
            let submitted = recorder.submit(n, |task| pool.execute(task), || thread::sleep(TASK));
            submitted.expect("nobody shuts the pool down");
        }
    });
    outcome.tell(format!("v1:                                    {v1:.0} ms"));
    outcome.result("v1.millis", v1);
    outcome.result("workers", WORKERS as f64);
    outcome.result("tasks", TASKS as f64);
    let trace = recorder.finish("v1: twelve tasks on four workers", WORKERS, TASKS);
    outcome.traces.insert("v1-twelve-tasks", trace);

    outcome.held = held > 2.0 * v1 && free < 0.75 * held;
    outcome
}
