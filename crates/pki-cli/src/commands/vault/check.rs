use std::io::{self, IsTerminal, Write};

use clap::Args;
use pki_core::{
    observe::{NodeKeys, VaultHome},
    report,
    verify::{JudgedSecrets, NodeSecrets, Severity, verify_secrets},
    wso2::vault::{Vault, Verdict},
};

use super::homes::{HomeArgs, Homes, KeyArgs, end, no_key, told, warn_of_root_files};
use crate::{
    cli::{Format, Global, HELP},
    error::{CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Try every secret with the key of its node: what does not open, and what that leads to
///
/// Ends with 1 if a secret is not read, or a value names one that is not there. Several homes are held against each
/// other.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki vault check --home /opt/gw1 /opt/gw2 --store-password file:password",
    help_template = HELP
)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    homes: HomeArgs,

    #[command(flatten)]
    keys: KeyArgs,

    /// Show the secrets that open; on a terminal alone
    #[arg(long)]
    reveal: bool,
}

pub(crate) fn run(ui: &Ui, global: &Global, args: &CheckArgs) -> Result<Outcome, CommandError> {
    refuse_to_reveal(global, args)?;
    let given = args.keys.resolve(&Passwords::for_stores(ui))?;
    let mut homes = Homes::read(ui, global, &args.homes, &given)?;
    let mut errors = std::mem::take(&mut homes.errors);
    let vaults: Vec<Vault<'_>> = homes.read.iter().map(VaultHome::vault).collect();
    let keys: Vec<NodeKeys> = homes
        .read
        .iter()
        .zip(&vaults)
        .map(|(home, vault)| home.keys(vault, &given))
        .collect();
    let nodes: Vec<NodeSecrets<'_>> = homes
        .read
        .iter()
        .zip(vaults.iter().zip(&keys))
        .map(|(home, (vault, keys))| NodeSecrets::of_home(home, vault, keys))
        .collect();
    let judged = verify_secrets(&nodes);
    let mut blind = Vec::new();
    for ((home, keys), judged) in homes.read.iter().zip(&keys).zip(&judged) {
        let unseen = judged.verdicts.contains(&Verdict::NoKey);
        if let Some(reason) = keys.missing.as_ref().filter(|_| unseen) {
            blind.push((home.home.dir.display().to_string(), no_key(home, reason)));
        }
    }
    let unread = blind.iter().map(|(path, error)| report::text::Unread {
        path: path.clone(),
        reason: error.in_one_line(),
    });
    let unread: Vec<_> = homes.unread.iter().cloned().chain(unread).collect();
    let told: Vec<_> = homes
        .read
        .iter()
        .zip(vaults.iter().zip(&judged))
        .map(|(home, (vault, judged))| told(home, vault, Some(judged)))
        .collect();
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::secrets(&told, &unread, &mut out),
        Format::Text => report::text::secrets(&told, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    if args.reveal {
        for (vault, judged) in vaults.iter().zip(&judged) {
            reveal(vault, judged, &mut out).map_err(|error| CommandError::output(&error))?;
        }
    }
    ui.data(&out)?;
    homes
        .read
        .iter()
        .for_each(|home| warn_of_root_files(ui, home));
    errors.extend(blind.into_iter().map(|(_, error)| error));
    end(ui, errors)?;
    Ok(match has_errors(&judged) {
        true => Outcome::Problems,
        false => Outcome::Done,
    })
}

fn has_errors(judged: &[JudgedSecrets]) -> bool {
    let mut problems = judged.iter().flat_map(|it| &it.problems);
    problems.any(|problem| problem.severity == Severity::Error)
}

fn refuse_to_reveal(global: &Global, args: &CheckArgs) -> Result<(), CommandError> {
    if !args.reveal {
        return Ok(());
    }
    if global.format == Format::Json {
        return Err(CommandError::usage("`--reveal` does not go into JSON"));
    }
    if !io::stdout().is_terminal() {
        return Err(CommandError::refused(
            "secrets are shown on a terminal alone, and stdout is none",
        )
        .hint("run it on a terminal, without a pipe and without `>`"));
    }
    Ok(())
}

/// Aliases and secrets, control characters spelled out.
fn reveal(vault: &Vault<'_>, judged: &JudgedSecrets, out: &mut Vec<u8>) -> io::Result<()> {
    for (secret, verdict) in vault.secrets.iter().zip(&judged.verdicts) {
        let (Verdict::Reads(opened) | Verdict::OtherCipher { opened, .. }) = verdict else {
            continue;
        };
        if let Some(text) = opened.text() {
            writeln!(out, "{}={}", secret.alias, text.expose().escape_debug())?;
        }
    }
    Ok(())
}
