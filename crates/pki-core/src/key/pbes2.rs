//! PBES2 (RFC 8018): PBKDF2 and a block cipher in CBC mode, over bytes that are already in memory.
//!
//! Encrypted PKCS #8 keys and PKCS #12 stores use the same scheme, so it lives here, below both.

use std::num::NonZeroU32;

use aws_lc_rs::pbkdf2;

use super::{
    Random,
    cbc::Cipher,
    der::{self, DerError, Reader},
};
use crate::secret::{Bytes, Password};

/// The parameters of PBES2, read from an AlgorithmIdentifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pbes2 {
    pub(crate) kdf: Pbkdf2,
    pub(crate) cipher: Cipher,
    iv: Vec<u8>,
}

/// The parameters of PBKDF2 (RFC 8018 appendix A.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pbkdf2 {
    pub(crate) prf: Prf,
    pub(crate) iterations: NonZeroU32,
    salt: Vec<u8>,
    key_length: Option<u64>,
}

/// The pseudo-random functions of PBKDF2 that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prf {
    HmacSha1,
    HmacSha256,
    HmacSha384,
    HmacSha512,
}

/// Why an encrypted thing does not open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Pbes2Error {
    /// The parameters' structure is broken.
    Damaged(&'static str),
    /// More iterations than [`MAX_ITERATIONS`].
    Iterations(u64),
    /// A scheme, cipher or function that is not read here: its OID.
    Unsupported(String),
    /// What came out is not padded as it should be: wrong password, or damage.
    WrongPassword,
}

/// The JDK's own limit (`sun.security.pkcs12.PKCS12KeyStore`): no honest file asks for more, and it
/// takes half a second.
pub(crate) const MAX_ITERATIONS: u32 = 5_000_000;

impl Pbes2 {
    /// What keytool 17 and `write_encrypted_private_key` write: AES-256 under PBKDF2-HMAC-SHA-256,
    /// 20 bytes of salt and 16 of IV, drawn in this order.
    pub(crate) fn aes256_sha256(iterations: NonZeroU32, random: &mut dyn Random) -> Self {
        let (mut salt, mut iv) = (vec![0; 20], vec![0; 16]);
        random.fill(&mut salt);
        random.fill(&mut iv);
        Self {
            kdf: Pbkdf2 {
                prf: Prf::HmacSha256,
                iterations,
                salt,
                key_length: Some(32),
            },
            cipher: Cipher::Aes256,
            iv,
        }
    }

    /// Reads an AlgorithmIdentifier. `None`: it is not PBES2.
    pub(crate) fn from_algorithm(algorithm: &[u8]) -> Result<Option<Self>, Pbes2Error> {
        let mut reader = Reader::new(algorithm).sequence("an AlgorithmIdentifier")?;
        if reader.oid("an algorithm's OID")? != PBES2 {
            return Ok(None);
        }
        let mut parameters = reader.sequence("PBES2 parameters")?;
        let kdf =
            Pbkdf2::from_algorithm(parameters.expect(der::SEQUENCE, "a key derivation")?.whole)?;
        let mut scheme = parameters.sequence("an encryption scheme")?;
        let oid = scheme.oid("an encryption scheme's OID")?;
        let cipher = CIPHERS
            .iter()
            .find(|(known, _)| *known == oid)
            .map(|(_, cipher)| *cipher)
            .ok_or_else(|| Pbes2Error::Unsupported(named(oid)))?;
        let iv = scheme.expect(der::OCTET_STRING, "an IV")?.content;
        if iv.len() != cipher.block_len() {
            return Err(Pbes2Error::Damaged(
                "an IV of another length than the cipher's block",
            ));
        }
        if kdf
            .key_length
            .is_some_and(|length| length != cipher.key_len() as u64)
        {
            return Err(Pbes2Error::Damaged("a key length other than the cipher's"));
        }
        Ok(Some(Self {
            kdf,
            cipher,
            iv: iv.to_vec(),
        }))
    }

    /// The AlgorithmIdentifier, in keytool's shape: keyLength and the PRF are always written.
    pub(crate) fn to_algorithm(&self) -> Vec<u8> {
        let cipher = CIPHERS.iter().find(|(_, cipher)| *cipher == self.cipher);
        let scheme = der::sequence(&[
            &der::encode(der::OID, &[cipher.map_or(&[], |(oid, _)| *oid)]),
            &der::encode(der::OCTET_STRING, &[&self.iv]),
        ]);
        der::sequence(&[
            &der::encode(der::OID, &[PBES2]),
            &der::sequence(&[&self.kdf.to_algorithm(), &scheme]),
        ])
    }

    /// Encrypts.
    pub(crate) fn encrypt(&self, plain: &[u8], password: &Password) -> Result<Vec<u8>, Pbes2Error> {
        let key = self.kdf.derive(password, self.cipher.key_len());
        self.cipher.encrypt(key.expose(), &self.iv, plain)
    }

