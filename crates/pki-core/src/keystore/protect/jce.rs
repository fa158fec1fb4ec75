//! PBEWithMD5AndTripleDES of the JDK (`com.sun.crypto.provider.PBES1Core`), which only JCEKS uses.
//!
//! The salt's 8 bytes are halved; each half is hashed with the password, the hash again with the password,
//! and so on. The two hashes make 24 bytes of key and 8 of IV. If the halves are equal, which chance makes
//! once in four billion, the first is reversed (JDK 17 was seen to do so).

use md5::{Digest as _, Md5};

use crate::{
    key::{
        PrivateKey,
        cbc::Cipher,
        der::{self, DerError, Reader},
        pbes2::checked_iterations,
    },
    keystore::{Protection, UnsealError},
    secret::{Bytes, Password},
};

/// `Some` if the algorithm is this one and its parameters can be read.
pub(super) fn identify(der: &[u8]) -> Option<Protection> {
    let iterations = u32::try_from(Parts::read(der).ok()?.iterations).ok()?;
    Some(Protection::JceMd5TripleDes { iterations })
}

/// Opens the key.
pub(super) fn open(der: &[u8], password: &Password) -> Result<PrivateKey, UnsealError> {
    let parts = Parts::read(der)?;
    let iterations = checked_iterations(parts.iterations)?.get();
    let derived = derive(parts.salt, iterations, password.utf8());
    let (key, iv) = derived.expose().split_at(KEY);
    let plain = Cipher::TripleDes.decrypt(key, iv, parts.encrypted)?;
    // One wrong password in 256 leaves a padding that looks right.
    PrivateKey::from_pkcs8(plain).map_err(|_| UnsealError::WrongPassword)
}

struct Parts<'a> {
    salt: [u8; SALT],
    iterations: u64,
    encrypted: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Of an `EncryptedPrivateKeyInfo` (RFC 5958 section 3).
    fn read(der: &'a [u8]) -> Result<Self, DerError> {
        let mut outer = Reader::new(der).sequence("an EncryptedPrivateKeyInfo")?;
        let mut algorithm = outer.sequence("an AlgorithmIdentifier")?;
        let offset = algorithm.offset();
        if algorithm.oid("an algorithm's OID")? != ALGORITHM {
            return Err(DerError {
                offset,
                reason: "another algorithm",
            });
        }
        let mut parameters = algorithm.sequence("PBE parameters")?;
        let salt = parameters.expect(der::OCTET_STRING, "a salt")?;
        Ok(Self {
            salt: salt.content.try_into().map_err(|_| DerError {
                offset: salt.offset,
                reason: "a salt of another length than 8",
            })?,
            iterations: parameters.unsigned("an iteration count")?,
            encrypted: outer.expect(der::OCTET_STRING, "encrypted octets")?.content,
        })
    }
}

/// Key and IV. Java takes ASCII alone, which UTF-8 is the same for.
fn derive(mut salt: [u8; SALT], iterations: u32, password: &[u8]) -> Bytes {
    if salt[..SALT / 2] == salt[SALT / 2..] {
        salt[..SALT / 2].reverse();
    }
    let mut out = Bytes::from(vec![0; KEY + IV]);
    for (half, out) in salt.chunks(SALT / 2).zip(out.expose_mut().chunks_mut(HASH)) {
        let mut hash = Md5::new_with_prefix(half).chain_update(password).finalize();
        for _ in 1..iterations {
            hash = Md5::new_with_prefix(hash).chain_update(password).finalize();
        }
        out.copy_from_slice(&hash);
    }
    out
}

/// 1.3.6.1.4.1.42.2.19.1
const ALGORITHM: &[u8] = &[0x2B, 6, 1, 4, 1, 0x2A, 2, 19, 1];
const SALT: usize = 8;
const KEY: usize = 24;
const IV: usize = 8;
const HASH: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    const SALTED: [u8; SALT] = [1, 2, 3, 4, 5, 6, 7, 8];

    fn sealed(iterations: u32, salt: &[u8]) -> Vec<u8> {
        let parameters = der::sequence(&[
            &der::encode(der::OCTET_STRING, &[salt]),
            &der::unsigned(iterations),
        ]);
        let oid = der::encode(der::OID, &[ALGORITHM]);
        let algorithm = der::sequence(&[&oid, &parameters]);
        der::sequence(&[&algorithm, &der::encode(der::OCTET_STRING, &[&[7; 16]])])
    }

    #[test]
    fn equal_halves_of_a_salt_are_as_in_java() {
        // JDK 17: "hello" under PBEParameterSpec({1,2,3,4,1,2,3,4}, 3) and "changeit"
        let derived = derive([1, 2, 3, 4, 1, 2, 3, 4], 3, b"changeit");
        let (key, iv) = derived.expose().split_at(KEY);
        let sealed = [0x11, 0x94, 0xd7, 0x0f, 0xaa, 0x1b, 0x43, 0x96];
        let plain = Cipher::TripleDes.decrypt(key, iv, &sealed).unwrap();
        assert_eq!(plain.expose(), b"hello");
    }

    #[test]
    fn iterations_and_salt_are_looked_at_before_time_is_spent() {
        let open = |der: &[u8]| open(der, &Password::new("changeit")).unwrap_err();
        for found in [0, 5_000_001, u32::MAX] {
            let refused = open(&sealed(found, &SALTED));
            assert!(
                matches!(
                    refused,
                    UnsealError::Iterations { .. } | UnsealError::Damaged { .. }
                ),
                "{refused:?}"
            );
        }
        for salt in [&b""[..], &[0; 9]] {
            let refused = open(&sealed(1, salt));
            assert!(matches!(refused, UnsealError::Damaged { .. }));
        }
        let der = sealed(9, &SALTED);
        assert_eq!(
            identify(&der),
            Some(Protection::JceMd5TripleDes { iterations: 9 })
        );
        assert_eq!(open(&der), UnsealError::WrongPassword);
        for end in 0..der.len() {
            assert_eq!(identify(&der[..end]), None);
        }
    }
}
