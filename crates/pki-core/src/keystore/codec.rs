use std::fmt;

use super::{
    DecodeError, EncodeError, Keystore, bcfks, bks, der, java, jceks, jks, pem, pkcs7, pkcs12,
};
use crate::{
    key::Random,
    secret::{Bytes, Password},
    x509::Certificate,
};

/// A container format, told by content, never by a file's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Format {
    /// BouncyCastle's BKS. Read only.
    Bks,
    /// BouncyCastle's FIPS format, BCFKS. Recognised, not read.
    Bcfks,
    /// A certificate in DER. Read only.
    Der,
    /// Java's JCEKS. Read only.
    Jceks,
    /// Java's own JKS.
    Jks,
    /// PEM blocks (RFC 7468).
    Pem,
    /// Certificates in PKCS #7, which is CMS SignedData (RFC 5652). Read only.
    Pkcs7,
    /// PKCS #12 (RFC 7292).
    Pkcs12,
}

impl Format {
    /// The type of a keystore as the JCA names it, which is what the product's configuration says.
    pub const fn java_name(self) -> &'static str {
        match self {
            Self::Bcfks => "BCFKS",
            Self::Bks => "BKS",
            Self::Jceks => "JCEKS",
            Self::Pkcs12 => "PKCS12",
            // What is no keystore of Java's has no name either.
            Self::Der | Self::Jks | Self::Pem | Self::Pkcs7 => "JKS",
        }
    }

    /// Tells the format by the first bytes. `None`: none of these.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFE, 0xED, 0xFE, 0xED, ..] => Some(Self::Jks),
            [0xCE, 0xCE, 0xCE, 0xCE, ..] => Some(Self::Jceks),
            bytes if pkcs12::looks_like(bytes) => Some(Self::Pkcs12),
            bytes if pkcs7::looks_like(bytes) => Some(Self::Pkcs7),
            bytes if der::looks_like(bytes) => Some(Self::Der),
            bytes if bcfks::looks_like(bytes) => Some(Self::Bcfks),
            bytes if bks::looks_like(bytes) => Some(Self::Bks),
            bytes if pem::looks_like(bytes) => Some(Self::Pem),
            _ => None,
        }
    }

    /// The name in JSON and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bks => "bks",
            Self::Bcfks => "bcfks",
            Self::Der => "der",
            Self::Jceks => "jceks",
            Self::Jks => "jks",
            Self::Pem => "pem",
            Self::Pkcs7 => "pkcs7",
            Self::Pkcs12 => "pkcs12",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bks => "BKS",
            Self::Bcfks => "BCFKS",
            Self::Der => "DER",
            Self::Jceks => "JCEKS",
            Self::Jks => "JKS",
            Self::Pem => "PEM",
            Self::Pkcs7 => "PKCS #7",
            Self::Pkcs12 => "PKCS #12",
        })
    }
}

/// How to write a store: the format, and for PKCS #12 who must be able to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Encoding {
    /// JKS, which every Java reads.
    Jks,
    /// PKCS #12 with a profile.
    Pkcs12(Pkcs12Profile),
}

impl Encoding {
    /// The format that it writes.
    pub const fn format(self) -> Format {
        match self {
            Self::Jks => Format::Jks,
            Self::Pkcs12(_) => Format::Pkcs12,
        }
    }

    /// The protection that keys get in it.
    pub const fn protection(self) -> Protection {
        match self {
            Self::Jks => Protection::Jks,
            Self::Pkcs12(Pkcs12Profile::Java8) => Protection::Sha1TripleDes { iterations: 50_000 },
            Self::Pkcs12(Pkcs12Profile::Modern) => {
                Protection::Pbes2Aes256Sha256 { iterations: 10_000 }
            }
        }
    }
}

/// PKCS #12 in the spelling of a generation of readers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Pkcs12Profile {
    /// What Java 8 writes before 8u301 and every Java reads: 3DES for keys, RC2-40 for certificates,
    /// SHA-1 MAC. OpenSSL 3 needs `-legacy`.
    Java8,
    /// What JDK 17 writes: PBES2 with AES-256 and HMAC-SHA-256, 10 000 iterations. Read by Java 8u301,
    /// 11.0.12 and later, and by OpenSSL.
    Modern,
}

impl Pkcs12Profile {
    /// The name in a topology file and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Java8 => "java8",
            Self::Modern => "modern",
        }
    }
}

