//! One new file, written whole or not at all, that takes no other's place unasked.

use std::path::Path;

use pki_core::{disk::SingleFile, secret::Bytes};

use super::store::opening::LIMIT;
use crate::{
    cli::Global,
    error::{self, CommandError},
    ui::Ui,
};

/// Who may read a file that is replaced. A new one is its owner's alone anyway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Readers {
    /// Those who could before.
    AsBefore,
    /// Its owner alone.
    Owner,
}

/// Writes a file, or to stdout for `-`. A file that is there stays, unless it may go or has that content.
pub(crate) fn write(
    ui: &Ui,
    global: &Global,
    out: &Path,
    (bytes, readers): (&Bytes, Readers),
    replace: bool,
) -> Result<(), CommandError> {
    if out == Path::new("-") {
        return ui.data(bytes.expose());
    }
    let disk = |error| error::file(&error);
    let file = SingleFile::lock(out, global.lock_timeout).map_err(disk)?;
    let found = file.read(LIMIT).map_err(disk)?;
    let same = found.as_ref().map(|it| it.expose() == bytes.expose());
    match (same, readers) {
        (Some(true), Readers::AsBefore) => {}
        (Some(false), _) if !replace => return Err(in_the_way(out)),
        (_, Readers::AsBefore) => file.replace(bytes).map_err(disk)?,
        (_, Readers::Owner) => file.replace_for_owner(bytes).map_err(disk)?,
    }
    match same {
        Some(true) => ui.status(format_args!("`{}` has that content already", out.display())),
        _ => ui.status(format_args!("wrote `{}`", out.display())),
    }
    Ok(())
}

/// The file that is there stays.
pub(crate) fn in_the_way(out: &Path) -> CommandError {
    CommandError::refused(format!("`{}` is there already", out.display()))
        .hint("`--replace` puts the new one in its place")
}
