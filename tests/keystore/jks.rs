//! JKS, held against Java, keytool, the product's own files and another crate.

use std::{fs, path::Path};

use pki_core::{
    key::{Generated, KeyAlgorithm, KeySource as _, PrivateKey, SystemRandom},
    keystore::{
        Alias, Content, DecodeError, Decoded, Encoding, Entry, Format, Integrity, Keystore,
        Protection, SealedKey, UnsealError,
    },
    secret::Password,
    x509::{Certificate, Fingerprint},
};
use time::OffsetDateTime;

use crate::{
    judge::{JavaEntry, NewEntry, Store, judge},
    mutation::{Mutations, at_low_cost},
    shared,
};

#[test]
fn every_real_store_is_read_as_java_reads_it_and_written_byte_for_byte() {
    for store in shared::stores() {
        if store.kind != "JKS" {
            continue;
        }
        let what = store.path.display();
        let bytes = fs::read(&store.path).unwrap();
        let password = Password::new(&*store.password);
        let decoded = Keystore::decode(&bytes, &password).unwrap();
        assert_eq!(decoded.format, Format::Jks, "{what}");
        assert_eq!(decoded.integrity, Integrity::Verified, "{what}");
        assert_eq!(decoded.keystore.entries().len(), store.entries, "{what}");

        let mut keys = 0;
        for key in &store.keys {
            let entry = decoded.keystore.get(&key.alias).unwrap();
            let opened = open(entry, &key.password).unwrap();
            assert_eq!(entry.certificates().len(), key.chain, "{what}");
            let java = judge()
                .key(
                    java_store(&store.path, &store.password),
                    &key.alias,
                    &key.password,
                )
                .unwrap();
            assert_eq!(java.sha256, sha256(opened.pkcs8().expose()), "{what}");
            assert_eq!(open(entry, "wrong"), Err(UnsealError::WrongPassword));
            keys += 1;
        }
        let entries = decoded.keystore.entries().iter();
        let found = entries.filter(|e| matches!(e.content, Content::PrivateKey { .. }));
        assert_eq!(found.count(), keys, "{what}");

        assert_eq!(
            ours(&decoded),
            java(&store.path, Some(&store.password)),
            "{what}"
        );
        assert_eq!(rewritten(&decoded, &password), bytes, "{what}");
    }
}

#[test]
fn the_stores_of_real_homes_are_read_and_written_byte_for_byte() {
    let Some(shared) = shared::folder() else {
        return;
    };
    let mut seen = 0;
    let mut folders = vec![shared.join("wso2/homes")];
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "jks") {
                let bytes = fs::read(&path).unwrap();
                let password = Password::new("wso2carbon");
                let decoded = Keystore::decode(&bytes, &password).unwrap();
                assert_eq!(rewritten(&decoded, &password), bytes, "{}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen >= 20, "{seen} stores");
}

#[test]
fn what_keytool_writes_is_read_with_any_password_and_alias_and_written_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let exported = folder.path().join("a.pem");
    let (file, pem) = (path.to_str().unwrap(), exported.to_str().unwrap());
    let store = "pässwörter \u{1F511}";
    let key = "another € password";
    let base = ["-storetype", "JKS", "-keystore", file, "-storepass", store];
    let run = |arguments: &[&str]| judge().keytool(&[arguments, &base].concat()).unwrap();
    let dname = ["-dname", "CN=x", "-keyalg", "EC"];
    run(&[
        &[
            "-genkeypair",
            "-alias",
            "Schlüssel \u{1F511}",
            "-keypass",
            key,
        ],
        &dname[..],
    ]
    .concat());
    run(&[
        &["-genkeypair", "-alias", "second", "-keypass", store],
        &dname[..],
    ]
    .concat());
    run(&["-exportcert", "-rfc", "-alias", "second", "-file", pem]);
    run(&[
        "-importcert",
        "-noprompt",
        "-alias",
        "Türk\u{0130}",
        "-file",
        pem,
    ]);

    let bytes = fs::read(&path).unwrap();
    let decoded = Keystore::decode(&bytes, &Password::new(store)).unwrap();
    assert_eq!(ours(&decoded), java(&path, Some(store)));
    let aliases: Vec<_> = ours(&decoded)
        .into_iter()
        .map(|entry| entry.alias)
        .collect();
    assert_eq!(aliases, ["schlüssel \u{1F511}", "second", "türki\u{0307}"]);
    let entry = decoded.keystore.get("SCHLÜSSEL \u{1F511}").unwrap();
    let opened = open(entry, key).unwrap();
    assert_eq!(open(entry, store), Err(UnsealError::WrongPassword));
    let java_key = judge()
        .key(java_store(&path, store), "schlüssel \u{1F511}", key)
        .unwrap();
    assert_eq!(java_key.sha256, sha256(opened.pkcs8().expose()));
    assert_eq!(rewritten(&decoded, &Password::new(store)), bytes);

    let unchecked = Keystore::decode_unverified(&bytes).unwrap();
    assert_eq!(unchecked.integrity, Integrity::Unchecked);
    assert_eq!(unchecked.keystore, decoded.keystore);
    assert_eq!(
        Keystore::decode(&bytes, &Password::new("password")),
        Err(DecodeError::WrongPassword {
            format: Format::Jks
        })
    );
}

