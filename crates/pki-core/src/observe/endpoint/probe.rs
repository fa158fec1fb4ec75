use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    num::NonZero,
    time::{Duration, Instant},
};

use rustls_pki_types::ServerName;

use super::{
    ClientIdentity, Demand, Endpoint, Failure, Observation, TlsVersion, VersionAnswer,
    connect::{connect, resolve},
    handshake::{self, Shown},
    hello,
    wire::Wire,
};
use crate::parallel;

/// What to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Target {
    /// Where to connect.
    pub endpoint: Endpoint,
    /// The name to ask for, where it is not the endpoint's host: a balancer's name at a node's address.
    pub name: Option<String>,
}

impl Target {
    /// An endpoint, asked for by its host.
    pub fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            name: None,
        }
    }

    /// Asked for by another name.
    #[must_use]
    pub fn name(mut self, name: Option<String>) -> Self {
        self.name = name;
        self
    }

    /// The name that goes into the handshake: RFC 6066 section 3 has no addresses there.
    fn server_name(&self) -> Result<ServerName<'static>, Failure> {
        let address = |address: IpAddr| Ok(ServerName::IpAddress(address.into()));
        match (&self.name, self.endpoint.ip()) {
            (None, Some(ip)) => address(ip),
            (name, _) => {
                let name = name.as_deref().unwrap_or(self.endpoint.host());
                ServerName::try_from(name.to_owned()).map_err(|_| Failure::NameUnknown {
                    reason: format!("`{name}` is no host name"),
                })
            }
        }
    }
}

/// How long, how many, and who is asking.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Settings {
    /// For looking up a name, and again for connecting.
    pub connect: Duration,
    /// For each handshake.
    pub handshake: Duration,
    /// For all that is done with one endpoint.
    pub whole: Duration,
    /// Endpoints that are looked at at the same time, each on a thread.
    pub parallel: NonZero<usize>,
    /// Whether to ask for each version of TLS: up to three connections more.
    pub versions: bool,
    /// What is shown to a server that asks for a certificate.
    pub identity: Option<ClientIdentity>,
}

impl Settings {
    /// `timeout` for connecting and for each handshake, four times that for one endpoint.
    pub fn within(timeout: Duration) -> Self {
        Self {
            connect: timeout,
            handshake: timeout,
            whole: timeout.saturating_mul(4),
            parallel: PARALLEL,
            versions: true,
            identity: None,
        }
    }

    /// With a certificate and key for servers that ask.
    #[must_use]
    pub fn identity(mut self, identity: Option<ClientIdentity>) -> Self {
        self.identity = identity;
        self
    }

    /// With or without a question for each version of TLS.
    #[must_use]
    pub fn versions(mut self, versions: bool) -> Self {
        self.versions = versions;
        self
    }

    /// On this many threads at most.
    #[must_use]
    pub fn parallel(mut self, parallel: NonZero<usize>) -> Self {
        self.parallel = parallel;
        self
    }
}

impl Default for Settings {
    /// Five seconds.
    fn default() -> Self {
        Self::within(Duration::from_secs(5))
    }
}

/// Looks at endpoints, several at a time; observations in the order of the targets. `seen` hears of each
/// one when it is through, from several threads.
pub fn probe_all(
    targets: &[Target],
    settings: &Settings,
    seen: &(dyn Fn() + Sync),
) -> Vec<Observation> {
    parallel::map_on(settings.parallel, targets, |target| {
        let observation = probe(target, settings);
        seen();
        observation
    })
}

/// Looks at one endpoint. It never fails: what went wrong is in the observation.
///
/// ```
/// use std::{net::TcpListener, thread};
/// use pki_core::observe::endpoint::{Failure, Settings, Target, probe};
///
/// // A port that hangs up at once.
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let target = Target::new(listener.local_addr()?.to_string().parse()?);
/// thread::spawn(move || drop(listener.accept()));
///
/// let seen = probe(&target, &Settings::default());
/// assert_eq!(seen.handshake, Err(Failure::Closed { received: 0 }));
/// assert!(seen.is_unseen());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn probe(target: &Target, settings: &Settings) -> Observation {
    let mut observation = Observation::failed(target.endpoint.clone(), Failure::Refused);
    let mut look = || -> Result<(), Failure> {
        let name = target.server_name()?;
        if let ServerName::DnsName(name) = &name {
            observation.server_name = Some(name.as_ref().to_owned());
        }
        let budget = Budget::new(settings);
        let addresses = resolve(&target.endpoint, budget.of(settings.connect))?;
        let (stream, address) = connect(&addresses, budget.of(settings.connect))?;
        observation.address = Some(address);
        let time = budget.of(settings.handshake);
        let mut wire = Wire::new(stream, Instant::now() + time);
        let shown = handshake::shake(&mut wire, name, settings.identity.as_ref(), time);
        observation.take(shown);
        if settings.versions {
            observation.ask_versions(address, settings, &budget);
        }
        Ok(())
    };
    if let Err(failure) = look() {
        observation.handshake = Err(failure);
    }
    observation
}

