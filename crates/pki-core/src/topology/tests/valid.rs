use std::net::IpAddr;

use super::*;
use crate::{
    key::KeyAlgorithm,
    keystore::{Encoding, Pkcs12Profile},
    wso2::Role,
    x509::GeneralName,
};

#[test]
fn the_least_topology_gets_every_default() {
    let topology = valid("");
    assert_eq!(topology.ca.issuer, Issuer::Local);
    assert_eq!(topology.ca.key, KeyAlgorithm::Rsa3072);
    assert_eq!(topology.ca.validity, Span::years(20));
    assert_eq!(topology.ca.password.to_string(), "file:secrets/ca");
    assert_eq!((&topology.ca.imported, topology.ca.pin), (&None, None));
    assert_eq!(topology.primary.key, KeyAlgorithm::Rsa3072);
    assert_eq!(topology.primary.validity, Span::years(20));
    assert_eq!(topology.primary.alias, topology.stores.primary.alias);
    assert_eq!((topology.internal, topology.encryption), (None, None));
    assert_eq!(topology.tls, TlsSettings::default());
    assert_eq!(topology.tls.validity.to_string(), "825d");
    assert_eq!(topology.tls.renew_before.to_string(), "30d");
    assert!(topology.tls.client_auth && topology.tls.localhost && !topology.tls.keep_key);
    assert_eq!(topology.stores.get(Slot::Internal), None);
    for (slot, file) in topology.stores.iter() {
        assert_eq!(file.encoding, Encoding::Jks);
        assert_eq!(file.password.to_string(), "file:secrets/stores");
        assert_eq!(file.alias, slot.alias(topology.product));
        assert!(file.file.ends_with(".jks"));
    }
    let group = &topology.groups[0];
    assert_eq!(
        (group.name.as_str(), group.role),
        ("gateway", Role::Gateway)
    );
    assert_eq!(group.place, Place { line: 3, column: 8 });
    let node = &group.nodes[0];
    assert_eq!((node.name.as_str(), node.offset), ("gateway-1", 0));
    assert_eq!(
        node.place,
        Place {
            line: 4,
            column: 11
        }
    );
}

