use time::OffsetDateTime;

use super::{DistinguishedName, Fingerprint, GeneralName, NameConstraints, name::Comparable};

/// What a certificate says (RFC 5280 section 4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct View {
    /// 1, 2 or 3.
    pub version: u32,
    /// The serial number's content octets as encoded, most significant first.
    pub serial: Vec<u8>,
    /// Who signed.
    pub issuer: DistinguishedName,
    /// Whom it is about.
    pub subject: DistinguishedName,
    /// First moment of validity.
    pub not_before: OffsetDateTime,
    /// Last moment of validity.
    pub not_after: OffsetDateTime,
    /// The SubjectPublicKeyInfo's DER.
    pub spki: Vec<u8>,
    /// The kind and size of the public key.
    pub public_key: PublicKeyAlgorithm,
    /// The signature algorithm's OID, dotted.
    pub signature_algorithm: String,
    /// The DER of the signature's AlgorithmIdentifier parameters, if there are any.
    pub signature_parameters: Option<Vec<u8>>,
    /// The signed bytes, from the start of the certificate.
    pub tbs: std::ops::Range<usize>,
    /// The signature's bits.
    pub signature: Vec<u8>,
    /// subjectAltName, in order; `None` if the extension is absent.
    pub alternative_names: Option<Vec<GeneralName>>,
    /// basicConstraints.
    pub basic_constraints: Option<BasicConstraints>,
    /// keyUsage.
    pub key_usage: Option<KeyUsage>,
    /// extKeyUsage.
    pub extended_key_usage: Option<ExtendedKeyUsage>,
    /// subjectKeyIdentifier.
    pub subject_key_id: Option<Vec<u8>>,
    /// authorityKeyIdentifier's keyIdentifier.
    pub authority_key_id: Option<Vec<u8>>,
    /// nameConstraints.
    pub name_constraints: Option<NameConstraints>,
    /// OIDs of critical extensions that nobody here understands.
    pub unknown_critical: Vec<String>,
    /// The issuer's name, ready to be looked up.
    pub(crate) issuer_key: Comparable,
    /// The subject's name, ready to be looked up.
    pub(crate) subject_key: Comparable,
}

impl View {
    /// The subjectAltNames, none if the extension is absent.
    pub fn names(&self) -> &[GeneralName] {
        self.alternative_names.as_deref().unwrap_or_default()
    }

    /// SHA-256 of the SPKI: equal for certificates over the same key.
    pub fn spki_fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.spki)
    }

    /// True if basicConstraints says CA. A version 1 certificate cannot say it.
    pub fn is_ca(&self) -> bool {
        match self.basic_constraints {
            Some(constraints) => constraints.ca,
            None => false,
        }
    }
}

/// basicConstraints (RFC 5280 section 4.2.1.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BasicConstraints {
    /// The extension is critical.
    pub critical: bool,
    /// It may issue.
    pub ca: bool,
    /// How many intermediates may follow.
    pub path_len: Option<u32>,
}

/// keyUsage (RFC 5280 section 4.2.1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyUsage {
    /// The extension is critical.
    pub critical: bool,
    /// Bit *n* of the BIT STRING is bit *n* here, least significant first: digitalSignature is 1.
    pub bits: u16,
}

impl KeyUsage {
    /// Bit 0.
    pub const DIGITAL_SIGNATURE: u16 = 1;
    /// Bit 1.
    pub const NON_REPUDIATION: u16 = 1 << 1;
    /// Bit 2.
    pub const KEY_ENCIPHERMENT: u16 = 1 << 2;
    /// Bit 3.
    pub const DATA_ENCIPHERMENT: u16 = 1 << 3;
    /// Bit 4.
    pub const KEY_AGREEMENT: u16 = 1 << 4;
    /// Bit 5.
    pub const KEY_CERT_SIGN: u16 = 1 << 5;
    /// Bit 6.
    pub const CRL_SIGN: u16 = 1 << 6;

    /// True if every bit of `bits` is set.
    pub fn allows(self, bits: u16) -> bool {
        self.bits & bits == bits
    }

    /// True if one of `bits` is set.
    pub fn allows_any(self, bits: u16) -> bool {
        self.bits & bits != 0
    }
}

/// extKeyUsage (RFC 5280 section 4.2.1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExtendedKeyUsage {
    /// The extension is critical.
    pub critical: bool,
    /// The purposes, dotted OIDs.
    pub purposes: Vec<String>,
}

impl ExtendedKeyUsage {
    /// id-kp-serverAuth.
    pub const SERVER_AUTH: &'static str = "1.3.6.1.5.5.7.3.1";
    /// id-kp-clientAuth.
    pub const CLIENT_AUTH: &'static str = "1.3.6.1.5.5.7.3.2";
    /// anyExtendedKeyUsage.
    pub const ANY: &'static str = "2.5.29.37.0";

    /// True if the purpose, or any purpose, is named.
    pub fn allows(&self, purpose: &str) -> bool {
        self.purposes
            .iter()
            .any(|named| named == purpose || named == Self::ANY)
    }
}

/// The kind and size of a public key.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum PublicKeyAlgorithm {
    /// DSA, bits of p (0 if the parameters are not there).
    Dsa(usize),
    /// An elliptic curve: the curve's OID, dotted, and its size in bits (0 if unknown).
    Ec(String, usize),
    /// Ed25519 (RFC 8410).
    Ed25519,
    /// Anything else, by its dotted OID.
    Other(String),
    /// RSA, bits of the modulus.
    Rsa(usize),
}

impl PublicKeyAlgorithm {
    /// Size in bits, 0 if unknown.
    pub fn bits(&self) -> usize {
        match self {
            Self::Dsa(bits) | Self::Ec(_, bits) | Self::Rsa(bits) => *bits,
            Self::Ed25519 => 256,
            Self::Other(_) => 0,
        }
    }

    /// The name that keytool and OpenSSL use: `RSA`, `EC`, `DSA`, `Ed25519`, or an OID.
    pub fn name(&self) -> &str {
        match self {
            Self::Dsa(_) => "DSA",
            Self::Ec(..) => "EC",
            Self::Ed25519 => "Ed25519",
            Self::Other(oid) => oid,
            Self::Rsa(_) => "RSA",
        }
    }
}

impl std::fmt::Display for PublicKeyAlgorithm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.name(), self.bits()) {
            (name @ "Ed25519", _) | (name, 0) => f.write_str(name),
            (name, bits) => write!(f, "{name} {bits}"),
        }
    }
}
