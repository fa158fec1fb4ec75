//! What is written here, others read; and what keytool wrote is written again byte for byte.

use std::{fs, path::Path};

use pki_core::{
    key::SystemRandom,
    keystore::{
        Alias, Content, EncodeError, Encoding, Entry, Keystore, Pkcs12Profile, Protection,
        SealedKey,
    },
    secret::Password,
    x509::Certificate,
};
use time::{Duration, OffsetDateTime};

use super::{PASSWORD, Replay, by_java, by_us, decode, fixtures, key_digest, keytool, run};
use crate::judge::{NewEntry, Store, judge};

const MODERN: Encoding = Encoding::Pkcs12(Pkcs12Profile::Modern);
const JAVA8: Encoding = Encoding::Pkcs12(Pkcs12Profile::Java8);

/// Reads a file, and writes it with its own random bytes.
fn assert_same_bytes(path: &Path, password: &str, encoding: Encoding) {
    let file = fs::read(path).unwrap();
    let decoded = decode(path, password);
    assert_eq!(decoded.encoding, Some(encoding), "{}", path.display());
    let mut replay = Replay::of(&file);
    let written = decoded
        .keystore
        .encode(encoding, &Password::new(password), &mut replay)
        .unwrap();
    replay.assert_used_up();
    assert!(
        written.expose() == file,
        "{} is written differently",
        path.display()
    );
}

#[test]
fn what_keytool_wrote_is_written_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    for store in ["ca.p12", "many.p12"] {
        assert_same_bytes(&fixtures().join(store), PASSWORD, MODERN);
    }
    let (trust, ca) = (at("trust.p12"), fixtures().join("ca.pem"));
    for alias in ["root", "Second"] {
        keytool(&format!(
            "-importcert -noprompt -alias {alias} -file {} -keystore {}",
            ca.display(),
            trust.display()
        ));
        assert_same_bytes(&trust, PASSWORD, MODERN);
    }
    for alias in ["root", "second"] {
        keytool(&format!(
            "-delete -alias {alias} -keystore {}",
            trust.display()
        ));
    }
    assert_same_bytes(&trust, PASSWORD, MODERN);
}

#[test]
fn entries_that_java_interleaved_keep_their_places() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (der, chain) = (fixtures().join("one.der"), fixtures().join("chain.pem"));
    let ca = fixtures().join("ca.pem");
    let key = |alias, password| NewEntry::Key {
        alias,
        password,
        key: &der,
        chain: &chain,
    };
    let trusted = |alias| NewEntry::Trusted {
        alias,
        certificate: &ca,
    };
    let secret = NewEntry::Secret {
        alias: "s",
        password: PASSWORD,
        algorithm: "AES",
        hex: "000102030405060708090a0b0c0d0e0f",
    };
    let path = at("mixed.p12");
    let store = Store {
        kind: "PKCS12",
        path: &path,
        password: PASSWORD,
    };
    judge()
        .store(
            store,
            &[
                trusted("T1"),
                key("k1", PASSWORD),
                secret,
                trusted("t2"),
                key("K2", "of its own"),
            ],
        )
        .unwrap();
    assert_same_bytes(&path, PASSWORD, MODERN);
    let empty = at("empty.p12");
    judge()
        .store(
            Store {
                kind: "PKCS12",
                path: &empty,
                password: "",
            },
            &[key("k", ""), trusted("t")],
        )
        .unwrap();
    assert_same_bytes(&empty, "", MODERN);
}

#[test]
fn what_keytool_wrote_for_java_8_is_written_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let legacy = folder.path().join("legacy.p12");
    let many = fixtures().join("many.p12");
    run(
        "keytool",
        &[
            "-J-Dkeystore.pkcs12.legacy",
            "-importkeystore",
            "-noprompt",
            "-srckeystore",
            many.to_str().unwrap(),
            "-srcstorepass",
            PASSWORD,
            "-destkeystore",
            legacy.to_str().unwrap(),
            "-deststoretype",
            "PKCS12",
            "-deststorepass",
            PASSWORD,
        ],
    );
    assert_same_bytes(&legacy, PASSWORD, JAVA8);
}

