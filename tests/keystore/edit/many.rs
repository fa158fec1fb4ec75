//! What edits cost.

use std::{collections::BTreeMap, time::Instant};

use pki_core::{
    edit::{
        AliasPattern, CertificateImport, Conflict, Conversion, Duplicates, PruneRules, Side,
        Target, What, check, convert, diff, import_certificates, merge, prune, summary,
    },
    key::SystemRandom,
    keystore::{Decoded, Encoding, Entry, Format, Keystore, Pkcs12Profile},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use super::{OLD, PASSWORD, at, ca};

/// Enough to see a quadratic edit; 100,000 were seen to take proportionally more.
const MANY: usize = 30_000;

/// Quadratic, any of these takes minutes.
#[test]
fn many_certificates_are_edited_in_a_few_times_what_reading_them_takes() {
    let one = ca("one");
    let view = one.view().unwrap();
    let at_serial = one
        .der()
        .windows(view.serial.len())
        .position(|w| w == view.serial)
        .unwrap();
    let certificate = |n: u32| {
        let mut der = one.der().to_vec();
        der[at_serial + 1..at_serial + 5].copy_from_slice(&n.to_be_bytes());
        Certificate::from_der(der)
    };
    let entry = |n| Entry::trusted(format!("ca-{n}"), certificate(n)).created(at(OLD));
    let store: Keystore = (0..MANY as u32).map(entry).collect();
    let password = Password::new(PASSWORD);
    let bytes = store
        .encode(Encoding::Jks, &password, &mut SystemRandom)
        .unwrap();
    let start = Instant::now();
    let decoded = Keystore::decode(bytes.expose(), &password).unwrap();
    for entry in decoded.keystore.entries() {
        entry.certificates()[0].view().unwrap();
        entry.certificates()[0].fingerprint();
    }
    let reading = start.elapsed();
    let now = OffsetDateTime::from_unix_timestamp(OLD).unwrap();
    let mut slow = Vec::new();
    let mut edit = |what: &str, edit: &dyn Fn(&Decoded)| {
        let start = Instant::now();
        edit(&decoded);
        let took = start.elapsed();
        eprintln!("{what}: {took:?}, reading {reading:?}");
        // Other tests run beside this one.
        if took > reading * 10 {
            slow.push(format!("{what}: {took:?}, reading {reading:?}"));
        }
    };
    edit("list", &|d| {
        assert_eq!(summary(d, &[], now).entries.len(), MANY)
    });
    edit("check", &|d| assert_eq!(check(d, None, &[], now), []));
    edit("merge", &|d| {
        let all = [&d.keystore, &store, &d.keystore];
        assert!(merge(&all, Conflict::Refuse).unwrap().change.is_empty());
    });
    let denied = BTreeMap::from([(certificate(7).fingerprint(), "seven".to_owned())]);
    let rules = PruneRules {
        expired: true,
        weak: true,
        duplicates: true,
        denied: &denied,
        private_keys: false,
    };
    edit("prune", &|d| {
        assert_eq!(prune(&d.keystore, &rules, now).change.counts(), (0, 0, 1))
    });
    let conversion = Conversion {
        from: Format::Jks,
        to: Target::Store(Encoding::Pkcs12(Pkcs12Profile::Modern)),
        passwords: &[],
        key_password: &password,
        allow_loss: false,
        number_clashes: true,
    };
    edit("convert", &|d| {
        let edited = convert(&d.keystore, &conversion, &mut SystemRandom).unwrap();
        assert_eq!(edited.keystore.entries().len(), MANY);
    });
    edit("diff", &|d| {
        let side = |keystore| Side {
            keystore,
            passwords: &[],
        };
        assert_eq!(diff(side(&d.keystore), side(&store)), []);
    });
    let pattern = AliasPattern::new("{cn}").unwrap();
    edit("import", &|d| {
        let certificates: Vec<_> = d
            .keystore
            .entries()
            .iter()
            .map(|e| e.certificates()[0].clone().into())
            .collect();
        let import = CertificateImport {
            certificates: &certificates,
            pattern: Some(&pattern),
            stem: "",
            duplicates: Duplicates::Skip,
            replace: false,
            now,
        };
        let edited = import_certificates(&Keystore::new(), &import).unwrap();
        assert_eq!(edited.change.counts(), (MANY, 0, 0));
        let again = import_certificates(&d.keystore, &import).unwrap();
        let skipped = again.change.events.iter();
        assert!(
            skipped
                .clone()
                .all(|e| matches!(e.what, What::DuplicateSkipped { .. }))
        );
    });
    assert!(slow.is_empty(), "{slow:?}");
}
