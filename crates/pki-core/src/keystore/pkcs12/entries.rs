//! From bags to entries: which certificates are a key's chain, what the unnamed are called, in which
//! order they stand. The rules are those that Java's `PKCS12KeyStore` was seen to follow.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::bags::{Bag, Value};
use crate::{
    keystore::{Content, Entry},
    x509::{Certificate, DistinguishedName},
};

/// Makes entries of bags, in an order that gives the bags' order again when written.
///
/// A certificate that is part of a key's chain is no entry of its own, unless Java's attribute makes it
/// a trusted one; any other certificate without that attribute is an entry that Java does not show.
pub(super) fn of(bags: Vec<Bag>) -> Vec<Entry> {
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    for bag in bags {
        match bag.value {
            Value::Certificate(ref der) => {
                let certificate = Certificate::from_der(der.clone());
                certificates.push((certificate, bag));
            }
            Value::Key(_) | Value::Secret(_) => keys.push(bag),
        }
    }

    let mut names = Names::default();
    let index = Index::of(&certificates, &keys);
    let mut in_chains = HashSet::new();
    let mut heads = HashMap::new();
    let mut key_entries = Vec::with_capacity(keys.len());
    for (at, bag) in keys.into_iter().enumerate() {
        let head = index.head(&bag);
        let alias = names.alias(bag.friendly_name);
        let mut attributes = bag.attributes;
        let created = bag.local_key_id.as_deref().and_then(time_of);
        let content = match bag.value {
            Value::Secret(sealed) => Content::SecretKey { sealed },
            Value::Key(key) => {
                let chain = index.chain(head);
                in_chains.extend(chain.iter().map(Certificate::fingerprint));
                if let Some(head) = head {
                    heads.entry(head).or_insert(at);
                    let more = &certificates[head].1.attributes;
                    attributes.extend(
                        more.iter()
                            .filter(|a| !attributes.contains(a))
                            .cloned()
                            .collect::<Vec<_>>(),
                    );
                }
                Content::PrivateKey { key, chain }
            }
            // Sorted out above.
            Value::Certificate(_) => continue,
        };
        let mut entry = Entry::of(alias, content).created(created);
        entry.attributes = attributes;
        key_entries.push(entry);
    }

    // Java writes the certificates of all entries in the entries' order, but keys in a safe of their
    // own: an end-entity certificate shows where its key stood among the trusted certificates.
    let mut key_entries = key_entries.into_iter();
    let mut taken = 0;
    let mut entries = Vec::new();
    for (at, (certificate, bag)) in certificates.into_iter().enumerate() {
        if let Some(key) = heads.get(&at) {
            while taken <= *key {
                entries.extend(key_entries.next());
                taken += 1;
            }
        }
        let java_visible = bag.trusted.is_some();
        if !java_visible
            && (heads.contains_key(&at) || in_chains.contains(&certificate.fingerprint()))
        {
            continue;
        }
        let mut attributes = bag.attributes;
        attributes.extend(bag.trusted.filter(|use_| !super::write::is_any_use(use_)));
        let content = Content::TrustedCertificate {
            certificate,
            java_visible,
        };
        let alias = if java_visible {
            names.alias(bag.friendly_name)
        } else {
            bag.friendly_name.unwrap_or_default()
        };
        let mut entry = Entry::of(alias, content);
        entry.attributes = attributes;
        entries.push(entry);
    }
    entries.extend(key_entries);
    names.name_invisible(&mut entries);
    entries
}

/// Names for the unnamed: Java counts them, `1` first.
#[derive(Default)]
struct Names {
    counter: usize,
}

impl Names {
    fn alias(&mut self, friendly_name: Option<String>) -> String {
        friendly_name.unwrap_or_else(|| {
            self.counter += 1;
            self.counter.to_string()
        })
    }

    /// Java has no name for what it does not show: the next numbers that nobody has.
    fn name_invisible(&mut self, entries: &mut [Entry]) {
        let known: HashSet<String> = entries.iter().map(|entry| entry.alias.lookup()).collect();
        for entry in entries {
            let hidden = matches!(
                entry.content,
                Content::TrustedCertificate {
                    java_visible: false,
                    ..
                }
            );
            while hidden && entry.alias.as_str().is_empty() {
                let name = self.alias(None);
                if !known.contains(&name) {
                    entry.alias = name.into();
                }
            }
        }
    }
}

