//! Programs, and what their tasks have in common.

use std::any::Any;
use std::panic::resume_unwind;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU64, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::{fmt, mem};

use v5_futures::{JoinError, JoinHandle, Pool, Stats};

use super::tree::{Kind, Node, Panic, Random};

/// What all tasks have in common.
#[derive(Default)]
pub(crate) struct Tally {
    /// Closures that there are.
    pub(crate) closures: AtomicIsize,
    /// Results that there are.
    pub(crate) results: AtomicIsize,
    pub(crate) wrong: Mutex<Vec<String>>,
}

pub(crate) struct Program {
    pub(crate) pools: Vec<Pool>,
    pub(crate) tally: Arc<Tally>,
    /// Pools are shut down and cancelled while it runs.
    pub(crate) chaos: AtomicBool,
    pub(crate) turns: AtomicU64,
}

/// A closure that is there.
pub(crate) struct Closure(Arc<Tally>, pub(crate) AtomicBool);

impl Closure {
    pub(crate) fn new(tally: &Arc<Tally>) -> Closure {
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
pub(crate) struct Got(pub(crate) Option<u64>, Arc<Tally>);

impl Got {
    pub(crate) fn new(value: Option<u64>, tally: &Arc<Tally>) -> Got {
        tally.results.fetch_add(1, SeqCst);
        Got(value, Arc::clone(tally))
    }
}

impl Drop for Got {
    fn drop(&mut self) {
        self.1.results.fetch_sub(1, SeqCst);
    }
}

pub(crate) type Handles = Vec<(Node, Option<JoinHandle<Got>>)>;

pub(crate) struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

pub(crate) fn sum(own: u64, parts: impl IntoIterator<Item = Option<u64>>) -> Option<u64> {
    // All of them, also behind one that is unknown.
    let parts: Vec<_> = parts.into_iter().collect();
    let part = |sum: u64, part: Option<u64>| Some(sum.wrapping_add(part?));
    parts.into_iter().try_fold(own, part)
}

/// Where a node runs: on a worker of this pool, or on none. Tasks wait for tasks of their own pool
/// and of those behind it only.
#[derive(Clone, Copy)]
pub(crate) struct Here {
    pub(crate) pool: usize,
    pub(crate) on_worker: bool,
}

/// A node that runs.
pub(crate) struct At<'program> {
    pub(crate) here: Here,
    pub(crate) kind: Kind,
    pub(crate) children: Vec<Node>,
    /// What the node adds itself.
    pub(crate) own: u64,
    /// The pool of its children.
    pub(crate) target: usize,
    pub(crate) pool: &'program Pool,
    /// Whether to wait for the children in other ways than by a join may end in a circle.
    pub(crate) is_same: bool,
    pub(crate) turn: Random,
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.pools)
    }
}

impl Program {
    pub(crate) fn wrong(&self, what: impl Into<String>) {
        self.tally.wrong.lock().unwrap().push(what.into());
    }

    pub(crate) fn check(&self, holds: bool, what: &str) {
        if !holds {
            self.wrong(what);
        }
    }

    pub(crate) fn chaos(&self) -> bool {
        self.chaos.load(SeqCst)
    }

    /// A choice that is not the node's, and may be another one in each run.
    pub(crate) fn turn(&self) -> Random {
        Random::new(self.turns.fetch_add(1, SeqCst))
    }

    /// A task for a child.
    pub(crate) fn job(
        self: &Arc<Self>,
        pool: usize,
        node: Node,
    ) -> impl FnOnce() -> Got + Send + 'static {
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

    pub(crate) fn error(&self, node: Node, error: JoinError) -> Option<u64> {
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
    pub(crate) fn never_ran(&self, payload: &(dyn Any + Send)) {
        let text = text_of(payload);
        let expected = text.is_some_and(|text| text.contains("never ran"));
        self.check(
            expected && self.chaos(),
            &format!("a scope panics: {text:?}"),
        );
    }

    /// What a handle has said about a child.
    pub(crate) fn resolve(&self, node: Node, result: Result<Got, JoinError>) -> Option<u64> {
        match result {
            Ok(got) => {
                let value = got.0?;
                self.check(node.model() == Ok(value), "another value");
                Some(value)
            }
            Err(error) => self.error(node, error),
        }
    }

    pub(crate) fn spawn(self: &Arc<Self>, pool: usize, node: Node) -> Option<JoinHandle<Got>> {
        let spawned = self.pools[pool].spawn(self.job(pool, node));
        if let Err(error) = &spawned {
            self.check(self.chaos(), &format!("{error}"));
        }
        spawned.ok()
    }

    pub(crate) fn spawn_all(self: &Arc<Self>, pool: usize, nodes: &[Node]) -> Handles {
        nodes
            .iter()
            .map(|node| (*node, self.spawn(pool, *node)))
            .collect()
    }

    pub(crate) fn join_all(&self, own: u64, handles: Handles) -> Option<u64> {
        let handles = handles.into_iter();
        sum(own, handles.map(|(child, handle)| self.join(child, handle)))
    }

    pub(crate) fn join(&self, node: Node, handle: Option<JoinHandle<Got>>) -> Option<u64> {
        self.resolve(node, handle?.join())
    }

    pub(crate) fn run(self: &Arc<Self>, here: Here, node: Node) -> Option<u64> {
        let (kind, children, random) = node.read();
        let target = here.pool + random.below(self.pools.len() - here.pool);
        let at = At {
            here,
            kind,
            children,
            own: node.seed >> 5,
            target,
            pool: &self.pools[target],
            is_same: here.on_worker && target == here.pool,
            turn: self.turn(),
        };
        match kind {
            Kind::Leaf => self.leaf(at),
            Kind::Panics => resume_unwind(Box::new(Panic(at.own))),
            Kind::Fork => self.fork(at),
            Kind::ForkLater => self.fork_later(at),
            Kind::Timed => self.timed(at),
            Kind::Awaits => self.awaits(at),
            Kind::Set => self.set(at),
            Kind::Group => self.group(at),
            Kind::Map => self.map(at),
            Kind::TryMap => self.try_map(at),
            Kind::Scope | Kind::ScopeGrows => self.scope(at),
            Kind::ScopeMap => self.scope_map(at),
            Kind::ScopePanics => self.scope_panics(at),
            Kind::ByHand => self.by_hand(at),
            Kind::HandOver => self.hand_over(at),
            Kind::Cancels => self.cancels(at),
            Kind::CancelsByToken => self.cancels_by_token(at),
            Kind::DropsSet => self.drops_set(at),
            Kind::DropsMap => self.drops_map(at),
            Kind::Forgets => self.forgets(at),
            Kind::Looks => self.looks(at),
            Kind::OwnPool => self.own_pool(at),
        }
    }

    pub(crate) fn look(&self, stats: &Stats) {
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
pub(crate) fn worth_of(payload: &(dyn Any + Send)) -> Option<u64> {
    payload
        .downcast_ref::<Panic>()
        .map(|panic| panic.0 ^ 0x5555)
}

pub(crate) fn text_of(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
}

pub(crate) fn take<T>(all: &Mutex<Vec<T>>) -> Vec<T> {
    mem::take(&mut all.lock().unwrap())
}
