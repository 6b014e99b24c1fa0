//! What the compiler may assume about a task that borrows, and until when.
//!
//! What is passed to a function as an argument has to be there until the function returns: LLVM is
//! told so (`noalias`, `dereferenceable`), also of what a closure has captured. As soon as a scope
//! hears that its last task is over, what the task has borrowed may go away. So whoever tells the
//! scope must not be called by a function that was given the closure or its result. No test at run
//! time can see that. This one looks at what LLVM gets.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use v5_futures::Pool;

/// No other reference in the program is to as many bytes.
type Marked = [u8; 4057];

#[test]
fn a_task_uses_what_it_borrows_and_returns_it() {
    let pool = Pool::new(1, 1).unwrap();
    let mut bytes: Marked = [1; 4057];
    let exclusive = &mut bytes;
    let returned = pool.scope(|scope| {
        let task = scope.spawn(move || {
            exclusive[7] = 8;
            exclusive
        });
        task.unwrap().join().unwrap()
    });
    returned[8] = 9;
    assert_eq!(bytes[6..10], [1, 8, 9, 1]);
}

/// The functions of a program, and which of them each one calls.
struct Program {
    signatures: HashMap<String, String>,
    calls: HashMap<String, HashSet<String>>,
}

impl Program {
    fn read(text: &str) -> Program {
        let (mut signatures, mut calls) = (HashMap::new(), HashMap::<_, HashSet<_>>::new());
        let mut here = None;
        for line in text.lines() {
            let Some(name) = function(line) else { continue };
            if line.starts_with("define") {
                signatures.insert(name.to_owned(), line.to_owned());
                here = Some(name);
            } else if let Some(here) =
                here.filter(|_| line.contains("call ") || line.contains("invoke "))
            {
                calls
                    .entry(here.to_owned())
                    .or_default()
                    .insert(name.to_owned());
            }
        }
        Program { signatures, calls }
    }

    /// Whether a call of the function can lead to one that tells a scope of the end of a task.
    /// (`Scope::accept_small` does that for a task that was refused. By then the scope cannot
    /// return: it is on the stack.)
    fn tells<'a>(&'a self, name: &'a str, seen: &mut HashSet<&'a str>) -> bool {
        if name.contains("task_ended") {
            return true;
        }
        let calls = self
            .calls
            .get(name)
            .filter(|_| seen.insert(name) && !name.contains("5Scope12accept_small"));
        calls.is_some_and(|calls| calls.iter().any(|call| self.tells(call, seen)))
    }
}

/// The first function that is named in a line.
fn function(line: &str) -> Option<&str> {
    let (_, name) = line.split_once('@')?;
    match name.strip_prefix('"') {
        Some(quoted) => quoted.split('"').next(),
        None => name.split('(').next(),
    }
}

#[test]
#[ignore = "compiles this file for LLVM, which takes half a minute: run by cargo deep"]
fn whoever_tells_a_scope_is_not_called_by_a_function_that_was_given_what_a_task_borrows() {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("arguments");
    let text = target.join("program.ll");
    fs::create_dir_all(&target).unwrap();
    let status = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()))
        .args([
            "rustc",
            "--quiet",
            "--release",
            "--package",
            "v5-futures",
            "--test",
            "arguments",
            "--target-dir",
        ])
        .arg(&target)
        // What an optimiser would do with the arguments is not of interest, and would hide them.
        .args(["--", "-Ccodegen-units=1", "-Cno-prepopulate-passes"])
        .arg(format!("--emit=llvm-ir={}", text.display()))
        .status();
    assert!(status.unwrap().success());
    let program = Program::read(&fs::read_to_string(text).unwrap());
    let tells = |name: &&String| program.tells(name, &mut HashSet::new());
    assert!(
        program.signatures.keys().any(|name| tells(&name)),
        "nobody tells the scope: is it called something else?"
    );
    let marked = format!("dereferenceable({})", size_of::<Marked>());
    let given = program
        .signatures
        .iter()
        .filter(|(_, signature)| signature.contains(&marked));
    let given: Vec<_> = given.map(|(name, _)| name).collect();
    assert!(
        given.len() > 5,
        "what a task borrows is an argument of nothing but {given:#?}"
    );
    let bad: Vec<_> = given.into_iter().filter(tells).collect();
    assert!(
        bad.is_empty(),
        "still run when the scope hears of it: {bad:#?}"
    );
}
