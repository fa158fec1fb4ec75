//! A read-only view of X.509 certificates (RFC 5280): what is in them, never whether it is right.
//!
//! Reading is lenient. A [`Certificate`] can hold any bytes; [`Certificate::view`] says what they mean,
//! or why they cannot be read. PEM (RFC 7468), which certificates and keys travel in, is read and written
//! here too, because both of them need it. Judging is the work of `path` and
//! `verify`.
//!
//! ```
//! use pki_core::x509::{Certificate, GeneralName, pem_blocks};
//!
//! let pem = "
//! -----BEGIN CERTIFICATE-----
//! MIIBeDCCAR6gAwIBAgIJAMyLkhMrT6CGMAoGCCqGSM49BAMDMCExEDAOBgNVBAoT
//! B0V4YW1wbGUxDTALBgNVBAMTBG5vZGUwIBcNMjYxMTIzMDcwOTUyWhgPMjEyNjEw
//! MzAwNzA5NTJaMCExEDAOBgNVBAoTB0V4YW1wbGUxDTALBgNVBAMTBG5vZGUwWTAT
//! BgcqhkjOPQIBBggqhkjOPQMBBwNCAARZnTyRo3+wLcNQ/+H6WDbvSEXqTuKPLRMq
//! kG70+FiQ1K+qW/Hj3LN74DQz0X+8M/++ChA6oXaLodGJ83VVnJqZoz0wOzAdBgNV
//! HQ4EFgQUiYXwVbamo4g4LjGi/YjNBwlRO7wwGgYDVR0RBBMwEYIPZ3cxLmV4YW1w
//! bGUuY29tMAoGCCqGSM49BAMDA0gAMEUCIQCdYEcE5As016ImcKzMVKAoB+H2eF3D
//! oLx60bEPddyOuAIgIh7hDGvX6mDdjrNXl2z022P/g7qQ7mIY3c2LceXN5Ok=
//! -----END CERTIFICATE-----
//! ";
//! let blocks = pem_blocks(pem.as_bytes())?;
//! let certificate = Certificate::from_der(blocks[0].der.expose().to_vec());
//! let view = certificate.view().map_err(Clone::clone)?;
//! assert_eq!(view.subject.to_string(), "CN=node,O=Example");
//! assert_eq!(view.names(), [GeneralName::Dns("gw1.example.com".into())]);
//! assert_eq!(view.public_key.bits(), 256);
//! assert!(!view.is_ca());
//!
//! // What cannot be read stays what it is.
//! let junk = Certificate::from_der(b"junk".to_vec());
//! assert!(junk.view().is_err());
//! assert_eq!(junk.der().as_ref(), b"junk");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certificate;
mod constraints;
pub(crate) mod der;
mod fingerprint;
mod moment;
pub(crate) mod name;
mod pem;
mod reader;
mod view;

pub use certificate::{Certificate, Malformed};
pub use constraints::NameConstraints;
pub use fingerprint::Fingerprint;
pub use moment::moment;
pub use name::{DistinguishedName, GeneralName};
pub use pem::{PemBlock, PemError, has_pem_block, pem_blocks, write_pem};
pub use view::{BasicConstraints, ExtendedKeyUsage, KeyUsage, PublicKeyAlgorithm, View};
