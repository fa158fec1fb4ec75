//! PKCS #12 (RFC 7292).
//!
//! Read: what Java, OpenSSL, BouncyCastle, Windows and macOS write. Written: what keytool writes, byte
//! for byte, with the algorithms of one of the [profiles](Pkcs12Profile).

mod bags;
mod entries;
mod mac;
mod read;
mod secret;
mod write;

pub(crate) use secret::SecretBag;

use super::{DecodeError, Decoded, EncodeError, Keystore, Pkcs12Profile};
use crate::{
    key::{Random, der},
    secret::{Bytes, Password},
};

/// A SEQUENCE, of a definite or an indefinite length, that begins with the version 3.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let Ok((header, _)) = der::header(bytes) else {
        return false;
    };
    bytes[0] == der::SEQUENCE && bytes[header..].starts_with(&[der::INTEGER, 1, 3, der::SEQUENCE])
}

/// Reads a store. Without a password: what lies unencrypted.
pub(super) fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    read::decode(bytes, password)
}

/// The same without a password, and no error if nothing lies unencrypted.
pub(super) fn look(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    read::look(bytes)
}

/// Writes a store as keytool lays it out.
pub(super) fn encode(
    store: &Keystore,
    password: &Password,
    profile: Pkcs12Profile,
    random: &mut dyn Random,
) -> Result<Bytes, EncodeError> {
    write::encode(store, password, profile, random)
}
