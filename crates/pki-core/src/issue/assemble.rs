//! A certificate's DER (RFC 5280 section 4.1), put together and signed.

use rustls_pki_types::CertificateDer;
use time::{OffsetDateTime, UtcOffset};

use super::{CertificateRequest, IssueError, extensions};
use crate::{
    key::{Random, SigningKey, der},
    x509::{Certificate, DistinguishedName},
};

/// Signs what a request asks for, in the issuer's name.
///
/// `authority_key_id`: `None` for a certificate that its own key signs.
pub(super) fn sign(
    request: &CertificateRequest<'_>,
    issuer: &DistinguishedName,
    authority_key_id: Option<&[u8]>,
    key: &dyn SigningKey,
    random: &mut dyn Random,
) -> Result<Certificate, IssueError> {
    let extensions = extensions::of(request, authority_key_id)?;
    let tbs = der::sequence(&[
        &der::encode(VERSION, &[&der::positive(&[2])]),
        &der::positive(&serial(random)),
        key.signature_algorithm(),
        issuer.der(),
        &validity(request)?,
        request.subject.der(),
        request.spki,
        &der::encode(EXTENSIONS, &[&extensions]),
    ]);
    let signature = der::bit_string(&key.sign(&tbs)?);
    let certificate = der::sequence(&[&tbs, key.signature_algorithm(), &signature]);
    Ok(Certificate::from_der(CertificateDer::from(certificate)))
}

/// 16 random octets, positive and of constant length: the sign bit is cleared and the next one set, which
/// leaves 126 random bits where RFC 5280 section 4.1.2.2 allows 20 octets and CAs are asked for 64 bits.
fn serial(random: &mut dyn Random) -> [u8; 16] {
    let mut serial = [0; 16];
    random.fill(&mut serial);
    serial[0] = serial[0] & 0x7f | 0x40;
    serial
}

fn validity(request: &CertificateRequest<'_>) -> Result<Vec<u8>, IssueError> {
    let (not_before, not_after) = (request.not_before, request.not_after);
    let refused = || IssueError::Validity {
        not_before,
        not_after,
    };
    if not_after < not_before {
        return Err(refused());
    }
    let not_before = time(not_before).ok_or_else(refused)?;
    let not_after = time(not_after).ok_or_else(refused)?;
    Ok(der::sequence(&[&not_before, &not_after]))
}

/// UTCTime up to 2049 and GeneralizedTime from 2050 on, in whole seconds (RFC 5280 section 4.1.2.5).
fn time(moment: OffsetDateTime) -> Option<Vec<u8>> {
    let moment = moment.checked_to_offset(UtcOffset::UTC)?;
    let year = moment.year();
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        u8::from(moment.month()),
        moment.day(),
        moment.hour(),
        moment.minute(),
        moment.second()
    );
    match year {
        1950..=2049 => {
            let text = format!("{:02}{rest}", year % 100);
            Some(der::encode(UTC_TIME, &[text.as_bytes()]))
        }
        0..=9999 => {
            let text = format!("{year:04}{rest}");
            Some(der::encode(GENERALIZED_TIME, &[text.as_bytes()]))
        }
        _ => None,
    }
}

/// `version [0]`.
const VERSION: u8 = 0xa0;
/// `extensions [3]`.
const EXTENSIONS: u8 = 0xa3;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

#[cfg(test)]
mod tests {
    use time::macros::datetime;

    use super::*;

    #[test]
    fn the_kind_of_time_changes_with_2050() {
        let last = time(datetime!(2049-12-31 23:59:59.9 UTC)).unwrap();
        assert_eq!(&last[..], b"\x17\x0d491231235959Z");
        let first = time(datetime!(2050-01-01 00:00 UTC)).unwrap();
        assert_eq!(&first[..], b"\x18\x0f20500101000000Z");
        let east = time(datetime!(2050-01-01 00:30 +01:00)).unwrap();
        assert_eq!(&east[..], b"\x17\x0d491231233000Z");
    }

    #[test]
    fn a_serial_is_positive_and_never_short() {
        struct Same(u8);
        impl Random for Same {
            fn fill(&mut self, out: &mut [u8]) {
                out.fill(self.0);
            }
        }
        for octet in [0, 0x7f, 0x80, 0xff] {
            let encoded = der::positive(&serial(&mut Same(octet)));
            assert_eq!(encoded[..2], [2, 16]);
            assert!((0x40..0x80).contains(&encoded[2]));
        }
    }
}
