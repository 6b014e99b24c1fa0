//! That a round which fails is noticed, whoever it fails for. Panics are counted for the whole
//! process, so the test of a hang, which needs a process of its own anyway, is all that runs
//! beside.

use std::env;
use std::panic::catch_unwind;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

use model_stress::explore;

static ROUNDS: AtomicUsize = AtomicUsize::new(0);

#[test]
fn a_scenario_is_repeated_until_it_fails() {
    let counts = || {
        ROUNDS.fetch_add(1, SeqCst);
    };
    explore(counts, &[]);
    let rounds = ROUNDS.swap(0, SeqCst);
    assert!(rounds > 1, "{rounds}");

    let fails_in_the_third = || {
        let round = ROUNDS.fetch_add(1, SeqCst);
        // Somebody catches the panic.
        thread::spawn(move || assert!(round < 2)).join().ok();
    };
    let failure = catch_unwind(|| explore(fails_in_the_third, &[])).unwrap_err();
    let message = failure.downcast_ref::<String>().unwrap();
    assert_eq!(message, "failed in round 3");
}

#[test]
#[ignore = "five seconds of waiting: run by `cargo deep`"]
fn a_round_that_hangs_ends_the_process() {
    if env::var_os("IN_CHILD").is_some() {
        let hangs_in_the_third = || {
            if ROUNDS.fetch_add(1, SeqCst) == 2 {
                thread::sleep(Duration::MAX);
            }
        };
        explore(hangs_in_the_third, &[]);
        return;
    }
    let child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "a_round_that_hangs_ends_the_process",
            "--nocapture",
            "--include-ignored",
        ])
        .env("IN_CHILD", "1")
        .output()
        .unwrap();
    assert_eq!(child.status.code(), Some(101));
    let output = String::from_utf8(child.stdout).unwrap();
    assert!(
        output.contains("hangs in round 3, begun after "),
        "{output}"
    );
}
