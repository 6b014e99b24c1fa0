//! The other way to run a scenario: again and again, on real threads, until it fails or the time is
//! over.
//!
//! What `model-schedule` has for the scenarios is here under the same names. `cargo museum`
//! compiles the same scenarios against this crate and the real `std`, and compares how long each
//! way takes to find the same bug.

#[path = "../../schedule/src/models.rs"]
mod models;

use std::env;
use std::panic;
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Once, mpsc};
use std::thread;
use std::time::{Duration, Instant};

/// A time that may be over at about any moment of a round: most take as long as that.
pub const SOME_TIME: Duration = Duration::from_micros(200);

/// For how long a scenario is repeated, if `STRESS_SECONDS` does not say otherwise.
const SECONDS: u64 = 1;

/// A round takes less than a millisecond. If it takes as long as this, it hangs.
const HANG: Duration = Duration::from_secs(5);

/// Nobody can tell whether real threads are asleep. After this time, most that could be are.
const TO_FALL_ASLEEP: Duration = Duration::from_millis(1);

/// The panics in the present round.
static PANICS: AtomicUsize = AtomicUsize::new(0);

/// The last panic was meant, and the scenario has caught it: a pool makes it with `panic!`.
pub fn a_panic_was_meant() {
    PANICS.fetch_sub(1, SeqCst);
}

/// Gives other threads the time to fall asleep, and takes it that they did.
#[must_use]
pub fn asleep() -> usize {
    thread::sleep(TO_FALL_ASLEEP);
    usize::MAX
}

/// Gives other threads the time to fall asleep.
pub fn until_asleep(_threads: usize) {
    thread::sleep(TO_FALL_ASLEEP);
}

/// Lets another thread go on.
pub fn step() {
    thread::yield_now();
}

/// There is nothing here to do what this does in a model. A scenario that needs it cannot be
/// repeated on real threads.
///
/// # Panics
///
/// Always.
pub fn spawns_fail_after(_threads: usize) {
    not_on_real_threads();
}

/// As [`spawns_fail_after`].
///
/// # Panics
///
/// Always.
pub fn spawns_may_fail() {
    not_on_real_threads();
}

/// As [`spawns_fail_after`].
///
/// # Panics
///
/// Always.
pub fn spawns_succeed() {
    not_on_real_threads();
}

/// As [`spawns_fail_after`].
///
/// # Panics
///
/// Always.
#[must_use]
pub fn working() -> usize {
    not_on_real_threads()
}

fn not_on_real_threads() -> ! {
    panic!("the operating system does not run out of threads when it is told to")
}

/// Repeats a scenario.
///
/// # Panics
///
/// If it fails, or if there was a panic in it that somebody caught. If it hangs, the process ends.
pub fn explore(scenario: fn(), _seeds: &[u64]) {
    explore_deeply(scenario);
}

/// As [`explore`]. There are no schedules to count.
///
/// # Panics
///
/// As [`explore`].
pub fn explore_some(scenario: fn(), _seeds: &[u64], _schedules: usize) {
    explore_deeply(scenario);
}

/// As [`explore`].
///
/// # Panics
///
/// As [`explore`], and if `STRESS_SECONDS` is no number.
pub fn explore_deeply(scenario: fn()) {
    static COUNT_PANICS: Once = Once::new();
    COUNT_PANICS.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.fetch_add(1, SeqCst);
            report(panic);
        }));
    });
    let seconds = env::var("STRESS_SECONDS").map_or(SECONDS, |seconds| {
        seconds.parse().expect("STRESS_SECONDS is a number")
    });
    let (over, rounds) = mpsc::channel::<bool>();
    let watchdog = thread::spawn(move || {
        let (mut round, mut began) = (1, Duration::ZERO);
        let first = Instant::now();
        while let Ok(goes_on) = rounds.recv_timeout(HANG) {
            if !goes_on {
                return;
            }
            round += 1;
            began = first.elapsed();
        }
        println!(
            "hangs in round {round}, begun after {} ms",
            began.as_millis()
        );
        process::exit(101);
    });
    let until = Instant::now() + Duration::from_secs(seconds);
    for round in 1.. {
        let result = panic::catch_unwind(scenario);
        let failed = result.is_err() || PANICS.swap(0, SeqCst) > 0;
        let goes_on = !failed && Instant::now() < until;
        over.send(goes_on).expect("the watchdog is awake");
        assert!(!failed, "failed in round {round}");
        if !goes_on {
            println!("no failure in {round} rounds");
            break;
        }
    }
    watchdog.join().expect("a watchdog does not panic");
}
