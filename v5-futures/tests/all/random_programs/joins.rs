//! Nodes that spawn tasks and join them.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use v5_futures::{JoinHandle, JoinSet, Pool, Task};

use super::program::{At, Got, Here, Program, block_on, sum, worth_of};
use super::tree::Node;

impl Program {
    pub(crate) fn leaf(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        match at.turn.below(30) {
            0 => thread::sleep(Duration::from_micros(at.turn.below(200) as u64)),
            1 => thread::yield_now(),
            _ => (),
        }
        Some(at.own)
    }

    pub(crate) fn fork(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let mut handles = self.spawn_all(at.target, &at.children);
        if at.turn.one_in(2) {
            handles.reverse();
        }
        self.join_all(at.own, handles)
    }

    pub(crate) fn fork_later(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        // One here, the others there, as in a divide and conquer.
        let Some((first, others)) = at.children.split_first() else {
            return Some(at.own);
        };
        let handles = self.spawn_all(at.target, others);
        let in_place = catch_unwind(AssertUnwindSafe(|| self.run(at.here, *first)));
        let first = in_place.unwrap_or_else(|payload| worth_of(&*payload));
        let others = handles
            .into_iter()
            .map(|(child, handle)| self.join(child, handle));
        sum(at.own, [first].into_iter().chain(others))
    }

    pub(crate) fn timed(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let handles = self.spawn_all(at.target, &at.children);
        let time = Duration::from_micros(at.turn.below(100) as u64);
        sum(
            at.own,
            handles.into_iter().map(|(child, handle)| {
                let result = match handle?.join_timeout(time) {
                    Ok(result) => result,
                    Err(handle) => handle.join(),
                };
                self.resolve(child, result)
            }),
        )
    }

    pub(crate) fn awaits(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let handles = self.spawn_all(at.target, &at.children);
        let waits = |(child, handle): (Node, Option<JoinHandle<Got>>)| {
            let mut handle = handle?;
            if at.is_same {
                // A look, and then a join.
                let mut context = Context::from_waker(Waker::noop());
                let result = match pin!(&mut handle).poll(&mut context) {
                    Poll::Ready(result) => result,
                    Poll::Pending => handle.join(),
                };
                return self.resolve(child, result);
            }
            self.resolve(child, block_on(handle))
        };
        sum(at.own, handles.into_iter().map(waits))
    }

    pub(crate) fn set(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let mut set = JoinSet::new();
        let mut lost = 0;
        for child in &at.children {
            let behind = at.target + at.turn.below(self.pools.len() - at.target);
            let behind = if at.turn.one_in(3) { behind } else { at.target };
            match self.spawn(behind, *child) {
                Some(handle) => set.insert(handle),
                None => lost += 1,
            }
        }
        let mut values = vec![None; lost];
        let mut times = 0;
        while !set.is_empty() {
            times += 1;
            let next = if at.turn.one_in(3) && times < 100 {
                let Some(next) = set.join_next_timeout(Duration::from_micros(50)) else {
                    continue;
                };
                next
            } else {
                set.join_next().unwrap()
            };
            values.push(match next {
                Ok(got) => got.0,
                Err(error) if error.is_panic() => {
                    let payload = error.into_panic();
                    worth_of(&*payload)
                }
                Err(error) => {
                    self.check(self.chaos(), &format!("in a set: {error}"));
                    None
                }
            });
        }
        sum(at.own, values)
    }

    pub(crate) fn group(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let group = at.pool.group();
        let handles: Vec<_> = at
            .children
            .iter()
            .map(|child| (*child, group.spawn(self.job(at.target, *child)).ok()))
            .collect();
        if !at.here.on_worker {
            let report = group.wait();
            let all = report.completed + report.panicked + report.cancelled + report.returned;
            let accepted = handles
                .iter()
                .filter(|(_, handle)| handle.is_some())
                .count();
            self.check(all == accepted, "a group");
            if report.returned == 0 {
                let ended = |(_, handle): &(_, Option<JoinHandle<_>>)| {
                    handle.as_ref().is_none_or(JoinHandle::is_finished)
                };
                self.check(handles.iter().all(ended), "a group that is too early");
            }
        }
        self.join_all(at.own, handles)
    }

    pub(crate) fn by_hand(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let parts: Vec<_> = at
            .children
            .iter()
            .map(|child| {
                let (task, handle) = Task::with_handle(self.job(at.target, *child));
                match at.turn.below(4) {
                    0 => {
                        task.run();
                        self.join(*child, Some(handle))
                    }
                    1 => {
                        drop(task);
                        let error = handle.join().err();
                        let right = error.is_some_and(|error| error.is_abandoned());
                        self.check(right, "not abandoned");
                        child.worth().into()
                    }
                    2 => {
                        let early = handle.join().err();
                        let right = early.is_some_and(|error| error.is_not_submitted());
                        self.check(right, "submitted");
                        let _ = at.pool.execute(task);
                        child.worth().into()
                    }
                    _ => match at.pool.execute(task) {
                        Ok(()) => self.join(*child, Some(handle)),
                        Err(rejected) => {
                            drop(rejected);
                            self.join(*child, Some(handle))
                        }
                    },
                }
            })
            .collect();
        sum(at.own, parts)
    }

    pub(crate) fn hand_over(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let parts: Vec<_> = at
            .children
            .iter()
            .map(|child| {
                let behind = at.target + at.turn.below(self.pools.len() - at.target);
                let handle = self.spawn(behind, *child)?;
                let program = Arc::clone(self);
                let child = *child;
                let asks = move || program.resolve(child, handle.join());
                self.pools[at.target]
                    .spawn(asks)
                    .ok()?
                    .join()
                    .ok()
                    .flatten()
            })
            .collect();
        sum(at.own, parts)
    }

    pub(crate) fn own_pool(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let threads = at.turn.below(2)..=1 + at.turn.below(2);
        let builder = Pool::builder()
            .threads(threads)
            .queue_capacity(1 + at.turn.below(4));
        let Ok(pool) = builder.build() else {
            return None;
        };
        let inner = Arc::new(Program {
            pools: vec![pool],
            tally: Arc::clone(&self.tally),
            chaos: AtomicBool::new(false),
            turns: AtomicU64::new(self.turns.fetch_add(1, SeqCst)),
        });
        let outside = Here {
            pool: 0,
            on_worker: false,
        };
        let parts: Vec<_> = at
            .children
            .iter()
            .map(|child| {
                if at.turn.one_in(2) {
                    return inner.join(*child, inner.spawn(0, *child));
                }
                let run = catch_unwind(AssertUnwindSafe(|| inner.run(outside, *child)));
                run.unwrap_or_else(|payload| worth_of(&*payload))
            })
            .collect();
        // What was forgotten may still want the at.pool.
        inner.pools[0].wait_idle();
        sum(at.own, parts)
    }
}
