//! Java accepts it: every node's TLS store serves, every node's truststore connects, by every name.

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::Command,
};

use pki_core::{secret::Password, topology::Topology, x509::GeneralName};
use time::OffsetDateTime;

use crate::{
    authority::{corporate, importing},
    judge::{NewEntry, Store, judge},
    site::{SMALL, Site},
};

/// A site that lives now: Java and OpenSSL look at the clock.
fn now(text: &str) -> Site {
    let mut site = Site::new(text);
    site.now = OffsetDateTime::now_utc();
    site
}

/// The stores of a site, as Java opens them.
struct Stores {
    folder: PathBuf,
    kind: &'static str,
    extension: &'static str,
    password: String,
}

impl Stores {
    fn of(site: &Site) -> Self {
        let is_jks = site.topology().stores.tls.file.ends_with("jks");
        Self {
            folder: site.workspace().join("nodes"),
            kind: if is_jks { "JKS" } else { "PKCS12" },
            extension: if is_jks { "jks" } else { "p12" },
            password: site.secret("stores"),
        }
    }

    fn path(&self, node: &str, stem: &str) -> PathBuf {
        self.folder
            .join(format!("{node}/{stem}.{}", self.extension))
    }

    fn open<'a>(&'a self, path: &'a Path) -> Store<'a> {
        Store {
            kind: self.kind,
            path,
            password: &self.password,
        }
    }

    fn serves(&self, server: &Path, opener: &str, name: &str) -> Result<(), Vec<String>> {
        let trust = self.path(opener, "client-truststore");
        let shaken = judge().tls(self.open(server), self.open(&trust), name);
        shaken.map(drop)
    }
}

fn names_of(topology: &Topology, node: &str) -> Vec<String> {
    let node = topology.node(node).unwrap();
    let sans = topology.sans(node).into_iter();
    sans.map(|(name, _)| match name {
        GeneralName::Dns(name) => name,
        GeneralName::Ip(address) => address.to_string(),
        other => panic!("{other}"),
    })
    .collect()
}

/// Every node serves, every node connects to each, by every name of the server; and by no other.
fn everybody_connects_to_everybody(site: &Site) -> usize {
    let stores = Stores::of(site);
    let topology = site.topology();
    let nodes: Vec<&str> = topology.nodes().map(|node| node.name.as_str()).collect();
    let mut shaken = 0;
    for server in &nodes {
        let store = stores.path(server, "tls");
        // Truststores are the same bytes: each opener asks for one name, and all names are asked for.
        let names = names_of(&topology, server);
        for turn in 0..nodes.len().max(names.len()) {
            let (opener, name) = (nodes[turn % nodes.len()], &names[turn % names.len()]);
            if let Err(error) = stores.serves(&store, opener, name) {
                panic!("{opener} -> {server} as {name}: {error:?}");
            }
            shaken += 1;
        }
        let wrong = stores
            .serves(&store, nodes[0], "elsewhere.example.com")
            .unwrap_err();
        assert!(
            wrong[0].contains("No subject alternative DNS name"),
            "{wrong:?}"
        );
    }
    shaken
}

/// `keytool -list -v` shows one private key under the alias, with as many certificates.
fn keytool_shows(site: &Site, node: &str, chain: usize) {
    let stores = Stores::of(site);
    let topology = site.topology();
    for (stem, alias, length) in [
        ("tls", &topology.stores.tls.alias, chain),
        ("wso2carbon", &topology.stores.primary.alias, 1),
    ] {
        let path = stores.path(node, stem);
        let path = path.to_str().unwrap();
        let arguments = [
            "-list",
            "-v",
            "-keystore",
            path,
            "-storepass",
            &stores.password,
        ];
        let listed = judge().keytool(&arguments).unwrap();
        for line in [
            format!("Alias name: {alias}"),
            "Entry type: PrivateKeyEntry".to_owned(),
            format!("Certificate chain length: {length}"),
            "Your keystore contains 1 entry".to_owned(),
        ] {
            assert!(listed.contains(&line), "no `{line}` in\n{listed}");
        }
        // The key opens with the password of its store, as the product opens it.
        let store = stores.open(Path::new(path));
        judge().key(store, alias, &stores.password).unwrap();
    }
}

