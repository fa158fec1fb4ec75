use std::net::IpAddr;

use time::OffsetDateTime;
use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName as ParsedName, ParsedExtension},
    prelude::FromDer,
    public_key::PublicKey,
};

use super::{
    DistinguishedName, Fingerprint, GeneralName, Malformed, NameConstraints,
    der::{self, DerError, Reader},
    name::{Comparable, encoded},
};

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

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const DSA: &str = "1.2.840.10040.4.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";

pub(super) fn read(der: &[u8]) -> Result<View, Malformed> {
    let malformed = |reason: String| Malformed {
        length: der.len(),
        reason,
    };
    envelope(der).map_err(|reason| malformed(reason.to_owned()))?;
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|error| malformed(error.to_string()))?;
    if !rest.is_empty() {
        return Err(malformed(format!("{} bytes follow it", rest.len())));
    }
    let tbs = &certificate.tbs_certificate;
    let signed: &[u8] = tbs.as_ref();
    let start = signed.as_ptr() as usize - der.as_ptr() as usize;
    let mut view = View {
        version: tbs.version.0.saturating_add(1),
        serial: tbs.raw_serial().to_vec(),
        issuer: DistinguishedName::from_der(tbs.issuer.as_raw()),
        subject: DistinguishedName::from_der(tbs.subject.as_raw()),
        not_before: tbs.validity.not_before.to_datetime(),
        not_after: tbs.validity.not_after.to_datetime(),
        spki: tbs.subject_pki.raw.to_vec(),
        public_key: public_key(&certificate),
        signature_algorithm: certificate.signature_algorithm.algorithm.to_id_string(),
        signature_parameters: certificate
            .signature_algorithm
            .parameters
            .as_ref()
            .map(encoded),
        tbs: start..start + signed.len(),
        signature: certificate.signature_value.data.to_vec(),
        alternative_names: None,
        basic_constraints: None,
        key_usage: None,
        extended_key_usage: None,
        subject_key_id: None,
        authority_key_id: None,
        name_constraints: None,
        unknown_critical: Vec::new(),
        issuer_key: DistinguishedName::from_der(tbs.issuer.as_raw()).comparable(),
        subject_key: DistinguishedName::from_der(tbs.subject.as_raw()).comparable(),
    };
    let mut seen = Vec::new();
    for extension in tbs.extensions() {
        // Which of the two would count is anybody's choice; Java does not read such a certificate either.
        if seen.contains(&&extension.oid) {
            let oid = extension.oid.to_id_string();
            return Err(malformed(format!("the extension {oid} stands in it twice")));
        }
        seen.push(&extension.oid);
        let critical = extension.critical;
        match extension.parsed_extension() {
            ParsedExtension::SubjectAlternativeName(names) => {
                view.alternative_names =
                    Some(names.general_names.iter().map(general_name).collect());
            }
            ParsedExtension::BasicConstraints(constraints) => {
                view.basic_constraints = Some(BasicConstraints {
                    critical,
                    ca: constraints.ca,
                    path_len: constraints.path_len_constraint,
                });
            }
            ParsedExtension::KeyUsage(usage) => {
                view.key_usage = Some(KeyUsage {
                    critical,
                    bits: usage.flags,
                });
            }
            ParsedExtension::ExtendedKeyUsage(usage) => {
                view.extended_key_usage = Some(ExtendedKeyUsage {
                    critical,
                    purposes: purposes(usage),
                });
            }
            ParsedExtension::SubjectKeyIdentifier(id) => view.subject_key_id = Some(id.0.to_vec()),
            ParsedExtension::AuthorityKeyIdentifier(id) => {
                view.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
            }
            ParsedExtension::NameConstraints(constraints) => {
                view.name_constraints = Some(NameConstraints::read(constraints));
            }
            ParsedExtension::UnsupportedExtension { .. } | ParsedExtension::ParseError { .. }
                if critical =>
            {
                view.unknown_critical.push(extension.oid.to_id_string());
            }
            _ => {}
        }
    }
    Ok(view)
}