    /// Decrypts. The password's UTF-8 is what PBKDF2 takes (RFC 8018 section 3, as OpenSSL and Java 19
    /// and later have it; Java 17 refuses what is not ASCII).
    pub(crate) fn decrypt(
        &self,
        encrypted: &[u8],
        password: &Password,
    ) -> Result<Bytes, Pbes2Error> {
        let key = self.kdf.derive(password, self.cipher.key_len());
        self.cipher.decrypt(key.expose(), &self.iv, encrypted)
    }
}

impl Pbkdf2 {
    /// Reads an AlgorithmIdentifier of PBKDF2.
    pub(crate) fn from_algorithm(algorithm: &[u8]) -> Result<Self, Pbes2Error> {
        let mut reader = Reader::new(algorithm).sequence("a key derivation")?;
        let oid = reader.oid("a key derivation's OID")?;
        if oid != PBKDF2 {
            return Err(Pbes2Error::Unsupported(named(oid)));
        }
        let mut parameters = reader.sequence("PBKDF2 parameters")?;
        let salt = parameters
            .expect(der::OCTET_STRING, "a salt")?
            .content
            .to_vec();
        let iterations = checked_iterations(parameters.unsigned("an iteration count")?)?;
        let mut key_length = None;
        let mut ahead = parameters.clone();
        if ahead.optional(der::INTEGER)?.is_some() {
            key_length = Some(parameters.unsigned("a key length")?);
        }
        // The default of RFC 8018 appendix A.2.
        let mut prf = Prf::HmacSha1;
        if let Some(algorithm) = parameters.optional(der::SEQUENCE)? {
            let oid = algorithm.reader().oid("a PRF's OID")?;
            prf = PRFS
                .iter()
                .find(|(known, _)| *known == oid)
                .map(|(_, prf)| *prf)
                .ok_or_else(|| Pbes2Error::Unsupported(named(oid)))?;
        }
        Ok(Self {
            prf,
            iterations,
            salt,
            key_length,
        })
    }

    fn to_algorithm(&self) -> Vec<u8> {
        let prf = PRFS.iter().find(|(_, prf)| *prf == self.prf);
        // What is written is always a cipher's own key length, far below 2^32.
        let key_length = self
            .key_length
            .and_then(|length| u32::try_from(length).ok());
        let parameters = der::sequence(&[
            &der::encode(der::OCTET_STRING, &[&self.salt]),
            &der::unsigned(self.iterations.get()),
            &key_length.map(der::unsigned).unwrap_or_default(),
            &der::sequence(&[
                &der::encode(der::OID, &[prf.map_or(&[], |(oid, _)| *oid)]),
                &der::encode(der::NULL, &[]),
            ]),
        ]);
        der::sequence(&[&der::encode(der::OID, &[PBKDF2]), &parameters])
    }

    /// The key length that the parameters ask for.
    pub(crate) fn key_length(&self) -> Option<u64> {
        self.key_length
    }

    /// Derives `length` bytes.
    pub(crate) fn derive(&self, password: &Password, length: usize) -> Bytes {
        let algorithm = match self.prf {
            Prf::HmacSha1 => pbkdf2::PBKDF2_HMAC_SHA1,
            Prf::HmacSha256 => pbkdf2::PBKDF2_HMAC_SHA256,
            Prf::HmacSha384 => pbkdf2::PBKDF2_HMAC_SHA384,
            Prf::HmacSha512 => pbkdf2::PBKDF2_HMAC_SHA512,
        };
        let mut out = Bytes::from(vec![0; length]);
        pbkdf2::derive(
            algorithm,
            self.iterations,
            &self.salt,
            password.utf8(),
            out.expose_mut(),
        );
        out
    }
}

impl Prf {
    /// The name as people write it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::HmacSha1 => "HMAC-SHA-1",
            Self::HmacSha256 => "HMAC-SHA-256",
            Self::HmacSha384 => "HMAC-SHA-384",
            Self::HmacSha512 => "HMAC-SHA-512",
        }
    }
}

impl From<DerError> for Pbes2Error {
    fn from(error: DerError) -> Self {
        Self::Damaged(error.reason)
    }
}

/// Encrypts under PBES2 as keytool 17 spells it: the AlgorithmIdentifier, and the encrypted bytes.
pub(crate) fn encrypt(
    plain: &[u8],
    password: &Password,
    iterations: NonZeroU32,
    random: &mut dyn Random,
) -> Result<(Vec<u8>, Vec<u8>), Pbes2Error> {
    let scheme = Pbes2::aes256_sha256(iterations, random);
    Ok((scheme.to_algorithm(), scheme.encrypt(plain, password)?))
}

