//! How urgent a task is.

mod order;
mod place;

use crate::{Builder, Task};

pub(crate) use order::Order;
pub(crate) use place::Place;

/// How urgent a task is. The more urgent of the tasks that wait starts first, within the bound that
/// [`Builder::ageing`] sets; of equals, the one that was accepted first.
///
/// There are three levels and no numbers: where there is always a higher number, everybody takes
/// the highest.
///
/// ```
/// use priority::Priority;
///
/// assert!(Priority::High > Priority::Low);
/// assert_eq!(Priority::default(), Priority::Normal);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    /// Nobody waits for it: tidying up, fetching ahead.
    Low,
    /// The level of a task that names none.
    #[default]
    Normal,
    /// Somebody waits for it now.
    High,
}

impl Priority {
    /// Every level, each at its own index.
    pub(crate) const ALL: [Priority; 3] = [Priority::Low, Priority::Normal, Priority::High];

    pub(crate) fn index(self) -> usize {
        self as usize
    }
}

impl Task {
    /// Says how urgent the task is. A task that comes back from a pool keeps its level.
    ///
    /// ```
    /// use priority::{Pool, Priority, Task};
    ///
    /// let pool = Pool::new(1, 8).unwrap();
    /// pool.execute(Task::from(|| println!("when there is time")).at(Priority::Low)).unwrap();
    /// pool.execute(Task::from(|| println!("as soon as possible")).at(Priority::High)).unwrap();
    /// ```
    #[must_use = "the task is returned"]
    pub fn at(mut self, priority: Priority) -> Task {
        self.priority = priority;
        self
    }

    /// How urgent the task is.
    ///
    /// ```
    /// use priority::{Priority, Task};
    ///
    /// let task = Task::from(|| ());
    /// assert_eq!(task.priority(), Priority::Normal);
    /// assert_eq!(task.at(Priority::Low).priority(), Priority::Low);
    /// ```
    #[must_use]
    pub fn priority(&self) -> Priority {
        self.priority
    }
}

impl Builder {
    /// How many later tasks may overtake a task that waits, for each level that is between the two.
    /// A task of the lowest level is two below the highest, so twice as many of that may.
    ///
    /// With `0` the pool is first in, first out. With [`u64::MAX`] a task waits as long as more
    /// urgent ones come. Without this, twice the number of places for a level: then an urgent task
    /// that comes alone is the next to start, even if the queues of both other levels are full.
    ///
    /// ```
    /// // A task of the lowest level is overtaken by at most 200 others.
    /// let pool = priority::Pool::builder().ageing(100).build().unwrap();
    /// # pool.shutdown();
    /// ```
    pub fn ageing(mut self, tasks: u64) -> Builder {
        self.ageing = Some(tasks);
        self
    }
}
