use std::fmt;

use crate::{
    key::{
        PrivateKey,
        rsa::{RsaError, RsaPrivate, RsaPublic},
    },
    secret::{Bytes, Password},
    wso2::is_encryption_key,
    x509::{Certificate, KeyUsage},
};

/// A key that opens encrypted values.
pub enum OpeningKey {
    /// A private RSA key.
    Rsa(RsaOpeningKey),
    /// An AES key.
    Symmetric(SymmetricKey),
}

/// A private RSA key, ready to decrypt.
pub struct RsaOpeningKey(pub(super) RsaPrivate);

/// A key that encrypts values.
#[derive(Clone, Debug)]
pub enum SealingKey {
    /// The RSA key of a certificate.
    Rsa(RsaSealingKey),
    /// An AES key.
    Symmetric(SymmetricKey),
}

/// The RSA key of a certificate, ready to encrypt.
#[derive(Clone, Debug)]
pub struct RsaSealingKey(pub(super) RsaPublic);

/// An AES key of 16, 24 or 32 bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct SymmetricKey(Bytes);

/// Why a key is none for encrypted values. The key itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnusableKey {
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// The numbers in it are not those of an RSA key.
    #[error("the key is damaged: {0}")]
    Damaged(&'static str),
    /// It is no RSA key.
    #[error("it is no RSA key, and the product encrypts with RSA keys alone")]
    NotRsa,
    /// An RSA key of a size that is not worked with.
    #[error("an RSA key of {bits} bits is not worked with: 512 to 8192 are")]
    Size {
        /// Of its modulus.
        bits: usize,
    },
    /// A text that is no AES key.
    #[error("it is no AES key: {expected}")]
    Symmetric {
        /// What the product takes.
        expected: &'static str,
    },
}

impl OpeningKey {
    /// A private key, as a keystore gives it.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`] if it is no RSA key, or a damaged one.
    pub fn rsa(key: &PrivateKey) -> Result<Self, UnusableKey> {
        Ok(Self::Rsa(RsaOpeningKey(RsaPrivate::new(key)?)))
    }

    /// The size of an RSA key, in bits. Under 2048 it is weak.
    pub fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa(key) => Some(key.0.public().bits()),
            Self::Symmetric(_) => None,
        }
    }
}

impl SealingKey {
    /// The key of a certificate.
    ///
    /// # Errors
    ///
    /// [`UnusableKey`] if the certificate is unreadable, or over no RSA key.
    pub fn certificate(certificate: &Certificate) -> Result<Self, UnusableKey> {
        let view = certificate
            .view()
            .map_err(|error| UnusableKey::Certificate(error.to_string()))?;
        Ok(Self::Rsa(RsaSealingKey(RsaPublic::from_spki(&view.spki)?)))
    }

    /// The size of an RSA key, in bits.
    pub fn rsa_bits(&self) -> Option<usize> {
        match self {
            Self::Rsa(key) => Some(key.0.bits()),
            Self::Symmetric(_) => None,
        }
    }
}

impl SymmetricKey {
    /// The secret of the runtime (`[encryption] key`), as `SymmetricKeyInternalCryptoProvider` takes it: 64 or
    /// 48 hex digits are decoded, anything else is the key's bytes.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::Symmetric`] if AES takes no key of that length.
    pub fn runtime(secret: &Password) -> Result<Self, UnusableKey> {
        let text = secret.expose();
        if !is_encryption_key(text) {
            return Err(UnusableKey::Symmetric {
                expected: "64 or 48 hex digits, or a text of 16, 24 or 32 bytes",
            });
        }
        Ok(match text.len() {
            48 | 64 => Self(hex(text)),
            _ => Self(Bytes::from(text.as_bytes())),
        })
    }

    /// The key of the vault's own symmetric mode (`encryption-key-persist` and its like), as
    /// `EncryptionKeyWrapper` takes it: 64 hex digits are decoded, anything else is the key's bytes; 32 bytes.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::Symmetric`] if it is anything else.
    pub fn vault(secret: &Password) -> Result<Self, UnusableKey> {
        let text = secret.expose();
        let is_hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
        match text.len() {
            64 if is_hex => Ok(Self(hex(text))),
            32 => Ok(Self(Bytes::from(text.as_bytes()))),
            _ => Err(UnusableKey::Symmetric {
                expected: "64 hex digits, or a text of 32 bytes",
            }),
        }
    }

    /// A key as its bytes: a secret key of a keystore.
    ///
    /// # Errors
    ///
    /// [`UnusableKey::Symmetric`] if AES takes no key of that length.
    pub fn from_bytes(bytes: impl Into<Bytes>) -> Result<Self, UnusableKey> {
        let bytes = bytes.into();
        match bytes.len() {
            16 | 24 | 32 => Ok(Self(bytes)),
            _ => Err(UnusableKey::Symmetric {
                expected: "16, 24 or 32 bytes",
            }),
        }
    }

    /// What the vault's symmetric mode takes where the keystore has no secret key
    /// (`org.wso2.securevault.SymmetricCipher`). It stands in the product's source: it protects nothing.
    pub fn built_in() -> Self {
        let mut key: Vec<u8> = (0..=16).collect();
        key.resize(23, 0);
        key.push(1);
        Self(Bytes::from(key))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}

/// The thumbprint by which an envelope names a certificate: SHA-1, upper-case hex.
pub fn thumbprint(certificate: &Certificate) -> String {
    let digits = certificate.sha1().map(|byte| format!("{byte:02X}"));
    digits.concat()
}

/// True for a certificate with which the product's own cipher tool fails: Java refuses a certificate for
/// encryption whose key usage is critical and lacks dataEncipherment (`javax.crypto.Cipher.init`, "Wrong key
/// usage"). The server takes the key out of it first, and does not mind.
pub fn refused_by_cipher_tool(certificate: &Certificate) -> bool {
    certificate.view().is_ok_and(|view| {
        view.key_usage
            .is_some_and(|usage| usage.critical && !usage.allows(KeyUsage::DATA_ENCIPHERMENT))
    })
}

/// What hex digits encode, in pairs.
fn hex(digits: &str) -> Bytes {
    let mut bytes = Vec::with_capacity(digits.len() / 2);
    for pair in digits.as_bytes().chunks_exact(2) {
        let value = |digit: u8| char::from(digit).to_digit(16).unwrap_or_default();
        let byte = value(pair[0]) << 4 | value(pair[1]);
        bytes.push(u8::try_from(byte).unwrap_or_default());
    }
    Bytes::from(bytes)
}

impl From<RsaError> for UnusableKey {
    fn from(error: RsaError) -> Self {
        match error {
            RsaError::NotRsa => Self::NotRsa,
            RsaError::Size(bits) => Self::Size { bits },
            RsaError::Damaged(reason) => Self::Damaged(reason),
            RsaError::BlockLength { .. } | RsaError::BlockTooLarge => {
                Self::Damaged("it does not fit its own blocks")
            }
        }
    }
}

impl fmt::Debug for OpeningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(key) => write!(f, "OpeningKey(RSA-{})", key.0.public().bits()),
            Self::Symmetric(key) => key.fmt(f),
        }
    }
}

impl fmt::Debug for SymmetricKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SymmetricKey(AES-{})", self.0.len() * 8)
    }
}
