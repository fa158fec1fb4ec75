//! What is found wrong, and mended, as Java sees it.

use std::{fs, path::Path};

use pki_core::{
    edit::{Edited, Fault, Repair, check, repair, summary},
    key::SystemRandom,
    keystore::{Decoded, Encoding, Entry, Pkcs12Profile, write_pem_certificates},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use super::{PASSWORD, ca, decoded, java, keytool, openssl, text, write};
use crate::judge::judge;

#[test]
fn an_alias_in_mixed_case_is_found_and_mended_so_that_keytool_lists_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let store = [
        Entry::trusted("alpha", ca("a")),
        Entry::trusted("beta", ca("b")),
    ];
    write(&path, &store.into_iter().collect(), Encoding::Jks);
    let mut bytes = fs::read(&path).unwrap();
    let name = bytes
        .windows(5)
        .position(|found| found == b"alpha")
        .unwrap();
    bytes[name] = b'A';
    let body = bytes.len() - 20;
    let password = Password::new(PASSWORD).utf16_be();
    let text = [password.expose(), b"Mighty Aphrodite", &bytes[..body]];
    let digest = Certificate::from_der(text.concat()).sha1();
    bytes[body..].copy_from_slice(&digest);
    fs::write(&path, &bytes).unwrap();
    let list = |path: &Path| {
        let list = [
            "-list",
            "-storepass",
            PASSWORD,
            "-keystore",
            path.to_str().unwrap(),
        ];
        judge().keytool(&list)
    };
    assert!(list(&path).is_err(), "keytool stops at it");

    let found = decoded(&path);
    let faults: Vec<_> = check(&found, None, &[], OffsetDateTime::UNIX_EPOCH)
        .into_iter()
        .filter(|found| matches!(found.fault, Fault::AliasSpelling))
        .collect();
    assert!(faults.len() == 1 && faults[0].repairable);
    write(
        &path,
        &mended(&found, Encoding::Jks).keystore,
        Encoding::Jks,
    );
    assert!(list(&path).unwrap().contains("alpha"));
}

#[test]
fn a_truststore_of_openssl_is_seen_to_be_empty_for_java_and_mended() {
    let folder = tempfile::tempdir().unwrap();
    let (pem, path) = (folder.path().join("a.pem"), folder.path().join("a.p12"));
    fs::write(&pem, write_pem_certificates(&[ca("a"), ca("b")])).unwrap();
    openssl(&[
        "pkcs12",
        "-export",
        "-nokeys",
        "-in",
        text(&pem),
        "-out",
        text(&path),
        "-passout",
        "pass:changeit",
    ])
    .unwrap();
    assert_eq!(java("PKCS12", &path), []);
    let found = decoded(&path);
    let entries = summary(&found, &[], OffsetDateTime::UNIX_EPOCH).entries;
    assert_eq!(entries.len(), 2);
    assert!(entries.iter().all(|entry| !entry.java_visible));
    let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
    write(&path, &mended(&found, modern).keystore, modern);
    assert_eq!(java("PKCS12", &path).len(), 2);
}

#[test]
fn an_expired_key_is_shouted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let made = "-genkeypair -alias old -keyalg EC -dname CN=old -keypass changeit -startdate -20d -validity 10";
    keytool(path.to_str().unwrap(), "JKS", made);
    let found = decoded(&path);
    let password = Password::new(PASSWORD);
    let expired = found.keystore.entries()[0].certificates()[0]
        .view()
        .unwrap()
        .not_after;
    let later = expired + time::Duration::days(10);
    let faults = check(&found, Some(&password), &[], later);
    assert!(matches!(faults[0].fault, Fault::Expired { at: 0, .. }));
    let shown = &summary(&found, &[password], later).entries[0];
    assert_eq!(
        (shown.chain[0].days_left, shown.chain[0].expired),
        (Some(-10), true)
    );
    assert_eq!(shown.key.as_ref().unwrap().name(), "opens");
}

#[test]
fn an_open_key_is_sealed_so_that_java_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name| folder.path().join(name);
    let (key, pem, path) = (at("a.key"), at("a.pem"), at("a.p12"));
    let made = rcgen::generate_simple_self_signed(["a.example.com".to_owned()]).unwrap();
    fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    fs::write(&pem, made.cert.pem()).unwrap();
    for mac in [&["-macalg", "SHA256"][..], &["-nomac"]] {
        let export = [
            "pkcs12",
            "-export",
            "-keypbe",
            "NONE",
            "-certpbe",
            "NONE",
            "-passout",
            "pass:changeit",
            "-name",
            "a",
            "-inkey",
            text(&key),
            "-in",
            text(&pem),
            "-out",
            text(&path),
        ];
        openssl(&[&export[..], mac].concat()).unwrap();
        assert!(java("PKCS12", &path).iter().all(|seen| seen.kind != "key"));
        let found = decoded(&path);
        let password = Password::new(PASSWORD);
        let faults = check(&found, Some(&password), &[], OffsetDateTime::UNIX_EPOCH);
        let open = faults
            .iter()
            .find(|found| found.fault == Fault::Unprotected);
        assert!(open.unwrap().repairable);
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        write(&path, &mended(&found, modern).keystore, modern);
        assert_eq!(java("PKCS12", &path)[0].kind, "key");
        let store = super::store("PKCS12", &path);
        assert_eq!(judge().key(store, "a", PASSWORD).unwrap().algorithm, "EC");
    }
}

fn mended(decoded: &Decoded, encoding: Encoding) -> Edited {
    let password = Password::new(PASSWORD);
    let how = Repair {
        passwords: &[],
        store_password: Some(&password),
        encoding,
    };
    repair(decoded, &how, &mut SystemRandom).unwrap()
}
