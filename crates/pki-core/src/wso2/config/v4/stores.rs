//! Which keys of `deployment.toml` name which store, for which part of the product.
//!
//! Sources: the templates of product-apim and carbon-kernel at the tags of 3.0.0 to 4.7.0
//! (`carbon.xml.j2`, `catalina-server.xml.j2`, `axis2.xml.j2`, `sslprofiles.xml.j2`, `broker.xml.j2`, …),
//! `data-bridge-config.xml.j2` and `data-agent-config.xml.j2` of carbon-analytics-common, `identity.xml.j2`.

use super::{
    release::{ALL, Releases, Span},
    resolve::Resolver,
};
use crate::{
    secret::Password,
    wso2::{
        Product, Slot,
        config::{BlockId, Leaf, Setting, State, StoreConsumer, StoreUse, Unknown},
    },
};

/// Where `file_name` is looked for, from the home.
pub(super) const FOLDER: &str = "repository/resources/security/";

/// A part that opens a store, and the keys that say how.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) consumer: StoreConsumer,
    pub(super) slot: Slot,
    releases: Span,
    /// The table that holds the keys.
    pub(super) table: &'static str,
    pub(super) keys: Keys,
    /// The table whose store is taken where a key is not written.
    base: Base,
    /// What must be true for the part to be switched on.
    switches: &'static [&'static str],
}

/// The last parts of a store's keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    pub(super) location: &'static str,
    /// True if the location is a file's name below [`FOLDER`].
    pub(super) is_name: bool,
    pub(super) kind: Option<&'static str>,
    pub(super) password: &'static str,
    pub(super) alias: Option<&'static str>,
    pub(super) key_password: Option<&'static str>,
}

/// What a part opens where its keys are not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Base {
    /// What the release says, or another row of the same table.
    Own,
    /// The store of another table.
    Table(&'static str),
    /// Nothing.
    Unused,
}

impl Row {
    /// A key of this row's, whole.
    pub(super) fn key(&self, last: &str) -> String {
        format!("{}.{last}", self.table)
    }
}

/// The rows that hold for a release or several.
pub(super) fn rows(releases: Releases) -> impl Iterator<Item = &'static Row> {
    ROWS.iter().filter(move |row| releases.meet(row.releases))
}

/// The row of Tomcat's keystore.
pub(super) fn tomcat() -> &'static Row {
    &TOMCAT_KEYS
}

/// Every store that `deployment.toml` names, or leaves to the release.
pub(super) fn stores(resolver: &Resolver<'_>) -> Vec<StoreUse> {
    let named = rows(resolver.releases)
        .filter(|row| row.base != Base::Unused || resolver.is_written(&row.key(row.keys.location)));
    let mut stores: Vec<StoreUse> = named.map(|row| store(resolver, row)).collect();
    for profile in resolver.document.blocks(CUSTOM_PROFILES) {
        for mut custom in custom_profile(resolver, profile) {
            // One that names a file of the node's is the node's.
            let same = |it: &StoreUse| !it.foreign && it.location.value == custom.location.value;
            custom.foreign = !stores.iter().any(same);
            stores.push(custom);
        }
    }
    if resolver.releases.meet(MQTT_IN_A_TEMPLATE) {
        stores.extend(mqtt());
    }
    stores
}

/// What a key that names a store is taken for where it is not written: another table's key.
pub(super) fn default(key: &str, product: Product) -> Option<String> {
    let (table, last) = key.rsplit_once('.')?;
    let one = Releases {
        oldest: product,
        newest: product,
    };
    rows(one).filter(|row| row.table == table).find_map(|row| {
        let Base::Table(base) = row.base else {
            return None;
        };
        let keys = row.keys;
        let other = match last {
            last if last == keys.location && keys.is_name => "file_name",
            last if last == keys.location => {
                return Some(format!("{FOLDER}$ref{{{base}.file_name}}"));
            }
            last if last == keys.password => "password",
            last if Some(last) == keys.kind => "type",
            last if Some(last) == keys.alias => "alias",
            last if Some(last) == keys.key_password => "key_password",
            _ => return None,
        };
        Some(format!("$ref{{{base}.{other}}}"))
    })
}

fn store(resolver: &Resolver<'_>, row: &Row) -> StoreUse {
    let Keys {
        location,
        is_name,
        kind,
        password,
        alias,
        key_password,
    } = row.keys;
    let string = |last: Option<&str>| match last {
        Some(last) => resolver.string(&row.key(last)),
        None => Setting::absent(),
    };
    StoreUse {
        consumer: row.consumer,
        slot: row.slot,
        location: located(resolver.string(&row.key(location)), is_name),
        kind: string(kind),
        password: resolver.password(&row.key(password)),
        alias: string(alias),
        key_password: match key_password {
            Some(last) => resolver.password(&row.key(last)),
            None => Setting::absent(),
        },
        state: resolver.state(row.switches),
        foreign: false,
    }
}

