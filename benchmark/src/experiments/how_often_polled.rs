//! How often a handle is polled, and how often it wakes whoever polls it.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use v5_futures::{JoinHandle, JoinSet, Pool};

use super::{Experiment, Outcome, within};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "how-often-polled",
    title: "polls and wakes of a handle that is awaited",
    question: "A task of 10 ms is awaited under two executors of a few lines: one sleeps until it is woken, \
               the other polls all the time. How often is the handle polled, and how often does it wake? And \
               if a hundred tasks are awaited together, and end one after another?",
    predict: "How many polls and how many wakes: for one task under each executor, and for a hundred that \
              are awaited together?",
    checks: "law 11, a handle resolves once: it wakes once, and it wakes whoever has polled it last",
    run,
};

const TASK: Duration = Duration::from_millis(10);
const HANDLES: usize = 100;

/// An executor that has not been woken for so long gives up.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a waker wakes: the thread that polls. Counts.
struct Bell {
    thread: Thread,
    wakes: AtomicUsize,
}

impl Bell {
    fn new() -> Arc<Bell> {
        Arc::new(Bell {
            thread: thread::current(),
            wakes: AtomicUsize::new(0),
        })
    }

    fn wakes(&self) -> usize {
        self.wakes.load(SeqCst)
    }
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.wakes.fetch_add(1, SeqCst);
        self.thread.unpark();
    }
}

/// How an executor waits.
#[derive(Clone, Copy)]
enum Executor {
    /// Until it is woken.
    Sleeping,
    /// Not at all.
    Spinning,
}

#[derive(Debug, Default, PartialEq)]
struct Count {
    polls: usize,
    wakes: usize,
}

impl Executor {
    /// Runs a future to its end. `pending` is called each time when it is not there yet. `None`:
    /// nobody wakes the executor.
    fn run<T>(
        self,
        pool: &Pool,
        future: impl Future<Output = T>,
        mut pending: impl FnMut(),
    ) -> Option<(T, Count)> {
        let mut future = pin!(future);
        let bell = Bell::new();
        let waker = Waker::from(Arc::clone(&bell));
        let start = Instant::now();
        let mut polls = 0;
        while start.elapsed() < PATIENCE {
            let woken = bell.wakes();
            polls += 1;
            if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                // A result is there before its waker is called, and both before the pool is idle.
                pool.wait_idle();
                let wakes = bell.wakes();
                return Some((value, Count { polls, wakes }));
            }
            pending();
            if let Executor::Sleeping = self {
                while bell.wakes() == woken && start.elapsed() < PATIENCE {
                    thread::park_timeout(PATIENCE);
                }
            }
        }
        None
    }
}

/// Tasks that end one at a time, each when a ticket is given out.
struct Tickets {
    pool: Pool,
    give: mpsc::Sender<()>,
    take: Arc<std::sync::Mutex<mpsc::Receiver<()>>>,
}

impl Tickets {
    fn new() -> Tickets {
        let (give, take) = mpsc::channel();
        Tickets {
            pool: Pool::new(1, HANDLES).expect("within the limits"),
            give,
            take: Arc::new(std::sync::Mutex::new(take)),
        }
    }

    fn spawn(&self) -> JoinHandle<()> {
        let take = Arc::clone(&self.take);
        let task = move || {
            if let Ok(take) = take.lock() {
                // An error: the experiment is over.
                let _ = take.recv();
            }
        };
        self.pool.spawn(task).expect("nobody shuts the pool down")
    }

    fn give(&self) {
        // The receiver is in the same struct.
        let _ = self.give.send(());
    }
}

/// One task, with a ticket once the executor has polled its handle.
fn waiting() -> Option<Count> {
    let tickets = Tickets::new();
    let handle = tickets.spawn();
    let (_, count) = Executor::Sleeping.run(&tickets.pool, handle, || tickets.give())?;
    Some(count)
}

/// One task that is over when its handle is polled.
fn done() -> Option<Count> {
    let tickets = Tickets::new();
    let handle = tickets.spawn();
    tickets.give();
    within(PATIENCE, || handle.is_finished());
    let (_, count) = Executor::Sleeping.run(&tickets.pool, handle, || ())?;
    Some(count)
}

