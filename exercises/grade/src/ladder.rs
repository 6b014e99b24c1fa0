//! All stages of a pool, and what came of each law.

use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc;
use std::thread;

use anyhow::{Error, Result};

use crate::compiler::{Built, Compiled};
use crate::run::{self, Verdict};
use crate::stages::{self, Law, Stage};
use crate::{Package, Who};

/// Laws that wait do not use a core, so more of them run at once than there are cores.
const AT_ONCE: usize = 8;

/// See the module.
#[derive(Debug)]
pub struct Ladder {
    /// The stages that were graded, the first in front.
    pub rungs: Vec<Rung>,
    /// What the compiler says of the pool itself, if it does not compile. Then there are no rungs.
    pub does_not_compile: Option<String>,
}

/// A stage.
#[derive(Debug)]
pub struct Rung {
    /// Which one.
    pub stage: &'static Stage,
    /// What its laws were compiled to.
    pub built: Built,
    /// What came of the laws that were asked, in their order. Of a stage that does not compile
    /// there are none.
    pub verdicts: Vec<(&'static Law, Verdict)>,
}

impl Rung {
    /// Whether all laws that were asked were kept.
    #[must_use]
    pub fn is_climbed(&self) -> bool {
        let kept = |(_, verdict): &(&Law, Verdict)| *verdict == Verdict::Kept;
        matches!(self.built, Built::Program(_)) && self.verdicts.iter().all(kept)
    }
}

impl Ladder {
    /// Grades a pool: all stages or one, all laws or one. Each rung is shown as soon as it and all
    /// before it are known.
    ///
    /// # Errors
    ///
    /// If cargo cannot be run, or a process cannot be started.
    pub fn of(
        who: &Who,
        stage: Option<usize>,
        law: Option<&str>,
        mut show: impl FnMut(&Rung),
    ) -> Result<Ladder> {
        let is_asked = |one: &&Law| law.is_none_or(|name| one.name == name);
        let chosen = stages::ALL.into_iter().filter(|one| {
            stage.is_none_or(|number| one.number == number) && one.laws.iter().any(|l| is_asked(&l))
        });
        let chosen: Vec<&'static Stage> = chosen.collect();
        let package = Package::of(who)?;
        let numbers: Vec<usize> = chosen.iter().map(|stage| stage.number).collect();
        let mut built = match Compiled::from(&package, &numbers)? {
            Compiled::Stages(built) => built,
            Compiled::Nothing(text) => {
                return Ok(Ladder {
                    rungs: Vec::new(),
                    does_not_compile: Some(text),
                });
            }
        };
        let mut rungs: Vec<Rung> = Vec::new();
        let mut left: Vec<Vec<Option<Verdict>>> = Vec::new();
        let mut jobs = Vec::new();
        let mut incomplete = None;
        for stage in chosen {
            let Some(mut built) = built.remove(&stage.number) else {
                continue;
            };
            match (&built, incomplete) {
                // Whoever is at stage 2 has no use for what stage 6 finds.
                (_, Some(earlier)) if !who.is_everybodys() => built = Built::Later(earlier),
                (Built::Program(_), _) => {}
                _ => incomplete = Some(stage.number),
            }
            let laws = match &built {
                Built::Program(program) => {
                    let laws: Vec<&'static Law> = stage.laws.iter().filter(is_asked).collect();
                    for (at, law) in laws.iter().enumerate() {
                        jobs.push((rungs.len(), at, program.clone(), *law));
                    }
                    laws
                }
                _ => Vec::new(),
            };
            left.push(vec![None; laws.len()]);
            rungs.push(Rung {
                stage,
                built,
                verdicts: Vec::new(),
            });
        }
        let asked = jobs.clone();
        let mut shown = 0;
        for_each(&jobs, &package.reports(), |number, verdict| {
            let (rung, at, ..) = &asked[number];
            left[*rung][*at] = Some(verdict);
            while shown < rungs.len() && left[shown].iter().all(Option::is_some) {
                let laws = asked.iter().filter(|(of, ..)| *of == shown);
                let verdicts = left[shown].iter_mut().filter_map(Option::take);
                rungs[shown].verdicts = laws.map(|(.., law)| *law).zip(verdicts).collect();
                left[shown].clear();
                show(&rungs[shown]);
                shown += 1;
            }
        })?;
        rungs[shown..].iter().for_each(&mut show);
        Ok(Ladder {
            rungs,
            does_not_compile: None,
        })
    }

    /// The first stage that is not climbed.
    #[must_use]
    pub fn next(&self) -> Option<&Rung> {
        self.rungs.iter().find(|rung| !rung.is_climbed())
    }

    /// The first law that is not kept, unless it could not be asked.
    #[must_use]
    pub fn first_failing(&self) -> Option<(&'static Law, &Verdict)> {
        let (law, verdict) = self
            .next()?
            .verdicts
            .iter()
            .find(|(_, verdict)| *verdict != Verdict::Kept)?;
        Some((law, verdict))
    }
}

type Job = (usize, usize, PathBuf, &'static Law);

/// Runs all laws, several at once, and tells of each as soon as it is over.
fn for_each(
    jobs: &[Job],
    reports: &std::path::Path,
    mut tell: impl FnMut(usize, Verdict),
) -> Result<()> {
    let next = AtomicUsize::new(0);
    let (send, results) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(jobs.len()) {
            let (next, send) = (&next, send.clone());
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Relaxed);
                    let Some((_, _, program, law)) = jobs.get(number) else {
                        return;
                    };
                    let verdict = run::law(program, law.name, reports);
                    if send.send((number, verdict)).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        for (number, verdict) in results {
            tell(number, verdict?);
        }
        Ok::<(), Error>(())
    })
}
