//! A recorded run of a pool: the file format, and what it says about each task.

use std::collections::BTreeMap;
use std::ops::Range;

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::repository::Repository;

/// A run as it is recorded in `book/traces/NAME.json`.
#[derive(Clone, Debug, Deserialize)]
pub struct Trace {
    /// What the run shows, for the caption.
    pub title: String,
    /// The number of workers; the most there may be, if it changes.
    pub workers: u64,
    /// The number of places in the queue; 0 if it has no bound.
    pub capacity: u64,
    /// The unit of all times.
    pub unit: Unit,
    /// What happened, in any order.
    pub events: Vec<Event>,
}

/// The unit of a trace's times.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Unit {
    /// Microseconds.
    #[serde(rename = "us")]
    Microseconds,
}

/// Something that happened during a run.
#[derive(Clone, Debug, Deserialize)]
pub struct Event {
    /// When.
    pub at: u64,
    /// What.
    pub kind: Kind,
    /// To which task.
    pub task: Option<u64>,
    /// On which worker.
    pub worker: Option<u64>,
    /// The length of the queue just then, if it was looked at.
    pub queue: Option<u64>,
}

/// The kinds of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A submitter called `execute`.
    Submitted,
    /// The call returned `Ok`.
    Queued,
    /// The call returned the task.
    Refused,
    /// A worker began to run the task.
    Started,
    /// The task returned.
    Finished,
    /// The task panicked.
    Panicked,
    /// The task was cancelled. Without a task: the pool or a group was.
    Cancelled,
    /// A worker started.
    Born,
    /// A worker ended.
    Gone,
}

/// A run, put in order by task and by worker. All times count from the first event.
#[derive(Clone, Debug)]
pub struct Run {
    pub(crate) title: String,
    pub(crate) workers: u64,
    pub(crate) capacity: u64,
    /// The time of the last event.
    pub(crate) end: u64,
    pub(crate) tasks: Vec<Task>,
    pub(crate) waits: Vec<Wait>,
    pub(crate) lanes: Vec<Lane>,
    /// The length of the queue from each of these times on.
    pub(crate) queue: Vec<(u64, u64)>,
    /// When the pool or a group was cancelled.
    pub(crate) cancellations: Vec<u64>,
}

/// What happened to a task.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) number: u64,
    pub(crate) submitted: Option<u64>,
    pub(crate) queued: Option<u64>,
    pub(crate) started: Option<(u64, u64)>,
    pub(crate) ended: Option<(u64, Fate)>,
}

/// How a task ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Finished,
    Panicked,
    Refused,
    Cancelled,
}

/// A submitter's call of `execute`.
#[derive(Clone, Debug)]
pub(crate) struct Wait {
    pub(crate) task: u64,
    pub(crate) time: Range<u64>,
    pub(crate) refused: bool,
}

/// A worker.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    pub(crate) worker: u64,
    /// When it lived.
    pub(crate) alive: Vec<Range<u64>>,
    /// Since when it is gone for good.
    pub(crate) gone: Option<u64>,
}

impl Run {
    /// The run in `book/traces/NAME.json`.
    ///
    /// # Errors
    ///
    /// If there is no such file, or if it is not a possible run.
    pub fn recorded(repository: &Repository, name: &str) -> Result<Run> {
        let (text, file) = repository.recorded("traces", name)?;
        Run::read(&text).with_context(|| format!("{file} is not a recorded run"))
    }

    /// The run in this JSON text.
    ///
    /// # Errors
    ///
    /// If the text is not a [`Trace`], or if it is not a possible run: a task that starts twice or
    /// ends before it starts, an event without its task or worker.
    pub fn read(json: &str) -> Result<Run> {
        Run::new(serde_json::from_str(json)?)
    }

    pub(crate) fn longest_queue(&self) -> u64 {
        let lengths = self.queue.iter().map(|&(_, length)| length);
        lengths.max().unwrap_or(0)
    }

