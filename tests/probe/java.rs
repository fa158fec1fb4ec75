//! Servers of Java: the stacks that the product serves with.

use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use pki_core::{
    key::SystemRandom,
    keystore::{Encoding, Entry, Keystore, SealedKey},
    observe::endpoint::{ClientIdentity, Demand, Failure, KeyProof, TlsVersion, VersionAnswer},
    path::Anchors,
    secret::Password,
    verify::endpoint::{Objection, Question, judge},
    wso2::Product,
};
use time::OffsetDateTime;

use crate::{
    certificates::Made,
    judge::{Judge, Store, judge as java},
    rustls_server::{look, look_with, patient},
};

const PASSWORD: &str = "changeit";

/// Stores of a server and of those who judge its clients.
struct Stores {
    folder: tempfile::TempDir,
    clients: Made,
    made: Made,
}

impl Stores {
    fn new() -> Self {
        let stores = Self {
            folder: tempfile::tempdir().unwrap(),
            clients: Made::ca("Clients' CA", 1),
            made: Made::ca("CA", 0).leaf(&["gw1.example.com"], 0),
        };
        let password = Password::new(PASSWORD);
        let protection = Encoding::Jks.protection();
        let key =
            SealedKey::seal(&stores.made.key, &password, protection, &mut SystemRandom).unwrap();
        let key = Entry::private_key("tls", key, stores.made.chain.clone());
        stores.write("tls.jks", key);
        let trusted = Entry::trusted("clients", stores.clients.certificate().clone());
        stores.write("clients.jks", trusted);
        stores
    }

    fn write(&self, name: &str, entry: Entry) {
        let store: Keystore = [entry].into_iter().collect();
        let password = Password::new(PASSWORD);
        let bytes = store
            .encode(Encoding::Jks, &password, &mut SystemRandom)
            .unwrap();
        std::fs::write(self.path(name), bytes.expose()).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn serve(&self, java: &Judge, demand: &str, protocols: Option<&str>) -> SocketAddr {
        let (tls, clients) = (self.path("tls.jks"), self.path("clients.jks"));
        let asked = (demand != "none").then(|| jks(&clients));
        let port = java.serve(jks(&tls), demand, asked, protocols).unwrap();
        (Ipv4Addr::LOCALHOST, port).into()
    }
}

fn jks(path: &Path) -> Store<'_> {
    Store {
        kind: "JKS",
        path,
        password: PASSWORD,
    }
}

#[test]
fn what_java_serves_from_a_jks_is_seen() {
    let stores = Stores::new();
    let address = stores.serve(java(), "none", None);
    let shown = look(address, "gw1.example.com");
    assert_eq!(shown.chain, stores.made.chain);
    assert_eq!(shown.key, KeyProof::Proven);
    assert_eq!(shown.client_certificate.demand, Demand::None);
    let accepted: Vec<TlsVersion> = shown.accepted().collect();
    assert_eq!(accepted, [TlsVersion::Tls12, TlsVersion::Tls13]);
    for old in [TlsVersion::Tls10, TlsVersion::Tls11] {
        assert_eq!(shown.versions[&old], VersionAnswer::Refused);
    }
}

#[test]
fn java_s_demand_for_a_client_certificate_is_told_in_both_versions() {
    let stores = Stores::new();
    for version in ["TLSv1.2", "TLSv1.3"] {
        for (demand, expected) in [("want", Demand::Asked), ("need", Demand::Required)] {
            let address = stores.serve(java(), demand, Some(version));
            let shown = look(address, "gw1.example.com");
            let asked = &shown.client_certificate;
            assert_eq!(asked.demand, expected, "{version} {demand}: {shown:?}");
            assert_eq!(asked.issuers.len(), 1);
            assert_eq!(asked.issuers[0].to_string(), "CN=Clients' CA");
            assert_eq!(shown.chain, stores.made.chain);
            assert_eq!(shown.handshake.is_ok(), demand == "want", "{shown:?}");

            let client = stores.clients.leaf(&["a client"], 2);
            let identity = ClientIdentity::new(&client.chain, &client.key).unwrap();
            let with_key = patient().identity(Some(identity));
            let shown = look_with(address, "gw1.example.com", &with_key);
            assert!(shown.handshake.is_ok(), "{version} {demand}: {shown:?}");

            let stranger = Made::ca("Strangers", 0).leaf(&["a stranger"], 3);
            let identity = ClientIdentity::new(&stranger.chain, &stranger.key).unwrap();
            let strange = patient().identity(Some(identity));
            let shown = look_with(address, "gw1.example.com", &strange);
            let failure = shown.handshake.unwrap_err();
            assert!(
                matches!(failure, Failure::CertificateRefused { alert: Some(_) }),
                "{version} {demand}: {failure:?}"
            );
        }
    }
}

#[test]
fn a_server_of_another_age_is_seen_and_said_to_be_no_server_of_today() {
    let stores = Stores::new();
    // What a JDK allowed before 8u291 and 11.0.11; the product's broker still names TLSv1 alone.
    let properties = stores.path("java.security");
    std::fs::write(&properties, "jdk.tls.disabledAlgorithms=\n").unwrap();
    let old_java = Judge::with_security(&properties);
    for (protocols, expected) in [
        ("TLSv1", vec![TlsVersion::Tls10]),
        ("TLSv1.1", vec![TlsVersion::Tls11]),
        (
            "TLSv1,TLSv1.1,TLSv1.2",
            vec![TlsVersion::Tls10, TlsVersion::Tls11, TlsVersion::Tls12],
        ),
    ] {
        let address = stores.serve(&old_java, "none", Some(protocols));
        let shown = look(address, "gw1.example.com");
        let accepted: Vec<TlsVersion> = shown.accepted().collect();
        assert_eq!(accepted, expected, "{shown:?}");
        assert_eq!(shown.chain, stores.made.chain);

        let root = stores.made.chain.last().unwrap().clone();
        let trust: Anchors = [root].into_iter().collect();
        let now = OffsetDateTime::now_utc();
        let question = Question::new("gw1.example.com".into(), Product::of(4, 7), now);
        let judgement = judge(&shown, &question.trust(Some(&trust)));
        let today = expected.contains(&TlsVersion::Tls12);
        for opinion in &judgement.opinions {
            assert_eq!(opinion.accepts(), today, "{opinion:?}");
        }
        if !today {
            assert!(shown.handshake.is_err());
            let objection = &judgement.opinions[0].objections[..];
            assert!(
                matches!(objection, [Objection::NothingInCommon { .. }]),
                "{objection:?}"
            );
        }
        let old = judgement.problems.iter().filter(|it| it.id() == "old-tls");
        assert_eq!(old.count(), expected.len() - usize::from(today));
    }
    // An old server that asks for a client certificate says so in clear.
    let address = stores.serve(&old_java, "need", Some("TLSv1"));
    let shown = look(address, "gw1.example.com");
    assert_eq!(shown.client_certificate.demand, Demand::Asked);
    assert_eq!(shown.client_certificate.issuers.len(), 1);
}