#[test]
fn every_key_is_read() {
    let topology = parse(EVERYTHING).unwrap_or_else(|error| panic!("{error}"));
    let subject = &topology.subject;
    assert_eq!(subject.organization.as_deref(), Some("Example"));
    assert_eq!(subject.organizational_unit.as_deref(), Some("IT"));
    assert_eq!(subject.country.as_deref(), Some("LK"));
    assert_eq!(subject.locality.as_deref(), Some("Colombo"));
    assert_eq!(subject.state.as_deref(), Some("West"));

    let ca = &topology.ca;
    let imported = ca.imported.as_ref().unwrap();
    assert_eq!(imported.certificate, Path::new("/base/corp/chain.pem"));
    assert_eq!(imported.key_file, Path::new("/corp/ca.key"));
    assert_eq!(
        imported.key_password,
        Some(Source::Environment("KEY".into()))
    );
    assert!(!ca.name_constraints && ca.pin.is_some());

    assert_eq!(topology.primary.alias, "signer");
    assert_eq!(topology.primary.key, KeyAlgorithm::Rsa4096);
    let adopted = topology.primary.adopted.as_ref().unwrap();
    assert_eq!(adopted.keystore, Path::new("/base/current/p.jks"));
    assert_eq!(adopted.password, Source::File("/base/pw".into()));
    let internal = topology.internal.as_ref().unwrap();
    assert_eq!(internal.key, KeyAlgorithm::Rsa4096);
    assert_eq!(internal.adopted.as_ref().unwrap().password, Source::Prompt);
    assert_eq!(topology.encryption, Some(Source::FileDescriptor(7)));

    assert!(!topology.tls_shared);
    assert_eq!(topology.tls.key, KeyAlgorithm::EcP256);
    assert_eq!(topology.tls.names, [Host::Dns("*.d.example".into())]);

    let stores = &topology.stores;
    assert_eq!(stores.tls.file, "node.jks");
    assert_eq!(stores.tls.alias, "node");
    assert_eq!(stores.tls.encoding, Encoding::Jks);
    assert_eq!(stores.tls.password, Source::Environment("TLS".into()));
    assert_eq!(
        stores.primary.encoding,
        Encoding::Pkcs12(Pkcs12Profile::Java8)
    );
    assert!(stores.primary.file.ends_with(".p12"));
    assert_eq!(
        stores.internal.as_ref().unwrap().encoding,
        Encoding::Pkcs12(Pkcs12Profile::Modern)
    );
    assert_eq!(stores.truststore.file, "trust.p12");
    let vendor = stores.vendor.as_ref().unwrap();
    assert_eq!(vendor.path, Path::new("/base/vendor/trust.jks"));
    assert_eq!(
        vendor.password,
        Some(Source::Command(vec!["pass".into(), "v".into()]))
    );
    assert!(vendor.sha256.is_some());
    assert_eq!(stores.trust, [Path::new("/base/root.pem")]);

    let group = &topology.groups[0];
    assert_eq!(
        (group.name.as_str(), group.role),
        ("gateway-eu", Role::Gateway)
    );
    assert_eq!(group.balancer_password, Source::Environment("LB".into()));
    let tls: Vec<_> = group.balancers.iter().map(|b| &b.tls).collect();
    let certificate = "/base/gw.pem".into();
    assert_eq!(
        tls,
        [
            &BalancerTls::Passthrough,
            &BalancerTls::Issued,
            &BalancerTls::Own { certificate }
        ]
    );
    assert_eq!(group.manager, Some(Manager::Node("gateway-1".into())));
    let node = &group.nodes[0];
    assert_eq!(node.offset, 1);
    assert_eq!(node.ip, ["10.0.1.21".parse::<IpAddr>().unwrap()]);
    assert_eq!(node.sans, [Host::Dns("gw.internal".into())]);
    assert_eq!(node.tls.key, KeyAlgorithm::Rsa2048);
    assert_eq!(node.tls.validity, Span::days(90));
    assert_eq!(node.tls.renew_before.to_string(), "12h");
    assert!(!node.tls.client_auth && !node.tls.localhost && node.tls.keep_key);

    let external = &topology.externals[0];
    assert_eq!(
        (external.name.as_str(), external.role),
        ("is", ExternalRole::KeyManager)
    );
    assert_eq!(external.hosts, [Host::Dns("is.d.example".into())]);
    assert!(external.shared_primary);
}

#[test]
fn inputs_are_the_files_that_the_topology_names() {
    let topology = parse(EVERYTHING).unwrap();
    let inputs: Vec<_> = topology
        .inputs()
        .into_iter()
        .map(|input| (input.key, input.kind, input.path.display().to_string()))
        .collect();
    let expected = [
        (
            "ca.certificate",
            InputKind::CaCertificate,
            "/base/corp/chain.pem",
        ),
        ("ca.key_file", InputKind::CaKey, "/corp/ca.key"),
        (
            "primary.keystore",
            InputKind::PrimaryKeystore,
            "/base/current/p.jks",
        ),
        (
            "internal.keystore",
            InputKind::InternalKeystore,
            "/base/current/i.jks",
        ),
        (
            "stores.truststore",
            InputKind::VendorTruststore,
            "/base/vendor/trust.jks",
        ),
        ("stores.trust", InputKind::Trust, "/base/root.pem"),
        (
            "roles.gateway-eu.balancer",
            InputKind::BalancerCertificate,
            "/base/gw.pem",
        ),
        (
            "external.is.certificate",
            InputKind::ExternalCertificate,
            "/base/is.pem",
        ),
        ("external.is.trust", InputKind::Trust, "/base/is-root.pem"),
    ];
    let expected = expected.map(|(key, kind, path)| (key.to_owned(), kind, path.to_owned()));
    assert_eq!(inputs, expected);
}

