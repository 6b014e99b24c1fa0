//! That the table of the laws names every test, and nothing that is not there.

use std::collections::BTreeSet;
use std::fs;
use std::sync::LazyLock;

use museum::{LAWS, Laws, VERSIONS, all_versions, repository};
use serde_json::Value;

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// To read all sources takes longer than all tests of them.
static READ: LazyLock<Laws> = LazyLock::new(|| Laws::read(&repository()).unwrap());

fn faults(table: &str) -> Vec<String> {
    READ.with_table(table).unwrap().faults()
}

/// Asserts that the table has one fault after this change, with these words in it.
#[track_caller]
fn assert_fault(from: &str, to: &str, parts: &[&str]) {
    let table = read("book/museum/laws.json");
    assert!(table.contains(from), "{from}");
    let faults = faults(&table.replacen(from, to, 1));
    assert_eq!(faults.len(), 1, "{}", faults.join("\n"));
    for part in parts {
        assert!(
            faults[0].contains(part),
            "{part:?} is not in {:?}",
            faults[0]
        );
    }
}

#[test]
fn every_test_is_in_the_table_once_and_every_law_is_held_by_a_law_test_and_a_model() {
    let faults = faults(&read("book/museum/laws.json"));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_introduction_says_the_same_of_each_law() {
    let introduction = read("book/src/introduction.md");
    for row in READ.laws() {
        let since = LAWS.iter().find(|(law, _)| *law == row.law).unwrap().1;
        if !VERSIONS.contains(&since) {
            continue; // a branch tells its laws by itself
        }
        let begin = format!("| {} | {} | ", row.title, &since[..2]);
        let said = introduction.lines().find(|line| line.starts_with(&begin));
        let said =
            said.unwrap_or_else(|| panic!("no line of the introduction begins with {begin}"));
        assert!(
            said.contains(&row.promise),
            "{}: {}",
            row.title,
            row.promise
        );
    }
}

#[test]
fn a_test_that_is_left_out_is_missed() {
    let what_to_do = "enter it at the law for which it would fail first";
    for (line, kind) in [
        (
            "\"stopping::a_task_may_stop_its_own_pool\",",
            "a test in v1-fixed/tests",
        ),
        (
            "\"memory::dropped_tokens_groups_and_pools_leave_no_memory_behind\",",
            "a test in v2",
        ),
        (
            "\"waiting::a_wait_for_nothing_returns\",",
            "a model in model/scenarios",
        ),
        (
            "\"exactly_once_in_a_storm\",",
            "a law in benchmark/tests/laws.rs",
        ),
    ] {
        let name = line.trim_matches(['"', ',']);
        // Before a last name there is a comma too many, and an empty list has none.
        let table = read("book/museum/laws.json");
        let (before, after) = table.split_once(line).unwrap();
        let before = match after.trim_start().starts_with(']') {
            true => before.trim_end().trim_end_matches(','),
            false => before,
        };
        let faults = faults(&format!("{before}{after}"));
        assert_eq!(faults.len(), 1, "{}", faults.join("\n"));
        for part in [name, kind, what_to_do] {
            assert!(
                faults[0].contains(part),
                "{part:?} is not in {:?}",
                faults[0]
            );
        }
    }
}

#[test]
fn a_name_that_is_not_there_is_found() {
    let added = "\"submitting::every_task_runs_twice\", \"submitting::every_task_runs_once\"";
    let parts = [
        "submitting::every_task_runs_twice",
        "exactly once",
        "no such test in v1-fixed",
    ];
    assert_fault("\"submitting::every_task_runs_once\"", added, &parts);
    // A helper is no test.
    let added = "\"submitting::busy_pool\", \"submitting::every_task_runs_once\"";
    let parts = ["submitting::busy_pool", "no such test in v1-fixed"];
    assert_fault("\"submitting::every_task_runs_once\"", added, &parts);
    let added = "\"waiting::threads\", \"waiting::a_wait_for_nothing_returns\"";
    let parts = ["waiting::threads", "no such model"];
    assert_fault("\"waiting::a_wait_for_nothing_returns\"", added, &parts);
    let parts = ["check_workers", "no such law"];
    assert_fault(
        "\"shutdown_ends\"\n",
        "\"shutdown_ends\", \"check_workers\"\n",
        &parts,
    );
}

#[test]
fn a_test_of_two_laws_is_found() {
    let added =
        "\"submitting::every_task_runs_once\", \"bad_input::what_is_within_the_limits_is_built\"";
    let parts = [
        "what_is_within_the_limits_is_built",
        "more than once (exactly once; Bad input",
    ];
    assert_fault("\"submitting::every_task_runs_once\"", added, &parts);
    let twice = "\"waiting::a_wait_for_nothing_returns\"";
    let parts = [
        "a_wait_for_nothing_returns",
        "(done means done; done means done)",
    ];
    assert_fault(twice, &format!("{twice}, {twice}"), &parts);
}

#[test]
fn a_test_of_a_law_that_its_version_does_not_promise_is_found() {
    let table = read("book/museum/laws.json");
    let test = "\"watchdog::a_test_that_hangs_ends_with_its_name_and_the_state_of_its_pool\"";
    let (before, after) = table.split_once(test).unwrap();
    let before = before.trim_end().trim_end_matches(',');
    let (head, tail) = before
        .split_once("\"law\": \"panic_costs_one_task\"")
        .unwrap();
    let tests = tail.replacen(
        "\"tests\": {",
        &format!("\"tests\": {{\"v1-fixed\": [{test}],"),
        1,
    );
    let faults = faults(&format!(
        "{head}\"law\": \"panic_costs_one_task\"{tests}{after}"
    ));
    let expected = "cannot hold panic_costs_one_task, which v1-fixed does not promise";
    assert_eq!(faults.len(), 1, "{}", faults.join("\n"));
    assert!(faults[0].contains(expected), "{}", faults[0]);
}

#[test]
fn a_law_that_no_model_holds_is_found() {
    let mut table: Value = serde_json::from_str(&read("book/museum/laws.json")).unwrap();
    let rows = table["laws"].as_array_mut().unwrap();
    let mut models = Vec::new();
    for row in rows {
        match row["law"].as_str().unwrap() {
            "bounded" => models.append(row["models"].as_array_mut().unwrap()),
            "done_means_done" => row["models"].as_array_mut().unwrap().append(&mut models),
            _ => {}
        }
    }
    let moved = table.to_string();
    let faults = faults(&moved);
    let expected = all_versions().map(|version| format!("no model holds bounded on {version}"));
    assert_eq!(
        faults.len(),
        all_versions().count(),
        "{}",
        faults.join("\n")
    );
    for (fault, expected) in faults.iter().zip(expected) {
        assert!(fault.starts_with(&expected), "{fault}");
    }
}

/// The page says so.
#[test]
fn all_tests_run_on_later_versions_but_those_of_what_v1_does_not_promise_and_of_what_v4_changes() {
    let laws = &*READ;
    let mut left_out = BTreeSet::new();
    for row in laws.laws().iter().chain(laws.others()) {
        for (place, version) in VERSIONS.iter().enumerate() {
            let own = laws
                .cell(row, version)
                .map_or(Vec::new(), |cell| cell.tests);
            for later in &VERSIONS[place + 1..] {
                let earlier = laws
                    .cell(row, later)
                    .map_or(Vec::new(), |cell| cell.earlier);
                for test in &own {
                    let name = format!("{} {}", &version[..2], test.name);
                    if !earlier.iter().any(|other| other.name == name) {
                        let file = test.name.split("::").next().unwrap();
                        left_out.insert(format!("{version}/tests/{file}.rs on {later}"));
                    }
                }
            }
        }
    }
    let expected = VERSIONS[1..].iter();
    let expected = expected.map(|later| format!("v1-fixed/tests/panicking.rs on {later}"));
    let on_a_worker = VERSIONS[3..].iter().flat_map(|later| {
        let earlier = ["v1-fixed", "v2-cancel-panic"];
        earlier.map(|version| format!("{version}/tests/on_a_worker.rs on {later}"))
    });
    // v1 and v2 count a task from its submission on, the others when it is accepted.
    let blocked_submitter = VERSIONS[2..].iter().flat_map(|later| {
        let earlier = ["v1-fixed", "v2-cancel-panic"];
        earlier.map(|version| format!("{version}/tests/blocked_submitter.rs on {later}"))
    });
    // What v3 has from its one lock.
    let of_one_lock = VERSIONS[3..].iter();
    let of_one_lock =
        of_one_lock.map(|later| format!("v3-dynamic/tests/one_instant.rs on {later}"));
    let expected = expected.chain(on_a_worker).chain(blocked_submitter);
    let expected = expected.chain(of_one_lock);
    assert_eq!(left_out, expected.collect());
}

#[test]
fn a_cell_holds_what_runs_on_its_version() {
    let laws = &*READ;
    let row = |law: &str| laws.laws().iter().find(|row| row.law == law).unwrap();
    assert!(
        laws.cell(row("no_stranded_task"), "v2-cancel-panic")
            .is_none()
    );
    let stranded = laws.cell(row("no_stranded_task"), "v3-dynamic").unwrap();
    let deep = stranded.laws.iter().find(|law| law.deep).unwrap();
    assert_eq!(deep.name, "v3::no_stranded_task_in_a_storm");
    assert!(stranded.tests.iter().any(|test| test.deep) && stranded.earlier.is_empty());

    let done = VERSIONS.map(|version| laws.cell(row("done_means_done"), version).unwrap());
    let all = |name: &str| {
        let has = |cell: &museum::Cell<'_>| {
            let tests = [&cell.models, &cell.tests, &cell.earlier];
            tests.into_iter().flatten().any(|test| test.name == name)
        };
        done.each_ref().map(has)
    };
    assert_eq!(all("waiting::a_wait_for_nothing_returns"), [true; 5]);
    let counted = "counting::the_report_of_a_group_is_complete_when_the_wait_returns";
    assert_eq!(all(counted), [false, true, true, true, true]);
    let test = "waiting::all_waiters_are_released_together";
    assert_eq!(all(test), [true, false, false, false, false]);
    assert_eq!(all(&format!("v1 {test}")), [false, true, true, true, true]);
    // What v1 does not promise is left out on later versions.
    let is_limit = |row: &&museum::Row| row.title.starts_with("Limits");
    let limits = laws.others().iter().find(is_limit).unwrap();
    let left_out = "panicking::every_worker_may_panic_at_once";
    let [v1, v2, ..] = VERSIONS.map(|version| laws.cell(limits, version).unwrap());
    assert!(v1.tests.iter().any(|test| test.name == left_out));
    let earlier = format!("v1 {left_out}");
    assert!(v2.earlier.iter().all(|test| test.name != earlier));
}
