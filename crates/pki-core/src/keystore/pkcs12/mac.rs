//! The proof of integrity: RFC 7292's MAC under the PKCS #12 derivation, and PBMAC1 (RFC 9579, now RFC 9879).

use std::num::NonZeroU32;

use aws_lc_rs::{digest, hmac};

use crate::{
    key::{
        der::{self, Reader},
        pbes2::{Pbes2Error, Pbkdf2, checked_iterations, named},
    },
    keystore::protect::pkcs12_kdf::{Purpose, derive, encodings},
    secret::{Bytes, Password},
};

/// A `MacData` (RFC 7292 section 4).
pub(super) struct Mac {
    scheme: Scheme,
    hash: Hash,
    value: Vec<u8>,
}

enum Scheme {
    Pkcs12 {
        salt: Vec<u8>,
        iterations: NonZeroU32,
    },
    Pbmac1 {
        kdf: Pbkdf2,
        key_length: usize,
    },
}

/// The hash functions of the MAC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Mac {
    /// Reads the content of a `MacData`.
    pub(super) fn read(mut mac_data: Reader<'_>) -> Result<Self, Pbes2Error> {
        let mut info = mac_data.sequence("a DigestInfo")?;
        let mut algorithm = info.sequence("a MAC algorithm")?;
        let value = info.expect(der::OCTET_STRING, "a MAC")?.content.to_vec();
        let oid = algorithm.oid("a MAC algorithm's OID")?;
        let salt = mac_data.expect(der::OCTET_STRING, "a MAC salt")?.content;
        if oid == PBMAC1 {
            return Self::read_pbmac1(algorithm, value);
        }
        let hash = Hash::find(oid, |hash| hash.oid())?;
        if value.len() != hash.digest().output_len() {
            return Err(Pbes2Error::Damaged("a MAC of another length than its hash"));
        }
        // RFC 7292 section 4: DEFAULT 1.
        let mut iterations = NonZeroU32::MIN;
        if !mac_data.is_empty() {
            iterations = checked_iterations(mac_data.unsigned("a MAC iteration count")?)?;
        }
        Ok(Self {
            scheme: Scheme::Pkcs12 {
                salt: salt.to_vec(),
                iterations,
            },
            hash,
            value,
        })
    }

    /// RFC 9579 section 5: salt and iterations of the `MacData` itself mean nothing then.
    fn read_pbmac1(mut algorithm: Reader<'_>, value: Vec<u8>) -> Result<Self, Pbes2Error> {
        let mut parameters = algorithm.sequence("PBMAC1 parameters")?;
        let kdf = parameters.expect(der::SEQUENCE, "a key derivation")?;
        let kdf = Pbkdf2::from_algorithm(kdf.whole)?;
        let oid = parameters
            .sequence("a message authentication scheme")?
            .oid("a message authentication scheme's OID")?;
        let hash = Hash::find(oid, |hash| hash.hmac_oid())?;
        let key_length = kdf
            .key_length()
            .and_then(|length| usize::try_from(length).ok())
            .filter(|length| PBMAC1_KEY.contains(length))
            .ok_or(Pbes2Error::Damaged("no usable PBMAC1 key length"))?;
        Ok(Self {
            scheme: Scheme::Pbmac1 { kdf, key_length },
            hash,
            value,
        })
    }

    /// True if the password makes this MAC over the content.
    pub(super) fn verify(&self, content: &[u8], password: &Password) -> bool {
        match &self.scheme {
            Scheme::Pkcs12 { salt, iterations } => encodings(password).iter().any(|password| {
                let key = self.hash.pkcs12_key(password, salt, *iterations);
                hmac::verify(&key, content, &self.value).is_ok()
            }),
            Scheme::Pbmac1 { kdf, key_length } => {
                let key = kdf.derive(password, *key_length);
                let key = hmac::Key::new(self.hash.hmac(), key.expose());
                hmac::verify(&key, content, &self.value).is_ok()
            }
        }
    }

    /// The algorithm: in Java's names, PBMAC1 in the RFC's.
    pub(super) fn name(&self) -> String {
        match self.scheme {
            Scheme::Pkcs12 { .. } => format!("HmacPBE{}", self.hash.java_name()),
            Scheme::Pbmac1 { .. } => format!("PBMAC1-Hmac{}", self.hash.java_name()),
        }
    }

    /// The key derivation as people write it.
    pub(super) fn kdf(&self) -> String {
        match &self.scheme {
            Scheme::Pkcs12 { .. } => format!("PKCS12-{}", self.hash.name()),
            Scheme::Pbmac1 { kdf, .. } => format!("PBKDF2-{}", kdf.prf.name()),
        }
    }

    /// How many rounds.
    pub(super) fn iterations(&self) -> NonZeroU32 {
        match &self.scheme {
            Scheme::Pkcs12 { iterations, .. } => *iterations,
            Scheme::Pbmac1 { kdf, .. } => kdf.iterations,
        }
    }

    /// The hash, if this is the MAC that every reader knows; `None` for PBMAC1.
    pub(super) fn pkcs12_hash(&self) -> Option<Hash> {
        matches!(self.scheme, Scheme::Pkcs12 { .. }).then_some(self.hash)
    }
}