#[test]
fn names_come_in_order_each_once_with_the_key_that_gave_it() {
    let text = with(
        "balancer = [\"gw\", { host = \"lb\", tls = \"issued\" }]\n\
         names = [\"api.example.com\", \"gw\"]\n\
         [tls]\nnames = [\"*.d.example\"]\n\
         [roles.store.nodes.store-1]\nhost = \"st1\"\nip = [\"10.0.0.1\"]\nsans = [\"localhost\", \"x\"]\n\
         [roles.store.nodes.store-2]\nhost = \"10.0.0.2\"\nlocalhost = false\nnames = [\"own\"]\n",
    );
    let topology = parse(&text).unwrap_or_else(|error| panic!("{error}"));
    let names = |node: &str| -> Vec<String> {
        let node = topology.node(node).unwrap();
        let sans = topology.sans(node).into_iter();
        sans.map(|(name, origin)| format!("{name} {origin}"))
            .collect()
    };
    assert_eq!(
        names("gateway-1"),
        [
            "dns:gw1.d.example roles.gateway.nodes.gateway-1",
            "dns:gw.d.example roles.gateway.balancer",
            "dns:api.example.com roles.gateway.names",
            "dns:localhost tls.localhost",
            "dns:*.d.example tls.names",
        ]
    );
    assert_eq!(
        names("store-1"),
        [
            "dns:st1.d.example roles.store.nodes.store-1",
            "dns:localhost tls.localhost",
            "dns:*.d.example tls.names",
            "ip:10.0.0.1 roles.store.nodes.store-1.ip",
            "dns:x.d.example roles.store.nodes.store-1.sans",
        ]
    );
    assert_eq!(
        names("store-2"),
        [
            "ip:10.0.0.2 roles.store.nodes.store-2",
            "dns:own.d.example roles.store.nodes.store-2.names",
        ]
    );
    let gateway = &topology.groups[0];
    let issued: Vec<_> = topology
        .balancer_sans(gateway)
        .into_iter()
        .map(|(name, origin)| (name.to_string(), origin.kind))
        .collect();
    assert_eq!(
        issued,
        [
            ("dns:lb.d.example".to_owned(), SanKind::Balancer),
            ("dns:api.example.com".to_owned(), SanKind::GroupName),
            ("dns:gw.d.example".to_owned(), SanKind::GroupName),
        ]
    );
    assert_eq!(
        topology.balancer_common_name(gateway).as_deref(),
        Some("lb.d.example")
    );
    assert!(topology.balancer_sans(&topology.groups[1]).is_empty());
    assert_eq!(topology.balancer_common_name(&topology.groups[1]), None);
    let node = topology.node("store-1").unwrap();
    assert_eq!(topology.group_of(node).unwrap().name, "store");
}

#[test]
fn a_host_of_more_than_64_characters_leaves_the_cn_to_the_node_s_name() {
    let host = |length: usize| format!("{}.{}", "a".repeat(50), "b".repeat(length - 51));
    for (length, expected) in [(64, host(64)), (65, "n".to_owned())] {
        let topology = valid(&format!(
            "[roles.store]\nnodes = {{ n = \"{}\" }}",
            host(length)
        ));
        assert_eq!(topology.common_name(topology.node("n").unwrap()), expected);
    }
}

#[test]
fn a_shared_certificate_has_the_names_of_all_nodes() {
    let topology = valid(
        "[tls]\nshared = true\n[roles.store]\nnodes = { s = { host = \"s\", names = \"n\" } }",
    );
    for node in topology.nodes() {
        let names: Vec<_> = topology
            .sans(node)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        let dns = |name: &str| GeneralName::Dns(name.to_owned());
        assert_eq!(
            names,
            [
                dns("gw1.d.example"),
                dns("localhost"),
                dns("s.d.example"),
                dns("n.d.example")
            ]
        );
        assert_eq!(topology.common_name(node), "gw1.d.example");
    }
}

#[test]
fn the_product_decides_formats_aliases_and_the_encryption_key() {
    let of = |product: &str, lines: &str| {
        parse(&with(lines).replace("2.6.0", product)).unwrap_or_else(|error| panic!("{error}"))
    };
    let pkcs12 = "[stores]\nformat = \"pkcs12\"";
    assert_eq!(
        of("2.6.0", pkcs12).stores.tls.encoding,
        Encoding::Pkcs12(Pkcs12Profile::Java8)
    );
    assert_eq!(
        of("4.7", pkcs12).stores.tls.encoding,
        Encoding::Pkcs12(Pkcs12Profile::Modern)
    );
    assert_eq!(of("2.6.0", "").stores.tls.alias, "tls");
    assert_ne!(of("3.2.0", "").stores.tls.alias, "tls");
    assert_eq!(of("4.6.0", "").encryption, None);
    assert_eq!(
        of("4.7.0", "").encryption.unwrap().to_string(),
        "file:secrets/encryption"
    );
}

