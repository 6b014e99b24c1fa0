//! Add up, and wait for nobody.

use std::sync::{Arc, mpsc};

use harness::{Gate, OpenOnDrop, doing, laws};
use pool::Pool;

/// The sum of the numbers from 1 to `count`, with this pool, and all that `then` was told.
fn told(pool: &Pool, count: u64) -> Vec<u64> {
    let (tell, told) = mpsc::channel();
    pool.add_up((1..=count).collect(), move |sum| tell.send(sum).unwrap());
    let what = format!("waits until `then` is told the sum of {count} numbers");
    doing(&what, || told.iter().collect())
}

fn sum_to(count: u64) -> u64 {
    count * (count + 1) / 2
}

/// With one worker and one place, and with more, `then` is told the right sum, once.
fn the_sum_is_right() {
    for threads in [1, 2, 4] {
        let pool = Pool::new(threads, 1).unwrap();
        for count in [0, 1, 100, 101, 199, 1_000, 54_321] {
            let (sums, right) = (told(&pool, count), sum_to(count));
            assert!(
                sums == [right],
                "in a pool of {threads}, the sum of 1 to {count} is {right}, and `then` was told \
                 {sums:?}"
            );
        }
    }
}

/// Ten thousand numbers are at least a hundred tasks.
fn it_is_many_tasks() {
    let pool = Pool::new(2, 8).unwrap();
    told(&pool, 10_000);
    doing("waits until the pool is idle", || pool.wait_idle());
    let tasks = pool.stats().completed;
    assert!(
        tasks >= 100,
        "of 10000 numbers, a task had more than a hundred: the number of tasks was {tasks}"
    );
}

/// Whoever calls it does not wait for the sum.
fn the_caller_does_not_wait() {
    let gate = Gate::new();
    let pool = Pool::new(1, 8).unwrap();
    let _open = OpenOnDrop(&gate);
    gate.occupy(|task| pool.execute(task).unwrap());
    let (tell, told) = mpsc::channel();
    doing("calls `add_up`, while the only worker is busy", || {
        pool.add_up((1..=1_000).collect(), move |sum| tell.send(sum).unwrap());
    });
    gate.open();
    let sum = doing("waits until `then` is told the sum", || told.recv());
    assert!(sum == Ok(500_500), "`then` was told {sum:?}");
}

/// `then` may call it again. Nothing is locked meanwhile.
fn then_may_add_up_again() {
    let pool = Arc::new(Pool::new(1, 1).unwrap());
    let (tell, told) = mpsc::channel();
    let inside = Arc::clone(&pool);
    pool.add_up((1..=1_000).collect(), move |first| {
        let numbers = (1..=first / 500).collect();
        inside.add_up(numbers, move |second| tell.send((first, second)).unwrap());
    });
    let sums = doing("waits for a sum that `then` has asked for", || told.recv());
    assert!(
        sums == Ok((500_500, sum_to(1_001))),
        "`then` was told {sums:?}"
    );
}

/// Many sums at the same time are not mixed up.
fn many_at_once() {
    let pool = Pool::new(4, 64).unwrap();
    let (tell, told) = mpsc::channel();
    for count in 1..=200 {
        let tell = tell.clone();
        let numbers = (1..=10 * count).collect();
        pool.add_up(numbers, move |sum| tell.send((count, sum)).unwrap());
    }
    drop(tell);
    let sums: Vec<_> = doing("waits for two hundred sums", || told.iter().collect());
    assert!(sums.len() == 200, "of 200 sums there are {}", sums.len());
    for (count, sum) in sums {
        let right = sum_to(10 * count);
        assert!(
            sum == right,
            "a list whose sum is {right} was added up to {sum}"
        );
    }
}

laws! {
    the_sum_is_right,
    it_is_many_tasks,
    the_caller_does_not_wait,
    then_may_add_up_again,
    many_at_once,
}