/// `[[keystore.ssl_profile.custom]]`: stores for some of the servers that the gateway's sender calls.
fn custom_profile(resolver: &Resolver<'_>, profile: BlockId) -> Vec<StoreUse> {
    let leaf = |key: &str| resolver.document.within(profile, key);
    let string = |key: &str| leaf(key).map_or_else(Setting::absent, |leaf| resolver.leaf(leaf));
    let password = |leaf: Option<&Leaf>| {
        leaf.map_or_else(Setting::<Password>::absent, |leaf| {
            resolver.leaf_password(leaf)
        })
    };
    let written = CUSTOM_SLOTS
        .into_iter()
        .filter(|(table, _)| leaf(&format!("{table}.location")).is_some());
    written
        .map(|(table, slot)| StoreUse {
            consumer: StoreConsumer::SenderProfile,
            slot,
            location: located(string(&format!("{table}.location")), false),
            kind: string(&format!("{table}.type")),
            password: password(leaf(&format!("{table}.password"))),
            alias: Setting::absent(),
            key_password: password(leaf(&format!("{table}.key_password"))),
            state: resolver.state(&["transport.passthru_https.sender.enable"]),
            foreign: true,
        })
        .collect()
}

/// The MQTT broker, whose stores no key can change, and which no key can switch on.
fn mqtt() -> [StoreUse; 2] {
    let text = |text: &str| Setting::default_of_release(text.to_owned());
    let store = |slot, file: &str| StoreUse {
        consumer: StoreConsumer::BrokerMqtt,
        slot,
        location: text(&format!("{FOLDER}{file}")),
        kind: Setting::absent(),
        password: Setting::default_of_release(Password::new("wso2carbon")),
        alias: Setting::absent(),
        key_password: Setting::absent(),
        state: State::Off("the template of `broker.xml` has `<mqtt enabled=\"false\">`".to_owned()),
        foreign: false,
    };
    [
        store(Slot::Tls, "wso2carbon.jks"),
        store(Slot::Truststore, "client-truststore.jks"),
    ]
}

/// A location from the home: `${carbon.home}/` and `./` are taken off, and a name stands in [`FOLDER`].
pub(super) fn located(setting: Setting<String>, is_name: bool) -> Setting<String> {
    let value = setting.value.and_then(|text| {
        if is_name {
            return Ok(format!("{FOLDER}{text}"));
        }
        let path = text
            .strip_prefix("${carbon.home}")
            .map_or(text.strip_prefix("./").unwrap_or(&text), |path| {
                path.trim_start_matches('/')
            });
        match path.split_once("${") {
            Some((_, rest)) => {
                let name = rest.split('}').next().unwrap_or(rest);
                Err(Unknown::Placeholder(name.to_owned()))
            }
            None => Ok(path.to_owned()),
        }
    });
    Setting {
        value,
        place: setting.place,
    }
}

pub(super) const CUSTOM_PROFILES: &str = "keystore.ssl_profile.custom";
/// The tables in one of them.
pub(super) const CUSTOM_SLOTS: [(&str, Slot); 2] =
    [("keystore", Slot::Tls), ("truststore", Slot::Truststore)];
/// 3.0 ships `broker.xml` itself.
const MQTT_IN_A_TEMPLATE: Span = ((3, 1), (4, 7));

