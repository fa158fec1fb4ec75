use std::path::PathBuf;

use clap::Args;
use pki_core::{
    keystore::{Alias, write_pem_certificates},
    report::{self, text::Listed},
    x509::Certificate,
};

use super::{
    list,
    opening::{self, ReadPasswords},
};
use crate::{
    cli::{Format, Global, HELP},
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Show all that a keystore says: chains, names, validity, fingerprints, protection
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store show wso2carbon.jks --alias wso2carbon --store-password file:password",
    help_template = HELP
)]
pub(crate) struct ShowArgs {
    /// The stores; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Only this entry; may be given again
    #[arg(long, value_name = "ALIAS")]
    alias: Vec<Alias>,

    /// The certificates as PEM, and nothing else
    #[arg(long, conflicts_with = "format")]
    pem: bool,

    #[command(flatten)]
    passwords: ReadPasswords,
}

/// Shows each.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ShowArgs) -> Result<Outcome, CommandError> {
    let mut found = list::summaries(ui, global, &args.files, &args.passwords)?;
    if !args.alias.is_empty() {
        choose(&mut found.listed, &args.alias, &args.files)?;
    }
    let mut out = Vec::new();
    match (args.pem, global.format) {
        (true, _) => {
            let entries = found.listed.iter().flat_map(|store| &store.summary.entries);
            let chains = entries.flat_map(|entry| &entry.chain);
            let certificates: Vec<Certificate> =
                chains.map(|found| found.certificate.clone()).collect();
            out.extend_from_slice(write_pem_certificates(&certificates).as_bytes());
            Ok(())
        }
        (false, Format::Json) => report::json::v1::stores(&found.listed, &found.unread, &mut out),
        (false, Format::Text) => report::text::show(&found.listed, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    found.end(ui)
}

/// Keeps the entries that Java finds under the aliases. One that is nowhere is a mistake.
fn choose(stores: &mut [Listed], aliases: &[Alias], files: &[PathBuf]) -> Result<(), CommandError> {
    for alias in aliases {
        let wanted = alias.lookup();
        let mut entries = stores.iter().flat_map(|store| &store.summary.entries);
        if !entries.any(|entry| entry.alias.lookup() == wanted) {
            let looked = files
                .iter()
                .map(|file| format!("`{}`", opening::shown(file)));
            let missing = CommandError::usage(format!(
                "{}: there is no entry `{alias}`",
                looked.collect::<Vec<_>>().join(", ")
            ));
            let entries = stores.iter().flat_map(|store| &store.summary.entries);
            let aliases = entries.map(|entry| &entry.alias);
            return Err(error::misspelt(missing, alias, aliases));
        }
    }
    for store in stores {
        store.summary.entries.retain(|entry| {
            let found = entry.alias.lookup();
            aliases.iter().any(|alias| alias.lookup() == found)
        });
    }
    Ok(())
}
