use time::{Duration, OffsetDateTime};

use super::{Authority, Draft, Note, Reason, Refusal};
use crate::{
    disk::RelPath,
    issue::{Profile, Subject, SubjectError},
    key::KeyAlgorithm,
    topology::{Span, Topology},
    x509::{DistinguishedName, ExtendedKeyUsage, GeneralName, PublicKeyAlgorithm, View},
};

/// A certificate that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct CertificateSpec {
    /// What it is for.
    pub(crate) profile: Profile,
    /// Its subject.
    pub(crate) subject: DistinguishedName,
    /// Its subjectAltNames.
    pub(crate) names: Vec<GeneralName>,
    /// Its key's algorithm.
    pub(crate) key: KeyAlgorithm,
    /// Where its key comes from.
    pub(crate) key_origin: KeyOrigin,
    /// First moment of validity.
    pub(crate) not_before: OffsetDateTime,
    /// Last moment of validity.
    pub(crate) not_after: OffsetDateTime,
    /// Whether its own key signs it.
    pub(crate) self_signed: bool,
    /// For progress and errors: whose it is.
    pub(crate) label: String,
}

/// Where the key of a new certificate comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeyOrigin {
    /// The store, or the PEM file, that holds the key of the old certificate: `keep_key`.
    Kept(RelPath),
    /// It is made.
    New,
}

/// When a certificate of this validity ends if it is signed now: with its issuer at the latest. True if
/// it was cut.
pub(crate) fn signing_end(
    now: OffsetDateTime,
    validity: Span,
    authority: &Authority,
) -> (OffsetDateTime, bool) {
    let wanted = validity.after(now);
    let issuer_end = match authority {
        Authority::New { not_after } => *not_after,
        Authority::Known(chain) => chain
            .iter()
            .filter_map(|certificate| Some(certificate.view().ok()?.not_after))
            .min()
            .unwrap_or(wanted),
        Authority::SelfSigned => wanted,
    };
    (wanted.min(issuer_end), issuer_end < wanted)
}

/// One hour back, so that a machine whose clock is a little slow accepts it too.
pub(super) fn not_before(now: OffsetDateTime) -> OffsetDateTime {
    whole_seconds(now - Duration::HOUR)
}

pub(super) fn whole_seconds(at: OffsetDateTime) -> OffsetDateTime {
    at.replace_nanosecond(0).unwrap_or(at)
}

/// The topology's subject with a common name.
pub(super) fn subject(
    topology: &Topology,
    common_name: &str,
) -> Result<DistinguishedName, SubjectError> {
    let parts = &topology.subject;
    Subject {
        common_name: Some(common_name),
        organization: parts.organization.as_deref(),
        organizational_unit: parts.organizational_unit.as_deref(),
        locality: parts.locality.as_deref(),
        state: parts.state.as_deref(),
        country: parts.country.as_deref(),
    }
    .to_name()
}

/// A common name that no other deployment has: the domain and what it is. RFC 5280 appendix A.1 bounds
/// it to 64 characters; a longer domain loses its front, never the word.
pub(super) fn common_name(topology: &Topology, what: &str) -> String {
    let text = format!("{} {what}", topology.domain);
    let over = text.chars().count().saturating_sub(UB_COMMON_NAME);
    text.chars().skip(over).collect()
}

/// RFC 5280 appendix A.1, ub-common-name.
const UB_COMMON_NAME: usize = 64;

/// Why a certificate that is there is not the one that is wanted; empty if it is.
///
/// Its end is looked at last: a certificate is made anew for its age only where a new one would live
/// longer, so that one that was cut to its issuer's end is left in peace.
pub(super) fn differences(
    view: &View,
    spec: &CertificateSpec,
    authority: &Authority,
    renew_before: Span,
    now: OffsetDateTime,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    if view.subject != spec.subject {
        let found = view.subject.to_string();
        reasons.push(Reason::SubjectChanged { found });
    }
    if !same_key_algorithm(&view.public_key, spec.key) {
        let found = view.public_key.to_string();
        reasons.push(Reason::KeyChanged { found });
    }
    let without = |these: &[GeneralName], those: &[GeneralName]| -> Vec<String> {
        these
            .iter()
            .filter(|name| !those.contains(name))
            .map(ToString::to_string)
            .collect()
    };
    let missing = without(&spec.names, view.names());
    let extra = without(view.names(), &spec.names);
    if !missing.is_empty() || !extra.is_empty() {
        reasons.push(Reason::NamesChanged { missing, extra });
    }
    if let Profile::Tls { client_auth } = spec.profile {
        let found = view
            .extended_key_usage
            .as_ref()
            .is_some_and(|usage| usage.allows(ExtendedKeyUsage::CLIENT_AUTH));
        if found != client_auth {
            reasons.push(Reason::ClientAuthChanged);
        }
    }
    let issued_by_authority = match authority {
        Authority::New { .. } => false,
        Authority::SelfSigned => view.subject == view.issuer,
        Authority::Known(chain) => chain
            .first()
            .and_then(|certificate| certificate.view().ok())
            .is_some_and(|issuer| {
                view.issuer == issuer.subject
                    && (view.authority_key_id.is_none()
                        || issuer.subject_key_id.is_none()
                        || view.authority_key_id == issuer.subject_key_id)
            }),
    };
    if !issued_by_authority {
        reasons.push(Reason::IssuerChanged);
    }
    let lives_longer = spec.not_after > view.not_after;
    if view.not_after < now {
        reasons.push(Reason::Expired(view.not_after));
    } else if lives_longer && renew_before.after(now) > view.not_after {
        reasons.push(Reason::Expiring(view.not_after));
    }
    reasons
}

pub(super) fn same_key_algorithm(found: &PublicKeyAlgorithm, wanted: KeyAlgorithm) -> bool {
    match found {
        PublicKeyAlgorithm::Rsa(bits) => wanted.is_rsa() && *bits == wanted.bits(),
        PublicKeyAlgorithm::Ec(_, bits) => !wanted.is_rsa() && *bits == wanted.bits(),
        _ => false,
    }
}

/// Notes that a certificate was cut.
pub(super) fn note_cut(draft: &mut Draft<'_>, name: &str, not_after: OffsetDateTime) {
    let name = name.to_owned();
    draft.notes.push(Note::CutToIssuer { name, not_after });
}

/// Notes names that a constrained CA may not certify.
pub(super) fn note_not_permitted(
    draft: &mut Draft<'_>,
    spec: &CertificateSpec,
    authority: &Authority,
) {
    let Authority::Known(chain) = authority else {
        return;
    };
    for issuer in chain.iter().filter_map(|issuer| issuer.view().ok()) {
        let Some(constraints) = &issuer.name_constraints else {
            continue;
        };
        for name in spec.names.iter().filter(|name| !constraints.permits(name)) {
            draft.notes.push(Note::NameNotPermitted {
                owner: spec.label.clone(),
                name: name.to_string(),
            });
        }
    }
}

/// Whether the CA can still issue.
pub(super) fn check_alive(draft: &Draft<'_>, authority: &Authority) -> Result<(), Refusal> {
    let Authority::Known(chain) = authority else {
        return Ok(());
    };
    for view in chain.iter().filter_map(|issuer| issuer.view().ok()) {
        if view.not_after < draft.now {
            return Err(Refusal::AuthorityExpired {
                subject: view.subject.to_string(),
                not_after: view.not_after.date(),
            });
        }
    }
    Ok(())
}
