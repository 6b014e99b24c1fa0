//! The pools that people use, and a channel that they use. None of the pools bounds its queue, so
//! none of them makes a submitter wait; the channel does.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use executors::Executor;
use executors::crossbeam_workstealing_pool as workstealing;
use executors::parker::DynParker;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::by_hand;
use super::channel::{Boxed, Channel, Receivers, Setup};
use super::wait_group::WaitGroup;
use crate::contender::{Contender, Forking, Mapping, Resulting};
use crate::workload::part;

/// `rayon`: a queue per worker, and stealing. It has no way to wait for spawned tasks, so they are
/// counted. Nor has it handles: results come by a channel for each task.
pub struct Rayon {
    /// `None` only while it is dropped.
    pool: Option<rayon::ThreadPool>,
    threads: Vec<JoinHandle<()>>,
    unfinished: WaitGroup,
}

impl Contender for Rayon {
    const NAME: &'static str = "rayon";

    fn start(threads: usize, _capacity: usize) -> Rayon {
        // By itself, rayon does not wait for its threads to end.
        let mut started = Vec::with_capacity(threads);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .spawn_handler(|thread| {
                started.push(thread::Builder::new().spawn(|| thread.run())?);
                Ok(())
            })
            .build()
            .expect("the races ask for pools that can be built");
        Rayon {
            pool: Some(pool),
            threads: started,
            unfinished: WaitGroup::default(),
        }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let unfinished = self.unfinished.clone();
        self.pool().spawn(move || {
            task();
            unfinished.done();
        });
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

impl Resulting for Rayon {
    type Handle<T: Send + 'static> = Receiver<T>;

    fn spawn<T: Send + 'static>(&self, task: impl FnOnce() -> T + Send + 'static) -> Receiver<T> {
        let (task, receiver) = by_hand::sending(task);
        self.pool().spawn(task);
        receiver
    }

    fn join<T: Send + 'static>(&self, receiver: Receiver<T>) -> T {
        by_hand::receive(&receiver)
    }
}

/// What rayon is made for: `join` boxes nothing, and who waits helps.
impl Forking for Rayon {
    fn fork(self: &Arc<Rayon>, n: u32, leaf: fn()) -> u32 {
        fn fork(n: u32, leaf: fn()) -> u32 {
            if n < 2 {
                leaf();
                return n;
            }
            let (one, other) = rayon::join(|| fork(n - 1, leaf), || fork(n - 2, leaf));
            one + other
        }
        self.pool().install(|| fork(n, leaf))
    }

    fn sort(self: &Arc<Rayon>, numbers: &mut [u32]) {
        fn sort(numbers: &mut [u32]) {
            if let Some((left, right)) = part(numbers) {
                rayon::join(|| sort(left), || sort(right));
            }
        }
        self.pool().install(|| sort(numbers));
    }
}

impl Mapping for Rayon {
    fn map(self: &Arc<Rayon>, items: usize, work: fn()) -> Vec<usize> {
        let apply = |item| {
            work();
            item
        };
        let all = || (0..items).into_par_iter().map(apply).collect();
        self.pool().install(all)
    }
}

impl Rayon {
    fn pool(&self) -> &rayon::ThreadPool {
        self.pool.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Rayon {
    fn drop(&mut self) {
        drop(self.pool.take());
        for thread in self.threads.drain(..) {
            drop(thread.join());
        }
    }
}

impl Debug for Rayon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rayon")
            .field("threads", &self.threads.len())
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}

/// `threadpool`: one channel of the standard library, its receiver behind a mutex.
pub struct Threadpool(threadpool::ThreadPool);

impl Contender for Threadpool {
    const NAME: &'static str = "threadpool";

    fn start(threads: usize, _capacity: usize) -> Threadpool {
        Threadpool(threadpool::ThreadPool::new(threads))
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.0.execute(task);
    }

    fn wait(&self) {
        self.0.join();
    }
}

/// Its threads end when their channel does. They cannot be joined.
impl Drop for Threadpool {
    fn drop(&mut self) {
        self.0.join();
    }
}

impl Debug for Threadpool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Threadpool").field(&self.0).finish()
    }
}

/// `rusty_pool`: an unbounded crossbeam channel, and threads that can come and go. Here they stay.
pub struct RustyPool(rusty_pool::ThreadPool);

impl Contender for RustyPool {
    const NAME: &'static str = "rusty_pool";

