//! The extensions that a profile asks for, as DER.

use std::net::IpAddr;

use aws_lc_rs::digest;

use super::{CertificateRequest, IssueError, Profile};
use crate::{
    key::der::{self, Reader},
    x509::{GeneralName, KeyUsage},
};

/// All extensions of a certificate, as the content of its `[3]`.
///
/// `authority_key_id`: the issuer's key identifier, `None` if the certificate is self-signed.
pub(super) fn of(
    request: &CertificateRequest<'_>,
    authority_key_id: Option<&[u8]>,
) -> Result<Vec<u8>, IssueError> {
    let key = PublicKey::read(request.spki)?;
    let wants_names = matches!(request.profile, Profile::Tls { .. });
    match (wants_names, request.names.is_empty()) {
        (true, true) => return Err(IssueError::NoName),
        (false, false) => return Err(IssueError::UnexpectedNames),
        _ => {}
    }
    let mut all = Vec::new();
    match &request.profile {
        Profile::CertificateAuthority {
            path_len,
            permitted,
        } => {
            let path_len = path_len.map(|length| der::positive(&[length]));
            let content = [TRUE, path_len.as_deref().unwrap_or_default()];
            all.push(extension(BASIC_CONSTRAINTS, true, &der::sequence(&content)));
            all.push(key_usage(KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN));
            if !permitted.is_empty() {
                all.push(name_constraints(permitted)?);
            }
        }
        Profile::Tls { client_auth } => {
            all.push(extension(BASIC_CONSTRAINTS, true, &der::sequence(&[])));
            let encipherment = if key.is_rsa() {
                KeyUsage::KEY_ENCIPHERMENT
            } else {
                0
            };
            all.push(key_usage(KeyUsage::DIGITAL_SIGNATURE | encipherment));
            let client = if *client_auth { CLIENT_AUTH } else { &[] };
            let purposes = der::sequence(&[SERVER_AUTH, client]);
            all.push(extension(EXTENDED_KEY_USAGE, false, &purposes));
            let names = request.names.iter().map(general_name);
            let names = names.collect::<Result<Vec<_>, _>>()?.concat();
            let critical = request.subject.is_empty();
            all.push(extension(
                SUBJECT_ALT_NAME,
                critical,
                &der::sequence(&[&names]),
            ));
        }
        Profile::Primary => {
            if !key.is_rsa() {
                return Err(IssueError::PrimaryNotRsa);
            }
            all.push(extension(BASIC_CONSTRAINTS, true, &der::sequence(&[])));
            all.push(key_usage(
                KeyUsage::DIGITAL_SIGNATURE
                    | KeyUsage::KEY_ENCIPHERMENT
                    | KeyUsage::DATA_ENCIPHERMENT,
            ));
        }
    }
    let own = der::encode(der::OCTET_STRING, &[&key.identifier()]);
    all.push(extension(SUBJECT_KEY_ID, false, &own));
    if let Some(id) = authority_key_id {
        let id = der::sequence(&[&der::encode(KEY_IDENTIFIER, &[id])]);
        all.push(extension(AUTHORITY_KEY_ID, false, &id));
    }
    Ok(der::sequence(&[&all.concat()]))
}

/// The identifier of a key for which no certificate tells one.
pub(super) fn key_identifier(spki: &[u8]) -> Result<[u8; 20], IssueError> {
    Ok(PublicKey::read(spki)?.identifier())
}

struct PublicKey<'a> {
    algorithm: &'a [u8],
    bits: &'a [u8],
}

impl<'a> PublicKey<'a> {
    fn read(spki: &'a [u8]) -> Result<Self, IssueError> {
        let parts = || {
            let mut outer = Reader::new(spki);
            let mut info = outer.sequence("a SubjectPublicKeyInfo")?;
            outer.finish("bytes follow it")?;
            let algorithm = info.sequence("an algorithm")?.oid("an algorithm's OID")?;
            let bits = info.expect(der::BIT_STRING, "key bits")?.content;
            info.finish("bytes follow the key bits")?;
            Ok::<_, der::DerError>((algorithm, bits))
        };
        match parts() {
            Ok((algorithm, [0, bits @ ..])) => Ok(Self { algorithm, bits }),
            _ => Err(IssueError::Spki),
        }
    }

