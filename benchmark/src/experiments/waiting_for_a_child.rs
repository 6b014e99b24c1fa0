//! Tasks that wait for tasks of the same pool: by a channel in v4, and by `join` in v5.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use v5_futures::JoinHandle;

use super::load::Boxed;
use super::stack::on_stack;
use super::{Experiment, Outcome, within};
use crate::trace::{Kind, Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "waiting-for-a-child",
    title: "parents that wait for children in their own pool",
    question: "A tree of 31 tasks. Each of the 15 inner ones submits two children to its own pool and waits \
               until both are done: in v4 for a channel, in v5 with a join. How far does it get with 1, 2 \
               and 4 workers?",
    predict: "Which of the six hang, and with how many workers would v4 come to an end?",
    checks: "law 11, joining on a worker of the same pool never deadlocks a fork-join program: from v5 on",
    run,
};

/// How many levels of the tree have children.
const LEVELS: u32 = 4;

/// Of the tree that the book draws.
const LEVELS_DRAWN: u32 = 3;

/// What each task of that tree does before it has children.
const WORK: Duration = Duration::from_millis(10);

/// Enough for the root: what a worker submits finds room beyond them.
const PLACES: usize = 4;

/// How long a pool that hangs is watched.
const MOMENT: Duration = Duration::from_millis(100);

/// How long is waited for a pool that does not seem to get anywhere, nor to hang.
const PATIENCE: Duration = Duration::from_secs(5);

const fn tasks(levels: u32) -> usize {
    (1 << (levels + 1)) - 1
}

const fn inner(levels: u32) -> usize {
    (1 << levels) - 1
}

/// A pool, and what its tasks leave behind.
struct Tree<P> {
    pool: P,
    recorder: Recorder,
    work: Duration,
    started: AtomicUsize,
    finished: AtomicUsize,
    /// Parents that wait at this moment.
    waiting: AtomicUsize,
    in_place: AtomicUsize,
    deepest: AtomicUsize,
}

/// How far a tree got.
struct Reading {
    hung: bool,
    started: usize,
    finished: usize,
    in_place: usize,
    deepest: usize,
    trace: Trace,
}

impl<P> Tree<P> {
    fn new(pool: P, work: Duration) -> Arc<Tree<P>> {
        Arc::new(Tree {
            pool,
            recorder: Recorder::new(),
            work,
            started: AtomicUsize::new(0),
            finished: AtomicUsize::new(0),
            waiting: AtomicUsize::new(0),
            in_place: AtomicUsize::new(0),
            deepest: AtomicUsize::new(0),
        })
    }

    /// What a task does. `wait_for_children` returns whether both have come to their ends.
    fn task(&self, levels: u32, wait_for_children: impl FnOnce() -> bool) {
        on_stack(|below| {
            self.started.fetch_add(1, SeqCst);
            self.in_place.fetch_add(usize::from(below > 0), SeqCst);
            self.deepest.fetch_max(below + 1, SeqCst);
            thread::sleep(self.work);
            if levels == 0 || wait_for_children() {
                self.finished.fetch_add(1, SeqCst);
            }
        });
    }

    fn finished(&self, levels: u32) -> bool {
        self.finished.load(SeqCst) == tasks(levels)
    }

    fn read(&self, hung: bool) -> Reading {
        Reading {
            hung,
            started: self.started.load(SeqCst),
            finished: self.finished.load(SeqCst),
            in_place: self.in_place.load(SeqCst),
            deepest: self.deepest.load(SeqCst),
            trace: self.recorder.finish("", 0, 0),
        }
    }
}

/// The children of a task, by their numbers.
fn children(number: u64) -> [u64; 2] {
    [2 * number + 1, 2 * number + 2]
}

type V4 = Tree<v4_dedicated_queues::Pool>;

fn task_of_v4(tree: &Arc<V4>, number: u64, levels: u32) {
    tree.task(levels, || {
        let (tell, told) = mpsc::channel();
        for child in children(number) {
            let (inside, tell) = (Arc::clone(tree), tell.clone());
            let work = move || {
                task_of_v4(&inside, child, levels - 1);
                let _ = tell.send(());
            };
            let execute = |task| tree.pool.execute(task);
            // If the experiment has ended meanwhile, the sender is dropped with the task.
            let _ = tree.recorder.submit(child, execute, work);
        }
        drop(tell);
        tree.waiting.fetch_add(1, SeqCst);
        let done = told.iter().count();
        tree.waiting.fetch_sub(1, SeqCst);
        done == 2
    });
}

