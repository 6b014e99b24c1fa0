//! A tour of v1: the words of some pages are counted by a pool.
//!
//! Run it with `cargo run -p v1-fixed --example words`.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use v1_fixed::{Pool, Reason, Task};

const PAGES: [&str; 4] = [
    "a pool keeps its threads and a queue keeps their work",
    "a full queue makes its submitters wait",
    "a task that is refused comes back to its owner",
    "a pool that is shut down runs what it has accepted",
];

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // Two threads, and room for three waiting tasks.
    let pool = Pool::new(2, 3)?;
    let words = Arc::new(Mutex::new(HashMap::<&str, usize>::new()));
    let count = |page: &'static str| {
        let words = Arc::clone(&words);
        move || {
            for word in page.split(' ') {
                *words.lock().unwrap().entry(word).or_default() += 1;
            }
        }
    };

    // A group is a batch to wait for.
    let pages = pool.group();
    for page in PAGES {
        pages.execute(count(page))?;
    }
    pages.wait();
    assert_eq!(words.lock().unwrap()["a"], 5);
    println!("\"a\" occurs {} times", words.lock().unwrap()["a"]);

    // Who would rather not wait for a place gets the task back.
    let mut slow = 0;
    let mut refused = Vec::<Task>::new();
    for _ in 0..20 {
        match pool.try_execute(|| std::thread::sleep(Duration::from_millis(5))) {
            Ok(()) => slow += 1,
            Err(rejected) => {
                assert_eq!(rejected.reason(), Reason::Full);
                refused.push(rejected.into_task());
            }
        }
    }
    println!("{slow} slow tasks accepted, {} refused", refused.len());
    assert_eq!(slow + refused.len(), 20);

    // A refused task can wait its turn, or give up after a while.
    for task in refused {
        pool.execute_timeout(task, Duration::from_secs(60))?;
    }
    pool.wait_idle();
    assert_eq!((pool.queue_len(), pool.queue_capacity()), (0, 3));

    // A shutdown runs what was accepted; afterwards every task comes back.
    pool.execute(count("the last page"))?;
    pool.shutdown();
    assert_eq!(words.lock().unwrap()["last"], 1);
    let rejected = pool.execute(count("too late")).unwrap_err();
    println!("{rejected}");
    rejected.into_task().run();
    assert_eq!(words.lock().unwrap()["late"], 1);
    Ok(())
}
