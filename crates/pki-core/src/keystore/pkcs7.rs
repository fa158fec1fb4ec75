//! Certificates in PKCS #7, which is CMS SignedData (RFC 5652 section 5): what CAs send as `.p7b`. What is
//! signed and by whom plays no part.

use super::{DecodeError, Decoded, Format, ber, bundle};
use crate::{
    key::der::{self, DerError, Reader},
    x509::Certificate,
};

/// A SEQUENCE, of a definite or an indefinite length, that begins with the OID of SignedData.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    der::header(bytes).is_ok_and(|(header, _)| {
        bytes[0] == der::SEQUENCE
            && bytes[header..]
                .strip_prefix(&[der::OID, SIGNED_DATA.len() as u8])
                .is_some_and(|rest| rest.starts_with(SIGNED_DATA))
    })
}

/// Each certificate as a trusted one.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let certificates = certificates(bytes)?;
    if certificates.is_empty() {
        return Err(DecodeError::Damaged {
            format: Format::Pkcs7,
            offset: 0,
            reason: "no certificate in it".to_owned(),
        });
    }
    Ok(bundle::decoded(
        Format::Pkcs7,
        bundle::trusted(&certificates),
    ))
}

/// The certificates, in the file's order; none is no error. What follows the structure is ignored.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    ber::definite(bytes)
        .and_then(|der| read(&der))
        .map_err(|error| bundle::broken(Format::Pkcs7, error, bytes, 0))
}

fn read(der: &[u8]) -> Result<Vec<Certificate>, DerError> {
    let mut info = Reader::new(der).sequence("a ContentInfo")?;
    let offset = info.offset();
    if info.oid("the type of a content")? != SIGNED_DATA {
        return Err(DerError {
            offset,
            reason: "a content that is no SignedData",
        });
    }
    let mut content = info.expect(TAGGED_0, "a content")?.reader();
    let mut signed = content.sequence("a SignedData")?;
    signed.unsigned("a version")?;
    signed.expect(der::SET, "digest algorithms")?;
    signed.expect(der::SEQUENCE, "a signed content")?;
    let mut certificates = Vec::new();
    if let Some(set) = signed.optional(TAGGED_0)? {
        let mut set = set.reader();
        while !set.is_empty() {
            let element = set.element()?;
            // Other choices are tagged: attribute certificates and what nobody uses.
            if element.tag == der::SEQUENCE {
                certificates.push(Certificate::from_der(element.whole.to_vec()));
            }
        }
    }
    Ok(certificates)
}

/// 1.2.840.113549.1.7.2
const SIGNED_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 2];
const TAGGED_0: u8 = 0xA0;
