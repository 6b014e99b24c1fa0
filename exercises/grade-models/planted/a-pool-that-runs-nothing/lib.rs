//! Wrong: every task is accepted, and dropped.

use std::convert::Infallible;

pub struct Pool;

impl Pool {
    pub fn new(_: usize, _: usize) -> Result<Pool, Infallible> {
        Ok(Pool)
    }

    pub fn execute(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Infallible> {
        drop(task);
        Ok(())
    }
}
