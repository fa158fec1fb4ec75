//! Databases and directories, and passwords that are no store's.

use super::{
    reader::{Reader, USER_MANAGEMENT, When},
    store_rows::{API_MANAGER, CARBON},
};
use crate::{
    secret::Password,
    wso2::config::{
        BlockId, Call, Client, Credential, DataSource, Document, Leaf, Place, Setting, Unknown,
        database, url,
    },
};

/// Every database and directory that the files name.
pub(super) fn sources(reader: &Reader) -> Vec<DataSource> {
    let mut sources = Vec::new();
    for row in SOURCES {
        for document in reader.files(row.file) {
            for block in document.blocks_like(row.block) {
                let leaf = document.within(block, row.url);
                let Some(leaf) = leaf.filter(|leaf| !leaf.text().is_empty()) else {
                    continue;
                };
                let name = name(document, block, row.of, row.name);
                let url = Setting {
                    value: Ok(leaf.text().to_owned()),
                    place: Some(Place::of(document, leaf)),
                };
                let source = database::data_source(name, url, &|name| reader.meaning(name));
                sources.push(source);
            }
        }
    }
    sources
}

/// Every password of the files that opens no store; those in the URLs of brokers too.
pub(super) fn credentials(reader: &Reader, calls: &[Call]) -> Vec<Credential> {
    let mut credentials = Vec::new();
    for row in CREDENTIALS {
        for document in reader.files(row.file) {
            for block in document.blocks_like(row.block) {
                let leaf = document.within(block, row.password);
                let Some(leaf) = leaf.filter(|leaf| !leaf.text().is_empty()) else {
                    continue;
                };
                let user = document.within(block, row.user);
                let encrypted = document.within(block, &format!("{}/@encrypted", row.password));
                let mut password = reader.password(document, leaf);
                if encrypted.is_some_and(|it| it.text().eq_ignore_ascii_case("true")) {
                    password.value = Err(Unknown::Encrypted);
                }
                credentials.push(Credential {
                    of: name(document, block, row.of, row.name),
                    user: user.map(|leaf| reader.string(document, leaf)),
                    password,
                    state: reader.state(document, Some(block), row.on),
                });
            }
        }
    }
    let brokers = calls.iter().filter(|call| call.client == Client::Jms);
    credentials.extend(brokers.filter_map(|call| broker(reader, call)));
    credentials
}

/// User and password in the URL of a broker.
fn broker(reader: &Reader, call: &Call) -> Option<Credential> {
    let place = call.setting.place.as_ref()?;
    let (document, leaf) = reader.at(place)?;
    let read = url::amqp(leaf.text(), &|name| reader.meaning(name)).ok()?;
    let part = |range| {
        let text = leaf.text().get::<std::ops::Range<usize>>(range)?;
        Some(part(reader, document, leaf, text))
    };
    let Setting { value, place } = read.password.and_then(part)?;
    Some(Credential {
        of: "broker".to_owned(),
        user: read.user.and_then(part),
        password: Setting {
            value: value.map(Password::new),
            place,
        },
        state: call.state.clone(),
    })
}

/// A part of a value, placeholders resolved; `{secretAlias:name}` is an encrypted secret (`URLParser`).
pub(super) fn part(
    reader: &Reader,
    document: &Document,
    leaf: &Leaf,
    text: &str,
) -> Setting<String> {
    let alias = text
        .strip_prefix("{secretAlias:")
        .and_then(|rest| rest.strip_suffix('}'));
    let value = match alias {
        Some(alias) => Err(Unknown::Secret(alias.to_owned())),
        None => reader.resolved(text),
    };
    Setting {
        value,
        place: Some(Place::of(document, leaf)),
    }
}

/// Whose it is, with the name that stands beside it or above.
fn name(document: &Document, block: BlockId, of: &str, name: &str) -> String {
    let mut next = Some(block).filter(|_| !name.is_empty());
    while let Some(block) = next {
        if let Some(leaf) = document.within(block, name) {
            return format!("{of} {}", leaf.text()).trim().to_owned();
        }
        next = document.parent(block);
    }
    of.to_owned()
}

