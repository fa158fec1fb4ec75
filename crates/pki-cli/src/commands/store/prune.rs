use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use clap::{ArgGroup, Args};
use pki_core::{
    edit::{self, PruneRules},
    wso2,
    x509::Fingerprint,
};

use super::{in_place::InPlace, opening};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Take out what should not be trusted any more, and say why each went
///
/// Private keys stay unless `--private-keys`.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("rules").required(true).multiple(true),
    before_help = "Example:\n  apim-pki store prune client-truststore.jks --expired --default-keys --store-password file:password --dry-run",
    help_template = HELP
)]
pub(crate) struct PruneArgs {
    /// Certificates whose validity is over
    #[arg(long, group = "rules")]
    expired: bool,

    /// Short keys (RSA and DSA under 2048 bits, EC under 224), signatures over MD2, MD5 and SHA-1
    #[arg(long, group = "rules")]
    weak: bool,

    /// All but the first entry of a certificate
    #[arg(long, group = "rules")]
    duplicates: bool,

    /// Keys that the product ships, whose private halves everybody has
    #[arg(long, group = "rules")]
    default_keys: bool,

    /// A list: a line has the SHA-256 of a certificate or of its public key, then why; `#` begins a comment
    #[arg(long, group = "rules", value_name = "FILE")]
    deny: Vec<PathBuf>,

    /// Private keys may go too
    #[arg(long)]
    private_keys: bool,

    #[command(flatten)]
    store: InPlace,
}

/// Prunes one store.
pub(crate) fn run(ui: &Ui, global: &Global, args: &PruneArgs) -> Result<Outcome, CommandError> {
    let mut denied = BTreeMap::new();
    if args.default_keys {
        for known in wso2::known_keys() {
            let label = format!(
                "{}, shipped in {}: everybody has it",
                known.id, known.shipped_in
            );
            denied.insert(known.certificate, label.clone());
            denied.insert(known.spki, label);
        }
    }
    for file in &args.deny {
        denied.extend(read_list(file)?);
    }
    let rules = PruneRules {
        expired: args.expired,
        weak: args.weak,
        duplicates: args.duplicates,
        denied: &denied,
        private_keys: args.private_keys,
    };
    let prune = |store: &_| Ok(edit::prune(store, &rules, global.now()));
    args.store.edit(ui, global, prune, error::edit)
}

/// Fingerprints, with or without colons, and what the rest of the line says of each.
fn read_list(file: &Path) -> Result<Vec<(Fingerprint, String)>, CommandError> {
    let bytes = opening::read(file)?;
    let text = String::from_utf8_lossy(bytes.expose());
    let mut denied = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (sha256, why) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        let sha256: Fingerprint = sha256.parse().map_err(|_| {
            CommandError::usage(format!(
                "{}:{}: not a SHA-256: 64 hex digits are expected first on the line",
                file.display(),
                at + 1
            ))
        })?;
        let why = why.trim().trim_start_matches('#').trim();
        let why = match why.is_empty() {
            true => format!("on the list `{}`", file.display()),
            false => why.to_owned(),
        };
        denied.push((sha256, why));
    }
    Ok(denied)
}
