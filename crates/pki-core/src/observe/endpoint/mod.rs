//! Live servers: what a TLS handshake with one shows.
//!
//! An [`Observation`] is a value: chain as presented, versions, suite, whether a client certificate is
//! asked for, and if it did not come that far, why ([`Failure`]). Nothing is judged here, and no
//! certificate is refused: what would be refused is what one wants to see. Judging is the work of
//! `verify`.
//!
//! Sockets are opened with the feature `probe` alone; the values are there without it.
//!
//! | need | entry point |
//! | --- | --- |
//! | read `HOST:PORT` | [`Endpoint`] |
//! | look at one, at many | `probe`, `probe_all` |
//! | how long, how many at a time | `Settings` |
//! | what a server says in clear, from a capture | `ServerFlight` |
//! | mutual TLS with a key straight from a store | `ClientIdentity` |

mod address;
mod alert;
#[cfg(feature = "probe")]
mod connect;
mod failure;
#[cfg(feature = "probe")]
mod flight;
#[cfg(feature = "probe")]
mod handshake;
#[cfg(feature = "probe")]
mod hello;
#[cfg(feature = "probe")]
mod identity;
mod observation;
#[cfg(feature = "probe")]
mod probe;
#[cfg(feature = "probe")]
mod recorder;
#[cfg(feature = "probe")]
mod wire;

pub use address::{Endpoint, InvalidEndpoint};
pub use alert::Alert;
pub use failure::{Failure, Protocol, Stage};
#[cfg(feature = "probe")]
pub use flight::ServerFlight;
#[cfg(feature = "probe")]
pub use identity::{ClientIdentity, IdentityError};
pub use observation::{
    ClientCertificate, Demand, KeyProof, Observation, Session, TlsVersion, VersionAnswer,
};
#[cfg(feature = "probe")]
pub use probe::{Settings, Target, probe, probe_all};
