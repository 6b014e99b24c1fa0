//! Sets of handles: each result comes once, in whatever order the tasks end.

use core::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread;

use crossbeam_channel::{Sender, bounded};
use model_schedule::models;
use pool::{JoinSet, Pool};

use crate::common::{SOME_TIME, adds_one, busy_pool};

models![
    a_set_gives_each_result_once,
    a_set_on_a_worker_gives_each_result_once,
    whoever_polls_a_set_is_woken_for_each_result,
    the_tasks_of_a_set_run_or_are_cancelled,
    a_set_that_is_dropped_cancels_what_has_not_begun,
    a_wait_with_a_deadline_ends_with_the_next_result_or_without_one,
    a_map_on_a_worker_gives_each_result_in_its_turn,
    a_map_that_is_dropped_early_cancels_or_runs_what_is_ahead,
];

const NUMBERS: [usize; 2] = [1, 2];

fn set_of_two(pool: &Pool) -> JoinSet<usize> {
    let mut set = JoinSet::new();
    for number in NUMBERS {
        set.spawn(pool, move || number).unwrap();
    }
    set
}

fn assert_all(mut results: Vec<usize>) {
    results.sort_unstable();
    assert_eq!(results, NUMBERS);
}

fn results(set: JoinSet<usize>) -> Vec<usize> {
    let results = set.join_all().into_iter();
    results.map(Result::unwrap).collect()
}

fn a_set_gives_each_result_once() {
    let pool = Pool::new(2, 2).unwrap();
    assert_all(results(set_of_two(&pool)));
}

fn a_set_on_a_worker_gives_each_result_once() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let own = Arc::clone(&pool);
        let parent = pool.spawn(move || results(set_of_two(&own))).unwrap();
        assert_all(parent.join().unwrap());
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 3);
    }
}

struct Tells(Sender<()>);

impl Wake for Tells {
    fn wake(self: Arc<Tells>) {
        // A result can be found by a poll before the call for it comes; then whoever polls may be
        // gone.
        let _ = self.0.send(());
    }
}

fn whoever_polls_a_set_is_woken_for_each_result() {
    let pool = Pool::new(2, 2).unwrap();
    let mut set = set_of_two(&pool);
    let (tell, told) = bounded(2);
    let waker = Waker::from(Arc::new(Tells(tell)));
    let mut results = Vec::new();
    loop {
        match set.poll_join_next(&mut Context::from_waker(&waker)) {
            Poll::Ready(Some(result)) => results.push(result.unwrap()),
            Poll::Ready(None) => break,
            Poll::Pending => told.recv().unwrap(),
        }
    }
    assert_all(results);
}

fn the_tasks_of_a_set_run_or_are_cancelled() {
    let (pool, ran) = (Pool::new(1, 2).unwrap(), Arc::new(AtomicUsize::new(0)));
    let mut set = JoinSet::new();
    for _ in 0..2 {
        set.spawn(&pool, adds_one(&ran)).unwrap();
    }
    let set = Arc::new(set);
    let canceller = thread::spawn({
        let set = Arc::clone(&set);
        move || set.cancel_all()
    });
    set.cancel_all();
    canceller.join().unwrap();
    let results = Arc::into_inner(set).unwrap().join_all();
    let cancelled = results.iter().filter(|result| result.is_err()).count();
    assert_eq!((results.len(), ran.load(SeqCst) + cancelled), (2, 2));
    pool.wait_idle();
    assert_eq!(pool.stats().cancelled, cancelled);
}

/// Unless it was told to let them go. The only worker is busy until then.
fn a_set_that_is_dropped_cancels_what_has_not_begun() {
    for lets_go in [false, true] {
        let (pool, closed) = busy_pool(2);
        let ran = Arc::new(AtomicUsize::new(0));
        let mut set = JoinSet::new();
        for _ in 0..2 {
            set.spawn(&pool, adds_one(&ran)).unwrap();
        }
        if lets_go {
            set.detach_all();
        }
        drop(set);
        drop(closed);
        pool.wait_idle();
        let runs = if lets_go { 2 } else { 0 };
        assert_eq!((ran.load(SeqCst), Arc::strong_count(&ran)), (runs, 1));
        assert_eq!(pool.stats().cancelled, 2 - runs);
    }
}

fn a_wait_with_a_deadline_ends_with_the_next_result_or_without_one() {
    let pool = Pool::new(1, 2).unwrap();
    let mut set = set_of_two(&pool);
    let mut all = Vec::new();
    if let Some(result) = set.join_next_timeout(SOME_TIME) {
        all.push(result.unwrap());
    }
    assert_eq!(set.len() + all.len(), 2);
    all.extend(results(set));
    assert_all(all);
}

fn a_map_on_a_worker_gives_each_result_in_its_turn() {
    for workers in [1, 2] {
        let pool = Arc::new(Pool::new(workers, 1).unwrap());
        let own = Arc::clone(&pool);
        let parent = move || {
            let doubles = own.map(NUMBERS, |number| 2 * number).window(2);
            doubles.map(Result::unwrap).collect::<Vec<_>>()
        };
        assert_eq!(pool.spawn(parent).unwrap().join().unwrap(), [2, 4]);
        pool.wait_idle();
        assert_eq!(pool.stats().completed, 3);
    }
}

fn a_map_that_is_dropped_early_cancels_or_runs_what_is_ahead() {
    let (pool, ran) = (Pool::new(1, 2).unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&ran);
    let counts = move |_| {
        count.fetch_add(1, SeqCst);
    };
    let mut map = pool.map(0..3, counts).window(2);
    map.next().unwrap().unwrap();
    drop(map);
    pool.wait_idle();
    let stats = pool.stats();
    assert_eq!((ran.load(SeqCst) + stats.cancelled, stats.accepted), (2, 2));
    assert_eq!(Arc::strong_count(&ran), 1);
}
