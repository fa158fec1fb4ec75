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
        Some("xml") => without(&text, "<!--", "-->"),
        _ => without_hashes(&text),
    };
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| LOOKS.iter().any(|look| line.contains(look)))
        .map(|(at, _)| (file.to_owned(), at + 1))
        .collect()
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
    let mut places: Vec<Option<&Place>> = Vec::new();
    for it in &config.stores {
        places.extend([
            it.location.place.as_ref(),
            it.kind.place.as_ref(),
            it.password.place.as_ref(),
            it.alias.place.as_ref(),
            it.key_password.place.as_ref(),
        ]);
    }
    places.extend(config.calls.iter().map(|it| it.setting.place.as_ref()));
    places.extend(config.sources.iter().map(|it| it.url.place.as_ref()));
    places.extend(
        config
            .credentials
            .iter()
            .map(|it| it.password.place.as_ref()),
    );
    places.push(config.encryption_key.place.as_ref());
    places.extend(config.ignored.iter().map(|it| Some(&it.place)));
    places.extend(config.unknown.iter().map(|it| Some(&it.place)));
    let lines = places.into_iter().flatten();
    lines
        .map(|place| (place.file.to_string(), place.line))
        .collect()
}
