//! Tasks that work on parts of what their submitter owns: with a copy each, or with a borrow.

use std::sync::{Arc, mpsc};

use super::allocations::allocations;
use super::{Experiment, Outcome, millis};
use crate::statistics::{Summary, paired};

pub(super) const EXPERIMENT: Experiment = Experiment {
    name: "clone-or-borrow",
    title: "brighten 256 rows: copy them, or borrow them",
    question: "A picture of 8 MiB is a `&mut [u8]`, and each of its 256 rows is to be brightened, by a task: \
               by tasks of v4, which have to own what they use, in a scope of v5, and in a plain loop. How \
               much is copied, and what does that cost?",
    predict: "How many MiB are copied in each of the three, how many allocations does a row take, and which \
              order do their times have?",
    checks: "a scope copies nothing, and the picture is the same in the end",
    run,
};

const WORKERS: usize = 2;
const ROWS: usize = 256;
const ROW: usize = 32 * 1024;
const MEBIBYTE: f64 = 1024.0 * 1024.0;

/// Rounds of which the median counts.
const ROUNDS: usize = 9;

/// What each brightness becomes.
type Curve = [u8; 256];

fn curve() -> Curve {
    std::array::from_fn(|brightness| (brightness + 1).min(255) as u8)
}

fn brighten(row: &mut [u8], curve: &Curve) {
    for pixel in row {
        *pixel = curve[usize::from(*pixel)];
    }
}

/// Returns how many bytes were copied.
fn alone(picture: &mut [u8]) -> usize {
    let curve = curve();
    for row in picture.chunks_mut(ROW) {
        brighten(row, &curve);
    }
    0
}

/// The same.
fn clone(pool: &v4_dedicated_queues::Pool, picture: &mut [u8]) -> usize {
    let mut copied = 0;
    let curve = Arc::new(curve());
    let (tell, told) = mpsc::channel();
    for (number, row) in picture.chunks(ROW).enumerate() {
        let mut row = row.to_vec();
        copied += row.len();
        let (curve, tell) = (Arc::clone(&curve), tell.clone());
        let task = move || {
            brighten(&mut row, &curve);
            let _ = tell.send((number, row));
        };
        pool.execute(task).expect("nobody shuts the pool down");
    }
    drop(tell);
    for (number, row) in told {
        picture[number * ROW..][..row.len()].copy_from_slice(&row);
        copied += row.len();
    }
    copied
}

/// The same.
fn scope(pool: &v5_futures::Pool, picture: &mut [u8]) -> usize {
    let curve = curve();
    pool.scope(|scope| {
        for row in picture.chunks_mut(ROW) {
            let task = scope.spawn(|| brighten(row, &curve));
            drop(task.expect("nobody shuts the pool down"));
        }
    });
    0
}

/// What it is called in the results and for a reader, and what brightens the picture.
type Way<'pools> = (
    &'static str,
    &'static str,
    &'pools dyn Fn(&mut [u8]) -> usize,
);

/// What a way costs.
#[derive(Debug, Default)]
struct Cost {
    copied: usize,
    allocated: Option<u64>,
    times: Vec<f64>,
}

fn run() -> Outcome {
    let mut outcome = Outcome::default();
    let v4 = v4_dedicated_queues::Pool::new(WORKERS, ROWS).expect("within the limits");
    let v5 = v5_futures::Pool::new(WORKERS, ROWS).expect("within the limits");
    let ways: [Way<'_>; 3] = [
        ("alone", "a loop", &alone),
        ("clone", "v4, copies", &|picture| clone(&v4, picture)),
        ("scope", "v5, a scope", &|picture| scope(&v5, picture)),
    ];
    let picture: Vec<u8> = (0..ROWS * ROW).map(|n| (n / 3 % 200) as u8).collect();
    let mut pictures = [picture.clone(), picture.clone(), picture];
    let mut costs: [Cost; 3] = std::array::from_fn(|_| Cost::default());
    for ((cost, (.., way)), picture) in costs.iter_mut().zip(&ways).zip(&mut pictures) {
        // So that what a pool keeps from now on is there.
        way(picture);
        cost.allocated = allocations(|| cost.copied = way(picture));
    }
    for _ in 0..ROUNDS {
        for ((cost, (.., way)), picture) in costs.iter_mut().zip(&ways).zip(&mut pictures) {
            cost.times.push(millis(|| {
                way(picture);
            }));
        }
    }
    for ((name, title, _), cost) in ways.iter().zip(&costs) {
        let time = Summary::of(&cost.times).median;
        let copied = cost.copied as f64 / MEBIBYTE;
        let mut line = format!("{title:12} {copied:3.0} MiB copied, {time:6.1} ms");
        outcome.result(format!("{name}.millis"), time);
        if *name != "alone" {
            outcome.result(format!("{name}.copied"), copied);
            if let Some(allocated) = cost.allocated {
                let each = (allocated as f64 / ROWS as f64).round();
                line += &format!(", {each} allocations for each row");
                outcome.result(format!("{name}.allocations"), each);
            }
        }
        outcome.tell(line);
    }
    let [_, clone, scope] = &costs;
    let ratio = Summary::of(&paired(&clone.times, &scope.times)).median;
    outcome.tell(format!("with copies it takes {ratio:.2} times as long"));
    outcome.result("ratio", ratio);
    outcome.result("size", (ROWS * ROW) as f64 / MEBIBYTE);
    outcome.result("rows", ROWS as f64);
    outcome.result("workers", WORKERS as f64);
    let [one, two, three] = &pictures;
    outcome.held =
        (clone.copied, scope.copied) == (2 * ROWS * ROW, 0) && one == two && one == three;
    outcome
}
