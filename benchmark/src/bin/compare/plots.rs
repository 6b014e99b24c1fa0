//! The plots: a curve over the number of workers where there are several, else a row of points.

use std::error::Error;
use std::path::Path;

use plotters::coord::Shift;
use plotters::prelude::*;

use crate::heat::Heat;
use crate::table::digits;

type Area<'svg> = DrawingArea<SVGBackend<'svg>, Shift>;
type Drawn = Result<(), Box<dyn Error>>;

/// A file for each workload, called after it.
pub(crate) fn draw(folder: &Path, heats: &[Heat]) -> Drawn {
    let mut rest = heats;
    while let Some(first) = rest.first() {
        let name = &first.workload.name;
        let same = rest.iter().take_while(|heat| heat.workload.name == *name);
        let (group, others) = rest.split_at(same.count());
        rest = others;
        // Without the scale, so that the files keep their names.
        let stem = name.split('/').next().unwrap_or(name);
        let file = folder.join(format!("{stem}.svg"));
        let area = SVGBackend::new(&file, (960, 540)).into_drawing_area();
        area.fill(&WHITE)?;
        match group {
            [heat] => points(&area, heat)?,
            heats => curves(&area, heats)?,
        }
        area.present()?;
    }
    Ok(())
}

/// The same colour for a contender in every plot of a run.
fn colour(index: usize) -> RGBColor {
    let (red, green, blue) = Palette99::pick(index).rgb();
    RGBColor(red, green, blue)
}

/// From below the least to above the greatest quartile. The scale is logarithmic, since a thread for
/// each task would else leave a line for all others.
fn limits(heats: &[Heat]) -> (f64, f64) {
    let entries = heats.iter().flat_map(|heat| &heat.entries);
    let (mut low, mut high) = (f64::MAX, f64::MIN_POSITIVE);
    for summary in entries.map(crate::heat::Entry::summary) {
        low = low.min(summary.lower_quartile);
        high = high.max(summary.upper_quartile);
    }
    (low * 0.8, high * 1.25)
}

fn curves(area: &Area<'_>, heats: &[Heat]) -> Drawn {
    let first = &heats[0];
    let workers = |heat: &Heat| heat.workload.workers as f64;
    let most = heats.iter().map(workers).fold(1.0, f64::max);
    let (low, high) = limits(heats);
    // Room for the names on the right.
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: time for each task", first.workload.name), 20)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(80)
        .build_cartesian_2d(
            (0.9..most * 2.5).log_scale().base(2.0),
            (low..high).log_scale(),
        )?;
    chart
        .configure_mesh()
        .x_desc("workers")
        .y_desc("nanoseconds")
        .x_label_formatter(&|value| format!("{value:.0}"))
        .y_label_formatter(&|value| digits(*value))
        .draw()?;
    for (index, entry) in first.entries.iter().enumerate() {
        let colour = colour(index);
        let summaries = heats.iter().filter_map(|heat| {
            let summary = heat.entry(&entry.name)?.summary();
            Some((workers(heat), summary))
        });
        let summaries: Vec<_> = summaries.collect();
        let line = summaries.iter().map(|(x, summary)| (*x, summary.median));
        chart
            .draw_series(LineSeries::new(line, colour.stroke_width(2)))?
            .label(&entry.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart.draw_series(summaries.iter().map(|(x, summary)| {
            let quartiles = [(*x, summary.lower_quartile), (*x, summary.upper_quartile)];
            PathElement::new(quartiles, colour)
        }))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.8))
        .border_style(BLACK.mix(0.3))
        .draw()?;
    Ok(())
}

fn points(area: &Area<'_>, heat: &Heat) -> Drawn {
    let mut entries: Vec<_> = heat.entries.iter().enumerate().collect();
    // The fastest on top, as in the table.
    entries.sort_by(|(_, a), (_, b)| b.summary().median.total_cmp(&a.summary().median));
    let (low, high) = limits(std::slice::from_ref(heat));
    let names: Vec<_> = entries
        .iter()
        .map(|(_, entry)| entry.name.clone())
        .collect();
    let rows = entries.len() as f64;
    let mut chart = ChartBuilder::on(area)
        .caption(format!("{}: time for each task", heat.workload), 20)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(150)
        .build_cartesian_2d((low..high).log_scale().base(2.0), -0.5..rows - 0.5)?;
    let name = |row: &f64| {
        let whole = row.fract().abs() < 1e-9 && *row >= 0.0;
        let name = whole.then(|| names.get(*row as usize)).flatten();
        name.cloned().unwrap_or_default()
    };
    chart
        .configure_mesh()
        .disable_y_mesh()
        .y_labels(names.len() * 2)
        .x_desc("nanoseconds: the median, and the quartiles")
        .x_label_formatter(&|value| digits(*value))
        .y_label_formatter(&name)
        .draw()?;
    for (row, (index, entry)) in entries.into_iter().enumerate() {
        let (row, colour, summary) = (row as f64, colour(index), entry.summary());
        let quartiles = [(summary.lower_quartile, row), (summary.upper_quartile, row)];
        chart.draw_series([PathElement::new(quartiles, colour.stroke_width(3))])?;
        chart.draw_series([Circle::new((summary.median, row), 5, colour.filled())])?;
    }
    Ok(())
}
