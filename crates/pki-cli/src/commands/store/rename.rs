use clap::Args;
use pki_core::{edit, keystore::Alias};

use super::in_place::InPlace;
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
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
    /// The entry
    #[arg(long, value_name = "ALIAS")]
    alias: Alias,

    /// What it will be called
    #[arg(long, value_name = "ALIAS")]
    new_alias: Alias,

    #[command(flatten)]
    store: InPlace,
}

/// Renames it.
pub(crate) fn run(ui: &Ui, global: &Global, args: &RenameArgs) -> Result<Outcome, CommandError> {
    let rename = |store: &_| edit::rename(store, &args.alias, &args.new_alias);
    args.store.edit(ui, global, rename, error::renamed)
}
