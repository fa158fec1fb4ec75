//! A read-only view of X.509 certificates (RFC 5280): what is in them, never whether it is right.
//!
//! Reading is lenient. A [`Certificate`] can hold any bytes; [`Certificate::view`] says what they mean,
//! or why they cannot be read. Judging is the work of `path` and
//! `verify`.

mod certificate;
mod fingerprint;
mod name;
mod view;

pub use certificate::{Certificate, Malformed};
pub use fingerprint::Fingerprint;
pub use name::{DistinguishedName, GeneralName};
pub use view::{BasicConstraints, ExtendedKeyUsage, KeyUsage, PublicKeyAlgorithm, View};
