//! Servers of OpenSSL: `s_server`.

use std::{
    io::{BufRead, BufReader},
    net::{Ipv4Addr, SocketAddr},
    process::{Child, Command, Stdio},
};

use pki_core::{
    keystore::write_pem_certificates,
    observe::endpoint::{ClientIdentity, Demand, TlsVersion, VersionAnswer},
    x509::write_pem,
};

use crate::{
    certificates::Made,
    rustls_server::{look, look_with, patient},
};

/// `openssl s_server` with a chain, until it is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Server {
    fn start(made: &Made, clients: &Made, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        std::fs::write(at("leaf.pem"), write_pem_certificates(&made.chain[..1])).unwrap();
        std::fs::write(at("above.pem"), write_pem_certificates(&made.chain[1..])).unwrap();
        let key = write_pem("PRIVATE KEY", made.key.pkcs8().expose());
        std::fs::write(at("key.pem"), key.expose()).unwrap();
        let trusted = [clients.certificate().clone()];
        std::fs::write(at("clients.pem"), write_pem_certificates(&trusted)).unwrap();
        let mut child = Command::new("openssl")
            .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
            .args(["-cert", "leaf.pem", "-key", "key.pem"])
            .args(["-cert_chain", "above.pem", "-CAfile", "clients.pem"])
            .args(options)
            .current_dir(&folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("`openssl` does not start ({error})"));
        let address = listening(&mut child);
        Self {
            child,
            address,
            _folder: folder,
        }
    }
}

/// The port, which `s_server` says when it listens: `ACCEPT 127.0.0.1:38491`.
fn listening(child: &mut Child) -> SocketAddr {
    let stdout = child.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout).lines().map(Result::unwrap);
    let accept = lines.find_map(|line| {
        let address = line.strip_prefix("ACCEPT ")?;
        let (_, port) = address.rsplit_once(':')?;
        port.parse().ok()
    });
    let port: u16 = accept.expect("`s_server` says where it listens");
    // Nobody reads on; it would stop when the pipe is full.
    std::thread::spawn(move || lines.for_each(drop));
    (Ipv4Addr::LOCALHOST, port).into()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What OpenSSL took before its version 3.
const ANCIENT: &str = "ALL:@SECLEVEL=0";

#[test]
fn a_server_of_tls_1_2_alone_is_seen_with_its_demand_for_a_certificate() {
    let ca = Made::ca("CA", 0);
    let clients = Made::ca("Clients' CA", 1);
    let made = ca.leaf(&["gw1"], 0);
    for (options, demand) in [
        (&["-tls1_2"][..], Demand::None),
        (&["-tls1_2", "-verify", "1"], Demand::Asked),
        (&["-tls1_2", "-Verify", "1"], Demand::Required),
        (&["-tls1_3", "-verify", "1"], Demand::Asked),
        (&["-tls1_3", "-Verify", "1"], Demand::Required),
    ] {
        let server = Server::start(&made, &clients, options);
        let shown = look(server.address, "gw1");
        assert_eq!(shown.chain, made.chain, "{options:?}");
        assert_eq!(
            shown.client_certificate.demand, demand,
            "{options:?}: {shown:?}"
        );
        assert_eq!(shown.handshake.is_ok(), demand != Demand::Required);
        let only = match options[0] {
            "-tls1_2" => TlsVersion::Tls12,
            _ => TlsVersion::Tls13,
        };
        assert_eq!(shown.accepted().collect::<Vec<_>>(), [only]);
        for (version, answer) in &shown.versions {
            assert_eq!(
                *answer == VersionAnswer::Refused,
                *version != only,
                "{shown:?}"
            );
        }

        let client = clients.leaf(&["a client"], 1);
        let identity = ClientIdentity::new(&client.chain, &client.key).unwrap();
        let shown = look_with(server.address, "gw1", &patient().identity(Some(identity)));
        assert!(shown.handshake.is_ok(), "{options:?}: {shown:?}");
    }
}

#[test]
fn a_legacy_server_is_seen_though_no_client_of_today_connects() {
    let ca = Made::ca("CA", 0);
    let made = ca.leaf(&["gw1"], 0);
    let server = Server::start(&made, &ca, &["-tls1", "-cipher", ANCIENT]);
    let shown = look(server.address, "gw1");
    assert!(shown.handshake.is_err());
    assert_eq!(shown.chain, made.chain);
    assert_eq!(shown.accepted().collect::<Vec<_>>(), [TlsVersion::Tls10]);

    // 1.2 with suites that nobody offers any more: Java still connects.
    let cbc = ["-tls1_2", "-cipher", "AES128-SHA:@SECLEVEL=0"];
    let server = Server::start(&made, &ca, &cbc);
    let shown = look(server.address, "gw1");
    assert!(shown.handshake.is_err());
    assert_eq!(shown.chain, made.chain);
    let suite = "TLS_RSA_WITH_AES_128_CBC_SHA".to_owned();
    let accepted = VersionAnswer::Accepted { suite };
    assert_eq!(shown.versions[&TlsVersion::Tls12], accepted);
}

#[test]
fn old_versions_beside_new_ones_are_told() {
    let made = Made::ca("CA", 0).leaf(&["gw1"], 0);
    let server = Server::start(&made, &Made::ca("CA", 0), &["-cipher", ANCIENT]);
    let shown = look(server.address, "gw1");
    assert!(shown.handshake.is_ok());
    assert_eq!(shown.accepted().collect::<Vec<_>>(), TlsVersion::ALL);
}