#[test]
fn the_truststore_is_the_vendor_s_file_or_a_slot() {
    let vendor = |lines: &str| valid(lines).stores.vendor;
    let path = |lines: &str| vendor(lines).unwrap().path;
    assert_eq!(vendor(""), None);
    assert_eq!(
        path("[stores]\ntruststore = \"v.jks\""),
        Path::new("/base/v.jks")
    );
    assert_eq!(
        path("[stores]\ntruststore = { file = \"v.jks\" }"),
        Path::new("/base/v.jks")
    );
    let pin = "0".repeat(64);
    let pinned = format!("[stores.truststore]\nfile = \"v/v.jks\"\nsha256 = \"{pin}\"");
    assert_eq!(path(&pinned), Path::new("/base/v/v.jks"));
    let slot = valid("[stores.truststore]\nfile = \"t.jks\"\nvendor = \"v.jks\"\nalias = \"a\"");
    assert_eq!(
        (
            slot.stores.truststore.file.as_str(),
            slot.stores.truststore.alias.as_str()
        ),
        ("t.jks", "a")
    );
    assert_eq!(slot.stores.vendor.unwrap().path, Path::new("/base/v.jks"));
    refused_with(
        "[stores.truststore]\nfile = §\"v/v.jks\"",
        "stores.truststore.file: `v/v.jks` is no file name",
    );
}

#[test]
fn secrets_of_the_workspace_are_told_from_files_of_the_operator() {
    for name in [
        "ca",
        "stores",
        "balancers",
        "encryption",
        "tls",
        "primary",
        "internal",
        "truststore",
    ] {
        let source = format!("file:secrets/{name}").parse().unwrap();
        assert_eq!(generated_secret(&source), Some(name));
    }
    for other in [
        "file:secrets/other",
        "file:secrets/ca/x",
        "file:/secrets/ca",
        "env:secrets/ca",
        "prompt",
    ] {
        assert_eq!(generated_secret(&other.parse().unwrap()), None, "{other}");
    }
    let topology = valid("[stores]\npassword = \"file:secrets/other\"");
    assert_eq!(
        topology.stores.tls.password,
        Source::File("/base/secrets/other".into())
    );
}

#[test]
fn a_manager_is_a_node_or_a_host() {
    let manager = |text: &str| {
        valid(&format!("manager = \"{text}\"")).groups[0]
            .manager
            .clone()
    };
    assert_eq!(
        manager("gateway-1"),
        Some(Manager::Node("gateway-1".into()))
    );
    assert_eq!(manager("gw1"), Some(Manager::Node("gateway-1".into())));
    assert_eq!(
        manager("mgt"),
        Some(Manager::Host(Host::Dns("mgt.d.example".into())))
    );
}

#[test]
fn an_external_ca_parses_and_is_marked() {
    let topology = valid("[ca]\nissuer = \"external\"");
    assert_eq!(topology.ca.issuer, Issuer::External);
}

#[test]
fn hosts_are_completed_wherever_they_stand() {
    let topology = parse(&with(
        "balancer = \"lb\"\nnames = \"münchen\"\n\
         [external.ldap]\nrole = \"directory\"\nhosts = [\"ldap\", \"LDAP2.Example.com\", \"::1\"]\n",
    ))
    .unwrap();
    assert_eq!(
        topology.groups[0].balancers[0].host.to_string(),
        "lb.d.example"
    );
    assert_eq!(
        topology.groups[0].names[0].to_string(),
        "xn--mnchen-3ya.d.example"
    );
    let hosts: Vec<_> = topology.externals[0]
        .hosts
        .iter()
        .map(Host::to_string)
        .collect();
    assert_eq!(hosts, ["ldap.d.example", "ldap2.example.com", "::1"]);
}