/// Decrypts what an AlgorithmIdentifier of PBES2 says how.
pub(crate) fn decrypt(
    algorithm: &[u8],
    encrypted: &[u8],
    password: &Password,
) -> Result<Bytes, Pbes2Error> {
    match Pbes2::from_algorithm(algorithm)? {
        Some(scheme) => scheme.decrypt(encrypted, password),
        None => {
            let mut reader = Reader::new(algorithm).sequence("an AlgorithmIdentifier")?;
            Err(Pbes2Error::Unsupported(named(
                reader.oid("an algorithm's OID")?,
            )))
        }
    }
}

/// An algorithm of password-based encryption that is not read: the name that people know, and its OID.
pub(crate) fn named(oid: &[u8]) -> String {
    let dotted = der::dotted(oid);
    match UNREAD.iter().find(|(known, _)| *known == dotted) {
        Some((_, name)) => format!("{name} ({dotted})"),
        None => dotted,
    }
}

/// An iteration count from a file, if it is one that is worth the time.
pub(crate) fn checked_iterations(found: u64) -> Result<NonZeroU32, Pbes2Error> {
    if found > u64::from(MAX_ITERATIONS) {
        return Err(Pbes2Error::Iterations(found));
    }
    u32::try_from(found)
        .ok()
        .and_then(NonZeroU32::new)
        .ok_or(Pbes2Error::Damaged("an iteration count of zero"))
}

/// What old or unusual writers use: RFC 8018 appendix A.3 and B.2, RFC 7292 appendix C, RFC 7914 section 7.
const UNREAD: [(&str, &str); 11] = [
    ("1.2.840.113549.1.5.1", "pbeWithMD2AndDES-CBC"),
    ("1.2.840.113549.1.5.3", "pbeWithMD5AndDES-CBC"),
    ("1.2.840.113549.1.5.4", "pbeWithMD2AndRC2-CBC"),
    ("1.2.840.113549.1.5.6", "pbeWithMD5AndRC2-CBC"),
    ("1.2.840.113549.1.5.10", "pbeWithSHA1AndDES-CBC"),
    ("1.2.840.113549.1.5.11", "pbeWithSHA1AndRC2-CBC"),
    ("1.2.840.113549.1.12.1.1", "pbeWithSHA1And128BitRC4"),
    ("1.2.840.113549.1.12.1.2", "pbeWithSHA1And40BitRC4"),
    ("1.2.840.113549.3.2", "RC2-CBC"),
    ("1.3.14.3.2.7", "DES-CBC"),
    ("1.3.6.1.4.1.11591.4.11", "scrypt"),
];

/// 1.2.840.113549.1.5.13
const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
/// 1.2.840.113549.1.5.12
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];

/// 1.2.840.113549.2.7 and its neighbours (RFC 8018 appendix B.1).
const PRFS: [(&[u8], Prf); 4] = [
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7], Prf::HmacSha1),
    (&[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9], Prf::HmacSha256),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10],
        Prf::HmacSha384,
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11],
        Prf::HmacSha512,
    ),
];

/// 2.16.840.1.101.3.4.1.2, .22 and .42 (NIST), 1.2.840.113549.3.7 (RFC 8018 appendix B.2.2).
const CIPHERS: [(&[u8], Cipher); 4] = [
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 2], Cipher::Aes128),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 22], Cipher::Aes192),
    (&[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42], Cipher::Aes256),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7],
        Cipher::TripleDes,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(u8);
    impl Random for Counting {
        fn fill(&mut self, out: &mut [u8]) {
            for byte in out {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
        }
    }

    #[test]
    fn what_is_encrypted_is_decrypted_and_nothing_else() {
        let password = Password::new("pässwörd");
        let iterations = NonZeroU32::new(100).unwrap();
        let (algorithm, encrypted) =
            encrypt(b"a secret", &password, iterations, &mut Counting(0)).unwrap();
        let plain = decrypt(&algorithm, &encrypted, &password).unwrap();
        assert_eq!(plain.expose(), b"a secret");
        assert_eq!(
            decrypt(&algorithm, &encrypted, &Password::new("x")),
            Err(Pbes2Error::WrongPassword)
        );
        let read = Pbes2::from_algorithm(&algorithm).unwrap().unwrap();
        assert_eq!(read.to_algorithm(), algorithm);
    }

    #[test]
    fn iterations_beyond_the_limit_are_refused_before_any_is_done() {
        let scheme = Pbes2::aes256_sha256(NonZeroU32::new(0x7fff_ffff).unwrap(), &mut Counting(0));
        assert_eq!(
            decrypt(&scheme.to_algorithm(), &[0; 16], &Password::new("x")),
            Err(Pbes2Error::Iterations(0x7fff_ffff))
        );
    }
}
