use std::fmt;

use time::OffsetDateTime;

use super::{Alias, Protection, UnsealError, java::Spelling, protect};
use crate::{
    key::{PemKey, PrivateKey, Random, TraditionalKey},
    secret::{Bytes, Password},
    x509::Certificate,
};

/// One entry of a keystore.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Entry {
    /// Its name.
    pub alias: Alias,
    /// When it was made, to the millisecond, where the format says so: JKS always, PKCS #12 for keys
    /// that Java wrote.
    pub created: Option<OffsetDateTime>,
    /// What it holds.
    pub content: Content,
    /// Bag attributes of PKCS #12 that mean nothing here (not friendlyName, localKeyID, trusted use):
    /// kept, so that a rewrite loses nothing.
    pub attributes: Vec<Attribute>,
    /// How a JKS file spells what else it says; `None` almost always.
    pub(super) jks: Option<Box<Spelling>>,
}

impl Entry {
    /// An entry for a private key and its chain, end-entity certificate first.
    pub fn private_key(alias: impl Into<Alias>, key: SealedKey, chain: Vec<Certificate>) -> Self {
        Self::of(alias, Content::PrivateKey { key, chain })
    }

    /// An entry for a certificate that is trusted, visible to Java.
    pub fn trusted(alias: impl Into<Alias>, certificate: Certificate) -> Self {
        Self::of(
            alias,
            Content::TrustedCertificate {
                certificate,
                java_visible: true,
            },
        )
    }

    /// Any entry, without a date.
    pub fn of(alias: impl Into<Alias>, content: Content) -> Self {
        Self {
            alias: alias.into(),
            created: None,
            content,
            attributes: Vec::new(),
            jks: None,
        }
    }

    /// The same entry, made at another time. Milliseconds are kept, what is finer is dropped.
    #[must_use]
    pub fn created(mut self, at: Option<OffsetDateTime>) -> Self {
        self.created = at;
        self
    }

    /// The certificates: the chain of a key, or the one that is trusted.
    pub fn certificates(&self) -> &[Certificate] {
        match &self.content {
            Content::PrivateKey { chain, .. } => chain,
            Content::TrustedCertificate { certificate, .. } => std::slice::from_ref(certificate),
            Content::SecretKey { .. } => &[],
        }
    }
}

/// What an entry holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// A private key, sealed, and its chain, end-entity certificate first (empty if the file has none).
    PrivateKey {
        /// The key.
        key: SealedKey,
        /// Its chain.
        chain: Vec<Certificate>,
    },
    /// A secret key: reported and kept, never opened. Only the format that it came from can hold it.
    SecretKey {
        /// The entry's body as it stands in the file: a JCEKS sealed object, a PKCS #12 secret bag's
        /// content.
        sealed: Bytes,
    },
    /// A trusted certificate.
    TrustedCertificate {
        /// The certificate.
        certificate: Certificate,
        /// False for a PKCS #12 certificate without Java's trusted-use attribute
        /// (2.16.840.1.113894.746875.1.1): Java does not show it.
        java_visible: bool,
    },
}

/// A bag attribute (RFC 7292 section 4.2), kept as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Attribute {
    /// The attribute's OID, dotted.
    pub oid: String,
    /// The DER of the attribute: the whole SEQUENCE of OID and SET.
    pub der: Vec<u8>,
}

impl Attribute {
    /// An attribute from its parts.
    pub fn new(oid: impl Into<String>, der: impl Into<Vec<u8>>) -> Self {
        Self {
            oid: oid.into(),
            der: der.into(),
        }
    }
}

/// A private key as it lies in a keystore: encrypted, or bare where the format has it so.
///
/// Every format here but BKS and old PEM keeps an encrypted key as a PKCS #8 `EncryptedPrivateKeyInfo`
/// (RFC 5958 section 3); they differ in the algorithm named inside.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedKey(pub(super) Seal);

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Seal {
    /// DER of `EncryptedPrivateKeyInfo`.
    Encrypted(Vec<u8>),
    /// BouncyCastle's own frame, as a BKS has it.
    Bks(Vec<u8>),
    /// A key that no password protects (a PKCS #12 keyBag, a PEM key).
    Open(PrivateKey),
    /// OpenSSL's old frame, as a PEM has it.
    Traditional(Box<TraditionalKey>),
}

impl SealedKey {
    /// Takes over the DER of an `EncryptedPrivateKeyInfo`.
    pub fn from_encrypted(der: impl Into<Vec<u8>>) -> Self {
        Self(Seal::Encrypted(der.into()))
    }

    /// A key that lies open.
    pub fn unprotected(key: PrivateKey) -> Self {
        Self(Seal::Open(key))
    }

    /// Seals a key under a password.
    ///
    /// # Errors
    ///
    /// [`UnsealError::Password`] if the protection cannot take that password.
    pub fn seal(
        key: &PrivateKey,
        password: &Password,
        protection: Protection,
        random: &mut dyn Random,
    ) -> Result<Self, UnsealError> {
        protect::seal(key, password, protection, random).map(Self::from_encrypted)
    }

    /// Opens the key.
    ///
    /// # Errors
    ///
    /// [`UnsealError`] tells a wrong password, where the protection can tell it, from an unsupported
    /// algorithm and from damage.
    pub fn open(&self, password: &Password) -> Result<PrivateKey, UnsealError> {
        match &self.0 {
            Seal::Encrypted(der) => protect::open(der, password),
            Seal::Bks(sealed) => protect::bks::open(sealed, password),
            Seal::Open(key) => Ok(key.clone()),
            Seal::Traditional(key) => Ok(key.open(password)?),
        }
    }

    /// What protects the key; `None` if nothing does, or nothing that is known here.
    pub fn protection(&self) -> Option<Protection> {
        match &self.0 {
            Seal::Encrypted(der) => protect::identify(der),
            Seal::Bks(sealed) => protect::bks::identify(sealed),
            Seal::Open(_) => None,
            Seal::Traditional(key) => Some(Protection::OpensslMd5 {
                cipher: key.cipher(),
            }),
        }
    }

    /// The DER of the `EncryptedPrivateKeyInfo`; `None` if the key lies open, or in a frame of
    /// BouncyCastle's (BKS) or OpenSSL's own (PEM), which no other format can hold.
    pub fn encrypted(&self) -> Option<&[u8]> {
        match &self.0 {
            Seal::Encrypted(der) => Some(der),
            Seal::Bks(_) | Seal::Open(_) | Seal::Traditional(_) => None,
        }
    }

    /// True if no password is needed.
    pub fn is_unprotected(&self) -> bool {
        matches!(self.0, Seal::Open(_))
    }
}

impl From<PemKey> for SealedKey {
    fn from(key: PemKey) -> Self {
        match key {
            PemKey::Open(key) => Self::unprotected(key),
            PemKey::Pkcs8(der) => Self::from_encrypted(der),
            PemKey::Traditional(key) => Self(Seal::Traditional(Box::new(key))),
        }
    }
}

impl fmt::Debug for SealedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Seal::Encrypted(sealed) | Seal::Bks(sealed) => {
                write!(f, "SealedKey({} bytes)", sealed.len())
            }
            Seal::Open(key) => write!(f, "SealedKey({key:?})"),
            Seal::Traditional(key) => write!(f, "SealedKey({})", key.cipher()),
        }
    }
}
