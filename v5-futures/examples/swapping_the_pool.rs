//! Code that takes a pool, and is tested without threads.
//!
//! `cargo run -p v5-futures --example swapping_the_pool` shows how often a wrong version is caught,
//! and `cargo test -p v5-futures --example swapping_the_pool` runs the tests of the right one.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;
use v5_futures::{JoinHandle, Pool, Rejected, Task};

/// What this program needs of a pool.
trait Workers {
    /// Has the task run: at some time, on some thread. A task that is refused comes back.
    fn submit(&self, task: Task) -> Result<(), Task>;
}

impl Workers for Pool {
    fn submit(&self, task: Task) -> Result<(), Task> {
        self.execute(task).map_err(Rejected::into_task)
    }
}

/// Runs each task at once, on the thread that submits it.
struct Inline;

impl Workers for Inline {
    fn submit(&self, task: Task) -> Result<(), Task> {
        task.run();
        Ok(())
    }
}

/// Runs nothing by itself: the test says which task runs, and when.
struct ByHand {
    queue: RefCell<VecDeque<Task>>,
    capacity: usize,
    refused: Cell<usize>,
}

impl ByHand {
    fn new(capacity: usize) -> ByHand {
        ByHand {
            queue: RefCell::default(),
            capacity,
            refused: Cell::new(0),
        }
    }

    fn run_newest(&self) {
        let task = self.queue.borrow_mut().pop_back();
        task.expect("a task is queued").run();
    }
}

impl Workers for ByHand {
    fn submit(&self, task: Task) -> Result<(), Task> {
        let mut queue = self.queue.borrow_mut();
        if queue.len() == self.capacity {
            self.refused.set(self.refused.get() + 1);
            return Err(task);
        }
        queue.push_back(task);
        Ok(())
    }
}

/// A page of a book, under a name.
struct Page {
    name: &'static str,
    text: &'static str,
}

impl Page {
    fn words(&self) -> usize {
        assert!(!self.text.contains('\u{fffd}'), "this is no text");
        self.text.split_whitespace().count()
    }
}

