//! The exhibits of the bug museum as parts of a page.

use std::fmt::Write;

use ::museum::{Exhibit, LAWS, Record, Search, Step, Stress};
use anyhow::{Context, Result, ensure};
use html_escape::encode_text;

use crate::excerpt::fenced;
use crate::repository::Repository;
use crate::{figure, finding, words};

/// All exhibits of a version, each as a section.
pub(crate) fn room(repository: &Repository, version: &str) -> Result<String> {
    let exhibits = Exhibit::all(repository.root())?.into_iter();
    let sections = exhibits
        .filter(|exhibit| exhibit.version == version)
        .map(|exhibit| section(repository, &exhibit))
        .collect::<Result<Vec<_>>>()?;
    ensure!(!sections.is_empty(), "{version} has no exhibits");
    Ok(sections.join("\n\n"))
}

/// One exhibit as a section.
pub(crate) fn exhibit(repository: &Repository, name: &str) -> Result<String> {
    section(repository, &Exhibit::named(repository.root(), name)?)
}

/// The patch of one exhibit.
pub(crate) fn patch(repository: &Repository, name: &str) -> Result<String> {
    fenced("diff", &Exhibit::named(repository.root(), name)?.patch)
}

/// All exhibits as a table. `rooms` is where the pages of the versions are, with `VERSION` for the
/// version's folder.
pub(crate) fn index(repository: &Repository, rooms: &str) -> Result<String> {
    let mut table = String::from(
        "| planted bug | breaks | noticed by the laws | searched | repeated on threads |\n\
         |---|---|---|---:|---:|\n",
    );
    for exhibit in Exhibit::all(repository.root())? {
        let record = Record::read(repository.root(), &exhibit.name)?;
        writeln!(
            table,
            "| [{}]({}#{}) | {} | {} | {} | {} |",
            exhibit.title,
            rooms.replace("VERSION", &exhibit.version),
            exhibit.name,
            law(&exhibit)?,
            match &record.laws {
                Some(laws) if laws.caught => format!("yes, {}", seconds(laws.seconds)),
                Some(_) => "no".to_owned(),
                None => String::new(),
            },
            record.search.as_ref().map_or("no race".into(), |search| {
                format!(
                    "{}, {}",
                    seconds(search.median()),
                    counted(search.median_schedule(), "schedule")
                )
            }),
            record.stress.as_ref().map_or(String::new(), repeated),
        )?;
    }
    Ok(table)
}

/// How long each takes to find, as a figure.
pub(crate) fn findings(repository: &Repository) -> Result<String> {
    let exhibits = Exhibit::all(repository.root())?.into_iter().map(|exhibit| {
        let record = Record::read(repository.root(), &exhibit.name)?;
        Ok((exhibit, record))
    });
    let findings = finding::findings(exhibits.collect::<Result<_>>()?);
    Ok(figure::found(&findings))
}

fn section(repository: &Repository, exhibit: &Exhibit) -> Result<String> {
    let record = Record::read(repository.root(), &exhibit.name)?;
    let mut text = format!(
        "## {} {{#{}}}\n\nPlanted in `{}`. It breaks {}.\n\n{}\n\n{}\n\n",
        exhibit.title,
        exhibit.name,
        exhibit.version,
        law(exhibit)?,
        exhibit.story,
        fenced("diff", &exhibit.patch)?,
    );
    text.push_str("Who had it:\n\n");
    for wild in &exhibit.wild {
        writeln!(text, "- {wild}")?;
    }
    text.push_str("\nWhat catches it:\n\n| test | fails after |\n|---|---:|\n");
    for (catcher, catch) in exhibit.catchers.iter().zip(&record.catches) {
        let after = match catch.schedule {
            Some(schedule) => format!("{}, schedule {schedule}", seconds(catch.seconds)),
            None => seconds(catch.seconds),
        };
        let (_, target, name) = catcher.target(&exhibit.version, repository.root());
        writeln!(text, "| `{target}` `{name}` | {after} |")?;
    }
    if let (Some(search), Some(stress)) = (&record.search, &record.stress) {
        writeln!(
            text,
            "\nNew searches through the schedules of `{}` find it {}. The same scenario, repeated on real threads: {}.",
            search.model,
            searched(search),
            repeated(stress),
        )?;
    }
    if !record.schedule.is_empty() {
        text.push('\n');
        text.push_str(&schedule(&record));
    }
    writeln!(text, "\nTo repeat it: `cargo museum {}`.", exhibit.name)?;
    Ok(text)
}

