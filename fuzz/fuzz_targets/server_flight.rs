#![no_main]
//! What a server says in clear, of anybody's making.

use libfuzzer_sys::fuzz_target;
use pki_core::observe::endpoint::{ServerFlight, TlsVersion};

fuzz_target!(|data: &[u8]| {
    let flight = ServerFlight::read(&mut &data[..]);
    for version in TlsVersion::ALL {
        let _ = flight.answer(version, flight.alert);
    }
    for certificate in &flight.chain {
        let _ = certificate.view();
    }
});
