//! The hints to a law: they are in the page of its stage, folded, and here they are told one by
//! one.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::stages::{Law, Stage};
use crate::{Who, repository, workshop};

/// The hints to a law.
#[derive(Debug)]
pub struct Hints {
    all: Vec<String>,
    /// How many have been told.
    told: PathBuf,
}

impl Hints {
    /// Reads them.
    ///
    /// # Errors
    ///
    /// If the page is not there.
    pub fn to(law: &Law, stage: &Stage, who: &Who) -> Result<Hints> {
        let page = repository().join("book/src").join(stage.page);
        let text = fs::read_to_string(&page).with_context(|| page.display().to_string())?;
        let told = workshop().join(&who.name).join("hints");
        Ok(Hints {
            all: in_page(&text, law.name),
            told: told.join(law.name),
        })
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The next one and its number, from 1 on. When all have been told, it begins again.
    ///
    /// # Errors
    ///
    /// If it cannot be noted which one is next.
    pub fn next(&self) -> Result<Option<(usize, &str)>> {
        if self.all.is_empty() {
            return Ok(None);
        }
        let told = fs::read_to_string(&self.told).unwrap_or_default();
        let at = told.trim().parse::<usize>().unwrap_or(0) % self.all.len();
        if let Some(folder) = self.told.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&self.told, (at + 1).to_string())?;
        Ok(Some((at + 1, &self.all[at])))
    }
}

/// What is folded below the heading of a law.
fn in_page(text: &str, law: &str) -> Vec<String> {
    let heading = format!("### `{law}`");
    let lines = text.lines().skip_while(|line| !line.starts_with(&heading));
    let lines = lines.skip(1).take_while(|line| !line.starts_with('#'));
    let mut hints = Vec::new();
    let mut hint: Option<Vec<&str>> = None;
    for line in lines {
        if line.starts_with("<details") {
            hint = Some(Vec::new());
        } else if line.starts_with("</details>") {
            let lines = hint.take().unwrap_or_default();
            hints.push(lines.join("\n").trim().to_owned());
        } else if let Some(hint) = &mut hint
            && !line.starts_with("<summary>")
        {
            hint.push(line);
        }
    }
    hints
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::in_page;
    use crate::{repository, stages};

    #[test]
    fn a_page_has_each_law_in_its_words_and_hints_to_it() {
        for stage in stages::ALL {
            let page = repository().join("book/src").join(stage.page);
            let text = fs::read_to_string(page).unwrap();
            for law in stage.laws {
                assert!(text.contains(&format!("\n{}\n", law.says)), "{}", law.name);
                assert!(!in_page(&text, law.name).is_empty(), "{}", law.name);
            }
            let laws = text.lines().filter(|line| line.starts_with("### `"));
            assert_eq!(laws.count(), stage.laws.len(), "{}", stage.page);
        }
    }

    #[test]
    fn hints_belong_to_the_law_above_them() {
        let page = "## Hints\n\n### `a` {#a}\n\n<details>\n<summary>Hint 1</summary>\n\nOne.\n\n\
                    Two.\n\n</details>\n\n<details>\n<summary>Hint 2</summary>\n\nThree.\n\n\
                    </details>\n\n### `b`\n\n<details>\n<summary>Hint 1</summary>\n\nFour.\n\n\
                    </details>\n";
        assert_eq!(in_page(page, "a"), ["One.\n\nTwo.", "Three."]);
        assert_eq!(in_page(page, "b"), ["Four."]);
        assert_eq!(in_page(page, "c"), [""; 0]);
    }
}
