//! Puts what the directives ask for in their places.

use std::path::Path;

use anyhow::{Result, anyhow, bail};
use mdbook_preprocessor::book::Book;
use mdbook_preprocessor::{Preprocessor, PreprocessorContext};

use crate::diff::Pair;
use crate::directive::{Directive, Fault, Request, find};
use crate::repository::Repository;
use crate::{
    census, diff, excerpt, figure, item, laws, measured, museum, questions, reading, results,
    source, trace,
};

/// What a folded answer shows of itself.
const ANSWER: &str = "The answer, when you have yours";

/// The book's own preprocessor. mdBook calls it under the name `pool-book`, either in this process
/// or, as a plain `mdbook build` does, through `cargo book preprocess`.
#[derive(Clone, Copy, Debug)]
pub struct PoolBook;

impl Preprocessor for PoolBook {
    fn name(&self) -> &str {
        "pool-book"
    }

    fn run(&self, context: &PreprocessorContext, mut book: Book) -> Result<Book> {
        let repository = Repository::around(&context.root)?;
        let mut faults = Vec::new();
        book.for_each_chapter_mut(|chapter| {
            let page = chapter.path.clone().unwrap_or_default();
            match expand(&chapter.content, &repository, &page) {
                Ok(text) => chapter.content = reading::with_minutes(&text, &page),
                Err(found) => {
                    let file = chapter.source_path.clone().unwrap_or_default();
                    let source = repository.book_name().join(&context.config.book.src);
                    let file = source.join(file);
                    let file = file.display();
                    faults.extend(found.iter().map(|fault| format!("{file}:{fault}")));
                }
            }
        });
        if !faults.is_empty() {
            bail!("{}", faults.join("\n"));
        }
        let title = context.config.book.title.as_deref().unwrap_or_default();
        source::add_pages(&repository, title, &mut book)?;
        Ok(book)
    }
}

/// Expands all directives of a text on this page, a path from the root of the book.
///
/// # Errors
///
/// Every directive that cannot be expanded.
pub fn expand(text: &str, repository: &Repository, page: &Path) -> Result<String, Vec<Fault>> {
    let root = source::to_root(page);
    let mut out = String::with_capacity(text.len());
    let mut faults = Vec::new();
    let mut done = 0;
    let directives = find(text);
    faults.extend(unpaired(&directives));
    for directive in directives {
        out.push_str(&text[done..directive.place.start]);
        done = directive.place.end;
        match directive
            .request
            .and_then(|request| answer(&request, repository, page, &root))
        {
            Ok(answer) => {
                for (number, line) in answer.split('\n').enumerate() {
                    if number > 0 {
                        out.push('\n');
                        if !line.is_empty() {
                            out.push_str(directive.indent);
                        }
                    }
                    out.push_str(line);
                }
            }
            Err(cause) => faults.push(Fault {
                line: directive.line,
                directive: directive.written.to_owned(),
                cause,
            }),
        }
    }
    out.push_str(&text[done..]);
    if faults.is_empty() {
        Ok(out)
    } else {
        Err(faults)
    }
}

/// The answers that do not end, and the ends without an answer.
fn unpaired(directives: &[Directive<'_>]) -> Vec<Fault> {
    let fault = |directive: &Directive<'_>, cause| Fault {
        line: directive.line,
        directive: directive.written.to_owned(),
        cause: anyhow!("{cause}"),
    };
    let mut faults = Vec::new();
    let mut open = None;
    for directive in directives {
        match directive.request {
            Ok(Request::Answer) => {
                let before = open.replace(directive);
                faults.extend(before.map(|before| fault(before, "{{#end}} is missing")));
            }
            Ok(Request::End) if open.take().is_none() => {
                faults.push(fault(directive, "there is no {{#answer}} before it"));
            }
            _ => {}
        }
    }
    faults.extend(open.map(|open| fault(open, "{{#end}} is missing")));
    faults
}

/// The Markdown that takes the place of a directive of this page. `root` leads from there to the
/// root of the book.
fn answer(
    request: &Request<'_>,
    repository: &Repository,
    page: &Path,
    root: &str,
) -> Result<String> {
    match request {
        Request::File { path } => excerpt::file(repository, root, path),
        Request::Item { path, name, docs } => item::excerpt(repository, root, path, name, *docs),
        Request::Source { path, item } => {
            let line = item.as_deref();
            let line = line
                .map(|item| item::line(repository, path, item))
                .transpose()?;
            source::named(repository, root, path, line)
        }
        Request::DiffOfFile { old, new, file } => {
            diff::of_file(repository, root, Pair { old, new }, file)
        }
        Request::DiffOfCrate { old, new } => diff::of_crate(repository, root, Pair { old, new }),
        Request::Trace { names } => {
            let runs = names
                .iter()
                .map(|name| trace::Run::recorded(repository, name));
            let runs = runs.collect::<Result<Vec<_>>>()?;
            Ok(match &runs[..] {
                [run] => figure::inline(run),
                runs => figure::side_by_side(runs),
            })
        }
        Request::Census { names } => {
            let runs = names
                .iter()
                .map(|name| census::Census::recorded(repository, name));
            runs.collect::<Result<Vec<_>>>()
                .map(|runs| figure::compared(&runs))
        }
        Request::Exhibit { name } => museum::exhibit(repository, name),
        Request::Patch { name } => museum::patch(repository, name),
        Request::Room { version } => museum::room(repository, version),
        Request::Exhibits { rooms } => museum::index(repository, rooms),
        Request::Findings => museum::findings(repository),
        Request::Laws { rooms } => laws::table(repository, rooms),
        // Behind a blank line it is Markdown again.
        Request::Answer => Ok(format!(
            "<details class=\"answer\">\n<summary>{ANSWER}</summary>\n"
        )),
        Request::End => Ok("</details>\n".to_owned()),
        Request::Questions => questions::section(repository, page),
        Request::Route { chapters } => reading::route(repository, root, chapters),
        Request::Machines => measured::machines(repository),
        Request::Claims => measured::claims(repository),
        Request::Race { workload } => measured::race(repository, workload),
        Request::Lines { path } => results::lines(repository, path),
        Request::Result { name, field } => results::value(repository, name, field),
    }
}
