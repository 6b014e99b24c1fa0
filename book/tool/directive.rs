//! The directives of the text, and where they stand.
//!
//! | directive | becomes |
//! |---|---|
//! | `{{#file v1-fixed/src/queue.rs}}` | the whole file |
//! | `{{#item v1-fixed/src/pool.rs Pool::execute}}` | one item of the file, without its doc comments |
//! | `{{#item v1-fixed/src/pool.rs Pool::execute docs}}` | with them |
//! | `{{#item v1-fixed/src/pool.rs Pool bare}}` | without those of its fields and variants, either |
//! | `{{#source v1-fixed/src/pool.rs}}` | the address of the file's page, for a link: `[the pool]({{#source ..}})` |
//! | `{{#source v1-fixed/src/pool.rs Pool::execute}}`, `{{#source v1-fixed}}` | the same of an item's first line, and of the list of a version's files |
//! | `{{#diff v1-fixed v2-cancel-panic queue.rs}}` | what changed in one file of `src` |
//! | `{{#diff v1-fixed v2-cancel-panic}}` | a table: which files of `src` are new, changed, the same, gone |
//! | `{{#trace NAME}}` | the recorded run `book/traces/NAME.json` as a figure |
//! | `{{#trace NAME NAME ..}}` | several, on axes of the same length, played together |
//! | `{{#census NAME NAME ..}}` | workers and queue over time of the runs `book/censuses/NAME.json`, as one figure |
//! | `{{#exhibit NAME}}` | an exhibit of the bug museum, with what was seen of it |
//! | `{{#patch NAME}}` | its patch alone |
//! | `{{#room VERSION}}` | all exhibits of a version |
//! | `{{#exhibits PAGES}}` | a table of all exhibits, with links to the versions' pages: `VERSION.md`, say |
//! | `{{#findings}}` | how long each exhibit takes to find, as a figure |
//! | `{{#laws PAGES}}` | a table of what holds each law on each version, with links to the exhibits as above |
//! | `{{#answer}}` | the beginning of what the reader is to predict: folded until it is asked for |
//! | `{{#end}}` | the end of it |
//! | `{{#questions}}` | what the chapter asks its readers: `book/questions/CHAPTER.md`, see the module `questions` |
//! | `{{#route FILE FILE ..}}` | a list of these chapters of `book/src`, with the minutes that they take |
//! | `{{#machines}}` | the machines of which there are records in `benchmark/records` |
//! | `{{#claims}}` | a table of what is claimed of the pools, and whether it holds on each machine |
//! | `{{#race WORKLOAD}}` | a table of how everybody did on a workload, the machines side by side |
//! | `{{#lines v1-fixed}}`, `{{#lines v1-fixed/src/queue.rs}}` | a number: the lines of code in the crate's `src` or in the file |
//! | `{{#result NAME FIELD}}` | a value of `book/results/NAME.json`; `FIELD` may be a path, `v1.living` |
//!
//! Paths are relative to the root of the repository. `lines`, `result` and `source` stand anywhere
//! in a line; the others stand alone on theirs, which may be indented to belong to a list.
//!
//! An item is named as Rust names it:
//!
//! | item | name |
//! |---|---|
//! | function, struct, enum, union, trait, type, const, static, macro, module | `Pool`, `start`, `HOME` (a static inside of `thread_local!` shows the whole macro) |
//! | item of an inline module | `tests::start` |
//! | method, associated const or type | `Pool::execute`, `Pool::MAX_THREADS`, `Queue::new` |
//! | the same in an `impl` of a trait | `Worker::drop`, or `<Worker as Drop>::drop` if that is ambiguous |
//! | whole `impl` | `impl Pool`, `impl Drop for Worker` |
//!
//! Generics and the path of a trait or type may be left out or written as in the file:
//! `impl Drop for Over` and `impl Drop for Over<'_>` are the same item.
//!
//! What is left out without `docs` are the doc comments of the item, and those of the methods if
//! it is an `impl` or a trait. Those of fields and variants stay, since they state invariants;
//! `bare` leaves them out as well. Comments directly above an item belong to it.
//!
//! The captions of files, items and diffs of a version link to the pages of its source, which the
//! module `source` makes.
//!
//! Nothing is expanded in code, neither in blocks nor in `` `spans` ``, nor after a backslash.
//! mdBook's own directives (`include` and so on) are left to mdBook. Any other name is an error.

use std::fmt;
use std::ops::Range;

