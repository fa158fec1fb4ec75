use clap::Args;
use pki_core::{edit, keystore::Alias};

use super::in_place::InPlace;
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Put a copy of an entry under another alias
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store copy wso2carbon.jks --alias wso2carbon --new-alias gateway --store-password file:password",
    help_template = HELP
)]
pub(crate) struct CopyArgs {
    /// The entry
    #[arg(long, value_name = "ALIAS")]
    alias: Alias,

    /// What its copy will be called
    #[arg(long, value_name = "ALIAS")]
    new_alias: Alias,

    #[command(flatten)]
    store: InPlace,
}

/// Copies it; a key stays sealed under its password.
pub(crate) fn run(ui: &Ui, global: &Global, args: &CopyArgs) -> Result<Outcome, CommandError> {
    let copy = |store: &_| edit::copy(store, &args.alias, &args.new_alias, global.now());
    args.store.edit(ui, global, copy, error::renamed)
}
