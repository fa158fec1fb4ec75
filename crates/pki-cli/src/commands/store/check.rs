use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use pki_core::{
    edit::{self, Finding, Severity},
    report::{self, text::Unread},
    secret::Password,
    wso2::{self, KnownKeyClass},
    x509::Certificate,
};

use super::{
    flags::WriteFlags,
    opening::{self, ReadPasswords, WritePasswords},
    saving::Editing,
};
use crate::{
    cli::{Format, Global, HELP},
    error::{CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// Say what Java, or a server, will stumble over in a keystore; mend what is safe to mend
///
/// Aliases that Java does not find, certificates that it does not see, keys that do not open or do not
/// belong to their certificate, chains out of order, certificates that expired. 1 if there is a problem
/// (with `--repair`: if one is left).
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store check client-truststore.p12 --store-password file:password --repair",
    help_template = HELP
)]
pub(crate) struct CheckArgs {
    /// The stores
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    /// Mend what asks for no choice: spelling of aliases, visibility, order and gaps of chains
    #[arg(long)]
    repair: bool,

    #[command(flatten)]
    passwords: ReadPasswords,

    #[command(flatten)]
    flags: WriteFlags,
}

/// Checks each; with `--repair` what is left.
pub(crate) fn run(ui: &Ui, global: &Global, args: &CheckArgs) -> Result<Outcome, CommandError> {
    if !args.repair && args.flags.is_given() {
        return Err(CommandError::usage(
            "`--dry-run` and `--deterministic` are about what `--repair` writes",
        )
        .hint("give `--repair` too; without it nothing is written"));
    }
    let resolver = Passwords::for_stores(ui);
    let (store, keys) = args.passwords.resolve(&resolver)?;
    let mut checked: Vec<(String, Vec<Finding>)> = Vec::new();
    let (mut unread, mut errors) = (Vec::new(), Vec::new());
    for file in &args.files {
        let path = opening::shown(file);
        match check_and_repair(ui, global, file, args, &store, &keys) {
            Ok(findings) => checked.push((path, findings)),
            Err(error) => {
                let reason = error.in_one_line();
                unread.push(Unread { path, reason });
                errors.push(error);
            }
        }
    }
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::findings(&checked, &unread, &mut out),
        Format::Text => checked
            .iter()
            .try_for_each(|(path, findings)| {
                report::text::findings(path, findings, ui.layout(), &mut out)
            })
            .and_then(|()| {
                let mut unread = unread.iter();
                unread.try_for_each(|unread| writeln!(out, "{}: unread", unread.path))
            }),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    if store.is_empty() {
        ui.hint("without `--store-password` no key was opened, and integrity not checked");
    }
    if let Some(last) = errors.pop() {
        errors.iter().for_each(|error| ui.error(error));
        return Err(last);
    }
    let mut findings = checked.iter().flat_map(|(_, findings)| findings);
    Ok(
        match findings.any(|finding| finding.severity > Severity::Info) {
            true => Outcome::Problems,
            false => Outcome::Done,
        },
    )
}

/// What is wrong with a store; with `--repair` what is left.
fn check_and_repair(
    ui: &Ui,
    global: &Global,
    file: &Path,
    args: &CheckArgs,
    store: &[Password],
    keys: &[Password],
) -> Result<Vec<Finding>, CommandError> {
    let mut findings = check(global, file, store, keys)?;
    if args.repair && findings.iter().any(|finding| finding.repairable) {
        repair(ui, global, file, args, keys)?;
        if !args.flags.dry_run && file != Path::new("-") {
            findings = check(global, file, store, keys)?;
        }
    }
    Ok(findings)
}

fn check(
    global: &Global,
    file: &Path,
    store: &[Password],
    keys: &[Password],
) -> Result<Vec<Finding>, CommandError> {
    let bytes = opening::read(file)?;
    let decoded = opening::decode(file, bytes.expose(), store)?;
    // The one that the file was read with: others may be given for other files.
    let own = store.iter().find(|password| {
        store.len() == 1 || pki_core::keystore::Keystore::decode(bytes.expose(), password).is_ok()
    });
    let mut findings = edit::check(&decoded, own, keys, global.now());
    findings.extend(edit::check_published(&decoded.keystore, published));
    Ok(findings)
}

/// What the product shipped as its default, or somebody published.
fn published(certificate: &Certificate) -> Option<(&'static str, &'static str)> {
    let known = wso2::known_certificate(certificate)?;
    (known.class != KnownKeyClass::TrustedOnly).then_some((known.id, known.shipped_in))
}

/// Under its lock, from what is in it then.
fn repair(
    ui: &Ui,
    global: &Global,
    file: &Path,
    args: &CheckArgs,
    keys: &[Password],
) -> Result<(), CommandError> {
    if file == Path::new("-") {
        return Err(CommandError::usage("`--repair` needs a file, not stdin"));
    }
    let passwords = WritePasswords {
        store_password: args.passwords.store_password.first().cloned(),
        key_password: None,
    };
    let resolver = Passwords::for_stores(ui);
    let store = Editing::open(ui, global, file, &args.flags, &passwords, &resolver)?;
    let Some(decoded) = store.decoded() else {
        return Ok(());
    };
    let edited = edit::repair(decoded, keys);
    // JSON has one report: of what is left.
    match global.format {
        Format::Json => store.finish_quietly(&edited).map(drop),
        Format::Text => store.finish(&edited).map(drop),
    }
}
