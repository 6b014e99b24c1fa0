//! What is planted is found, in the lines in which it is, and what is right is not blamed.

use std::fs;
use std::path::{Path, PathBuf};

use grade_models::{Limits, Outcome, Workshop, grade, repository};

/// The pool with this source, after a search through the scenarios of these stages.
fn graded(name: &str, pool: &Path, stages: &[usize]) -> (Outcome, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("models");
    let workshop = Workshop::new(name, pool, &folder).unwrap();
    let mut told = Vec::new();
    let outcome = grade(&workshop, stages, Limits::default(), &mut told).unwrap();
    (outcome, String::from_utf8(told).unwrap())
}

fn planted(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("planted");
    folder.join(name).join("lib.rs")
}

/// The right pool with a bounded queue, in which something is replaced, wherever it stands.
fn edited(name: &str, edits: &[(&str, &str)]) -> PathBuf {
    let mut source = fs::read_to_string(planted("a-bounded-queue")).unwrap();
    for (old, new) in edits {
        assert!(source.contains(old), "{name}: {old}");
        source = source.replace(old, new);
    }
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted");
    let folder = folder.join(name);
    fs::create_dir_all(&folder).unwrap();
    let file = folder.join("lib.rs");
    fs::write(&file, source).unwrap();
    file
}

/// A wrong pool is refused, by one of these laws, with this line of its own.
fn refused(name: &str, at: usize, laws: &[&str], code: &str) {
    refused_at(name, &planted(name), at, laws, code);
}

fn refused_at(name: &str, pool: &Path, at: usize, laws: &[&str], code: &str) {
    let (outcome, told) = graded(name, pool, &[at]);
    let Outcome::Broken {
        stage, law, story, ..
    } = outcome
    else {
        panic!("{told}");
    };
    assert!(stage == at && laws.contains(&&*law), "{told}");
    assert!(told.starts_with("your bug, on schedule "), "{told}");
    assert!(story.tells(code), "{told}");
}

/// A pool that drops what it accepts.
#[test]
fn a_pool_that_runs_nothing_is_found() {
    let (outcome, told) = graded("nothing", &planted("a-pool-that-runs-nothing"), &[1]);
    assert!(matches!(outcome, Outcome::Broken { .. }), "{told}");
    assert!(told.contains("schedule 1 of stage 1, tasks_run"), "{told}");
}

/// A right one is not.
fn held(name: &str, pool: &Path, stages: &[usize]) {
    let (outcome, told) = graded(name, pool, stages);
    let Outcome::Held { scenarios, .. } = outcome else {
        panic!("{told}");
    };
    assert!(scenarios >= 2 * stages.len(), "{told}");
}

#[test]
fn a_flag_without_the_lock_is_a_lost_wake_up() {
    let laws = [
        "tasks_run",
        "exactly_once",
        "all_threads_work",
        "drop_waits",
    ];
    let name = "a-flag-without-the-lock";
    refused(name, 1, &laws, "self.changed.wait(state)");
}

#[test]
fn a_look_before_the_wait_is_a_lost_wake_up() {
    let name = "a-look-before-the-wait";
    refused(name, 1, &["tasks_run"], "self.changed.wait(state)");
}

#[test]
fn an_if_in_place_of_a_while_is_found() {
    let name = "an-if-in-place-of-a-while";
    refused(name, 1, &["tasks_run"], "pop_front().unwrap()");
}

#[test]
fn a_shutdown_that_loses_the_queue_is_found() {
    let name = "a-shutdown-that-loses-the-queue";
    let laws = ["exactly_once", "drop_waits"];
    refused(name, 1, &laws, "closed = true");
}

#[test]
fn a_lock_held_while_a_task_runs_is_found() {
    let name = "a-lock-held-while-a-task-runs";
    let code = "receiver.lock().unwrap().recv()";
    refused(name, 1, &["all_threads_work"], code);
}

#[test]
fn a_place_counted_before_the_lock_is_found() {
    let name = "a-place-counted-before-the-lock";
    // Asked under one lock, and taken under the next.
    let again = "drop(state); self.state.lock().unwrap().queue.push_back(task);";
    let pool = edited(name, &[("state.queue.push_back(task);", again)]);
    refused_at(name, &pool, 2, &["bounded"], "queue.push_back(task)");
}

#[test]
fn one_condition_for_two_questions_is_a_lost_wake_up() {
    let name = "one-condition-for-two-questions";
    let laws = ["back_pressure", "no_ghosts"];
    // Both wait in the same place, and one is woken, whoever it is.
    let edits = [
        (
            "    tasks: Condvar,\n    places: Condvar,\n",
            "    changed: Condvar,\n",
        ),
        ("places: Condvar::new(),", ""),
        ("tasks: Condvar::new(),", "changed: Condvar::new(),"),
        ("self.places.", "self.changed."),
        ("self.tasks.", "self.changed."),
        ("shared.places.", "shared.changed."),
        ("shared.tasks.", "shared.changed."),
    ];
    let pool = edited(name, &edits);
    refused_at(name, &pool, 3, &laws, "self.changed.notify_one()");
}

#[test]
fn a_submitter_that_nobody_tells_is_found() {
    let name = "a-submitter-that-nobody-tells";
    let code = "self.places.wait(state)";
    let pool = edited(name, &[("        self.shared.places.notify_all();\n", "")]);
    refused_at(name, &pool, 5, &["waiting_submitters_return"], code);
}

#[test]
fn right_pools_are_not_blamed() {
    for name in ["a-lock-and-a-condition", "a-channel-behind-a-lock"] {
        held(name, &planted(name), &[1]);
    }
    let name = "a-bounded-queue";
    held(name, &planted(name), &[1, 2, 3, 5]);
    let v1 = repository().join("v1-fixed/src/lib.rs");
    held("v1", &v1, &[1, 2, 3, 4, 5]);
}

#[test]
fn v2_is_not_blamed() {
    let v2 = repository().join("v2-cancel-panic/src/lib.rs");
    held("v2", &v2, &grade_models::STAGES);
}

#[test]
fn the_search_ends_at_a_stage_that_is_not_there() {
    let name = "a-lock-and-a-condition";
    let (outcome, told) = graded("without-a-stage-2", &planted(name), &[1, 2, 3]);
    assert!(
        matches!(outcome, Outcome::Held { scenarios: 6, .. }),
        "{told}"
    );
    assert!(told.contains("stage 2 is not there yet: "), "{told}");
    assert!(!told.contains("stage 3"), "{told}");
    assert!(
        told.contains("`pool::Reason`") || told.contains("try_execute"),
        "{told}"
    );
}

#[test]
fn who_asks_for_what_is_not_there_is_told_that_nothing_was_searched() {
    let name = "a-lock-and-a-condition";
    let (outcome, told) = graded("without-a-stage-2", &planted(name), &[2]);
    assert!(matches!(outcome, Outcome::Nothing), "{told}");
    assert!(told.ends_with("nothing was searched\n"), "{told}");
}

#[test]
fn what_is_not_modelled_is_named() {
    let (outcome, told) = graded("a-barrier", &planted("a-barrier"), &[1]);
    assert!(matches!(outcome, Outcome::NotModelled(_)), "{told}");
    let line = "`std::sync::Barrier` is not modelled (src/lib.rs:4)";
    assert!(told.contains(line), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
