//! Homes of 2.6.0: XML files, properties, JSON.

use std::collections::{BTreeMap, BTreeSet};

use pki_core::{
    secret::Bytes,
    wso2::{
        Product, Role, Slot,
        config::{
            Client, HomeConfig, HomeFiles, Host, Scheme, State, StoreConsumer, StoreUse, Unknown,
        },
    },
};

use crate::{found, home};

/// The homes of 2.6.0 by name, as bytes.
pub(crate) fn all() -> BTreeMap<String, HomeFiles> {
    let homes = home::homes("2.6.0").into_iter();
    homes
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            (name, home::files(&path))
        })
        .collect()
}

pub(crate) fn role(name: &str) -> Role {
    name.rsplit_once('-').unwrap().0.parse().unwrap()
}

pub(crate) fn text(files: &HomeFiles, file: &str) -> String {
    // Every byte a character: some files are ISO 8859-1.
    files[file]
        .expose()
        .iter()
        .map(|byte| char::from(*byte))
        .collect()
}

pub(crate) fn put(files: &mut HomeFiles, file: &str, text: &str) {
    let bytes: Vec<u8> = text.chars().map(|c| u8::try_from(c).unwrap()).collect();
    files.insert(file.to_owned(), Bytes::from(bytes));
}

/// Puts another text in the place of one that must be there.
pub(crate) fn change(files: &mut HomeFiles, file: &str, old: &str, new: &str) {
    let before = text(files, file);
    assert!(before.contains(old), "{file}: {old}");
    put(files, file, &before.replace(old, new));
}

pub(crate) const API_MANAGER: &str = "repository/conf/api-manager.xml";
pub(crate) const AXIS2: &str = "repository/conf/axis2/axis2.xml";
pub(crate) const CARBON: &str = "repository/conf/carbon.xml";

fn read(files: &HomeFiles) -> HomeConfig {
    HomeConfig::read(files, None)
}

#[test]
fn what_a_search_finds_and_what_is_held_is_the_same() {
    for (name, files) in all() {
        let config = read(&files);
        let found: BTreeSet<_> = files
            .iter()
            .flat_map(|(file, bytes)| found::search(file, bytes))
            .collect();
        assert!(found.len() > 100, "{name}");
        let held = found::held(&config);
        let missed: Vec<_> = found.difference(&held).collect();
        assert!(missed.is_empty(), "{name}: {missed:#?}");
        assert!(config.unknown.is_empty(), "{:#?}", config.unknown);
        assert!(config.unread.is_empty(), "{:?}", config.unread);
        // Nothing is called a reference that does not look like one.
        for mention in &config.ignored {
            let lines = found::lines(&config, &mention.place);
            assert!(lines.iter().any(|line| found.contains(line)), "{mention:?}");
            assert!(!mention.why.is_empty(), "{mention:?}");
        }
    }
}

