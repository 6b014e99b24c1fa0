//! The names of all tests, models and laws, as the sources have them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow, ensure};
use proc_macro2::{Delimiter, Group, Ident, TokenStream, TokenTree};
use walkdir::WalkDir;

use crate::exhibit::in_code;
use crate::{all_versions, folder, short, without_parents};

/// The folder in a version's own whose files are modules of one program. In `tests` itself each is
/// a program.
pub(crate) const TOGETHER: &str = "tests/all";

/// A function that is a test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Test {
    /// Its path in the file, or with the file's name in front.
    pub(crate) name: String,
    /// Whether it is ignored, and so left to `cargo deep`.
    pub(crate) deep: bool,
}

/// A file of tests that also runs on a later version.
#[derive(Debug)]
struct Later {
    /// The path in the repository.
    file: String,
    version: &'static str,
}

/// What there is to be held against the table.
#[derive(Debug)]
pub(crate) struct Sources {
    /// The laws of each version, without its name in front.
    laws: BTreeMap<&'static str, Vec<Test>>,
    /// The laws of what runs tasks in place, which is no version.
    in_place: Vec<Test>,
    /// The models of each topic.
    models: BTreeMap<String, Vec<String>>,
    /// The topics of each version.
    topics: BTreeMap<&'static str, Vec<String>>,
    /// The tests in each version's folder, as `file::name`.
    tests: BTreeMap<&'static str, Vec<Test>>,
    later: Vec<Later>,
}

impl Sources {
    pub(crate) fn read(repository: &Path) -> Result<Sources> {
        let laws = tokens_of(&repository.join("benchmark/tests/laws.rs"))?;
        let arms = arms(&laws)?;
        let mut sources = Sources {
            laws: BTreeMap::new(),
            in_place: Vec::new(),
            models: BTreeMap::new(),
            topics: BTreeMap::new(),
            tests: BTreeMap::new(),
            later: later(repository)?,
        };
        tests(laws.clone(), "", &mut sources.in_place);
        for test in &mut sources.in_place {
            test.name = test.name.replace("inline::", "");
        }
        let seen = sources.in_place.len() + arms.values().map(Vec::len).sum::<usize>();
        ensure!(
            seen == count_tests(laws.clone()),
            "benchmark/tests/laws.rs has tests that are neither in the macro nor in a module"
        );
        for path in files(&repository.join("model/scenarios"))? {
            let models = models(&tokens_of(&path)?);
            sources.models.insert(stem(&path), models);
        }
        for version in all_versions() {
            let short = short(version);
            let keeps = invocation(&laws, &in_code(version))?;
            let kept = keeps.iter().map(|arm| {
                arms.get(arm)
                    .with_context(|| format!("laws.rs has no {arm}"))
            });
            let kept = kept.collect::<Result<Vec<_>>>()?;
            sources
                .laws
                .insert(version, kept.into_iter().flatten().cloned().collect());
            let topics = tokens_of(&repository.join(format!("model/{short}/tests/models.rs")))?;
            sources.topics.insert(version, modules(&topics));
            let tests = tests_of(&repository.join(folder(version)))?;
            sources.tests.insert(version, tests);
        }
        Ok(sources)
    }

    pub(crate) fn laws(&self, version: &str) -> &[Test] {
        self.laws.get(version).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn tests(&self, version: &str) -> &[Test] {
        self.tests.get(version).map_or(&[], Vec::as_slice)
    }

    /// The names of all laws, each once.
    pub(crate) fn all_laws(&self) -> Vec<&str> {
        let mut names = Vec::new();
        for test in self.laws.values().flatten().chain(&self.in_place) {
            if !names.contains(&&*test.name) {
                names.push(&test.name);
            }
        }
        names
    }

    /// All models, as `topic::name`.
    pub(crate) fn all_models(&self) -> Vec<String> {
        let of_topic = |(topic, models): (&String, &Vec<String>)| {
            let paths = models.iter().map(|model| format!("{topic}::{model}"));
            paths.collect::<Vec<_>>()
        };
        self.models.iter().flat_map(of_topic).collect()
    }

    /// Whether a version runs the models of a topic.
    pub(crate) fn models_on(&self, version: &str, topic: &str) -> bool {
        self.topics[version].iter().any(|other| other == topic)
    }

    /// Whether a later version runs the tests of an earlier one's file.
    pub(crate) fn runs_on(&self, earlier: &str, file: &str, version: &str) -> bool {
        let path = format!("{}/tests/{file}.rs", folder(earlier));
        self.later
            .iter()
            .any(|later| later.version == version && later.file == path)
    }
}

/// The code of a file, without its comments.
fn tokens_of(path: &Path) -> Result<TokenStream> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    let tokens = text.parse::<TokenStream>();
    tokens.map_err(|error| anyhow!("{}: {error}", path.display()))
}

/// The Rust files in a folder, in alphabetical order.
fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in WalkDir::new(folder).max_depth(1).sort_by_file_name() {
        let path = entry?.into_path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    Ok(files)
}

