//! Numbers in the text: recorded by an experiment, or counted.

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use crate::lines;
use crate::repository::Repository;

/// The lines of code of a crate or of a file.
pub(crate) fn lines(repository: &Repository, path: &str) -> Result<String> {
    let place = repository.path(path)?;
    let count = if place.is_dir() {
        lines::of_folder(&place.join("src"))
    } else {
        lines::of_file(&place)
    };
    let count = count.with_context(|| format!("{path} cannot be counted"))?;
    Ok(grouped(&count.to_string()))
}

/// A value of `results/NAME.json`.
pub(crate) fn value(repository: &Repository, name: &str, field: &str) -> Result<String> {
    let (text, file) = repository.recorded("results", name)?;
    let results: Value =
        serde_json::from_str(&text).with_context(|| format!("{file} is not valid JSON"))?;
    let mut value = &results;
    for key in field.split('.') {
        let inner = match value {
            Value::Array(values) => key.parse().ok().and_then(|at: usize| values.get(at)),
            _ => value.get(key),
        };
        value = inner.with_context(|| {
            let known: Vec<_> = value
                .as_object()
                .into_iter()
                .flat_map(|o| o.keys())
                .collect();
            format!("{file} has no `{field}`: `{key}` is not among {known:?}")
        })?;
    }
    readable(value).with_context(|| format!("`{field}` of {file}"))
}

/// A value as it stands in a sentence.
fn readable(value: &Value) -> Result<String> {
    match value {
        Value::Bool(value) => Ok(value.to_string()),
        // Braces are entities, so that nothing in the text is taken for a directive of mdBook.
        Value::String(text) => Ok(html_escape::encode_text(text).replace('{', "&#123;")),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => decimals(float),
            _ => Ok(grouped(&number.to_string())),
        },
        Value::Null => bail!("is null"),
        Value::Array(_) | Value::Object(_) => bail!("is not one value but several"),
    }
}

/// At most two decimals.
fn decimals(number: f64) -> Result<String> {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    ensure!(
        number == 0.0 || text.trim_start_matches('-') != "0",
        "{number} would be shown as 0: record it in a smaller unit"
    );
    Ok(grouped(text))
}

/// The digits before the decimal point in groups of three, with a narrow space that does not
/// break.
pub(crate) fn grouped(number: &str) -> String {
    let (whole, fraction) = match number.find('.') {
        Some(point) => number.split_at(point),
        None => (number, ""),
    };
    let (sign, digits) = match whole.strip_prefix('-') {
        Some(digits) => ("\u{2212}", digits),
        None => ("", whole),
    };
    let mut out = sign.to_owned();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            out.push('\u{202f}');
        }
        out.push(digit);
    }
    out + fraction
}
