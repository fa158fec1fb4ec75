//! PEM bundles (RFC 7468) as keystores, and lists of certificates.
//!
//! A bundle has no aliases: they are made from the certificates' common names. A private key becomes one
//! entry with the certificate over it and that certificate's issuers, as far as the bundle has them;
//! every other certificate is a trusted one.

use super::{
    DecodeError, Decoded, Format,
    bundle::{self, Key},
    pkcs7,
};
use crate::{
    key::{KeyError, PemKeys, der},
    x509::{Certificate, PemBlock, PemError, has_pem_block, pem_blocks, write_pem},
};

/// The certificates of a PEM text, in order: blocks that are called `CERTIFICATE`, `X509 CERTIFICATE` or
/// `TRUSTED CERTIFICATE` (OpenSSL's, whose trust settings are dropped), and all in a block of `PKCS7` or
/// `CMS`. Other blocks and text are passed over; none is no error.
///
/// ```
/// use pki_core::{keystore::{read_pem_certificates, write_pem_certificates}, x509::Certificate};
///
/// let certificates = [Certificate::from_der(vec![0x30, 0x00])];
/// let text = write_pem_certificates(&certificates);
/// assert_eq!(read_pem_certificates(text.as_bytes())?, certificates);
/// # Ok::<(), pki_core::x509::PemError>(())
/// ```
///
/// # Errors
///
/// [`PemError`] if a block, of whatever label, is broken.
pub fn read_pem_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, PemError> {
    let mut found = Vec::new();
    for block in &pem_blocks(bytes)? {
        found.extend(certificates(block)?);
    }
    Ok(found)
}

/// Certificates as PEM: lines of 64 columns, LF, nothing between the blocks.
pub fn write_pem_certificates(certificates: &[Certificate]) -> String {
    let mut out = String::new();
    for certificate in certificates {
        let block = write_pem("CERTIFICATE", certificate.der());
        out.push_str(&String::from_utf8_lossy(block.expose()));
    }
    out
}

/// [`read_pem_certificates`] with the errors of a keystore.
pub(super) fn certificates_of(bytes: &[u8]) -> Result<Vec<Certificate>, DecodeError> {
    read_pem_certificates(bytes).map_err(unreadable)
}

pub(super) fn looks_like(bytes: &[u8]) -> bool {
    has_pem_block(bytes)
}

pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    let blocks = pem_blocks(bytes).map_err(unreadable)?;
    let mut all = Vec::new();
    let mut keys = Vec::new();
    let mut reader = PemKeys::default();
    for block in &blocks {
        all.extend(certificates(block).map_err(unreadable)?);
        let Some(key) = reader.read(block) else {
            continue;
        };
        keys.push(Key {
            sealed: key.map_err(|error| no_key(block, error))?.into(),
            follows: all.len(),
        });
        if keys.len() > MAX_KEYS {
            return Err(DecodeError::Limit {
                format: Format::Pem,
                what: "the number of private keys",
                found: keys.len() as u64,
                limit: MAX_KEYS as u64,
            });
        }
    }
    if keys.is_empty() && all.is_empty() {
        return Err(DecodeError::Damaged {
            format: Format::Pem,
            offset: blocks.first().map_or(0, |block| block.offset),
            reason: "no certificate and no private key in it".to_owned(),
        });
    }
    let keystore = bundle::assemble(keys, &all);
    Ok(bundle::decoded(Format::Pem, keystore))
}

/// The certificates of a block; none if it is of another kind.
fn certificates(block: &PemBlock) -> Result<Vec<Certificate>, PemError> {
    let der = block.der.expose();
    let certificate = |der: &[u8]| vec![Certificate::from_der(der.to_vec())];
    Ok(match block.label.as_str() {
        "CERTIFICATE" | "X509 CERTIFICATE" => certificate(der),
        // The certificate, then OpenSSL's trust settings; if that cannot be told apart, all of it.
        "TRUSTED CERTIFICATE" => {
            let first = der::Reader::new(der).element();
            certificate(first.map_or(der, |element| element.whole))
        }
        "PKCS7" | "PKCS #7 SIGNED DATA" | "CMS" => {
            pkcs7::certificates(der).map_err(|_| PemError::Content {
                label: block.label.clone(),
                line: block.line,
                offset: block.offset,
            })?
        }
        _ => Vec::new(),
    })
}

fn no_key(block: &PemBlock, error: KeyError) -> DecodeError {
    let format = Format::Pem;
    match error {
        KeyError::UnsupportedEncryption { algorithm } => {
            DecodeError::UnsupportedAlgorithm { format, algorithm }
        }
        error => DecodeError::Damaged {
            format,
            offset: block.offset,
            reason: error.to_string(),
        },
    }
}

