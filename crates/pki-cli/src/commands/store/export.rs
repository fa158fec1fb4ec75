use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use pki_core::{
    key::{PrivateKey, SystemRandom, write_encrypted_private_key},
    keystore::{Alias, Content, Entry, write_pem_certificates},
    secret::{Bytes, Password},
    x509::write_pem,
};

use super::{
    super::saving_as::{self, Readers},
    opening::{self, ReadPasswords},
};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    ui::Ui,
};

/// Take a certificate, a chain, a key or a public key out of a keystore, as PEM
///
/// A private key leaves encrypted: PKCS #8 under `--out-password`, else under the password that opened it.
#[derive(Debug, Args)]
#[command(
    group = ArgGroup::new("what"),
    before_help = "Example:\n  apim-pki store export tls.jks --alias tls --chain --out tls.pem --store-password file:password",
    help_template = HELP
)]
pub(crate) struct ExportArgs {
    /// The store; `-` is stdin
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// The entry
    #[arg(long, value_name = "ALIAS")]
    alias: Alias,

    /// Its certificate (this is the default)
    #[arg(long, group = "what")]
    cert: bool,

    /// Its whole chain
    #[arg(long, group = "what")]
    chain: bool,

    /// Its private key
    #[arg(long, group = "what")]
    key: bool,

    /// Its public key
    #[arg(long, group = "what")]
    public_key: bool,

    /// Where it goes; `-` is stdout
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,

    /// Let it take the place of a file that is there
    #[arg(long)]
    replace: bool,

    /// Say what would be written, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// The password of the exported key
    #[arg(long, value_name = "SRC", requires = "key")]
    out_password: Option<SourceArg>,

    #[command(flatten)]
    passwords: ReadPasswords,
}

/// Exports one thing.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ExportArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let (store, keys) = args.passwords.resolve(&resolver)?;
    let bytes = opening::read(&args.file)?;
    let decoded = opening::decode(&args.file, bytes.expose(), &store)?;
    let entry = pki_core::edit::find(&decoded.keystore, &args.alias).map_err(|error| {
        let failed = error::edit(&args.file, &error);
        error::of_entry(failed, &error, &decoded.keystore)
    })?;
    let exported = if args.key {
        let (key, password) = open(entry, &keys)?;
        let chosen = args.out_password.as_ref();
        let chosen = opening::optional(&resolver, chosen, "--out-password", Purpose::Create)?;
        let password = chosen.or(password).ok_or_else(|| {
            CommandError::usage("the key lies open, and does not leave without a password")
                .hint("`--out-password SRC` gives it one")
        })?;
        encrypted(&key, &password)?
    } else {
        public(entry, args)?
    };
    match args.dry_run {
        true => would_write(ui, args)?,
        false => {
            let readers = match args.key {
                true => Readers::Owner,
                false => Readers::AsBefore,
            };
            saving_as::write(ui, global, &args.out, (&exported, readers), args.replace)?;
        }
    }
    Ok(Outcome::Done)
}

fn public(entry: &Entry, args: &ExportArgs) -> Result<Bytes, CommandError> {
    let chain = entry.certificates();
    let Some(first) = chain.first() else {
        return Err(CommandError::failed(format!(
            "`{}` has no certificate",
            entry.alias
        )));
    };
    if args.public_key {
        let view = first.view().map_err(|malformed| {
            CommandError::failed(format!("the certificate of `{}`", entry.alias)).because(malformed)
        })?;
        return Ok(write_pem("PUBLIC KEY", &view.spki));
    }
    let chosen = match args.chain {
        true => chain,
        false => std::slice::from_ref(first),
    };
    Ok(Bytes::from(write_pem_certificates(chosen).into_bytes()))
}

/// The key, and the password that opened it, or was given for one that lies open.
fn open(
    entry: &Entry,
    passwords: &[Password],
) -> Result<(PrivateKey, Option<Password>), CommandError> {
    let Content::PrivateKey { key, .. } = &entry.content else {
        return Err(CommandError::usage(format!(
            "`{}` is not a private key",
            entry.alias
        )));
    };
    let failed = || CommandError::failed(format!("the key of `{}` does not open", entry.alias));
    if passwords.is_empty() && key.is_unprotected() {
        let opened = key.open(&Password::default());
        let opened = opened.map_err(|reason| error::sealed(failed(), &reason))?;
        return Ok((opened, None));
    }
    if passwords.is_empty() {
        return Err(
            failed().hint("`--store-password SRC`, or `--key-password SRC` if it has its own")
        );
    }
    let mut last = None;
    for password in passwords {
        match key.open(password) {
            Ok(key) => return Ok((key, Some(password.clone()))),
            Err(reason) => last = Some(reason),
        }
    }
    Err(match last {
        Some(reason) => error::sealed(failed(), &reason),
        None => failed(),
    })
}

fn encrypted(key: &PrivateKey, password: &Password) -> Result<Bytes, CommandError> {
    if password.is_empty() {
        return Err(
            CommandError::usage("a key does not leave under an empty password")
                .hint("`--out-password SRC` gives it one"),
        );
    }
    write_encrypted_private_key(key, password, ITERATIONS, &mut SystemRandom)
        .map_err(|error| CommandError::failed("the key cannot be encrypted").because(&error))
}

fn would_write(ui: &Ui, args: &ExportArgs) -> Result<(), CommandError> {
    let out = &args.out;
    if out == Path::new("-") {
        ui.status("dry run: nothing was written");
        return Ok(());
    }
    if !args.replace && out.symlink_metadata().is_ok() {
        return Err(saving_as::in_the_way(out));
    }
    ui.status(format_args!("dry run: `{}` was not written", out.display()));
    Ok(())
}

/// OWASP's figure for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet), as for the CA's key.
const ITERATIONS: u32 = 600_000;
