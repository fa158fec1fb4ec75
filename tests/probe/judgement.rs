//! What clients say of what was seen: who takes it, who does not, and where they differ.

use pki_core::{
    observe::endpoint::{Failure, Observation},
    path::{Anchors, ServerName},
    verify::{
        Severity,
        endpoint::{DifferenceKind, EndpointProblem, Judgement, OnDisk, Question, Served, judge},
    },
    wso2::{Channel, Product},
};
use time::{Duration, OffsetDateTime};

use crate::{
    certificates::Made,
    rustls_server::{Options, look, serve},
};

fn seen(made: &Made, name: &str) -> Observation {
    let (address, _) = serve(made, Options::default());
    look(address, name)
}

fn question(name: &str, product: Product) -> Question<'static> {
    let now = OffsetDateTime::now_utc();
    Question::new(ServerName::from(name), product, now)
}

fn anchors(made: &Made) -> Anchors {
    [made.certificate().clone()].into_iter().collect()
}

const OLD: Product = Product::of(2, 6);
const NEW: Product = Product::of(4, 7);

/// Who does not connect, as `client` or `client (how it looks at names)` where it can be set.
fn refusing(judgement: &Judgement) -> Vec<String> {
    let refusing = judgement.opinions.iter().filter(|it| !it.accepts());
    refusing
        .map(|it| format!("{} {}", it.who.id(), it.who.naming()))
        .collect()
}

fn ids(judgement: &Judgement) -> Vec<&'static str> {
    judgement.problems.iter().map(EndpointProblem::id).collect()
}

#[test]
fn a_good_server_is_taken_by_everybody() {
    let ca = Made::ca("CA", 0);
    let seen = seen(
        &ca.leaf(&["gw1.example.com", "localhost"], 0),
        "gw1.example.com",
    );
    let trust = anchors(&ca);
    for (product, clients) in [(OLD, 10), (NEW, 10)] {
        for name in ["gw1.example.com", "localhost"] {
            let question = question(name, product).trust(Some(&trust));
            let judgement = judge(&seen, &question);
            assert_eq!(judgement.problems, [], "{product} {name}");
            assert_eq!(judgement.opinions.len(), clients, "{product}");
            assert!(judgement.trust_judged);
        }
    }
}

#[test]
fn a_name_that_is_not_covered_divides_the_clients() {
    let ca = Made::ca("CA", 0);
    let seen = seen(&ca.leaf(&["gw1.example.com"], 0), "gw2.example.com");
    let trust = anchors(&ca);
    let question = question("gw2.example.com", NEW).trust(Some(&trust));
    let judgement = judge(&seen, &question);
    assert_eq!(
        refusing(&judgement),
        [
            "modern subjectAltName",
            "kernel DefaultAndLocalhost",
            "synapse DefaultAndLocalhost",
            "synapse Default",
            "synapse Strict",
            "java-http always checks names",
            "websocket always checks names",
        ]
    );
    let [
        EndpointProblem::Refused { by, .. },
        EndpointProblem::RefusedIfSet { by: set, .. },
    ] = &judgement.problems[..]
    else {
        panic!("{:?}", judgement.problems);
    };
    let of =
        |by: &[pki_core::verify::endpoint::Who]| by.iter().map(|who| who.id()).collect::<Vec<_>>();
    assert_eq!(of(by), ["modern", "synapse", "java-http", "websocket"]);
    // The gateway's sender objects as it is shipped: no need to say what other settings would do.
    assert_eq!(of(set), ["kernel"]);
    assert_eq!(ids(&judgement), ["name-not-covered", "name-not-covered"]);
}

#[test]
fn only_those_are_asked_who_connect_to_a_port() {
    // The primary of a cluster: no name, pinned by everybody.
    let primary = Made::self_signed("apim.example.com primary", |_| {});
    let seen = seen(&primary, "km1.example.com");
    let trust = anchors(&primary);
    let of = |channel| {
        let question = question("km1.example.com", OLD).trust(Some(&trust));
        judge(&seen, &question.channel(channel))
    };
    let thrift = of(Some(Channel::Thrift));
    assert_eq!(thrift.opinions.len(), 1);
    assert!(!thrift.has(Severity::Error), "{:?}", thrift.problems);
    assert!(of(Some(Channel::Https)).has(Severity::Error));
    assert!(of(None).has(Severity::Error));
    assert_eq!(
        of(Some(Channel::DataBridge)).opinions[0].who.id(),
        "data-agent"
    );
}

#[test]
fn loopback_passes_with_the_check_that_the_gateway_ships_from_4_0_on() {
    let ca = Made::ca("CA", 0);
    let seen = seen(&ca.leaf(&["gw1.example.com"], 0), "localhost");
    let trust = anchors(&ca);
    let refused_by_synapse = |product| {
        let judgement = judge(&seen, &question("localhost", product).trust(Some(&trust)));
        let refusing = refusing(&judgement);
        let shipped = |it: &String| it.starts_with("synapse Default");
        refusing.into_iter().filter(shipped).collect::<Vec<_>>()
    };
    assert_eq!(refused_by_synapse(OLD), ["synapse Default"]);
    assert_eq!(refused_by_synapse(NEW), ["synapse Default"]);
    let question = question("localhost", NEW).trust(Some(&trust));
    let judgement = judge(&seen, &question);
    let shipped = judgement.problems.iter().find_map(|problem| match problem {
        EndpointProblem::Refused { by, .. } => Some(by.clone()),
        _ => None,
    });
    let shipped = shipped.unwrap();
    assert!(
        shipped.iter().all(|who| who.id() != "synapse"),
        "{shipped:?}"
    );
}

