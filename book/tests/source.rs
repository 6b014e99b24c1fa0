//! The pages of the source files: each file has one, whole, with its lines numbered, and with what
//! changed since the version before.

mod scratch;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use book::repository::Repository;
use book::site::Site;
use book::source;

const OLD_QUEUE: &str = "use v1_a::A;\n\nfn one() {}\nfn two() {}\nfn three() {}\nfn four() {}\nfn five() {}\n\
                         fn six() {}\nfn seven() {}\nfn old() -> &'static str { \"{{#file x}} <b>\" }\n";

/// Two versions that share some files, and a book with one page.
const FILES: [(&str, &str); 14] = [
    ("v1-a/src/lib.rs", "mod queue;\n"),
    ("v1-a/src/queue.rs", OLD_QUEUE),
    ("v1-a/src/gone.rs", "fn gone() {}\n"),
    ("v1-a/src/named.rs", "// v1_a\nfn named() {}\n"),
    ("v2-b/src/lib.rs", "mod queue;\n"),
    ("v2-b/src/named.rs", "// v2_b\nfn named() {}\n"),
    ("v2-b/src/deep/mod.rs", "mod er;\n"),
    ("v2-b/src/deep/er.rs", "\n# a\n\n\nfn er() {}\n"),
    ("v2-b/src/notes.txt", "no page\n"),
    ("v10-c/src/deep/er.rs", "// er\n\n# a\n\n\nfn er() {}\n"),
    ("v10-c/src/lib.rs", "mod queue;\nmod more;\n"),
    (
        "book/book.toml",
        "[book]\ntitle = \"T\"\n[output.html.playground]\nrunnable = false\n\
         [preprocessor.pool-book]\ncommand = 'none'\nbefore = ['links']\n",
    ),
    ("book/src/SUMMARY.md", "- [One](one.md)\n- [Two](two.md)\n"),
    (
        "book/src/two.md",
        "# Two\n\n{{#file v2-b/src/deep/er.rs}}\n",
    ),
];

static SMALL: LazyLock<PathBuf> = LazyLock::new(|| {
    let root = scratch::with_files("source-pages", &FILES);
    let new_queue = OLD_QUEUE.replace("v1_a", "v2_b").replace("old()", "new()");
    fs::write(root.join("v2-b/src/queue.rs"), new_queue).unwrap();
    fs::write(root.join("book/src/one.md"), "# One\n").unwrap();
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    site.build().unwrap();
    root
});

fn small(page: &str) -> String {
    let file = SMALL.join("pages").join(page);
    fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// What stands between the first `from` and the next `to`.
fn between<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
    let (_, text) = text
        .split_once(from)
        .unwrap_or_else(|| panic!("no {from} in {text}"));
    text.split_once(to)
        .unwrap_or_else(|| panic!("no {to} in {text}"))
        .0
}

/// The text of some HTML.
fn text(html: &str) -> String {
    let mut text = String::new();
    for part in html.split('<') {
        text.push_str(part.split_once('>').map_or(part, |(_, text)| text));
    }
    html_escape::decode_html_entities(&text).into_owned()
}

/// The code that a page shows, and the line numbers beside it.
fn listing(page: &str) -> (String, Vec<String>) {
    let numbers = between(page, "<div class=\"numbers\"", "</div>");
    let anchors = numbers.split(" id=\"").skip(1);
    let anchors = anchors.map(|anchor| anchor.split('"').next().unwrap().to_owned());
    let listing = between(page, "<div class=\"listing\">", "</pre>");
    let (_, code) = listing.rsplit_once("<pre>").unwrap();
    (text(code), anchors.collect())
}

