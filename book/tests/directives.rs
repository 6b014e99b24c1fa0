//! What each directive becomes, and what it says when it cannot.

mod scratch;

use std::fs;
use std::path::Path;

use book::preprocessor::expand;
use book::repository::Repository;
use book::site::Site;

/// A repository with these files and a book.
fn repository(name: &str, files: &[(&str, &str)]) -> Repository {
    let root = scratch::with_files(name, files);
    fs::create_dir_all(root.join("book")).unwrap();
    Repository::around(&root.join("book")).unwrap()
}

/// What becomes of a text.
fn expanded(repository: &Repository, text: &str) -> String {
    match expand(text, repository, Path::new("chapter.md")) {
        Ok(text) => text,
        Err(faults) => panic!("{}", faults[0]),
    }
}

/// The message about the only fault of a text.
fn fault(repository: &Repository, text: &str) -> String {
    let faults = expand(text, repository, Path::new("chapter.md"));
    let faults = faults.expect_err("this should be an error");
    assert_eq!(faults.len(), 1, "{faults:?}");
    faults[0].to_string()
}

/// Asserts that a text has one fault whose message contains all these parts.
#[track_caller]
fn assert_fault(repository: &Repository, text: &str, parts: &[&str]) {
    let message = fault(repository, text);
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

// ---- where directives stand ----

#[test]
fn code_and_what_follows_a_backslash_is_left_alone() {
    let repository = repository("left-alone", &[]);
    for text in [
        "```\n{{#file a.rs}}\n```\n",
        "~~~text\n{{#nonsense}}\n~~~\n",
        "- item\n\n  ````md\n  ```\n  {{#file a.rs}}\n  ```\n  ````\n",
        "> ```\n> {{#file a.rs}}\n> ```\n",
        "write `{{#lines a}}` or ``{{#result a b}}``\n",
        "\\{{#file a.rs}}\n",
        "{{#include a.rs}}\n{{#rustdoc_include a.rs}} {{#title A}}\n",
        "{{ no directive }} and {{\n",
        "    {{#file a.rs}}\n",
    ] {
        assert_eq!(expanded(&repository, text), text);
    }
}

#[test]
fn a_directive_after_a_closed_block_is_expanded() {
    let repository = repository("after-block", &[("a.rs", "fn a() {}\n")]);
    let text = "```\n{{#lines a.rs}}\n```\n\n{{#lines a.rs}} line\n";
    assert_eq!(
        expanded(&repository, text),
        "```\n{{#lines a.rs}}\n```\n\n1 line\n"
    );
}

#[test]
fn a_block_in_a_list_keeps_its_indent() {
    let repository = repository("indent", &[("a.rs", "fn a() {\n\n}\n")]);
    assert_eq!(
        expanded(&repository, "- one:\n\n  {{#file a.rs}}\n\n  two\n"),
        "- one:\n\n  <p class=\"source\"><code>a.rs</code></p>\n\n  ```rust,ignore\n  fn a() {\n\n  }\n  ```\n\n  two\n"
    );
}

#[test]
fn several_inline_directives_share_a_line() {
    let repository = repository("inline", &[("a.rs", "fn a() {}\n"), ("b.rs", "")]);
    assert_eq!(
        expanded(&repository, "| {{#lines a.rs}} | {{ #lines b.rs }} |"),
        "| 1 | 0 |"
    );
}

#[test]
fn misplaced_and_unknown_directives_are_faults() {
    let repository = repository("misplaced", &[("a.rs", "")]);
    assert_fault(
        &repository,
        "see {{#file a.rs}}",
        &["1: `{{#file a.rs}}`: ", "alone on its line"],
    );
    assert_fault(
        &repository,
        "\n\n{{#file a.rs}}.",
        &["3: ", "alone on its line"],
    );
    assert_fault(&repository, "> {{#file a.rs}}", &["alone on its line"]);
    assert_fault(
        &repository,
        "{{#fiel a.rs}}",
        &["no directive `fiel`", "file, item"],
    );
    assert_fault(&repository, "{{#}}", &["no directive"]);
    assert_fault(
        &repository,
        "{{#file a.rs}\nmore",
        &["1: `{{#file a.rs}`", "`}}` is missing"],
    );
    assert_fault(&repository, "{{#file}}", &["write {{#file PATH}}"]);
    assert_fault(&repository, "{{#file a b}}", &["write {{#file PATH}}"]);
    assert_fault(
        &repository,
        "{{#item a.rs}}",
        &["write {{#item PATH ITEM}}"],
    );
    assert_fault(
        &repository,
        "{{#diff a}}",
        &["write {{#diff OLD NEW FILE}}"],
    );
    assert_fault(&repository, "{{#trace}}", &["write {{#trace NAME}}"]);
    assert_fault(&repository, "{{#census}}", &["write {{#census NAME}}"]);
    assert_fault(&repository, "see {{#census a b}}", &["alone on its line"]);
    assert_fault(&repository, "{{#lines}}", &["write {{#lines CRATE}}"]);
    assert_fault(
        &repository,
        "{{#result a}}",
        &["write {{#result NAME FIELD}}"],
    );
}

#[test]
fn all_faults_of_a_text_are_reported() {
    let repository = repository("all-faults", &[]);
    let text = "{{#file a}}\n\n{{#file b}} {{#lines c}}\n";
    let faults = expand(text, &repository, Path::new("chapter.md")).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 3, 3]);
}

// ---- file ----

