use std::path::PathBuf;

use super::{
    ProblemKind, Span,
    reader::{Reader, Section},
};
use crate::{key::KeyAlgorithm, secret::Source, x509::Fingerprint};

/// `[primary]`: the one key that every node shares. Its alias is that of the slot,
/// [`Stores::primary`](super::Stores::primary).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Primary {
    /// Under which alias the stores, and every truststore, hold it.
    pub alias: String,
    /// RSA always: the product encrypts with it.
    pub key: KeyAlgorithm,
    /// How long its certificate is valid.
    pub validity: Span,
    /// SHA-256 of the DER of its certificate, where the topology pins it.
    pub pin: Option<Fingerprint>,
    /// The keystore that a cluster with data brings along.
    pub adopted: Option<Adopted>,
}

/// `[internal]`: a key of its own for stored data. Made with the algorithm and the validity of the
/// primary where none is adopted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Internal {
    /// RSA always: the product encrypts with it.
    pub key: KeyAlgorithm,
    /// How long its certificate is valid.
    pub validity: Span,
    /// The keystore that a cluster with data brings along.
    pub adopted: Option<Adopted>,
}

/// A keystore that existed before, and whose key goes on being used.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Adopted {
    /// Any format that can be read.
    pub keystore: PathBuf,
    /// What opens the store and the key in it.
    pub password: Source,
}

/// Reads `[primary]`, of which the alias only where it is written there.
pub(super) fn read(r: &mut Reader<'_>, mut table: Section<'_>) -> (Primary, Option<String>) {
    let alias = table.get("alias").and_then(|field| field.alias(r));
    let key = table.get("key").and_then(|field| {
        let found = field.algorithm(r)?;
        if !found.is_rsa() {
            field.note(r, ProblemKind::EcPrimary { found });
        }
        Some(found)
    });
    let validity = table.get("validity").and_then(|field| field.validity(r));
    let pin = table.get("sha256").and_then(|field| field.fingerprint(r));
    let adopted = read_adopted(r, &mut table);
    table.finish(r);
    let primary = Primary {
        alias: String::new(),
        key: key.unwrap_or(KeyAlgorithm::Rsa3072),
        validity: validity.unwrap_or(Span::years(20)),
        pin,
        adopted,
    };
    (primary, alias)
}

/// Reads `[internal]`, which means something even where it is empty.
pub(super) fn read_internal(
    r: &mut Reader<'_>,
    mut table: Section<'_>,
    primary: &Primary,
) -> Option<Internal> {
    if !table.is_there() {
        return None;
    }
    let adopted = read_adopted(r, &mut table);
    table.finish(r);
    Some(Internal {
        key: primary.key,
        validity: primary.validity,
        adopted,
    })
}

fn read_adopted(r: &mut Reader<'_>, table: &mut Section<'_>) -> Option<Adopted> {
    let keystore = table.get("keystore");
    let password = table.get("keystore_password");
    match (&keystore, &password) {
        (Some(keystore), None) => {
            let other = format!("{}.keystore_password", table.path);
            keystore.note_key(r, ProblemKind::Needs { other });
        }
        (None, Some(password)) => {
            let other = format!("{}.keystore", table.path);
            password.note_key(r, ProblemKind::Needs { other });
        }
        _ => {}
    }
    let keystore = keystore.and_then(|field| field.path(r));
    let password = password.and_then(|field| field.source(r));
    Some(Adopted {
        keystore: keystore?,
        password: password?,
    })
}
