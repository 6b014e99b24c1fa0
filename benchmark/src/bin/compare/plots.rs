//! The plots: curves over the number of workers where there are many numbers, else a row of points
//! for each contender.
//!
//! Times are on a logarithmic scale, since a thread for each task would else leave a line for all
//! others.

mod ink;
mod ticks;

use std::error::Error;
use std::path::Path;

use benchmark::records::{Cell, Entry};
use benchmark::statistics::{Summary, geometric_mean};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use ink::Ink;
use ticks::{label, ticks};

type Area<'svg> = DrawingArea<SVGBackend<'svg>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

const WIDTH: u32 = 960;
const FONT: (&str, i32) = ("sans-serif", 14);
const FAINT: RGBColor = RGBColor(215, 215, 215);

/// A file for each workload, called after it.
pub(crate) fn draw(folder: &Path, cells: &[&Cell]) -> Drawn {
    let mut rest = cells;
    while let Some(first) = rest.first() {
        let name = &first.name;
        let same = rest.iter().take_while(|cell| cell.name == *name);
        let (group, others) = rest.split_at(same.count());
        rest = others;
        // Without the scale, so that the files keep their names.
        let stem = name.split('/').next().unwrap_or(name);
        let file = folder.join(format!("{stem}.svg"));
        let rows = first.entries.len() as u32;
        let (height, plot): (_, fn(&Area<'_>, &[&Cell]) -> Drawn) = match group {
            [_] | [_, _] => (130 + 30 * rows, points),
            _ => (540.max(100 + 20 * rows), curves),
        };
        let area = SVGBackend::new(&file, (WIDTH, height)).into_drawing_area();
        area.fill(&WHITE)?;
        let title = format!("{name}: time for each task, the median and the quartiles");
        let below = area
            .margin(10, 0, 0, 0)
            .titled(&title, ("sans-serif", 18))?;
        plot(&below, group)?;
        area.present()?;
    }
    Ok(())
}

/// From below the least to above the greatest quartile.
fn limits(cells: &[&Cell]) -> (f64, f64) {
    let entries = cells.iter().flat_map(|cell| &cell.entries);
    let (mut low, mut high) = (f64::MAX, f64::MIN_POSITIVE);
    for summary in entries.map(Entry::summary) {
        low = low.min(summary.lower_quartile);
        high = high.max(summary.upper_quartile);
    }
    (low * 0.9, high * 1.1)
}

fn workers(cell: &&Cell) -> f64 {
    cell.workers as f64
}

/// A line for each contender, with its name at the end.
fn curves(area: &Area<'_>, cells: &[&Cell]) -> Drawn {
    let names = &cells[0].entries;
    let (least, most) = (
        workers(&cells[0]),
        cells.iter().map(workers).fold(1.0, f64::max),
    );
    let (low, high) = limits(cells);
    let mut chart = ChartBuilder::on(area)
        .margin(12)
        .margin_right(165)
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d(
            (least * 0.85..most * 1.18)
                .log_scale()
                .with_key_points(cells.iter().map(workers).collect()),
            (low..high).log_scale().with_key_points(ticks(low, high)),
        )?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .label_style(FONT)
        .x_desc("workers")
        .y_desc("time, logarithmic")
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| label(*value))
        .draw()?;
    let mut ends = Vec::new();
    for (index, entry) in names.iter().enumerate() {
        let ink = Ink::of(entry);
        // Side by side, so that one contender's quartiles do not hide another's.
        let aside = 1.012_f64.powf(index as f64 - names.len() as f64 / 2.0);
        let at = |cell: &&Cell| {
            let summary = cell.entry(&entry.contender)?.summary();
            Some((workers(cell) * aside, summary))
        };
        let summaries: Vec<(f64, Summary)> = cells.iter().filter_map(at).collect();
        let mut line = summaries.iter().map(|(x, summary)| (*x, summary.median));
        let style = ink.colour.stroke_width(ink.width);
        if ink.is_again {
            chart.draw_series(DashedLineSeries::new(line.clone(), 6, 4, style))?;
        } else {
            chart.draw_series(LineSeries::new(line.clone(), style))?;
        }
        chart.draw_series(summaries.iter().map(|(x, summary)| {
            let quartiles = [(*x, summary.lower_quartile), (*x, summary.upper_quartile)];
            PathElement::new(quartiles, ink.colour)
        }))?;
        if let Some(last) = line.next_back() {
            let end = chart.plotting_area().map_coordinate(&last);
            ends.push((end, entry.contender.as_str(), ink));
        }
    }
    name_ends(area, ends)
}

