//! How a store is written: format, profile, and what readers make of its password.

use std::path::Path;

use clap::{Args, ValueEnum};
use pki_core::{
    edit,
    key::{Random, SystemRandom},
    keystore::{
        Content, Decoded, Encoding, Entry, Format as StoreFormat, Keystore, Pkcs12Profile,
        Protection,
    },
    secret::{Bytes, Password},
    x509::Certificate,
};

use crate::{
    error::{self, CommandError},
    paste::quoted,
    ui::Ui,
};

/// How a store is written that is not there yet.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct NewStore {
    /// The format of a new store [default: told by the file's name]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Option<StoreType>,

    /// For PKCS #12, who must be able to read it: `modern` (Java 8u301, 11.0.12 and later) or `java8`
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileArg>,
}

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreType {
    Jks,
    Pkcs12,
}

/// A profile of PKCS #12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileArg {
    Modern,
    Java8,
}

impl NewStore {
    /// True if no flag was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_none() && self.profile.is_none()
    }

    /// A store that is there keeps its format: flags that ask for another are a mistake.
    pub(crate) fn must_be(&self, path: &Path, is: Encoding) -> Result<(), CommandError> {
        if self.is_empty() {
            return Ok(());
        }
        let format = match self.to {
            Some(StoreType::Jks) => StoreFormat::Jks,
            Some(StoreType::Pkcs12) => StoreFormat::Pkcs12,
            None => is.format(),
        };
        let profile = match (self.profile, is) {
            (Some(ProfileArg::Java8), Encoding::Pkcs12(profile)) => profile == Pkcs12Profile::Java8,
            (Some(ProfileArg::Modern), Encoding::Pkcs12(profile)) => {
                profile == Pkcs12Profile::Modern
            }
            (Some(_), _) => false,
            (None, _) => true,
        };
        if format == is.format() && profile {
            return Ok(());
        }
        let (to, ending) = match (self.to, self.profile) {
            (Some(StoreType::Jks), _) => ("jks", "jks"),
            (_, Some(ProfileArg::Java8)) => ("pkcs12 --profile java8", "p12"),
            _ => ("pkcs12", "p12"),
        };
        let shown = quoted(path);
        let written = match is {
            Encoding::Pkcs12(profile) => format!("PKCS #12, profile `{}`", profile.name()),
            _ => is.format().to_string(),
        };
        Err(CommandError::usage(format!(
            "`{}` is there, and stays {written}: `--to` and `--profile` are for a new store",
            path.display()
        ))
        .hint(format!(
            "`apim-pki store convert {shown} new.{ending} --to {to} --store-password SRC` writes it otherwise"
        )))
    }

    /// The encoding that the flags, else the file's name, ask for.
    pub(crate) fn encoding(&self, path: &Path) -> Result<Encoding, CommandError> {
        let named = path.extension().and_then(|extension| extension.to_str());
        let format = match (self.to, named) {
            (Some(format), _) => format,
            (None, Some("jks")) => StoreType::Jks,
            (None, Some("p12" | "pfx" | "pkcs12")) => StoreType::Pkcs12,
            (None, _) => {
                return Err(CommandError::usage(format!(
                    "`{}` is not there, and its name does not tell which format it should have",
                    path.display()
                ))
                .hint("`--to pkcs12` or `--to jks` says it; the name must be right if it should be there"));
            }
        };
        Ok(match format {
            StoreType::Jks if self.profile.is_some() => {
                return Err(CommandError::usage("`--profile` is for PKCS #12 alone"));
            }
            StoreType::Jks => Encoding::Jks,
            StoreType::Pkcs12 => Encoding::Pkcs12(match self.profile {
                Some(ProfileArg::Java8) => Pkcs12Profile::Java8,
                Some(ProfileArg::Modern) | None => Pkcs12Profile::Modern,
            }),
        })
    }
}

