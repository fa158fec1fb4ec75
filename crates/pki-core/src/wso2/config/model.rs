use std::{ops::Range, sync::Arc};

use super::{Document, DocumentError, Place, Setting};
use crate::{
    secret::Password,
    wso2::{Product, Role, Slot},
};

/// All that the configuration of a home says about keys, trust and connections.
///
/// Made from the bytes of its files by [`HomeConfig::read`]. What is broken is in [`HomeConfig::unread`];
/// the rest is read all the same.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HomeConfig {
    /// The release, as far as the files tell it.
    pub product: Setting<Product>,
    /// How the home is configured.
    pub generation: Generation,
    /// The hosts by which the node knows itself: `HostName`, `MgtHostName`, `[server] hostname`.
    pub hosts: Vec<Setting<String>>,
    /// What is added to every port.
    pub offset: Setting<u16>,
    /// The role, where one is written (`[server] server_role`, other than `default`).
    pub role: Setting<Role>,
    /// Every keystore and truststore that the product opens, one for each part that opens it.
    pub stores: Vec<StoreUse>,
    /// Every URL of another server, or of this one, that the product may open.
    pub calls: Vec<Call>,
    /// Databases and directories.
    pub sources: Vec<DataSource>,
    /// How clients check host names, where something sets it.
    pub name_checks: Vec<NameChecks>,
    /// Which TLS versions listeners take, where something sets it.
    pub protocols: Vec<Protocols>,
    /// Passwords that are no store's: administrators, databases, directories, mail.
    pub credentials: Vec<Credential>,
    /// `org.wso2.CipherTransformation`: how the runtime encrypts what it stores.
    pub transformation: Setting<String>,
    /// `[encryption] key`, from 4.7 on.
    pub encryption_key: Setting<Password>,
    /// What looks like one of the above and is none, with the reason.
    pub ignored: Vec<Mention>,
    /// What looks like one of the above and that no table knows.
    pub unknown: Vec<Mention>,
    /// Files that are there and cannot be read as what they are.
    pub unread: Vec<Unread>,
    /// The files that were read, as values.
    pub documents: Vec<Document>,
}

impl HomeConfig {
    /// A home of which nothing is known yet.
    pub(super) fn empty(generation: Generation) -> Self {
        Self {
            product: Setting::absent(),
            generation,
            hosts: Vec::new(),
            offset: Setting::default_of_release(0),
            role: Setting::absent(),
            stores: Vec::new(),
            calls: Vec::new(),
            sources: Vec::new(),
            name_checks: Vec::new(),
            protocols: Vec::new(),
            credentials: Vec::new(),
            transformation: Setting::absent(),
            encryption_key: Setting::absent(),
            ignored: Vec::new(),
            unknown: Vec::new(),
            unread: Vec::new(),
            documents: Vec::new(),
        }
    }
}

/// How a home is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Generation {
    /// `deployment.toml`, from which the XML is made at each start: 3.0 and later.
    Toml,
    /// XML files: 2.x.
    Xml,
}

/// A keystore or truststore that a part of the product opens.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoreUse {
    /// The part that opens it.
    pub consumer: StoreConsumer,
    /// The part that the store plays: which of a node's files belongs there.
    pub slot: Slot,
    /// The path from the home, with `/`; or an absolute one. `${carbon.home}` and `./` are taken off.
    pub location: Setting<String>,
    /// `JKS`, `PKCS12`, …, as written.
    pub kind: Setting<String>,
    /// The store's password.
    pub password: Setting<Password>,
    /// The alias of the key; [`Unknown::Absent`](super::Unknown::Absent) where the part takes any.
    pub alias: Setting<String>,
    /// The key's password.
    pub key_password: Setting<Password>,
    /// Whether the part is switched on.
    pub state: State,
    /// True for somebody's own store, which is none of the node's, whatever its slot would hold: a profile
    /// for some servers, a truststore for the clients of one port. An edit leaves it.
    pub foreign: bool,
}

