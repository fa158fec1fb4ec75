#![no_main]
//! A PKCS #12 of anybody's making: read with and without a password, its keys opened.

use libfuzzer_sys::fuzz_target;
use pki_core::{
    keystore::{Content, Keystore},
    secret::Password,
};

fuzz_target!(|data: &[u8]| {
    let password = Password::new("changeit");
    let with = Keystore::decode(data, &password);
    let without = Keystore::decode_unverified(data);
    for read in [with, without].into_iter().flatten() {
        for entry in read.keystore.entries() {
            if let Content::PrivateKey { key, .. } = &entry.content {
                let _ = key.open(&password);
            }
        }
    }
});
