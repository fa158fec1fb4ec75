//! One signature: who can check it, and whether it holds.

use aws_lc_rs::signature::{
    self, RsaParameters, RsaPssSaltLength, UnparsedPublicKey, VerificationAlgorithm,
};

use crate::{
    key::der::{self, Reader},
    x509::{PublicKeyAlgorithm, View},
};

/// What came of checking a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The issuer's key made it.
    Good,
    /// It did not.
    Bad,
    /// An algorithm, or a size, that nobody here can check.
    Unsupported,
}

/// The hash function that a signature stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hash {
    Md2,
    Md5,
    Sha1,
    /// SHA-224, SHA-256 and stronger.
    Strong,
    /// Ed25519's own, or an algorithm that is not known here.
    Other,
}

/// The hash function by the signature algorithm's OID.
pub(super) fn hash(view: &View) -> Hash {
    match view.signature_algorithm.as_str() {
        "1.2.840.113549.1.1.2" => Hash::Md2,
        "1.2.840.113549.1.1.4" => Hash::Md5,
        SHA1_WITH_RSA | SHA1_WITH_RSA_OIW | ECDSA_SHA1 | "1.2.840.10040.4.3" => Hash::Sha1,
        SHA256_WITH_RSA | SHA384_WITH_RSA | SHA512_WITH_RSA | ECDSA_SHA256 | ECDSA_SHA384
        | ECDSA_SHA512 => Hash::Strong,
        RSA_PSS => match pss(view.signature_parameters.as_deref()) {
            Some((PssHash::Sha1, _)) => Hash::Sha1,
            Some(_) => Hash::Strong,
            None => Hash::Other,
        },
        _ => Hash::Other,
    }
}

/// Checks the certificate `der` (with its `view`) against the key of `issuer`.
///
/// RSA from 1024 bits on, SHA-1 too: Java takes both from a private CA, and the caller says that they are
/// weak.
pub(super) fn verify(der: &[u8], view: &View, issuer: &View) -> Outcome {
    let (Some(tbs), Some(key)) = (der.get(view.tbs.clone()), key_bits(&issuer.spki)) else {
        return Outcome::Unsupported;
    };
    let algorithm: &'static dyn VerificationAlgorithm = match &issuer.public_key {
        PublicKeyAlgorithm::Rsa(bits) => match rsa(view, *bits) {
            Some(algorithm) => algorithm,
            None => return Outcome::Unsupported,
        },
        PublicKeyAlgorithm::Ec(curve, _) => match ecdsa(curve, view.signature_algorithm.as_str()) {
            Some(algorithm) => algorithm,
            None => return Outcome::Unsupported,
        },
        PublicKeyAlgorithm::Ed25519 if view.signature_algorithm == ED25519 => &signature::ED25519,
        _ => return Outcome::Unsupported,
    };
    match UnparsedPublicKey::new(algorithm, key).verify(tbs, &view.signature) {
        Ok(()) => Outcome::Good,
        Err(_) => Outcome::Bad,
    }
}

fn rsa(view: &View, bits: usize) -> Option<&'static dyn VerificationAlgorithm> {
    let modern = match bits {
        1024..2048 => false,
        2048..=8192 => true,
        _ => return None,
    };
    Some(match (view.signature_algorithm.as_str(), modern) {
        (SHA1_WITH_RSA | SHA1_WITH_RSA_OIW, _) => {
            &signature::RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY
        }
        (SHA256_WITH_RSA, _) => &signature::RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
        (SHA512_WITH_RSA, _) => &signature::RSA_PKCS1_1024_8192_SHA512_FOR_LEGACY_USE_ONLY,
        (SHA384_WITH_RSA, true) => &signature::RSA_PKCS1_2048_8192_SHA384,
        (RSA_PSS, true) => {
            let (hash, salt) = pss(view.signature_parameters.as_deref())?;
            PSS_SALTS
                .iter()
                .find(|(known, length, _)| *known == hash && *length == salt)
                .map(|(_, _, algorithm)| *algorithm)?
        }
        _ => return None,
    })
}