/// How a private key is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Protection {
    /// JCEKS: PBEWithMD5AndTripleDES of the JDK (1.3.6.1.4.1.42.2.19.1). Read only.
    JceMd5TripleDes {
        /// Rounds of MD5.
        iterations: u32,
    },
    /// JKS's own: a SHA-1 keystream (1.3.6.1.4.1.42.2.17.1.1), one SHA-1 a guess.
    Jks,
    /// OpenSSL's traditional encryption of PEM keys (`DEK-Info`): the key is one MD5 of the password, or
    /// two. Read only.
    OpensslMd5 {
        /// The cipher as OpenSSL calls it, `AES-256-CBC`.
        cipher: &'static str,
    },
    /// PBES2 (RFC 8018) with AES-256-CBC and PBKDF2-HMAC-SHA-256, written by JDK 8u301 and later.
    Pbes2Aes256Sha256 {
        /// Rounds of PBKDF2.
        iterations: u32,
    },
    /// PBES2 with another cipher or another PRF. Read only.
    Pbes2Other {
        /// Rounds of PBKDF2 (0: another derivation).
        iterations: u32,
    },
    /// pbeWithSHAAnd40BitRC2-CBC or 128 bit (RFC 7292 appendix C). Read only.
    Sha1Rc2 {
        /// Rounds of the PKCS #12 derivation.
        iterations: u32,
    },
    /// pbeWithSHAAnd3-KeyTripleDES-CBC (RFC 7292 appendix C).
    Sha1TripleDes {
        /// Rounds of the PKCS #12 derivation.
        iterations: u32,
    },
}

impl Protection {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::JceMd5TripleDes { .. } => "jce-md5-3des",
            Self::Jks => "jks",
            Self::OpensslMd5 { .. } => "openssl-md5",
            Self::Pbes2Aes256Sha256 { .. } => "pbes2-aes256-sha256",
            Self::Pbes2Other { .. } => "pbes2-other",
            Self::Sha1Rc2 { .. } => "sha1-rc2",
            Self::Sha1TripleDes { .. } => "sha1-3des",
        }
    }

    /// How often it hashes a password; `None`: once, which is no protection worth the name.
    pub const fn iterations(self) -> Option<u32> {
        match self {
            Self::Jks | Self::OpensslMd5 { .. } => None,
            Self::JceMd5TripleDes { iterations }
            | Self::Pbes2Aes256Sha256 { iterations }
            | Self::Pbes2Other { iterations }
            | Self::Sha1Rc2 { iterations }
            | Self::Sha1TripleDes { iterations } => Some(iterations),
        }
    }
}

/// Whether a file proved that nobody changed it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Integrity {
    /// The format or this file has no proof: PEM, PKCS #12 without MAC.
    Absent,
    /// There is one, and it was not looked at, for want of a password.
    Unchecked,
    /// The password confirms it.
    Verified,
}

/// A store that was read, and what the file says about itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Decoded {
    /// The container.
    pub format: Format,
    /// Whether its integrity was confirmed.
    pub integrity: Integrity,
    /// The MAC's algorithm as people call it (`SHA-1 keyed digest`, `HmacPBESHA256`), if there is one.
    pub mac: Option<String>,
    /// The key derivation of the container (`PBKDF2-HMAC-SHA-256`), if there is one.
    pub kdf: Option<String>,
    /// The MAC's iterations, or those of the container's encryption.
    pub iterations: Option<u32>,
    /// What encrypts the container's content, apart from the keys' own protection: of a PKCS #12, each
    /// encrypted safe's.
    pub protections: Vec<Protection>,
    /// How it would be written again to come out alike; `None` where no profile fits.
    pub encoding: Option<Encoding>,
    /// The store.
    pub keystore: Keystore,
    /// How long the part is that the digest of a format of Java's own proves.
    pub(super) proven: Option<usize>,
}

