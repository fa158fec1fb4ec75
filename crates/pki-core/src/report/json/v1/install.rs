use std::io::{self, Write};

use serde::Serialize;

use super::{secrets::done_name, write};
use crate::{
    disk::{Effect, Elsewhere, Intended},
    install::{After, AtStart, Incomplete, Installation, Misdirected, Sharers},
    wso2::{config::Shown, vault::Outcome},
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
            files: intended
                .iter()
                .map(|it| File::new(it, &installation.sharers))
                .collect(),
            values: changes.collect(),
            urls: installation
                .misdirected
                .iter()
                .map(|it| Url::new(it, urls))
                .collect(),
            beside: installation
                .incomplete
                .iter()
                .map(|it| Beside::new(it, urls))
                .collect(),
            secrets: installation.secrets.iter().map(Secret::from).collect(),
            in_clear: installation.in_clear.iter().map(|it| &**it).collect(),
            promised: installation
                .promised
                .iter()
                .map(|it| it.name.as_str())
                .collect(),
            restart: after.restart,
            at_start: after.at_start.as_ref().map(|it| match it {
                AtStart::Key => Start {
                    needs: "key",
                    store: None,
                },
                AtStart::Password { store, .. } => Start {
                    needs: "password",
                    store: Some(store),
                },
            }),
            order: after
                .order
                .iter()
                .flat_map(|(_, nodes)| nodes.iter().map(String::as_str))
                .collect(),
        },
        sink,
    )
}

/// Writes what an undo changes, or has changed, as `apim-pki/undo/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn undoing(files: &[Intended], sharers: &Sharers, sink: &mut dyn Write) -> io::Result<()> {
    write(
        &Undo {
            schema: "apim-pki/undo/v1",
            files: files
                .iter()
                .map(|it| Undone {
                    file: File::new(it, sharers),
                    set_aside: it.set_aside.as_ref().map(|to| to.display().to_string()),
                })
                .collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Undo<'a> {
    schema: &'static str,
    files: Vec<Undone<'a>>,
}

#[derive(Serialize)]
struct Undone<'a> {
    #[serde(flatten)]
    file: File<'a>,
    set_aside: Option<String>,
}

#[derive(Serialize)]
struct Install<'a> {
    schema: &'static str,
    node: &'a str,
    files: Vec<File<'a>>,
    values: Vec<Value<'a>>,
    urls: Vec<Url<'a>>,
    beside: Vec<Beside<'a>>,
    secrets: Vec<Secret<'a>>,
    in_clear: Vec<&'a str>,
    promised: Vec<&'a str>,
    restart: bool,
    at_start: Option<Start<'a>>,
    order: Vec<&'a str>,
}

#[derive(Serialize)]
struct File<'a> {
    path: &'a str,
    action: &'static str,
    behind_link: Option<String>,
    mounted_at: Option<&'a str>,
    shared_with: Option<&'a [String]>,
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

#[derive(Serialize)]
struct Beside<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    key: &'a str,
    named: &'a [String],
    missing: &'a [String],
    changed: bool,
}

#[derive(Serialize)]
struct Secret<'a> {
    alias: &'a str,
    file: &'a str,
    done: &'static str,
}

#[derive(Serialize)]
struct Start<'a> {
    needs: &'static str,
    store: Option<&'a str>,
}

impl<'a> From<&'a Outcome> for Secret<'a> {
    fn from(it: &'a Outcome) -> Self {
        Self {
            alias: &it.alias,
            file: &it.place.file,
            done: done_name(it.done),
        }
    }
}

impl<'a> File<'a> {
    fn new(it: &'a Intended, sharers: &'a Sharers) -> Self {
        let is_link = matches!(it.elsewhere, Some(Elsewhere::Link(_)));
        Self {
            path: it.path.as_str(),
            action: match it.effect {
                Effect::Create => "create",
                Effect::Remove => "remove",
                Effect::Replace => "replace",
            },
            behind_link: is_link.then(|| it.file.display().to_string()),
            mounted_at: match &it.elsewhere {
                Some(Elsewhere::Mount(mount)) => Some(mount.as_str()),
                _ => None,
            },
            shared_with: sharers.of_file(it),
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

impl<'a> Beside<'a> {
    fn new(it: &'a Incomplete, changed: bool) -> Self {
        Self {
            file: &it.place.file,
            line: it.place.line,
            column: it.place.column,
            key: &it.place.key,
            named: &it.named,
            missing: &it.missing,
            changed: changed && it.beside.is_some(),
        }
    }
}

fn shown(value: &Shown) -> Option<&str> {
    match value {
        Shown::Hidden => None,
        Shown::Text(text) => Some(text),
    }
}