#[test]
fn a_file_is_shown_whole() {
    let files = [
        ("a/src/lib.rs", "//! Docs.\n\nfn a() {}\n\n"),
        ("a/Cargo.toml", "[package]\n"),
    ];
    let repository = repository("file", &files);
    assert_eq!(
        expanded(&repository, "{{#file a/src/lib.rs}}\n"),
        "<p class=\"source\"><code>a/src/lib.rs</code></p>\n\n```rust,ignore\n//! Docs.\n\nfn a() {}\n```\n"
    );
    assert!(expanded(&repository, "{{#file a/Cargo.toml}}").contains("\n```toml\n[package]\n```"));
}

#[test]
fn the_fence_is_longer_than_any_in_the_file() {
    let files = [("a.md", "~~~~~~\n    ````\ntext `````` text\n````\n")];
    let repository = repository("fence", &files);
    let block = expanded(&repository, "{{#file a.md}}");
    assert!(
        block.contains("\n`````md\n") && block.ends_with("\n`````"),
        "{block}"
    );
}

#[test]
fn a_file_that_is_not_there_is_a_fault() {
    let repository = repository("no-file", &[("a/b.rs", "")]);
    assert_fault(
        &repository,
        "{{#file c.rs}}",
        &["c.rs cannot be read", "o such file"],
    );
    assert_fault(&repository, "{{#file a}}", &["a is a folder"]);
    assert_fault(
        &repository,
        "{{#file ../secret}}",
        &["not a path below the root"],
    );
    assert_fault(
        &repository,
        "{{#file /etc/passwd}}",
        &["not a path below the root"],
    );
}

/// The whole way to the page, since it is mdBook that has to leave the text alone.
#[test]
fn a_page_shows_a_file_as_it_is_whatever_it_holds() {
    let source = "\
fn a() {
    let a = \"{{#include one.rs}} {{#include two.rs}}\";
    let b = r\"\\{{#include one.rs}}\";
    let c = \"
# not hidden
#
## not shortened
#[attribute]
\";
}
";
    let root = scratch::with_files(
        "as-it-is",
        &[
            ("a.rs", source),
            (
                "book/book.toml",
                "[preprocessor.pool-book]\ncommand = 'none'\nbefore = ['links']\n\
                 [output.html.playground]\nrunnable = false\n",
            ),
            ("book/src/SUMMARY.md", "- [One](one.md)\n"),
            (
                "book/src/one.md",
                "# One\n\n{{#file a.rs}}\n\n{{#item a.rs a}}\n",
            ),
        ],
    );
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    site.build().unwrap();
    let page = fs::read_to_string(root.join("pages/one.html")).unwrap();
    let shown = html_escape::decode_html_entities(&page);
    assert_eq!(shown.matches(source.trim_end()).count(), 2, "{shown}");
    assert!(!page.contains("boring"), "hidden lines");
}

#[test]
fn a_file_that_mdbook_would_change_in_any_case_is_a_fault() {
    let repository = repository("unescapable", &[("a.rs", "// {{#include one\n// two}}\n")]);
    assert_fault(
        &repository,
        "{{#file a.rs}}",
        &["mdBook would expand", "{{#include one"],
    );
}

// ---- item ----

const ITEMS: &str = r#"//! A file.

use std::fmt;

/// A shape.
///
/// With two lines.
#[derive(Debug)]
pub struct Shape<T> {
    /// Its sides.
    sides: T, // a comment
}

pub enum Kind { A, B }

/// How many.
pub const COUNT: usize = 3;
static NAME: &str = "shape";
type Alias = Shape<u8>;

std::thread_local! {
    /// Where.
    static HERE: std::cell::Cell<Option<&'static str>> = const { std::cell::Cell::new(None) };
}

macro_rules! twice { ($a:expr) => { $a + $a } }

/// Draws.
pub trait Draw {
    /// Draws it.
    fn draw(&self);
    /// By default, nothing.
    fn rub_out(&self) {}
}

impl<T> Shape<T> {
    /// The most.
    pub const MOST: usize = 9;

