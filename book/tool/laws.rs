//! The table of the laws, and of what holds them, as a part of a page.

use ::museum::{Cell, Evidence, Laws, Row, all_versions, short};
use anyhow::Result;
use html_escape::encode_text;

use crate::repository::Repository;
use crate::words::counted_as;

/// The table, one line of HTML, since Markdown has no cells that unfold. `rooms` is where the pages
/// of the exhibits are, with `VERSION` for the version's folder.
pub(crate) fn table(repository: &Repository, rooms: &str) -> Result<String> {
    let laws = Laws::read(repository.root())?;
    let heads: String = all_versions()
        .map(|version| format!("<th>{}</th>", short(version)))
        .collect();
    let mut rows = String::new();
    for (place, row) in laws.laws().iter().enumerate() {
        let title = format!(
            "{}. <b>{}</b><br>{}",
            place + 1,
            encode_text(&row.title),
            encode_text(&row.promise)
        );
        rows.push_str(&line(&laws, row, &title, rooms));
    }
    let columns = all_versions().count() + 1;
    rows.push_str(&format!(
        "<tr><th colspan=\"{columns}\">Other promises</th></tr>"
    ));
    for row in laws.others() {
        rows.push_str(&line(&laws, row, &encode_text(&row.title), rooms));
    }
    Ok(format!(
        "<div class=\"scroll laws\"><table><thead><tr><th>law</th>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table></div>\n"
    ))
}

fn line(laws: &Laws, row: &Row, title: &str, rooms: &str) -> String {
    let cells: String = all_versions()
        .map(|version| match laws.cell(row, version) {
            None => "<td><i>not promised</i></td>".to_owned(),
            Some(cell) => format!("<td>{}</td>", unfolding(&cell, rooms)),
        })
        .collect();
    format!("<tr><td>{title}</td>{cells}</tr>")
}

/// The counts of a cell, each with the names behind it.
fn unfolding(cell: &Cell<'_>, rooms: &str) -> String {
    let bugs: Vec<String> = cell
        .exhibits
        .iter()
        .map(|exhibit| {
            let page = rooms.replace("VERSION", &exhibit.version);
            let title = encode_text(&exhibit.title);
            format!("<a href=\"{page}#{}\">{title}</a>", exhibit.name)
        })
        .collect();
    [
        ("law test", "law tests", names(&cell.laws)),
        ("model", "models", names(&cell.models)),
        ("test", "tests", names(&cell.tests)),
        ("earlier test", "earlier tests", names(&cell.earlier)),
        ("planted bug", "planted bugs", bugs),
    ]
    .into_iter()
    .filter(|(_, _, names)| !names.is_empty())
    .map(|(one, many, names)| {
        let count = counted_as(names.len() as u64, one, many);
        let names: String = names
            .into_iter()
            .map(|name| format!("<li>{name}</li>"))
            .collect();
        format!("<details><summary>{count}</summary><ul>{names}</ul></details>")
    })
    .collect()
}

/// Names that may be broken behind each word of them, since columns are narrow.
fn names(tests: &[Evidence]) -> Vec<String> {
    let shown = |test: &Evidence| {
        let name = encode_text(&test.name).replace("::", "::<wbr>");
        let name = name.replace('_', "_<wbr>");
        let deep = if test.deep { " (deep)" } else { "" };
        format!("<code>{name}</code>{deep}")
    };
    tests.iter().map(shown).collect()
}
