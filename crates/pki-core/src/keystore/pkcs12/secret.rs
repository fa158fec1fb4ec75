//! Secret keys as Java keeps them: an `EncryptedPrivateKeyInfo` in the OCTET STRING of a SecretBag.

use super::bags::EXPLICIT_0;
use crate::{
    key::{
        Random,
        der::{self, DerError, Reader},
    },
    keystore::{Protection, UnsealError, protect::pbes},
    secret::{Bytes, Password},
};

/// `SecretBag ::= SEQUENCE { OID, [0] EXPLICIT ANY }` (RFC 7292 section 4.2.5), the ANY as JDK 17 was seen
/// to write it.
pub(crate) struct SecretBag {
    kind: Vec<u8>,
    encrypted: Bytes,
}

impl SecretBag {
    /// `None`: another structure, about whose encryption nothing is known.
    pub(crate) fn read(sealed: &Bytes) -> Option<Self> {
        let read = || {
            let mut bag = Reader::new(sealed.expose()).sequence("a SecretBag")?;
            let kind = bag.oid("a secret's type")?.to_vec();
            let value = bag.expect(EXPLICIT_0, "a secret")?;
            let octets = value.reader().expect(der::OCTET_STRING, "a secret")?;
            let encrypted = Bytes::from(octets.content);
            Ok::<_, DerError>(Self { kind, encrypted })
        };
        let bag = read().ok()?;
        bag.protection().is_some().then_some(bag)
    }

    /// What protects the secret key.
    pub(crate) fn protection(&self) -> Option<Protection> {
        pbes::identify(self.encrypted.expose())
    }

    /// The DER that is encrypted: the PKCS #8 frame that Java puts around a secret key.
    ///
    /// # Errors
    ///
    /// [`UnsealError::WrongPassword`], also for a content that is no DER.
    pub(crate) fn open(&self, password: &Password) -> Result<Bytes, UnsealError> {
        let plain = pbes::open_octets(self.encrypted.expose(), password)?;
        // One wrong password in 256 leaves a padding that looks right.
        let mut reader = Reader::new(plain.expose());
        let framed = reader.sequence("a secret key").is_ok() && reader.is_empty();
        framed.then_some(plain).ok_or(UnsealError::WrongPassword)
    }

    /// The whole bag's content with the secret key sealed anew.
    ///
    /// # Errors
    ///
    /// As [`SealedKey::seal`](crate::keystore::SealedKey::seal).
    pub(crate) fn seal(
        &self,
        plain: &Bytes,
        password: &Password,
        protection: Protection,
        random: &mut dyn Random,
    ) -> Result<Bytes, UnsealError> {
        let encrypted = pbes::seal_octets(plain.expose(), password, protection, random)?;
        let octets = der::encode(der::OCTET_STRING, &[&encrypted]);
        Ok(Bytes::from(der::sequence(&[
            &der::encode(der::OID, &[&self.kind]),
            &der::encode(EXPLICIT_0, &[&octets]),
        ])))
    }
}
