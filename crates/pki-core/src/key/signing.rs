use super::{KeyError, PrivateKey};

/// A private key that signs, wherever it lives.
pub trait SigningKey {
    /// The DER of its SubjectPublicKeyInfo.
    fn spki(&self) -> &[u8];

    /// The DER of the AlgorithmIdentifier that stands in what it signs.
    fn signature_algorithm(&self) -> &[u8];

    /// Signs a message: for RSA PKCS #1 v1.5 with SHA-256, for EC ECDSA with the curve's hash, in DER.
    ///
    /// # Errors
    ///
    /// [`SigningError`] if the key does not sign.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError>;
}

impl PrivateKey {
    /// The key, ready to sign in this process.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unusable`] if the provider refuses it (RSA under 2048 bits, DSA).
    pub fn signing_key(&self) -> Result<impl SigningKey + use<>, KeyError> {
        Err::<Never, _>(KeyError::Unusable {
            reason: String::new(),
        })
    }
}

struct Never;
impl SigningKey for Never {
    fn spki(&self) -> &[u8] {
        todo!()
    }
    fn signature_algorithm(&self) -> &[u8] {
        todo!()
    }
    fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SigningError> {
        todo!()
    }
}

/// A signature could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key does not sign: {reason}")]
pub struct SigningError {
    /// Why.
    pub reason: String,
}
