//! The elements that name a store.

use super::{
    reader::When,
    stores::{Fields, Row, Secrets, Whose},
};
use crate::wso2::{
    Slot,
    config::StoreConsumer::{
        self, Broker, BrokerMqtt, DataBridge, Internal, Jvm, Other, Primary, SenderProfile,
        SynapseListener, SynapseSender, Tomcat, WebsocketListener, WebsocketSender,
    },
};

pub(super) const API_MANAGER: &str = "repository/conf/api-manager.xml";
pub(super) const CARBON: &str = "repository/conf/carbon.xml";
pub(super) const DATA_BRIDGE: &str = "repository/conf/data-bridge/data-bridge-config.xml";
pub(super) const AXIS2: &str = "repository/conf/axis2/axis2.xml";
const BROKER: &str = "repository/conf/broker.xml";
pub(super) const CATALINA: &str = "repository/conf/tomcat/catalina-server.xml";
const ENDPOINTS: &str = "repository/conf/identity/EndpointConfig.properties";
/// Older releases have it one folder higher.
pub(super) const IDENTITY: &str = "repository/conf/**identity.xml";
const INBOUND: &str =
    "repository/deployment/server/synapse-configs/default/inbound-endpoints/*.xml";
pub(super) const PORTALS: &str = "repository/deployment/server/jaggeryapps/*/site/conf/site.json";
const PROFILES: &str = "repository/resources/security/*.xml";

/// The files that patterns mean, as they are shipped.
#[rustfmt::skip]
pub(super) const SHIPPED: &[(&str, &str)] = &[
    (IDENTITY, "repository/conf/identity/identity.xml"),
    (INBOUND, "repository/deployment/server/synapse-configs/default/inbound-endpoints/SecureWebSocketInboundEndpoint.xml"),
    (PROFILES, "repository/resources/security/sslprofiles.xml"),
];
/// The elements that patterns mean, as they are shipped.
pub(super) const SHIPPED_ROOTS: &[(&str, &str)] = &[
    (
        "Server/Service*/Connector*",
        "Server/Service[Catalina]/Connector[9443]",
    ),
    ("axisconfig*", "axisconfig[AxisJava2.0]"),
    ("inboundEndpoint*", "inboundEndpoint[SecureWebSocketEP]"),
];

const CARBON_KEYS: Fields = Fields {
    location: "Location",
    kind: "Type",
    password: "Password",
    alias: "KeyAlias",
    key_password: "KeyPassword",
    secrets: Secrets::Carbon,
};
/// Synapse chooses any key: its elements have no alias. Nor do they take an encrypted secret
/// (product-ei#2970).
const SYNAPSE: Fields = Fields {
    alias: "",
    secrets: Secrets::None,
    ..CARBON_KEYS
};
const TRUST: Fields = Fields {
    alias: "",
    key_password: "",
    ..CARBON_KEYS
};
const SYNAPSE_TRUST: Fields = Fields {
    secrets: Secrets::None,
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
    secrets: Secrets::Tomcat,
};
const TOMCAT_TRUST: Fields = Fields {
    location: "@truststoreFile",
    kind: "@truststoreType",
    password: "@truststorePass",
    ..SYNAPSE_TRUST
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
    secrets: Secrets::None,
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
pub(super) const IDENTITY_SYSTEM: Fields = Fields {
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
pub(super) const THRIFT_SERVER: &[When] = &[When::Same(
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

/// Sources: the configuration files of 2.6.0, and of the other releases at their tags. A release whose
/// files lack an element has no such store; where the product then takes another, the code above says so.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
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
