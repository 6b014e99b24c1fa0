//! A task and its result, there and back.

use std::hint::black_box;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::allocations::allocations;
use super::{Experiment, Outcome};
use crate::statistics::{Summary, paired};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "round-trip",
    title: "the cost of a result that comes back",
    question: "An empty task and its result, one at a time, from outside of the pool: with a handle of v5, \
               with v4 and a channel by hand, with `install` of rayon, and with a thread of its own. What \
               does it take?",
    predict: "Who has the shortest way back, and who the longest? And is v5 or v4 ahead if a thousand are \
              submitted before the first result is taken?",
    checks: "each result comes back, and a handle takes fewer allocations than a channel by hand",
    run,
};

const TRIPS: usize = 500;
const THREADS: usize = 50;
const MANY: usize = 1000;

/// Rounds of which the median counts.
const ROUNDS: usize = 31;

/// Sends this number there and back. Returns what came back.
type Trip<'pool> = Box<dyn Fn(usize) -> Option<usize> + 'pool>;

fn by_channel(pool: &v4_dedicated_queues::Pool, number: usize) -> mpsc::Receiver<usize> {
    let (tell, told) = mpsc::channel();
    let task = move || {
        let _ = tell.send(black_box(number));
    };
    pool.execute(task).expect("nobody shuts the pool down");
    told
}

fn by_handle(pool: &v5_futures::Pool, number: usize) -> v5_futures::JoinHandle<usize> {
    let handle = pool.spawn(move || black_box(number));
    handle.expect("nobody shuts the pool down")
}

/// A way there and back, and how long it took.
struct Way<'pool> {
    name: &'static str,
    title: &'static str,
    trips: usize,
    trip: Trip<'pool>,
    times: Vec<f64>,
}

impl<'pool> Way<'pool> {
    fn new(
        name: &'static str,
        title: &'static str,
        trips: usize,
        trip: impl Fn(usize) -> Option<usize> + 'pool,
    ) -> Way<'pool> {
        Way {
            name,
            title,
            trips,
            trip: Box::new(trip),
            times: Vec::with_capacity(ROUNDS),
        }
    }

    /// One trip after another. Returns how many came back.
    fn travel(&self) -> usize {
        let back = |number: &usize| (self.trip)(*number) == Some(*number);
        (0..self.trips).filter(back).count()
    }
}

/// Nanoseconds for each of so many.
fn nanos(times: usize, work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_nanos() as f64 / times as f64
}

/// All there, and then all back, in v4 and in v5: nanoseconds for each.
fn many(v4: &v4_dedicated_queues::Pool, v5: &v5_futures::Pool) -> [Vec<f64>; 2] {
    let mut times = [const { Vec::new() }; 2];
    for _ in 0..ROUNDS {
        times[0].push(nanos(MANY, || {
            let answers: Vec<_> = (0..MANY).map(|number| by_channel(v4, number)).collect();
            let back = answers.into_iter().filter_map(|answer| answer.recv().ok());
            black_box(back.count());
        }));
        times[1].push(nanos(MANY, || {
            let handles: Vec<_> = (0..MANY).map(|number| by_handle(v5, number)).collect();
            let back = handles.into_iter().filter_map(|handle| handle.join().ok());
            black_box(back.count());
        }));
    }
    times
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let v4 = v4_dedicated_queues::Pool::new(1, MANY).expect("within the limits");
    let v5 = v5_futures::Pool::new(1, MANY).expect("within the limits");
    let rayon = rayon::ThreadPoolBuilder::new().num_threads(1);
    let rayon = rayon.build().expect("rayon starts");
    let mut ways = [
        Way::new("v4", "v4, a channel by hand", TRIPS, |number| {
            by_channel(&v4, number).recv().ok()
        }),
        Way::new("v5", "v5, spawn and join", TRIPS, |number| {
            by_handle(&v5, number).join().ok()
        }),
        Way::new("thread", "a thread each", THREADS, |number| {
            thread::spawn(move || black_box(number)).join().ok()
        }),
        Way::new("rayon", "rayon, install", TRIPS, |number| {
            Some(rayon.install(|| black_box(number)))
        }),
    ];
    let mut held = true;
    let mut allocated = Vec::new();
    for way in &ways {
        // So that what a pool keeps from now on is there.
        held &= way.travel() == way.trips;
        let times = allocations(|| {
            way.travel();
        });
        allocated.push(times.map(|times| times as f64 / way.trips as f64));
    }
    for _ in 0..ROUNDS {
        for way in &mut ways {
            let time = nanos(way.trips, || held &= way.travel() == way.trips);
            way.times.push(time);
        }
    }
    let first = ways[0].times.clone();
    let mut costs = Vec::new();
    for (way, allocated) in ways.iter().zip(&allocated) {
        let Way { name, title, .. } = way;
        let time = Summary::of(&way.times).median;
        let ratio = Summary::of(&paired(&way.times, &first)).median;
        let mut line = format!("{title:21} {time:8.0} ns, {ratio:5.2} times v4");
        outcome.result(format!("{name}.nanos"), time);
        if *name != "v4" {
            outcome.result(format!("{name}.ratio"), ratio);
        }
        if let Some(each) = allocated.map(|each| (each * 10.0).round() / 10.0)
            && name.starts_with('v')
        {
            line += &format!(", {each} allocations");
            outcome.result(format!("{name}.allocations"), each);
            costs.push(each);
        }
        outcome.tell(line);
    }
    held &= costs.is_sorted_by(|v4, v5| v4 > v5);
    let [of_v4, of_v5] = many(&v4, &v5);
    let [v4, v5] = [&of_v4, &of_v5].map(|times| Summary::of(times).median);
    let ratio = Summary::of(&paired(&of_v5, &of_v4)).median;
    outcome.tell(format!(
        "{MANY} there and then back: v4 {v4:.0} ns, v5 {v5:.0} ns for each, {ratio:.2} times v4"
    ));
    outcome.result("many.v4.nanos", v4);
    outcome.result("many.v5.nanos", v5);
    outcome.result("many.ratio", ratio);
    outcome.result("many.tasks", MANY as f64);
    outcome.held = held;
    outcome
}
