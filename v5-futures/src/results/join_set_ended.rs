//! What the tasks of a set tell it when they end.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::time::Instant;

use parking_lot::{Condvar, Mutex};

/// What the tasks of a set tell it.
#[derive(Default)]
pub(super) struct Ended {
    state: Mutex<EndedState>,
    /// Signalled when one has ended.
    changed: Condvar,
}

#[derive(Default)]
struct EndedState {
    /// The numbers of those that have ended, in the order in which they ended.
    numbers: VecDeque<u64>,
    /// Who polls the set.
    waker: Option<Waker>,
}

/// A task of a set: woken when it has ended.
pub(super) struct Member {
    number: u64,
    ended: Arc<Ended>,
}

impl Wake for Member {
    fn wake(self: Arc<Self>) {
        let mut state = self.ended.state.lock();
        state.numbers.push_back(self.number);
        let waker = state.waker.take();
        drop(state);
        self.ended.changed.notify_one();
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Member {
    pub(super) fn new(number: u64, ended: &Arc<Ended>) -> Arc<Member> {
        let ended = Arc::clone(ended);
        Arc::new(Member { number, ended })
    }
}

impl Ended {
    /// Takes the number of the one that ended first.
    pub(super) fn take_number(&self) -> Option<u64> {
        self.state.lock().numbers.pop_front()
    }

    /// Leaves the waker of the one who polls. Returns that of the one before.
    pub(super) fn set_waker(&self, waker: Waker) -> Option<Waker> {
        self.state.lock().waker.replace(waker)
    }

    /// Waits until a task has ended or it is too late. Returns whether it is.
    pub(super) fn wait(&self, deadline: Option<Instant>) -> bool {
        let mut state = self.state.lock();
        while state.numbers.is_empty() {
            match deadline {
                Some(at) if self.changed.wait_until(&mut state, at).timed_out() => return true,
                Some(_) => (),
                None => self.changed.wait(&mut state),
            }
        }
        false
    }
}
