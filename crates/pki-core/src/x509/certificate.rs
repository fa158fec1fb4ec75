use std::{
    fmt,
    hash::{Hash, Hasher},
    sync::{Arc, OnceLock},
};

use rustls_pki_types::CertificateDer;

use super::{Fingerprint, View, reader};

/// One certificate, as its bytes.
///
/// Cheap to clone. Holding one says nothing about it: a keystore may hold bytes that are no
/// certificate, and they are kept. Two are equal if their bytes are.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: CertificateDer<'static>,
    view: OnceLock<Result<View, Malformed>>,
    fingerprint: OnceLock<Fingerprint>,
}

impl Certificate {
    /// Takes over bytes that are, or should be, a DER certificate. Nothing is read yet.
    pub fn from_der(der: impl Into<CertificateDer<'static>>) -> Self {
        Self(Arc::new(Inner {
            der: der.into(),
            view: OnceLock::new(),
            fingerprint: OnceLock::new(),
        }))
    }

    /// The bytes.
    pub fn der(&self) -> &CertificateDer<'static> {
        &self.0.der
    }

    /// What the certificate says. Read once, when first asked for.
    ///
    /// # Errors
    ///
    /// [`Malformed`] if the bytes are no certificate that can be read.
    pub fn view(&self) -> Result<&View, &Malformed> {
        self.0
            .view
            .get_or_init(|| reader::read(&self.0.der))
            .as_ref()
    }

    /// SHA-256 of the DER.
    pub fn fingerprint(&self) -> Fingerprint {
        *self
            .0
            .fingerprint
            .get_or_init(|| Fingerprint::of(&self.0.der))
    }

    /// SHA-1 of the DER, as lists of the product and of browsers print it. Not for trust decisions.
    pub fn sha1(&self) -> [u8; 20] {
        let digest =
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY, &self.0.der);
        let mut out = [0; 20];
        out.copy_from_slice(digest.as_ref());
        out
    }

    /// True if issuer and subject are the same name. Says nothing about the signature.
    pub fn is_self_issued(&self) -> bool {
        self.view().is_ok_and(|view| view.subject == view.issuer)
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl Hash for Certificate {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.der.as_ref().hash(state);
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.view() {
            Ok(view) => write!(f, "Certificate({})", view.subject),
            Err(malformed) => write!(f, "Certificate({malformed})"),
        }
    }
}

/// Why bytes cannot be read as a certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a readable X.509 certificate ({length} bytes): {reason}")]
pub struct Malformed {
    /// How many bytes there were.
    pub length: usize,
    /// What the parser stumbled over.
    pub reason: String,
}
