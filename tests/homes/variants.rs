//! Homes of 2.6.0 changed into what other releases and other operators have.

use pki_core::wso2::{
    Product, Role, Slot,
    config::{
        Client, HomeConfig, HomeFiles, Host, NameCheck, Scheme, State, StoreConsumer, Unknown,
    },
};

use crate::xml::{API_MANAGER, AXIS2, CARBON, all, change, opened, put, store, text};

/// A gateway's home, changed; none where the material is absent.
fn gateway(edit: impl Fn(&mut HomeFiles)) -> Option<HomeConfig> {
    let mut files = all().remove("gateway-1")?;
    edit(&mut files);
    Some(HomeConfig::read(&files, None))
}

/// Takes out a part of a file, from one text to the end of another.
fn cut(files: &mut HomeFiles, file: &str, from: &str, to: &str) {
    let before = text(files, file);
    let start = before.find(from).unwrap();
    let end = start + before[start..].find(to).unwrap() + to.len();
    put(
        files,
        file,
        &format!("{}{}", &before[..start], &before[end..]),
    );
}

#[test]
fn a_home_of_2_5_has_no_internal_keystore_and_analytics_of_another_name() {
    let config = gateway(|files| {
        change(
            files,
            CARBON,
            "<Version>2.6.0</Version>",
            "<Version>2.5.0</Version>",
        );
        cut(files, CARBON, "<InternalKeyStore>", "</InternalKeyStore>");
        change(files, API_MANAGER, "StreamProcessor", "DAS");
    });
    let Some(config) = config else { return };
    assert_eq!(config.product.known(), Some(&Product::of(2, 5)));
    assert!(config.stores.iter().all(|it| it.slot != Slot::Internal));
    let analytics = config.calls.iter().filter(|it| it.key.contains("/DAS"));
    let off = State::Off("`Analytics/Enabled` is `false`".to_owned());
    assert!(analytics.map(|it| &it.state).all(|state| *state == off));
    assert!(config.unknown.is_empty(), "{:?}", config.unknown);
}

#[test]
fn what_another_release_reads_is_off() {
    let config = gateway(|files| {
        change(
            files,
            CARBON,
            "<Version>2.6.0</Version>",
            "<Version>2.2.0</Version>",
        );
        change(
            files,
            API_MANAGER,
            "<Analytics>",
            "<Analytics><DASServerURL>tcp://das:7612</DASServerURL>",
        );
    });
    let Some(config) = config else { return };
    let state = |key: &str| {
        let mut calls = config.calls.iter();
        calls
            .find(|it| it.key.ends_with(key))
            .unwrap()
            .state
            .clone()
    };
    // Both say no; the first reason is told.
    assert!(matches!(state("/StreamProcessorServerURL"), State::Off(_)));
    let internal = store(&config, StoreConsumer::Internal, Slot::Internal);
    let off = "the release reads `Security/KeyStore` in its place".to_owned();
    assert_eq!(internal.state, State::Off(off));
}

#[test]
fn a_release_without_the_property_encrypts_without_padding() {
    let config = gateway(|files| {
        change(
            files,
            CARBON,
            "<Version>2.6.0</Version>",
            "<Version>2.1.0</Version>",
        );
        files.remove("repository/conf/carbon.properties");
        files.remove("repository/resources/security/sslprofiles.xml");
        cut(
            files,
            AXIS2,
            "<parameter name=\"dynamicSSLProfilesConfig\">",
            "</parameter>",
        );
        let script = "#!/bin/sh\n# -Dhttpclient.hostnameVerifier=AllowAll\n$JAVACMD \\\n\
            \x20   -Dorg.opensaml.httpclient.https.disableHostnameVerification=true \\\n\
            \x20   -Dorg.wso2.ignoreHostnameVerification=true \\\n";
        put(files, "bin/wso2server.sh", script);
    });
    let Some(config) = config else { return };
    assert_eq!(config.transformation.known().unwrap(), "RSA");
    assert_eq!(config.transformation.place, None);
    let checks: Vec<_> = config
        .name_checks
        .iter()
        .map(|it| (it.client, it.check.known().unwrap().clone()))
        .collect();
    let lax = NameCheck::AllowAll;
    assert_eq!(
        checks,
        [(Client::Kernel, lax.clone()), (Client::Other("SAML"), lax)]
    );
    assert!(
        config
            .stores
            .iter()
            .all(|it| it.consumer != StoreConsumer::SenderProfile)
    );
}

#[test]
fn early_releases_name_traffic_managers_below_the_data_publisher() {
    let config = gateway(|files| {
        let groups = "<ReceiverUrlGroup>tcp://a:9611|tcp://b:9611</ReceiverUrlGroup>\
            <AuthUrlGroup>ssl://a:9711|ssl://b:9711</AuthUrlGroup>";
        cut(files, API_MANAGER, "<TrafficManager>", "</TrafficManager>");
        change(
            files,
            API_MANAGER,
            "<DataPublisher>",
            &format!("<DataPublisher>{groups}"),
        );
    });
    let Some(config) = config else { return };
    let opened = opened(&config, Role::Gateway);
    for server in ["Ssl a:9711", "Ssl b:9711", "Tcp a:9611", "Tcp b:9611"] {
        assert!(
            opened.contains(&format!("data-agent {server}")),
            "{opened:?}"
        );
    }
}

