//! BKS, BouncyCastle's own format, as `BcKeyStoreSpi` writes it: read alone. Android has it, and old Java
//! applications.
//!
//! ```text
//! version  salt  iterations         u32; u32 length and bytes; u32
//! 1..=4                             the type of an entry: certificate, key, secret, sealed
//!   alias  date                     modified UTF-8, i64 milliseconds since 1970
//!   count  certificate…             the chain, also of a certificate's entry, where it is empty
//!   1: certificate                  its type, u32 length, DER
//!   2: key                          a frame, see `protect::bks`
//!   3, 4: bytes                     u32 length; protected outside, or a frame under the key's password
//! 0                                 after the last
//! MAC                               HMAC-SHA-1 of everything between iterations and here
//! ```
//!
//! The MAC's key comes out of the PKCS #12 derivation. Version 1 has 16 bits of it (CVE-2018-5382), so that
//! its proof proves little. Whether a sealed entry is a private key is written inside the seal; BouncyCastle
//! puts none away without a chain, so one without is a secret key here.

use std::num::NonZeroU32;

use aws_lc_rs::{digest::SHA1_FOR_LEGACY_USE_ONLY, hmac};

use super::{
    Content, DecodeError, Decoded, Entry, Format, Integrity, Keystore, SealedKey,
    entry::Seal,
    java::{Cursor, moment},
    protect::{
        bks,
        pkcs12_kdf::{Purpose, derive, encodings},
    },
};
use crate::{
    key::pbes2::{MAX_ITERATIONS, checked_iterations},
    secret::{Bytes, Password},
    x509::Certificate,
};

/// Version 1 or 2, a salt as BouncyCastle has it, iterations within reason, and the type of an entry or
/// the end.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let mut cursor = Cursor::new(Format::Bks, bytes);
    let version = cursor.u32("the version");
    matches!(version, Ok(1 | 2))
        && cursor
            .sized("the salt")
            .is_ok_and(|salt| salt.len() == SALT)
        && cursor
            .u32("the iterations")
            .is_ok_and(|iterations| (1..=MAX_ITERATIONS).contains(&iterations))
        && cursor.u8("a type").is_ok_and(|kind| kind <= SEALED)
}

/// Reads a store. Without a password its integrity stays unchecked.
pub(super) fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    let mut cursor = Cursor::new(Format::Bks, bytes);
    let version = cursor.u32("the version")?;
    let salt = cursor.sized("the salt")?;
    let iterations = u64::from(cursor.u32("the iterations")?);
    let iterations = checked_iterations(iterations).map_err(|_| DecodeError::Limit {
        format: Format::Bks,
        what: "the MAC's iteration count",
        found: iterations,
        limit: u64::from(MAX_ITERATIONS),
    })?;
    let start = cursor.position();
    let keystore = entries(&mut cursor)?;
    let body = cursor.since(start);
    let mac = cursor.take(MAC, "the MAC at the end")?;
    let integrity = match password {
        None => Integrity::Unchecked,
        Some(password) if verify(version, salt, iterations, body, mac, password) => {
            Integrity::Verified
        }
        Some(_) => {
            return Err(DecodeError::WrongPassword {
                format: Format::Bks,
            });
        }
    };
    Ok(Decoded {
        format: Format::Bks,
        integrity,
        mac: Some("HmacPBESHA1".to_owned()),
        kdf: Some("PKCS12-SHA-1".to_owned()),
        iterations: Some(iterations.get()),
        protections: Vec::new(),
        encoding: None,
        keystore,
        proven: None,
    })
}

fn verify(
    version: u32,
    salt: &[u8],
    iterations: NonZeroU32,
    body: &[u8],
    mac: &[u8],
    password: &Password,
) -> bool {
    let length = if version == 1 { MAC / 8 } else { MAC };
    let hash = &SHA1_FOR_LEGACY_USE_ONLY;
    encodings(password).iter().any(|password| {
        let key = derive(hash, password, salt, iterations, Purpose::Mac, length);
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.expose());
        hmac::verify(&key, body, mac).is_ok()
    })
}