/// What was encoded, and what is read from it.
pub(crate) struct Encoded {
    pub(crate) bytes: Bytes,
    pub(crate) decoded: Decoded,
}

/// Encodes a store, and reads it again: what is written is what was meant.
pub(crate) fn encode(
    ui: &Ui,
    path: &Path,
    keystore: &Keystore,
    encoding: Encoding,
    password: &Password,
    deterministic: bool,
) -> Result<Encoded, CommandError> {
    let mut derived;
    let mut system = random();
    let random: &mut dyn Random = match deterministic {
        true => {
            derived = edit::deterministic_random(encoding, keystore)
                .map_err(|error| error::edit(path, &error))?;
            &mut derived
        }
        false => &mut system,
    };
    let bytes = keystore
        .encode(encoding, password, random)
        .map_err(|error| error::encode(&error))?;
    let unlike = || {
        CommandError::failed("what was encoded does not read back alike: nothing was written")
            .hint("this is a fault of apim-pki: please report it, with `apim-pki store show`")
    };
    let decoded =
        Keystore::decode(bytes.expose(), password).map_err(|error| unlike().because(&error))?;
    let (meant, found) = (keystore.entries(), decoded.keystore.entries());
    let grows = encoding.format() == StoreFormat::Pkcs12;
    let is_own = |grown: &Certificate| {
        let mut own = meant.iter().flat_map(Entry::certificates);
        grows && own.any(|own| own == grown)
    };
    let alike = |(meant, found): (&Entry, &Entry)| {
        let rest = found.certificates().strip_prefix(meant.certificates());
        meant.alias.lookup() == found.alias.lookup()
            && rest.is_some_and(|rest| rest.iter().all(is_own))
    };
    // A PKCS #12 file has the keys first, whatever the order was.
    let same_order = meant.iter().zip(found).all(alike);
    let same = same_order
        || meant.iter().all(|entry| {
            let found = decoded.keystore.get(entry.alias.as_str());
            found.is_some_and(|found| alike((entry, found)))
        });
    if meant.len() != found.len() || !same {
        return Err(unlike());
    }
    tell_of_grown_chains(ui, keystore, &decoded.keystore);
    Ok(Encoded { bytes, decoded })
}

/// A PKCS #12 file has its certificates in one bag: a chain goes on with whatever of them fits, in Java
/// too.
fn tell_of_grown_chains(ui: &Ui, meant: &Keystore, found: &Keystore) {
    let is_key = |entry: &&Entry| matches!(entry.content, Content::PrivateKey { .. });
    for entry in meant.entries().iter().filter(is_key) {
        let read = found.get(entry.alias.as_str()).map(Entry::certificates);
        let Some([.., last]) = read.filter(|read| read.len() > entry.certificates().len()) else {
            continue;
        };
        let with = match last.view() {
            Ok(view) if view.subject == view.issuer => "its root",
            _ => "more certificates",
        };
        ui.status(format_args!(
            "the chain of `{}` is read with {with}: the store has it, and readers of PKCS #12 look there",
            entry.alias
        ));
    }
}

/// Where salts come from.
pub(crate) fn random() -> SystemRandom {
    SystemRandom
}

/// What the readers of a file make of its password. Only a chosen one is worth a word.
pub(crate) fn warn_about(
    ui: &Ui,
    password: &Password,
    encoding: Encoding,
    keystore: &Keystore,
    chosen: bool,
) {
    if !chosen {
        return;
    }
    let pkcs12 = encoding.format() == StoreFormat::Pkcs12;
    if password.is_empty() {
        ui.warning(
            "the password is empty: `keytool` opens the store with `-storepass ''` alone, not when it asks, and \
             the product refuses it",
        );
        return;
    }
    if password.chars() < KEYTOOL_MINIMUM {
        ui.warning(format_args!(
            "the password has fewer than {KEYTOOL_MINIMUM} characters: `keytool` and the product refuse it"
        ));
    }
    if !password.is_ascii() && !pkcs12 {
        ui.warning(
            "the password is not ASCII: `keytool` opens the store only where its locale has the same \
             characters, and PKCS #12 of Java 17 does not take it at all",
        );
    }
    let is_key = |entry: &Entry| !matches!(entry.content, Content::TrustedCertificate { .. });
    let has_keys = keystore.entries().iter().any(is_key);
    if !pkcs12 && has_keys && password.chars() < SHORT {
        ui.warning(format_args!(
            "a JKS protects its keys by one SHA-1 a guess: a password under {SHORT} characters does not \
             protect them (`--to pkcs12` does better)"
        ));
    }
}