/// Writes the names on the right, in the order in which the lines end, and as close as can be read.
fn name_ends(area: &Area<'_>, mut ends: Vec<((i32, i32), &str, Ink)>) -> Drawn {
    const LINE: i32 = 17;
    ends.sort_by_key(|((_, y), ..)| *y);
    let mut heights: Vec<i32> = ends.iter().map(|((_, y), ..)| *y).collect();
    for index in 1..heights.len() {
        heights[index] = heights[index].max(heights[index - 1] + LINE);
    }
    // Whoever was pushed out below pushes the others up.
    let (_, height) = area.dim_in_pixel();
    let top = area.get_base_pixel().1;
    let mut most = top + height as i32 - 60;
    for at in heights.iter_mut().rev() {
        *at = (*at).min(most);
        most = *at - LINE;
    }
    let left = WIDTH as i32 - 160;
    for (((x, y), name, ink), at) in ends.into_iter().zip(heights) {
        let on = |x: i32, y: i32| (x, y - top);
        let lead = [on(x, y), on(left - 6, at)];
        area.draw(&PathElement::new(lead, ink.colour.mix(0.4)))?;
        let middle = Pos::new(HPos::Left, VPos::Center);
        let style = FONT.into_font().color(&ink.colour).pos(middle);
        area.draw(&Text::new(name, on(left, at), style))?;
    }
    Ok(())
}

/// A row for each contender, the fastest on top; with two numbers of workers, two points in it.
fn points(area: &Area<'_>, cells: &[&Cell]) -> Drawn {
    const ROW: i32 = 100;
    let mut entries: Vec<&Entry> = cells[0].entries.iter().collect();
    let time = |entry: &Entry| {
        let of_cell = |cell: &&Cell| Some(cell.entry(&entry.contender)?.summary().median);
        geometric_mean(cells.iter().filter_map(of_cell))
    };
    entries.sort_by(|a, b| time(b).total_cmp(&time(a)));
    let (low, high) = limits(cells);
    let rows = entries.len() as i32 * ROW;
    let middles = (0..rows).step_by(ROW as usize).collect();
    let (key, area) = area.split_vertically(24);
    draw_key(&key, cells)?;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .margin_right(30)
        .x_label_area_size(40)
        .y_label_area_size(150)
        .build_cartesian_2d(
            (low..high).log_scale().with_key_points(ticks(low, high)),
            (-ROW / 2..rows - ROW / 2).with_key_points(middles),
        )?;
    chart
        .configure_mesh()
        .bold_line_style(FAINT)
        .label_style(FONT)
        .x_desc("time, logarithmic")
        .x_label_formatter(&|value| label(*value))
        .y_label_formatter(&|row| entries[(row / ROW) as usize].contender.clone())
        .draw()?;
    for (entry, middle) in entries.iter().zip((0..).step_by(ROW as usize)) {
        for (index, cell) in cells.iter().enumerate() {
            let Some(summary) = cell.entry(&entry.contender).map(Entry::summary) else {
                continue;
            };
            let row = middle + 17 * (cells.len() as i32 - 1 - 2 * index as i32);
            let ink = Ink::of(entry);
            let quartiles = [(summary.lower_quartile, row), (summary.upper_quartile, row)];
            let style = ink.colour.stroke_width(2);
            chart.draw_series([PathElement::new(quartiles, style)])?;
            let median = (summary.median, row);
            chart.draw_series([Circle::new(median, 5, mark(ink.colour, index))])?;
            chart.draw_series([Circle::new(median, 5, style)])?;
        }
    }
    Ok(())
}

/// What fills the point of a cell: the second one's is hollow.
fn mark(colour: RGBColor, cell: usize) -> ShapeStyle {
    if cell == 0 {
        colour.filled()
    } else {
        WHITE.filled()
    }
}

fn draw_key(area: &Area<'_>, cells: &[&Cell]) -> Drawn {
    let mut x = 170;
    for (index, cell) in cells.iter().enumerate() {
        area.draw(&Circle::new((x, 14), 5, mark(BLACK, index)))?;
        area.draw(&Circle::new((x, 14), 5, BLACK.stroke_width(2)))?;
        let text = format!("{} workers", cell.workers);
        let middle = Pos::new(HPos::Left, VPos::Center);
        let style = FONT.into_font().color(&BLACK).pos(middle);
        area.draw(&Text::new(text, (x + 12, 14), style))?;
        x += 130;
    }
    Ok(())
}
