use time::OffsetDateTime;

use super::ServerName;
use crate::x509::{Certificate, DistinguishedName, KeyUsage, Malformed, moment};

/// Something that is wrong with a path, and the certificate that it is about.
///
/// `Display` names certificates by their subject.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// The anchor's validity is over, or has not begun: a warning, since Java does not look at it.
    #[error("the trust anchor {} is only valid from {} to {}", subject(.certificate), moment(*.not_before), moment(*.not_after))]
    AnchorNotValid {
        /// The anchor.
        certificate: Certificate,
        /// First moment.
        not_before: OffsetDateTime,
        /// Last moment.
        not_after: OffsetDateTime,
    },
    /// The issuer's key did not make the signature.
    #[error("the signature on {} was not made by {}", subject(.certificate), subject(.issuer))]
    BadSignature {
        /// Whose signature.
        certificate: Certificate,
        /// Who is named as issuer.
        issuer: Certificate,
    },
    /// A certificate of the chain cannot be read.
    #[error("certificate {at} of the chain: {malformed}")]
    Damaged {
        /// Its place in the chain, from 0.
        at: usize,
        /// Why.
        malformed: Malformed,
    },
    /// The chain has no certificate.
    #[error("the chain has no certificate")]
    Empty,
    /// It ended.
    #[error("{} expired at {}", subject(.certificate), moment(*.not_after))]
    Expired {
        /// Which certificate.
        certificate: Certificate,
        /// Its last moment.
        not_after: OffsetDateTime,
    },
    /// extKeyUsage is there and does not name the purpose.
    #[error("the extended key usage of {} lacks {purpose}", subject(.certificate))]
    ExtendedKeyUsage {
        /// Which certificate.
        certificate: Certificate,
        /// The purpose's dotted OID.
        purpose: &'static str,
        /// What is named instead, dotted OIDs.
        found: Vec<String>,
    },
    /// It issued a certificate and is no CA: basicConstraints does not say so, or is absent.
    #[error("{} issued a certificate, and is no CA", subject(.certificate))]
    IssuerNotCa {
        /// The issuer.
        certificate: Certificate,
    },
    /// keyUsage is there and does not allow what the key is used for.
    #[error("the key usage of {} lacks {}", subject(.certificate), usage(*.wanted))]
    KeyUsage {
        /// Which certificate.
        certificate: Certificate,
        /// Bits of [`KeyUsage`], one of which is needed.
        wanted: u16,
    },
    /// An intermediate restricts names, and a name of the end-entity certificate is outside.
    #[error("{} does not permit the name {name}", subject(.certificate))]
    NameNotPermitted {
        /// The intermediate.
        certificate: Certificate,
        /// The name.
        name: String,
    },
    /// The certificate is not about the server's name.
    #[error("{} is not about {name}", subject(.certificate))]
    NameMismatch {
        /// The end-entity certificate.
        certificate: Certificate,
        /// The name that was asked for.
        name: ServerName,
        /// The names of that kind that it has instead.
        candidates: Vec<String>,
    },
    /// A name that no Java client can ask for: an underscore, an empty label, one of over 63 octets.
    #[error("{name} is no host name that a Java client asks for")]
    NameRefused {
        /// The name that was asked for.
        name: ServerName,
    },
    /// No issuer was found for the last certificate of the path, and it is no anchor.
    #[error("no trust anchor: nobody called {issuer} is known, who issued {}", subject(.certificate))]
    NoAnchor {
        /// The last certificate that was reached.
        certificate: Certificate,
        /// Who is missing.
        issuer: DistinguishedName,
    },
    /// It has not begun.
    #[error("{} is not valid before {}", subject(.certificate), moment(*.not_before))]
    NotYetValid {
        /// Which certificate.
        certificate: Certificate,
        /// Its first moment.
        not_before: OffsetDateTime,
    },
    /// More intermediates follow than basicConstraints allows.
    #[error("{} allows {allowed} intermediates below it, and there are {found}", subject(.certificate))]
    PathLength {
        /// Which certificate.
        certificate: Certificate,
        /// Its pathLenConstraint.
        allowed: u32,
        /// How many there are, self-issued ones not counted.
        found: u32,
    },
    /// A key that Java 17 refuses (`jdk.certpath.disabledAlgorithms`): RSA and DSA under 1024 bits, EC
    /// under 224.
    #[error("the {key} key of {} is disabled", subject(.certificate))]
    RefusedKey {
        /// Whose.
        certificate: Certificate,
        /// Kind and bits.
        key: String,
    },
    /// A signature that Java 17 refuses: MD2, MD5.
    #[error("the signature algorithm {algorithm} on {} is disabled", subject(.certificate))]
    RefusedSignature {
        /// Whose.
        certificate: Certificate,
        /// Dotted OID.
        algorithm: String,
    },
    /// More certificates than a path may have.
    #[error("the path has more than {limit} certificates")]
    TooDeep {
        /// How many it may have.
        limit: usize,
    },
    /// A critical extension that nobody here understands.
    #[error("{} has the critical extension {oid}, which is unknown", subject(.certificate))]
    UnknownCritical {
        /// Which certificate.
        certificate: Certificate,
        /// Dotted OID.
        oid: String,
    },
    /// A signature that cannot be checked here.
    #[error("the signature algorithm {algorithm} on {} cannot be checked", subject(.certificate))]
    UnsupportedSignature {
        /// Whose.
        certificate: Certificate,
        /// Dotted OID.
        algorithm: String,
    },
    /// RSA under 2048 bits, or a refused key that is pinned: a warning.
    #[error("the {key} key of {} is weak", subject(.certificate))]
    WeakKey {
        /// Whose.
        certificate: Certificate,
        /// Kind and bits.
        key: String,
    },
    /// SHA-1: a warning, since Java takes it from a private CA.
    #[error("the signature on {} stands on SHA-1", subject(.certificate))]
    WeakSignature {
        /// Whose.
        certificate: Certificate,
    },
}

