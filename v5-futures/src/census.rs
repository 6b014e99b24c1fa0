//! Who works, who is parked, who comes and who goes.
//!
//! All of it is decided here, under the lock of the door, the lock under which tasks are queued. The
//! README tells why that is enough. (`hire.rs` starts the threads, under the same lock.)

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::JoinHandle;

use crate::homing::Homing;
use crate::park::Parker;
use crate::pool::Shared;
use crate::stats::Stats;
use crate::threads::Threads;

/// What the lock of the door guards.
#[derive(Debug)]
pub(crate) struct Inside {
    /// Whether tasks are accepted. Once they are not, workers take what is queued, and leave.
    pub(crate) open: bool,
    pub(crate) census: Census,
    /// So many tasks have been taken out of the queues, if not more: see [`Shared::queued`].
    pub(crate) taken: usize,
    /// Boxes of tasks that have run, come home.
    pub(crate) homing: Homing,
}

impl Inside {
    /// Nobody comes in any more, and those who sleep wake up to see it.
    pub(crate) fn close(&mut self) {
        self.open = false;
        self.census.call_all();
    }
}

/// The workers of a pool, counted.
///
/// The rule of the house: as many workers are awake as there are unfinished tasks, or all, or somebody is on
/// the way who will see to it. Who queues a task restores it with [`Census::call`], who was on the way with
/// [`Inside::arrive`], and a worker that parks or leaves has made sure first that nothing is queued.
#[derive(Debug)]
pub(crate) struct Census {
    /// How many workers there may be.
    pub(crate) limits: Threads,
    /// Those that have been started and have not left. Their threads may not have begun yet.
    pub(crate) live: Vec<Member>,
    /// Those of the live that sleep, each under a [`Parker`]. The last one sleeps for the shortest time.
    pub(crate) parked: Vec<Arc<Parker>>,
    /// The lanes of those of the live that run tasks or look for them. The others are parked, or run a start
    /// hook or ask the policy: they look when they are back, but nobody should have to wait for that.
    pub(crate) awake: Vec<usize>,
    /// One who was parked has been called and has not arrived. Until then nobody else is called: it
    /// takes less time to queue many tasks than to wake one worker.
    pub(crate) on_the_way: bool,
    /// Counts the tasks that were placed, for those who take turns.
    pub(crate) turn: usize,
    /// The fewest that were parked at any time since the last tick.
    pub(crate) rested: usize,
    /// So many tasks are over, if not more: the sum of the tally's lanes when it was read last.
    pub(crate) over: usize,
    /// Threads that have left and wait to be joined.
    gone: Vec<JoinHandle<()>>,
    /// Workers that have been given a number.
    numbered: usize,
    pub(crate) spawned: usize,
    peak: usize,
    /// Threads that could not be started.
    pub(crate) failures: usize,
}

#[derive(Debug)]
pub(crate) struct Member {
    number: usize,
    /// Its lane: of the tally, and its queue.
    pub(crate) lane: usize,
    /// `None` once a shutdown has taken it to join it.
    thread: Option<JoinHandle<()>>,
}

impl Census {
    pub(crate) fn new(limits: Threads) -> Census {
        Census {
            limits,
            live: Vec::new(),
            parked: Vec::new(),
            awake: Vec::new(),
            on_the_way: false,
            turn: 0,
            rested: 0,
            over: 0,
            gone: Vec::new(),
            numbered: 0,
            spawned: 0,
            peak: 0,
            failures: 0,
        }
    }

    pub(crate) fn live(&self) -> usize {
        self.live.len()
    }

    pub(crate) fn may_grow(&self) -> bool {
        self.live() < self.limits.max
    }

    /// How many workers are missing to those wanted, as far as there may be more.
    pub(crate) fn lacks(&self, wanted: usize) -> usize {
        wanted.min(self.limits.max).saturating_sub(self.live())
    }

    /// More workers than there may be, after a resize.
    pub(crate) fn is_overstaffed(&self) -> bool {
        self.live() > self.limits.max
    }

    /// The fewest that were parked at any time since the last tick. `again`: now is a tick.
    pub(crate) fn rested(&mut self, again: bool) -> usize {
        let rested = self.rested;
        if again {
            self.rested = self.parked.len();
        }
        rested
    }

