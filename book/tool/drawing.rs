//! The drawing of a run: the length of the queue, and below it a lane for each worker.
//!
//! Nothing is told by colour alone. No element has an `id`: `print.html` renames those that appear
//! twice, but not the references to them inside of a drawing.

use std::fmt::Write;

use crate::canvas::{Canvas, LEFT, RIGHT, number};
use crate::results::grouped;
use crate::trace::{Fate, Run, Task, Wait};
use crate::words::time;

/// A drawing in progress, from top to bottom.
pub(crate) struct Drawing<'run> {
    run: &'run Run,
    pub(crate) canvas: Canvas,
}

impl<'run> Drawing<'run> {
    /// A drawing of a run on an axis that ends at `end`: with the run, or later.
    pub(crate) fn new(run: &'run Run, end: u64) -> Drawing<'run> {
        Drawing {
            run,
            canvas: Canvas::new(end),
        }
    }

    pub(crate) fn draw(&mut self) {
        let top = self.canvas.y + 14.0;
        self.queue();
        self.waits();
        self.lanes();
        self.cancellations(top);
        self.canvas.axis(top);
        self.legend();
    }

    fn queue(&mut self) {
        const HEIGHT: f64 = 64.0;
        let run = self.run;
        let (top, base) = (self.canvas.y + 14.0, self.canvas.y + 14.0 + HEIGHT);
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

        self.canvas
            .rectangle("plot", LEFT, top, RIGHT - LEFT, HEIGHT, None);
        let mut path = format!("M{} {}", number(LEFT), number(base));
        for &(at, length) in &run.queue {
            let (x, y) = (self.canvas.x(at), height(length));
            let _ = write!(path, "H{}V{}", number(x), number(y));
        }
        let _ = write!(path, "H{}V{}Z", number(RIGHT), number(base));
        self.canvas.elements.push(format!(
            "<path class=\"queue\" d=\"{path}\"><title>at most {longest} in the queue</title></path>"
        ));
        self.canvas
            .label(LEFT - 8.0, (top + base) / 2.0 + 4.0, "end", "queue");
        self.canvas.label(LEFT - 8.0, base, "end small", "0");
        let most = grouped(&most.to_string());
        self.canvas.label(LEFT - 8.0, top + 8.0, "end small", &most);
        if run.capacity == 0 {
            self.canvas
                .label(LEFT + 2.0, top - 4.0, "small", "without a bound");
        } else if off_the_scale {
            let label = format!("capacity {capacity}, off the scale");
            self.canvas.label(LEFT + 2.0, top - 4.0, "small", &label);
        } else {
            let y = height(run.capacity);
            self.canvas.line("capacity", LEFT, y, RIGHT, y);
            self.canvas.label(
                LEFT + 2.0,
                y - 4.0,
                "small",
                &format!("capacity {capacity}"),
            );
        }
        for task in &run.tasks {
            if let (Some((at, Fate::Cancelled)), None) = (task.ended, task.started) {
                let title = format!("task {} cancelled at {}", task.number, time(at));
                self.canvas.ring(self.canvas.x(at), base, &title);
            }
        }
        self.canvas.y = base + 10.0;
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
        let middle = self.canvas.y + all / 2.0;
        self.canvas
            .label(LEFT - 8.0, middle + 4.0, "end", "waiting to submit");
        for (wait, row) in shown.into_iter().zip(rows) {
            let y = self.canvas.y + height * row as f64;
            let (from, to) = (self.canvas.x(wait.time.start), self.canvas.x(wait.time.end));
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
                self.canvas
                    .rectangle("wait", from, y, (to - from).max(1.0), thick, Some(&title));
            }
            if wait.refused {
                self.canvas.cross(to, y + height / 2.0, &title);
            }
        }
        self.canvas.y += all + 10.0;
    }

