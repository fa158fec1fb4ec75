//! How a certificate is taken apart: by the parser, and by us where it is too strict or too lax.

use std::net::IpAddr;

use x509_parser::{
    certificate::X509Certificate,
    extensions::{GeneralName as ParsedName, ParsedExtension},
    prelude::FromDer,
    public_key::PublicKey,
};

use super::{
    BasicConstraints, DistinguishedName, ExtendedKeyUsage, GeneralName, KeyUsage, Malformed,
    NameConstraints, PublicKeyAlgorithm, View,
    der::{self, DerError, Reader},
    name::encoded,
};

/// What the bytes of a certificate say.
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

const RSA: &str = "1.2.840.113549.1.1.1";
const RSA_PSS: &str = "1.2.840.113549.1.1.10";
const DSA: &str = "1.2.840.10040.4.1";
const EC: &str = "1.2.840.10045.2.1";
const ED25519: &str = "1.3.101.112";
