//! A file of certificates in DER, one as a rule, several one behind the other if need be.

use super::{DecodeError, Decoded, Format, bundle};
use crate::{
    key::der::{self, Length, Reader},
    x509::Certificate,
};

/// Begins as a certificate does (RFC 5280 section 4.1): the version in `[0]`; or, of version 1, serial
/// number, algorithm, name and a SEQUENCE that is the validity, by which it differs from a request and a
/// list of revoked ones.
pub(super) fn looks_like(bytes: &[u8]) -> bool {
    let tbs = enter(bytes, der::SEQUENCE).and_then(|outer| enter(outer, der::SEQUENCE));
    let Some(tbs) = tbs else {
        return false;
    };
    if tbs.starts_with(&[0xA0, 3, der::INTEGER, 1]) {
        return true;
    }
    let shape = [der::INTEGER, der::SEQUENCE, der::SEQUENCE, der::SEQUENCE];
    let mut fields = Reader::new(tbs);
    shape.iter().enumerate().all(|(at, tag)| {
        let field = fields.expect(*tag, "a field of a certificate");
        field.is_ok_and(|field| at != 1 || field.content.first() == Some(&der::OID))
    })
}

/// Each certificate as a trusted one.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    Ok(bundle::decoded(
        Format::Der,
        bundle::trusted(&certificates(bytes)?),
    ))
}

/// The certificates, to the last byte.
pub(super) fn certificates(bytes: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut certificates = Vec::new();
    while !reader.is_empty() {
        let offset = reader.offset();
        if !looks_like(&bytes[offset..]) {
            return Err(DecodeError::Damaged {
                format: Format::Der,
                offset,
                reason: "something behind the certificate that is none".to_owned(),
            });
        }
        let element = reader
            .element()
            .map_err(|error| bundle::broken(Format::Der, error, bytes, offset))?;
        certificates.push(Certificate::from_der(element.whole.to_vec()));
    }
    Ok(certificates)
}

/// What is there of an element's content, if it has the tag and a definite length.
fn enter(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    match der::header(bytes) {
        Ok((header, Length::Definite(length))) if bytes[0] == tag => {
            let content = &bytes[header..];
            Some(&content[..content.len().min(length)])
        }
        _ => None,
    }
}
