//! The stages, and their laws.
//!
//! What a law observes is in `exercises/laws`; here is what it says, what it usually means when it
//! is broken, and where that is explained.

mod beginning;
mod later;

/// A stage: something to build, and the laws that ask for it.
#[derive(Debug)]
pub struct Stage {
    /// From 1 on.
    pub number: usize,
    /// What is built.
    pub title: &'static str,
    /// Its page, in `book/src`.
    pub page: &'static str,
    /// The version that has all of it.
    pub version: usize,
    /// Each a function of the file of the stage.
    pub laws: &'static [Law],
}

/// A law.
#[derive(Debug, PartialEq, Eq)]
pub struct Law {
    /// Of its function.
    pub name: &'static str,
    /// What it asks for.
    pub says: &'static str,
    /// What it usually means that it is broken.
    pub means: &'static str,
    /// The chapter that explains it, in `book/src`.
    pub chapter: &'static str,
}

/// All stages, in their order.
pub static ALL: [&Stage; 10] = [
    &beginning::THREADS_AND_A_QUEUE,
    &beginning::HANDING_BACK,
    &beginning::BACK_PRESSURE,
    &beginning::WAITING,
    &beginning::SHUTTING_DOWN,
    &later::PANIC,
    &later::CANCEL,
    &later::GROW,
    &later::QUEUES,
    &later::RESULTS,
];

/// A law by its name, and its stage.
#[must_use]
pub fn law(name: &str) -> Option<(&'static Stage, &'static Law)> {
    ALL.into_iter().find_map(|stage| {
        let law = stage.laws.iter().find(|law| law.name == name)?;
        Some((stage, law))
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;

    use super::*;
    use crate::{exercises, repository};

    #[test]
    fn stages_are_in_their_order_and_laws_have_names_of_their_own() {
        let mut names = HashSet::new();
        for (stage, number) in ALL.iter().zip(1..) {
            assert_eq!(stage.number, number);
            assert!(stage.laws.iter().all(|law| names.insert(law.name)));
        }
    }

    #[test]
    fn each_law_is_in_the_file_of_its_stage_and_the_other_way_round() {
        for stage in ALL {
            let file = format!("laws/stages/stage_{}.rs", stage.number);
            let text = fs::read_to_string(exercises().join(file)).unwrap();
            let (_, list) = text.split_once("laws! {").unwrap();
            let list = list.split(['\n', ',', '}']).map(str::trim);
            let list: Vec<&str> = list.filter(|name| !name.is_empty()).collect();
            let known: Vec<&str> = stage.laws.iter().map(|law| law.name).collect();
            assert_eq!(list, known, "stage {}", stage.number);
        }
    }

    #[test]
    fn chapters_are_there() {
        for stage in ALL {
            for law in stage.laws {
                let (file, section) = law.chapter.split_once('#').unwrap_or((law.chapter, ""));
                let text = fs::read_to_string(repository().join("book/src").join(file));
                let text = text.unwrap_or_else(|_| panic!("{file}"));
                let heading = format!("{{#{section}}}");
                assert!(
                    section.is_empty() || text.contains(&heading),
                    "{}",
                    law.chapter
                );
            }
        }
    }
}
