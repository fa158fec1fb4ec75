use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::{
    CertificateError, DigitallySignedStruct, Error, SignatureScheme,
    client::{
        ResolvesClientCert,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use super::{ClientIdentity, KeyProof};
use crate::x509::{Certificate, DistinguishedName, PublicKeyAlgorithm};

/// Takes every certificate, and notes what it was shown.
#[derive(Debug)]
pub(super) struct Recorder {
    pub(super) provider: Arc<CryptoProvider>,
    identity: Option<Arc<CertifiedKey>>,
    seen: Mutex<Seen>,
}

/// What was shown.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) chain: Vec<Certificate>,
    pub(super) key: KeyProof,
    /// The server asked for a certificate.
    pub(super) asked: bool,
    pub(super) issuers: Vec<DistinguishedName>,
}

impl Recorder {
    pub(super) fn new(identity: Option<&ClientIdentity>) -> Self {
        Self {
            provider: Arc::new(aws_lc_rs::default_provider()),
            identity: identity.map(|identity| Arc::clone(&identity.certified)),
            seen: Mutex::new(Seen {
                chain: Vec::new(),
                key: KeyProof::Unknown,
                asked: false,
                issuers: Vec::new(),
            }),
        }
    }

    /// True if there is a certificate to show.
    pub(super) fn has_identity(&self) -> bool {
        self.identity.is_some()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Seen> {
        // What was noted is right even if another thread panicked.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes whether the server's signature is by its certificate's key, and goes on in any case.
    fn note(
        &self,
        checked: Result<HandshakeSignatureValid, Error>,
        certificate: &CertificateDer<'_>,
    ) -> HandshakeSignatureValid {
        self.lock().key = match checked {
            Ok(_) => KeyProof::Proven,
            Err(Error::InvalidCertificate(CertificateError::BadSignature))
                if is_checkable(certificate) =>
            {
                KeyProof::Wrong
            }
            Err(_) => KeyProof::Unknown,
        };
        HandshakeSignatureValid::assertion()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let presented = std::iter::once(end_entity).chain(intermediates);
        let presented = presented.map(|der| Certificate::from_der(der.clone().into_owned()));
        self.lock().chain = presented.collect();
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let checked = verify_tls12_signature(message, certificate, signed, algorithms);
        Ok(self.note(checked, certificate))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        let checked = verify_tls13_signature(message, certificate, signed, algorithms);
        Ok(self.note(checked, certificate))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

impl ResolvesClientCert for Recorder {
    fn resolve(&self, issuers: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        let mut seen = self.lock();
        seen.asked = true;
        seen.issuers = issuers
            .iter()
            .map(|der| DistinguishedName::from_der(*der))
            .collect();
        self.identity.clone()
    }

    fn has_certs(&self) -> bool {
        self.identity.is_some()
    }
}

/// True for a key whose signatures the provider checks: a bad one is bad then.
fn is_checkable(certificate: &CertificateDer<'_>) -> bool {
    let certificate = Certificate::from_der(certificate.clone().into_owned());
    certificate.view().is_ok_and(|view| match view.public_key {
        PublicKeyAlgorithm::Rsa(bits) => bits >= 2048,
        _ => true,
    })
}
