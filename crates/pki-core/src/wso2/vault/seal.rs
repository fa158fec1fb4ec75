use base64ct::{Base64, Encoding as _};
use serde::Serialize;

use super::{
    Cipher, Envelope, EnvelopeContent, Padding, RsaSealingKey, Sealed, SealingKey, SymmetricKey,
    UnknownCipher, key::thumbprint,
};
use crate::{
    key::{Random, gcm, rsa::RsaError},
    x509::Certificate,
};

/// Why a value is not encrypted. The value itself is not repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The product takes an empty secret for one that is not there, and uses the alias in its place.
    #[error("an empty value cannot be encrypted: the product would use the alias in its place")]
    Empty,
    /// The cipher needs a key of the other kind.
    #[error("{cipher} needs another kind of key")]
    KeyKind {
        /// The cipher.
        cipher: Cipher,
    },
    /// The key does not do its work.
    #[error("the key cannot encrypt: {0}")]
    Key(&'static str),
    /// An RSA key that nothing new is encrypted for.
    #[error("an RSA key of {bits} bits is too weak for new values")]
    KeyTooSmall {
        /// Of its modulus.
        bits: usize,
    },
    /// The value does not fit into one block.
    #[error("the value has {found} bytes, and {cipher} under this key takes {capacity} at most")]
    TooLong {
        /// Bytes of the value.
        found: usize,
        /// Bytes that fit.
        capacity: usize,
        /// The cipher.
        cipher: Cipher,
    },
    /// The cipher that an envelope should name is not known here.
    #[error(transparent)]
    UnknownCipher(#[from] UnknownCipher),
}

/// Encrypts a value for the secure vault, as the cipher tool writes it: base64 of the block, or of an object
/// with nonce and ciphertext.
///
/// The random bytes of the padding, and the nonce, are drawn from `random`.
///
/// # Errors
///
/// [`SealError`].
pub fn seal(
    plain: &[u8],
    cipher: Cipher,
    key: &SealingKey,
    random: &mut dyn Random,
) -> Result<String, SealError> {
    if plain.is_empty() {
        return Err(SealError::Empty);
    }
    match (cipher, key) {
        (Cipher::AesGcm, SealingKey::Symmetric(key)) => {
            let mut nonce = vec![0; NONCE];
            random.fill(&mut nonce);
            let encrypted = key.seal_gcm(&nonce, plain)?;
            Ok(base64(&json(
                &VaultObject {
                    cipher_text: base64(&encrypted),
                    iv: base64(&nonce),
                },
                Escaping::Html,
            )))
        }
        _ => Ok(base64(&bare(plain, cipher, key, random)?)),
    }
}

impl Envelope {
    /// Encrypts a value as the runtime does, in base64.
    ///
    /// `transformation` is the cipher by Java's name, as `org.wso2.CipherTransformation` has it. `named` is the
    /// certificate whose fingerprint the release writes
    /// ([`certificate_of_envelope`](super::certificate_of_envelope)); an AES key writes none. `with_key_id` is
    /// `[encryption] enable_key_id`.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal(
        plain: &[u8],
        transformation: &str,
        key: &SealingKey,
        named: Option<&Certificate>,
        with_key_id: bool,
        random: &mut dyn Random,
    ) -> Result<String, SealError> {
        let cipher = Cipher::named(transformation, super::Dialect::Runtime)?;
        let object = match (cipher, key) {
            (Cipher::AesGcm, SealingKey::Symmetric(key)) => {
                // The product's nonce is a UUID, and zeros up to the length that it once took for bits.
                let mut nonce = vec![0; NONCE];
                random.fill(&mut nonce[..UUID]);
                let encrypted = match plain {
                    [] => Vec::new(),
                    plain => key.seal_gcm(&nonce, plain)?,
                };
                let inner = InnerObject {
                    cipher: base64(&encrypted),
                    initialization_vector: base64(&nonce),
                    key_id: with_key_id.then(|| key.id()),
                };
                EnvelopeObject {
                    c: base64(&json(&inner, Escaping::None)),
                    t: transformation,
                    tp: None,
                    tpd: None,
                    iv: Some(base64(&nonce)),
                }
            }
            _ => EnvelopeObject {
                c: match plain {
                    [] => String::new(),
                    plain => base64(&bare(plain, cipher, key, random)?),
                },
                t: transformation,
                tp: named.filter(|_| cipher.is_rsa()).map(thumbprint),
                tpd: named.filter(|_| cipher.is_rsa()).map(|_| "SHA-1"),
                iv: None,
            },
        };
        let escaping = match cipher.is_rsa() {
            true => Escaping::Html,
            false => Escaping::None,
        };
        Ok(base64(&json(&object, escaping)))
    }
}