#[test]
fn what_is_written_java_reads_with_any_password_alias_and_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let store = "şifre \u{1F511}\u{10FFFF}";
    let (rsa, ec) = (
        made("rsa", KeyAlgorithm::Rsa2048),
        made("ec", KeyAlgorithm::EcP384),
    );
    let at = |ms: i128| OffsetDateTime::from_unix_timestamp_nanos(ms * 1_000_000).ok();
    let keystore: Keystore = [
        Entry::private_key(
            "wso2carbon",
            sealed(&rsa.key, store),
            vec![rsa.certificate.clone(), ec.certificate.clone()],
        )
        .created(at(1_700_000_000_123)),
        Entry::private_key(
            "δοκιμή\u{1F511}\0",
            sealed(&ec.key, "own"),
            vec![ec.certificate.clone()],
        )
        .created(at(-1)),
        Entry::trusted("ca", ec.certificate.clone()).created(at(0)),
        Entry::trusted("undated", ec.certificate.clone()),
    ]
    .into_iter()
    .collect();
    let bytes = keystore
        .encode(Encoding::Jks, &Password::new(store), &mut SystemRandom)
        .unwrap();
    fs::write(&path, bytes.expose()).unwrap();

    let decoded = Keystore::decode(bytes.expose(), &Password::new(store)).unwrap();
    assert_eq!(ours(&decoded), java(&path, Some(store)));
    let undated = decoded.keystore.get("undated").unwrap().created;
    assert_eq!(undated, Some(ec.certificate.view().unwrap().not_before));
    for (alias, password, made) in [
        ("wso2carbon", store, &rsa),
        ("δοκιμή\u{1F511}\0", "own", &ec),
    ] {
        let key = judge()
            .key(java_store(&path, store), alias, password)
            .unwrap();
        assert_eq!(key.sha256, sha256(made.key.pkcs8().expose()));
        let refused = judge()
            .key(java_store(&path, store), alias, "wrong")
            .unwrap_err();
        assert!(
            refused[0].starts_with("UnrecoverableKeyException"),
            "{refused:?}"
        );
    }
    let listed = judge()
        .keytool(&[
            "-list",
            "-v",
            "-keystore",
            path.to_str().unwrap(),
            "-storepass",
            store,
        ])
        .unwrap();
    assert!(
        listed.contains("Your keystore contains 4 entries"),
        "{listed}"
    );
    assert!(listed.contains("Certificate chain length: 2"), "{listed}");
    let wrong = judge().load("JKS", &path, Some("wrong")).unwrap_err();
    assert!(wrong[0].contains("tampered"), "{wrong:?}");
}