impl PathProblem {
    /// True for what a Java client does not mind.
    pub fn is_warning(&self) -> bool {
        matches!(
            self,
            Self::AnchorNotValid { .. } | Self::WeakKey { .. } | Self::WeakSignature { .. }
        )
    }

    /// The certificate that it is about, if it is about one that can be read.
    pub fn certificate(&self) -> Option<&Certificate> {
        match self {
            Self::AnchorNotValid { certificate, .. }
            | Self::BadSignature { certificate, .. }
            | Self::Expired { certificate, .. }
            | Self::ExtendedKeyUsage { certificate, .. }
            | Self::IssuerNotCa { certificate }
            | Self::KeyUsage { certificate, .. }
            | Self::NameMismatch { certificate, .. }
            | Self::NameNotPermitted { certificate, .. }
            | Self::NoAnchor { certificate, .. }
            | Self::NotYetValid { certificate, .. }
            | Self::PathLength { certificate, .. }
            | Self::RefusedKey { certificate, .. }
            | Self::RefusedSignature { certificate, .. }
            | Self::UnknownCritical { certificate, .. }
            | Self::UnsupportedSignature { certificate, .. }
            | Self::WeakKey { certificate, .. }
            | Self::WeakSignature { certificate } => Some(certificate),
            Self::Damaged { .. }
            | Self::Empty
            | Self::NameRefused { .. }
            | Self::TooDeep { .. } => None,
        }
    }
}

fn subject(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => view.subject.to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

fn usage(wanted: u16) -> String {
    let names: Vec<&str> = USAGES
        .iter()
        .filter(|(bit, _)| wanted & bit != 0)
        .map(|(_, name)| *name)
        .collect();
    names.join(" or ")
}

const USAGES: [(u16, &str); 4] = [
    (KeyUsage::DIGITAL_SIGNATURE, "digitalSignature"),
    (KeyUsage::KEY_ENCIPHERMENT, "keyEncipherment"),
    (KeyUsage::KEY_AGREEMENT, "keyAgreement"),
    (KeyUsage::KEY_CERT_SIGN, "keyCertSign"),
];