impl Hash {
    /// The DER of a `MacData` over some content, in keytool's shape: NULL parameters are written.
    pub(super) fn mac_data(
        self,
        content: &[u8],
        password: &Password,
        salt: &[u8],
        iterations: NonZeroU32,
    ) -> Vec<u8> {
        let key = self.pkcs12_key(&password.bmp_string(), salt, iterations);
        let algorithm = der::sequence(&[
            &der::encode(der::OID, &[self.oid()]),
            &der::encode(der::NULL, &[]),
        ]);
        let value = hmac::sign(&key, content);
        let info = der::sequence(&[
            &algorithm,
            &der::encode(der::OCTET_STRING, &[value.as_ref()]),
        ]);
        der::sequence(&[
            &info,
            &der::encode(der::OCTET_STRING, &[salt]),
            &der::unsigned(iterations.get()),
        ])
    }

    fn pkcs12_key(self, password: &Bytes, salt: &[u8], iterations: NonZeroU32) -> hmac::Key {
        let length = self.digest().output_len();
        let key = derive(
            self.digest(),
            password,
            salt,
            iterations,
            Purpose::Mac,
            length,
        );
        hmac::Key::new(self.hmac(), key.expose())
    }

    fn find(oid: &[u8], of: impl Fn(Self) -> &'static [u8]) -> Result<Self, Pbes2Error> {
        [
            Self::Sha1,
            Self::Sha224,
            Self::Sha256,
            Self::Sha384,
            Self::Sha512,
        ]
        .into_iter()
        .find(|hash| of(*hash) == oid)
        .ok_or_else(|| Pbes2Error::Unsupported(named(oid)))
    }

    /// 1.3.14.3.2.26 (OIW) and 2.16.840.1.101.3.4.2 (NIST).
    fn oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2b, 14, 3, 2, 26],
            Self::Sha224 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 4],
            Self::Sha256 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1],
            Self::Sha384 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 2],
            Self::Sha512 => &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3],
        }
    }

    /// 1.2.840.113549.2.7 to .11 (RFC 8018 appendix B.1).
    fn hmac_oid(self) -> &'static [u8] {
        match self {
            Self::Sha1 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 7],
            Self::Sha224 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 8],
            Self::Sha256 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9],
            Self::Sha384 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 10],
            Self::Sha512 => &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 11],
        }
    }

    fn digest(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }

    fn hmac(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => hmac::HMAC_SHA224,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha384 => hmac::HMAC_SHA384,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        }
    }

    fn java_name(self) -> String {
        self.name().replace('-', "")
    }
}

/// 1.2.840.113549.1.5.14
const PBMAC1: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 14];

/// RFC 9879 section 5 advises to refuse keys under 20 octets: with a key of one octet any password fits
/// in one of 256 tries. The longest HMAC is of 64, and PBKDF2's time grows with the key.
const PBMAC1_KEY: std::ops::RangeInclusive<usize> = 20..=64;
