//! Where threads sleep until they are called.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Poll, Waker};
use std::time::{Duration, Instant};

use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};

use crate::clock::{self, Deadline};
use crate::pause;
use crate::switch::switching;

thread_local! {
    /// How many sleep in lines that are counted. All threads of a model share one thread.
    static ASLEEP: Cell<usize> = const { Cell::new(0) };
}

/// How many threads of this model are asleep: in a channel or at a condition variable. Those that
/// wait for a lock or for the end of a thread are not counted.
#[must_use]
pub fn asleep() -> usize {
    ASLEEP.get()
}

/// Forgets the sleepers of an execution that has failed.
pub(crate) fn wake_up() {
    ASLEEP.set(0);
}

/// How long a thread sleeps if nobody calls it.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// If all threads sleep so, that is a deadlock.
    Forever,
    /// Shuttle has no clock. The time may be over at any moment, and in the end it is. Then that
    /// much has passed on the modelled clock.
    ForSomeTime(Duration),
}

impl Patience {
    /// For so long. A time too long for the clock has no end.
    #[must_use]
    pub fn during(time: Duration) -> Patience {
        match Instant::now().checked_add(time) {
            Some(_) => Patience::ForSomeTime(time),
            None => Patience::Forever,
        }
    }

    /// Until then.
    #[must_use]
    pub fn until(deadline: &impl Deadline) -> Patience {
        Patience::ForSomeTime(deadline.left())
    }
}

/// Why a thread is not asleep any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// It was called alone, in the line to which it has given this number.
    Alone(usize),
    /// It was called with all others in the line to which it has given this number.
    WithAll(usize),
    /// Its time was over. It has used up nobody's call.
    Late,
}

/// What tells one sleeper from all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket(usize);

impl Ticket {
    /// A ticket that nobody else has.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "no two tickets are the same")]
    pub fn new() -> Ticket {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        Ticket(NEXT.fetch_add(1, Relaxed))
    }
}

/// A thread that is going to sleep, in one line or in several at once. The first call wakes it, and
/// takes it out of all of them.
#[derive(Clone, Debug)]
pub struct Sleeper {
    ticket: Ticket,
    state: Arc<Mutex<Sleep>>,
}

#[derive(Debug)]
struct Sleep {
    woken: Option<Woken>,
    waker: Waker,
    /// Whether it is among those who are counted as asleep.
    counted: bool,
}

impl Sleeper {
    /// One that is in no line yet.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "no two sleepers are the same")]
    pub fn new() -> Sleeper {
        Sleeper {
            ticket: Ticket::new(),
            state: Arc::new(Mutex::new(Sleep {
                woken: None,
                waker: Waker::noop().clone(),
                counted: false,
            })),
        }
    }

    /// What whoever calls it gets from [`Line::call`].
    #[must_use]
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Puts the calling thread to sleep, without a step before: a call that comes after it has
    /// joined its lines is not missed.
    #[must_use]
    pub fn sleep(&self, patience: Patience) -> Woken {
        match patience {
            Patience::Forever => switching(|| {
                block_on(poll_fn(|context| {
                    let mut sleep = lock(&self.state);
                    sleep.waker.clone_from(context.waker());
                    sleep.woken.map_or(Poll::Pending, Poll::Ready)
                }))
            }),
            Patience::ForSomeTime(time) => {
                let begin = clock::present();
                // Often at once, sometimes after everybody else has done what there was to do.
                for _ in 1..1_u32 << thread_rng().gen_range(0..8) {
                    pause();
                    if let Some(woken) = lock(&self.state).woken {
                        return woken;
                    }
                }
                self.wake(Woken::Late);
                clock::late(begin, time);
                Woken::Late
            }
        }
    }

    fn is_asleep(&self) -> bool {
        lock(&self.state).woken.is_none()
    }

    fn wake(&self, why: Woken) {
        let mut sleep = lock(&self.state);
        sleep.woken = Some(why);
        if sleep.counted {
            ASLEEP.set(ASLEEP.get() - 1);
        }
        let waker = sleep.waker.clone();
        drop(sleep);
        waker.wake();
    }
}

/// Threads that sleep, in no particular order.
pub struct Line {
    /// Each with the number that it has given to this line. Some may have been called in another.
    sleepers: Mutex<Vec<(Sleeper, usize)>>,
    counted: bool,
}

impl Line {
    /// A line where nobody sleeps.
    #[must_use]
    pub const fn new() -> Line {
        Line {
            sleepers: Mutex::new(Vec::new()),
            counted: true,
        }
    }

    /// A line for those who wait for a lock: it comes free by itself, so they do not count as
    /// [`asleep`].
    #[must_use]
    pub const fn for_a_moment() -> Line {
        let mut line = Line::new();
        line.counted = false;
        line
    }

    /// Puts the calling thread to sleep in this line alone, without a step before: a call that
    /// comes after whatever the thread did last is not missed.
    pub fn sleep(&self, patience: Patience) -> Woken {
        let sleeper = Sleeper::new();
        self.join(&sleeper, 0);
        sleeper.sleep(patience)
    }

    /// One more who sleeps here, and is told this number when it is called. It has no step until
    /// it is asleep.
    pub fn join(&self, sleeper: &Sleeper, number: usize) {
        let mut sleep = lock(&sleeper.state);
        if self.counted && !sleep.counted {
            sleep.counted = true;
            ASLEEP.set(ASLEEP.get() + 1);
        }
        drop(sleep);
        self.asleep().push((sleeper.clone(), number));
    }

    /// Wakes one of those who sleep, any one, and says which.
    pub fn call(&self) -> Option<Ticket> {
        let mut sleepers = self.asleep();
        let chosen = match sleepers.len() {
            0 => return None,
            1 => 0,
            several => thread_rng().gen_range(0..several),
        };
        let (sleeper, number) = sleepers.swap_remove(chosen);
        drop(sleepers);
        sleeper.wake(Woken::Alone(number));
        Some(sleeper.ticket)
    }

    /// Wakes one of those who sleep, any one. Whether there was one.
    pub fn call_one(&self) -> bool {
        self.call().is_some()
    }

    /// Wakes all who sleep. How many they were.
    pub fn call_all(&self) -> usize {
        let mut called = std::mem::take(&mut *self.asleep());
        let mut calls = 0;
        while let Some((sleeper, number)) = called.pop() {
            // It may be here twice, under two numbers.
            if sleeper.is_asleep() {
                sleeper.wake(Woken::WithAll(number));
                calls += 1;
            }
        }
        calls
    }

    /// Whether nobody sleeps here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.asleep().is_empty()
    }

    /// Those who have not been called yet, here or in another line.
    fn asleep(&self) -> MutexGuard<'_, Vec<(Sleeper, usize)>> {
        let mut sleepers = lock(&self.sleepers);
        sleepers.retain(|(sleeper, _)| sleeper.is_asleep());
        sleepers
    }
}

/// Nothing under these locks is a step, so they are always free. They may be poisoned: all threads
/// of a model are one to the real std, and seem to panic together.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Default for Line {
    fn default() -> Line {
        Line::new()
    }
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").finish_non_exhaustive()
    }
}
