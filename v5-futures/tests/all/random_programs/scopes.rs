//! Nodes with a scope.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

use super::program::{At, Closure, Got, Here, Program, sum, take, worth_of};
use super::tree::{Kind, Node, Panic};

impl Program {
    pub(crate) fn scope(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let slots: Vec<_> = at.children.iter().map(|_| Canary::new()).collect();
        let all = Arc::new(Mutex::new(Vec::new()));
        let (slots_ref, children_ref) = (&slots, &at.children);
        let grows = at.kind == Kind::ScopeGrows;
        let here = Here {
            pool: at.target,
            on_worker: true,
        };
        let body = || {
            at.pool.scope(|scope| {
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
                    if at.turn.one_in(8) {
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
                if at.turn.one_in(3) {
                    handles.reverse();
                }
                if at.turn.one_in(4) && handles.last().is_some_and(Option::is_some) {
                    let some = handles.pop().flatten().unwrap();

                    // Another task of the scope asks.
                    let asked = scope.spawn(move || some.join().ok().and_then(|got| got.0));
                    let asked = asked.map(|asked| asked.join().ok().flatten());
                    let rest = handles.into_iter().map(|handle| {
                        handle
                            .and_then(|handle| handle.join().ok())
                            .and_then(|got| got.0)
                    });
                    return sum(at.own, [asked.ok().flatten()].into_iter().chain(rest));
                }
                sum(
                    at.own,
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

    pub(crate) fn scope_map(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let slot = Canary::new();
        let here = Here {
            pool: at.target,
            on_worker: true,
        };
        let body = || {
            at.pool.scope(|scope| {
                let work = |child: &Node| {
                    let _live = slot.enter();
                    Got::new(self.run(here, *child), &self.tally)
                };
                let mut map = scope.map(&at.children, work);
                if at.turn.one_in(2) {
                    map = map.window(1 + at.turn.below(3));
                }
                let mut values = Vec::new();
                for child in &at.children {
                    let Some(result) = map.next() else {
                        self.check(self.chaos(), "a map in a scope");
                        return None;
                    };
                    values.push(self.resolve(*child, result));
                }
                if at.turn.one_in(2) {
                    // Left to the scope.
                    let rest = scope.map(&at.children, |_| slot.enter().value());
                    drop(rest);
                    let mut rest = scope.map(&at.children, |_| slot.enter().value());
                    let _ = rest.next();
                }
                sum(at.own, values)
            })
        };
        let result = catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|payload| {
            self.never_ran(&*payload);
            None
        });
        drop(slot);
        result
    }

    pub(crate) fn scope_panics(self: &Arc<Self>, at: At<'_>) -> Option<u64> {
        let slot = Canary::new();
        let scope = catch_unwind(AssertUnwindSafe(|| {
            at.pool.scope(|scope| {
                for n in 0..at.children.len() {
                    let slot = &slot;
                    let task = move || {
                        let _live = slot.enter();
                        if n == 0 {
                            resume_unwind(Box::new(Panic(7)));
                        }
                    };
                    let _ = scope.execute(task);
                }
                if at.turn.one_in(2) {
                    resume_unwind(Box::new(Panic(8)));
                }
            });
        }));
        let empty = at.children.is_empty();
        match scope {
            Ok(()) => self.check(empty || self.chaos(), "a panic was missed"),
            Err(payload) => match payload.downcast_ref::<Panic>() {
                Some(panic) => self.check(panic.0 == 8 || !empty, "which panic"),
                None => self.check(self.chaos(), "a strange panic of a scope"),
            },
        }
        drop(slot);
        Some(at.own)
    }
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
