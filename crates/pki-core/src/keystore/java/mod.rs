//! What the formats of Java's own have in common: how `java.io.DataOutput` spells things ([`Cursor`],
//! `modified_utf8`), and the layout that JKS and JCEKS share ([`decode`]).
//!
//! ```text
//! magic  version  count             u32 each, most significant byte first
//!   tag  alias  date                u32, modified UTF-8, i64 milliseconds since 1970
//!   1: key  count  certificate…     u32 length and EncryptedPrivateKeyInfo; u32; end-entity first
//!   2: certificate
//!   3: secret key                   JCEKS alone
//! digest                            SHA-1 of password, "Mighty Aphrodite" and everything above
//! ```
//!
//! A certificate is its type (a string, from version 2 on), a u32 length and the DER. What stands behind
//! the digest is ignored, as Java ignores it.

mod cursor;
pub(super) mod modified_utf8;
mod reader;

use aws_lc_rs::digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY};

use super::{DecodeError, Encoding, Format};
use crate::secret::{Bytes, Password};

pub(super) use cursor::Cursor;
pub(super) use reader::{decode, moment, proves};

/// In what the two formats differ.
pub(super) struct Dialect {
    pub(super) format: Format,
    pub(super) magic: u32,
    /// What a file of it is written as.
    pub(super) encoding: Option<Encoding>,
    /// Reads the body of a secret key; `None` where the format has no such entry.
    pub(super) secret_key: Option<ReadSecretKey>,
}

pub(super) type ReadSecretKey = fn(&mut Cursor<'_>) -> Result<Bytes, DecodeError>;

/// What a file says about an entry and the model has no other place for. Kept, so that a file comes out
/// of a rewrite byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The type of each certificate; empty if each is `X.509`. Old writers have `X509`.
    pub(super) certificate_types: Vec<String>,
    /// The creation date in milliseconds since 1970, if it is one that no calendar here can hold.
    pub(super) date: Option<i64>,
}

/// The proof of integrity over the body, which is everything in front of it.
pub(super) fn digest(password: &Password, body: &[u8]) -> Digest {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(password.utf16_be().expose());
    context.update(WHITENER);
    context.update(body);
    context.finish()
}

pub(super) const TAG_PRIVATE_KEY: u32 = 1;
pub(super) const TAG_TRUSTED: u32 = 2;
pub(super) const TAG_SECRET_KEY: u32 = 3;
/// What every Java since 1.2 writes as the type of a certificate.
pub(super) const X509: &str = "X.509";
pub(super) const DIGEST_LENGTH: usize = 20;
/// Hashed between password and body in every file there is (`JavaKeyStore.getPreKeyedHash`).
const WHITENER: &[u8] = b"Mighty Aphrodite";
