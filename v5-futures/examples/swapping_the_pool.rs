//! Code that takes a pool, and is tested without threads.
//!
//! Run it with `cargo run -p v5-futures --example swapping_the_pool`, and its tests with
//! `cargo test -p v5-futures --example swapping_the_pool`.

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

/// Pages whose words are being counted.
struct Counting {
    pages: Vec<(&'static str, JoinHandle<usize>)>,
}

/// What has come of it.
#[derive(Debug, Default, PartialEq)]
struct Counts {
    /// The pages that could be read, in their order, with the number of their words.
    words: Vec<(&'static str, usize)>,
    /// The others.
    unreadable: Vec<&'static str>,
}

impl Counting {
    /// Begins to count: a task for each page. A page for which the workers have no time is counted
    /// here.
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
        ("stain", "\u{fffd}\u{fffd}"),
        ("first", "A worker takes a task"),
    ]
    .map(|(name, text)| Page { name, text })
    .into()
}

fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let pool = Pool::new(4, 16)?;
    let counting = Counting::start(&pool, book());
    println!("{} of 3 pages are done already", counting.done());
    let counts = counting.finish();
    for (name, words) in counts.words {
        println!("{words:6} words on {name}");
    }
    println!("unreadable: {:?}", counts.unreadable);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::VecDeque;

    use super::*;

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

        fn run_oldest(&self) {
            let task = self.queue.borrow_mut().pop_front();
            task.expect("a task is queued").run();
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

    fn expected() -> Counts {
        Counts {
            words: vec![("title", 2), ("first", 5)],
            unreadable: vec!["stain"],
        }
    }

    #[test]
    fn each_page_is_counted_and_what_cannot_be_read_is_named() {
        assert_eq!(Counting::start(&Inline, book()).finish(), expected());
    }

    #[test]
    fn a_book_without_pages_has_no_words() {
        let counts = Counting::start(&Inline, Vec::new()).finish();
        assert_eq!(counts, Counts::default());
    }

    #[test]
    fn pages_are_in_their_order_although_the_last_is_counted_first() {
        let workers = ByHand::new(3);
        let counting = Counting::start(&workers, book());
        assert_eq!(counting.done(), 0);
        workers.run_newest();
        assert_eq!(counting.done(), 1);
        workers.run_newest();
        workers.run_newest();
        assert_eq!(counting.finish(), expected());
    }

    #[test]
    fn pages_that_are_refused_are_counted_all_the_same() {
        let workers = ByHand::new(1);
        let counting = Counting::start(&workers, book());
        assert_eq!((counting.done(), workers.refused.get()), (2, 2));
        workers.run_oldest();
        assert_eq!(counting.finish(), expected());
    }

    #[test]
    fn pages_whose_tasks_are_dropped_are_named() {
        let workers = ByHand::new(3);
        let counting = Counting::start(&workers, book());
        drop(workers);
        let counts = counting.finish();
        assert_eq!(counts.unreadable, ["title", "stain", "first"]);
    }

    /// The one test with threads: it shows that the real pool fits, and no more.
    #[test]
    fn a_pool_counts_the_same() {
        let pool = Pool::new(2, 1).unwrap();
        assert_eq!(Counting::start(&pool, book()).finish(), expected());
    }
}
