//! The search through the schedules of a model.

use std::cell::Cell;
use std::env;
use std::panic;
use std::sync::Once;

use shuttle::scheduler::{
    PctScheduler, RandomScheduler, ReplayScheduler, Scheduler, UrwRandomScheduler,
};
use shuttle::{Config, MaxSteps, Runner};

use crate::line;

/// Schedules of each kind in the fast tier. The same ones each time, so that a failure there comes
/// from a change.
const FAST: usize = 500;

/// Schedules of each kind in `cargo deep`, if `MODEL_SCHEDULES` does not say otherwise. Different
/// ones each time.
const DEEP: usize = 2_500;

/// The preemptions that PCT places in a schedule, plus one.
const DEPTH: usize = 4;

/// Far more than any model needs. Whoever gets here goes round in circles.
const MOST_STEPS: usize = 30_000;

/// Tries a model on the schedules with these seeds, then on some thousands of others.
///
/// With a schedule that was printed by a failure in the environment variable `MODEL_REPLAY`, runs
/// that one alone.
///
/// # Panics
///
/// If the model fails on a schedule, or if there was a panic in it that somebody caught: a pool
/// that catches the panics of its tasks must not swallow those of an assertion. A panic that is
/// meant to be caught is made by [`panic::resume_unwind`], which is not reported.
pub fn explore(model: fn(), seeds: &[u64]) {
    if replay(model) {
        return;
    }
    for &seed in seeds {
        run(model, RandomScheduler::new_from_seed(seed, 1));
    }
    run(model, RandomScheduler::new_from_seed(1, FAST));
    run(model, PctScheduler::new_from_seed(1, DEPTH, FAST));
    run(model, UrwRandomScheduler::new_from_seed(1, FAST));
}

/// Like [`explore`], on as many schedules as the environment variable `MODEL_SCHEDULES` says.
///
/// # Panics
///
/// As [`explore`], and if that variable is no number.
pub fn explore_deeply(model: fn()) {
    if replay(model) {
        return;
    }
    let schedules = env::var("MODEL_SCHEDULES").map_or(DEEP, |number| {
        number.parse().expect("MODEL_SCHEDULES is a number")
    });
    run(model, RandomScheduler::new(schedules));
    run(model, PctScheduler::new(DEPTH, schedules));
    run(model, UrwRandomScheduler::new(schedules));
}

fn replay(model: fn()) -> bool {
    let Ok(schedule) = env::var("MODEL_REPLAY") else {
        return false;
    };
    let mut scheduler = ReplayScheduler::new_from_encoded(schedule.trim());
    // What was printed ends where the model failed.
    scheduler.set_allow_incomplete();
    run(model, scheduler);
    true
}

thread_local! {
    /// The panics in the present execution. All threads of a model share one thread.
    static PANICS: Cell<usize> = const { Cell::new(0) };
}

fn run(model: fn(), scheduler: impl Scheduler + 'static) {
    static COUNT_PANICS: Once = Once::new();
    COUNT_PANICS.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            PANICS.set(PANICS.get() + 1);
            report(panic);
        }));
    });
    let mut config = Config::new();
    config.max_steps = MaxSteps::FailAfter(MOST_STEPS);
    // The models are about what a sequentially consistent machine does. The README says so.
    config.silence_warnings = true;
    // Assertions format their messages on the stacks of the coroutines.
    config.stack_size = 1 << 18;
    line::wake_up();
    PANICS.set(0);
    Runner::new(scheduler, config).run(move || {
        // The threads of the last execution have all ended by now.
        refuse_caught_panics();
        // PCT will not have a model without a second thread.
        shuttle::thread::spawn(|| ());
        model();
    });
    refuse_caught_panics();
}

fn refuse_caught_panics() {
    let panics = PANICS.take();
    assert_eq!(
        panics, 0,
        "panics that somebody has caught; they are reported above"
    );
}
