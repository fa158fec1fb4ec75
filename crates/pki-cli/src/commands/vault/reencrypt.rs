use std::path::PathBuf;

use clap::Args;
use pki_core::{
    key::SystemRandom,
    observe::VaultHome,
    wso2::{
        Slot,
        vault::{Changes, NewKey, OpeningKey, SealingKey, certificate_of_envelope},
    },
    x509::Certificate,
};

use super::{
    homes::HomeArgs,
    keys::{key, symmetric, unusable},
    writing::{Held, refused, tell, warn_of_what_is_kept},
};
use crate::{
    cli::{Global, HELP},
    commands::store::opening,
    error::{CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    paste::quoted,
    ui::Ui,
};

/// Encrypt all secrets of homes for another key: after the primary or the internal key was replaced
///
/// All or none, of all homes. Each keeps the form that it has. What the new key opens already stays, so a second
/// run changes nothing. Secrets in databases are not reached.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki vault reencrypt --home /opt/gw1 --from old.jks --from-password file:old \
                   --to new.jks --to-password file:new",
    help_template = HELP
)]
pub(crate) struct ReencryptArgs {
    #[command(flatten)]
    homes: HomeArgs,

    /// A keystore with the old key; may be given again
    #[arg(long, value_name = "STORE")]
    from: Vec<PathBuf>,

    /// The password of the store and of its key; may be given again, then each is tried
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    from_password: Vec<SourceArg>,

    /// The old key's alias, where the store has several
    #[arg(long, value_name = "ALIAS")]
    from_alias: Option<String>,

    /// The old `[encryption] key`
    #[arg(long, value_name = "SRC")]
    from_key: Option<SourceArg>,

    /// The keystore with the new key
    #[arg(
        long,
        value_name = "STORE",
        required_unless_present = "to_key",
        conflicts_with = "to_key"
    )]
    to: Option<PathBuf>,

    /// The password of the store and of its key
    #[arg(long, value_name = "SRC")]
    to_password: Option<SourceArg>,

    /// The new key's alias, where the store has several
    #[arg(long, value_name = "ALIAS")]
    to_alias: Option<String>,

    /// The new `[encryption] key`
    #[arg(long, value_name = "SRC")]
    to_key: Option<SourceArg>,

    /// Say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(ui: &Ui, global: &Global, args: &ReencryptArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let old = old_keys(args, &resolver)?;
    let new = new_key(args, &resolver)?;
    let mut held = Vec::new();
    for dir in args.homes.dirs()? {
        held.push(Held::open(global, &dir, "apim-pki vault reencrypt")?);
    }
    // Every home before the first is written.
    let mut all = Vec::new();
    for held in &held {
        all.push(changes(&held.home, &old, &new)?);
    }
    if !args.dry_run {
        for (held, changes) in held.iter_mut().zip(&all) {
            held.write(ui, changes, "vault reencrypt")?;
        }
    }
    let told: Vec<_> = held.iter().map(|it| &it.home).zip(&all).collect();
    tell(ui, global, &told, !args.dry_run)?;
    for (home, changes) in &told {
        if !changes.files.is_empty() && !args.dry_run {
            warn_of_what_is_kept(ui, home);
            ui.hint(format_args!(
                "put the new keystore in its place, then `apim-pki vault check --home {}`, then restart the \
                 server; what it keeps in its databases is still encrypted for the old key",
                quoted(&home.home.dir)
            ));
        }
    }
    Ok(Outcome::Done)
}

struct Old {
    keys: Vec<OpeningKey>,
    certificates: Vec<Certificate>,
}

struct New {
    sealing: SealingKey,
    opening: OpeningKey,
    certificate: Option<Certificate>,
}

fn changes(home: &VaultHome, old: &Old, new: &New) -> Result<Changes, CommandError> {
    let primary = home.home.certificate(Slot::Primary);
    let names_primary = home.product().and_then(certificate_of_envelope) == Some(Slot::Primary);
    // The primary that stays is still the one that envelopes name.
    let named = match primary {
        Some(primary) if names_primary && !old.certificates.contains(primary) => Some(primary),
        _ => new.certificate.as_ref(),
    };
    let to = NewKey {
        sealing: &new.sealing,
        opening: Some(&new.opening),
        named,
    };
    home.vault()
        .reencrypt(&old.keys, &to, &mut SystemRandom)
        .map_err(|error| refused(home, &error))
}

fn old_keys(args: &ReencryptArgs, resolver: &Passwords<'_>) -> Result<Old, CommandError> {
    let sources = args.from_password.iter();
    let passwords = sources
        .map(|source| opening::resolve(resolver, source, "--from-password", Purpose::Open))
        .collect::<Result<Vec<_>, _>>()?;
    let mut old = Old {
        keys: Vec::new(),
        certificates: Vec::new(),
    };
    for file in &args.from {
        let (key, certificate) = key(file, args.from_alias.as_deref(), &passwords, "from")?;
        old.keys.push(key);
        old.certificates.extend(certificate);
    }
    let secret = args.from_key.as_ref();
    if let Some(secret) = opening::optional(resolver, secret, "--from-key", Purpose::Open)? {
        old.keys
            .push(OpeningKey::Symmetric(symmetric(&secret, "--from-key")?));
    }
    match old.keys.is_empty() {
        false => Ok(old),
        true => Err(CommandError::usage("the old key is missing")
            .hint("`--from STORE --from-password file:PATH`, or `--from-key file:PATH`")),
    }
}

fn new_key(args: &ReencryptArgs, resolver: &Passwords<'_>) -> Result<New, CommandError> {
    let secret = args.to_key.as_ref();
    if let Some(secret) = opening::optional(resolver, secret, "--to-key", Purpose::Open)? {
        let key = symmetric(&secret, "--to-key")?;
        return Ok(New {
            sealing: SealingKey::Symmetric(key.clone()),
            opening: OpeningKey::Symmetric(key),
            certificate: None,
        });
    }
    let Some(file) = &args.to else {
        return Err(CommandError::usage("the new key is missing")
            .hint("`--to STORE --to-password file:PATH`, or `--to-key file:PATH`"));
    };
    let password = args.to_password.as_ref();
    let password = opening::optional(resolver, password, "--to-password", Purpose::Open)?;
    let (opening, certificate) = key(file, args.to_alias.as_deref(), password.as_slice(), "to")?;
    let certificate = certificate.ok_or_else(|| {
        CommandError::failed(format!(
            "the key in `{}` has no certificate",
            file.display()
        ))
    })?;
    let sealing = SealingKey::certificate(&certificate).map_err(|error| unusable(file, &error))?;
    if let Some(bits) = sealing.rsa_bits().filter(|bits| *bits < 2048) {
        return Err(CommandError::failed(format!(
            "`{}`: nothing is encrypted for an RSA key of {bits} bits",
            file.display()
        ))
        .hint("`apim-pki issue` makes a primary of 3072 bits"));
    }
    Ok(New {
        sealing,
        opening,
        certificate: Some(certificate),
    })
}
