//! The clock of a reader's pool: what a deadline is compared with after each wait.

use super::clock::{Duration, Instant};
use super::standard::sync::{Condvar, Mutex};
use super::standard::thread;

promises![
    a_deadline_is_over_when_a_wait_until_then_was_late,
    a_sleep_takes_its_time,
    whoever_looks_at_the_clock_again_and_again_sees_it_go_on,
    moments_have_an_order_and_a_distance,
];

const SHORT: Duration = Duration::from_micros(10);

fn a_deadline_is_over_when_a_wait_until_then_was_late() {
    let (lock, changed) = (Mutex::new(()), Condvar::new());
    let deadline = Instant::now() + SHORT;
    let mut guard = lock.lock().unwrap();
    let mut waits = 0;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        guard = changed.wait_timeout(guard, left).unwrap().0;
        waits += 1;
        assert!(waits < 100, "it waits again and again");
    }
    drop(guard);
    assert!(Instant::now() >= deadline);
}

fn a_sleep_takes_its_time() {
    let begin = Instant::now();
    thread::sleep(SHORT);
    assert!(begin.elapsed() >= SHORT);
}

fn whoever_looks_at_the_clock_again_and_again_sees_it_go_on() {
    let end = Instant::now() + SHORT;
    while Instant::now() < end {
        thread::yield_now();
    }
}

fn moments_have_an_order_and_a_distance() {
    let now = Instant::now();
    let mut later = now + SHORT;
    assert!(later > now);
    assert_eq!(later - now, SHORT);
    assert_eq!(now - later, Duration::ZERO);
    assert_eq!(now.checked_duration_since(later), None);
    assert_eq!(later.duration_since(now), SHORT);
    later -= SHORT;
    assert_eq!(later, now);
    later += SHORT;
    assert_eq!(later - SHORT, now);
    assert_eq!(now.checked_add(Duration::MAX), None);
    assert_eq!(now.checked_sub(Duration::MAX), None);
}