impl Sealed {
    /// Encrypts a value in the form that this one has: what read this one reads that one.
    ///
    /// `cipher` is with what this value was encrypted ([`Opened::cipher`](super::Opened::cipher)); for `named`
    /// see [`Envelope::seal`]. If the new key is of the other kind, the form is the usual one of that kind.
    ///
    /// # Errors
    ///
    /// [`SealError`].
    pub fn seal_like(
        &self,
        plain: &[u8],
        cipher: Cipher,
        key: &SealingKey,
        named: Option<&Certificate>,
        random: &mut dyn Random,
    ) -> Result<String, SealError> {
        let cipher = match (cipher.is_rsa(), key) {
            (true, SealingKey::Symmetric(_)) => Cipher::AesGcm,
            (false, SealingKey::Rsa(_)) => match self {
                Self::Envelope(_) => Cipher::OAEP_SHA1,
                Self::Raw(_) | Self::VaultGcm(_) => Cipher::Rsa(Padding::Pkcs1),
            },
            _ => cipher,
        };
        let Self::Envelope(envelope) = self else {
            return seal(plain, cipher, key, random);
        };
        let with_key_id = matches!(
            envelope.content,
            EnvelopeContent::Gcm {
                key_id: Some(_),
                ..
            }
        );
        let kept = envelope.transformation.as_deref();
        let kept = kept.filter(|_| envelope.cipher() == Ok(cipher));
        let transformation = kept.map_or_else(|| cipher.transformation(), str::to_owned);
        Envelope::seal(plain, &transformation, key, named, with_key_id, random)
    }
}

/// A ciphertext and nothing else.
fn bare(
    plain: &[u8],
    cipher: Cipher,
    key: &SealingKey,
    random: &mut dyn Random,
) -> Result<Vec<u8>, SealError> {
    match (cipher, key) {
        (Cipher::Rsa(padding), SealingKey::Rsa(key)) => key.seal(plain, padding, random),
        (Cipher::AesEcb, SealingKey::Symmetric(key)) => {
            gcm::seal_ecb(key.bytes(), plain).map_err(refused)
        }
        _ => Err(SealError::KeyKind { cipher }),
    }
}

impl RsaSealingKey {
    fn seal(
        &self,
        plain: &[u8],
        padding: Padding,
        random: &mut dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let bits = self.0.bits();
        if bits < MINIMUM_BITS {
            return Err(SealError::KeyTooSmall { bits });
        }
        let size = self.0.size();
        let encoded = padding
            .pad(plain, size, random)
            .ok_or_else(|| SealError::TooLong {
                found: plain.len(),
                capacity: padding.capacity(size),
                cipher: Cipher::Rsa(padding),
            })?;
        let block = self.0.apply(&encoded);
        block.map_err(|error| match error {
            RsaError::Damaged(reason) => SealError::Key(reason),
            _ => SealError::Key("it does not fit its own blocks"),
        })
    }
}

impl SymmetricKey {
    fn seal_gcm(&self, nonce: &[u8], plain: &[u8]) -> Result<Vec<u8>, SealError> {
        gcm::seal(self.bytes(), nonce, plain).map_err(refused)
    }

    /// By which the product tells keys apart: SHA-256 in base64.
    pub fn id(&self) -> String {
        base64(crate::x509::Fingerprint::of(self.bytes()).as_bytes())
    }
}

fn refused(_: gcm::Refused) -> SealError {
    SealError::Key("AES refuses it")
}

/// The object of the vault's symmetric mode.
#[derive(Serialize)]
struct VaultObject {
    #[serde(rename = "cipherText")]
    cipher_text: String,
    iv: String,
}

/// In the order of the fields of `CipherMetaDataHolder`, null ones left out, as Gson writes it.
#[derive(Serialize)]
struct EnvelopeObject<'a> {
    c: String,
    t: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    tp: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tpd: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    iv: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InnerObject {
    cipher: String,
    initialization_vector: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_id: Option<String>,
}

/// What `new Gson()` makes of `=`, and what it does with `disableHtmlEscaping()`.
enum Escaping {
    Html,
    None,
}

fn json(object: &impl Serialize, escaping: Escaping) -> Vec<u8> {
    // Strings alone, which always serialize.
    let text = serde_json::to_string(object).unwrap_or_default();
    match escaping {
        Escaping::Html => text.replace('=', "\\u003d").into_bytes(),
        Escaping::None => text.into_bytes(),
    }
}

fn base64(bytes: &[u8]) -> String {
    Base64::encode_string(bytes)
}

/// Nothing new is encrypted for smaller keys (NIST SP 800-131A revision 2).
const MINIMUM_BITS: usize = 2048;
/// Bytes of the product's nonces (`GCM_IV_LENGTH`).
const NONCE: usize = 128;
/// Bytes of them that are not zero at run time.
const UUID: usize = 16;