fn stem(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default();
    stem.to_string_lossy().into_owned()
}

/// The tests of a version, as `file::name`.
fn tests_of(version: &Path) -> Result<Vec<Test>> {
    let (tests_folder, together) = (version.join("tests"), version.join(TOGETHER));
    let mut found = Vec::new();
    let mut seen = 0;
    let mut programs = files(&tests_folder)?;
    if together.exists() {
        let topics = modules(&tokens_of(&together.join("main.rs"))?);
        let is_topic = |path: &PathBuf| topics.contains(&stem(path));
        programs.extend(files(&together)?.into_iter().filter(is_topic));
    }
    for path in programs {
        tests(tokens_of(&path)?, &format!("{}::", stem(&path)), &mut found);
    }
    for entry in WalkDir::new(&tests_folder) {
        let path = entry?.into_path();
        if path.extension().is_some_and(|ending| ending == "rs") {
            seen += count_tests(tokens_of(&path)?);
        }
    }
    ensure!(
        seen == found.len(),
        "{} has tests that a macro makes, or that are in a folder or in no module of all/main.rs: \
         book/museum/src/sources.rs does not see their names",
        tests_folder.display()
    );
    Ok(found)
}

/// The tests of a file or a module, and those of the modules in it.
fn tests(tokens: TokenStream, path: &str, found: &mut Vec<Test>) {
    let (mut test, mut deep) = (false, false);
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket => {
                test |= attribute(&group) == "test";
                deep |= attribute(&group) == "ignore";
            }
            TokenTree::Ident(word) if word == "fn" => {
                if let (true, Some(TokenTree::Ident(name))) = (test, tokens.peek()) {
                    let name = format!("{path}{name}");
                    found.push(Test { name, deep });
                }
                (test, deep) = (false, false);
            }
            TokenTree::Ident(word) if word == "mod" => {
                if let Some(TokenTree::Ident(name)) = tokens.next()
                    && let Some(TokenTree::Group(inside)) = tokens.peek()
                {
                    tests(inside.stream(), &format!("{path}{name}::"), found);
                }
                (test, deep) = (false, false);
            }
            _ => {}
        }
    }
}

/// The tests in a part of a macro, wherever they stand in it.
fn tests_within(tokens: TokenStream, found: &mut Vec<Test>) {
    tests(tokens.clone(), "", found);
    for token in tokens {
        if let TokenTree::Group(group) = token {
            tests_within(group.stream(), found);
        }
    }
}

/// How many functions are tests, those in macros included.
fn count_tests(tokens: TokenStream) -> usize {
    let mut count = 0;
    let mut hash = false;
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            count += usize::from(hash && attribute(group) == "test") + count_tests(group.stream());
        }
        hash = matches!(&token, TokenTree::Punct(sign) if sign.as_char() == '#');
    }
    count
}

/// The name of the attribute in these brackets.
fn attribute(brackets: &Group) -> String {
    let first = brackets.stream().into_iter().next();
    first.map(|name| name.to_string()).unwrap_or_default()
}

/// The brackets of each call `name!`. Behind `macro_rules!` they follow the name of the macro.
fn macros(tokens: &TokenStream, name: &str) -> Vec<Group> {
    let mut found = Vec::new();
    let mut tokens = tokens.clone().into_iter().peekable();
    while let Some(token) = tokens.next() {
        let called = matches!(&token, TokenTree::Ident(word) if word == name);
        if called && tokens.next_if(|next| next.to_string() == "!").is_some() {
            let behind = tokens.find_map(|token| match token {
                TokenTree::Group(group) => Some(group),
                _ => None,
            });
            found.extend(behind);
        }
    }
    found
}

/// The tests that each arm of the macro `laws` makes. An arm is called as the word in its pattern
/// that begins with `from_`.
fn arms(laws: &TokenStream) -> Result<BTreeMap<String, Vec<Test>>> {
    let mut arms = BTreeMap::new();
    let mut arm = None;
    let definition = macros(laws, "macro_rules").into_iter().next();
    let definition = definition.context("laws.rs has no macro")?;
    for token in definition.stream() {
        if let TokenTree::Group(group) = token {
            match arm.take() {
                None => arm = words(group.stream()).into_iter().find(is_arm),
                Some(name) => {
                    tests_within(group.stream(), arms.entry(name.to_string()).or_default());
                }
            }
        }
    }
    ensure!(!arms.is_empty(), "the macro in laws.rs makes no tests");
    Ok(arms)
}

fn is_arm(word: &Ident) -> bool {
    word.to_string().starts_with("from_")
}

/// All words, those in groups included.
fn words(tokens: TokenStream) -> Vec<Ident> {
    let words_of = |token| match token {
        TokenTree::Ident(word) => vec![word],
        TokenTree::Group(group) => words(group.stream()),
        _ => Vec::new(),
    };
    tokens.into_iter().flat_map(words_of).collect()
}

