//! What the models and their facades share: the points at which a scheduler decides who goes on.
//!
//! Within a model, all threads are coroutines on one thread of the operating system. One of them
//! runs until it comes to a [`step`], where Shuttle chooses who runs next. So whatever lies between
//! two steps is atomic: the facades keep their own state in ordinary cells and locks, and have a
//! step before everything that another thread could notice.

mod clock;
mod explore;
mod journal;
mod line;
mod models;
mod scenarios;
mod search;
mod spawning;
mod switch;

use std::time::Duration;

pub use clock::{Deadline, Instant, pass};
pub use explore::{a_panic_was_meant, explore, explore_deeply, explore_some};
pub use journal::{note, note_at};
pub use line::{Line, Patience, Sleeper, Ticket, Woken, asleep};
pub use scenarios::{Scenario, run};
pub use search::{Failure, Limits, search};
pub use spawning::{
    AtWork, spawns_fail_after, spawns_may_fail, spawns_succeed, take_thread, working,
};
pub use switch::{is_over, switching, thread_begins, unwinding};

use shuttle::rand::{Rng, thread_rng};

/// A time that may be over at any moment, as every time in a model.
pub const SOME_TIME: Duration = Duration::from_secs(3600);

/// A point at which any other thread may go on instead of this one.
pub fn step() {
    // Shuttle has no clock: its sleep is a choice of who runs next, and nothing else.
    switching(|| shuttle::thread::sleep(Duration::ZERO));
}

/// A step of a thread that waits for others without being asleep.
///
/// Some schedulers let one thread run as long as it can. To them, Shuttle's `yield_now` is an order
/// to let everybody else go first: if every pause gave it, a thread that looks again a few times
/// before it falls asleep would never get to sleep while there is anything else to do. Without it,
/// one that looks for ever would starve the others. So it is given now and then.
pub fn pause() {
    if thread_rng().gen_ratio(1, 32) {
        switching(shuttle::thread::yield_now);
    } else {
        step();
    }
}

/// A moment without a step, in which now and then everybody else goes first.
pub fn relax() {
    if thread_rng().gen_ratio(1, 256) {
        switching(shuttle::thread::yield_now);
    }
}

/// Puts things into any order.
pub fn shuffle<T>(things: &mut [T]) {
    for last in (1..things.len()).rev() {
        things.swap(last, thread_rng().gen_range(0..=last));
    }
}

/// Waits until so many threads are [`asleep`].
pub fn until_asleep(threads: usize) {
    while asleep() < threads {
        switching(shuttle::thread::yield_now);
    }
}
