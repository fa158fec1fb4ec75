//! Another format, other bytes, other readers.

use std::fs;

use pki_core::{
    edit::{
        Conversion, Dates, EditError, Reader, Side, Target, What, convert, deterministic_random,
        diff, readers, set_dates, write_pem_bundle,
    },
    key::SystemRandom,
    keystore::{Encoding, Entry, Format, Keystore, Pkcs12Profile},
    secret::Password,
};

use super::{PASSWORD, ca, decoded, java, keytool, openssl, store, text, write};
use crate::judge::judge;

#[test]
fn a_store_goes_to_pkcs12_and_back_and_java_opens_its_keys_all_the_way() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    keytool(
        text(&path),
        "JKS",
        "-genkeypair -alias a -keyalg RSA -dname CN=a -keypass keypass",
    );
    keytool(
        text(&path),
        "JKS",
        "-genkeypair -alias b -keyalg EC -dname CN=b -keypass changeit",
    );
    let first = decoded(&path);
    let key = judge().key(store("JKS", &path), "a", "keypass").unwrap();
    let passwords = [Password::new(PASSWORD), Password::new("keypass")];
    let mut from = (first.format, first.keystore.clone());
    for encoding in [
        Encoding::Pkcs12(Pkcs12Profile::Modern),
        Encoding::Pkcs12(Pkcs12Profile::Java8),
        Encoding::Jks,
    ] {
        let conversion = Conversion {
            from: from.0,
            to: Target::Store(encoding),
            passwords: &passwords,
            key_password: &passwords[0],
            allow_loss: false,
            number_clashes: false,
        };
        let edited = convert(&from.1, &conversion, &mut SystemRandom).unwrap();
        write(&path, &edited.keystore, encoding);
        let kind = encoding.format().name();
        assert_eq!(java(kind, &path).len(), 2);
        assert_eq!(judge().key(store(kind, &path), "a", PASSWORD).unwrap(), key);
        let again = decoded(&path);
        assert_eq!(again.keystore, edited.keystore, "{encoding:?}");
        from = (again.format, again.keystore);
    }
    let side = |keystore| Side {
        keystore,
        passwords: &passwords,
    };
    assert_eq!(
        diff(side(&first.keystore), side(&from.1)),
        [],
        "keys and dates came through"
    );
}

#[test]
fn a_pem_bundle_is_read_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let (path, pem) = (folder.path().join("a.jks"), folder.path().join("a.pem"));
    keytool(
        text(&path),
        "JKS",
        "-genkeypair -alias a -keyalg EC -dname CN=a -keypass changeit",
    );
    let passwords = [Password::new(PASSWORD)];
    let conversion = Conversion {
        from: Format::Jks,
        to: Target::Pem,
        passwords: &passwords,
        key_password: &Password::new("pem password"),
        allow_loss: false,
        number_clashes: false,
    };
    let edited = convert(&decoded(&path).keystore, &conversion, &mut SystemRandom).unwrap();
    fs::write(&pem, write_pem_bundle(&edited.keystore).unwrap().expose()).unwrap();
    let public = |arguments: &[&str]| openssl(&[arguments, &["-in", text(&pem)]].concat()).unwrap();
    let of_key = public(&["pkey", "-pubout", "-passin", "pass:pem password"]);
    assert_eq!(of_key, public(&["x509", "-noout", "-pubkey"]));
}

#[test]
fn the_same_truststore_is_the_same_file_and_java_reads_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.p12");
    let store: Keystore = (0..3)
        .map(|n| Entry::trusted(format!("ca-{n}"), ca(&n.to_string())))
        .collect();
    let store = set_dates(&store, Dates::NotBefore).keystore;
    for encoding in [Encoding::Jks, Encoding::Pkcs12(Pkcs12Profile::Java8)] {
        let bytes = || {
            let mut random = deterministic_random(encoding, &store).unwrap();
            let password = Password::new(PASSWORD);
            store.encode(encoding, &password, &mut random).unwrap()
        };
        assert_eq!(bytes(), bytes());
        fs::write(&path, bytes().expose()).unwrap();
        assert_eq!(java(encoding.format().name(), &path).len(), 3);
    }
}

#[test]
fn a_secret_key_goes_under_the_new_password_and_java_opens_it() {
    let folder = tempfile::tempdir().unwrap();
    let [from, to, copy] = ["a.p12", "b.p12", "c.p12"].map(|name| folder.path().join(name));
    keytool(
        from.to_str().unwrap(),
        "PKCS12",
        "-genseckey -alias aes -keyalg AES -keysize 256",
    );
    let decoded = decoded(&from);
    let encoding = Encoding::Pkcs12(Pkcs12Profile::Modern);
    let (old, new) = ([Password::new(PASSWORD)], Password::new("another"));
    let mut conversion = Conversion {
        from: decoded.format,
        to: Target::Store(encoding),
        passwords: &old,
        key_password: &new,
        allow_loss: false,
        number_clashes: false,
    };
    let edited = convert(&decoded.keystore, &conversion, &mut SystemRandom).unwrap();
    assert!(matches!(
        edited.change.events[0].what,
        What::KeyResealed {
            other_password: true,
            ..
        }
    ));
    let bytes = edited
        .keystore
        .encode(encoding, &new, &mut SystemRandom)
        .unwrap();
    fs::write(&to, bytes.expose()).unwrap();
    let import = format!(
        "-importkeystore -srckeystore {} -srcstoretype PKCS12 -srcstorepass another -srcalias aes \
         -destkeypass {PASSWORD}",
        to.display()
    );
    keytool(copy.to_str().unwrap(), "PKCS12", &import);
    // What none of the passwords opens is not left behind under a password that nobody looks for.
    let wrong = [Password::new("wrong")];
    conversion.passwords = &wrong;
    let refused = convert(&decoded.keystore, &conversion, &mut SystemRandom);
    assert!(matches!(refused, Err(EditError::Sealed { .. })));
}

#[test]
fn who_reads_a_file_is_what_openssl_does_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a");
    let store: Keystore = [Entry::trusted("a", ca("a"))].into_iter().collect();
    for encoding in [
        Encoding::Jks,
        Encoding::Pkcs12(Pkcs12Profile::Modern),
        Encoding::Pkcs12(Pkcs12Profile::Java8),
    ] {
        write(&path, &store, encoding);
        let answers = readers(&decoded(&path));
        let answer = answers
            .iter()
            .find(|answer| answer.reader == Reader::OpenSsl)
            .unwrap();
        let list = [
            "pkcs12",
            "-nokeys",
            "-passin",
            "pass:changeit",
            "-in",
            text(&path),
        ];
        let plain = openssl(&list).is_ok();
        let legacy = openssl(&[&list[..], &["-legacy"]].concat()).is_ok();
        assert_eq!(plain, answer.obstacle.is_none(), "{encoding:?}");
        assert_eq!(legacy, answer.reads(), "{encoding:?}");
        let java_reads = answers
            .iter()
            .find(|answer| answer.reader == Reader::Java)
            .unwrap();
        assert_eq!(
            java_reads.reads(),
            !java(encoding.format().name(), &path).is_empty()
        );
    }
}
