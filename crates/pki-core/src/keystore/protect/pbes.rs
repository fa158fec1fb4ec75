//! Protection by the password-based encryption schemes that PKCS #12 and PKCS #8 share.

use std::num::NonZeroU32;

use super::pbes1::{Pbes1, Pbes1Cipher};
use crate::{
    key::{
        PrivateKey, Random,
        cbc::Cipher,
        der::{self, DerError, Reader},
        pbes2::{self, MAX_ITERATIONS, Pbes2, Pbes2Error, Prf},
    },
    keystore::{Protection, UnsealError},
    secret::{Bytes, Password},
};

pub(in crate::keystore) fn identify(der: &[u8]) -> Option<Protection> {
    let (algorithm, _) = parts(der).ok()?;
    Some(Scheme::from_algorithm(algorithm).ok()?.protection())
}

pub(super) fn open(der: &[u8], password: &Password) -> Result<PrivateKey, UnsealError> {
    let plain = open_octets(der, password)?;
    // One wrong password in 256 leaves a padding that looks right.
    PrivateKey::from_pkcs8(plain).map_err(|_| UnsealError::WrongPassword)
}

/// What an `EncryptedPrivateKeyInfo` holds, whatever it is. A wrong password may give noise.
pub(in crate::keystore) fn open_octets(
    der: &[u8],
    password: &Password,
) -> Result<Bytes, UnsealError> {
    let (algorithm, encrypted) = parts(der)?;
    Scheme::from_algorithm(algorithm)?.decrypt(encrypted, password)
}

pub(super) fn seal(
    key: &PrivateKey,
    password: &Password,
    protection: Protection,
    random: &mut dyn Random,
) -> Result<Vec<u8>, UnsealError> {
    seal_octets(key.pkcs8().expose(), password, protection, random)
}

/// The DER of an `EncryptedPrivateKeyInfo` around anything.
pub(in crate::keystore) fn seal_octets(
    plain: &[u8],
    password: &Password,
    protection: Protection,
    random: &mut dyn Random,
) -> Result<Vec<u8>, UnsealError> {
    if !password.is_ascii() {
        return Err(UnsealError::Password { reason: NOT_ASCII });
    }
    let scheme = match protection {
        Protection::Pbes2Aes256Sha256 { iterations } => {
            Scheme::Pbes2(Pbes2::aes256_sha256(counted(iterations)?, random))
        }
        Protection::Sha1TripleDes { iterations } => Scheme::Pbes1(Pbes1::new(
            Pbes1Cipher::TripleDes,
            counted(iterations)?,
            random,
        )),
        other => {
            return Err(UnsealError::Unsupported {
                algorithm: format!("{other:?}, which is only read"),
            });
        }
    };
    let encrypted = scheme.encrypt(plain, password)?;
    Ok(der::sequence(&[
        &scheme.to_algorithm(),
        &der::encode(der::OCTET_STRING, &[&encrypted]),
    ]))
}

/// Java 17's `PBEKey` throws on any other character; Java 19 and later read UTF-8.
pub(in crate::keystore) const NOT_ASCII: &str =
    "Java 17 and earlier take nothing but ASCII as a PKCS #12 password";

/// An encryption scheme with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::keystore) enum Scheme {
    /// RFC 7292 appendix C.
    Pbes1(Pbes1),
    /// RFC 8018.
    Pbes2(Pbes2),
}

impl Scheme {
    /// Reads an AlgorithmIdentifier.
    pub(in crate::keystore) fn from_algorithm(algorithm: &[u8]) -> Result<Self, UnsealError> {
        if let Some(scheme) = Pbes2::from_algorithm(algorithm)? {
            return Ok(Self::Pbes2(scheme));
        }
        if let Some(scheme) = Pbes1::from_algorithm(algorithm)? {
            return Ok(Self::Pbes1(scheme));
        }
        let mut reader = Reader::new(algorithm).sequence("an AlgorithmIdentifier")?;
        Err(UnsealError::Unsupported {
            algorithm: pbes2::named(reader.oid("an algorithm's OID")?),
        })
    }