    /// Makes one.
    // Not a doc comment.
    #[must_use]
    pub fn new(sides: T) -> Self {
        // The body's comment.
        let text = "
    {";

        Shape { sides }
    }

    fn twin(&self) {}
}

impl Draw for Kind {
    /// As is.
    fn draw(&self) {}
}

// SAFETY: it is safe.
// It really is.
unsafe impl<T> Send for Shape<T> {}

impl<T> fmt::Debug for Option2<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl From<u8> for Kind {
    fn from(_: u8) -> Kind { Kind::A }
}

impl From<u16> for Kind {
    fn from(_: u16) -> Kind { Kind::B }
}

mod inner {
    /// Inside.
    pub(crate) fn hidden() {}
}

#[cfg(unix)]
fn either() {}

#[cfg(not(unix))]
fn either() {}
"#;

/// The code that an item directive shows.
fn item(name: &str) -> String {
    let test = format!("item-{}", name.replace(|c: char| !c.is_alphanumeric(), "-"));
    let repository = repository(&test, &[("a.rs", ITEMS)]);
    let block = expanded(&repository, &format!("{{{{#item a.rs {name}}}}}"));
    let (_, code) = block.split_once("\n\n```rust,ignore\n").unwrap();
    code.strip_suffix("\n```").unwrap().to_owned()
}

#[test]
fn items_of_every_kind_are_found() {
    for (name, code) in [
        ("Kind", "pub enum Kind { A, B }"),
        ("COUNT", "pub const COUNT: usize = 3;"),
        ("NAME", "static NAME: &str = \"shape\";"),
        ("Alias", "type Alias = Shape<u8>;"),
        ("twice", "macro_rules! twice { ($a:expr) => { $a + $a } }"),
        ("Shape::MOST", "pub const MOST: usize = 9;"),
        ("Shape::twin", "fn twin(&self) {}"),
        ("Shape<T>::twin", "fn twin(&self) {}"),
        ("Draw::draw", "fn draw(&self);"),
        ("Draw::rub_out", "fn rub_out(&self) {}"),
        ("Kind::draw", "fn draw(&self) {}"),
        ("<Kind as Draw>::draw", "fn draw(&self) {}"),
        (
            "impl Draw for Kind",
            "impl Draw for Kind {\n    fn draw(&self) {}\n}",
        ),
        ("inner::hidden", "pub(crate) fn hidden() {}"),
        (
            "inner",
            "mod inner {\n    /// Inside.\n    pub(crate) fn hidden() {}\n}",
        ),
    ] {
        assert_eq!(item(name), code, "{name}");
    }
}

#[test]
fn an_item_is_shown_without_its_docs_but_with_those_of_its_fields() {
    let shape = "#[derive(Debug)]\npub struct Shape<T> {\n    /// Its sides.\n    sides: T, // a comment\n}";
    assert_eq!(item("Shape"), shape);
    let docs = "/// A shape.\n///\n/// With two lines.\n";
    assert_eq!(item("Shape docs"), format!("{docs}{shape}"));
}

#[test]
fn a_bare_item_is_shown_without_any_docs() {
    let shape = "#[derive(Debug)]\npub struct Shape<T> {\n    sides: T, // a comment\n}";
    assert_eq!(item("Shape bare"), shape);
    let repository = repository(
        "bare",
        &[(
            "a.rs",
            "enum A {\n    /// One.\n    B,\n    // Why.\n    C {\n        /// Two.\n        d: u8,\n    },\n}\n\
             union E {\n    /// Three.\n    f: u8,\n}\n",
        )],
    );
    let shown = expanded(
        &repository,
        "{{#item a.rs A bare}}\n{{#item a.rs E bare}}\n",
    );
    assert!(
        shown.contains("enum A {\n    B,\n    // Why.\n    C {\n        d: u8,\n    },\n}\n"),
        "{shown}"
    );
    assert!(shown.contains("union E {\n    f: u8,\n}\n"), "{shown}");
    assert!(expanded(&repository, "{{#item a.rs A}}").contains("/// Two."));
}

#[test]
fn a_method_moves_to_the_left_with_its_comments_and_attributes() {
    assert_eq!(
        item("Shape::new"),
        "// Not a doc comment.\n#[must_use]\npub fn new(sides: T) -> Self {\n    \
         // The body's comment.\n    let text = \"\n{\";\n\n    Shape { sides }\n}"
    );
    assert!(
        item("Shape::new docs").starts_with("/// Makes one.\n// Not a doc comment.\n#[must_use]\n")
    );
}

#[test]
fn methods_lose_their_docs_with_their_impl_or_trait() {
    assert_eq!(
        item("Draw"),
        "pub trait Draw {\n    fn draw(&self);\n    fn rub_out(&self) {}\n}"
    );
    assert!(item("Draw docs").contains("    /// Draws it.\n"));
    let shape = item("impl Shape");
    assert!(
        shape.starts_with("impl<T> Shape<T> {\n    pub const MOST"),
        "{shape}"
    );
    assert!(
        !shape.contains("///") && shape.ends_with("    fn twin(&self) {}\n}"),
        "{shape}"
    );
}

#[test]
fn a_static_of_a_thread_local_shows_the_macro() {
    let macro_call = item("HERE");
    assert!(
        macro_call.starts_with("std::thread_local! {\n    static HERE: "),
        "{macro_call}"
    );
    assert!(item("HERE docs").contains("    /// Where.\n    static HERE: "));
}

#[test]
fn comments_directly_above_belong_to_the_item() {
    assert_eq!(
        item("impl Send for Shape"),
        "// SAFETY: it is safe.\n// It really is.\nunsafe impl<T> Send for Shape<T> {}"
    );
}

#[test]
fn paths_and_generics_may_be_left_out() {
    let debug = item("impl Debug for Option2");
    assert!(debug.starts_with("impl<T> fmt::Debug for Option2<T> {"));
    for name in [
        "impl fmt::Debug for Option2<T>",
        "impl fmt::Debug for Option2",
        "impl Debug for Option2<T>",
    ] {
        assert_eq!(item(name), debug);
    }
    assert_eq!(item("impl From<u16> for Kind").lines().count(), 3);
    assert_eq!(
        item("<Kind as From<u8>>::from"),
        "fn from(_: u8) -> Kind { Kind::A }"
    );
}

#[test]
fn the_caption_names_file_and_item() {
    let repository = repository("caption", &[("a.rs", ITEMS)]);
    let block = expanded(&repository, "{{#item a.rs impl Debug for Option2}}");
    let caption = "<p class=\"source\"><code>a.rs</code>: <code>impl fmt::Debug for Option2&lt;T&gt;</code></p>\n";
    assert!(block.starts_with(caption), "{block}");
}

#[test]
fn an_item_that_is_not_there_is_a_fault_that_names_its_neighbours() {
    let repository = repository("no-item", &[("a.rs", ITEMS), ("b.rs", "fn {")]);
    assert_fault(
        &repository,
        "{{#item a.rs Shape::nwe}}",
        &["a.rs", "no item `Shape::nwe`", "`Shape::new`"],
    );
    assert_fault(&repository, "{{#item a.rs hidden}}", &["`inner::hidden`"]);
    assert_fault(&repository, "{{#item a.rs docs}}", &["no item `docs`"]);
    assert_fault(&repository, "{{#item a.rs bare}}", &["no item `bare`"]);
    assert_fault(&repository, "{{#item a.rs static}}", &["no item `static`"]);
    assert_fault(&repository, "{{#item a.rs str}}", &["no item `str`"]);
    assert_fault(
        &repository,
        "{{#item b.rs a}}",
        &["b.rs: line 1 is not valid Rust"],
    );
    assert_fault(&repository, "{{#item c.rs a}}", &["c.rs cannot be read"]);
}

#[test]
fn an_ambiguous_name_is_a_fault_that_names_the_choice() {
    let repository = repository("ambiguous", &[("a.rs", ITEMS)]);
    assert_fault(
        &repository,
        "{{#item a.rs impl From for Kind}}",
        &[
            "ambiguous",
            "`impl From<u8> for Kind` in line ",
            "`impl From<u16> for Kind` in line ",
        ],
    );
    assert_fault(
        &repository,
        "{{#item a.rs Kind::from}}",
        &["`<Kind as From<u8>>::from`", "`<Kind as From<u16>>::from`"],
    );
    let line = |cfg: &str| ITEMS.lines().position(|line| line == cfg).unwrap() + 1;
    let lines = [line("#[cfg(unix)]"), line("#[cfg(not(unix))]")].map(|n| format!("in line {n}"));
    assert_fault(
        &repository,
        "{{#item a.rs either}}",
        &[&lines[0], &lines[1]],
    );
}

// ---- source ----

/// A text on the page `a/b.html`.
fn deep(repository: &Repository, text: &str) -> String {
    expand(text, repository, Path::new("a/b.md")).unwrap()
}

#[test]
fn a_caption_links_to_the_first_line_that_is_shown() {
    let files = [
        ("v2-b/src/deep/mod.rs", ITEMS),
        ("v2-b/examples/a.rs", ITEMS),
        ("v2-b/src/a.toml", "a = 1\n"),
        ("other/src/a.rs", ITEMS),
    ];
    let repository = repository("linked", &files);
    let page = "<p class=\"source\"><a href=\"../source/v2-b/deep/mod.html?";
    let line = |code: &str| ITEMS.lines().position(|line| line == code).unwrap() + 1;
    let derive = line("#[derive(Debug)]");
    for (directive, anchor) in [
        ("file v2-b/src/deep/mod.rs", String::new()),
        ("item v2-b/src/deep/mod.rs Shape", format!("#L{derive}")),
        (
            "item v2-b/src/deep/mod.rs Shape bare",
            format!("#L{derive}"),
        ),
        (
            "item v2-b/src/deep/mod.rs Shape docs",
            format!("#L{}", derive - 3),
        ),
        (
            "item v2-b/src/deep/mod.rs impl Send for Shape",
            format!("#L{}", line("// SAFETY: it is safe.")),
        ),
    ] {
        let text = deep(&repository, &format!("{{{{#{directive}}}}}"));
        let start = format!("{page}{anchor}\"><code>v2-b/src/deep/mod.rs</code>");
        assert!(text.starts_with(&start), "{directive}: {text}");
    }
    for without in [
        "file other/src/a.rs",
        "file v2-b/src/a.toml",
        "item v2-b/examples/a.rs Shape",
    ] {
        let text = deep(&repository, &format!("{{{{#{without}}}}}"));
        assert!(text.starts_with("<p class=\"source\"><code>"), "{text}");
    }
}

#[test]
fn a_diff_that_skips_a_version_links_to_the_file() {
    let files = [
        ("v1-a/src/a.rs", "fn a() {}\n"),
        ("v2-b/src/a.rs", "fn b() {}\n"),
        ("v3-c/src/a.rs", "fn c() {}\n"),
    ];
    let repository = repository("diff-skips", &files);
    let follows = deep(&repository, "{{#diff v2-b v3-c a.rs}}");
    assert!(
        follows.contains("href=\"../source/v3-c/a.html?#what-changed\""),
        "{follows}"
    );
    let skips = deep(&repository, "{{#diff v1-a v3-c a.rs}}");
    assert!(skips.contains("href=\"../source/v3-c/a.html?\""), "{skips}");
}

#[test]
fn a_source_is_the_address_of_its_page() {
    let files = [("v2-b/src/deep/mod.rs", ITEMS), ("v2-b/README.md", "")];
    let repository = repository("source", &files);
    let text = "see [it]({{#source v2-b/src/deep/mod.rs}}), [Kind]({{#source v2-b/src/deep/mod.rs Kind}}), \
                [all]({{#source v2-b}})";
    let line = ITEMS
        .lines()
        .position(|line| line.contains("enum Kind"))
        .unwrap()
        + 1;
    assert_eq!(
        deep(&repository, text),
        format!(
            "see [it](../source/v2-b/deep/mod.html?), [Kind](../source/v2-b/deep/mod.html?#L{line}), \
             [all](../source/v2-b/index.html?)"
        )
    );
    assert_fault(&repository, "{{#source}}", &["write {{#source PATH}}"]);
    for (wrong, part) in [
        ("v2-b/src/gone.rs", "has no page"),
        ("v2-b/src/gone.rs Kind", "cannot be read"),
        ("v2-b/src/deep", "has no page"),
        ("v2-b/README.md", "has no page"),
        ("v3-c", "has no page"),
        ("book", "has no page"),
        ("v2-b/src/deep/mod.rs Knid", "no item `Knid`"),
        ("v2-b/src/../src/deep/mod.rs", "not a path below the root"),
    ] {
        assert_fault(
            &repository,
            &format!("[a]({{{{#source {wrong}}}}})"),
            &[part],
        );
    }
}

// ---- diff ----

fn two_versions(name: &str) -> Repository {
    let ten: String = (1..=10).map(|n| format!("line {n}\n")).collect();
    let changed = ten.replace("line 5\n", "line five\nline 5.5\n");
    repository(
        name,
        &[
            ("v1-a/src/changed.rs", &format!("use v1_a::A;\n{ten}")),
            ("v2-b/src/changed.rs", &format!("use v2_b::A;\n{changed}")),
            ("v1-a/src/same.rs", "fn a() {}\n"),
            ("v2-b/src/same.rs", "fn a() {}\n"),
            ("v1-a/src/renamed.rs", "// v1-a: v1_a::A\n"),
            ("v2-b/src/renamed.rs", "// v2-b: v2_b::A\n"),
            ("v1-a/src/other.rs", "// my_v1_a\n// not v1_a\n"),
            ("v2-b/src/other.rs", "// my_v2_b\n// not v1_a\n"),
            ("v1-a/src/gone.rs", "fn a() {}\n"),
            ("v2-b/src/deep/new.rs", "fn a() {}\n"),
        ],
    )
}

#[test]
fn a_diff_shows_what_changed_with_three_lines_around_it() {
    let repository = two_versions("diff");
    assert_eq!(
        expanded(&repository, "{{#diff v1-a v2-b changed.rs}}"),
        "<p class=\"source\"><a href=\"source/v2-b/changed.html?#what-changed\">\
         <code>v2-b/src/changed.rs</code> since <code>v1-a</code></a></p>\n\n```diff\n@@ -3,7 +3,8 @@\n line 2\n line 3\n line 4\n\
         -line 5\n+line five\n+line 5.5\n line 6\n line 7\n line 8\n```"
    );
}

#[test]
fn only_the_crates_own_name_is_taken_for_equal() {
    let repository = two_versions("diff-names");
    let diff = expanded(&repository, "{{#diff v1-a v2-b other.rs}}");
    let changed = "\n-// my_v1_a\n-// not v1_a\n+// my_v2_b\n+// not v1_a\n";
    assert!(diff.contains(changed), "{diff}");
    assert_eq!(
        expanded(&repository, "{{#diff v1-a v2-b renamed.rs}}"),
        "`renamed.rs` is the same in `v1-a` and `v2-b`, except for the crate's own name."
    );
    assert_eq!(
        expanded(&repository, "{{#diff v1-a v2-b same.rs}}"),
        "`same.rs` is byte for byte the same in `v1-a` and `v2-b`."
    );
}

#[test]
fn a_table_tells_of_all_files() {
    let repository = two_versions("diff-table");
    assert_eq!(
        expanded(&repository, "{{#diff v1-a v2-b}}"),
        "<div class=\"versions\">\n\n\
         | `src` | from `v1-a` to `v2-b` |\n|---|---|\n\
         | [`changed.rs`](source/v2-b/changed.html?) | changed (+2 \u{2212}1) |\n\
         | [`deep/new.rs`](source/v2-b/deep/new.html?) | **new** |\n\
         | [`gone.rs`](source/v1-a/gone.html?) | gone |\n\
         | [`other.rs`](source/v2-b/other.html?) | changed (+2 \u{2212}2) |\n\
         | [`renamed.rs`](source/v2-b/renamed.html?) | the same |\n\
         | [`same.rs`](source/v2-b/same.html?) | the same |\n\
         \n</div>\n"
    );
}

#[test]
fn a_diff_with_nothing_is_a_fault() {
    let repository = two_versions("diff-faults");
    assert_fault(
        &repository,
        "{{#diff v1-a v2-b deep/new.rs}}",
        &["no v1-a/src/deep/new.rs", "it is new"],
    );
    assert_fault(
        &repository,
        "{{#diff v1-a v2-b gone.rs}}",
        &["no v2-b/src/gone.rs", "it is gone"],
    );
    assert_fault(
        &repository,
        "{{#diff v1-a v2-b no.rs}}",
        &["v1-a/src/no.rs cannot be read"],
    );
    assert_fault(
        &repository,
        "{{#diff v1-a v3}}",
        &["v3/src cannot be listed"],
    );
}

// ---- lines and results ----

#[test]
fn lines_are_counted_for_a_crate_and_for_a_file() {
    let long = "f();\n".repeat(1234);
    let files = [
        ("a/src/lib.rs", "// no\nfn a() {}\n"),
        ("a/src/b/c.rs", &long),
        ("a/tests/t.rs", "fn t() {}\n"),
    ];
    let repository = repository("lines", &files);
    assert_eq!(
        expanded(
            &repository,
            "{{#lines a}} {{#lines a/src/lib.rs}} {{#lines a/src/b/c.rs}}"
        ),
        "1\u{202f}235 1 1\u{202f}234"
    );
    assert_fault(&repository, "{{#lines b}}", &["b cannot be counted"]);
    assert_fault(
        &repository,
        "{{#lines a/src}}",
        &["a/src cannot be counted"],
    );
}

#[test]
fn results_are_readable() {
    let json = r#"{
        "small": 999, "large": 1234567, "negative": -1000, "zero": 0,
        "float": 12345.678, "whole": 2.0, "tenth": 0.10, "tiny": 0.0004, "none": null,
        "text": "a <b> {{#x}}", "yes": true, "v1": { "living": 1, "list": [10, 20] }
    }"#;
    let repository = repository(
        "results",
        &[
            ("book/results/xp.json", json),
            ("book/results/bad.json", "{"),
        ],
    );
    for (field, shown) in [
        ("small", "999"),
        ("large", "1\u{202f}234\u{202f}567"),
        ("negative", "\u{2212}1\u{202f}000"),
        ("zero", "0"),
        ("float", "12\u{202f}345.68"),
        ("whole", "2"),
        ("tenth", "0.1"),
        ("text", "a &lt;b&gt; &#123;&#123;#x}}"),
        ("yes", "true"),
        ("v1.living", "1"),
        ("v1.list.1", "20"),
    ] {
        let text = format!("it was {{{{#result xp {field}}}}}.");
        assert_eq!(expanded(&repository, &text), format!("it was {shown}."));
    }
    for (field, part) in [
        ("nothing", "no `nothing`"),
        ("v1.dead", "`dead` is not among [\"list\", \"living\"]"),
        ("small.more", "no `small.more`"),
        ("v1.list.2", "no `v1.list.2`"),
        ("v1", "not one value"),
        ("none", "null"),
        ("tiny", "would be shown as 0"),
    ] {
        let text = format!("{{{{#result xp {field}}}}}");
        assert_fault(&repository, &text, &["book/results/xp.json", part]);
    }
    assert_fault(
        &repository,
        "{{#result other a}}",
        &["book/results/other.json cannot be read"],
    );
    assert_fault(
        &repository,
        "{{#result bad a}}",
        &["book/results/bad.json is not valid JSON"],
    );
    assert_fault(
        &repository,
        "{{#result ../xp a}}",
        &["`../xp` is not a name"],
    );
}

