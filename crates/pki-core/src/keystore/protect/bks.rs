//! BouncyCastle's way to put a key into a BKS: a frame that says what it is, encrypted with
//! pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C), the parameters in front of it.
//!
//! ```text
//! salt  iterations  encrypted       u32 length and bytes; u32; the rest
//!   0..=2                           private, public, secret
//!   format  algorithm               modified UTF-8: `PKCS#8`, `RSA`
//!   key                             u32 length and bytes
//! ```

use crate::{
    key::{PrivateKey, pbes2::checked_iterations},
    keystore::{
        Format, Protection, UnsealError,
        java::Cursor,
        protect::pbes1::{Pbes1, Pbes1Cipher},
    },
    secret::{Bytes, Password},
};

/// `Some` if the parameters can be read.
pub(in crate::keystore) fn identify(sealed: &[u8]) -> Option<Protection> {
    let iterations = Sealed::read(sealed)?.iterations;
    Some(Protection::Sha1TripleDes { iterations })
}

/// Opens the key.
pub(in crate::keystore) fn open(
    sealed: &[u8],
    password: &Password,
) -> Result<PrivateKey, UnsealError> {
    let damaged = UnsealError::Damaged {
        reason: "shorter than its salt and iterations",
    };
    let sealed = Sealed::read(sealed).ok_or(damaged)?;
    let iterations = checked_iterations(u64::from(sealed.iterations))?;
    let salt = sealed.salt.to_vec();
    let scheme = Pbes1::with_salt(Pbes1Cipher::TripleDes, iterations, salt);
    let plain = scheme.decrypt(sealed.encrypted, password)?;
    // One wrong password in 256 leaves a padding that looks right.
    unframe(plain.expose()).ok_or(UnsealError::WrongPassword)
}

/// The private key in a frame; `None` if it is another key or no frame.
pub(in crate::keystore) fn unframe(frame: &[u8]) -> Option<PrivateKey> {
    let mut cursor = Cursor::new(Format::Bks, frame);
    let kind = cursor.u8("the type of a key").ok()?;
    let format = cursor.text("the format of a key").ok()?;
    cursor.text("the algorithm of a key").ok()?;
    let key = cursor.sized("a key").ok()?;
    if kind != PRIVATE || !matches!(format.as_str(), "PKCS#8" | "PKCS8") {
        return None;
    }
    PrivateKey::from_pkcs8(Bytes::from(key)).ok()
}

struct Sealed<'a> {
    salt: &'a [u8],
    iterations: u32,
    encrypted: &'a [u8],
}

impl<'a> Sealed<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor::new(Format::Bks, bytes);
        let salt = cursor.sized("a salt").ok()?;
        let iterations = cursor.u32("an iteration count").ok()?;
        let encrypted = bytes.get(cursor.position()..)?;
        Some(Self {
            salt,
            iterations,
            encrypted,
        })
    }
}

const PRIVATE: u8 = 0;
