//! Random calls against a model that counts tokens. After each call it is known which tasks have
//! started, which wait and which are gone, and the pool must come to the same state.

mod common;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use common::{Watchdog, until};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use rate_limit::{CancelToken, Limit, ManualClock, Pool, Reason, Task};

const LIMITS: usize = 2;
const TOKENS: usize = 2;
const PLACES: usize = 3;
/// A second has so many starts of a limit, or twice as many, or four times. All are whole numbers
/// of nanoseconds, and so are their parts.
const RATE: u32 = 8;

#[derive(Clone, Copy, Debug)]
enum Call {
    /// A task behind a limit or without, and with a token or without. Refused if there is no place.
    Submit(Option<usize>, Option<usize>),
    /// The clock is moved by so many parts of an interval.
    Advance(u32),
    SetRate(usize, u32),
    Cancel(usize),
    ShutdownNow,
}

fn call() -> impl Strategy<Value = Call> {
    let submit = (prop::option::of(0..LIMITS), prop::option::of(0..TOKENS));
    let submit = submit.prop_map(|(limit, token)| Call::Submit(limit, token));
    prop_oneof![
        12 => submit,
        8 => (0..20_u32).prop_map(Call::Advance),
        2 => (0..LIMITS, 0..3_u32).prop_map(|(limit, power)| Call::SetRate(limit, 1 << power)),
        1 => (0..TOKENS).prop_map(Call::Cancel),
        1 => Just(Call::ShutdownNow),
    ]
}

/// What a limit is, counted: in units of which a start costs 16. With each part of an interval at
/// the slowest rate as many come as the rate is faster.
struct Counted {
    units: u32,
    faster: u32,
    burst: u32,
    /// Number and token of the tasks that wait.
    waiting: VecDeque<(usize, Option<usize>)>,
}

#[derive(Default)]
struct Model {
    limits: Vec<Counted>,
    cancelled: [bool; TOKENS],
    closed: bool,
    started: Vec<usize>,
    dropped: usize,
    back: usize,
}

impl Model {
    /// Starts what may start, the first accepted of all limits first.
    fn settle(&mut self) {
        loop {
            let ready = self.limits.iter().enumerate().filter_map(|(at, limit)| {
                let (number, _) = limit.waiting.front()?;
                (limit.units >= 16).then_some((*number, at))
            });
            let Some((number, at)) = ready.min() else {
                return;
            };
            self.limits[at].waiting.pop_front();
            self.limits[at].units -= 16;
            self.started.push(number);
        }
    }

    fn waiting(&self) -> usize {
        self.limits.iter().map(|limit| limit.waiting.len()).sum()
    }
}

fn run(threads: usize, bursts: [u32; LIMITS], calls: Vec<Call>) {
    let watchdog = Watchdog::start();
    let pool = watchdog.watch(Pool::new(threads, 4).unwrap());
    let clock = ManualClock::at(Instant::now());
    let second = Duration::from_secs(1);
    let limits = bursts.map(|burst| {
        let limit = Limit::builder(RATE, second).burst(burst).places(PLACES);
        limit.clock(&clock).build().unwrap()
    });
    let tokens = [(); TOKENS].map(|()| CancelToken::new());
    let started: Arc<Mutex<Vec<usize>>> = Arc::default();
    let mut model = Model::default();
    for burst in bursts {
        model.limits.push(Counted {
            units: 16 * burst,
            faster: 1,
            burst,
            waiting: VecDeque::new(),
        });
    }
    for (number, call) in calls.into_iter().enumerate() {
        match call {
            Call::Submit(limit, token) => {
                let note = Arc::clone(&started);
                let mut task = Task::from(move || note.lock().unwrap().push(number));
                if let Some(limit) = limit {
                    task = task.limited(&limits[limit]);
                }
                // Nobody waits for a place: a limit is full until the clock is moved.
                let full = limit.is_some_and(|at| model.limits[at].waiting.len() == PLACES);
                let expected = match token {
                    _ if model.closed => Err(Reason::ShutDown),
                    Some(token) if model.cancelled[token] => Err(Reason::Cancelled),
                    _ if full => Err(Reason::Full),
                    _ => Ok(()),
                };
                let submitted = match token {
                    // It would wait.
                    Some(_) if expected == Err(Reason::Full) => continue,
                    Some(token) => pool.execute_with(&tokens[token], task),
                    None => pool.try_execute(task),
                };
                assert_eq!(submitted.map_err(|rejected| rejected.reason()), expected);
                match limit {
                    _ if expected.is_err() => {}
                    None => model.started.push(number),
                    Some(limit) => model.limits[limit].waiting.push_back((number, token)),
                }
            }
            Call::Advance(parts) => {
                clock.advance(second / RATE / 16 * parts);
                for limit in &mut model.limits {
                    let come = parts * limit.faster;
                    limit.units = (limit.units + come).min(16 * limit.burst);
                }
            }
            Call::SetRate(limit, faster) => {
                limits[limit].set_rate(RATE * faster, second).unwrap();
                model.limits[limit].faster = faster;
            }
            Call::Cancel(token) => {
                tokens[token].cancel();
                model.cancelled[token] = true;
                let of = |(_, at): &(usize, Option<usize>)| *at != Some(token);
                for limit in &mut model.limits {
                    let before = limit.waiting.len();
                    limit.waiting.retain(of);
                    model.dropped += before - limit.waiting.len();
                }
            }
            Call::ShutdownNow => {
                let back = pool.shutdown_now().len();
                assert_eq!(back, model.waiting());
                model.back += back;
                model
                    .limits
                    .iter_mut()
                    .for_each(|limit| limit.waiting.clear());
                model.closed = true;
            }
        }
        model.settle();
        until(|| {
            let stats = pool.stats();
            let ended = (stats.completed, stats.cancelled, stats.returned);
            ended == (model.started.len(), model.dropped, model.back)
        });
        assert_eq!(pool.queue_len(), model.waiting());
        let mut started = started.lock().unwrap().clone();
        if threads > 1 {
            // Those that start together are noted in any order.
            started.sort_unstable();
            let mut expected = model.started.clone();
            expected.sort_unstable();
            assert_eq!(started, expected);
        } else {
            assert_eq!(started, model.started);
        }
    }
    drop(pool.shutdown_now());
}

#[test]
fn a_pool_with_limits_is_like_the_model() {
    let bursts = [1..4_u32, 1..4_u32];
    let cases = (1..4_usize, bursts, vec(call(), 1..60));
    let mut runner = TestRunner::new(Config {
        cases: 150,
        ..Config::default()
    });
    let same = runner.run(&cases, |(threads, bursts, calls)| {
        run(threads, bursts, calls);
        Ok(())
    });
    same.unwrap();
}
