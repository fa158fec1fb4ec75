#![no_main]
//! A BKS of anybody's making: read with and without its password, its keys opened.

use libfuzzer_sys::fuzz_target;
use pki_core::{
    keystore::{Content, Keystore},
    secret::Password,
};

fuzz_target!(|data: &[u8]| {
    // Version, salt and one iteration: what the format is told by, and what makes a MAC cheap.
    let bytes = [&[0, 0, 0, 2, 0, 0, 0, 20][..], &[7; 20], &[0, 0, 0, 1], data].concat();
    let password = Password::new("changeit");
    let _ = Keystore::decode(&bytes, &password);
    let Ok(read) = Keystore::decode_unverified(&bytes) else {
        return;
    };
    for entry in read.keystore.entries() {
        if let Content::PrivateKey { key, .. } = &entry.content {
            let _ = key.open(&password);
        }
    }
});