/// How many values of a file name a store of the node: locations, types, passwords, aliases.
fn values(config: &HomeConfig) -> BTreeMap<String, usize> {
    let mut places = BTreeSet::new();
    for store in config.stores.iter().filter(|store| !store.foreign) {
        places.extend(&store.location.place);
        places.extend(&store.kind.place);
        places.extend(&store.password.place);
        places.extend(&store.alias.place);
        places.extend(&store.key_password.place);
    }
    let mut counts = BTreeMap::new();
    for place in places {
        let file = place.file.rsplit('/').next().unwrap();
        *counts.entry(file.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn fifty_nine_values_in_nine_files_name_a_store() {
    for (name, mut files) in all()
        .into_iter()
        .filter(|(name, _)| name.starts_with("gateway"))
    {
        // No home has the file of the login pages: as the product's documentation shows it.
        let login = "client.keyStore=./repository/resources/security/wso2carbon.jks\n\
            Carbon.Security.KeyStore.Password=wso2carbon\n\
            client.trustStore=./repository/resources/security/client-truststore.jks\n\
            Carbon.Security.TrustStore.Password=wso2carbon\n\
            hostname.verification.enabled=true\n";
        put(
            &mut files,
            "repository/conf/identity/EndpointConfig.properties",
            login,
        );
        let config = read(&files);
        let expected = [
            ("EndpointConfig.properties", 4),
            ("SecureWebSocketInboundEndpoint.xml", 5),
            ("axis2.xml", 16),
            ("broker.xml", 8),
            ("carbon.xml", 13),
            ("catalina-server.xml", 2),
            ("data-bridge-config.xml", 2),
            ("identity.xml", 2),
            ("sslprofiles.xml", 7),
        ];
        let expected: BTreeMap<String, usize> = expected
            .map(|(file, count)| (file.to_owned(), count))
            .into();
        assert_eq!(values(&config), expected, "{name}");
        assert_eq!(expected.values().sum::<usize>(), 59);
        let login = config
            .name_checks
            .iter()
            .find(|it| it.client == Client::Other("login pages"));
        assert!(login.is_some());
    }
}

/// A store by its part and slot.
pub(crate) fn store(config: &HomeConfig, consumer: StoreConsumer, slot: Slot) -> &StoreUse {
    let mut stores = config.stores.iter();
    stores
        .find(|it| (it.consumer, it.slot) == (consumer, slot))
        .unwrap_or_else(|| panic!("{consumer:?} {slot:?}"))
}

#[test]
fn every_part_names_the_default_stores_and_the_management_broker_its_own() {
    for (name, files) in all() {
        let config = read(&files);
        assert_eq!(config.product.known(), Some(&Product::of(2, 6)));
        assert_eq!(config.offset.known(), Some(&0));
        let hosts: Vec<&String> = config.hosts.iter().filter_map(|it| it.known()).collect();
        assert!(hosts[0].ends_with(".apim.example.com"), "{name}: {hosts:?}");
        let oaep = "RSA/ECB/OAEPwithSHA1andMGF1Padding";
        assert_eq!(config.transformation.known().unwrap(), oaep);
        for store in &config.stores {
            if store.consumer == StoreConsumer::Other("broker management") {
                let location = store.location.known().unwrap();
                assert_eq!(location, "repository/conf/advanced/qpid.keystore");
                assert!(store.foreign);
                assert_eq!(
                    store.state,
                    State::Off("`ssl/enabled` is `false`".to_owned())
                );
                continue;
            }
            let file = match store.slot {
                Slot::Truststore => "client-truststore.jks",
                _ => "wso2carbon.jks",
            };
            let expected = format!("repository/resources/security/{file}");
            assert_eq!(store.location.known(), Some(&expected), "{name}: {store:?}");
            assert_eq!(store.kind.known().unwrap(), "JKS");
            assert_eq!(store.password.known().unwrap().expose(), "wso2carbon");
            let key_password = store.key_password.known().map(|it| it.expose());
            let has_key = store.slot != Slot::Truststore;
            assert_eq!(key_password, has_key.then_some("wso2carbon"), "{store:?}");
            assert!(!store.foreign);
        }
        let tomcat = store(&config, StoreConsumer::Tomcat, Slot::Tls);
        assert_eq!(tomcat.alias.value, Err(Unknown::Absent));
        assert_eq!(tomcat.state, State::On);
        let [tomcat] = &config.protocols[..] else {
            panic!("{:?}", config.protocols)
        };
        assert_eq!(
            tomcat.versions.known().unwrap(),
            &["TLSv1", "TLSv1.1", "TLSv1.2"]
        );
        // A key manager serves the primary to thrift clients where that is switched on.
        let served = store(&config, StoreConsumer::KeyValidation, Slot::Primary);
        let on = name.starts_with("key-manager");
        assert_eq!(served.state == State::On, on, "{name}");
        // A traffic manager has no gateway to serve.
        let gateway = config
            .stores
            .iter()
            .any(|it| it.consumer == StoreConsumer::SynapseListener);
        assert_eq!(gateway, !name.starts_with("traffic-manager"), "{name}");
        let profile = store(&config, StoreConsumer::SenderProfile, Slot::Tls);
        assert_eq!(profile.state == State::On, gateway, "{name}");
    }
}

/// Each server that a role opens with a program: `client scheme host:port`.
pub(crate) fn opened(config: &HomeConfig, role: Role) -> BTreeSet<String> {
    let calls = config.calls.iter().filter(|call| {
        call.openers.contains(&role) && call.state == State::On && call.client != Client::Browser
    });
    let shown = |call: &pki_core::wso2::config::Call| {
        let client = call.client.id();
        let endpoints = call.endpoints.iter();
        let shown = endpoints.map(|it| match &it.host {
            Host::Named(host) | Host::Loopback(host) | Host::Own(host) => {
                format!("{client} {:?} {host}:{}", it.scheme, it.port.unwrap())
            }
            other => panic!("{other:?}"),
        });
        shown.collect::<Vec<_>>()
    };
    calls.flat_map(shown).collect()
}

#[test]
fn each_role_opens_what_the_matrix_of_the_product_says() {
    let expected: &[(&str, &[&str])] = &[
        (
            "key-manager",
            &[
                "kernel Https gw.apim.example.com:9443",
                "kernel Https localhost:8280",
            ],
        ),
        (
            "publisher",
            &[
                "jms Amqp tm1.apim.example.com:5672",
                "jms Amqp tm2.apim.example.com:5672",
                "kernel Https gw.apim.example.com:9443",
                // `AuthManager/ServerURL` was forgotten; 9445 are workflows in the admin portals.
                "kernel Https localhost:9443",
                "kernel Https localhost:9445",
                "kernel Https store.apim.example.com:9443",
                "kernel Https tm.apim.example.com:9443",
            ],
        ),
        (
            "store",
            &[
                "kernel Https gw.apim.example.com:8243",
                "kernel Https km.apim.example.com:9443",
                "kernel Https localhost:9443",
                "thrift Thrift km1.apim.example.com:10397",
            ],
        ),
        ("traffic-manager", &[]),
        (
            "gateway",
            &[
                "data-agent Ssl tm1.apim.example.com:9711",
                "data-agent Ssl tm2.apim.example.com:9711",
                "data-agent Tcp tm1.apim.example.com:9611",
                "data-agent Tcp tm2.apim.example.com:9611",
                "jms Amqp tm1.apim.example.com:5672",
                "jms Amqp tm2.apim.example.com:5672",
                "kernel Https km.apim.example.com:9443",
                "synapse Https km.apim.example.com:9443",
            ],
        ),
    ];
    for (name, files) in all() {
        let config = read(&files);
        let role = role(&name);
        let (_, expected) = expected.iter().find(|(it, _)| *it == role.name()).unwrap();
        let expected: BTreeSet<String> = expected.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(opened(&config, role), expected, "{name}");
        for call in &config.calls {
            assert!(call.setting.value.is_ok(), "{call:?}");
        }
    }
}

#[test]
fn no_password_is_in_what_is_shown() {
    for (_, files) in all() {
        let config = read(&files);
        let shown = format!(
            "{:?} {:?} {:?}",
            config.calls, config.sources, config.stores
        );
        for secret in ["admin:admin", "wso2carbon\")"] {
            let shown = shown.replace("alias: Setting { value: Ok(\"wso2carbon\")", "");
            assert!(!shown.contains(secret), "{secret}");
        }
        let brokers = config.credentials.iter().filter(|it| it.of == "broker");
        for broker in brokers {
            assert_eq!(broker.password.known().unwrap().expose(), "admin");
        }
        assert!(config.credentials.len() > 15);
    }
}

#[test]
fn a_database_that_does_not_speak_tls_is_told() {
    for (name, files) in all() {
        let config = read(&files);
        let mysql: Vec<_> = config
            .sources
            .iter()
            .filter(|it| !it.servers.is_empty())
            .collect();
        let shares = !name.starts_with("gateway") && !name.starts_with("traffic-manager");
        assert_eq!(!mysql.is_empty(), shares, "{name}");
        for source in mysql {
            assert_eq!(source.tls, Some(false), "{source:?}");
            let server = &source.servers[0];
            assert_eq!(server.host, Host::Named("db.apim.example.com".to_owned()));
            assert_eq!((server.port, server.scheme), (Some(3306), Scheme::Database));
        }
    }
}
