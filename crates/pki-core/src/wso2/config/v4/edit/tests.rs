use super::*;
use crate::{
    keystore::Format,
    secret::{Bytes, Password},
    wso2::config::{
        HomeFiles, State, StoreConsumer, StoreUse, WantedAuthority, Written, v4::stores::FOLDER,
    },
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
