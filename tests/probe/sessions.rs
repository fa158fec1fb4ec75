//! What a handshake shows of a server that speaks TLS.

use std::net::{Ipv6Addr, TcpListener};

use pki_core::observe::endpoint::{KeyProof, Session, TlsVersion, VersionAnswer};
use rustls::ProtocolVersion;

use crate::{
    certificates::Made,
    rustls_server::{Options, look, look_with, patient, serve, serve_on},
};

#[test]
fn the_chain_is_shown_as_presented_and_trusted_by_nobody() {
    let ca = Made::ca("Some CA", 0);
    let made = ca.leaf(&["gw1.example.com"], 0);
    let (address, seen) = serve(&made, Options::default());
    let shown = look(address, "gw1.example.com");
    assert_eq!(shown.chain, made.chain);
    assert_eq!(shown.key, KeyProof::Proven);
    assert_eq!(shown.address, Some(address));
    assert_eq!(shown.server_name.as_deref(), Some("gw1.example.com"));
    let suite = "TLS_AES_256_GCM_SHA384";
    assert_eq!(shown.handshake, Ok(Session::new(TlsVersion::Tls13, suite)));
    let asked = seen.lock().unwrap().names.clone();
    assert_eq!(asked, [Some("gw1.example.com".to_owned())]);
}

#[test]
fn a_server_without_the_key_of_its_certificate_is_found_out() {
    let ca = Made::ca("CA", 0);
    let (mut made, other) = (ca.leaf(&["gw1"], 0), ca.leaf(&["gw1"], 1));
    made.key = other.key;
    for version in [ProtocolVersion::TLSv1_2, ProtocolVersion::TLSv1_3] {
        let options = Options {
            version: Some(version),
            ..Options::default()
        };
        let (address, _) = serve(&made, options);
        let shown = look(address, "gw1");
        assert_eq!(shown.key, KeyProof::Wrong, "{version:?}");
        assert_eq!(shown.chain, made.chain);
    }
}

#[test]
fn an_address_is_no_server_name() {
    let made = Made::ca("CA", 0).leaf(&["127.0.0.1"], 0);
    let (address, seen) = serve(&made, Options::default());
    let shown = look(address, "127.0.0.1");
    assert_eq!(shown.server_name, None);
    assert!(shown.handshake.is_ok());
    assert_eq!(seen.lock().unwrap().names, [None]);
}

#[test]
fn each_version_that_a_server_takes_is_told() {
    let made = Made::ca("CA", 0).leaf(&["gw1"], 0);
    let accepted = |version| {
        let options = Options {
            version,
            ..Options::default()
        };
        let (address, _) = serve(&made, options);
        let shown = look(address, "gw1");
        assert_eq!(shown.chain, made.chain);
        let asked: Vec<TlsVersion> = shown.versions.keys().copied().collect();
        assert_eq!(asked, TlsVersion::ALL);
        let unclear = VersionAnswer::Unknown;
        assert!(shown.versions.values().all(|answer| *answer != unclear));
        shown.accepted().collect::<Vec<_>>()
    };
    use TlsVersion::{Tls12, Tls13};
    assert_eq!(accepted(None), [Tls12, Tls13]);
    assert_eq!(accepted(Some(ProtocolVersion::TLSv1_2)), [Tls12]);
    assert_eq!(accepted(Some(ProtocolVersion::TLSv1_3)), [Tls13]);
}

#[test]
fn without_the_question_for_versions_one_connection_is_made() {
    let made = Made::ca("CA", 0).leaf(&["gw1"], 0);
    let (address, _) = serve(&made, Options::default());
    let shown = look_with(address, "gw1", &patient().versions(false));
    assert_eq!(shown.versions.len(), 1);
}

#[test]
#[allow(clippy::print_stderr)]
fn ipv6_is_looked_at_too() {
    let made = Made::ca("CA", 0).leaf(&["::1"], 0);
    let listener = match TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) {
        Ok(listener) => listener,
        Err(error) => {
            eprintln!("not tested: this machine has no IPv6 loopback ({error})");
            return;
        }
    };
    let (address, _) = serve_on(listener, &made, Options::default());
    let shown = look(address, "::1");
    assert_eq!(
        shown.endpoint.to_string(),
        format!("[::1]:{}", address.port())
    );
    assert_eq!(shown.chain, made.chain);
    assert!(shown.handshake.is_ok() && shown.server_name.is_none());
}
