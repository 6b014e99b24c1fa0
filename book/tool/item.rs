//! One item of a source file, found by its name.

use std::ops::Range;

use anyhow::{Context, Result, anyhow, bail, ensure};
use proc_macro2::{Span, TokenStream, TokenTree};
use syn::spanned::Spanned;
use syn::{Attribute, Fields, Ident, ImplItem, Item, TraitItem};

use crate::directive::Docs;
use crate::excerpt::{caption, fenced};
use crate::repository::Repository;
use crate::source::{address, at_line};

/// The item called `name`, as a block of a page.
pub(crate) fn excerpt(
    repository: &Repository,
    root: &str,
    path: &str,
    name: &str,
    docs: Docs,
) -> Result<String> {
    let source = repository.read(path)?;
    let item = find(&source, name).with_context(|| path.to_owned())?;
    let address = address(repository, root, path)?;
    let address = address.map(|address| at_line(&address, Some(item.line(&source, docs))));
    let from = format!(
        "<code>{}</code>: <code>{}</code>",
        html_escape::encode_text(path),
        html_escape::encode_text(&item.names[0])
    );
    let text = item.text(&source, docs);
    Ok(format!(
        "{}\n\n{}",
        caption(&from, address.as_deref()),
        fenced("rust,ignore", &text)?
    ))
}

/// The line in which the item called `name` begins, counted from 1.
pub(crate) fn line(repository: &Repository, path: &str, name: &str) -> Result<usize> {
    let source = repository.read(path)?;
    let item = find(&source, name).with_context(|| path.to_owned())?;
    Ok(item.line(&source, Docs::Fields))
}

/// An item and where it stands in its file, in bytes.
struct Place {
    /// All ways to name it, the most precise first.
    names: Vec<String>,
    all: Range<usize>,
    docs: Vec<Range<usize>>,
    /// Those of fields and variants.
    field_docs: Vec<Range<usize>>,
}

fn find(source: &str, name: &str) -> Result<Place> {
    let file = syn::parse_file(source).map_err(|error| {
        let line = error.span().start().line;
        anyhow!("line {line} is not valid Rust: {error}")
    })?;
    let mut index = Index {
        source,
        places: Vec::new(),
    };
    index.items(&file.items, "");
    let called = |place: &Place| place.names.iter().any(|other| bare(other) == bare(name));
    let (mut found, others): (Vec<_>, Vec<_>) = index.places.into_iter().partition(called);
    if found.is_empty() {
        bail!("there is no item `{name}`; {}", near(name, &others));
    }
    let line = |place: &Place| source[..place.all.start].lines().count() + 1;
    ensure!(
        found.len() == 1,
        "`{name}` is ambiguous: {}",
        found
            .iter()
            .map(|place| format!("`{}` in line {}", place.names[0], line(place)))
            .collect::<Vec<_>>()
            .join(", ")
    );
    Ok(found.remove(0))
}

/// The name without white space, so that its spelling does not matter.
fn bare(name: &str) -> String {
    name.split_whitespace().collect()
}

/// The names most like this one.
fn near(name: &str, places: &[Place]) -> String {
    let names: Vec<&str> = places
        .iter()
        .flat_map(|place| place.names.iter().map(String::as_str))
        .collect();
    let last = name.rsplit("::").next().unwrap_or(name);
    let mut near = similar::get_close_matches(name, &names, 4, 0.5);
    let same_ending = |other: &&&str| other.rsplit("::").next() == Some(last);
    near.extend(names.iter().filter(same_ending).take(4));
    if near.is_empty() {
        near = places.iter().map(|place| place.names[0].as_str()).collect();
    }
    let mut seen = Vec::new();
    for name in near {
        let name = format!("`{name}`");
        if !seen.contains(&name) {
            seen.push(name);
        }
    }
    format!("there is {}", seen.join(", "))
}

/// Collects the items of a file.
struct Index<'source> {
    source: &'source str,
    places: Vec<Place>,
}

