//! One contender on one workload, timed.

use std::fmt::{self, Debug};
use std::hint::black_box;
use std::marker::PhantomData;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::contender::{Contender, Forking, Resulting};
use crate::crew;
use crate::workload::{self, Arrival, Task, Workload};

/// A contender whose type is forgotten, so that it can stand in a list. The race itself is compiled
/// for each type: nothing between a task and its pool is boxed or called through a pointer.
#[derive(Clone, Copy)]
pub struct Racer {
    /// The contender's name.
    pub name: &'static str,
    /// What it is: one of ours, a baseline, a peer.
    pub family: &'static str,
    /// Starts it, lets it do the work and stops it.
    pub run: fn(&Workload, Gauge) -> Measurement,
}

impl Racer {
    /// A line in [`RACERS`](crate::contenders::RACERS).
    #[must_use]
    pub const fn of<C: Contender>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: race::<Executing<C>>,
        }
    }

    /// A line in [`JOINERS`](crate::contenders::JOINERS).
    #[must_use]
    pub const fn joining<C: Resulting>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: race::<Spawning<C>>,
        }
    }

    /// A line in [`FORKERS`](crate::contenders::FORKERS).
    #[must_use]
    pub const fn forking<C: Forking>(family: &'static str) -> Racer {
        Racer {
            name: C::NAME,
            family,
            run: fork::<C>,
        }
    }
}

impl Debug for Racer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Racer")
            .field("name", &self.name)
            .field("family", &self.family)
            .finish_non_exhaustive()
    }
}

/// What is read when the clock starts and when it stops, such as the number of allocations so far.
pub type Gauge = fn() -> u64;

/// Reads nothing.
#[must_use]
pub fn no_gauge() -> u64 {
    0
}

/// What one run took.
#[derive(Clone, Copy, Debug, Default)]
pub struct Measurement {
    /// From the first submission until all was done.
    pub elapsed: Duration,
    /// The tasks that were run in it.
    pub tasks: usize,
    /// By how much the gauge went up.
    pub gauged: u64,
}

impl Measurement {
    /// Nanoseconds for each task.
    #[must_use]
    pub fn per_task(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.tasks as f64
    }

    fn add(&mut self, gauge: Gauge, tasks: usize, work: impl FnOnce()) {
        let before = gauge();
        let start = Instant::now();
        work();
        self.elapsed += start.elapsed();
        self.gauged += gauge() - before;
        self.tasks += tasks;
    }
}

/// How tasks are given to a pool.
trait Drive {
    /// Lets a new pool do the work. Starting and stopping it does not count. `make` turns the number of a
    /// task into the task.
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement;
}

fn race<D: Drive>(workload: &Workload, gauge: Gauge) -> Measurement {
    // Each arm makes closures of a type of its own, as the users of a pool do. Whatever is measured
    // once for the machine is measured before the clock starts.
    match workload.task {
        Task::Empty => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
            }
        }),
        Task::Sha256 => {
            let bytes = workload::bytes_to_hash();
            D::drive(workload, gauge, move |_| move || workload::hash(bytes))
        }
        Task::Cpu => {
            let steps = workload::steps_per_microsecond() * 40;
            D::drive(workload, gauge, move |_| move || workload::compute(steps))
        }
        Task::Skewed => {
            let steps = workload::steps_per_microsecond();
            D::drive(workload, gauge, move |number| {
                let steps = if number % 64 == 0 { steps * 100 } else { steps };
                move || workload::compute(steps)
            })
        }
        Task::IsPrime2To100 => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                workload::primes_2_to_100();
            }
        }),
        Task::Fibonacci15 => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                black_box(workload::fibonacci(15));
            }
        }),
        Task::Sleep10Ms => D::drive(workload, gauge, move |number| {
            move || {
                black_box(number);
                thread::sleep(Duration::from_millis(10));
            }
        }),
        Task::Mark(marks) => D::drive(workload, gauge, move |number| {
            move || {
                marks[number].fetch_add(1, Relaxed);
            }
        }),
    }
}

/// Tasks that return nothing. The pool is waited for.
struct Executing<C>(PhantomData<C>);

