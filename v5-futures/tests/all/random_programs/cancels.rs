//! Nodes that do without some of their children.

use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Waker};
use std::time::Duration;

use v5_futures::{CancelToken, JoinHandle, JoinSet};

use super::program::{At, Program};

impl Program {
    pub(crate) fn cancels(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        for child in at.children {
            let Some(handle) = self.spawn(at.target, child) else {
                continue;
            };
            if at.turn.one_in(3) {
                drop(handle.cancel_on_drop());
                continue;
            }
            let in_time = handle.cancel();
            match handle.join() {
                Err(error) if error.is_cancelled() => {
                    self.check(in_time || self.chaos(), "cancelled by nobody");
                }
                Err(error) if error.is_abandoned() => {
                    self.check(self.chaos() && !in_time, "abandoned");
                }
                result => {
                    self.check(!in_time, "cancelled, and it ran");
                    self.resolve(child, result);
                }
            }
        }
        Some(at.own)
    }

    pub(crate) fn cancels_by_token(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let token = CancelToken::new();
        let mut handles = Vec::new();
        for child in at.children {
            let job = self.job(at.target, child);
            handles.push((child, at.pool.spawn_with(&token, job).ok()));
            if at.turn.one_in(3) {
                token.cancel();
            }
        }
        for (child, handle) in handles {
            match handle.map(JoinHandle::join) {
                Some(Err(error)) if error.is_cancelled() => {
                    self.check(token.is_cancelled() || self.chaos(), "by no token");
                }
                Some(result) => _ = self.resolve(child, result),
                None => self.check(token.is_cancelled() || self.chaos(), "refused"),
            }
        }
        Some(at.own)
    }

    pub(crate) fn drops_set(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let mut set = JoinSet::new();
        for child in at.children {
            if let Some(handle) = self.spawn(at.target, child) {
                set.insert(handle);
            }
        }
        match at.turn.below(3) {
            0 => set.detach_all(),
            1 => set.cancel_all(),
            _ => _ = set.join_next(),
        }
        Some(at.own)
    }

    pub(crate) fn forgets(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        for child in at.children {
            match at.turn.below(3) {
                0 => {
                    let job = self.job(at.target, child);
                    let _ = at.pool.execute(move || drop(job()));
                }
                1 => drop(self.spawn(at.target, child)),
                _ => {
                    let mut handle = self.spawn(at.target, child);
                    if let Some(handle) = &mut handle {
                        let mut context = Context::from_waker(Waker::noop());
                        let _ = pin!(handle).poll(&mut context);
                    }
                }
            }
        }
        Some(at.own)
    }

    pub(crate) fn looks(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        match at.turn.below(6) {
            0 => {
                let min = at.turn.below(3);
                let _ = at.pool.resize(min..=(min.max(1) + at.turn.below(3)));
            }
            1 => drop(format!("{:?}", at.pool)),
            2 => _ = at.pool.queue_len(),
            3 if !at.here.on_worker && !self.chaos() => {
                _ = at.pool.wait_idle_timeout(Duration::from_millis(1));
            }
            _ => self.look(&at.pool.stats()),
        }
        Some(at.own)
    }
}