#[test]
fn each_file_has_its_source_page() {
    let pages = scratch::pages("source");
    let book = Path::new(env!("CARGO_MANIFEST_DIR"));
    let versions = source::versions(&Repository::around(book).unwrap()).unwrap();
    let expected = [
        "v1-fixed",
        "v2-cancel-panic",
        "v3-dynamic",
        "v4-dedicated-queues",
        "v5-futures",
        "branches/priority",
        "branches/rate-limit",
    ];
    assert_eq!(versions, expected);
    for version in versions {
        let src = book.join("..").join(&version).join("src");
        let mut folders = vec![src.clone()];
        let mut seen = 0;
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let file = path.strip_prefix(&src).unwrap().with_extension("html");
                let page = pages.join("source").join(&version).join(file);
                let page = fs::read_to_string(&page)
                    .unwrap_or_else(|error| panic!("{}: {error}", page.display()));
                let source = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                let (code, anchors) = listing(&page);
                assert_eq!(code.trim_end(), source.trim_end(), "{}", path.display());
                let lines = 1..=source.trim_end().lines().count();
                assert_eq!(anchors, lines.map(|n| format!("L{n}")).collect::<Vec<_>>());
                seen += 1;
            }
        }
        assert!(seen > 5, "{version}: {seen} files");
    }
}

#[test]
fn a_page_shows_the_whole_file_with_a_number_for_each_line() {
    let page = small("source/v2-b/deep/er.html");
    let (code, anchors) = listing(&page);
    assert_eq!(code, "\n# a\n\n\nfn er() {}");
    assert_eq!(anchors, ["L1", "L2", "L3", "L4", "L5"]);
    assert_eq!(
        between(&page, "<title>", "</title>"),
        "v2-b/src/deep/er.rs - T"
    );
    assert_eq!(
        text(between(&page, "<h1 id=\"v2-bsrcdeeperrs\">", "</h1>")).trim(),
        "v2-b/src/deep/er.rs"
    );
    assert!(!SMALL.join("pages/source/v2-b/notes.html").exists());
}

/// The sentences about a file.
fn about(page: &str) -> String {
    let page = small(page);
    let top = between(
        &page,
        "<div class=\"source-page\">",
        "<div class=\"listing\">",
    );
    text(between(top, "</h1>", "</p>").trim())
}

#[test]
fn a_page_says_what_became_of_its_file() {
    for (page, sentences) in [
        (
            "v1-a/queue",
            "1-a, with 9 lines of code. It changes again in v2-b.",
        ),
        ("v1-a/gone", "1-a, with 1 line of code. It is gone in v2-b."),
        (
            "v1-a/lib",
            "1-a, with 1 line of code. It stays the same in v2-b.",
        ),
        (
            "v1-a/named",
            "1-a, with 1 line of code. It stays the same in v2-b.",
        ),
        (
            "v2-b/named",
            "2-b, with 1 line of code. It is the same in v1-a, except for the crate\u{2019}s own name. \
             It is gone in v10-c.",
        ),
        (
            "v2-b/lib",
            "2-b, with 1 line of code. It is byte for byte the same in v1-a. It changes again in v10-c.",
        ),
        (
            "v2-b/deep/mod",
            "2-b, with 1 line of code. It is new in this version. It is gone in v10-c.",
        ),
        (
            "v2-b/queue",
            "2-b, with 9 lines of code. It has changed (+1 \u{2212}1) since v1-a. It is gone in v10-c.",
        ),
    ] {
        let found = about(&format!("source/{page}.html"));
        assert_eq!(found, format!("A file of v{sentences}"));
    }
    let page = small("source/v2-b/queue.html");
    for link in [
        "../../source/v2-b/index.html",
        "../../source/v1-a/queue.html",
        "#what-changed",
    ] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let page = small("source/v2-b/lib.html");
    assert!(page.contains("href=\"../../source/v10-c/lib.html#what-changed\""));
}

#[test]
fn old_and_new_stand_side_by_side() {
    let page = small("source/v2-b/queue.html");
    let table = between(&page, "<tbody>", "</tbody>");
    let rows: Vec<String> = table
        .split("</tr>")
        .map(|row| {
            row.replace("</td>", "|")
                .replace("<del>", "-")
                .replace("<ins>", "+")
        })
        .map(|row| text(&row).trim().to_owned())
        .collect();
    let last = |sign: &str, name: &str| {
        format!("{sign}fn {name}() -> &'static str {{ \"{{{{#file x}}}} <b>\" }}")
    };
    let changed = format!("10|{}|10|{}|", last("-", "old"), last("+", "new"));
    let expected = [
        "6 lines the same|",
        "7|fn five() {}|7|fn five() {}|",
        "8|fn six() {}|8|fn six() {}|",
        "9|fn seven() {}|9|fn seven() {}|",
        &changed,
        "",
    ];
    assert_eq!(rows, expected);
    // A line that is only on one side, and equal lines after the last change.
    let page = small("source/v10-c/lib.html");
    assert!(
        page.contains("<td>2</td><td><ins>mod more;</ins></td></tr>\n</tbody>"),
        "{page}"
    );
    let page = small("source/v10-c/deep/er.html");
    let rows = between(&page, "<tbody>", "</tbody>");
    assert_eq!(rows.matches("<td></td><td></td><td>1</td>").count(), 1);
    assert_eq!(rows.matches("2 lines the same").count(), 1);
    assert_eq!(rows.matches("the same").count(), 1);
    let unchanged = small("source/v2-b/named.html");
    assert!(!unchanged.contains("<tbody>"));
}

