//! The search through the schedules of a model.

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::env;
use std::panic::{self, PanicHookInfo};
use std::sync::Once;
use std::thread::panicking;
use std::time::{Duration, Instant};

use shuttle::scheduler::{
    PctScheduler, RandomScheduler, ReplayScheduler, Scheduler, UrwRandomScheduler,
};
use shuttle::{Config, MaxSteps, Runner};

use crate::journal::{self, Entry, switches};
use crate::{clock, line, spawning, switch};

/// Schedules of each kind in the fast tier, if neither the caller nor `MODEL_SCHEDULES` says
/// otherwise.
const FAST: usize = 100;

/// Schedules of each kind in `cargo deep`, if `MODEL_SCHEDULES` does not say otherwise. Different
/// ones each time.
const DEEP: usize = 1_000;

/// Schedules of one kind in a row, in a deep search.
const TURN: usize = 100;

/// The preemptions that PCT places in a schedule, plus one.
pub(crate) const DEPTH: usize = 4;

/// Far more than any model needs. Whoever gets here goes round in circles.
const MOST_STEPS: usize = 30_000;

/// For how long `MODEL_JOURNAL` looks for a short way to fail.
const SEARCH: Duration = Duration::from_secs(8);

/// Tries a model on the schedules with these seeds, then on some hundreds of others.
///
/// Two environment variables have it do something else. With a schedule that was printed by a
/// failure in `MODEL_REPLAY`, it runs that one alone, and tells what each thread did in it. With
/// `MODEL_JOURNAL=1`, it looks for some seconds for the schedule that fails with the fewest
/// switches between threads, and tells that one.
///
/// # Panics
///
/// If the model fails on a schedule, or if there was a panic in it that somebody caught: a pool
/// that catches the panics of its tasks must not swallow those of an assertion. A panic that is
/// meant to be caught is made by [`panic::resume_unwind`], which is not reported, or is forgiven by
/// [`a_panic_was_meant`].
pub fn explore(model: fn(), seeds: &[u64]) {
    explore_some(model, seeds, FAST);
}

/// Like [`explore`], on so many schedules of each kind, if `MODEL_SCHEDULES` does not say
/// otherwise. They are the same ones each time, so that a failure comes from a change.
///
/// # Panics
///
/// As [`explore`], and if that variable is no number.
pub fn explore_some(model: fn(), seeds: &[u64], schedules: usize) {
    if replay(model) || tell(model) {
        return;
    }
    for &seed in seeds {
        run(model, RandomScheduler::new_from_seed(seed, 1));
    }
    let schedules = self::schedules(schedules);
    run(model, RandomScheduler::new_from_seed(1, schedules));
    run(model, PctScheduler::new_from_seed(1, DEPTH, schedules));
    run(model, UrwRandomScheduler::new_from_seed(1, schedules));
}

/// As many as the environment says.
fn schedules(otherwise: usize) -> usize {
    env::var("MODEL_SCHEDULES").map_or(otherwise, |number| {
        number.parse().expect("MODEL_SCHEDULES is a number")
    })
}

/// Like [`explore`], on as many schedules as the environment variable `MODEL_SCHEDULES` says.
///
/// # Panics
///
/// As [`explore`], and if that variable is no number.
pub fn explore_deeply(model: fn()) {
    if replay(model) || tell(model) {
        return;
    }
    let schedules = schedules(DEEP);
    // In turns: what one kind hardly ever finds, another may find at once.
    for begin in (0..schedules).step_by(TURN) {
        let schedules = TURN.min(schedules - begin);
        run(model, RandomScheduler::new(schedules));
        run(model, PctScheduler::new(DEPTH, schedules));
        run(model, UrwRandomScheduler::new(schedules));
    }
}

fn replay(model: fn()) -> bool {
    let Ok(schedule) = env::var("MODEL_REPLAY") else {
        return false;
    };
    let mut scheduler = ReplayScheduler::new_from_encoded(schedule.trim());
    // What was printed ends where the model failed.
    scheduler.set_allow_incomplete();
    JOURNALS.set(true);
    let result = panic::catch_unwind(|| run(model, scheduler));
    journal::end().iter().for_each(|entry| println!("{entry}"));
    result.unwrap_or_else(|failure| panic::resume_unwind(failure));
    true
}

