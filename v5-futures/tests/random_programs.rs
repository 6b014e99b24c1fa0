//! Random programs on random pools: trees of tasks that spawn, join, await, cancel, map and open
//! scopes. What has to come out is known without any pool.
//!
//! `PROGRAMS=100000 SEED=7 cargo test -p v5-futures --test random_programs` tries more of them.

mod common;

use std::any::Any;
use std::cell::Cell;
use std::env;
use std::fmt;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use common::Watchdog;
use v5_futures::{
    CancelToken, Eager, JoinError, JoinHandle, JoinSet, Lazy, Placement, Pool, Stats, Stealing,
    Task, TryMapError,
};

/// Small and good enough: xorshift.
struct Random(Cell<u64>);

impl Random {
    fn new(seed: u64) -> Random {
        let random = Random(Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1));
        random.next();
        random
    }

    fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    fn below(&self, end: usize) -> usize {
        (self.next() >> 8) as usize % end
    }

    fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What a node of the tree does with its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Leaf,
    Panics,
    Fork,
    ForkLater,
    Timed,
    Awaits,
    Set,
    Group,
    Map,
    TryMap,
    Scope,
    ScopeGrows,
    ScopeMap,
    ScopePanics,
    ByHand,
    HandOver,
    Cancels,
    CancelsByToken,
    DropsSet,
    DropsMap,
    Forgets,
    Looks,
    OwnPool,
}

const KINDS: [Kind; 21] = [
    Kind::Fork,
    Kind::ForkLater,
    Kind::Timed,
    Kind::Awaits,
    Kind::Set,
    Kind::Group,
    Kind::Map,
    Kind::TryMap,
    Kind::Scope,
    Kind::ScopeGrows,
    Kind::ScopeMap,
    Kind::ScopePanics,
    Kind::ByHand,
    Kind::HandOver,
    Kind::Cancels,
    Kind::CancelsByToken,
    Kind::DropsSet,
    Kind::DropsMap,
    Kind::Forgets,
    Kind::Looks,
    Kind::OwnPool,
];

/// A node: its seed says all about it.
#[derive(Clone, Copy, Debug)]
struct Node {
    seed: u64,
    depth: usize,
}

/// What a task panics with.
struct Panic(u64);

impl Node {
    fn read(self) -> (Kind, Vec<Node>, Random) {
        let random = Random::new(self.seed);
        let kind = match self.depth {
            _ if random.one_in(10) => Kind::Panics,
            0 => Kind::Leaf,
            _ => random.of(&KINDS),
        };
        let depth = self.depth.saturating_sub(1);
        let children = (0..random.below(5)).map(|_| Node {
            seed: random.next(),
            depth,
        });
        (kind, children.collect(), random)
    }

    /// What the node comes to. `Err`: it panics with that.
    fn model(self) -> Result<u64, u64> {
        let (kind, children, _) = self.read();
        let own = self.seed >> 5;
        let of_all = || children.iter().map(|child| child.worth());
        match kind {
            Kind::Leaf => Ok(own),
            Kind::Panics => Err(own),
            Kind::TryMap => {
                let failed = children.iter().position(|child| child.model().is_err());
                let some = failed.map_or(children.len(), |at| at + 1);
                Ok(of_all().take(some).fold(own, u64::wrapping_add))
            }
            Kind::Cancels
            | Kind::CancelsByToken
            | Kind::DropsSet
            | Kind::DropsMap
            | Kind::Forgets
            | Kind::Looks
            | Kind::ScopePanics => Ok(own),
            _ => Ok(of_all().fold(own, u64::wrapping_add)),
        }
    }

    fn worth(self) -> u64 {
        self.model().unwrap_or_else(|panic| panic ^ 0x5555)
    }
}

/// What all tasks have in common.
#[derive(Default)]
struct Tally {
    /// Closures that there are.
    closures: AtomicIsize,
    /// Results that there are.
    results: AtomicIsize,
    wrong: Mutex<Vec<String>>,
}

struct Program {
    pools: Vec<Pool>,
    tally: Arc<Tally>,
    /// Pools are shut down and cancelled while it runs.
    chaos: AtomicBool,
    turns: AtomicU64,
}

/// A closure that is there.
struct Closure(Arc<Tally>, AtomicBool);

