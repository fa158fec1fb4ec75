use std::{collections::BTreeMap, fmt, net::SocketAddr};

use super::{Alert, Endpoint, Failure};
use crate::x509::{Certificate, DistinguishedName};

/// What was seen of one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Observation {
    /// Where.
    pub endpoint: Endpoint,
    /// The name that was asked for in the handshake (SNI, RFC 6066 section 3); `None`: none, since
    /// the host is an address.
    pub server_name: Option<String>,
    /// The address that answered; `None` if none did.
    pub address: Option<SocketAddr>,
    /// What came of the handshake of a client of today: TLS 1.2 and 1.3, AEAD suites with forward secrecy.
    pub handshake: Result<Session, Failure>,
    /// The chain as it was presented, end-entity certificate first, whatever became of the handshake.
    /// Empty if it did not come that far.
    pub chain: Vec<Certificate>,
    /// True if the chain was not seen in that handshake, but in the clear answer to the offer of an older
    /// version or older suites.
    pub seen_in_clear: bool,
    /// Whether the server has the key of the certificate that it presents.
    pub key: KeyProof,
    /// The protocol versions that were asked for, one by one.
    pub versions: BTreeMap<TlsVersion, VersionAnswer>,
    /// Whether the server asks for a certificate of the client.
    pub client_certificate: ClientCertificate,
}

impl Observation {
    /// Nothing seen but that it failed.
    pub fn failed(endpoint: Endpoint, failure: Failure) -> Self {
        Self {
            endpoint,
            server_name: None,
            address: None,
            handshake: Err(failure),
            chain: Vec::new(),
            seen_in_clear: false,
            key: KeyProof::Unknown,
            versions: BTreeMap::new(),
            client_certificate: ClientCertificate::default(),
        }
    }

    /// True if there is nothing to judge: nobody answered, or nothing that can be looked at.
    pub fn is_unseen(&self) -> bool {
        self.chain.is_empty() && self.handshake.as_ref().is_err_and(Failure::is_unseen)
    }

    /// The versions that the server takes, oldest first.
    pub fn accepted(&self) -> impl Iterator<Item = TlsVersion> {
        self.versions
            .iter()
            .filter(|(_, answer)| matches!(answer, VersionAnswer::Accepted { .. }))
            .map(|(version, _)| *version)
    }
}

/// A handshake that was completed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The version that both chose.
    pub version: TlsVersion,
    /// The cipher suite, by its name in IANA's registry.
    pub suite: String,
}

impl Session {
    /// A version and a suite.
    pub fn new(version: TlsVersion, suite: impl Into<String>) -> Self {
        Self {
            version,
            suite: suite.into(),
        }
    }
}

/// A version of TLS, oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TlsVersion {
    /// RFC 2246.
    Tls10,
    /// RFC 4346.
    Tls11,
    /// RFC 5246.
    Tls12,
    /// RFC 8446.
    Tls13,
}

impl TlsVersion {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::Tls10, Self::Tls11, Self::Tls12, Self::Tls13];

    /// The name that Java and the product's configuration use.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tls10 => "TLSv1",
            Self::Tls11 => "TLSv1.1",
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        }
    }

    /// True for what RFC 8996 forbids.
    pub const fn is_deprecated(self) -> bool {
        matches!(self, Self::Tls10 | Self::Tls11)
    }
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// What a server says to one version of TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VersionAnswer {
    /// It goes on with it.
    Accepted {
        /// The cipher suite that it chose, by its name in IANA's registry.
        suite: String,
    },
    /// It does not.
    Refused,
    /// It could not be told.
    Unknown,
}

/// Whether a server asks for a certificate of the client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientCertificate {
    /// How much it wants one.
    pub demand: Demand,
    /// The issuers that it takes, as it names them; none: it does not say.
    pub issuers: Vec<DistinguishedName>,
    /// The certificate that was given to it.
    pub given: Option<Certificate>,
}

/// How much a server wants a certificate of the client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Demand {
    /// It did not ask, or it did not come that far.
    #[default]
    None,
    /// It asks, and goes on without; or it was given one, so that nobody knows.
    Asked,
    /// It asks, and does not go on without.
    Required,
}

/// Whether a server has the private key of the certificate that it presents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyProof {
    /// Its signature in the handshake is by that key.
    Proven,
    /// It did not come that far, or the signature cannot be checked here (RSA under 2048 bits, a
    /// certificate of version 1).
    Unknown,
    /// Its signature is by another key: nobody connects.
    Wrong,
}

impl From<Alert> for Failure {
    fn from(alert: Alert) -> Self {
        Self::Alert { alert }
    }
}
