//! Sun's key protector, which only JKS uses (`sun.security.provider.KeyProtector`).
//!
//! The sealed content is a salt of 20 bytes, the key under a keystream, and a check of 20 bytes. The
//! keystream is a chain of SHA-1: each block hashes the password and the block before it, the first the
//! salt. The check is SHA-1 of password and key. One SHA-1 tries a password: long passwords matter.

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    digest::{Context, Digest, SHA1_FOR_LEGACY_USE_ONLY},
};

use crate::{
    key::{PrivateKey, Random, der},
    keystore::{Protection, UnsealError},
    secret::{Bytes, Password},
};

/// `Some` if the algorithm is this one, whatever state the content is in.
pub(super) fn identify(der: &[u8]) -> Option<Protection> {
    content(der).map(|_| Protection::Jks)
}

/// Opens the key.
pub(super) fn open(der: &[u8], password: &Password) -> Result<PrivateKey, UnsealError> {
    let damaged = |reason| UnsealError::Damaged { reason };
    let content = content(der).ok_or(damaged("no EncryptedPrivateKeyInfo"))?;
    let Some((salt, rest)) = content.split_at_checked(SALT) else {
        return Err(damaged("shorter than its salt"));
    };
    let Some((sealed, check)) = rest.len().checked_sub(HASH).map(|at| rest.split_at(at)) else {
        return Err(damaged("shorter than its salt and its check"));
    };
    let password = password.utf16_be();
    let mut plain = Bytes::from(sealed);
    apply_keystream(plain.expose_mut(), salt, &password);
    verify_slices_are_equal(hash(&password, plain.expose()).as_ref(), check)
        .map_err(|_| UnsealError::WrongPassword)?;
    PrivateKey::from_pkcs8(plain).map_err(|_| damaged("what it holds is no PKCS #8 key"))
}

/// Seals the key as keytool does, byte for byte if the salt is the same.
pub(super) fn seal(
    key: &PrivateKey,
    password: &Password,
    random: &mut dyn Random,
) -> Result<Vec<u8>, UnsealError> {
    let mut salt = [0; SALT];
    random.fill(&mut salt);
    let password = password.utf16_be();
    let plain = key.pkcs8().expose();
    // Encrypted in place: the plain key is in memory that is sized once and overwritten.
    let mut content = Vec::with_capacity(SALT + plain.len() + HASH);
    content.extend_from_slice(&salt);
    content.extend_from_slice(plain);
    apply_keystream(&mut content[SALT..], &salt, &password);
    content.extend_from_slice(hash(&password, plain).as_ref());
    Ok(wrap(&content))
}

fn apply_keystream(data: &mut [u8], salt: &[u8], password: &Bytes) {
    let mut block = hash(password, salt);
    for chunk in data.chunks_mut(HASH) {
        for (byte, key) in chunk.iter_mut().zip(block.as_ref()) {
            *byte ^= key;
        }
        block = hash(password, block.as_ref());
    }
}

fn hash(password: &Bytes, data: &[u8]) -> Digest {
    let mut context = Context::new(&SHA1_FOR_LEGACY_USE_ONLY);
    context.update(password.expose());
    context.update(data);
    context.finish()
}

/// The sealed content of an `EncryptedPrivateKeyInfo` (RFC 5958 section 3) with this algorithm.
fn content(encoded: &[u8]) -> Option<&[u8]> {
    let mut outer = der::Reader::new(encoded);
    let mut parts = outer.sequence("EncryptedPrivateKeyInfo").ok()?;
    let mut algorithm = parts.sequence("AlgorithmIdentifier").ok()?;
    let oid = algorithm.oid("algorithm").ok()?;
    let content = parts.expect(der::OCTET_STRING, "encryptedData").ok()?;
    (oid == ALGORITHM && parts.is_empty() && outer.is_empty()).then_some(content.content)
}

fn wrap(content: &[u8]) -> Vec<u8> {
    let oid = der::encode(der::OID, &[ALGORITHM]);
    let algorithm = der::sequence(&[&oid, &der::encode(der::NULL, &[])]);
    der::sequence(&[&algorithm, &der::encode(der::OCTET_STRING, &[content])])
}

/// Sun's arc, 1.3.6.1.4.1.42.2.17.1.1 (`KeyProtector.KEY_PROTECTOR_OID`).
const ALGORITHM: &[u8] = &[0x2B, 6, 1, 4, 1, 0x2A, 2, 17, 1, 1];
const SALT: usize = 20;
const HASH: usize = 20;

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&mut self, out: &mut [u8]) {
            out.fill(self.0);
        }
    }

    fn sealed(plain: &[u8], password: &Password) -> Vec<u8> {
        let key = password.utf16_be();
        let mut content = vec![7; SALT];
        content.extend_from_slice(plain);
        apply_keystream(&mut content[SALT..], &[7; SALT], &key);
        content.extend_from_slice(hash(&key, plain).as_ref());
        wrap(&content)
    }

    #[test]
    fn a_key_is_told_by_its_algorithm_alone() {
        let der = sealed(b"anything", &Password::new("changeit"));
        assert_eq!(identify(&der), Some(Protection::Jks));
        let trailing = [&der[..], &[0]].concat();
        assert_eq!(identify(&trailing), None);
        assert_eq!(identify(&[]), None);
    }

    #[test]
    fn a_wrong_password_is_told_from_damage() {
        let der = sealed(b"anything", &Password::new("changeit"));
        let open = |der: &[u8], password: &str| open(der, &Password::new(password)).unwrap_err();
        assert_eq!(open(&der, "wrong"), UnsealError::WrongPassword);
        for short in [&b""[..], &[0; 39]] {
            let der = wrap(short);
            assert!(matches!(open(&der, "x"), UnsealError::Damaged { .. }));
        }
    }

    #[test]
    fn what_is_sealed_opens_with_its_password() {
        use crate::key::{Generated, KeyAlgorithm, KeySource as _};
        let key = Generated.generate(KeyAlgorithm::EcP256).unwrap();
        for text in ["changeit", "", "pässwörter\u{1F511}"] {
            let password = Password::new(text);
            let der = seal(&key, &password, &mut Fixed(7)).unwrap();
            assert_eq!(der, sealed(key.pkcs8().expose(), &password));
            assert_eq!(open(&der, &password), Ok(key.clone()));
        }
    }
}