// ---- trace ----

#[test]
fn a_trace_becomes_a_figure() {
    let sample = include_str!("fixtures/sample.json");
    let files = [
        ("book/traces/sample.json", sample),
        ("book/traces/bad.json", "{}"),
    ];
    let repository = repository("trace", &files);
    let figure = expanded(&repository, "before\n\n{{#trace sample}}\nafter\n");
    assert!(
        figure.starts_with("before\n\n<figure class=\"trace\" data-play="),
        "{figure}"
    );
    assert!(figure.ends_with("</figure>\n\nafter\n"), "{figure}");
    assert_eq!(figure.lines().count(), 5, "the figure is one line");
    let both = expanded(&repository, "{{#trace sample sample}}\n");
    assert!(both.starts_with("<div class=\"compare\"><figure"), "{both}");
    assert_eq!(both.matches("<figure ").count(), 2);
    assert_fault(
        &repository,
        "{{#trace none}}",
        &["book/traces/none.json cannot be read"],
    );
    assert_fault(
        &repository,
        "{{#trace bad}}",
        &["bad.json is not a recorded run", "missing field `title`"],
    );
}

#[test]
fn several_censuses_become_one_figure() {
    let census = r#"{"title": "a run", "capacity": 4, "unit": "us", "end": 10, "arrivals": [1],
        "refused": [], "live": [[0, 1]], "busy": [], "queued": []}"#;
    let files = [
        ("book/censuses/a.json", census),
        ("book/censuses/b.json", census),
        ("book/censuses/bad.json", "{}"),
    ];
    let repository = repository("census", &files);
    let figure = expanded(&repository, "before\n\n{{#census a b}}\nafter\n");
    assert_eq!(figure.lines().count(), 5, "the figure is one line");
    assert_eq!(figure.matches("class=\"live\"").count(), 2 + 1);
    assert_fault(
        &repository,
        "{{#census a none}}",
        &["book/censuses/none.json cannot be read"],
    );
    assert_fault(
        &repository,
        "{{#census bad}}",
        &["bad.json is not a recorded census", "missing field `title`"],
    );
}