/// A part of the product that opens a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StoreConsumer {
    /// The AMQP broker, port 8672.
    Broker,
    /// The MQTT broker, port 8883.
    BrokerMqtt,
    /// The binary and thrift data bridge, ports 9711 and 7711.
    DataBridge,
    /// Something outside the product's core: analytics publisher, entitlement, a portal's SSO.
    Other(&'static str),
    /// Carbon's internal keystore: encrypts what is stored.
    Internal,
    /// The AMQP client, where its URL names stores; else the JVM's serve.
    JmsClient,
    /// The JVM: `javax.net.ssl.trustStore`, set from Carbon's truststore.
    Jvm,
    /// Thrift key validation of a 2.x key manager, port 10397: it serves the primary, any key in it.
    KeyValidation,
    /// Profiles of the gateway's HTTPS listener.
    ListenerProfile,
    /// Carbon's primary keystore: signs tokens.
    Primary,
    /// Profiles of the gateway's HTTPS sender.
    SenderProfile,
    /// The gateway's HTTPS listener, port 8243.
    SynapseListener,
    /// The gateway's HTTPS sender.
    SynapseSender,
    /// The keystore of TLS as such, from which other parts take theirs (3.0 and later: `[keystore.tls]`).
    Tls,
    /// Tomcat, port 9443.
    Tomcat,
    /// The webhook listener, port 8021.
    Webhook,
    /// The secure WebSocket listener, port 8099.
    WebsocketListener,
    /// The secure WebSocket sender.
    WebsocketSender,
}

impl StoreConsumer {
    /// What people call it.
    pub const fn called(self) -> &'static str {
        match self {
            Self::Broker => "the AMQP broker",
            Self::BrokerMqtt => "the MQTT broker",
            Self::DataBridge => "the data bridge",
            Self::Other(name) => name,
            Self::Internal => "the internal keystore",
            Self::JmsClient => "the AMQP client",
            Self::Jvm => "the server's truststore",
            Self::KeyValidation => "thrift key validation",
            Self::ListenerProfile => "a profile of the HTTPS listener",
            Self::Primary => "the primary keystore",
            Self::SenderProfile => "a profile of the HTTPS sender",
            Self::SynapseListener => "the gateway's HTTPS listener",
            Self::SynapseSender => "the gateway's HTTPS sender",
            Self::Tls => "the TLS keystore",
            Self::Tomcat => "the management port",
            Self::Webhook => "the webhook listener",
            Self::WebsocketListener => "the secure WebSocket listener",
            Self::WebsocketSender => "the secure WebSocket sender",
        }
    }
}

/// Whether the product does something.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum State {
    /// It does.
    On,
    /// It does not: what switches it off.
    Off(String),
}

/// A URL that the product may open, or show to those who do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Call {
    /// What leads to the setting that holds it, as in [`Leaf::key`](super::Leaf::key): where it stands, or
    /// would stand if it were written.
    pub key: &'static str,
    /// The value as written, placeholders left in it, users and passwords taken out.
    pub setting: Setting<String>,
    /// The servers in it, in order.
    pub endpoints: Vec<Endpoint>,
    /// Who should answer.
    pub to: CallTarget,
    /// The roles that open it. A node of another role has it in its files and does not use it.
    pub openers: &'static [Role],
    /// How it names several servers.
    pub several: Several,
    /// With what it is opened: decides which truststore answers and whether the name is looked at.
    pub client: Client,
    /// Whether it is switched on.
    pub state: State,
}

/// Who should answer a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallTarget {
    /// Nodes of one of several roles, or their balancer, of the first that the deployment has: releases and
    /// deployments differ.
    AnyOf(&'static [Role]),
    /// A server that is no part of the cluster's roles: analytics, workflows, an identity provider.
    External(&'static str),
    /// The node itself.
    Itself,
    /// Nodes of a role, or their balancer.
    Role(Role),
}

/// How a value names several servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Several {
    /// Brokers of an AMQP URL, joined by `;`.
    Brokers,
    /// Elements of an array, each of them a call of its own.
    Elements,
    /// Groups in one text, `{…},{…}`.
    Groups,
    /// It names one.
    One,
    /// Tables of a list, each with a group of servers, each server a call of its own.
    Tables,
    /// It may, and how is not known.
    Unknown,
}

/// With what a call is opened (FACTS of the product: client stacks).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Client {
    /// Browsers and programs outside the cluster: the URL is shown to them.
    Browser,
    /// The data agent: trust alone, no name.
    DataAgent,
    /// `java.net.http`: the name always.
    JavaHttp,
    /// The AMQP client: trust alone, no name.
    Jms,
    /// Carbon's HTTP client and Axis2: the name, unless the start script says `AllowAll`.
    Kernel,
    /// Something outside the product's core: SAML, the login pages, a version control system.
    Other(&'static str),
    /// The gateway's HTTPS sender, with its own truststore: the name.
    Synapse,
    /// Thrift key validation: trust alone, no name.
    Thrift,
    /// The gateway's WebSocket sender, with its own truststore.
    Websocket,
}

/// One server in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Endpoint {
    /// How it is spoken to.
    pub scheme: Scheme,
    /// The host.
    pub host: Host,
    /// The port, written or the scheme's own; `None` if it cannot be known.
    pub port: Option<u16>,
    /// Where `host:port` stands in the value as the file has it ([`Leaf::text`](super::Leaf::text)), in bytes.
    pub authority: Range<usize>,
}