/// `file_name` and its like.
const NAMED: Keys = Keys {
    location: "file_name",
    is_name: true,
    kind: Some("type"),
    password: "password",
    alias: Some("alias"),
    key_password: Some("key_password"),
};
const NAMED_TRUST: Keys = Keys {
    alias: None,
    key_password: None,
    ..NAMED
};
/// Synapse takes whatever key it finds.
const NAMED_ANY_KEY: Keys = Keys {
    alias: None,
    ..NAMED
};
/// `location` and its like.
const LOCATED: Keys = Keys {
    location: "location",
    is_name: false,
    ..NAMED_ANY_KEY
};
const LOCATED_TRUST: Keys = Keys {
    key_password: None,
    ..LOCATED
};
const LOCATED_UNTYPED: Keys = Keys {
    kind: None,
    ..LOCATED
};
const LOCATED_UNTYPED_TRUST: Keys = Keys {
    kind: None,
    key_password: None,
    ..LOCATED
};
const TOMCAT: Keys = Keys {
    location: "certificateKeystoreFile",
    is_name: false,
    kind: Some("certificateKeystoreType"),
    password: "certificateKeystorePassword",
    alias: Some("certificateKeyAlias"),
    key_password: Some("certificateKeyPassword"),
};
const TOMCAT_TRUST: Keys = Keys {
    location: "truststoreFile",
    kind: Some("truststoreType"),
    password: "truststorePassword",
    ..LOCATED_TRUST
};
/// The password of the store opens the key too (`DataBridge`).
const DATA_BRIDGE: Keys = Keys {
    key_password: None,
    ..NAMED_ANY_KEY
};
const AGENT_TRUST: Keys = Keys {
    location: "trust_store",
    password: "trust_store_password",
    ..LOCATED_UNTYPED_TRUST
};
const CLIENT_KEY: Keys = Keys {
    location: "key_store",
    password: "key_store_password",
    ..LOCATED_UNTYPED_TRUST
};
const ANALYTICS: Keys = Keys {
    location: "keystore_location",
    password: "keystore_password",
    ..LOCATED_UNTYPED_TRUST
};
const ANALYTICS_TRUST: Keys = Keys {
    location: "truststore_location",
    password: "truststore_password",
    ..LOCATED_UNTYPED_TRUST
};
const ENTITLEMENT: Keys = Keys {
    location: "id",
    is_name: true,
    ..LOCATED_UNTYPED_TRUST
};
const MANAGEMENT: Keys = Keys {
    location: "keystore_path",
    password: "keystore_password",
    ..LOCATED_UNTYPED_TRUST
};

const PRIMARY: Base = Base::Table("keystore.primary");
const TLS: Base = Base::Table("keystore.tls");
const TRUST: Base = Base::Table("truststore");

const fn row(
    consumer: StoreConsumer,
    slot: Slot,
    releases: Span,
    table: &'static str,
    keys: Keys,
    base: Base,
    switches: &'static [&'static str],
) -> Row {
    Row {
        consumer,
        slot,
        releases,
        table,
        keys,
        base,
        switches,
    }
}

const SINCE_3_1: Span = ((3, 1), (4, 7));
const SINCE_4_0: Span = ((4, 0), (4, 7));
const SINCE_4_1: Span = ((4, 1), (4, 7));
const LISTENER: &[&str] = &["transport.passthru_https.listener.enable"];
const SENDER: &[&str] = &["transport.passthru_https.sender.enable"];
const NETTY: &[&str] = &["transport.netty.http.sender.secured_enable"];
const WEBSOCKET_SENDER: &[&str] = &["transport.wss.sender.enable"];
const WEBHOOKS: &[&str] = &["apim.webhooks.https.enable"];
const BROKER: &[&str] = &[
    "broker.transport.amqp.enabled",
    "broker.transport.amqp.ssl_connection.enabled",
];
const ANALYTICS_ON: &[&str] = &["apim.analytics.enable"];

const TOMCAT_KEYS: Row = row(
    StoreConsumer::Tomcat,
    Slot::Tls,
    ALL,
    "transport.https.sslHostConfig.certificate.properties",
    TOMCAT,
    TLS,
    &[],
);

