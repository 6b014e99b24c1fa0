//! No pool at all: every task runs on the caller's thread.
//!
//! What to pass to code that takes a pool when it is to be tested without threads.

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use crate::contender::{Contender, Forking, Lawful, LawfulGroup, Mapping, Patience, Refused, Why};
use crate::workload::part;

/// Runs tasks in place.
#[derive(Debug, Default)]
pub struct Inline {
    closed: Arc<AtomicBool>,
}

/// A group of tasks that are over when they have been submitted.
#[derive(Debug)]
pub struct InlineGroup {
    closed: Arc<AtomicBool>,
}

fn run(closed: &AtomicBool, task: impl FnOnce() + Send + 'static) -> Result<(), Refused> {
    if closed.load(SeqCst) {
        return Err(Refused {
            why: Why::ShutDown,
            task: Box::new(task),
        });
    }
    task();
    Ok(())
}

impl Contender for Inline {
    const NAME: &'static str = "inline";

    fn start(_threads: usize, _capacity: usize) -> Inline {
        Inline::default()
    }

    fn execute(&self, task: impl FnOnce() + Send + 'static) {
        task();
    }

    fn wait(&self) {}
}

/// Plain recursion, on the caller's thread.
impl Forking for Inline {
    fn fork(self: &Arc<Inline>, n: u32, leaf: fn()) -> u32 {
        if n < 2 {
            leaf();
            return n;
        }
        self.fork(n - 1, leaf) + self.fork(n - 2, leaf)
    }

    fn sort(self: &Arc<Inline>, numbers: &mut [u32]) {
        if let Some((left, right)) = part(numbers) {
            self.sort(left);
            self.sort(right);
        }
    }
}

/// A plain loop.
impl Mapping for Inline {
    fn map(self: &Arc<Inline>, items: usize, work: fn()) -> Vec<usize> {
        let apply = |item| {
            work();
            item
        };
        (0..items).map(apply).collect()
    }
}

impl Lawful for Inline {
    type Group = InlineGroup;

    fn build(_threads: usize, _capacity: usize) -> Result<Inline, Box<dyn Error + Send + Sync>> {
        Ok(Inline::default())
    }

    fn submit(
        &self,
        _patience: Patience,
        task: impl FnOnce() + Send + 'static,
    ) -> Result<(), Refused> {
        run(&self.closed, task)
    }

    fn group(&self) -> InlineGroup {
        InlineGroup {
            closed: Arc::clone(&self.closed),
        }
    }

    fn wait_idle(&self) {}

    fn shutdown(&self) {
        self.closed.store(true, SeqCst);
    }

    fn queue_len(&self) -> usize {
        0
    }

    fn threads(&self) -> usize {
        0
    }
}

impl LawfulGroup for InlineGroup {
    fn submit(&self, task: impl FnOnce() + Send + 'static) -> Result<(), Refused> {
        run(&self.closed, task)
    }

    fn wait(&self) {}
}
