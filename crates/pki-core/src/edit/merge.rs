use std::collections::{HashMap, HashSet};

use super::{Change, EditError, Edited, Kind, Reason, What, entries::stored};
use crate::{
    keystore::{Alias, Content, Entry, Keystore},
    x509::Fingerprint,
};

/// What becomes of two different entries with one alias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Conflict {
    /// The first store's stays.
    KeepFirst,
    /// The last store's takes its place.
    KeepLast,
    /// Nothing is merged.
    #[default]
    Refuse,
    /// The later one gets a number.
    Rename,
}

/// Puts the entries of several stores into one: the first store's in their places, then what the others
/// have beyond it. Entries keep their dates; a certificate that is trusted already, under whatever alias,
/// is not added again. The change is told against the first store.
///
/// Keys stay sealed under the passwords that they have: [`convert`](super::convert) gives all of them one
/// password and the protection of one format.
///
/// # Errors
///
/// [`EditError::Conflict`] if nothing else was said about it.
pub fn merge(stores: &[&Keystore], conflict: Conflict) -> Result<Edited, EditError> {
    let mut merge = Merge::default();
    for (number, store) in stores.iter().enumerate() {
        for entry in store.entries() {
            match number {
                0 => merge.put(entry.clone(), 0),
                number => merge.add(entry, number, conflict)?,
            }
        }
    }
    merge.restore();
    Ok(Edited {
        keystore: merge.entries.into_iter().collect(),
        change: merge.change,
    })
}

#[derive(Default)]
struct Merge<'a> {
    entries: Vec<Entry>,
    /// The store that each entry came from.
    origins: Vec<usize>,
    places: HashMap<String, usize>,
    /// The last number that was given behind an alias.
    numbers: HashMap<String, usize>,
    trusted: HashMap<Fingerprint, Alias>,
    /// What was skipped because the certificate was there.
    skipped: Vec<(&'a Entry, usize)>,
    change: Change,
}

impl<'a> Merge<'a> {
    fn put(&mut self, entry: Entry, store: usize) {
        self.note(&entry);
        self.places.insert(entry.alias.lookup(), self.entries.len());
        self.entries.push(entry);
        self.origins.push(store);
    }

    fn note(&mut self, entry: &Entry) {
        if let Some(sha256) = trusted(entry) {
            let alias = || entry.alias.clone();
            self.trusted.entry(sha256).or_insert_with(alias);
        }
    }

    fn add(&mut self, entry: &'a Entry, store: usize, conflict: Conflict) -> Result<(), EditError> {
        if let Some(sha256) = trusted(entry)
            && let Some(of) = self.trusted.get(&sha256)
        {
            self.change.say(of, What::DuplicateSkipped { sha256 });
            self.skipped.push((entry, store));
            return Ok(());
        }
        let Some(&at) = self.places.get(&entry.alias.lookup()) else {
            return self.append(entry, store);
        };
        let old = &self.entries[at];
        if is_same(old, entry) {
            self.change.say(&old.alias, What::Unchanged);
            return Ok(());
        }
        match conflict {
            Conflict::Refuse => Err(EditError::Conflict {
                alias: entry.alias.clone(),
                first: self.origins[at],
                second: store,
            }),
            Conflict::KeepFirst => {
                let reasons = vec![Reason::Conflict { store }];
                self.change.say(&old.alias, What::Kept { reasons });
                Ok(())
            }
            Conflict::KeepLast => {
                self.replace(at, entry, store);
                Ok(())
            }
            Conflict::Rename => {
                let mut renamed = entry.clone();
                renamed.alias = self.free(&entry.alias);
                let (alias, from) = (renamed.alias.clone(), entry.alias.clone());
                let kind = Kind::of(entry);
                self.change
                    .say(&alias, What::AddedRenamed { kind, store, from });
                self.put(renamed, store);
                Ok(())
            }
        }
    }

    fn append(&mut self, entry: &Entry, store: usize) -> Result<(), EditError> {
        // Refuses what no store should have.
        stored(&entry.alias)?;
        let kind = Kind::of(entry);
        self.change.say(&entry.alias, What::Added { kind, store });
        self.put(entry.clone(), store);
        Ok(())
    }

    fn replace(&mut self, at: usize, entry: &Entry, store: usize) {
        let old = std::mem::replace(&mut self.entries[at], entry.clone());
        self.origins[at] = store;
        if let Some(sha256) = trusted(&old)
            && self.trusted.get(&sha256) == Some(&old.alias)
        {
            self.trusted.remove(&sha256);
        }
        self.note(entry);
        let (was, certificates) = (Kind::of(&old), old.certificates().to_vec());
        self.change
            .say(&entry.alias, What::Replaced { was, certificates });
    }

