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

/// Take entries out of a keystore
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store delete client-truststore.jks --alias old-ca --store-password file:password",
    help_template = HELP
)]
pub(crate) struct DeleteArgs {
    /// The store; `-` is stdin, and the result goes to stdout
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The entry; may be given again
    #[arg(long, required = true, value_name = "ALIAS")]
    alias: Vec<Alias>,

    #[command(flatten)]
    passwords: WritePasswords,

    #[command(flatten)]
    flags: WriteFlags,
}

/// All of them, or none.
pub(crate) fn run(ui: &Ui, global: &Global, args: &DeleteArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let store = Editing::open(
        ui,
        global,
        &args.file,
        &args.flags,
        &args.passwords,
        &resolver,
    )?;
    let edited = edit::delete(store.keystore(), &args.alias)
        .map_err(|error| error::edit(&args.file, &error))?;
    store.finish(&edited)
}
