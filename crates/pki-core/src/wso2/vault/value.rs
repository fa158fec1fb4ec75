//! Encrypted values by their content.

use std::fmt;

use base64ct::{Base64, Encoding as _};
use serde::Deserialize;

use super::{
    Dialect,
    cipher::{AES_GCM, Cipher, UnknownCipher},
};

/// An encrypted value, taken apart and not opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sealed {
    /// What the runtime writes: how and under which certificate it was encrypted stands beside it
    /// (`CipherMetaDataHolder`, in older kernels `CipherHolder`).
    Envelope(Envelope),
    /// What the vault's symmetric mode writes: a nonce beside the ciphertext (`FileBaseSecretRepository`).
    VaultGcm(GcmParts),
    /// A ciphertext and nothing else: an RSA block, as long as the modulus, or AES blocks.
    Raw(Vec<u8>),
}

/// A ciphertext with what it says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Envelope {
    /// `t`: the cipher, by Java's name. Where it is absent the product takes `RSA`.
    pub transformation: Option<String>,
    /// `tp`: a certificate's fingerprint. Which certificate's depends on the release
    /// ([`certificate_of_envelope`](super::certificate_of_envelope)); the product never reads it.
    pub thumbprint: Option<String>,
    /// `tpd`: by which digest the fingerprint was made, `SHA-1`.
    pub digest: Option<String>,
    /// What `c` holds.
    pub content: EnvelopeContent,
}

/// What an envelope holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EnvelopeContent {
    /// A bare ciphertext. Empty for an empty text, which is not encrypted at all.
    Bare(Vec<u8>),
    /// AES-GCM, with its nonce.
    Gcm {
        /// The ciphertext and its nonce.
        parts: GcmParts,
        /// SHA-256 of the key in base64, where `[encryption] enable_key_id` is set.
        key_id: Option<String>,
    },
}

/// A ciphertext of AES-GCM.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GcmParts {
    /// The ciphertext, its tag behind it. Empty for an empty text.
    pub encrypted: Vec<u8>,
    /// The initialization vector. The product's have 128 bytes.
    pub nonce: Vec<u8>,
}

/// Why a text is no encrypted value of a form that is known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Malformed {
    /// No base64, and so nothing that the product decrypts.
    #[error("it is no base64")]
    Base64,
    /// An object that misses something, or whose parts are no base64.
    #[error("{0}")]
    Json(&'static str),
    /// There is nothing.
    #[error("it is empty")]
    Nothing,
    /// Longer than any honest value.
    #[error("it has {0} characters")]
    TooLong(usize),
}

impl Sealed {
    /// Takes a value apart. White space around it and within is not looked at.
    ///
    /// # Errors
    ///
    /// [`Malformed`] says what is missing.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > LIMIT {
            return Err(Malformed::TooLong(text.len()));
        }
        let bytes = base64(text).ok_or(Malformed::Base64)?;
        match bytes.first() {
            None => Err(Malformed::Nothing),
            Some(b'{') => Self::object(&bytes),
            Some(_) => Ok(Self::Raw(bytes)),
        }
    }

    fn object(bytes: &[u8]) -> Result<Self, Malformed> {
        let Ok(found) = serde_json::from_slice::<Object>(bytes) else {
            // A block of noise may begin with a brace.
            return Ok(Self::Raw(bytes.to_vec()));
        };
        match found {
            Object {
                cipher_text: Some(encrypted),
                iv: Some(nonce),
                ..
            } => Ok(Self::VaultGcm(GcmParts::decode(&encrypted, &nonce)?)),
            Object { c: Some(c), .. } => {
                let content = base64(&c).ok_or(Malformed::Json("`c` is no base64"))?;
                let is_gcm = found
                    .t
                    .as_deref()
                    .is_some_and(|name| name.trim().eq_ignore_ascii_case(AES_GCM));
                let content = match is_gcm {
                    true => EnvelopeContent::gcm(&content)?,
                    false => EnvelopeContent::Bare(content),
                };
                Ok(Self::Envelope(Envelope {
                    transformation: found.t,
                    thumbprint: found.tp,
                    digest: found.tpd,
                    content,
                }))
            }
            _ => Err(Malformed::Json("an object without a ciphertext")),
        }
    }

    /// The cipher that the value names; `None` for one that names none.
    ///
    /// # Errors
    ///
    /// [`UnknownCipher`] for a name that is not known here.
    pub fn named_cipher(&self) -> Result<Option<Cipher>, UnknownCipher> {
        match self {
            Self::Raw(_) => Ok(None),
            Self::VaultGcm(_) => Ok(Some(Cipher::AesGcm)),
            Self::Envelope(envelope) => envelope.cipher().map(Some),
        }
    }

    /// The fingerprint of the certificate that an envelope names.
    pub fn thumbprint(&self) -> Option<&str> {
        match self {
            Self::Envelope(envelope) => envelope.thumbprint.as_deref(),
            Self::Raw(_) | Self::VaultGcm(_) => None,
        }
    }

    /// True for a value that holds the empty text, which the product does not encrypt.
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Envelope(envelope) => match &envelope.content {
                EnvelopeContent::Bare(bytes) => bytes.is_empty(),
                EnvelopeContent::Gcm { parts, .. } => parts.encrypted.is_empty(),
            },
            Self::VaultGcm(parts) => parts.encrypted.is_empty(),
            Self::Raw(bytes) => bytes.is_empty(),
        }
    }
}

