use std::path::PathBuf;

use clap::Args;
use pki_core::{edit, keystore::Alias};

use super::{flags::WriteFlags, opening::WritePasswords, saving::Editing};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Give an entry another alias; date, place and key stay
///
/// Aliases are written in lower case, as Java looks them up: renaming an entry to its own alias mends
/// one that was written otherwise.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store rename tls.jks --alias 1 --new-alias tls --store-password file:password",
    help_template = HELP
)]
pub(crate) struct RenameArgs {
    /// The store; `-` is stdin, and the result goes to stdout
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The entry
    #[arg(long, value_name = "ALIAS")]
    alias: Alias,

    /// What it will be called
    #[arg(long, value_name = "ALIAS")]
    new_alias: Alias,

    #[command(flatten)]
    passwords: WritePasswords,

    #[command(flatten)]
    flags: WriteFlags,
}

/// Renames it.
pub(crate) fn run(ui: &Ui, global: &Global, args: &RenameArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let store = Editing::open(
        ui,
        global,
        &args.file,
        &args.flags,
        &args.passwords,
        &resolver,
    )?;
    let edited = edit::rename(store.keystore(), &args.alias, &args.new_alias)
        .map_err(|error| error::renamed(&args.file, &error))?;
    store.finish(&edited)
}
