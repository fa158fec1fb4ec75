//! `probe` at a real Tomcat that serves a node's `tls.jks`.

use std::{fs, path::PathBuf};

use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    site::Site,
    tomcat::{self, Connector, Tomcat, free_offset},
};

/// A key manager of 2.6 has two TLS ports: 9443 with its own key and 10397 with the primary.
fn topology(offset: u16, sans: &str) -> String {
    format!(
        r#"
product = "2.6.0"
domain  = "apim.example.com"
ca      = {{ key = "ec-p256" }}
primary = {{ key = "rsa-2048" }}
roles.key-manager.nodes.km-1 = {{ host = "127.0.0.1", offset = {offset}, sans = [{sans}] }}
"#
    )
}

const NODE: [&str; 3] = ["probe", "--node", "km-1"];
const FOLDER: &str = "pki/nodes/km-1";

#[test]
fn what_is_served_is_what_is_on_disk_until_a_new_certificate_waits_for_a_restart() {
    if !tomcat::is_installed() {
        return;
    }
    let offset = free_offset();
    let (port, thrift, demanding) = (9443 + offset, 10_397 + offset, 9444 + offset);
    let site = Site::new(&topology(offset, r#""gw-one""#));
    // A certificate that is made on a later day is younger.
    let ago = |days| {
        let day = OffsetDateTime::now_utc() - Duration::days(days);
        day.format(&Rfc3339).unwrap()
    };
    site.ok(&["issue", "--now", &ago(2)]);
    let password = fs::read_to_string(site.workspace().join("secrets/stores")).unwrap();
    let folder = site.base().join(FOLDER);
    let (keystore, truststore) = (folder.join("tls.jks"), folder.join("client-truststore.jks"));
    let primary = folder.join("wso2carbon.jks");
    let connectors = [
        Connector {
            port,
            keystore: &keystore,
            truststore: None,
            password: password.trim(),
        },
        Connector {
            port: thrift,
            keystore: &primary,
            truststore: None,
            password: password.trim(),
        },
        Connector {
            port: demanding,
            keystore: &keystore,
            truststore: Some(&truststore),
            password: password.trim(),
        },
    ];
    let base = site.base().join("tomcat");
    let running = Tomcat::start(&base, &connectors);

    let seen = site.ok(&[&NODE[..], &["--timeout", "60s"]].concat());
    for fact in [
        &format!("km-1, 127.0.0.1:{port}: no problem")[..],
        "names  ip:127.0.0.1",
        "speaks TLS 1.3",
        "takes TLS 1.2, TLS 1.3; refuses TLS 1.0, TLS 1.1",
        "on disk as served: `pki/nodes/km-1/tls.jks`, alias `tls`",
        "kernel HTTP client and Axis2 (AllowAll, DefaultAndLocalhost, Strict)",
        // The primary names no host, and nobody who looks at names connects to it.
        &format!("km-1, 127.0.0.1:{thrift}: no problem"),
        "on disk as served: `pki/nodes/km-1/wso2carbon.jks`, alias `wso2carbon`",
        "connect: Thrift key validation\n",
        "2 endpoints: 2 without a problem\n",
    ] {
        assert!(seen.stdout.contains(fact), "`{fact}`: {}", seen.stdout);
    }

    let audit = |more: &[&str]| {
        let args = ["audit", "--format", "json", "--timeout", "60s"];
        let run = site.run(&[&args[..], more].concat());
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["unread"], serde_json::json!([]), "{}", run.stderr);
        let findings = report["findings"].as_array().unwrap().clone();
        let live = findings.into_iter().filter(|it| it["host"].is_string());
        (run.code, live.collect::<Vec<_>>())
    };
    assert_eq!(audit(&["--live"]), (Some(0), Vec::new()));

    let deployed = home(&site, offset, password.trim());

    // Another certificate on disk, and the same server.
    site.write_topology(&topology(offset, r#""gw-two""#));
    site.ok(&["issue", "--now", &ago(1)]);
    let stale = site.run(&[&NODE[..], &["--timeout", "60s"]].concat());
    assert_eq!(stale.code, Some(1), "{stale:#?}");
    let told = "error: served ≠ on disk: `pki/nodes/km-1/tls.jks` holds a younger certificate; \
                a restart is due\n";
    assert!(stale.stdout.contains(told), "{}", stale.stdout);
    let json = site.run(&[&NODE[..], &["--timeout", "60s", "--format", "json"]].concat());
    for fact in [
        "\"same\": false",
        "\"difference\": \"file-younger\"",
        "\"restart_due\": true",
        "\"problem\": \"served-not-on-disk\"",
    ] {
        assert!(json.stdout.contains(fact), "`{fact}`: {}", json.stdout);
    }
    let host = format!("127.0.0.1:{port}");
    // With all of the topology, and one of them; without the topology nothing says what it should serve.
    for by in [&["--live"][..], &["-f", "apim-pki.toml", "--host", &host]] {
        let (code, live) = audit(by);
        assert_eq!(code, Some(1), "{live:#?}");
        let errors: Vec<_> = live.iter().filter(|it| it["severity"] == "error").collect();
        assert_eq!(errors.len(), 1, "{live:#?}");
        assert_eq!(errors[0]["rule"], "served-not-on-disk");
        assert_eq!(errors[0]["host"], host);
        assert_eq!(errors[0]["node"], "km-1");
        assert_eq!(errors[0]["path"], "pki/nodes/km-1/tls.jks");
    }
    let (code, live) = audit(&["--host", &host, "--trust", "pki/ca/ca.pem"]);
    assert_eq!((code, live), (Some(0), Vec::new()));

    // The home of the node has what is served, until the new certificate is there too.
    let stale = || {
        let (_, live) = audit(&["--live", "--home", "homes/km-1"]);
        let stale = live.iter().filter(|it| it["rule"] == "served-not-on-disk");
        let paths = stale.map(|it| it["path"].as_str().unwrap().to_owned());
        paths.collect::<Vec<_>>()
    };
    assert_eq!(stale(), Vec::<String>::new());
    fs::copy(&keystore, deployed.join("tls.jks")).unwrap();
    let [path] = &stale()[..] else {
        panic!("{:?}", stale());
    };
    assert!(path.ends_with("homes/km-1/repository/resources/security/tls.jks"));

    drop(running);
    let running = Tomcat::start(&base, &connectors);
    assert_eq!(audit(&["--live"]), (Some(0), Vec::new()));
    let fresh = site.ok(&[&NODE[..], &["--timeout", "60s"]].concat());
    assert!(
        fresh.stdout.contains("2 without a problem"),
        "{}",
        fresh.stdout
    );
    assert!(fresh.stdout.contains("dns:gw-two."), "{}", fresh.stdout);

    demands_a_client_certificate(&site, demanding);
    drop(running);
    let gone = site.run(&NODE);
    assert_eq!(gone.code, Some(3), "{gone:#?}");
}

/// The node as it is deployed, with the files that the workspace has now; returns the folder of its stores.
fn home(site: &Site, offset: u16, password: &str) -> PathBuf {
    let home = site.base().join("homes/km-1/repository");
    let (conf, security) = (home.join("conf"), home.join("resources/security"));
    fs::create_dir_all(conf.join("tomcat")).unwrap();
    fs::create_dir_all(&security).unwrap();
    for file in ["tls.jks", "wso2carbon.jks", "client-truststore.jks"] {
        fs::copy(site.base().join(FOLDER).join(file), security.join(file)).unwrap();
    }
    let carbon = format!(
        "<Server xmlns=\"http://wso2.org/projects/carbon/carbon.xml\"><Version>2.6.0</Version>\
           <Ports><Offset>{offset}</Offset></Ports>\
           <Security><KeyStore>\
             <Location>${{carbon.home}}/repository/resources/security/wso2carbon.jks</Location><Type>JKS</Type>\
             <Password>{password}</Password><KeyAlias>wso2carbon</KeyAlias><KeyPassword>{password}</KeyPassword>\
           </KeyStore></Security></Server>"
    );
    let catalina = format!(
        "<Server><Service name=\"Catalina\"><Connector port=\"9443\" scheme=\"https\" SSLEnabled=\"true\" \
           keystoreFile=\"${{carbon.home}}/repository/resources/security/tls.jks\" \
           keystorePass=\"{password}\" keyAlias=\"tls\"/></Service></Server>"
    );
    fs::write(conf.join("carbon.xml"), carbon).unwrap();
    fs::write(conf.join("tomcat/catalina-server.xml"), catalina).unwrap();
    security
}

/// The other connector: mutual TLS with the key of a node, straight from its JKS.
fn demands_a_client_certificate(site: &Site, port: u16) {
    let endpoint = format!("127.0.0.1:{port}");
    let trust = format!("{FOLDER}/client-truststore.jks");
    let asking = [
        "probe",
        &endpoint,
        "--timeout",
        "60s",
        "--trust",
        &trust,
        "--store-password",
        "file:pki/secrets/stores",
    ];
    let without = site.ok(&asking);
    let told = "demands a client certificate, and got none";
    assert!(without.stdout.contains(told), "{}", without.stdout);
    assert!(
        without.stderr.contains("hint: `--client-store FILE"),
        "{}",
        without.stderr
    );
    let keystore = format!("{FOLDER}/tls.jks");
    let password = "file:pki/secrets/stores";
    let with = [
        "--client-store",
        &keystore,
        "--client-store-password",
        password,
    ];
    let with = site.ok(&[&asking[..], &with[..]].concat());
    let told = "asks for a client certificate, and takes the one that it was given";
    assert!(with.stdout.contains(told), "{}", with.stdout);
    assert_eq!(with.stderr, "");
}
