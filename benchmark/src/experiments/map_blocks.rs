//! What an item of a map costs, by how many items a task has.

use std::collections::VecDeque;
use std::hint::black_box;
use std::time::Instant;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use v5_futures::{JoinHandle, Pool};

use super::{Experiment, Outcome};
use crate::workload::{compute, steps_per_microsecond};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "map-blocks",
    title: "what an item of a map costs, by the size of blocks",
    question: "A function is applied to each number of a long list, on two workers, and the results are \
               taken in order. Each task has 1, 16, 256 or 4096 items, and four tasks are ahead. Once the \
               function takes about a nanosecond, and once 20 us. What does an item cost, and when is the \
               first result there? And with `map` of v5, which is told no size?",
    predict: "Which size is the best one for cheap items, and which for expensive ones? What does an item \
              cost with each?",
    checks: "with both functions `map` takes at most six times as long as the best of the fixed sizes",
    run,
};

const WORKERS: usize = 2;

/// Tasks that are ahead of the results, if a size is fixed.
const AHEAD: usize = 2 * WORKERS;

const SIZES: [usize; 4] = [1, 16, 256, 4096];

/// Items that take next to nothing, and how many of them there are for small blocks, with which an
/// item takes thousands of times as long.
const CHEAP: usize = 1 << 20;
const CHEAP_IN_SMALL: usize = 1 << 15;

/// Items that take [`MICROS`] each: not more than the largest block has.
const EXPENSIVE: usize = 4096;
const MICROS: u64 = 20;

/// Rounds of which the shortest counts: what disturbs a run only makes it longer. In each, all ways
/// take turns.
const ROUNDS: usize = 5;

type Work = fn(u64) -> u64;

/// How long a list took, in nanoseconds for each item, and how long it took to its first result.
#[derive(Clone, Copy)]
struct Times {
    first: f64,
    all: f64,
}

impl Times {
    const NONE: Times = Times {
        first: f64::MAX,
        all: f64::MAX,
    };

    /// The shorter ones of two runs.
    fn or_shorter(self, other: Times) -> Times {
        Times {
            first: self.first.min(other.first),
            all: self.all.min(other.all),
        }
    }
}

fn cheap(number: u64) -> u64 {
    black_box(number) ^ 1
}

fn expensive(number: u64) -> u64 {
    compute(MICROS * steps_per_microsecond());
    number ^ 1
}

/// Takes results as they come. `None`: they are not those of the items, in their order.
fn timed(items: usize, results: impl FnOnce(&mut dyn FnMut(u64))) -> Option<Times> {
    let start = Instant::now();
    let nanos = || start.elapsed().as_nanos() as f64;
    let (mut first, mut expected, mut right) = (0.0, 0, true);
    results(&mut |result| {
        if expected == 0 {
            first = nanos();
        }
        right &= result == expected ^ 1;
        expected += 1;
    });
    let all = nanos() / items as f64;
    (right && expected == items as u64).then_some(Times { first, all })
}

/// Blocks of a fixed size: what one would write by hand.
fn in_blocks(pool: &Pool, items: usize, size: usize, work: Work) -> Option<Times> {
    timed(items, |take| {
        let mut items = 0..items as u64;
        let mut ahead = VecDeque::<JoinHandle<Vec<u64>>>::new();
        loop {
            while ahead.len() < AHEAD && !items.is_empty() {
                let block: Vec<u64> = items.by_ref().take(size).collect();
                let block = move || block.into_iter().map(work).collect();
                ahead.push_back(pool.spawn(block).expect("the pool is open"));
            }
            let Some(block) = ahead.pop_front() else {
                break;
            };
            let results = block.join().expect("no item panics");
            results.into_iter().for_each(&mut *take);
        }
    })
}

fn with_map(pool: &Pool, items: usize, work: Work) -> Option<Times> {
    timed(items, |take| {
        let results = pool.map(0..items as u64, work);
        results.for_each(|result| take(result.expect("no item panics")));
    })
}