/// Checks what is around the signed part, since no signature covers it and the parser is lax about tags:
/// three elements, the algorithm the one that is signed (RFC 5280 section 4.1.1.2), whole octets.
fn envelope(der: &[u8]) -> Result<(), &'static str> {
    let structure = || {
        let mut outer = Reader::new(der);
        let mut certificate = outer.sequence("it is no DER sequence")?;
        outer.finish("bytes follow it")?;
        let mut tbs = certificate.sequence("there is no signed part in it")?;
        tbs.optional(VERSION)?;
        tbs.expect(der::INTEGER, "it has no serial number")?;
        let signed = tbs.expect(der::SEQUENCE, "it names no signature algorithm")?;
        let algorithm = certificate.expect(der::SEQUENCE, "it names no signature algorithm")?;
        let bits = certificate.expect(der::BIT_STRING, "it has no signature")?;
        certificate.finish("bytes follow its signature")?;
        Ok::<_, DerError>((signed.whole, algorithm.whole, bits.content))
    };
    match structure() {
        Ok((signed, algorithm, _)) if signed != algorithm => {
            Err("it names two signature algorithms")
        }
        Ok((_, _, [0, ..])) => Ok(()),
        Ok(_) => Err("its signature is no whole octets"),
        Err(error) => Err(error.reason),
    }
}

/// `version [0]`.
const VERSION: u8 = 0xa0;

fn public_key(certificate: &X509Certificate<'_>) -> PublicKeyAlgorithm {
    let spki = &certificate.tbs_certificate.subject_pki;
    let oid = spki.algorithm.algorithm.to_id_string();
    match oid.as_str() {
        RSA | RSA_PSS => match spki.parsed() {
            Ok(PublicKey::RSA(key)) => PublicKeyAlgorithm::Rsa(bit_length(key.modulus)),
            _ => PublicKeyAlgorithm::Other(oid),
        },
        EC => {
            let curve = spki
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| parameters.as_oid().ok())
                .map(|curve| curve.to_id_string())
                .unwrap_or_default();
            let bits = match curve.as_str() {
                "1.2.840.10045.3.1.7" | "1.3.132.0.10" => 256,
                "1.3.132.0.34" => 384,
                "1.3.132.0.35" => 521,
                "1.3.132.0.33" => 224,
                _ => 0,
            };
            PublicKeyAlgorithm::Ec(curve, bits)
        }
        DSA => {
            let bits = spki
                .algorithm
                .parameters
                .as_ref()
                .and_then(|parameters| {
                    let (_, p) = x509_parser::asn1_rs::Any::from_der(parameters.data).ok()?;
                    Some(bit_length(p.data))
                })
                .unwrap_or(0);
            PublicKeyAlgorithm::Dsa(bits)
        }
        ED25519 => PublicKeyAlgorithm::Ed25519,
        _ => PublicKeyAlgorithm::Other(oid),
    }
}

fn bit_length(integer: &[u8]) -> usize {
    let skip = integer.iter().take_while(|byte| **byte == 0).count();
    match integer.get(skip) {
        Some(first) => (integer.len() - skip) * 8 - first.leading_zeros() as usize,
        None => 0,
    }
}

fn general_name(name: &ParsedName<'_>) -> GeneralName {
    match name {
        ParsedName::DNSName(name) => GeneralName::Dns((*name).to_owned()),
        ParsedName::RFC822Name(address) => GeneralName::Email((*address).to_owned()),
        ParsedName::URI(uri) => GeneralName::Uri((*uri).to_owned()),
        ParsedName::IPAddress(octets) => match ip(octets) {
            Some(address) => GeneralName::Ip(address),
            None => GeneralName::Other(7, octets.to_vec()),
        },
        ParsedName::DirectoryName(name) => GeneralName::Other(4, name.as_raw().to_vec()),
        ParsedName::OtherName(oid, content) => {
            GeneralName::Other(0, [oid.as_bytes(), content].concat())
        }
        ParsedName::RegisteredID(oid) => GeneralName::Other(8, oid.as_bytes().to_vec()),
        _ => GeneralName::Other(0xff, Vec::new()),
    }
}

fn ip(octets: &[u8]) -> Option<IpAddr> {
    match octets.len() {
        4 => <[u8; 4]>::try_from(octets).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(octets).ok().map(IpAddr::from),
        _ => None,
    }
}

fn purposes(usage: &x509_parser::extensions::ExtendedKeyUsage<'_>) -> Vec<String> {
    let named = [
        (usage.any, "2.5.29.37.0"),
        (usage.server_auth, "1.3.6.1.5.5.7.3.1"),
        (usage.client_auth, "1.3.6.1.5.5.7.3.2"),
        (usage.code_signing, "1.3.6.1.5.5.7.3.3"),
        (usage.email_protection, "1.3.6.1.5.5.7.3.4"),
        (usage.time_stamping, "1.3.6.1.5.5.7.3.8"),
        (usage.ocsp_signing, "1.3.6.1.5.5.7.3.9"),
    ];
    named
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, oid)| oid.to_owned())
        .chain(usage.other.iter().map(|oid| oid.to_id_string()))
        .collect()
}
