//! The drawing of a run: the length of the queue, and below it a lane for each worker.
//!
//! Nothing is told by colour alone. No element has an `id`: `print.html` renames those that appear
//! twice, but not the references to them inside of a drawing.

use std::fmt::Write;

use crate::results::grouped;
use crate::trace::{Fate, Run, Task, Wait};
use crate::words::{text, time};

pub(crate) const WIDTH: f64 = 760.0;
/// Where time begins. Left of it are the labels.
const LEFT: f64 = 118.0;
/// Where time ends. Right of it is room for the second half of a tick's label.
const RIGHT: f64 = WIDTH - 26.0;

/// A drawing in progress, from top to bottom.
pub(crate) struct Drawing<'run> {
    run: &'run Run,
    pub(crate) elements: Vec<String>,
    /// Everything above this is drawn.
    pub(crate) y: f64,
}

impl<'run> Drawing<'run> {
    pub(crate) fn new(run: &'run Run) -> Drawing<'run> {
        Drawing {
            run,
            elements: Vec::new(),
            y: 4.0,
        }
    }

    pub(crate) fn draw(&mut self) {
        let top = self.y + 14.0;
        self.queue();
        self.waits();
        self.lanes();
        self.cancellations(top);
        self.axis(top);
        self.legend();
    }

    fn queue(&mut self) {
        const HEIGHT: f64 = 64.0;
        let run = self.run;
        let (top, base) = (self.y + 14.0, self.y + 14.0 + HEIGHT);
        let longest = run.longest_queue();
        let capacity = grouped(&run.capacity.to_string());
        // A queue that was never near its limit would be a flat line.
        let off_the_scale = run.capacity > 4 * longest.max(1);
        let most = if off_the_scale {
            longest.max(1)
        } else {
            longest.max(run.capacity)
        };
        let height = |length: u64| base - HEIGHT * length as f64 / most.max(1) as f64;

        self.rectangle("plot", LEFT, top, RIGHT - LEFT, HEIGHT, None);
        let mut path = format!("M{} {}", number(LEFT), number(base));
        for &(at, length) in &run.queue {
            let (x, y) = (self.x(at), height(length));
            let _ = write!(path, "H{}V{}", number(x), number(y));
        }
        let _ = write!(path, "H{}V{}Z", number(RIGHT), number(base));
        self.elements.push(format!(
            "<path class=\"queue\" d=\"{path}\"><title>at most {longest} in the queue</title></path>"
        ));
        self.label(LEFT - 8.0, (top + base) / 2.0 + 4.0, "end", "queue");
        self.label(LEFT - 8.0, base, "end small", "0");
        let most = grouped(&most.to_string());
        self.label(LEFT - 8.0, top + 8.0, "end small", &most);
        if run.capacity == 0 {
            self.label(LEFT + 2.0, top - 4.0, "small", "without a bound");
        } else if off_the_scale {
            let label = format!("capacity {capacity}, off the scale");
            self.label(LEFT + 2.0, top - 4.0, "small", &label);
        } else {
            let y = height(run.capacity);
            self.line("capacity", LEFT, y, RIGHT, y);
            self.label(
                LEFT + 2.0,
                y - 4.0,
                "small",
                &format!("capacity {capacity}"),
            );
        }
        for task in &run.tasks {
            if let (Some((at, Fate::Cancelled)), None) = (task.ended, task.started) {
                let title = format!("task {} cancelled at {}", task.number, time(at));
                self.ring(self.x(at), base, &title);
            }
        }
        self.y = base + 10.0;
    }

    /// Calls of `execute` that took long. Where they overlap, they lie below one another.
    fn waits(&mut self) {
        let run = self.run;
        let shown: Vec<&Wait> = run
            .waits
            .iter()
            .filter(|wait| wait.refused || wait.is_long(run))
            .collect();
        if shown.is_empty() {
            return;
        }
        let mut busy_until: Vec<u64> = Vec::new();
        let rows: Vec<usize> = shown
            .iter()
            .map(|wait| {
                let free = busy_until
                    .iter()
                    .position(|&until| until <= wait.time.start);
                let row = free.unwrap_or(busy_until.len());
                busy_until.resize(busy_until.len().max(row + 1), 0);
                busy_until[row] = wait.time.end;
                row
            })
            .collect();
        let height = (48.0 / busy_until.len() as f64).clamp(1.5, 8.0);
        let all = (height * busy_until.len() as f64).max(14.0);
        let middle = self.y + all / 2.0;
        self.label(LEFT - 8.0, middle + 4.0, "end", "waiting to submit");
        for (wait, row) in shown.into_iter().zip(rows) {
            let y = self.y + height * row as f64;
            let (from, to) = (self.x(wait.time.start), self.x(wait.time.end));
            let title = format!(
                "task {} {} after {}",
                wait.task,
                if wait.refused {
                    "was refused"
                } else {
                    "was submitted"
                },
                time(wait.time.end - wait.time.start)
            );
            if wait.is_long(run) {
                let thick = (height - 1.0).max(1.0);
                self.rectangle("wait", from, y, (to - from).max(1.0), thick, Some(&title));
            }
            if wait.refused {
                self.cross(to, y + height / 2.0, &title);
            }
        }
        self.y += all + 10.0;
    }

    fn lanes(&mut self) {
        let run = self.run;
        let height = if run.lanes.len() > 16 { 13.0 } else { 24.0 };
        for lane in &run.lanes {
            let middle = self.y + height / 2.0;
            let label = format!("worker {}", lane.worker);
            let class = if height < 20.0 { "end small" } else { "end" };
            self.label(LEFT - 8.0, middle + 4.0, class, &label);
            for idle in lane.idle(run) {
                let [from, to] = [self.x(idle.start), self.x(idle.end)];
                self.line("alive", from, middle, to, middle);
            }
            if let Some(gone) = lane.gone {
                self.line("gone", self.x(gone), middle, RIGHT, middle);
                let x = self.x(gone);
                self.line("alive", x, self.y + 3.0, x, self.y + height - 3.0);
            }
            for task in &run.tasks {
                if task
                    .started
                    .is_some_and(|(_, worker)| worker == lane.worker)
                {
                    self.task(task, self.y + 2.0, height - 4.0);
                }
            }
            self.y += height;
        }
        self.y += 4.0;
    }

    fn task(&mut self, task: &Task, y: f64, height: f64) {
        let ended = task.ended.filter(|(_, fate)| *fate != Fate::Cancelled);
        let busy = task.busy(self.run.end);
        let x = self.x(busy.start);
        let width = (self.x(busy.end) - x).max(1.0);
        let title = format!(
            "task {}: {} to {}, {}",
            task.number,
            time(busy.start),
            time(busy.end),
            ended.map_or("not finished", |(_, fate)| fate.name())
        );
        let panicked = ended.is_some_and(|(_, fate)| fate == Fate::Panicked);
        let class = if panicked { "task panicked" } else { "task" };
        self.rectangle(class, x, y, width, height, Some(&title));
        if panicked {
            self.hatch(x, y, width, height);
        }
        let label = task.number.to_string();
        if width >= 7.0 * label.len() as f64 + 6.0 && height > 12.0 {
            let class = if panicked {
                "middle small number"
            } else {
                "middle small"
            };
            self.label(x + width / 2.0, y + height / 2.0 + 4.0, class, &label);
        }
        if panicked {
            self.cross(x + width, y + height / 2.0, &title);
        }
    }

    fn cancellations(&mut self, top: f64) {
        for &at in &self.run.cancellations {
            let x = self.x(at);
            self.line("cancelled", x, top, x, self.y);
            // Towards the side with more room.
            let (x, class) = if x > (LEFT + RIGHT) / 2.0 {
                (x - 3.0, "end small")
            } else {
                (x + 3.0, "small")
            };
            self.label(x, self.y + 8.0, class, "cancelled");
        }
        if !self.run.cancellations.is_empty() {
            self.y += 12.0;
        }
    }

    fn axis(&mut self, top: f64) {
        let end = self.run.end;
        let step = tick_step(end);
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

    /// Explains the marks, if there are any.
    fn legend(&mut self) {
        let ended = |fate| {
            let of_fate = move |task: &&Task| task.ended.is_some_and(|(_, other)| other == fate);
            self.run.tasks.iter().any(|task| of_fate(&task))
        };
        let [panicked, cancelled] = [ended(Fate::Panicked), ended(Fate::Cancelled)];
        let refused = self.run.waits.iter().any(|wait| wait.refused);
        if !panicked && !cancelled && !refused {
            return;
        }
        let (mut x, middle) = (LEFT, self.y + 10.0);
        if panicked {
            self.rectangle("task panicked", x, middle - 6.0, 24.0, 12.0, None);
            self.hatch(x, middle - 6.0, 24.0, 12.0);
            self.cross(x + 24.0, middle, "panicked");
            self.label(x + 34.0, middle + 4.0, "small", "panicked");
            x += 100.0;
        }
        if refused {
            self.cross(x + 5.0, middle, "refused");
            self.label(x + 15.0, middle + 4.0, "small", "refused");
            x += 80.0;
        }
        if cancelled {
            self.ring(x + 5.0, middle, "cancelled");
            self.label(
                x + 15.0,
                middle + 4.0,
                "small",
                "cancelled before it started",
            );
        }
        self.y += 22.0;
    }

    fn x(&self, at: u64) -> f64 {
        LEFT + (RIGHT - LEFT) * at as f64 / self.run.end as f64
    }

    pub(crate) fn label(&mut self, x: f64, y: f64, class: &str, label: &str) {
        self.elements.push(format!(
            "<text class=\"{class}\" x=\"{}\" y=\"{}\">{}</text>",
            number(x),
            number(y),
            text(label)
        ));
    }

    fn line(&mut self, class: &str, x1: f64, y1: f64, x2: f64, y2: f64) {
        let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(number);
        self.elements.push(format!(
            "<path class=\"{class}\" d=\"M{x1} {y1}L{x2} {y2}\"/>"
        ));
    }

    fn rectangle(
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

    fn ring(&mut self, x: f64, y: f64, title: &str) {
        self.elements.push(format!(
            "<circle class=\"mark\" cx=\"{}\" cy=\"{}\" r=\"4\"><title>{}</title></circle>",
            number(x),
            number(y),
            text(title)
        ));
    }

    fn cross(&mut self, x: f64, y: f64, title: &str) {
        let [left, right, top, bottom] = [x - 4.0, x + 4.0, y - 4.0, y + 4.0].map(number);
        self.elements.push(format!(
            "<path class=\"cross\" d=\"M{left} {top}L{right} {bottom}M{left} {bottom}L{right} {top}\">\
             <title>{}</title></path>",
            text(title)
        ));
    }

    /// Lines at 45 degrees. A `<pattern>` would need an `id`.
    fn hatch(&mut self, x: f64, y: f64, width: f64, height: f64) {
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
fn tick_step(end: u64) -> u64 {
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
