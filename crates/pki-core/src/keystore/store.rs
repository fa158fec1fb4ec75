use super::{Alias, Entry};

/// A keystore: entries in the order of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keystore {
    entries: Vec<Entry>,
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
        let wanted = Alias::from(alias).lookup();
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.alias.lookup() == wanted)
    }

    /// Adds an entry at the end, whatever is there already: what a reader does.
    pub fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    /// Puts an entry in the place of those with the same alias (in lower case), or at the end. Returns
    /// the entries that went.
    pub fn insert(&mut self, entry: Entry) -> Vec<Entry> {
        let wanted = entry.alias.lookup();
        let at = self
            .entries
            .iter()
            .position(|found| found.alias.lookup() == wanted);
        let mut replaced = Vec::new();
        match at {
            None => self.entries.push(entry),
            Some(at) => {
                replaced.push(std::mem::replace(&mut self.entries[at], entry));
                let mut index = 0;
                self.entries.retain(|found| {
                    let keep = index <= at || found.alias.lookup() != wanted;
                    if !keep {
                        replaced.push(found.clone());
                    }
                    index += 1;
                    keep
                });
            }
        }
        replaced
    }

    /// Takes out every entry with an alias (compared in lower case).
    pub fn remove(&mut self, alias: &str) -> Vec<Entry> {
        let wanted = Alias::from(alias).lookup();
        let (gone, kept) = std::mem::take(&mut self.entries)
            .into_iter()
            .partition(|entry| entry.alias.lookup() == wanted);
        self.entries = kept;
        gone
    }

    /// Keeps the entries for which `keep` says so.
    pub fn retain(&mut self, keep: impl FnMut(&Entry) -> bool) {
        self.entries.retain(keep);
    }
}

impl FromIterator<Entry> for Keystore {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self {
            entries: entries.into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Certificate;

    fn entry(alias: &str, der: &[u8]) -> Entry {
        Entry::trusted(alias, Certificate::from_der(der.to_vec()))
    }

    #[test]
    fn an_inserted_entry_takes_the_place_of_its_namesakes() {
        let mut store: Keystore = [entry("a", b"1"), entry("b", b"2"), entry("A", b"3")]
            .into_iter()
            .collect();
        let replaced = store.insert(entry("a", b"4"));
        assert_eq!(replaced.len(), 2);
        let aliases: Vec<_> = store.entries().iter().map(|e| e.alias.as_str()).collect();
        assert_eq!(aliases, ["a", "b"]);
    }

    #[test]
    fn lookup_ignores_case_as_java_does() {
        let store: Keystore = [entry("Mixed", b"1")].into_iter().collect();
        assert!(store.get("mIXED").is_some());
    }
}
