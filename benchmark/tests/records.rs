//! What is claimed, and what the committed records say.

use std::path::{Path, PathBuf};

use benchmark::claims::CLAIMS;
use benchmark::records::{Machine, Record, shelves, sources};

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

fn records() -> PathBuf {
    root().join("benchmark/records")
}

/// Claims on which no record has anything. Whoever records it takes it out of the list.
const NOT_YET_MEASURED: &[&str] = &[
    "with a hundred submitters and room for a tenth of the tasks, v4 is close to the best pool",
    "with a thousand submitters and room for a tenth of the tasks, v4 is close to the best pool",
    "with a thousand submitters that wait for 1024 places, v4 is as fast as a channel",
    "with a thousand submitters and room for a tenth of the tasks, v5 costs little more than v4",
    "with a thousand submitters that wait for 1024 places, v5 costs little more than v4",
];

#[test]
fn every_claim_holds_on_every_machine_or_says_where_it_fails() {
    let (shelves, now) = (shelves(&records()).unwrap(), sources(root()).unwrap());
    let mut wrong = Vec::new();
    for claim in CLAIMS {
        let measured = shelves.iter().any(|shelf| claim.on(shelf, &now).is_some());
        if measured == NOT_YET_MEASURED.contains(&claim.name) {
            let name = claim.name;
            wrong.push(format!(
                "{name}: whether it was measured is not as it is said"
            ));
        }
        for shelf in &shelves {
            let known = claim.is_known_to_fail_on(&shelf.name);
            // What is older says nothing of the pools as they are now.
            let Some(verdict) = claim.on(shelf, &now).filter(|verdict| verdict.is_current) else {
                continue;
            };
            if !verdict.finding.at_rest {
                continue;
            }
            if verdict.finding.holds() == known {
                let worst = verdict
                    .finding
                    .worst()
                    .map(|check| (&check.what, check.ratio, check.bar));
                wrong.push(format!("{}, on {}: {worst:?}", claim.name, shelf.name));
            }
        }
        for machine in claim.fails_on {
            let known = shelves.iter().any(|shelf| shelf.name == *machine);
            assert!(
                known,
                "{} fails on {machine}, which has no record",
                claim.name
            );
        }
    }
    assert!(
        wrong.is_empty(),
        "not as it is claimed:\n{}",
        wrong.join("\n")
    );
}

#[test]
fn records_stand_in_the_folder_of_their_machine_and_are_called_after_their_day() {
    for shelf in shelves(&records()).unwrap() {
        for record in shelf.records {
            assert_eq!(record.machine.folder(), shelf.name);
            let file = records()
                .join(&shelf.name)
                .join(format!("{}.json", record.date));
            assert!(file.is_file(), "{}", file.display());
            for claim in &record.claims {
                let cells: Vec<_> = record.cells.iter().collect();
                let known = CLAIMS.iter().find(|known| known.name == claim);
                // A claim may have been withdrawn since.
                if let Some(known) = known {
                    assert!(known.check(&cells).is_some(), "{}: {claim}", file.display());
                }
            }
        }
    }
}

fn record(day: &str, sources: &[(&str, &str)], workloads: &[&str]) -> Record {
    let cell = |name: &&str| {
        serde_json::json!({
            "name": name, "workers": 1, "capacity": 1, "tasks": 1, "others": 0.0, "stolen": 0.0,
            "entries": [{
                "contender": "v1", "family": "ours", "allocations": 1.0, "samples": [100.0, 102.5],
                "latency": { "p50": 1.0, "p99": 2.0 },
            }],
        })
    };
    let mut record = serde_json::json!({
        "date": day, "commit": "abc", "machine": Machine::default(), "compiler": "", "scale": "default",
        "seed": 1, "load_before": 0.0, "sources": {}, "peers": {}, "claims": [],
        "cells": workloads.iter().map(cell).collect::<Vec<_>>(),
    });
    for (name, hash) in sources {
        record["sources"][name] = (*hash).into();
    }
    serde_json::from_value(record).unwrap()
}