// ---- laws ----

/// Two laws on three versions: little enough to know each cell.
const LAWS: [(&str, &str); 19] = [
    (
        "benchmark/tests/laws.rs",
        "macro_rules! laws {
            ($($v:ident: from_v1 $(, $later:ident)*;)*) => { $(mod $v {
                #[test] fn bounded() {}
                #[test] #[ignore = \"long\"] fn bounded_in_a_storm() {}
                $(laws!(@$later);)*
            })* };
            (@from_v2) => { #[test] fn cancel_is_exclusive() {} };
        }
        laws! { v1: from_v1; v2: from_v1, from_v2; v3: from_v1, from_v2; v4: from_v1, from_v2;
               v5: from_v1, from_v2; priority: from_v1, from_v2;
               rate_limit: from_v1, from_v2; }",
    ),
    (
        "benchmark/tests/v1_on_v2.rs",
        "extern crate v2_cancel_panic as v1_fixed;
        #[path = \"../../v1-fixed/tests/a.rs\"] mod a;",
    ),
    ("model/scenarios/topic.rs", "models![of_two];"),
    ("model/v1/tests/models.rs", ""),
    ("model/v2/tests/models.rs", "mod topic;"),
    ("model/v3/tests/models.rs", "mod topic;"),
    ("model/v4/tests/models.rs", "mod topic;"),
    ("model/v5/tests/models.rs", "mod topic;"),
    (
        "v1-fixed/tests/a.rs",
        "#[test] fn few() {} #[test] fn printed() {}",
    ),
    ("v2-cancel-panic/tests/b.rs", ""),
    ("v3-dynamic/tests/c.rs", ""),
    ("v4-dedicated-queues/tests/d.rs", ""),
    ("v5-futures/tests/e.rs", ""),
    ("model/priority/tests/models.rs", "mod topic;"),
    ("branches/priority/tests/f.rs", ""),
    ("model/rate-limit/tests/models.rs", "mod topic;"),
    ("branches/rate-limit/tests/g.rs", ""),
    (
        "book/museum/exhibits/v2-cancel-panic/bug.patch",
        "title: Neither < both\nbreaks: cancel_is_exclusive\ncaught by: law cancel_is_exclusive\n\
         in the wild: somebody\n\nA story.\n\n--- a/v2-cancel-panic/src/a.rs\n",
    ),
    (
        "book/museum/laws.json",
        r#"{"laws": [
            {"law": "bounded", "title": "bounded", "promise": "Never more.",
             "laws": ["bounded", "bounded_in_a_storm"], "tests": {"v1-fixed": ["a::few"]}},
            {"law": "cancel_is_exclusive", "title": "cancel", "promise": "One & not both.",
             "laws": ["cancel_is_exclusive"], "models": ["topic::of_two"]}
        ], "other promises": [{"title": "Printed", "tests": {"v1-fixed": ["a::printed"]}}]}"#,
    ),
];

