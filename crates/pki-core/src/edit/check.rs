use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    Fault, Finding, Pool, Root, Severity, arrange, chain::Arranged, repair::sealing,
    visible::found_as,
};
use crate::{
    key::KeyMatch,
    keystore::{Alias, Content, Decoded, Entry, Format, Keystore, SealedKey},
    secret::Password,
    x509::Certificate,
};

/// Holds a store against what Java will see in it. Findings are in the order of the entries, those about
/// the whole store last; none if all is well.
///
/// `store_password` is what the file was read with; without it no key is opened. `key_passwords` are tried
/// on keys that it does not open.
pub fn check(
    decoded: &Decoded,
    store_password: Option<&Password>,
    key_passwords: &[Password],
    now: OffsetDateTime,
) -> Vec<Finding> {
    let store = &decoded.keystore;
    let names = Names::of(store);
    let pool = own_pool(store);
    let mut findings = Findings::default();
    let mut keys = 0;
    for entry in store.entries() {
        findings.alias = Some(entry.alias.clone());
        alias(decoded.format, entry, &names, &mut findings);
        certificates(entry, now, &mut findings);
        match &entry.content {
            Content::PrivateKey { key, chain } => {
                keys += 1;
                let found = private_key(
                    decoded.format,
                    key,
                    chain,
                    store_password,
                    key_passwords,
                    &mut findings,
                );
                let head = found.or(chain.first());
                if let Some(head) = head {
                    let arranged = arranged(head, chain, &pool);
                    judge_chain(chain, arranged, &mut findings);
                }
            }
            Content::TrustedCertificate {
                java_visible: false,
                ..
            } => findings.add(Severity::Error, Fault::NotVisible, true),
            _ => {}
        }
    }
    findings.alias = None;
    if keys > 1 {
        findings.add(Severity::Info, Fault::SeveralKeys { keys }, false);
    }
    findings.found
}

/// The certificates of a store among which its chains find what they lack; empty without keys, so that
/// no certificate of a truststore is read for it.
pub(super) fn own_pool(store: &Keystore) -> Pool {
    let entries = store.entries();
    let key = |entry: &Entry| matches!(entry.content, Content::PrivateKey { .. });
    match entries.iter().any(key) {
        true => Pool::new(entries.iter().flat_map(Entry::certificates)),
        false => Pool::default(),
    }
}

/// The chain as it should be: a root that is elsewhere in the store does not have to be in it.
pub(super) fn arranged(head: &Certificate, chain: &[Certificate], pool: &Pool) -> Arranged {
    arrange(head, chain, pool, Root::AsGiven)
}

/// How many entries share a lookup form, and how many a place in Java's map.
pub(super) struct Names {
    by_lookup: HashMap<String, usize>,
}

impl Names {
    pub(super) fn of(store: &Keystore) -> Self {
        let mut by_lookup = HashMap::with_capacity(store.entries().len());
        for entry in store.entries() {
            *by_lookup.entry(entry.alias.lookup()).or_default() += 1;
        }
        Self { by_lookup }
    }

    /// How many entries Java takes for one with this.
    pub(super) fn namesakes(&self, alias: &Alias) -> usize {
        self.by_lookup.get(&alias.lookup()).copied().unwrap_or(0)
    }
}

/// Entries whose private key everybody has, as far as `known` can tell of a certificate: the key's short
/// name and who shipped it.
pub fn check_published(
    store: &Keystore,
    known: impl Fn(&Certificate) -> Option<(&'static str, &'static str)>,
) -> Vec<Finding> {
    let mut findings = Findings::default();
    for entry in store.entries() {
        findings.alias = Some(entry.alias.clone());
        if let Some((id, shipped_in)) = entry.certificates().first().and_then(&known) {
            findings.add(Severity::Error, Fault::KnownKey { id, shipped_in }, false);
        }
    }
    findings.found
}

#[derive(Default)]
struct Findings {
    alias: Option<Alias>,
    found: Vec<Finding>,
}

impl Findings {
    fn add(&mut self, severity: Severity, fault: Fault, repairable: bool) {
        self.found.push(Finding {
            alias: self.alias.clone(),
            severity,
            fault,
            repairable,
        });
    }
}

