//! Other stores and servers written into homes of 2.6.0.

use std::collections::{BTreeMap, BTreeSet};

use pki_core::{
    keystore::Format,
    secret::Password,
    wso2::{
        Slot,
        config::{
            Client, EditError, HomeConfig, HomeFiles, Host, Scheme, State, StoreConsumer, Unknown,
            Wanted, WantedAuthority, WantedStore, Written,
        },
    },
};

use crate::{
    optimised::optimise,
    xml::{API_MANAGER, AXIS2, CARBON, all, change, put, role, store, text},
};

const CATALINA: &str = "repository/conf/tomcat/catalina-server.xml";

/// Stores for every slot, each with a password of its own.
fn wanted(format: Format, written: impl Fn(Password) -> Written) -> Wanted {
    let mut wanted = Wanted::default();
    for slot in Slot::ALL {
        let played = match slot {
            Slot::Internal => Slot::Primary,
            slot => slot,
        };
        let password = Password::new(format!("pass&<\"word>'{played}"));
        let alias = (slot != Slot::Truststore).then(|| format!("{played}-key"));
        wanted.stores.insert(
            slot,
            WantedStore {
                file: played.file_name(format),
                format,
                password: written(password),
                alias,
            },
        );
    }
    wanted
}

/// What is changed, by file and line, and the home as it is then.
fn edit(files: &HomeFiles, wanted: &Wanted) -> (HomeFiles, BTreeSet<(String, usize)>) {
    let edited = HomeConfig::read(files, None).edited(wanted).unwrap();
    let mut after = files.clone();
    let mut lines = BTreeSet::new();
    for it in edited {
        assert!(!it.changes.is_empty(), "{}", it.file);
        for change in &it.changes {
            lines.insert((it.file.to_string(), change.place.line));
            let shown = format!("{:?}{:?}", change.before, change.after);
            assert!(
                !shown.contains("pass&") && !shown.contains("admin:"),
                "{shown}"
            );
        }
        after.insert(it.file.to_string(), it.bytes);
    }
    (after, lines)
}

/// The lines of a home that differ.
fn differences(before: &HomeFiles, after: &HomeFiles) -> BTreeSet<(String, usize)> {
    let mut lines = BTreeSet::new();
    for file in before.keys() {
        let (old, new) = (text(before, file), text(after, file));
        let (old, new): (Vec<&str>, Vec<&str>) = (
            old.split_inclusive('\n').collect(),
            new.split_inclusive('\n').collect(),
        );
        assert_eq!(old.len(), new.len(), "{file}");
        let pairs = old.iter().zip(&new).enumerate();
        lines.extend(
            pairs
                .filter(|(_, (old, new))| old != new)
                .map(|(at, _)| (file.clone(), at + 1)),
        );
    }
    lines
}

#[test]
fn every_reference_says_what_is_wanted_and_no_other_line_changes() {
    for (name, files) in all() {
        let plain = wanted(Format::Jks, Written::Plain);
        let (after, lines) = edit(&files, &plain);
        assert_eq!(differences(&files, &after), lines, "{name}");
        let config = HomeConfig::read(&after, None);
        assert!(
            config.unread.is_empty() && config.unknown.is_empty(),
            "{name}"
        );
        for it in &config.stores {
            if it.foreign {
                assert_eq!(it.password.known().unwrap().expose(), "password");
                continue;
            }
            let expected = &plain.stores[&it.slot];
            let location = it.location.known().unwrap();
            assert_eq!(
                *location,
                format!("repository/resources/security/{}", expected.file)
            );
            let Written::Plain(password) = &expected.password else {
                panic!()
            };
            assert_eq!(it.password.known(), Some(password), "{it:?}");
            if it.slot != Slot::Truststore {
                assert_eq!(it.key_password.known(), Some(password), "{it:?}");
            }
            match it.alias.known() {
                Some(alias) => assert_eq!(Some(alias), expected.alias.as_ref()),
                None => assert_eq!(it.alias.value, Err(Unknown::Absent)),
            }
        }
        // Run again: no change.
        assert!(config.edited(&plain).unwrap().is_empty(), "{name}");
        // The profile optimiser still gets through, before and after.
        let mut optimised = after.clone();
        optimise(&mut optimised, role(&name));
        assert!(
            HomeConfig::read(&optimised, None).unread.is_empty(),
            "{name}"
        );
    }
}

#[test]
fn what_is_commented_out_stays() {
    for (name, files) in all()
        .into_iter()
        .filter(|(name, _)| name.starts_with("gateway"))
    {
        let (after, _) = edit(&files, &wanted(Format::Jks, Written::Plain));
        // Four keystores and four truststores in comments of axis2.xml, five that are read.
        let old = text(&after, AXIS2);
        assert_eq!(old.matches("wso2carbon.jks").count(), 4, "{name}");
        assert_eq!(text(&files, AXIS2).matches("wso2carbon.jks").count(), 6);
        let comments = |text: &str| -> Vec<String> {
            let parts = text.split("<!--").skip(1);
            parts
                .map(|it| it.split("-->").next().unwrap().to_owned())
                .collect()
        };
        assert_eq!(comments(&old), comments(&text(&files, AXIS2)));
    }
}

