//! Loads that come and go, and what a pool makes of them: the ground of the experiments on pools
//! that change their size.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Outcome, within};
use crate::census::Census;
use crate::trace::Recorder;

/// A task in its box, as a pool gets it.
pub(super) type Boxed = Box<dyn FnOnce() + Send>;

/// When tasks arrive. All of them sleep, and for the same time, so that the machine's cores do not
/// matter.
#[derive(Clone, Debug)]
pub(super) struct Load {
    /// From the start, in order.
    arrivals: Vec<Duration>,
    /// How long a task takes.
    task: Duration,
    /// How long the pool is watched.
    time: Duration,
}

/// What became of the tasks, and what the pool looked like meanwhile.
#[derive(Debug)]
pub(super) struct Run {
    pub(super) census: Census,
    /// From the arrival of a task to its start, in milliseconds, in the order of their starts: the
    /// number of the arrival, and the time.
    waits: Vec<(usize, f64)>,
    /// The arrivals that were refused.
    pub(super) refused: Vec<usize>,
    /// When the last task was over, in milliseconds from the first arrival.
    pub(super) done: f64,
}

impl Load {
    /// Nothing, watched for so long.
    pub(super) fn new(time: Duration, task: Duration) -> Load {
        Load {
            arrivals: Vec::new(),
            task,
            time,
        }
    }

    /// So many tasks at once.
    pub(super) fn burst(self, at: Duration, tasks: u32) -> Load {
        self.steady(at, tasks, Duration::ZERO)
    }

    /// So many tasks, one after another, with a gap in between.
    pub(super) fn steady(mut self, from: Duration, tasks: u32, gap: Duration) -> Load {
        self.arrivals.extend((0..tasks).map(|n| from + gap * n));
        self.arrivals.sort_unstable();
        self
    }

    /// So many bursts, one in each period.
    pub(super) fn flapping(
        self,
        from: Duration,
        bursts: u32,
        period: Duration,
        tasks: u32,
    ) -> Load {
        (0..bursts).fold(self, |load, n| load.burst(from + period * n, tasks))
    }

    /// The number of tasks.
    pub(super) fn tasks(&self) -> usize {
        self.arrivals.len()
    }

    /// Sends the load through `submit`, and waits until the time is over.
    ///
    /// The load does not wait for the pool: a submitter that was held up is late with its next
    /// tasks, and their waits count from when they should have come.
    pub(super) fn run<E>(
        &self,
        title: &str,
        capacity: usize,
        recorder: &Recorder,
        submit: impl Fn(Boxed) -> Result<(), E>,
    ) -> Run {
        let waits = Arc::new(Mutex::new(Vec::new()));
        let last = Arc::new(Mutex::new(None));
        let mut refused = Vec::new();
        let start = Instant::now();
        let mut due = start;
        for (n, arrival) in self.arrivals.iter().enumerate() {
            let scheduled = start + *arrival;
            let early = scheduled.saturating_duration_since(Instant::now());
            due = if early.is_zero() {
                scheduled.max(due)
            } else {
                thread::sleep(early);
                // To wake up late is the clock's doing, and not the pool's.
                Instant::now()
            };
            let (waits, last, task) = (Arc::clone(&waits), Arc::clone(&last), self.task);
            let work = move || {
                let waited = due.elapsed().as_secs_f64() * 1000.0;
                let mut waits = waits.lock().unwrap_or_else(PoisonError::into_inner);
                waits.push((n, waited));
                drop(waits);
                thread::sleep(task);
                *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            };
            if recorder.submit(n as u64, &submit, work).is_err() {
                refused.push(n);
            }
        }
        let rest = self.time.saturating_sub(start.elapsed());
        thread::sleep(rest);
        let accepted = self.tasks() - refused.len();
        let begun = || waits.lock().map_or(0, |waits| waits.len());
        // The time is far longer than the tasks take. If this machine stood still, they still come.
        within(Duration::from_secs(10), || begun() == accepted);
        let trace = recorder.finish(title, 0, capacity as u64);
        let waits = std::mem::take(&mut *waits.lock().unwrap_or_else(PoisonError::into_inner));
        let first = start + self.arrivals.first().copied().unwrap_or_default();
        let last = *last.lock().unwrap_or_else(PoisonError::into_inner);
        let done = last.map_or(0.0, |last| {
            last.saturating_duration_since(first).as_secs_f64()
        });
        Run {
            census: Census::of(&trace, self.time),
            waits,
            refused,
            done: done * 1000.0,
        }
    }
}

impl Run {
    /// The tasks that have started.
    pub(super) fn started(&self) -> usize {
        self.waits.len()
    }

    /// The wait that so many of a hundred tasks did not exceed, in milliseconds.
    pub(super) fn wait(&self, percent: usize) -> f64 {
        self.wait_of(percent, 0..usize::MAX)
    }

    /// The same, of some of the arrivals.
    pub(super) fn wait_of(&self, percent: usize, arrivals: std::ops::Range<usize>) -> f64 {
        let of_these = self.waits.iter().filter(|(n, _)| arrivals.contains(n));
        let mut waits: Vec<f64> = of_these.map(|&(_, wait)| wait).collect();
        waits.sort_unstable_by(f64::total_cmp);
        let at = (waits.len() * percent).div_ceil(100).saturating_sub(1);
        waits.get(at).copied().unwrap_or(0.0)
    }

    /// Records what the book quotes of each such run: `NAME.median` and so on.
    pub(super) fn record(&self, outcome: &mut Outcome, name: &str) {
        let census = &self.census;
        let values = [
            ("median", self.wait(50)),
            ("p99", self.wait(99)),
            ("longest", self.wait(100)),
            ("done", self.done),
            ("started", self.started() as f64),
            ("refused", self.refused.len() as f64),
            ("peak", census.peak() as f64),
            ("left", census.left() as f64),
            ("thread_seconds", census.thread_seconds()),
            ("idle_seconds", census.idle_seconds()),
        ];
        for (field, value) in values {
            outcome.result(format!("{name}.{field}"), value);
        }
    }
}

/// A builder of v2 whose workers are counted.
pub(super) fn v2(recorder: &Recorder, threads: usize) -> v2_cancel_panic::Pool {
    let (born, gone) = (recorder.clone(), recorder.clone());
    v2_cancel_panic::Pool::builder()
        .threads(threads)
        .on_thread_start(move || born.born())
        .on_thread_stop(move || gone.gone())
        .build()
        .expect("within the limits")
}

/// The same for v3, with what else `settings` sets.
pub(super) fn v3(
    recorder: &Recorder,
    settings: impl FnOnce(v3_dynamic::Builder) -> v3_dynamic::Builder,
) -> v3_dynamic::Pool {
    let (born, gone) = (recorder.clone(), recorder.clone());
    let builder = v3_dynamic::Pool::builder()
        .on_thread_start(move || born.born())
        .on_thread_stop(move || gone.gone());
    settings(builder).build().expect("within the limits")
}

/// The same for v4.
pub(super) fn v4(
    recorder: &Recorder,
    settings: impl FnOnce(v4_dedicated_queues::Builder) -> v4_dedicated_queues::Builder,
) -> v4_dedicated_queues::Pool {
    let (born, gone) = (recorder.clone(), recorder.clone());
    let builder = v4_dedicated_queues::Pool::builder()
        .on_thread_start(move || born.born())
        .on_thread_stop(move || gone.gone());
    settings(builder).build().expect("within the limits")
}
