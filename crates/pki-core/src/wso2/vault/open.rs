use super::{
    Cipher, Envelope, EnvelopeContent, GcmParts, OpeningKey, Padding, Sealed, SymmetricKey,
    UnknownCipher, cipher::PADDINGS, key::RsaOpeningKey,
};
use crate::{
    key::{gcm, rsa::RsaError},
    secret::{Bytes, Password},
};

/// What an encrypted value holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opened {
    /// The bytes.
    pub plain: Bytes,
    /// The cipher that opened it, which need not be the one that it names.
    pub cipher: Cipher,
    /// How sure it is that the key was the right one.
    pub confidence: Confidence,
}

/// How sure it is that a value was opened with the key that it was made under. Some paddings look right by
/// chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Confidence {
    /// The padding is right and what it holds is no text. A wrong key leaves that of one value in some 60,000
    /// (PKCS #1 v1.5) or 256 (AES, each block for itself).
    Doubtful,
    /// The padding is right and what it holds is text. A wrong key leaves that of fewer than one value in ten
    /// million.
    Text,
    /// The cipher itself proves it: the tag of GCM, the label's hash of OAEP.
    Proven,
}

/// Why a value does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An RSA block of another length than the key's modulus.
    #[error("it has {found} bytes, and under an RSA key of {bits} bits every value has {expected}")]
    BlockLength {
        /// Bytes of the value.
        found: usize,
        /// Bytes of the modulus.
        expected: usize,
        /// Bits of the modulus.
        bits: usize,
    },
    /// A private key whose numbers do not belong together.
    #[error("the key is damaged: {0}")]
    DamagedKey(&'static str),
    /// The cipher that the value names needs a key of the other kind.
    #[error("it is {cipher}, and the key is {key}")]
    KeyKind {
        /// The cipher.
        cipher: Cipher,
        /// What the key is.
        key: &'static str,
    },
    /// The value names a cipher that is not known here.
    #[error(transparent)]
    UnknownCipher(#[from] UnknownCipher),
    /// Nothing comes out that any known padding would leave, or the tag is wrong: another key, or damage.
    #[error("it was not encrypted for this key, or is damaged")]
    WrongKey,
}

impl Sealed {
    /// Opens the value.
    ///
    /// `expected` is how a value that does not say it itself should be encrypted: it is tried first. When that
    /// fails the other ciphers of the key's kind are tried, so that a value which the server cannot read is told
    /// from one under another key. [`Opened::cipher`] says which it was.
    ///
    /// # Errors
    ///
    /// [`OpenError`]. An empty value opens with every key.
    pub fn open(&self, key: &OpeningKey, expected: Option<Cipher>) -> Result<Opened, OpenError> {
        let named = self.named_cipher()?;
        let expected = named.or(expected);
        if self.is_empty() {
            return Ok(Opened {
                plain: Bytes::default(),
                cipher: expected.unwrap_or(key.usual_cipher()),
                confidence: Confidence::Doubtful,
            });
        }
        match (key, self) {
            (OpeningKey::Rsa(key), Self::Raw(block)) => key.open(block, expected),
            (
                OpeningKey::Rsa(key),
                Self::Envelope(Envelope {
                    content: EnvelopeContent::Bare(block),
                    ..
                }),
            ) => match expected {
                Some(cipher) if !cipher.is_rsa() => Err(OpenError::KeyKind {
                    cipher,
                    key: "an RSA key",
                }),
                _ => key.open(block, expected),
            },
            (OpeningKey::Rsa(_), Self::VaultGcm(_) | Self::Envelope(_)) => {
                Err(OpenError::KeyKind {
                    cipher: Cipher::AesGcm,
                    key: "an RSA key",
                })
            }
            (OpeningKey::Symmetric(key), Self::Raw(blocks)) => key.open_ecb(blocks),
            (OpeningKey::Symmetric(key), Self::VaultGcm(parts)) => key.open_gcm(parts),
            (OpeningKey::Symmetric(key), Self::Envelope(envelope)) => {
                match (&envelope.content, expected) {
                    (EnvelopeContent::Gcm { parts, .. }, _) => key.open_gcm(parts),
                    (EnvelopeContent::Bare(_), Some(cipher)) if cipher.is_rsa() => {
                        Err(OpenError::KeyKind {
                            cipher,
                            key: "an AES key",
                        })
                    }
                    (EnvelopeContent::Bare(blocks), _) => key.open_ecb(blocks),
                }
            }
        }
    }
}

impl Confidence {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Doubtful => "doubtful",
            Self::Text => "text",
            Self::Proven => "proven",
        }
    }
}

