//! A recorded run in words and in a table, for those who do not see the figure.

use std::fmt::Write;

use crate::results::grouped;
use crate::trace::{Fate, Run, Task};

/// The most rows of a table.
const ROWS: usize = 40;

/// The run in words, for those who do not see it.
pub(crate) fn description(run: &Run) -> String {
    let fates = [
        Fate::Finished,
        Fate::Panicked,
        Fate::Cancelled,
        Fate::Refused,
    ];
    let mut ends = Vec::new();
    for fate in fates {
        let same = |task: &&Task| task.ended.is_some_and(|(_, other)| other == fate);
        let count = run.tasks.iter().filter(same).count();
        if count > 0 {
            ends.push(format!("{count} {}", fate.name()));
        }
    }
    let open = run.tasks.iter().filter(|task| task.ended.is_none()).count();
    if open > 0 || ends.is_empty() {
        ends.push(format!("{open} had not ended"));
    }
    let places = match run.capacity {
        0 => "any number of places".into(),
        capacity => counted(capacity, "place"),
    };
    let mut sentences = format!(
        "{}. {} on {}, with {places} in the queue, in {}: {}. At most {} waited in the queue.",
        plain(&run.title).trim_end_matches('.'),
        counted(run.tasks.len() as u64, "task"),
        counted(run.workers, "worker"),
        time(run.end),
        ends.join(", "),
        counted(run.longest_queue(), "task")
    );
    let waits = run.waits.iter().filter(|wait| wait.is_long(run));
    let waits: Vec<u64> = waits.map(|wait| wait.time.end - wait.time.start).collect();
    if let Some(&longest) = waits.iter().max() {
        let _ = write!(
            sentences,
            " {} had to wait for a place, the longest for {}.",
            counted(waits.len() as u64, "call"),
            time(longest)
        );
    }
    for lane in &run.lanes {
        if let Some(gone) = lane.gone.filter(|&gone| gone < run.end) {
            let _ = write!(
                sentences,
                " Worker {} was gone after {}.",
                lane.worker,
                time(gone)
            );
        }
    }
    sentences
}

/// The run as a table, folded.
pub(crate) fn table(run: &Run) -> String {
    let mut rows = String::new();
    for task in run.tasks.iter().take(ROWS) {
        let cell = |at: Option<u64>| at.map_or(String::new(), milliseconds);
        let cells = [
            task.number.to_string(),
            cell(task.submitted),
            cell(task.queued),
            cell(task.started.map(|(at, _)| at)),
            task.started
                .map_or(String::new(), |(_, worker)| worker.to_string()),
            cell(task.ended.map(|(at, _)| at)),
            task.ended
                .map_or("not ended", |(_, fate)| fate.name())
                .to_owned(),
        ];
        let cells: String = cells
            .iter()
            .map(|cell| format!("<td>{cell}</td>"))
            .collect();
        let _ = write!(rows, "<tr>{cells}</tr>");
    }
    let more = run.tasks.len().saturating_sub(ROWS);
    if more > 0 {
        let more = counted(more as u64, "more task");
        let _ = write!(rows, "<tr><td colspan=\"7\">… and {more}</td></tr>");
    }
    format!(
        "<details><summary>The run as a table</summary><div class=\"scroll\"><table><thead><tr>\
         <th>task</th><th>submitted</th><th>accepted</th><th>started</th><th>on worker</th>\
         <th>ended</th><th>how</th></tr></thead><tbody>{rows}</tbody></table></div>\
         <p>Times in milliseconds from the first event.</p></details>"
    )
}

/// The title without the marks of code.
pub(crate) fn plain(title: &str) -> String {
    title.replace('`', "")
}

/// The title as HTML, with what is between backticks as code.
pub(crate) fn caption(title: &str) -> String {
    let mut caption = String::new();
    for (number, part) in title.split('`').enumerate() {
        let part = text(part);
        if number % 2 == 1 {
            let _ = write!(caption, "<code>{part}</code>");
        } else {
            caption.push_str(&part);
        }
    }
    caption
}

pub(crate) fn counted(count: u64, what: &str) -> String {
    counted_as(count, what, &format!("{what}s"))
}

/// A number, and what it counts: one of them, or several.
pub(crate) fn counted_as(count: u64, one: &str, many: &str) -> String {
    let what = if count == 1 { one } else { many };
    format!("{} {what}", grouped(&count.to_string()))
}

fn milliseconds(microseconds: u64) -> String {
    grouped(&format!(
        "{}.{:02}",
        microseconds / 1000,
        microseconds % 1000 / 10
    ))
}

pub(crate) fn time(microseconds: u64) -> String {
    format!("{} ms", milliseconds(microseconds))
}

/// Seconds, to a tenth.
pub(crate) fn seconds(microseconds: u64) -> String {
    let tenths = (microseconds + 50_000) / 100_000;
    grouped(&format!("{}.{}", tenths / 10, tenths % 10))
}

/// Text for an element or an attribute, in which mdBook finds no directive.
pub(crate) fn text(text: &str) -> String {
    html_escape::encode_safe(text)
        .replace('{', "&#123;")
        .replace(['\n', '\r'], " ")
}
