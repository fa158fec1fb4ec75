//! Who connects to whom by which name and port: managers, twins on one host, localhost.

use pki_core::{
    path::PathProblem,
    verify::{Edge, EdgeProblem, State},
};

use crate::site::{Failure, SMALL, SMALL_NODES, Site};

/// `from -> to as name:port`, of the edges that a setting makes.
fn lines<'a>(edges: impl IntoIterator<Item = &'a Edge>, setting: &str) -> Vec<String> {
    edges
        .into_iter()
        .filter(|edge| edge.settings.iter().any(|it| it == setting))
        .map(|edge| {
            let Edge {
                from,
                to,
                name,
                port,
                ..
            } = edge;
            format!("{from} -> {to} as {name}:{port}")
        })
        .collect()
}

/// What the key manager calls where gateways synchronise by rsync.
const MANAGER: &str = "APIGateway/Environments/Environment/ServerURL";

#[test]
fn a_manager_that_is_a_node_is_called_by_its_host() {
    for manager in ["gw-2", "gw2", "gw2.example.com"] {
        let mut site = Site::new(SMALL);
        site.edit(
            "balancer = \"gw\"\n",
            &format!("balancer = \"gw\"\nmanager = \"{manager}\"\n"),
        );
        site.settle();
        let report = site.verify();
        assert!(report.is_clean(), "{report:#?}");
        assert_eq!(
            lines(&report.edges, MANAGER),
            [
                "km-1 -> gw-2 as gw2.example.com:9443",
                "km-2 -> gw-2 as gw2.example.com:9443",
            ]
        );
    }
}

#[test]
fn without_a_manager_the_balancer_is_called() {
    let site = Site::new(SMALL);
    site.settle();
    assert_eq!(
        lines(&site.verify().edges, MANAGER),
        [
            "km-1 -> gw-1 as gw.example.com:9443",
            "km-1 -> gw-2 as gw.example.com:9443",
            "km-2 -> gw-1 as gw.example.com:9443",
            "km-2 -> gw-2 as gw.example.com:9443",
        ]
    );
}

#[test]
fn a_manager_that_is_a_host_is_the_node_whose_certificate_has_it() {
    let mut site = Site::new(SMALL);
    site.edit(
        "balancer = \"gw\"\n",
        "balancer = \"gw\"\nmanager = \"mgt\"\n",
    );
    // As long as no certificate has it, nothing is written.
    let Failure::Verify(broken) = site.refused() else {
        panic!("not for its edges")
    };
    assert_eq!(broken.len(), 2, "{broken:#?}");
    for line in &broken {
        assert!(line.contains("-> gw-1 as mgt.example.com: "), "{line}");
    }

    site.edit(
        "gw-2 = \"gw2\"",
        "gw-2 = { host = \"gw2\", sans = [\"mgt\"] }",
    );
    site.settle();
    assert_eq!(
        lines(&site.verify().edges, MANAGER),
        [
            "km-1 -> gw-2 as mgt.example.com:9443",
            "km-2 -> gw-2 as mgt.example.com:9443",
        ]
    );

    // A name that goes later is told of by verify: the files are still those of before.
    site.edit("manager = \"mgt\"", "manager = \"other\"");
    let report = site.verify();
    let failed: Vec<&Edge> = report.failed().collect();
    assert_eq!(
        lines(failed.iter().copied(), MANAGER),
        [
            "km-1 -> gw-1 as other.example.com:9443",
            "km-2 -> gw-1 as other.example.com:9443",
        ]
    );
    for edge in failed {
        assert!(
            matches!(
                edge.problems[..],
                [EdgeProblem::Path(PathProblem::NameMismatch { .. })]
            ),
            "{:?}",
            edge.problems
        );
    }
}

#[test]
fn twins_on_one_host_answer_on_the_ports_of_their_offsets() {
    let mut site = Site::new(SMALL);
    site.edit("balancer = \"gw\"\n", "");
    site.edit("gw-2 = \"gw2\"", "gw-2 = { host = \"gw1\", offset = 3 }");
    site.text
        .push_str("[roles.traffic-manager]\nnodes = { tm-1 = \"tm1\", tm-2 = { host = \"tm1\", offset = 10 } }\n");
    site.settle();
    let report = site.verify();
    assert!(report.is_clean(), "{report:#?}");
    assert_eq!(
        lines(
            &report.edges,
            "APIGateway/Environments/Environment/GatewayEndpoint"
        ),
        [
            "clients -> gw-1 as gw1.example.com:8243",
            "clients -> gw-2 as gw1.example.com:8246",
        ]
    );
    assert_eq!(
        lines(&report.edges, MANAGER),
        [
            "km-1 -> gw-1 as gw1.example.com:9443",
            "km-1 -> gw-2 as gw1.example.com:9446",
            "km-2 -> gw-1 as gw1.example.com:9443",
            "km-2 -> gw-2 as gw1.example.com:9446",
        ]
    );
    assert_eq!(
        lines(
            &report.edges,
            "ThrottlingConfigurations/TrafficManager/AuthUrlGroup"
        ),
        [
            "gw-1 -> tm-1 as tm1.example.com:9711",
            "gw-1 -> tm-2 as tm1.example.com:9721",
            "gw-2 -> tm-1 as tm1.example.com:9711",
            "gw-2 -> tm-2 as tm1.example.com:9721",
        ]
    );
    // Each has a key of its own.
    assert_ne!(
        site.key_of("nodes/gw-1/tls.jks"),
        site.key_of("nodes/gw-2/tls.jks")
    );
}

#[test]
fn localhost_can_be_switched_off() {
    let mut site = Site::new(SMALL);
    site.settle();
    let to_localhost = |site: &Site| -> Vec<State> {
        let edges = site.verify().edges;
        let own = edges.iter().filter(|edge| edge.name == "localhost");
        own.map(|edge| edge.state).collect()
    };
    assert_eq!(to_localhost(&site), [State::Ok; 2]);

    site.edit("[tls]\n", "[tls]\nlocalhost = false\n");
    assert_eq!(to_localhost(&site), [State::Off; 2]);
    site.settle();
    assert!(site.verify().is_clean());
    assert_eq!(to_localhost(&site), [State::Off; 2]);
    for node in SMALL_NODES {
        let store = site.store(&format!("nodes/{node}/tls.jks"));
        let certificate = &store.private_keys().next().unwrap().1[0];
        let names: Vec<String> = certificate
            .view()
            .unwrap()
            .names()
            .iter()
            .map(ToString::to_string)
            .collect();
        let host = node.replace('-', "");
        let group = &node[..2];
        assert_eq!(
            names,
            [
                format!("dns:{host}.example.com"),
                format!("dns:{group}.example.com")
            ]
        );
    }
}
