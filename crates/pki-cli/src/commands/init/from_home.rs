//! A topology read off the homes of a running deployment.

use std::{
    collections::BTreeMap,
    fs::DirBuilder,
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    str::FromStr,
};

use pki_core::{
    disk::{Sha256, SingleFile},
    observe::{Cluster, Draft, FileCopy, Given},
    secret::Bytes,
};

use super::{InitArgs, file, may_replace, write};
use crate::{
    cli::Global,
    commands::store::opening,
    error::{self, CommandError, Outcome},
    homes,
    paste::quoted,
    ui::Ui,
};

/// What somebody says of a node: `NODE=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NodeIs<T> {
    node: String,
    is: T,
}

/// Writes the topology, and before it what it needs beside it.
pub(super) fn run(ui: &Ui, global: &Global, args: &InitArgs) -> Result<Outcome, CommandError> {
    let dirs = homes::dirs(&args.from_home)?;
    let keys = homes::keys(ui, &args.vault_password, None)?;
    let (homes, failed) = homes::read(ui, global, &dirs, args.product, &keys);
    // Who is missing would be missing in the topology.
    if let Some(error) = homes::all(failed) {
        return Err(error);
    }
    let given = Given {
        roles: said(&args.role, "--role")?,
        hosts: said(&args.host, "--host")?,
    };
    let cluster = Cluster::told(&homes, &given).map_err(|error| error::no_home(&error))?;
    let draft = Draft::of(&cluster).map_err(|error| error::draft(&error))?;
    let over = may_replace(ui, global)?;
    match file(global) {
        Some(_) => carry(ui, global, &draft)?,
        None => {
            for (to, from) in beside(&draft) {
                ui.warning(format_args!(
                    "`{}` is named, and not made: {from}",
                    to.display()
                ));
            }
        }
    }
    write(ui, global, &draft.text, over)?;
    if let Some(shown) = file(global) {
        ui.status(format_args!(
            "wrote `{shown}`, the deployment of {} homes",
            homes.len()
        ));
        ui.hint(format_args!(
            "look through its comments, then see what it makes: `apim-pki plan -f {}`",
            quoted(global.file())
        ));
    }
    Ok(Outcome::Done)
}

/// What is said of each node, once.
fn said<T: Clone>(given: &[NodeIs<T>], flag: &str) -> Result<BTreeMap<String, T>, CommandError> {
    let mut said = BTreeMap::new();
    for NodeIs { node, is } in given {
        if said.insert(node.clone(), is.clone()).is_some() {
            let message = format!("`{flag}` says two things of `{node}`");
            return Err(CommandError::usage(message));
        }
    }
    Ok(said)
}

/// What goes beside the topology, and where it comes from.
fn beside(draft: &Draft) -> impl Iterator<Item = (&PathBuf, String)> {
    let copies = draft.copies.iter();
    let copies = copies.map(|it| (&it.to, format!("it is `{}`", it.from.display())));
    let secrets = draft.secrets.iter();
    copies.chain(secrets.map(|it| (&it.to, "it is a secret of the homes".to_owned())))
}

/// Makes the files that the topology names, in a folder for the user alone. What is there and is something
/// else stays, and nothing is written.
fn carry(ui: &Ui, global: &Global, draft: &Draft) -> Result<(), CommandError> {
    let mut files = Vec::new();
    for copy in &draft.copies {
        files.push((global.base().join(&copy.to), content(copy)?));
    }
    for secret in &draft.secrets {
        let mut text = secret.content.expose().as_bytes().to_vec();
        text.push(b'\n');
        files.push((global.base().join(&secret.to), Bytes::from(text)));
    }
    let Some(folder) = files
        .first()
        .and_then(|(path, _)| path.parent().map(Path::to_owned))
    else {
        return Ok(());
    };
    make(&folder)?;
    // Nothing of it goes into version control by accident. What somebody wrote there stays.
    let ignore = folder.join(".gitignore");
    if !ignore.exists() {
        files.insert(0, (ignore, Bytes::from(&b"*\n"[..])));
    }
    let mut new = Vec::new();
    for (path, content) in &files {
        match open(global, path)?.read(opening::LIMIT) {
            Ok(Some(found)) if found.expose() == content.expose() => {}
            Ok(Some(_)) => return Err(in_the_way(path)),
            Ok(None) => new.push((path, content)),
            Err(error) => return Err(error::file(&error)),
        }
    }
    for (path, content) in new {
        let written = open(global, path)?.replace_for_owner(content);
        written.map_err(|error| error::file(&error))?;
        ui.status(format_args!("wrote `{}`", path.display()));
    }
    Ok(())
}

/// Locks the folder of a file, for as long as the file is looked at.
fn open(global: &Global, path: &Path) -> Result<SingleFile, CommandError> {
    SingleFile::lock(path, global.lock_timeout).map_err(|error| error::file(&error))
}

fn make(folder: &Path) -> Result<(), CommandError> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(CommandError::failed(
            format!("`{}` cannot be made", folder.display()),
        )
        .because(&error)),
        _ => Ok(()),
    }
}

/// The file as it was read.
fn content(copy: &FileCopy) -> Result<Bytes, CommandError> {
    let bytes = opening::read(&copy.from)?;
    match Sha256::of(bytes.expose()).to_string() == copy.sha256.to_string() {
        true => Ok(bytes),
        false => Err(CommandError::failed(format!(
            "`{}` was changed while the homes were read",
            copy.from.display()
        ))
        .hint("run it again")),
    }
}

fn in_the_way(path: &Path) -> CommandError {
    CommandError::refused(format!(
        "`{}` is there already, and is something else",
        path.display()
    ))
    .hint(
        "move it away if nothing needs it, or write the topology elsewhere: `-f DIR/apim-pki.toml`",
    )
}

impl<T: FromStr> FromStr for NodeIs<T>
where
    T::Err: std::fmt::Display,
{
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((node, is)) if !node.is_empty() && !is.is_empty() => Ok(Self {
                node: node.to_owned(),
                is: is.parse().map_err(|error: T::Err| error.to_string())?,
            }),
            _ => Err("it is no `NODE=…`".to_owned()),
        }
    }
}
