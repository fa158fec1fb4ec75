//! The files that the command line names.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use pki_core::{
    edit,
    keystore::{Content, Decoded, Format, Keystore},
    observe::endpoint::ClientIdentity,
    path::Anchors,
    secret::Password,
    verify::endpoint::OnDisk,
    x509::Certificate,
};

use super::ProbeArgs;
use crate::{
    commands::store::opening::{self, STORE_PASSWORD},
    error::{self, CommandError},
    passwords::{Passwords, Purpose},
    paste::quoted,
};

/// `--trust` and `--store`, read.
pub(super) struct Given {
    pub(super) trust: Option<Arc<Anchors>>,
    pub(super) files: Vec<OnDisk>,
}

impl Given {
    pub(super) fn read(args: &ProbeArgs, resolver: &Passwords<'_>) -> Result<Self, CommandError> {
        let sources = args.store_password.iter();
        let passwords = sources
            .map(|source| opening::resolve(resolver, source, STORE_PASSWORD, Purpose::Open))
            .collect::<Result<Vec<_>, _>>()?;
        let trust = trust(&args.trust, &passwords)?;
        let files = match &args.store {
            None => Vec::new(),
            Some(file) => served_by(file, &passwords)?,
        };
        Ok(Self { trust, files })
    }
}

/// Whom clients trust; `None` if no file says it.
pub(in crate::commands) fn trust(
    files: &[PathBuf],
    passwords: &[Password],
) -> Result<Option<Arc<Anchors>>, CommandError> {
    let mut trusted = Vec::new();
    for file in files {
        let decoded = read(file, passwords)?;
        let found = edit::trusted_by_java(&decoded);
        if found.is_empty() {
            let shown = opening::shown(file);
            let message = format!("`{shown}` has no certificate that a client trusts");
            return Err(encrypted(
                &decoded,
                passwords,
                CommandError::failed(message),
            ));
        }
        trusted.extend(found);
    }
    Ok((!files.is_empty()).then(|| Arc::new(Anchors::new(trusted))))
}

/// A store, or certificates in any encoding. Without a password what lies open is read: certificates do in
/// a JKS.
fn read(file: &Path, passwords: &[Password]) -> Result<Decoded, CommandError> {
    let bytes = opening::read(file)?;
    match passwords {
        [] => Keystore::look(bytes.expose()).map_err(|error| error::decode(file, &error)),
        given => opening::decode(file, bytes.expose(), given),
    }
}

/// The chain of each private key of a keystore; of a file without keys all its certificates as one chain.
fn served_by(file: &Path, passwords: &[Password]) -> Result<Vec<OnDisk>, CommandError> {
    let shown = opening::shown(file);
    let decoded = read(file, passwords)?;
    let entries = decoded.keystore.entries().iter();
    let keys = entries.filter_map(|entry| match &entry.content {
        Content::PrivateKey { chain, .. } if !chain.is_empty() => Some((entry, chain.clone())),
        _ => None,
    });
    let mut files: Vec<OnDisk> = keys
        .map(|(entry, chain)| {
            let alias = entry.alias.as_str().to_owned();
            OnDisk::new(&*shown, Some(alias), chain)
        })
        .collect();
    let chain = all_certificates(&decoded);
    if files.is_empty() && is_certificates_alone(decoded.format) && !chain.is_empty() {
        files.push(OnDisk::new(&*shown, None, chain));
    }
    if files.is_empty() {
        let failed = CommandError::failed(format!("`{shown}` has no key with a certificate"));
        let failed = failed.hint(format!(
            "`apim-pki store list {}` shows what is in it",
            quoted(file)
        ));
        return Err(encrypted(&decoded, passwords, failed));
    }
    Ok(files)
}

/// Nothing was found: perhaps because nobody opened it.
fn encrypted(decoded: &Decoded, passwords: &[Password], error: CommandError) -> CommandError {
    match (passwords, decoded.format) {
        ([], Format::Pkcs12) => {
            error.hint("what a PKCS #12 holds is encrypted: `--store-password file:PATH` opens it")
        }
        _ => error,
    }
}

fn all_certificates(decoded: &Decoded) -> Vec<Certificate> {
    let entries = decoded.keystore.entries().iter();
    entries
        .flat_map(|entry| entry.certificates().to_vec())
        .collect()
}

fn is_certificates_alone(format: Format) -> bool {
    matches!(format, Format::Pem | Format::Der | Format::Pkcs7)
}

/// The key of `--client-store`.
pub(super) fn identity(
    args: &ProbeArgs,
    resolver: &Passwords<'_>,
) -> Result<Option<ClientIdentity>, CommandError> {
    let Some(file) = &args.client_store else {
        return Ok(None);
    };
    let open = Purpose::Open;
    let (store, key) = (&args.client_store_password, &args.client_key_password);
    let store = opening::optional(resolver, store.as_ref(), CLIENT_STORE_PASSWORD, open)?;
    let key = opening::optional(resolver, key.as_ref(), CLIENT_KEY_PASSWORD, open)?;
    let bytes = opening::read(file)?;
    let decoded = opening::decode(file, bytes.expose(), store.as_slice())?;
    // A key that lies open in PEM needs none.
    let password = key.or(store).unwrap_or_else(|| Password::new(""));
    let alias = args.client_alias.as_deref();
    ClientIdentity::from_store(&decoded.keystore, alias, &password)
        .map(Some)
        .map_err(|wrong| error::identity(file, &wrong))
}

const CLIENT_STORE_PASSWORD: &str = "--client-store-password";
const CLIENT_KEY_PASSWORD: &str = "--client-key-password";