impl Closure {
    fn new(tally: &Arc<Tally>) -> Closure {
        tally.closures.fetch_add(1, SeqCst);
        Closure(Arc::clone(tally), AtomicBool::new(false))
    }
}

impl Drop for Closure {
    fn drop(&mut self) {
        self.0.closures.fetch_sub(1, SeqCst);
    }
}

/// A result that is there. `None`: because of chaos nobody knows.
struct Got(Option<u64>, Arc<Tally>);

impl Got {
    fn new(value: Option<u64>, tally: &Arc<Tally>) -> Got {
        tally.results.fetch_add(1, SeqCst);
        Got(value, Arc::clone(tally))
    }
}

impl Drop for Got {
    fn drop(&mut self) {
        self.1.results.fetch_sub(1, SeqCst);
    }
}

type Handles = Vec<(Node, Option<JoinHandle<Got>>)>;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

fn sum(own: u64, parts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    // All of them, also behind one that is unknown.
    let parts: Vec<_> = parts.into_iter().collect();
    let part = |sum: u64, part: Option<u64>| Some(sum.wrapping_add(part?));
    parts.into_iter().try_fold(own, part)
}

/// Where a node runs: on a worker of this pool, or on none. Tasks wait for tasks of their own pool
/// and of those behind it only.
#[derive(Clone, Copy)]
struct Here {
    pool: usize,
    on_worker: bool,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.pools)
    }
}

impl Program {
    fn wrong(&self, what: impl Into<String>) {
        self.tally.wrong.lock().unwrap().push(what.into());
    }

    fn check(&self, holds: bool, what: &str) {
        if !holds {
            self.wrong(what);
        }
    }

    fn chaos(&self) -> bool {
        self.chaos.load(SeqCst)
    }

    /// A choice that is not the node's, and may be another one in each run.
    fn turn(&self) -> Random {
        Random::new(self.turns.fetch_add(1, SeqCst))
    }

