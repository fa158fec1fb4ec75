//! Java serves and trusts with what it reads back from the configuration: files, types, passwords and aliases
//! by the JDK's own XML parser, by paths that are written here and not taken from the tool.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde_json::Value;

use super::Deployment;
use crate::judge::{Store, judge};

/// A store as a configuration file names it.
#[derive(Clone, Debug)]
struct Named {
    path: PathBuf,
    kind: String,
    password: String,
}

impl Named {
    fn open(&self) -> Store<'_> {
        Store {
            kind: &self.kind,
            path: &self.path,
            password: &self.password,
        }
    }
}

#[test]
fn java_connects_wherever_verify_says_so_with_what_2_6_s_files_name() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    deployment.install_all();
    let named = |node: &str, port: u64| -> Named {
        let home = deployment.home(node);
        let (file, location, kind, password) = match port {
            9443 => (
                "repository/conf/tomcat/catalina-server.xml",
                "/Server/Service/Connector[@port='9443']/@keystoreFile",
                "/Server/Service/Connector[@port='9443']/@keystoreType",
                "/Server/Service/Connector[@port='9443']/@keystorePass",
            ),
            8243 => (
                "repository/conf/axis2/axis2.xml",
                "/axisconfig/transportReceiver[@name='https']/parameter[@name='keystore']/KeyStore/Location",
                "/axisconfig/transportReceiver[@name='https']/parameter[@name='keystore']/KeyStore/Type",
                "/axisconfig/transportReceiver[@name='https']/parameter[@name='keystore']/KeyStore/Password",
            ),
            8099 => (
                "repository/deployment/server/synapse-configs/default/inbound-endpoints/SecureWebSocketInboundEndpoint.xml",
                "//parameter[@name='wss.ssl.key.store.file']",
                "/none",
                "//parameter[@name='wss.ssl.key.store.pass']",
            ),
            9711 => (
                "repository/conf/data-bridge/data-bridge-config.xml",
                "/dataBridgeConfiguration/keyStoreLocation",
                "/none",
                "/dataBridgeConfiguration/keyStorePassword",
            ),
            10397 => (
                "repository/conf/carbon.xml",
                "/Server/Security/KeyStore/Location",
                "/Server/Security/KeyStore/Type",
                "/Server/Security/KeyStore/Password",
            ),
            other => panic!("no listener at {other}"),
        };
        read(&home, file, [location, kind, password])
    };
    let trusts = |node: &str| {
        read(
            &deployment.home(node),
            "repository/conf/carbon.xml",
            [
                "/Server/Security/TrustStore/Location",
                "/Server/Security/TrustStore/Type",
                "/Server/Security/TrustStore/Password",
            ],
        )
    };
    // The alias that carbon.xml names holds a key that opens with the store's password.
    for node in &deployment.nodes {
        let carbon = deployment.home(node).join("repository/conf/carbon.xml");
        for block in ["KeyStore", "InternalKeyStore"] {
            let path = format!("/Server/Security/{block}");
            let alias = xpath(&carbon, &format!("{path}/KeyAlias"));
            let key_password = xpath(&carbon, &format!("{path}/KeyPassword"));
            let parts = ["Location", "Type", "Password"].map(|part| format!("{path}/{part}"));
            let store = read(
                &deployment.home(node),
                "repository/conf/carbon.xml",
                [&parts[0], &parts[1], &parts[2]],
            );
            assert_eq!(store.password, key_password);
            let key = judge().key(store.open(), &alias, &key_password);
            assert_eq!(key.unwrap().algorithm, "RSA", "{node} {block}");
        }
    }
    let shaken = every_edge(&deployment, &named, &trusts);
    assert!(shaken >= 30, "only {shaken} connections");
}