    fn is_rsa(&self) -> bool {
        self.algorithm == RSA
    }

    /// Method (1) of RFC 5280 section 4.2.1.2: SHA-1 of the key bits, as keytool and OpenSSL do it. An
    /// identifier, not a protection: it need not resist collisions.
    fn identifier(&self) -> [u8; 20] {
        let digest = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, self.bits);
        let mut id = [0; 20];
        id.copy_from_slice(digest.as_ref());
        id
    }
}

fn extension(oid: &[u8], critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if critical { TRUE } else { &[] };
    let value = der::encode(der::OCTET_STRING, &[value]);
    der::sequence(&[&der::encode(der::OID, &[oid]), critical, &value])
}

/// Named bits: the first is the highest of the first octet, and no zero bits stand at the end (X.690
/// section 11.2.2).
fn key_usage(bits: u16) -> Vec<u8> {
    // All bits in use are among the first eight (decipherOnly, the ninth, is never asked for).
    let octet = (bits as u8).reverse_bits();
    let unused = octet.trailing_zeros().min(7) as u8;
    let value = der::encode(der::BIT_STRING, &[&[unused, octet]]);
    extension(KEY_USAGE, true, &value)
}

fn name_constraints(permitted: &[String]) -> Result<Vec<u8>, IssueError> {
    let subtrees = permitted.iter().map(|name| {
        let name = general_name(&GeneralName::Dns(name.clone()))?;
        Ok(der::sequence(&[&name]))
    });
    let subtrees = subtrees.collect::<Result<Vec<_>, IssueError>>()?.concat();
    let value = der::sequence(&[&der::encode(PERMITTED_SUBTREES, &[&subtrees])]);
    Ok(extension(NAME_CONSTRAINTS, true, &value))
}

fn general_name(name: &GeneralName) -> Result<Vec<u8>, IssueError> {
    let (tag, content) = match name {
        GeneralName::Email(text) => (0x81, text.as_bytes().to_vec()),
        GeneralName::Dns(text) => (0x82, text.as_bytes().to_vec()),
        GeneralName::Uri(text) => (0x86, text.as_bytes().to_vec()),
        GeneralName::Ip(IpAddr::V4(address)) => {
            return Ok(der::encode(0x87, &[&address.octets()]));
        }
        GeneralName::Ip(IpAddr::V6(address)) => {
            return Ok(der::encode(0x87, &[&address.octets()]));
        }
        GeneralName::Other(..) => return Err(IssueError::Name(name.clone())),
    };
    // IA5String, and RFC 5280 section 4.2.1.6 forbids the empty name and the blank.
    if content.is_empty() || !content.iter().all(u8::is_ascii_graphic) {
        return Err(IssueError::Name(name.clone()));
    }
    Ok(der::encode(tag, &[&content]))
}

/// BOOLEAN TRUE.
const TRUE: &[u8] = &[0x01, 0x01, 0xff];
/// `permittedSubtrees [0]` (RFC 5280 section 4.2.1.10).
const PERMITTED_SUBTREES: u8 = 0xa0;
/// `keyIdentifier [0]` (RFC 5280 section 4.2.1.1).
const KEY_IDENTIFIER: u8 = 0x80;

/// rsaEncryption, 1.2.840.113549.1.1.1.
const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
/// id-kp-serverAuth, 1.3.6.1.5.5.7.3.1, with tag and length.
const SERVER_AUTH: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 1];
/// id-kp-clientAuth, 1.3.6.1.5.5.7.3.2, with tag and length.
const CLIENT_AUTH: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 3, 2];

// id-ce, 2.5.29 (RFC 5280 appendix A.2).
const SUBJECT_KEY_ID: &[u8] = &[0x55, 0x1d, 14];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 0x1d, 17];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const NAME_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 30];
const AUTHORITY_KEY_ID: &[u8] = &[0x55, 0x1d, 35];
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 37];
