//! JCEKS, as `com.sun.crypto.provider.JceKeyStore` writes it: read alone.
//!
//! The layout is that of `super::java`, with secret keys besides: objects in Java's serialization, whose
//! end nobody knows without walking through them (`serialized`). They are kept as they are and never
//! opened. Private keys are an `EncryptedPrivateKeyInfo` like a JKS's, under an algorithm of its own.

mod serialized;

use super::{DecodeError, Decoded, Format, java};
use crate::secret::Password;

/// Reads a store. Without a password its integrity stays unchecked.
pub(super) fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    java::decode(bytes, password, &DIALECT)
}

const DIALECT: java::Dialect = java::Dialect {
    format: Format::Jceks,
    magic: 0xCECE_CECE,
    encoding: None,
    secret_key: Some(serialized::object),
};
