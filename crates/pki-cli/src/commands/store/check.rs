use std::{
    io::Write,
    path::{Path, PathBuf},
};

use clap::Args;
use pki_core::{
    edit::{self, Fault, Finding, Repair, Severity},
    report::{self, text::Unread},
    secret::Password,
    wso2::{self, KnownKeyClass},
    x509::Certificate,
};

use super::{
    encoding,
    flags::WriteFlags,
    in_place::InPlace,
    opening::{self, ReadPasswords, WritePasswords},
    saving::Editing,
};
use crate::{
    cli::{Format, Global, HELP},
    error::{self, CommandError, Outcome},
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

    /// Mend what asks for no choice: spelling of aliases, visibility, open keys of a PKCS #12, order and
    /// gaps of chains
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
    let checking = Checking {
        ui,
        global,
        args,
        resolver,
        store,
        keys,
    };
    let mut checked: Vec<(String, Vec<Finding>)> = Vec::new();
    let (mut unread, mut errors) = (Vec::new(), Vec::new());
    for file in &args.files {
        let path = opening::shown(file);
        match checking.check_and_repair(file) {
            Ok(findings) => checked.push((path, findings)),
            Err(error) => {
                let reason = error.in_one_line();
                unread.push(Unread { path, reason });
                errors.push(error);
            }
        }
    }
    checking.tell(&checked, &unread)?;
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

/// What every file is checked with.
struct Checking<'a> {
    ui: &'a Ui,
    global: &'a Global,
    args: &'a CheckArgs,
    resolver: Passwords<'a>,
    /// The stores' passwords, in the order of the flags.
    store: Vec<Password>,
    /// Those to try on keys.
    keys: Vec<Password>,
}

impl Checking<'_> {
    /// What is wrong with a store; with `--repair` what is left.
    fn check_and_repair(&self, file: &Path) -> Result<Vec<Finding>, CommandError> {
        let (findings, own) = self.check(file)?;
        if !self.args.repair || !findings.iter().any(|finding| finding.repairable) {
            return Ok(findings);
        }
        self.repair(file, own)?;
        match self.args.flags.dry_run {
            true => Ok(findings),
            false => Ok(self.check(file)?.0),
        }
    }

    /// What is wrong, and which of the passwords the file was read with.
    fn check(&self, file: &Path) -> Result<(Vec<Finding>, Option<usize>), CommandError> {
        let bytes = opening::read(file)?;
        let (decoded, own) = opening::decode_by(file, bytes.expose(), &self.store)?;
        let password = own.map(|own| &self.store[own]);
        let mut findings = edit::check(&decoded, password, &self.keys, self.global.now());
        findings.extend(edit::check_published(&decoded.keystore, published));
        Ok((findings, own))
    }

    /// Mends a file under its lock, from what is in it then.
    fn repair(&self, file: &Path, own: Option<usize>) -> Result<(), CommandError> {
        if file == Path::new("-") {
            return Err(CommandError::usage("`--repair` needs a file, not stdin"));
        }
        let place = InPlace {
            file: file.to_owned(),
            passwords: WritePasswords::default(),
            flags: self.args.flags,
        };
        let store = match own {
            Some(own) => {
                let password = self.store[own].clone();
                Editing::open_with(self.ui, self.global, &place, |_| Ok(password))
            }
            // That says what is missing.
            None => Editing::open(self.ui, self.global, &place, &self.resolver),
        }?;
        let Some(decoded) = store.decoded() else {
            return Ok(());
        };
        let how = Repair {
            passwords: &self.keys,
            store_password: Some(&store.password),
            encoding: store.encoding,
        };
        let edited = edit::repair(decoded, &how, &mut encoding::random())
            .map_err(|error| error::edit(file, &error))?;
        // JSON has one report: of what is left.
        match self.global.format {
            Format::Json => store.finish_quietly(&edited).map(drop),
            Format::Text => store.finish(&edited).map(drop),
        }
    }

    fn tell(
        &self,
        checked: &[(String, Vec<Finding>)],
        unread: &[Unread],
    ) -> Result<(), CommandError> {
        let mut out = Vec::new();
        let layout = self.ui.layout();
        match self.global.format {
            Format::Json => report::json::v1::findings(checked, unread, &mut out),
            Format::Text => checked
                .iter()
                .try_for_each(|(path, findings)| {
                    report::text::findings(path, findings, layout, &mut out)
                })
                .and_then(|()| {
                    let mut unread = unread.iter();
                    unread.try_for_each(|unread| writeln!(out, "{}: unread", unread.path))
                }),
        }
        .map_err(|error| CommandError::output(&error))?;
        self.ui.data(&out)?;
        if self.store.is_empty() {
            self.ui
                .hint("without `--store-password` no key was opened, and integrity not checked");
        }
        let any = |wanted: fn(&Finding) -> bool| {
            let mut findings = checked.iter().flat_map(|(_, findings)| findings);
            findings.any(wanted)
        };
        if any(|found| matches!(found.fault, Fault::AliasClash { .. })) {
            self.ui.hint(
                "`apim-pki store convert FILE OUT --to pkcs12 --number-clashes --store-password SRC` gives each \
                 entry an alias of its own",
            );
        }
        if any(|found| found.fault == Fault::Unprotected && !found.repairable) {
            self.ui.hint(
                "`--repair --store-password SRC` seals an open key of a PKCS #12 under that password; of a \
                 PEM, `apim-pki store convert FILE OUT --to pkcs12 --out-password SRC`",
            );
        }
        Ok(())
    }
}

/// What the product shipped as its default, or somebody published.
fn published(certificate: &Certificate) -> Option<(&'static str, &'static str)> {
    let known = wso2::known_certificate(certificate)?;
    (known.class != KnownKeyClass::TrustedOnly).then_some((known.id, known.shipped_in))
}
