//! Where a worker without a task sleeps, and how it leaves.

use std::hint::spin_loop;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, MutexGuard};

use crate::census::Inside;
use crate::pool::Shared;
use crate::scaling::Moment;

/// How often a worker looks again for a task before it falls asleep.
pub(crate) const LOOKS: u32 = 10;

/// The pause before a look at what others have queued. The first ones do not give up the core: on a busy
/// machine a thread that yields may have to wait for milliseconds. They take about a microsecond, more or
/// less from processor to processor: long enough for some short tasks to gather.
pub(crate) fn pause(look: u32) {
    match look {
        0..6 => (0..100).for_each(|_| spin_loop()),
        _ => thread::yield_now(),
    }
}

/// How long a worker waits, at the least, before it asks again whether it may leave.
const ASK_AGAIN: Duration = Duration::from_millis(100);

/// A place to sleep for one worker. All fields are used under the lock of the door.
#[derive(Debug)]
pub(crate) struct Parker {
    /// The worker's number.
    pub(crate) number: usize,
    /// Its lane: the number of its queue, and where it counts.
    pub(crate) lane: usize,
    wake: Condvar,
    /// Set if the worker was not called but sent away: it is not counted any more.
    dismissed: AtomicBool,
}

impl Parker {
    pub(crate) fn new(number: usize, lane: usize) -> Arc<Parker> {
        Arc::new(Parker {
            number,
            lane,
            wake: Condvar::new(),
            dismissed: AtomicBool::new(false),
        })
    }

    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    pub(crate) fn dismiss(&self) {
        self.dismissed.store(true, Relaxed);
        self.wake.notify_one();
    }

    /// Sleeps until somebody wakes the worker. Returns whether it was the clock.
    fn sleep(&self, inside: &mut MutexGuard<'_, Inside>, deadline: Option<Instant>) -> bool {
        match deadline {
            Some(deadline) => self.wake.wait_until(inside, deadline).timed_out(),
            None => {
                self.wake.wait(inside);
                false
            }
        }
    }
}

impl Shared {
    /// Parks a worker that has found nothing to do, until there is a task somewhere. `false`: the worker is
    /// counted no more, and has to go.
    pub(crate) fn park(self: &Arc<Shared>, parker: &Arc<Parker>) -> bool {
        // A time too long to have an end means that nobody leaves for being idle.
        let in_time = |time| Instant::now().checked_add(time);
        let mut deadline = in_time(self.idle_timeout);
        // Once the time is up: how many workers have to stay.
        let mut floor = None;
        let mut inside = self.door.inside.lock();
        loop {
            if inside.census.is_overstaffed() {
                break;
            }
            // The last look. Tasks are queued under the lock that is held here: if there is
            // none now, then whoever queues one later finds this worker parked, or gone. It is a look at the
            // count and not at the queues: a thief may carry tasks from one to another.
            if self.has_work(&mut inside, parker.lane) {
                return true;
            }
            if !inside.open {
                break;
            }
            if floor
                .take()
                .is_some_and(|floor| inside.census.live() > floor)
            {
                break;
            }
            inside.census.park(parker);
            let late = parker.sleep(&mut inside, deadline);
            if parker.dismissed.load(Relaxed) {
                return false;
            }
            // Late and called at once: then it is called. Its time goes on, if it has any.
            if !(late && inside.census.unpark(parker)) {
                inside.arrive(self);
                deadline = deadline.or_else(|| in_time(self.idle_timeout));
                continue;
            }
            let least = self.floor(&mut inside, Moment::Idle);
            inside.census.awake.push(parker.lane);
            floor = Some(least);
            // If it has to stay because of the limits, it will be called when they change. A policy may
            // change its mind without a word, so it is asked again.
            deadline = if least > inside.census.limits.min {
                in_time(self.idle_timeout.max(ASK_AGAIN))
            } else {
                None
            };
        }
        inside.census.doze(parker.lane);
        inside.census.strike(parker, self);
        false
    }
}
