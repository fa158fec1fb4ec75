use std::path::PathBuf;

use clap::Args;
use pki_core::{
    edit::{self, Side},
    report,
};

use super::opening::{self, ReadPasswords};
use crate::{
    cli::{Format, Global, HELP},
    error::{CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Compare two keystores, entry by entry, whatever their formats
///
/// 0: they mean the same. 1: they differ. The order of entries is no difference.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store diff node1/client-truststore.jks node2/client-truststore.jks --store-password file:password",
    help_template = HELP
)]
pub(crate) struct DiffArgs {
    /// The first store
    #[arg(value_name = "A")]
    left: PathBuf,

    /// The second; one of the two may be `-`, stdin
    #[arg(value_name = "B")]
    right: PathBuf,

    #[command(flatten)]
    passwords: ReadPasswords,
}

/// Compares them.
pub(crate) fn run(ui: &Ui, global: &Global, args: &DiffArgs) -> Result<Outcome, CommandError> {
    let (store, keys) = args.passwords.resolve(&Passwords::for_stores(ui))?;
    let read = |file| {
        let bytes = opening::read(file)?;
        opening::decode(file, bytes.expose(), &store)
    };
    let (left, right) = (read(&args.left)?, read(&args.right)?);
    let differences = edit::diff(
        Side {
            keystore: &left.keystore,
            passwords: &keys,
        },
        Side {
            keystore: &right.keystore,
            passwords: &keys,
        },
    );
    let mut out = Vec::new();
    match global.format {
        Format::Json => {
            let (left, right) = (opening::shown(&args.left), opening::shown(&args.right));
            report::json::v1::differences(&left, &right, &differences, &mut out)
        }
        Format::Text => report::text::differences(&differences, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    Ok(match differences.is_empty() {
        true => {
            ui.status("they mean the same");
            Outcome::Done
        }
        false => Outcome::Problems,
    })
}
