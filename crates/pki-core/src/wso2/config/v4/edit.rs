//! `deployment.toml` with other stores in it, and other servers in its URLs.

mod beside;
mod servers;

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use zeroize::Zeroizing;

pub(in crate::wso2::config) use beside::takes as takes_beside;

use super::{
    DEPLOYMENT_TOML, files,
    release::{ALL, Releases},
    resolve::Resolver,
    stores,
    values::{Part, Value, main_table, main_values, parts},
};
use crate::wso2::{
    Product, Slot,
    config::{
        Document, EditError, Edited, Edits, HomeConfig, Leaf, Place, Shown, Syntax, ValueChange,
        Wanted, WantedStore,
        edit::{Replaced, toml_like},
        insert::NewKeys,
    },
};

/// See [`HomeConfig::edited`].
pub(in crate::wso2::config) fn edited(
    config: &HomeConfig,
    wanted: &Wanted,
) -> Result<Vec<Edited>, EditError> {
    let document = config
        .documents
        .iter()
        .find(|it| it.file() == DEPLOYMENT_TOML);
    let document = document.ok_or_else(|| EditError::Unread {
        file: Arc::from(DEPLOYMENT_TOML),
    })?;
    let releases = match config.product.value {
        Ok(product) => Releases {
            oldest: product,
            newest: product,
        },
        Err(_) => Releases {
            oldest: Product::of(ALL.0.0, ALL.0.1),
            newest: Product::of(ALL.1.0, ALL.1.1),
        },
    };
    let slots = with_internal(config, wanted);
    let mut editor = Editor::new(document, releases, &slots);
    for slot in Slot::ALL {
        if let Some(store) = slots.get(&slot) {
            editor.table(main_table(slot), &main_values(slot, store), KEYSTORES);
        }
    }
    if let Some(key) = &wanted.encryption_key {
        editor.table("encryption", &[("key", Value::secret(key))], KEYSTORES);
    }
    editor.overrides(&slots);
    editor.custom_profiles(config, &slots);
    editor.authorities(config, &wanted.authorities)?;
    editor.beside(config, &wanted.beside)?;
    let mut edited = Vec::from_iter(editor.finish()?);
    edited.extend(files::edited(config, releases, &slots)?);
    Ok(edited)
}

/// The stores of all slots. Where the primary serves as internal keystore this is said: the product's
/// defaults do not say it for a table that is written in part.
fn with_internal(config: &HomeConfig, wanted: &Wanted) -> BTreeMap<Slot, WantedStore> {
    let mut slots = wanted.stores.clone();
    let same = location(config, Slot::Internal) == location(config, Slot::Primary);
    if let Some(primary) = wanted.stores.get(&Slot::Primary)
        && same
    {
        let internal = || primary.clone();
        slots.entry(Slot::Internal).or_insert_with(internal);
    }
    slots
}

/// Where the store of a slot lies as the home is.
fn location(config: &HomeConfig, slot: Slot) -> Option<&String> {
    // The first use of a slot is that of its own table.
    let mut stores = config.stores.iter();
    stores.find(|it| it.slot == slot)?.location.known()
}

struct Editor<'a> {
    document: &'a Document,
    resolver: Resolver<'a>,
    releases: Releases,
    edits: Edits,
    changes: Vec<ValueChange>,
    /// What is added to tables, in order.
    added: Vec<Added>,
    /// What the main tables will say.
    main: HashMap<String, Zeroizing<String>>,
    /// What each key is to say: the result is held to it.
    expected: Vec<(String, Zeroizing<String>)>,
}

/// Keys that a table is to get.
struct Added {
    table: String,
    values: Vec<(String, Value)>,
    beside: &'static [&'static [&'static str]],
}

impl<'a> Editor<'a> {
    fn new(
        document: &'a Document,
        releases: Releases,
        slots: &BTreeMap<Slot, WantedStore>,
    ) -> Self {
        let main = slots.iter().flat_map(|(slot, store)| {
            let values = main_values(*slot, store).into_iter();
            values.map(|(key, value)| (format!("{}.{key}", main_table(*slot)), value.text))
        });
        Self {
            document,
            resolver: Resolver::new(document, releases),
            releases,
            edits: Edits::new(),
            changes: Vec::new(),
            added: Vec::new(),
            main: main.collect(),
            expected: Vec::new(),
        }
    }

    /// Gives keys of a table their values, in their places or behind the table's last.
    fn table(
        &mut self,
        table: &str,
        values: &[(&str, Value)],
        beside: &'static [&'static [&'static str]],
    ) {
        let mut missing = Vec::new();
        for (last, value) in values {
            let key = format!("{table}.{last}");
            match self.written(&key) {
                Some(leaf) => self.set(leaf, value),
                None => missing.push(((*last).to_owned(), value.clone())),
            }
            self.expected.push((key, value.text.clone()));
        }
        if !missing.is_empty() {
            self.added.push(Added {
                table: table.to_owned(),
                values: missing,
                beside,
            });
        }
    }

    /// The value of a key itself, not of one that is mapped to it.
    fn written(&self, key: &str) -> Option<&'a Leaf> {
        let leaf = *self.resolver.leaves(key).first()?;
        (leaf.key == key).then_some(leaf)
    }