    /// Adds what was skipped for an entry that then was replaced.
    fn restore(&mut self) {
        if self.skipped.is_empty() {
            return;
        }
        let mut there: HashSet<Fingerprint> = self.entries.iter().filter_map(trusted).collect();
        for (entry, store) in std::mem::take(&mut self.skipped) {
            let Some(sha256) = trusted(entry) else {
                continue;
            };
            if there.insert(sha256) {
                let mut restored = entry.clone();
                if self.places.contains_key(&entry.alias.lookup()) {
                    restored.alias = self.free(&entry.alias);
                }
                let kind = Kind::of(&restored);
                self.change
                    .say(&restored.alias, What::Added { kind, store });
                self.put(restored, store);
            }
        }
    }

    fn free(&mut self, alias: &Alias) -> Alias {
        let base = alias.lookup();
        let number = self.numbers.entry(base.clone()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{base}-{number}");
            if !self.places.contains_key(&numbered) {
                return Alias::new(numbered);
            }
        }
    }
}

/// The certificate that an entry makes Java trust.
fn trusted(entry: &Entry) -> Option<Fingerprint> {
    match &entry.content {
        Content::TrustedCertificate {
            certificate,
            java_visible: true,
        } => Some(certificate.fingerprint()),
        _ => None,
    }
}

/// The same thing, whenever it was made; a key is known by its chain, since it is sealed differently each
/// time.
fn is_same(a: &Entry, b: &Entry) -> bool {
    match (&a.content, &b.content) {
        (Content::PrivateKey { chain: a, .. }, Content::PrivateKey { chain: b, .. })
            if !a.is_empty() =>
        {
            a == b
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{made, store_of};

    fn aliases(edited: &Edited) -> Vec<&str> {
        let entries = edited.keystore.entries().iter();
        entries.map(|entry| entry.alias.as_str()).collect()
    }

    #[test]
    fn what_is_the_same_is_there_once_whatever_it_is_called() {
        let (x, y) = (made("x", None).certificate, made("y", None).certificate);
        let first = store_of([Entry::trusted("x", x.clone())]);
        let second = store_of([Entry::trusted("other", x), Entry::trusted("y", y)]);
        let merged = merge(&[&first, &second, &second], Conflict::Refuse).unwrap();
        assert_eq!(aliases(&merged), ["x", "y"]);
        assert_eq!(merged.change.counts(), (1, 0, 0));
        assert!(
            merge(&[&first, &first], Conflict::Refuse)
                .unwrap()
                .change
                .is_empty()
        );
    }

    #[test]
    fn a_conflict_is_refused_or_solved_as_asked() {
        let [x, y] = ["x", "y"].map(|name| made(name, None).certificate);
        let first = store_of([Entry::trusted("ca", x.clone())]);
        let second = store_of([Entry::trusted("CA", y.clone())]);
        let merged = |conflict| merge(&[&first, &second], conflict);
        assert_eq!(
            merged(Conflict::Refuse),
            Err(EditError::Conflict {
                alias: "CA".into(),
                first: 0,
                second: 1
            })
        );
        let kept = merged(Conflict::KeepFirst).unwrap();
        assert_eq!(kept.keystore, first);
        assert!(kept.change.is_empty());
        let last = merged(Conflict::KeepLast).unwrap();
        assert_eq!(last.keystore, second);
        let renamed = merged(Conflict::Rename).unwrap();
        assert_eq!(aliases(&renamed), ["ca", "ca-2"]);
        assert_eq!(renamed.change.events.len(), 1);
        assert_eq!(renamed.change.counts(), (1, 0, 0));
    }

    #[test]
    fn a_certificate_skipped_for_one_that_was_replaced_comes_back() {
        let [x, y] = ["x", "y"].map(|name| made(name, None).certificate);
        let first = store_of([Entry::trusted("a", x.clone())]);
        let second = store_of([Entry::trusted("b", x), Entry::trusted("a", y)]);
        let merged = merge(&[&first, &second], Conflict::KeepLast).unwrap();
        assert_eq!(aliases(&merged), ["a", "b"]);
    }

    #[test]
    fn the_same_key_sealed_twice_is_no_conflict() {
        let own = made("own", None);
        let (a, b) = (
            store_of([own.entry("k", "1")]),
            store_of([own.entry("k", "2")]),
        );
        let merged = merge(&[&a, &b], Conflict::Refuse).unwrap();
        assert_eq!(merged.keystore, a);
        let other = store_of([made("own", None).entry("k", "1")]);
        assert!(merge(&[&a, &other], Conflict::Refuse).is_err());
    }
}
