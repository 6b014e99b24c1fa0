//! The threads of a law, and what the system says of all threads.

use std::cell::Cell;
use std::fs;
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle, Scope, ScopedJoinHandle};

std::thread_local! {
    static OF_THE_LAW: Cell<bool> = const { Cell::new(false) };
}

/// What the system calls the threads of the law.
static SYSTEM_IDS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// The calling thread is one of the law.
fn belong() {
    OF_THE_LAW.with(|law| law.set(true));
    if let Some(id) = system_id() {
        let mut all = SYSTEM_IDS.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(id);
    }
}

/// Whether the calling thread is one that the law has started, and no thread of the pool.
pub(crate) fn of_the_law() -> bool {
    OF_THE_LAW.try_with(Cell::get).unwrap_or(false)
}

/// Starts a thread of the law.
///
/// # Panics
///
/// If the system has no thread left.
pub fn spawn<'scope, R: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    name: &str,
    work: impl FnOnce() -> R + Send + 'scope,
) -> ScopedJoinHandle<'scope, R> {
    let builder = thread::Builder::new().name(name.to_owned());
    let work = move || {
        belong();
        work()
    };
    builder
        .spawn_scoped(scope, work)
        .expect("the system has a thread")
}

/// Starts the thread that runs the law.
pub(crate) fn start(name: &str, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let builder = thread::Builder::new().name(name.to_owned());
    let work = move || {
        belong();
        work();
    };
    builder.spawn(work).expect("the system has a thread")
}

/// What the calling thread is called, if it has a name.
pub(crate) fn name() -> String {
    let thread = thread::current();
    thread.name().unwrap_or_default().to_owned()
}

/// What the system calls the calling thread. Linux tells.
pub(crate) fn system_id() -> Option<String> {
    let link = fs::read_link("/proc/thread-self").ok()?;
    Some(link.file_name()?.to_str()?.to_owned())
}

/// A thread as the system sees it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) system_id: String,
    /// At most fifteen letters of it.
    pub(crate) name: String,
    pub(crate) state: char,
    /// The processor time that it has had, in the system's ticks.
    pub(crate) ticks: u64,
    /// In which function of the system it sleeps.
    pub(crate) sleeps_in: String,
}

/// All threads of this process. Where the system does not tell, none.
pub(crate) fn seen() -> Vec<Seen> {
    let Ok(entries) = fs::read_dir("/proc/self/task") else {
        return Vec::new();
    };
    let see = |entry: fs::DirEntry| {
        let read = |file| fs::read_to_string(entry.path().join(file)).ok();
        let stat = read("stat")?;
        // The state follows the name, which stands in parentheses.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<u64>().ok();
        Some(Seen {
            system_id: entry.file_name().to_str()?.to_owned(),
            name: read("comm")?.trim_end().to_owned(),
            state: fields.first()?.chars().next()?,
            ticks: ticks(11)? + ticks(12)?,
            sleeps_in: read("wchan").unwrap_or_default(),
        })
    };
    let mut all: Vec<Seen> = entries.flatten().filter_map(see).collect();
    all.sort_by_key(|one| one.system_id.parse::<u64>().unwrap_or(0));
    all
}

impl Seen {
    /// Whether it runs, or would if there were a core.
    pub(crate) fn is_busy(&self) -> bool {
        matches!(self.state, 'R' | 'D')
    }

    /// Whether the law has started it.
    pub(crate) fn is_of_the_law(&self) -> bool {
        let all = SYSTEM_IDS.lock().unwrap_or_else(PoisonError::into_inner);
        all.contains(&self.system_id)
    }

    /// What it does.
    pub(crate) fn says(&self) -> &'static str {
        match (self.state, &*self.sleeps_in) {
            ('R' | 'D', _) => "runs",
            (_, function) if function.contains("futex") => {
                "sleeps (a lock, a condition variable, a channel, a join)"
            }
            (_, function) if function.contains("nanosleep") => "sleeps for a time",
            _ => "sleeps",
        }
    }
}

/// How often a thread of this name has gone to sleep, and how many hundredths of a second it has
/// run. One that waits to be woken does neither; one that looks again and again does. Linux tells.
pub fn restless(name: &str) -> Option<u64> {
    let thread = seen().into_iter().find(|one| one.name == name)?;
    let path = format!("/proc/self/task/{}/status", thread.system_id);
    let status = fs::read_to_string(path).ok()?;
    let mut lines = status.lines();
    let sleeps = lines.find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?;
    Some(sleeps.trim().parse::<u64>().ok()? + thread.ticks)
}
