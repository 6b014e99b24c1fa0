//! That a round which fails is noticed, whoever it fails for. One test, since what counts panics counts
//! those of the whole process.

use std::panic::catch_unwind;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;

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
