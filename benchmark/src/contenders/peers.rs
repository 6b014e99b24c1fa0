//! The pools that people use. None of them bounds its queue, so none of them makes a submitter wait.

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::by_hand;
use super::wait_group::WaitGroup;
use crate::contender::{Contender, Forking, Resulting};

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
    fn fibonacci(self: &Arc<Rayon>, n: u32) -> u32 {
        fn fork(n: u32) -> u32 {
            if n < 2 {
                return n;
            }
            let (one, other) = rayon::join(|| fork(n - 1), || fork(n - 2));
            one + other
        }
        self.pool().install(|| fork(n))
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

/// What `tokio::task::spawn_blocking` runs on: one queue under a mutex, and threads that come with the
/// tasks and can go. Here they stay. To wait for a task one awaits its handle; where results are not
/// asked for, tasks are counted, and the handles dropped.
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

    /// The handle of the runtime parks the thread, and does not drive the runtime: nobody else has to.
    fn join<T: Send + 'static>(&self, task: tokio::task::JoinHandle<T>) -> T {
        let result = self.runtime.handle().block_on(task);
        result.expect("no task of a race panics")
    }
}
