//! The drawing of several runs, one below the other on one time axis: for each its workers, those
//! of them that were busy, and its queue.
//!
//! All panels have the same scales, so that they can be compared. Nothing is told by colour alone:
//! workers are a line, busy ones an area below it.

use std::fmt::Write;

use crate::canvas::{Canvas, LEFT, RIGHT, number, tick_step};
use crate::census::Census;
use crate::results::grouped;
use crate::words::{caption, counted, plain, seconds, text, time};

/// The heights of the parts of a panel.
const WORKERS: f64 = 58.0;
const QUEUE: f64 = 38.0;
const ARRIVALS: f64 = 8.0;

/// The runs as a drawing.
pub(crate) fn draw(runs: &[Census]) -> Canvas {
    let end = end(runs);
    let mut canvas = Canvas::new(end);
    let most = |count: fn(&Census) -> u64| runs.iter().map(count).max().unwrap_or(0).max(1);
    let workers = most(Census::peak);
    // Where nothing was ever queued, there is nothing to see of it.
    let queue = runs.iter().map(Census::longest_queue).max();
    let queue = queue.filter(|&longest| longest > 0);
    let mut tops = Vec::new();
    for run in runs {
        tops.push(canvas.y + 20.0);
        heading(&mut canvas, run);
        strip(&mut canvas, "workers", WORKERS, workers, |canvas, top| {
            let area = outline(canvas, &run.busy, run.end, (top, WORKERS), workers, true);
            let line = outline(canvas, &run.live, run.end, (top, WORKERS), workers, false);
            let peak = run.peak();
            canvas
                .elements
                .push(format!("<path class=\"busy\" d=\"{area}\"/>"));
            canvas.elements.push(format!(
                "<path class=\"live\" d=\"{line}\"><title>at most {peak}</title></path>"
            ));
        });
        if let Some(longest) = queue {
            strip(&mut canvas, "queue", QUEUE, longest, |canvas, top| {
                let area = outline(canvas, &run.queued, run.end, (top, QUEUE), longest, true);
                let longest = run.longest_queue();
                canvas.elements.push(format!(
                    "<path class=\"queue\" d=\"{area}\"><title>at most {longest} in the \
                     queue</title></path>"
                ));
            });
        }
        arrivals(&mut canvas, run);
    }
    let bottom = canvas.y;
    canvas.axis(tops.first().copied().unwrap_or(bottom));
    legend(&mut canvas, runs);
    canvas
}

/// When the longest of them ends.
pub(crate) fn end(runs: &[Census]) -> u64 {
    runs.iter().map(|run| run.end).max().unwrap_or(1)
}

/// What the run is, and what it comes to.
fn heading(canvas: &mut Canvas, run: &Census) {
    let y = canvas.y + 14.0;
    canvas.label(LEFT, y, "panel", &plain(&run.title));
    let (lived, idle) = run.thread_time();
    let sum = format!(
        "{} at most, {} at the end; {} thread-seconds, {} idle",
        grouped(&run.peak().to_string()),
        grouped(&run.left().to_string()),
        seconds(lived),
        seconds(idle),
    );
    canvas.label_from(run.end, RIGHT, y, "end small", &sum);
    canvas.y += 20.0;
}

/// An empty plot with its labels, and what `fill` draws into it from this top edge on.
fn strip(
    canvas: &mut Canvas,
    name: &str,
    height: f64,
    most: u64,
    fill: impl FnOnce(&mut Canvas, f64),
) {
    let (top, base) = (canvas.y, canvas.y + height);
    canvas.rectangle("plot", LEFT, top, RIGHT - LEFT, height, None);
    fill(canvas, top);
    canvas.label(LEFT - 8.0, (top + base) / 2.0 + 4.0, "end", name);
    canvas.label(LEFT - 8.0, base, "end small", "0");
    canvas.label(
        LEFT - 8.0,
        top + 8.0,
        "end small",
        &grouped(&most.to_string()),
    );
    canvas.y = base + 4.0;
}

/// The steps as a path. What happens within half a point is drawn as one stroke from the most to
/// the fewest.
fn outline(
    canvas: &Canvas,
    steps: &[(u64, u64)],
    end: u64,
    (top, height): (f64, f64),
    most: u64,
    closed: bool,
) -> String {
    let base = top + height;
    let y = |count: u64| number(base - height * count as f64 / most as f64);
    let mut path = format!("M{} {}", number(LEFT), number(base));
    let column = |at: u64| (canvas.x(at) * 2.0).round() / 2.0;
    for group in steps.chunk_by(|(one, _), (next, _)| column(*one) == column(*next)) {
        let mut counts = group.iter().map(|&(_, count)| count);
        let (high, low) = (counts.clone().max(), counts.clone().min());
        let mut strokes: Vec<u64> = [high, low, counts.next_back()]
            .into_iter()
            .flatten()
            .collect();
        strokes.dedup();
        let _ = write!(path, "H{}", number(column(group[0].0)));
        for stroke in strokes {
            let _ = write!(path, "V{}", y(stroke));
        }
    }
    let _ = write!(path, "H{}", number(canvas.x(end)));
    if closed {
        let _ = write!(path, "V{}Z", number(base));
    }
    path
}

