//! Counting lines of code.

use std::path::Path;

use book::lines::{of_file, of_folder, of_text};

#[test]
fn blank_lines_comments_and_docs_do_not_count() {
    let text = "//! Docs.\n\n/// Docs.\n// A comment.\n  \nfn f() {}\n    // Indented.\n";
    assert_eq!(of_text(text), 1);
}

#[test]
fn code_before_a_comment_counts() {
    assert_eq!(of_text("let a = 1; // one\nlet b = \"// two\";\n"), 2);
}

#[test]
fn a_folder_is_the_sum_of_its_files() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../v1-fixed/src");
    let files = std::fs::read_dir(&source).unwrap();
    let sum: usize = files
        .map(|file| of_file(&file.unwrap().path()).unwrap())
        .sum();
    assert!(sum > 100);
    assert_eq!(of_folder(&source).unwrap(), sum);
    assert!(of_file(&source.join("none.rs")).is_err());
}