/// Certificates by what leads to them.
struct Index<'a> {
    certificates: &'a [(Certificate, Bag)],
    by_id_and_alias: HashMap<(&'a [u8], String), usize>,
    by_id: HashMap<&'a [u8], usize>,
    by_alias: HashMap<String, usize>,
    /// The first certificate without a localKeyID: that of the only key without one.
    unmarked: Option<usize>,
    by_subject: HashMap<String, usize>,
}

impl<'a> Index<'a> {
    fn of(certificates: &'a [(Certificate, Bag)], keys: &[Bag]) -> Self {
        let mut index = Self {
            certificates,
            by_id_and_alias: HashMap::new(),
            by_id: HashMap::new(),
            by_alias: HashMap::new(),
            unmarked: None,
            by_subject: HashMap::new(),
        };
        let private_keys = keys.iter().filter(|bag| matches!(bag.value, Value::Key(_)));
        if private_keys.clone().next().is_none() {
            return index;
        }
        let single = private_keys.count() == 1;
        for (at, (certificate, bag)) in certificates.iter().enumerate() {
            if let Ok(view) = certificate.view() {
                index
                    .by_subject
                    .entry(comparable(&view.subject))
                    .or_insert(at);
            }
            if bag.trusted.is_some() {
                continue;
            }
            let alias = bag.friendly_name.as_ref().map(|name| name.to_lowercase());
            match bag.local_key_id.as_deref() {
                Some(id) => {
                    index.by_id.entry(id).or_insert(at);
                    if let Some(alias) = alias.clone() {
                        index.by_id_and_alias.entry((id, alias)).or_insert(at);
                    }
                }
                None if single && index.unmarked.is_none() => index.unmarked = Some(at),
                None => {}
            }
            if let Some(alias) = alias {
                index.by_alias.entry(alias).or_insert(at);
            }
        }
        index
    }

    /// The end-entity certificate of a key: by localKeyID and name, by localKeyID, by name.
    fn head(&self, key: &Bag) -> Option<usize> {
        let alias = key.friendly_name.as_ref().map(|name| name.to_lowercase());
        let by_alias = || {
            alias
                .as_ref()
                .and_then(|alias| self.by_alias.get(alias))
                .copied()
        };
        let Some(id) = key.local_key_id.as_deref() else {
            return by_alias().or(self.unmarked);
        };
        alias
            .clone()
            .and_then(|alias| self.by_id_and_alias.get(&(id, alias)).copied())
            .or_else(|| self.by_id.get(id).copied())
            .or_else(by_alias)
    }

    /// Follows issuers by name, up to a self-issued certificate, a missing one or a loop.
    fn chain(&self, head: Option<usize>) -> Vec<Certificate> {
        let mut chain: Vec<Certificate> = Vec::new();
        let mut next = head;
        while let Some(at) = next {
            let certificate = &self.certificates[at].0;
            if chain.contains(certificate) || chain.len() == MAX_CHAIN {
                break;
            }
            chain.push(certificate.clone());
            next = match certificate.view() {
                Ok(view) if !view.subject.matches(&view.issuer) => {
                    self.by_subject.get(&comparable(&view.issuer)).copied()
                }
                _ => None,
            };
        }
        chain
    }
}

/// A key under which two spellings of the same name meet: Java compares names without regard to string
/// types, case and runs of blanks.
fn comparable(name: &DistinguishedName) -> String {
    let text = name.to_string().to_lowercase();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Java keeps a key's date in its localKeyID: `Time ` and milliseconds since 1970.
fn time_of(local_key_id: &[u8]) -> Option<OffsetDateTime> {
    let milliseconds = std::str::from_utf8(local_key_id)
        .ok()?
        .strip_prefix("Time ")?;
    let milliseconds: i64 = milliseconds.parse().ok()?;
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

/// Longer chains are no honest ones, and a hostile file could have many.
const MAX_CHAIN: usize = 64;
