//! A row: the chain that a server presents, the anchors of a client, the name that it asks for; our verdict,
//! and that Java says the same in a handshake.

use pki_core::{
    path::{Anchors, Options, PathChecker, Purpose},
    x509::Certificate,
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, ExtendedKeyUsagePurpose, GeneralSubtree,
    IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::Duration;

use super::{Made, ca, dns, kinds, leaf, make, now};
use crate::{
    judge::{NewEntry, Store, judge},
    openssl::write_chain,
};

#[test]
fn names_are_compared_as_java_does() {
    let mut table = Table::new();
    let root = ca("root", None, |_| {});
    let node = leaf(Some(&root), |_| {});
    table.row(
        "a wildcard",
        &node,
        &[],
        &[&root],
        "a.wild.example.com",
        &[],
    );
    table.row(
        "two labels",
        &node,
        &[],
        &[&root],
        "a.b.wild.example.com",
        &["NameMismatch"],
    );
    table.row("upper case", &node, &[], &[&root], "GW1.example.com", &[]);
    table.row(
        "a wrong name",
        &node,
        &[],
        &[&root],
        "gw2.example.com",
        &["NameMismatch"],
    );
    table.row("a final dot", &node, &[], &[&root], "gw1.example.com.", &[]);
    let bare = leaf(Some(&root), |parameters| {
        parameters.subject_alt_names = dns(&["localhost", "api_mgr"]);
    });
    table.row("one label", &bare, &[], &[&root], "localhost", &[]);
    table.row(
        "one label, final dot",
        &bare,
        &[],
        &[&root],
        "localhost.",
        &[],
    );
    table.row(
        "an underscore",
        &bare,
        &[],
        &[&root],
        "api_mgr",
        &["NameRefused"],
    );
    table.row(
        "as anchor, wrong name",
        &node,
        &[],
        &[&node],
        "x.example.com",
        &["NameMismatch"],
    );
    let common_name = make(GW, Some(&root), |_| {});
    table.row("a common name alone", &common_name, &[], &[&root], GW, &[]);
    let both = make(GW, Some(&root), |parameters| {
        parameters.subject_alt_names = dns(&["other.example.com"]);
    });
    table.row(
        "a common name beside",
        &both,
        &[],
        &[&root],
        GW,
        &["NameMismatch"],
    );
    let address = make(GW, Some(&root), |parameters| {
        parameters.subject_alt_names = vec![rcgen::SanType::IpAddress([10, 0, 0, 1].into())];
    });
    table.row("beside an address", &address, &[], &[&root], GW, &[]);
    table.row("an address", &address, &[], &[&root], "10.0.0.1", &[]);
    table.row(
        "another address",
        &address,
        &[],
        &[&root],
        "10.0.0.2",
        &["NameMismatch"],
    );
    let text = make("x", Some(&root), |parameters| {
        parameters.subject_alt_names = dns(&["10.0.0.1"]);
    });
    table.row(
        "an address as a name",
        &text,
        &[],
        &[&root],
        "10.0.0.1",
        &["NameMismatch"],
    );
    table.end();
}

#[test]
fn chains_lead_to_anchors_as_in_java() {
    let mut table = Table::new();
    let root = ca("root", None, |_| {});
    let foreign = ca("foreign", None, |_| {});
    let impostor = ca("root", None, |_| {});
    let middle = ca("middle", Some(&root), |_| {});
    let node = leaf(Some(&root), |_| {});
    let below = leaf(Some(&middle), |_| {});
    table.row("a plain chain", &node, &[&root], &[&root], GW, &[]);
    table.row("the root left out", &node, &[], &[&root], GW, &[]);
    table.row(
        "a foreign CA",
        &node,
        &[&root],
        &[&foreign],
        GW,
        &["NoAnchor"],
    );
    table.row(
        "a CA of the same name",
        &node,
        &[],
        &[&impostor],
        GW,
        &["BadSignature"],
    );
    table.row("two of one name", &node, &[], &[&impostor, &root], GW, &[]);
    table.row("an intermediate", &below, &[&middle], &[&root], GW, &[]);
    table.row("no intermediate", &below, &[], &[&root], GW, &["NoAnchor"]);
    table.row(
        "another order",
        &below,
        &[&root, &middle],
        &[&root],
        GW,
        &[],
    );
    table.row(
        "a stranger between",
        &below,
        &[&foreign, &middle],
        &[&root],
        GW,
        &[],
    );
    table.row(
        "the intermediate as anchor",
        &below,
        &[&middle],
        &[&middle],
        GW,
        &[],
    );
    table.row("the node as anchor", &node, &[&root], &[&node], GW, &[]);
    // The root certified its intermediate twice; the client has the other certificate.
    let again = {
        let issuer = rcgen::Issuer::from_params(&root.parameters, &root.key);
        let made = middle.parameters.signed_by(&middle.key, &issuer).unwrap();
        Made {
            certificate: Certificate::from_der(made.der().clone()),
            parameters: middle.parameters.clone(),
            key: KeyPair::try_from(middle.key.serialized_der()).unwrap(),
        }
    };
    assert_ne!(again.certificate, middle.certificate);
    table.row(
        "an anchor certified anew",
        &below,
        &[&middle],
        &[&again],
        GW,
        &[],
    );
    table.row(
        "and the node known too",
        &below,
        &[&middle, &root],
        &[&again],
        GW,
        &[],
    );

    let alone = leaf(None, |_| {});
    table.row("self-signed", &alone, &[], &[&alone], GW, &[]);
    table.row(
        "self-signed, unknown",
        &alone,
        &[],
        &[&root],
        GW,
        &["NoAnchor"],
    );
    let alone = leaf(None, |parameters| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.extended_key_usages.clear();
    });
    table.row(
        "a self-signed CA as server",
        &alone,
        &[],
        &[&alone],
        GW,
        &[],
    );
    let primary = make("apim.example.com primary", None, |parameters| {
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
            KeyUsagePurpose::DataEncipherment,
        ];
    });
    table.row(
        "the primary as server",
        &primary,
        &[],
        &[&root, &primary],
        GW,
        &["NameMismatch"],
    );
    table.end();
}