fn unreadable(error: PemError) -> DecodeError {
    let (format, offset, reason) = (Format::Pem, error.offset(), error.to_string());
    match error {
        PemError::Unterminated { .. } => DecodeError::Truncated {
            format,
            offset,
            reason,
        },
        _ => DecodeError::Damaged {
            format,
            offset,
            reason,
        },
    }
}

/// A bundle has one. Ours, because each is held against every certificate.
const MAX_KEYS: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::{Content, Integrity};

    struct Made {
        certificate: Certificate,
        key_pem: String,
        issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
    }

    fn made(name: &str, issuer: Option<&Made>) -> Made {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut params = rcgen::CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        let certificate = match issuer {
            None => params.self_signed(&key),
            Some(issuer) => params.signed_by(&key, &issuer.issuer),
        }
        .unwrap();
        Made {
            certificate: Certificate::from_der(certificate.der().to_vec()),
            key_pem: key.serialize_pem(),
            issuer: rcgen::Issuer::new(params, key),
        }
    }

    fn shape(decoded: &Decoded) -> Vec<(&str, usize)> {
        let entries = decoded.keystore.entries().iter();
        entries
            .map(|entry| match &entry.content {
                Content::PrivateKey { chain, .. } => (entry.alias.as_str(), chain.len()),
                _ => (entry.alias.as_str(), 0),
            })
            .collect()
    }

    #[test]
    fn a_key_gets_its_chain_wherever_it_stands_and_the_rest_is_trusted() {
        let root = made("Root CA", None);
        let gateway = made("gw1.example.com", Some(&root));
        let other = made("Root CA!", None);
        let text = write_pem_certificates(&[
            root.certificate.clone(),
            other.certificate.clone(),
            gateway.certificate.clone(),
        ]) + &gateway.key_pem;
        let decoded = decode(text.replace('\n', "\r\n").as_bytes()).unwrap();
        assert_eq!(shape(&decoded), [("gw1.example.com", 2), ("root-ca", 0)]);
        assert_eq!(
            decoded.keystore.entries()[0].certificates(),
            [gateway.certificate, root.certificate]
        );
        assert_eq!(decoded.integrity, Integrity::Absent);
    }

    #[test]
    fn an_encrypted_key_stays_sealed_and_takes_the_certificate_behind_it() {
        let (a, b) = (made("a", None), made("b", None));
        let sealed = write_pem("ENCRYPTED PRIVATE KEY", b"sealed");
        let text = write_pem_certificates(&[a.certificate])
            + std::str::from_utf8(sealed.expose()).unwrap()
            + &write_pem_certificates(&[b.certificate]);
        let decoded = decode(text.as_bytes()).unwrap();
        assert_eq!(shape(&decoded), [("b", 1), ("a", 0)]);
    }

    #[test]
    fn aliases_are_unique_readable_and_found_by_java() {
        let (a, b) = (
            made("Example  Root/CA (2)", None),
            made("example root ca 2", None),
        );
        let text = write_pem_certificates(&[
            a.certificate.clone(),
            b.certificate,
            a.certificate,
            Certificate::from_der(vec![1, 2, 3]),
        ]);
        let decoded = decode(text.as_bytes()).unwrap();
        assert_eq!(
            shape(&decoded),
            [
                ("example-root-ca-2", 0),
                ("example-root-ca-2-2", 0),
                ("example-root-ca-2-3", 0),
                ("certificate", 0)
            ]
        );
        let entries = decoded.keystore.entries().iter();
        assert!(
            entries
                .into_iter()
                .all(|entry| entry.alias.is_found_by_java())
        );
    }

    #[test]
    fn the_trust_settings_of_openssl_are_dropped() {
        let made = made("a", None);
        let der = [made.certificate.der().as_ref(), &[0x30, 0]].concat();
        let text = write_pem("TRUSTED CERTIFICATE", &der);
        let read = read_pem_certificates(text.expose()).unwrap();
        assert_eq!(read, [made.certificate]);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let error = |text: &str| decode(text.as_bytes()).unwrap_err();
        assert!(matches!(
            error("x\n-----BEGIN CERTIFICATE-----\nAAAA\n"),
            DecodeError::Truncated { offset: 2, .. }
        ));
        assert!(matches!(
            error("-----BEGIN CERTIFICATE-----\nA*AA\n-----END CERTIFICATE-----"),
            DecodeError::Damaged { .. }
        ));
        assert!(matches!(
            error("-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----"),
            DecodeError::Damaged { .. }
        ));
        assert!(matches!(
            error(
                "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: DES-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----"
            ),
            DecodeError::UnsupportedAlgorithm { .. }
        ));
    }
}
