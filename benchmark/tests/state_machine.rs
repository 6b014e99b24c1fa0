//! Random sequences of calls against a model of a pool that fits on a page.
//!
//! Tasks run until they are told to end, so after each call it is known who runs, who is queued
//! and who is gone, and the pool must come to the same state. A sequence that fails is made shorter
//! by `proptest`, and kept in `proptest-regressions`.

#[path = "../../v1-fixed/tests/common/mod.rs"]
mod common;

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::sync::{Arc, Mutex, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use benchmark::contender::{
    Cancellable, Dispatching, Dynamic, Failure, Joining, Lawful, LawfulGroup, LawfulHandle, Level,
    Patience, Placement, Prioritised, Refused, Stealing, Why,
};
use common::{Watchdog, until};
use proptest::prelude::*;

/// What a test may do. Numbers choose among what there is, and wrap round.
#[derive(Clone, Debug)]
enum Call {
    /// Submit, and wait so long for a place: not at all, a moment, or as long as it takes (if it
    /// would take until another call, not at all). The level counts in the priority branch, where
    /// the task has neither a group nor a token.
    Submit(Wait, Owner, Level),
    /// One of the running tasks returns.
    Return(usize),
    /// One of the running tasks panics (from v2 on).
    Panic(usize),
    /// Cancel one of the tokens (from v2 on).
    CancelToken(usize),
    /// Cancel the pool (from v2 on).
    CancelPool,
    /// Close the pool, and take back what is queued (from v2 on).
    ShutdownNow,
    /// New limits (from v3 on).
    Resize(usize, usize),
    /// Submit so many at once, and wait for places or do not (from v4 on; those for which there
    /// will be no place come back).
    Batch(bool, usize),
    /// One of the running tasks submits so many, one by one or at once (from v4 on).
    OnWorker(usize, usize, bool),
    /// Cancel a task by its handle (from v5 on; so are the next three).
    CancelHandle(usize),
    /// Join a task that is over; one that is not gives its handle back.
    Join(usize),
    /// One of the running tasks joins a task that is queued, or over.
    JoinOnWorker(usize, usize),
    DropHandle(usize),
    /// Wait for a group, or for all, if that can be over.
    WaitGroup(usize),
    WaitIdle,
}

#[derive(Clone, Copy, Debug)]
enum Wait {
    None,
    Moment,
    Forever,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Owner {
    Pool,
    Group(usize),
    /// The task has this token (from v2 on).
    Token(usize),
}

const GROUPS: usize = 2;
const TOKENS: usize = 3;

/// Where a task is, in the model and as it says by itself.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    Queued,
    Running,
    /// It has run, and is dropped.
    Ended,
    /// It was dropped, and has not run.
    Dropped,
    /// Its owner has it again.
    Back,
}

/// A pool of some version. What it cannot do is never asked of it.
trait Version {
    type Pool: Lawful;
    type Token;
    type Handle: LawfulHandle<usize>;
    const LEVEL: usize;
    /// Whether tasks of one level start in the order in which they were submitted.
    const ORDERED: bool = true;
    /// How many later tasks may overtake a task, for each level between them, if there are levels.
    const AGEING: Option<u64> = None;

    fn build(threads: usize, capacity: usize) -> Self::Pool;
    fn token() -> Self::Token;
    fn cancel(_: &Self::Token) {
        unreachable!("from v2 on")
    }
    fn submit_with(_: &Self::Pool, _: &Self::Token, _: Task) -> Result<(), Refused> {
        unreachable!("from v2 on")
    }
    fn cancel_pool(_: &Self::Pool) {
        unreachable!("from v2 on")
    }
    fn shutdown_now(_: &Self::Pool) -> Vec<Box<dyn FnOnce() + Send>> {
        unreachable!("from v2 on")
    }
    fn submit_at(_: &Self::Pool, _: Level, _: Patience, _: Task) -> Result<(), Refused> {
        unreachable!("in the priority branch")
    }
    /// Accepted, completed, panicked, cancelled, returned.
    fn endings(_: &Self::Pool) -> Option<[usize; 5]> {
        None
    }
    fn resize(_: &Self::Pool, _min: usize, _max: usize) {
        unreachable!("from v3 on")
    }
    /// Workers that there are, if they can change.
    fn live(_: &Self::Pool) -> Option<usize> {
        None
    }
    /// How many were accepted, and why the others were not.
    fn submit_batch(_: &Self::Pool, _patient: bool, _: Vec<Task>) -> (usize, Option<Why>) {
        unreachable!("from v4 on")
    }
    /// The way to the result, and the task, if it was refused.
    fn spawn(
        _: &Self::Pool,
        _: Patience,
        _: Option<&Self::Token>,
        _: Task,
    ) -> (Self::Handle, Option<Refused>) {
        unreachable!("from v5 on")
    }
}

/// What the versions from v2 on have in common.
macro_rules! cancellable {
    () => {
        type Pool = P;
        type Token = P::Token;

        fn token() -> P::Token {
            P::token()
        }
        fn cancel(token: &P::Token) {
            P::cancel(token);
        }
        fn submit_with(pool: &P, token: &P::Token, task: Task) -> Result<(), Refused> {
            pool.submit_with(token, move || _ = task.run())
        }
        fn cancel_pool(pool: &P) {
            pool.cancel_all();
        }
        fn shutdown_now(pool: &P) -> Vec<Box<dyn FnOnce() + Send>> {
            pool.shutdown_now()
        }
        fn endings(pool: &P) -> Option<[usize; 5]> {
            let endings = pool.endings();
            Some([
                endings.accepted,
                endings.completed,
                endings.panicked,
                endings.cancelled,
                endings.returned,
            ])
        }
    };
}

/// What the versions from v4 on have in common.
macro_rules! queues {
    () => {
        cancellable!();
        const ORDERED: bool = false;

        fn build(threads: usize, capacity: usize) -> P {
            let (placement, stealing) = SETTINGS[N];
            // A minute without a task is longer than any sequence takes.
            let least = if GROWS { 0 } else { threads };
            P::build_with(least..=threads, capacity, placement, stealing).unwrap()
        }
        fn resize(pool: &P, min: usize, max: usize) {
            pool.resize(min..=max).unwrap();
        }
        fn live(pool: &P) -> Option<usize> {
            GROWS.then(|| pool.workers().live)
        }
        fn submit_batch(pool: &P, patient: bool, tasks: Vec<Task>) -> (usize, Option<Why>) {
            let tasks = tasks.into_iter().map(|task| move || _ = task.run());
            pool.submit_batch(patient, tasks)
        }
    };
}

/// The handle that versions before v5 do not have.
enum NoHandle {}

impl LawfulHandle<usize> for NoHandle {
    fn join(self) -> Result<usize, Failure> {
        match self {}
    }
    fn join_timeout(self, _: Duration) -> Result<Result<usize, Failure>, NoHandle> {
        match self {}
    }
    fn poll(&mut self, _: &mut Context<'_>) -> Poll<Result<usize, Failure>> {
        match *self {}
    }
    fn cancel(&self) -> bool {
        match *self {}
    }
    fn is_finished(&self) -> bool {
        match *self {}
    }
}

struct V1;
struct Later<P, const LEVEL: usize>(std::marker::PhantomData<P>);
/// With levels.
struct Levels<P, const AGEING: u64>(std::marker::PhantomData<P>);
struct Changing<P>(std::marker::PhantomData<P>);
/// With a queue for each worker, and the settings of that number.
struct Queues<P, const GROWS: bool, const SETTINGS: usize>(std::marker::PhantomData<P>);
/// And with handles.
struct Handles<P, const GROWS: bool, const SETTINGS: usize>(std::marker::PhantomData<P>);

const SETTINGS: [(Placement, Stealing); 4] = [
    (Placement::RoundRobin, Stealing::One),
    (Placement::RoundRobin, Stealing::Half),
    (Placement::LeastLoaded, Stealing::One),
    (Placement::LeastLoaded, Stealing::Half),
];

/// A task of the test: announces that it runs, and then waits for orders.
struct Task {
    number: usize,
    places: Arc<Mutex<Vec<Place>>>,
    orders: mpsc::Receiver<Order>,
}

enum Order {
    Return,
    Panic,
    /// Do this first.
    Call(Box<dyn FnOnce() + Send>),
}

impl Task {
    fn run(self) -> usize {
        self.places.lock().unwrap()[self.number] = Place::Running;
        loop {
            match self.orders.recv().unwrap() {
                Order::Return => return self.number,
                Order::Panic => resume_unwind(Box::new("as ordered")),
                Order::Call(what) => what(),
            }
        }
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        let place = &mut self.places.lock().unwrap()[self.number];
        *place = match *place {
            Place::Queued => Place::Dropped,
            Place::Running => Place::Ended,
            ended => panic!("dropped twice: {ended:?}"),
        };
    }
}

impl Version for V1 {
    type Pool = v1_fixed::Pool;
    type Token = ();
    type Handle = NoHandle;
    const LEVEL: usize = 1;

    fn build(threads: usize, capacity: usize) -> v1_fixed::Pool {
        <v1_fixed::Pool as Lawful>::build(threads, capacity).unwrap()
    }
    fn token() {}
}

impl<P: Cancellable, const LEVEL: usize> Version for Later<P, LEVEL> {
    cancellable!();
    type Handle = NoHandle;
    const LEVEL: usize = LEVEL;

    fn build(threads: usize, capacity: usize) -> P {
        P::build(threads, capacity).unwrap()
    }
}

impl<P: Prioritised, const AGEING: u64> Version for Levels<P, AGEING> {
    cancellable!();
    type Handle = NoHandle;
    const LEVEL: usize = 2;
    const AGEING: Option<u64> = Some(AGEING);

    fn build(threads: usize, capacity: usize) -> P {
        P::build_ageing(threads, capacity, AGEING).unwrap()
    }
    fn submit_at(pool: &P, level: Level, patience: Patience, task: Task) -> Result<(), Refused> {
        pool.submit_at(level, patience, move || _ = task.run())
    }
}

impl<P: Dynamic> Version for Changing<P> {
    cancellable!();
    type Handle = NoHandle;
    const LEVEL: usize = 3;

    fn build(threads: usize, capacity: usize) -> P {
        // Nobody leaves for being idle: when that is, no model can tell.
        P::build_dynamic(0..=threads, capacity, Duration::MAX).unwrap()
    }
    fn resize(pool: &P, min: usize, max: usize) {
        pool.resize(min..=max).unwrap();
    }
    fn live(pool: &P) -> Option<usize> {
        Some(pool.workers().live)
    }
}

impl<P: Dispatching, const GROWS: bool, const N: usize> Version for Queues<P, GROWS, N> {
    queues!();
    type Handle = NoHandle;
    const LEVEL: usize = 4;
}

impl<P: Joining, const GROWS: bool, const N: usize> Version for Handles<P, GROWS, N> {
    queues!();
    type Handle = P::Handle<usize>;
    const LEVEL: usize = 5;

    fn spawn(
        pool: &P,
        patience: Patience,
        token: Option<&P::Token>,
        task: Task,
    ) -> (P::Handle<usize>, Option<Refused>) {
        pool.spawn(patience, token, move || task.run())
    }
}

/// What a pool should be like.
struct Model {
    /// Whether tasks start in order. If not, the pool decides who runs, and the model follows it.
    ordered: bool,
    min: usize,
    max: usize,
    live: usize,
    capacity: usize,
    /// Who runs, one for each busy worker.
    running: Vec<usize>,
    /// Who waits for whom that its worker runs on top.
    waiting: Vec<(usize, usize)>,
    queue: VecDeque<usize>,
    owners: Vec<Owner>,
    /// What each task is ordered by: the number of its acceptance, and more of it the less urgent
    /// it is.
    deadlines: Vec<(u64, Reverse<Level>)>,
    ageing: u64,
    places: Vec<Place>,
    cancelled_tokens: [bool; TOKENS],
    cancelled: bool,
    closed: bool,
    /// Those that have panicked, and those that were handed back.
    panicked: Vec<usize>,
    returned: Vec<usize>,
    /// Accepted, completed, panicked, cancelled, returned.
    endings: [usize; 5],
}

impl Model {
    /// A pool without tasks, with its least number of workers.
    fn new(min: usize, max: usize, capacity: usize) -> Model {
        Model {
            ordered: true,
            min,
            max,
            live: min,
            capacity,
            running: Vec::new(),
            waiting: Vec::new(),
            queue: VecDeque::new(),
            owners: Vec::new(),
            deadlines: Vec::new(),
            ageing: 0,
            places: Vec::new(),
            cancelled_tokens: [false; TOKENS],
            cancelled: false,
            closed: false,
            panicked: Vec::new(),
            returned: Vec::new(),
            endings: [0; 5],
        }
    }

    fn unfinished(&self) -> usize {
        self.running.len() + self.waiting.len() + self.queue.len()
    }

    /// What the handle of a task says, if it is over.
    fn result(&self, task: usize) -> Option<Result<usize, Failure>> {
        match self.places[task] {
            Place::Queued | Place::Running => None,
            Place::Ended if self.panicked.contains(&task) => Some(Err(Failure::Panicked)),
            Place::Ended => Some(Ok(task)),
            Place::Dropped if !self.returned.contains(&task) => Some(Err(Failure::Cancelled)),
            Place::Dropped | Place::Back => Some(Err(Failure::Abandoned)),
        }
    }

    /// Takes a task out of the queue, wherever it is there.
    fn claim(&mut self, task: usize) {
        self.queue.retain(|queued| *queued != task);
    }

    /// Whoever has taken the task has dropped it.
    fn call_off(&mut self, task: usize) {
        self.places[task] = Place::Dropped;
        self.endings[3] += 1;
    }

    /// Whether nobody is idle while a task is queued, which is law 10.
    fn at_rest(&self) -> bool {
        self.queue.is_empty() || self.running.len() == self.live
    }

    fn is_cancelled(&self, owner: Owner) -> bool {
        self.cancelled || matches!(owner, Owner::Token(token) if self.cancelled_tokens[token])
    }

    /// Whether a task is accepted, and if not, why.
    fn submit(&mut self, wait: Wait, owner: Owner, level: Level) -> Option<Why> {
        let refused = self.shut(owner).or_else(|| {
            let equal = |task: &&usize| self.deadlines[**task].1.0 == level;
            let full = self.queue.iter().filter(equal).count() >= self.capacity;
            full.then_some(match wait {
                Wait::Moment => Why::Timeout,
                Wait::None | Wait::Forever => Why::Full,
            })
        });
        self.enter(owner, level, refused.is_none());
        self.settle();
        refused
    }

    /// Why nobody is let in, if so.
    fn shut(&self, owner: Owner) -> Option<Why> {
        if self.closed {
            Some(Why::ShutDown)
        } else {
            self.is_cancelled(owner).then_some(Why::Cancelled)
        }
    }

    /// A new task, which is accepted or not.
    fn enter(&mut self, owner: Owner, level: Level, accepted: bool) {
        self.owners.push(owner);
        let below = Level::High as u64 - level as u64;
        let deadline = self.endings[0] as u64 + self.ageing * below;
        self.deadlines.push((deadline, Reverse(level)));
        self.places
            .push(if accepted { Place::Queued } else { Place::Back });
        if accepted {
            self.queue.push_back(self.places.len() - 1);
            self.endings[0] += 1;
            self.grow();
        }
    }

    /// On demand: a worker for each unfinished task, but for those that wait for one on top of
    /// them.
    fn grow(&mut self) {
        if !self.closed {
            let wanted = self.running.len() + self.queue.len();
            self.live = self.live.max(wanted.clamp(self.min, self.max));
        }
    }

    /// Which task is next.
    fn next(&self) -> Option<usize> {
        let deadline = |task: &usize| self.deadlines[*task];
        self.queue.iter().copied().min_by_key(deadline)
    }

    /// Idle workers take what is queued.
    fn settle(&mut self) {
        while self.ordered
            && self.running.len() < self.live
            && let Some(task) = self.next()
        {
            self.claim(task);
            if self.is_cancelled(self.owners[task]) {
                self.call_off(task);
            } else {
                self.places[task] = Place::Running;
                self.running.push(task);
            }
        }
    }

    /// Idle workers of the pool have taken some of what is queued, in whatever order: those of the
    /// model do the same.
    fn follow(&mut self, places: &[Place], queue_len: usize, cancelled: usize) {
        let (mut running, mut queue) = (self.running.clone(), VecDeque::new());
        let mut dropped = 0;
        for (task, (now, before)) in places.iter().zip(&self.places).enumerate() {
            let called_off = self.is_cancelled(self.owners[task]);
            match (before, now) {
                (Place::Queued, Place::Queued) => queue.push_back(task),
                (Place::Queued, Place::Running) if !called_off => running.push(task),
                (Place::Queued, Place::Dropped) if called_off => dropped += 1,
                (before, now) if before == now => {}
                _ => return,
            }
        }
        let same = queue.len() == queue_len && self.endings[3] + dropped == cancelled;
        if same && running.len() <= self.live {
            self.places.copy_from_slice(places);
            self.endings[3] += dropped;
            (self.running, self.queue) = (running, queue);
        }
    }

    fn end(&mut self, at: usize, ending: usize) -> usize {
        let task = self.running[at];
        self.places[task] = Place::Ended;
        self.endings[ending] += 1;
        if ending == 2 {
            self.panicked.push(task);
        }
        match self.waiting.iter().position(|(_, child)| *child == task) {
            Some(below) => self.running[at] = self.waiting.swap_remove(below).0,
            None => {
                self.running.remove(at);
                // Its worker is above the limit, and leaves.
                if self.live > self.max {
                    self.live -= 1;
                }
            }
        }
        self.settle();
        task
    }

    /// A running task waits for a queued one, and its worker runs that.
    fn join(&mut self, at: usize, task: usize) {
        self.claim(task);
        if self.is_cancelled(self.owners[task]) {
            self.call_off(task);
        } else {
            self.places[task] = Place::Running;
            let parent = std::mem::replace(&mut self.running[at], task);
            self.waiting.push((parent, task));
        }
    }

    fn resize(&mut self, min: usize, max: usize) {
        (self.min, self.max) = (min, max);
        self.live = self.live.min(max.max(self.running.len()));
        self.grow();
        self.settle();
    }
}

fn run<V: Version>(threads: usize, capacity: usize, calls: Vec<Call>) {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(V::build(threads, capacity));
    let groups: Vec<_> = (0..GROUPS).map(|_| pool.group()).collect();
    let tokens: Vec<_> = (0..TOKENS).map(|_| V::token()).collect();
    let places = Arc::new(Mutex::new(Vec::new()));
    let mut orders = Vec::new();
    // Of which task a handle is, and who waits for which task on a worker.
    let (mut handles, mut joins) = (Vec::new(), Vec::new());
    let fixed = V::live(&pool).is_none();
    let mut model = Model::new(if fixed { threads } else { 0 }, threads, capacity);
    model.ordered = V::ORDERED;
    model.ageing = V::AGEING.unwrap_or(0);
    let mut done = String::new();
    for call in calls {
        writeln!(done, "{call:?}").unwrap();
        match call {
            Call::Submit(wait, owner, level) => {
                let owner = match owner {
                    Owner::Token(_) if V::LEVEL < 2 => Owner::Pool,
                    owner => owner,
                };
                let has_level = V::AGEING.is_some() && owner == Owner::Pool;
                let level = if has_level { level } else { Level::Normal };
                let refused = model.submit(wait, owner, level);
                // Who would wait until the next call does not wait.
                let wait = match wait {
                    Wait::Forever if refused == Some(Why::Full) => Wait::None,
                    wait => wait,
                };
                if matches!(refused, Some(Why::Full | Why::Timeout)) && owner != Owner::Pool {
                    // Groups and tokens have no way to submit that does not wait.
                    places.lock().unwrap().push(Place::Back);
                    orders.push(None);
                    continue;
                }
                let task = new_tasks(1, &places, &mut orders).remove(0);
                let patience = match wait {
                    Wait::None => Patience::None,
                    Wait::Moment => Patience::For(Duration::from_micros(50)),
                    Wait::Forever => Patience::Forever,
                };
                let number = orders.len() - 1;
                let submitted = match owner {
                    Owner::Group(group) => groups[group].submit(move || _ = task.run()),
                    owner if V::LEVEL >= 5 => {
                        let token = match owner {
                            Owner::Token(token) => Some(&tokens[token]),
                            _ => None,
                        };
                        let (handle, refused) = V::spawn(&pool, patience, token, task);
                        handles.push((number, handle));
                        refused.map_or(Ok(()), Err)
                    }
                    Owner::Pool if has_level => V::submit_at(&pool, level, patience, task),
                    Owner::Pool => pool.submit(patience, move || _ = task.run()),
                    Owner::Token(token) => V::submit_with(&pool, &tokens[token], task),
                };
                let why = submitted.err().map(|refused| {
                    drop(refused.task);
                    let place = &mut places.lock().unwrap()[number];
                    assert_eq!(*place, Place::Dropped, "a refused task has run");
                    *place = Place::Back;
                    refused.why
                });
                assert_eq!(why, refused, "after\n{done}");
            }
            Call::Return(at) | Call::Panic(at) if !model.running.is_empty() => {
                let at = at % model.running.len();
                let panics = V::LEVEL >= 2 && matches!(call, Call::Panic(_));
                let (order, ending) = if panics {
                    (Order::Panic, 2)
                } else {
                    (Order::Return, 1)
                };
                let task = model.end(at, ending);
                orders[task].as_ref().unwrap().send(order).unwrap();
            }
            Call::CancelToken(token) if V::LEVEL >= 2 => {
                V::cancel(&tokens[token]);
                model.cancelled_tokens[token] = true;
                model.settle();
            }
            Call::CancelPool if V::LEVEL >= 2 => {
                V::cancel_pool(&pool);
                model.cancelled = true;
                model.settle();
            }
            Call::ShutdownNow if V::LEVEL >= 2 => {
                model.closed = true;
                let back = V::shutdown_now(&pool);
                assert_eq!(back.len(), model.queue.len(), "after\n{done}");
                for task in &model.queue {
                    let order = orders[*task].as_ref().unwrap();
                    order.send(Order::Return).unwrap();
                }
                // The test runs every other one, and drops the others.
                let run = back.len().div_ceil(2);
                for (n, task) in back.into_iter().enumerate() {
                    if n % 2 == 0 {
                        task();
                    }
                }
                let places = places.lock().unwrap();
                let ended = |task: &&usize| places[**task] == Place::Ended;
                assert_eq!(model.queue.iter().filter(ended).count(), run);
                // They come back in the order in which they would have started.
                model
                    .queue
                    .make_contiguous()
                    .sort_by_key(|task| model.deadlines[*task]);
                let every_other = |(n, task)| !V::ORDERED || ended(&task) == (n % 2 == 0);
                assert!(
                    model.queue.iter().enumerate().all(every_other),
                    "after\n{done}"
                );
                for task in model.queue.drain(..) {
                    model.places[task] = places[task];
                    model.returned.push(task);
                    model.endings[4] += 1;
                }
                // Who has nothing to do leaves.
                model.live = model.running.len();
            }
            Call::Resize(min, more) if V::LEVEL >= 3 && !fixed && !model.closed => {
                let max = (min + more).max(1);
                V::resize(&pool, min, max);
                model.resize(min, max);
            }
            Call::Batch(patient, size) if V::LEVEL >= 4 => {
                let shut = model.shut(Owner::Pool);
                let room = model.capacity.saturating_sub(model.queue.len());
                let idle = model.live - model.running.len();
                // Who would wait until the next call does not wait.
                let patient = patient && (shut.is_some() || size <= room + idle);
                let new = new_tasks(size, &places, &mut orders);
                let (accepted, why) = V::submit_batch(&pool, patient, new);
                // Those whom idle workers or new ones have taken meanwhile have made room for
                // others.
                let least = match shut {
                    Some(_) => 0,
                    None if patient => size,
                    None => size.min(room),
                };
                let expected = if accepted == size {
                    None
                } else {
                    shut.or(Some(Why::Full))
                };
                let most = if shut.is_some() { 0 } else { size };
                assert_eq!(why, expected, "after\n{done}");
                assert!(
                    (least..=most).contains(&accepted),
                    "{accepted} after\n{done}"
                );
                for n in 0..size {
                    model.enter(Owner::Pool, Level::Normal, n < accepted);
                }
                come_back(size - accepted, &places, &done);
            }
            Call::OnWorker(at, size, batch) if V::LEVEL >= 4 && !model.running.is_empty() => {
                let at = model.running[at % model.running.len()];
                let shut = model.shut(Owner::Pool);
                let new = new_tasks(size, &places, &mut orders);
                let (inside, (tell, told)) = (Arc::clone(&pool), mpsc::channel());
                let what = move || {
                    let submitted = if batch {
                        V::submit_batch(&inside, true, new)
                    } else {
                        let each = new.into_iter().map(|task| {
                            let submitted = inside.submit(Patience::None, move || _ = task.run());
                            submitted.err().map(|refused| refused.why)
                        });
                        let refused: Vec<_> = each.collect();
                        let accepted = refused.iter().filter(|why| why.is_none()).count();
                        (accepted, refused.into_iter().flatten().next())
                    };
                    drop(inside);
                    tell.send(submitted).unwrap();
                };
                let order = Order::Call(Box::new(what));
                orders[at].as_ref().unwrap().send(order).unwrap();
                // There is always a place.
                let accepted = if shut.is_none() { size } else { 0 };
                let why = shut.filter(|_| size > 0);
                assert_eq!(told.recv().unwrap(), (accepted, why), "after\n{done}");
                for _ in 0..size {
                    model.enter(Owner::Pool, Level::Normal, shut.is_none());
                }
                come_back(size - accepted, &places, &done);
            }
            Call::CancelHandle(at) if !handles.is_empty() => {
                let (task, handle) = &handles[at % handles.len()];
                let in_time = model.places[*task] == Place::Queued;
                assert_eq!(handle.cancel(), in_time, "after\n{done}");
                if in_time {
                    model.claim(*task);
                    model.call_off(*task);
                }
            }
            Call::Join(at) if !handles.is_empty() => {
                let at = at % handles.len();
                let (task, mut handle) = handles.swap_remove(at);
                let result = model.result(task);
                assert_eq!(handle.is_finished(), result.is_some(), "after\n{done}");
                if result.is_some() {
                    let said = if at % 2 == 0 {
                        handle.join()
                    } else {
                        match handle.poll(&mut Context::from_waker(Waker::noop())) {
                            Poll::Ready(result) => result,
                            Poll::Pending => panic!("task {task} is over after\n{done}"),
                        }
                    };
                    assert_eq!(Some(said), result, "after\n{done}");
                } else if let Err(handle) = handle.join_timeout(Duration::ZERO) {
                    handles.push((task, handle));
                } else {
                    panic!("task {task} is not over after\n{done}");
                }
            }
            Call::JoinOnWorker(at, handle) if !model.running.is_empty() && !handles.is_empty() => {
                let (at, handle) = (at % model.running.len(), handle % handles.len());
                let (parent, child) = (model.running[at], handles[handle].0);
                if model.places[child] == Place::Running {
                    continue; // it would sleep, and no order would reach it
                }
                let (_, handle) = handles.swap_remove(handle);
                let (tell, told) = mpsc::channel();
                let joins_it = move || _ = tell.send(handle.join());
                let order = Order::Call(Box::new(joins_it));
                orders[parent].as_ref().unwrap().send(order).unwrap();
                joins.push((child, told));
                if model.places[child] == Place::Queued {
                    model.join(at, child);
                }
            }
            Call::DropHandle(at) if !handles.is_empty() => {
                drop(handles.swap_remove(at % handles.len()));
            }
            Call::WaitGroup(group) => {
                let mine = |task: &&usize| model.owners[**task] == Owner::Group(group);
                let waiting = model.waiting.iter().map(|(parent, _)| parent);
                let unfinished = model.running.iter().chain(waiting).chain(&model.queue);
                if unfinished.into_iter().all(|task| !mine(&task)) {
                    groups[group].wait();
                }
            }
            Call::WaitIdle if model.unfinished() == 0 => pool.wait_idle(),
            _ => continue,
        }
        if model.closed {
            model.live = model.running.len();
        }
        // The pool comes to the state of the model. If not, the watchdog tells of the pool.
        let mut patience = 0_usize;
        until(|| {
            patience += 1;
            if !V::ORDERED {
                let cancelled = V::endings(&pool).map_or(0, |endings| endings[3]);
                let queue_len = pool.queue_len();
                model.follow(&places.lock().unwrap(), queue_len, cancelled);
            }
            let settled = *places.lock().unwrap() == model.places
                && model.at_rest()
                && pool.queue_len() == model.queue.len()
                && V::live(&pool).is_none_or(|live| live == model.live)
                && V::endings(&pool).is_none_or(|endings| endings == model.endings);
            if !settled && patience == 2_000_000 {
                eprintln!(
                    "{:?} and not {:?} after\n{done}",
                    places.lock().unwrap(),
                    model.places
                );
            }
            settled
        });
        joins.retain(|(child, told): &(usize, mpsc::Receiver<_>)| {
            let result = model.result(*child);
            if let Some(result) = result {
                assert_eq!(told.recv(), Ok(result), "after\n{done}");
            }
            result.is_none()
        });
    }
    for order in orders.into_iter().flatten() {
        let _ = order.send(Order::Return); // to those who still run, and who will
    }
    pool.wait_idle();
    pool.shutdown();
    assert_eq!(pool.threads(), 0);
    let places = places.lock().unwrap();
    let left = |place: &Place| matches!(place, Place::Queued | Place::Running);
    assert!(!places.iter().any(left), "{places:?} after\n{done}");
    if let Some([accepted, endings @ ..]) = V::endings(&pool) {
        assert_eq!(accepted, endings.iter().sum::<usize>(), "after\n{done}");
    }
}

/// Tasks that wait for orders when they run.
fn new_tasks(
    number: usize,
    places: &Arc<Mutex<Vec<Place>>>,
    orders: &mut Vec<Option<mpsc::Sender<Order>>>,
) -> Vec<Task> {
    let new_task = |_| {
        let (order, ordered) = mpsc::channel();
        orders.push(Some(order));
        places.lock().unwrap().push(Place::Queued);
        Task {
            number: orders.len() - 1,
            places: Arc::clone(places),
            orders: ordered,
        }
    };
    (0..number).map(new_task).collect()
}

/// The last tasks were refused, and the test has dropped them.
fn come_back(number: usize, places: &Mutex<Vec<Place>>, done: &str) {
    for place in places.lock().unwrap().iter_mut().rev().take(number) {
        assert_eq!(*place, Place::Dropped, "a refused task has run\n{done}");
        *place = Place::Back;
    }
}

fn calls() -> impl Strategy<Value = Vec<Call>> {
    let wait = prop_oneof![Just(Wait::None), Just(Wait::Moment), Just(Wait::Forever)];
    let owner = prop_oneof![
        3 => Just(Owner::Pool),
        1 => (0..GROUPS).prop_map(Owner::Group),
        1 => (0..TOKENS).prop_map(Owner::Token),
    ];
    let level = prop_oneof![Just(Level::Low), Just(Level::Normal), Just(Level::High)];
    let call = prop_oneof![
        12 => (wait, owner, level)
            .prop_map(|(wait, owner, level)| Call::Submit(wait, owner, level)),
        6 => (0..8_usize).prop_map(Call::Return),
        2 => (0..8_usize).prop_map(Call::Panic),
        1 => (0..TOKENS).prop_map(Call::CancelToken),
        2 => (0..3_usize, 0..3_usize).prop_map(|(min, more)| Call::Resize(min, more)),
        3 => (any::<bool>(), 0..7_usize).prop_map(|(patient, size)| Call::Batch(patient, size)),
        3 => (0..8_usize, 0..5_usize, any::<bool>())
            .prop_map(|(at, size, batch)| Call::OnWorker(at, size, batch)),
        2 => (0..16_usize).prop_map(Call::CancelHandle),
        2 => (0..16_usize).prop_map(Call::Join),
        4 => (0..8_usize, 0..16_usize).prop_map(|(at, handle)| Call::JoinOnWorker(at, handle)),
        1 => (0..16_usize).prop_map(Call::DropHandle),
        1 => (0..GROUPS).prop_map(Call::WaitGroup),
        1 => Just(Call::WaitIdle),
    ];
    // The ways to stop come late, if they come.
    let stop = prop_oneof![Just(Call::CancelPool), Just(Call::ShutdownNow)];
    let calls = prop::collection::vec(call.clone(), 1..40);
    let after = (prop::option::of(stop), prop::collection::vec(call, 0..10));
    (calls, after).prop_map(|(mut calls, (stop, after))| {
        calls.extend(stop);
        calls.extend(after);
        calls
    })
}

/// A million cases if you like: `PROPTEST_CASES=1000000 cargo test -p benchmark --test
/// state_machine`.
macro_rules! versions {
    ($($name:ident: $version:ty;)*) => {
        proptest! {
            #![proptest_config(ProptestConfig {
                cases: std::env::var("PROPTEST_CASES").map_or(150, |cases| cases.parse().unwrap()),
                max_shrink_iters: 2000,
                ..ProptestConfig::default()
            })]
            $(
                #[test]
                fn $name(threads in 1..4_usize, capacity in 1..4_usize, calls in calls()) {
                    run::<$version>(threads, capacity, calls);
                }
            )*
        }
    };
}