impl Index<'_> {
    fn items(&mut self, items: &[Item], module: &str) {
        for item in items {
            let mut docs = docs_of(attributes(item));
            match item {
                Item::Impl(item) => {
                    let types = self.spellings(&*item.self_ty);
                    let traits = match &item.trait_ {
                        Some((path, _)) => self.spellings(path),
                        None => Vec::new(),
                    };
                    for member in &item.items {
                        self.member(member, &types, &traits);
                        docs.extend(docs_of(member_attributes(member)));
                    }
                    let names = if traits.is_empty() {
                        types.iter().map(|of| format!("impl {of}")).collect()
                    } else {
                        pairs(&traits, &types, |of, on| format!("impl {of} for {on}"))
                    };
                    self.add(names, item.span(), docs);
                }
                Item::Macro(item) if item.ident.is_none() => {
                    let (names, inner_docs) = statics(item.mac.tokens.clone());
                    docs.extend(inner_docs);
                    for name in names {
                        self.add(vec![format!("{module}{name}")], item.span(), docs.clone());
                    }
                }
                _ => {
                    let Some(name) = name(item) else { continue };
                    let name = format!("{module}{name}");
                    if let Item::Trait(item) = item {
                        for member in &item.items {
                            let Some((member_name, attributes)) = trait_member(member) else {
                                continue;
                            };
                            docs.extend(docs_of(attributes));
                            let names = vec![format!("{name}::{member_name}")];
                            self.add(names, member.span(), docs_of(attributes));
                        }
                    }
                    if let Item::Mod(item) = item
                        && let Some((_, items)) = &item.content
                    {
                        self.items(items, &format!("{name}::"));
                    }
                    self.add(vec![name], item.span(), docs);
                    if let Some(place) = self.places.last_mut() {
                        place.field_docs = field_docs(item);
                    }
                }
            }
        }
    }

    fn member(&mut self, member: &ImplItem, types: &[String], traits: &[String]) {
        let Some(name) = member_name(member) else {
            return;
        };
        let mut names = pairs(types, traits, |on, of| format!("<{on} as {of}>::{name}"));
        names.extend(types.iter().map(|on| format!("{on}::{name}")));
        self.add(names, member.span(), docs_of(member_attributes(member)));
    }

    fn add(&mut self, names: Vec<String>, span: Span, docs: Vec<Range<usize>>) {
        self.places.push(Place {
            names,
            all: span.byte_range(),
            docs,
            field_docs: Vec::new(),
        });
    }

    /// A type or a trait as it is written, and without its path and generics.
    fn spellings(&self, written: &impl Spanned) -> Vec<String> {
        let long = self.source[written.span().byte_range()]
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let without_generics = long.split('<').next().unwrap_or(&long);
        let short = without_generics.rsplit("::").next().unwrap_or_default();
        if short.is_empty() || short == long {
            return vec![long];
        }
        let short = short.to_owned();
        vec![long, short]
    }
}

fn pairs(
    left: &[String],
    right: &[String],
    join: impl Fn(&String, &String) -> String,
) -> Vec<String> {
    let join = &join;
    left.iter()
        .flat_map(|left| right.iter().map(move |right| join(left, right)))
        .collect()
}

fn name(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Mod(item) => Some(&item.ident),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        _ => &[],
    }
}

fn member_name(member: &ImplItem) -> Option<&Ident> {
    match member {
        ImplItem::Const(member) => Some(&member.ident),
        ImplItem::Fn(member) => Some(&member.sig.ident),
        ImplItem::Type(member) => Some(&member.ident),
        _ => None,
    }
}

fn member_attributes(member: &ImplItem) -> &[Attribute] {
    match member {
        ImplItem::Const(member) => &member.attrs,
        ImplItem::Fn(member) => &member.attrs,
        ImplItem::Type(member) => &member.attrs,
        _ => &[],
    }
}

fn trait_member(member: &TraitItem) -> Option<(&Ident, &[Attribute])> {
    match member {
        TraitItem::Const(member) => Some((&member.ident, &member.attrs)),
        TraitItem::Fn(member) => Some((&member.sig.ident, &member.attrs)),
        TraitItem::Type(member) => Some((&member.ident, &member.attrs)),
        _ => None,
    }
}