#[test]
fn what_is_switched_off_says_by_what() {
    let config = gateway(|files| {
        change(
            files,
            API_MANAGER,
            "<EnableAdvanceThrottling>true",
            "<EnableAdvanceThrottling>false",
        );
        change(
            files,
            "repository/conf/broker.xml",
            "<mqtt enabled=\"true\">",
            "<mqtt enabled=\"false\">",
        );
    });
    let Some(config) = config else { return };
    let off =
        State::Off("`ThrottlingConfigurations/EnableAdvanceThrottling` is `false`".to_owned());
    let throttling = config
        .calls
        .iter()
        .filter(|it| it.key.contains("ThrottlingConfigurations") && it.openers == [Role::Gateway]);
    assert!(throttling.map(|it| &it.state).all(|state| *state == off));
    let mqtt = store(&config, StoreConsumer::BrokerMqtt, Slot::Tls);
    assert_eq!(
        mqtt.state,
        State::Off("`mqtt/@enabled` is `false`".to_owned())
    );
    assert_eq!(
        store(&config, StoreConsumer::Broker, Slot::Tls).state,
        State::On
    );
}

#[test]
fn a_log_server_is_called_where_the_logger_lists_it() {
    let log = |root: &str| {
        let log = format!(
            "log4j.rootLogger=ERROR, {root}\nlog4j.appender.LOGEVENT.url=tcp://logs:7611\n\
            log4j.appender.LOGEVENT.userName=admin\nlog4j.appender.LOGEVENT.password=admin\n\
            log4j.appender.LOGEVENT.password=admin\n"
        );
        let config = gateway(|files| put(files, "repository/conf/log4j.properties", &log))?;
        assert!(config.unknown.is_empty(), "{:?}", config.unknown);
        let call = config.calls.iter().find(|it| it.key.contains("LOGEVENT"))?;
        Some(call.state.clone())
    };
    let Some(off) = log("CARBON_LOGFILE") else {
        return;
    };
    assert_eq!(
        off,
        State::Off("`log4j.rootLogger` does not list `LOGEVENT`".to_owned())
    );
    assert_eq!(log("CARBON_LOGFILE, LOGEVENT"), Some(State::On));
}

#[test]
fn a_key_manager_tells_of_revoked_tokens_where_an_update_made_it() {
    let Some(mut files) = all().remove("key-manager-1") else {
        return;
    };
    change(
        &mut files,
        API_MANAGER,
        "<OAuthConfigurations>",
        "<OAuthConfigurations><TokenRevocationNotifiers class=\"x.Notifier\"><PersistentNotifier enabled=\"false\">\
            <Property name=\"hostname\">https://localhost:2379/v2/keys/jti/</Property>\
            <Property name=\"password\">root</Property></PersistentNotifier></TokenRevocationNotifiers>",
    );
    let config = HomeConfig::read(&files, None);
    let opened = opened(&config, Role::KeyManager);
    assert!(
        opened.iter().any(|it| it.starts_with("data-agent Ssl")),
        "{opened:?}"
    );
    let disk = config
        .calls
        .iter()
        .find(|it| it.key.contains("PersistentNotifier"))
        .unwrap();
    assert!(matches!(disk.state, State::Off(_)));
    assert!(config.unknown.is_empty(), "{:?}", config.unknown);
}

#[test]
fn a_gateway_whose_key_manager_is_itself_asks_localhost_for_tokens() {
    for host in ["${carbon.local.ip}", "gw1.apim.example.com"] {
        let config = gateway(|files| {
            change(
                files,
                API_MANAGER,
                "https://km.apim.example.com:9443",
                &format!("https://{host}:9444"),
            );
        });
        let Some(config) = config else { return };
        let tokens = config
            .calls
            .iter()
            .find(|it| it.client == Client::Synapse)
            .unwrap();
        let endpoint = &tokens.endpoints[0];
        assert_eq!(endpoint.host, Host::Loopback("localhost".to_owned()));
        assert_eq!(endpoint.port, Some(9444));
    }
}