    /// The AlgorithmIdentifier.
    pub(in crate::keystore) fn to_algorithm(&self) -> Vec<u8> {
        match self {
            Self::Pbes1(scheme) => scheme.to_algorithm(),
            Self::Pbes2(scheme) => scheme.to_algorithm(),
        }
    }

    /// Encrypts.
    pub(in crate::keystore) fn encrypt(
        &self,
        plain: &[u8],
        password: &Password,
    ) -> Result<Vec<u8>, UnsealError> {
        Ok(match self {
            Self::Pbes1(scheme) => scheme.encrypt(plain, password)?,
            Self::Pbes2(scheme) => scheme.encrypt(plain, password)?,
        })
    }

    /// Decrypts.
    pub(in crate::keystore) fn decrypt(
        &self,
        encrypted: &[u8],
        password: &Password,
    ) -> Result<Bytes, UnsealError> {
        Ok(match self {
            Self::Pbes1(scheme) => scheme.decrypt(encrypted, password)?,
            Self::Pbes2(scheme) => scheme.decrypt(encrypted, password)?,
        })
    }

    /// How many rounds.
    pub(in crate::keystore) fn iterations(&self) -> NonZeroU32 {
        match self {
            Self::Pbes1(scheme) => scheme.iterations,
            Self::Pbes2(scheme) => scheme.kdf.iterations,
        }
    }

    /// The key derivation as people write it.
    pub(in crate::keystore) fn kdf(&self) -> String {
        match self {
            Self::Pbes1(_) => "PKCS12-SHA-1".to_owned(),
            Self::Pbes2(scheme) => format!("PBKDF2-{}", scheme.kdf.prf.name()),
        }
    }

    /// The scheme as the model names it.
    pub(in crate::keystore) fn protection(&self) -> Protection {
        let iterations = self.iterations().get();
        match self {
            Self::Pbes1(Pbes1 {
                cipher: Pbes1Cipher::TripleDes | Pbes1Cipher::TripleDes2Key,
                ..
            }) => Protection::Sha1TripleDes { iterations },
            Self::Pbes1(_) => Protection::Sha1Rc2 { iterations },
            Self::Pbes2(scheme)
                if scheme.cipher == Cipher::Aes256 && scheme.kdf.prf == Prf::HmacSha256 =>
            {
                Protection::Pbes2Aes256Sha256 { iterations }
            }
            Self::Pbes2(_) => Protection::Pbes2Other { iterations },
        }
    }
}

impl From<Pbes2Error> for UnsealError {
    fn from(error: Pbes2Error) -> Self {
        match error {
            Pbes2Error::Damaged(reason) => Self::Damaged { reason },
            Pbes2Error::Iterations(found) => Self::Iterations {
                found,
                limit: u64::from(MAX_ITERATIONS),
            },
            Pbes2Error::Unsupported(algorithm) => Self::Unsupported { algorithm },
            Pbes2Error::WrongPassword => Self::WrongPassword,
        }
    }
}

impl From<DerError> for UnsealError {
    fn from(error: DerError) -> Self {
        Self::Damaged {
            reason: error.reason,
        }
    }
}

/// AlgorithmIdentifier and encrypted octets of an `EncryptedPrivateKeyInfo` (RFC 5958 section 3).
fn parts(der: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut reader = Reader::new(der).sequence("an EncryptedPrivateKeyInfo")?;
    let algorithm = reader
        .expect(der::SEQUENCE, "an AlgorithmIdentifier")?
        .whole;
    let encrypted = reader
        .expect(der::OCTET_STRING, "encrypted octets")?
        .content;
    Ok((algorithm, encrypted))
}

fn counted(iterations: u32) -> Result<NonZeroU32, UnsealError> {
    Ok(pbes2::checked_iterations(u64::from(iterations))?)
}