fn alias(format: Format, entry: &Entry, names: &Names, findings: &mut Findings) {
    let entries = names.namesakes(&entry.alias);
    if entries > 1 {
        findings.add(Severity::Error, Fault::AliasClash { entries }, false);
    }
    let lookup = entry.alias.lookup();
    if entry.alias.as_str() != lookup {
        // Java's PKCS #12 reader lowers what it reads.
        let severity = match found_as(format, entry) == lookup {
            true => Severity::Info,
            false => Severity::Error,
        };
        findings.add(severity, Fault::AliasSpelling, entries == 1);
    }
    if lookup.is_empty() || entry.alias.to_string() != entry.alias.as_str() {
        findings.add(Severity::Warning, Fault::AliasHidden, false);
    }
}

fn certificates(entry: &Entry, now: OffsetDateTime, findings: &mut Findings) {
    for (at, certificate) in entry.certificates().iter().enumerate() {
        match certificate.view() {
            Err(malformed) => {
                let reason = malformed.to_string();
                findings.add(Severity::Error, Fault::Damaged { at, reason }, false);
            }
            Ok(view) if now > view.not_after => {
                let not_after = view.not_after;
                let severity = match (&entry.content, at) {
                    (Content::PrivateKey { .. }, _) => Severity::Error,
                    _ => Severity::Warning,
                };
                findings.add(severity, Fault::Expired { at, not_after }, false);
            }
            Ok(view) if now < view.not_before => {
                let not_before = view.not_before;
                findings.add(
                    Severity::Warning,
                    Fault::NotYetValid { at, not_before },
                    false,
                );
            }
            Ok(_) => {}
        }
    }
}

/// Judges a key, and gives the certificate over it, if that is not the chain's first.
fn private_key<'c>(
    format: Format,
    key: &SealedKey,
    chain: &'c [Certificate],
    store_password: Option<&Password>,
    key_passwords: &[Password],
    findings: &mut Findings,
) -> Option<&'c Certificate> {
    if chain.is_empty() {
        findings.add(Severity::Error, Fault::NoChain, false);
    }
    if key.is_unprotected() {
        // Java shows no entry for an open key of a PKCS #12.
        let severity = match format {
            Format::Pkcs12 => Severity::Error,
            _ => Severity::Warning,
        };
        let repairable = sealing(format, key, store_password).is_some();
        findings.add(severity, Fault::Unprotected, repairable);
    }
    let none = Password::default();
    let password = match key.is_unprotected() {
        true => &none,
        false => store_password?,
    };
    let mut opened = key.open(password);
    if opened.is_err() {
        let other = key_passwords.iter().find_map(|other| key.open(other).ok());
        if let Some(key) = other {
            findings.add(Severity::Error, Fault::KeyPassword, false);
            opened = Ok(key);
        }
    }
    let opened = match opened {
        Ok(opened) => opened,
        Err(reason) => {
            findings.add(Severity::Error, Fault::KeySealed { reason }, false);
            return None;
        }
    };
    if opened.matches(chain.first()?) != KeyMatch::No {
        return None;
    }
    let own = chain
        .iter()
        .find(|found| opened.matches(found) == KeyMatch::Yes);
    if own.is_none() {
        findings.add(Severity::Error, Fault::KeyMismatch, false);
    }
    own
}

