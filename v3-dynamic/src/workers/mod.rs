//! The workers of a pool: which there are, which sleep, which come and which go.

mod idle;
mod start;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Condvar;

use crate::Threads;
use crate::task::Job;

/// The workers of a pool. A part of its state: all of this is under the lock.
///
/// The rule that strands no task: at least as many workers are awake as there are unfinished tasks,
/// or none sleeps. A submitter keeps the rule with [`wake_one`](Workers::wake_one), and a worker
/// looks at the queue before it sleeps or leaves.
#[derive(Debug)]
pub(crate) struct Workers {
    /// How many there may be.
    pub(crate) limits: Threads,
    /// Those that have been started and have not left, by their numbers.
    live: BTreeMap<usize, Live>,
    /// The numbers of those that sleep. The one that fell asleep last is the last one.
    idle: Vec<usize>,
    /// Those of the live that run a start hook or ask the policy. They look at the queue when they
    /// are back, but no task should have to wait for that: they do not count as awake.
    in_hooks: usize,
    /// The fewest that slept at any time since the last tick.
    unused: usize,
    /// Threads that have left and wait to be joined.
    retired: Vec<JoinHandle<()>>,
    /// The number of the worker that was numbered last.
    last_number: usize,
    /// Workers that have been started since the start. Those that are not live have left.
    pub(crate) spawned: usize,
    /// The most that were live at a time.
    pub(crate) peak: usize,
    /// Threads that could not be started.
    pub(crate) failures: usize,
}

/// A live worker, as the others see it.
#[derive(Debug)]
struct Live {
    /// Notified when it is to wake up.
    wake: Arc<Condvar>,
    /// `None` once a shutdown has taken it to join it.
    thread: Option<JoinHandle<()>>,
    /// The job that the worker was started for, until it takes it.
    first: Option<Job>,
}

impl Workers {
    pub(crate) fn new(limits: Threads) -> Workers {
        Workers {
            limits,
            live: BTreeMap::new(),
            idle: Vec::new(),
            in_hooks: 0,
            unused: 0,
            retired: Vec::new(),
            last_number: 0,
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
    fn too_many(&self) -> bool {
        self.live() > self.limits.max
    }

    /// How many workers are missing to those wanted, as far as there may be more.
    fn missing(&self, wanted: usize) -> usize {
        wanted.min(self.limits.max).saturating_sub(self.live())
    }

    /// The fewest that slept at any time since the last tick.
    pub(crate) fn unused(&self) -> usize {
        self.unused
    }

    /// A tick: [`unused`](Workers::unused) counts from here.
    pub(crate) fn start_period(&mut self) {
        self.unused = self.idle.len();
    }

    /// Gives a worker that has just been started, under this lock, what it is to begin with.
    pub(crate) fn give_first(&mut self, number: usize, job: Job) {
        let worker = self.live.get_mut(&number);
        worker.expect("it has not had the lock since").first = Some(job);
    }

    /// What a worker was given to begin with.
    fn take_first(&mut self, number: usize) -> Option<Job> {
        let worker = self.live.get_mut(&number);
        worker.expect("it is live until it has slept").first.take()
    }

    /// Wakes a worker, unless as many are awake as there are unfinished tasks: those that are awake
    /// look at the queue before they sleep.
    ///
    /// The last to fall asleep is woken first. So those that are not needed sleep on, and their
    /// time runs out.
    pub(crate) fn wake_one(&mut self, unfinished: usize) {
        let awake = self.live() - self.idle.len() - self.in_hooks;
        if awake < unfinished
            && let Some(number) = self.idle.pop()
        {
            self.unused = self.unused.min(self.idle.len());
            self.live[&number].wake.notify_one();
        }
    }

    pub(crate) fn wake_all(&mut self) {
        self.unused = 0;
        for number in self.idle.drain(..) {
            self.live[&number].wake.notify_one();
        }
    }

    /// Takes a worker off the list of those that sleep. Returns whether it was on it: if not, it
    /// has been woken or retired.
    fn stop_idling(&mut self, number: usize) -> bool {
        let at = self.idle.iter().rposition(|idle| *idle == number);
        if let Some(at) = at {
            self.idle.remove(at);
            self.unused = self.unused.min(self.idle.len());
        }
        at.is_some()
    }

    /// Retires workers that sleep, those first that have slept longest.
    ///
    /// They have no task, and by the rule none is meant for them, so nothing is stranded.
    pub(crate) fn retire_idle(&mut self, surplus: usize) {
        let surplus = surplus.min(self.idle.len());
        for number in self.idle.drain(..surplus).collect::<Vec<_>>() {
            self.live[&number].wake.notify_one();
            self.retire(number);
        }
        self.unused = self.unused.min(self.idle.len());
    }

    /// A worker leaves. It slept, or has found the queue empty under the same lock as now, or is
    /// one too many. In the last case nobody sleeps: `resize` has retired those that did, and
    /// nobody falls asleep while there are too many. So those that remain will come to what is
    /// queued.
    fn retire(&mut self, number: usize) {
        let worker = self.live.remove(&number);
        let worker = worker.expect("a worker leaves once");
        self.retired.extend(worker.thread);
    }

    /// The threads that have left and are, except for the destructors of their thread-locals, done.
    pub(crate) fn take_finished(&mut self) -> Vec<JoinHandle<()>> {
        let finished = |thread: &mut JoinHandle<()>| thread.is_finished();
        self.retired.extract_if(.., finished).collect()
    }

    /// All threads that are not joined yet. The pool is closed: there will be no others.
    pub(crate) fn take_all(&mut self) -> Vec<JoinHandle<()>> {
        let workers = self.live.values_mut();
        let live = workers.filter_map(|worker| worker.thread.take());
        self.retired.drain(..).chain(live).collect()
    }
}
