#![no_main]
//! A JCEKS of anybody's making: its serialized secret keys walked through, its private keys opened.

use libfuzzer_sys::fuzz_target;
use pki_core::{
    keystore::{Content, Keystore},
    secret::Password,
};

fuzz_target!(|data: &[u8]| {
    // The format is told by these four bytes; the fuzzer need not find them.
    let bytes = [&[0xCE, 0xCE, 0xCE, 0xCE], data].concat();
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