impl<C: Contender> Drive for Executing<C> {
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement {
        let pool = Arc::new(start::<C>(workload));
        let mut measured = Measurement::default();
        match workload.arrival {
            Arrival::Stream {
                submitters: 1,
                each,
            } => {
                let tasks = share::<C>(workload, each);
                measured.add(gauge, tasks, || {
                    (0..tasks).for_each(|number| pool.execute(make(number)));
                    pool.wait();
                });
            }
            Arrival::Stream { submitters, each } => {
                let each = share::<C>(workload, each);
                // The clock starts when all submitters are there, and before any of them submits.
                let (theirs, make) = (Arc::clone(&pool), Arc::new(make));
                let lined = crew::line_up(submitters, move |submitter| {
                    let numbers = submitter * each..(submitter + 1) * each;
                    numbers.for_each(|number| theirs.execute(make(number)));
                });
                measured.add(gauge, submitters * each, || {
                    lined.go();
                    pool.wait();
                });
            }
            Arrival::Bursts { bursts, of, pauses } => {
                for (burst, pause) in (0..bursts).zip(pauses.iter().cycle()) {
                    thread::sleep(*pause);
                    measured.add(gauge, of, || {
                        let numbers = burst * of..(burst + 1) * of;
                        numbers.for_each(|number| pool.execute(make(number)));
                        pool.wait();
                    });
                }
            }
            Arrival::Joined { .. } | Arrival::Forked { .. } => not_for(C::NAME, workload),
        }
        measured
    }
}

/// Tasks that return their number. Each is joined.
struct Spawning<C>(PhantomData<C>);

impl<C: Resulting> Drive for Spawning<C> {
    fn drive<F: FnOnce() + Send + 'static>(
        workload: &Workload,
        gauge: Gauge,
        make: impl Fn(usize) -> F + Send + Sync + 'static,
    ) -> Measurement {
        let Arrival::Joined { times, of } = workload.arrival else {
            not_for(C::NAME, workload)
        };
        let times = share::<C>(workload, times);
        let pool = start::<C>(workload);
        let spawn = |number| {
            let task = make(number);
            pool.spawn(move || {
                task();
                number
            })
        };
        let mut handles = Vec::with_capacity(of);
        let mut measured = Measurement::default();
        measured.add(gauge, times * of, || {
            for first in (0..times).map(|time| time * of) {
                handles.extend((first..first + of).map(spawn));
                for (number, handle) in (first..).zip(handles.drain(..)) {
                    assert_eq!(pool.join(handle), number, "{}: a wrong result", C::NAME);
                }
            }
        });
        measured
    }
}

/// The tasks spawn and join by themselves.
fn fork<C: Forking>(workload: &Workload, gauge: Gauge) -> Measurement {
    let Arrival::Forked { times, n } = workload.arrival else {
        not_for(C::NAME, workload)
    };
    let times = share::<C>(workload, times);
    let right = workload::fibonacci(n);
    let pool = Arc::new(start::<C>(workload));
    let mut measured = Measurement::default();
    measured.add(gauge, times * workload::forks(n), || {
        for _ in 0..times {
            assert_eq!(pool.fibonacci(n), right, "{}: a wrong result", C::NAME);
        }
    });
    measured
}

fn not_for(contender: &str, workload: &Workload) -> ! {
    panic!("{contender} stands in the wrong list: {workload} is not for this race")
}

/// A new pool, whose threads are there.
fn start<C: Contender>(workload: &Workload) -> C {
    let pool = C::start(workload.workers, workload.capacity);
    wake_all_workers(&pool, workload.workers);
    pool
}

/// How many of the tasks this contender gets.
fn share<C: Contender>(workload: &Workload, tasks: usize) -> usize {
    match workload.task {
        // Sleeping tasks pass the time side by side: fewer of them would not take less time.
        // And a test wants to see all of its marks.
        Task::Sleep10Ms | Task::Mark(_) => tasks,
        _ => tasks.div_ceil(C::ONE_IN),
    }
}

/// Has every worker run something at the same time, so that all threads have started. A pool with
/// fewer threads than it was asked for is not waited for any longer than it takes to tell.
fn wake_all_workers(pool: &impl Contender, workers: usize) {
    const PATIENCE: Duration = Duration::from_millis(100);
    let here = Arc::new((Mutex::new(0), Condvar::new()));
    for _ in 0..workers {
        let here = Arc::clone(&here);
        pool.execute(move || {
            let mut arrived = here.0.lock().unwrap_or_else(PoisonError::into_inner);
            *arrived += 1;
            here.1.notify_all();
            let missing = |arrived: &mut usize| *arrived < workers;
            drop(here.1.wait_timeout_while(arrived, PATIENCE, missing));
        });
    }
    pool.wait();
}