/// OpenSSL agrees about every name in `tls.pem`.
fn openssl_agrees(site: &Site, node: &str, anchor: &Path) {
    let chain = site.workspace().join(format!("nodes/{node}/tls.pem"));
    let verify = |name: &str| {
        let is_address = name.parse::<std::net::IpAddr>().is_ok();
        let question = if is_address {
            "-verify_ip"
        } else {
            "-verify_hostname"
        };
        let output = Command::new("openssl")
            .args([
                "verify",
                "-x509_strict",
                "-purpose",
                "sslserver",
                question,
                name,
            ])
            .args(["-CAfile".as_ref(), anchor.as_os_str()])
            .args(["-untrusted".as_ref(), chain.as_os_str()])
            .arg(&chain)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        output.status.success().then_some(()).ok_or(text)
    };
    for name in names_of(&site.topology(), node) {
        verify(&name).unwrap_or_else(|error| panic!("{node} as {name}: {error}"));
    }
    assert!(verify("elsewhere.example.com").is_err());
}

#[test]
fn the_reference_deployment() {
    let site = now(include_str!("../../examples/apim-2.6-ha/apim-pki.toml"));
    site.settle();
    assert_eq!(everybody_connects_to_everybody(&site), 100);
    for node in site.topology().nodes() {
        keytool_shows(&site, &node.name, 2);
        openssl_agrees(&site, &node.name, &site.workspace().join("ca/ca.pem"));
    }
    the_thrift_port_is_trusted_without_a_name(&site);
    issued_balancers_serve(&site);
}

/// The key manager's port 10397 presents the primary: pinned, it is taken by clients that do not look at
/// the name, and by no host's name.
fn the_thrift_port_is_trusted_without_a_name(site: &Site) {
    let stores = Stores::of(site);
    let primary = stores.path("key-manager-1", "wso2carbon");
    let trust = stores.path("gateway-1", "client-truststore");
    judge()
        .tls_by_trust(stores.open(&primary), stores.open(&trust))
        .unwrap();
    for name in [
        "km1.apim.example.com",
        "km.apim.example.com",
        "localhost",
        "apim.example.com",
    ] {
        let refused = stores.serves(&primary, "gateway-1", name).unwrap_err();
        assert!(refused[0].contains("No name matching"), "{refused:?}");
    }
}

fn issued_balancers_serve(site: &Site) {
    let stores = Stores::of(site);
    for (group, name) in [("publisher", "pub"), ("store", "store")] {
        let folder = site.workspace().join("balancers").join(group);
        let pem = std::fs::read(folder.join("key.pem")).unwrap();
        let password = Password::new(site.secret("balancers"));
        let key = pki_core::key::read_private_key(&pem, Some(&password)).unwrap();
        let der = site.base().join("balancer.der");
        std::fs::write(&der, key.pkcs8().expose()).unwrap();
        let path = site.base().join("balancer.jks");
        let entry = NewEntry::Key {
            alias: "balancer",
            password: &stores.password,
            key: &der,
            chain: &folder.join("chain.pem"),
        };
        judge().store(stores.open(&path), &[entry]).unwrap();
        let name = format!("{name}.apim.example.com");
        stores.serves(&path, "gateway-2", &name).unwrap();
    }
}

#[test]
fn pkcs12_for_java_8_and_for_later_ones_curves_and_self_signed() {
    let two = "[roles.gateway]\nbalancer = \"gw\"\n\
               nodes = { gw-1 = { host = \"gw1\", ip = [\"10.0.0.7\", \"fd00::7\"] }, gw-2 = \"gw2\" }\n";
    let head = |product, ca, more| {
        format!(
            "product = \"{product}\"\ndomain = \"example.com\"\n[ca]\n{ca}\n\
             [primary]\nkey = \"rsa-2048\"\n{more}\n{two}"
        )
    };
    let curve = "key = \"ec-p256\"";
    for (text, chain) in [
        (head("2.6.0", curve, "[stores]\nformat = \"pkcs12\""), 2),
        (head("4.7.0", curve, "[stores]\nformat = \"pkcs12\""), 2),
        (
            head("4.7.0", "key = \"ec-p384\"", "[tls]\nkey = \"ec-p256\""),
            2,
        ),
        (head("2.6.0", "issuer = \"self-signed\"", ""), 1),
        (
            head(
                "4.7.0",
                "issuer = \"self-signed\"",
                "[tls]\nkey = \"ec-p256\"\nshared = true",
            ),
            1,
        ),
    ] {
        let site = now(&text);
        site.settle();
        everybody_connects_to_everybody(&site);
        keytool_shows(&site, "gw-1", chain);
        let anchor = match chain {
            1 => site.workspace().join("nodes/gw-1/tls.pem"),
            _ => site.workspace().join("ca/ca.pem"),
        };
        openssl_agrees(&site, "gw-1", &anchor);
        java_lists_the_truststore_as_we_do(&site);
    }
}

