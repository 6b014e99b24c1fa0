//! How long each planted bug takes to find, in both ways, as one drawing.
//!
//! Time is on a logarithmic scale. Nothing is told by colour alone: a search is a ring with a line
//! from the fastest to the slowest, repetition on threads is a cross.

use std::fmt::Write;

use museum::{Exhibit, Record, Search, Stress};

use crate::canvas::{Canvas, RIGHT};
use crate::words::{plain, text};

/// Where time begins.
const LEFT: f64 = 16.0;
/// The height of a row: the bug's name above, the marks below.
const ROW: f64 = 34.0;
/// The time at the left edge, in seconds. No process starts and ends in less.
const FIRST: f64 = 0.01;

/// A bug with the times of both ways.
pub(crate) type Finding = (Exhibit, Search, Stress);

/// The exhibits that a model catches. The first are those that repetition finds last or not at all.
pub(crate) fn findings(exhibits: Vec<(Exhibit, Record)>) -> Vec<Finding> {
    let mut findings: Vec<Finding> = exhibits
        .into_iter()
        .filter_map(|(exhibit, record)| Some((exhibit, record.search?, record.stress?)))
        .collect();
    let repeated = |finding: &Finding| finding.2.caught.unwrap_or(f64::INFINITY);
    findings.sort_by(|one, other| repeated(other).total_cmp(&repeated(one)));
    findings
}

/// The drawing.
pub(crate) fn draw(findings: &[Finding]) -> Canvas {
    let longest = findings.iter().map(|(_, _, stress)| stress.seconds).max();
    let last = longest.unwrap_or(1) as f64;
    let x = |seconds: f64| {
        let place = (seconds.max(FIRST) / FIRST).ln() / (last / FIRST).ln();
        LEFT + (RIGHT - LEFT - 90.0) * place.min(1.0)
    };
    let mut canvas = Canvas::new(1);
    let top = canvas.y + 14.0;
    for (exhibit, search, stress) in findings {
        canvas.label(LEFT, canvas.y + 11.0, "small", &plain(&exhibit.title));
        let y = canvas.y + 23.0;
        canvas.rectangle("plot", LEFT, y - 7.0, x(last) - LEFT, 14.0, None);
        let (times, median) = (search.sorted(), search.median());
        canvas.line("live", x(times[0]), y, x(times[times.len() - 1]), y);
        canvas.ring(x(median), y, &format!("searched: {median:.2} s"));
        match stress.caught {
            Some(seconds) => canvas.cross(x(seconds), y, &format!("repeated: {seconds:.2} s")),
            None => {
                let words = format!("\u{d7} not in {} s", stress.seconds);
                canvas.label(x(last) + 8.0, y + 4.0, "small", &words);
            }
        }
        canvas.y += ROW;
    }
    let bottom = canvas.y;
    for seconds in [0.01, 0.1, 1.0, 10.0]
        .into_iter()
        .filter(|&tick| tick <= last)
    {
        canvas.line("grid", x(seconds), top, x(seconds), bottom);
        canvas.label(
            x(seconds),
            bottom + 12.0,
            "middle small",
            &format!("{seconds} s"),
        );
    }
    canvas.y += 26.0;
    let y = canvas.y;
    canvas.line("live", LEFT, y, LEFT + 24.0, y);
    canvas.ring(LEFT + 12.0, y, "searched");
    canvas.label(
        LEFT + 32.0,
        y + 4.0,
        "small",
        "five searches: median, fastest and slowest",
    );
    canvas.cross(LEFT + 300.0, y, "repeated");
    canvas.label(LEFT + 312.0, y + 4.0, "small", "repeated on real threads");
    canvas.y += 12.0;
    canvas
}

/// The drawing in words, for those who do not see it.
pub(crate) fn description(findings: &[Finding]) -> String {
    let missed = findings
        .iter()
        .filter(|(_, _, stress)| stress.caught.is_none())
        .count();
    let medians = findings.iter().map(|(_, search, _)| search.median());
    format!(
        "How long planted bugs take to find: {} of them. A search through schedules finds each within {:.1} seconds, \
         by the median of five. Repetition on real threads misses {missed}.",
        findings.len(),
        medians.fold(0.0, f64::max),
    )
}

/// The times, folded.
pub(crate) fn table(findings: &[Finding]) -> String {
    let mut rows = String::new();
    for (exhibit, search, stress) in findings {
        let (times, median) = (search.sorted(), search.median());
        let repeated = match stress.caught {
            Some(seconds) => format!("{seconds:.2} s"),
            None => format!("not in {} s", stress.seconds),
        };
        let _ = write!(
            rows,
            "<tr><td>{}</td><td>{:.2} / {median:.2} / {:.2} s</td><td>{repeated}</td></tr>",
            text(&plain(&exhibit.title)),
            times[0],
            times[times.len() - 1],
        );
    }
    format!(
        "<details><summary>The times as a table</summary><div class=\"scroll\"><table><thead><tr><th>bug</th>\
         <th>searched: fastest, median, slowest</th><th>repeated</th></tr></thead><tbody>{rows}</tbody></table>\
         </div></details>"
    )
}