/// As the file was written. Where no profile fits, its keys stay as they are, and the rest gets the
/// profile of its generation.
pub(crate) fn same_encoding(path: &Path, decoded: &Decoded) -> Result<Encoding, CommandError> {
    match (decoded.encoding, decoded.format) {
        (Some(encoding), _) => Ok(encoding),
        (None, StoreFormat::Jks) => Ok(Encoding::Jks),
        (None, StoreFormat::Pkcs12) => Ok(Encoding::Pkcs12(match is_old(decoded) {
            true => Pkcs12Profile::Java8,
            false => Pkcs12Profile::Modern,
        })),
        (None, format) => {
            let shown = quoted(path);
            Err(CommandError::usage(format!(
                "`{}` is {format}, which is not changed in place",
                path.display()
            ))
            .hint(format!(
                "convert it first: `apim-pki store convert {shown} store.p12 --to pkcs12`"
            )))
        }
    }
}

/// True if every Java reads the file, as far as it says: none of what came with PBES2 is in it.
fn is_old(decoded: &Decoded) -> bool {
    let all = edit::readers(decoded);
    let old = all
        .iter()
        .find(|found| found.reader == edit::Reader::OldJava);
    let keys = decoded.keystore.entries().iter();
    let old_key = keys
        .filter_map(|entry| match &entry.content {
            Content::PrivateKey { key, .. } => key.protection(),
            _ => None,
        })
        .any(|found| {
            matches!(
                found,
                Protection::Sha1TripleDes { .. } | Protection::Sha1Rc2 { .. }
            )
        });
    // A file without MAC and encryption says nothing about who reads it.
    old.is_some_and(edit::Readability::reads) && (decoded.mac.is_some() || old_key)
}

/// What becomes of a file for which no profile fits, and who reads it otherwise afterwards.
pub(crate) fn warn_of_readers(ui: &Ui, before: &Decoded, after: &Decoded, encoding: Encoding) {
    let (None, Encoding::Pkcs12(profile)) = (before.encoding, encoding) else {
        return;
    };
    let profile = profile.name();
    match (&before.mac, &before.kdf) {
        (None, None) => ui.warning(format_args!(
            "the file had no MAC, and its certificates lay open: it gets a MAC and encryption, profile `{profile}`"
        )),
        (None, _) => ui.warning(format_args!(
            "the file had no MAC: it gets one under the password, profile `{profile}`"
        )),
        _ => ui.warning(format_args!(
            "the file was protected in a way that is not written here: it gets the profile `{profile}`, \
             keys stay as they are"
        )),
    }
    for (was, is) in edit::readers(before).iter().zip(&edit::readers(after)) {
        match (was.reads(), is.reads(), is.with) {
            (true, false, _) => ui.warning(format_args!(
                "{} reads it no longer: {}",
                is.reader,
                is.obstacle.unwrap_or("unknown")
            )),
            (true, true, Some(with)) if was.with.is_none() => {
                ui.warning(format_args!("{} needs {with} to read it now", is.reader));
            }
            _ => {}
        }
    }
}

/// `keytool` and the product refuse fewer.
const KEYTOOL_MINIMUM: usize = pki_core::wso2::PASSWORD_MINIMUM;
/// Sixteen random characters are out of reach of a search, at some 10^10 guesses a second.
const SHORT: usize = 16;