fn entries(cursor: &mut Cursor<'_>) -> Result<Keystore, DecodeError> {
    let mut keystore = Keystore::new();
    loop {
        let at = cursor.position();
        match cursor.u8("the type of an entry")? {
            END => return Ok(keystore),
            kind @ TRUSTED..=SEALED => keystore.push(entry(cursor, kind)?),
            kind => {
                let reason = format!("an entry with type {kind}, not one of 0 to 4");
                return Err(cursor.damaged(at, reason));
            }
        }
    }
}

fn entry(cursor: &mut Cursor<'_>, kind: u8) -> Result<Entry, DecodeError> {
    let alias = cursor.text("an alias")?;
    let date = i64::from_be_bytes(cursor.array("a creation date")?);
    let mut chain = Vec::new();
    for _ in 0..cursor.count("certificates of a chain", SMALLEST_CERTIFICATE)? {
        chain.push(certificate(cursor)?);
    }
    let content = match kind {
        TRUSTED => Content::TrustedCertificate {
            certificate: certificate(cursor)?,
            java_visible: true,
        },
        OPEN => {
            let frame = frame(cursor)?;
            match bks::unframe(frame) {
                Some(key) => Content::PrivateKey {
                    key: SealedKey::unprotected(key),
                    chain,
                },
                None => secret(frame),
            }
        }
        _ => {
            let bytes = cursor.sized("a sealed key")?;
            match kind {
                _ if chain.is_empty() => secret(bytes),
                SEALED => Content::PrivateKey {
                    key: SealedKey(Seal::Bks(bytes.to_vec())),
                    chain,
                },
                // `setKeyEntry(String, byte[], Certificate[])` asks for an EncryptedPrivateKeyInfo.
                _ => Content::PrivateKey {
                    key: SealedKey::from_encrypted(bytes),
                    chain,
                },
            }
        }
    };
    Ok(Entry::of(alias, content).created(moment(date)))
}

fn secret(bytes: &[u8]) -> Content {
    Content::SecretKey {
        sealed: Bytes::from(bytes),
    }
}

/// The frame of a key that lies open.
fn frame<'a>(cursor: &mut Cursor<'a>) -> Result<&'a [u8], DecodeError> {
    let start = cursor.position();
    cursor.u8("the type of a key")?;
    cursor.text("the format of a key")?;
    cursor.text("the algorithm of a key")?;
    cursor.sized("a key")?;
    Ok(cursor.since(start))
}

fn certificate(cursor: &mut Cursor<'_>) -> Result<Certificate, DecodeError> {
    cursor.text("the type of a certificate")?;
    let der = cursor.sized("a certificate")?;
    Ok(Certificate::from_der(der.to_vec()))
}

const END: u8 = 0;
const TRUSTED: u8 = 1;
const OPEN: u8 = 2;
const SEALED: u8 = 4;
/// Bytes of salt that BouncyCastle has taken since its beginnings.
const SALT: usize = 20;
/// Bytes of HMAC-SHA-1.
const MAC: usize = 20;
/// Lengths of its type and of its content.
const SMALLEST_CERTIFICATE: usize = 2 + 4;

#[cfg(test)]
mod tests {
    use super::{
        super::{
            Protection, UnsealError,
            protect::pbes1::{Pbes1, Pbes1Cipher},
        },
        *,
    };
    use crate::key::{Generated, KeyAlgorithm, KeySource as _, PrivateKey};

    // BouncyCastle itself is asked in tests/keystore/foreign.rs.