impl Opened {
    /// What it holds, as text; `None` if it is none.
    pub fn text(&self) -> Option<Password> {
        let text = std::str::from_utf8(self.plain.expose()).ok()?;
        Some(Password::new(text))
    }
}

impl OpeningKey {
    fn usual_cipher(&self) -> Cipher {
        match self {
            Self::Rsa(_) => Cipher::Rsa(Padding::Pkcs1),
            Self::Symmetric(_) => Cipher::AesGcm,
        }
    }
}

impl RsaOpeningKey {
    fn open(&self, block: &[u8], expected: Option<Cipher>) -> Result<Opened, OpenError> {
        let expected = match expected {
            Some(Cipher::Rsa(padding)) => padding,
            _ => Padding::Pkcs1,
        };
        let first = self
            .0
            .open(block, expected)
            .map_err(|error| self.explain(error))?;
        if let Some(found) = first.and_then(|plain| judged(expected, plain, block.len()))
            && found.confidence > Confidence::Doubtful
        {
            return Ok(found);
        }
        let encoded = self.0.apply(block).map_err(|error| self.explain(error))?;
        PADDINGS
            .into_iter()
            .filter_map(|padding| {
                let plain = padding.unpad(encoded.expose())?;
                judged(padding, plain, block.len())
            })
            .max_by_key(|found| found.confidence)
            .ok_or(OpenError::WrongKey)
    }

    fn explain(&self, error: RsaError) -> OpenError {
        match error {
            RsaError::BlockLength { found, expected } => OpenError::BlockLength {
                found,
                expected,
                bits: self.0.public().bits(),
            },
            RsaError::BlockTooLarge => OpenError::WrongKey,
            RsaError::Damaged(reason) => OpenError::DamagedKey(reason),
            RsaError::NotRsa => OpenError::DamagedKey("it is no RSA key"),
            RsaError::Size(_) => OpenError::DamagedKey("a modulus of another size"),
        }
    }
}

impl SymmetricKey {
    fn open_gcm(&self, parts: &GcmParts) -> Result<Opened, OpenError> {
        let plain = gcm::open(self.bytes(), &parts.nonce, &parts.encrypted)
            .map_err(|gcm::Refused| OpenError::WrongKey)?;
        Ok(Opened {
            plain,
            cipher: Cipher::AesGcm,
            confidence: Confidence::Proven,
        })
    }

    fn open_ecb(&self, blocks: &[u8]) -> Result<Opened, OpenError> {
        let plain =
            gcm::open_ecb(self.bytes(), blocks).map_err(|gcm::Refused| OpenError::WrongKey)?;
        Ok(Opened {
            confidence: text_or_doubt(plain.expose()),
            plain,
            cipher: Cipher::AesEcb,
        })
    }
}

/// What a padding left, with how much that says; `None` for what noise may leave as well.
fn judged(padding: Padding, plain: Bytes, size: usize) -> Option<Opened> {
    let confidence = match padding {
        Padding::Oaep { .. } => Confidence::Proven,
        Padding::Pkcs1 => text_or_doubt(plain.expose()),
        // There is nothing to check but the text itself: each of its characters excludes more than half of
        // what noise could be, and each leading zero all but one in 256.
        Padding::None if is_text(plain.expose()) && !plain.is_empty() => Confidence::Text,
        Padding::None if size - plain.len() >= ZEROS_THAT_PROVE && !plain.is_empty() => {
            Confidence::Doubtful
        }
        Padding::None => return None,
    };
    Some(Opened {
        plain,
        cipher: Cipher::Rsa(padding),
        confidence,
    })
}

fn text_or_doubt(plain: &[u8]) -> Confidence {
    match is_text(plain) {
        true => Confidence::Text,
        false => Confidence::Doubtful,
    }
}

/// UTF-8 without control characters, but for those that end lines.
fn is_text(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| {
        let allowed = |c: char| !c.is_control() || matches!(c, '\t' | '\n' | '\r');
        text.chars().all(allowed)
    })
}

/// Leading zero bytes that noise does not have: 2^-128.
const ZEROS_THAT_PROVE: usize = 16;
