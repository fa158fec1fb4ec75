#![no_main]
//! An encrypted value of anybody's making: taken apart, and opened with keys that are not its own.

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use pki_core::{
    key::{Generated, KeyAlgorithm, KeySource as _},
    wso2::vault::{OpeningKey, Sealed, SymmetricKey},
};

fuzz_target!(|data: &[u8]| {
    static KEYS: OnceLock<Vec<OpeningKey>> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let rsa = Generated.generate(KeyAlgorithm::Rsa2048).ok();
        let rsa = rsa.and_then(|key| OpeningKey::rsa(&key).ok());
        let symmetric = OpeningKey::Symmetric(SymmetricKey::built_in());
        rsa.into_iter().chain([symmetric]).collect()
    });
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(sealed) = Sealed::parse(text) {
        let _ = (sealed.named_cipher(), sealed.is_empty(), sealed.to_string());
        for key in keys {
            let _ = sealed.open(key, None);
        }
    }
});
