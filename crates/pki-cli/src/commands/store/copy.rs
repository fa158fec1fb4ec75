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

/// Put a copy of an entry under another alias
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store copy wso2carbon.jks --alias wso2carbon --new-alias gateway --store-password file:password",
    help_template = HELP
)]
pub(crate) struct CopyArgs {
    /// The store; `-` is stdin, and the result goes to stdout
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The entry
    #[arg(long, value_name = "ALIAS")]
    alias: Alias,

    /// What its copy will be called
    #[arg(long, value_name = "ALIAS")]
    new_alias: Alias,

    #[command(flatten)]
    passwords: WritePasswords,

    #[command(flatten)]
    flags: WriteFlags,
}

/// Copies it; a key stays sealed under its password.
pub(crate) fn run(ui: &Ui, global: &Global, args: &CopyArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let store = Editing::open(
        ui,
        global,
        &args.file,
        &args.flags,
        &args.passwords,
        &resolver,
    )?;
    let edited = edit::copy(store.keystore(), &args.alias, &args.new_alias, global.now())
        .map_err(|error| error::renamed(&args.file, &error))?;
    store.finish(&edited)
}