#[test]
fn an_attribute_that_java_kept_is_written_where_java_writes_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("csp.p12");
    let file = |name: &str| fixtures().join(name).to_str().unwrap().to_owned();
    let (key, chain) = (file("one.key"), file("chain.pem"));
    let arguments = [
        "pkcs12",
        "-export",
        "-name",
        "x",
        "-CSP",
        "Microsoft",
        "-iter",
        "10000",
        "-passout",
        "pass:changeit",
    ];
    let files = [
        "-inkey",
        &key,
        "-in",
        &chain,
        "-out",
        path.to_str().unwrap(),
    ];
    run("openssl", &[&arguments[..], &files[..]].concat());
    // Java rewrites what it read: OpenSSL's localKeyID and attribute stay.
    keytool(&format!(
        "-importcert -noprompt -alias t -file {} -keystore {}",
        file("ca.pem"),
        path.display()
    ));
    assert_eq!(
        by_us(&decode(&path, PASSWORD).keystore),
        by_java(&path, Some(PASSWORD))
    );
    assert_same_bytes(&path, PASSWORD, MODERN);
    let decoded = decode(&path, PASSWORD);
    let written = decoded
        .keystore
        .encode(MODERN, &Password::new(PASSWORD), &mut SystemRandom)
        .unwrap();
    let again = Keystore::decode(written.expose(), &Password::new(PASSWORD)).unwrap();
    assert_eq!(again.keystore, decoded.keystore);
    assert_eq!(again.keystore.get("x").unwrap().attributes.len(), 1);
}

/// The fixtures' entries with keys sealed for a profile, with and without dates.
fn sealed(encoding: Encoding) -> Keystore {
    let password = Password::new(PASSWORD);
    let read = decode(&fixtures().join("many.p12"), PASSWORD).keystore;
    let mut store = Keystore::new();
    for mut entry in read.entries().iter().cloned() {
        if let Content::PrivateKey { key, .. } = &mut entry.content {
            let open = key.open(&password).unwrap();
            *key = SealedKey::seal(&open, &password, encoding.protection(), &mut SystemRandom)
                .unwrap();
        }
        if entry.alias.as_str() == "two" {
            entry.created = None;
        }
        store.push(entry);
    }
    let one = store.get("one").unwrap().clone();
    let mut copy = one;
    copy.alias = Alias::from("Copy of One");
    store.push(copy);
    store
}

#[test]
fn java_and_openssl_read_both_profiles() {
    let folder = tempfile::tempdir().unwrap();
    for encoding in [MODERN, JAVA8] {
        let store = sealed(encoding);
        let path = folder.path().join("written.p12");
        let written = store
            .encode(encoding, &Password::new(PASSWORD), &mut SystemRandom)
            .unwrap();
        fs::write(&path, written.expose()).unwrap();
        assert_eq!(by_us(&store), by_java(&path, Some(PASSWORD)));
        let asked = Store {
            kind: "PKCS12",
            path: &path,
            password: PASSWORD,
        };
        for alias in ["one", "two", "copy of one"] {
            let java = judge().key(asked, alias, PASSWORD).unwrap();
            assert_eq!(java.sha256, key_digest(store.get(alias).unwrap(), PASSWORD));
        }
        let decoded = decode(&path, PASSWORD);
        assert_eq!(decoded.keystore, store);
        assert_eq!(decoded.encoding, Some(encoding));
        let mut arguments = vec![
            "pkcs12",
            "-info",
            "-nodes",
            "-passin",
            "pass:changeit",
            "-in",
        ];
        arguments.push(path.to_str().unwrap());
        if encoding == JAVA8 {
            arguments.push("-legacy");
        }
        let printed = run("openssl", &arguments);
        assert_eq!(printed.matches("BEGIN PRIVATE KEY").count(), 3);
        assert_eq!(printed.matches("BEGIN CERTIFICATE").count(), 8);
        assert_eq!(printed.matches("2.16.840.1.113894.746875.1.1").count(), 2);
    }
}

