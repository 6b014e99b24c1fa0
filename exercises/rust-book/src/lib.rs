//! The pool with which the last project of *The Rust Programming Language* ends, in our own words.
//!
//! A channel is the queue. The workers share its receiving end, behind a mutex. When the pool is
//! dropped, the sending end goes first, which ends the workers' loops, and then the threads are
//! joined.
//!
//! Below the line is what it takes for this pool to be asked what a later one is asked. Nothing
//! there adds to what the pool can do.

#![forbid(unsafe_code)]

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// A pool of threads that run closures.
#[derive(Debug)]
pub struct Pool {
    workers: Vec<JoinHandle<()>>,
    /// Taken out when the pool is dropped.
    sender: Option<mpsc::Sender<Job>>,
}

type Job = Box<dyn FnOnce() + Send>;

impl Pool {
    /// Has a thread of the pool run a closure.
    ///
    /// # Errors
    ///
    /// Never: it refuses nothing.
    ///
    /// # Panics
    ///
    /// If all threads have ended.
    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        let sender = self.sender.as_ref().expect("it is there until the drop");
        sender.send(Box::new(task)).unwrap();
        Ok(())
    }

    /// A pool of so many threads.
    ///
    /// # Errors
    ///
    /// Never.
    ///
    /// # Panics
    ///
    /// If there are to be none.
    pub fn new(threads: usize, _: usize) -> Result<Pool, Infallible> {
        assert!(threads > 0);
        let (sender, receiver) = mpsc::channel();
        let receiver = Arc::new(Mutex::new(receiver));
        let worker = |_| {
            let receiver = Arc::clone(&receiver);
            thread::spawn(move || work(&receiver))
        };
        Ok(Pool {
            workers: (0..threads).map(worker).collect(),
            sender: Some(sender),
        })
    }
}

fn work(receiver: &Mutex<mpsc::Receiver<Job>>) {
    loop {
        // A statement of its own: the lock is given back before the job runs.
        let message = receiver.lock().unwrap().recv();
        let Ok(job) = message else {
            return;
        };
        job();
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        drop(self.sender.take());
        for worker in self.workers.drain(..) {
            worker.join().unwrap();
        }
    }
}

// ---------------------------------------------------------------------------------------------

impl Pool {
    /// There is no such thing: the queue of this pool is never full.
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute).
    pub fn try_execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        self.execute(task)
    }

    /// As [`try_execute`](Pool::try_execute).
    ///
    /// # Errors
    ///
    /// As [`execute`](Pool::execute).
    pub fn execute_timeout(
        &self,
        task: impl FnOnce() + Send + 'static,
        _: Duration,
    ) -> Result<(), Rejected> {
        self.execute(task)
    }
}

/// A task that was refused. There is none.
#[derive(Debug)]
pub struct Rejected(Infallible);

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "nobody ever sees one")]
pub enum Reason {
    Full,
    Timeout,
    ShutDown,
}

/// A task that came back. There is none.
#[derive(Debug)]
pub struct Task(Infallible);

impl Rejected {
    /// Why it was refused.
    #[must_use]
    pub fn reason(&self) -> Reason {
        match self.0 {}
    }

    /// The task.
    #[must_use]
    pub fn into_task(self) -> Task {
        match self.0 {}
    }
}

impl Task {
    /// Runs it.
    pub fn run(self) {
        match self.0 {}
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {}
    }
}

impl Error for Rejected {}