versions! {
    v1_is_like_the_model: V1;
    v2_is_like_the_model: Later<v2_cancel_panic::Pool, 2>;
    rate_limit_without_a_limit_is_like_the_model: Later<rate_limit::Pool, 2>;
    priority_is_like_the_model: Levels<priority::Pool, 2>;
    priority_that_ages_slowly_is_like_the_model: Levels<priority::Pool, 1_000_000>;
    v3_of_a_fixed_size_is_like_the_model: Later<v3_dynamic::Pool, 3>;
    v3_that_grows_is_like_the_model: Changing<v3_dynamic::Pool>;
    v4_of_a_fixed_size_is_like_the_model: Queues<v4_dedicated_queues::Pool, false, 1>;
    v4_that_grows_is_like_the_model: Queues<v4_dedicated_queues::Pool, true, 1>;
    v4_with_other_settings_is_like_the_model: Queues<v4_dedicated_queues::Pool, false, 2>;
    v4_that_grows_with_other_settings_is_like_the_model: Queues<v4_dedicated_queues::Pool, true, 3>;
    v5_of_a_fixed_size_is_like_the_model: Handles<v5_futures::Pool, false, 1>;
    v5_that_grows_is_like_the_model: Handles<v5_futures::Pool, true, 1>;
    v5_with_other_settings_is_like_the_model: Handles<v5_futures::Pool, false, 2>;
    v5_that_grows_with_other_settings_is_like_the_model: Handles<v5_futures::Pool, true, 3>;
}

/// The model could be wrong as well.
#[test]
fn the_model_accepts_queues_and_refuses_as_the_laws_say() {
    let mut model = Model::new(1, 1, 1);
    assert_eq!(model.submit(Wait::None, Owner::Pool, Level::Normal), None);
    assert_eq!(model.submit(Wait::None, Owner::Pool, Level::Normal), None);
    assert_eq!(
        model.submit(Wait::None, Owner::Pool, Level::Normal),
        Some(Why::Full)
    );
    assert_eq!(
        model.submit(Wait::Moment, Owner::Pool, Level::Normal),
        Some(Why::Timeout)
    );
    assert_eq!(
        model.places,
        [Place::Running, Place::Queued, Place::Back, Place::Back]
    );
    model.end(0, 1);
    assert_eq!(model.places[1], Place::Running);
}
