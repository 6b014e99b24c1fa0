//! The search for a schedule that breaks somebody's pool, with an end in time.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::time::{Duration, Instant};

use shuttle::scheduler::{PctScheduler, RandomScheduler, Scheduler, UrwRandomScheduler};

use crate::explore::{self, DEPTH, effort, ending, execution, first_panic, keep_journals};
use crate::journal::{self, Entry};

/// Schedules of one kind in a row.
const TURN: usize = 25;

/// For how long to look for a shorter way to fail.
const SHORTEN: Duration = Duration::from_millis(1500);

/// How much is searched.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Schedules of all kinds together.
    pub schedules: usize,
    /// The time after which no more are tried.
    pub time: Duration,
}

/// A schedule on which a model fails.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How many were tried, with this one.
    pub schedule: usize,
    /// What the threads did on one that fails with few switches between them.
    pub journal: Vec<Entry>,
    /// How it ends.
    pub ending: String,
}

/// Tries a model on many schedules, the same ones each time. Returns how many there were.
///
/// When one fails, it looks for one that is easier to follow, and tells that.
///
/// # Errors
///
/// With the schedule on which the model fails, as [`explore`](crate::explore) does.
pub fn search(model: fn(), limits: Limits) -> Result<usize, Box<Failure>> {
    keep_journals();
    let before = execution();
    let until = Instant::now() + limits.time;
    let turns = (1..).zip((0..limits.schedules).step_by(TURN));
    for (seed, begin) in turns {
        let schedules = TURN.min(limits.schedules - begin);
        let failed = match seed % 3 {
            1 => attempt(model, RandomScheduler::new_from_seed(seed, schedules)),
            2 => attempt(model, PctScheduler::new_from_seed(seed, DEPTH, schedules)),
            _ => attempt(model, UrwRandomScheduler::new_from_seed(seed, schedules)),
        };
        if let Err((journal, ending)) = failed {
            let schedule = execution() - before;
            FOUND.set(Some(schedule));
            let (journal, ending) = shorten(model, journal, ending);
            return Err(Box::new(Failure {
                schedule,
                journal,
                ending,
            }));
        }
        if Instant::now() > until {
            break;
        }
    }
    Ok(execution() - before)
}

thread_local! {
    /// The schedule on which the model has first failed.
    static FOUND: Cell<Option<usize>> = const { Cell::new(None) };
}

/// For the hook of panics: a second one, while the first unwinds, ends the process at once. So what
/// is known is told now or never.
pub(crate) fn before_an_abort(panic: &PanicHookInfo<'_>) -> Option<Failure> {
    const SECOND: &str = "panic in a destructor during cleanup";
    if panic.payload().downcast_ref::<&str>() != Some(&SECOND) {
        return None;
    }
    let first = first_panic().unwrap_or_else(|| "a panic".to_owned());
    Some(Failure {
        schedule: FOUND.get().unwrap_or_else(execution),
        journal: journal::end(),
        ending: format!("{first} (and a second panic while this one unwinds: the process aborts)"),
    })
}

type Story = (Vec<Entry>, String);

fn attempt(model: fn(), scheduler: impl Scheduler + 'static) -> Result<(), Story> {
    panic::catch_unwind(AssertUnwindSafe(|| explore::run(model, scheduler))).map_err(|failure| {
        let ending = first_panic().unwrap_or_else(|| ending(&*failure));
        (journal::end(), ending)
    })
}

fn shorten(model: fn(), mut journal: Vec<Entry>, mut ending: String) -> Story {
    let until = Instant::now() + SHORTEN;
    for (seed, depth) in (1..).zip((1..=DEPTH).cycle()) {
        let scheduler = PctScheduler::new_from_seed(seed, depth, TURN);
        if let Err((other, end)) = attempt(model, scheduler)
            && effort(&other) < effort(&journal)
        {
            (journal, ending) = (other, end);
        }
        if Instant::now() > until {
            break;
        }
    }
    (journal, ending)
}
