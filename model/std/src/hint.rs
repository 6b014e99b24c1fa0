//! `std::hint`.

use ::shuttle::rand::{Rng, thread_rng};

pub use ::std::hint::*;

/// Nothing, most of the time: a thread that spins has steps of its own in between. Now and then
/// all others go first, or one that spins until another thread has done something would keep that
/// one from it.
pub fn spin_loop() {
    if thread_rng().gen_ratio(1, 256) {
        ::shuttle::thread::yield_now();
    }
}