/// A URL of a database or directory.
struct Source {
    file: &'static str,
    block: &'static str,
    url: &'static str,
    of: &'static str,
    /// What leads to its name, from the block or one that holds it.
    name: &'static str,
}

const fn source(
    file: &'static str,
    block: &'static str,
    url: &'static str,
    of: &'static str,
    name: &'static str,
) -> Source {
    Source {
        file,
        block,
        url,
        of,
        name,
    }
}

/// A password that opens no store.
struct Row {
    file: &'static str,
    block: &'static str,
    password: &'static str,
    user: &'static str,
    of: &'static str,
    name: &'static str,
    on: &'static [When],
}

const fn row(
    file: &'static str,
    block: &'static str,
    password: &'static str,
    user: &'static str,
    of: &'static str,
    name: &'static str,
    on: &'static [When],
) -> Row {
    Row {
        file,
        block,
        password,
        user,
        of,
        name,
        on,
    }
}

const DATA_SOURCES: &str = "repository/conf/datasources/*.xml";
pub(super) const USER_STORES: &str = "repository/deployment/server/userstores/*.xml";
const REGISTRY: &str = "repository/conf/registry*.xml";
const IDENTITY: &str = "repository/conf/**identity.xml";
const CONFIGURATION: &str =
    "datasources-configuration/datasources/datasource/definition/configuration";
const USER_STORE: &str = "UserManager/Realm/UserStoreManager";

/// `jndiConfig/name` stands beside `name`: the first is the data source's own.
#[rustfmt::skip]
const SOURCES: &[Source] = &[
    source(DATA_SOURCES, CONFIGURATION, "url", "", "name"),
    source(REGISTRY, "wso2registry/dbConfig*", "url", "registry", ""),
    source(USER_MANAGEMENT, USER_STORE, "Property[ConnectionURL]", "user store", "Property[DomainName]"),
    source(USER_MANAGEMENT, USER_STORE, "Property[url]", "user store", "Property[DomainName]"),
    source(USER_STORES, "UserStoreManager", "Property[ConnectionURL]", "user store", "Property[DomainName]"),
    source(USER_STORES, "UserStoreManager", "Property[url]", "user store", "Property[DomainName]"),
];

const ALWAYS: &[When] = &[];
const ENABLED: &[When] = &[When::Own("Enabled", "true", true)];
const SWITCHED_ON: &[When] = &[When::Own("Enabled", "true", false)];
const REMOTE_REGISTRY: &[When] = &[When::Without("dbConfig")];
const BASIC: &[When] = &[When::Own("Enable", "true", true)];
const REVOKING: &[When] = &[When::There("**TokenRevocationNotifiers/@class")];

