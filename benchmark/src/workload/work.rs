//! What the tasks of the workloads do, for about as long as they say on whichever machine.

use std::hint::black_box;
use std::sync::OnceLock;
use std::time::Instant;

use sha2::{Digest, Sha256};

use super::Task;

/// What takes about 4 us to hash on this machine.
pub(crate) fn bytes_to_hash() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| {
        let kibibyte = vec![0x5a; 1024];
        let time = shortest(|| hash(&kibibyte));
        vec![0x5a; (1024.0 * 4000.0 / time) as usize]
    })
}

pub(crate) fn hash(bytes: &[u8]) {
    black_box(Sha256::digest(black_box(bytes)));
}

/// What is done at each end of a tree of forks, or for each item of a list. Whatever is measured
/// once for the machine is measured by now.
pub(crate) fn leaf(task: Task) -> fn() {
    match task {
        Task::Empty => || (),
        Task::Sha256 => {
            bytes_to_hash();
            || hash(bytes_to_hash())
        }
        other => panic!("{other:?} is at the end of no tree"),
    }
}

/// How many steps of [`compute`] take about a microsecond on this machine.
pub(crate) fn steps_per_microsecond() -> u64 {
    static STEPS: OnceLock<u64> = OnceLock::new();
    *STEPS.get_or_init(|| {
        let time = shortest(|| compute(1000));
        (1000.0 * 1000.0 / time).max(1.0) as u64
    })
}

/// Steps that need each other's result, and no memory.
pub(crate) fn compute(steps: u64) {
    let mut state = black_box(0x9e37_79b9_7f4a_7c15_u64);
    for _ in 0..steps {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}

pub(crate) fn primes_2_to_100() {
    let is_prime = |number: u32| (2..number).all(|divisor| !number.is_multiple_of(divisor));
    black_box((2..=black_box(100)).filter(|&n| is_prime(n)).count());
}

pub(crate) fn fibonacci(n: u32) -> u32 {
    if n < 2 {
        return n;
    }
    fibonacci(black_box(n) - 1) + fibonacci(n - 2)
}

/// In how many steps of [`fibonacci`] there are two numbers to add.
pub(crate) fn forks(n: u32) -> usize {
    fibonacci(n + 1) as usize - 1
}

/// Nanoseconds of a call, as it takes when nothing comes between.
fn shortest(work: impl Fn()) -> f64 {
    const CALLS: u32 = 20;
    let time = || {
        let start = Instant::now();
        (0..CALLS).for_each(|_| work());
        start.elapsed()
    };
    let shortest = (0..200).map(|_| time()).min().unwrap_or_default();
    (shortest / CALLS).as_nanos().max(1) as f64
}

/// Slices up to this length are not worth a task.
const SHORT: usize = 2048;

/// One step of quicksort: what is below the pivot and what is not, to be sorted apart. A short
/// slice is sorted at once, and nothing is left to do. The pivot is the middle one of three
/// numbers.
pub(crate) fn part(numbers: &mut [u32]) -> Option<(&mut [u32], &mut [u32])> {
    if numbers.len() <= SHORT {
        numbers.sort_unstable();
        return None;
    }
    let (middle, last) = (numbers.len() / 2, numbers.len() - 1);
    let mut three = [0, middle, last];
    three.sort_unstable_by_key(|&at| numbers[at]);
    numbers.swap(three[1], last);
    let pivot = numbers[last];
    let mut below = 0;
    for at in 0..last {
        if numbers[at] < pivot {
            numbers.swap(at, below);
            below += 1;
        }
    }
    numbers.swap(below, last);
    let (left, right) = numbers.split_at_mut(below);
    Some((left, &mut right[1..]))
}

/// Numbers in no order, the same ones each time.
pub(crate) fn shuffled(length: usize) -> Vec<u32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u32
    };
    (0..length).map(|_| next()).collect()
}

#[cfg(test)]
mod tests {
    use super::{fibonacci, forks, part, shuffled};

    #[test]
    fn the_fifteenth_fibonacci_number_is_610() {
        assert_eq!(fibonacci(15), 610);
    }

    #[test]
    fn a_fork_is_a_step_with_two_numbers_to_add() {
        fn counted(n: u32) -> usize {
            if n < 2 {
                return 0;
            }
            1 + counted(n - 1) + counted(n - 2)
        }
        for n in [1, 2, 3, 10] {
            assert_eq!(forks(n), counted(n), "{n}");
        }
    }

    fn sort(numbers: &mut [u32]) {
        if let Some((left, right)) = part(numbers) {
            sort(left);
            sort(right);
        }
    }

    #[test]
    fn quicksort_sorts_whatever_the_order_and_however_many_are_equal() {
        let shuffled = shuffled(20_000);
        let equal = vec![7; 3000];
        let falling: Vec<u32> = (0..5000).rev().collect();
        for mut numbers in [shuffled, equal, falling, Vec::new()] {
            let mut sorted = numbers.clone();
            sorted.sort_unstable();
            sort(&mut numbers);
            assert_eq!(numbers, sorted);
        }
    }
}
