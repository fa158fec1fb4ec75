//! Verdicts of `path` beside what Java 17 says in a handshake over the same chain and the same anchors.

use std::{collections::HashMap, path::Path};

use pki_core::{
    key::{Generated, KeyAlgorithm, KeySource},
    path::{self, Anchors, Options, PathChecker, PathProblem, Purpose, Verdict},
    x509::{Certificate, Fingerprint, pem_blocks},
};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints,
};
use time::{Duration, OffsetDateTime};

use crate::{
    judge::{NewEntry, Store, judge},
    openssl::{openssl, read_chain, write_chain},
};

/// A certificate, and what is needed to issue below it.
struct Made {
    certificate: Certificate,
    parameters: CertificateParams,
    key: KeyPair,
}

fn make(name: &str, issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    let key = Generated.generate(KeyAlgorithm::EcP256).unwrap();
    let key = KeyPair::try_from(key.pkcs8().expose()).unwrap();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = now() - Duration::days(2);
    parameters.not_after = now() + Duration::days(30);
    parameters.use_authority_key_identifier_extension = issuer.is_some();
    change(&mut parameters);
    let made = match issuer {
        Some(issuer) => {
            let issuer = rcgen::Issuer::from_params(&issuer.parameters, &issuer.key);
            parameters.signed_by(&key, &issuer).unwrap()
        }
        None => parameters.self_signed(&key).unwrap(),
    };
    Made {
        certificate: Certificate::from_der(made.der().clone()),
        parameters,
        key,
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

fn ca(name: &str, issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    make(name, issuer, |parameters| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        change(parameters);
    })
}

/// A server's certificate for `gw1.example.com` and `*.wild.example.com`.
fn leaf(issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    make("gw1", issuer, |parameters| {
        parameters.subject_alt_names = dns(&["gw1.example.com", "*.wild.example.com"]);
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(parameters);
    })
}

fn dns(names: &[&str]) -> Vec<rcgen::SanType> {
    let names = names.iter().map(|name| (*name).try_into().unwrap());
    names.map(rcgen::SanType::DnsName).collect()
}

/// The kinds of the problems, without what they carry.
fn kinds(verdict: &Verdict) -> Vec<String> {
    let kind = |problem: &PathProblem| {
        let text = format!("{problem:?}");
        let end = text.find([' ', '(']).unwrap_or(text.len());
        text[..end].to_owned()
    };
    verdict.problems.iter().map(kind).collect()
}

struct Table {
    folder: tempfile::TempDir,
    checker: PathChecker,
    failures: Vec<String>,
    rows: usize,
}

impl Table {
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

#[test]
fn our_verdict_is_java_s_verdict() {
    let mut table = Table {
        folder: tempfile::tempdir().unwrap(),
        checker: PathChecker::new(),
        failures: Vec::new(),
        rows: 0,
    };
    const GW: &str = "gw1.example.com";
    let root = ca("root", None, |_| {});
    let foreign = ca("foreign", None, |_| {});
    let impostor = ca("root", None, |_| {});
    let middle = ca("middle", Some(&root), |_| {});
    let node = leaf(Some(&root), |_| {});
    let below = leaf(Some(&middle), |_| {});

    table.row("a plain chain", &node, &[&root], &[&root], GW, &[]);
    table.row("the root left out", &node, &[], &[&root], GW, &[]);
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
    table.row(
        "as anchor, wrong name",
        &node,
        &[],
        &[&node],
        "x.example.com",
        &["NameMismatch"],
    );

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

    let past = |parameters: &mut CertificateParams| {
        parameters.not_after = now() - Duration::HOUR;
    };
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

    assert!(table.failures.is_empty(), "{}", table.failures.join("\n"));
    assert!(table.rows > 45, "{}", table.rows);
}

#[test]
fn weak_algorithms_are_warned_of_or_refused_as_java_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |command: &str| openssl(path, &command.split(' ').collect::<Vec<_>>()).unwrap();
    std::fs::write(
        path.join("node.ext"),
        "subjectAltName=DNS:gw1.example.com\nkeyUsage=digitalSignature,keyEncipherment\n",
    )
    .unwrap();
    for (bits, digest, expected, accepted) in [
        (1024, "-sha256", vec!["WeakKey"], true),
        (2048, "-sha1", vec!["WeakSignature"], true),
        (2048, "-md5", vec!["RefusedSignature"], false),
        (512, "-sha256", vec!["RefusedKey"], false),
        (2048, "-sha384", vec![], true),
        (2048, "-sha512", vec![], true),
        (
            2048,
            "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32",
            vec![],
            true,
        ),
        (
            2048,
            "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20",
            vec![],
            true,
        ),
    ] {
        run(&format!(
            "req -x509 -newkey rsa:{bits} -noenc -days 300 -keyout root.key -out root.pem -subj /CN=root"
        ));
        run("req -new -newkey rsa:2048 -noenc -keyout node.key -out node.csr -subj /CN=gw1");
        run(&format!(
            "x509 -req -in node.csr -CA root.pem -CAkey root.key -CAcreateserial -days 200 -extfile node.ext -out node.pem {digest}"
        ));
        run("pkcs8 -topk8 -nocrypt -in node.key -outform DER -out node.der");
        let chain = read_chain(&path.join("node.pem"));
        let anchors = Anchors::new(read_chain(&path.join("root.pem")));
        let options = Options {
            name: Some("gw1.example.com".into()),
            purpose: Purpose::Server,
            at: now(),
        };
        let verdict = PathChecker::new().check(&chain, &[], &anchors, &options);
        assert_eq!(kinds(&verdict), expected, "{bits} {digest}");
        assert_eq!(verdict.is_accepted(), accepted);
        let java = handshake(path);
        assert_eq!(java.is_ok(), accepted, "{bits} {digest} {java:?}");
    }
}

#[test]
fn a_thousand_connections_cost_a_few_signature_checks() {
    let root = ca("root", None, |_| {});
    let nodes: Vec<_> = (0..10).map(|_| leaf(Some(&root), |_| {})).collect();
    let checker = PathChecker::new();
    let anchors = Anchors::new([root.certificate.clone()]);
    let options = Options {
        name: Some("gw1.example.com".into()),
        purpose: Purpose::Server,
        at: now(),
    };
    let begin = std::time::Instant::now();
    for at in 0..1000 {
        let chain = [nodes[at % 10].certificate.clone(), root.certificate.clone()];
        let verdict = checker.check(&chain, &[], &anchors, &options);
        assert_eq!(verdict.problems, []);
    }
    let took = begin.elapsed();
    eprintln!("1000 checks: {took:?}");
    assert!(took.as_millis() < 1000, "{took:?}");
}

#[test]
fn a_changed_certificate_is_never_accepted() {
    let root = ca("root", None, |_| {});
    let node = leaf(Some(&root), |_| {});
    let checker = PathChecker::new();
    let anchors = Anchors::new([root.certificate.clone()]);
    let options = Options {
        name: None,
        purpose: Purpose::Any,
        at: now(),
    };
    let der = node.certificate.der().to_vec();
    let mut accepted = Vec::new();
    for at in 0..der.len() {
        for bit in 0..8 {
            let mut changed = der.clone();
            changed[at] ^= 1 << bit;
            let chain = [Certificate::from_der(changed)];
            let verdict = checker.check(&chain, &[], &anchors, &options);
            if verdict.is_accepted() {
                accepted.push((at, bit));
            }
        }
        let chain = [Certificate::from_der(der[..at].to_vec())];
        let verdict = checker.check(&chain, &[], &anchors, &options);
        assert_eq!(kinds(&verdict), ["Damaged"]);
    }
    assert_eq!(accepted, []);
}

#[test]
fn a_chain_made_to_be_searched_for_long_is_given_up() {
    let names = ["a", "b"];
    let mut chain = vec![leaf(Some(&ca("a", None, |_| {})), |_| {}).certificate];
    for at in 0..60 {
        let above = ca(names[(at + 1) % 2], None, |_| {});
        chain.push(ca(names[at % 2], Some(&above), |_| {}).certificate);
    }
    let options = Options {
        name: None,
        purpose: Purpose::Server,
        at: now(),
    };
    let begin = std::time::Instant::now();
    let verdict = path::check(&chain, &[], &[], &options);
    assert!(!verdict.is_accepted() && verdict.anchor().is_none());
    assert!(begin.elapsed().as_secs() < 2);
}

#[test]
fn a_pinned_certificate_may_have_any_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |command: &str| openssl(path, &command.split(' ').collect::<Vec<_>>()).unwrap();
    run(
        "req -x509 -newkey rsa:1000 -noenc -days 300 -keyout node.key -out node.pem -subj /CN=gw1.example.com",
    );
    run("pkcs8 -topk8 -nocrypt -in node.key -outform DER -out node.der");
    std::fs::copy(path.join("node.pem"), path.join("root.pem")).unwrap();
    let chain = read_chain(&path.join("node.pem"));
    let options = Options {
        name: Some("gw1.example.com".into()),
        purpose: Purpose::Server,
        at: now(),
    };
    let verdict = path::check(&chain, &[], &chain, &options);
    let java = handshake(path);
    assert_eq!(
        java.is_ok(),
        verdict.is_accepted(),
        "{java:?} {:?}",
        verdict.problems
    );
}