#[test]
fn times_are_judged_as_in_java() {
    let mut table = Table::new();
    let root = ca("root", None, |_| {});
    let future = |parameters: &mut CertificateParams| {
        parameters.not_before = now() + Duration::DAY;
    };
    let expired = leaf(Some(&root), past);
    table.row("expired", &expired, &[], &[&root], GW, &["Expired"]);
    table.row(
        "expired, and an anchor",
        &expired,
        &[],
        &[&expired],
        GW,
        &["AnchorNotValid"],
    );
    let early = leaf(Some(&root), future);
    table.row("not yet valid", &early, &[], &[&root], GW, &["NotYetValid"]);
    let old_middle = ca("old", Some(&root), past);
    let node_of_old = leaf(Some(&old_middle), |_| {});
    table.row(
        "an expired intermediate",
        &node_of_old,
        &[&old_middle],
        &[&root],
        GW,
        &["Expired"],
    );
    let old_root = ca("old root", None, past);
    let node_of_old = leaf(Some(&old_root), |_| {});
    table.row(
        "an expired anchor",
        &node_of_old,
        &[],
        &[&old_root],
        GW,
        &["AnchorNotValid"],
    );

    let everything = leaf(Some(&root), |parameters| {
        past(parameters);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    table.row(
        "all at once",
        &everything,
        &[],
        &[&root],
        "gw2.example.com",
        &["Expired", "ExtendedKeyUsage", "NameMismatch"],
    );
    table.end();
}

#[test]
fn usages_and_extensions_are_judged_as_in_java() {
    let mut table = Table::new();
    let root = ca("root", None, |_| {});
    let usage = |usages: Vec<KeyUsagePurpose>| {
        leaf(Some(&root), |parameters| parameters.key_usages = usages)
    };
    let none = usage(Vec::new());
    table.row("no key usage", &none, &[], &[&root], GW, &[]);
    let crl = usage(vec![KeyUsagePurpose::CrlSign]);
    table.row("another key usage", &crl, &[], &[&root], GW, &["KeyUsage"]);
    table.row("another key usage, pinned", &crl, &[], &[&crl], GW, &[]);
    let client = leaf(Some(&root), |parameters| {
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    });
    table.row(
        "for clients only",
        &client,
        &[],
        &[&root],
        GW,
        &["ExtendedKeyUsage"],
    );
    let any = leaf(Some(&root), |parameters| {
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::Any];
    });
    table.row("for any purpose", &any, &[], &[&root], GW, &[]);

    let strange = leaf(Some(&root), |parameters| {
        let mut extension = CustomExtension::from_oid_content(&[1, 2, 3, 4], vec![5, 0]);
        extension.set_criticality(true);
        parameters.custom_extensions = vec![extension];
    });
    table.row(
        "an unknown critical extension",
        &strange,
        &[],
        &[&root],
        GW,
        &["UnknownCritical"],
    );
    table.end();
}

#[test]
fn what_an_issuer_may_is_judged_as_in_java() {
    let mut table = Table::new();
    let root = ca("root", None, |_| {});
    let no_ca = leaf(Some(&root), |_| {});
    let node_of_leaf = leaf(Some(&no_ca), |_| {});
    table.row(
        "issued by a leaf",
        &node_of_leaf,
        &[&no_ca],
        &[&root],
        GW,
        &["IssuerNotCa", "KeyUsage"],
    );
    table.row(
        "the leaf as anchor",
        &node_of_leaf,
        &[&no_ca],
        &[&no_ca],
        GW,
        &["IssuerNotCa", "KeyUsage"],
    );
    let no_sign = ca("no sign", Some(&root), |parameters| {
        parameters.key_usages = vec![KeyUsagePurpose::CrlSign];
    });
    let node_of_no_sign = leaf(Some(&no_sign), |_| {});
    table.row(
        "no keyCertSign",
        &node_of_no_sign,
        &[&no_sign],
        &[&root],
        GW,
        &["KeyUsage"],
    );
    table.row(
        "as anchor",
        &node_of_no_sign,
        &[&no_sign],
        &[&no_sign],
        GW,
        &["KeyUsage"],
    );

    let short = |parameters: &mut CertificateParams| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    };
    let short_root = ca("short root", None, short);
    let short_middle = ca("short", Some(&root), short);
    let deep = ca("deep", Some(&short_middle), |_| {});
    let node_of_deep = leaf(Some(&deep), |_| {});
    table.row(
        "too deep",
        &node_of_deep,
        &[&deep, &short_middle],
        &[&root],
        GW,
        &["PathLength"],
    );
    let under_short = ca("under", Some(&short_root), |_| {});
    let node_of_under = leaf(Some(&under_short), |_| {});
    table.row(
        "too deep for the anchor",
        &node_of_under,
        &[&under_short],
        &[&short_root],
        GW,
        &[],
    );

    let constrained = |parameters: &mut CertificateParams| {
        parameters.name_constraints = Some(NameConstraints {
            permitted_subtrees: vec![GeneralSubtree::DnsName("example.org".into())],
            excluded_subtrees: Vec::new(),
        });
    };
    let org = ca("org", Some(&root), constrained);
    let node_of_org = leaf(Some(&org), |_| {});
    table.row(
        "outside the permitted names",
        &node_of_org,
        &[&org],
        &[&root],
        GW,
        &["NameNotPermitted", "NameNotPermitted"],
    );
    let inside = leaf(Some(&org), |parameters| {
        parameters.subject_alt_names = dns(&["gw1.example.org"]);
    });
    table.row("inside", &inside, &[&org], &[&root], "gw1.example.org", &[]);
    table.row(
        "outside, of an anchor",
        &node_of_org,
        &[&org],
        &[&org],
        GW,
        &[],
    );
    table.end();
}