#[test]
fn a_pkcs_12_is_told_where_the_part_asks_for_the_type() {
    let Some(files) = all().remove("gateway-1") else {
        return;
    };
    let (after, lines) = edit(&files, &wanted(Format::Pkcs12, Written::Plain));
    assert_eq!(differences(&files, &after), lines);
    let config = HomeConfig::read(&after, None);
    for it in config.stores.iter().filter(|it| !it.foreign) {
        let is_said = it.kind.place.is_some();
        let expected = if is_said { "PKCS12" } else { "JKS" };
        assert_eq!(it.kind.known().unwrap(), expected, "{it:?}");
    }
    let tomcat = store(&config, StoreConsumer::Tomcat, Slot::Tls);
    assert_eq!(tomcat.kind.known().unwrap(), "PKCS12");
}

#[test]
fn secrets_have_the_aliases_that_the_parts_ask_for() {
    let Some(files) = all().remove("gateway-1") else {
        return;
    };
    let secrets = wanted(Format::Jks, |otherwise| Written::Secret {
        alias: "ignored".to_owned(),
        otherwise,
    });
    let (after, _) = edit(&files, &secrets);
    let config = HomeConfig::read(&after, None);
    let mut named: BTreeMap<Slot, Vec<String>> = BTreeMap::new();
    for it in config
        .stores
        .iter()
        .filter(|it| it.consumer != StoreConsumer::KeyValidation)
    {
        for password in [&it.password, &it.key_password] {
            if let Err(Unknown::Secret(alias)) = &password.value {
                named.entry(it.slot).or_default().push(alias.clone());
            }
        }
    }
    // A connector without a password for the key takes the keystore's.
    named.get_mut(&Slot::Tls).unwrap().dedup();
    for slot in Slot::ALL {
        assert_eq!(named[&slot], config.secret_aliases(slot), "{slot}");
    }
    // They are those of the product's own `cipher-tool.properties`.
    let tool = text(&files, "repository/conf/security/cipher-tool.properties");
    for slot in [Slot::Primary, Slot::Tls, Slot::Truststore] {
        for alias in &named[&slot] {
            assert!(tool.contains(&format!("\n{alias}=")), "{alias}");
        }
    }
    let carbon = text(&after, CARBON);
    assert_eq!(carbon.matches("xmlns:svns=").count(), 1);
    assert!(config.edited(&secrets).unwrap().is_empty());
    // Synapse takes none.
    let sender = store(&config, StoreConsumer::SynapseSender, Slot::Tls);
    assert!(sender.password.known().is_some());
    // And back.
    let plain = wanted(Format::Jks, Written::Plain);
    let (back, _) = edit(&after, &plain);
    assert!(!text(&back, CARBON).contains("secretAlias"));
    assert!(!text(&back, CATALINA).contains("secretAlias"));
}

#[test]
fn other_servers_come_into_the_places_of_those_that_were_there() {
    let Some(mut files) = all().remove("gateway-1") else {
        return;
    };
    change(
        &mut files,
        API_MANAGER,
        "WSClient</KeyVal",
        "ThriftClient</KeyVal",
    );
    let config = HomeConfig::read(&files, None);
    let mut authorities = Vec::new();
    for (call, it) in config.calls.iter().enumerate() {
        for (endpoint, server) in it.endpoints.iter().enumerate() {
            let host = match server.scheme {
                Scheme::Ssl | Scheme::Tcp | Scheme::Amqp => format!("n{endpoint}.example.org"),
                _ => "lb.example.org".to_owned(),
            };
            authorities.push(WantedAuthority {
                call,
                endpoint,
                authority: format!("{host}:{}", 1000 + endpoint),
            });
        }
    }
    let wanted = Wanted {
        authorities,
        ..Wanted::default()
    };
    let (after, lines) = edit(&files, &wanted);
    // One element is added, for the port of thrift.
    let thrift = "<ThriftServerHost>lb.example.org</ThriftServerHost>\n        \
        <ThriftClientPort>1000</ThriftClientPort>";
    let api_manager = text(&after, API_MANAGER).replace("\r\n", "\n");
    assert!(api_manager.contains(thrift), "{api_manager}");
    assert!(lines.len() > 15);
    let again = HomeConfig::read(&after, None);
    assert!(again.unread.is_empty());
    assert_eq!(again.calls.len(), config.calls.len());
    for (old, new) in config.calls.iter().zip(&again.calls) {
        assert_eq!(
            (old.key, old.endpoints.len()),
            (new.key, new.endpoints.len())
        );
        for (endpoint, server) in new.endpoints.iter().enumerate() {
            assert!(matches!(&server.host, Host::Named(host) if host.ends_with("example.org")));
            assert_eq!(
                server.port,
                Some(1000 + u16::try_from(endpoint).unwrap()),
                "{new:?}"
            );
        }
    }
    // The token APIs follow the key manager's setting; their own files stay.
    assert!(
        lines
            .iter()
            .all(|(file, _)| !file.contains("/synapse-configs/"))
    );
    let amqp = again
        .calls
        .iter()
        .find(|it| it.client == Client::Jms)
        .unwrap();
    let value = amqp.setting.known().unwrap();
    assert!(
        value.contains("tcp://n1.example.org:1001?retries='5'%26connectdelay='50''"),
        "{value}"
    );
    assert!(again.edited(&wanted).unwrap().is_empty());
}