#[test]
fn the_laws_become_a_table_that_unfolds() {
    let repository = repository("laws", &LAWS);
    let table = expanded(&repository, "before\n\n{{#laws room-VERSION.md}}\nafter\n");
    assert_eq!(table.lines().count(), 5, "the table is one line: {table}");
    let rows: Vec<&str> = table.split("<tr>").skip(2).collect();
    let cells: Vec<Vec<&str>> = rows.iter().map(|row| row.split("<td>").collect()).collect();
    assert_eq!(
        cells.len(),
        4,
        "two laws, a head, and another promise: {table}"
    );
    let unfolds = |what: &str, names: &[&str]| {
        let names: String = names
            .iter()
            .map(|name| format!("<li>{name}</li>"))
            .collect();
        format!("<details><summary>{what}</summary><ul>{names}</ul></details>")
    };

    assert_eq!(cells[0][1], "1. <b>bounded</b><br>Never more.</td>");
    let both = [
        "<code>v1::<wbr>bounded</code>",
        "<code>v1::<wbr>bounded_<wbr>in_<wbr>a_<wbr>storm</code> (deep)",
    ];
    let tests = unfolds("1 test", &["<code>a::<wbr>few</code>"]);
    assert_eq!(
        cells[0][2],
        unfolds("2 law tests", &both) + &tests + "</td>"
    );
    let earlier = unfolds("1 earlier test", &["<code>v1 a::<wbr>few</code>"]);
    assert!(
        cells[0][3].ends_with(&(earlier.clone() + "</td>")),
        "{}",
        cells[0][3]
    );
    assert!(!cells[0][4].contains(&earlier), "nobody runs it on v3");
    assert!(!cells[0][5].contains(&earlier), "nor on v4");
    assert!(!cells[0][6].contains(&earlier), "nor on v5");

    assert_eq!(cells[1][1], "2. <b>cancel</b><br>One &amp; not both.</td>");
    assert_eq!(cells[1][2], "<i>not promised</i></td>");
    let model = unfolds("1 model", &["<code>topic::<wbr>of_<wbr>two</code>"]);
    let bug = "<a href=\"room-v2-cancel-panic.md#bug\">Neither &lt; both</a>";
    assert!(
        cells[1][3].ends_with(&(model + &unfolds("1 planted bug", &[bug]) + "</td>")),
        "{}",
        cells[1][3]
    );
    assert_eq!(cells[3][1], "Printed</td>");
    assert_eq!(cells[3][8], "</td></tr></tbody></table></div>\n\nafter\n");
}

