//! What `cargo bench` runs: criterion's benchmarks, and no library or program that has none and
//! would say so.

use std::fs;
use std::path::{Path, PathBuf};

/// The manifests of this workspace.
fn manifests() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    let mut manifests = Vec::new();
    let mut folders = vec![root.unwrap().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let (path, name) = entry
                .map(|entry| (entry.path(), entry.file_name()))
                .unwrap();
            let name = name.to_string_lossy();
            if name == "Cargo.toml" {
                let text = fs::read_to_string(&path).unwrap();
                manifests.push((path, text));
            } else if path.is_dir() && !skipped(&name) {
                folders.push(path);
            }
        }
    }
    // Not the workspace itself, nor what is none of its members.
    manifests.retain(|(_, text)| text.contains("\nversion.workspace = true\n"));
    manifests
}

/// What is built, and the exercises: a workspace of its own, without benchmarks.
fn skipped(folder: &str) -> bool {
    folder.starts_with('.') || ["exercises", "target"].contains(&folder)
}

#[test]
fn only_benchmarks_are_benchmarks() {
    let manifests = manifests();
    assert!(manifests.len() > 10, "{manifests:?}");
    for (path, text) in manifests {
        let sections = text.split("\n[");
        let targets =
            sections.filter(|text| text.starts_with("lib]") || text.starts_with("[bin]]"));
        let targets: Vec<_> = targets.collect();
        assert!(!targets.is_empty(), "{} has no [lib]", path.display());
        for target in targets {
            let silent = target.contains("\nbench = false");
            assert!(silent, "{}: [{target}", path.display());
        }
    }
}
