//! Nodes that map.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use v5_futures::TryMapError;

use super::program::{At, Got, Here, Program, sum};
use super::tree::{Node, Panic};

impl Program {
    pub(crate) fn map(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let job = {
            let program = Arc::clone(self);
            move |child: Node| {
                let here = Here {
                    pool: at.target,
                    on_worker: true,
                };
                Got::new(program.run(here, child), &program.tally)
            }
        };
        let mut map = at.pool.map(at.children.clone(), job);
        if at.turn.one_in(2) {
            map = map.window(1 + at.turn.below(4));
        }
        let mut nodes = at.children.iter();
        let mut refused = false;
        let values: Vec<_> = map
            .map(|result| {
                refused |= result.as_ref().is_err_and(|error| !error.is_panic());
                nodes.next().and_then(|child| self.resolve(*child, result))
            })
            .collect();
        self.check(refused || values.len() == at.children.len(), "a map");
        if values.len() < at.children.len() {
            return None;
        }
        sum(at.own, values)
    }

    pub(crate) fn try_map(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let job = {
            let program = Arc::clone(self);
            move |child: Node| {
                let here = Here {
                    pool: at.target,
                    on_worker: true,
                };
                let ran = catch_unwind(AssertUnwindSafe(|| program.run(here, child)));
                match ran {
                    Ok(value) => Ok(Got::new(value, &program.tally)),
                    Err(payload) if child.seed.is_multiple_of(2) => resume_unwind(payload),
                    Err(payload) => Err(payload.downcast_ref::<Panic>().map(|p| p.0)),
                }
            }
        };
        let mut value = Some(at.own);
        let mut nodes = at.children.iter();
        let mut count = 0;
        for result in at.pool.try_map(at.children.clone(), job) {
            count += 1;
            let child = *nodes.next().unwrap();
            let part = match result {
                Ok(got) => got.0,
                Err(TryMapError::Failed(panic)) => panic.map(|panic| panic ^ 0x5555),
                Err(TryMapError::Join(error)) => self.error(child, error),
                Err(_) => None,
            };
            value = sum(0, [value, part]);
        }
        let failed = at.children.iter().position(|child| child.model().is_err());
        let expected = failed.map_or(at.children.len(), |at| at + 1);
        self.check(self.chaos() || count == expected, "the length of a try_map");
        value
    }

    pub(crate) fn drops_map(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let tally = Arc::clone(&self.tally);
        let items = (0..at.turn.below(2000)).inspect(|n| {
            if *n == 1500 {
                resume_unwind(Box::new(Panic(1500)));
            }
        });
        let mut map = at
            .pool
            .map(items, move |n| Got::new(Some(n as u64), &tally));
        for n in 0..at.turn.below(1700) {
            match catch_unwind(AssertUnwindSafe(|| map.next())) {
                Ok(Some(Ok(got))) => {
                    self.check(got.0 == Some(n as u64), "the order of a map");
                }
                Ok(Some(Err(_))) => self.check(self.chaos(), "a map fails"),
                Ok(None) | Err(_) => break,
            }
        }
        Some(at.own)
    }
}
