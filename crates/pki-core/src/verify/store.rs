//! What is wrong with one store, whoever has it.

use time::OffsetDateTime;

use super::{ProblemKind, Severity};
use crate::{
    keystore::Keystore, observe::KeyState, topology::Span, wso2::known_certificate,
    x509::Certificate,
};

/// Keys that everybody owns, and trust in them, with their aliases: all of them errors.
pub(super) fn defaults(store: &Keystore) -> Vec<(String, ProblemKind)> {
    let keys = store.private_keys().filter_map(|(entry, chain)| {
        let known = chain.first().and_then(known_certificate)?;
        let (id, shipped_in) = (known.id, known.shipped_in);
        Some((entry, ProblemKind::DefaultKey { id, shipped_in }))
    });
    let trusted = store.trusted().filter_map(|(entry, certificate)| {
        let known = known_certificate(certificate)?;
        let (id, shipped_in) = (known.id, known.shipped_in);
        Some((entry, ProblemKind::DefaultTrust { id, shipped_in }))
    });
    keys.chain(trusted)
        .map(|(entry, kind)| (entry.alias.to_string(), kind))
        .collect()
}

/// The certificate of the key under an alias, found as Java finds it.
pub(super) fn key<'a>(store: &'a Keystore, alias: &str) -> Result<&'a Certificate, ProblemKind> {
    let certificate = store.chain(alias).and_then(|chain| chain.first());
    certificate.ok_or_else(|| ProblemKind::KeyMissing {
        found: aliases_of_keys(store),
    })
}

/// What became of the key when the store's password was tried on it.
pub(super) fn opened(state: Option<&KeyState>) -> Option<ProblemKind> {
    match state {
        Some(KeyState::Sealed(reason)) => Some(ProblemKind::KeyDoesNotOpen(reason.clone())),
        Some(KeyState::Mismatch) => Some(ProblemKind::KeyMismatch),
        _ => None,
    }
}

/// More than one private key where the product's listeners take any.
pub(super) fn several_keys(store: &Keystore) -> Option<ProblemKind> {
    let found = aliases_of_keys(store);
    (found.len() > 1).then_some(ProblemKind::SeveralKeys { found })
}

/// Whether a truststore holds the primary's certificate under an alias.
pub(super) fn holds_primary(
    store: &Keystore,
    alias: &str,
    primary: &Certificate,
) -> Option<ProblemKind> {
    let there = store
        .get(alias)
        .and_then(|entry| entry.certificates().first());
    match there {
        None => Some(ProblemKind::AnchorMissing {
            expected: "the primary's certificate".to_owned(),
        }),
        Some(found) if found != primary => Some(ProblemKind::PrimaryStale {
            expected: primary.fingerprint(),
            found: found.fingerprint(),
        }),
        Some(_) => None,
    }
}

/// The end of a certificate, and what is wrong with it at a moment.
pub(super) fn validity(
    certificate: &Certificate,
    now: OffsetDateTime,
    renew_before: Option<Span>,
) -> (Option<OffsetDateTime>, Vec<(Severity, ProblemKind)>) {
    let mut problems = Vec::new();
    let view = match certificate.view() {
        Ok(view) => view,
        Err(malformed) => {
            let kind = ProblemKind::CertificateMalformed(malformed.clone());
            return (None, vec![(Severity::Error, kind)]);
        }
    };
    let (not_before, not_after) = (view.not_before, view.not_after);
    if not_after < now {
        problems.push((Severity::Error, ProblemKind::Expired { not_after }));
    } else if renew_before.is_some_and(|span| span.after(now) > not_after) {
        problems.push((Severity::Warning, ProblemKind::Expiring { not_after }));
    }
    if now < not_before {
        problems.push((Severity::Error, ProblemKind::NotYetValid { not_before }));
    }
    (Some(not_after), problems)
}

fn aliases_of_keys(store: &Keystore) -> Vec<String> {
    let keys = store.private_keys();
    keys.map(|(entry, _)| entry.alias.to_string()).collect()
}
