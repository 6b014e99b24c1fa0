//! My pool.

use std::error::Error;
use std::fmt;

/// A worker pool: so far, one that loses every task.
#[derive(Debug)]
pub struct Pool {}

impl Pool {
    /// A pool of so many threads. From stage 2 on, at most `capacity` tasks wait in its queue.
    pub fn new(threads: usize, capacity: usize) -> Result<Pool, BuildError> {
        let _ = (threads, capacity);
        Ok(Pool {})
    }

    /// Has a thread of the pool run a task.
    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Rejected> {
        drop(task);
        Ok(())
    }
}

/// Why there is no pool.
#[derive(Debug)]
pub struct BuildError {}

/// A task that was refused. Stage 2 puts something in.
#[derive(Debug)]
pub struct Rejected {}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the pool cannot be built")
    }
}

impl Error for BuildError {}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task was refused")
    }
}

impl Error for Rejected {}