#[test]
fn a_list_tells_of_all_files_of_a_version() {
    let page = small("source/v2-b/index.html");
    let rows: Vec<String> = between(&page, "<tbody>", "</tbody>")
        .split("</tr>")
        .map(|row| text(&row.replace("</td>", "|")).trim().to_owned())
        .filter(|row| !row.is_empty())
        .collect();
    let expected = [
        "deep/er.rs|2|new|",
        "deep/mod.rs|1|new|",
        "lib.rs|1|the same|",
        "named.rs|1|the same|",
        "queue.rs|9|changed (+1 \u{2212}1)|",
        "gone.rs||gone|",
    ];
    assert_eq!(rows, expected);
    for link in [
        "deep/er.html",
        "queue.html#what-changed",
        "../../source/v1-a/gone.html",
    ] {
        assert!(page.contains(&format!("href=\"{link}\"")), "{link}");
    }
    let all = small("source/index.html");
    let numbers = ["v1-a", "v2-b", "v10-c"].map(|name| all.rfind(&format!(">{name}</a>")));
    assert!(numbers.is_sorted() && numbers[0].is_some(), "{numbers:?}");
}

#[test]
fn the_sidebar_has_the_pages_behind_the_chapters() {
    let toc = text(
        &small("toc.html")
            .replace("</a>", "|")
            .replace("</strong>", ""),
    );
    let toc: Vec<&str> = toc.split('|').map(str::trim).collect();
    let found = toc
        .iter()
        .position(|entry| entry.ends_with("The source, file by file"));
    let found = found.unwrap_or_else(|| panic!("{toc:?}"));
    assert!(toc[found - 1].ends_with("Two"), "{toc:?}");
    assert_eq!(toc[found], "Source3. The source, file by file");
    assert_eq!(toc[found + 1..found + 3], ["3.1. v1-a", "3.1.1. gone.rs"]);
}

/// On paper are only the excerpts, so that a link to a line has to leave the page of all chapters.
#[test]
fn a_link_of_a_chapter_leads_to_the_page_from_paper_too() {
    let link = "<a href=\"source/v2-b/deep/er.html?\">";
    assert!(small("two.html").contains(link));
    assert!(small("print.html").contains(link));
}

#[test]
fn a_book_without_versions_has_no_such_pages() {
    let root = scratch::with_files("source-none", &FILES[11..]);
    fs::write(root.join("book/src/one.md"), "# One\n").unwrap();
    fs::write(root.join("book/src/two.md"), "# Two\n").unwrap();
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    site.build().unwrap();
    assert!(root.join("pages/two.html").exists());
    assert!(!root.join("pages/source").exists());
}

#[test]
fn a_file_in_the_place_of_the_list_is_an_error() {
    let root = scratch::with_files("source-index", &FILES[11..]);
    for (file, text) in [
        ("book/src/one.md", "# One\n"),
        ("book/src/two.md", "# Two\n"),
    ] {
        fs::write(root.join(file), text).unwrap();
    }
    fs::create_dir_all(root.join("v1-a/src")).unwrap();
    fs::write(root.join("v1-a/src/index.rs"), "").unwrap();
    let site = Site::new(&root.join("book"), Some(root.join("pages"))).unwrap();
    let error = site.build().unwrap_err();
    assert!(
        format!("{error:#}").contains("v1-a/src/index.rs"),
        "{error:#}"
    );
}
