//! A read-only view of X.509 certificates (RFC 5280): what is in them, never whether it is right.
//!
//! Reading is lenient. A [`Certificate`] can hold any bytes; [`Certificate::view`] says what they mean,
//! or why they cannot be read. PEM (RFC 7468), which certificates and keys travel in, is read and written
//! here too, because both of them need it. Judging is the work of `path` and
//! `verify`.

mod certificate;
mod constraints;
pub(crate) mod der;
mod fingerprint;
pub(crate) mod name;
mod pem;
mod view;

pub use certificate::{Certificate, Malformed};
pub use constraints::NameConstraints;
pub use fingerprint::Fingerprint;
pub use name::{DistinguishedName, GeneralName};
pub use pem::{PemBlock, PemError, has_pem_block, pem_blocks, write_pem};
pub use view::{BasicConstraints, ExtendedKeyUsage, KeyUsage, PublicKeyAlgorithm, View};
