//! What comes in, and what becomes of what was there.

use std::fs;

use pki_core::{
    edit::{
        AliasPattern, CertificateImport, Duplicates, KeyImport, ReplyImport, Root,
        import_certificates, import_key, import_reply,
    },
    key::SystemRandom,
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile, write_pem_certificates},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use super::{OLD, PASSWORD, at, ca, decoded, dn, issuer, java, keytool, read, store, write};
use crate::judge::judge;

#[test]
fn a_bundle_comes_in_whole_and_every_other_entry_keeps_its_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let before = dated_store();
    let bundle: Vec<_> = (0..3).map(|n| ca(&format!("Root {n}"))).collect();
    let material = read(write_pem_certificates(&bundle).as_bytes());
    let pattern = AliasPattern::new("{cn}-{sha8}").unwrap();
    let import = CertificateImport {
        certificates: &material.certificates,
        pattern: Some(&pattern),
        stem: "bundle",
        duplicates: Duplicates::Skip,
        replace: false,
        now: OffsetDateTime::from_unix_timestamp(OLD + 1).unwrap(),
    };
    let edited = import_certificates(&before, &import).unwrap();
    write(&path, &edited.keystore, Encoding::Jks);
    let seen = java("JKS", &path);
    assert_eq!(seen.len(), 5);
    for entry in &seen {
        let old = before.get(&entry.alias).is_some();
        assert_eq!(
            entry.created_ms,
            (OLD + i64::from(!old)) * 1000,
            "{entry:?}"
        );
    }
    let again = import_certificates(&decoded(&path).keystore, &import).unwrap();
    assert!(again.change.is_empty(), "nothing to write the second time");
}

#[test]
fn a_key_is_imported_with_its_chain_in_order_and_serves_tls() {
    let folder = tempfile::tempdir().unwrap();
    let (root_key, root) = issuer("Root", None);
    let (middle_key, middle) = issuer("Middle", Some(&root_key));
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let mut params = rcgen::CertificateParams::new(["gw1.example.com".to_owned()]).unwrap();
    params.distinguished_name = dn("gw1");
    let leaf = params.signed_by(&leaf_key, &middle_key).unwrap();
    let text = leaf_key.serialize_pem()
        + &write_pem_certificates(&[middle, Certificate::from_der(leaf.der().to_vec())]);
    let before: Keystore = [Entry::trusted("root", root).created(at(OLD))]
        .into_iter()
        .collect();
    for encoding in [Encoding::Jks, Encoding::Pkcs12(Pkcs12Profile::Modern)] {
        let import = KeyImport {
            alias: &"Gateway".into(),
            material: &read(text.as_bytes()),
            source: None,
            extra: &[],
            root: Root::Include,
            replace: false,
            key_password: &Password::new(PASSWORD),
            encoding,
            now: OffsetDateTime::UNIX_EPOCH,
        };
        let edited = import_key(&before, &import, &mut SystemRandom).unwrap();
        let path = folder.path().join(encoding.format().name());
        write(&path, &edited.keystore, encoding);
        let kind = encoding.format().name();
        let seen = java(kind, &path);
        let key = seen.iter().find(|entry| entry.alias == "gateway").unwrap();
        assert_eq!((key.kind.as_str(), key.sha256.len()), ("key", 3));
        let store = store(kind, &path);
        judge().tls(store, store, "gw1.example.com").unwrap();
    }
}

#[test]
fn a_reply_of_a_ca_is_taken_in_any_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jks");
    let file = path.to_str().unwrap();
    keytool(
        file,
        "JKS",
        "-genkeypair -alias node -keyalg EC -dname CN=node -keypass changeit",
    );
    keytool(
        file,
        "JKS",
        "-genkeypair -alias ca -keyalg EC -dname CN=ca -ext bc=ca:true -keypass changeit",
    );
    let [request, reply, anchor] =
        ["a.csr", "a.pem", "ca.pem"].map(|name| folder.path().join(name).display().to_string());
    keytool(
        file,
        "JKS",
        &format!("-certreq -alias node -file {request}"),
    );
    keytool(
        file,
        "JKS",
        &format!("-gencert -alias ca -infile {request} -outfile {reply} -rfc"),
    );
    keytool(
        file,
        "JKS",
        &format!("-exportcert -alias ca -file {anchor} -rfc"),
    );
    let text = [fs::read(anchor).unwrap(), fs::read(reply).unwrap()].concat();
    let before = decoded(&path).keystore;
    let import = ReplyImport {
        alias: &"NODE".into(),
        certificates: &read(&text).loose_certificates(),
        extra: &[],
        root: Root::AsGiven,
        key_password: Some(&Password::new(PASSWORD)),
        encoding: Encoding::Jks,
        now: OffsetDateTime::UNIX_EPOCH,
    };
    let edited = import_reply(&before, &import).unwrap();
    write(&path, &edited.keystore, Encoding::Jks);
    let node = java("JKS", &path)
        .into_iter()
        .find(|e| e.alias == "node")
        .unwrap();
    assert_eq!(node.sha256.len(), 2);
    judge().key(store("JKS", &path), "node", PASSWORD).unwrap();
    let ca = ReplyImport {
        alias: &"ca".into(),
        ..import
    };
    assert!(
        import_reply(&before, &ca).is_ok(),
        "the anchor is the CA's own"
    );
}

fn dated_store() -> Keystore {
    let trusted = |alias: &str| Entry::trusted(alias, ca(alias)).created(at(OLD));
    ["first", "second"].map(trusted).into_iter().collect()
}