    fn new(mut trace: Trace) -> Result<Run> {
        trace.events.sort_by_key(|event| event.at);
        let origin = trace.events.first().context("nothing happens")?.at;
        let mut run = Run {
            title: trace.title,
            workers: trace.workers,
            capacity: trace.capacity,
            end: 0,
            tasks: Vec::new(),
            waits: Vec::new(),
            lanes: Vec::new(),
            queue: Vec::new(),
            cancellations: Vec::new(),
        };
        let mut histories: BTreeMap<u64, Vec<(u64, &Event)>> = BTreeMap::new();
        let mut lives: BTreeMap<u64, Vec<(u64, Kind)>> = BTreeMap::new();
        let mut samples = Vec::new();
        for event in &trace.events {
            let at = event.at - origin;
            run.end = at.max(1);
            samples.extend(event.queue.map(|length| (at, length)));
            if let Some(worker) = event.worker {
                lives.entry(worker).or_default().push((at, event.kind));
            }
            match (event.kind, event.task) {
                (Kind::Cancelled, None) => run.cancellations.push(at),
                (Kind::Born | Kind::Gone, _) => {
                    ensure!(event.worker.is_some(), "{event:?} has no worker");
                }
                (_, Some(task)) => histories.entry(task).or_default().push((at, event)),
                (_, None) => bail!("{event:?} has no task"),
            }
        }
        for (number, history) in histories {
            let (task, waits) = Task::new(number, &history, run.end)?;
            run.tasks.push(task);
            run.waits.extend(waits);
        }
        run.tasks.sort_by_key(|task| {
            task.submitted
                .or(task.queued)
                .or(task.started.map(|(at, _)| at))
        });
        run.waits.sort_by_key(|wait| wait.time.start);
        run.lanes = lanes(trace.workers, &lives, run.end);
        run.queue = if samples.is_empty() {
            lengths(&run.tasks, run.end)
        } else {
            samples
        };
        Ok(run)
    }
}

impl Task {
    fn new(number: u64, history: &[(u64, &Event)], end: u64) -> Result<(Task, Vec<Wait>)> {
        let times = |kinds: &[Kind]| -> Vec<u64> {
            let of_kind = history
                .iter()
                .filter(|(_, event)| kinds.contains(&event.kind));
            of_kind.map(|&(at, _)| at).collect()
        };
        let once = |kind: Kind| -> Result<Option<(u64, &Event)>> {
            let mut of_kind = history.iter().filter(|(_, event)| event.kind == kind);
            let first = of_kind.next().copied();
            ensure!(of_kind.next().is_none(), "task {number} is {kind:?} twice");
            Ok(first)
        };
        let started = match once(Kind::Started)? {
            Some((at, event)) => {
                let worker = event.worker;
                Some((
                    at,
                    worker.with_context(|| format!("{event:?} has no worker"))?,
                ))
            }
            None => None,
        };
        let queued = once(Kind::Queued)?.map(|(at, _)| at);
        let [finished, panicked, cancelled] = [
            (once(Kind::Finished)?, Fate::Finished),
            (once(Kind::Panicked)?, Fate::Panicked),
            (once(Kind::Cancelled)?, Fate::Cancelled),
        ]
        .map(|(event, fate)| event.map(|(at, _)| (at, fate)));
        let ran = finished.or(panicked);
        ensure!(
            finished.is_none() || panicked.is_none(),
            "task {number} has both finished and panicked"
        );
        if let Some((at, _)) = ran {
            let (start, _) =
                started.with_context(|| format!("task {number} ends, but never starts"))?;
            ensure!(start <= at, "task {number} ends before it starts");
        }
        // A refused task may be submitted again: each call ends with the next answer.
        let mut answers = times(&[Kind::Queued, Kind::Refused]).into_iter();
        let refusals = times(&[Kind::Refused]);
        let waits = times(&[Kind::Submitted])
            .into_iter()
            .map(|from| {
                let to = answers.find(|&at| at >= from);
                Wait {
                    task: number,
                    time: from..to.unwrap_or(end),
                    refused: to.is_some_and(|at| refusals.contains(&at)),
                }
            })
            .collect();
        let refused = refusals.last().map(|&at| (at, Fate::Refused));
        let refused = refused.filter(|_| queued.is_none() && started.is_none());
        let task = Task {
            number,
            submitted: times(&[Kind::Submitted]).first().copied(),
            queued,
            started,
            ended: ran.or(cancelled).or(refused),
        };
        Ok((task, waits))
    }

    /// When it ran. A task that was cancelled while it ran, ran on until it ended by itself.
    pub(crate) fn busy(&self, end: u64) -> Range<u64> {
        let ran = self.ended.filter(|(_, fate)| *fate != Fate::Cancelled);
        let to = ran.map_or(end, |(at, _)| at);
        self.started.map_or(to, |(at, _)| at)..to
    }
}

impl Fate {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Fate::Finished => "finished",
            Fate::Panicked => "panicked",
            Fate::Refused => "refused",
            Fate::Cancelled => "cancelled",
        }
    }
}

impl Wait {
    /// Whether somebody who looks at the whole run should see the wait.
    pub(crate) fn is_long(&self, run: &Run) -> bool {
        (self.time.end - self.time.start) * 100 > run.end
    }
}

