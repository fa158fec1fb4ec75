//! Certificates of the usual size, as many as a bench wants, and the password of the stores that they are in.

// `pub` says what is meant for the benches that include it.
#![allow(unreachable_pub)]
#![allow(clippy::unwrap_used, reason = "a bench ends where something is wrong")]

use std::fs;

use pki_core::{keystore::read_pem_certificates, x509::Certificate};

use crate::measure::root;

/// A certificate of `testdata/cli`.
pub fn pattern(name: &str) -> Certificate {
    let pem = fs::read(root().join("testdata/cli").join(name)).unwrap();
    read_pem_certificates(&pem).unwrap().remove(0)
}

/// One certificate a number: the same but for the last bytes of its signature.
pub fn certificate(pattern: &Certificate, number: usize) -> Certificate {
    let mut der = pattern.der().to_vec();
    let at = der.len() - 4;
    der[at..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    Certificate::from_der(der)
}

pub const PASSWORD: &str = "a-bench-password-of-32-characters";
