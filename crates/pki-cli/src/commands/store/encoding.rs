//! How a store is written: format, profile, and what readers make of its password.

use std::path::Path;

use clap::{Args, ValueEnum};
use pki_core::{
    edit,
    key::{Random, SystemRandom},
    keystore::{Content, Decoded, Encoding, Entry, Format as StoreFormat, Keystore, Pkcs12Profile},
    secret::{Bytes, Password},
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

/// Encodes a store, and reads it again: what is written is what was meant.
pub(crate) fn encode(
    path: &Path,
    keystore: &Keystore,
    encoding: Encoding,
    password: &Password,
    deterministic: bool,
) -> Result<Bytes, CommandError> {
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
    let read =
        Keystore::decode(bytes.expose(), password).map_err(|error| unlike().because(&error))?;
    let (meant, found) = (keystore.entries(), read.keystore.entries());
    let alike = |(meant, found): (&Entry, &Entry)| {
        meant.alias.lookup() == found.alias.lookup() && meant.certificates() == found.certificates()
    };
    // A PKCS #12 file has the keys first, whatever the order was.
    let same_order = meant.iter().zip(found).all(alike);
    let same = same_order
        || meant.iter().all(|entry| {
            let found = read.keystore.get(entry.alias.as_str());
            found.is_some_and(|found| alike((entry, found)))
        });
    match meant.len() == found.len() && same {
        true => Ok(bytes),
        false => Err(unlike()),
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
            "the password is empty: `keytool` asks for six characters and does not open the store, \
             `KeyStore.load` of Java does",
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
/// profile that most can read.
pub(crate) fn same_encoding(
    ui: &Ui,
    path: &Path,
    decoded: &Decoded,
) -> Result<Encoding, CommandError> {
    match (decoded.encoding, decoded.format) {
        (Some(encoding), _) => Ok(encoding),
        (None, StoreFormat::Jks) => Ok(Encoding::Jks),
        (None, StoreFormat::Pkcs12) => {
            ui.warning(
                "the file was protected in a way that is not written here: it gets the profile `modern`, \
                 keys stay as they are",
            );
            Ok(Encoding::Pkcs12(Pkcs12Profile::Modern))
        }
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

/// `keytool` and the product refuse fewer.
const KEYTOOL_MINIMUM: usize = pki_core::wso2::PASSWORD_MINIMUM;
/// Sixteen random characters are out of reach of a search, at some 10^10 guesses a second.
const SHORT: usize = 16;
