//! `vault`: the product's encrypted secrets.

mod check;
mod encrypt;
mod homes;
mod keys;
mod list;
mod reencrypt;
mod writing;

use clap::{Args, Subcommand};

use self::{check::CheckArgs, encrypt::EncryptArgs, list::ListArgs, reencrypt::ReencryptArgs};
use crate::{
    cli::{Global, HELP},
    error::{CommandError, Outcome},
    ui::Ui,
};

/// List, check and encrypt the secrets of product homes
///
/// A node whose keystore does not fit its encrypted passwords starts without a word, and takes the alias of each
/// for the password. `vault check` says so before.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki vault check --home /opt/wso2am-2.6.0 --store-password file:password",
    help_template = HELP
)]
pub(crate) struct VaultArgs {
    #[command(subcommand)]
    command: VaultCommand,
}

#[derive(Debug, Subcommand)]
enum VaultCommand {
    List(ListArgs),
    Check(CheckArgs),
    Encrypt(EncryptArgs),
    Reencrypt(ReencryptArgs),
}

pub(crate) fn run(ui: &Ui, global: &Global, args: &VaultArgs) -> Result<Outcome, CommandError> {
    match &args.command {
        VaultCommand::List(args) => list::run(ui, global, args),
        VaultCommand::Check(args) => check::run(ui, global, args),
        VaultCommand::Encrypt(args) => encrypt::run(ui, global, args),
        VaultCommand::Reencrypt(args) => reencrypt::run(ui, global, args),
    }
}