/// The law that an exhibit breaks, with its number.
fn law(exhibit: &Exhibit) -> Result<String> {
    let place = LAWS.iter().position(|(law, _)| *law == exhibit.breaks);
    let number = place.context("there is no such law")? + 1;
    Ok(format!(
        "law {number}, *{}*",
        exhibit.breaks.replace('_', " ")
    ))
}

fn searched(search: &Search) -> String {
    let times = search.sorted();
    format!(
        "in {} ({}; the slowest of {} took {})",
        seconds(search.median()),
        counted(search.median_schedule(), "schedule"),
        times.len(),
        times.last().copied().map(seconds).unwrap_or_default(),
    )
}

fn repeated(stress: &Stress) -> String {
    match stress.caught {
        Some(time) => format!("{}, {}", seconds(time), counted(stress.rounds, "round")),
        None => format!(
            "not in {} s, {}",
            stress.seconds,
            counted(stress.rounds, "round")
        ),
    }
}

fn counted(count: usize, what: &str) -> String {
    words::counted(count as u64, what)
}

/// Two digits, since nobody should believe more of them.
fn seconds(seconds: f64) -> String {
    match seconds {
        ..0.005 => "at once".to_owned(),
        ..0.095 => format!("{seconds:.2} s"),
        ..9.5 => format!("{seconds:.1} s"),
        _ => format!("{seconds:.0} s"),
    }
}

/// The schedule as a table with a column for each thread: time goes down, and one row is what a
/// thread does until another goes on.
fn schedule(record: &Record) -> String {
    let mut threads: Vec<String> = Vec::new();
    for step in &record.schedule {
        if !threads.contains(&step.called()) {
            threads.push(step.called());
        }
    }
    let legs: Vec<&[Step]> = record
        .schedule
        .chunk_by(|step, next| step.thread == next.thread)
        .collect();
    let heads: String = threads
        .iter()
        .map(|thread| format!("<th>{}</th>", encode_text(thread)))
        .collect();
    let mut rows = String::new();
    for leg in &legs {
        rows.push_str("<tr>");
        for thread in &threads {
            let here = leg[0].called() == *thread;
            let cell: String = if here {
                leg.iter().map(row).collect()
            } else {
                String::new()
            };
            rows.push_str("<td>");
            rows.push_str(&cell);
            rows.push_str("</td>");
        }
        rows.push_str("</tr>");
    }
    let before = match record.left_out {
        0 => String::new(),
        1 => " One step goes before.".to_owned(),
        steps => format!(" {steps} steps go before."),
    };
    format!(
        "<details class=\"schedule\"><summary>A schedule on which the model fails: its last {}, with {}</summary><p>Time goes down, and each thread has a column. A row is what one thread does until \
         another goes on.{before}</p><div class=\"scroll\"><table><thead><tr>{heads}</tr></thead>\
         <tbody>{rows}</tbody></table></div><p>Then: {}.</p></details>\n",
        counted(record.schedule.len(), "step"),
        words::counted_as(legs.len() as u64 - 1, "switch", "switches"),
        encode_text(&record.ending).replace('{', "&#123;"),
    )
}

fn row(step: &Step) -> String {
    let times = match step.times {
        1 => String::new(),
        times => format!(" ({times} times)"),
    };
    let file = step.place.rsplit('/').next().unwrap_or_default();
    // Braces are entities, so that nothing is taken for a directive of mdBook.
    let code = encode_text(&step.code).replace('{', "&#123;");
    let code = match &*code {
        "" => code,
        _ => format!(" <code>{code}</code>"),
    };
    format!(
        "<div><b>{}{times}</b> <span>{}</span>{code}</div>",
        encode_text(&step.what),
        encode_text(file),
    )
}
