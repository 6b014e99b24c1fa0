//! Who works, who is parked, who comes and who goes.
//!
//! All of it is decided here, under the lock of the door, the lock under which tasks are queued. The
//! README tells why that is enough.

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering::{Relaxed, SeqCst};
use std::thread::JoinHandle;

use crossbeam_channel::Sender;
use parking_lot::MutexGuard;

use crate::park::Parker;
use crate::pool::Shared;
use crate::scaling::Moment;
use crate::stats::Stats;
use crate::task::Job;
use crate::threads::Threads;
use crate::{BuildError, worker};

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
    /// The fewest that were parked at any time since the last tick.
    rested: usize,
    /// So many tasks are over, if not more: the sum of the tally's lanes when it was read last.
    over: usize,
    /// Threads that have left and wait to be joined.
    gone: Vec<JoinHandle<()>>,
    /// Workers that have been given a number.
    numbered: usize,
    spawned: usize,
    peak: usize,
    /// Threads that could not be started.
    failures: usize,
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

    /// A lane that nobody uses, if there is one.
    fn free_lane(&self, number: usize, lanes: usize) -> usize {
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
        let awake = self.live() - self.parked.len();
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
        self.rested = 0;
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

    /// A worker leaves by itself. Unless there are too many, it has found the queue empty, under
    /// the same lock as now.
    pub(crate) fn leave(&mut self, number: usize, shared: &Shared) {
        self.strike(number, shared);
        // Who leaves because there are too many may leave tasks behind, and others asleep.
        if !shared.queue.is_empty() {
            self.call(shared);
        }
    }

    fn strike(&mut self, number: usize, shared: &Shared) {
        let at = self.live.iter().position(|member| member.number == number);
        let member = self.live.swap_remove(at.expect("a worker leaves once"));
        self.gone.extend(member.thread);
        shared.overstaffed.store(self.is_overstaffed(), Relaxed);
    }

    /// The threads that have left and are, but for the destructors of their thread-locals, done.
    pub(crate) fn take_finished(&mut self) -> Vec<JoinHandle<()>> {
        self.gone
            .extract_if(.., |thread| thread.is_finished())
            .collect()
    }

    /// All threads that are not joined yet. The door is closed: there will be no others.
    pub(crate) fn take_all(&mut self) -> Vec<JoinHandle<()>> {
        let live = self
            .live
            .iter_mut()
            .filter_map(|member| member.thread.take());
        self.gone.drain(..).chain(live).collect()
    }
}

impl Shared {
    /// Starts the least number of workers, and those that the policy wants besides.
    pub(crate) fn open(self: &Arc<Shared>, min: usize) -> Result<(), BuildError> {
        for _ in 0..min {
            let number = self.door.inside.lock().census.next_number();
            let name = (self.hooks.name)(number);
            self.enlist(&mut self.door.inside.lock(), number, Some(name))?;
        }
        self.grow(&mut self.door.inside.lock(), Moment::Resized)
    }

    /// Starts a worker if there is none, without asking the policy: nothing is queued in a pool
    /// without workers. Returns whether it did.
    pub(crate) fn ensure_worker(
        self: &Arc<Shared>,
        inside: &mut MutexGuard<'_, Inside>,
    ) -> Result<bool, BuildError> {
        Ok(inside.census.live() == 0 && self.hire(inside, 1)?.is_some())
    }

    /// Starts workers until there are as many as wanted, within the limits. Returns the way to give
    /// the last of them its first task.
    ///
    /// The lock is open while the user's code makes a name. Threads are started under it: whoever
    /// needs a worker would have to wait for the outcome anyway, and a closed door stays closed.
    pub(crate) fn hire(
        self: &Arc<Shared>,
        inside: &mut MutexGuard<'_, Inside>,
        wanted: usize,
    ) -> Result<Option<Sender<Job>>, BuildError> {
        let (mut badge, mut newest) = (None, None);
        loop {
            let Threads { min, max } = inside.census.limits;
            if inside.queue.is_none() || inside.census.live() >= wanted.clamp(min, max) {
                return Ok(newest);
            }
            let Some((number, name)) = badge.take() else {
                let number = inside.census.next_number();
                let name = MutexGuard::unlocked(inside, || self.name_of(number));
                badge = Some((number, name));
                continue; // the lock was open: look again whether anybody is wanted
            };
            newest = Some(self.enlist(inside, number, name)?);
        }
    }

    /// The name of a worker, or `None` if the function that makes it panics.
    fn name_of(&self, number: usize) -> Option<String> {
        let hooks = &self.hooks;
        let mut name = None;
        hooks.panic.shield(|| name = Some((hooks.name)(number)));
        name
    }

    /// A task finds the queue full. If the policy wants one more worker now, it is started with the
    /// oldest task, whose place is free at once: so tasks begin in the order in which they came.
    pub(crate) fn make_room(self: &Arc<Shared>, inside: &mut MutexGuard<'_, Inside>) {
        let floor = self.floor(inside, Moment::Full);
        if let Ok(Some(first)) = self.hire(inside, floor)
            && let Ok(job) = self.queue.try_recv()
        {
            // The worker takes it before it does anything else.
            let given = first.send(job);
            debug_assert!(given.is_ok());
        }
    }

    /// Starts a worker. To be called under the lock.
    pub(crate) fn enlist(
        self: &Arc<Shared>,
        inside: &mut Inside,
        number: usize,
        name: Option<String>,
    ) -> Result<Sender<Job>, BuildError> {
        let census = &mut inside.census;
        let lane = census.free_lane(number, self.tally.over.len() - 1);
        let started = match name {
            Some(name) => worker::start(self, number, lane, name),
            None => Err(BuildError::Spawn(io::Error::other("it could not be named"))),
        };
        let (thread, first) = started.inspect_err(|_| census.failures += 1)?;
        let thread = Some(thread);
        census.live.push(Member {
            number,
            lane,
            thread,
        });
        census.spawned += 1;
        census.peak = census.peak.max(census.live());
        Ok(first)
    }
}
