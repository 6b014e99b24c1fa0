//! A tour of v4: a folder of folders is walked, and each task finds more to do.
//!
//! Run it with `cargo run -p v4-dedicated-queues --example word_count`.

use std::collections::BTreeMap;
use std::iter;
use std::sync::{Arc, Mutex};

use v4_dedicated_queues::{Placement, Pool, Stealing};

/// A folder, or a file with its text.
enum Entry {
    Folder(Vec<Entry>),
    File(&'static str),
}

/// What each file holds.
const TEXT: &str = "a worker takes a task and another worker steals a task from it";

/// How often each word occurs.
type Counts = Arc<Mutex<BTreeMap<&'static str, usize>>>;

pub(crate) fn main() -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    // However many folders there are: what a task submits needs none of the eight places.
    let pool = Pool::builder().threads(4).queue_capacity(8);
    let pool = Arc::new(pool.placement(Placement::LeastLoaded).build()?);
    let counts = Counts::default();
    walk(&pool, library(6), &counts);
    pool.wait_idle();
    for (word, count) in &*counts.lock().unwrap() {
        println!("{count:6} {word}");
    }
    assert_eq!(counts.lock().unwrap()["worker"], 2 * 64);

    // All the work begins on one worker. The others have something to do only if they steal it.
    for stealing in [Stealing::Off, Stealing::One, Stealing::Half] {
        let pool = Arc::new(Pool::builder().threads(4).stealing(stealing).build()?);
        let (inside, counts) = (Arc::clone(&pool), Counts::default());
        let all = Arc::clone(&counts);
        pool.execute(move || walk(&inside, library(8), &all))?;
        pool.wait_idle();
        let stats = pool.stats();
        println!(
            "{stealing:?}: {} tasks, {} stolen",
            stats.completed, stats.stolen
        );
        assert!(stealing != Stealing::Off || stats.stolen == 0);
        assert_eq!(counts.lock().unwrap()["a"], 3 * 256);
    }

    // A batch is queued in one step, as far as there are places, and wakes one worker for all.
    let total = Arc::new(Mutex::new(0));
    let tasks = (1..=100).map(|n| {
        let total = Arc::clone(&total);
        move || *total.lock().unwrap() += n
    });
    println!("{} tasks in a batch", pool.execute_batch(tasks)?);
    pool.wait_idle();
    assert_eq!(*total.lock().unwrap(), 5050);
    Ok(())
}

/// Counts the words of a file, or submits a task for each entry of a folder. On a worker it never
/// waits.
fn walk(pool: &Arc<Pool>, entry: Entry, counts: &Counts) {
    match entry {
        Entry::Folder(entries) => {
            let tasks = entries.into_iter().map(|entry| {
                let (pool, counts) = (Arc::clone(pool), Arc::clone(counts));
                move || walk(&pool, entry, &counts)
            });
            pool.execute_batch(tasks).expect("nobody stops the pool");
        }
        Entry::File(text) => {
            let mut counts = counts.lock().unwrap();
            for word in text.split_whitespace() {
                *counts.entry(word).or_default() += 1;
            }
        }
    }
}

/// A folder with two folders in it, and so on, and at the bottom files.
fn library(depth: usize) -> Entry {
    match depth {
        0 => Entry::File(TEXT),
        _ => Entry::Folder(iter::repeat_with(|| library(depth - 1)).take(2).collect()),
    }
}
