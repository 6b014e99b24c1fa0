//! A program that forks and joins all the time.

use std::cmp::Reverse;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Instant;

use v5_futures::{Pool, Scope};

use super::stack::on_stack;
use super::{Experiment, Outcome};
use crate::workload::fibonacci;

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "fork-join",
    title: "the cost of a fork: v5, rayon, plain recursion",
    question: "fib(n) by its definition, and each call spawns one of its two halves and joins it, with 1, 2 \
               and 4 workers. What does a fork cost in v5, in rayon, and next to plain recursion? How many \
               tasks does their own joiner run? And if small ones are computed by plain recursion?",
    predict: "How many nanoseconds does a fork cost in v5 and in rayon, and what share of the tasks does \
              another worker take?",
    checks: "law 11, a fork-join program comes to its end, with one worker too; there the joiner runs each task itself",
    run,
};

const WIDTHS: [usize; 3] = [1, 2, 4];

/// Rounds of which the shortest counts: what disturbs a run only makes it longer, and here one
/// disturbance is as long as the run.
const ROUNDS: usize = 11;

/// Every call forks.
const FINE: Size = Size { n: 18, cut: 2 };

/// A task has some microseconds of work.
const COARSE: Size = Size { n: 29, cut: 18 };

/// What is computed, and below which size without forks.
#[derive(Clone, Copy)]
struct Size {
    n: u32,
    cut: u32,
}

impl Size {
    fn forks(self) -> usize {
        match self {
            Size { n, cut } if n < cut => 0,
            Size { n, cut } => {
                let smaller = |n| Size { n, cut }.forks();
                1 + smaller(n - 1) + smaller(n - 2)
            }
        }
    }

    fn smaller(self, by: u32) -> Size {
        Size {
            n: self.n - by,
            ..self
        }
    }

    fn plain(self) -> u64 {
        u64::from(fibonacci(self.n))
    }
}

/// A pool that its tasks share, and what they count if they count.
struct Shared {
    pool: Pool,
    in_place: AtomicUsize,
}

impl Shared {
    fn new(workers: usize) -> Arc<Shared> {
        Arc::new(Shared {
            pool: Pool::new(workers, 16).expect("within the limits"),
            in_place: AtomicUsize::new(0),
        })
    }

    /// Does the work of a task, and counts whether it lies on top of another one.
    fn task<const COUNT: bool, T>(&self, work: impl FnOnce() -> T) -> T {
        if !COUNT {
            return work();
        }
        on_stack(|below| {
            self.in_place.fetch_add(usize::from(below > 0), SeqCst);
            work()
        })
    }
}

fn spawned<const COUNT: bool>(shared: &Arc<Shared>, size: Size) -> u64 {
    if size.n < size.cut {
        return size.plain();
    }
    let inside = Arc::clone(shared);
    let task = move || inside.task::<COUNT, _>(|| spawned::<COUNT>(&inside, size.smaller(2)));
    let other = shared.pool.spawn(task).expect("the pool is open");
    let one = spawned::<COUNT>(shared, size.smaller(1));
    one + other.join().expect("no task panics")
}

fn on_v5<const COUNT: bool>(shared: &Arc<Shared>, size: Size) -> u64 {
    let inside = Arc::clone(shared);
    let root = move || inside.task::<COUNT, _>(|| spawned::<COUNT>(&inside, size));
    let root = shared.pool.spawn(root).expect("the pool is open");
    let result = root.join().expect("no task panics");
    // Whoever has the pool last drops it: that should not be a task.
    shared.pool.wait_idle();
    result
}

fn scoped<'scope>(scope: &'scope Scope<'scope, '_>, size: Size) -> u64 {
    if size.n < size.cut {
        return size.plain();
    }
    let other = scope.spawn(move || scoped(scope, size.smaller(2)));
    let other = other.expect("the pool is open");
    let one = scoped(scope, size.smaller(1));
    one + other.join().expect("no task panics")
}

fn on_scope(pool: &Pool, size: Size) -> u64 {
    pool.scope(|scope| {
        let root = scope.spawn(move || scoped(scope, size));
        let root = root.expect("the pool is open");
        root.join().expect("no task panics")
    })
}

fn joined(size: Size) -> u64 {
    if size.n < size.cut {
        return size.plain();
    }
    let (one, other) = rayon::join(|| joined(size.smaller(1)), || joined(size.smaller(2)));
    one + other
}

/// Something that computes fib.
struct Way {
    name: &'static str,
    /// 0 for plain recursion.
    workers: usize,
    fib: Box<dyn Fn(Size) -> u64>,
    fine: Vec<f64>,
    coarse: Vec<f64>,
}