impl Keystore {
    /// Reads a store of any format with its password.
    ///
    /// Keys stay sealed; a key's own password plays no part.
    ///
    /// ```
    /// use pki_core::{
    ///     key::SystemRandom,
    ///     keystore::{Encoding, Entry, Integrity, Keystore},
    ///     secret::Password,
    ///     x509::Certificate,
    /// };
    ///
    /// let password = Password::new("pässwörter");
    /// let mut truststore = Keystore::new();
    /// truststore.insert(Entry::trusted("ca", Certificate::from_der(vec![0x30, 0x00])));
    /// let bytes = truststore.encode(Encoding::Jks, &password, &mut SystemRandom)?;
    ///
    /// let decoded = Keystore::decode(bytes.expose(), &password)?;
    /// assert_eq!(decoded.integrity, Integrity::Verified);
    /// assert!(decoded.keystore.get("CA").is_some(), "as Java looks it up");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`DecodeError`] tells a wrong password, damage, truncation, a foreign or an unsupported file
    /// apart as far as the format lets anyone.
    pub fn decode(bytes: &[u8], password: &Password) -> Result<Decoded, DecodeError> {
        decode(bytes, Some(password))
    }

    /// Reads what can be read without a password: of a JKS everything but the proof of integrity; of a
    /// PKCS #12 what lies unencrypted.
    ///
    /// # Errors
    ///
    /// [`DecodeError::PasswordNeeded`] if nothing can be read without one; otherwise as
    /// [`Keystore::decode`].
    pub fn decode_unverified(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        decode(bytes, None)
    }

    /// What a file says of itself without a password. As [`Keystore::decode_unverified`], but a PKCS #12
    /// of which nothing lies open is no error: it has no entry then, [`Integrity::Unchecked`] or
    /// [`Integrity::Absent`], and its key derivation.
    ///
    /// # Errors
    ///
    /// As [`Keystore::decode_unverified`] otherwise.
    pub fn look(bytes: &[u8]) -> Result<Decoded, DecodeError> {
        match Format::detect(bytes) {
            Some(Format::Pkcs12) => pkcs12::look(bytes),
            _ => decode(bytes, None),
        }
    }

    /// As [`Keystore::decode`], for bytes that were looked at already, so that several passwords can be
    /// tried: a JKS or JCEKS is not read again for one that is wrong.
    ///
    /// # Errors
    ///
    /// As [`Keystore::decode`].
    pub fn decode_looked(
        bytes: &[u8],
        looked: &Decoded,
        password: &Password,
    ) -> Result<Decoded, DecodeError> {
        match looked.proven {
            Some(length) if !java::proves(bytes, length, password) => {
                Err(DecodeError::WrongPassword {
                    format: looked.format,
                })
            }
            _ => Self::decode(bytes, password),
        }
    }

    /// Writes the store. Keys must already be sealed in a way that the format can hold: seal them anew
    /// with [`SealedKey::seal`](super::SealedKey::seal) where they are not.
    ///
    /// # Errors
    ///
    /// [`EncodeError`] names the entry that the format cannot hold, and why.
    pub fn encode(
        &self,
        encoding: Encoding,
        password: &Password,
        random: &mut dyn Random,
    ) -> Result<Bytes, EncodeError> {
        match encoding {
            Encoding::Jks => jks::encode(self, password),
            Encoding::Pkcs12(profile) => pkcs12::encode(self, password, profile, random),
        }
    }
}

/// The certificates of a file, in its order, without a password: PEM, DER or PKCS #7, or the entries of a
/// keystore as far as they lie open. None is an error in DER, and in a PEM or PKCS #7 no error.
///
/// # Errors
///
/// As [`Keystore::decode_unverified`]; an encrypted keystore asks for a password.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    match Format::detect(bytes) {
        Some(Format::Der) => der::certificates(bytes),
        Some(Format::Pem) => pem::certificates_of(bytes),
        Some(Format::Pkcs7) => pkcs7::certificates(bytes),
        _ => {
            let read = Keystore::decode_unverified(bytes)?.keystore;
            let entries = read.entries().iter();
            Ok(entries
                .flat_map(|entry| entry.certificates().to_vec())
                .collect())
        }
    }
}

fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    if bytes.is_empty() {
        return Err(DecodeError::Empty);
    }
    match Format::detect(bytes) {
        Some(Format::Bks) => bks::decode(bytes, password),
        Some(Format::Der) => der::decode(bytes),
        Some(Format::Jceks) => jceks::decode(bytes, password),
        Some(Format::Jks) => jks::decode(bytes, password),
        Some(Format::Pkcs7) => pkcs7::decode(bytes),
        Some(Format::Pkcs12) => pkcs12::decode(bytes, password),
        Some(Format::Pem) => pem::decode(bytes),
        Some(format @ Format::Bcfks) => Err(DecodeError::UnsupportedFormat { format }),
        None => Err(DecodeError::unknown(bytes)),
    }
}