/// The names of the statics inside of a macro such as `thread_local!`, and their doc comments.
fn statics(tokens: TokenStream) -> (Vec<String>, Vec<Range<usize>>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let (mut names, mut docs) = (Vec::new(), Vec::new());
    for (at, pair) in tokens.windows(2).enumerate() {
        match pair {
            [TokenTree::Ident(word), TokenTree::Ident(name)] if word == "static" => {
                // A lifetime `'static` is a quote and the word.
                let before = at.checked_sub(1).map(|before| &tokens[before]);
                if !matches!(before, Some(TokenTree::Punct(mark)) if mark.as_char() == '\'') {
                    names.push(name.to_string());
                }
            }
            [TokenTree::Punct(mark), TokenTree::Group(inside)] if mark.as_char() == '#' => {
                let first = inside.stream().into_iter().next();
                if matches!(first, Some(TokenTree::Ident(word)) if word == "doc") {
                    let end = inside.span_close().byte_range().end;
                    docs.push(mark.span().byte_range().start..end);
                }
            }
            _ => {}
        }
    }
    (names, docs)
}

/// The doc comments of fields and variants.
fn field_docs(item: &Item) -> Vec<Range<usize>> {
    let of_fields = |fields: &Fields| -> Vec<_> {
        let docs = fields.iter().map(|field| docs_of(&field.attrs));
        docs.flatten().collect()
    };
    match item {
        Item::Struct(item) => of_fields(&item.fields),
        Item::Union(item) => {
            let fields = item.fields.named.iter();
            fields.flat_map(|field| docs_of(&field.attrs)).collect()
        }
        Item::Enum(item) => {
            let variants = item.variants.iter();
            let docs = variants.flat_map(|variant| {
                let mut docs = docs_of(&variant.attrs);
                docs.extend(of_fields(&variant.fields));
                docs
            });
            docs.collect()
        }
        _ => Vec::new(),
    }
}

fn docs_of(attributes: &[Attribute]) -> Vec<Range<usize>> {
    attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("doc"))
        .filter(|attribute| attribute.meta.require_name_value().is_ok())
        .map(|attribute| attribute.span().byte_range())
        .collect()
}

impl Place {
    /// The lines of the item.
    fn text(&self, source: &str, docs: Docs) -> String {
        let lines = self.lines(source, docs);
        let first = lines.iter().find(|(_, line)| !line.trim().is_empty());
        let indent = first.map_or(0, |(_, line)| line.len() - line.trim_start().len());
        let dedented = lines.iter().map(|(_, line)| dedent(line, indent));
        dedented.collect()
    }

    /// The first of them, counted from 1.
    fn line(&self, source: &str, docs: Docs) -> usize {
        let first = self
            .lines(source, docs)
            .first()
            .map_or(0, |(start, _)| *start);
        source[..first].lines().count() + 1
    }

    /// The lines that are shown, and where each begins.
    fn lines<'source>(&self, source: &'source str, docs: Docs) -> Vec<(usize, &'source str)> {
        let left_out: Vec<&Range<usize>> = match docs {
            Docs::All => Vec::new(),
            Docs::Fields => self.docs.iter().collect(),
            Docs::None => self.docs.iter().chain(&self.field_docs).collect(),
        };
        let mut lines = Vec::new();
        let mut start = first_line(source, self.all.start);
        while start < self.all.end {
            let end = source[start..]
                .find('\n')
                .map_or(source.len(), |at| start + at + 1);
            let line = &source[start..end];
            // Doc comments have their lines to themselves: rustfmt sees to that.
            let first = start + line.len() - line.trim_start().len();
            if !left_out.iter().any(|doc| doc.contains(&first)) {
                lines.push((start, line));
            }
            start = end;
        }
        lines
    }
}

/// The start of the line of this byte, or of the comments directly above it.
fn first_line(source: &str, at: usize) -> usize {
    let mut start = source[..at].rfind('\n').map_or(0, |at| at + 1);
    while let Some(above) = source[..start].strip_suffix('\n') {
        let line_start = above.rfind('\n').map_or(0, |at| at + 1);
        let line = above[line_start..].trim_start();
        if !line.starts_with("//") || line.starts_with("//!") {
            break;
        }
        start = line_start;
    }
    start
}

/// The line without `indent` of its white space, or with none if it has less.
fn dedent(line: &str, indent: usize) -> &str {
    let white = line.len() - line.trim_start_matches([' ', '\t']).len();
    &line[white.min(indent)..]
}
