//! What a plain search finds in a file, and where a configuration says that it has it.

use std::collections::BTreeSet;

use pki_core::{
    secret::Bytes,
    wso2::config::{HomeConfig, Place},
};

/// A line of a file, counted from 1.
pub(crate) type Line = (String, usize);

/// What a store, a password or a URL looks like.
const LOOKS: &[&str] = &[
    "jks", "p12", "assword", "http://", "https://", "ssl://", "tcp://", "amqp://", "ws://",
    "wss://", "ldap://", "ldaps://", "jdbc:",
];

/// The lines of a file, without its comments, that look like a store, a password or a URL.
pub(crate) fn search(file: &str, bytes: &Bytes) -> BTreeSet<Line> {
    let text = String::from_utf8_lossy(bytes.expose()).into_owned();
    let text = match file.rsplit('.').next() {
        Some("xml") => without_namespaces(&without(&text, "<!--", "-->")),
        Some("json") => text,
        Some("properties") => without_comment_lines(&text),
        _ => without_hashes(&text),
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| LOOKS.iter().any(|look| line.contains(look)))
        .map(|(at, _)| (file.to_owned(), at + 1))
        .collect()
}

/// The text without `xmlns` and `xmlns:prefix` declarations, which are names and no values.
fn without_namespaces(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("xmlns") {
        out.push_str(before);
        let quote = after.find(['"', '\'']).unwrap();
        let mark = &after[quote..=quote];
        rest = after[quote + 1..].split_once(mark).unwrap().1;
    }
    out + rest
}

fn without_comment_lines(text: &str) -> String {
    let line = |line: &str| match line.trim_start().starts_with(['#', '!']) {
        true => String::new(),
        false => line.to_owned(),
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The text with what stands between two marks blanked, its line ends kept.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, comment)) = rest.split_once(open) {
        out.push_str(before);
        let (comment, after) = comment.split_once(close).unwrap_or((comment, ""));
        out.extend(comment.chars().filter(|c| *c == '\n'));
        rest = after;
    }
    out + rest
}

/// The text without what follows a `#` outside of quotes.
fn without_hashes(text: &str) -> String {
    let line = |line: &str| {
        let mut quote = None;
        for (at, c) in line.char_indices() {
            match (quote, c) {
                (None, '#') => return line[..at].to_owned(),
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if open == c => quote = None,
                _ => {}
            }
        }
        line.to_owned()
    };
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

/// The lines of everything that a configuration holds, known or ignored or not known.
pub(crate) fn held(config: &HomeConfig) -> BTreeSet<Line> {
    let mentions = config.ignored.iter().chain(&config.unknown);
    let places = mentions.map(|it| &it.place).chain(config.places());
    places.flat_map(|place| lines(config, place)).collect()
}

/// The lines of a value.
pub(crate) fn lines(config: &HomeConfig, place: &Place) -> Vec<Line> {
    let document = config.documents.iter().find(|it| it.file() == &*place.file);
    let leaf = document.and_then(|document| {
        let mut leaves = document.leaves().iter();
        leaves.find(|leaf| (leaf.line, leaf.column) == (place.line, place.column))
    });
    let more = leaf.map_or(0, |leaf| leaf.text().matches('\n').count());
    let lines = place.line..=place.line + more;
    lines.map(|line| (place.file.to_string(), line)).collect()
}