impl Observation {
    fn take(&mut self, shown: Shown) {
        self.versions = versions(&shown);
        self.handshake = shown.result;
        self.chain = shown.chain;
        self.key = shown.key;
        self.client_certificate = shown.client_certificate;
    }

    /// Asks for each version that the handshake says nothing of, newest first. A server that would not
    /// answer a question answers no other.
    fn ask_versions(&mut self, address: SocketAddr, settings: &Settings, budget: &Budget) {
        let silent = |failure: &Failure| {
            matches!(
                failure,
                Failure::NotTls { .. } | Failure::TimedOut { .. } | Failure::Closed { received: 0 }
            )
        };
        if self.handshake.as_ref().is_err_and(silent) && self.chain.is_empty() {
            return;
        }
        let always = match self.handshake {
            Err(Failure::Alert { alert }) => Some(alert),
            _ => None,
        };
        for version in [TlsVersion::Tls12, TlsVersion::Tls11, TlsVersion::Tls10] {
            if self.versions.contains_key(&version) {
                continue;
            }
            let Ok((stream, _)) = connect(&[address], budget.of(settings.connect)) else {
                self.versions.insert(version, VersionAnswer::Unknown);
                continue;
            };
            let deadline = Instant::now() + budget.of(settings.handshake);
            let mut wire = Wire::new(stream, deadline);
            let flight = hello::ask(&mut wire, version, self.server_name.as_deref());
            self.versions
                .insert(version, flight.answer(version, always));
            // Of a server that speaks nothing newer this is all that is seen.
            if self.chain.is_empty() && !flight.chain.is_empty() {
                self.chain = flight.chain;
                self.seen_in_clear = true;
                if let Some(issuers) = flight.client_issuers {
                    self.client_certificate.demand = Demand::Asked;
                    self.client_certificate.issuers = issuers;
                }
            }
        }
    }
}

/// What one handshake says of versions. It offered 1.2 and 1.3, and a server takes the best.
fn versions(shown: &Shown) -> BTreeMap<TlsVersion, VersionAnswer> {
    let mut versions = BTreeMap::new();
    let accepted = |suite: &str| VersionAnswer::Accepted {
        suite: suite.to_owned(),
    };
    match (&shown.chosen, &shown.result) {
        (Some(session), _) => {
            versions.insert(session.version, accepted(&session.suite));
            if session.version == TlsVersion::Tls12 {
                versions.insert(TlsVersion::Tls13, VersionAnswer::Refused);
            }
        }
        (None, Err(Failure::Incompatible { .. })) => {
            versions.insert(TlsVersion::Tls13, VersionAnswer::Refused);
        }
        (None, Err(Failure::Alert { alert })) if alert.is_about_parameters() => {
            versions.insert(TlsVersion::Tls13, VersionAnswer::Refused);
        }
        (None, _) => {
            versions.insert(TlsVersion::Tls13, VersionAnswer::Unknown);
        }
    }
    versions
}

/// The time that is left for one endpoint.
struct Budget(Instant);

impl Budget {
    fn new(settings: &Settings) -> Self {
        Self(Instant::now() + settings.whole)
    }

    /// This much, or what is left.
    fn of(&self, wanted: Duration) -> Duration {
        let left = self.0.saturating_duration_since(Instant::now());
        wanted.min(left)
    }
}

/// Threads that wait cost little. Of 200 silent endpoints each sees its turn within four timeouts.
const PARALLEL: NonZero<usize> = match NonZero::new(64) {
    Some(threads) => threads,
    None => NonZero::<usize>::MIN,
};