    /// What the counts of a pool say of its workers.
    pub(crate) fn stats(&self) -> Stats {
        Stats {
            live: self.live(),
            spawned: self.spawned,
            retired: self.spawned - self.live(),
            peak: self.peak,
            spawn_failures: self.failures,
            ..Stats::default()
        }
    }

    /// The number of the next worker.
    pub(crate) fn next_number(&mut self) -> usize {
        self.numbered += 1;
        self.numbered
    }

    /// Counts a worker whose thread has been started. It is not awake until it says so.
    pub(crate) fn enlist(&mut self, number: usize, lane: usize, thread: JoinHandle<()>) {
        let thread = Some(thread);
        self.live.push(Member {
            number,
            lane,
            thread,
        });
        self.spawned += 1;
        self.peak = self.peak.max(self.live());
    }

    /// A lane that nobody uses, if there is one.
    pub(crate) fn free_lane(&self, number: usize, lanes: usize) -> usize {
        let free = |lane: &usize| self.live.iter().all(|member| member.lane != *lane);
        (1..=lanes).find(free).unwrap_or(number % lanes + 1)
    }

    /// Parks a worker. It has made sure that nothing is queued, under the lock.
    pub(crate) fn park(&mut self, parker: &Arc<Parker>) {
        self.doze(parker.lane);
        self.parked.push(Arc::clone(parker));
    }

    /// A worker is not awake any more.
    pub(crate) fn doze(&mut self, lane: usize) {
        if let Some(at) = self.awake.iter().position(|one| *one == lane) {
            self.awake.swap_remove(at);
        }
    }

    /// Whether the worker was still parked, which it is not any more. It is not awake either, yet.
    pub(crate) fn unpark(&mut self, parker: &Parker) -> bool {
        let at = self
            .parked
            .iter()
            .position(|one| one.number == parker.number);
        if let Some(at) = at {
            self.parked.remove(at);
            self.rested = self.rested.min(self.parked.len());
        }
        at.is_some()
    }

    /// Wakes everybody: there is news from the door.
    pub(crate) fn call_all(&mut self) {
        for parker in self.parked.drain(..) {
            self.awake.push(parker.lane);
            parker.wake();
        }
    }

    /// Tasks that are queued or run. To be called under the lock: nobody begins one meanwhile.
    pub(crate) fn unfinished(&mut self, shared: &Shared) -> usize {
        let lanes = shared.tally.over.iter();
        self.over = lanes.map(|lane| lane.0.load(SeqCst)).sum();
        shared.tally.begun.0.load(SeqCst) - self.over
    }

    /// Sends parked workers away, those first that have slept longest.
    ///
    /// They have no task and none is meant for them: their queues are empty. So nothing is stranded.
    pub(crate) fn dismiss(&mut self, surplus: usize, shared: &Shared) {
        let surplus = surplus.min(self.parked.len());
        for parker in self.parked.drain(..surplus).collect::<Vec<_>>() {
            self.strike(&parker, shared);
            parker.dismiss();
        }
        self.rested = self.rested.min(self.parked.len());
    }

    /// A worker leaves. It was parked, or has made sure under the lock, which it still holds, that nothing is
    /// queued, or is one too many. In the last case nobody is parked: `resize` has sent them away, and nobody
    /// parks while there are too many. So those who remain will come to what is queued, and to what it leaves
    /// in its own queue: they are awake, or look when they are back. To wait for one who is away is the
    /// lesser evil: to take another task would be to run more tasks than there may be workers.
    pub(crate) fn strike(&mut self, parker: &Parker, shared: &Shared) {
        let at = self
            .live
            .iter()
            .position(|member| member.number == parker.number);
        let member = self.live.swap_remove(at.expect("a worker leaves once"));
        self.gone.extend(member.thread);
        shared.overstaffed.store(self.is_overstaffed(), Relaxed);
        shared.move_out(self, parker.lane);
    }

    /// The threads that have left and are, but for the destructors of their thread-locals, done.
    pub(crate) fn take_finished(&mut self) -> Vec<JoinHandle<()>> {
        let finished = |thread: &mut JoinHandle<()>| thread.is_finished();
        self.gone.extract_if(.., finished).collect()
    }

    /// All threads that are not joined yet. The door is closed: there will be no others.
    pub(crate) fn take_all(&mut self) -> Vec<JoinHandle<()>> {
        let members = self.live.iter_mut();
        let live = members.filter_map(|member| member.thread.take());
        self.gone.drain(..).chain(live).collect()
    }
}
