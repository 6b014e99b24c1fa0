//! Which task is next: of those that may start now, the one that was accepted first.

use std::time::Instant;

use super::clock::Alarm;
use super::{Limit, LimitQueues, Taken};

impl LimitQueues {
    /// Whether a worker should be on its way: a task may start at any time, or somebody has to look
    /// at the limits.
    pub(crate) fn is_wanted(&self) -> bool {
        self.changed || !self.queues[0].jobs.is_empty()
    }

    /// Somebody has to look at the limits, if there are any in use.
    pub(crate) fn look_again(&mut self) {
        self.changed = self.queues.len() > 1;
    }

    /// A token was cancelled, and so may be any of the tasks that wait.
    pub(crate) fn sweep(&mut self) {
        self.look_again();
        self.sweep = self.changed;
    }

    /// Takes the first of those that may start, and charges its limit. If there is none, when to
    /// look again. The time is proportional to the number of limits that somebody waits for.
    pub(crate) fn next(&mut self) -> Result<Taken, Alarm> {
        if self.queues.len() == 1 {
            // The short way: nobody waits for a limit.
            return self.take(0, 0, None).ok_or_else(Alarm::default);
        }
        if let Some(cancelled) = self.next_cancelled() {
            return Ok(cancelled);
        }
        loop {
            let (mut first, mut least) = (None, u64::MAX);
            let (machine, manual) = (self.deadline, None);
            let mut alarm = Alarm { machine, manual };
            for (at, queue) in self.queues.iter().enumerate() {
                // Without a task, or behind one that may start.
                let number = queue.jobs.front().map_or(u64::MAX, |&(number, _)| number);
                if number >= least {
                    continue;
                }
                match queue.limit.as_ref().map_or(Ok(()), Limit::ready) {
                    Ok(()) => (first, least) = (Some(at), number),
                    Err(later) => alarm = alarm.and(later),
                }
            }
            let Some(at) = first else {
                self.changed = false;
                return Err(alarm);
            };
            // Cancelled or started: if the task has a limit, this is where it is decided, and what
            // starts is charged in the same step. Were it charged before, it could still be
            // cancelled or handed back; were it charged later, others could take the same start.
            let cancelled = match &self.queues[at].limit {
                None => None,
                Some(_) if self.queues[at].jobs[0].1.is_cancelled(&self.pool) => Some(true),
                Some(limit) if limit.try_start() => Some(false),
                Some(_) => continue, // a worker of another pool was faster
            };
            return self.take(at, 0, cancelled).ok_or(alarm);
        }
    }

    /// Takes a task behind a limit that is cancelled, wherever it is. It neither waits nor takes
    /// anything.
    fn next_cancelled(&mut self) -> Option<Taken> {
        let late = self.deadline.is_some_and(|at| Instant::now() >= at);
        if !(self.sweep || late) {
            return None;
        }
        for at in 1..self.queues.len() {
            let mut jobs = self.queues[at].jobs.iter();
            if let Some(place) = jobs.position(|(_, job)| job.is_cancelled(&self.pool)) {
                return self.take(at, place, Some(true));
            }
        }
        self.sweep = false;
        let jobs = self.queues[1..].iter().flat_map(|queue| &queue.jobs);
        self.deadline = jobs.filter_map(|(_, job)| job.deadline(&self.pool)).min();
        None
    }

    /// Takes the task that was accepted first, whether it may start or not: it will not.
    pub(crate) fn take_back(&mut self) -> Option<Taken> {
        let queues = self.queues.iter().enumerate();
        let heads = queues.filter_map(|(at, queue)| Some((queue.jobs.front()?.0, at)));
        let (_, at) = heads.min()?;
        self.take(at, 0, None)
    }
}
