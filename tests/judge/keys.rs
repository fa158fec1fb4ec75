//! Ready-made keys, so that a test needs no key generation and gets the same keys each time.

// `pub` says what is meant for the test binaries that include it.
#![allow(dead_code, unreachable_pub)]

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::Mutex,
};

use pki_core::key::{KeyAlgorithm, KeyError, KeySource, PrivateKey};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};

/// Hands out the keys of `testdata/keys`, for each algorithm in the order of their numbers; after the
/// last one comes the first again.
///
/// Asked from one thread, it answers deterministically.
#[derive(Debug, Default)]
pub struct ReadyKeys {
    taken: Mutex<HashMap<KeyAlgorithm, usize>>,
}

impl ReadyKeys {
    /// All keys, none taken yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The key with a number, counted from 0; `None` behind the last one.
    pub fn key(algorithm: KeyAlgorithm, number: usize) -> Option<PrivateKey> {
        let path = Self::folder().join(format!("{algorithm}-{:02}.pem", number + 1));
        let pem = std::fs::read(path).ok()?;
        let der = PrivatePkcs8KeyDer::from_pem_slice(&pem).ok()?;
        PrivateKey::from_pkcs8(der.secret_pkcs8_der()).ok()
    }

    /// Where the key files are.
    pub fn folder() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/keys")
    }
}

impl KeySource for ReadyKeys {
    /// There is no RSA-4096: [`KeyError::Generation`].
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<PrivateKey, KeyError> {
        let mut taken = self
            .taken
            .lock()
            .map_err(|_| KeyError::Generation { algorithm })?;
        let number = taken.entry(algorithm).or_default();
        if let Some(key) = Self::key(algorithm, *number) {
            *number += 1;
            return Ok(key);
        }
        *number = 1;
        Self::key(algorithm, 0).ok_or(KeyError::Generation { algorithm })
    }
}