#[test]
fn java_looks_aliases_up_as_we_say() {
    let folder = tempfile::tempdir().unwrap();
    let (path, certificate) = (folder.path().join("a.jks"), folder.path().join("a.der"));
    fs::write(
        &certificate,
        made("x", KeyAlgorithm::EcP256).certificate.der(),
    )
    .unwrap();
    let spellings = [
        "WSO2Carbon",
        "ΑΣ",
        "ΣΑ",
        "Α Σ.",
        "ΑΣΑ",
        "\u{0130}stanbul",
        "ẞ",
        "Ǆ",
        "ÅÄÖ",
        "ДЖ",
        "\u{10400}",
        "Ωmega",
    ];
    let entries = spellings.map(|alias| NewEntry::Trusted {
        alias,
        certificate: &certificate,
    });
    judge()
        .store(java_store(&path, "changeit"), &entries)
        .unwrap();
    let mut expected = spellings.map(|alias| Alias::from(alias).lookup());
    expected.sort();
    let found: Vec<_> = java(&path, Some("changeit"))
        .into_iter()
        .map(|e| e.alias)
        .collect();
    assert_eq!(found, expected);
}

#[test]
fn another_crate_reads_an_ascii_store() {
    let ec = made("ec", KeyAlgorithm::EcP256);
    let keystore: Keystore = [
        Entry::private_key(
            "gateway",
            sealed(&ec.key, "changeit"),
            vec![ec.certificate.clone()],
        ),
        Entry::trusted("ca", ec.certificate.clone()),
    ]
    .into_iter()
    .collect();
    let bytes = keystore
        .encode(Encoding::Jks, &Password::new("changeit"), &mut SystemRandom)
        .unwrap();
    let mut other = ::jks::KeyStore::new();
    other.load(bytes.expose(), b"changeit").unwrap();
    let entry = other.get_private_key_entry("gateway", b"changeit").unwrap();
    assert_eq!(entry.private_key, ec.key.pkcs8().expose());
    assert_eq!(
        entry.certificate_chain[0].content,
        ec.certificate.der().as_ref()
    );
    let trusted = other.get_trusted_certificate_entry("ca").unwrap();
    assert_eq!(trusted.certificate.content, ec.certificate.der().as_ref());
}

#[test]
fn a_store_cut_anywhere_is_an_error_with_and_without_a_password() {
    let bytes = small_store();
    for end in 0..bytes.len() {
        let cut = &bytes[..end];
        let with = Keystore::decode(cut, &Password::new("changeit")).unwrap_err();
        let without = Keystore::decode_unverified(cut).unwrap_err();
        assert_eq!(with, without, "{end}");
        if end >= 4 {
            assert!(
                matches!(with, DecodeError::Truncated { .. }),
                "{end}: {with}"
            );
        }
    }
}

#[test]
fn what_follows_the_digest_is_ignored_as_java_does() {
    let mut bytes = small_store();
    bytes.extend_from_slice(b"\r\n");
    let decoded = Keystore::decode(&bytes, &Password::new("changeit")).unwrap();
    assert_eq!(decoded.integrity, Integrity::Verified);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    fs::write(&path, &bytes).unwrap();
    assert_eq!(ours(&decoded), java(&path, Some("changeit")));
}

#[test]
fn a_changed_store_never_verifies_and_never_panics() {
    let original = small_store();
    let password = Password::new("changeit");
    let mut mutations = Mutations::new();
    for _ in 0..20_000 {
        let bytes = mutations.of(&original, 4);
        // What follows the digest is no part of the store.
        if bytes.starts_with(&original) {
            continue;
        }
        at_low_cost(&bytes, || {
            assert!(Keystore::decode(&bytes, &password).is_err());
            if let Ok(decoded) = Keystore::decode_unverified(&bytes) {
                for entry in decoded.keystore.entries() {
                    let _ = open(entry, "changeit");
                    let _ = entry.certificates().iter().map(Certificate::view).count();
                }
                let _ = decoded
                    .keystore
                    .encode(Encoding::Jks, &password, &mut SystemRandom);
            }
        });
    }
}

#[test]
fn a_hundred_thousand_certificates_are_read_and_written() {
    let mut keystore = Keystore::new();
    for n in 0..100_000_u32 {
        let der = [&n.to_be_bytes()[..], &[0; 600]].concat();
        keystore.insert(
            Entry::trusted(format!("ca-{n}"), Certificate::from_der(der))
                .created(Some(OffsetDateTime::UNIX_EPOCH)),
        );
    }
    let password = Password::new("changeit");
    let bytes = keystore
        .encode(Encoding::Jks, &password, &mut SystemRandom)
        .unwrap();
    let decoded = Keystore::decode(bytes.expose(), &password).unwrap();
    assert_eq!(decoded.keystore, keystore);
}