#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(StoreConsumer::Primary, Slot::Primary, ALL, "keystore.primary", NAMED, Base::Own, &[]),
    row(StoreConsumer::Internal, Slot::Internal, ALL, "keystore.internal", NAMED, PRIMARY, &[]),
    row(StoreConsumer::Tls, Slot::Tls, ALL, "keystore.tls", NAMED, PRIMARY, &[]),
    row(StoreConsumer::Jvm, Slot::Truststore, ALL, "truststore", NAMED_TRUST, Base::Own, &[]),
    TOMCAT_KEYS,
    row(StoreConsumer::Tomcat, Slot::Truststore, ALL, "transport.https.sslHostConfig.properties", TOMCAT_TRUST, TRUST, &[]),
    row(StoreConsumer::SynapseListener, Slot::Tls, ALL, "transport.passthru_https.listener.key_store", LOCATED, TLS, LISTENER),
    row(StoreConsumer::SynapseListener, Slot::Truststore, ALL, "transport.passthru_https.listener.trust_store", LOCATED_TRUST, TRUST, LISTENER),
    row(StoreConsumer::ListenerProfile, Slot::Tls, SINCE_3_1, "keystore.tls", NAMED_ANY_KEY, Base::Own, LISTENER),
    row(StoreConsumer::ListenerProfile, Slot::Truststore, SINCE_3_1, "truststore", NAMED_TRUST, Base::Own, LISTENER),
    row(StoreConsumer::SynapseSender, Slot::Tls, ALL, "transport.passthru_https.sender.key_store", LOCATED, TLS, SENDER),
    row(StoreConsumer::SynapseSender, Slot::Truststore, ALL, "transport.passthru_https.sender.trust_store", LOCATED_TRUST, TRUST, SENDER),
    row(StoreConsumer::SenderProfile, Slot::Tls, SINCE_3_1, "keystore.tls", NAMED_ANY_KEY, Base::Own, SENDER),
    row(StoreConsumer::SenderProfile, Slot::Truststore, SINCE_3_1, "truststore", NAMED_TRUST, Base::Own, SENDER),
    row(StoreConsumer::Other("netty sender"), Slot::Tls, SINCE_4_1, "transport.netty.https.sender.keystore", LOCATED, TLS, NETTY),
    row(StoreConsumer::Other("netty sender"), Slot::Truststore, SINCE_4_1, "transport.netty.https.sender.truststore", LOCATED_TRUST, TRUST, NETTY),
    row(StoreConsumer::WebsocketListener, Slot::Tls, SINCE_3_1, "apim.wss.keystore", LOCATED_UNTYPED, TLS, &["apim.wss.enable"]),
    row(StoreConsumer::WebsocketSender, Slot::Truststore, ALL, "transport.wss.sender.trust_store", LOCATED_UNTYPED_TRUST, TRUST, WEBSOCKET_SENDER),
    row(StoreConsumer::Webhook, Slot::Tls, SINCE_4_0, "apim.webhooks.https.key_store", LOCATED, TLS, WEBHOOKS),
    row(StoreConsumer::Webhook, Slot::Truststore, SINCE_4_0, "apim.webhooks.https.trust_store", LOCATED_TRUST, TRUST, WEBHOOKS),
    row(StoreConsumer::Broker, Slot::Tls, SINCE_3_1, "broker.transport.amqp.ssl_connection.keystore", LOCATED_UNTYPED_TRUST, TLS, BROKER),
    row(StoreConsumer::Broker, Slot::Truststore, SINCE_3_1, "broker.transport.amqp.ssl_connection.truststore", LOCATED_UNTYPED_TRUST, TRUST, BROKER),
    row(StoreConsumer::DataBridge, Slot::Tls, ALL, "transport.receiver.keystore", DATA_BRIDGE, TLS, &["transport.binary.receiver.enable"]),
    row(StoreConsumer::Other("data agent"), Slot::Truststore, ALL, "transport.binary.agent", AGENT_TRUST, Base::Unused, &[]),
    row(StoreConsumer::Other("thrift data agent"), Slot::Truststore, ALL, "transport.thrift.agent", AGENT_TRUST, Base::Unused, &[]),
    row(StoreConsumer::Other("analytics publisher"), Slot::Primary, SINCE_4_1, "apim.analytics.properties", ANALYTICS, PRIMARY, ANALYTICS_ON),
    row(StoreConsumer::Other("analytics publisher"), Slot::Truststore, SINCE_4_1, "apim.analytics.properties", ANALYTICS_TRUST, TRUST, ANALYTICS_ON),
    row(StoreConsumer::Other("event hub's broker client"), Slot::Tls, ALL, "apim.event_hub.jms", CLIENT_KEY, Base::Unused, &["apim.event_hub.jms.ssl"]),
    row(StoreConsumer::Other("event hub's broker client"), Slot::Truststore, ALL, "apim.event_hub.jms", AGENT_TRUST, Base::Unused, &["apim.event_hub.jms.ssl"]),
    row(StoreConsumer::Other("throttling's broker client"), Slot::Tls, ALL, "apim.throttling.jms", CLIENT_KEY, Base::Unused, &["apim.throttling.jms.ssl"]),
    row(StoreConsumer::Other("throttling's broker client"), Slot::Truststore, ALL, "apim.throttling.jms", AGENT_TRUST, Base::Unused, &["apim.throttling.jms.ssl"]),
    row(StoreConsumer::Other("OAuth mediator"), Slot::Truststore, ALL, "apim.mediator_config.oauth.trust_store", LOCATED_TRUST, Base::Unused, &[]),
    row(StoreConsumer::Other("entitlement"), Slot::Tls, ALL, "entitlement.thrift.key_store", ENTITLEMENT, TLS, &["entitlement.thrift.enable"]),
    row(StoreConsumer::Other("broker's management"), Slot::Tls, ALL, "qpid.management", MANAGEMENT, Base::Unused, &["qpid.management.ssl"]),
];