    fn start(threads: usize, _capacity: usize) -> RustyPool {
        let pool = rusty_pool::ThreadPool::new(threads, threads, Duration::from_secs(60));
        pool.start_core_threads();
        RustyPool(pool)
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.0.execute(task);
    }

    fn wait(&self) {
        self.0.join();
    }
}

impl Resulting for RustyPool {
    type Handle<T: Send + 'static> = rusty_pool::JoinHandle<T>;

    fn spawn<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> rusty_pool::JoinHandle<T> {
        self.0.evaluate(task)
    }

    fn join<T: Send + 'static>(&self, handle: rusty_pool::JoinHandle<T>) -> T {
        handle.await_complete()
    }
}

/// Its threads end when their channel does. They cannot be joined.
impl Drop for RustyPool {
    fn drop(&mut self) {
        self.0.join();
    }
}

impl Debug for RustyPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RustyPool")
            .field("threads", &self.0.get_current_worker_count())
            .field("idle", &self.0.get_idle_worker_count())
            .finish_non_exhaustive()
    }
}

/// What `tokio::task::spawn_blocking` runs on: one queue under a mutex, and threads that come with
/// the tasks and can go. Here they stay. To wait for a task one awaits its handle; where results
/// are not asked for, tasks are counted, and the handles dropped.
#[derive(Debug)]
pub struct TokioBlocking {
    runtime: tokio::runtime::Runtime,
    unfinished: WaitGroup,
}

impl Contender for TokioBlocking {
    const NAME: &'static str = "tokio blocking";

    fn start(threads: usize, _capacity: usize) -> TokioBlocking {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .max_blocking_threads(threads)
            .thread_keep_alive(Duration::from_secs(60))
            .build();
        TokioBlocking {
            runtime: runtime.expect("the races ask for pools that can be built"),
            unfinished: WaitGroup::default(),
        }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let unfinished = self.unfinished.clone();
        drop(self.runtime.spawn_blocking(move || {
            task();
            unfinished.done();
        }));
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

impl Resulting for TokioBlocking {
    type Handle<T: Send + 'static> = tokio::task::JoinHandle<T>;

    fn spawn<T: Send + 'static>(
        &self,
        task: impl FnOnce() -> T + Send + 'static,
    ) -> tokio::task::JoinHandle<T> {
        self.runtime.spawn_blocking(task)
    }

    /// The handle of the runtime parks the thread, and does not drive the runtime: nobody else has
    /// to.
    fn join<T: Send + 'static>(&self, task: tokio::task::JoinHandle<T>) -> T {
        let result = self.runtime.handle().block_on(task);
        result.expect("no task of a race panics")
    }
}

/// `executors`: of its pools the one with a queue for each worker, and stealing. Tasks that come
/// from outside of it go to one more queue, for all. It has no way to wait for tasks, so they are
/// counted.
pub struct Executors {
    /// `None` only while it is dropped.
    pool: Option<workstealing::ThreadPool<DynParker>>,
    unfinished: WaitGroup,
}

impl Contender for Executors {
    const NAME: &'static str = "executors";

    fn start(threads: usize, _capacity: usize) -> Executors {
        Executors {
            pool: Some(workstealing::pool_with_auto_parker(threads)),
            unfinished: WaitGroup::default(),
        }
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        self.unfinished.add();
        let unfinished = self.unfinished.clone();
        let pool = self.pool.as_ref().expect("it is there until the drop");
        pool.execute(move || {
            task();
            unfinished.done();
        });
    }

    fn wait(&self) {
        self.unfinished.wait();
    }
}

impl Drop for Executors {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            // Late threads are none of the race's business.
            drop(pool.shutdown());
        }
    }
}

impl Debug for Executors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executors")
            .field("unfinished", &self.unfinished)
            .finish_non_exhaustive()
    }
}

/// `kanal`, which is a channel: threads that receive from it.
pub type Kanal = Receivers<ThroughKanal>;

/// See [`Kanal`].
#[derive(Debug)]
pub struct ThroughKanal;

impl Setup for ThroughKanal {
    type Channel = ThroughKanal;

    const NAME: &'static str = "kanal";
}

impl Channel for ThroughKanal {
    type Sender = kanal::Sender<Boxed>;
    type Receiver = kanal::Receiver<Boxed>;

    fn open(places: usize, receivers: usize) -> (Self::Sender, Vec<Self::Receiver>) {
        let (sender, receiver) = kanal::bounded(places);
        (sender, vec![receiver; receivers])
    }

    fn send(sender: &Self::Sender, task: Boxed) {
        sender.send(task).expect("the workers receive");
    }
}
