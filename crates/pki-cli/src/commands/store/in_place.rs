//! The arguments of every command that changes one store where it lies.

use std::path::{Path, PathBuf};

use clap::Args;
use pki_core::{
    edit::{EditError, Edited},
    keystore::Keystore,
};

use super::{flags::WriteFlags, opening::WritePasswords, saving::Editing};
use crate::{
    cli::Global,
    error::{self, CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// A store, its passwords, and how it is written.
#[derive(Debug, Args)]
pub(crate) struct InPlace {
    /// The store; `-` is stdin, and the result goes to stdout
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) passwords: WritePasswords,

    #[command(flatten)]
    pub(crate) flags: WriteFlags,
}

impl InPlace {
    /// Makes one change to a store that must be there, and says what it did. `refused` is what becomes of
    /// an edit that cannot be done.
    pub(crate) fn edit(
        &self,
        ui: &Ui,
        global: &Global,
        change: impl FnOnce(&Keystore) -> Result<Edited, EditError>,
        refused: impl FnOnce(&Path, &EditError) -> CommandError,
    ) -> Result<Outcome, CommandError> {
        let store = Editing::open(ui, global, self, &Passwords::for_stores(ui))?;
        let edited = change(store.keystore()).map_err(|error| {
            let failed = refused(&self.file, &error);
            error::of_entry(failed, &error, store.keystore())
        })?;
        store.finish(&edited)
    }
}
