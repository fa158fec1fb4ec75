//! `cert`: certificates by themselves. One file per command.

pub(crate) mod show;
pub(crate) mod verify;

use std::path::Path;

use clap::{Args, Subcommand};
use pki_core::{
    edit,
    keystore::{DecodeError, Decoded, Format, read_certificates},
    secret::Password,
    x509::Certificate,
};

use super::store::opening;
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Look at certificates and judge them: PEM, DER, bundles, keystores
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki cert show server.pem",
    help_template = HELP,
    disable_help_subcommand = true
)]
pub(crate) struct CertArgs {
    #[command(subcommand)]
    command: CertCommand,
}

#[derive(Debug, Subcommand)]
enum CertCommand {
    Show(show::ShowArgs),
    Verify(verify::VerifyArgs),
}

/// Runs the one that was chosen.
pub(crate) fn run(ui: &Ui, global: &Global, args: &CertArgs) -> Result<Outcome, CommandError> {
    match &args.command {
        CertCommand::Show(args) => show::run(ui, global, args),
        CertCommand::Verify(args) => verify::run(ui, global, args),
    }
}

/// The certificates of a file, whatever its encoding, in its order. Keys in it are passed over.
pub(crate) fn certificates(
    file: &Path,
    passwords: &[Password],
) -> Result<Vec<Certificate>, CommandError> {
    read(file, passwords, |decoded| {
        let entries = decoded.keystore.entries().iter();
        entries
            .flat_map(|entry| entry.certificates().to_vec())
            .collect()
    })
}

/// Whom a Java client trusts that has this file as its truststore; of a file that is no keystore, all.
pub(crate) fn trusted(
    file: &Path,
    passwords: &[Password],
) -> Result<Vec<Certificate>, CommandError> {
    read(file, passwords, edit::trusted_by_java)
}

/// Reads certificates in any encoding, and takes out of a keystore what is wanted.
fn read(
    file: &Path,
    passwords: &[Password],
    of_keystore: impl Fn(&Decoded) -> Vec<Certificate>,
) -> Result<Vec<Certificate>, CommandError> {
    let bytes = opening::read(file)?;
    let format = Format::detect(bytes.expose());
    if let Some(Format::Der | Format::Pem | Format::Pkcs7) | None = format {
        return read_certificates(bytes.expose()).map_err(|error| error::decode(file, &error));
    }
    let decoded = opening::decode(file, bytes.expose(), passwords)?;
    let found = of_keystore(&decoded);
    // Keys may lie beside what is encrypted as a whole.
    if found.is_empty() && passwords.is_empty() && decoded.format == Format::Pkcs12 {
        let sealed = DecodeError::PasswordNeeded {
            format: decoded.format,
        };
        return Err(error::decode(file, &sealed));
    }
    Ok(found)
}
