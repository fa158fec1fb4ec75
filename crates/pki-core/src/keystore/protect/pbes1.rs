//! The password-based encryption of RFC 7292 appendix C: 3DES and RC2 under the PKCS #12 derivation
//! with SHA-1. RC4 is not read: nobody was seen to write it.

use std::num::NonZeroU32;

use aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
use cbc::cipher::{BlockModeDecrypt, BlockModeEncrypt, InnerIvInit, Iv, block_padding::Pkcs7};
use rc2::Rc2;

use super::pkcs12_kdf::{Purpose, derive, encodings};
use crate::{
    key::{
        Random,
        cbc::Cipher,
        der::{self, Reader},
        pbes2::{Pbes2Error, checked_iterations},
    },
    secret::{Bytes, Password},
};

/// A scheme with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::keystore) struct Pbes1 {
    pub(in crate::keystore) cipher: Pbes1Cipher,
    pub(in crate::keystore) iterations: NonZeroU32,
    salt: Vec<u8>,
}

/// The ciphers, by the last arc of their OIDs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keystore) enum Pbes1Cipher {
    TripleDes = 3,
    TripleDes2Key = 4,
    Rc2Of128 = 5,
    Rc2Of40 = 6,
}

impl Pbes1 {
    /// What keytool writes: 20 bytes of salt.
    pub(in crate::keystore) fn new(
        cipher: Pbes1Cipher,
        iterations: NonZeroU32,
        random: &mut dyn Random,
    ) -> Self {
        let mut salt = vec![0; 20];
        random.fill(&mut salt);
        Self::with_salt(cipher, iterations, salt)
    }

    /// From parameters that stand elsewhere than in an AlgorithmIdentifier.
    pub(in crate::keystore) fn with_salt(
        cipher: Pbes1Cipher,
        iterations: NonZeroU32,
        salt: Vec<u8>,
    ) -> Self {
        Self {
            cipher,
            iterations,
            salt,
        }
    }

    /// Reads an AlgorithmIdentifier. `None`: another scheme.
    pub(in crate::keystore) fn from_algorithm(
        algorithm: &[u8],
    ) -> Result<Option<Self>, Pbes2Error> {
        let mut reader = Reader::new(algorithm).sequence("an AlgorithmIdentifier")?;
        let oid = reader.oid("an algorithm's OID")?;
        let cipher = match oid.strip_prefix(PBE) {
            Some([3]) => Pbes1Cipher::TripleDes,
            Some([4]) => Pbes1Cipher::TripleDes2Key,
            Some([5]) => Pbes1Cipher::Rc2Of128,
            Some([6]) => Pbes1Cipher::Rc2Of40,
            _ => return Ok(None),
        };
        let mut parameters = reader.sequence("PBE parameters")?;
        let salt = parameters.expect(der::OCTET_STRING, "a salt")?.content;
        Ok(Some(Self {
            cipher,
            iterations: checked_iterations(parameters.unsigned("an iteration count")?)?,
            salt: salt.to_vec(),
        }))
    }

    /// The AlgorithmIdentifier.
    pub(in crate::keystore) fn to_algorithm(&self) -> Vec<u8> {
        let parameters = der::sequence(&[
            &der::encode(der::OCTET_STRING, &[&self.salt]),
            &der::unsigned(self.iterations.get()),
        ]);
        let oid = der::encode(der::OID, &[PBE, &[self.cipher as u8]]);
        der::sequence(&[&oid, &parameters])
    }

    /// Encrypts.
    pub(in crate::keystore) fn encrypt(
        &self,
        plain: &[u8],
        password: &Password,
    ) -> Result<Vec<u8>, Pbes2Error> {
        let (key, iv) = self.key_and_iv(&password.bmp_string());
        match self.cipher.block() {
            Block::Des(cipher) => cipher.encrypt(key.expose(), iv.expose(), plain),
            Block::Rc2(bits) => {
                let rc2 = Rc2::new_with_eff_key_len(key.expose(), bits);
                let encryptor = cbc::Encryptor::inner_iv_init(rc2, &rc2_iv(&iv)?);
                Ok(encryptor.encrypt_padded_vec::<Pkcs7>(plain))
            }
        }
    }

    /// Decrypts, and takes the padding off.
    pub(in crate::keystore) fn decrypt(
        &self,
        encrypted: &[u8],
        password: &Password,
    ) -> Result<Bytes, Pbes2Error> {
        let mut result = Err(Pbes2Error::WrongPassword);
        for encoded in encodings(password) {
            result = self.decrypt_under(encrypted, &encoded);
            if result != Err(Pbes2Error::WrongPassword) {
                break;
            }
        }
        result
    }

    fn decrypt_under(&self, encrypted: &[u8], password: &Bytes) -> Result<Bytes, Pbes2Error> {
        let (key, iv) = self.key_and_iv(password);
        match self.cipher.block() {
            Block::Des(cipher) => cipher.decrypt(key.expose(), iv.expose(), encrypted),
            Block::Rc2(bits) => {
                let rc2 = Rc2::new_with_eff_key_len(key.expose(), bits);
                let decryptor = cbc::Decryptor::inner_iv_init(rc2, &rc2_iv(&iv)?);
                let mut plain = Bytes::from(encrypted);
                let length = decryptor
                    .decrypt_padded::<Pkcs7>(plain.expose_mut())
                    .map_err(|_| Pbes2Error::WrongPassword)?
                    .len();
                plain.truncate(length);
                Ok(plain)
            }
        }
    }

    fn key_and_iv(&self, password: &Bytes) -> (Bytes, Bytes) {
        let bytes = |purpose, length| {
            let hash = &SHA1_FOR_LEGACY_USE_ONLY;
            derive(hash, password, &self.salt, self.iterations, purpose, length)
        };
        let key_len = match self.cipher {
            Pbes1Cipher::TripleDes => 24,
            Pbes1Cipher::TripleDes2Key | Pbes1Cipher::Rc2Of128 => 16,
            Pbes1Cipher::Rc2Of40 => 5,
        };
        (bytes(Purpose::Key, key_len), bytes(Purpose::Iv, 8))
    }
}

enum Block {
    Des(Cipher),
    /// With the effective key bits of RFC 2268.
    Rc2(usize),
}

impl Pbes1Cipher {
    fn block(self) -> Block {
        match self {
            Self::TripleDes => Block::Des(Cipher::TripleDes),
            Self::TripleDes2Key => Block::Des(Cipher::TripleDes2Key),
            Self::Rc2Of128 => Block::Rc2(128),
            Self::Rc2Of40 => Block::Rc2(40),
        }
    }
}

fn rc2_iv(iv: &Bytes) -> Result<Iv<cbc::Encryptor<Rc2>>, Pbes2Error> {
    Iv::<cbc::Encryptor<Rc2>>::try_from(iv.expose())
        .map_err(|_| Pbes2Error::Damaged("an IV of another length than the cipher's block"))
}

/// 1.2.840.113549.1.12.1
const PBE: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1];
