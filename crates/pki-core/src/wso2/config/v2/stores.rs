//! Which elements name a store.

use super::reader::{Reader, When, path};
use crate::wso2::{
    Slot,
    config::{BlockId, Document, Setting, State, StoreConsumer, StoreUse, Unknown, glob},
};

/// An element, or a file, that names a store.
#[derive(Debug)]
pub(super) struct Row {
    /// A pattern of files.
    file: &'static str,
    /// A pattern of the blocks that hold the values.
    block: &'static str,
    pub(super) fields: &'static Fields,
    slot: Slot,
    consumer: StoreConsumer,
    on: &'static [When],
    whose: Whose,
}

/// What leads from a block to its values; empty where there is no such value.
#[derive(Debug)]
pub(super) struct Fields {
    pub(super) location: &'static str,
    pub(super) kind: &'static str,
    pub(super) password: &'static str,
    pub(super) alias: &'static str,
    /// Where there is none, the part takes the store's password for the key too.
    pub(super) key_password: &'static str,
    /// True if the part takes an encrypted secret for its passwords (`svns:secretAlias`).
    #[allow(dead_code, reason = "the editor asks it")]
    pub(super) takes_secrets: bool,
}

/// Whose a store is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whose {
    /// The node's, in its slot; a truststore where it is the file that the JVM trusts, else the clients of
    /// one port have one of their own.
    Node,
    /// The node's where it is the file of Carbon's primary.
    NodeIfPrimary,
    /// The node's where it stands for all servers, or is the file that they have; else somebody made a
    /// profile of his own for some servers.
    Profile,
    /// Never the node's.
    Own,
}

/// An element that names a store.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use<'a> {
    pub(super) row: &'static Row,
    pub(super) document: &'a Document,
    pub(super) block: BlockId,
}

/// Every store that the files name.
pub(super) fn stores(reader: &Reader) -> Vec<StoreUse> {
    let uses = uses(&reader.documents);
    let shared = Shared::of(&uses);
    let named = uses.iter().map(|it| it.row.store(reader, it, &shared));
    let mut stores: Vec<StoreUse> = named.collect();
    data_bridge_without_keystore(reader, &mut stores);
    key_validation(reader, &mut stores);
    stores
}

/// The elements that name a store, in the order of the rows.
pub(super) fn uses(documents: &[Document]) -> Vec<Use<'_>> {
    let mut uses = Vec::new();
    for row in ROWS {
        let files = documents.iter();
        for document in files.filter(|document| glob::matches(row.file, document.file())) {
            let blocks = document.blocks_like(row.block);
            let named = blocks.filter(|block| row.names_a_store(document, *block));
            uses.extend(named.map(|block| Use {
                row,
                document,
                block,
            }));
        }
    }
    uses
}

#[allow(dead_code, reason = "the editor asks it")]
/// True if some file that a pattern of the rows names has this path.
pub(super) fn is_read(file: &str) -> bool {
    ROWS.iter().any(|row| glob::matches(row.file, file))
}

/// The files that several parts share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) primary: Option<String>,
    jvm: Option<String>,
    sender: Vec<String>,
}

impl Shared {
    pub(super) fn of(uses: &[Use<'_>]) -> Self {
        let of = |consumer, slot| {
            let mut uses = uses.iter();
            uses.find(|it| (it.row.consumer, it.row.slot) == (consumer, slot))
                .and_then(Use::location)
        };
        let sender = [Slot::Tls, Slot::Truststore].map(|slot| of(SynapseSender, slot));
        Self {
            primary: of(Primary, Slot::Primary),
            jvm: of(Jvm, Slot::Truststore),
            sender: sender.into_iter().flatten().collect(),
        }
    }
}

impl Use<'_> {
    /// The path that is written, from the home or absolute.
    pub(super) fn location(&self) -> Option<String> {
        let leaf = self.document.within(self.block, self.row.fields.location)?;
        Some(path(leaf.text())).filter(|path| !path.is_empty())
    }

