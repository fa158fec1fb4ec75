//! XML files beside `deployment.toml` that name stores. Most are made of it at each start, and to change
//! them changes nothing; in 3.0 some are the product's own.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    release::Releases,
    resolve::Resolver,
    stores::{FOLDER, located},
};
use crate::{
    secret::Password,
    wso2::{
        Product, Slot,
        config::{
            BlockId, Document, EditError, Edited, Edits, HomeConfig, HomeFiles, Leaf, Place,
            Setting, Shown, State, StoreConsumer, StoreUse, Syntax, Unknown, ValueChange,
            WantedStore, Written, home::document,
        },
    },
};

/// A store in an XML file.
struct Row {
    file: File,
    consumer: StoreConsumer,
    slot: Slot,
    /// The element that holds it.
    block: &'static str,
    /// What leads from there to its values.
    location: &'static str,
    kind: Option<&'static str>,
    password: &'static str,
    key_password: Option<&'static str>,
    /// Attributes that switch the part on.
    switches: &'static [&'static str],
}

/// Which file, and whose it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum File {
    /// A file that the product makes from 3.1 on.
    Made(&'static str),
    /// Any XML file in the folder of the stores, and the setting that may name it.
    Profiles(&'static str),
}

/// Reads such files into a configuration. `resolver` is there if `deployment.toml` can be read.
pub(super) fn read(config: &mut HomeConfig, files: &HomeFiles, resolver: Option<&Resolver<'_>>) {
    let paths = files.keys().filter(|path| {
        ROWS.iter().any(|row| match row.file {
            File::Made(file) => path == &file && resolver.is_some_and(|it| keeps(it.releases)),
            File::Profiles(_) => is_in_folder(path),
        })
    });
    for path in paths {
        let read = document(files, path, Syntax::Xml, &mut config.unread);
        let Some(read) = read else { continue };
        for row in ROWS.iter().filter(|row| row.may_be_in(path)) {
            for block in read.blocks(row.block) {
                config.stores.push(row.store(&read, block, resolver));
            }
        }
        config.documents.push(read);
    }
}

/// The files of 3.0 that are the product's own, with other stores in them.
///
/// # Errors
///
/// [`EditError::NoEnvironment`]: nothing resolves `$env{}` in them.
pub(super) fn edited(
    config: &HomeConfig,
    releases: Releases,
    slots: &BTreeMap<Slot, WantedStore>,
) -> Result<Vec<Edited>, EditError> {
    if !keeps(releases) {
        return Ok(Vec::new());
    }
    let mut edited = Vec::new();
    for document in config
        .documents
        .iter()
        .filter(|it| it.syntax() == Syntax::Xml)
    {
        let mut edits = Edits::new();
        let mut changes = Vec::new();
        for row in ROWS.iter().filter(|row| row.may_be_in(document.file())) {
            let Some(store) = slots.get(&row.slot) else {
                continue;
            };
            for block in document.blocks(row.block) {
                row.change(document, block, store, &mut edits, &mut changes)?;
            }
        }
        if !edits.is_empty() {
            changes.sort_by_key(|it: &ValueChange| (it.place.line, it.place.column));
            edited.push(Edited {
                file: Arc::clone(&document.file),
                bytes: document.edited(&edits),
                changes,
            });
        }
    }
    Ok(edited)
}

impl Row {
    fn change(
        &self,
        document: &Document,
        block: BlockId,
        store: &WantedStore,
        edits: &mut Edits,
        changes: &mut Vec<ValueChange>,
    ) -> Result<(), EditError> {
        let mut set = |relative: &str, value: &str, is_secret: bool| {
            let leaf = document.within(block, relative);
            let Some(leaf) = leaf.filter(|leaf| leaf.text() != value) else {
                return;
            };
            let shown = |text: &str| match is_secret {
                true => Shown::Hidden,
                false => Shown::Text(text.to_owned()),
            };
            edits.set(document, leaf, value);
            changes.push(ValueChange {
                place: Place::of(document, leaf),
                before: Some(shown(leaf.text())),
                after: shown(value),
            });
        };
        // These parts take no alias of a secret.
        let password = match &store.password {
            Written::Plain(password)
            | Written::Secret {
                otherwise: password,
                ..
            } => password,
            Written::Environment(_) => return Err(EditError::NoEnvironment),
        };
        let old = document.within(block, self.location).map(Leaf::text);
        let home = match old.is_some_and(|old| old.starts_with("${carbon.home}")) {
            true => "${carbon.home}/",
            false => "",
        };
        set(
            self.location,
            &format!("{home}{FOLDER}{}", store.file),
            false,
        );
        if let Some(relative) = self.kind {
            set(relative, store.format.java_name(), false);
        }
        set(self.password, password.expose(), true);
        if let Some(relative) = self.key_password {
            set(relative, password.expose(), true);
        }
        Ok(())
    }

    fn may_be_in(&self, path: &str) -> bool {
        match self.file {
            File::Made(file) => path == file,
            File::Profiles(_) => true,
        }
    }

    fn store(
        &self,
        document: &Document,
        block: BlockId,
        resolver: Option<&Resolver<'_>>,
    ) -> StoreUse {
        let string = |relative: Option<&str>| {
            let leaf = relative.and_then(|relative| document.within(block, relative));
            leaf.map_or_else(Setting::absent, |leaf| Setting {
                value: text(leaf).map(str::to_owned),
                place: Some(Place::of(document, leaf)),
            })
        };
        let password = |relative: Option<&str>| {
            let Setting { value, place } = string(relative);
            Setting {
                value: value.map(Password::new),
                place,
            }
        };
        StoreUse {
            consumer: self.consumer,
            slot: self.slot,
            location: located(string(Some(self.location)), false),
            kind: string(self.kind),
            password: password(Some(self.password)),
            alias: Setting::absent(),
            key_password: password(self.key_password),
            state: self.state(document, resolver),
            foreign: false,
        }
    }

    fn state(&self, document: &Document, resolver: Option<&Resolver<'_>>) -> State {
        if let File::Profiles(setting) = self.file {
            let kept = resolver.is_some_and(|it| keeps(it.releases));
            if PROFILES.contains(&document.file()) && !kept {
                return State::Off("it is made of `deployment.toml` at each start".to_owned());
            }
            let named = resolver.map(|it| it.string(setting).value);
            if let Some(Ok(named)) = named
                && named.trim_start_matches("./") != document.file()
            {
                return State::Off(format!("`{setting}` names another file"));
            }
        }
        for switch in self.switches {
            if let Some(leaf) = document.leaf(switch)
                && !leaf.text().eq_ignore_ascii_case("true")
            {
                return State::Off(format!("`{switch}` is `{}`", leaf.text()));
            }
        }
        State::On
    }
}

/// The value of an element, or the encrypted secret that stands for it.
fn text(leaf: &Leaf) -> Result<&str, Unknown> {
    if let Some(alias) = &leaf.secret_alias {
        return Err(Unknown::Secret(alias.clone()));
    }
    let secret = leaf.text().strip_prefix("$secret{");
    match secret.and_then(|rest| rest.strip_suffix('}')) {
        Some(alias) => Err(Unknown::Secret(alias.to_owned())),
        None => Ok(leaf.text()),
    }
}

fn is_in_folder(path: &str) -> bool {
    let name = path.strip_prefix(FOLDER);
    name.is_some_and(|name| name.ends_with(".xml") && !name.contains('/'))
}

/// True for 3.0, whose templates of these files write where nothing reads them, or are not there.
fn keeps(releases: Releases) -> bool {
    releases.newest < Product::of(3, 1)
}

/// What the templates make.
const PROFILES: [&str; 2] = [
    "repository/resources/security/listenerprofiles.xml",
    "repository/resources/security/sslprofiles.xml",
];
const BROKER: File = File::Made("repository/conf/broker.xml");
const WEBSOCKET: File = File::Made(
    "repository/deployment/server/synapse-configs/default/inbound-endpoints/SecureWebSocketInboundEndpoint.xml",
);
const LISTENER: File = File::Profiles("transport.passthru_https.listener.ssl_profile.file_path");
const SENDER: File = File::Profiles("transport.passthru_https.sender.ssl_profile.file_path");

const fn row(file: File, consumer: StoreConsumer, slot: Slot, block: &'static str) -> Row {
    Row {
        file,
        consumer,
        slot,
        block,
        location: "Location",
        kind: Some("Type"),
        password: "Password",
        key_password: match slot {
            Slot::Truststore => None,
            _ => Some("KeyPassword"),
        },
        switches: &[],
    }
}

const fn broker(
    consumer: StoreConsumer,
    slot: Slot,
    block: &'static str,
    switches: &'static [&'static str],
) -> Row {
    Row {
        location: "location",
        kind: None,
        password: "password",
        key_password: None,
        switches,
        ..row(BROKER, consumer, slot, block)
    }
}

