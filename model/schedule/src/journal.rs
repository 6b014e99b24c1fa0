//! What the threads of an execution have done, in the order in which they did it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::fmt;
use std::panic::Location;

use shuttle::thread;

use crate::switch::unwinding;

thread_local! {
    /// `None` if nobody is to read it. All threads of a model share one thread.
    static JOURNAL: RefCell<Option<Vec<Entry>>> = const { RefCell::new(None) };
}

/// Something that a thread has done, as far as others could notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    thread: String,
    what: String,
    /// The line of the source that told it to.
    file: Cow<'static, str>,
    line: u32,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Entry {
            thread,
            what,
            file,
            line,
        } = self;
        write!(f, "step\t{thread}\t{what}\t{file}:{line}")
    }
}

/// Writes into the journal what the thread has just done, and that it was told to by the caller of
/// the function that is marked `#[track_caller]`.
#[track_caller]
pub fn note(what: impl fmt::Display) {
    note_at(Location::caller(), what);
}

/// As [`note`], for what happens because of an earlier call, as a lock is opened that was taken
/// there.
pub fn note_at(place: &'static Location<'static>, what: impl fmt::Display) {
    // An execution that has failed is torn down by a panic in each of its threads.
    if !unwinding() {
        write(Cow::Borrowed(place.file()), place.line(), what);
    }
}

/// Writes down that the thread panics.
pub(crate) fn note_panic(place: &Location<'_>, message: &str) {
    let message = message.lines().collect::<Vec<_>>().join(" ");
    let file = Cow::Owned(place.file().to_owned());
    write(file, place.line(), format_args!("panics: {message}"));
}

fn write(file: Cow<'static, str>, line: u32, what: impl fmt::Display) {
    JOURNAL.with_borrow_mut(|journal| {
        let Some(journal) = journal else { return };
        let current = thread::current();
        let thread = match current.name() {
            Some(name) => name.to_owned(),
            None => format!("{:?}", current.id()),
        };
        journal.push(Entry {
            thread,
            what: what.to_string(),
            file,
            line,
        });
    });
}

/// Begins a new journal.
pub(crate) fn begin() {
    JOURNAL.set(Some(Vec::new()));
}

/// The journal, which is closed with that.
pub(crate) fn end() -> Vec<Entry> {
    JOURNAL.take().unwrap_or_default()
}

/// How often another thread goes on.
pub(crate) fn switches(journal: &[Entry]) -> usize {
    journal
        .windows(2)
        .filter(|pair| pair[0].thread != pair[1].thread)
        .count()
}