    fn set(&mut self, leaf: &Leaf, value: &Value) {
        let is_set = self.edits.replaced.iter().any(|it| it.span == leaf.span);
        if is_set || leaf.is_string && *leaf.text() == **value.text {
            return;
        }
        let old = &self.document.text[leaf.span.clone()];
        self.edits.replaced.push(Replaced {
            span: leaf.span.clone(),
            by: toml_like(old, &value.text),
        });
        self.changes.push(ValueChange {
            place: Place::of(self.document, leaf),
            before: Some(match value.is_secret || hides(leaf) {
                true => Shown::Hidden,
                false => Shown::Text(leaf.text().to_owned()),
            }),
            after: value.shown(),
        });
    }

    /// Keys that give a part a store of its own.
    fn overrides(&mut self, slots: &BTreeMap<Slot, WantedStore>) {
        for row in stores::rows(self.releases) {
            let Some(store) = slots.get(&row.slot) else {
                continue;
            };
            if Slot::ALL.iter().any(|slot| main_table(*slot) == row.table) {
                continue;
            }
            for (last, part) in parts(row) {
                let key = row.key(last);
                let Some(leaf) = self.resolver.leaves(&key).first().copied() else {
                    continue;
                };
                if let Some(value) = part.value(leaf, row.keys.is_name, store)
                    && self.would_be(leaf).as_deref() != Some(&*value.text)
                {
                    self.set(leaf, &value);
                }
            }
        }
    }

    /// `[[keystore.ssl_profile.custom]]`, where it names the file of a slot: others have keys of their own
    /// for servers outside of the cluster.
    fn custom_profiles(&mut self, config: &HomeConfig, slots: &BTreeMap<Slot, WantedStore>) {
        for profile in self.document.blocks(stores::CUSTOM_PROFILES) {
            for (table, slot) in stores::CUSTOM_SLOTS {
                let leaf = |last: &str| self.document.within(profile, &format!("{table}.{last}"));
                let Some((store, place)) = slots.get(&slot).zip(leaf("location")) else {
                    continue;
                };
                let found = stores::located(self.resolver.leaf(place), false);
                if found.known().is_none() || found.known() != location(config, slot) {
                    continue;
                }
                let parts = [
                    ("location", Part::Location),
                    ("type", Part::Kind),
                    ("password", Part::Password),
                    ("key_password", Part::Password),
                ];
                let leaves = parts.map(|(last, part)| leaf(last).map(|leaf| (leaf, part)));
                for (leaf, part) in leaves.into_iter().flatten() {
                    if let Some(value) = part.value(leaf, false, store) {
                        self.set(leaf, &value);
                    }
                }
            }
        }
    }

    /// What a value will come to when its references to the main tables are followed; `None` if it has
    /// others.
    fn would_be(&self, leaf: &Leaf) -> Option<Zeroizing<String>> {
        let mut out = Zeroizing::new(String::new());
        let mut rest = leaf.text();
        while let Some((before, reference)) = rest.split_once("$ref{") {
            let (key, after) = reference.split_once('}')?;
            out.push_str(before);
            out.push_str(self.main.get(key)?);
            rest = after;
        }
        out.push_str(rest);
        Some(out)
    }

    /// The file as it is to be, held to what it is to say; `None` if it says so already.
    fn finish(mut self) -> Result<Option<Edited>, EditError> {
        let added = std::mem::take(&mut self.added);
        let new: Vec<NewKeys<'_>> = added
            .iter()
            .map(|added| NewKeys {
                table: &added.table,
                values: added
                    .values
                    .iter()
                    .map(|(key, value)| (key.as_str(), value.text.as_str()))
                    .collect(),
                beside: added.beside,
            })
            .collect();
        let places = self.edits.insert(self.document, &new);
        let places = places.map_err(|(table, reason)| EditError::NoPlace {
            place: place_of(&table),
            reason,
        })?;
        for (added, (line, column)) in added.iter().zip(places) {
            for (last, value) in &added.values {
                self.changes.push(ValueChange {
                    place: Place {
                        line,
                        column,
                        ..place_of(&format!("{}.{last}", added.table))
                    },
                    before: None,
                    after: value.shown(),
                });
            }
        }
        if self.edits.is_empty() {
            return Ok(None);
        }
        let bytes = self.document.edited(&self.edits);
        let again = Document::read(DEPLOYMENT_TOML, Syntax::Toml, bytes.expose());
        let again = again.map_err(|error| EditError::NoPlace {
            place: place_of(""),
            reason: format!("the file would be broken: {error}"),
        })?;
        for (key, text) in &self.expected {
            let mut leaves = again
                .all(key)
                .filter(|leaf| !again.in_array_of_tables(leaf));
            let right = leaves.next().is_some_and(|leaf| *leaf.text() == ***text);
            if !right || leaves.next().is_some() {
                return Err(EditError::NoPlace {
                    place: place_of(key),
                    reason: "the file would say something else there".to_owned(),
                });
            }
        }
        self.changes
            .sort_by_key(|it| (it.place.line, it.place.column));
        Ok(Some(Edited {
            file: Arc::clone(&self.document.file),
            bytes,
            changes: self.changes,
        }))
    }
}

/// True for a value that may be a password as it stands.
fn hides(leaf: &Leaf) -> bool {
    let reference = ["$env{", "$ref{", "$secret{", "$sys{"];
    let refers = reference.iter().any(|form| leaf.text().starts_with(form));
    (leaf.name().contains("password") || leaf.key == "encryption.key") && !refers
}

fn place_of(key: &str) -> Place {
    Place {
        key: key.to_owned(),
        ..Place::of_file(DEPLOYMENT_TOML)
    }
}

/// Where the tables of stores, and what belongs to them, stand.
const KEYSTORES: &[&[&str]] = &[
    &["keystore.internal", "keystore.primary", "keystore.tls"],
    &["truststore"],
];
#[cfg(test)]
mod tests;
