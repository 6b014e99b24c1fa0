//! Text of a file as a block of a page, shown as it is.

use std::borrow::Cow;

use anyhow::{Result, ensure};

use crate::directive::MDBOOK;
use crate::repository::Repository;
use crate::source;

/// A whole file.
pub(crate) fn file(repository: &Repository, root: &str, path: &str) -> Result<String> {
    let text = repository.read(path)?;
    let language = match path.rsplit_once('.') {
        Some((_, "rs")) => "rust,ignore",
        Some((_, extension)) => extension,
        None => "text",
    };
    let from = format!("<code>{}</code>", html_escape::encode_text(path));
    let address = source::address(repository, root, path)?;
    Ok(format!(
        "{}\n\n{}",
        caption(&from, address.as_deref()),
        fenced(language, &text)?
    ))
}

/// The line above an excerpt that says where it comes from, and links to it if it has a page.
pub(crate) fn caption(html: &str, address: Option<&str>) -> String {
    match address {
        Some(address) => format!("<p class=\"source\"><a href=\"{address}\">{html}</a></p>"),
        None => format!("<p class=\"source\">{html}</p>"),
    }
}

/// A code block that shows the text as it is, whatever Markdown or mdBook would make of it.
pub(crate) fn fenced(info: &str, text: &str) -> Result<String> {
    let longest = text
        .lines()
        .map(str::trim_start)
        .map(|line| line.len() - line.trim_start_matches('`').len())
        .max();
    let fence = "`".repeat(3.max(longest.unwrap_or(0) + 1));
    let mut block = format!("{fence}{info}\n");
    for line in text.trim_end().lines() {
        let line = plain_for_mdbook(line)?;
        let line = if info.starts_with("rust") {
            unhidden(&line)
        } else {
            line
        };
        block.push_str(&line);
        block.push('\n');
    }
    Ok(block + &fence)
}

/// mdBook expands its own directives in code as well, after us. With a backslash it leaves
/// everything alone from there to the last `}}` of the line, and takes the backslash away.
fn plain_for_mdbook(line: &str) -> Result<Cow<'_, str>> {
    let mut rest = line;
    let mut escaped = Cow::Borrowed(line);
    if let Some(open) = line.find("{{#")
        && let Some(close) = line.rfind("}}").filter(|&close| close > open)
    {
        escaped = format!("{}\\{}", &line[..open], &line[open..]).into();
        rest = &line[close..];
    }
    let expanded = rest.match_indices("{{").any(|(at, braces)| {
        let inside = rest[at + braces.len()..].trim_start().strip_prefix('#');
        inside.is_some_and(|inside| MDBOOK.iter().any(|name| inside.starts_with(name)))
    });
    ensure!(
        !expanded,
        "mdBook would expand a part of this line, and it cannot be told not to: {line}"
    );
    Ok(escaped)
}

/// mdBook hides lines of Rust that begin with a lone `#`, and takes one away where there are two.
fn unhidden<'line>(line: &Cow<'line, str>) -> Cow<'line, str> {
    let code = line.trim_start();
    match code.strip_prefix('#').map(|after| after.chars().next()) {
        Some(None | Some(' ' | '#')) => {
            let indent = &line[..line.len() - code.len()];
            format!("{indent}#{code}").into()
        }
        _ => line.clone(),
    }
}
