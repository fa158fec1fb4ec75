//! What a verdict costs, and that no change of a byte buys a better one.

use pki_core::{
    path::{self, Anchors, Options, PathChecker, Purpose},
    x509::Certificate,
};

use super::{ca, kinds, leaf, now};

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