use anyhow::{Error, Result, anyhow, ensure};
use mdbook_markdown::pulldown_cmark::{Event, Tag};
use mdbook_markdown::{MarkdownOptions, new_cmark_parser};

/// The names that mdBook expands itself.
pub(crate) const MDBOOK: [&str; 5] = [
    "include",
    "rustdoc_include",
    "playground",
    "playpen",
    "title",
];

/// A directive that cannot be expanded.
#[derive(Debug)]
pub struct Fault {
    /// The line of the chapter, counted from 1.
    pub line: usize,
    /// The directive as it is written.
    pub directive: String,
    /// What is wrong with it.
    pub cause: Error,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`: {:#}", self.line, self.directive, self.cause)
    }
}

/// Which doc comments are shown with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Docs {
    All,
    /// Those of fields and variants.
    Fields,
    None,
}

/// What a directive asks for.
#[derive(Debug)]
pub(crate) enum Request<'text> {
    File {
        path: &'text str,
    },
    Item {
        path: &'text str,
        name: String,
        docs: Docs,
    },
    Source {
        path: &'text str,
        item: Option<String>,
    },
    DiffOfFile {
        old: &'text str,
        new: &'text str,
        file: &'text str,
    },
    DiffOfCrate {
        old: &'text str,
        new: &'text str,
    },
    Trace {
        names: Vec<&'text str>,
    },
    Census {
        names: Vec<&'text str>,
    },
    Exhibit {
        name: &'text str,
    },
    Patch {
        name: &'text str,
    },
    Room {
        version: &'text str,
    },
    Exhibits {
        rooms: &'text str,
    },
    Findings,
    Laws {
        rooms: &'text str,
    },
    Answer,
    End,
    Questions,
    Route {
        chapters: Vec<&'text str>,
    },
    Machines,
    Claims,
    Race {
        workload: &'text str,
    },
    Lines {
        path: &'text str,
    },
    Result {
        name: &'text str,
        field: &'text str,
    },
}

/// A directive and its place in the text.
#[derive(Debug)]
pub(crate) struct Directive<'text> {
    pub(crate) place: Range<usize>,
    pub(crate) line: usize,
    pub(crate) written: &'text str,
    /// What stands before it on its line.
    pub(crate) indent: &'text str,
    pub(crate) request: Result<Request<'text>>,
}

/// Finds the directives of a chapter, those that cannot be understood included.
pub(crate) fn find(text: &str) -> Vec<Directive<'_>> {
    let code = code(text);
    let mut found = Vec::new();
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let mut at = 0;
        while let Some(offset) = line[at..].find("{{") {
            let open = at + offset;
            at = open + 2;
            let Some(inside) = line[at..].trim_start_matches([' ', '\t']).strip_prefix('#') else {
                continue;
            };
            let in_code = code.iter().any(|range| range.contains(&(start + open)));
            if in_code || line[..open].ends_with('\\') {
                continue;
            }
            let name_end = inside.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if MDBOOK.contains(&&inside[..name_end.unwrap_or(inside.len())]) {
                continue;
            }
            let close = inside.find("}}").map(|end| line.len() - inside.len() + end);
            let end = close.map_or(line.trim_end().len(), |close| close + 2);
            let (before, after) = (&line[..open], &line[end..]);
            let request = match close {
                None => Err(anyhow!("`}}}}` is missing on this line")),
                Some(close) => {
                    let words = &line[line.len() - inside.len()..close];
                    let alone = before.trim().is_empty() && after.trim().is_empty();
                    Request::parse(words, alone)
                }
            };
            found.push(Directive {
                place: start + open..start + end,
                line: number + 1,
                written: &line[open..end],
                indent: before,
                request,
            });
            at = end;
        }
        start += line.len();
    }
    found
}

/// Where code stands in the text.
fn code(text: &str) -> Vec<Range<usize>> {
    new_cmark_parser(text, &MarkdownOptions::default())
        .into_offset_iter()
        .filter(|(event, _)| matches!(event, Event::Start(Tag::CodeBlock(_)) | Event::Code(_)))
        .map(|(_, range)| range)
        .collect()
}

impl<'text> Request<'text> {
    fn parse(words: &'text str, alone: bool) -> Result<Request<'text>> {
        let words: Vec<&str> = words.split_whitespace().collect();
        let name = words.first().copied().unwrap_or_default();
        let (request, usage) = match words[..] {
            ["file", path] => (Some(Request::File { path }), ""),
            ["file", ..] => (None, "{{#file PATH}}"),
            ["item", path, ref item @ .., last] => {
                let docs = match last {
                    "docs" if !item.is_empty() => Docs::All,
                    "bare" if !item.is_empty() => Docs::None,
                    _ => Docs::Fields,
                };
                let item = &words[2..words.len() - usize::from(docs != Docs::Fields)];
                let name = item.join(" ");
                (Some(Request::Item { path, name, docs }), "")
            }
            ["item", ..] => (
                None,
                "{{#item PATH ITEM}}, with docs or bare behind it or not",
            ),
            ["source", path, ref item @ ..] => {
                let item = (!item.is_empty()).then(|| item.join(" "));
                (Some(Request::Source { path, item }), "")
            }
            ["source"] => (None, "{{#source PATH}} or {{#source PATH ITEM}}"),
            ["diff", old, new, file] => (Some(Request::DiffOfFile { old, new, file }), ""),
            ["diff", old, new] => (Some(Request::DiffOfCrate { old, new }), ""),
            ["diff", ..] => (None, "{{#diff OLD NEW FILE}} or {{#diff OLD NEW}}"),
            ["trace", _, ..] => {
                let names = words[1..].to_vec();
                (Some(Request::Trace { names }), "")
            }
            ["trace"] => (None, "{{#trace NAME}} or {{#trace NAME NAME ..}}"),
            ["census", _, ..] => {
                let names = words[1..].to_vec();
                (Some(Request::Census { names }), "")
            }
            ["census"] => (None, "{{#census NAME}} or {{#census NAME NAME ..}}"),
            ["exhibit", name] => (Some(Request::Exhibit { name }), ""),
            ["exhibit", ..] => (None, "{{#exhibit NAME}}"),
            ["patch", name] => (Some(Request::Patch { name }), ""),
            ["patch", ..] => (None, "{{#patch NAME}}"),
            ["room", version] => (Some(Request::Room { version }), ""),
            ["room", ..] => (None, "{{#room VERSION}}"),
            ["exhibits", rooms] => (Some(Request::Exhibits { rooms }), ""),
            ["exhibits", ..] => (None, "{{#exhibits PAGES}}"),
            ["findings"] => (Some(Request::Findings), ""),
            ["findings", ..] => (None, "{{#findings}}"),
            ["laws", rooms] => (Some(Request::Laws { rooms }), ""),
            ["laws", ..] => (None, "{{#laws PAGES}}"),
            ["answer"] => (Some(Request::Answer), ""),
            ["answer", ..] => (None, "{{#answer}}"),
            ["end"] => (Some(Request::End), ""),
            ["end", ..] => (None, "{{#end}}"),
            ["questions"] => (Some(Request::Questions), ""),
            ["questions", ..] => (None, "{{#questions}}"),
            ["route", _, ..] => {
                let chapters = words[1..].to_vec();
                (Some(Request::Route { chapters }), "")
            }
            ["route"] => (None, "{{#route FILE FILE ..}}"),
            ["machines"] => (Some(Request::Machines), ""),
            ["machines", ..] => (None, "{{#machines}}"),
            ["claims"] => (Some(Request::Claims), ""),
            ["claims", ..] => (None, "{{#claims}}"),
            ["race", workload] => (Some(Request::Race { workload }), ""),
            ["race", ..] => (None, "{{#race WORKLOAD}}"),
            ["lines", path] => (Some(Request::Lines { path }), ""),
            ["lines", ..] => (None, "{{#lines CRATE}} or {{#lines PATH}}"),
            ["result", name, field] => (Some(Request::Result { name, field }), ""),
            ["result", ..] => (None, "{{#result NAME FIELD}}"),
            _ => {
                return Err(anyhow!(
                    "there is no directive `{name}`, but file, item, source, diff, trace, census, exhibit, \
                     patch, room, exhibits, findings, laws, answer, end, questions, route, machines, \
                     claims, race, lines, result"
                ));
            }
        };
        let request = request.ok_or_else(|| anyhow!("write {usage}"))?;
        ensure!(
            alone || request.is_inline(),
            "`{name}` has to stand alone on its line"
        );
        Ok(request)
    }

    /// Whether the directive becomes a part of its line and not a block of its own.
    pub(crate) fn is_inline(&self) -> bool {
        matches!(
            self,
            Request::Lines { .. } | Request::Result { .. } | Request::Source { .. }
        )
    }
}