    fn file(version: u32, entries: &[&[u8]]) -> Vec<u8> {
        let body = [&entries.concat()[..], &[END]].concat();
        let salt = [7; SALT];
        let length = if version == 1 { 2 } else { 20 };
        let key = derive(
            &SHA1_FOR_LEGACY_USE_ONLY,
            &Password::new("changeit").bmp_string(),
            &salt,
            NonZeroU32::MIN,
            Purpose::Mac,
            length,
        );
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.expose());
        let head = [&version.to_be_bytes()[..], &sized(&salt), &[0, 0, 0, 1]].concat();
        [&head[..], &body, hmac::sign(&key, &body).as_ref()].concat()
    }

    fn sized(bytes: &[u8]) -> Vec<u8> {
        [&(bytes.len() as u32).to_be_bytes()[..], bytes].concat()
    }

    /// An entry with a chain of one certificate, or none.
    fn entry(kind: u8, alias: u8, chain: u32, body: &[u8]) -> Vec<u8> {
        let certificate = [&[0, 0][..], &sized(b"end")].concat();
        let chained = certificate.repeat(chain as usize);
        let head = [&[kind, 0, 1, alias][..], &[0; 8], &chain.to_be_bytes()].concat();
        [&head[..], &chained, body].concat()
    }

    fn framed(kind: u8, key: &PrivateKey) -> Vec<u8> {
        let head = [&[kind, 0, 6][..], b"PKCS#8", &[0, 2], b"EC"].concat();
        [&head[..], &sized(key.pkcs8().expose())].concat()
    }

    fn sealed(frame: &[u8], iterations: u32) -> Vec<u8> {
        let salt = vec![9; 20];
        let count = NonZeroU32::new(iterations).unwrap();
        let scheme = Pbes1::with_salt(Pbes1Cipher::TripleDes, count, salt.clone());
        let encrypted = scheme.encrypt(frame, &Password::new("own")).unwrap();
        sized(&[&sized(&salt)[..], &iterations.to_be_bytes(), &encrypted].concat())
    }

    fn key_of(keystore: &Keystore, at: usize) -> &SealedKey {
        match &keystore.entries()[at].content {
            Content::PrivateKey { key, .. } => key,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn every_type_of_entry_is_read_in_both_versions() {
        let key = Generated.generate(KeyAlgorithm::EcP256).unwrap();
        let certificate = [&[0, 0][..], &sized(b"ca")].concat();
        let frame = framed(0, &key);
        let entries = [
            entry(TRUSTED, b'a', 0, &certificate),
            entry(OPEN, b'b', 1, &frame),
            entry(3, b'c', 1, &sized(b"an EncryptedPrivateKeyInfo")),
            entry(3, b'd', 0, &sized(b"secret")),
            entry(SEALED, b'e', 1, &sealed(&frame, 3)),
            entry(SEALED, b'f', 0, &sealed(&frame, 3)),
            entry(OPEN, b'g', 0, &framed(2, &key)),
        ];
        let entries: Vec<&[u8]> = entries.iter().map(Vec::as_slice).collect();
        for version in [1, 2] {
            let bytes = file(version, &entries);
            assert!(looks_like(&bytes));
            let read = decode(&bytes, Some(&Password::new("changeit"))).unwrap();
            assert_eq!(read.integrity, Integrity::Verified);
            let store = read.keystore;
            assert_eq!(store.entries()[0].certificates()[0].der().as_ref(), b"ca");
            assert!(key_of(&store, 1).is_unprotected());
            assert!(key_of(&store, 2).encrypted().is_some());
            for secret in [3, 5, 6] {
                let content = &store.entries()[secret].content;
                assert!(matches!(content, Content::SecretKey { .. }));
            }
            let own = key_of(&store, 4);
            assert_eq!(
                own.protection(),
                Some(Protection::Sha1TripleDes { iterations: 3 })
            );
            assert_eq!(own.open(&Password::new("own")), Ok(key.clone()));
            assert_eq!(
                own.open(&Password::new("x")),
                Err(UnsealError::WrongPassword)
            );
            assert_eq!(own.encrypted(), None);

            let wrong = decode(&bytes, Some(&Password::new("wrong")));
            assert!(matches!(wrong, Err(DecodeError::WrongPassword { .. })));
            for end in 33..bytes.len() {
                let cut = decode(&bytes[..end], None).unwrap_err();
                assert!(matches!(cut, DecodeError::Truncated { .. }), "{end}: {cut}");
            }
        }
    }

    #[test]
    fn iterations_are_looked_at_before_time_is_spent() {
        let mut bytes = file(2, &[]);
        bytes[28..32].copy_from_slice(&u32::MAX.to_be_bytes());
        assert!(matches!(
            decode(&bytes, None),
            Err(DecodeError::Limit { .. })
        ));
        let open = |iterations: u32| {
            let sealed = [&sized(&[9; 20])[..], &iterations.to_be_bytes(), &[0; 16]].concat();
            SealedKey(Seal::Bks(sealed)).open(&Password::new("own"))
        };
        assert!(matches!(
            open(u32::MAX),
            Err(UnsealError::Iterations { .. })
        ));
        assert!(open(0).is_err());
        let short = SealedKey(Seal::Bks(vec![0, 0, 0, 20])).open(&Password::new("own"));
        assert!(matches!(short, Err(UnsealError::Damaged { .. })));
    }
}