    /// True if the store is none of the node's.
    pub(super) fn is_foreign(&self, shared: &Shared) -> bool {
        let location = self.location();
        match self.row.whose {
            Whose::Own => true,
            Whose::NodeIfPrimary => location != shared.primary,
            Whose::Node if self.row.slot == Slot::Truststore => location != shared.jvm,
            Whose::Node => false,
            Whose::Profile => {
                let profile = self.document.parent(self.block);
                let servers = profile.and_then(|it| self.document.within(it, "servers"));
                let all = servers.is_some_and(|leaf| leaf.text() == "*");
                !all && !location.is_some_and(|it| shared.sender.contains(&it))
            }
        }
    }
}

impl Row {
    pub(super) fn slot(&self) -> Slot {
        self.slot
    }

    /// An element that is empty names none.
    fn names_a_store(&self, document: &Document, block: BlockId) -> bool {
        [self.fields.location, self.fields.password]
            .iter()
            .filter_map(|field| document.within(block, field))
            .any(|leaf| !leaf.text().is_empty())
    }

    fn store(&self, reader: &Reader, named: &Use<'_>, shared: &Shared) -> StoreUse {
        let Use {
            document, block, ..
        } = *named;
        let leaf = |field: &str| match field {
            "" => None,
            field => document.within(block, field),
        };
        let text =
            |field| leaf(field).map_or_else(Setting::absent, |leaf| reader.string(document, leaf));
        let password = |field| {
            leaf(field).map_or_else(Setting::absent, |leaf| reader.password(document, leaf))
        };
        let store_password = password(self.fields.password);
        let key_password = match (self.slot, leaf(self.fields.key_password)) {
            (Slot::Truststore, _) => Setting::absent(),
            (_, None) => store_password.clone(),
            (_, Some(_)) => password(self.fields.key_password),
        };
        let location = leaf(self.fields.location);
        let kind = text(self.fields.kind);
        StoreUse {
            consumer: self.consumer,
            slot: self.slot,
            location: location.map_or_else(Setting::absent, |leaf| reader.location(document, leaf)),
            kind: match kind.value {
                Err(Unknown::Absent) => Setting::default_of_release("JKS".to_owned()),
                _ => kind,
            },
            password: store_password,
            alias: text(self.fields.alias),
            key_password,
            state: reader.state(document, Some(block), self.on),
            foreign: named.is_foreign(shared),
        }
    }
}

/// The data bridge serves Carbon's primary where its own file names no keystore (`DataBridgeServerUtil`).
fn data_bridge_without_keystore(reader: &Reader, stores: &mut Vec<StoreUse>) {
    let is_there = reader.files(DATA_BRIDGE).next().is_some();
    let named = stores
        .iter()
        .any(|it| it.consumer == StoreConsumer::DataBridge);
    if is_there && !named {
        serve_primary(stores, StoreConsumer::DataBridge, State::On);
    }
}

/// Thrift key validation serves Carbon's primary, with the store's password for the key, and any key.
fn key_validation(reader: &Reader, stores: &mut Vec<StoreUse>) {
    let file = reader.files(API_MANAGER).next();
    if let Some(document) = file {
        let state = reader.state(document, None, THRIFT_SERVER);
        serve_primary(stores, StoreConsumer::KeyValidation, state);
    }
}

fn serve_primary(stores: &mut Vec<StoreUse>, consumer: StoreConsumer, state: State) {
    let primary = stores
        .iter()
        .find(|it| it.consumer == StoreConsumer::Primary);
    if let Some(primary) = primary.cloned() {
        stores.push(StoreUse {
            consumer,
            alias: Setting::absent(),
            key_password: primary.password.clone(),
            state,
            ..primary
        });
    }
}

