//! Keys that the command line names.

use std::path::Path;

use pki_core::{
    keystore::{Content, Entry, Keystore},
    secret::Password,
    wso2::vault::{OpeningKey, SymmetricKey, UnusableKey},
    x509::Certificate,
};

use crate::{commands::store::opening, error::CommandError, paste::quoted};

/// The private key of a store, and its certificate.
pub(super) fn key(
    file: &Path,
    alias: Option<&str>,
    passwords: &[Password],
    side: &str,
) -> Result<(OpeningKey, Option<Certificate>), CommandError> {
    let shown = file.display();
    let bytes = opening::read(file)?;
    let (decoded, own) = opening::decode_by(file, bytes.expose(), passwords)?;
    let entry = entry(file, &decoded.keystore, alias, side)?;
    let Content::PrivateKey { key, chain } = &entry.content else {
        return Err(CommandError::failed(format!(
            "`{shown}` has no private key under `{}`",
            entry.alias.as_str()
        )));
    };
    let none = Password::default();
    let first = own.map(|own| &passwords[own]);
    let unprotected = key.is_unprotected().then_some(&none);
    let mut failure = None;
    for password in first.into_iter().chain(passwords).chain(unprotected) {
        match key.open(password) {
            Ok(key) => {
                let key = OpeningKey::rsa(&key).map_err(|error| unusable(file, &error))?;
                return Ok((key, chain.first().cloned()));
            }
            Err(error) => failure = Some(error),
        }
    }
    let failed = CommandError::failed(format!(
        "the key `{}` in `{shown}` does not open",
        entry.alias.as_str()
    ));
    let failed = match &failure {
        Some(error) => failed.because(error),
        None => failed,
    };
    Err(failed.hint(format!("`--{side}-password file:PATH`")))
}

fn entry<'k>(
    file: &Path,
    keystore: &'k Keystore,
    alias: Option<&str>,
    side: &str,
) -> Result<&'k Entry, CommandError> {
    let shown = file.display();
    if let Some(alias) = alias {
        return keystore.get(alias).ok_or_else(|| {
            CommandError::usage(format!("`{shown}` has no entry `{alias}`")).hint(format!(
                "`apim-pki store list {}` shows the aliases",
                quoted(file)
            ))
        });
    }
    let keys: Vec<&Entry> = keystore.private_keys().map(|(entry, _)| entry).collect();
    match keys[..] {
        [only] => Ok(only),
        [] => Err(CommandError::failed(format!(
            "`{shown}` has no private key"
        ))),
        _ => {
            let aliases: Vec<String> = keys
                .iter()
                .map(|entry| format!("`{}`", entry.alias.as_str()))
                .collect();
            Err(
                CommandError::usage(format!("`{shown}` has several private keys")).hint(format!(
                    "`--{side}-alias` chooses one of {}",
                    aliases.join(", ")
                )),
            )
        }
    }
}

pub(super) fn symmetric(secret: &Password, flag: &str) -> Result<SymmetricKey, CommandError> {
    SymmetricKey::runtime(secret)
        .map_err(|error| CommandError::failed(format!("`{flag}` gives no key")).because(&error))
}

pub(super) fn unusable(file: &Path, error: &UnusableKey) -> CommandError {
    CommandError::failed(format!("the key in `{}` cannot be used", file.display())).because(error)
}
