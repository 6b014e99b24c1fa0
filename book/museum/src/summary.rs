//! What all records come to, for the sentences of the book.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};

use crate::{Exhibit, Record};

/// Counts and times over all exhibits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// All planted bugs.
    pub bugs: usize,
    /// Those that a model catches: they have been searched for, and repeated on threads.
    pub searched: usize,
    /// The slowest of all searches, in seconds.
    pub slowest_search: f64,
    /// The middle one of all searches, in seconds.
    pub median_search: f64,
    /// For how long each scenario was repeated at most, in seconds.
    pub repeated_for: u64,
    /// The bugs that every search has found on its first schedule: any order will do.
    pub no_race: usize,
    /// The bugs that repetition has found in the first round.
    pub found_at_once: usize,
    /// The bugs that repetition has found later.
    pub found_later: usize,
    /// The slowest of these, in seconds.
    pub slowest_found: f64,
    /// The bugs that repetition has not found.
    pub missed: usize,
    /// The rounds that were run in vain.
    pub rounds_in_vain: usize,
    /// The bugs that the laws notice, all of them together, on real threads.
    pub laws_notice: usize,
    /// Those that they do not notice.
    pub laws_miss: usize,
    /// The bugs that have been searched for, by the names of the exhibits.
    pub bug: BTreeMap<String, Numbers>,
}

/// What was seen of one bug.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// The schedule on which the middle one of the searches failed.
    pub schedules: usize,
    /// How long the middle one took, in seconds.
    pub searched: f64,
    /// What came of repeating the scenario on real threads, in words.
    pub repeated: String,
}

impl Summary {
    fn path(repository: &Path) -> PathBuf {
        repository.join("book/results/bug-museum.json")
    }

    /// Of the records as they are.
    ///
    /// # Errors
    ///
    /// If one cannot be read.
    pub fn of_records(repository: &Path) -> Result<Summary> {
        let exhibits = Exhibit::all(repository)?;
        let records = exhibits
            .iter()
            .map(|exhibit| Record::read(repository, &exhibit.name));
        let records = records.collect::<Result<Vec<Record>>>()?;
        let searches = records.iter().filter_map(|record| record.search.as_ref());
        let loops = records.iter().filter_map(|record| record.stress.as_ref());
        let mut times: Vec<f64> = searches
            .clone()
            .flat_map(|search| search.seconds.clone())
            .collect();
        times.sort_by(f64::total_cmp);
        let found = loops.clone().filter(|stress| stress.caught.is_some());
        let at_once = found.clone().filter(|stress| stress.rounds == 1).count();
        let slowest = loops.clone().filter_map(|stress| stress.caught);
        let missed = loops.clone().filter(|stress| stress.caught.is_none());
        let bug = exhibits
            .iter()
            .zip(&records)
            .filter_map(|(exhibit, record)| {
                let search = record.search.as_ref()?;
                let numbers = Numbers {
                    schedules: search.median_schedule(),
                    searched: search.median(),
                    repeated: record.stress.as_ref()?.in_words(),
                };
                Some((exhibit.name.clone(), numbers))
            });
        let laws = records.iter().filter_map(|record| record.laws.as_ref());
        let laws_notice = laws.clone().filter(|laws| laws.caught).count();
        let no_race = searches
            .clone()
            .filter(|search| search.schedules.iter().all(|&at| at == 1));
        Ok(Summary {
            no_race: no_race.count(),
            laws_miss: laws.count() - laws_notice,
            laws_notice,
            bug: bug.collect(),
            bugs: exhibits.len(),
            searched: searches.count(),
            slowest_search: times.last().copied().unwrap_or_default(),
            median_search: times.get(times.len() / 2).copied().unwrap_or_default(),
            repeated_for: loops.map(|stress| stress.seconds).max().unwrap_or_default(),
            found_at_once: at_once,
            found_later: found.count() - at_once,
            slowest_found: slowest.fold(0.0, f64::max),
            missed: missed.clone().count(),
            rounds_in_vain: missed.map(|stress| stress.rounds).sum(),
        })
    }

    /// As it was written.
    ///
    /// # Errors
    ///
    /// If it was not.
    pub fn read(repository: &Path) -> Result<Summary> {
        let path = Summary::path(repository);
        let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        Ok(serde_json::from_str(&text)?)
    }

    /// Keeps it for the book.
    ///
    /// # Errors
    ///
    /// If it cannot be written.
    pub fn write(&self, repository: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self)? + "\n";
        Ok(fs::write(Summary::path(repository), text)?)
    }
}
