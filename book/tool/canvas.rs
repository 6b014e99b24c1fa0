//! What drawings are made of: marks and labels on a time axis.
//!
//! No element has an `id`: `print.html` renames those that appear twice, but not the references to
//! them inside of a drawing.

use std::fmt::Write;

use crate::words::text;

pub(crate) const WIDTH: f64 = 760.0;
/// Where time begins. Left of it are the labels.
pub(crate) const LEFT: f64 = 118.0;
/// Where time ends. Right of it is room for the second half of a tick's label.
pub(crate) const RIGHT: f64 = WIDTH - 26.0;

/// A drawing in progress, from top to bottom.
pub(crate) struct Canvas {
    pub(crate) elements: Vec<String>,
    /// Everything above this is drawn.
    pub(crate) y: f64,
    /// Where the axis is, once it is drawn.
    pub(crate) axis: f64,
    /// The time at the right edge, in microseconds.
    end: u64,
}

impl Canvas {
    pub(crate) fn new(end: u64) -> Canvas {
        Canvas {
            elements: Vec::new(),
            y: 4.0,
            axis: 0.0,
            end,
        }
    }

    pub(crate) fn axis(&mut self, top: f64) {
        let end = self.end;
        let step = tick_step(end);
        self.axis = self.y;
        self.line("axis", LEFT, self.y, RIGHT, self.y);
        for at in (0..=end).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            let x = self.x(at);
            self.line("grid", x, top, x, self.y);
            self.line("axis", x, self.y, x, self.y + 4.0);
            let label = format!("{} ms", at as f64 / 1000.0);
            self.label(x, self.y + 16.0, "middle small", &label);
        }
        self.y += 22.0;
    }

    pub(crate) fn x(&self, at: u64) -> f64 {
        LEFT + (RIGHT - LEFT) * at as f64 / self.end as f64
    }

    pub(crate) fn label(&mut self, x: f64, y: f64, class: &str, label: &str) {
        self.text(x, y, class, "", label);
    }

    /// A label that says what happens at a time. While the figure is played, it is not there
    /// before.
    pub(crate) fn label_from(&mut self, at: u64, x: f64, y: f64, class: &str, label: &str) {
        self.text(x, y, class, &format!(" data-from=\"{at}\""), label);
    }

    fn text(&mut self, x: f64, y: f64, class: &str, from: &str, label: &str) {
        self.elements.push(format!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\"{from}>{}</text>",
            number(x),
            number(y),
            text(label)
        ));
    }

    pub(crate) fn line(&mut self, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.elements.push(format!(
            "<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"
        ));
    }

    pub(crate) fn rectangle(
        &mut self,
        class: &str,
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        title: Option<&str>,
    ) {
        let [x, y, width, height] = [x, y, width, height].map(number);
        let title = title.map_or(String::new(), |title| {
            format!("<title>{}</title>", text(title))
        });
        self.elements.push(format!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\">{title}</rect>"
        ));
    }

    pub(crate) fn ring(&mut self, x: f64, y: f64, title: &str) {
        self.elements.push(format!(
            "<circle class=\"mark\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}</title></circle>",
            number(x),
            number(y),
            text(title)
        ));
    }

    pub(crate) fn cross(&mut self, x: f64, y: f64, title: &str) {
        let [left, right, top, bottom] = [x - 4.0, x + 4.0, y - 4.0, y + 4.0].map(number);
        self.elements.push(format!(
            "<path class=\"cross\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\">\
             <title>{}</title></path>",
            text(title)
        ));
    }

    /// Lines at 45 degrees. A `<pattern>` would need an `id`.
    pub(crate) fn hatch(&mut self, x: f64, y: f64, width: f64, height: f64) {
        let mut path = String::new();
        let mut start = 6.0;
        while start < width + height {
            // From the left or bottom edge up to the top or right one.
            let (from, to) = (f64::max(start - height, 0.0), f64::min(start, width));
            let [x1, x2] = [x + from, x + to].map(number);
            let [y1, y2] = [y + start - from, y + start - to].map(number);
            let _ = write!(path, "M{x1} {y1}L{x2} {y2}");
            start += 6.0;
        }
        self.elements
            .push(format!("<path class=\"hatch\" d=\"{path}\"/>"));
    }
}

/// One, two or five times a power of ten, so that there are not more than eight steps.
pub(crate) fn tick_step(end: u64) -> u64 {
    let mut power = 1;
    loop {
        for step in [power, 2 * power, 5 * power] {
            if end / step <= 8 {
                return step;
            }
        }
        power *= 10;
    }
}

/// A coordinate, rounded to what can be seen.
pub(crate) fn number(coordinate: f64) -> String {
    let text = format!("{coordinate:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}
