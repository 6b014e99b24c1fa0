//! A chapter is short: of words, and of the code that it shows.

use std::fs;
use std::path::Path;

use book::preprocessor::expand;
use book::reading::size;
use book::repository::Repository;

const WORDS: usize = 2000;
const LINES: usize = 150;

/// The chapters that are written for these bars. Whoever rewrites one adds it.
const REWRITTEN: [&str; 38] = [
    "branches/when-a-task-may-start.md",
    "branches/which-task-is-next.md",
    "concepts/what-the-code-uses.md",
    "strategies/dispatch.md",
    "strategies/resize-policies.md",
    "strategies/scale-down.md",
    "strategies/scale-up.md",
    "strategies/worker-management.md",
    "swapping-the-pool.md",
    "versions/v1-fixed.md",
    "versions/v1-stopping.md",
    "versions/v2-cancelling.md",
    "versions/v2-panics.md",
    "versions/v3-growing.md",
    "versions/v3-shrinking.md",
    "versions/v4-a-queue-each.md",
    "versions/v4-stealing.md",
    "versions/v4-waiting-for-its-own-pool.md",
    "versions/v5-a-result-comes-back.md",
    "versions/v5-await.md",
    "versions/v5-borrowing.md",
    "versions/v5-how-the-panic-comes-back.md",
    "versions/v5-joining-without-deadlock.md",
    "versions/v5-many-results.md",
    "versions/what-a-short-task-costs.md",
    "what-a-go-pool-runs-on.md",
    "yours/1-threads-and-a-queue.md",
    "yours/10-results.md",
    "yours/2-refusing-and-handing-back.md",
    "yours/3-back-pressure.md",
    "yours/4-waiting.md",
    "yours/5-shutting-down.md",
    "yours/6-a-panic-costs-one-task.md",
    "yours/7-cancelling.md",
    "yours/8-growing-and-shrinking.md",
    "yours/9-a-queue-each.md",
    "yours/the-pool-you-already-have.md",
    "yours/your-own-pool.md",
];

#[test]
fn a_rewritten_chapter_is_short() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let repository = Repository::around(book).unwrap();
    for chapter in REWRITTEN {
        let text = fs::read_to_string(book.join("src").join(chapter)).unwrap();
        // What a chapter asks at its end has a bar of its own: `asking.rs`.
        let text = text.replace("{{#questions}}", "");
        let text = expand(&text, &repository, Path::new(chapter));
        let (words, code) = size(&text.unwrap_or_else(|faults| panic!("{chapter}:{}", faults[0])));
        assert!(words <= WORDS && words > 0, "{chapter}: {words} words");
        assert!(code <= LINES, "{chapter}: {code} lines of code");
    }
}

#[test]
fn words_are_counted_but_not_in_code_and_figures() {
    let text = "# Two words\n\nA `word` — and **more**.\n\n| one | two |\n|---|---|\n| three | 4 |\n\n\
                <figure><text>no words</text></figure>\n\n```sh\ncargo test\n```\n";
    assert_eq!(size(text), (2 + 4 + 4, 0));
}

#[test]
fn lines_of_code_are_counted_as_they_are_shown() {
    let text = "```rust\n# use a::b;\n#\n#[test]\nfn a() {\n    // why\n\n}\n```\n\n\
                ```rust,ignore\nfn b() {}\n```\n\n\
                ```diff\n@@ -1,2 +1,2 @@\n fn c() {}\n-// gone\n-fn d() {}\n+fn e() {}\n \n```\n";
    assert_eq!(size(text), (0, 3 + 1 + 3));
}
