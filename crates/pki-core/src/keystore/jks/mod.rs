//! Java's own format, JKS, as `sun.security.provider.JavaKeyStore` reads and writes it.
//!
//! ```text
//! FEEDFEED  version  count          u32 each, most significant byte first
//!   tag  alias  date                u32, modified UTF-8, i64 milliseconds since 1970
//!   1: key  count  certificate…     u32 length and EncryptedPrivateKeyInfo; u32; end-entity first
//!   2: certificate
//! digest                            SHA-1 of password, "Mighty Aphrodite" and everything above
//! ```
//!
//! A certificate is its type (a string, from version 2 on), a u32 length and the DER. Version 1 is read,
//! version 2 read and written. What stands behind the digest is ignored, as Java ignores it.

mod modified_utf8;
mod reader;
mod writer;

use aws_lc_rs::digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY};

use crate::secret::Password;

pub(super) use reader::decode;
pub(super) use writer::encode;

/// What a JKS file says about an entry and the model has no other place for. Kept, so that a file comes
/// out of a rewrite byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Spelling {
    /// The type of each certificate; empty if each is `X.509`. Old writers have `X509`.
    certificate_types: Vec<String>,
    /// The creation date in milliseconds since 1970, if it is one that no calendar here can hold.
    date: Option<i64>,
}

/// The proof of integrity over the body, which is everything in front of it.
fn digest(password: &Password, body: &[u8]) -> Digest {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(password.utf16_be().expose());
    context.update(WHITENER);
    context.update(body);
    context.finish()
}

const MAGIC: u32 = 0xFEED_FEED;
const TAG_PRIVATE_KEY: u32 = 1;
const TAG_TRUSTED: u32 = 2;
/// What every Java since 1.2 writes as the type of a certificate.
const X509: &str = "X.509";
const DIGEST_LENGTH: usize = 20;
/// Hashed between password and body in every JKS there is (`JavaKeyStore.getPreKeyedHash`).
const WHITENER: &[u8] = b"Mighty Aphrodite";
