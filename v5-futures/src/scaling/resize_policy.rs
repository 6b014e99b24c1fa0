//! What comes first: a new worker or a place in the queue.
//!
//! | policy | a task arrives | the queue is full |
//! |---|---|---|
//! | [`Eager`] | a new worker, if there may be one; then the queue | refused, or it waits |
//! | [`Balanced`](crate::Balanced) | an idle worker, a new one, or the queue, in this order | refused, or it waits |
//! | [`Lazy`] | the queue | a new worker, if there may be one; then refused, or it waits |

use super::{Load, Moment, Scaling};

/// Spawns, then queues, then refuses: each task starts a worker until there are as many as there
/// may be, idle ones or not.
///
/// Java's `ThreadPoolExecutor` does so below its core size. Use it to have all threads soon, for a
/// pool that will need them anyway.
///
/// ```
/// use v5_futures::{Eager, Pool};
///
/// let pool = Pool::builder().threads(0..=4).scaling(Eager).build()?;
/// for _ in 0..3 {
///     pool.execute(|| ()).unwrap();
///     pool.wait_idle();
/// }
/// assert_eq!(pool.threads(), 3);
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Eager;

impl Scaling for Eager {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        match moment {
            Moment::Submitted | Moment::Full => load.live.saturating_add(1),
            _ => 0,
        }
    }
}

/// Queues, then spawns, then refuses: a worker is started for a task that finds the queue full.
///
/// Java's `ThreadPoolExecutor` does so from its core size on. The fewest threads, and the longest
/// waits. With a large queue the pool never grows: in Java this surprises everybody once. A task
/// that waits for a later one waits for ever, unless the queue is full behind it.
///
/// Use it when threads are to be few, tasks may wait, and the queue is short.
///
/// ```
/// use v5_futures::{Lazy, Pool};
///
/// let pool = Pool::builder().threads(1..=4).queue_capacity(100).scaling(Lazy).build()?;
/// for _ in 0..100 {
///     pool.execute(|| ()).unwrap();
/// }
/// assert_eq!(pool.threads(), 1);
/// # Ok::<(), v5_futures::BuildError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Lazy;

impl Scaling for Lazy {
    fn wanted(&self, moment: Moment, load: &Load) -> usize {
        if moment == Moment::Full {
            load.live.saturating_add(1)
        } else {
            0
        }
    }
}