#[test]
fn a_ca_with_name_constraints_certifies_every_node_and_nobody_else() {
    let mut site = now(SMALL);
    site.edit("[ca]\n", "[ca]\nname_constraints = true\n");
    site.edit(
        "gw-1 = \"gw1\"",
        "gw-1 = { host = \"gw1\", ip = [\"10.0.0.7\"], sans = [\"gw.partner.org\"] }",
    );
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", site.verify());
    everybody_connects_to_everybody(&site);
    let anchor = site.workspace().join("ca/ca.pem");
    for node in site.topology().nodes() {
        // By every name, `localhost` among them.
        assert!(names_of(&site.topology(), &node.name).contains(&"localhost".to_owned()));
        openssl_agrees(&site, &node.name, &anchor);
    }
    let text = Command::new("openssl")
        .args(["x509", "-noout", "-ext", "nameConstraints", "-in"])
        .arg(&anchor)
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("Name Constraints: critical"), "{text}");
    let permitted: Vec<&str> = text.lines().skip(2).map(str::trim).collect();
    assert_eq!(
        permitted,
        ["DNS:example.com", "DNS:localhost", "DNS:gw.partner.org"]
    );
}

fn java_lists_the_truststore_as_we_do(site: &Site) {
    let stores = Stores::of(site);
    let path = stores.path("gw-2", "client-truststore");
    let listed = judge()
        .load(stores.kind, &path, Some(&stores.password))
        .unwrap();
    let theirs: BTreeSet<(String, String)> = listed
        .into_iter()
        .map(|entry| (entry.alias, entry.sha256[0].clone()))
        .collect();
    let ours = site.store(&format!(
        "nodes/gw-2/client-truststore.{}",
        stores.extension
    ));
    let ours = ours
        .trusted()
        .map(|(entry, certificate)| {
            (
                entry.alias.to_string(),
                certificate.fingerprint().to_string(),
            )
        })
        .collect();
    assert_eq!(theirs, ours);
}

#[test]
fn an_imported_intermediate_and_what_fails_without_it() {
    let site = importing("corp-sub.pem", "corp-sub.key");
    corporate(&site, "corp");
    site.settle();
    everybody_connects_to_everybody(&site);
    keytool_shows(&site, "gw-1", 3);
    openssl_agrees(&site, "gw-1", &site.base().join("corp.pem"));

    // The same key with its own certificate alone.
    let stores = Stores::of(&site);
    let der = site.base().join("key.der");
    std::fs::write(&der, site.key_of("nodes/gw-1/tls.jks").1).unwrap();
    let chain = site.base().join("leaf.pem");
    let pem = site.read("nodes/gw-1/tls.pem");
    let pem = String::from_utf8(pem).unwrap();
    let end = "-----END CERTIFICATE-----\n";
    std::fs::write(&chain, &pem[..pem.find(end).unwrap() + end.len()]).unwrap();
    let lonely = site.base().join("lonely.jks");
    let entry = NewEntry::Key {
        alias: "tls",
        password: &stores.password,
        key: &der,
        chain: &chain,
    };
    judge().store(stores.open(&lonely), &[entry]).unwrap();
    let refused = stores
        .serves(&lonely, "km-1", "gw1.example.com")
        .unwrap_err();
    assert!(
        refused
            .iter()
            .any(|line| line.contains("PKIX path building failed")),
        "{refused:?}"
    );
    let content = std::fs::read(&lonely).unwrap();
    site.tamper(&[("nodes/gw-1/tls.jks", Some(&content))]);
    let ids: Vec<&str> = site
        .verify()
        .problems
        .iter()
        .map(|it| it.kind.id())
        .collect();
    assert_eq!(ids, ["chain-incomplete"]);
}

#[test]
fn a_deployment_does_not_trust_another_one() {
    let (one, other) = (now(SMALL), now(SMALL));
    one.settle();
    // Another CA of the same name: its key is another, and so is its serial.
    std::fs::remove_dir_all(one.workspace()).unwrap();
    one.settle();
    other.settle();
    let (ours, theirs) = (Stores::of(&one), Stores::of(&other));
    let server = ours.path("gw-1", "tls");
    let trust = theirs.path("km-1", "client-truststore");
    let refused = judge()
        .tls(ours.open(&server), theirs.open(&trust), "gw1.example.com")
        .unwrap_err();
    assert!(
        refused.iter().any(|line| line.contains("PKIX path")),
        "{refused:?}"
    );
}
