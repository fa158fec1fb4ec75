//! Real homes, audited: what FACTS says is wrong with them is found, where it stands.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use pki_core::{
    audit::{Auditor, Context, Finding, Report, Severity, rules},
    observe::{HomeReader, VaultHome},
    report::sarif,
    secret::Password,
};
use time::macros::datetime;

use crate::home;

fn audited(dirs: &[PathBuf], passwords: &[&str]) -> Report {
    let passwords = passwords.iter().map(|it| Password::new(*it)).collect();
    let context = Context::new(datetime!(2026-11-23 12:00 UTC)).passwords(passwords);
    let keys = context.vault_keys();
    let reader = HomeReader::new().keys(&keys);
    let homes = VaultHome::read_all(&reader, dirs, Duration::ZERO, &|| {});
    let homes: Vec<VaultHome> = homes.into_iter().map(Result::unwrap).collect();
    let auditor = Auditor::new(&context, rules::ALL);
    auditor.homes(&homes, None);
    auditor.finish()
}

/// What a rule says about a node, each as `file:line` below the home, or as the file and the entry.
fn places(report: &Report, rule: &str, node: &str) -> BTreeSet<String> {
    let findings = report.findings.iter();
    let own = findings.filter(|it| it.rule.id == rule && it.node.as_deref() == Some(node));
    own.map(place).collect()
}

fn place(finding: &Finding) -> String {
    let home = finding.home.as_deref().unwrap();
    let path = finding.path.as_deref().unwrap();
    let file = path.strip_prefix(home).unwrap().trim_start_matches('/');
    let file = file.rsplit('/').next().unwrap();
    match (finding.line, &finding.alias) {
        (Some(line), _) => format!("{file}:{line}"),
        (None, Some(alias)) => format!("{file} {alias}"),
        (None, None) => file.to_owned(),
    }
}

