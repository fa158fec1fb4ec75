use clap::Args;
use pki_core::{edit, keystore::Alias};

use super::in_place::InPlace;
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Take entries out of a keystore
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store delete client-truststore.jks --alias old-ca --store-password file:password",
    help_template = HELP
)]
pub(crate) struct DeleteArgs {
    /// The entry; may be given again
    #[arg(long, required = true, value_name = "ALIAS")]
    alias: Vec<Alias>,

    #[command(flatten)]
    store: InPlace,
}

/// All of them, or none.
pub(crate) fn run(ui: &Ui, global: &Global, args: &DeleteArgs) -> Result<Outcome, CommandError> {
    let delete = |store: &_| edit::delete(store, &args.alias);
    args.store.edit(ui, global, delete, error::edit)
}
