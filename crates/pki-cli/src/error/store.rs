use std::path::{Path, PathBuf};

use pki_core::{
    disk::{DiskError, Refusal},
    edit::EditError,
    key::KeyError,
    keystore::{Alias, DecodeError, EncodeError, Format, Keystore, UnsealError},
    topology::nearest,
};

use super::{CommandError, disk::disk, observe::damaged};
use crate::paste::{Paste, quoted};

/// A file that is no keystore that can be read, or not with that password.
pub(crate) fn decode(path: &Path, error: &DecodeError) -> CommandError {
    let failed = CommandError::failed(format!("`{}`: {error}", path.display()));
    let shown = quoted(path);
    match error {
        DecodeError::PasswordNeeded { .. } => failed.hint(format!(
            "`apim-pki store list {shown} --store-password prompt`, or `file:PATH`, `env:NAME`, `cmd:PROGRAM`"
        )),
        DecodeError::WrongPassword { .. } => failed.hint(DEFAULT_PASSWORDS),
        DecodeError::UnsupportedFormat {
            format: Format::Bcfks,
        } => failed.hint(format!(
            "convert it with BouncyCastle's provider: `keytool -importkeystore -srcstoretype BCFKS \
             -srckeystore {shown} -destkeystore store.p12 -deststoretype PKCS12 -providerclass \
             org.bouncycastle.jce.provider.BouncyCastleProvider -providerpath bcprov.jar`"
        )),
        DecodeError::UnsupportedAlgorithm {
            format: Format::Pem,
            ..
        } => failed.hint(encrypt_anew(path)),
        other => match damaged(path, other) {
            Some(hint) => failed.hint(hint),
            None => failed,
        },
    }
}

/// A store that cannot be written in its format.
pub(crate) fn encode(error: &EncodeError) -> CommandError {
    let failed = CommandError::usage(error.to_string());
    match error {
        EncodeError::Password {
            format: Format::Pkcs12,
            ..
        } => failed.hint(ASCII),
        EncodeError::Alias { .. } => failed.hint("`apim-pki store rename` gives it another alias"),
        EncodeError::Entry { .. } => {
            failed.hint("`apim-pki store convert` says what a format cannot hold, entry by entry")
        }
        _ => failed,
    }
}

/// An edit that was not done. `path`: the store.
pub(crate) fn edit(path: &Path, error: &EditError) -> CommandError {
    let shown = quoted(path);
    let text = format!("`{}`: {error}", path.display());
    match error {
        EditError::AliasTaken { .. } => CommandError::refused(text)
            .hint("`--replace` puts the new one in its place, or choose another alias"),
        EditError::KeyInTheWay { .. } => CommandError::refused(text).hint(format!(
            "a key is never lost by an import: `apim-pki store delete {shown} --alias ALIAS` takes it out"
        )),
        EditError::Loss { events, .. } => {
            let mut refused = CommandError::refused(text);
            for event in events {
                refused = refused
                    .found(format!("`{}`: {}", event.alias, pki_core::report::text::said(event)));
            }
            refused.hint("`--allow-loss` does it all the same")
        }
        EditError::NoEntry { .. } => CommandError::usage(text).hint(format!(
            "`apim-pki store list {shown}` shows the aliases"
        )),
        EditError::AliasClash { .. } => CommandError::usage(text).hint(format!(
            "`apim-pki store convert {shown} new.p12 --to pkcs12 --number-clashes --store-password SRC` gives \
             each an alias of its own"
        )),
        EditError::Alias { .. }
        | EditError::HasKey { .. }
        | EditError::NotAKey { .. }
        | EditError::Pattern { .. } => CommandError::usage(text),
        EditError::SeveralKeys { aliases } => {
            let named: Vec<String> = aliases
                .iter()
                .flatten()
                .map(|alias| format!("`{alias}`"))
                .collect();
            let usage = CommandError::usage(text);
            match named.is_empty() {
                true => usage.hint("give one key at a time"),
                false => usage.hint(format!("`--from-alias` chooses one of {}", named.join(", "))),
            }
        }
        EditError::KeyMismatch { .. } => CommandError::failed(text)
            .hint("give the certificate that was made for this key, or the key of this certificate"),
        EditError::MissingIssuer { .. } => {
            CommandError::failed(text).hint("`--chain FILE` brings the missing certificates")
        }
        EditError::Sealed {
            reason: reason @ UnsealError::Password { .. },
            ..
        } => CommandError::usage(reason.to_string()).hint(ASCII),
        EditError::Sealed {
            reason: reason @ UnsealError::Unsupported { .. },
            ..
        } => CommandError::failed(text)
            .because(reason)
            .hint(format!("if it is a PEM: {}", encrypt_anew(path))),
        EditError::Sealed { reason, .. } => sealed(CommandError::failed(text), reason),
        _ => CommandError::failed(text),
    }
}

