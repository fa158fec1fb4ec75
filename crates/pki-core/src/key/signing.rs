use aws_lc_rs::{
    rand,
    rsa::KeyPair as RsaKeyPair,
    signature::{
        ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
        RSA_PKCS1_SHA256,
    },
};

use super::{KeyAlgorithm, KeyError, PrivateKey, spki};

/// A private key that signs, wherever it lives.
pub trait SigningKey: Send + Sync {
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

impl<K: SigningKey + ?Sized> SigningKey for Box<K> {
    fn spki(&self) -> &[u8] {
        (**self).spki()
    }

    fn signature_algorithm(&self) -> &[u8] {
        (**self).signature_algorithm()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        (**self).sign(message)
    }
}

impl PrivateKey {
    /// The key, ready to sign in this process: RSA from 2048 bits on, ECDSA on P-256 and P-384.
    ///
    /// # Errors
    ///
    /// [`KeyError::Unusable`] if the provider refuses it (RSA under 2048 bits, DSA, other curves).
    pub fn signing_key(&self) -> Result<impl SigningKey + use<>, KeyError> {
        let der = self.pkcs8().expose();
        let refused = |reason: &dyn std::fmt::Display| KeyError::Unusable {
            reason: reason.to_string(),
        };
        let (pair, algorithm) = match (self.algorithm(), spki::rsa_bits(der)) {
            (_, Some(bits)) if bits < RSA_MINIMUM => {
                return Err(refused(&format_args!(
                    "RSA of {bits} bits is too weak to sign"
                )));
            }
            (_, Some(_)) => {
                let pair = RsaKeyPair::from_pkcs8(der).map_err(|error| refused(&error))?;
                (Pair::Rsa(Box::new(pair)), SHA256_WITH_RSA)
            }
            (Some(KeyAlgorithm::EcP256), _) => {
                let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
                    .map_err(|error| refused(&error))?;
                (Pair::Ec(pair), ECDSA_WITH_SHA256)
            }
            (Some(KeyAlgorithm::EcP384), _) => {
                let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P384_SHA384_ASN1_SIGNING, der)
                    .map_err(|error| refused(&error))?;
                (Pair::Ec(pair), ECDSA_WITH_SHA384)
            }
            _ => return Err(refused(&"not RSA, EC P-256 or EC P-384")),
        };
        Ok(LocalKey {
            spki: self.spki()?,
            algorithm,
            pair,
        })
    }
}

/// A key in this process's memory. The provider zeroizes its half.
struct LocalKey {
    spki: Vec<u8>,
    algorithm: &'static [u8],
    pair: Pair,
}

enum Pair {
    Ec(EcdsaKeyPair),
    Rsa(Box<RsaKeyPair>),
}

impl SigningKey for LocalKey {
    fn spki(&self) -> &[u8] {
        &self.spki
    }

    fn signature_algorithm(&self) -> &[u8] {
        self.algorithm
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SigningError> {
        let failed = |_| SigningError {
            reason: "the provider refused".to_owned(),
        };
        // The provider's own generator: PKCS #1 v1.5 needs none, and an ECDSA nonce is nobody's choice.
        let random = rand::SystemRandom::new();
        match &self.pair {
            Pair::Ec(pair) => Ok(pair
                .sign(&random, message)
                .map_err(failed)?
                .as_ref()
                .to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
        }
    }
}

/// A signature could not be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key does not sign: {reason}")]
pub struct SigningError {
    /// Why.
    pub reason: String,
}

/// The least RSA modulus, in bits, that the provider signs with (SP 800-131A revision 2 agrees).
const RSA_MINIMUM: usize = 2048;

/// sha256WithRSAEncryption, 1.2.840.113549.1.1.11, with the NULL that RFC 4055 section 5 asks for.
const SHA256_WITH_RSA: &[u8] = &[
    0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00,
];

/// ecdsa-with-SHA256, 1.2.840.10045.4.3.2, without parameters (RFC 5758 section 3.2).
const ECDSA_WITH_SHA256: &[u8] = &[
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02,
];

/// ecdsa-with-SHA384, 1.2.840.10045.4.3.3 (RFC 5758 section 3.2).
const ECDSA_WITH_SHA384: &[u8] = &[
    0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03,
];
