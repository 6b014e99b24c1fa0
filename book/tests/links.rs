//! Every local link of every page leads somewhere, and headings and tables are in order.

mod scratch;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts,
};

/// What a page links to, and what in it can be linked to.
#[derive(Default)]
struct Page {
    links: RefCell<Vec<String>>,
    ids: RefCell<BTreeSet<String>>,
    base: RefCell<Option<String>>,
    /// The levels of its headings, in their order. mdBook's own have no `id`.
    headings: RefCell<Vec<(u32, String)>>,
    /// Whether the last token began the head of a column, and how many such heads have ended with
    /// nothing in them.
    in_head: Cell<bool>,
    empty_heads: Cell<usize>,
}

impl TokenSink for Page {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let nothing_since = self.in_head.take();
        let Token::TagToken(tag) = token else {
            return TokenSinkResult::Continue;
        };
        let is_head = &*tag.name == "th";
        if tag.kind == TagKind::EndTag {
            let empty = usize::from(is_head && nothing_since);
            self.empty_heads.set(self.empty_heads.get() + empty);
            return TokenSinkResult::Continue;
        }
        self.in_head.set(is_head);
        let value = |name: &str| {
            let named = tag.attrs.iter().find(|a| *a.name.local == *name);
            named.map(|attribute| attribute.value.to_string())
        };
        if value("property").as_deref() == Some("og:image") {
            self.links.borrow_mut().extend(value("content"));
        }
        if let (Some(level), Some(id)) = (tag.name.strip_prefix('h'), value("id"))
            && let Ok(level) = level.parse()
        {
            self.headings.borrow_mut().push((level, id));
        }
        for attribute in &tag.attrs {
            let value = attribute.value.to_string();
            match (&*tag.name, &*attribute.name.local) {
                ("base", "href") => *self.base.borrow_mut() = Some(value),
                (_, "href" | "src" | "poster") => self.links.borrow_mut().push(value),
                (_, "id") => drop(self.ids.borrow_mut().insert(value)),
                ("a", "name") => drop(self.ids.borrow_mut().insert(value)),
                _ => {}
            }
        }
        match &*tag.name {
            "script" => TokenSinkResult::RawData(RawKind::ScriptData),
            "style" => TokenSinkResult::RawData(RawKind::Rawtext),
            _ => TokenSinkResult::Continue,
        }
    }
}

fn read(file: &Path) -> Page {
    let input = BufferQueue::default();
    input.push_back(StrTendril::from(fs::read_to_string(file).unwrap()));
    let tokenizer = Tokenizer::new(Page::default(), TokenizerOpts::default());
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    tokenizer.sink
}

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// The links that lead nowhere, with the page that they are on.
fn broken(root: &Path) -> BTreeSet<String> {
    let root = root.canonicalize().unwrap();
    let files: BTreeSet<PathBuf> = files(&root).into_iter().collect();
    let is_page = |file: &&PathBuf| file.extension().is_some_and(|e| e == "html");
    let pages: BTreeMap<&PathBuf, Page> = files
        .iter()
        .filter(is_page)
        .map(|file| (file, read(file)))
        .collect();
    let mut broken = BTreeSet::new();
    for (file, page) in &pages {
        let name = file.strip_prefix(&root).unwrap().display();
        for link in page.links.borrow().iter() {
            let elsewhere = ["https:", "http:", "mailto:", "data:"];
            if elsewhere.iter().any(|scheme| link.starts_with(scheme)) {
                continue;
            }
            let (path, fragment) = link.split_once('#').unwrap_or((link, ""));
            let path = path.split('?').next().unwrap();
            // The page for what is not found is shown at any address, so it names a base. mdBook
            // still links the page's headings to themselves by the fragment alone.
            let base = page.base.borrow();
            let path = match base.as_deref() {
                Some(base) if !path.is_empty() && !path.starts_with('/') => format!("{base}{path}"),
                _ => path.to_owned(),
            };
            let mut target = match path.strip_prefix('/') {
                Some(from_root) => root.join(from_root),
                None if path.is_empty() => (*file).clone(),
                None => file.parent().unwrap().join(path),
            };
            if target.is_dir() {
                target.push("index.html");
            }
            let found = target
                .canonicalize()
                .ok()
                .filter(|target| files.contains(target));
            let leads_somewhere = match found.as_ref().map(|target| pages.get(target)) {
                None => false,
                Some(Some(page)) => fragment.is_empty() || page.ids.borrow().contains(fragment),
                Some(None) => true,
            };
            if !leads_somewhere {
                broken.insert(format!("{name}: {link}"));
            }
        }
    }
    broken
}

