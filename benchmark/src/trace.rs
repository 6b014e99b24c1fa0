//! Records what a pool does, from outside: by wrapping tasks, not by touching the pool.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Instant;

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A submitter offers the task.
    Submitted,
    /// The pool has accepted it.
    Queued,
    /// A worker begins with it.
    Started,
    /// The worker is done with it.
    Finished,
    /// The task has panicked.
    Panicked,
    /// The pool has refused it.
    Refused,
    /// The task was dropped, or handed back, without having run.
    Cancelled,
    /// A worker was seen for the first time.
    Born,
    /// A worker is gone.
    Gone,
}

/// One thing that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Microseconds since the recorder was made.
    pub at: u64,
    /// What it was.
    pub kind: Kind,
    /// The task, by its number.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub task: Option<u64>,
    /// The worker, by its number: 0 is the first that was born or started a task.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub worker: Option<u64>,
}

/// A recorded run, as the book draws it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// What the run shows.
    pub title: String,
    /// The number of workers of the pool.
    pub workers: u64,
    /// The number of places in its queue; 0 for a queue without a bound.
    pub capacity: u64,
    /// The unit of [`Event::at`]: always `us`.
    pub unit: String,
    /// What happened, in order.
    pub events: Vec<Event>,
}

/// Writes down what happens to the tasks that pass through it.
///
/// ```
/// use benchmark::trace::{Kind, Recorder};
///
/// let recorder = Recorder::new();
/// let pool = v1_fixed::Pool::new(2, 4).unwrap();
/// for n in 0..8 {
///     recorder.submit(n, |task| pool.execute(task), || ()).unwrap();
/// }
/// pool.wait_idle();
/// let trace = recorder.finish("eight tasks", 2, 4);
/// let finished = trace.events.iter().filter(|event| event.kind == Kind::Finished);
/// assert_eq!(finished.count(), 8);
/// ```
#[derive(Clone, Debug)]
pub struct Recorder(Arc<Notes>);

#[derive(Debug)]
struct Notes {
    start: Instant,
    written: Mutex<Written>,
}

#[derive(Debug, Default)]
struct Written {
    events: Vec<Event>,
    workers: HashMap<ThreadId, u64>,
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder::new()
    }
}

impl Recorder {
    /// Starts the clock.
    #[must_use]
    pub fn new() -> Recorder {
        Recorder(Arc::new(Notes {
            start: Instant::now(),
            written: Mutex::default(),
        }))
    }

    /// Submits a task through `submit`, and records what becomes of it.
    ///
    /// # Errors
    ///
    /// What `submit` says.
    pub fn submit<E>(
        &self,
        number: u64,
        submit: impl FnOnce(Box<dyn FnOnce() + Send>) -> Result<(), E>,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), E> {
        let refused = Arc::new(AtomicBool::new(false));
        let outcome = Outcome {
            recorder: self.clone(),
            task: number,
            worker: None,
            kind: None,
            refused: Arc::clone(&refused),
        };
        self.note(Kind::Submitted, Some(number), None);
        let submitted = submit(Box::new(move || {
            let mut outcome = outcome;
            outcome.started();
            task();
            outcome.kind = Some(Kind::Finished);
        }));
        let kind = if submitted.is_ok() {
            Kind::Queued
        } else {
            refused.store(true, Relaxed);
            Kind::Refused
        };
        self.note(kind, Some(number), None);
        submitted
    }

    /// How many different workers have been noted so far.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.written().workers.len()
    }

    /// Notes that the calling worker begins. To be called by a hook of the pool.
    pub fn born(&self) {
        let worker = self.worker();
        self.note(Kind::Born, None, Some(worker));
    }

    /// Notes that the calling worker ends. To be called by a hook of the pool, or by a value that
    /// a thread drops with its thread-locals.
    pub fn gone(&self) {
        let worker = self.worker();
        self.note(Kind::Gone, None, Some(worker));
    }

    /// Ends the recording.
    #[must_use]
    pub fn finish(&self, title: &str, workers: u64, capacity: u64) -> Trace {
        let mut written = self.written();
        let mut events = std::mem::take(&mut written.events);
        events.sort_by_key(|event| event.at);
        Trace {
            title: title.into(),
            workers,
            capacity,
            unit: "us".into(),
            events,
        }
    }

    fn written(&self) -> std::sync::MutexGuard<'_, Written> {
        let written = self.0.written.lock();
        written.unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, kind: Kind, task: Option<u64>, worker: Option<u64>) {
        let at = u64::try_from(self.0.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.written().events.push(Event {
            at,
            kind,
            task,
            worker,
        });
    }

    /// The number of the calling worker.
    fn worker(&self) -> u64 {
        let mut written = self.written();
        let next = written.workers.len() as u64;
        *written
            .workers
            .entry(thread::current().id())
            .or_insert(next)
    }
}

/// Goes with a task and notes how it ends, also when it unwinds.
struct Outcome {
    recorder: Recorder,
    task: u64,
    worker: Option<u64>,
    kind: Option<Kind>,
    /// Set once the task has come back to its submitter, which may drop it when it likes.
    refused: Arc<AtomicBool>,
}

impl Outcome {
    fn started(&mut self) {
        self.worker = Some(self.recorder.worker());
        self.recorder
            .note(Kind::Started, Some(self.task), self.worker);
    }
}

impl Drop for Outcome {
    fn drop(&mut self) {
        let kind = match (self.kind, self.worker) {
            (Some(kind), _) => kind,
            (None, Some(_)) => Kind::Panicked,
            (None, None) if self.refused.load(Relaxed) => return,
            (None, None) => Kind::Cancelled,
        };
        self.recorder.note(kind, Some(self.task), self.worker);
    }
}

#[cfg(test)]
mod tests {
    use super::{Kind, Recorder};

    fn count(recorder: &Recorder, kind: Kind) -> usize {
        let trace = recorder.finish("a test", 1, 1);
        trace
            .events
            .iter()
            .filter(|event| event.kind == kind)
            .count()
    }

    #[test]
    fn a_task_that_comes_back_is_refused_and_one_that_is_dropped_is_cancelled() {
        let recorder = Recorder::new();
        recorder.submit(0, |_task| Ok::<(), ()>(()), || ()).unwrap();
        assert_eq!(count(&recorder, Kind::Cancelled), 1);
        let recorder = Recorder::new();
        drop(recorder.submit(0, Err, || ()).unwrap_err());
        assert_eq!(count(&recorder, Kind::Cancelled), 0);
        let recorder = Recorder::new();
        drop(recorder.submit(0, Err, || ()).unwrap_err());
        assert_eq!(count(&recorder, Kind::Refused), 1);
    }

    #[test]
    fn a_panic_is_recorded_on_its_worker() {
        let recorder = Recorder::new();
        let pool = v2_cancel_panic::Pool::new(1, 1).unwrap();
        let task = || panic!("recorded");
        recorder.submit(7, |task| pool.execute(task), task).unwrap();
        pool.wait_idle();
        let trace = recorder.finish("a panic", 1, 1);
        let panicked = trace
            .events
            .iter()
            .find(|event| event.kind == Kind::Panicked);
        let panicked = panicked.unwrap();
        assert_eq!((panicked.task, panicked.worker), (Some(7), Some(0)));
    }
}