#[test]
fn laws_without_a_table_or_with_tests_that_have_no_names_are_faults() {
    let (_, files) = LAWS.split_last().unwrap();
    let none = repository("laws-without-a-table", files);
    assert_fault(&none, "{{#laws a.md}}", &["book/museum/laws.json"]);
    assert_fault(&none, "{{#laws}}", &["write {{#laws PAGES}}"]);
    let mut files = LAWS;
    files[8].1 = "macro_rules! m { ($n:ident) => { #[test] fn $n() {} } } m!(few);";
    let nameless = repository("laws-with-nameless-tests", &files);
    assert_fault(
        &nameless,
        "{{#laws a.md}}",
        &["v1-fixed/tests has tests that a macro makes"],
    );
}

// ---- answers ----

#[test]
fn an_answer_is_folded_from_its_beginning_to_its_end() {
    let repository = repository("answer", &[("a.rs", "fn f() {}\n")]);
    let text = "How many?\n\n{{#answer}}\n\n{{#lines a.rs}}, *no more*.\n\n{{#end}}\n\nOn.\n";
    let folded = expanded(&repository, text);
    let (question, rest) = folded
        .split_once("<details class=\"answer\">\n<summary>")
        .unwrap();
    let (answer, on) = rest.split_once("\n\n</details>\n").unwrap();
    assert_eq!((question, on), ("How many?\n\n", "\n\nOn.\n"));
    let (_, answer) = answer.split_once("</summary>\n\n\n").unwrap();
    assert_eq!(answer, "1, *no more*.");
}

#[test]
fn an_answer_without_an_end_and_an_end_without_an_answer_are_faults() {
    let repository = repository("answer-without-an-end", &[]);
    for (text, line, part) in [
        ("{{#answer}}\n\nfive\n", "1", "{{#end}} is missing"),
        (
            "{{#answer}}\n\n{{#answer}}\n\n{{#end}}\n",
            "1",
            "{{#end}} is missing",
        ),
        ("five\n\n{{#end}}\n", "3", "there is no {{#answer}}"),
        (
            "{{#answer}}\n\n{{#end}}\n{{#end}}\n",
            "4",
            "there is no {{#answer}}",
        ),
        ("five {{#answer}}\n", "1", "has to stand alone on its line"),
        ("{{#answer five}}\n", "1", "write {{#answer}}"),
        ("{{#end answer}}\n", "1", "write {{#end}}"),
    ] {
        assert_fault(&repository, text, &[&format!("{line}: `"), part]);
    }
}

