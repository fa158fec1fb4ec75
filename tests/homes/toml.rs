//! Homes of 4.7.0: `deployment.toml` and the profiles beside it.

use std::collections::{BTreeMap, BTreeSet};

use pki_core::{
    keystore::Format,
    secret::{Bytes, Password},
    wso2::{
        Product, Role, Slot,
        config::{
            Call, HomeConfig, Host, Scheme, State, StoreConsumer, Unknown, Wanted, WantedAuthority,
            WantedStore, Written,
        },
    },
};

use crate::{found, home};

fn read(home: &std::path::Path) -> HomeConfig {
    HomeConfig::read(&home::files(home), Some(Product::of(4, 7)))
}

#[test]
fn everything_that_a_search_finds_is_held_or_ignored_with_a_reason() {
    for home in home::homes("4.7.0") {
        let files = home::files(&home);
        let config = read(&home);
        let found: BTreeSet<_> = files
            .iter()
            .flat_map(|(file, bytes)| found::search(file, bytes))
            .collect();
        assert!(found.len() > 10, "{}", home.display());
        let held = found::held(&config);
        let missed: Vec<_> = found.difference(&held).collect();
        assert!(missed.is_empty(), "{}: {missed:?}", home.display());
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
        assert!(config.unread.is_empty(), "{:?}", config.unread);
        for mention in &config.ignored {
            let line = (mention.place.file.to_string(), mention.place.line);
            assert!(found.contains(&line), "{mention:?}");
            assert!(!mention.why.is_empty(), "{mention:?}");
        }
    }
}

#[test]
fn only_the_tls_keystore_is_written_and_the_primary_is_the_default_one() {
    for home in home::homes("4.7.0") {
        let config = read(&home);
        let one = |consumer, slot| {
            let mut stores = config.stores.iter();
            stores
                .find(|it| it.consumer == consumer && it.slot == slot)
                .unwrap()
        };
        for (consumer, slot, written) in [
            (StoreConsumer::Primary, Slot::Primary, false),
            (StoreConsumer::Internal, Slot::Internal, false),
            (StoreConsumer::Tls, Slot::Tls, true),
            (StoreConsumer::Tomcat, Slot::Tls, true),
            (StoreConsumer::SynapseListener, Slot::Tls, true),
            (StoreConsumer::WebsocketListener, Slot::Tls, true),
            (StoreConsumer::Webhook, Slot::Tls, true),
            (StoreConsumer::Broker, Slot::Tls, true),
            (StoreConsumer::DataBridge, Slot::Tls, true),
        ] {
            let store = one(consumer, slot);
            let location = store.location.known().unwrap();
            assert_eq!(location, "repository/resources/security/wso2carbon.jks");
            assert_eq!(store.password.known().unwrap().expose(), "wso2carbon");
            assert_eq!(store.location.place.is_some(), written, "{consumer:?}");
            assert_eq!(store.state, State::On);
        }
        let mut mqtt = config.stores.iter();
        let mqtt = mqtt.find(|it| it.consumer == StoreConsumer::BrokerMqtt);
        assert!(matches!(mqtt.unwrap().state, State::Off(_)));
        // What lies beside is made anew at each start.
        let profiles = config.stores.iter().filter(|it| {
            let place = it.location.place.as_ref();
            place.is_some_and(|place| place.file.ends_with("profiles.xml"))
        });
        assert_eq!(profiles.filter(|it| it.state != State::On).count(), 4);
        assert_eq!(config.encryption_key.value, Err(Unknown::Absent));
        assert_eq!(
            config.transformation.known().map(String::as_str),
            Some("AES/GCM/NoPadding")
        );
    }
}

/// Each server of each call that a role opens: `scheme host:port`.
fn opened(config: &HomeConfig, role: Role) -> BTreeSet<String> {
    let calls = config.calls.iter();
    let calls =
        calls.filter(|call: &&Call| call.openers.contains(&role) && call.state == State::On);
    let endpoints = calls.flat_map(|call| &call.endpoints);
    endpoints
        .map(|it| {
            let host = match &it.host {
                Host::Named(host) | Host::Loopback(host) => host,
                other => panic!("{other:?}"),
            };
            format!("{:?} {host}:{}", it.scheme, it.port.unwrap())
        })
        .collect()
}