pub(super) const API_MANAGER: &str = "repository/conf/api-manager.xml";
pub(super) const CARBON: &str = "repository/conf/carbon.xml";
pub(super) const DATA_BRIDGE: &str = "repository/conf/data-bridge/data-bridge-config.xml";
const AXIS2: &str = "repository/conf/axis2/axis2.xml";
const BROKER: &str = "repository/conf/broker.xml";
const CATALINA: &str = "repository/conf/tomcat/catalina-server.xml";
const ENDPOINTS: &str = "repository/conf/identity/EndpointConfig.properties";
/// Older releases have it one folder higher.
const IDENTITY: &str = "repository/conf/**identity.xml";
const INBOUND: &str =
    "repository/deployment/server/synapse-configs/default/inbound-endpoints/*.xml";
const PORTALS: &str = "repository/deployment/server/jaggeryapps/*/site/conf/site.json";
const PROFILES: &str = "repository/resources/security/*.xml";

const CARBON_KEYS: Fields = Fields {
    location: "Location",
    kind: "Type",
    password: "Password",
    alias: "KeyAlias",
    key_password: "KeyPassword",
    takes_secrets: true,
};
/// Synapse chooses any key: its elements have no alias. Nor do they take an encrypted secret
/// (product-ei#2970).
const SYNAPSE: Fields = Fields {
    alias: "",
    takes_secrets: false,
    ..CARBON_KEYS
};
const TRUST: Fields = Fields {
    alias: "",
    key_password: "",
    ..CARBON_KEYS
};
const SYNAPSE_TRUST: Fields = Fields {
    takes_secrets: false,
    ..TRUST
};
const BROKER_STORE: Fields = Fields {
    location: "location",
    kind: "",
    password: "password",
    ..SYNAPSE_TRUST
};
const TOMCAT: Fields = Fields {
    location: "@keystoreFile",
    kind: "@keystoreType",
    password: "@keystorePass",
    alias: "@keyAlias",
    key_password: "@keyPass",
    takes_secrets: true,
};
const TOMCAT_TRUST: Fields = Fields {
    location: "@truststoreFile",
    kind: "@truststoreType",
    password: "@truststorePass",
    ..TRUST
};
const WSS_SENDER: Fields = Fields {
    location: "ws.trust.store.location",
    kind: "",
    password: "ws.trust.store.Password",
    ..SYNAPSE_TRUST
};
const WSS: Fields = Fields {
    location: "parameter[wss.ssl.key.store.file]",
    kind: "",
    password: "parameter[wss.ssl.key.store.pass]",
    key_password: "parameter[wss.ssl.cert.pass]",
    ..SYNAPSE
};
const WSS_TRUST: Fields = Fields {
    location: "parameter[wss.ssl.trust.store.file]",
    kind: "",
    password: "parameter[wss.ssl.trust.store.pass]",
    ..SYNAPSE_TRUST
};
const BRIDGE: Fields = Fields {
    location: "keyStoreLocation",
    kind: "",
    password: "keyStorePassword",
    ..SYNAPSE_TRUST
};
/// The product spells it so.
const AGENT: Fields = Fields {
    location: "TrustSore",
    kind: "",
    password: "TrustSorePassword",
    ..SYNAPSE_TRUST
};
const MANAGEMENT: Fields = Fields {
    location: "keyStorePath",
    kind: "",
    password: "keyStorePassword",
    ..SYNAPSE_TRUST
};
const ENTITLEMENT: Fields = Fields {
    kind: "",
    alias: "",
    key_password: "",
    takes_secrets: false,
    ..CARBON_KEYS
};
const LOGIN_PAGES: Fields = Fields {
    location: "client.keyStore",
    kind: "",
    password: "Carbon.Security.KeyStore.Password",
    ..SYNAPSE_TRUST
};
const LOGIN_PAGES_TRUST: Fields = Fields {
    location: "client.trustStore",
    kind: "",
    password: "Carbon.Security.TrustStore.Password",
    ..SYNAPSE_TRUST
};
const PORTAL: Fields = Fields {
    location: "keyStoreName",
    kind: "",
    password: "keyStorePassword",
    alias: "identityAlias",
    ..SYNAPSE_TRUST
};
const IDENTITY_SYSTEM: Fields = Fields {
    location: "KeyStore",
    kind: "",
    password: "StorePass",
    ..SYNAPSE_TRUST
};
const POLICY: Fields = Fields {
    location: "keystore",
    kind: "keystore.type",
    password: "",
    ..SYNAPSE_TRUST
};