/// Its time is over.
fn past(parameters: &mut CertificateParams) {
    parameters.not_after = now() - Duration::HOUR;
}

struct Table {
    folder: tempfile::TempDir,
    checker: PathChecker,
    failures: Vec<String>,
    rows: usize,
}

impl Table {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            checker: PathChecker::new(),
            failures: Vec::new(),
            rows: 0,
        }
    }

    fn end(self) {
        assert!(self.failures.is_empty(), "{}", self.failures.join("\n"));
        assert!(self.rows > 4, "{}", self.rows);
    }

    /// One row: the server presents `chain`, the client trusts `anchors` and asks for `name`. Fails unless
    /// the problems are the `expected` ones and Java accepts just what we accept.
    fn row(
        &mut self,
        title: &str,
        server: &Made,
        above: &[&Made],
        anchors: &[&Made],
        name: &str,
        expected: &[&str],
    ) {
        self.rows += 1;
        let chain: Vec<_> = std::iter::once(server)
            .chain(above.iter().copied())
            .map(|made| made.certificate.clone())
            .collect();
        let trusted = Anchors::new(anchors.iter().map(|made| made.certificate.clone()));
        let options = Options {
            name: Some(name.into()),
            purpose: Purpose::Server,
            at: now(),
        };
        let verdict = self.checker.check(&chain, &[], &trusted, &options);
        let java = self.java(server, &chain, anchors, name);
        let found = kinds(&verdict);
        if found != expected {
            let problems: Vec<_> = verdict.problems.iter().map(ToString::to_string).collect();
            self.failures
                .push(format!("{title}: {found:?} {problems:#?}"));
        }
        if java.is_ok() != verdict.is_accepted() {
            let ours = verdict.is_accepted();
            self.failures
                .push(format!("{title}: we say {ours}, Java {java:?}"));
        }
    }

    fn java(
        &self,
        server: &Made,
        chain: &[Certificate],
        anchors: &[&Made],
        name: &str,
    ) -> Result<(), Vec<String>> {
        let at = |file: &str| self.folder.path().join(file);
        let (key, pem) = (at("key.der"), at("chain.pem"));
        std::fs::write(&key, server.key.serialized_der()).unwrap();
        write_chain(&pem, chain);
        let (server_path, trust_path) = (at("server.jks"), at("trust.jks"));
        let store = |path| Store {
            kind: "JKS",
            path,
            password: "changeit",
        };
        let entry = NewEntry::Key {
            alias: "server",
            password: "changeit",
            key: &key,
            chain: &pem,
        };
        judge().store(store(&server_path), &[entry]).unwrap();
        let names: Vec<_> = (0..anchors.len()).map(|at| format!("anchor{at}")).collect();
        let paths: Vec<_> = names.iter().map(|name| at(name)).collect();
        for (anchor, path) in anchors.iter().zip(&paths) {
            write_chain(path, std::slice::from_ref(&anchor.certificate));
        }
        let entries: Vec<_> = names
            .iter()
            .zip(&paths)
            .map(|(alias, certificate)| NewEntry::Trusted { alias, certificate })
            .collect();
        judge().store(store(&trust_path), &entries).unwrap();
        judge()
            .tls(store(&server_path), store(&trust_path), name)
            .map(drop)
    }
}

const GW: &str = "gw1.example.com";
