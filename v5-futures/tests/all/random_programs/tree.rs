//! The trees, and what they come to without a pool.

use std::cell::Cell;

/// Small and good enough: xorshift.
pub(crate) struct Random(Cell<u64>);

impl Random {
    pub(crate) fn new(seed: u64) -> Random {
        let random = Random(Cell::new(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1));
        random.next();
        random
    }

    pub(crate) fn next(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.0.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 8
    }

    pub(crate) fn below(&self, end: usize) -> usize {
        (self.next() >> 8) as usize % end
    }

    pub(crate) fn one_in(&self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn of<T: Copy>(&self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// What a node of the tree does with its children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
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

pub(crate) const KINDS: [Kind; 21] = [
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
pub(crate) struct Node {
    pub(crate) seed: u64,
    pub(crate) depth: usize,
}

/// What a task panics with.
pub(crate) struct Panic(pub(crate) u64);

impl Node {
    pub(crate) fn read(self) -> (Kind, Vec<Node>, Random) {
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
    pub(crate) fn model(self) -> Result<u64, u64> {
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

    pub(crate) fn worth(self) -> u64 {
        self.model().unwrap_or_else(|panic| panic ^ 0x5555)
    }
}
