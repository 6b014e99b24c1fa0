//! A tour of v3: a ticket office that opens windows when people queue, and closes them when they do
//! not.
//!
//! Run it with `cargo run -p v3-dynamic --example ticket_office`.

use std::thread;
use std::time::{Duration, Instant};

use v3_dynamic::{Lazy, Load, Moment, OnDemand, Pool, Scaling, WarmUp};

/// How long it takes to sell a ticket.
const SALE: Duration = Duration::from_millis(2);

/// A policy of our own: a window for each three people.
#[derive(Debug)]
struct OneForThree;

impl Scaling for OneForThree {
    fn wanted(&self, _moment: Moment, load: &Load) -> usize {
        load.unfinished().div_ceil(3)
    }
}

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // The same thirty people at once, with four policies.
    println!("{:16} {:>7} {:>10}", "policy", "windows", "time");
    rush("on demand", OnDemand)?;
    rush("two in reserve", WarmUp::new(2))?;
    rush("one for three", OneForThree)?;
    rush("lazy", Lazy)?;

    // At night nobody is there. In the morning the first window opens for the first visitor.
    let office = Pool::builder()
        .threads(0..=4)
        .idle_timeout(Duration::from_millis(5))
        .build()?;
    assert_eq!(office.threads(), 0);
    for day in 1..=3 {
        for _ in 0..4 {
            office.execute(|| thread::sleep(SALE))?;
        }
        office.wait_idle();
        println!("day {day}: {} windows", office.threads());
        while office.threads() > 0 {
            thread::sleep(Duration::from_millis(1));
        }
    }

    // The limits can change while it is open: two windows at least, from now on.
    office.resize(2..=8)?;
    assert_eq!(office.threads(), 2);
    office.shutdown();
    let stats = office.stats();
    println!("{} opened, {} closed", stats.spawned, stats.retired);
    assert_eq!((stats.live, stats.spawned), (0, stats.retired));
    assert_eq!(stats.completed, 12);
    Ok(())
}

/// Thirty people come at once. Prints how many windows were opened, and how long it took.
fn rush(name: &str, policy: impl Scaling) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let office = Pool::builder()
        .threads(1..=10)
        .queue_capacity(30)
        .scaling(policy)
        .build()?;
    let start = Instant::now();
    for _ in 0..30 {
        office.execute(|| thread::sleep(SALE))?;
    }
    office.wait_idle();
    let windows = office.stats().peak;
    println!(
        "{name:16} {windows:>7} {:>7} ms",
        start.elapsed().as_millis()
    );
    assert!((1..=10).contains(&windows));
    Ok(())
}
