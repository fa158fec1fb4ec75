//! A handshake that records what it is shown and refuses nothing: judging is not its work.

use std::{
    io::{self, Read},
    sync::Arc,
    time::Duration,
};

use rustls::{
    ClientConfig, ClientConnection, Error, PeerIncompatible, ProtocolVersion,
    client::{ResolvesClientCert, Resumption, danger::ServerCertVerifier},
};
use rustls_pki_types::ServerName;

use super::{
    Alert, ClientCertificate, ClientIdentity, Demand, Failure, KeyProof, Protocol, Session, Stage,
    TlsVersion, flight::suite_name, recorder::Recorder, wire::Wire,
};
use crate::x509::Certificate;

/// What a handshake showed.
pub(super) struct Shown {
    pub(super) result: Result<Session, Failure>,
    /// The version that the server chose, if it came that far.
    pub(super) chosen: Option<Session>,
    pub(super) chain: Vec<Certificate>,
    pub(super) key: KeyProof,
    pub(super) client_certificate: ClientCertificate,
}

/// Does the handshake of a client of today. `timeout` is how long it was given, for the message.
pub(super) fn shake(
    wire: &mut Wire,
    name: ServerName<'static>,
    identity: Option<&ClientIdentity>,
    timeout: Duration,
) -> Shown {
    let seen = Arc::new(Recorder::new(identity));
    let (result, chosen) = match connection(&seen, name) {
        Ok(mut connection) => {
            let result = complete(&mut connection, wire, &seen, timeout);
            (result, session(&connection))
        }
        Err(error) => {
            let reason = error.to_string();
            (Err(Failure::Protocol { reason }), None)
        }
    };
    let seen = seen.lock();
    let mut client_certificate = ClientCertificate {
        demand: match (&result, seen.asked) {
            (Err(Failure::CertificateRequired { .. }), _) => Demand::Required,
            (_, true) => Demand::Asked,
            (_, false) => Demand::None,
        },
        issuers: seen.issuers.clone(),
        given: None,
    };
    if seen.asked {
        client_certificate.given = identity.map(|identity| identity.certificate().clone());
    }
    Shown {
        result,
        chosen,
        chain: seen.chain.clone(),
        key: seen.key,
        client_certificate,
    }
}

fn connection(
    seen: &Arc<Recorder>,
    name: ServerName<'static>,
) -> Result<ClientConnection, rustls::Error> {
    let mut config = ClientConfig::builder_with_provider(Arc::clone(&seen.provider))
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::clone(seen) as Arc<dyn ServerCertVerifier>)
        .with_client_cert_resolver(Arc::clone(seen) as Arc<dyn ResolvesClientCert>);
    // Each look is the first.
    config.resumption = Resumption::disabled();
    ClientConnection::new(Arc::new(config), name)
}

fn complete(
    connection: &mut ClientConnection,
    wire: &mut Wire,
    seen: &Recorder,
    timeout: Duration,
) -> Result<Session, Failure> {
    while connection.is_handshaking() {
        if let Err(error) = connection.complete_io(wire) {
            let error = last_words(connection, wire).unwrap_or(error);
            return Err(failure(&error, wire, seen, timeout));
        }
    }
    let session = session(connection).ok_or_else(|| Failure::Protocol {
        reason: "no version was agreed on".to_owned(),
    })?;
    connection.send_close_notify();
    let sent = connection.write_tls(wire);
    // From 1.3 on the server looks at the client's certificate when the client is through.
    if session.version == TlsVersion::Tls13 && seen.lock().asked && sent.is_ok() {
        verdict(connection, wire, seen, timeout)?;
    }
    Ok(session)
}

/// A server that says no and hangs up may do so before the client has said all: then writing fails, and
/// why is still there to be read.
fn last_words(connection: &mut ClientConnection, wire: &mut Wire) -> Option<io::Error> {
    while let Ok(1..) = connection.read_tls(wire) {
        if let Err(error) = connection.process_new_packets() {
            return Some(io::Error::new(io::ErrorKind::InvalidData, error));
        }
    }
    None
}

/// Waits for what the server says about the client's certificate, or about its absence: an alert, or a
/// sign that it goes on. A server that says nothing while there is time goes on.
fn verdict(
    connection: &mut ClientConnection,
    wire: &mut Wire,
    seen: &Recorder,
    timeout: Duration,
) -> Result<(), Failure> {
    while connection.tls13_tickets_received() == 0 {
        match connection.read_tls(wire) {
            Ok(1..) => {}
            _ => return Ok(()),
        }
        match connection.process_new_packets() {
            Ok(state) if state.peer_has_closed() => return Ok(()),
            Ok(state) if state.plaintext_bytes_to_read() > 0 => {
                // What a server says first is none of our business.
                let mut nothing = vec![0; state.plaintext_bytes_to_read()];
                let _ = connection.reader().read(&mut nothing);
                return Ok(());
            }
            Ok(_) => {}
            Err(error) => {
                let error = io::Error::new(io::ErrorKind::InvalidData, error);
                return Err(failure(&error, wire, seen, timeout));
            }
        }
    }
    Ok(())
}

fn session(connection: &ClientConnection) -> Option<Session> {
    let version = match connection.protocol_version()? {
        ProtocolVersion::TLSv1_2 => TlsVersion::Tls12,
        ProtocolVersion::TLSv1_3 => TlsVersion::Tls13,
        _ => return None,
    };
    let suite = connection.negotiated_cipher_suite()?.suite();
    Some(Session::new(version, suite_name(suite)))
}

/// What an error of the handshake means.
fn failure(error: &io::Error, wire: &Wire, seen: &Recorder, timeout: Duration) -> Failure {
    let tls = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Error>());
    let answer = wire.head();
    if !answer.is_empty() && !looks_like_tls(answer) {
        return Failure::NotTls {
            looks_like: Protocol::of(answer),
            answer: answer.escape_ascii().to_string(),
        };
    }
    let asked = seen.lock().asked;
    let about_client = |alert| match (asked, seen.has_identity()) {
        (true, false) => Some(Failure::CertificateRequired { alert }),
        (true, true) => Some(Failure::CertificateRefused { alert }),
        (false, _) => None,
    };
    match (tls, error.kind()) {
        (Some(Error::AlertReceived(alert)), _) => {
            let alert = Alert(u8::from(*alert));
            about_client(Some(alert)).unwrap_or(Failure::Alert { alert })
        }
        (Some(Error::PeerIncompatible(reason)), _) => Failure::Incompatible {
            reason: match reason {
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig => {
                    "it chose a version before TLS 1.2".to_owned()
                }
                other => format!("{other:?}"),
            },
        },
        (Some(error), _) => Failure::Protocol {
            reason: error.to_string(),
        },
        (None, io::ErrorKind::TimedOut) => Failure::TimedOut {
            stage: Stage::Handshake,
            after: timeout,
        },
        (None, kind) if CLOSED.contains(&kind) => {
            let received = wire.received();
            about_client(None).unwrap_or(Failure::Closed { received })
        }
        (None, _) => Failure::Protocol {
            reason: error.to_string(),
        },
    }
}

/// A record of TLS begins with its kind and the major version 3 (RFC 8446 section 5.1).
fn looks_like_tls(answer: &[u8]) -> bool {
    matches!(answer, [20..=23] | [20..=23, 3, ..])
}

const CLOSED: [io::ErrorKind; 4] = [
    io::ErrorKind::UnexpectedEof,
    io::ErrorKind::ConnectionReset,
    io::ErrorKind::ConnectionAborted,
    io::ErrorKind::BrokenPipe,
];
