//! How much of a long list is in memory at a time, and what that costs.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use v5_futures::Pool;

use super::{Experiment, Outcome, millis};
use crate::trace::{Recorder, Trace};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "map-window",
    title: "how many items of a map are alive at a time",
    question: "`map` turns 400 pages into 400 results, in their order, on four workers. A page takes 1 ms, \
               each sixteenth 8 ms. How many pages are alive at a time, and how long does it take: with a \
               window of 1, 2, 8 and 64, and if all are spawned first and joined then?",
    predict: "For each window: how many pages are alive at the most, and how many times a quarter of all the \
              work does it take?",
    checks: "no more items are alive than the window has room for, and results come in the order of the items",
    run,
};

const WORKERS: usize = 4;
const ITEMS: usize = 400;
const EVERY: usize = 16;
const QUICK: Duration = Duration::from_millis(1);
const SLOW: Duration = Duration::from_millis(8);
const WINDOWS: [usize; 4] = [1, 2, 8, 64];

/// The run that is drawn: fewer pages, which take longer, so that each of them can be seen.
const DRAWN: u64 = 32;
const DRAWN_EVERY: u64 = 8;
const DRAWN_QUICK: Duration = Duration::from_millis(4);
const DRAWN_SLOW: Duration = Duration::from_millis(20);

/// Pages that are alive, and the most that ever were.
#[derive(Debug, Default)]
struct Alive {
    now: AtomicUsize,
    peak: AtomicUsize,
}

/// From the moment in which the iterator makes it until whoever has the result drops it.
#[derive(Debug)]
struct Page {
    number: usize,
    alive: Arc<Alive>,
}

impl Page {
    fn new(number: usize, alive: &Arc<Alive>) -> Page {
        let alive = Arc::clone(alive);
        let now = alive.now.fetch_add(1, SeqCst) + 1;
        alive.peak.fetch_max(now, SeqCst);
        Page { number, alive }
    }

    fn read(self) -> Page {
        let slow = self.number.is_multiple_of(EVERY);
        thread::sleep(if slow { SLOW } else { QUICK });
        self
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.alive.now.fetch_sub(1, SeqCst);
    }
}

/// How a list went.
struct Reading {
    peak: usize,
    millis: f64,
    in_order: bool,
}

/// Takes the results as they come, and keeps none.
fn consume<E>(alive: &Alive, results: impl FnOnce(&mut dyn FnMut(Result<Page, E>))) -> Reading {
    let mut expected = 0;
    let mut in_order = true;
    let millis = millis(|| {
        results(&mut |page| {
            in_order &= page.is_ok_and(|page| page.number == expected);
            expected += 1;
        });
    });
    Reading {
        peak: alive.peak.load(SeqCst),
        millis,
        in_order: in_order && expected == ITEMS,
    }
}

fn pool() -> Pool {
    // There is a place for each, so that no submitter waits, and the window alone keeps them few.
    Pool::new(WORKERS, ITEMS).expect("within the limits")
}

fn mapped(window: usize) -> Reading {
    let pool = pool();
    let alive = Arc::<Alive>::default();
    let pages = (0..ITEMS).map(|number| Page::new(number, &alive));
    consume(&alive, |take| {
        let results = pool.map(pages, Page::read).window(window);
        results.for_each(take);
    })
}

fn all_at_once() -> Reading {
    let pool = pool();
    let alive = Arc::<Alive>::default();
    let pages = (0..ITEMS).map(|number| Page::new(number, &alive));
    consume(&alive, |take| {
        let handles: Vec<_> = pages.map(|page| pool.spawn(move || page.read())).collect();
        for handle in handles {
            take(handle.expect("nobody shuts the pool down").join());
        }
    })
}

fn drawn(window: usize, title: &str) -> Trace {
    let recorder = Recorder::new();
    // As many places as there are pages at a time: the queue is drawn to its capacity.
    let pool = Pool::new(WORKERS, window).expect("within the limits");
    let pages = (0..DRAWN).map(|number| {
        let mut page = None;
        let keep = |task| {
            page = Some(task);
            Ok::<(), ()>(())
        };
        let time = match number % DRAWN_EVERY {
            0 => DRAWN_SLOW,
            _ => DRAWN_QUICK,
        };
        let kept = recorder.submit(number, keep, move || thread::sleep(time));
        kept.expect("`keep` refuses nothing");
        page.expect("`submit` calls `keep`")
    });
    let results = pool.map(pages, |page| page()).window(window);
    results.for_each(|result| result.expect("a page does not panic"));
    recorder.finish(title, WORKERS as u64, window as u64)
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let slow = ITEMS.div_ceil(EVERY);
    let all = SLOW * slow as u32 + QUICK * (ITEMS - slow) as u32;
    let ideal = all.as_secs_f64() * 1000.0 / WORKERS as f64;
    let mut readings: Vec<_> = WINDOWS
        .map(|window| (format!("w{window}"), window, mapped(window)))
        .into();
    readings.push(("all".to_owned(), ITEMS, all_at_once()));
    let mut held = true;
    for (name, window, reading) in &readings {
        let Reading {
            peak,
            millis,
            in_order,
        } = *reading;
        let title = match name.as_str() {
            "all" => "all at once".to_owned(),
            _ => format!("a window of {window}"),
        };
        let ratio = millis / ideal;
        outcome.tell(format!(
            "{title:15} {peak:3} pages alive at the most, {millis:4.0} ms, {ratio:.1} times the ideal"
        ));
        outcome.result(format!("{name}.peak"), peak as f64);
        outcome.result(format!("{name}.millis"), millis);
        outcome.result(format!("{name}.ratio"), ratio);
        held &= in_order && peak == *window;
    }
    let narrow = drawn(8, "a window of 8: behind a slow page the others wait");
    outcome.traces.insert("v5-map-window-8", narrow);
    let wide = drawn(32, "a window of 32: others are there to be read meanwhile");
    outcome.traces.insert("v5-map-window-32", wide);
    outcome.result("drawn.every", DRAWN_EVERY as f64);
    outcome.result("ideal", ideal);
    outcome.result("items", ITEMS as f64);
    outcome.result("every", EVERY as f64);
    outcome.result("quick", QUICK.as_millis() as f64);
    outcome.result("slow", SLOW.as_millis() as f64);
    outcome.result("workers", WORKERS as f64);
    outcome.held = held;
    outcome
}
