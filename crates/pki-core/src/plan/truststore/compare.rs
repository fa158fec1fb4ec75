use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{TrustItem, TrustSource};
use crate::{
    keystore::{Content, Format},
    observe::OpenStore,
    plan::Draft,
    x509::Certificate,
};

/// Entries that were there keep their dates.
pub(super) fn keep_dates(previous: Option<&OpenStore>, items: &mut [TrustItem]) {
    let Some(previous) = previous else { return };
    let dates: BTreeMap<(String, crate::x509::Fingerprint), OffsetDateTime> = previous
        .trusted()
        .filter_map(|(entry, certificate)| {
            Some((
                (entry.alias.lookup(), certificate.fingerprint()),
                entry.created?,
            ))
        })
        .collect();
    for item in items.iter_mut().filter(|item| item.created.is_none()) {
        if let TrustSource::Known(certificate) = &item.source {
            let key = (item.alias.clone(), certificate.fingerprint());
            item.created = dates.get(&key).copied();
        }
    }
}

pub(super) fn is_wanted(store: &OpenStore, draft: &Draft<'_>, items: &[TrustItem]) -> bool {
    let settings = &draft.topology.stores.truststore;
    let entries = store.decoded.keystore.entries();
    // A PKCS #12 without entries says nothing of its profile, and there is none here.
    store.current
        && store.decoded.encoding == Some(settings.encoding)
        && entries.len() == items.len()
        && entries.iter().zip(items).all(|(entry, item)| {
            let visible = matches!(
                entry.content,
                Content::TrustedCertificate {
                    java_visible: true,
                    ..
                }
            );
            let certificate = entry.certificates().first();
            visible
                && entry.alias.as_str() == item.alias
                && match &item.source {
                    TrustSource::Known(wanted) => certificate == Some(wanted),
                    _ => false,
                }
                && (settings.encoding.format() != Format::Jks
                    || item.created.is_none()
                    || entry.created.map(millis) == item.created.map(millis))
        })
}

fn millis(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 1_000_000
}

/// What comes in and what goes out, against the truststore that is there.
pub(super) fn changes(previous: Option<&OpenStore>, items: &[TrustItem]) -> Vec<String> {
    let before: Vec<(String, &Certificate)> = previous
        .iter()
        .flat_map(|store| store.trusted())
        .map(|(entry, certificate)| (entry.alias.lookup(), certificate))
        .collect();
    let mut lines = Vec::new();
    for item in items {
        let there = before.iter().find(|(alias, _)| *alias == item.alias);
        let line = match (&item.source, there) {
            (TrustSource::Known(now), Some((_, before))) if now == *before => continue,
            (TrustSource::Known(_), None) if before.is_empty() && item.created.is_some() => {
                continue;
            }
            (_, Some(_)) => format!("changed: `{}`", item.alias),
            (_, None) => format!("in: `{}`", item.alias),
        };
        lines.push(line);
    }
    for (alias, _) in &before {
        if items.iter().all(|item| item.alias != *alias) {
            lines.push(format!("out: `{alias}`"));
        }
    }
    lines
}