impl Way {
    fn new(name: &'static str, workers: usize, fib: impl Fn(Size) -> u64 + 'static) -> Way {
        Way {
            name,
            workers,
            fib: Box::new(fib),
            fine: Vec::new(),
            coarse: Vec::new(),
        }
    }

    /// Nanoseconds for it all, and whether the result is right.
    fn time(&self, size: Size, expected: u64) -> (f64, bool) {
        let start = Instant::now();
        let right = (self.fib)(size) == expected;
        (start.elapsed().as_nanos() as f64, right)
    }
}

fn ways() -> Vec<Way> {
    let mut ways = vec![Way::new("plain", 0, Size::plain)];
    for workers in WIDTHS {
        let shared = Shared::new(workers);
        ways.push(Way::new("v5", workers, move |size| {
            on_v5::<false>(&shared, size)
        }));
        let pool = Pool::new(workers, 16).expect("within the limits");
        ways.push(Way::new("scope", workers, move |size| {
            on_scope(&pool, size)
        }));
        let pool = rayon::ThreadPoolBuilder::new().num_threads(workers);
        let pool = pool.build().expect("rayon starts");
        ways.push(Way::new("rayon", workers, move |size| {
            pool.install(|| joined(size))
        }));
    }
    ways
}

/// Who ran the tasks. Returns whether it was their joiners, where there is nobody else.
fn count(outcome: &mut Outcome) -> bool {
    let forks = FINE.forks();
    let mut held = true;
    for workers in WIDTHS {
        let shared = Shared::new(workers);
        on_v5::<true>(&shared, FINE);
        let in_place = shared.in_place.load(SeqCst);
        let stolen = shared.pool.stats().stolen;
        let percent = in_place as f64 / forks as f64 * 100.0;
        let elsewhere = forks - in_place;
        outcome.tell(format!(
            "workers {workers}: {in_place} of {forks} tasks ran in place ({percent:.1} %), {elsewhere} were taken by \
             a worker; {stolen} were stolen on the way"
        ));
        outcome.result(format!("v5.w{workers}.in_place"), percent);
        outcome.result(format!("v5.w{workers}.elsewhere"), elsewhere as f64);
        outcome.result(format!("v5.w{workers}.stolen"), stolen as f64);
        held &= workers > 1 || elsewhere == 0;
    }
    held
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let mut ways = ways();
    let [fine, coarse] = [FINE, COARSE].map(Size::plain);
    let mut right = true;
    // The first round warms up.
    for round in 0..=ROUNDS {
        // Nobody comes after the same one each time.
        ways.rotate_left(1);
        for way in &mut ways {
            let (fine, yes) = way.time(FINE, fine);
            let (coarse, also) = way.time(COARSE, coarse);
            right &= yes && also;
            if round > 0 {
                way.fine.push(fine / FINE.forks() as f64);
                way.coarse.push(coarse / 1e6);
            }
        }
    }
    ways.sort_by_key(|way| (way.workers, Reverse(way.name)));
    let held = count(&mut outcome);
    let shortest = |samples: &[f64]| samples.iter().copied().fold(f64::INFINITY, f64::min);
    outcome.tell("                 ns a fork   with a cut, ms   speed-up");
    let plain = &ways[0];
    for way in &ways {
        let Way { name, workers, .. } = way;
        let (fine, coarse) = (shortest(&way.fine), shortest(&way.coarse));
        let speedup = shortest(&plain.coarse) / coarse;
        let who = match workers {
            0 => (*name).to_owned(),
            _ => format!("{name}, workers {workers}"),
        };
        outcome.tell(format!("{who:17} {fine:8.0} {coarse:16.1} {speedup:10.2}"));
        let key = match workers {
            0 => (*name).to_owned(),
            _ => format!("{name}.w{workers}"),
        };
        outcome.result(format!("fine.{key}.nanos"), fine);
        outcome.result(format!("coarse.{key}.millis"), coarse);
        if *workers > 0 {
            outcome.result(format!("coarse.{key}.speedup"), speedup);
        }
        let peer = ways
            .iter()
            .find(|peer| (peer.name, peer.workers) == ("rayon", *workers));
        if let Some(peer) = peer
            && *name == "v5"
        {
            outcome.result(format!("fine.{key}.ratio"), fine / shortest(&peer.fine));
        }
    }
    let leaves = (COARSE.forks() + 1) as f64;
    outcome.result("n", f64::from(FINE.n));
    outcome.result("forks", FINE.forks() as f64);
    outcome.result("coarse.n", f64::from(COARSE.n));
    outcome.result("coarse.cut", f64::from(COARSE.cut));
    outcome.result("coarse.forks", COARSE.forks() as f64);
    outcome.result("coarse.task", shortest(&plain.coarse) * 1000.0 / leaves);
    outcome.held = right && held;
    outcome
}