impl Envelope {
    /// The cipher that it names, as the runtime reads names.
    ///
    /// # Errors
    ///
    /// [`UnknownCipher`] for a name that is not known here.
    pub fn cipher(&self) -> Result<Cipher, UnknownCipher> {
        Cipher::named(
            self.transformation.as_deref().unwrap_or("RSA"),
            Dialect::Runtime,
        )
    }
}

impl EnvelopeContent {
    /// The inner object of an envelope of AES-GCM; nothing is put around an empty text by old kernels.
    fn gcm(bytes: &[u8]) -> Result<Self, Malformed> {
        let inner: Inner = serde_json::from_slice(bytes)
            .map_err(|_| Malformed::Json("`c` holds no object with nonce and ciphertext"))?;
        Ok(Self::Gcm {
            parts: GcmParts::decode(&inner.cipher, &inner.initialization_vector)?,
            key_id: inner.key_id,
        })
    }
}

impl GcmParts {
    fn decode(encrypted: &str, nonce: &str) -> Result<Self, Malformed> {
        Ok(Self {
            encrypted: base64(encrypted).ok_or(Malformed::Json("the ciphertext is no base64"))?,
            nonce: base64(nonce)
                .filter(|nonce| !nonce.is_empty())
                .ok_or(Malformed::Json("the initialization vector is no base64"))?,
        })
    }
}

/// The objects that are known; an unknown field means nothing to the product either.
#[derive(Deserialize)]
struct Object {
    c: Option<String>,
    t: Option<String>,
    tp: Option<String>,
    tpd: Option<String>,
    iv: Option<String>,
    #[serde(rename = "cipherText")]
    cipher_text: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inner {
    cipher: String,
    initialization_vector: String,
    key_id: Option<String>,
}

/// Decodes, white space left out.
fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_ascii_whitespace().collect();
    Base64::decode_vec(&text).ok()
}

