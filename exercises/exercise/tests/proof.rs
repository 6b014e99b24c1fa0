//! Each exercise proves itself: the starter compiles and fails, the solution passes, and what is
//! wrong is refused by the test that its file names.

use std::fs;
use std::iter;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;

use exercise::{Checked, Exercise, Test, Variant, check};

/// Holds a variant to the tests.
fn checked(exercise: &Exercise, variant: &Variant) -> Checked {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let folder = folder.join(format!("{}-{}", exercise.name, variant.name));
    // A copy with which an earlier run has left something would be another one.
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    variant.write(exercise, &folder).unwrap();
    check(exercise, &folder, &variant.name).unwrap()
}

/// What is not as it should be with one variant of an exercise.
fn fault(exercise: &Exercise, variant: &Variant) -> Option<String> {
    let found = checked(exercise, variant);
    let first = found.first_failing().map(|(test, verdict)| {
        let verdict = verdict.mark().trim().to_lowercase();
        (test.name.clone(), verdict)
    });
    let is_right = match &*variant.name {
        "starter" => first.is_some(),
        "solution" => found.is_solved(),
        _ => {
            let test = variant.refused_by.clone().unwrap_or_default();
            let mut verdicts = variant.verdict.split(" or ");
            first.is_some_and(|(name, found)| name == test && verdicts.any(|one| one == found))
        }
    };
    let fault = format!("{}, {}: {found:?}", exercise.name, variant.name);
    (!is_right).then_some(fault)
}

#[test]
#[ignore = "compiles each version several times: run by `.ci/run`"]
fn starters_fail_solutions_pass_and_what_is_wrong_is_refused() {
    let mut jobs = Vec::new();
    for exercise in Exercise::all().unwrap() {
        for name in ["starter", "solution"] {
            jobs.push((exercise.clone(), Variant::named(&exercise, name).unwrap()));
        }
        let wrong = Variant::wrong(&exercise).unwrap();
        jobs.extend(wrong.into_iter().map(|wrong| (exercise.clone(), wrong)));
    }
    // What hangs needs its time and no core, so the next ones are compiled meanwhile.
    let next = AtomicUsize::new(0);
    let faults = thread::scope(|scope| {
        let work = || {
            let jobs = iter::from_fn(|| jobs.get(next.fetch_add(1, Relaxed)));
            jobs.filter_map(|(exercise, variant)| fault(exercise, variant))
                .collect::<Vec<String>>()
        };
        let workers = [(); 8].map(|()| scope.spawn(work));
        workers.map(|worker| worker.join().unwrap()).concat()
    });
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

#[test]
fn an_exercise_is_whole() {
    for exercise in Exercise::all().unwrap() {
        let name = &exercise.name;
        let root = grade::repository();
        let chapter = fs::read_to_string(root.join("book/src").join(&exercise.chapter)).unwrap();
        let command = format!("cargo exercise start {name}");
        assert!(chapter.contains(&command), "{}", exercise.chapter);
        assert!(!exercise.hints.is_empty(), "{name} has no hint");
        let tests = Test::all(&exercise).unwrap();
        let wrong = Variant::wrong(&exercise).unwrap();
        assert!(wrong.len() > 1, "{name} refuses nothing");
        assert!(
            wrong.iter().any(|one| one.verdict == "hangs"),
            "{name} has nothing that hangs"
        );
        for wrong in wrong {
            let test = wrong.refused_by.unwrap();
            let is_there = tests.iter().any(|known| known.name == test);
            assert!(is_there, "{name}: {} names no test", wrong.name);
            assert!(!wrong.story.is_empty(), "{name}: {}", wrong.name);
        }
    }
}