// ---- the preprocessor ----

#[test]
fn a_failed_build_names_chapter_and_line() {
    let root = scratch::with_files(
        "failed-build",
        &[
            ("book/book.toml", ""),
            (
                "book/src/SUMMARY.md",
                "- [One](one.md)\n  - [Two](deep/two.md)\n",
            ),
            ("book/src/one.md", "# One\n\n{{#file none.rs}}\n"),
            ("book/src/deep/two.md", "# Two\n\n\n{{#item none.rs a}}\n"),
        ],
    );
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    let message = format!("{:#}", site.build().unwrap_err()).replace('\\', "/");
    for part in [
        "book/src/one.md:3: `{{#file none.rs}}`: none.rs cannot be read",
        "book/src/deep/two.md:4: `{{#item none.rs a}}`: none.rs cannot be read",
    ] {
        assert!(message.contains(part), "{message}");
    }
    assert!(!root.join("pages/one.html").exists());
}

// ---- questions and routes ----

const ASKS: &str = "## which-one\nWhich `one`?\n\n- [ ] The first.\n  It is {{#lines a.rs}},\n  and no more.\n\
                    - [x] The <second>: it isn't `'a`.\n  See [there](there.md).\n";

#[test]
fn the_questions_of_a_chapter_are_answers_that_unfold() {
    let files = [("a.rs", "fn a() {}\n"), ("book/questions/chapter.md", ASKS)];
    let repository = repository("questions-of-a-chapter", &files);
    let section = expanded(&repository, "{{#questions}}\n");
    for part in [
        "## Check yourself\n\n",
        "<div class=\"question\" id=\"asks-which-one\" role=\"group\" aria-labelledby=\"asked-which-one\">\n\
         <p id=\"asked-which-one\">Which <code>one</code>?</p>\n",
        "<details class=\"choice is-wrong\">\n<summary>The first.</summary>\n\n\
         **No.** It is 1, and no more.\n\n</details>\n",
        "<details class=\"choice is-right\">\n<summary>The &lt;second&gt;: it isn\u{2019}t <code>&#x27;a</code>.</summary>\n\n\
         **Right.** See [there](there.md).\n\n</details>\n",
    ] {
        assert!(section.contains(part), "{part:?} is not in {section:?}");
    }
}

#[test]
fn what_is_wrong_with_questions_is_said() {
    for (number, (text, message)) in [
        ("What?\n", "line 1: a question begins with `## NAME`"),
        ("## A Name\n", "`A Name` is not a name of"),
        ("## a\nWhat?\n- [ ] b.\nreason\n", "line 4: neither"),
        ("## a\nWhat?\n  reason\n", "line 3: neither"),
        (
            "## a\n- [ ] b.\n  c\n- [x] d.\n  e\n",
            "`a`: nothing is asked",
        ),
        ("## a\nWhat?\n- [x] b.\n  c\n", "nothing to choose"),
        (
            "## a\nWhat?\n- [ ] b.\n  c\n- [ ] d.\n  e\n",
            "0 of its answers are right",
        ),
        (
            "## a\nWhat?\n- [x] b.\n  c\n- [x] d.\n  e\n",
            "2 of its answers are right",
        ),
        (
            "## a\nWhat?\n- [x] b.\n  c\n- [ ] d.\n",
            "`d.` has no reason",
        ),
        (
            "## a\nWhat?\n- [x] b.\n  {{#lines b.rs}}\n- [ ] d.\n  e\n",
            "b.rs cannot be counted",
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!("questions-with-a-fault-{number}");
        let repository = repository(&name, &[("book/questions/chapter.md", text)]);
        assert_fault(&repository, "{{#questions}}", &[message]);
    }
    let none = repository("no-questions", &[]);
    assert_fault(
        &none,
        "{{#questions}}",
        &["book/questions/chapter.md cannot be read"],
    );
    assert_fault(&none, "{{#questions chapter}}", &["write {{#questions}}"]);
}

#[test]
fn a_route_tells_what_each_chapter_takes() {
    let words = |count| format!("# A title {{#name}}\n\n{}\n", "word ".repeat(count));
    let files = [
        ("book/src/a.md", &*words(390)),
        ("book/src/b/c.md", "# Two\n\n{{#questions}}\n"),
        (
            "book/questions/b/c.md",
            "## one\nA?\n- [x] B.\n  c\n- [ ] D.\n  e\n",
        ),
    ];
    let repository = repository("route", &files);
    let route = expanded(&repository, "{{#route a.md b/c.md}}\n");
    for part in [
        "About 3 minutes in all.",
        "1. [A title](a.md), <span class=\"takes\" data-of=\"a.html\">2 minutes</span>\n",
        "1. [Two](b/c.md), <span class=\"takes\" data-of=\"b/c.html\" data-asks=\"one\">1 minute, 1 question</span>\n",
    ] {
        assert!(route.contains(part), "{part:?} is not in {route:?}");
    }
    assert_fault(
        &repository,
        "{{#route}}",
        &["write {{#route FILE FILE ..}}"],
    );
    assert_fault(&repository, "{{#route d.md}}", &["d.md cannot be read"]);
}