/// Names of pages, with the number of their words.
type Words = Vec<(&'static str, usize)>;

/// Counts the words of pages, in the order of the pages. That is what it should do.
fn naive(workers: &dyn Workers, pages: Vec<Page>) -> Arc<Mutex<Words>> {
    let words = Arc::new(Mutex::new(Vec::new()));
    for page in pages {
        let theirs = Arc::clone(&words);
        let count = move || {
            let words = page.words();
            theirs.lock().push((page.name, words));
        };
        let _ = workers.submit(Task::from(count));
    }
    words
}

/// Pages whose words are being counted.
struct Counting {
    pages: Vec<(&'static str, JoinHandle<usize>)>,
}

/// What has come of it.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    /// The pages that could be read, in their order.
    words: Words,
    /// The others.
    unreadable: Vec<&'static str>,
}

impl Counting {
    /// Begins to count: a task for each page. A page that the workers refuse is counted here.
    fn start(workers: &dyn Workers, pages: Vec<Page>) -> Counting {
        let submit = |page: Page| {
            let name = page.name;
            let (task, count) = Task::with_handle(move || page.words());
            if let Err(refused) = workers.submit(task) {
                refused.run();
            }
            (name, count)
        };
        Counting {
            pages: pages.into_iter().map(submit).collect(),
        }
    }

    /// The number of pages that are done.
    fn done(&self) -> usize {
        let done = |(_, count): &&(_, JoinHandle<usize>)| count.is_finished();
        self.pages.iter().filter(done).count()
    }

    /// Waits for all of them.
    fn finish(self) -> Counts {
        let mut counts = Counts::default();
        for (name, count) in self.pages {
            match count.join() {
                Ok(words) => counts.words.push((name, words)),
                Err(_) => counts.unreadable.push(name),
            }
        }
        counts
    }
}

fn book() -> Vec<Page> {
    [
        ("title", "Worker pools"),
        ("first", "A worker takes a task"),
        ("last", "The task ends"),
    ]
    .map(|(name, text)| Page { name, text })
    .into()
}

const RIGHT: [(&str, usize); 3] = [("title", 2), ("first", 5), ("last", 3)];

const RUNS: usize = 1000;

/// How many runs of the naive version are wrong.
fn wrong(workers: &dyn Workers, wait: impl Fn()) -> usize {
    let is_wrong = |_: &usize| {
        let words = naive(workers, book());
        wait();
        *words.lock() != RIGHT
    };
    (0..RUNS).filter(is_wrong).count()
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    println!("Of {RUNS} runs are wrong:");
    for workers in [1, 2] {
        let pool = Pool::new(workers, 16)?;
        let wrong = wrong(&pool, || pool.wait_idle());
        println!("{wrong:5} on a pool, workers: {workers}");
    }
    println!("{:5} on an inline pool", wrong(&Inline, || ()));
    let by_hand = ByHand::new(16);
    let wrong = wrong(&by_hand, || RIGHT.iter().for_each(|_| by_hand.run_newest()));
    println!("{wrong:5} by hand, the newest task first");

    let pool = Pool::new(2, 16)?;
    let counting = Counting::start(&pool, book());
    let done = counting.done();
    assert_eq!(counting.finish().words, RIGHT);
    println!("With handles, {done} of 3 pages were counted at once, and all of them in the end.");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// With a page that cannot be read.
    fn stained_book() -> Vec<Page> {
        let mut pages = book();
        let (name, text) = ("stain", "\u{fffd}\u{fffd}");
        pages.insert(1, Page { name, text });
        pages
    }

    fn expected() -> Counts {
        Counts {
            words: RIGHT.into(),
            unreadable: vec!["stain"],
        }
    }

    #[test]
    fn the_naive_version_is_right_inline_and_wrong_by_hand() {
        assert_eq!(wrong(&Inline, || ()), 0);
        let workers = ByHand::new(2);
        let words = naive(&workers, book());
        workers.run_newest();
        workers.run_newest();
        // The order is that of the endings, and a page is lost.
        assert_eq!(*words.lock(), [("first", 5), ("title", 2)]);
    }

    #[test]
    fn each_page_is_counted_and_what_cannot_be_read_is_named() {
        assert_eq!(
            Counting::start(&Inline, stained_book()).finish(),
            expected()
        );
    }

    #[test]
    fn a_book_without_pages_has_no_words() {
        let counts = Counting::start(&Inline, Vec::new()).finish();
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn pages_are_in_their_order_although_the_last_is_counted_first() {
        let workers = ByHand::new(4);
        let counting = Counting::start(&workers, stained_book());
        assert_eq!(counting.done(), 0);
        workers.run_newest();
        assert_eq!(counting.done(), 1);
        (0..3).for_each(|_| workers.run_newest());
        assert_eq!(counting.finish(), expected());
    }

    #[test]
    fn pages_that_are_refused_are_counted_all_the_same() {
        let workers = ByHand::new(1);
        let counting = Counting::start(&workers, stained_book());
        assert_eq!((counting.done(), workers.refused.get()), (3, 3));
        workers.run_newest();
        assert_eq!(counting.finish(), expected());
    }

    #[test]
    fn pages_whose_tasks_are_dropped_are_named() {
        let workers = ByHand::new(4);
        let counting = Counting::start(&workers, stained_book());
        drop(workers);
        let counts = counting.finish();
        assert_eq!(counts.unreadable, ["title", "stain", "first", "last"]);
    }

    /// The one test with threads: it shows that the real pool fits, and no more.
    #[test]
    fn a_pool_counts_the_same() {
        let pool = Pool::new(2, 1).unwrap();
        assert_eq!(Counting::start(&pool, stained_book()).finish(), expected());
    }
}
