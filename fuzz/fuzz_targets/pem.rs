#![no_main]
//! A PEM text of anybody's making: its blocks, its private key, the store that it is.

use libfuzzer_sys::fuzz_target;
use pki_core::{key::read_private_key, keystore::Keystore, secret::Password, x509::pem_blocks};

fuzz_target!(|data: &[u8]| {
    let _ = pem_blocks(data);
    let _ = read_private_key(data, Some(&Password::new("changeit")));
    let _ = Keystore::decode_unverified(data);
});