#[test]
fn a_gateway_calls_the_other_roles_by_the_names_in_its_file() {
    for home in home::homes("4.7.0") {
        let name = home.file_name().unwrap().to_str().unwrap();
        let config = read(&home);
        match name {
            "gateway-1" | "gateway-2" => {
                let expected = [
                    "Amqp cp1.apim.example.com:5672",
                    "Amqp cp2.apim.example.com:5672",
                    "Amqp tm1.apim.example.com:5672",
                    "Amqp tm2.apim.example.com:5672",
                    "Https cp.apim.example.com:9443",
                    "Https km.apim.example.com:9443",
                    "Https tm.apim.example.com:9443",
                    "Ssl tm1.apim.example.com:9711",
                    "Ssl tm2.apim.example.com:9711",
                    "Tcp tm1.apim.example.com:9611",
                    "Tcp tm2.apim.example.com:9611",
                ];
                let expected = expected.map(str::to_owned).into();
                assert_eq!(opened(&config, Role::Gateway), expected);
            }
            "traffic-manager-1" => {
                let expected = [
                    "Amqp cp1.apim.example.com:5672",
                    "Amqp cp2.apim.example.com:5672",
                    "Https cp.apim.example.com:9443",
                    // Written nowhere.
                    "Https localhost:9443",
                ];
                let expected = expected.map(str::to_owned).into();
                assert_eq!(opened(&config, Role::TrafficManager), expected);
                let own = config
                    .calls
                    .iter()
                    .find(|it| it.key == "apim.key_manager.service_url");
                assert_eq!(own.unwrap().setting.place, None);
            }
            _ => {
                let role = match name.starts_with("key-manager") {
                    true => Role::KeyManager,
                    false => Role::ControlPlane,
                };
                let calls = config.calls.iter();
                let tls = calls.filter(|call| {
                    let hops = call.endpoints.iter();
                    call.openers.contains(&role)
                        && hops.map(|it| it.scheme).any(|it| it == Scheme::Https)
                });
                assert!(tls.count() > 1, "{name}");
            }
        }
    }
}

fn store(file: &str, password: &str, alias: Option<&str>) -> WantedStore {
    WantedStore {
        file: file.to_owned(),
        format: Format::Jks,
        password: Written::Plain(Password::new(password)),
        alias: alias.map(str::to_owned),
    }
}

#[test]
fn homes_are_wired_with_every_other_line_as_it_was() {
    for home in home::homes("4.7.0") {
        let mut files = home::files(&home);
        let config = read(&home);
        let call = config
            .calls
            .iter()
            .position(|it| it.key == "apim.event_hub.service_url");
        let wanted = Wanted {
            stores: BTreeMap::from([
                (
                    Slot::Primary,
                    store("wso2carbon.jks", "Primary1", Some("wso2carbon")),
                ),
                (Slot::Tls, store("tls.jks", "TlsTls22", Some("wso2carbon"))),
                (
                    Slot::Truststore,
                    store("client-truststore.jks", "Trust333", None),
                ),
            ]),
            encryption_key: Some(Written::Plain(Password::new("0".repeat(64)))),
            authorities: vec![WantedAuthority {
                call: call.unwrap(),
                endpoint: 0,
                authority: "hub.example.com:443".to_owned(),
            }],
            ..Wanted::default()
        };
        let edited = config.edited(&wanted).unwrap();
        let [edited] = edited.as_slice() else {
            panic!("{edited:?}")
        };
        let file = edited.file.to_string();
        let text = |bytes: &Bytes| String::from_utf8(bytes.expose().to_vec()).unwrap();
        let (before, after) = (text(&files[&file]), text(&edited.bytes));
        let mut lines = after.lines();
        for line in before.lines() {
            let key = line.split('=').next().unwrap_or_default().trim();
            let changes = [
                "file_name",
                "type",
                "password",
                "alias",
                "key_password",
                "service_url",
            ];
            let found = changes.contains(&key) || lines.any(|it| it == line);
            assert!(found, "{}: {line}", home.display());
        }
        assert_eq!(before.ends_with('\n'), after.ends_with('\n'));
        assert_eq!(after.matches("hub.example.com:443/services/").count(), 1);
        files.insert(file, Bytes::from(after.as_bytes()));
        let wired = HomeConfig::read(&files, Some(Product::of(4, 7)));
        assert!(wired.edited(&wanted).unwrap().is_empty());
        assert!(wired.unknown.is_empty());
        let on = wired.stores.iter().filter(|it| it.state == State::On);
        for used in on {
            let (name, password) = match used.slot {
                Slot::Primary | Slot::Internal => ("wso2carbon.jks", "Primary1"),
                Slot::Tls => ("tls.jks", "TlsTls22"),
                Slot::Truststore => ("client-truststore.jks", "Trust333"),
            };
            assert!(used.location.known().unwrap().ends_with(name), "{used:?}");
            assert_eq!(
                used.password.known().unwrap().expose(),
                password,
                "{used:?}"
            );
        }
        let key = wired.encryption_key.known().unwrap();
        assert_eq!(key.chars(), 64);
    }
}