fn judge_chain(chain: &[Certificate], arranged: Arranged, findings: &mut Findings) {
    if arranged.reordered {
        findings.add(Severity::Error, Fault::ChainOrder, true);
    }
    // What cannot be read was said already.
    let mut certificates = arranged.left_out;
    certificates.retain(|found| found.view().is_ok() && chain.first() != Some(found));
    if !certificates.is_empty() {
        findings.add(
            Severity::Warning,
            Fault::ChainForeign { certificates },
            false,
        );
    }
    let found = arranged.completed_with;
    let last = chain.last().and_then(|last| last.view().ok());
    match (arranged.missing, last) {
        (Some(issuer), _) => {
            let repairable = !found.is_empty();
            let fault = Fault::ChainIncomplete { issuer, found };
            findings.add(Severity::Warning, fault, repairable);
        }
        (None, Some(last)) if !found.is_empty() => {
            let issuer = last.issuer.clone();
            let fault = Fault::ChainIncomplete { issuer, found };
            findings.add(Severity::Warning, fault, true);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::{
            Edited, Event, Repair, What, repair,
            testing::{Made, made, made_between, store_of},
        },
        key::SystemRandom,
        keystore::{Encoding, UnsealError},
    };

    fn jks(store: Keystore) -> Decoded {
        let password = Password::new("changeit");
        let empty = Keystore::new();
        let bytes = empty
            .encode(Encoding::Jks, &password, &mut SystemRandom)
            .unwrap();
        let mut decoded = Keystore::decode(bytes.expose(), &password).unwrap();
        decoded.keystore = store;
        decoded
    }

    fn faults(decoded: &Decoded) -> Vec<(String, Fault, bool)> {
        let password = Password::new("changeit");
        let others = [Password::new("other")];
        // 2024-01-01T00:00:00Z
        let now = OffsetDateTime::from_unix_timestamp(1_704_067_200).unwrap();
        let found = check(decoded, Some(&password), &others, now).into_iter();
        let shown =
            |alias: Option<Alias>| alias.map_or_else(String::new, |a| a.as_str().to_owned());
        found
            .map(|found| (shown(found.alias), found.fault, found.repairable))
            .collect()
    }

    fn mended(decoded: &Decoded) -> Edited {
        let password = Password::new("changeit");
        let how = Repair {
            passwords: std::slice::from_ref(&password),
            store_password: Some(&password),
            encoding: decoded.encoding.unwrap_or(Encoding::Jks),
        };
        repair(decoded, &how, &mut SystemRandom).unwrap()
    }

    fn with_chain(own: &Made, alias: &str, chain: &[&Made]) -> Entry {
        let mut entry = own.entry(alias, "changeit");
        if let Content::PrivateKey { chain: had, .. } = &mut entry.content {
            *had = chain.iter().map(|made| made.certificate.clone()).collect();
        }
        entry
    }

    #[test]
    fn a_store_as_it_should_be_has_no_findings() {
        let root = made("root", None);
        let leaf = made("leaf", Some(&root));
        let store = store_of([
            with_chain(&leaf, "k", &[&leaf, &root]),
            Entry::trusted("root", root.certificate.clone()),
        ]);
        assert_eq!(faults(&jks(store)), []);
        // The root may be left out.
        let store = store_of([
            with_chain(&leaf, "k", &[&leaf]),
            Entry::trusted("root", root.certificate.clone()),
        ]);
        assert_eq!(faults(&jks(store)), []);
    }

    #[test]
    fn chains_are_judged_and_mended() {
        let root = made("root", None);
        let middle = made("middle", Some(&root));
        let leaf = made("leaf", Some(&middle));
        let other = made("other", None);
        let store = store_of([
            with_chain(&leaf, "order", &[&root, &middle, &leaf]),
            with_chain(&leaf, "short", &[&leaf]),
            with_chain(&leaf, "foreign", &[&leaf, &middle, &other, &root]),
            with_chain(&leaf, "wrong", &[&other]),
        ]);
        let issuer = leaf.certificate.view().unwrap().issuer.clone();
        let found = vec![middle.certificate.clone()];
        let certificates = vec![other.certificate.clone()];
        let expected = |repaired: bool| {
            let mut all = vec![
                ("order".to_owned(), Fault::ChainOrder, true),
                (
                    "short".to_owned(),
                    Fault::ChainIncomplete {
                        issuer: issuer.clone(),
                        found: found.clone(),
                    },
                    true,
                ),
                (
                    "foreign".to_owned(),
                    Fault::ChainForeign {
                        certificates: certificates.clone(),
                    },
                    false,
                ),
                ("wrong".to_owned(), Fault::KeyMismatch, false),
                (String::new(), Fault::SeveralKeys { keys: 4 }, false),
            ];
            all.retain(|(_, _, repairable)| !repaired || !repairable);
            all
        };
        let mut decoded = jks(store);
        assert_eq!(faults(&decoded), expected(false));
        decoded.keystore = mended(&decoded).keystore;
        assert_eq!(faults(&decoded), expected(true));
        assert!(mended(&decoded).change.is_empty());
    }

    #[test]
    fn aliases_and_visibility_are_judged_and_mended_where_nothing_clashes() {
        let ca = made("ca", None).certificate;
        let mut hidden = Entry::trusted("hidden", ca.clone());
        if let Content::TrustedCertificate { java_visible, .. } = &mut hidden.content {
            *java_visible = false;
        }
        let store = store_of([
            Entry::trusted("Mixed", ca.clone()),
            Entry::trusted("twice", ca.clone()),
            Entry::trusted("Twice", ca.clone()),
            Entry::trusted("bad\u{202e}", ca.clone()),
            hidden,
        ]);
        let clash = Fault::AliasClash { entries: 2 };
        let mut decoded = jks(store);
        assert_eq!(
            faults(&decoded),
            [
                ("Mixed".to_owned(), Fault::AliasSpelling, true),
                ("twice".to_owned(), clash.clone(), false),
                ("Twice".to_owned(), clash.clone(), false),
                ("Twice".to_owned(), Fault::AliasSpelling, false),
                ("bad\u{202e}".to_owned(), Fault::AliasHidden, false),
                ("hidden".to_owned(), Fault::NotVisible, true),
            ]
        );
        decoded.keystore = mended(&decoded).keystore;
        assert!(
            faults(&decoded)
                .iter()
                .all(|(_, _, repairable)| !repairable)
        );
        assert!(decoded.keystore.entries()[0].alias.is_found_by_java());
    }

    #[test]
    fn an_open_key_of_a_pkcs12_is_nothing_that_java_shows_and_a_password_seals_it() {
        let made = made("a", None);
        let key = crate::key::read_private_key(made.key_pem.as_bytes(), None).unwrap();
        let open = Entry::private_key(
            "a",
            SealedKey::unprotected(key),
            vec![made.certificate.clone()],
        );
        let mut decoded = jks(Keystore::new());
        decoded.keystore.push(open);
        decoded.format = Format::Pkcs12;
        let now = OffsetDateTime::UNIX_EPOCH;
        let found = check(&decoded, None, &[], now);
        assert!(found.iter().any(|found| {
            found.fault == Fault::Unprotected && found.severity == Severity::Error
        }));
        assert!(!crate::edit::summary(&decoded, &[], now).entries[0].java_visible);
        assert!(!found.iter().any(|found| found.repairable));
        assert_eq!(
            faults(&decoded),
            [("a".to_owned(), Fault::Unprotected, true)]
        );
        let sealed = mended(&decoded);
        assert!(matches!(
            sealed.change.events.as_slice(),
            [Event {
                what: What::KeySealed { .. },
                ..
            }]
        ));
        decoded.keystore = sealed.keystore;
        assert_eq!(faults(&decoded), []);
    }

    #[test]
    fn keys_and_dates_are_judged() {
        let (own, old) = (made("own", None), made_between("old", 2000, 2020));
        let not_after = old.certificate.view().unwrap().not_after;
        let noise = Certificate::from_der(vec![1]);
        let store = store_of([
            own.entry("other", "other"),
            own.entry("sealed", "unknown"),
            with_chain(&own, "bare", &[]),
            old.entry("old", "changeit"),
            Entry::trusted("noise", noise.clone()),
        ]);
        let reason = noise.view().unwrap_err().to_string();
        let sealed = UnsealError::WrongPassword;
        assert_eq!(
            faults(&jks(store)),
            [
                ("other".to_owned(), Fault::KeyPassword, false),
                (
                    "sealed".to_owned(),
                    Fault::KeySealed { reason: sealed },
                    false
                ),
                ("bare".to_owned(), Fault::NoChain, false),
                ("old".to_owned(), Fault::Expired { at: 0, not_after }, false),
                ("noise".to_owned(), Fault::Damaged { at: 0, reason }, false),
                (String::new(), Fault::SeveralKeys { keys: 4 }, false),
            ]
        );
    }
}
