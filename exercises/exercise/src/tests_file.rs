//! The tests of an exercise: functions of its `tests.rs`, each with a comment that says what it
//! asks for.

use std::fs;

use anyhow::{Context, Result};

use crate::Exercise;

/// A test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Test {
    /// Of its function.
    pub name: String,
    /// What it asks for.
    pub says: String,
}

impl Test {
    /// Those of an exercise, in their order.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or says nothing of a test that is in its list.
    pub fn all(exercise: &Exercise) -> Result<Vec<Test>> {
        let file = exercise.folder().join("tests.rs");
        let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
        in_text(&text).with_context(|| file.display().to_string())
    }
}

fn in_text(text: &str) -> Result<Vec<Test>> {
    let (code, list) = text
        .rsplit_once("laws! {")
        .context("it does not end with `laws!`")?;
    let names = list.split(['\n', ',', '}']).map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    let of_name = |name: &str| {
        let (before, _) = code
            .split_once(&format!("\nfn {name}() {{"))
            .with_context(|| format!("there is no `fn {name}()`"))?;
        let comment = before
            .lines()
            .rev()
            .map_while(|line| line.strip_prefix("///"));
        let mut comment: Vec<&str> = comment.map(str::trim).collect();
        comment.reverse();
        let says = comment.join(" ");
        anyhow::ensure!(!says.is_empty(), "`{name}` does not say what it asks for");
        let name = name.to_owned();
        Ok(Test { name, says })
    };
    names.map(of_name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_says_what_it_asks_for() {
        let text =
            "/// It\n/// ends.\nfn ends() {\n}\n\nfn silent() {\n}\n\nlaws! {\n    ends,\n}\n";
        let says = "It ends.".to_owned();
        let name = "ends".to_owned();
        assert_eq!(in_text(text).unwrap(), [Test { name, says }]);
        let error = in_text(&text.replace("    ends,", "    silent,")).unwrap_err();
        assert!(error.to_string().contains("`silent`"), "{error}");
    }
}
