use std::io::{self, Write};

use serde::Serialize;

use super::write;
use crate::{
    disk::{Effect, Intended},
    install::{After, Installation, Misdirected},
    wso2::config::Shown,
};

/// Writes what an installation changes, or has changed, as `apim-pki/install/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn installation(
    node: &str,
    installation: &Installation,
    intended: &[Intended],
    urls: bool,
    after: &After,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let changes = installation.edited.iter().flat_map(|edited| {
        edited.changes.iter().map(|change| Value {
            file: &edited.file,
            line: change.place.line,
            column: change.place.column,
            key: &change.place.key,
            before: change.before.as_ref().and_then(shown),
            after: shown(&change.after),
            hidden: change.after == Shown::Hidden,
        })
    });
    write(
        &Install {
            schema: "apim-pki/install/v1",
            node,
            files: intended.iter().map(File::from).collect(),
            values: changes.collect(),
            urls: installation
                .misdirected
                .iter()
                .map(|it| Url::new(it, urls))
                .collect(),
            promised: installation
                .promised
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
            restart: after.restart,
            order: after
                .order
                .iter()
                .flat_map(|(_, nodes)| nodes.iter().map(String::as_str))
                .collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Install<'a> {
    schema: &'static str,
    node: &'a str,
    files: Vec<File<'a>>,
    values: Vec<Value<'a>>,
    urls: Vec<Url<'a>>,
    promised: Vec<&'a str>,
    restart: bool,
    order: Vec<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    action: &'static str,
    behind_link: Option<String>,
}

#[derive(Serialize)]
struct Value<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    key: &'a str,
    before: Option<&'a str>,
    after: Option<&'a str>,
    hidden: bool,
}

#[derive(Serialize)]
struct Url<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    key: &'a str,
    written: &'a str,
    wanted: &'a str,
    changed: bool,
}

impl<'a> From<&'a Intended> for File<'a> {
    fn from(it: &'a Intended) -> Self {
        Self {
            path: it.path.as_str(),
            action: match it.effect {
                Effect::Create => "create",
                Effect::Remove => "remove",
                Effect::Replace => "replace",
            },
            behind_link: it.outside.then(|| it.file.display().to_string()),
        }
    }
}

impl<'a> Url<'a> {
    fn new(it: &'a Misdirected, changed: bool) -> Self {
        Self {
            file: &it.place.file,
            line: it.place.line,
            column: it.place.column,
            key: &it.place.key,
            written: &it.written,
            wanted: &it.wanted,
            changed,
        }
    }
}

fn shown(value: &Shown) -> Option<&str> {
    match value {
        Shown::Hidden => None,
        Shown::Text(text) => Some(text),
    }
}
