//! Cargo's target folder.

use std::env;
use std::path::{Path, PathBuf};

/// Cargo's target folder, whatever it is called: the running program lies in it. Neither the
/// environment nor the current folder would tell, since a configuration file of cargo may name it,
/// too.
#[must_use]
pub fn target_folder() -> PathBuf {
    let program = env::current_exe().unwrap_or_default();
    around(&program).map_or_else(|| PathBuf::from("target"), Path::to_owned)
}

/// What cargo leaves in the folder. The first is missing where the folder was there before.
const MARKS: [&str; 2] = ["CACHEDIR.TAG", ".rustc_info.json"];

/// `program` is in `debug`, in `release`, or deeper, if it is a test or if a target is named.
fn around(program: &Path) -> Option<&Path> {
    let marked = |folder: &&Path| MARKS.iter().any(|mark| folder.join(mark).exists());
    let usual = || program.ancestors().nth(2);
    program.ancestors().find(marked).or_else(usual)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn it_is_where_this_test_was_compiled() {
        let folder = target_folder();
        assert!(env::current_exe().unwrap().starts_with(&folder));
        assert!(folder.join("debug").exists() || folder.join("release").exists());
    }

    #[test]
    fn it_is_found_from_wherever_cargo_puts_a_program() {
        let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("no-such-folder");
        assert_eq!(around(&target.join("debug/xp")), Some(&*target));

        for mark in MARKS {
            let target = target_folder().join("tmp").join(mark.trim_matches('.'));
            fs::create_dir_all(&target).unwrap();
            fs::write(target.join(mark), "").unwrap();
            for program in ["debug/xp", "debug/deps/test", "some-target/release/xp"] {
                assert_eq!(around(&target.join(program)), Some(&*target), "{program}");
            }
        }
    }
}