#[test]
fn clients_of_today_are_stricter_than_java() {
    let trust_of = |made: &Made| anchors(made);
    let common_name = Made::self_signed("gw1.example.com", |_| {});
    let ca_as_server = Made::self_signed("gw1.example.com", |parameters| {
        parameters.subject_alt_names = vec![rcgen::SanType::DnsName(
            "gw1.example.com".try_into().unwrap(),
        )];
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    });
    for (made, id) in [
        (common_name, "name-not-covered"),
        (ca_as_server, "not-of-today"),
    ] {
        let trust = trust_of(&made);
        let question = question("gw1.example.com", OLD).trust(Some(&trust));
        let judgement = judge(&seen(&made, "gw1.example.com"), &question);
        assert_eq!(refusing(&judgement), ["modern subjectAltName"]);
        assert_eq!(ids(&judgement), [id]);
    }
}

#[test]
fn without_a_truststore_trust_is_not_judged_and_the_rest_is() {
    let ca = Made::ca("CA", 0);
    let seen = seen(&ca.leaf(&["gw1.example.com"], 0), "gw1.example.com");
    let judgement = judge(&seen, &question("gw1.example.com", NEW));
    assert!(!judgement.trust_judged);
    assert_eq!(judgement.problems, []);
    let later = OffsetDateTime::now_utc() + Duration::days(500);
    let question_later = Question::new("gw1.example.com".into(), NEW, later);
    let expired = judge(&seen, &question_later);
    assert_eq!(ids(&expired)[0], "expired");
    assert!(expired.opinions.iter().all(|it| !it.accepts()));

    let stranger = Made::ca("Another CA", 1);
    let trust = anchors(&stranger);
    let untrusted = judge(&seen, &question("gw1.example.com", NEW).trust(Some(&trust)));
    assert!(untrusted.opinions.iter().all(|it| !it.accepts()));
    assert_eq!(ids(&untrusted), ["untrusted"]);
    let told = untrusted.problems[0].to_string();
    assert_eq!(told, "nobody called CN=CA is trusted; no client connects");
}

#[test]
fn the_last_days_and_the_order_of_a_chain_are_told() {
    let ca = Made::ca("CA", 0);
    let other = Made::ca("Another CA", 1);
    let mut made = ca.leaf(&["gw1.example.com"], 0);
    made.chain.insert(1, other.certificate().clone());
    let seen = seen(&made, "gw1.example.com");
    let trust = anchors(&ca);
    let now = OffsetDateTime::now_utc() + Duration::days(380);
    let question = Question::new("gw1.example.com".into(), NEW, now).trust(Some(&trust));
    let judgement = judge(&seen, &question);
    assert_eq!(ids(&judgement), ["expires-soon", "chain-order"]);
    assert!(judgement.has(Severity::Warning) && !judgement.has(Severity::Error));
}

#[test]
fn what_is_served_is_held_against_what_is_on_disk() {
    let ca = Made::ca("CA", 0);
    let made = ca.leaf(&["gw1.example.com"], 0);
    let seen = seen(&made, "gw1.example.com");
    let of = |chains: &[&[pki_core::x509::Certificate]]| {
        let files: Vec<OnDisk> = chains
            .iter()
            .map(|chain| OnDisk::new("tls.jks", Some("tls".into()), chain.to_vec()))
            .collect();
        let question = question("gw1.example.com", NEW).files(&files);
        let judgement = judge(&seen, &question);
        let told = ids(&judgement).contains(&"served-not-on-disk");
        match judgement.served.unwrap() {
            Served::Same(on_disk) => {
                assert!(!told);
                Err(on_disk.chain)
            }
            Served::Differs(difference) => {
                assert!(told);
                Ok(difference.kind)
            }
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(of(&[&made.chain]), Err(made.chain.clone()));
    // The root counts on neither side, and one of several keys is enough.
    assert_eq!(of(&[&made.chain[..1]]), Err(made.chain[..1].to_vec()));
    let other = ca.leaf(&["gw1.example.com"], 1);
    let both = of(&[&other.chain, &made.chain]);
    assert_eq!(both, Err(made.chain.clone()));

    let aged = |days: i64| {
        Made::make("gw1", ca.leaf(&["gw1"], 2).key, Some(&ca), |parameters| {
            parameters.not_before += Duration::days(days);
        })
    };
    assert_eq!(of(&[&aged(1).chain]), Ok(DifferenceKind::FileYounger));
    assert_eq!(of(&[&aged(-1).chain]), Ok(DifferenceKind::FileOlder));
    let twin = Made::make("gw1", ca.leaf(&["gw1"], 2).key, Some(&ca), |parameters| {
        parameters.not_before = made.certificate().view().unwrap().not_before;
    });
    assert_eq!(of(&[&twin.chain]), Ok(DifferenceKind::Other));
    let crossed = [made.chain[0].clone(), aged(0).chain[0].clone()];
    assert_eq!(of(&[&crossed]), Ok(DifferenceKind::Chain));
    assert!(DifferenceKind::FileYounger.is_restart_due());
    assert!(!DifferenceKind::FileOlder.is_restart_due());
}

#[test]
fn of_what_was_not_seen_nothing_is_said() {
    let endpoint = "gw1:9443".parse().unwrap();
    let unseen = Observation::failed(endpoint, Failure::Refused);
    let judgement = judge(&unseen, &question("gw1", NEW));
    assert!(judgement.opinions.is_empty() && judgement.problems.is_empty());
}
