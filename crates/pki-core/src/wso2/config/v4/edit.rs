//! `deployment.toml` with other stores in it, and other servers in its URLs.

mod beside;

use std::{
    collections::{BTreeMap, HashMap},
    ops::Range,
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
        Wanted, WantedAuthority, WantedStore,
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

    /// Other servers in URLs.
    fn authorities(
        &mut self,
        config: &HomeConfig,
        wanted: &[WantedAuthority],
    ) -> Result<(), EditError> {
        let mut by_place: BTreeMap<(usize, usize), Authorities<'_>> = BTreeMap::new();
        let mut unwritten: BTreeMap<&str, String> = BTreeMap::new();
        for it in wanted {
            let call = config.calls.get(it.call);
            let found = call.and_then(|call| Some((call, call.endpoints.get(it.endpoint)?)));
            let (call, endpoint) = found.ok_or_else(|| EditError::NoPlace {
                place: place_of(call.map_or("", |call| call.key)),
                reason: "there is no such server in a URL".to_owned(),
            })?;
            match &call.setting.place {
                Some(place) => {
                    let ranges = by_place.entry((place.line, place.column)).or_default();
                    let range = endpoint.authority.clone();
                    ranges.insert(range.start, (range, &it.authority));
                }
                None => {
                    let text = call
                        .setting
                        .known()
                        .filter(|_| super::calls::is_one(call.key));
                    let text = text.ok_or_else(|| EditError::NoPlace {
                        place: place_of(call.key),
                        reason: "nothing is written there, and it takes a list".to_owned(),
                    })?;
                    let mut text = text.clone();
                    text.replace_range(endpoint.authority.clone(), &it.authority);
                    unwritten.insert(call.key, text);
                }
            }
        }
        for (position, ranges) in by_place {
            let mut leaves = self.document.leaves().iter();
            let leaf = leaves.find(|leaf| (leaf.line, leaf.column) == position);
            let Some(leaf) = leaf else { continue };
            let mut text = leaf.text().to_owned();
            for (range, authority) in ranges.into_values().rev() {
                text.replace_range(range, authority);
            }
            self.set(leaf, &Value::plain(&text));
        }
        let mut tables: BTreeMap<&str, Vec<(&str, Value)>> = BTreeMap::new();
        for (key, text) in &unwritten {
            if let Some((table, last)) = key.rsplit_once('.') {
                let values = tables.entry(table).or_default();
                values.push((last, Value::plain(text)));
            }
        }
        for (table, values) in tables {
            self.table(table, &values, SERVICES);
        }
        Ok(())
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

/// Where authorities stand in one value, by where they begin, and what is to stand there.
type Authorities<'a> = BTreeMap<usize, (Range<usize>, &'a str)>;

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
/// Where the tables of other servers stand.
const SERVICES: &[&[&str]] = &[&[
    "apim.event_hub",
    "apim.key_manager",
    "apim.oauth_config",
    "apim.throttling",
]];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        keystore::Format,
        secret::{Bytes, Password},
        wso2::config::{HomeFiles, State, StoreConsumer, StoreUse, Written, v4::stores::FOLDER},
    };

    fn home(toml: &str, product: Product) -> HomeConfig {
        let mut files = HomeFiles::new();
        files.insert(DEPLOYMENT_TOML.to_owned(), Bytes::from(toml.as_bytes()));
        HomeConfig::read(&files, Some(product))
    }

    fn store(file: &str, password: &str, alias: Option<&str>) -> WantedStore {
        WantedStore {
            file: file.to_owned(),
            format: Format::Jks,
            password: Written::Plain(Password::new(password)),
            alias: alias.map(str::to_owned),
        }
    }

    fn wanted() -> Wanted {
        Wanted {
            stores: BTreeMap::from([
                (
                    Slot::Primary,
                    store("wso2carbon.jks", "Primary1", Some("main")),
                ),
                (Slot::Tls, store("tls.jks", "Tls$a\"b'c", Some("node"))),
                (
                    Slot::Truststore,
                    store("client-truststore.jks", "Trust3", None),
                ),
            ]),
            ..Wanted::default()
        }
    }

    /// The file as it is to be, or as it is where nothing changes.
    fn edit(toml: &str, wanted: &Wanted) -> String {
        let edited = home(toml, Product::of(4, 7)).edited(wanted).unwrap();
        match edited.as_slice() {
            [] => toml.to_owned(),
            [one] => String::from_utf8(one.bytes.expose().to_vec()).unwrap(),
            more => panic!("{more:?}"),
        }
    }

    /// Every part opens the store of its slot.
    fn assert_wired(toml: &str) {
        let config = home(toml, Product::of(4, 7));
        let wanted = wanted();
        for it in config
            .stores
            .iter()
            .filter(|it| it.consumer != StoreConsumer::BrokerMqtt)
        {
            let slot = match it.slot {
                Slot::Internal => Slot::Primary,
                slot => slot,
            };
            let store = &wanted.stores[&slot];
            let password = match &store.password {
                Written::Plain(password) => password,
                other => panic!("{other:?}"),
            };
            let location = it.location.known().unwrap();
            let name = location.trim_start_matches("${carbon.home}/");
            assert_eq!(name, format!("{FOLDER}{}", store.file), "{toml}\n{it:?}");
            assert_eq!(it.password.known(), Some(password), "{toml}\n{it:?}");
            let StoreUse {
                kind,
                alias,
                key_password,
                ..
            } = it;
            assert!(kind.known().is_none_or(|kind| kind == "JKS"), "{it:?}");
            assert!(
                alias
                    .known()
                    .is_none_or(|found| Some(found) == store.alias.as_ref())
            );
            assert!(
                key_password.known().is_none_or(|found| found == password),
                "{it:?}"
            );
        }
    }

    #[test]
    fn the_keystores_are_written_together_beside_the_one_that_is_there() {
        let toml = "# top\n[keystore.tls]\nfile_name =  \"wso2carbon.jks\" # old\ntype =  \"JKS\"\n\
                    password =  'x'\nalias =  \"wso2carbon\"\nkey_password =  \"x\"\n\n[z]\na = 1\n";
        let expected = "# top\n[keystore.tls]\nfile_name =  \"tls.jks\" # old\ntype =  \"JKS\"\n\
                        password =  \"Tls$a\\\"b'c\"\nalias =  \"node\"\nkey_password =  \"Tls$a\\\"b'c\"\n\n\
                        [keystore.primary]\nfile_name = \"wso2carbon.jks\"\ntype = \"JKS\"\npassword = \"Primary1\"\n\
                        alias = \"main\"\nkey_password = \"Primary1\"\n\n\
                        [keystore.internal]\nfile_name = \"wso2carbon.jks\"\ntype = \"JKS\"\npassword = \"Primary1\"\n\
                        alias = \"main\"\nkey_password = \"Primary1\"\n\n\
                        [truststore]\nfile_name = \"client-truststore.jks\"\ntype = \"JKS\"\npassword = \"Trust3\"\n\n\
                        [z]\na = 1\n";
        let edited = edit(toml, &wanted());
        assert_eq!(edited, expected);
        assert_wired(&edited);
        assert_eq!(edit(&edited, &wanted()), edited);
    }

    #[test]
    fn what_changes_is_told_without_a_password() {
        let toml = "[keystore.tls]\npassword = \"old\"\nalias = \"a\"\n";
        let config = home(toml, Product::of(4, 7));
        let edited = config.edited(&wanted()).unwrap();
        let told = format!("{:?}", edited[0].changes);
        for secret in ["old", "Primary1", "Tls$", "Trust3"] {
            assert!(!told.contains(secret), "{told}");
        }
        let change = |key: &str| {
            let mut changes = edited[0].changes.iter();
            changes.find(|it| it.place.key == key).unwrap().clone()
        };
        let alias = change("keystore.tls.alias");
        assert_eq!(
            (alias.place.line, alias.before),
            (3, Some(Shown::Text("a".to_owned())))
        );
        assert_eq!(change("keystore.tls.password").before, Some(Shown::Hidden));
        assert_eq!(change("keystore.primary.alias").before, None);
    }

    #[test]
    fn a_reference_to_the_environment_or_to_a_secret_is_written_as_one() {
        let mut wanted = wanted();
        for (slot, password) in [
            (Slot::Tls, Written::Environment("TLS_PASSWORD".to_owned())),
            (
                Slot::Truststore,
                Written::Secret {
                    alias: "trust".to_owned(),
                    otherwise: Password::new("unused"),
                },
            ),
        ] {
            if let Some(store) = wanted.stores.get_mut(&slot) {
                store.password = password;
            }
        }
        wanted.encryption_key = Some(Written::Environment("ENCRYPTION_KEY".to_owned()));
        let edited = edit("", &wanted);
        assert!(
            edited.contains("key_password = \"$env{TLS_PASSWORD}\"\n"),
            "{edited}"
        );
        assert!(
            edited.contains("password = \"$secret{trust}\"\n"),
            "{edited}"
        );
        assert!(
            edited.ends_with("[encryption]\nkey = \"$env{ENCRYPTION_KEY}\"\n"),
            "{edited}"
        );
        assert!(!edited.contains("unused"));
    }

    #[test]
    fn a_part_with_a_store_of_its_own_gets_that_of_its_slot() {
        let toml = "[transport.passthru_https.listener]\nkey_store.location = \"/opt/gw.jks\"\n\
            key_store.password = \"a\"\nkey_store.key_password = \"$ref{keystore.tls.password}\"\n\
            [transport.passthru_https.sender.trust_store]\nlocation = \"repository/resources/security/$ref{truststore.file_name}\"\n\
            [transport.http.sender.truststore]\npassword = \"b\"\nfile_name = \"without effect\"\n\
            [transport.https.sslHostConfig.properties]\ntruststoreFile = \"${carbon.home}/x.jks\"\n\
            [transport.receiver]\nkeystore = { file_name = 'y.jks', password = 'c' }\n\
            [[keystore.ssl_profile.custom]]\nservers = \"b:1\"\nkeystore.location = \"repository/resources/security/wso2carbon.jks\"\n\
            keystore.password = \"d\"\ntruststore.location = \"other.jks\"\ntruststore.password = \"e\"\n";
        let edited = edit(toml, &wanted());
        for line in [
            "key_store.location = \"${carbon.home}/repository/resources/security/tls.jks\"",
            "key_store.key_password = \"$ref{keystore.tls.password}\"",
            "location = \"repository/resources/security/$ref{truststore.file_name}\"",
            "password = \"Trust3\"",
            "file_name = \"without effect\"",
            "truststoreFile = \"${carbon.home}/repository/resources/security/client-truststore.jks\"",
            "keystore = { file_name = 'tls.jks', password = \"Tls$a\\\"b'c\" }",
            "keystore.location = \"repository/resources/security/tls.jks\"",
            "truststore.location = \"other.jks\"",
            "truststore.password = \"e\"",
        ] {
            assert!(edited.lines().any(|it| it == line), "{line}\n{edited}");
        }
        assert_eq!(edit(&edited, &wanted()), edited);
    }

    #[test]
    fn an_internal_keystore_of_its_own_stays_and_one_that_is_the_primary_follows_it() {
        let own = "[keystore.internal]\nfile_name = \"internal.jks\"\npassword = \"i\"\n";
        assert!(edit(own, &wanted()).starts_with(own));
        let same = "[keystore.internal]\npassword = \"i\"\n";
        let edited = edit(same, &wanted());
        assert!(
            edited.starts_with("[keystore.internal]\npassword = \"Primary1\"\n"),
            "{edited}"
        );
        assert_wired(&edited);
    }

    #[test]
    fn other_servers_stand_in_urls_and_everything_around_them_stays() {
        let toml = "[apim.event_hub]\nservice_url = 'https://localhost:${mgt.transport.https.port}/services/' # x\n\
            event_listening_endpoints = [\"tcp://a:5672\", \"tcp://b:5672\"]\n\
            [[apim.throttling.url_group]]\ntraffic_manager_auth_urls = [\"ssl://a:9711\"]\n[secrets]\ns = \"[p]\"\n";
        let config = home(toml, Product::of(4, 7));
        let authority = |key: &str, number: usize, authority: &str| {
            let calls = config.calls.iter().enumerate();
            let mut calls = calls.filter(|(_, call)| call.key == key);
            WantedAuthority {
                call: calls.nth(number).unwrap().0,
                endpoint: 0,
                authority: authority.to_owned(),
            }
        };
        let mut wanted = Wanted {
            authorities: vec![
                authority("apim.event_hub.service_url", 0, "cp:9443"),
                authority("apim.event_hub.event_listening_endpoints", 1, "cp2:5672"),
                authority(
                    "apim.throttling.url_group.traffic_manager_auth_urls",
                    0,
                    "tm:9711",
                ),
                // The event hub publishes there too: the same place.
                authority("apim.event_hub.publish.url_group.auth_urls", 0, "tm:9711"),
                // Written nowhere.
                authority("apim.key_manager.service_url", 0, "km:9443"),
                authority("apim.throttling.service_url", 0, "tm:9443"),
            ],
            ..Wanted::default()
        };
        let expected = "[apim.event_hub]\nservice_url = 'https://cp:9443/services/' # x\n\
            event_listening_endpoints = [\"tcp://a:5672\", \"tcp://cp2:5672\"]\n\n\
            [apim.key_manager]\nservice_url = \"https://km:9443${carbon.context}services/\"\n\n\
            [apim.throttling]\nservice_url = \"https://tm:9443${carbon.context}services/\"\n\n\
            [[apim.throttling.url_group]]\ntraffic_manager_auth_urls = [\"ssl://tm:9711\"]\n[secrets]\ns = \"[p]\"\n";
        assert_eq!(edit(toml, &wanted), expected);
        wanted.authorities = vec![authority(
            "apim.throttling.throttle_decision_endpoints",
            0,
            "tm:1",
        )];
        let refused = config.edited(&wanted).unwrap_err();
        assert!(refused.to_string().contains("it takes a list"), "{refused}");
    }

    #[test]
    fn whatever_the_layout_the_stores_are_wired_and_no_other_line_changes() {
        // Each table in each way of writing it, in each order, with each kind of line end.
        let tls = [
            "",
            "[keystore.tls]\nfile_name = \"old.jks\" # c\n# key_password = \"x\"\n",
            "[keystore]\ntls = { file_name = 'old.jks', alias = \"a\" }\n",
            "[keystore]\n\ttls.file_name = \"old.jks\"\n\ttls.password = \"\"\"\nmulti\"\"\"\n",
            "[ keystore . \"tls\" ]\n",
        ];
        let trust = [
            "",
            "[truststore]\npassword = \"$ref{keystore.primary.password}\"\n",
            "[truststore]\n  type=\"PKCS12\"# t\n",
        ];
        let others = [
            "",
            "[[apim.gateway.environment]]\nname = \"Default\"\n[apim.gateway.environment.properties]\na = [ 1,\n  2, # two\n]\n",
            "[keystore.primary]\nfile_name = \"wso2carbon.jks\"\npassword = 12345\n",
        ];
        let secrets = ["", "# last\n[secrets]\nkeystore_password = \"[plain]\"\n"];
        let roots = ["", "# top\n\ntitle = \"x\"\n"];
        let mut count = 0;
        let all = tls.len() * trust.len() * others.len() * secrets.len() * roots.len();
        for number in 0..all {
            let mut rest = number;
            let mut one = |of: &[&'static str]| {
                let it = of[rest % of.len()];
                rest /= of.len();
                it
            };
            let (tls, trust, other) = (one(&tls), one(&trust), one(&others));
            let (secret, root) = (one(&secrets), one(&roots));
            // `[keystore]` with dots and a header for another table in it are one table all the same.
            let orders = [
                [tls, trust, other],
                [other, trust, tls],
                [trust, other, tls],
            ];
            let ends = [
                ("\n", "", true),
                ("\r\n", "\u{feff}", true),
                ("\n", "", false),
            ];
            let order = orders[number % orders.len()];
            let (eol, bom, end) = ends[number / orders.len() % ends.len()];
            let mut toml = format!("{root}{}{secret}", order.join("")).replace('\n', eol);
            if !end {
                toml.truncate(toml.trim_end().len());
            }
            let toml = format!("{bom}{toml}");
            let edited = edit(&toml, &wanted());
            assert_wired(&edited);
            assert_eq!(edit(&edited, &wanted()), edited, "{toml}");
            assert_untouched(&toml, &edited, eol);
            count += 1;
        }
        assert_eq!(count, 180);
    }

    /// Every line without a value that changes is there, in order, with the same line end.
    fn assert_untouched(before: &str, after: &str, eol: &str) {
        assert_eq!(
            before.starts_with('\u{feff}'),
            after.starts_with('\u{feff}')
        );
        let changes = |line: &str| {
            let line = line.trim_start();
            let keys = [
                "file_name",
                "type",
                "password",
                "alias",
                "key_password",
                "tls",
                "multi",
            ];
            keys.iter().any(|key| line.starts_with(key))
        };
        let mut lines = after.trim_start_matches('\u{feff}').split(eol);
        for line in before
            .trim_start_matches('\u{feff}')
            .split(eol)
            .filter(|line| !changes(line))
        {
            let found = lines.any(|it| it == line);
            assert!(
                found || line.is_empty(),
                "`{line}` of\n{before}\nis not in\n{after}"
            );
        }
        if eol == "\r\n" && before.contains('\n') {
            assert_eq!(
                after.matches('\n').count(),
                after.matches(eol).count(),
                "{after}"
            );
        }
        if let Some((_, secrets)) = after.split_once("[secrets]") {
            assert!(!secrets.contains("\n["), "{after}");
        }
        assert_eq!(
            before.ends_with('\n') || before.trim_start_matches('\u{feff}').is_empty(),
            after.ends_with('\n'),
            "{after:?}"
        );
    }

    #[test]
    fn in_3_0_the_files_that_are_no_templates_are_changed_too() {
        let profile = "<parameter name=\"customSSLProfiles\"><profile><servers>*</servers>\r\n\
            <KeyStore><Location>repository/resources/security/wso2carbon.jks</Location><Type>JKS</Type>\
            <Password>wso2carbon</Password><KeyPassword>wso2carbon</KeyPassword></KeyStore></profile></parameter>";
        let path = "repository/resources/security/sslprofiles.xml";
        let mut files = HomeFiles::new();
        files.insert(DEPLOYMENT_TOML.to_owned(), Bytes::from(&b"[z]\n"[..]));
        files.insert(path.to_owned(), Bytes::from(profile.as_bytes()));
        let mut wanted = wanted();
        if let Some(tls) = wanted.stores.get_mut(&Slot::Tls) {
            tls.password = Written::Plain(Password::new("Tls&2"));
        }
        let old = HomeConfig::read(&files, Some(Product::of(3, 0)));
        let sender = |config: &HomeConfig| {
            let mut stores = config.stores.iter();
            let found = stores.find(|it| it.consumer == StoreConsumer::SenderProfile);
            found.unwrap().state.clone()
        };
        assert_eq!(sender(&old), State::On);
        let edited = old.edited(&wanted).unwrap();
        let changed = edited.iter().find(|it| &*it.file == path).unwrap();
        let text = String::from_utf8(changed.bytes.expose().to_vec()).unwrap();
        let expected = profile
            .replace("wso2carbon.jks", "tls.jks")
            .replace(">wso2carbon<", ">Tls&amp;2<");
        assert_eq!(text, expected);
        // From 3.1 on they are made anew at each start.
        let new = HomeConfig::read(&files, Some(Product::of(3, 1)));
        assert!(
            new.edited(&wanted)
                .unwrap()
                .iter()
                .all(|it| &*it.file != path)
        );
    }
}
