//! Where workers sleep, and who of them keeps the time for all.

use std::mem;
use std::time::Instant;

use parking_lot::{Condvar, MutexGuard};

use super::clock::Alarm;
use crate::queue::State;

/// The workers that sleep, behind the same lock as the tasks that they wait for.
///
/// If all tasks that wait have to wait for their limits, one worker sleeps until the earliest may
/// start: the *timekeeper*. The others sleep without a timeout, and need not wake for nothing.
///
/// Whenever the lock is open, one of these is true: nobody is wanted; no worker sleeps; or one is
/// being woken, which will look at all there is, and wake another if it leaves something behind.
/// And if nobody is wanted although tasks wait for limits, there is a timekeeper whose alarm covers
/// the earliest instant.
#[derive(Debug, Default)]
pub(crate) struct Sleepers {
    /// Workers that sleep without a timeout, apart from those that are being woken.
    idle: usize,
    /// Workers that are being woken and have not had the lock since.
    woken: usize,
    /// The timekeeper, by its number, and what it sleeps for. `None` as soon as somebody wakes it.
    keeper: Option<(u64, Alarm)>,
    /// How many timekeepers there have been.
    keepers: u64,
}

/// What they sleep at.
#[derive(Default)]
pub(crate) struct Wakeups {
    /// Where a worker sleeps until it is wanted.
    pub(crate) job: Condvar,
    /// Where the timekeeper sleeps. It is notified under the lock: between the moment at which it
    /// is counted as woken and the signal, another could take its place here, and the signal.
    time: Condvar,
}

impl State {
    /// Counts a worker as woken, if one is wanted and sleeps, and none is being woken. Returns
    /// whether it is one that sleeps at `job`: that is to be notified once the lock is open.
    ///
    /// To wake a worker costs more than a short task, so one is woken at a time. It takes a task,
    /// and before it runs that it comes here and wakes the next one, if there is more to do.
    pub(crate) fn wake(&mut self, wakeups: &Wakeups) -> bool {
        let wanted = self.sleepers.woken == 0 && self.queues.is_wanted();
        let wake = wanted && self.sleepers.idle > 0;
        if wake {
            // Counted by the thread that wakes, so that the next one sees it.
            self.sleepers.idle -= 1;
            self.sleepers.woken += 1;
        } else if wanted {
            // Nobody else sleeps, so a task need not wait until it is time for another.
            self.wake_timekeeper(wakeups);
        }
        wake
    }

    /// Wakes all: there is nothing left to wait for, or will soon be nothing.
    pub(crate) fn wake_all(&mut self, wakeups: &Wakeups) {
        // One signal for each that is counted here. Whoever was counted before has its signal on
        // the way: woken by `notify_all`, it might sleep again by then, and be woken uncounted.
        let idle = mem::take(&mut self.sleepers.idle);
        self.sleepers.woken += idle;
        (0..idle).for_each(|_| _ = wakeups.job.notify_one());
        self.wake_timekeeper(wakeups);
    }

    /// A clock shows this. Nobody else has to look: the timekeeper's is the earliest instant.
    pub(crate) fn clock_moved(&mut self, now: Instant, wakeups: &Wakeups) {
        let alarm = self.sleepers.keeper.and_then(|(_, alarm)| alarm.manual);
        if alarm.is_some_and(|at| at <= now) {
            self.wake_timekeeper(wakeups);
        }
    }

    fn wake_timekeeper(&mut self, wakeups: &Wakeups) {
        if self.sleepers.keeper.take().is_some() {
            self.sleepers.woken += 1;
            // From now on nobody keeps the time, until somebody has looked.
            self.queues.look_again();
            wakeups.time.notify_one();
        }
    }
}

impl Wakeups {
    /// Sleeps until this worker is woken, or until the time of the alarm, if nobody else sleeps for
    /// one as early. To be called by a worker that has looked and found nothing to take, under the
    /// same lock.
    pub(crate) fn sleep(&self, state: &mut MutexGuard<'_, State>, alarm: Alarm) {
        let kept = state.sleepers.keeper.map(|(_, alarm)| alarm);
        if !kept.unwrap_or_default().covers(alarm) {
            return self.keep_time(state, alarm);
        }
        state.sleepers.idle += 1;
        self.job.wait(state);
        state.sleepers.woken -= 1;
    }

    fn keep_time(&self, state: &mut MutexGuard<'_, State>, alarm: Alarm) {
        // If there is one, its instant is a later one. It would sleep past this one, so it is
        // woken, to look again and become one of the others.
        state.wake_timekeeper(self);
        state.sleepers.keepers += 1;
        let me = state.sleepers.keepers;
        state.sleepers.keeper = Some((me, alarm));
        match alarm.machine {
            Some(at) => _ = self.time.wait_until(state, at),
            None => self.time.wait(state),
        }
        // Who wakes the timekeeper has taken its place, and counted it. Its time may be over in the
        // same moment, and then another may already be in its place.
        match state.sleepers.keeper {
            Some((keeper, _)) if keeper == me => {
                state.sleepers.keeper = None;
                state.queues.look_again();
            }
            _ => state.sleepers.woken -= 1,
        }
    }
}
