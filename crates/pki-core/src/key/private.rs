use std::fmt;

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair},
};

use super::KeyAlgorithm;
use crate::{secret::Bytes, x509::Certificate};

/// A private key, as PKCS #8 `PrivateKeyInfo` DER (RFC 5958), of any algorithm.
///
/// Holding one does not say that it can be used: a keystore may hold keys that the crypto provider
/// refuses (RSA under 2048 bits, DSA), and such a key is still kept, moved and re-encoded.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey(Bytes);

impl PrivateKey {
    /// Takes over PKCS #8 DER. The outer structure is checked: version, algorithm, key octets.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotPkcs8`] if it is something else.
    pub fn from_pkcs8(der: impl Into<Bytes>) -> Result<Self, KeyError> {
        let der = der.into();
        super::spki::check_pkcs8(der.expose())?;
        Ok(Self(der))
    }

    /// The PKCS #8 DER.
    pub fn pkcs8(&self) -> &Bytes {
        &self.0
    }

    /// The algorithm, if it is one that this tool makes.
    pub fn algorithm(&self) -> Option<KeyAlgorithm> {
        super::spki::algorithm(self.0.expose())
    }

    /// The DER of the SubjectPublicKeyInfo that belongs to the key.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if the public half cannot be told from the private one (DSA, unknown algorithms).
    pub fn spki(&self) -> Result<Vec<u8>, KeyError> {
        super::spki::of(self.0.expose())
    }

    /// Whether the certificate is over this key.
    pub fn matches(&self, certificate: &Certificate) -> KeyMatch {
        match (self.spki(), certificate.view()) {
            (Ok(spki), Ok(view)) => super::spki::same_key(&spki, &view.spki),
            _ => KeyMatch::Unknown,
        }
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.algorithm() {
            Some(algorithm) => write!(f, "PrivateKey({algorithm}, [secret])"),
            None => f.write_str("PrivateKey([secret])"),
        }
    }
}

/// Whether a key and a certificate belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyMatch {
    /// They do not.
    No,
    /// It cannot be told: the certificate is unreadable, or the algorithm does not show it.
    Unknown,
    /// They do.
    Yes,
}

/// Where new private keys come from.
///
/// [`Generated`] makes them; tests and benches hand in ready ones. Called from several threads at once.
pub trait KeySource: Sync {
    /// One new key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generation`] if none can be had.
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<PrivateKey, KeyError>;
}

/// The crypto provider's key generation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Generated;

impl KeySource for Generated {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<PrivateKey, KeyError> {
        let failed = |_| KeyError::Generation { algorithm };
        let rsa = |size| -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
            let key = RsaKeyPair::generate(size)?;
            let der: Pkcs8V1Der<'_> = key.as_der()?;
            Ok(der.as_ref().to_vec())
        };
        let ec = |curve| -> Result<Vec<u8>, aws_lc_rs::error::Unspecified> {
            let key = EcdsaKeyPair::generate(curve)?;
            Ok(key.to_pkcs8v1()?.as_ref().to_vec())
        };
        let der = match algorithm {
            KeyAlgorithm::EcP256 => ec(&ECDSA_P256_SHA256_ASN1_SIGNING),
            KeyAlgorithm::EcP384 => ec(&ECDSA_P384_SHA384_ASN1_SIGNING),
            KeyAlgorithm::Rsa2048 => rsa(KeySize::Rsa2048),
            KeyAlgorithm::Rsa3072 => rsa(KeySize::Rsa3072),
            KeyAlgorithm::Rsa4096 => rsa(KeySize::Rsa4096),
        };
        Ok(PrivateKey(Bytes::from(der.map_err(failed)?)))
    }
}

/// What can be wrong with a private key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The provider could not make a key.
    #[error("no {algorithm} key could be generated")]
    Generation {
        /// What was asked for.
        algorithm: KeyAlgorithm,
    },
    /// Not a PKCS #8 private key.
    #[error("not a PKCS #8 private key: {reason}")]
    NotPkcs8 {
        /// What was found instead.
        reason: &'static str,
    },
    /// No private key in the PEM text, or one that cannot be read.
    #[error("no usable private key: {reason}")]
    Pem {
        /// Why.
        reason: String,
    },
    /// The key is encrypted in a way that is not read.
    #[error("the private key is encrypted with {algorithm}, which is not read")]
    UnsupportedEncryption {
        /// Its name or OID.
        algorithm: String,
    },
    /// The provider refuses the key, or the algorithm is none that it knows.
    #[error("the key cannot be used: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
    /// The password does not open the encrypted key, or the key is damaged: the format cannot tell.
    #[error("the private key does not open: wrong password, or damaged")]
    WrongPassword,
    /// The key is encrypted and no password was given.
    #[error("the private key is encrypted, and there is no password for it")]
    PasswordNeeded,
}
