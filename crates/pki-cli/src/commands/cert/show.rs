use std::path::PathBuf;

use clap::Args;
use pki_core::{edit::CertificateSummary, keystore::write_pem_certificates, report};

use super::certificates;
use crate::{
    cli::{Format, Global, HELP},
    commands::store::opening::{self, ReadPasswords},
    error::{CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Show what certificates say: names, validity, key, uses, fingerprints
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  openssl s_client -connect gw.example.com:9443 -showcerts </dev/null | apim-pki cert show -",
    help_template = HELP
)]
pub(crate) struct ShowArgs {
    /// PEM (text around the blocks does not matter), DER, a bundle, a keystore; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The certificates as PEM, and nothing else
    #[arg(long, conflicts_with = "format")]
    pem: bool,

    #[command(flatten)]
    passwords: ReadPasswords,
}

/// Shows each certificate, in the file's order.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ShowArgs) -> Result<Outcome, CommandError> {
    let (store, _) = args.passwords.resolve(&Passwords::for_stores(ui))?;
    let found = certificates(&args.file, &store)?;
    if found.is_empty() {
        let path = opening::shown(&args.file);
        return Err(CommandError::failed(format!(
            "`{path}` has no certificate in it"
        )));
    }
    if args.pem {
        ui.data(write_pem_certificates(&found).as_bytes())?;
        return Ok(Outcome::Done);
    }
    let now = global.now();
    let found: Vec<CertificateSummary> = found
        .iter()
        .map(|found| CertificateSummary::new(found, now))
        .collect();
    let mut out = Vec::new();
    match global.format {
        Format::Json => {
            let path = opening::shown(&args.file);
            report::json::v1::certificates(&path, &found, &mut out)
        }
        Format::Text => report::text::certificates(&found, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    Ok(Outcome::Done)
}