#[test]
fn dates_are_kept_to_the_millisecond() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dated.p12");
    let at = OffsetDateTime::UNIX_EPOCH + Duration::milliseconds(1_234_567_890_123);
    let one = sealed(MODERN)
        .get("one")
        .unwrap()
        .clone()
        .created(Some(at + Duration::microseconds(7)));
    let store: Keystore = [one].into_iter().collect();
    let written = store
        .encode(MODERN, &Password::new(PASSWORD), &mut SystemRandom)
        .unwrap();
    fs::write(&path, written.expose()).unwrap();
    assert_eq!(
        decode(&path, PASSWORD).keystore.entries()[0].created,
        Some(at)
    );
    let java = judge().load("PKCS12", &path, Some(PASSWORD)).unwrap();
    assert_eq!(java[0].created_ms, 1_234_567_890_123);
}

#[test]
fn what_readers_could_not_use_is_refused() {
    let password = Password::new(PASSWORD);
    let encode = |entries: Vec<Entry>, encoding, password: &Password| {
        let store: Keystore = entries.into_iter().collect();
        store
            .encode(encoding, password, &mut SystemRandom)
            .unwrap_err()
    };
    let certificate = Certificate::from_der(vec![0x30, 0]);
    let trusted = |alias: &str| Entry::trusted(alias, certificate.clone());
    assert!(matches!(
        encode(vec![trusted("")], MODERN, &password),
        EncodeError::Alias { .. }
    ));
    assert!(matches!(
        encode(vec![trusted("a"), trusted("A")], MODERN, &password),
        EncodeError::Alias { .. }
    ));
    assert!(matches!(
        encode(vec![trusted("a")], MODERN, &Password::new("pässwörd")),
        EncodeError::Password { .. }
    ));
    let modern = sealed(MODERN).get("one").unwrap().clone();
    assert!(matches!(
        encode(vec![modern.clone()], JAVA8, &password),
        EncodeError::Entry { .. }
    ));
    let Content::PrivateKey { key, chain } = &modern.content else {
        panic!("no key");
    };
    let open = SealedKey::unprotected(key.open(&password).unwrap());
    assert!(matches!(
        encode(
            vec![Entry::private_key("a", open, chain.clone())],
            MODERN,
            &password
        ),
        EncodeError::Entry { .. }
    ));
    let foreign = Content::SecretKey {
        sealed: vec![0xac, 0xed, 0, 5].into(),
    };
    assert!(matches!(
        encode(vec![Entry::of("a", foreign)], MODERN, &password),
        EncodeError::Entry { .. }
    ));
    let key = key.open(&password).unwrap();
    let jks = SealedKey::seal(&key, &password, Protection::Jks, &mut SystemRandom).unwrap();
    assert!(matches!(
        encode(
            vec![Entry::private_key("a", jks, chain.clone())],
            MODERN,
            &password
        ),
        EncodeError::Entry { .. }
    ));
    for (password, protection) in [
        ("pässwörd", MODERN.protection()),
        (PASSWORD, Protection::Pbes2Other { iterations: 1 }),
        (PASSWORD, Protection::Sha1TripleDes { iterations: 0 }),
        (
            PASSWORD,
            Protection::Pbes2Aes256Sha256 {
                iterations: 5_000_001,
            },
        ),
    ] {
        let sealed = SealedKey::seal(
            &key,
            &Password::new(password),
            protection,
            &mut SystemRandom,
        );
        assert!(sealed.is_err(), "{protection:?}");
    }
}
