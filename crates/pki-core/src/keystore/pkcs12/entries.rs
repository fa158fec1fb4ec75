//! From bags to entries: which certificates are a key's chain, what the unnamed are called, in which
//! order they stand. The rules are those that Java's `PKCS12KeyStore` was seen to follow.

use std::collections::{HashMap, HashSet, hash_map::Entry::Vacant};

use time::OffsetDateTime;

use super::bags::{Bag, Value};
use crate::{
    keystore::{Attribute, Content, Entry},
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
                if let Some(head) = head
                    && let Vacant(first) = heads.entry(head)
                {
                    first.insert(at);
                    merge(&mut attributes, &certificates[head].1.attributes);
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

/// Java writes a key's attributes on its certificate as well, Windows only on the key: an entry has one
/// set of them.
fn merge(attributes: &mut Vec<Attribute>, more: &[Attribute]) {
    for attribute in more.iter().take(MAX_MERGED) {
        if !attributes.contains(attribute) {
            attributes.push(attribute.clone());
        }
    }
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

/// Windows writes three; each is compared with all of the key's.
const MAX_MERGED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keystore::SealedKey;

    fn bag(value: Value, name: Option<&str>, id: Option<&[u8]>, trusted: bool) -> Bag {
        Bag {
            value,
            friendly_name: name.map(str::to_owned),
            local_key_id: id.map(<[u8]>::to_vec),
            trusted: trusted.then(|| Attribute::new("2.16.840.1.113894.746875.1.1", vec![])),
            attributes: Vec::new(),
        }
    }

    fn key(name: Option<&str>, id: Option<&[u8]>) -> Bag {
        let sealed = SealedKey::from_encrypted(vec![0x30, 0]);
        bag(Value::Key(sealed), name, id, false)
    }

    fn certificate(content: &[u8], name: Option<&str>, id: Option<&[u8]>, trusted: bool) -> Bag {
        bag(Value::Certificate(content.to_vec()), name, id, trusted)
    }

    /// `alias: certificates`, in order.
    fn shown(bags: Vec<Bag>) -> Vec<String> {
        let show = |entry: &Entry| {
            let certificates = entry.certificates().iter();
            let certificates = certificates.map(|c| String::from_utf8_lossy(c.der()).into_owned());
            format!(
                "{}: {}",
                entry.alias,
                certificates.collect::<Vec<_>>().join(" ")
            )
        };
        of(bags).iter().map(show).collect()
    }

    #[test]
    fn a_key_finds_its_certificate_by_id_and_name_then_id_then_name() {
        let same_id = vec![
            key(Some("a"), Some(b"1")),
            key(Some("B"), Some(b"1")),
            certificate(b"of-a", Some("A"), Some(b"1"), false),
            certificate(b"of-b", Some("b"), Some(b"1"), false),
        ];
        assert_eq!(shown(same_id), ["a: of-a", "B: of-b"]);
        let by_id = vec![
            certificate(b"other", Some("a"), Some(b"2"), false),
            certificate(b"mine", Some("x"), Some(b"1"), false),
            key(Some("a"), Some(b"1")),
        ];
        assert_eq!(shown(by_id), ["a: other", "a: mine"]);
        let by_name = vec![
            key(Some("b"), None),
            key(Some("a"), None),
            certificate(b"of-a", Some("a"), None, false),
            certificate(b"nobody's", None, None, false),
        ];
        assert_eq!(shown(by_name), ["b: ", "a: of-a", "1: nobody's"]);
    }

    #[test]
    fn the_only_key_takes_the_first_certificate_if_nothing_is_marked() {
        let bags = vec![
            certificate(b"trusted", Some("t"), None, true),
            certificate(b"mine", None, None, false),
            key(None, None),
        ];
        assert_eq!(shown(bags), ["t: trusted", "1: mine"]);
    }

    #[test]
    fn the_unnamed_are_counted_and_hidden_ones_take_no_name_that_is_there() {
        let bags = vec![
            certificate(b"hidden", None, None, false),
            certificate(b"named", Some("2"), None, true),
            certificate(b"unnamed", None, None, true),
        ];
        assert_eq!(shown(bags), ["3: hidden", "2: named", "1: unnamed"]);
    }

    #[test]
    fn dates_are_read_from_java_s_ids_alone() {
        assert_eq!(
            time_of(b"Time 1").map(|at| at.unix_timestamp_nanos()),
            Some(1_000_000)
        );
        for id in [&b"Time x"[..], b"Time 9223372036854775807", b"\xff", b""] {
            assert_eq!(time_of(id), None);
        }
    }
}