/// Stores that were not merged. `files`: theirs, in order.
pub(crate) fn merging(files: &[PathBuf], error: &EditError) -> CommandError {
    let shown = |at: usize| {
        files
            .get(at)
            .map_or_else(String::new, |file| file.display().to_string())
    };
    match error {
        EditError::Conflict {
            alias,
            first,
            second,
        } => CommandError::refused(format!(
            "`{}` and `{}` have different entries called `{alias}`",
            shown(*first),
            shown(*second)
        ))
        .hint("say what becomes of such entries: `--conflict first|last|rename`"),
        _ => CommandError::failed(error.to_string()),
    }
}

/// The same as [`edit`], of an entry that was named: one that is not there may be another, misspelt.
pub(crate) fn of_entry(failed: CommandError, error: &EditError, store: &Keystore) -> CommandError {
    let aliases = store.entries().iter().map(|entry| &entry.alias);
    match error {
        EditError::NoEntry { alias } => misspelt(failed, alias, aliases),
        _ => failed,
    }
}

/// Asks whether another entry was meant.
pub(crate) fn misspelt<'a>(
    failed: CommandError,
    alias: &Alias,
    aliases: impl Iterator<Item = &'a Alias>,
) -> CommandError {
    match nearest(alias.as_str(), aliases.map(Alias::as_str)) {
        Some(meant) => failed.hint(format!("did you mean `{}`?", Alias::new(meant))),
        None => failed,
    }
}

/// What is to be imported cannot be read. `path`: the file.
pub(crate) fn material(path: &Path, error: &EditError) -> CommandError {
    match error {
        EditError::Decode(DecodeError::PasswordNeeded { .. })
        | EditError::Key(KeyError::PasswordNeeded) => {
            CommandError::failed(format!("`{}`: {error}", path.display()))
                .hint("`--from-password file:PATH` gives the password of what is imported")
        }
        EditError::Key(KeyError::WrongPassword) => {
            CommandError::failed(format!("`{}`: {error}", path.display()))
                .hint("`--from-password` is the password of what is imported, not of the store")
        }
        EditError::Decode(error) => decode(path, error),
        EditError::Sealed { alias, reason } => {
            let failed = CommandError::failed(format!(
                "`{}`: the key of `{alias}` cannot be had",
                path.display()
            ))
            .because(reason);
            match reason {
                UnsealError::WrongPassword => failed.hint(
                    "if the key has a password of its own, give it: `--from-key-password file:PATH`",
                ),
                _ => failed,
            }
        }
        EditError::NoEntry { .. } | EditError::NotAKey { .. } | EditError::SeveralKeys { .. } => {
            edit(path, error)
        }
        EditError::Key(KeyError::UnsupportedEncryption { .. }) => {
            CommandError::failed(format!("`{}`: {error}", path.display())).hint(encrypt_anew(path))
        }
        _ => CommandError::failed(format!("`{}`: {error}", path.display())),
    }
}

/// What is to have an alias that is taken, by a command which replaces nothing. `path`: the store.
pub(crate) fn renamed(path: &Path, error: &EditError) -> CommandError {
    let EditError::AliasTaken { alias } = error else {
        return edit(path, error);
    };
    CommandError::refused(format!("`{}`: {error}", path.display())).hint(format!(
        "choose another alias, or take that entry out first: `apim-pki store delete {} --alias {} \
         --store-password SRC`",
        quoted(path),
        quoted(Path::new(alias.as_str()))
    ))
}

/// A key does not open.
pub(crate) fn sealed(failed: CommandError, reason: &UnsealError) -> CommandError {
    let failed = failed.because(reason);
    match reason {
        UnsealError::WrongPassword => failed.hint(
            "if the key has a password of its own, give it: `--key-password file:PATH`; the product wants \
             both to be equal",
        ),
        _ => failed,
    }
}

/// What makes a key of an encryption that is not read one that is.
fn encrypt_anew(path: &Path) -> String {
    format!(
        "`openssl pkcs8 -topk8 -provider default -provider legacy -in {} -out new.key` encrypts it anew, with \
         AES (without the `-provider`s where OpenSSL is older than 3)",
        quoted(path)
    )
}

/// The store's file cannot be read, locked or replaced.
pub(crate) fn file(error: &DiskError) -> CommandError {
    match error {
        DiskError::NoParent { path } => {
            CommandError::failed(format!("there is no folder `{}`", path.display()))
                .hint(format!("`mkdir -p {}`", quoted(path)))
        }
        // A single file may be a link, and the link stays; only one that leads to nothing is in the way.
        DiskError::Refused {
            path,
            reason: Refusal::Link,
        } => CommandError::refused(format!("`{}` is a link to nothing", path.display())).hint(
            format!(
                "`ls -l {}` shows where it leads; name that file instead",
                quoted(path)
            ),
        ),
        _ => disk(error, &Paste::default()),
    }
}

/// What to do where a password is none that a PKCS #12 takes.
const ASCII: &str = "choose an ASCII password, or write a JKS (`--to jks`), which takes any";

/// Nothing is ever tried that was not given. Whose default is whose: FACTS of the product, and
/// `lib/security/cacerts` of the JDK.
const DEFAULT_PASSWORDS: &str = "as shipped, the product's stores open with `wso2carbon` and Java's `cacerts` with \
     `changeit`; to try one: `printf changeit > password && chmod 600 password`, then \
     `--store-password file:password`";