fn names(record: &Record) -> Vec<&str> {
    record.cells.iter().map(|cell| cell.name.as_str()).collect()
}

#[test]
fn a_record_of_the_same_day_and_the_same_sources_is_added_to() {
    let folder = tempfile::tempdir().unwrap();
    let write = |record: Record| record.write(folder.path()).unwrap();
    let old = [("v1", "old")];
    let first = write(record("2026-01-01", &old, &["empty", "skewed"]));
    let file = write(record("2026-01-01", &old, &["skewed", "flapping"]));
    assert_eq!(file, first);
    let read = Record::read(&file).unwrap();
    assert_eq!(names(&read), ["skewed", "flapping", "empty"]);
    assert_eq!(read.cells[0].entries[0].samples, [100.0, 102.5]);
    assert_eq!(read.cells[0].entries[0].latency.unwrap().p99, 2.0);
}

#[test]
fn what_is_worse_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |record: Record| record.write(folder.path()).unwrap();
    let one = || record("2026-01-01", &[("v1", "old")], &["skewed"]);
    write(one());
    let mut spoiled = one();
    spoiled.cells[0].others = Some(1.0);
    let mut short = one();
    short.cells[0].entries[0].samples = vec![1.0];
    let mut as_good = one();
    as_good.cells[0].entries[0].samples = vec![1.0, 1.0];
    for (newer, first) in [(spoiled, 100.0), (short, 100.0), (as_good, 1.0)] {
        let read = Record::read(&write(newer)).unwrap();
        assert_eq!(read.cells[0].others, Some(0.0));
        assert_eq!(read.cells[0].entries[0].samples[0], first);
    }
}

#[test]
fn what_has_measured_something_else_gets_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let write = |record: Record| record.write(folder.path()).unwrap();
    let first = write(record("2026-01-01", &[("v1", "old")], &["skewed"]));
    let second = write(record("2026-01-01", &[("v1", "new")], &["empty"]));
    let mut full = record("2026-01-01", &[("v1", "new")], &["empty"]);
    "full".clone_into(&mut full.scale);
    let third = write(full);
    assert_eq!(second.file_name().unwrap(), "2026-01-01-2.json");
    assert_eq!(third.file_name().unwrap(), "2026-01-01-3.json");
    assert_eq!(names(&Record::read(&first).unwrap()), ["skewed"]);
    // The newest first.
    let shelves = shelves(folder.path()).unwrap();
    let read = shelves[0]
        .records
        .iter()
        .map(|record| record.scale.as_str());
    assert_eq!(read.collect::<Vec<_>>(), ["full", "default", "default"]);
}

#[test]
fn a_hash_tells_names_and_contents_apart() {
    let hashes = |file: &str, text: &str| {
        let root = tempfile::tempdir().unwrap();
        for version in [
            "v1-fixed",
            "v2-cancel-panic",
            "v3-dynamic",
            "v4-dedicated-queues",
            "v5-futures",
            "branches/priority",
            "branches/rate-limit",
        ] {
            let src = root.path().join(version).join("src");
            std::fs::create_dir_all(&src).unwrap();
            std::fs::write(src.join(file), text).unwrap();
        }
        sources(root.path()).unwrap()
    };
    assert_eq!(
        hashes("a.rs", "fn a() {}\n"),
        hashes("a.rs", "fn a() {}\r\n")
    );
    assert_ne!(hashes("a.rs", "fn a() {}\n"), hashes("b.rs", "fn a() {}\n"));
    assert_ne!(hashes("a.rs", "fn a() {}\n"), hashes("a.rs", "fn b() {}\n"));
    // What a comment says runs no faster.
    assert_eq!(
        hashes("a.rs", "fn a() {}\n"),
        hashes("a.rs", "    /// A.\nfn a() {}\n")
    );
}
