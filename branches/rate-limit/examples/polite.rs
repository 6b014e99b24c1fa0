//! A program that fetches pages from two servers, each of which wants to be asked politely: so many
//! requests in so much time. What needs no server goes ahead.
//!
//! `cargo run -p rate-limit --example polite`

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rate_limit::{Limit, Pool, Task};

pub(crate) fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    // Two workers are enough: a request that may not start yet holds none.
    let pool = Pool::new(2, 64)?;
    // A limit is an object. Whoever talks to the same server has a clone of the same one.
    let library = Limit::builder(100, Duration::from_secs(1))
        .burst(2)
        .build()?;
    let archive = Limit::builder(25, Duration::from_secs(1)).build()?;

    let begin = Instant::now();
    let done = Arc::new(Mutex::new(Vec::new()));
    let note = |what: String| {
        let done = Arc::clone(&done);
        move || done.lock().unwrap().push((begin.elapsed(), what))
    };
    for page in 1..=5 {
        pool.execute(Task::from(note(format!("library, page {page}"))).limited(&library))?;
    }
    for page in 1..=2 {
        pool.execute(Task::from(note(format!("archive, page {page}"))).limited(&archive))?;
    }
    pool.execute(note("index rebuilt".to_owned()))?;
    pool.wait_idle();

    for (after, what) in done.lock().unwrap().iter() {
        println!("{:>5} ms  {what}", after.as_millis());
    }
    Ok(())
}
