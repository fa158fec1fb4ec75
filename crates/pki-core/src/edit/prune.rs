use std::collections::{BTreeMap, HashMap};

use time::OffsetDateTime;

use super::{Change, Edited, Kind, Reason, What};
use crate::{
    keystore::{Alias, Content, Entry, Keystore},
    path,
    x509::{Certificate, Fingerprint, PublicKeyAlgorithm, View},
};

/// What is to go.
#[derive(Clone, Copy, Debug)]
pub struct PruneRules<'a> {
    /// Certificates whose validity is over.
    pub expired: bool,
    /// Certificates over short keys (RSA and DSA under 2048 bits, EC under 224), and certificates of
    /// issuers signed with MD2, MD5 or SHA-1. Of a self-signed one the signature does not matter.
    pub weak: bool,
    /// All but the first entry of a certificate.
    pub duplicates: bool,
    /// Certificates or keys, by the SHA-256 of the DER or of the SPKI, with what is said of them.
    pub denied: &'a BTreeMap<Fingerprint, String>,
    /// Private keys may go too, judged by their end-entity certificate. Otherwise they are spared, and
    /// that is said.
    pub private_keys: bool,
}

/// Takes out what is not wanted any more, and says of each entry why it went: all reasons, not the
/// first. What cannot be read stays.
pub fn prune(store: &Keystore, rules: &PruneRules<'_>, now: OffsetDateTime) -> Edited {
    let mut change = Change::default();
    let mut seen = HashMap::new();
    let mut keystore = Keystore::new();
    for entry in store.entries() {
        let reasons = reasons(entry, rules, now, &mut seen);
        let kind = Kind::of(entry);
        let spared = kind != Kind::TrustedCertificate && !rules.private_keys;
        if reasons.is_empty() {
            keystore.push(entry.clone());
        } else if spared {
            change.say(&entry.alias, What::Kept { reasons });
            keystore.push(entry.clone());
        } else {
            change.say(&entry.alias, What::Removed { kind, reasons });
        }
    }
    Edited { keystore, change }
}

fn reasons(
    entry: &Entry,
    rules: &PruneRules<'_>,
    now: OffsetDateTime,
    seen: &mut HashMap<Fingerprint, Alias>,
) -> Vec<Reason> {
    let mut reasons = Vec::new();
    let Some(certificate) = entry.certificates().first() else {
        return reasons;
    };
    let view = certificate.view().ok();
    reasons.extend(denied(certificate, view, rules.denied));
    if let Some(view) = view {
        if rules.expired && now > view.not_after {
            let not_after = view.not_after;
            reasons.push(Reason::Expired { not_after });
        }
        if rules.weak {
            reasons.extend(weaknesses(view));
        }
    }
    let visible = matches!(
        entry.content,
        Content::TrustedCertificate {
            java_visible: true,
            ..
        }
    );
    // One that goes is nobody's original.
    if rules.duplicates && visible && reasons.is_empty() {
        match seen.get(&certificate.fingerprint()) {
            Some(of) => reasons.push(Reason::Duplicate { of: of.clone() }),
            None => drop(seen.insert(certificate.fingerprint(), entry.alias.clone())),
        }
    }
    reasons
}

fn denied(
    certificate: &Certificate,
    view: Option<&View>,
    list: &BTreeMap<Fingerprint, String>,
) -> Option<Reason> {
    if list.is_empty() {
        return None;
    }
    let by_key = || list.get(&view?.spki_fingerprint());
    let label = list
        .get(&certificate.fingerprint())
        .or_else(by_key)?
        .clone();
    Some(Reason::Denied { label })
}

/// What is weak about a certificate: [`Reason::WeakKey`], [`Reason::WeakSignature`]. Of a self-signed one the
/// signature does not matter.
pub fn weaknesses(view: &View) -> Vec<Reason> {
    // SP 800-131A revision 2; what JDK 17 disables for EC (`jdk.certpath.disabledAlgorithms`). Zero:
    // unknown.
    let short = match &view.public_key {
        PublicKeyAlgorithm::Rsa(bits) | PublicKeyAlgorithm::Dsa(bits) => (1..2048).contains(bits),
        PublicKeyAlgorithm::Ec(_, bits) => (1..224).contains(bits),
        _ => false,
    };
    let key = short.then(|| Reason::WeakKey {
        key: view.public_key.to_string(),
    });
    let hash = path::weak_signature_hash(view).filter(|_| view.subject != view.issuer);
    let signature = hash.map(|hash| Reason::WeakSignature { hash });
    key.into_iter().chain(signature).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{made, made_between, store_of};

    fn now() -> OffsetDateTime {
        // 2024-01-01T00:00:00Z
        OffsetDateTime::from_unix_timestamp(1_704_067_200).unwrap()
    }

    fn rules(denied: &BTreeMap<Fingerprint, String>) -> PruneRules<'_> {
        PruneRules {
            expired: true,
            weak: true,
            duplicates: true,
            denied,
            private_keys: false,
        }
    }

    fn aliases(edited: &Edited) -> Vec<&str> {
        let entries = edited.keystore.entries().iter();
        entries.map(|entry| entry.alias.as_str()).collect()
    }

    #[test]
    fn each_entry_that_goes_says_why() {
        let (old, good, bad) = (
            made_between("old", 2000, 2020).certificate,
            made("good", None).certificate,
            made("bad", None).certificate,
        );
        let spki = bad.view().unwrap().spki_fingerprint();
        let denied = BTreeMap::from([(spki, "leaked in 2019".to_owned())]);
        let store = store_of([
            Entry::trusted("old", old.clone()),
            Entry::trusted("good", good.clone()),
            Entry::trusted("again", good),
            Entry::trusted("bad", bad),
            Entry::trusted("noise", Certificate::from_der(vec![1])),
        ]);
        let pruned = prune(&store, &rules(&denied), now());
        assert_eq!(aliases(&pruned), ["good", "noise"]);
        let reasons: Vec<_> = pruned
            .change
            .events
            .into_iter()
            .map(|event| event.what)
            .collect();
        let removed = |reason| What::Removed {
            kind: Kind::TrustedCertificate,
            reasons: vec![reason],
        };
        let not_after = old.view().unwrap().not_after;
        assert_eq!(
            reasons,
            [
                removed(Reason::Expired { not_after }),
                removed(Reason::Duplicate { of: "good".into() }),
                removed(Reason::Denied {
                    label: "leaked in 2019".to_owned()
                }),
            ]
        );
    }

    #[test]
    fn a_private_key_is_spared_unless_asked() {
        let store = store_of([made_between("old", 2000, 2020).entry("k", "x")]);
        let none = BTreeMap::new();
        let spared = prune(&store, &rules(&none), now());
        assert_eq!(spared.keystore, store);
        assert!(spared.change.is_empty());
        assert!(matches!(spared.change.events[0].what, What::Kept { .. }));
        let asked = PruneRules {
            private_keys: true,
            ..rules(&none)
        };
        assert!(prune(&store, &asked, now()).keystore.entries().is_empty());
    }
}
