//! The manifests of the packages in a workshop.

use std::fmt::Write as _;
use std::path::Path;

use crate::{STAGES, exercises, repository};

/// The workspace. Profiles are those of the repository, where the facades are optimised.
pub(crate) fn workspace(repository: &str) -> String {
    format!(
        "# Written by `cargo grade --models`.\n[workspace]\nresolver = \"3\"\n\
         members = [\"pool\", \"scenarios\"]\n\n{}",
        profiles(repository)
    )
}

/// The tables of a manifest that say how to compile.
fn profiles(manifest: &str) -> String {
    let mut told = String::new();
    let mut inside = false;
    for line in manifest.lines() {
        if line.starts_with('[') {
            inside = line.starts_with("[profile.");
        }
        if inside && !line.starts_with('#') {
            told += line;
            told.push('\n');
        }
    }
    told
}

/// The package of somebody's pool.
pub(crate) fn pool(name: &str) -> String {
    format!(
        "{}\n[lib]\nname = \"pool\"\npath = \"src/lib.rs\"\ntest = false\ndoctest = false\n\n\
         [dependencies]\n{}thiserror = \"2\"\n",
        package(name, "pool"),
        facades()
    )
}

/// The package of the scenarios, a program for each stage.
pub(crate) fn scenarios(name: &str) -> String {
    let schedule = literal(&repository().join("model/schedule"));
    let mut text = format!(
        "{}autobins = false\n\n[dependencies]\n{}model-schedule = {{ path = {schedule} }}\n\
         pool = {{ package = \"{name}-pool\", path = \"../pool\" }}\n",
        package(name, "scenarios"),
        facades()
    );
    for stage in STAGES {
        let file = exercises().join(format!("models/stage_{stage}.rs"));
        let (target, file) = (target(name, stage), literal(&file));
        let _ = write!(text, "\n[[bin]]\nname = \"{target}\"\npath = {file}\n");
    }
    text
}

/// The program of a stage. Its name says whose pool it is, since all share a target folder.
pub(crate) fn target(name: &str, stage: usize) -> String {
    format!("{name}-stage-{stage}")
}

fn package(name: &str, what: &str) -> String {
    format!(
        "# Written by `cargo grade --models`.\n[package]\nname = \"{name}-{what}\"\n\
         version = \"0.0.0\"\nedition = \"2024\"\npublish = false\n"
    )
}

/// What a pool may use, under the names of what it stands for.
fn facades() -> String {
    let facade = |(name, folder): (&str, &str)| {
        let path = literal(&repository().join("model").join(folder));
        format!("{name} = {{ package = \"model-{folder}\", path = {path} }}\n")
    };
    let all = [
        ("crossbeam-channel", "crossbeam-channel"),
        ("parking_lot", "parking_lot"),
        ("std", "std-clock"),
    ];
    all.into_iter().map(facade).collect()
}

/// A path in a manifest. Between single quotes nothing is escaped.
fn literal(path: &Path) -> String {
    format!("'{}'", path.display())
}

#[cfg(test)]
mod tests {
    use super::profiles;

    #[test]
    fn a_profile_is_taken_and_its_surroundings_are_not() {
        let manifest = "[workspace]\na = 1\n\n[profile.dev]\n# Why.\nb = 2\n\n[profile.dev.package.c]\n\
                        d = 3\n[workspace.lints.rust]\ne = 4\n";
        let taken = "[profile.dev]\nb = 2\n\n[profile.dev.package.c]\nd = 3\n";
        assert_eq!(profiles(manifest), taken);
    }
}