/// A host as a URL names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Host {
    /// `localhost`, `127.0.0.1`, `[::1]`.
    Loopback(String),
    /// A name or an address, in lower case, brackets taken off.
    Named(String),
    /// `${carbon.local.ip}`, `${carbon.host}` and their like: whatever the node takes for its own, which is
    /// its `HostName`, or without one an address of the machine (`NetworkUtils.getLocalHostname`).
    Own(String),
    /// It cannot be known here.
    Unknown(String),
}

impl Host {
    /// A host as it is written, without brackets.
    pub fn named(text: &str) -> Self {
        let host = text.to_lowercase();
        let loopback = match host.parse::<std::net::IpAddr>() {
            Ok(address) => address.is_loopback(),
            Err(_) => matches!(host.as_str(), "localhost" | "localhost.localdomain"),
        };
        match loopback {
            true => Self::Loopback(host),
            false => Self::Named(host),
        }
    }
}

/// The scheme of a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Scheme {
    /// AMQP over TLS (`ssl='true'` in a broker list).
    AmqpTls,
    /// AMQP without TLS.
    Amqp,
    /// What a JDBC driver speaks.
    Database,
    /// Plain HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// A directory without TLS.
    Ldap,
    /// A directory over TLS.
    Ldaps,
    /// Data bridge over TLS.
    Ssl,
    /// Data bridge without TLS.
    Tcp,
    /// Thrift key validation, over TLS.
    Thrift,
    /// WebSocket without TLS.
    Ws,
    /// WebSocket over TLS.
    Wss,
}

/// A database or directory.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DataSource {
    /// Its name.
    pub name: String,
    /// The URL as written, without a password in it.
    pub url: Setting<String>,
    /// The servers in it, in order; none for a database within the product's own process. Where the written
    /// URL has users or passwords, their places are in that one.
    pub servers: Vec<Endpoint>,
    /// `Some(true)`: it speaks TLS; `Some(false)`: it does not; `None`: it cannot be told, or nothing is
    /// connected to (an embedded database).
    pub tls: Option<bool>,
    /// The truststore that its driver is told to use; else the JVM's answers.
    pub truststore: Option<Setting<String>>,
}

/// How a client checks host names, where something sets it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct NameChecks {
    /// Whose.
    pub client: Client,
    /// How. For [`Client::Kernel`] several start scripts may say it, one for each system.
    pub check: Setting<NameCheck>,
}

/// How a client checks host names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NameCheck {
    /// Not at all.
    AllowAll,
    /// As [`NameCheck::Default`], and loopback always passes.
    DefaultAndLocalhost,
    /// First CN and SANs; a wildcard covers several labels.
    Default,
    /// A wildcard covers one label.
    Strict,
    /// A word that the product does not know.
    Other(String),
}

impl NameCheck {
    /// What the word of `httpclient.hostnameVerifier` or of Synapse's `HostnameVerifier` means.
    pub(super) fn of_verifier(text: &str) -> Self {
        match text {
            "AllowAll" => Self::AllowAll,
            "Default" => Self::Default,
            "DefaultAndLocalhost" => Self::DefaultAndLocalhost,
            "Strict" => Self::Strict,
            other => Self::Other(other.to_owned()),
        }
    }

    /// What a switch means that turns the check on.
    pub(super) fn of_enabling(text: &str) -> Self {
        match text.eq_ignore_ascii_case("true") {
            true => Self::Default,
            false => Self::AllowAll,
        }
    }

    /// What a switch means that turns the check off.
    pub(super) fn of_disabling(text: &str) -> Self {
        match text.eq_ignore_ascii_case("true") {
            true => Self::AllowAll,
            false => Self::Default,
        }
    }
}

/// Which TLS versions a listener takes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Protocols {
    /// Whose.
    pub consumer: StoreConsumer,
    /// As the JDK names them: `TLSv1.2`, …
    pub versions: Setting<Vec<String>>,
    /// Whether the listener is switched on.
    pub state: State,
}

/// A password that is no store's.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Credential {
    /// Whose: `administrator`, `data source WSO2_CARBON_DB`, …
    pub of: String,
    /// The user, where one stands beside it.
    pub user: Option<Setting<String>>,
    /// The password.
    pub password: Setting<Password>,
    /// Whether what it is for is switched on.
    pub state: State,
}

/// A value that looks like a reference to a store, a password or a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mention {
    /// Where it stands.
    pub place: Place,
    /// Why it is no matter of keys, trust or connections; empty where no table knows.
    pub why: &'static str,
}

/// A file that is there and cannot be read as what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unread {
    /// From the home, with `/`.
    pub file: Arc<str>,
    /// What is wrong with it.
    pub reason: DocumentError,
}
