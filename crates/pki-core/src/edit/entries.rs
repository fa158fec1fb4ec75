//! Single entries: which one is meant, taking out, renaming, copying.

use std::collections::{HashMap, HashSet};

use time::OffsetDateTime;

use super::{Change, EditError, Edited, Kind, What};
use crate::keystore::{Alias, Entry, Keystore};

/// Takes out entries.
///
/// An alias means the entry that is spelled like it; if there is none, the one that Java finds under it.
/// Several that are spelled like it all go, each with its own event: no other way leads to the hidden
/// ones.
///
/// # Errors
///
/// [`EditError::NoEntry`] for the first alias that is not there; then nothing is taken out.
/// [`EditError::AliasClash`] for one that means several entries.
pub fn delete(store: &Keystore, aliases: &[Alias]) -> Result<Edited, EditError> {
    let places = Places::of(store);
    let mut gone = HashSet::new();
    let mut change = Change::default();
    for alias in aliases {
        for at in places.spelled(alias)? {
            if gone.insert(at) {
                let entry = &store.entries()[at];
                let (kind, reasons) = (Kind::of(entry), Vec::new());
                change.say(&entry.alias, What::Removed { kind, reasons });
            }
        }
    }
    let kept = store.entries().iter().enumerate();
    let kept = kept.filter(|(at, _)| !gone.contains(at));
    Ok(Edited {
        keystore: kept.map(|(_, entry)| entry.clone()).collect(),
        change,
    })
}

/// The entry that an alias means: as [`delete`] has it, but never one of several.
///
/// # Errors
///
/// [`EditError::NoEntry`], [`EditError::AliasClash`].
pub fn find<'s>(store: &'s Keystore, alias: &Alias) -> Result<&'s Entry, EditError> {
    Ok(&store.entries()[Places::of(store).find(alias)?])
}

/// Gives an entry another alias. It keeps its place, its date and its content.
///
/// The new alias is written in lower case, as Java looks it up; so an entry may be renamed to its own
/// alias in another case.
///
/// # Errors
///
/// [`EditError::NoEntry`], [`EditError::AliasTaken`], [`EditError::Alias`], [`EditError::AliasClash`].
pub fn rename(store: &Keystore, from: &Alias, to: &Alias) -> Result<Edited, EditError> {
    let places = Places::of(store);
    let at = places.find(from)?;
    let to = stored(to)?;
    if places.others(&to, at) {
        return Err(EditError::AliasTaken { alias: to });
    }
    let mut change = Change::default();
    let old = &store.entries()[at].alias;
    if *old == to {
        change.say(&to, What::Unchanged);
    } else {
        change.say(&to, What::Renamed { from: old.clone() });
    }
    let mut entries = store.entries().to_vec();
    entries[at].alias = to;
    Ok(Edited {
        keystore: entries.into_iter().collect(),
        change,
    })
}

/// Puts a copy of an entry at the end, made `now`. A key stays sealed under its password.
///
/// # Errors
///
/// As [`rename`].
pub fn copy(
    store: &Keystore,
    from: &Alias,
    to: &Alias,
    now: OffsetDateTime,
) -> Result<Edited, EditError> {
    let places = Places::of(store);
    let entry = &store.entries()[places.find(from)?];
    let to = stored(to)?;
    if places.is_taken(&to) {
        return Err(EditError::AliasTaken { alias: to });
    }
    let mut change = Change::default();
    let from = entry.alias.clone();
    change.say(&to, What::Copied { from });
    let mut copy = entry.clone().created(Some(now));
    copy.alias = to;
    let mut keystore = store.clone();
    keystore.push(copy);
    Ok(Edited { keystore, change })
}

/// The alias as it is written: lower case.
///
/// # Errors
///
/// [`EditError::Alias`] if it is empty, which PKCS #12 cannot tell from no name.
pub(super) fn stored(alias: &Alias) -> Result<Alias, EditError> {
    if alias.as_str().is_empty() {
        return Err(EditError::Alias {
            alias: alias.clone(),
            reason: "it is empty",
        });
    }
    Ok(Alias::new(alias.lookup()))
}

/// Where each alias stands.
pub(super) struct Places<'s> {
    entries: &'s [Entry],
    by_lookup: HashMap<String, Vec<usize>>,
}

impl<'s> Places<'s> {
    pub(super) fn of(store: &'s Keystore) -> Self {
        let entries = store.entries();
        let mut by_lookup: HashMap<_, Vec<_>> = HashMap::with_capacity(entries.len());
        for (at, entry) in entries.iter().enumerate() {
            by_lookup.entry(entry.alias.lookup()).or_default().push(at);
        }
        Self { entries, by_lookup }
    }

    /// The entry that an alias means.
    pub(super) fn find(&self, alias: &Alias) -> Result<usize, EditError> {
        match self.spelled(alias)?.as_slice() {
            [at] => Ok(*at),
            _ => Err(EditError::AliasClash {
                alias: alias.clone(),
            }),
        }
    }

