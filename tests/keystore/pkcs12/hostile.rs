//! No byte is trusted.

use std::{
    fs,
    time::{Duration, Instant},
};

use pki_core::{
    key::SystemRandom,
    keystore::{Content, DecodeError, Encoding, Keystore, Pkcs12Profile},
    secret::Password,
};

use super::{PASSWORD, fixtures, run};
use crate::mutation::{Mutations, at_low_cost};

/// Reads a file with and without the password, opens its keys, writes it again.
fn touch_all(bytes: &[u8], password: &Password) {
    let _ = Keystore::decode_unverified(bytes);
    if let Ok(decoded) = Keystore::decode(bytes, password) {
        for entry in decoded.keystore.entries() {
            if let Content::PrivateKey { key, .. } = &entry.content {
                let _ = key.protection();
                let _ = key.open(password);
            }
        }
        let encoding = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let _ = decoded
            .keystore
            .encode(encoding, password, &mut SystemRandom);
    }
}

/// A store without MAC and without encryption: every changed byte reaches the parsers behind.
fn open_store() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.p12");
    let (key, chain) = (fixtures().join("one.key"), fixtures().join("chain.pem"));
    let scheme = [
        "-nomac", "-certpbe", "NONE", "-iter", "1", "-CSP", "x", "-name", "x",
    ];
    let files = [
        "-inkey",
        key.to_str().unwrap(),
        "-in",
        chain.to_str().unwrap(),
        "-out",
        out.to_str().unwrap(),
    ];
    let base = ["pkcs12", "-export", "-passout", "pass:changeit"];
    run("openssl", &[&base[..], &scheme[..], &files[..]].concat());
    fs::read(&out).unwrap()
}

#[test]
fn a_truncated_store_is_an_error_at_every_length() {
    let password = Password::new(PASSWORD);
    for bytes in [open_store(), fs::read(fixtures().join("ca.p12")).unwrap()] {
        assert!(Keystore::decode(&bytes, &password).is_ok());
        for length in 0..bytes.len() {
            let error = Keystore::decode(&bytes[..length], &password).unwrap_err();
            let expected = match length {
                0 => matches!(error, DecodeError::Empty),
                1..8 => matches!(error, DecodeError::UnknownFormat { .. }),
                _ => matches!(error, DecodeError::Truncated { .. }),
            };
            assert!(expected, "{length}: {error:?}");
        }
    }
}

#[test]
fn a_changed_store_never_panics_and_never_hangs() {
    let password = Password::new(PASSWORD);
    let mut mutations = Mutations::new();
    // The MAC of the second one stops almost all of them, so that the few are cheap.
    let sealed = fs::read(fixtures().join("ca.p12")).unwrap();
    for (original, rounds) in [(open_store(), 6_000), (sealed, 200)] {
        for _ in 0..rounds {
            let bytes = mutations.of(&original, 0);
            at_low_cost(&bytes, || touch_all(&bytes, &password));
        }
    }
}

#[test]
fn huge_iteration_counts_are_refused_at_once() {
    let password = Password::new(PASSWORD);
    let bytes = fs::read(fixtures().join("ca.p12")).unwrap();
    // 10 000 as it stands in PBKDF2's parameters and at the end of the MAC.
    let count: &[u8] = &[0x02, 0x02, 0x27, 0x10];
    let places: Vec<usize> = (0..bytes.len() - 3)
        .filter(|at| bytes[*at..].starts_with(count))
        .collect();
    assert_eq!(places.len(), 3, "key, certificates, MAC");
    let mut refused = 0;
    for at in &places[..] {
        // No room for four bytes without moving all lengths: a negative number, then zero.
        for other in [[0x02, 0x02, 0xff, 0xff], [0x02, 0x02, 0x00, 0x00]] {
            let mut changed = bytes.clone();
            changed[*at..*at + 4].copy_from_slice(&other);
            refused += usize::from(Keystore::decode(&changed, &password).is_err());
        }
    }
    assert_eq!(refused, 6);
    // The MAC stands at the end: here four bytes fit.
    let mut changed = bytes.clone();
    changed.truncate(bytes.len() - 4);
    changed.extend([0x02, 0x04, 0x7f, 0xff, 0xff, 0xff]);
    let outer = usize::from(changed[2]) << 8 | usize::from(changed[3]);
    changed[2..4].copy_from_slice(&(outer as u16 + 2).to_be_bytes());
    let mac = bytes.len() - 79;
    assert_eq!(changed[mac..mac + 2], [0x30, 77]);
    changed[mac + 1] += 2;
    let start = Instant::now();
    assert!(matches!(
        Keystore::decode(&changed, &password),
        Err(DecodeError::Limit {
            found: 0x7fff_ffff,
            limit: 5_000_000,
            ..
        })
    ));
    assert!(start.elapsed() < Duration::from_millis(100));
}

#[test]
fn garbage_of_every_length_is_an_error() {
    let password = Password::new(PASSWORD);
    let mut random = Mutations::new();
    for length in 0..3_000 {
        let mut bytes: Vec<u8> = (0..length).map(|_| random.below(256) as u8).collect();
        let head = [0x30, 0x80, 0x02, 0x01, 0x03, 0x30, 0x80];
        let copied = head.len().min(length);
        bytes[..copied].copy_from_slice(&head[..copied]);
        assert!(Keystore::decode(&bytes, &password).is_err());
    }
    let nested = [
        &[0x30, 0x80, 0x02, 0x01, 0x03][..],
        &[0x30, 0x80].repeat(100_000),
    ]
    .concat();
    assert!(Keystore::decode(&nested, &password).is_err());
    let siblings = [&nested[..7], &[0x30, 0x80, 0, 0].repeat(250_000)].concat();
    let start = Instant::now();
    assert!(Keystore::decode(&siblings, &password).is_err());
    let closed = [&siblings[..], &[0; 4]].concat();
    assert!(Keystore::decode(&closed, &password).is_err());
    assert!(start.elapsed() < Duration::from_secs(2));
}