#[test]
fn stores_in_the_url_of_a_broker_are_replaced_there() {
    let Some(mut files) = all().remove("gateway-1") else {
        return;
    };
    change(
        &mut files,
        API_MANAGER,
        "connectdelay='50'",
        "connectdelay='50'%26ssl='true'%26trust_store='repository/resources/security/client-truststore.jks'\
            %26trust_store_password='wso2carbon'",
    );
    let password = |text: &str| {
        let mut wanted = Wanted::default();
        wanted.stores.insert(
            Slot::Truststore,
            WantedStore {
                file: "trust.jks".to_owned(),
                format: Format::Jks,
                password: Written::Plain(Password::new(text)),
                alias: None,
            },
        );
        wanted
    };
    let (after, _) = edit(&files, &password("Abc123Abc123"));
    let config = HomeConfig::read(&after, None);
    let jms = store(&config, StoreConsumer::JmsClient, Slot::Truststore);
    assert_eq!(
        jms.location.known().unwrap(),
        "repository/resources/security/trust.jks"
    );
    assert_eq!(jms.password.known().unwrap().expose(), "Abc123Abc123");
    let both = text(&after, API_MANAGER)
        .matches("trust_store_password='Abc123Abc123'")
        .count();
    assert_eq!(both, 2);
    let config = HomeConfig::read(&files, None);
    for text in ["it's", "50%", "x y", "a--b"] {
        let refused = config.edited(&password(text)).unwrap_err();
        assert!(
            matches!(refused, EditError::NoPlace { .. }),
            "{text}: {refused}"
        );
        assert!(!refused.to_string().contains(text));
    }
}

#[test]
fn an_internal_keystore_of_its_own_is_added_or_replaced_as_is_wanted() {
    let Some(files) = all().remove("key-manager-1") else {
        return;
    };
    let mut apart = wanted(Format::Jks, Written::Plain);
    let internal = apart.stores.get_mut(&Slot::Internal).unwrap();
    internal.file = "internal.jks".to_owned();
    // 2.5 has no block, and code that reads one.
    let mut old = files.clone();
    let carbon = text(&old, CARBON);
    let start = carbon.find("<InternalKeyStore>").unwrap();
    let end = carbon.find("</InternalKeyStore>").unwrap() + "</InternalKeyStore>".len();
    put(
        &mut old,
        CARBON,
        &format!("{}{}", &carbon[..start], &carbon[end..]),
    );
    change(&mut old, CARBON, "<Version>2.6.0<", "<Version>2.5.0<");
    let edited = HomeConfig::read(&old, None).edited(&apart).unwrap();
    let mut after = old.clone();
    after.extend(edited.into_iter().map(|it| (it.file.to_string(), it.bytes)));
    let config = HomeConfig::read(&after, None);
    let added = store(&config, StoreConsumer::Internal, Slot::Internal);
    assert_eq!(
        added.location.known().unwrap(),
        "repository/resources/security/internal.jks"
    );
    assert_eq!(added.alias.known().unwrap(), "primary-key");
    assert_eq!(added.key_password.known(), added.password.known());
    assert_eq!(added.state, State::On);
    assert!(config.edited(&apart).unwrap().is_empty());
    // 2.2 has no such code.
    change(&mut old, CARBON, "<Version>2.5.0<", "<Version>2.2.0<");
    let refused = HomeConfig::read(&old, None).edited(&apart).unwrap_err();
    assert!(
        refused.to_string().contains("no internal keystore"),
        "{refused}"
    );
    // One that is there is replaced by the primary, if that is wanted: which key may be, `install` judges.
    let together = wanted(Format::Jks, Written::Plain);
    for it in config.edited(&together).unwrap() {
        after.insert(it.file.to_string(), it.bytes);
    }
    let config = HomeConfig::read(&after, None);
    let internal = store(&config, StoreConsumer::Internal, Slot::Internal);
    assert_eq!(
        internal.location.known().unwrap(),
        "repository/resources/security/wso2carbon.jks"
    );
}

#[test]
fn a_file_that_cannot_be_read_is_not_passed_over() {
    let Some(mut files) = all().remove("gateway-1") else {
        return;
    };
    change(&mut files, AXIS2, "</axisconfig>", "");
    let refused = HomeConfig::read(&files, None).edited(&wanted(Format::Jks, Written::Plain));
    assert!(matches!(refused, Err(EditError::Unread { file }) if &*file == AXIS2));
}
