//! A server of rustls on a port of its own.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use pki_core::observe::endpoint::{Endpoint, Observation, Settings, Target, probe};
use rustls::{
    ProtocolVersion, ServerConfig, ServerConnection, SupportedProtocolVersion,
    crypto::aws_lc_rs,
    server::WebPkiClientVerifier,
    sign::{CertifiedKey, SingleCertAndKey},
    version::{TLS12, TLS13},
};

use crate::certificates::Made;

/// What a server does that is not said to do otherwise.
#[derive(Clone, Copy, Default)]
pub(crate) struct Options<'a> {
    /// `None`: 1.2 and 1.3.
    pub(crate) version: Option<ProtocolVersion>,
    /// Whose clients it asks for, and whether it goes on without.
    pub(crate) clients_of: Option<(&'a Made, bool)>,
}

/// What a server saw.
#[derive(Default)]
pub(crate) struct Seen {
    /// The server names that it was asked for, one for each connection whose handshake it completed.
    pub(crate) names: Vec<Option<String>>,
    /// How many certificates its clients showed.
    pub(crate) client_certificates: usize,
}

/// Serves until the test ends.
pub(crate) fn serve(made: &Made, options: Options<'_>) -> (SocketAddr, Arc<Mutex<Seen>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    serve_on(listener, made, options)
}

pub(crate) fn serve_on(
    listener: TcpListener,
    made: &Made,
    options: Options<'_>,
) -> (SocketAddr, Arc<Mutex<Seen>>) {
    let versions: &[&SupportedProtocolVersion] = match options.version {
        None => &[&TLS12, &TLS13],
        Some(ProtocolVersion::TLSv1_2) => &[&TLS12],
        _ => &[&TLS13],
    };
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(versions)
        .unwrap();
    let builder = match options.clients_of {
        None => builder.with_no_client_auth(),
        Some((ca, required)) => {
            let mut roots = rustls::RootCertStore::empty();
            roots.add(ca.certificate().der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            let verifier = match required {
                true => verifier.build(),
                false => verifier.allow_unauthenticated().build(),
            };
            builder.with_client_cert_verifier(verifier.unwrap())
        }
    };
    // Whether the key is the certificate's is not looked at: a server that has another is tested too.
    let key = aws_lc_rs::sign::any_supported_type(&made.key_der()).unwrap();
    let certified = CertifiedKey::new(made.ders(), key);
    let resolver = SingleCertAndKey::from(certified);
    let config = Arc::new(builder.with_cert_resolver(Arc::new(resolver)));
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Seen::default()));
    let notes = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (config, notes) = (Arc::clone(&config), Arc::clone(&notes));
            thread::spawn(move || answer(stream.unwrap(), config, &notes));
        }
    });
    (address, seen)
}

fn answer(mut stream: TcpStream, config: Arc<ServerConfig>, seen: &Mutex<Seen>) {
    let mut connection = ServerConnection::new(config).unwrap();
    while connection.is_handshaking() {
        if connection.complete_io(&mut stream).is_err() {
            return;
        }
    }
    {
        let mut seen = seen.lock().unwrap();
        seen.names.push(connection.server_name().map(str::to_owned));
        let shown = connection.peer_certificates();
        seen.client_certificates += shown.map_or(0, <[_]>::len);
    }
    let mut tls = rustls::Stream::new(&mut connection, &mut stream);
    let _ = tls.read(&mut [0; 64]);
    let _ = tls.flush();
}

/// Looks at a port of this machine by a name.
pub(crate) fn look(address: SocketAddr, name: &str) -> Observation {
    look_with(address, name, &patient())
}

/// With time enough for a JVM on a busy machine.
pub(crate) fn patient() -> Settings {
    Settings::within(Duration::from_secs(60))
}

/// The same, and how.
pub(crate) fn look_with(address: SocketAddr, name: &str, settings: &Settings) -> Observation {
    let name = name.parse::<IpAddr>().is_err().then(|| name.to_owned());
    probe(&Target::new(endpoint(address)).name(name), settings)
}

/// An address as an endpoint.
pub(crate) fn endpoint(address: SocketAddr) -> Endpoint {
    address.to_string().parse().unwrap()
}
