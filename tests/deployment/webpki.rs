//! rustls as a judge: other code for keys, chains, names and signatures than the library's own.

use std::sync::Arc;

use pki_core::{keystore::Content, x509::Certificate};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection,
    crypto::aws_lc_rs,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use time::OffsetDateTime;

use crate::site::Site;

fn der(certificate: &Certificate) -> CertificateDer<'static> {
    CertificateDer::from(certificate.der().to_vec())
}

fn server(site: &Site, node: &str) -> Arc<ServerConfig> {
    let store = site.store(&format!("nodes/{node}/tls.jks"));
    let (entry, chain) = store.private_keys().next().unwrap();
    let Content::PrivateKey { key, .. } = &entry.content else {
        unreachable!()
    };
    let key = key.open(&store.password).unwrap().pkcs8().expose().to_vec();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            chain.iter().map(der).collect(),
            PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key)),
        );
    Arc::new(config.unwrap())
}

fn client(site: &Site, node: &str) -> Arc<ClientConfig> {
    let store = site.store(&format!("nodes/{node}/client-truststore.jks"));
    let mut roots = RootCertStore::empty();
    for (_, certificate) in store.trusted() {
        roots.add(der(certificate)).unwrap();
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Arc::new(config)
}

fn shake(
    server: &Arc<ServerConfig>,
    client: &Arc<ClientConfig>,
    name: &str,
) -> Result<(), rustls::Error> {
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut client = ClientConnection::new(Arc::clone(client), name)?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    while client.is_handshaking() || server.is_handshaking() {
        let mut wire = Vec::new();
        client.write_tls(&mut wire).unwrap();
        server.read_tls(&mut &wire[..]).unwrap();
        server.process_new_packets()?;
        wire.clear();
        server.write_tls(&mut wire).unwrap();
        client.read_tls(&mut &wire[..]).unwrap();
        client.process_new_packets()?;
    }
    Ok(())
}

#[test]
fn rustls_connects_every_node_to_every_node_of_the_reference_deployment() {
    let mut site = Site::new(include_str!("../../examples/apim-2.6-ha/apim-pki.toml"));
    site.now = OffsetDateTime::now_utc();
    site.settle();
    let topology = site.topology();
    let names: Vec<&str> = topology.nodes().map(|node| node.name.as_str()).collect();
    let clients: Vec<_> = names.iter().map(|node| client(&site, node)).collect();
    for node in topology.nodes() {
        let server = server(&site, &node.name);
        for client in &clients {
            shake(&server, client, &node.host.to_string()).unwrap();
        }
        shake(&server, &clients[0], "localhost").unwrap();
        let wrong = shake(&server, &clients[0], "elsewhere.example.com").unwrap_err();
        assert!(
            matches!(wrong, rustls::Error::InvalidCertificate(_)),
            "{wrong}"
        );
    }
}