#[test]
fn java_connects_wherever_verify_says_so_with_what_4_7_s_files_name() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    deployment.install_all();
    let table = |node: &str, table: &str| {
        let home = deployment.home(node);
        let text = std::fs::read_to_string(home.join("repository/conf/deployment.toml")).unwrap();
        let toml: toml_edit::DocumentMut = text.parse().unwrap();
        let found = match table.split_once('.') {
            Some((outer, inner)) => &toml[outer][inner],
            None => &toml[table],
        };
        let text = |key: &str| {
            found[key]
                .as_str()
                .unwrap_or_else(|| panic!("{table}.{key}"))
                .to_owned()
        };
        Named {
            path: home
                .join("repository/resources/security")
                .join(text("file_name")),
            kind: text("type"),
            password: text("password"),
        }
    };
    let named = |node: &str, _: u64| table(node, "keystore.tls");
    let trusts = |node: &str| table(node, "truststore");
    let mut primaries = Vec::new();
    for node in &deployment.nodes {
        for slot in ["keystore.primary", "keystore.internal", "keystore.tls"] {
            let store = table(node, slot);
            let key = judge().key(store.open(), "wso2carbon", &store.password);
            let key = key.unwrap();
            if slot != "keystore.tls" {
                primaries.push(key.sha256);
            }
        }
    }
    primaries.dedup();
    assert_eq!(primaries.len(), 1, "one primary for all");
    let shaken = every_edge(&deployment, &named, &trusts);
    assert!(shaken >= 20, "only {shaken} connections");
}

/// `verify --home` is clean, and Java makes every connection that it calls good.
fn every_edge(
    deployment: &Deployment,
    serves: &dyn Fn(&str, u64) -> Named,
    trusts: &dyn Fn(&str) -> Named,
) -> usize {
    let mut args = vec![
        "verify".to_owned(),
        "--format".to_owned(),
        "json".to_owned(),
    ];
    for node in &deployment.nodes {
        args.extend(["--home".to_owned(), format!("homes/{node}")]);
    }
    args.extend(["-f".to_owned(), "apim-pki.toml".to_owned()]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let run = deployment.site.run(&args);
    let report: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:#?}"));
    let problems = report["problems"].as_array().unwrap();
    assert!(problems.is_empty(), "{problems:#?}");
    let mut made: BTreeMap<(String, String, String, u64), ()> = BTreeMap::new();
    for edge in report["edges"].as_array().unwrap() {
        let text = |key: &str| edge[key].as_str().unwrap_or_default().to_owned();
        assert_ne!(text("state"), "failed", "{edge:#}");
        let (from, to, port) = (text("from"), text("to"), edge["port"].as_u64().unwrap_or(0));
        let node = |name: &str| deployment.nodes.iter().any(|node| node == name);
        if text("state") == "ok" && node(&from) && node(&to) {
            made.insert((from, to, text("name"), port), ());
        }
    }
    for (from, to, name, port) in made.keys() {
        let (server, trust) = (serves(to, *port), trusts(from));
        let by_trust = matches!(port, 10397);
        let shaken = match by_trust {
            true => judge().tls_by_trust(server.open(), trust.open()),
            false => judge().tls(server.open(), trust.open(), name),
        };
        assert!(shaken.is_ok(), "{from} → {to} as {name}:{port}: {shaken:?}");
    }
    made.len()
}

/// A store that a file names, `${carbon.home}` put in, relative to the home; JKS where no type stands.
fn read(home: &Path, file: &str, [location, kind, password]: [&str; 3]) -> Named {
    let file = home.join(file);
    let location = xpath(&file, location);
    let location = location
        .trim_start_matches("${carbon.home}")
        .trim_start_matches('/')
        .to_owned();
    let kind = xpath(&file, kind);
    Named {
        path: home.join(location),
        kind: if kind.is_empty() {
            "JKS".to_owned()
        } else {
            kind
        },
        password: xpath(&file, password),
    }
}

fn xpath(file: &Path, expression: &str) -> String {
    judge().xpath(file, expression).unwrap()
}