const AMQP: &[&str] = &[
    "broker/transports/amqp/@enabled",
    "broker/transports/amqp/sslConnection/@enabled",
];
const MQTT: &[&str] = &[
    "broker/transports/mqtt/@enabled",
    "broker/transports/mqtt/sslConnection/@enabled",
];

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(LISTENER, StoreConsumer::ListenerProfile, Slot::Tls, "parameter[SSLProfiles]/profile/KeyStore"),
    row(LISTENER, StoreConsumer::ListenerProfile, Slot::Truststore, "parameter[SSLProfiles]/profile/TrustStore"),
    row(SENDER, StoreConsumer::SenderProfile, Slot::Tls, "parameter[customSSLProfiles]/profile/KeyStore"),
    row(SENDER, StoreConsumer::SenderProfile, Slot::Truststore, "parameter[customSSLProfiles]/profile/TrustStore"),
    broker(StoreConsumer::Broker, Slot::Tls, "broker/transports/amqp/sslConnection/keyStore", AMQP),
    broker(StoreConsumer::Broker, Slot::Truststore, "broker/transports/amqp/sslConnection/trustStore", AMQP),
    broker(StoreConsumer::BrokerMqtt, Slot::Tls, "broker/transports/mqtt/sslConnection/keyStore", MQTT),
    broker(StoreConsumer::BrokerMqtt, Slot::Truststore, "broker/transports/mqtt/sslConnection/trustStore", MQTT),
    Row {
        location: "parameter[wss.ssl.key.store.file]",
        kind: None,
        password: "parameter[wss.ssl.key.store.pass]",
        key_password: Some("parameter[wss.ssl.cert.pass]"),
        ..row(WEBSOCKET, StoreConsumer::WebsocketListener, Slot::Tls, "inboundEndpoint/parameters")
    },
    Row {
        location: "parameter[wss.ssl.trust.store.file]",
        kind: None,
        password: "parameter[wss.ssl.trust.store.pass]",
        ..row(WEBSOCKET, StoreConsumer::WebsocketListener, Slot::Truststore, "inboundEndpoint/parameters")
    },
];
