//! The search of the pages, without a browser: as much of `elasticlunr.min.js` as mdBook uses.
//! `search.mjs` asks that script itself, and a test compares the two.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use elasticlunr::{Language, lang::English};
use serde_json::{Map, Value};

/// A section by its number in the index.
type Section = usize;

/// What `searchindex.js` holds: the index, the options to search it with, the addresses.
pub(crate) struct Index(Value);

/// The file of the pages with such a beginning and ending. In between there is a hash.
pub(crate) fn asset(pages: &Path, beginning: &str, ending: &str) -> PathBuf {
    let files = fs::read_dir(pages)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut found = files.filter(|path| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(beginning) && name.ends_with(ending)
    });
    found.next().unwrap()
}

impl Index {
    pub(crate) fn of(pages: &Path) -> Index {
        let script = fs::read_to_string(asset(pages, "searchindex-", ".js")).unwrap();
        let (_, string) = script.split_once("JSON.parse('").unwrap();
        let (string, _) = string.rsplit_once("'));").unwrap();
        let json = string.replace("\\'", "'").replace("\\\\", "\\");
        Index(serde_json::from_str(&json).unwrap())
    }

    /// The address and the heading of each section, in the order of the book.
    pub(crate) fn sections(&self) -> Vec<(&str, &str)> {
        let sections = 0..self.documents().len();
        let heading = |section: Section| &self.documents()[&section.to_string()]["title"];
        sections
            .map(|section| (self.address(section), heading(section).as_str().unwrap()))
            .collect()
    }

    /// All that can be found, in small letters and with single spaces.
    pub(crate) fn text(&self) -> String {
        let documents = self.documents().values();
        let texts = documents.flat_map(|document| [&document["title"], &document["body"]]);
        let words = texts.flat_map(|text| text.as_str().unwrap().split_whitespace());
        words.collect::<Vec<_>>().join(" ").to_lowercase()
    }

    /// The addresses of the sections that are shown, the best first.
    pub(crate) fn search(&self, query: &str) -> Vec<&str> {
        let scored = self.scored(query).into_iter();
        scored.map(|(address, _)| address).collect()
    }

    /// The same, with their scores.
    pub(crate) fn scored(&self, query: &str) -> Vec<(&str, f64)> {
        let options = &self.0["search_options"];
        assert_eq!(options["bool"], "OR");
        assert_eq!(options["expand"], true);
        let tokens = tokens(query);
        let mut scores = BTreeMap::<Section, f64>::new();
        for (field, options) in map(&options["fields"]) {
            let boost = number(&options["boost"]);
            for (section, score) in self.search_field(field, &tokens) {
                *scores.entry(section).or_default() += score * boost;
            }
        }
        let mut found: Vec<_> = scores.into_iter().collect();
        found.sort_by(|(_, one), (_, other)| other.total_cmp(one));
        let limit = number(&self.0["results_options"]["limit_results"]) as usize;
        let shown = found.into_iter().take(limit);
        let addressed = |(section, score)| (self.address(section), score);
        shown.map(addressed).collect()
    }

    fn search_field(&self, field: &str, tokens: &[String]) -> BTreeMap<Section, f64> {
        let index = &self.0["index"];
        let lengths = &index["documentStore"]["docInfo"];
        let mut scores = BTreeMap::<Section, f64>::new();
        // How many of the words a section has as they are, and not as the beginning of a longer
        // one.
        let mut exact = BTreeMap::<Section, usize>::new();
        for token in tokens {
            for (word, documents) in beginning_with(token, &index["index"][field]["root"]) {
                let all = self.documents().len() as f64;
                let rarity = 1.0 + (all / (documents.len() as f64 + 1.0)).ln();
                let length = word.chars().count() as f64;
                let more = length - token.chars().count() as f64;
                let penalty = if more == 0.0 {
                    1.0
                } else {
                    0.15 * (1.0 - more / length)
                };
                for (section, document) in documents {
                    let brevity = 1.0 / number(&lengths[section][field]).sqrt();
                    let score = number(&document["tf"]) * rarity * brevity * penalty;
                    let section = section.parse().unwrap();
                    *scores.entry(section).or_default() += score;
                    *exact.entry(section).or_default() += usize::from(more == 0.0);
                }
            }
        }
        for (section, score) in &mut scores {
            if exact[section] > 0 {
                *score = *score * exact[section] as f64 / tokens.len() as f64;
            }
        }
        scores
    }

    fn documents(&self) -> &Map<String, Value> {
        map(&self.0["index"]["documentStore"]["docs"])
    }

    fn address(&self, section: Section) -> &str {
        self.0["doc_urls"][section].as_str().unwrap()
    }
}

/// The words of a query as they stand in the index: without those that say nothing, and without
/// endings.
fn tokens(query: &str) -> Vec<String> {
    let words = query.split(|c: char| c.is_whitespace() || c == '-');
    let words = words.map(str::to_lowercase).filter(|word| !word.is_empty());
    English::new().make_pipeline().run(words.collect())
}

/// The words that begin with this one, itself included, each with the documents that have it. Below
/// the root, each step of the tree is a letter.
fn beginning_with<'a>(word: &str, root: &'a Value) -> Vec<(String, &'a Map<String, Value>)> {
    let mut letters = word.chars().map(String::from);
    let mut found = Vec::new();
    if let Some(node) = letters.try_fold(root, |node, letter| node.get(letter)) {
        gather(word, map(node), &mut found);
    }
    found
}

fn gather<'a>(
    word: &str,
    node: &'a Map<String, Value>,
    found: &mut Vec<(String, &'a Map<String, Value>)>,
) {
    let documents = map(&node["docs"]);
    if !documents.is_empty() {
        found.push((word.to_owned(), documents));
    }
    for (letter, node) in node {
        if letter != "docs" && letter != "df" {
            gather(&format!("{word}{letter}"), map(node), found);
        }
    }
}

fn map(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}
