//! A load of twice what the pool can take, for a while: the ground of two experiments.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use v1_fixed::{Pool, Task};

/// Workers of the pool.
pub(super) const WORKERS: usize = 2;
/// Places in its queue.
pub(super) const CAPACITY: usize = 10;
/// How long a task takes. It waits and does not compute, so that the machine's cores do not matter.
pub(super) const TASK: Duration = Duration::from_millis(10);
/// Tasks that arrive, at twice the rate at which the workers finish them.
pub(super) const ARRIVALS: u32 = 300;
/// Between one arrival and the next: two workers finish a task every 5 ms.
pub(super) const GAP: Duration = Duration::from_micros(2500);
/// Threads that submit, in turn.
pub(super) const SUBMITTERS: u32 = 4;
/// A result that comes later than this after the arrival is of no use.
pub(super) const USEFUL: Duration = Duration::from_millis(100);

/// What became of the tasks.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// Tasks that have run.
    pub(super) done: usize,
    /// Of these, those that were of use.
    pub(super) useful: usize,
    /// Tasks that were given up.
    pub(super) given_up: usize,
    /// From the arrival to the result, in milliseconds: half of the tasks done took no longer.
    pub(super) median: f64,
    /// The longest of these times.
    pub(super) longest: f64,
}

/// Sends the load through `submit`, which returns whether it gave the task up.
///
/// The load does not wait for the pool: a submitter that is held up is late for its next arrivals,
/// and the time counts from when the task *should* have been submitted. To count from when it
/// was would hide the waiting (what is called coordinated omission).
///
/// `after` is what is done once all have arrived; the numbers are taken when that has been run,
/// too.
pub(super) fn drive(
    pool: &Pool,
    submit: impl Fn(&Pool, Task) -> bool + Sync,
    after: impl FnOnce(&Pool),
) -> Numbers {
    let times = Arc::new(Mutex::new(Vec::new()));
    let start = Instant::now();
    let given_up = thread::scope(|scope| {
        let submitters: Vec<_> = (0..SUBMITTERS)
            .map(|first| {
                let (times, submit) = (&times, &submit);
                scope.spawn(move || {
                    let mut given_up = 0;
                    for n in (first..ARRIVALS).step_by(SUBMITTERS as usize) {
                        let arrival = start + GAP * n;
                        thread::sleep(arrival.saturating_duration_since(Instant::now()));
                        let times = Arc::clone(times);
                        let task = Task::from(move || {
                            thread::sleep(TASK);
                            let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
                            times.push(arrival.elapsed());
                        });
                        given_up += usize::from(submit(pool, task));
                    }
                    given_up
                })
            })
            .collect();
        let joined = submitters.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|given_up| given_up.unwrap_or(0)).sum()
    });
    after(pool);
    pool.wait_idle();
    let mut times = times.lock().unwrap_or_else(PoisonError::into_inner);
    times.sort_unstable();
    let millis = |time: Option<&Duration>| time.map_or(0.0, |time| time.as_secs_f64() * 1000.0);
    Numbers {
        done: times.len(),
        useful: times.iter().filter(|time| **time <= USEFUL).count(),
        given_up,
        median: millis(times.get(times.len() / 2)),
        longest: millis(times.last()),
    }
}