#[test]
fn secrets_offsets_and_brokers_over_tls_are_read() {
    let config = gateway(|files| {
        change(files, CARBON, "<Offset>0</Offset>", "<Offset>3</Offset>");
        change(
            files,
            CARBON,
            "<Password>wso2carbon</Password>",
            "<Password svns:secretAlias=\"Carbon.Security.KeyStore.Password\">password</Password>",
        );
        change(
            files,
            CARBON,
            "<Server xmlns=",
            "<Server xmlns:svns=\"http://org.wso2.securevault/configuration\" xmlns=",
        );
        change(
            files,
            API_MANAGER,
            "connectdelay='50';",
            "connectdelay='50'%26ssl='true'%26trust_store='repository/resources/security/client-truststore.jks'\
                %26trust_store_password='hunter2';",
        );
        change(
            files,
            "repository/conf/user-mgt.xml",
            "<Password>admin<",
            "<Password svns:secretAlias=\"a\">admin<",
        );
        change(
            files,
            "repository/conf/user-mgt.xml",
            "<UserManager>",
            "<UserManager xmlns:svns=\"s\">",
        );
        let ldap = "<UserStoreManager class=\"x\"><Property name=\"DomainName\">CORP</Property>\
            <Property name=\"ConnectionURL\">ldaps://ldap.example.com:636</Property>\
            <Property name=\"ConnectionName\">cn=admin</Property>\
            <Property name=\"ConnectionPassword\" encrypted=\"true\">eyJjIjo=</Property></UserStoreManager>";
        put(
            files,
            "repository/deployment/server/userstores/corp.xml",
            ldap,
        );
    });
    let Some(config) = config else { return };
    assert_eq!(config.offset.known(), Some(&3));
    let primary = store(&config, StoreConsumer::Primary, Slot::Primary);
    let alias = Unknown::Secret("Carbon.Security.KeyStore.Password".to_owned());
    assert_eq!(primary.password.value.as_ref().unwrap_err(), &alias);
    assert!(primary.alias.known().is_some());
    let jms = store(&config, StoreConsumer::JmsClient, Slot::Truststore);
    assert_eq!(jms.password.known().unwrap().expose(), "hunter2");
    let broker = config
        .calls
        .iter()
        .find(|it| it.client == Client::Jms)
        .unwrap();
    let schemes: Vec<Scheme> = broker.endpoints.iter().map(|it| it.scheme).collect();
    assert_eq!(schemes, [Scheme::AmqpTls, Scheme::Amqp]);
    assert!(!format!("{broker:?}").contains("hunter2"));
    let gateway = config
        .calls
        .iter()
        .find(|it| it.key.ends_with("RevokeAPIURL"))
        .unwrap();
    assert_eq!(gateway.endpoints[0].port, Some(8246));
    // `${admin.password}` is the administrator's, which is encrypted.
    let validator = config
        .credentials
        .iter()
        .find(|it| it.of == "key validator")
        .unwrap();
    assert_eq!(
        validator.password.value.as_ref().unwrap_err(),
        &Unknown::Secret("a".to_owned())
    );
    let corp = config
        .credentials
        .iter()
        .find(|it| it.of == "user store CORP")
        .unwrap();
    assert_eq!(
        corp.password.value.as_ref().unwrap_err(),
        &Unknown::Encrypted
    );
    let directory = config
        .sources
        .iter()
        .find(|it| it.name == "user store CORP")
        .unwrap();
    assert_eq!(
        (directory.tls, directory.servers[0].port),
        (Some(true), Some(636))
    );
}

#[test]
fn somebody_s_own_stores_are_told_from_the_node_s() {
    let profile = |servers: &str, file: &str| {
        format!(
            "<profile><servers>{servers}</servers><KeyStore><Location>{file}</Location><Type>JKS</Type>\
            <Password>p</Password><KeyPassword>p</KeyPassword></KeyStore></profile>"
        )
    };
    let config = gateway(|files| {
        let node = "repository/resources/security/wso2carbon.jks";
        let profiles = [
            profile("backend:8443", "repository/resources/security/backend.jks"),
            profile("other:8443", node),
        ];
        change(
            files,
            "repository/resources/security/sslprofiles.xml",
            "</parameter>",
            &format!("{}</parameter>", profiles.concat()),
        );
        let tomcat = "repository/conf/tomcat/catalina-server.xml";
        change(
            files,
            tomcat,
            "clientAuth=\"false\"",
            "clientAuth=\"want\" truststoreFile=\"clients.jks\"",
        );
    });
    let Some(config) = config else { return };
    let foreign: Vec<&String> = config
        .stores
        .iter()
        .filter(|it| it.foreign && it.consumer != StoreConsumer::Other("broker management"))
        .map(|it| it.location.known().unwrap())
        .collect();
    assert_eq!(
        foreign,
        ["clients.jks", "repository/resources/security/backend.jks"]
    );
}

#[test]
fn a_broken_file_is_told_and_the_rest_is_read() {
    let config = gateway(|files| {
        change(files, API_MANAGER, "</APIManager>", "</APIManagerX>");
        put(files, "repository/conf/identity/identity.xml", "");
        put(
            files,
            "bin/wso2server.sh",
            "\u{e9}\u{0}-D=\n-Dhttpclient.hostnameVerifier=Strict",
        );
    });
    let Some(config) = config else { return };
    let mut unread: Vec<&str> = config.unread.iter().map(|it| &*it.file).collect();
    unread.sort_unstable();
    assert_eq!(
        unread,
        [API_MANAGER, "repository/conf/identity/identity.xml"]
    );
    assert!(
        config.unread[0].reason.to_string().starts_with("650:"),
        "{:?}",
        config.unread
    );
    assert_eq!(
        config.name_checks[0].check.known(),
        Some(&NameCheck::Strict)
    );
    assert_eq!(
        store(&config, StoreConsumer::Tomcat, Slot::Tls).state,
        State::On
    );
}
