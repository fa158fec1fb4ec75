//! Edits, judged by Java and OpenSSL: what people lose with keytool they keep here.

use std::{collections::BTreeMap, fs, path::Path, process::Command, time::Instant};

use pki_core::{
    edit::{
        AliasPattern, CertificateImport, Conflict, Conversion, Dates, Duplicates, Fault, KeyImport,
        Material, PruneRules, Reader, ReplyImport, Root, Side, Target, What, check, convert,
        deterministic_random, diff, import_certificates, import_key, import_reply, merge, prune,
        readers, repair, set_dates, summary, write_pem_bundle,
    },
    key::SystemRandom,
    keystore::{Decoded, Encoding, Entry, Format, Keystore, Pkcs12Profile, write_pem_certificates},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use crate::judge::{JavaEntry, Store, judge};

/// Enough to see a quadratic edit; 100,000 were seen to take proportionally more.
const MANY: usize = 30_000;
const PASSWORD: &str = "changeit";
/// 2001-01-01T00:00:00Z
const OLD: i64 = 978_307_200;

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
        pattern: &pattern,
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
            protection: encoding.protection(),
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
        certificates: &read(&text).certificates,
        extra: &[],
        root: Root::AsGiven,
        key_password: Some(&Password::new(PASSWORD)),
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
    write(&path, &repair(&found, &[]).keystore, Encoding::Jks);
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
    let mended = repair(&found, &[]);
    write(
        &path,
        &mended.keystore,
        Encoding::Pkcs12(Pkcs12Profile::Modern),
    );
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
            .map(|e| e.certificates()[0].clone())
            .collect();
        let import = CertificateImport {
            certificates: &certificates,
            pattern: &pattern,
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

fn dated_store() -> Keystore {
    let trusted = |alias: &str| Entry::trusted(alias, ca(alias)).created(at(OLD));
    ["first", "second"].map(trusted).into_iter().collect()
}

fn at(unix: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(unix).ok()
}

fn dn(name: &str) -> rcgen::DistinguishedName {
    let mut dn = rcgen::DistinguishedName::new();
    dn.push(rcgen::DnType::CommonName, name);
    dn
}

type Issuer = rcgen::Issuer<'static, rcgen::KeyPair>;

fn issuer(name: &str, by: Option<&Issuer>) -> (Issuer, Certificate) {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = dn(name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = match by {
        None => params.self_signed(&key),
        Some(by) => params.signed_by(&key, by),
    };
    let certificate = Certificate::from_der(certificate.unwrap().der().to_vec());
    (rcgen::Issuer::new(params, key), certificate)
}

fn ca(name: &str) -> Certificate {
    issuer(name, None).1
}

fn read(bytes: &[u8]) -> Material {
    let mut material = Material::default();
    material.read(bytes, None).unwrap();
    material
}

fn write(path: &Path, store: &Keystore, encoding: Encoding) {
    let password = Password::new(PASSWORD);
    let bytes = store
        .encode(encoding, &password, &mut SystemRandom)
        .unwrap();
    fs::write(path, bytes.expose()).unwrap();
}

fn decoded(path: &Path) -> Decoded {
    Keystore::decode(&fs::read(path).unwrap(), &Password::new(PASSWORD)).unwrap()
}

fn java(kind: &str, path: &Path) -> Vec<JavaEntry> {
    judge().load(kind, path, Some(PASSWORD)).unwrap()
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
    assert!(matches!(
        refused,
        Err(pki_core::edit::EditError::Sealed { .. })
    ));
}

fn store<'a>(kind: &'a str, path: &'a Path) -> Store<'a> {
    Store {
        kind,
        path,
        password: PASSWORD,
    }
}

fn keytool(file: &str, kind: &str, arguments: &str) {
    let mut all: Vec<&str> = arguments.split_whitespace().collect();
    all.extend([
        "-storetype",
        kind,
        "-keystore",
        file,
        "-storepass",
        PASSWORD,
    ]);
    judge().keytool(&all).unwrap();
}

fn openssl(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