fn set(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

#[test]
fn what_is_wrong_with_the_homes_of_2_6_is_found() {
    let dirs = home::homes("2.6.0");
    if dirs.is_empty() {
        return;
    }
    let report = audited(&dirs, &[]);
    assert!(report.unread.is_empty(), "{:?}", report.unread);
    for dir in &dirs {
        let node = dir.file_name().unwrap().to_str().unwrap();
        let of = |rule: &str| places(&report, rule, node);
        assert_eq!(
            of("default-key"),
            set(&["wso2carbon.jks wso2carbon"]),
            "{node}"
        );
        let trusted = [
            "client-truststore.jks wso2carbon",
            "client-truststore.jks wso2carbon.old",
            "client-truststore.jks wso2carbon.oldcert",
            "client-truststore.jks wso2carbonv5",
            "wso2carbon.jks localhost",
        ];
        assert_eq!(of("default-trust"), set(&trusted), "{node}");
        let stores = ["client-truststore.jks", "wso2carbon.jks"];
        assert_eq!(of("default-password"), set(&stores), "{node}");
        // FACTS 0: not the broker's, which has no such setting before 3.0.
        assert_eq!(of("old-tls"), set(&["catalina-server.xml:57"]), "{node}");
        assert!(of("plain-secret").contains("carbon.xml:397"), "{node}");
        assert!(
            of("default-credentials").contains("user-mgt.xml:24"),
            "{node}"
        );
        assert!(of("default-ca-expired").len() >= 27, "{node}");
        assert!(of("primary-implicit").is_empty(), "{node}");
        assert!(of("hostverifier-allowall").is_empty(), "{node}");
    }
    let localhost = |node: &str| places(&report, "url-localhost", node);
    assert_eq!(localhost("publisher-2"), set(&["api-manager.xml:19"]));
    let store = ["api-manager.xml:19", "api-manager.xml:345"];
    assert_eq!(localhost("store-1"), set(&store));
    assert!(localhost("gateway-1").is_empty());
    assert_eq!(
        places(&report, "plaintext-channel", "gateway-1"),
        set(&["api-manager.xml:561", "api-manager.xml:597"])
    );
    assert!(!places(&report, "san-missing", "key-manager-1").is_empty());
}

#[test]
fn what_is_wrong_with_the_homes_of_4_7_is_found() {
    let dirs = home::homes("4.7.0");
    if dirs.is_empty() {
        return;
    }
    let report = audited(&dirs, &[]);
    assert!(report.unread.is_empty(), "{:?}", report.unread);
    for dir in &dirs {
        let node = dir.file_name().unwrap().to_str().unwrap();
        let of = |rule: &str| places(&report, rule, node);
        assert_eq!(
            of("default-key"),
            set(&["wso2carbon.jks wso2carbon"]),
            "{node}"
        );
        let trusted = [
            "client-truststore.jks gateway_certificate_alias",
            "client-truststore.jks wso2carbon",
        ];
        assert_eq!(of("default-trust"), set(&trusted), "{node}");
        let tls = line_of(dir, "[keystore.tls]") + 1;
        let implicit = of("primary-implicit");
        assert!(
            implicit.iter().all(|it| it.starts_with("deployment.toml:")),
            "{node}: {implicit:?}"
        );
        assert!(
            (tls..tls + 5).any(|line| implicit.contains(&format!("deployment.toml:{line}"))),
            "{node}: {implicit:?}, [keystore.tls] is at {tls}"
        );
        assert_eq!(of("enckey-differs"), set(&["deployment.toml"]), "{node}");
        let admin = format!("deployment.toml:{}", line_of(dir, "password = \"admin\""));
        assert!(of("default-credentials").contains(&admin), "{node}");
        assert!(of("plain-secret").contains(&admin), "{node}");
        assert!(!of("plaintext-channel").is_empty(), "{node}");
        // The release's defaults stand in no file.
        let old = report.findings.iter();
        let old = old.filter(|it| it.rule.id == "old-tls" && it.node.as_deref() == Some(node));
        let broker = "the AMQP broker takes TLSv1 and nothing newer";
        assert!(
            old.clone().any(|it| it.message.starts_with(broker)),
            "{node}"
        );
        assert!(old.count() >= 5, "{node}");
    }
}

/// Of a text in a home's deployment.toml, counted from 1.
fn line_of(home: &Path, text: &str) -> usize {
    let toml = fs::read_to_string(home.join("repository/conf/deployment.toml")).unwrap();
    toml.lines().position(|line| line.contains(text)).unwrap() + 1
}

#[test]
fn a_finding_in_a_file_of_configuration_points_at_the_value_and_so_does_sarif() {
    for release in ["2.6.0", "4.7.0"] {
        let dirs = home::homes(release);
        let report = audited(&dirs, &[]);
        let mut sarif = Vec::new();
        sarif::audit(&report, &mut sarif).unwrap();
        let sarif: serde_json::Value = serde_json::from_slice(&sarif).unwrap();
        let results = sarif["runs"][0]["results"].as_array().unwrap();
        assert_eq!(results.len(), report.findings.len());
        let mut pointed = 0;
        for (finding, result) in report.findings.iter().zip(results) {
            let (Some(line), Some(column)) = (finding.line, finding.column) else {
                continue;
            };
            pointed += 1;
            let path = finding.path.as_deref().unwrap();
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["region"]["startLine"], line);
            assert_eq!(place["region"]["startColumn"], column);
            // A URI has no `..` in it.
            let file = fs::canonicalize(path).unwrap();
            let uri = format!("file://{}", file.display());
            assert_eq!(place["artifactLocation"]["uri"], uri);
            let text = fs::read_to_string(path).unwrap();
            let text = text.lines().nth(line - 1).unwrap();
            let from_there: String = text.chars().skip(column - 1).collect();
            let from_there = from_there.trim_start_matches('"');
            assert!(!from_there.trim().is_empty(), "{path}:{line}:{column}");
            if ["url-localhost", "plaintext-channel"].contains(&finding.rule.id) {
                // The scheme and what follows it are in the message as they stand there.
                let shown = finding.message.rsplit_once(": `").unwrap().1;
                let start: String = shown.chars().take(5).collect();
                assert!(
                    from_there.starts_with(&start),
                    "{path}:{line}: {from_there}"
                );
            }
        }
        assert!(dirs.is_empty() || pointed > 100, "{pointed}");
    }
}

