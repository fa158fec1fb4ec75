#![no_main]
//! Certificates of anybody's making: DER, PKCS #7 in DER and BER, or the format that the bytes look like.

use libfuzzer_sys::fuzz_target;
use pki_core::keystore::{Keystore, read_certificates};

fuzz_target!(|data: &[u8]| {
    if let Ok(certificates) = read_certificates(data) {
        for certificate in certificates {
            let _ = certificate.view();
        }
    }
    let _ = Keystore::decode_unverified(data);
});