impl Lane {
    /// The tasks that the worker has started.
    pub(crate) fn tasks<'run>(&self, run: &'run Run) -> impl Iterator<Item = &'run Task> {
        let worker = self.worker;
        let of_lane = move |task: &&Task| task.started.is_some_and(|(_, on)| on == worker);
        run.tasks.iter().filter(of_lane)
    }

    /// On top of how many others the worker runs the task: it began while they had not ended.
    pub(crate) fn below(&self, task: &Task, run: &Run) -> usize {
        let start = task.busy(run.end).start;
        let earlier = self.tasks(run).filter(|other| {
            let busy = other.busy(run.end);
            // Those that seem to begin together were submitted one after another.
            let first = busy.start < start || other.submitted < task.submitted;
            other.number != task.number && first && busy.contains(&start)
        });
        earlier.count()
    }

    /// When a worker lived and had no task. A line behind the bars would strike their numbers out.
    pub(crate) fn idle(&self, run: &Run) -> Vec<Range<u64>> {
        let mut busy: Vec<Range<u64>> = self.tasks(run).map(|task| task.busy(run.end)).collect();
        busy.sort_by_key(|busy| busy.start);
        let mut idle = Vec::new();
        for alive in &self.alive {
            let mut since = alive.start;
            for busy in busy.iter().filter(|busy| alive.contains(&busy.start)) {
                idle.push(since..busy.start);
                since = since.max(busy.end);
            }
            idle.push(since..alive.end);
        }
        idle.retain(|idle| !idle.is_empty());
        idle
    }
}

/// A lane for each worker that there should be, and for each that there was besides. If births were
/// recorded, the pool may have had fewer than there may be: then a lane for each that there was.
fn lanes(workers: u64, lives: &BTreeMap<u64, Vec<(u64, Kind)>>, end: u64) -> Vec<Lane> {
    let first = u64::from(!lives.contains_key(&0));
    let born = |(_, kind): &(u64, Kind)| *kind == Kind::Born;
    let workers = if lives.values().flatten().any(born) {
        0
    } else {
        workers
    };
    let mut numbers: Vec<u64> = (first..first + workers)
        .chain(lives.keys().copied())
        .collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
        .into_iter()
        .map(|worker| {
            let mut changes = lives.get(&worker).cloned().unwrap_or_default();
            changes.retain(|(_, kind)| matches!(kind, Kind::Born | Kind::Gone));
            // A worker whose birth was not recorded was there before.
            let was_there = changes.first().is_none_or(|&(_, kind)| kind == Kind::Gone);
            let mut since = was_there.then_some(0);
            let (mut alive, mut gone) = (Vec::new(), None);
            for (at, kind) in changes {
                if kind == Kind::Born {
                    since = since.or(Some(at));
                    gone = None;
                } else {
                    alive.extend(since.take().map(|from| from..at));
                    gone = Some(at);
                }
            }
            alive.extend(since.map(|from| from..end));
            Lane {
                worker,
                alive,
                gone,
            }
        })
        .collect()
}

/// The lengths of the queue, from the tasks: each is in it from the time it was accepted until it
/// starts or is cancelled. Many a task has started by the time that its submitter hears of it.
///
/// Both are noted a moment after they have happened, and not always in their order. So a length
/// that lasts for less than a thousandth of the run is left out: it is that moment and not the
/// queue.
fn lengths(tasks: &[Task], end: u64) -> Vec<(u64, u64)> {
    let mut changes: BTreeMap<u64, i64> = BTreeMap::new();
    for task in tasks {
        let Some(from) = task.queued else { continue };
        let to = match (task.started, task.ended) {
            (Some((at, _)), _) => Some(at),
            (None, ended) => ended.map(|(at, _)| at),
        };
        if to.is_some_and(|to| to <= from) {
            continue;
        }
        *changes.entry(from).or_default() += 1;
        if let Some(to) = to {
            *changes.entry(to).or_default() -= 1;
        }
    }
    let mut length = 0;
    let lengths: Vec<(u64, u64)> = changes
        .into_iter()
        .map(|(at, change)| {
            length += change;
            (at, length.unsigned_abs())
        })
        .collect();
    let until = lengths.iter().skip(1).map(|&(at, _)| at).chain([u64::MAX]);
    lengths
        .iter()
        .zip(until)
        .filter(|((at, _), until)| (until - at).saturating_mul(1000) >= end)
        .map(|(&length, _)| length)
        .collect()
}
