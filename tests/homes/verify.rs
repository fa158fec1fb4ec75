//! Whole deployments of homes, judged as they are.

use std::{collections::BTreeSet, path::PathBuf};

use pki_core::{
    observe::{Cluster, Home, HomeReader},
    verify::{Edge, ProblemKind, Report, State, verify_homes},
    wso2::Role,
};
use time::macros::datetime;

use crate::home;

pub(crate) fn report(dirs: &[PathBuf]) -> Report {
    let homes = HomeReader::new().read_all(dirs, &|| {});
    let homes: Vec<Home> = homes.into_iter().map(Result::unwrap).collect();
    let now = datetime!(2026-11-23 12:00 UTC);
    verify_homes(&Cluster::new(&homes, None), None, now)
}

/// `gateway-1 -> km.apim.example.com:9443 (key-manager-1)`.
fn line(edge: &Edge) -> String {
    format!("{} -> {}:{} ({})", edge.from, edge.name, edge.port, edge.to)
}

fn lines(report: &Report, state: State) -> BTreeSet<String> {
    let edges = report.edges.iter().filter(|edge| edge.state == state);
    edges.map(line).collect()
}

fn ids<'r>(report: &'r Report, node: &str) -> Vec<&'r str> {
    let problems = report.problems.iter();
    let of_node = problems.filter(|it| it.node.as_deref() == Some(node));
    of_node.map(|it| it.kind.id()).collect()
}

#[test]
fn untouched_homes_of_4_7_report_default_keys_names_and_the_missing_encryption_key() {
    let dirs = home::homes("4.7.0");
    if dirs.is_empty() {
        return;
    }
    let report = report(&dirs);
    for home in &report.homes {
        let role: Role = home.node.rsplit_once('-').unwrap().0.parse().unwrap();
        assert_eq!(home.role.as_ref().unwrap().value, role);
        assert_eq!(home.hosts.len(), 1, "{home:?}");
        assert_eq!(
            ids(&report, &home.node),
            [
                "default-key",
                "default-trust",
                "default-trust",
                "primary-implicit",
                "encryption-key-missing",
            ],
            "{}",
            home.node
        );
    }
    let failed = lines(&report, State::Failed);
    for line in [
        "gateway-1 -> km.apim.example.com:9443 (key-manager-2)",
        "gateway-2 -> cp.apim.example.com:9443 (control-plane-1)",
        "gateway-1 -> tm.apim.example.com:9443 (traffic-manager-1)",
        "key-manager-1 -> cp.apim.example.com:9443 (control-plane-2)",
        "traffic-manager-2 -> cp.apim.example.com:9443 (control-plane-1)",
        "control-plane-1 -> gw.apim.example.com:9443 (gateway-1)",
        "clients -> gw.apim.example.com:8243 (gateway-2)",
    ] {
        assert!(failed.contains(line), "{line}: {failed:#?}");
    }
    // Their truststores hold the default certificate, so that trust alone is satisfied.
    let good = lines(&report, State::Ok);
    for line in [
        "gateway-1 -> tm1.apim.example.com:9711 (traffic-manager-1)",
        "control-plane-2 -> cp1.apim.example.com:9711 (control-plane-1)",
    ] {
        assert!(good.contains(line), "{line}: {good:#?}");
    }
    assert!(lines(&report, State::Unknown).is_empty());
}

#[test]
fn a_home_without_its_twins_has_unknown_targets_and_no_problem_of_them() {
    let dirs = home::homes("4.7.0");
    let Some(gateway) = dirs.iter().find(|it| it.ends_with("gateway-1")) else {
        return;
    };
    let report = report(std::slice::from_ref(gateway));
    assert!(report.failed().next().is_none());
    let unknown = lines(&report, State::Unknown);
    assert!(
        unknown
            .iter()
            .any(|it| it.contains("km.apim.example.com:9443")),
        "{unknown:?}"
    );
    // One node alone makes its encryption key when it starts, and nobody else's is another.
    let missing = |it: &pki_core::verify::Problem| it.kind == ProblemKind::EncryptionKeyMissing;
    assert!(!report.problems.iter().any(missing));
}