/// The arms of the macro `laws` that a version asks for.
fn invocation(laws: &TokenStream, version: &str) -> Result<Vec<String>> {
    let lines = macros(laws, "laws").into_iter().flat_map(|call| {
        let tokens: Vec<TokenTree> = call.stream().into_iter().collect();
        let lines = tokens.split(|token| token.to_string() == ";");
        lines
            .map(|line| words(line.iter().cloned().collect()))
            .collect::<Vec<_>>()
    });
    let of_version = |line: &Vec<Ident>| line.first().is_some_and(|word| word == version);
    let line = lines.into_iter().find(of_version);
    let line = line.with_context(|| format!("the list in laws.rs has no {version}"))?;
    let arms = line.into_iter().filter(is_arm);
    Ok(arms.map(|arm| arm.to_string()).collect())
}

/// The models of a topic: the first word of each entry in its list.
fn models(topic: &TokenStream) -> Vec<String> {
    let mut found = Vec::new();
    for list in macros(topic, "models") {
        let tokens: Vec<TokenTree> = list.stream().into_iter().collect();
        let entries = tokens.split(|token| token.to_string() == ",");
        found.extend(entries.filter_map(|entry| Some(entry.first()?.to_string())));
    }
    found
}

/// The modules that a file has.
fn modules(file: &TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = file.clone().into_iter().collect();
    let pairs = tokens.windows(2);
    let modules = pairs.filter(|pair| matches!(&pair[0], TokenTree::Ident(word) if word == "mod"));
    modules.map(|pair| pair[1].to_string()).collect()
}

/// The test files that `benchmark` has run on later versions.
fn later(repository: &Path) -> Result<Vec<Later>> {
    let mut found = Vec::new();
    for path in files(&repository.join("benchmark/tests"))? {
        let tokens = tokens_of(&path)?;
        let words: Vec<String> = words(tokens).iter().map(Ident::to_string).collect();
        let alias = words
            .windows(5)
            .find(|words| words[0] == "extern" && words[1] == "crate" && words[3] == "as");
        // Whoever takes a later version for an earlier one.
        let newer = alias.and_then(|words| {
            let folder = words[2].replace('_', "-");
            all_versions().find(|version| *version == folder)
        });
        if let Some(version) = newer {
            for file in included("benchmark/tests", &stem(&path), repository)? {
                found.push(Later { file, version });
            }
        }
    }
    Ok(found)
}

/// The paths of all files that a file has as modules by a `#[path]`, and of those that these have.
fn included(folder: &str, file: &str, repository: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for token in tokens_of(&repository.join(folder).join(format!("{file}.rs")))? {
        let TokenTree::Group(group) = token else {
            continue;
        };
        if group.delimiter() != Delimiter::Bracket || attribute(&group) != "path" {
            continue;
        }
        let value = group.stream().into_iter().last();
        let value = value.map(|value| value.to_string()).unwrap_or_default();
        let path = without_parents(&format!("{folder}/{}", value.trim_matches('"')));
        if let Some((folder, file)) = path.rsplit_once('/') {
            let file = file.trim_end_matches(".rs");
            found.extend(included(folder, file, repository)?);
        }
        found.push(path);
    }
    Ok(found)
}

#[cfg(test)]
mod examples {
    use super::*;

    fn names(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        tests(text.parse().unwrap(), "file::", &mut found);
        let shown = |test: Test| test.name + if test.deep { " deep" } else { "" };
        found.into_iter().map(shown).collect()
    }

    #[test]
    fn a_test_is_a_function_with_the_attribute() {
        let text = r##"
            fn none() {}
            // #[test] fn commented() {}
            /* #[test] */ fn commented_too() {}
            const TEXT: &str = "#[test] fn quoted() {}";
            const RAW: &str = r#"#[test] fn "quoted_too"() {}"#;
            #[cfg(test)] fn only_compiled() {}
            #[test] #[cfg(unix)]
            /// Told.
            fn told() {}
            #[cfg(unix)] #[ignore = "why"] #[test]
            pub(crate) fn slow() { fn inside() {} }
            fn after() {}
        "##;
        assert_eq!(names(text), ["file::told", "file::slow deep"]);
    }

    #[test]
    fn a_module_is_a_part_of_the_name() {
        let text = "mod a { mod b { #[test] fn c() {} } fn d() {} } mod e; #[test] fn f() {}";
        assert_eq!(names(text), ["file::a::b::c", "file::f"]);
    }

    #[test]
    fn what_a_macro_makes_is_counted() {
        let text: TokenStream = "macro_rules! m { ($n:ident) => { #[test] fn $n() {} } } m!(a);"
            .parse()
            .unwrap();
        assert_eq!(count_tests(text.clone()), 1);
        assert_eq!(names(&text.to_string()), [""; 0]);
    }

    #[test]
    fn a_model_may_have_seeds() {
        let list = "models![one, two: [1, 2], // three,\n four,];";
        assert_eq!(models(&list.parse().unwrap()), ["one", "two", "four"]);
    }
}