    fn lanes(&mut self) {
        let run = self.run;
        let height = if run.lanes.len() > 16 { 13.0 } else { 24.0 };
        for lane in &run.lanes {
            let tasks = || lane.tasks(run);
            // A row for each task that lies on top of another one, upwards.
            let deepest = tasks().map(|task| lane.below(task, run)).max();
            self.canvas.y += height * deepest.unwrap_or(0) as f64;
            let middle = self.canvas.y + height / 2.0;
            let label = format!("worker {}", lane.worker);
            let class = if height < 20.0 { "end small" } else { "end" };
            self.canvas.label(LEFT - 8.0, middle + 4.0, class, &label);
            for idle in lane.idle(run) {
                let [from, to] = [self.canvas.x(idle.start), self.canvas.x(idle.end)];
                self.canvas.line("alive", from, middle, to, middle);
            }
            if let Some(gone) = lane.gone {
                self.canvas
                    .line("gone", self.canvas.x(gone), middle, RIGHT, middle);
                let x = self.canvas.x(gone);
                self.canvas.line(
                    "alive",
                    x,
                    self.canvas.y + 3.0,
                    x,
                    self.canvas.y + height - 3.0,
                );
            }
            for task in tasks() {
                let row = self.canvas.y - height * lane.below(task, run) as f64;
                self.task(task, row + 2.0, height - 4.0);
            }
            self.canvas.y += height;
        }
        self.canvas.y += 4.0;
    }

    fn task(&mut self, task: &Task, y: f64, height: f64) {
        let ended = task.ended.filter(|(_, fate)| *fate != Fate::Cancelled);
        let busy = task.busy(self.run.end);
        let x = self.canvas.x(busy.start);
        let width = (self.canvas.x(busy.end) - x).max(1.0);
        let title = format!(
            "task {}: {} to {}, {}",
            task.number,
            time(busy.start),
            time(busy.end),
            ended.map_or("not finished", |(_, fate)| fate.name())
        );
        let panicked = ended.is_some_and(|(_, fate)| fate == Fate::Panicked);
        let class = if panicked { "task panicked" } else { "task" };
        self.canvas
            .rectangle(class, x, y, width, height, Some(&title));
        if panicked {
            self.canvas.hatch(x, y, width, height);
        }
        let label = task.number.to_string();
        if width >= 7.0 * label.len() as f64 + 6.0 && height > 12.0 {
            let class = if panicked {
                "middle small number"
            } else {
                "middle small"
            };
            let (x, y) = (x + width / 2.0, y + height / 2.0 + 4.0);
            self.canvas.label_from(busy.start, x, y, class, &label);
        }
        if panicked {
            self.canvas.cross(x + width, y + height / 2.0, &title);
        }
    }

    fn cancellations(&mut self, top: f64) {
        for &at in &self.run.cancellations {
            let x = self.canvas.x(at);
            self.canvas.line("cancelled", x, top, x, self.canvas.y);
            // Towards the side with more room.
            let (x, class) = if x > (LEFT + RIGHT) / 2.0 {
                (x - 3.0, "end small")
            } else {
                (x + 3.0, "small")
            };
            self.canvas
                .label_from(at, x, self.canvas.y + 8.0, class, "cancelled");
        }
        if !self.run.cancellations.is_empty() {
            self.canvas.y += 12.0;
        }
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
        let (mut x, middle) = (LEFT, self.canvas.y + 10.0);
        if panicked {
            self.canvas
                .rectangle("task panicked", x, middle - 6.0, 24.0, 12.0, None);
            self.canvas.hatch(x, middle - 6.0, 24.0, 12.0);
            self.canvas.cross(x + 24.0, middle, "panicked");
            self.canvas
                .label(x + 34.0, middle + 4.0, "small", "panicked");
            x += 100.0;
        }
        if refused {
            self.canvas.cross(x + 5.0, middle, "refused");
            self.canvas
                .label(x + 15.0, middle + 4.0, "small", "refused");
            x += 80.0;
        }
        if cancelled {
            self.canvas.ring(x + 5.0, middle, "cancelled");
            self.canvas.label(
                x + 15.0,
                middle + 4.0,
                "small",
                "cancelled before it started",
            );
        }
        self.canvas.y += 22.0;
    }
}