/// One task that takes its time.
fn timed(executor: Executor) -> Option<Count> {
    let pool = Pool::new(1, 1).expect("within the limits");
    let handle = pool.spawn(|| thread::sleep(TASK));
    let handle = handle.expect("nobody shuts the pool down");
    let (_, count) = executor.run(&pool, handle, || ())?;
    Some(count)
}

/// A handle that is polled with two wakers: how often each is called.
fn moved() -> (usize, usize) {
    let tickets = Tickets::new();
    let mut handle = tickets.spawn();
    let bells = [Bell::new(), Bell::new()];
    for bell in &bells {
        let waker = Waker::from(Arc::clone(bell));
        let polled = Pin::new(&mut handle).poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending(), "the task waits for its ticket");
    }
    tickets.give();
    tickets.pool.wait_idle();
    let [first, last] = bells.map(|bell| bell.wakes());
    (first, last)
}

/// Many handles, all of them polled each time.
fn all() -> Option<Count> {
    let tickets = Tickets::new();
    let mut handles: Vec<_> = (0..HANDLES).map(|_| tickets.spawn()).collect();
    let mut polls = 0;
    let future = poll_fn(|context| {
        polls += handles.len();
        handles.retain_mut(|handle| Pin::new(handle).poll(context).is_pending());
        match handles.is_empty() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    });
    let (_, count) = Executor::Sleeping.run(&tickets.pool, future, || tickets.give())?;
    Some(Count { polls, ..count })
}

/// Many handles in a set, which knows those that are over.
fn set() -> Option<Count> {
    let tickets = Tickets::new();
    let mut set = JoinSet::new();
    (0..HANDLES).for_each(|_| set.insert(tickets.spawn()));
    let mut polls = 0;
    let future = poll_fn(|context| {
        loop {
            polls += 1;
            match set.poll_join_next(context) {
                Poll::Ready(Some(_)) => (),
                Poll::Ready(None) => return Poll::Ready(()),
                Poll::Pending => return Poll::Pending,
            }
        }
    });
    let (_, count) = Executor::Sleeping.run(&tickets.pool, future, || tickets.give())?;
    Some(Count { polls, ..count })
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let cases = [
        ("waiting", "not over when polled first", waiting()),
        ("done", "over when polled first", done()),
        (
            "sleeping",
            "10 ms, polled when woken",
            timed(Executor::Sleeping),
        ),
        (
            "spinning",
            "10 ms, polled all the time",
            timed(Executor::Spinning),
        ),
        ("many.all", "100, all polled at each wake", all()),
        ("many.set", "100 in a JoinSet", set()),
    ];
    let mut counts = Vec::new();
    for (name, title, count) in cases {
        let count = count.unwrap_or_else(|| {
            outcome.tell(format!("{title}: nobody woke the executor"));
            Count::default()
        });
        let Count { polls, wakes } = count;
        outcome.tell(format!("{title:29} {polls:8} polls, {wakes:3} wakes"));
        outcome.result(format!("{name}.polls"), polls as f64);
        outcome.result(format!("{name}.wakes"), wakes as f64);
        counts.push((polls, wakes));
    }
    let (first, last) = moved();
    outcome.tell(format!(
        "polled with one waker, then with another: the first is called {first} times, the last {last}"
    ));
    outcome.result("moved.first", first as f64);
    outcome.result("moved.last", last as f64);
    outcome.result("many.handles", HANDLES as f64);
    outcome.result("spinning.task", TASK.as_millis() as f64);
    // Once for all, then for each ending all that were left: the one that has ended among them.
    let polled_all = HANDLES + HANDLES * (HANDLES + 1) / 2;
    let expected = [
        (2, 1),
        (1, 0),
        (2, 1),
        (counts[3].0, 1),
        (polled_all, HANDLES),
        // Once, and twice for each ending: it is there, and the next one is not.
        (2 * HANDLES + 1, HANDLES),
    ];
    outcome.held = counts == expected && counts[3].0 > 2 && (first, last) == (0, 1);
    outcome
}