fn handshake(path: &Path) -> Result<(), Vec<String>> {
    let (server, trust) = (path.join("server.jks"), path.join("trust.jks"));
    let store = |path| Store {
        kind: "JKS",
        path,
        password: "changeit",
    };
    let key = NewEntry::Key {
        alias: "server",
        password: "changeit",
        key: &path.join("node.der"),
        chain: &path.join("node.pem"),
    };
    judge().store(store(&server), &[key]).unwrap();
    let root = NewEntry::Trusted {
        alias: "root",
        certificate: &path.join("root.pem"),
    };
    judge().store(store(&trust), &[root]).unwrap();
    let name = "gw1.example.com";
    judge().tls(store(&server), store(&trust), name).map(drop)
}

#[test]
fn certificates_of_real_truststores_are_read_and_indexed() {
    let Some(folder) = crate::shared::folder() else {
        return;
    };
    let shared = folder.join("wso2/stores");
    let table = std::fs::read_to_string(shared.join("../stores.tsv")).unwrap();
    let mut seen: HashMap<Fingerprint, (Certificate, String)> = HashMap::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let file = shared.join(columns[0]);
        if !file.is_file() {
            continue;
        }
        let arguments = [
            "-list",
            "-rfc",
            "-keystore",
            file.to_str().unwrap(),
            "-storepass",
            columns[2],
        ];
        let Ok(printed) = judge().keytool(&arguments) else {
            continue;
        };
        let blocks = pem_blocks(printed.as_bytes()).unwrap();
        let certificates = blocks.iter().filter(|block| block.label == "CERTIFICATE");
        for block in certificates {
            let certificate = Certificate::from_der(block.der.expose().to_vec());
            seen.insert(
                certificate.fingerprint(),
                (certificate, columns[0].to_owned()),
            );
        }
    }
    assert!(seen.len() > 200, "{}", seen.len());
    let checker = PathChecker::new();
    let mut unsupported = Vec::new();
    for (certificate, file) in seen.values() {
        let view = certificate
            .view()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(view.unknown_critical.is_empty(), "{file}: {view:?}");
        let options = Options {
            name: None,
            purpose: Purpose::Any,
            at: view.not_after,
        };
        let chain = [certificate.clone()];
        let pinned = Anchors::new(chain.clone());
        let verdict = checker.check(&chain, &[], &pinned, &options);
        assert!(verdict.is_accepted(), "{file}: {:?}", verdict.problems);
        // As an anchor under a copy with another name nothing matches; as its own issuer the signature
        // is checked: every self-signed certificate of a shipped store must hold.
        let verdict = checker.check(&chain, &chain, &Anchors::default(), &options);
        if certificate.is_self_issued() {
            unsupported.extend(
                kinds(&verdict)
                    .into_iter()
                    .filter(|kind| kind == "BadSignature" || kind == "UnsupportedSignature"),
            );
        }
    }
    assert_eq!(unsupported, [""; 0]);
    let all = Anchors::new(seen.values().map(|(certificate, _)| certificate.clone()));
    assert_eq!(all.len(), seen.len());
}
