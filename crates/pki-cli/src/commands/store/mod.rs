//! `store`: one keystore, any format. One file per command.

mod check;
mod convert;
mod copy;
mod delete;
mod diff;
mod encoding;
mod export;
mod flags;
mod import;
mod in_place;
mod list;
mod merge;
pub(crate) mod opening;
mod output;
mod password;
mod prune;
mod rename;
mod saving;
mod show;

use clap::{Args, Subcommand};

use crate::{
    cli::{Global, HELP},
    error::{CommandError, Outcome},
    ui::Ui,
};

/// Look into keystores, change and convert them: JKS, PKCS #12, PEM
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store list client-truststore.jks --store-password file:password",
    help_template = HELP,
    disable_help_subcommand = true
)]
pub(crate) struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    List(list::ListArgs),
    Show(show::ShowArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Delete(delete::DeleteArgs),
    Rename(rename::RenameArgs),
    Copy(copy::CopyArgs),
    Password(password::PasswordArgs),
    Convert(convert::ConvertArgs),
    Merge(merge::MergeArgs),
    Prune(prune::PruneArgs),
    Diff(diff::DiffArgs),
    Check(check::CheckArgs),
}

/// Runs the one that was chosen.
pub(crate) fn run(ui: &Ui, global: &Global, args: &StoreArgs) -> Result<Outcome, CommandError> {
    match &args.command {
        StoreCommand::List(args) => list::run(ui, global, args),
        StoreCommand::Show(args) => show::run(ui, global, args),
        StoreCommand::Import(args) => import::run(ui, global, args),
        StoreCommand::Export(args) => export::run(ui, global, args),
        StoreCommand::Delete(args) => delete::run(ui, global, args),
        StoreCommand::Rename(args) => rename::run(ui, global, args),
        StoreCommand::Copy(args) => copy::run(ui, global, args),
        StoreCommand::Password(args) => password::run(ui, global, args),
        StoreCommand::Convert(args) => convert::run(ui, global, args),
        StoreCommand::Merge(args) => merge::run(ui, global, args),
        StoreCommand::Prune(args) => prune::run(ui, global, args),
        StoreCommand::Diff(args) => diff::run(ui, global, args),
        StoreCommand::Check(args) => check::run(ui, global, args),
    }
}
