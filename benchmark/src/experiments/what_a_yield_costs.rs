//! Two threads hand tasks over a queue with one place, and differ in what they do before they
//! sleep.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::{Experiment, Outcome};
use crate::spinners::Spinners;
use crate::statistics::Summary;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "what-a-yield-costs",
    title: "To yield before one sleeps, on a busy machine",
    question: "A submitter and a worker hand tasks over a queue with one place. Who finds it full, or empty, \
               sleeps at once; or spins for about a microsecond first; or yields up to 32 times first; or the \
               submitter alone yields. They do so on a machine at rest, then beside as many threads that spin \
               as there are cores, and then beside twice as many. How many tasks do they hand over in a second?",
    predict: "Which of the four hands over the most tasks in a second at rest, and which the fewest beside twice \
              as many spinning threads as cores? By what factor?",
    checks: "beside twice as many spinning threads as cores, those who sleep at once hand over more tasks than \
             those who yield",
    run,
};

/// How long each measurement takes. A time slice takes some milliseconds.
const TIME: Duration = Duration::from_millis(150);

/// Rounds of which the median counts. In each, all have a turn.
const ROUNDS: usize = 5;

/// What somebody does before sleeping.
#[derive(Clone, Copy, PartialEq)]
enum Before {
    Nothing,
    Spin,
    Yield,
}

/// What the submitter does, what the worker does, and what the book calls that.
const WAYS: [(&str, &str, Before, Before); 4] = [
    (
        "sleep",
        "both sleep at once",
        Before::Nothing,
        Before::Nothing,
    ),
    ("spin", "both spin for 1 us", Before::Spin, Before::Spin),
    (
        "one_yields",
        "one yields 32 times",
        Before::Yield,
        Before::Nothing,
    ),
    (
        "both_yield",
        "both yield 32 times",
        Before::Yield,
        Before::Yield,
    ),
];

/// A queue with one place. `None` in the place is the end.
#[derive(Default)]
struct OnePlace {
    place: Mutex<Option<Option<u64>>>,
    /// What a look shows without the lock. The lock decides.
    filled: AtomicBool,
    changed: Condvar,
}

impl OnePlace {
    /// The lock, once the place is filled or free, as it is asked for.
    fn when(&self, filled: bool, before: Before) -> MutexGuard<'_, Option<Option<u64>>> {
        let start = Instant::now();
        for turn in 0.. {
            if self.filled.load(Relaxed) == filled {
                let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
                if place.is_some() == filled {
                    return place;
                }
            }
            let goes_on = match before {
                Before::Nothing => false,
                Before::Spin => start.elapsed() < Duration::from_micros(1),
                Before::Yield => turn < 32,
            };
            if !goes_on {
                let place = self.place.lock().unwrap_or_else(PoisonError::into_inner);
                let not_yet = |place: &mut Option<_>| place.is_some() != filled;
                let woken = self.changed.wait_while(place, not_yet);
                return woken.unwrap_or_else(PoisonError::into_inner);
            }
            match before {
                Before::Yield => thread::yield_now(),
                _ => spin_loop(),
            }
        }
        unreachable!("the turns do not end before somebody sleeps")
    }

    fn send(&self, message: Option<u64>, before: Before) {
        let mut place = self.when(false, before);
        *place = Some(message);
        self.filled.store(true, Relaxed);
        drop(place);
        self.changed.notify_one();
    }

    fn receive(&self, before: Before) -> Option<u64> {
        let mut place = self.when(true, before);
        let message = place.take();
        self.filled.store(false, Relaxed);
        drop(place);
        self.changed.notify_one();
        message.flatten()
    }
}

/// Tasks that are handed over in a second.
fn a_second(submitter: Before, worker: Before) -> f64 {
    let queue = Arc::new(OnePlace::default());
    let done = Arc::new(AtomicU64::new(0));
    let (theirs, count) = (Arc::clone(&queue), Arc::clone(&done));
    let receiver = thread::spawn(move || {
        while theirs.receive(worker).is_some() {
            count.fetch_add(1, Relaxed);
        }
    });
    let start = Instant::now();
    for number in 0.. {
        queue.send(Some(number), submitter);
        if start.elapsed() >= TIME {
            break;
        }
    }
    let a_second = done.load(Relaxed) as f64 / start.elapsed().as_secs_f64();
    queue.send(None, submitter);
    receiver.join().expect("it counts");
    a_second
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let machines = [("rest", 0), ("once", cores), ("twice", cores * 2)];
    let mut times = vec![vec![Vec::new(); machines.len()]; WAYS.len()];
    for _ in 0..ROUNDS {
        for (at, (_, spinners)) in machines.iter().enumerate() {
            let _busy = Spinners::start(*spinners);
            for (times, (_, _, submitter, worker)) in times.iter_mut().zip(WAYS) {
                times[at].push(a_second(submitter, worker));
            }
        }
    }
    outcome.tell(format!(
        "tasks a second{:>14} {:>18} {:>18}",
        "at rest",
        format!("{} threads spin", machines[1].1),
        format!("{} threads spin", machines[2].1)
    ));
    let mut medians = Vec::new();
    for ((name, title, ..), times) in WAYS.iter().zip(&times) {
        let of_way: Vec<f64> = times
            .iter()
            .map(|times| Summary::of(times).median)
            .collect();
        outcome.tell(format!(
            "{title:20} {:7.0} {:18.0} {:18.0}",
            of_way[0], of_way[1], of_way[2]
        ));
        for ((machine, _), median) in machines.iter().zip(&of_way) {
            outcome.result(format!("{name}.{machine}"), *median);
        }
        medians.push(of_way);
    }
    let (sleep, both_yield) = (medians[0][2], medians[3][2]);
    outcome.result("cores", cores as f64);
    outcome.result("yields", 32.0);
    outcome.result("rounds", ROUNDS as f64);
    outcome.result("millis", TIME.as_millis() as f64);
    outcome.result("factor", sleep / both_yield.max(1.0));
    outcome.held = sleep > both_yield;
    outcome
}
