//! From an endpoint to a connection.

use std::{
    io,
    net::{SocketAddr, TcpStream, ToSocketAddrs},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use super::{Endpoint, Failure, Stage};

/// The addresses of an endpoint, in the order in which the system would try them.
///
/// The system's resolver cannot be told how long to take, so it works on a thread of its own, which is
/// left behind when time is up and ends when the resolver gives up.
pub(super) fn resolve(endpoint: &Endpoint, timeout: Duration) -> Result<Vec<SocketAddr>, Failure> {
    if endpoint.host().parse::<std::net::IpAddr>().is_ok() {
        return look_up(endpoint);
    }
    let (sender, receiver) = mpsc::channel();
    let asked = endpoint.clone();
    let resolver = thread::Builder::new().spawn(move || {
        // Nobody listens any more if time is up.
        let _ = sender.send(look_up(&asked));
    });
    if let Err(error) = resolver {
        let reason = error.to_string();
        return Err(Failure::Unreachable { reason });
    }
    receiver.recv_timeout(timeout).unwrap_or({
        Err(Failure::TimedOut {
            stage: Stage::Resolve,
            after: timeout,
        })
    })
}

fn look_up(endpoint: &Endpoint) -> Result<Vec<SocketAddr>, Failure> {
    let unknown = |reason: String| Failure::NameUnknown { reason };
    let found = (endpoint.host(), endpoint.port())
        .to_socket_addrs()
        .map_err(|error| unknown(without_prefix(&error.to_string()).to_owned()))?;
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for address in found {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    match addresses.is_empty() {
        true => Err(unknown("it has no address".to_owned())),
        false => Ok(addresses),
    }
}

/// Connects to the first address that answers. Each has its share of the time, so that one that is
/// silent does not keep the others from being tried.
pub(super) fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
) -> Result<(TcpStream, SocketAddr), Failure> {
    let deadline = Instant::now() + timeout;
    let mut worst: Option<Failure> = None;
    for (at, address) in addresses.iter().enumerate() {
        let rest = u32::try_from(addresses.len() - at).unwrap_or(u32::MAX);
        let left = deadline.saturating_duration_since(Instant::now()) / rest;
        // Zero is no timeout that the system takes.
        let share = left.max(Duration::from_millis(1));
        match TcpStream::connect_timeout(address, share) {
            Ok(stream) => {
                // Small messages to and fro: none should wait for the next.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Err(error) => {
                let failure = failure(&error, timeout);
                // That somebody did not answer says more than that nobody listens on the other address.
                if worst.is_none() || matches!(failure, Failure::TimedOut { .. }) {
                    worst = Some(failure);
                }
            }
        }
    }
    Err(worst.unwrap_or(Failure::NameUnknown {
        reason: "it has no address".to_owned(),
    }))
}

fn failure(error: &io::Error, after: Duration) -> Failure {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Failure::Refused,
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => Failure::TimedOut {
            stage: Stage::Connect,
            after,
        },
        _ => Failure::Unreachable {
            reason: error.to_string(),
        },
    }
}

/// The standard library says what it did before it says what came of it.
fn without_prefix(reason: &str) -> &str {
    reason
        .strip_prefix("failed to lookup address information: ")
        .unwrap_or(reason)
}
