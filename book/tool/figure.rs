//! A recorded run as a figure of a page, or as a picture of its own; several runs as one figure.
//!
//! The picture has a description, and below it is a table with the same data, folded. Its colours
//! are those of the reader's theme.

use crate::canvas::{Canvas, WIDTH, number};
use crate::census::Census;
use crate::drawing::Drawing;
use crate::finding::{self, Finding};
use crate::panels;
use crate::playback::Playback;
use crate::trace::Run;
use crate::words::{caption, description, plain, table, text};

/// The rules for the drawing, in the pages and in the pictures written by `cargo book draw`.
const STYLE: &str = include_str!("../theme/figure.css");

/// The colours of a picture that stands alone: those of the light theme.
const LIGHT: [(&str, &str); 4] = [
    ("var(--fg)", "#000000"),
    ("var(--bg)", "#ffffff"),
    ("var(--links)", "#20609f"),
    ("var(--quote-bg)", "#f1f6f9"),
];

/// The run as a block of a page, in one line: a blank line would end a block of HTML.
#[must_use]
pub fn inline(run: &Run) -> String {
    drawn(run, run.end)
}

/// Runs on axes of the same length, to be played together.
#[must_use]
pub fn side_by_side(runs: &[Run]) -> String {
    let end = runs.iter().map(|run| run.end).max().unwrap_or(1);
    let figures: String = runs.iter().map(|run| drawn(run, end)).collect();
    format!(
        "<div class=\"compare\">{}</div>\n",
        figures.replace('\n', "")
    )
}

fn drawn(run: &Run, end: u64) -> String {
    let mut drawing = Drawing::new(run, end);
    drawing.draw();
    let words = [description(run), caption(&run.title), table(run)];
    let playback = Playback::of_run(run, end, drawing.canvas.axis);
    block(&drawing.canvas, Some(&playback), words)
}

/// Workers and queue of several runs as a block of a page.
#[must_use]
pub fn compared(runs: &[Census]) -> String {
    let words = [
        panels::description(runs),
        panels::captions(runs),
        panels::table(runs),
    ];
    let canvas = panels::draw(runs);
    let playback = Playback::of_censuses(runs, panels::end(runs), canvas.axis);
    block(&canvas, Some(&playback), words)
}

/// How long planted bugs take to find, as a block of a page.
#[must_use]
pub(crate) fn found(findings: &[Finding]) -> String {
    let caption = "How long each planted bug takes to find, on a logarithmic scale".to_owned();
    let words = [
        finding::description(findings),
        caption,
        finding::table(findings),
    ];
    block(&finding::draw(findings), None, words)
}

fn block(
    canvas: &Canvas,
    playback: Option<&Playback>,
    [description, caption, table]: [String; 3],
) -> String {
    let play = playback.map_or(String::new(), |playback| {
        String::from(" ") + &playback.attribute()
    });
    let label = text(&description);
    let height = number(canvas.y);
    let svg = canvas.elements.join("");
    format!(
        "<figure class=\"trace\"{play}><div class=\"scroll\"><svg class=\"run\" role=\"img\" \
         aria-label=\"{label}\" viewBox=\"0 0 {WIDTH} {height}\" \
         xmlns=\"http://www.w3.org/2000/svg\">{svg}</svg></div>\
         <figcaption>{caption}</figcaption>{table}</figure>\n"
    )
}

/// The run as an SVG file of its own, on white paper.
#[must_use]
pub fn standalone(run: &Run) -> String {
    let mut drawing = Drawing::new(run, run.end);
    drawing
        .canvas
        .label(16.0, 24.0, "title", &plain(&run.title));
    drawing.canvas.y = 36.0;
    drawing.draw();
    drawing.canvas.y += 6.0;
    let style: String = STYLE
        .lines()
        .filter(|line| line.starts_with(".run"))
        .map(|line| format!("{line}\n"))
        .collect();
    let style = LIGHT
        .iter()
        .fold(style, |style, (name, colour)| style.replace(name, colour));
    let height = number(drawing.canvas.y);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"run\" role=\"img\" \
         width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\n\
         <title>{}</title>\n<desc>{}</desc>\n<style>\n{style}</style>\n\
         <rect class=\"paper\" width=\"{WIDTH}\" height=\"{height}\"/>\n{}\n</svg>\n",
        text(&plain(&run.title)),
        text(&description(run)),
        drawing.canvas.elements.join("\n")
    )
}