/// A tick for each task that arrives, and a cross where one is refused.
fn arrivals(canvas: &mut Canvas, run: &Census) {
    let (top, base) = (canvas.y, canvas.y + ARRIVALS);
    let mut path = String::new();
    for x in places(canvas, &run.arrivals, 1.0) {
        let x = number(x);
        let _ = write!(path, "M{x} {}V{}", number(top), number(base));
    }
    let title = counted(run.arrivals.len() as u64, "task");
    canvas.elements.push(format!(
        "<path class=\"arrival\" d=\"{path}\"><title>{title}</title></path>"
    ));
    let title = format!("{} refused", counted(run.refused.len() as u64, "task"));
    for x in places(canvas, &run.refused, 6.0) {
        canvas.cross(x, (top + base) / 2.0, &title);
    }
    canvas.label(LEFT - 8.0, base, "end small", "arrivals");
    canvas.y = base + 8.0;
}

/// Where marks of such a width can be told apart.
fn places(canvas: &Canvas, times: &[u64], width: f64) -> Vec<f64> {
    let mut places: Vec<f64> = Vec::new();
    for &at in times {
        let x = canvas.x(at);
        if places.last().is_none_or(|last| x - last >= width) {
            places.push(x);
        }
    }
    places
}

fn legend(canvas: &mut Canvas, runs: &[Census]) {
    let (mut x, middle) = (LEFT, canvas.y + 8.0);
    canvas.line("live", x, middle, x + 24.0, middle);
    canvas.label(x + 30.0, middle + 4.0, "small", "workers");
    x += 90.0;
    canvas.rectangle("busy", x, middle - 5.0, 24.0, 10.0, None);
    canvas.label(x + 30.0, middle + 4.0, "small", "of these busy");
    x += 118.0;
    canvas.line("arrival", x + 5.0, middle - 4.0, x + 5.0, middle + 4.0);
    canvas.label(x + 12.0, middle + 4.0, "small", "a task arrives");
    x += 100.0;
    if runs.iter().any(|run| !run.refused.is_empty()) {
        canvas.cross(x + 5.0, middle, "refused");
        canvas.label(x + 15.0, middle + 4.0, "small", "refused");
    }
    canvas.y += 20.0;
}

/// The runs in words, for those who do not see them.
pub(crate) fn description(runs: &[Census]) -> String {
    let mut words = String::from("Workers and queue over time.");
    for run in runs {
        let (lived, idle) = run.thread_time();
        let refused = match run.refused.len() {
            0 => String::new(),
            some => format!(", {some} of them refused"),
        };
        let _ = write!(
            words,
            " {}: {} in {}{refused}. At most {}, {} at the end. At most {} waited in the queue. {} \
             thread-seconds, {} of them idle.",
            plain(&run.title).trim_end_matches('.'),
            counted(run.arrivals.len() as u64, "task"),
            time(run.end),
            counted(run.peak(), "worker"),
            run.left(),
            counted(run.longest_queue(), "task"),
            seconds(lived),
            seconds(idle),
        );
    }
    words
}

/// The titles, as the caption of the figure.
pub(crate) fn captions(runs: &[Census]) -> String {
    let titles: Vec<String> = runs.iter().map(|run| caption(&run.title)).collect();
    format!("Workers and queue over time: {}", titles.join("; "))
}

/// The counts of each run at the ticks of the axis, folded.
pub(crate) fn table(runs: &[Census]) -> String {
    let end = end(runs);
    let step = usize::try_from(tick_step(end)).unwrap_or(usize::MAX);
    let head: String = runs
        .iter()
        .map(|run| format!("<th>{}</th>", text(&plain(&run.title))))
        .collect();
    let mut rows = String::new();
    for at in (0..=end).step_by(step) {
        let cells: String = runs
            .iter()
            .map(|run| match run.at(at) {
                _ if at > run.end => "<td></td>".to_owned(),
                [live, busy, queued] => format!("<td>{live} / {busy} / {queued}</td>"),
            })
            .collect();
        let _ = write!(rows, "<tr><td>{}</td>{cells}</tr>", time(at));
    }
    format!(
        "<details><summary>The runs as a table</summary><div class=\"scroll\"><table><thead><tr>\
         <th>at</th>{head}</tr></thead><tbody>{rows}</tbody></table></div><p>Workers, of these \
         busy, and tasks in the queue.</p></details>"
    )
}