    /// The entries that are spelled like the alias, or the only one that differs in case.
    fn spelled(&self, alias: &Alias) -> Result<Vec<usize>, EditError> {
        let found = self.at(alias);
        let exact = found.iter().filter(|at| self.entries[**at].alias == *alias);
        let exact: Vec<usize> = exact.copied().collect();
        match (exact.is_empty(), found) {
            (false, _) => Ok(exact),
            (true, [at]) => Ok(vec![*at]),
            (true, []) => Err(EditError::NoEntry {
                alias: alias.clone(),
            }),
            (true, _) => Err(EditError::AliasClash {
                alias: alias.clone(),
            }),
        }
    }

    /// The entry in the way of a new one; several are nothing that one entry can replace.
    pub(super) fn in_the_way(&self, alias: &Alias) -> Result<Option<&'s Entry>, EditError> {
        match self.at(alias) {
            [] => Ok(None),
            [at] => Ok(Some(&self.entries[*at])),
            _ => Err(EditError::AliasClash {
                alias: alias.clone(),
            }),
        }
    }

    fn is_taken(&self, alias: &Alias) -> bool {
        !self.at(alias).is_empty()
    }

    /// True if an entry other than the one at a place has the alias.
    fn others(&self, alias: &Alias, but: usize) -> bool {
        self.at(alias).iter().any(|at| *at != but)
    }

    fn at(&self, alias: &Alias) -> &[usize] {
        self.by_lookup
            .get(&alias.lookup())
            .map_or(&[], Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::Certificate;

    fn store(aliases: &[&str]) -> Keystore {
        let made = OffsetDateTime::from_unix_timestamp(978_307_200).ok();
        let entry = |alias: &&str| {
            let certificate = Certificate::from_der(alias.as_bytes().to_vec());
            Entry::trusted(*alias, certificate).created(made)
        };
        aliases.iter().map(entry).collect()
    }

    fn aliases(store: &Keystore) -> Vec<&str> {
        let entries = store.entries().iter();
        entries.map(|entry| entry.alias.as_str()).collect()
    }

    #[test]
    fn a_renamed_entry_keeps_place_date_and_content() {
        let before = store(&["a", "Node-ONE", "c"]);
        let after = rename(&before, &"node-one".into(), &"Node-TWO".into()).unwrap();
        assert_eq!(aliases(&after.keystore), ["a", "node-two", "c"]);
        let (old, new) = (&before.entries()[1], &after.keystore.entries()[1]);
        assert_eq!((old.created, &old.content), (new.created, &new.content));
        assert_eq!(
            after.change.events[0].what,
            What::Renamed {
                from: "Node-ONE".into()
            }
        );
    }

    #[test]
    fn an_alias_in_mixed_case_can_be_renamed_to_its_lower_case() {
        let after = rename(&store(&["Alpha"]), &"Alpha".into(), &"alpha".into()).unwrap();
        assert_eq!(aliases(&after.keystore), ["alpha"]);
        assert!(!after.change.is_empty());
        let again = rename(&after.keystore, &"alpha".into(), &"ALPHA".into()).unwrap();
        assert!(again.change.is_empty());
    }

    #[test]
    fn of_entries_that_differ_in_case_alone_the_spelling_says_which() {
        let both = store(&["alpha", "Alpha"]);
        let after = delete(&both, &["Alpha".into()]).unwrap();
        assert_eq!(aliases(&after.keystore), ["alpha"]);
        assert_eq!(
            delete(&both, &["ALPHA".into()]),
            Err(EditError::AliasClash {
                alias: "ALPHA".into()
            })
        );
    }

    #[test]
    fn of_entries_with_one_spelling_none_is_picked_and_all_are_deleted() {
        let twice = store(&["a", "b", "a"]);
        let clash = EditError::AliasClash { alias: "a".into() };
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(rename(&twice, &"a".into(), &"c".into()), Err(clash.clone()));
        assert_eq!(
            copy(&twice, &"a".into(), &"c".into(), now),
            Err(clash.clone())
        );
        assert_eq!(find(&twice, &"a".into()), Err(clash));
        let after = delete(&twice, &["a".into()]).unwrap();
        assert_eq!(aliases(&after.keystore), ["b"]);
        assert_eq!(after.change.counts(), (0, 0, 2));
    }

    #[test]
    fn what_is_in_use_or_not_there_is_refused() {
        let ab = store(&["a", "b"]);
        let taken = EditError::AliasTaken { alias: "b".into() };
        assert_eq!(rename(&ab, &"a".into(), &"B".into()), Err(taken.clone()));
        let now = OffsetDateTime::UNIX_EPOCH;
        assert_eq!(copy(&ab, &"a".into(), &"b".into(), now), Err(taken));
        assert!(matches!(
            delete(&ab, &["a".into(), "x".into()]),
            Err(EditError::NoEntry { .. })
        ));
        assert!(matches!(
            rename(&ab, &"a".into(), &"".into()),
            Err(EditError::Alias { .. })
        ));
    }

    #[test]
    fn a_copy_is_new_and_the_original_is_not() {
        let now = OffsetDateTime::UNIX_EPOCH;
        let before = store(&["a"]);
        let after = copy(&before, &"a".into(), &"b".into(), now)
            .unwrap()
            .keystore;
        assert_eq!(after.entries()[0], before.entries()[0]);
        assert_eq!(after.entries()[1].created, Some(now));
        assert_eq!(after.entries()[1].content, before.entries()[0].content);
    }
}
