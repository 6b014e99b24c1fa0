//! Who works, who is parked, who comes and who goes.
//!
//! All of it is decided here, under the lock of the door, the lock under which tasks are queued. The
//! README tells why that is enough. (`hire.rs` starts the threads, under the same lock.)

use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;

use crate::park::Parker;
use crate::pool::Shared;
use crate::stats::Stats;
use crate::task::Job;
use crate::threads::Threads;

/// What the lock of the door guards.
#[derive(Debug)]
pub(crate) struct Inside {
    /// The only sender of the channel. Dropping it closes the door: the workers take what is
    /// queued, and then find the channel disconnected.
    pub(crate) queue: Option<Sender<Job>>,
    pub(crate) census: Census,
}

impl Inside {
    /// Nobody comes in any more, and those who sleep wake up to see it.
    pub(crate) fn close(&mut self) {
        self.queue = None;
        self.census.call_all();
    }
}

/// The workers of a pool, counted.
///
/// The rule of the house: as many workers are awake as there are unfinished tasks, or all. Who
/// queues a task restores it with [`Census::call`], and a worker that parks or leaves has looked at the queue
/// first.
#[derive(Debug)]
pub(crate) struct Census {
    /// How many workers there may be.
    pub(crate) limits: Threads,
    /// Those that have been started and have not left. Their threads may not have begun yet.
    live: Vec<Member>,
    /// Those of the live that sleep, each under a [`Parker`]. The last one sleeps for the shortest time.
    parked: Vec<Arc<Parker>>,
    /// Those of the live that look at no task now, since they run a start hook or ask the policy. When they
    /// are back they look, but nobody should have to wait for that.
    pub(crate) away: usize,
    /// The fewest that were parked at any time since the last tick.
    rested: usize,
    /// So many tasks are over, if not more: the sum of the tally's lanes when it was read last.
    over: usize,
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
struct Member {
    number: usize,
    /// Its lane in the tally.
    lane: usize,
    /// `None` once a shutdown has taken it to join it.
    thread: Option<JoinHandle<()>>,
}

impl Census {
    pub(crate) fn new(limits: Threads) -> Census {
        Census {
            limits,
            live: Vec::new(),
            parked: Vec::new(),
            away: 0,
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

    /// Counts a worker whose thread has been started. It is away until it says otherwise.
    pub(crate) fn enlist(&mut self, number: usize, lane: usize, thread: JoinHandle<()>) {
        let thread = Some(thread);
        self.live.push(Member {
            number,
            lane,
            thread,
        });
        self.away += 1;
        self.spawned += 1;
        self.peak = self.peak.max(self.live());
    }

    /// A lane that nobody uses, if there is one.
    pub(crate) fn free_lane(&self, number: usize, lanes: usize) -> usize {
        let free = |lane: &usize| self.live.iter().all(|member| member.lane != *lane);
        (1..=lanes).find(free).unwrap_or(number % lanes + 1)
    }

    /// Parks a worker. It has found the queue empty, under the lock.
    pub(crate) fn park(&mut self, parker: &Arc<Parker>) {
        self.parked.push(Arc::clone(parker));
    }

    /// Whether the worker was still parked, which it is not any more.
    pub(crate) fn unpark(&mut self, number: usize) -> bool {
        let at = self.parked.iter().position(|one| one.number == number);
        if let Some(at) = at {
            self.parked.remove(at);
            self.rested = self.rested.min(self.parked.len());
        }
        at.is_some()
    }

    /// Wakes a worker, unless as many are awake as there are unfinished tasks.
    ///
    /// The last to fall asleep is called first. So those who are not needed sleep on, and their
    /// time runs out.
    pub(crate) fn call(&mut self, shared: &Shared) {
        if self.parked.is_empty() {
            return;
        }
        // The first look uses an old sum: to read the lanes takes them away from the workers.
        let awake = self.live() - self.parked.len() - self.away;
        let begun = shared.tally.begun.0.load(Relaxed);
        if awake > 0 && begun - self.over <= awake {
            return;
        }
        if awake > 0 && self.unfinished(shared) <= awake {
            return;
        }
        if let Some(parker) = self.parked.pop() {
            self.rested = self.rested.min(self.parked.len());
            parker.wake();
        }
    }

    /// Wakes everybody: there is news from the door.
    pub(crate) fn call_all(&mut self) {
        for parker in self.parked.drain(..) {
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
    /// They have no task and none is meant for them, so nothing is stranded.
    pub(crate) fn dismiss(&mut self, surplus: usize, shared: &Shared) {
        let surplus = surplus.min(self.parked.len());
        for parker in self.parked.drain(..surplus).collect::<Vec<_>>() {
            self.strike(parker.number, shared);
            parker.dismiss();
        }
        self.rested = self.rested.min(self.parked.len());
    }

    /// A worker leaves. It was parked, or has found the queue empty under the same lock as now, or is one
    /// too many. In the last case nobody is parked: `resize` has sent them away, and nobody parks while
    /// there are too many. So those who remain will come to what is queued: they are awake, or away and
    /// look when they are back. To wait for one who is away is the lesser evil: to take another task would
    /// be to run more tasks than there may be workers.
    pub(crate) fn strike(&mut self, number: usize, shared: &Shared) {
        let at = self.live.iter().position(|member| member.number == number);
        let member = self.live.swap_remove(at.expect("a worker leaves once"));
        self.gone.extend(member.thread);
        shared.overstaffed.store(self.is_overstaffed(), Relaxed);
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
