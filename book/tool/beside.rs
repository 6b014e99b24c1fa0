//! Old and new side by side.

use std::fmt::Write;

use similar::{DiffOp, DiffTag};

use crate::diff::Pair;
use crate::source::escaped;
use crate::words::counted;

/// Lines around a change that are shown with it.
const CONTEXT: usize = 3;

/// What changed in a file from one crate to the other: a table with a line of each text in a row.
/// It is one line of HTML, since Markdown would take a blank one for its end.
pub(crate) fn table(texts: Pair<'_>, crates: Pair<'_>) -> String {
    let (old, new) = texts.lines(crates);
    let mut rows = String::new();
    let mut seen = 0;
    for group in old.diff(&new, |diff| diff.grouped_ops(CONTEXT)) {
        let start = group.first().map_or(seen, |op| op.new_range().start);
        same(&mut rows, start - seen);
        for op in &group {
            changed(&mut rows, op, &old.shown, &new.shown);
            seen = op.new_range().end;
        }
    }
    same(&mut rows, new.shown.len() - seen);
    format!(
        "<div class=\"scroll\"><table class=\"beside\"><col><col><col><col><thead><tr>\
         <th colspan=\"2\">{}</th><th colspan=\"2\">{}</th></tr></thead><tbody>{rows}</tbody></table></div>",
        crates.old, crates.new
    )
}

/// A row in place of lines that are the same.
fn same(rows: &mut String, lines: usize) {
    if lines > 0 {
        let lines = counted(lines as u64, "line");
        // Writing to a `String` cannot fail, here and below.
        let _ = write!(
            rows,
            "<tr><td class=\"same\" colspan=\"4\">{lines} the same</td></tr>"
        );
    }
}

fn changed(rows: &mut String, op: &DiffOp, old: &[&str], new: &[&str]) {
    let equal = op.tag() == DiffTag::Equal;
    let (mut left, mut right) = (op.old_range(), op.new_range());
    loop {
        let (left, right) = (left.next(), right.next());
        if left.is_none() && right.is_none() {
            return;
        }
        rows.push_str("<tr>");
        for (at, lines, tag) in [(left, old, "del"), (right, new, "ins")] {
            let Some(at) = at else {
                rows.push_str("<td></td><td></td>");
                continue;
            };
            let (number, line) = (at + 1, escaped(lines[at]));
            let _ = match equal {
                true => write!(rows, "<td>{number}</td><td>{line}</td>"),
                false => write!(rows, "<td>{number}</td><td><{tag}>{line}</{tag}></td>"),
            };
        }
        rows.push_str("</tr>");
    }
}