/// An envelope of RSA-8192 has under 3 kB, one of AES-GCM 1 kB and a third more than its text twice.
const LIMIT: usize = 64 << 10;

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(bytes) => write!(f, "a ciphertext of {} bytes", bytes.len()),
            Self::VaultGcm(_) => f.write_str("AES-GCM"),
            Self::Envelope(envelope) => match envelope.cipher() {
                Ok(cipher) => write!(f, "an envelope, {cipher}"),
                Err(UnknownCipher(name)) => write!(f, "an envelope, `{name}`"),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::vault::{Hash, Padding};

    fn encoded(json: &str) -> String {
        Base64::encode_string(json.as_bytes())
    }

    #[test]
    fn a_block_of_base64_is_a_ciphertext_and_nothing_else() {
        let text = Base64::encode_string(&[0x7b; 256]);
        assert_eq!(Sealed::parse(&text), Ok(Sealed::Raw(vec![0x7b; 256])));
        let wrapped = format!(" {}\r\n\t{}\n", &text[..76], &text[76..]);
        assert_eq!(Sealed::parse(&wrapped), Ok(Sealed::Raw(vec![0x7b; 256])));
    }

    #[test]
    fn an_envelope_says_what_it_is_and_gson_escapes_are_read() {
        let json = r#"{"c":"AAEC\u003d\u003d","t":"RSA/ECB/OAEPwithSHA1andMGF1Padding","tp":"AB","tpd":"SHA-1"}"#;
        let json = json.replace("AAEC", "AAE0AA");
        let Ok(Sealed::Envelope(envelope)) = Sealed::parse(&encoded(&json)) else {
            panic!();
        };
        assert_eq!(envelope.cipher(), Ok(Cipher::OAEP_SHA1));
        assert_eq!(envelope.thumbprint.as_deref(), Some("AB"));
        assert_eq!(
            envelope.content,
            EnvelopeContent::Bare(vec![0x00, 0x01, 0x34, 0x00])
        );
        // Without a name it is what the runtime calls RSA.
        let Ok(bare) = Sealed::parse(&encoded(r#"{"c":"AAEC"}"#)) else {
            panic!();
        };
        assert_eq!(bare.named_cipher(), Ok(Some(Cipher::Rsa(Padding::None))));
        assert!(
            Sealed::parse(&encoded(r#"{"c":"","t":"RSA"}"#))
                .unwrap()
                .is_empty()
        );
        let other = Sealed::parse(&encoded(
            r#"{"c":"AAEC","t":"RSA/ECB/OAEPwithSHA-256andMGF1Padding"}"#,
        ));
        assert_eq!(
            other.unwrap().named_cipher(),
            Ok(Some(Cipher::Rsa(Padding::Oaep {
                hash: Hash::Sha256,
                mask: Hash::Sha256
            })))
        );
        let unknown = Sealed::parse(&encoded(r#"{"c":"AAEC","t":"ROT13"}"#)).unwrap();
        assert_eq!(unknown.to_string(), "an envelope, `ROT13`");
    }

    #[test]
    fn both_objects_of_aes_gcm_are_told_apart() {
        let vault = Sealed::parse(&encoded(r#"{"cipherText":"AAEC","iv":"AwQF"}"#)).unwrap();
        let parts = GcmParts {
            encrypted: vec![0, 1, 2],
            nonce: vec![3, 4, 5],
        };
        assert_eq!(vault, Sealed::VaultGcm(parts.clone()));
        let inner = encoded(r#"{"cipher":"AAEC","initializationVector":"AwQF","keyId":"k"}"#);
        let outer = format!(r#"{{"c":"{inner}","t":"AES/GCM/NoPadding","iv":"AwQF"}}"#);
        let Ok(Sealed::Envelope(envelope)) = Sealed::parse(&encoded(&outer)) else {
            panic!();
        };
        let key_id = Some("k".to_owned());
        assert_eq!(envelope.content, EnvelopeContent::Gcm { parts, key_id });
    }

    #[test]
    fn what_is_no_encrypted_value_says_why() {
        let reason = |text: &str| Sealed::parse(text).unwrap_err().to_string();
        assert_eq!(reason("pass word!"), "it is no base64");
        assert_eq!(reason(" "), "it is empty");
        assert_eq!(reason(&"A".repeat(70_000)), "it has 70000 characters");
        for json in [
            r#"{}"#,
            r#"{"t":"RSA"}"#,
            r#"{"c":"?"}"#,
            r#"{"c":"AAEC","t":"AES/GCM/NoPadding"}"#,
            r#"{"cipherText":"AAEC","iv":""}"#,
            r#"{"cipherText":"AAEC"}"#,
        ] {
            assert!(
                matches!(Sealed::parse(&encoded(json)), Err(Malformed::Json(_))),
                "{json}"
            );
        }
        // Broken or hostile JSON is a block like another.
        let deep = format!("{{\"c\":{}", "[".repeat(10_000));
        for json in ["{\"c\":\"AAEC\"", "{\"c\":7}", &deep] {
            let found = Sealed::parse(&encoded(json)).unwrap();
            assert!(matches!(found, Sealed::Raw(_)), "{json}");
        }
    }
}
