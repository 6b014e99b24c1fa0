//! That every exhibit is what it says: its patch applies, what it breaks is a law, and what is said
//! to catch it does.

use std::collections::BTreeSet;
use std::fs;
use std::thread;

use museum::{
    Catcher, Copy, Exhibit, LAWS, Laws, Record, Summary, all_versions, ancestry, repository,
};

fn exhibits() -> Vec<Exhibit> {
    Exhibit::all(&repository()).unwrap()
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[test]
fn every_patch_changes_the_sources_as_they_are() {
    for exhibit in exhibits() {
        let planted = exhibit.planted(&repository());
        for (path, text) in planted.unwrap_or_else(|error| panic!("{}: {error:#}", exhibit.name)) {
            assert_ne!(text, read(&path), "{} changes nothing", exhibit.name);
        }
    }
}

#[test]
fn every_law_is_broken_by_one() {
    let broken: BTreeSet<String> = exhibits()
        .into_iter()
        .map(|exhibit| exhibit.breaks)
        .collect();
    for (law, _) in LAWS {
        assert!(broken.contains(*law), "no exhibit breaks {law}");
    }
}

/// A reader of that version can see it broken there, and not first in a later one.
#[test]
fn every_law_is_broken_in_the_version_that_is_the_first_to_keep_it() {
    let exhibits = exhibits();
    for (law, since) in LAWS {
        let breaks = |exhibit: &&Exhibit| exhibit.version == *since && exhibit.breaks == *law;
        let broken = exhibits.iter().find(breaks);
        assert!(broken.is_some(), "no exhibit of {since} breaks {law}");
    }
}

#[test]
fn every_version_has_three() {
    let exhibits = exhibits();
    for version in all_versions() {
        let planted = exhibits
            .iter()
            .filter(|exhibit| exhibit.version == *version);
        assert!(planted.count() >= 3, "{version}");
    }
}

#[test]
fn no_two_have_one_name() {
    let exhibits = exhibits();
    let names: BTreeSet<&String> = exhibits.iter().map(|exhibit| &exhibit.name).collect();
    assert_eq!(names.len(), exhibits.len());
}

#[test]
fn a_law_is_broken_in_a_version_that_keeps_it() {
    for exhibit in exhibits() {
        let since = LAWS
            .iter()
            .find(|(law, _)| *law == exhibit.breaks)
            .unwrap()
            .1;
        assert!(
            ancestry(&exhibit.version).contains(&since),
            "{}",
            exhibit.name
        );
    }
}

#[test]
fn what_catches_a_bug_is_there() {
    let laws = Laws::read(&repository()).unwrap();
    for exhibit in exhibits() {
        for catcher in &exhibit.catchers {
            let there = laws.has(&exhibit.version, catcher);
            assert!(there, "{}: there is no {catcher}", exhibit.name);
        }
    }
}

/// The patch may still apply when lines have moved, and a schedule that was recorded before tells
/// others.
#[test]
fn schedules_are_told_of_the_lines_of_today() {
    for exhibit in exhibits() {
        let planted = exhibit.planted(&repository()).unwrap();
        for step in Record::read(&repository(), &exhibit.name).unwrap().schedule {
            let Some((file, line)) = step.place.rsplit_once(':') else {
                continue;
            };
            let changed = planted.iter().find(|(path, _)| path == file);
            let text = changed.map_or_else(|| read(file), |(_, text)| text.clone());
            let code = text.lines().nth(line.parse::<usize>().unwrap() - 1);
            assert_eq!(
                code.map(str::trim),
                Some(&*step.code),
                "{}: cargo museum {} --record",
                step.place,
                exhibit.name
            );
        }
    }
}

#[test]
fn what_the_book_tells_was_seen_of_the_exhibits_of_today() {
    let exhibits = exhibits();
    for exhibit in &exhibits {
        let record = Record::read(&repository(), &exhibit.name).unwrap();
        let seen: Vec<String> = record
            .catches
            .into_iter()
            .map(|catch| catch.catcher)
            .collect();
        let said: Vec<String> = exhibit.catchers.iter().map(Catcher::to_string).collect();
        assert_eq!(seen, said, "cargo museum {} --record", exhibit.name);
    }
    let records = fs::read_dir(repository().join("book/museum/records")).unwrap();
    assert_eq!(
        records.count(),
        exhibits.len(),
        "a record of what is no exhibit"
    );
    let (summary, written) = (
        Summary::of_records(&repository()),
        Summary::read(&repository()),
    );
    assert_eq!(
        summary.unwrap(),
        written.unwrap(),
        "cargo museum NAME --record"
    );
}

/// One bug of each version and each branch at a time: they are compiled side by side.
#[test]
#[ignore = "compiles a version for each bug: run by cargo deep"]
fn every_planted_bug_is_caught() {
    let copy = Copy::fresh(&repository()).unwrap();
    let of_version = |version: &str| {
        let exhibits = exhibits().into_iter();
        exhibits
            .filter(|exhibit| exhibit.version == version)
            .collect::<Vec<_>>()
    };
    let mut rooms: Vec<_> = all_versions().map(of_version).collect();
    loop {
        let planted: Vec<Exhibit> = rooms.iter_mut().filter_map(Vec::pop).collect();
        if planted.is_empty() {
            break;
        }
        copy.plant(&planted).unwrap();
        thread::scope(|scope| {
            for exhibit in &planted {
                scope.spawn(|| {
                    for catch in copy.catches(exhibit).unwrap() {
                        println!(
                            "{}: {} in {:.2} s",
                            exhibit.name, catch.catcher, catch.seconds
                        );
                    }
                });
            }
        });
    }
}