/// All results are there at once.
fn with_rayon(pool: &rayon::ThreadPool, items: usize, work: Work) -> Option<Times> {
    timed(items, |take| {
        let all = || (0..items as u64).into_par_iter().map(work).collect();
        let results: Vec<u64> = pool.install(all);
        results.into_iter().for_each(take);
    })
}

fn in_a_loop(items: usize, work: Work) -> Option<Times> {
    timed(items, |take| (0..items as u64).map(work).for_each(take))
}

/// A way to apply a function to a list, and how long it took for cheap items and for expensive
/// ones.
struct Way<'pool> {
    name: String,
    title: String,
    map: Box<dyn Fn(usize, Work) -> Option<Times> + 'pool>,
    cheap_items: usize,
    times: [Times; 2],
}

impl<'pool> Way<'pool> {
    fn new(
        name: &str,
        title: impl Into<String>,
        map: impl Fn(usize, Work) -> Option<Times> + 'pool,
    ) -> Way<'pool> {
        Way {
            name: name.to_owned(),
            title: title.into(),
            map: Box::new(map),
            cheap_items: CHEAP,
            times: [Times::NONE; 2],
        }
    }
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let pool = Pool::new(WORKERS, AHEAD).expect("within the limits");
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(WORKERS);
    let rayon = rayon.build().expect("rayon starts");
    let (pool, rayon) = (&pool, &rayon);
    let mut ways = vec![Way::new("loop", "a plain loop", in_a_loop)];
    for size in SIZES {
        let map = move |items, work| in_blocks(pool, items, size, work);
        let title = format!("blocks of {size}");
        let cheap_items = if size < 256 { CHEAP_IN_SMALL } else { CHEAP };
        ways.push(Way {
            cheap_items,
            ..Way::new(&format!("b{size}"), title, map)
        });
    }
    let map = |items, work| with_map(pool, items, work);
    ways.push(Way::new("map", "v5, map", map));
    let map = |items, work| with_rayon(rayon, items, work);
    ways.push(Way::new("rayon", "rayon, par_iter", map));

    let mut held = true;
    for _ in 0..ROUNDS {
        for way in &mut ways {
            let lists: [(usize, Work); 2] = [(way.cheap_items, cheap), (EXPENSIVE, expensive)];
            for ((items, work), times) in lists.into_iter().zip(&mut way.times) {
                match (way.map)(items, work) {
                    Some(shorter) => *times = times.or_shorter(shorter),
                    None => held = false,
                }
            }
        }
    }
    for Way {
        name, title, times, ..
    } in &ways
    {
        let [cheap, expensive] = times;
        let each = cheap.all;
        let micros = expensive.all / 1e3;
        let first = expensive.first / 1e6;
        outcome.tell(format!(
            "{title:15} cheap items: {each:7.1} ns each; of {MICROS} us: {micros:5.2} us each, the first \
             after {first:6.2} ms"
        ));
        outcome.result(format!("{name}.cheap"), (each * 10.0).round() / 10.0);
        outcome.result(format!("{name}.expensive"), micros);
        outcome.result(format!("{name}.first"), (first * 100.0).ceil() / 100.0);
    }
    let named = |name: &str| ways.iter().find(|way| way.name == name);
    let map = named("map").map_or([Times::NONE; 2], |way| way.times);
    for (list, map) in map.into_iter().enumerate() {
        let fixed = ways.iter().filter(|way| way.name.starts_with('b'));
        let best = fixed
            .map(|way| way.times[list].all)
            .fold(f64::MAX, f64::min);
        held &= map.all <= 6.0 * best;
    }
    outcome.result("items.cheap", CHEAP as f64);
    outcome.result("items.expensive", EXPENSIVE as f64);
    outcome.result("micros", MICROS as f64);
    outcome.result("workers", WORKERS as f64);
    outcome.result("ahead", AHEAD as f64);
    outcome.held = held;
    outcome
}
