//! What a client says that knows only the rules of today: browsers, OpenSSL's and Rust's programs,
//! balancers. webpki stands for them all; it is stricter than Java in most, and laxer in key usage.

use std::time::Duration;

use rustls_pki_types::{CertificateDer, ServerName as AskedName, TrustAnchor, UnixTime};
use time::OffsetDateTime;
use webpki::{EndEntityCert, Error, KeyUsage};

use super::{Anchors, ServerName};
use crate::x509::Certificate;

/// Why a client of today does not take a chain. It stops at the first reason; the name is looked at apart.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModernProblem {
    /// A CA's certificate presented as a server's.
    #[error("a CA's certificate is no server's")]
    CaAsServer,
    /// A certificate of the chain is over.
    #[error("a certificate has expired")]
    Expired,
    /// The server's certificate may not be a server's.
    #[error("the extended key usage lacks serverAuth")]
    ExtendedKeyUsage,
    /// It cannot be read, or breaks a rule that has no name here.
    #[error("the certificate is not acceptable: {reason}")]
    NotAcceptable {
        /// The rule.
        reason: String,
    },
    /// The certificate does not have the name in a subjectAltName; the common name does not count.
    #[error("no subjectAltName is {name}")]
    Name {
        /// What was asked for.
        name: ServerName,
    },
    /// It begins later.
    #[error("a certificate is not valid yet")]
    NotYetValid,
    /// The signature is wrong, or by a key that is too small.
    #[error("a signature is wrong, or by a key under 2048 bits")]
    Signature,
    /// An algorithm of another age: SHA-1, odd parameters of PSS.
    #[error("a signature algorithm is not taken any more")]
    SignatureAlgorithm,
    /// No path to an anchor.
    #[error("no path leads to a trust anchor")]
    Untrusted,
    /// Version 1.
    #[error("a certificate is not of version 3")]
    Version,
}

/// Judges the chain that a server presents as a client of today does.
///
/// Without `anchors` trust is not judged: then the last certificate of a longer chain stands in for one.
pub fn modern(
    chain: &[Certificate],
    anchors: Option<&Anchors>,
    name: Option<&ServerName>,
    at: OffsetDateTime,
) -> Vec<ModernProblem> {
    let Some((first, rest)) = chain.split_first() else {
        return vec![ModernProblem::Untrusted];
    };
    let end_entity = match EndEntityCert::try_from(first.der()) {
        Ok(end_entity) => end_entity,
        Err(error) => return vec![problem(&error)],
    };
    let mut problems = Vec::new();
    match (anchors, rest.last()) {
        (None, None) => problems.extend(out_of_time(first, at)),
        (None, Some(last)) => {
            let anchors = trust_anchors([last]);
            problems.extend(path(&end_entity, rest, &anchors, at).err());
        }
        (Some(anchors), _) => {
            let anchors = trust_anchors(anchors.iter());
            problems.extend(path(&end_entity, rest, &anchors, at).err());
        }
    }
    if let Some(name) = name {
        let asked = AskedName::try_from(name.to_string());
        let covered = asked.is_ok_and(|asked| {
            let checked = end_entity.verify_is_valid_for_subject_name(&asked);
            checked.is_ok()
        });
        if !covered {
            let name = name.clone();
            problems.push(ModernProblem::Name { name });
        }
    }
    problems
}

fn path(
    end_entity: &EndEntityCert<'_>,
    others: &[Certificate],
    anchors: &[TrustAnchor<'_>],
    at: OffsetDateTime,
) -> Result<(), ModernProblem> {
    let others: Vec<CertificateDer<'_>> = others.iter().map(|it| it.der().clone()).collect();
    let seconds = u64::try_from(at.unix_timestamp()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    end_entity
        .verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            anchors,
            &others,
            time,
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(drop)
        .map_err(|error| problem(&error))
}

/// What cannot be an anchor is none.
fn trust_anchors<'a>(
    certificates: impl IntoIterator<Item = &'a Certificate>,
) -> Vec<TrustAnchor<'a>> {
    let anchors = certificates
        .into_iter()
        .filter_map(|it| webpki::anchor_from_trusted_cert(it.der()).ok());
    anchors.collect()
}

fn out_of_time(certificate: &Certificate, at: OffsetDateTime) -> Option<ModernProblem> {
    let view = certificate.view().ok()?;
    match (at < view.not_before, at > view.not_after) {
        (true, _) => Some(ModernProblem::NotYetValid),
        (_, true) => Some(ModernProblem::Expired),
        _ => None,
    }
}

fn problem(error: &Error) -> ModernProblem {
    match error {
        Error::CaUsedAsEndEntity => ModernProblem::CaAsServer,
        Error::CertExpired { .. } => ModernProblem::Expired,
        Error::CertNotValidYet { .. } => ModernProblem::NotYetValid,
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            ModernProblem::ExtendedKeyUsage
        }
        Error::InvalidSignatureForPublicKey => ModernProblem::Signature,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            ModernProblem::SignatureAlgorithm
        }
        Error::UnknownIssuer => ModernProblem::Untrusted,
        Error::UnsupportedCertVersion => ModernProblem::Version,
        other => ModernProblem::NotAcceptable {
            reason: format!("{other:?}"),
        },
    }
}