fn tell(model: fn()) -> bool {
    if env::var_os("MODEL_JOURNAL").is_none() {
        return false;
    }
    JOURNALS.set(true);
    let until = Instant::now() + SEARCH;
    let mut shortest: Option<(Vec<Entry>, String)> = None;
    let depths = (1..=DEPTH).cycle();
    for (seed, depth) in (1..).zip(depths) {
        let scheduler = PctScheduler::new_from_seed(seed, depth, FAST);
        if let Err(failure) = panic::catch_unwind(|| run(model, scheduler)) {
            let journal = journal::end();
            let shorter = |(other, _): &(Vec<Entry>, String)| effort(&journal) < effort(other);
            if shortest.as_ref().is_none_or(shorter) {
                shortest = Some((journal, ending(&*failure)));
            }
        }
        if Instant::now() > until {
            break;
        }
    }
    let Some((journal, ending)) = shortest else {
        return true;
    };
    journal.iter().for_each(|entry| println!("{entry}"));
    println!("end\t{ending}");
    panic!(
        "the model fails in {} steps, with {} switches",
        journal.len(),
        switches(&journal)
    );
}

/// How an execution failed, in one line.
pub(crate) fn ending(failure: &(dyn Any + Send)) -> String {
    match message(failure) {
        Some(message) => in_words(message),
        None => "a panic".to_owned(),
    }
}

fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    let message = payload.downcast_ref::<String>().map(String::as_str);
    message.or_else(|| payload.downcast_ref::<&str>().copied())
}

fn in_words(message: &str) -> String {
    if message.starts_with(DEADLOCK) {
        "every thread waits".to_owned()
    } else if message.starts_with(CIRCLES) {
        "threads go round in circles".to_owned()
    } else {
        message.lines().collect::<Vec<_>>().join(" ")
    }
}

/// How Shuttle begins to say that all threads wait.
const DEADLOCK: &str = "deadlock";

/// How Shuttle begins to say that the threads have made too many steps.
const CIRCLES: &str = "exceeded max_steps";

/// What a reader of a journal has to follow.
pub(crate) fn effort(journal: &[Entry]) -> (usize, usize) {
    (switches(journal), journal.len())
}

thread_local! {
    /// The panics in the present execution. All threads of a model share one thread.
    static PANICS: Cell<usize> = const { Cell::new(0) };
    /// The executions so far, with the present one.
    static EXECUTIONS: Cell<usize> = const { Cell::new(0) };
    /// Whether to keep journals.
    static JOURNALS: Cell<bool> = const { Cell::new(false) };
    /// The first panic in the present execution.
    static FIRST: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// The number of the present execution.
pub(crate) fn execution() -> usize {
    EXECUTIONS.get()
}

/// From now on each execution has a journal.
pub(crate) fn keep_journals() {
    JOURNALS.set(true);
}

/// How the present execution first went wrong.
pub(crate) fn first_panic() -> Option<String> {
    FIRST.take()
}

/// Counts the panic, and writes it down. Those of the search itself are told in other words.
fn count(panic: &PanicHookInfo<'_>) {
    PANICS.set(PANICS.get() + 1);
    let message = message(panic.payload()).unwrap_or("a panic");
    let search = message.starts_with(DEADLOCK) || message.starts_with(CIRCLES);
    if !switch::is_over() {
        if let Some(place) = panic.location()
            && place.file() != file!()
            && !search
        {
            journal::note_panic(place, message);
        }
        FIRST.with_borrow_mut(|first| _ = first.get_or_insert_with(|| in_words(message)));
    }
    if search {
        switch::over();
    }
}

pub(crate) fn run(model: fn(), scheduler: impl Scheduler + 'static) {
    static COUNT_PANICS: Once = Once::new();
    COUNT_PANICS.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            count(panic);
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
    FIRST.set(None);
    let _count = CountExecutions;
    Runner::new(scheduler, config).run(move || {
        // The threads of the last execution have all ended by now.
        refuse_caught_panics();
        spawning::begin();
        clock::begin();
        switch::begin();
        FIRST.set(None);
        EXECUTIONS.set(EXECUTIONS.get() + 1);
        if JOURNALS.get() {
            journal::begin();
        }
        // PCT will not have a model without a second thread.
        switch::switching(|| shuttle::thread::spawn(|| ()));
        let _over = OverIfPanicking;
        model();
    });
    refuse_caught_panics();
    switch::over();
}

/// What the other threads do when the scenario has failed is of no interest.
struct OverIfPanicking;

impl Drop for OverIfPanicking {
    fn drop(&mut self) {
        if switch::unwinding() {
            switch::over();
        }
    }
}

/// Says which execution of a search has failed.
struct CountExecutions;

impl Drop for CountExecutions {
    fn drop(&mut self) {
        if panicking() {
            println!("failed on schedule {}", EXECUTIONS.get());
        }
    }
}

/// The last panic was meant, and the scenario has caught it: a pool makes it with `panic!`.
pub fn a_panic_was_meant() {
    PANICS.set(PANICS.get() - 1);
}

fn refuse_caught_panics() {
    let panics = PANICS.take();
    assert_eq!(
        panics, 0,
        "panics that somebody has caught; they are reported above"
    );
}
