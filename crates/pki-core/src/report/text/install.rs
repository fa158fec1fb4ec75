use std::io::{self, Write};

use super::{
    Layout,
    lines::{Lines, count},
    secrets::done_said,
};
use crate::{
    disk::{Effect, Elsewhere, Intended},
    install::{After, AtStart, Incomplete, Installation, Misdirected, Sharers},
    wso2::{
        config::{Edited, Shown},
        vault::{Done, Outcome},
    },
};

/// Writes what an installation would change: each value of each configuration file, before and after, then
/// the stores, then the URLs that stay. Passwords are never shown.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn installation(
    installation: &Installation,
    intended: &[Intended],
    urls: bool,
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let sharers = &installation.sharers;
    let mut lines = Lines::new(sink, layout);
    for edited in &installation.edited {
        let there = |it: &&Intended| it.path.as_str() == &*edited.file;
        if let Some(file) = intended.iter().find(there) {
            lines.put(0, &headline(file, sharers))?;
            write_values(edited, &mut lines)?;
            lines.blank()?;
        }
    }
    let configured = |it: &Intended| {
        let mut edited = installation.edited.iter();
        edited.any(|edited| it.path.as_str() == &*edited.file)
    };
    let stores: Vec<&Intended> = intended.iter().filter(|it| !configured(it)).collect();
    for file in &stores {
        lines.put(0, &headline(file, sharers))?;
    }
    if !stores.is_empty() {
        lines.blank()?;
    }
    write_secrets(installation, &mut lines)?;
    if !urls {
        write_urls(&installation.misdirected, &mut lines)?;
    }
    write_missing(&installation.incomplete, urls, &mut lines)?;
    let values: usize = installation.edited.iter().map(|it| it.changes.len()).sum();
    lines.put(
        0,
        &format!(
            "{} to write, {} in configuration files to set",
            count(intended.len(), "file"),
            count(values, "value")
        ),
    )
}

/// Writes which files an undo would change.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn undoing(
    files: &[Intended],
    sharers: &Sharers,
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    files.iter().try_for_each(|file| {
        lines.put(0, &headline(file, sharers))?;
        match &file.set_aside {
            None => Ok(()),
            Some(aside) => lines.put(
                2,
                &format!("what is there now is kept as `{}`", aside.display()),
            ),
        }
    })
}

/// Writes what is to be done after an installation.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn after(after: &After, node: &str, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for reload in &after.reloads {
        lines.put(
            0,
            &format!("taken without a restart: {}, {}", reload.what, reload.when),
        )?;
    }
    if !after.restart {
        return Ok(());
    }
    lines.put(0, &format!("everything else needs a restart of `{node}`"))?;
    match &after.at_start {
        None => {}
        Some(AtStart::Key) => lines.put(
            0,
            "to open its vault the server asks for the key then, or takes it from the home's file \
             `encryption-key-persist` (it stays), or `encryption-key-tmp` (deleted once it is read)",
        )?,
        Some(AtStart::Password { store, .. }) => lines.put(
            0,
            &format!(
                "to open its vault the server asks for the password of `{store}` then, or takes it from the \
                 home's file `password-persist` (it stays), or `password-tmp` (deleted once it is read); on \
                 Windows with `.txt` at the end"
            ),
        )?,
    }
    lines.put(0, "order of restarts, one node after the other:")?;
    for (role, nodes) in &after.order {
        lines.put(2, &format!("{role}: {}", nodes.join(", then ")))?;
    }
    Ok(())
}

fn headline(file: &Intended, sharers: &Sharers) -> String {
    let mut what = match file.effect {
        Effect::Create => "new",
        Effect::Remove => "goes",
        Effect::Replace => "changes",
    }
    .to_owned();
    let shared = sharers.of_file(file);
    match &file.elsewhere {
        Some(Elsewhere::Link(_)) => {
            what.push_str(&format!(", behind a link: `{}`", file.file.display()));
        }
        Some(Elsewhere::Mount(mount)) if shared.is_some() => {
            what.push_str(&format!(", on what is mounted at `{mount}`"));
        }
        _ => {}
    }
    if let Some(nodes) = shared {
        what.push_str(&format!("; {} may share it", named(nodes)));
    }
    format!("{} ({what})", file.path)
}

/// The nodes that share something, for a sentence.
pub fn named(nodes: &[String]) -> String {
    match nodes {
        [] => "other nodes".to_owned(),
        nodes => format!("`{}`", nodes.join("`, `")),
    }
}

fn write_values(edited: &Edited, lines: &mut Lines<'_>) -> io::Result<()> {
    edited.changes.iter().try_for_each(|change| {
        lines.put(2, &format!("{}: {}", change.place.line, change.place.key))?;
        if change.before.is_some() && change.after == Shown::Hidden {
            return lines.put(6, "~ another password, which is not shown");
        }
        if let Some(before) = &change.before {
            lines.put(6, &format!("- {before}"))?;
        }
        lines.put(6, &format!("+ {}", change.after))
    })
}

/// Only what changes.
fn write_secrets(installation: &Installation, lines: &mut Lines<'_>) -> io::Result<()> {
    let is_left = |outcome: &&Outcome| outcome.done != Done::AlreadyNew;
    let mut changed = installation.secrets.iter().filter(is_left).peekable();
    if changed.peek().is_none() {
        return Ok(());
    }
    lines.put(0, "encrypted secrets:")?;
    for outcome in changed {
        let (alias, file) = (&outcome.alias, &outcome.place.file);
        lines.put(
            2,
            &format!("{file}: `{alias}`: {}", done_said(outcome.done)),
        )?;
    }
    lines.blank()
}

fn write_urls(misdirected: &[Misdirected], lines: &mut Lines<'_>) -> io::Result<()> {
    if misdirected.is_empty() {
        return Ok(());
    }
    lines.put(
        0,
        "URLs that name another server than the topology has, left as they are:",
    )?;
    for it in misdirected {
        lines.put(2, &format!("{}: {}", it.place, it.place.key))?;
        lines.put(
            6,
            &format!("written `{}`, the {} is `{}`", it.written, it.to, it.wanted),
        )?;
    }
    lines.blank()
}

/// Servers that belong beside those of a value: told if nobody wants them set, or nobody knows how.
fn write_missing(incomplete: &[Incomplete], urls: bool, lines: &mut Lines<'_>) -> io::Result<()> {
    let is_left = |it: &&Incomplete| !urls || it.beside.is_none();
    let mut some = incomplete.iter().filter(is_left).peekable();
    if some.peek().is_none() {
        return Ok(());
    }
    lines.put(0, "values with too few servers, left as they are:")?;
    for it in some {
        lines.put(2, &format!("{}: {}", it.place, it.place.key))?;
        let (named, missing) = (it.named.join("`, `"), it.missing.join("`, `"));
        let known = match it.beside {
            Some(_) => "",
            None => ", which somebody has to add",
        };
        lines.put(6, &format!("beside `{named}` belong `{missing}`{known}"))?;
    }
    lines.blank()
}
