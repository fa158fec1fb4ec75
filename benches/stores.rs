//! How fast stores are read and written, up to a truststore of 100,000 certificates.
//!
//! ```sh
//! cargo bench -p pki-core --bench stores
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

#[path = "../tests/judge/keys.rs"]
mod keys;
mod measure;

use keys::ReadyKeys;
use measure::{Cost, median_cost, print_cost};
use pki_core::{
    key::{KeyAlgorithm, SystemRandom},
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile, SealedKey},
    secret::Password,
    x509::Certificate,
};

fn main() {
    for certificates in [0, 150, 100_000] {
        let runs = if certificates > 1000 { 5 } else { 31 };
        for encoding in [
            Encoding::Jks,
            Encoding::Pkcs12(Pkcs12Profile::Modern),
            Encoding::Pkcs12(Pkcs12Profile::Java8),
        ] {
            store(encoding, certificates, runs);
        }
    }
}

fn store(encoding: Encoding, certificates: usize, runs: usize) {
    let password = Password::new("a-bench-password-of-32-characters");
    let pattern = pattern();
    let mut store = Keystore::new();
    for number in 0..certificates {
        store.push(Entry::trusted(
            format!("ca-{number}"),
            certificate(&pattern, number),
        ));
    }
    if certificates == 0 {
        let key = ReadyKeys::key(KeyAlgorithm::Rsa2048, 0).unwrap();
        let protection = encoding.protection();
        let sealed = SealedKey::seal(&key, &password, protection, &mut SystemRandom).unwrap();
        let chain = vec![certificate(&pattern, 0), certificate(&pattern, 1)];
        store.push(Entry::private_key("tls", sealed, chain));
    }
    let bytes = store
        .encode(encoding, &password, &mut SystemRandom)
        .unwrap();
    let what = match certificates {
        0 => "one key with its chain".to_owned(),
        n => format!("{n} certificates"),
    };
    let size = bytes.expose().len();
    measure::print_head(&format!("{encoding:?}, {what}, {} kB", size / 1024));
    let times = |work: &dyn Fn()| {
        let costs: Vec<Cost> = (0..runs).map(|_| Cost::of(work).1).collect();
        median_cost(&costs)
    };
    let report = |name: &str, cost: Cost| {
        print_cost(name, cost);
        if certificates > 1000 {
            let seconds = cost.cpu.as_secs_f64();
            let each = certificates as f64 / seconds;
            let megabytes = size as f64 / seconds / 1e6;
            println!("    {each:.0} certificates/s, {megabytes:.0} MB/s");
        }
    };
    report(
        "write",
        times(&|| {
            drop(
                store
                    .encode(encoding, &password, &mut SystemRandom)
                    .unwrap(),
            )
        }),
    );
    report(
        "read",
        times(&|| drop(Keystore::decode(bytes.expose(), &password).unwrap())),
    );
}

/// A certificate of the usual size.
fn pattern() -> Vec<u8> {
    let key = ReadyKeys::key(KeyAlgorithm::Rsa2048, 0).unwrap();
    let key = rcgen::KeyPair::try_from(key.pkcs8().expose()).unwrap();
    let names = vec!["gateway.apim.example.com".to_owned()];
    let params = rcgen::CertificateParams::new(names).unwrap();
    params.self_signed(&key).unwrap().der().to_vec()
}

/// One certificate a number: the same but for the last bytes of its signature.
fn certificate(pattern: &[u8], number: usize) -> Certificate {
    let mut der = pattern.to_vec();
    let at = der.len() - 4;
    der[at..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    Certificate::from_der(der)
}