fn on_v4(workers: usize, levels: u32, work: Duration) -> Reading {
    let pool = v4_dedicated_queues::Pool::new(workers, PLACES).expect("within the limits");
    let tree = Tree::new(pool, work);
    let inside = Arc::clone(&tree);
    let root = move || task_of_v4(&inside, 0, levels);
    let execute = |task| tree.pool.execute(task);
    let submitted = tree.recorder.submit(0, execute, root);
    submitted.expect("the pool is open");
    let all_wait = || tree.waiting.load(SeqCst) == workers;
    within(PATIENCE, || tree.finished(levels) || all_wait());
    let hung = !tree.finished(levels);
    if hung {
        thread::sleep(MOMENT);
    }
    let (started, finished) = (tree.started.load(SeqCst), tree.finished.load(SeqCst));
    // What is queued goes, and with it the senders that the parents wait for.
    drop(tree.pool.shutdown_now());
    tree.pool.shutdown();
    let mut reading = tree.read(hung);
    (reading.started, reading.finished) = (started, finished);
    reading
}

type V5 = Tree<v5_futures::Pool>;

/// Submits a task through the recorder.
fn spawn(
    tree: &V5,
    number: u64,
    work: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, v5_futures::Rejected> {
    let mut handle = None;
    let spawn = |task: Boxed| tree.pool.spawn(task).map(|spawned| handle = Some(spawned));
    tree.recorder.submit(number, spawn, work)?;
    Ok(handle.expect("the pool has accepted the task"))
}

fn task_of_v5(tree: &Arc<V5>, number: u64, levels: u32) {
    tree.task(levels, || {
        let handles = children(number).map(|child| {
            let inside = Arc::clone(tree);
            spawn(tree, child, move || task_of_v5(&inside, child, levels - 1))
        });
        let joined = handles.map(|handle| handle.is_ok_and(|handle| handle.join().is_ok()));
        joined == [true; 2]
    });
}

fn on_v5(workers: usize, levels: u32, work: Duration) -> Reading {
    let pool = v5_futures::Pool::new(workers, PLACES).expect("within the limits");
    let tree = Tree::new(pool, work);
    let inside = Arc::clone(&tree);
    let root = spawn(&tree, 0, move || task_of_v5(&inside, 0, levels));
    let root = root.expect("the pool is open");
    let hung = root.join_timeout(PATIENCE).is_err();
    if hung {
        // To drop the pool would mean to wait for it.
        std::mem::forget(Arc::clone(&tree));
    } else {
        tree.pool.wait_idle();
    }
    tree.read(hung)
}

fn report(outcome: &mut Outcome, version: &str, workers: usize, reading: &Reading) {
    let Reading {
        hung,
        started,
        finished,
        in_place,
        deepest,
        ..
    } = *reading;
    let all = tasks(LEVELS);
    let s = if workers == 1 { " " } else { "s" };
    let end = if hung { "hangs" } else { "comes to its end" };
    let mut line = format!(
        "{version}, {workers:2} worker{s}: {end}, {started} of {all} started, {finished} finished"
    );
    let mut values = vec![
        ("hung", usize::from(hung)),
        ("started", started),
        ("finished", finished),
    ];
    if version == "v5" {
        // All but the root are joined.
        let elsewhere = started.saturating_sub(1 + in_place);
        line +=
            &format!("; {in_place} in place, {elsewhere} elsewhere, up to {deepest} on one stack");
        values.push(("in_place", in_place));
        values.push(("elsewhere", elsewhere));
        values.push(("deepest", deepest));
    }
    outcome.tell(line);
    for (field, value) in values {
        outcome.result(format!("{version}.w{workers}.{field}"), value as f64);
    }
}

fn drawn(reading: Reading, title: &str, workers: u64) -> Trace {
    Trace {
        title: title.into(),
        workers,
        capacity: PLACES as u64,
        ..reading.trace
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let mut held = true;
    for workers in [1, 2, 4, 16] {
        let reading = on_v4(workers, LEVELS, Duration::ZERO);
        report(&mut outcome, "v4", workers, &reading);
        // One worker for each parent, and another one.
        held &= reading.hung == (workers <= inner(LEVELS));
    }
    for workers in [1, 2, 4] {
        let reading = on_v5(workers, LEVELS, Duration::ZERO);
        report(&mut outcome, "v5", workers, &reading);
        let all = reading.finished == tasks(LEVELS);
        held &= all && !reading.hung && (workers > 1 || reading.in_place == tasks(LEVELS) - 1);
    }
    let mut hangs = on_v4(2, LEVELS_DRAWN, WORK);
    // They have ended because the experiment let them go.
    let events = &mut hangs.trace.events;
    events.retain(|event| event.kind != Kind::Finished);
    let title =
        "v4: both workers wait for tasks that no worker is left to run, until these are taken back";
    outcome
        .traces
        .insert("v5-joining-hangs", drawn(hangs, title, 2));
    let claims = on_v5(2, LEVELS_DRAWN, WORK);
    let title = "v5: who joins a task that has not begun runs it, on top of its own";
    outcome
        .traces
        .insert("v5-joining-claims", drawn(claims, title, 2));
    outcome.result("tasks", tasks(LEVELS) as f64);
    outcome.result("inner", inner(LEVELS) as f64);
    outcome.held = held;
    outcome
}
