use std::{collections::HashMap, fmt, sync::OnceLock};

use super::{Alias, Content, Entry};
use crate::x509::Certificate;

/// A keystore: entries in the order of the file.
///
/// Looking up, adding and replacing an entry take the same time however many there are. The first of
/// them, and the first after entries were taken out, goes once through the store.
#[derive(Clone, Default)]
pub struct Keystore {
    entries: Vec<Entry>,
    /// Where each lookup form stands; empty until somebody asks.
    index: OnceLock<HashMap<String, Place>>,
}

/// The entries of one lookup form.
#[derive(Clone, Copy)]
struct Place {
    last: usize,
    /// There is no other.
    alone: bool,
}

impl Keystore {
    /// One without entries.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries, in order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that Java finds under an alias: compared in lower case; of two such entries the last,
    /// as in Java's map.
    pub fn get(&self, alias: &str) -> Option<&Entry> {
        let place = self.index().get(&Alias::from(alias).lookup())?;
        self.entries.get(place.last)
    }

    /// The private-key entries, in order, with their chains.
    pub fn private_keys(&self) -> impl Iterator<Item = (&Entry, &[Certificate])> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::PrivateKey { chain, .. } => Some((entry, chain.as_slice())),
                _ => None,
            })
    }

    /// The chain of the private key under an alias, found as Java finds it.
    pub fn chain(&self, alias: &str) -> Option<&[Certificate]> {
        match &self.get(alias)?.content {
            Content::PrivateKey { chain, .. } => Some(chain),
            _ => None,
        }
    }

    /// The certificates that Java trusts because of this store, with their entries.
    pub fn trusted(&self) -> impl Iterator<Item = (&Entry, &Certificate)> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::TrustedCertificate {
                    certificate,
                    java_visible: true,
                } => Some((entry, certificate)),
                _ => None,
            })
    }

    /// Every certificate, in chains and trusted, to put an equal one in its place.
    pub(crate) fn certificates_mut(&mut self) -> impl Iterator<Item = &mut Certificate> {
        self.entries
            .iter_mut()
            .flat_map(|entry| match &mut entry.content {
                Content::PrivateKey { chain, .. } => chain.as_mut_slice(),
                Content::TrustedCertificate { certificate, .. } => {
                    std::slice::from_mut(certificate)
                }
                Content::SecretKey { .. } => &mut [],
            })
    }

    /// Adds an entry at the end, whatever is there already: what a reader does.
    pub fn push(&mut self, entry: Entry) {
        if let Some(index) = self.index.get_mut() {
            note(index, self.entries.len(), &entry);
        }
        self.entries.push(entry);
    }

    /// Puts an entry in the place of those with the same alias (in lower case), or at the end. Returns
    /// the entries that went.
    pub fn insert(&mut self, entry: Entry) -> Vec<Entry> {
        let wanted = entry.alias.lookup();
        match self.index().get(&wanted).copied() {
            None => {
                self.push(entry);
                Vec::new()
            }
            Some(Place { last, alone: true }) => {
                vec![std::mem::replace(&mut self.entries[last], entry)]
            }
            Some(_) => self.insert_for_several(&wanted, entry),
        }
    }

    /// Takes out every entry with an alias (compared in lower case).
    pub fn remove(&mut self, alias: &str) -> Vec<Entry> {
        let wanted = Alias::from(alias).lookup();
        if !self.index().contains_key(&wanted) {
            return Vec::new();
        }
        self.index.take();
        let (gone, kept) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.alias.lookup() == wanted);
        self.entries = kept;
        gone
    }

    /// Keeps the entries for which `keep` says so: the way to take out many.
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.index.take();
        self.entries.retain(keep);
    }

    /// The first of several namesakes gives its place to the entry, the others go.
    fn insert_for_several(&mut self, wanted: &str, entry: Entry) -> Vec<Entry> {
        self.index.take();
        let mut gone = Vec::new();
        let mut entry = Some(entry);
        for found in std::mem::take(&mut self.entries) {
            if found.alias.lookup() == wanted {
                self.entries.extend(entry.take());
                gone.push(found);
            } else {
                self.entries.push(found);
            }
        }
        gone
    }

    fn index(&self) -> &HashMap<String, Place> {
        self.index.get_or_init(|| {
            let mut index = HashMap::with_capacity(self.entries.len());
            for (at, entry) in self.entries.iter().enumerate() {
                note(&mut index, at, entry);
            }
            index
        })
    }
}

fn note(index: &mut HashMap<String, Place>, at: usize, entry: &Entry) {
    index
        .entry(entry.alias.lookup())
        .and_modify(|place| {
            *place = Place {
                last: at,
                alone: false,
            }
        })
        .or_insert(Place {
            last: at,
            alone: true,
        });
}

impl FromIterator<Entry> for Keystore {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
            index: OnceLock::new(),
        }
    }
}

impl PartialEq for Keystore {
    fn eq(&self, other: &Self) -> bool {
        self.entries == other.entries
    }
}

impl Eq for Keystore {}

impl fmt::Debug for Keystore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Keystore").field(&self.entries).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Certificate;

    fn entry(alias: &str, der: &[u8]) -> Entry {
        Entry::trusted(alias, Certificate::from_der(der.to_vec()))
    }

    fn aliases(store: &Keystore) -> Vec<&str> {
        store.entries().iter().map(|e| e.alias.as_str()).collect()
    }

    #[test]
    fn an_inserted_entry_takes_the_place_of_its_namesakes() {
        let mut store: Keystore = [entry("a", b"1"), entry("b", b"2"), entry("A", b"3")]
            .into_iter()
            .collect();
        let replaced = store.insert(entry("a", b"4"));
        assert_eq!(replaced.len(), 2);
        assert_eq!(aliases(&store), ["a", "b"]);
        assert_eq!(store.insert(entry("B", b"5")).len(), 1);
        assert!(store.insert(entry("c", b"6")).is_empty());
        assert_eq!(aliases(&store), ["a", "B", "c"]);
    }

    #[test]
    fn lookup_ignores_case_as_java_does() {
        let store: Keystore = [entry("Mixed", b"1")].into_iter().collect();
        assert!(store.get("mIXED").is_some());
    }

    #[test]
    fn what_was_added_or_taken_out_after_a_lookup_is_known() {
        let mut store = Keystore::new();
        assert!(store.get("a").is_none());
        store.push(entry("a", b"1"));
        store.push(entry("A", b"2"));
        assert_eq!(store.get("a"), Some(&entry("A", b"2")));
        store.retain(|entry| entry.alias.as_str() == "a");
        assert_eq!(store.get("a"), Some(&entry("a", b"1")));
        assert!(store.remove("b").is_empty());
        assert_eq!(store.remove("A").len(), 1);
        assert!(store.get("a").is_none());
    }

    #[test]
    fn a_hundred_thousand_entries_are_built_and_found_in_linear_time() {
        let mut store = Keystore::new();
        for n in 0..100_000 {
            store.insert(entry(&format!("alias-{n}"), b"x"));
        }
        // Quadratic, this is 10^10 comparisons, minutes of a debug build.
        assert!((0..100_000).all(|n| store.get(&format!("ALIAS-{n}")).is_some()));
    }
}