fn ecdsa(curve: &str, algorithm: &str) -> Option<&'static dyn VerificationAlgorithm> {
    Some(match (curve, algorithm) {
        (P256, ECDSA_SHA1) => &signature::ECDSA_P256_SHA1_ASN1,
        (P256, ECDSA_SHA256) => &signature::ECDSA_P256_SHA256_ASN1,
        (P256, ECDSA_SHA384) => &signature::ECDSA_P256_SHA384_ASN1,
        (P256, ECDSA_SHA512) => &signature::ECDSA_P256_SHA512_ASN1,
        (P384, ECDSA_SHA256) => &signature::ECDSA_P384_SHA256_ASN1,
        (P384, ECDSA_SHA384) => &signature::ECDSA_P384_SHA384_ASN1,
        (P384, ECDSA_SHA512) => &signature::ECDSA_P384_SHA512_ASN1,
        (P521, ECDSA_SHA256) => &signature::ECDSA_P521_SHA256_ASN1,
        (P521, ECDSA_SHA384) => &signature::ECDSA_P521_SHA384_ASN1,
        (P521, ECDSA_SHA512) => &signature::ECDSA_P521_SHA512_ASN1,
        _ => return None,
    })
}

/// The octets in the BIT STRING of a SubjectPublicKeyInfo.
fn key_bits(spki: &[u8]) -> Option<&[u8]> {
    let mut info = Reader::new(spki).sequence("a SubjectPublicKeyInfo").ok()?;
    info.sequence("an algorithm").ok()?;
    match info.expect(der::BIT_STRING, "key bits").ok()?.content {
        [0, key @ ..] => Some(key),
        _ => None,
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PssHash {
    Sha1,
    Sha256,
    Sha384,
    Sha512,
}

/// Hash and salt length of RSASSA-PSS-params (RFC 4055 section 3.1); SHA-1 and 20 are the defaults. The
/// mask generation function is taken to use the same hash, as everybody writes it.
fn pss(parameters: Option<&[u8]>) -> Option<(PssHash, u64)> {
    let mut fields = Reader::new(parameters?).sequence("parameters").ok()?;
    let hash = match fields.optional(0xa0).ok()? {
        None => PssHash::Sha1,
        Some(hash) => match hash.reader().sequence("a hash").ok()?.oid("a hash").ok()? {
            [0x2b, 0x0e, 0x03, 0x02, 0x1a] => PssHash::Sha1,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 1] => PssHash::Sha256,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 2] => PssHash::Sha384,
            [0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 3] => PssHash::Sha512,
            _ => return None,
        },
    };
    fields.optional(0xa1).ok()?;
    let salt = match fields.optional(0xa2).ok()? {
        None => 20,
        Some(salt) => salt.reader().unsigned("a salt length").ok()?,
    };
    Some((hash, salt))
}

/// The salt lengths that are in use: none, 20 (RFC 4055's default), and the hash's own length. The
/// provider wants each as a constant.
const PSS_SALTS: &[(PssHash, u64, &RsaParameters)] = &[
    (PssHash::Sha256, 32, &signature::RSA_PSS_2048_8192_SHA256),
    (PssHash::Sha384, 48, &signature::RSA_PSS_2048_8192_SHA384),
    (PssHash::Sha512, 64, &signature::RSA_PSS_2048_8192_SHA512),
    (
        PssHash::Sha256,
        20,
        &salted(signature::RSA_PSS_2048_8192_SHA256, 20),
    ),
    (
        PssHash::Sha384,
        20,
        &salted(signature::RSA_PSS_2048_8192_SHA384, 20),
    ),
    (
        PssHash::Sha512,
        20,
        &salted(signature::RSA_PSS_2048_8192_SHA512, 20),
    ),
    (
        PssHash::Sha256,
        0,
        &salted(signature::RSA_PSS_2048_8192_SHA256, 0),
    ),
];

const fn salted(parameters: RsaParameters, length: u16) -> RsaParameters {
    parameters.with_pss_salt_length(RsaPssSaltLength::Custom(length))
}

const SHA1_WITH_RSA: &str = "1.2.840.113549.1.1.5";
/// The same under the name that OIW gave it, in old certificates.
const SHA1_WITH_RSA_OIW: &str = "1.3.14.3.2.29";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const SHA256_WITH_RSA: &str = "1.2.840.113549.1.1.11";
const SHA384_WITH_RSA: &str = "1.2.840.113549.1.1.12";
const SHA512_WITH_RSA: &str = "1.2.840.113549.1.1.13";
const ECDSA_SHA1: &str = "1.2.840.10045.4.1";
const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
const ECDSA_SHA384: &str = "1.2.840.10045.4.3.3";
const ECDSA_SHA512: &str = "1.2.840.10045.4.3.4";
const ED25519: &str = "1.3.101.112";
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";
const P521: &str = "1.3.132.0.35";