/// A copy of a home in a folder of its own name.
fn copied(release: &str, node: &str) -> Option<(tempfile::TempDir, PathBuf)> {
    let dirs = home::homes(release);
    let from = dirs.iter().find(|it| it.ends_with(node))?;
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join(node);
    home::copy(from, &dir);
    Some((folder, dir))
}

#[test]
fn a_start_script_that_lets_every_name_pass_is_found_with_its_line() {
    let Some((_folder, dir)) = copied("2.6.0", "gateway-1") else {
        return;
    };
    fs::create_dir(dir.join("bin")).unwrap();
    let script = "#!/bin/sh\n$JAVACMD \\\n    -Xms256m \\\n    -Dhttpclient.hostnameVerifier=AllowAll \\\n    \
                  org.wso2.carbon.bootstrap.Bootstrap $*\n";
    fs::write(dir.join("bin/wso2server.sh"), script).unwrap();
    let report = audited(std::slice::from_ref(&dir), &[]);
    assert_eq!(
        places(&report, "hostverifier-allowall", "gateway-1"),
        set(&["wso2server.sh:4"])
    );
}

#[test]
fn what_needs_a_password_that_nobody_knows_here_is_looked_at_as_far_as_it_lies_open_and_told() {
    let Some((_folder, dir)) = copied("4.7.0", "gateway-1") else {
        return;
    };
    let file = dir.join("repository/conf/deployment.toml");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("\"wso2carbon\""), "{text}");
    let sealed = text.replace("password = \"wso2carbon\"", "password = \"$env{STORES}\"");
    assert_ne!(text, sealed);
    fs::write(&file, sealed).unwrap();
    let report = audited(std::slice::from_ref(&dir), &[]);
    // A JKS shows its certificates, and so what everybody owns.
    let key = places(&report, "default-key", "gateway-1");
    assert_eq!(key, set(&["wso2carbon.jks wso2carbon"]));
    let told = report.unchecked.iter().map(|it| &*it.reason);
    assert!(
        told.clone().any(|why| why.contains("STORES")),
        "{:?}",
        told.collect::<Vec<_>>()
    );
    // A password that stands nowhere is no plain one.
    let line = format!("deployment.toml:{}", line_of(&dir, "$env{STORES}"));
    assert!(!places(&report, "plain-secret", "gateway-1").contains(&line));
}

#[test]
fn a_secret_that_the_node_would_not_read_is_an_error_once_its_key_is_there() {
    let Some((_folder, dir)) = copied("2.6.0", "gateway-1") else {
        return;
    };
    let security = dir.join("repository/conf/security");
    fs::write(
        security.join("secret-conf.properties"),
        "secretRepositories=file\n\
         secretRepositories.file.provider=org.wso2.securevault.secret.repository.FileBaseSecretRepositoryProvider\n\
         secretRepositories.file.location=repository/conf/security/cipher-text.properties\n\
         keystore.identity.location=repository/resources/security/wso2carbon.jks\n\
         keystore.identity.type=JKS\nkeystore.identity.alias=wso2carbon\n",
    )
    .unwrap();
    let damaged = format!("Carbon.Security.KeyStore.Password={}\n", "QUJD".repeat(86));
    fs::write(security.join("cipher-text.properties"), damaged).unwrap();
    let report = audited(std::slice::from_ref(&dir), &["wso2carbon"]);
    let found = places(&report, "vault-undecryptable", "gateway-1");
    assert!(found.contains("cipher-text.properties:1"), "{found:?}");
}

#[test]
fn a_file_that_is_broken_is_found_with_its_reason_and_the_rest_is_audited() {
    let Some((_folder, dir)) = copied("2.6.0", "gateway-1") else {
        return;
    };
    let file = dir.join("repository/conf/tomcat/catalina-server.xml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.replace("</Server>", "</Serve>")).unwrap();
    let report = audited(std::slice::from_ref(&dir), &[]);
    let broken = places(&report, "config-broken", "gateway-1");
    let last = text.lines().count();
    assert_eq!(broken, set(&[&format!("catalina-server.xml:{last}")]));
    assert!(!places(&report, "default-key", "gateway-1").is_empty());
    assert!(report.fails(Severity::Error));
}