const TLS: &[When] = &[When::Own("@SSLEnabled", "true", true)];
const WSS_LISTENER: &[When] = &[When::Same("inboundEndpoint*/@suspend", "false", true)];
const AMQP: &[When] = &[
    When::Same("broker/transports/amqp/@enabled", "true", true),
    When::Same(
        "broker/transports/amqp/sslConnection/@enabled",
        "true",
        true,
    ),
];
const MQTT: &[When] = &[
    When::Same("broker/transports/mqtt/@enabled", "true", true),
    When::Same(
        "broker/transports/mqtt/sslConnection/@enabled",
        "true",
        true,
    ),
];
const THRIFT_ENTITLEMENT: &[When] = &[When::Same(
    "Server/EntitlementSettings/ThirftBasedEntitlementConfig/EnableThriftService",
    "true",
    false,
)];
const SINGLE_SIGN_ON: &[When] = &[When::Own("enabled", "true", false)];
const MANAGEMENT_TLS: &[When] = &[
    When::Same("broker/management/enabled", "true", true),
    When::Own("enabled", "true", false),
];
/// The sender reads its profiles where its own parameter names the file (not in 2.0 and 2.1).
const PROFILED: &[When] = &[When::NamedBy(
    AXIS2,
    "axisconfig*/transportSender[https]/parameter[dynamicSSLProfilesConfig]/filePath",
)];
/// 2.6 has the block; code that reads one is there from 2.5 on (kernel 4.4.27).
const INTERNAL: &[When] = &[When::From(2, 5, "Security/KeyStore")];
const THRIFT_SERVER: &[When] = &[When::Same(
    "APIManager/APIKeyValidator/EnableThriftServer",
    "true",
    true,
)];
/// Only with Java's security manager.
const SECURITY_MANAGER: &[When] = &[When::SetIn("bin/*", "-Djava.security.manager")];

const fn row(
    file: &'static str,
    block: &'static str,
    fields: &'static Fields,
    slot: Slot,
    consumer: StoreConsumer,
    on: &'static [When],
) -> Row {
    Row {
        file,
        block,
        fields,
        slot,
        consumer,
        on,
        whose: Whose::Node,
    }
}

const fn whose(row: Row, whose: Whose) -> Row {
    Row { whose, ..row }
}

use StoreConsumer::{
    Broker, BrokerMqtt, DataBridge, Internal, Jvm, Other, Primary, SenderProfile, SynapseListener,
    SynapseSender, Tomcat, WebsocketListener, WebsocketSender,
};

