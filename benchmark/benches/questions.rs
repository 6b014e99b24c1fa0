//! `cargo bench`: the questions that one asks of a pool, a group for each, with names that stay.
//!
//! Every measurement starts a new pool and times the work alone. Criterion runs one contender
//! after the other: right for seeing whether a change made one of them faster. To compare them with
//! each other is the business of `cargo compare`, which interleaves them.

use std::env;
use std::path::PathBuf;
use std::time::Duration;

use benchmark::contenders::racers;
use benchmark::race::no_gauge;
use benchmark::workload::{Arrival, Scale, Workload, all};
use command::println;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group};

/// What a group measures: workloads by the beginning of their name, and how many workers.
fn group(criterion: &mut Criterion, question: &str, chosen: impl Fn(&Workload) -> bool) {
    let mut group = criterion.benchmark_group(question);
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(1));
    let all = all(Scale::Quick);
    let chosen: Vec<_> = all.iter().filter(|workload| chosen(workload)).collect();
    assert!(!chosen.is_empty(), "{question}: no workload is chosen");
    for workload in chosen {
        let Some(tasks) = workload.tasks() else {
            continue;
        };
        let base = workload.name.split('/').next().unwrap_or_default();
        let name = format!("{base} w={}", workload.workers);
        for racer in racers(workload.arrival) {
            // Measured without the pool's start and end, so criterion cannot time it by itself; a
            // contender that does fewer of the tasks is reckoned up to all of them.
            let time = |runs: u64| {
                let run = || (racer.run)(workload, no_gauge).per_task();
                let total: f64 = (0..runs).map(|_| run() * tasks as f64).sum();
                Duration::from_nanos(total as u64)
            };
            group.throughput(Throughput::Elements(tasks as u64));
            let id = BenchmarkId::new(racer.name, &name);
            group.bench_function(id, |bencher| bencher.iter_custom(time));
        }
    }
    group.finish();
}

/// How many tasks get through, from one submitter?
fn throughput(criterion: &mut Criterion) {
    let streams = ["empty", "sha256_4us", "cpu_40us"];
    group(criterion, "throughput", |workload| {
        streams.contains(&workload.name.as_str()) && [1, 4, 16].contains(&workload.workers)
    });
}

/// How long until a single task is done, when all workers sleep?
fn latency(criterion: &mut Criterion) {
    group(criterion, "latency", |workload| {
        workload.name == "idle_ping_pong"
    });
}

/// How long until many tasks are done that come at once, when all workers sleep?
fn burst(criterion: &mut Criterion) {
    group(criterion, "burst", |workload| {
        workload.name == "burst_from_rest"
    });
}

/// What do many submitters cost?
fn contention(criterion: &mut Criterion) {
    group(criterion, "contention", |workload| {
        let short = ["IsPrime", "_empty"].map(|task| workload.name.contains(task));
        // Where a thousand submitters wait, a run takes long: with four workers only.
        let takes_long = workload.one_round_in() > 1;
        workload.name.starts_with('U')
            && short.contains(&true)
            && (!takes_long || workload.workers == 4)
    });
}

/// How long until a result is back, of one task and of a thousand?
fn results(criterion: &mut Criterion) {
    group(criterion, "results", |workload| {
        matches!(workload.arrival, Arrival::Joined { .. }) && [1, 4].contains(&workload.workers)
    });
}

/// What does it cost a task to spawn another and to join it?
fn fork_join(criterion: &mut Criterion) {
    group(criterion, "fork_join", |workload| {
        matches!(workload.arrival, Arrival::Forked { .. })
    });
}

criterion_group!(
    questions, throughput, latency, burst, contention, results, fork_join
);

/// As `criterion_main!` would do it, and a word on what to read.
fn main() {
    questions();
    Criterion::default().configure_from_args().final_summary();
    if measured() {
        say_what_to_read();
    }
}

/// Not with `cargo bench -- --test` and the like.
fn measured() -> bool {
    let others = ["--test", "--list", "--help", "-h", "--profile-time"];
    let arguments: Vec<String> = env::args().collect();
    let other = |argument: &String| others.contains(&argument.as_str());
    arguments.iter().any(|argument| argument == "--bench") && !arguments.iter().any(other)
}

fn say_what_to_read() {
    let home = env::var_os("CRITERION_HOME").map(PathBuf::from);
    let home = home.unwrap_or_else(|| command::target_folder().join("criterion"));
    let report = home.join("report/index.html");
    println!("What has changed is each pool against its own last run, by criterion.");
    if report.exists() {
        println!("With plots: {}", report.display());
    }
    println!("For ratios between pools: `cargo compare`, or for a part of it, say");
    println!("`cargo compare --workload empty`. `cargo compare --list` names the workloads.");
}
