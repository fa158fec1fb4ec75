//! What every `store` command begins with: a file, and the passwords for it.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
};

use clap::Args;
use pki_core::{
    keystore::{DecodeError, Decoded, Keystore},
    secret::{Bytes, Password},
};

use crate::{
    error::{self, CommandError},
    passwords::{Origin, Passwords, Purpose, SourceArg},
};

/// The passwords of a store that is read.
#[derive(Debug, Default, Args)]
pub(crate) struct ReadPasswords {
    /// The store's password; may be given again, then each is tried
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    pub(crate) store_password: Vec<SourceArg>,

    /// The keys' password, where it is not the store's; may be given again
    #[arg(long, value_name = "SRC")]
    pub(crate) key_password: Vec<SourceArg>,
}

impl ReadPasswords {
    /// All of them: the store's, and those to try on keys.
    pub(crate) fn resolve(
        &self,
        passwords: &Passwords<'_>,
    ) -> Result<(Vec<Password>, Vec<Password>), CommandError> {
        let all = |sources: &[SourceArg], flag: &str| {
            let each = sources.iter().enumerate();
            each.map(|(at, source)| match at {
                0 => resolve(passwords, source, flag, Purpose::Open),
                // A person may have another answer for each.
                at => {
                    let numbered = format!("{flag}, number {}", at + 1);
                    resolve(passwords, source, &numbered, Purpose::Open)
                }
            })
            .collect::<Result<Vec<_>, _>>()
        };
        let store = all(&self.store_password, STORE_PASSWORD)?;
        let mut keys = all(&self.key_password, KEY_PASSWORD)?;
        keys.extend(store.iter().cloned());
        Ok((store, keys))
    }
}

/// The passwords of a store that is written.
#[derive(Debug, Default, Args)]
pub(crate) struct WritePasswords {
    /// The store's password
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    pub(crate) store_password: Option<SourceArg>,

    /// The keys' password, where it is not the store's
    #[arg(long, value_name = "SRC")]
    pub(crate) key_password: Option<SourceArg>,
}

impl WritePasswords {
    /// The store's password. It is needed to write, and must be right.
    pub(crate) fn store(
        &self,
        passwords: &Passwords<'_>,
        purpose: Purpose,
    ) -> Result<Password, CommandError> {
        match &self.store_password {
            Some(source) => resolve(passwords, source, STORE_PASSWORD, purpose),
            None => Err(
                CommandError::usage("the store's password is needed to write it")
                    .hint("`--store-password file:PATH`, or `env:NAME`, `cmd:PROGRAM`, `prompt`"),
            ),
        }
    }

    /// The keys' own, if there is one.
    pub(crate) fn key(&self, passwords: &Passwords<'_>) -> Result<Option<Password>, CommandError> {
        optional(
            passwords,
            self.key_password.as_ref(),
            KEY_PASSWORD,
            Purpose::Open,
        )
    }
}

/// The password that a flag names, if it was given.
pub(crate) fn optional(
    passwords: &Passwords<'_>,
    source: Option<&SourceArg>,
    flag: &str,
    purpose: Purpose,
) -> Result<Option<Password>, CommandError> {
    source
        .map(|source| resolve(passwords, source, flag, purpose))
        .transpose()
}

/// The password that a flag names.
pub(crate) fn resolve(
    passwords: &Passwords<'_>,
    source: &SourceArg,
    flag: &str,
    purpose: Purpose,
) -> Result<Password, CommandError> {
    passwords.resolve(source.source(flag)?, Origin::flag(flag), purpose)
}

/// The content of a file, a pipe, or stdin (`-`).
pub(crate) fn read(path: &Path) -> Result<Bytes, CommandError> {
    let failed = |error: io::Error| {
        CommandError::failed(format!("`{}` cannot be read", path.display())).because(&error)
    };
    if path == Path::new("-") {
        if STDIN_WAS_READ.swap(true, Ordering::Relaxed) {
            return Err(
                CommandError::usage("`-` is given twice, and stdin can be read once")
                    .hint("put one of the two into a file"),
            );
        }
        return read_all(io::stdin().lock(), 0).map_err(failed);
    }
    let file = File::open(path).map_err(failed)?;
    let expected = file.metadata().map_or(0, |metadata| metadata.len());
    read_all(file, expected).map_err(failed)
}

fn read_all(source: impl Read, expected: u64) -> io::Result<Bytes> {
    let room = usize::try_from(expected.min(LIMIT)).unwrap_or(0) + 1;
    let mut bytes = Vec::with_capacity(room);
    source.take(LIMIT + 1).read_to_end(&mut bytes)?;
    let bytes = Bytes::from(bytes);
    if bytes.len() as u64 > LIMIT {
        let text = "it is larger than any keystore (512 MiB)";
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, text));
    }
    Ok(bytes)
}

/// Reads a store with the first password that opens it, or without any if none was given.
pub(crate) fn decode(
    path: &Path,
    bytes: &[u8],
    passwords: &[Password],
) -> Result<Decoded, CommandError> {
    decode_by(path, bytes, passwords).map(|(decoded, _)| decoded)
}

/// The same, and which password it was.
pub(crate) fn decode_by(
    path: &Path,
    bytes: &[u8],
    passwords: &[Password],
) -> Result<(Decoded, Option<usize>), CommandError> {
    let mut error = None;
    for (at, password) in passwords.iter().enumerate() {
        match Keystore::decode(bytes, password) {
            Ok(decoded) => return Ok((decoded, Some(at))),
            Err(wrong @ DecodeError::WrongPassword { .. }) => error = Some(wrong),
            Err(other) => return Err(error::decode(path, &other)),
        }
    }
    match error {
        Some(error) => Err(error::decode(path, &error)),
        None => Keystore::decode_unverified(bytes)
            .map(|decoded| (decoded, None))
            .map_err(|error| error::decode(path, &error)),
    }
}

/// What a file is called in reports.
pub(crate) fn shown(path: &Path) -> String {
    match path == Path::new("-") {
        true => "stdin".to_owned(),
        false => path.display().to_string(),
    }
}

/// What is read from stdin is gone from it.
static STDIN_WAS_READ: AtomicBool = AtomicBool::new(false);

pub(crate) const STORE_PASSWORD: &str = "--store-password";
pub(crate) const KEY_PASSWORD: &str = "--key-password";
/// Four times the truststore of 100,000 certificates that is measured; what is larger is no keystore.
pub(crate) const LIMIT: u64 = 512 * 1024 * 1024;