    /// A task for a child.
    fn job(self: &Arc<Self>, pool: usize, node: Node) -> impl FnOnce() -> Got + Send + 'static {
        let program = Arc::clone(self);
        let closure = Closure::new(&self.tally);
        move || {
            program.check(!closure.1.swap(true, SeqCst), "ran twice");
            let here = Here {
                pool,
                on_worker: true,
            };
            Got::new(program.run(here, node), &program.tally)
        }
    }

    fn error(&self, node: Node, error: JoinError) -> Option<u64> {
        match error.try_into_panic() {
            Ok(payload) => match payload.downcast::<Panic>() {
                Ok(panic) => {
                    self.check(node.model() == Err(panic.0), "another panic");
                    Some(panic.0 ^ 0x5555)
                }
                Err(other) => {
                    self.wrong(format!("a strange panic: {:?}", text_of(&*other)));
                    None
                }
            },
            Err(error) => {
                self.check(self.chaos(), &format!("without chaos: {error} {node:?}"));
                None
            }
        }
    }

    /// What a scope may panic with, if there is chaos.
    fn never_ran(&self, payload: &(dyn Any + Send)) {
        let text = text_of(payload);
        let expected = text.is_some_and(|text| text.contains("never ran"));
        self.check(
            expected && self.chaos(),
            &format!("a scope panics: {text:?}"),
        );
    }

    /// What a handle has said about a child.
    fn resolve(&self, node: Node, result: Result<Got, JoinError>) -> Option<u64> {
        match result {
            Ok(got) => {
                let value = got.0?;
                self.check(node.model() == Ok(value), "another value");
                Some(value)
            }
            Err(error) => self.error(node, error),
        }
    }

    fn spawn(self: &Arc<Self>, pool: usize, node: Node) -> Option<JoinHandle<Got>> {
        let spawned = self.pools[pool].spawn(self.job(pool, node));
        if let Err(error) = &spawned {
            self.check(self.chaos(), &format!("{error}"));
        }
        spawned.ok()
    }

    fn spawn_all(self: &Arc<Self>, pool: usize, nodes: &[Node]) -> Handles {
        nodes
            .iter()
            .map(|node| (*node, self.spawn(pool, *node)))
            .collect()
    }

    fn join_all(&self, own: u64, handles: Handles) -> Option<u64> {
        let handles = handles.into_iter();
        sum(own, handles.map(|(child, handle)| self.join(child, handle)))
    }

    fn join(&self, node: Node, handle: Option<JoinHandle<Got>>) -> Option<u64> {
        self.resolve(node, handle?.join())
    }

    fn run(self: &Arc<Self>, here: Here, node: Node) -> Option<u64> {
        let (kind, children, random) = node.read();
        let own = node.seed >> 5;
        let target = here.pool + random.below(self.pools.len() - here.pool);
        let pool = &self.pools[target];
        // Whether to wait for this pool in other ways than by a join may end in a circle.
        let is_same = here.on_worker && target == here.pool;
        let turn = self.turn();
        match kind {
            Kind::Leaf => {
                match turn.below(30) {
                    0 => thread::sleep(Duration::from_micros(turn.below(200) as u64)),
                    1 => thread::yield_now(),
                    _ => (),
                }
                Some(own)
            }
            Kind::Panics => resume_unwind(Box::new(Panic(own))),
            Kind::Fork => {
                let mut handles = self.spawn_all(target, &children);
                if turn.one_in(2) {
                    handles.reverse();
                }
                self.join_all(own, handles)
            }
            Kind::ForkLater => {
                // One here, the others there, as in a divide and conquer.
                let Some((first, others)) = children.split_first() else {
                    return Some(own);
                };
                let handles = self.spawn_all(target, others);
                let in_place = catch_unwind(AssertUnwindSafe(|| self.run(here, *first)));
                let first = in_place.unwrap_or_else(|payload| worth_of(&*payload));
                let others = handles
                    .into_iter()
                    .map(|(child, handle)| self.join(child, handle));
                sum(own, [first].into_iter().chain(others))
            }
            Kind::Timed => {
                let handles = self.spawn_all(target, &children);
                let time = Duration::from_micros(turn.below(100) as u64);
                sum(
                    own,
                    handles.into_iter().map(|(child, handle)| {
                        let result = match handle?.join_timeout(time) {
                            Ok(result) => result,
                            Err(handle) => handle.join(),
                        };
                        self.resolve(child, result)
                    }),
                )
            }
            Kind::Awaits => {
                let handles = self.spawn_all(target, &children);
                let waits = |(child, handle): (Node, Option<JoinHandle<Got>>)| {
                    let mut handle = handle?;
                    if is_same {
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
                sum(own, handles.into_iter().map(waits))
            }
            Kind::Set => {
                let mut set = JoinSet::new();
                let mut lost = 0;
                for child in &children {
                    let behind = target + turn.below(self.pools.len() - target);
                    let behind = if turn.one_in(3) { behind } else { target };
                    match self.spawn(behind, *child) {
                        Some(handle) => set.insert(handle),
                        None => lost += 1,
                    }
                }
                let mut values = vec![None; lost];
                let mut times = 0;
                while !set.is_empty() {
                    times += 1;
                    let next = if turn.one_in(3) && times < 100 {
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
                sum(own, values)
            }
            Kind::Group => {
                let group = pool.group();
                let handles: Vec<_> = children
                    .iter()
                    .map(|child| (*child, group.spawn(self.job(target, *child)).ok()))
                    .collect();
                if !here.on_worker {
                    let report = group.wait();
                    let all =
                        report.completed + report.panicked + report.cancelled + report.returned;
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
                self.join_all(own, handles)
            }
            Kind::Map => {
                let job = {
                    let program = Arc::clone(self);
                    move |child: Node| {
                        let here = Here {
                            pool: target,
                            on_worker: true,
                        };
                        Got::new(program.run(here, child), &program.tally)
                    }
                };
                let mut map = pool.map(children.clone(), job);
                if turn.one_in(2) {
                    map = map.window(1 + turn.below(4));
                }
                let mut at = children.iter();
                let mut refused = false;
                let values: Vec<_> = map
                    .map(|result| {
                        refused |= result.as_ref().is_err_and(|error| !error.is_panic());
                        at.next().and_then(|child| self.resolve(*child, result))
                    })
                    .collect();
                self.check(refused || values.len() == children.len(), "a map");
                if values.len() < children.len() {
                    return None;
                }
                sum(own, values)
            }
            Kind::TryMap => {
                let job = {
                    let program = Arc::clone(self);
                    move |child: Node| {
                        let here = Here {
                            pool: target,
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
                let mut value = Some(own);
                let mut at = children.iter();
                let mut count = 0;
                for result in pool.try_map(children.clone(), job) {
                    count += 1;
                    let child = *at.next().unwrap();
                    let part = match result {
                        Ok(got) => got.0,
                        Err(TryMapError::Failed(panic)) => panic.map(|panic| panic ^ 0x5555),
                        Err(TryMapError::Join(error)) => self.error(child, error),
                        Err(_) => None,
                    };
                    value = sum(0, [value, part]);
                }
                let failed = children.iter().position(|child| child.model().is_err());
                let expected = failed.map_or(children.len(), |at| at + 1);
                self.check(self.chaos() || count == expected, "the length of a try_map");
                value
            }
            Kind::Scope | Kind::ScopeGrows => {
                let slots: Vec<_> = children.iter().map(|_| Canary::new()).collect();
                let all = Arc::new(Mutex::new(Vec::new()));
                let (slots_ref, children_ref) = (&slots, &children);
                let grows = kind == Kind::ScopeGrows;
                let here = Here {
                    pool: target,
                    on_worker: true,
                };
                let body = || {
                    pool.scope(|scope| {
                        let mut handles = Vec::new();
                        for (child, slot) in children_ref.iter().zip(slots_ref) {
                            let closure = Closure::new(&self.tally);
                            let all = Arc::clone(&all);
                            let task = move || {
                                self.check(!closure.1.swap(true, SeqCst), "ran twice");
                                let _live = slot.enter();
                                let ran = catch_unwind(AssertUnwindSafe(|| self.run(here, *child)));
                                let value = ran.unwrap_or_else(|payload| worth_of(&*payload));
                                if grows && value.is_some() {
                                    // The answer comes by a task of the task.
                                    let later = Closure::new(&self.tally);
                                    let spawned = scope.execute(move || {
                                        let _later = later;
                                        let _live = slot.enter();
                                        all.lock().unwrap().push(value);
                                    });
                                    return spawned.map_or(Got::new(None, &self.tally), |()| {
                                        Got::new(Some(0), &self.tally)
                                    });
                                }
                                Got::new(value, &self.tally)
                            };
                            handles.push(scope.spawn(task).ok());
                            if turn.one_in(8) {
                                // One that is cancelled, or not.
                                if let Ok(extra) = scope.spawn(|| slot.enter().value()) {
                                    let in_time = extra.cancel();
                                    match extra.join() {
                                        Ok(_) => self.check(!in_time, "cancelled, and ran"),
                                        Err(_) => self.check(in_time || self.chaos(), "an extra"),
                                    }
                                }
                            }
                        }
                        if turn.one_in(3) {
                            handles.reverse();
                        }
                        if turn.one_in(4) && handles.last().is_some_and(Option::is_some) {
                            let some = handles.pop().flatten().unwrap();

                            // Another task of the scope asks.
                            let asked = scope.spawn(move || some.join().ok().and_then(|got| got.0));
                            let asked = asked.map(|asked| asked.join().ok().flatten());
                            let rest = handles.into_iter().map(|handle| {
                                handle
                                    .and_then(|handle| handle.join().ok())
                                    .and_then(|got| got.0)
                            });
                            return sum(own, [asked.ok().flatten()].into_iter().chain(rest));
                        }
                        sum(
                            own,
                            handles.into_iter().map(|handle| {
                                handle
                                    .and_then(|handle| handle.join().ok())
                                    .and_then(|got| got.0)
                            }),
                        )
                    })
                };
                let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
                    self.never_ran(&*payload);
                    None
                });
                drop(slots);
                let later = take(&all);
                sum(0, [result].into_iter().chain(later))
            }
            Kind::ScopeMap => {
                let slot = Canary::new();
                let here = Here {
                    pool: target,
                    on_worker: true,
                };
                let body = || {
                    pool.scope(|scope| {
                        let work = |child: &Node| {
                            let _live = slot.enter();
                            Got::new(self.run(here, *child), &self.tally)
                        };
                        let mut map = scope.map(&children, work);
                        if turn.one_in(2) {
                            map = map.window(1 + turn.below(3));
                        }
                        let mut values = Vec::new();
                        for child in &children {
                            let Some(result) = map.next() else {
                                self.check(self.chaos(), "a map in a scope");
                                return None;
                            };
                            values.push(self.resolve(*child, result));
                        }
                        if turn.one_in(2) {
                            // Left to the scope.
                            let rest = scope.map(&children, |_| slot.enter().value());
                            drop(rest);
                            let mut rest = scope.map(&children, |_| slot.enter().value());
                            let _ = rest.next();
                        }
                        sum(own, values)
                    })
                };
                let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
                    self.never_ran(&*payload);
                    None
                });
                drop(slot);
                result
            }
            Kind::ScopePanics => {
                let slot = Canary::new();
                let scope = catch_unwind(AssertUnwindSafe(|| {
                    pool.scope(|scope| {
                        for n in 0..children.len() {
                            let slot = &slot;
                            let task = move || {
                                let _live = slot.enter();
                                if n == 0 {
                                    resume_unwind(Box::new(Panic(7)));
                                }
                            };
                            let _ = scope.execute(task);
                        }
                        if turn.one_in(2) {
                            resume_unwind(Box::new(Panic(8)));
                        }
                    });
                }));
                let empty = children.is_empty();
                match scope {
                    Ok(()) => self.check(empty || self.chaos(), "a panic was missed"),
                    Err(payload) => match payload.downcast_ref::<Panic>() {
                        Some(panic) => self.check(panic.0 == 8 || !empty, "which panic"),
                        None => self.check(self.chaos(), "a strange panic of a scope"),
                    },
                }
                drop(slot);
                Some(own)
            }
            Kind::ByHand => {
                let parts: Vec<_> = children
                    .iter()
                    .map(|child| {
                        let (task, handle) = Task::with_handle(self.job(target, *child));
                        match turn.below(4) {
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
                                let _ = pool.execute(task);
                                child.worth().into()
                            }
                            _ => match pool.execute(task) {
                                Ok(()) => self.join(*child, Some(handle)),
                                Err(rejected) => {
                                    drop(rejected);
                                    self.join(*child, Some(handle))
                                }
                            },
                        }
                    })
                    .collect();
                sum(own, parts)
            }
            Kind::HandOver => {
                let parts: Vec<_> = children
                    .iter()
                    .map(|child| {
                        let behind = target + turn.below(self.pools.len() - target);
                        let handle = self.spawn(behind, *child)?;
                        let program = Arc::clone(self);
                        let child = *child;
                        let asks = move || program.resolve(child, handle.join());
                        self.pools[target].spawn(asks).ok()?.join().ok().flatten()
                    })
                    .collect();
                sum(own, parts)
            }
            Kind::Cancels => {
                for child in children {
                    let Some(handle) = self.spawn(target, child) else {
                        continue;
                    };
                    if turn.one_in(3) {
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
                Some(own)
            }
            Kind::CancelsByToken => {
                let token = CancelToken::new();
                let mut handles = Vec::new();
                for child in children {
                    let job = self.job(target, child);
                    handles.push((child, pool.spawn_with(&token, job).ok()));
                    if turn.one_in(3) {
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
                Some(own)
            }
            Kind::DropsSet => {
                let mut set = JoinSet::new();
                for child in children {
                    if let Some(handle) = self.spawn(target, child) {
                        set.insert(handle);
                    }
                }
                match turn.below(3) {
                    0 => set.detach_all(),
                    1 => set.cancel_all(),
                    _ => _ = set.join_next(),
                }
                Some(own)
            }
            Kind::DropsMap => {
                let tally = Arc::clone(&self.tally);
                let items = (0..turn.below(2000)).map(move |n| {
                    if n == 1500 {
                        resume_unwind(Box::new(Panic(1500)));
                    }
                    n
                });
                let mut map = pool.map(items, move |n| Got::new(Some(n as u64), &tally));
                for n in 0..turn.below(1700) {
                    match catch_unwind(AssertUnwindSafe(|| map.next())) {
                        Ok(Some(Ok(got))) => {
                            self.check(got.0 == Some(n as u64), "the order of a map");
                        }
                        Ok(Some(Err(_))) => self.check(self.chaos(), "a map fails"),
                        Ok(None) => break,
                        Err(_) => break,
                    }
                }
                Some(own)
            }
            Kind::Forgets => {
                for child in children {
                    match turn.below(3) {
                        0 => {
                            let job = self.job(target, child);
                            let _ = pool.execute(move || drop(job()));
                        }
                        1 => drop(self.spawn(target, child)),
                        _ => {
                            let mut handle = self.spawn(target, child);
                            if let Some(handle) = &mut handle {
                                let mut context = Context::from_waker(Waker::noop());
                                let _ = pin!(handle).poll(&mut context);
                            }
                        }
                    }
                }
                Some(own)
            }
            Kind::Looks => {
                match turn.below(6) {
                    0 => {
                        let min = turn.below(3);
                        let _ = pool.resize(min..=(min.max(1) + turn.below(3)));
                    }
                    1 => drop(format!("{pool:?}")),
                    2 => _ = pool.queue_len(),
                    3 if !here.on_worker && !self.chaos() => {
                        _ = pool.wait_idle_timeout(Duration::from_millis(1));
                    }
                    _ => self.look(&pool.stats()),
                }
                Some(own)
            }
            Kind::OwnPool => {
                let threads = turn.below(2)..=1 + turn.below(2);
                let builder = Pool::builder()
                    .threads(threads)
                    .queue_capacity(1 + turn.below(4));
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
                let parts: Vec<_> = children
                    .iter()
                    .map(|child| {
                        if turn.one_in(2) {
                            return inner.join(*child, inner.spawn(0, *child));
                        }
                        let run = catch_unwind(AssertUnwindSafe(|| inner.run(outside, *child)));
                        run.unwrap_or_else(|payload| worth_of(&*payload))
                    })
                    .collect();
                // What was forgotten may still want the pool.
                inner.pools[0].wait_idle();
                sum(own, parts)
            }
        }
    }

    fn look(&self, stats: &Stats) {
        let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
        // Tasks below others are missing.
        self.check(
            stats.accepted >= ended + stats.queued + stats.running,
            "the sum of the stats",
        );
        self.check(stats.live == stats.idle + stats.running, "live");
        self.check(stats.live == stats.spawned - stats.retired, "spawned");
    }
}

/// What a panic is worth to the parent of the task. `None`: it is not of a task.
fn worth_of(payload: &(dyn Any + Send)) -> Option<u64> {
    payload
        .downcast_ref::<Panic>()
        .map(|panic| panic.0 ^ 0x5555)
}

fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

fn take<T>(all: &Mutex<Vec<T>>) -> Vec<T> {
    mem::take(&mut all.lock().unwrap())
}

/// What a task of a scope borrows: it must not be gone.
struct Canary {
    value: Box<AtomicU64>,
    users: AtomicUsize,
}

struct Entered<'a>(&'a Canary);

const ALIVE: u64 = 0xA11F_E000_0000_0001;

impl Canary {
    fn new() -> Canary {
        Canary {
            value: Box::new(AtomicU64::new(ALIVE)),
            users: AtomicUsize::new(0),
        }
    }

    fn enter(&self) -> Entered<'_> {
        self.users.fetch_add(1, SeqCst);
        let entered = Entered(self);
        entered.value();
        entered
    }
}

impl Entered<'_> {
    fn value(&self) -> u64 {
        if self.0.value.load(SeqCst) != ALIVE {
            eprintln!("a task has outlived its scope");
            std::process::abort();
        }
        ALIVE
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.value();
        self.0.users.fetch_sub(1, SeqCst);
    }
}

impl Drop for Canary {
    fn drop(&mut self) {
        if self.users.load(SeqCst) != 0 {
            eprintln!("a task is still in its scope");
            std::process::abort();
        }
        self.value.store(0, SeqCst);
    }
}

fn a_pool(random: &Random) -> Pool {
    let min = random.below(3);
    let max = min.max(1) + random.below(3);
    let mut builder = Pool::builder()
        .threads(min..=max)
        .queue_capacity(random.of(&[1, 1, 2, 3, 16]))
        .stealing(random.of(&[Stealing::Off, Stealing::One, Stealing::Half, Stealing::Half]))
        .placement(random.of(&[Placement::RoundRobin, Placement::LeastLoaded]));
    builder = match random.below(5) {
        0 => builder.idle_timeout(Duration::ZERO),
        1 => builder.idle_timeout(Duration::from_micros(50)),
        _ => builder,
    };
    builder = match random.below(6) {
        0 => builder.scaling(Eager),
        1 => builder.scaling(Lazy),
        _ => builder,
    };
    if random.one_in(6) {
        builder = builder.on_thread_stop(|| resume_unwind(Box::new("a hook")));
    }
    builder.build().unwrap()
}

fn chaos(program: &Program, random: &Random) {
    thread::sleep(Duration::from_micros(random.below(3000) as u64));
    for _ in 0..1 + random.below(2) {
        let pool = &program.pools[random.below(program.pools.len())];
        match random.below(4) {
            0 => pool.cancel(),
            1 => pool.shutdown(),
            2 => drop(pool.shutdown_now()),
            _ => thread::scope(|scope| {
                for task in pool.shutdown_now() {
                    // They may wait for each other.
                    scope.spawn(move || catch_unwind(AssertUnwindSafe(|| task.run())));
                }
            }),
        }
        thread::sleep(Duration::from_micros(random.below(300) as u64));
    }
}

fn one_program(seed: u64) {
    let random = Random::new(seed);
    let watchdog = Watchdog::with_limit(Duration::from_secs(30));
    let pools: Vec<_> = (0..1 + random.below(3)).map(|_| a_pool(&random)).collect();
    let tally = Arc::new(Tally::default());
    let program = watchdog.watch(Program {
        pools,
        tally: Arc::clone(&tally),
        chaos: AtomicBool::new(random.one_in(4)),
        turns: AtomicU64::new(seed << 20),
    });
    let busy = AtomicBool::new(true);
    let watches = random.one_in(4);
    thread::scope(|scope| {
        if watches {
            scope.spawn(|| {
                while busy.load(SeqCst) {
                    for pool in &program.pools {
                        program.look(&pool.stats());
                        drop(format!("{pool:?}"));
                        let _ = pool.queue_len();
                    }
                    thread::yield_now();
                }
            });
        }
        let roots: Vec<_> = (0..1 + random.below(3))
            .map(|_| {
                let node = Node {
                    seed: random.next(),
                    depth: 1 + random.below(4),
                };
                let program = &program;
                scope.spawn(move || {
                    let outside = Here {
                        pool: 0,
                        on_worker: false,
                    };
                    let run = catch_unwind(AssertUnwindSafe(|| program.run(outside, node)));
                    let value = run.map_err(|payload| payload.downcast::<Panic>().map(|p| p.0));
                    match value {
                        Ok(None) => program.check(program.chaos(), "nothing"),
                        Ok(Some(value)) => {
                            program.check(node.model() == Ok(value), "the root");
                        }
                        Err(Ok(panic)) => program.check(node.model() == Err(panic), "its panic"),
                        Err(Err(other)) => {
                            program.wrong(format!("a root: {:?}", text_of(&*other)));
                        }
                    }
                })
            })
            .collect();
        if program.chaos() {
            chaos(&program, &random);
        }
        roots.into_iter().for_each(|root| root.join().unwrap());
        busy.store(false, SeqCst);
    });
    let ends = random.below(3);
    if ends > 0 {
        for pool in &program.pools {
            if ends == 1 || !program.chaos() {
                pool.wait_idle();
                let stats = pool.stats();
                program.check((stats.queued, stats.running) == (0, 0), "not idle");
                let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
                program.check(stats.accepted == ended, &format!("{stats:?}"));
            }
            pool.shutdown();
            let stats = pool.stats();
            let ended = stats.completed + stats.panicked + stats.cancelled + stats.returned;
            program.check(
                stats.accepted == ended && stats.live == 0,
                &format!("{stats:?}"),
            );
        }
    }
    // Perhaps a task is the last to let go of the pools.
    program.chaos.store(true, SeqCst);
    drop(program);
    common::until(|| Arc::strong_count(&tally) == 1);
    let wrong = take(&tally.wrong);
    assert!(wrong.is_empty(), "{wrong:?}");
    assert_eq!(tally.closures.load(SeqCst), 0, "closures are left");
    assert_eq!(tally.results.load(SeqCst), 0, "results are left");
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name).map_or(default, |value| value.parse().unwrap())
}

#[test]
fn random_programs_come_to_what_they_should() {
    let first = number("SEED", 1);
    for seed in first..first + number("PROGRAMS", 100) {
        let run = thread::Builder::new().name(format!("seed {seed}"));
        let run = run.spawn(move || one_program(seed));
        assert!(run.unwrap().join().is_ok(), "seed {seed}");
    }
}
