//! The scenarios on real threads.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::exhibit::in_code;
use crate::{all_versions, short};

/// The package in the copy that runs a version's scenarios on real threads.
pub(crate) fn package(version: &str) -> String {
    format!("stress-{}", short(version))
}

/// The manifests of these packages, each made from that of the version's models: the facades give
/// way to what they stand for, and the search to the loop.
pub(crate) fn manifests(repository: &Path) -> Result<Vec<(PathBuf, String)>> {
    all_versions()
        .map(|version| manifest(repository, version))
        .collect()
}

fn manifest(repository: &Path, version: &str) -> Result<(PathBuf, String)> {
    let short = short(version);
    let mut text = fs::read_to_string(repository.join(format!("model/{short}/Cargo.toml")))?;
    let mut replace = |from: &str, to: &str| {
        let (before, after) = text
            .split_once(from)
            .with_context(|| format!("model/{short}/Cargo.toml has no {from}"))?;
        text = format!("{before}{to}{after}");
        anyhow::Ok(())
    };
    let facade =
        |name: &str| format!(r#"{name} = {{ package = "model-{name}", path = "../{name}" }}"#);
    let package = package(version);
    replace(&format!("\"model-{short}\""), &format!("{package:?}"))?;
    // To the tests, the version's name is still that of its models.
    replace(
        "[lib]\n",
        &format!("[lib]\nname = \"model_{}\"\n", in_code(version)),
    )?;
    for real in ["crossbeam-channel", "parking_lot"] {
        replace(&facade(real), &format!("{real}.workspace = true"))?;
    }
    replace(&(facade("std") + "\n"), "")?;
    replace(
        r#"model-schedule = { path = "../schedule" }"#,
        r#"model-schedule = { package = "model-stress", path = "../stress" }"#,
    )?;
    // The tests of the models are the tests of this one.
    replace(
        "[lints]",
        &format!("[[test]]\nname = \"models\"\npath = \"../{short}/tests/models.rs\"\n\n[lints]"),
    )?;
    Ok((Path::new("model").join(package).join("Cargo.toml"), text))
}