#[test]
fn what_is_no_jks_says_what_it_is() {
    let decode = |bytes: &[u8]| Keystore::decode(bytes, &Password::new("x")).unwrap_err();
    assert_eq!(decode(b""), DecodeError::Empty);
    assert!(matches!(
        decode(b"PK\x03\x04 zip"),
        DecodeError::UnknownFormat { .. }
    ));
    let mangled = String::from_utf8_lossy(&small_store()).into_owned();
    assert_eq!(decode(mangled.as_bytes()), DecodeError::TextMangled);
}

struct Made {
    key: PrivateKey,
    certificate: Certificate,
}

fn made(name: &str, algorithm: KeyAlgorithm) -> Made {
    let key = Generated.generate(algorithm).unwrap();
    let pair = rcgen::KeyPair::try_from(key.pkcs8().expose()).unwrap();
    let params = rcgen::CertificateParams::new([name.to_owned()]).unwrap();
    let der = params.self_signed(&pair).unwrap().der().to_vec();
    Made {
        key,
        certificate: Certificate::from_der(der),
    }
}

fn sealed(key: &PrivateKey, password: &str) -> SealedKey {
    SealedKey::seal(
        key,
        &Password::new(password),
        Protection::Jks,
        &mut SystemRandom,
    )
    .unwrap()
}

fn open(entry: &Entry, password: &str) -> Result<PrivateKey, UnsealError> {
    match &entry.content {
        Content::PrivateKey { key, .. } => key.open(&Password::new(password)),
        _ => Err(UnsealError::Damaged { reason: "no key" }),
    }
}

/// A key and a trusted certificate under `changeit`.
fn small_store() -> Vec<u8> {
    let ec = made("ec", KeyAlgorithm::EcP256);
    let keystore: Keystore = [
        Entry::private_key(
            "gäteway",
            sealed(&ec.key, "changeit"),
            vec![ec.certificate.clone()],
        ),
        Entry::trusted("ca", ec.certificate.clone()),
    ]
    .into_iter()
    .collect();
    let bytes = keystore
        .encode(Encoding::Jks, &Password::new("changeit"), &mut SystemRandom)
        .unwrap();
    bytes.expose().to_vec()
}

fn rewritten(decoded: &Decoded, password: &Password) -> Vec<u8> {
    let encoding = decoded.encoding.unwrap();
    let bytes = decoded
        .keystore
        .encode(encoding, password, &mut SystemRandom)
        .unwrap();
    bytes.expose().to_vec()
}

/// Our entries in the words of the judge, in the order of their aliases.
fn ours(decoded: &Decoded) -> Vec<JavaEntry> {
    let mut all: Vec<JavaEntry> = decoded
        .keystore
        .entries()
        .iter()
        .map(|entry| JavaEntry {
            alias: entry.alias.as_str().to_owned(),
            kind: match entry.content {
                Content::PrivateKey { .. } => "key",
                Content::TrustedCertificate { .. } => "trusted",
                _ => "secret",
            }
            .to_owned(),
            created_ms: (entry
                .created
                .unwrap()
                .unix_timestamp_nanos()
                .div_euclid(1_000_000)) as i64,
            sha256: entry
                .certificates()
                .iter()
                .map(|certificate| certificate.fingerprint().to_string())
                .collect(),
        })
        .collect();
    all.sort();
    all
}

fn java(path: &Path, password: Option<&str>) -> Vec<JavaEntry> {
    let mut all = judge().load("JKS", path, password).unwrap();
    all.sort();
    all
}

fn java_store<'a>(path: &'a Path, password: &'a str) -> Store<'a> {
    Store {
        kind: "JKS",
        path,
        password,
    }
}

fn sha256(bytes: &[u8]) -> String {
    Fingerprint::of(bytes).to_string()
}