/// The pages of the book, built once for all tests.
static PAGES: LazyLock<PathBuf> = LazyLock::new(|| scratch::pages("links"));

#[test]
fn every_local_link_resolves() {
    for page in [
        "index.html",
        "print.html",
        "404.html",
        "versions/v1-fixed.html",
    ] {
        assert!(
            !read(&PAGES.join(page)).links.borrow().is_empty(),
            "{page} has no links"
        );
    }
    let broken = broken(&PAGES);
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn headings_go_down_one_level_at_a_time_and_tables_have_no_empty_heads() {
    let mut levels = 0;
    for file in files(&PAGES) {
        if file.extension().is_none_or(|extension| extension != "html") {
            continue;
        }
        let page = read(&file);
        let headings = page.headings.take();
        levels += headings.len();
        for pair in headings.windows(2) {
            let [(above, _), (level, id)] = pair else {
                unreachable!()
            };
            assert!(*level <= above + 1, "{id} in {}", file.display());
        }
        let empty = page.empty_heads.get();
        assert_eq!(empty, 0, "empty heads in {}", file.display());
    }
    assert!(levels > 500, "{levels} headings");
}

#[test]
fn a_jump_of_headings_and_an_empty_head_are_found() {
    let page = "<h2>no id</h2><h1 id='a'>A</h1><h3 id='b'>B</h3><hr id='c'>\
                <table><th></th><th>a</th><th><b></b></th><th class='x'></th></table>";
    let folder = scratch::with_files("headings-that-jump", &[("a.html", page)]);
    let page = read(&folder.join("a.html"));
    assert_eq!(page.headings.take(), [(1, "a".into()), (3, "b".into())]);
    assert_eq!(page.empty_heads.get(), 2);
}

/// mdBook only warns if it cannot follow a directive of its own.
#[test]
fn no_page_shows_a_directive_of_mdbook() {
    for file in files(&PAGES) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let left = ["{{#include ", "{{#rustdoc_include ", "{{#playground "];
        let left = left.iter().find(|directive| text.contains(**directive));
        assert_eq!(left, None, "in {}", file.display());
    }
}

#[test]
fn a_broken_link_is_found() {
    let pages = scratch::with_files(
        "broken-links",
        &[
            (
                "index.html",
                "<a href='sub/a.html#here'></a><a href='https://example.org/x'></a>\
                 <script>'<a href=\"in-script.html\">'</script>\
                 <meta property='og:image' content='gone.png'><meta property='og:title' content='A'>\
                 <a href='sub/a.html#nowhere'></a><a href='sub/a.html?#L1'></a><img src='sub/gone.png'><a href='#me' id='me'></a>",
            ),
            (
                "sub/a.html",
                "<p id='here'><a href='../index.html?q#me'></a><a href='b.html'></a>",
            ),
            (
                "404.html",
                "<base href='/'><a href='sub/a.html'></a><a href='/index.html'></a><a href='b'></a>",
            ),
        ],
    );
    let found: Vec<String> = broken(&pages).into_iter().collect();
    let expected = [
        "404.html: b",
        "index.html: gone.png",
        "index.html: sub/a.html#nowhere",
        "index.html: sub/a.html?#L1",
        "index.html: sub/gone.png",
        "sub/a.html: b.html",
    ];
    assert_eq!(
        found
            .iter()
            .map(|f| f.replace('\\', "/"))
            .collect::<Vec<_>>(),
        expected
    );
}