#[rustfmt::skip]
const CREDENTIALS: &[Row] = &[
    row(USER_MANAGEMENT, "UserManager/Realm/Configuration/AdminUser", "Password", "UserName", "administrator", "", ALWAYS),
    row(USER_MANAGEMENT, USER_STORE, "Property[ConnectionPassword]", "Property[ConnectionName]", "user store", "Property[DomainName]", ALWAYS),
    row(USER_MANAGEMENT, USER_STORE, "Property[password]", "Property[userName]", "user store", "Property[DomainName]", ALWAYS),
    row(USER_STORES, "UserStoreManager", "Property[ConnectionPassword]", "Property[ConnectionName]", "user store", "Property[DomainName]", ALWAYS),
    row(USER_STORES, "UserStoreManager", "Property[password]", "Property[userName]", "user store", "Property[DomainName]", ALWAYS),
    row(DATA_SOURCES, CONFIGURATION, "password", "username", "data source", "name", ALWAYS),
    row(REGISTRY, "wso2registry/dbConfig*", "password", "userName", "registry", "", ALWAYS),
    row(REGISTRY, "wso2registry/remoteInstance", "password", "username", "remote registry", "id", REMOTE_REGISTRY),
    row(API_MANAGER, "APIManager/AuthManager", "Password", "Username", "authentication manager", "", ALWAYS),
    row(API_MANAGER, "APIManager/APIGateway/Environments/Environment", "Password", "Username", "gateway environment", "Name", ALWAYS),
    row(API_MANAGER, "APIManager/APIKeyValidator", "Password", "Username", "key validator", "", ALWAYS),
    row(API_MANAGER, "APIManager/APIKeyManager/Configuration", "Password", "Username", "key manager", "", ALWAYS),
    row(API_MANAGER, "APIManager/APIStore", "Password", "Username", "store", "", ALWAYS),
    row(API_MANAGER, "APIManager/ExternalAPIStores/ExternalAPIStore*", "Password", "Username", "external store", "DisplayName", ALWAYS),
    row(API_MANAGER, "APIManager/ThrottlingConfigurations/TrafficManager", "Password", "Username", "traffic manager", "", ALWAYS),
    row(API_MANAGER, "APIManager/ThrottlingConfigurations/DataPublisher", "Password", "Username", "traffic manager", "", ENABLED),
    row(API_MANAGER, "APIManager/ThrottlingConfigurations/PolicyDeployer", "Password", "Username", "policy deployer", "", ENABLED),
    row(API_MANAGER, "APIManager/ThrottlingConfigurations/BlockCondition", "Password", "Username", "block conditions", "", ENABLED),
    row(API_MANAGER, "APIManager/ThrottlingConfigurations/JMSConnectionDetails", "Password", "Username", "broker", "", ENABLED),
    row(API_MANAGER, "APIManager/Analytics", "StreamProcessorPassword", "StreamProcessorUsername", "analytics", "", SWITCHED_ON),
    row(API_MANAGER, "APIManager/Analytics", "StreamProcessorRestApiPassword", "StreamProcessorRestApiUsername", "analytics, queries", "", SWITCHED_ON),
    row(API_MANAGER, "APIManager/Analytics", "DASPassword", "DASUsername", "analytics", "", SWITCHED_ON),
    row(API_MANAGER, "APIManager/Analytics", "DASRestApiPassword", "DASRestApiUsername", "analytics, queries", "", SWITCHED_ON),
    row(API_MANAGER, "APIManager/WorkflowConfigurations", "ServerPassword", "ServerUser", "workflow engine", "", SWITCHED_ON),
    row(API_MANAGER, "APIManager/WorkflowConfigurations", "DCREndPointPassword", "DCREndPointUser", "client registration", "", SWITCHED_ON),
    row(API_MANAGER, "**TokenRevocationNotifiers/PersistentNotifier", "Property[password]", "Property[username]", "store of revoked tokens", "", REVOKING),
    row(CARBON, "Server/DeploymentSynchronizer", "SvnPassword", "SvnUser", "deployment repository", "", SWITCHED_ON),
    row("repository/conf/log4j.properties", "", "log4j.appender.LOGEVENT.password", "log4j.appender.LOGEVENT.userName", "log server", "", &[When::Lists("log4j.rootLogger", "LOGEVENT")]),
    row("repository/conf/log4j.properties", "", "log4j.appender.DAS_AGENT.password", "log4j.appender.DAS_AGENT.userName", "log server", "", &[When::Lists("log4j.rootLogger", "DAS_AGENT")]),
    row("repository/conf/metrics.xml", "Metrics/Reporting/DAS", "Password", "Username", "metrics", "", SWITCHED_ON),
    row(IDENTITY, "**XMPPSettings/XMPPConfig", "XMPPPassword", "XMPPUserName", "instant messages", "", ALWAYS),
    row(IDENTITY, "Server/AdaptiveAuth/EventPublisher/BasicAuthentication", "Password", "Username", "stream processor", "", BASIC),
    row("repository/conf/axis2/*.xml", "axisconfig*/transportSender*", "parameter[mail.smtp.password]", "parameter[mail.smtp.user]", "mail", "", ALWAYS),
    row("repository/conf/identity/EndpointConfig.properties", "", "app.password", "app.name", "login pages", "", ALWAYS),
];
