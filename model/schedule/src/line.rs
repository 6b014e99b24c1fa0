//! Where threads sleep until they are called.

use std::cell::Cell;
use std::fmt;
use std::future::poll_fn;
use std::sync::{Mutex, PoisonError};
use std::task::{Poll, Waker};

use shuttle::future::block_on;
use shuttle::rand::{Rng, thread_rng};

use crate::pause;

thread_local! {
    /// How many sleep in all lines that are counted. All threads of a model share one thread.
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
    /// Shuttle has no clock. The time may be over at any moment, and in the end it is.
    ForSomeTime,
}

/// Why a thread is not asleep any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// It was called.
    Called,
    /// Its time was over. It has used up nobody's call.
    Late,
}

/// Threads that sleep, in no particular order.
pub struct Line {
    sleepers: Mutex<Sleepers>,
    counted: bool,
}

struct Sleepers {
    /// Who is still asleep. A call takes one out.
    asleep: Vec<(Ticket, Waker)>,
    next: Ticket,
}

type Ticket = usize;

impl Line {
    /// A line where nobody sleeps.
    #[must_use]
    pub const fn new() -> Line {
        Line {
            sleepers: Mutex::new(Sleepers {
                asleep: Vec::new(),
                next: 0,
            }),
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

    /// Puts the calling thread to sleep, without a step before: a call that comes after whatever
    /// the thread did last is not missed.
    pub fn sleep(&self, patience: Patience) -> Woken {
        match patience {
            Patience::Forever => {
                let mut ticket = None;
                block_on(poll_fn(|context| match ticket {
                    None => {
                        ticket = Some(self.join(context.waker()));
                        Poll::Pending
                    }
                    Some(ticket) if self.holds(ticket) => Poll::Pending,
                    Some(_) => Poll::Ready(Woken::Called),
                }))
            }
            Patience::ForSomeTime => {
                let ticket = self.join(Waker::noop());
                // Often at once, sometimes after everybody else has done what there was to do.
                for _ in 1..1_u32 << thread_rng().gen_range(0..8) {
                    pause();
                    if !self.holds(ticket) {
                        return Woken::Called;
                    }
                }
                self.with(|sleepers| sleepers.asleep.retain(|sleeper| sleeper.0 != ticket));
                Woken::Late
            }
        }
    }

    /// Wakes one of those who sleep, any one. Whether there was one.
    pub fn call_one(&self) -> bool {
        let called = self.with(|sleepers| match sleepers.asleep.len() {
            0 => None,
            1 => sleepers.asleep.pop(),
            several => Some(
                sleepers
                    .asleep
                    .swap_remove(thread_rng().gen_range(0..several)),
            ),
        });
        called.map(|(_, waker)| waker.wake()).is_some()
    }

    /// Wakes all who sleep. How many they were.
    pub fn call_all(&self) -> usize {
        let called = self.with(|sleepers| std::mem::take(&mut sleepers.asleep));
        let number = called.len();
        called.into_iter().for_each(|(_, waker)| waker.wake());
        number
    }

    /// Whether nobody sleeps here.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.with(|sleepers| sleepers.asleep.is_empty())
    }

    fn join(&self, waker: &Waker) -> Ticket {
        self.with(|sleepers| {
            let ticket = sleepers.next;
            sleepers.next += 1;
            sleepers.asleep.push((ticket, waker.clone()));
            ticket
        })
    }

    fn holds(&self, ticket: Ticket) -> bool {
        self.with(|sleepers| sleepers.asleep.iter().any(|sleeper| sleeper.0 == ticket))
    }

    /// Nothing in here is a step, so the lock is always free. It may be poisoned: all threads of a
    /// model are one to the real std, and seem to panic together.
    fn with<T>(&self, look: impl FnOnce(&mut Sleepers) -> T) -> T {
        let mut sleepers = self.sleepers.lock().unwrap_or_else(PoisonError::into_inner);
        let before = sleepers.asleep.len();
        let result = look(&mut sleepers);
        if self.counted {
            ASLEEP.set(ASLEEP.get() + sleepers.asleep.len() - before);
        }
        result
    }
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