/// Sources: the configuration files of 2.6.0, and of the other releases at their tags. A release whose
/// files lack an element has no such store; where the product then takes another, the code above says so.
#[rustfmt::skip]
const ROWS: &[Row] = &[
    row(CARBON, "Server/Security/KeyStore", &CARBON_KEYS, Slot::Primary, Primary, &[]),
    row(CARBON, "Server/Security/InternalKeyStore", &CARBON_KEYS, Slot::Internal, Internal, INTERNAL),
    row(CARBON, "Server/Security/TrustStore", &TRUST, Slot::Truststore, Jvm, &[]),
    whose(row(CARBON, "Server/Security/RegistryKeyStore", &CARBON_KEYS, Slot::Primary, Other("registry"), &[]), Whose::Own),
    row(CATALINA, "Server/Service*/Connector*", &TOMCAT, Slot::Tls, Tomcat, TLS),
    row(CATALINA, "Server/Service*/Connector*", &TOMCAT_TRUST, Slot::Truststore, Tomcat, TLS),
    row(AXIS2, "axisconfig*/transportReceiver[https]/parameter[keystore]/KeyStore", &SYNAPSE, Slot::Tls, SynapseListener, &[]),
    row(AXIS2, "axisconfig*/transportReceiver[https]/parameter[truststore]/TrustStore", &SYNAPSE_TRUST, Slot::Truststore, SynapseListener, &[]),
    row(AXIS2, "axisconfig*/transportSender[https]/parameter[keystore]/KeyStore", &SYNAPSE, Slot::Tls, SynapseSender, &[]),
    row(AXIS2, "axisconfig*/transportSender[https]/parameter[truststore]/TrustStore", &SYNAPSE_TRUST, Slot::Truststore, SynapseSender, &[]),
    row(AXIS2, "axisconfig*/transportSender[wss]/parameter[ws.trust.store]", &WSS_SENDER, Slot::Truststore, WebsocketSender, &[]),
    whose(row(PROFILES, "parameter[customSSLProfiles]/profile/KeyStore", &SYNAPSE, Slot::Tls, SenderProfile, PROFILED), Whose::Profile),
    whose(row(PROFILES, "parameter[customSSLProfiles]/profile/TrustStore", &SYNAPSE_TRUST, Slot::Truststore, SenderProfile, PROFILED), Whose::Profile),
    row(INBOUND, "inboundEndpoint*/parameters", &WSS, Slot::Tls, WebsocketListener, WSS_LISTENER),
    row(INBOUND, "inboundEndpoint*/parameters", &WSS_TRUST, Slot::Truststore, WebsocketListener, WSS_LISTENER),
    row(DATA_BRIDGE, "dataBridgeConfiguration", &BRIDGE, Slot::Tls, DataBridge, &[]),
    row("repository/conf/data-bridge/data-agent-config.xml", "DataAgentsConfiguration/Agent", &AGENT, Slot::Truststore, Other("data agent"), &[]),
    row(BROKER, "broker/transports/amqp/sslConnection/keyStore", &BROKER_STORE, Slot::Tls, Broker, AMQP),
    row(BROKER, "broker/transports/amqp/sslConnection/trustStore", &BROKER_STORE, Slot::Truststore, Broker, AMQP),
    row(BROKER, "broker/transports/mqtt/sslConnection/keyStore", &BROKER_STORE, Slot::Tls, BrokerMqtt, MQTT),
    row(BROKER, "broker/transports/mqtt/sslConnection/trustStore", &BROKER_STORE, Slot::Truststore, BrokerMqtt, MQTT),
    whose(row("repository/conf/advanced/qpid-config.xml", "broker/management/ssl", &MANAGEMENT, Slot::Tls, Other("broker management"), MANAGEMENT_TLS), Whose::Own),
    row(IDENTITY, "Server/EntitlementSettings/ThirftBasedEntitlementConfig/KeyStore", &ENTITLEMENT, Slot::Tls, Other("thrift entitlement"), THRIFT_ENTITLEMENT),
    whose(row(IDENTITY, "Server/Security/UserTrustedRPStore", &CARBON_KEYS, Slot::Tls, Other("relying parties"), &[]), Whose::Own),
    whose(row(IDENTITY, "Server/Identity/System", &IDENTITY_SYSTEM, Slot::Primary, Other("identity"), &[]), Whose::Own),
    row(ENDPOINTS, "", &LOGIN_PAGES, Slot::Tls, Other("login pages"), &[]),
    row(ENDPOINTS, "", &LOGIN_PAGES_TRUST, Slot::Truststore, Other("login pages"), &[]),
    whose(row(PORTALS, "ssoConfiguration", &PORTAL, Slot::Primary, Other("portal's single sign-on"), SINGLE_SIGN_ON), Whose::NodeIfPrimary),
    whose(row("repository/conf/sec.policy", "", &POLICY, Slot::Primary, Other("Java policy"), SECURITY_MANAGER), Whose::Own),
];
