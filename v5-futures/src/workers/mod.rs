//! The workers of a pool: which there are, which sleep, which come and which go.

mod idle;
mod sleep;
pub(crate) mod staffing;
mod start;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Condvar;

use crate::Threads;
use crate::queues::counts::Slot;
use crate::queues::worker_queue::WorkerQueue;
use crate::state::State;
use crate::task::Job;
use staffing::Staffing;

/// The workers of a pool. A part of its state: all of this is under the lock.
///
/// The rule that strands no task: nothing is queued, or nobody sleeps, or a worker searches.
/// A submitter keeps it with [`wake_for_task`](crate::pool::Shared::wake_for_task), a worker that
/// submits restores it with [`wake_for_own`](crate::pool::Shared::wake_for_own), and a search ends
/// in [`end_search`](crate::pool::Shared::end_search). Each looks at the count before it sleeps.
#[derive(Debug)]
pub(crate) struct Workers {
    /// How many there may be.
    pub(crate) limits: Threads,
    /// What those without the lock know of the number.
    pub(crate) staffing: Arc<Staffing>,
    /// Those that have been started and have not left, by their numbers.
    live: BTreeMap<usize, Live>,
    /// The numbers of those that sleep. The one that fell asleep last is the last one.
    idle: Vec<usize>,
    /// The queues of those that are awake. The others of the live sleep, or run a start hook or
    /// ask the policy: they look when they are back, but no task should have to wait for that.
    pub(crate) awake: Vec<Arc<WorkerQueue>>,
    /// The queues of the live, once somebody has asked for them.
    queues: Option<Arc<[Arc<WorkerQueue>]>>,
    /// Counts the tasks that were placed, for placement in turn.
    pub(crate) turn: usize,
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
    queue: Arc<WorkerQueue>,
    /// Whether it has been woken to search, until it knows.
    searches: bool,
}

impl Workers {
    pub(crate) fn new(limits: Threads, staffing: Arc<Staffing>) -> Workers {
        Workers {
            limits,
            staffing,
            live: BTreeMap::new(),
            idle: Vec::new(),
            awake: Vec::new(),
            queues: None,
            turn: 0,
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
    pub(crate) fn too_many(&self) -> bool {
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

    /// Gives a worker that has just been started, under this lock, the oldest job of some queue to
    /// begin with, if it has none yet. Returns whether it did.
    pub(crate) fn give_first(&mut self, number: usize) -> bool {
        let queues = self.queues();
        let worker = self.live.get_mut(&number);
        let worker = worker.expect("it has not had the lock since");
        if worker.first.is_none() {
            let slot = &worker.queue.slot;
            worker.first = queues.iter().find_map(|queue| queue.pop(slot));
            return worker.first.is_some();
        }
        false
    }

    /// What a worker was given to begin with.
    fn take_first(&mut self, number: usize) -> Option<Job> {
        let worker = self.live.get_mut(&number);
        worker.expect("it is live until it has slept").first.take()
    }

    /// The queue of a worker, if it is live.
    pub(crate) fn queue_of(&self, number: usize) -> Option<&Arc<WorkerQueue>> {
        self.live.get(&number).map(|worker| &worker.queue)
    }

    /// Any queue that a worker will come to.
    pub(crate) fn any_queue(&self) -> &Arc<WorkerQueue> {
        let newest = self.live.last_key_value();
        let (_, worker) = newest.expect("nothing is queued without a worker");
        &worker.queue
    }

    pub(crate) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.live.values().map(|worker| &worker.queue.slot)
    }

    pub(crate) fn queues(&mut self) -> Arc<[Arc<WorkerQueue>]> {
        let all = || self.live.values().map(|worker| Arc::clone(&worker.queue));
        Arc::clone(self.queues.get_or_insert_with(|| all().collect()))
    }

    /// A worker is not live any more. Returns its queue.
    fn remove(&mut self, number: usize) -> Arc<WorkerQueue> {
        let worker = self.live.remove(&number);
        let worker = worker.expect("a worker leaves once");
        self.not_awake(number);
        self.queues = None;
        self.retired.extend(worker.thread);
        self.note_staffing();
        worker.queue
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

impl State {
    /// Retires workers that sleep, those first that have slept longest.
    pub(crate) fn retire_idle(&mut self, surplus: usize) {
        let surplus = surplus.min(self.workers.idle.len());
        for number in self.workers.idle.drain(..surplus).collect::<Vec<_>>() {
            self.workers.live[&number].wake.notify_one();
            self.retire(number);
        }
        let workers = &mut self.workers;
        workers.unused = workers.unused.min(workers.idle.len());
    }

    /// A worker leaves, and what is in its queue moves to another one. It slept, or has found under
    /// the same lock as now that nothing is queued, or is one too many. In the last case nobody
    /// sleeps: `resize` has retired those that did, and nobody falls asleep while there are too
    /// many. So those that remain will come to what is queued.
    fn retire(&mut self, number: usize) {
        let queue = self.workers.remove(number);
        self.past += queue.slot.read_last();
        // If all that is left are tombstones, there may be no other worker.
        queue.sweep();
        for job in queue.take_all() {
            self.workers.any_queue().push(job);
        }
    }
}
