//! Keystores before foreign judges: what others write is read here, what is written here they read.

#![allow(clippy::unwrap_used, clippy::expect_used)]

#[path = "../judge/mod.rs"]
mod judge;
#[path = "../shared.rs"]
mod shared;

mod edit;
mod foreign;
mod jks;
mod matrix;
mod mutation;
mod pem;
mod pkcs12;

use judge::{Store, judge};

#[test]
fn the_judge_makes_a_store_reads_it_and_shakes_hands_over_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.p12");
    let store = Store {
        kind: "PKCS12",
        path: &path,
        password: "changeit",
    };
    let text = path.to_str().unwrap();
    let arguments = "-genkeypair -alias Gw -keyalg EC -dname CN=x -ext san=dns:gw1.example.com,ip:10.0.0.1 \
                     -storetype PKCS12 -storepass changeit -keystore";
    let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
    arguments.push(text);
    judge().keytool(&arguments).unwrap();
    let entries = judge().load("PKCS12", &path, Some("changeit")).unwrap();
    assert_eq!(
        (entries[0].alias.as_str(), entries[0].kind.as_str()),
        ("gw", "key")
    );
    assert_eq!(
        judge().key(store, "gw", "changeit").unwrap().algorithm,
        "EC"
    );
    for name in ["gw1.example.com", "10.0.0.1"] {
        let shaken = judge().tls(store, store, name).unwrap();
        assert_eq!(shaken.sha256, entries[0].sha256);
    }
    judge()
        .mutual_tls(store, store, "10.0.0.1", store, store)
        .unwrap();
    let refused = judge().tls(store, store, "gw2.example.com").unwrap_err();
    assert!(
        refused[0].contains("No subject alternative DNS name matching"),
        "{refused:?}"
    );
    let wrong = judge().load("PKCS12", &path, Some("wrong")).unwrap_err();
    assert!(wrong[0].contains("password was incorrect"), "{wrong:?}");
}
