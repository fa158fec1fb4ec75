//! How private keys are protected inside a keystore: one file per algorithm.

pub(super) mod bks;
mod jce;
mod jks;
pub(super) mod pbes;
pub(super) mod pbes1;
pub(super) mod pkcs12_kdf;

use super::{Protection, UnsealError};
use crate::{
    key::{PrivateKey, Random},
    secret::Password,
};

/// The DER of an `EncryptedPrivateKeyInfo` around a key.
pub(super) fn seal(
    key: &PrivateKey,
    password: &Password,
    protection: Protection,
    random: &mut dyn Random,
) -> Result<Vec<u8>, UnsealError> {
    match protection {
        Protection::Jks => jks::seal(key, password, random),
        protection => pbes::seal(key, password, protection, random),
    }
}

/// Opens an `EncryptedPrivateKeyInfo`.
pub(super) fn open(der: &[u8], password: &Password) -> Result<PrivateKey, UnsealError> {
    match identify(der) {
        Some(Protection::JceMd5TripleDes { .. }) => jce::open(der, password),
        Some(Protection::Jks) => jks::open(der, password),
        _ => pbes::open(der, password),
    }
}

/// Tells the protection by the algorithm named in an `EncryptedPrivateKeyInfo`.
pub(super) fn identify(der: &[u8]) -> Option<Protection> {
    jks::identify(der)
        .or_else(|| pbes::identify(der))
        .or_else(|| jce::identify(der))
}
