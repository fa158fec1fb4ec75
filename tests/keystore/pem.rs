//! PEM bundles as OpenSSL and keytool write them.

use std::{fs, path::Path, process::Command};

use pki_core::{
    edit::Material,
    key::{SystemRandom, read_private_key, write_encrypted_private_key},
    keystore::{
        Content, Format, Integrity, Keystore, read_pem_certificates, write_pem_certificates,
    },
    secret::Password,
    x509::{Certificate, pem_blocks, write_pem},
};

use crate::{
    judge::judge,
    mutation::{Mutations, at_low_cost},
};

#[test]
fn every_label_that_openssl_gives_a_key_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (key, certificate, bundle) = (at("key.pem"), at("cert.pem"), at("bundle.pem"));
    for (algorithm, options) in [
        (
            "rsa",
            &["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"][..],
        ),
        (
            "ec",
            &["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"][..],
        ),
    ] {
        openssl(&[&["genpkey", "-out", &key], options].concat());
        let request = [
            "req",
            "-x509",
            "-new",
            "-key",
            &key,
            "-out",
            &certificate,
            "-days",
            "9",
        ];
        openssl(&[&request[..], &["-subj", "/O=Example/CN=GW1.example.com"]].concat());
        let old = ["pkey", "-traditional", "-in", &key, "-out"];
        openssl(&[&old[..], &[&at("old.pem")]].concat());
        for cipher in ["aes128", "aes192", "aes256", "des3"] {
            let under = [&format!("-{cipher}"), "-passout", "pass:changeit"];
            openssl(&[&old[..], &[&at(&format!("{cipher}.pem"))], &under].concat());
        }
        let encrypt = ["pkcs8", "-topk8", "-in", &key, "-passout", "pass:changeit"];
        openssl(&[&encrypt[..], &["-out", &at("sealed.pem")]].concat());
        openssl(&[
            "x509",
            "-in",
            &certificate,
            "-trustout",
            "-addtrust",
            "serverAuth",
            "-out",
            &at("trusted.pem"),
        ]);
        for (key, certificate) in [
            ("key.pem", "cert.pem"),
            ("old.pem", "trusted.pem"),
            ("sealed.pem", "cert.pem"),
            ("aes128.pem", "cert.pem"),
            ("aes192.pem", "trusted.pem"),
            ("aes256.pem", "cert.pem"),
            ("des3.pem", "cert.pem"),
        ] {
            let text = fs::read_to_string(at(key)).unwrap()
                + &fs::read_to_string(at(certificate)).unwrap();
            let mangled = format!("\u{FEFF}some words\n{}", text.trim_end()).replace('\n', "\r\n");
            fs::write(&bundle, &mangled).unwrap();
            let decoded = Keystore::decode(mangled.as_bytes(), &Password::new("")).unwrap();
            assert_eq!(
                (decoded.format, decoded.integrity),
                (Format::Pem, Integrity::Absent)
            );
            let [entry] = decoded.keystore.entries() else {
                panic!("{algorithm} {key}: {decoded:?}");
            };
            assert_eq!(entry.alias.as_str(), "gw1.example.com", "{algorithm} {key}");
            let Content::PrivateKey { key: sealed, chain } = &entry.content else {
                panic!("{algorithm} {key}: no key");
            };
            let opened = sealed.open(&Password::new("changeit")).unwrap();
            assert_eq!(opened.spki().unwrap(), chain[0].view().unwrap().spki);
            let wrong = sealed.open(&Password::new("wrong"));
            assert_eq!(wrong.is_ok(), sealed.is_unprotected(), "{algorithm} {key}");
            assert_eq!(sealed.is_unprotected(), sealed.protection().is_none());
        }
    }
}

#[test]
fn a_dsa_key_in_openssl_s_own_order_of_numbers_is_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (parameters, key) = (at("dsa.par"), at("key.pem"));
    let bits = [
        "genpkey",
        "-genparam",
        "-algorithm",
        "DSA",
        "-pkeyopt",
        "dsa_paramgen_bits:1024",
    ];
    openssl(&[&bits[..], &["-out", &parameters]].concat());
    openssl(&["genpkey", "-paramfile", &parameters, "-out", &key]);
    let pkcs8 = openssl(&["pkey", "-in", &key]);
    for sealing in [&[][..], &["-aes256", "-passout", "pass:changeit"]] {
        let old = openssl(&[&["pkey", "-traditional", "-in", &key][..], sealing].concat());
        assert!(old.starts_with("-----BEGIN DSA PRIVATE KEY-----"));
        let password = Password::new("changeit");
        let read = read_private_key(old.as_bytes(), Some(&password)).unwrap();
        let written = write_pem("PRIVATE KEY", read.pkcs8().expose());
        assert_eq!(std::str::from_utf8(written.expose()).unwrap(), pkcs8);
    }
}

#[test]
fn certificates_that_are_written_keytool_and_openssl_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pem");
    let made = ["a", "b"].map(|name| {
        let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        Certificate::from_der(made.cert.der().to_vec())
    });
    let text = write_pem_certificates(&made);
    assert_eq!(read_pem_certificates(text.as_bytes()).unwrap(), made);
    fs::write(&path, &text).unwrap();
    let file = path.to_str().unwrap();
    let printed = judge().keytool(&["-printcert", "-file", file]).unwrap();
    assert_eq!(printed.matches("Serial number").count(), 2, "{printed}");
    let first = openssl(&["x509", "-in", file]);
    assert!(text.starts_with(&first), "the same bytes as OpenSSL writes");
}

#[test]
fn a_changed_text_never_panics_and_costs_little() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata");
    let file = |name: &str| fs::read(data.join(name)).unwrap();
    let key = file("keys/ec-p256-01.pem");
    let password = Password::new("storepassword123");
    let sealed = read_private_key(&key, None).unwrap();
    let sealed = write_encrypted_private_key(&sealed, &password, 1, &mut SystemRandom).unwrap();
    let certificates = file("cli/bundle.pem");
    let originals = [
        [&file("cli/old.key")[..], &file("cli/leaf.pem")].concat(),
        [&key[..], &certificates].concat(),
        [&certificates[..], sealed.expose()].concat(),
    ];
    let mut mutations = Mutations::new();
    let mut read = 0;
    for original in &originals {
        for _ in 0..3_000 {
            let bytes = mutations.of(original, 0);
            at_low_cost(&bytes, || {
                let _ = pem_blocks(&bytes);
                let _ = read_private_key(&bytes, Some(&password));
                let _ = Material::default().read(&bytes, Some(&password));
                let Ok(decoded) = Keystore::decode(&bytes, &password) else {
                    return;
                };
                read += 1;
                for entry in decoded.keystore.entries() {
                    if let Content::PrivateKey { key, .. } = &entry.content {
                        let _ = key.open(&password);
                    }
                    let _ = entry.certificates().iter().map(Certificate::view).count();
                }
            });
        }
    }
    // Most changes break the base64; the rest reached the parsers behind.
    assert!(read > 300, "{read}");
}

#[test]
fn a_changed_certificate_costs_little_to_look_at() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cli");
    let mut mutations = Mutations::new();
    let mut seen = 0;
    for name in ["leaf.pem", "intermediate.pem"] {
        let pem = fs::read(data.join(name)).unwrap();
        let original = read_pem_certificates(&pem).unwrap().remove(0);
        for _ in 0..5_000 {
            let bytes = mutations.of(original.der(), 0);
            at_low_cost(&bytes, || {
                let certificate = Certificate::from_der(bytes.clone());
                let Ok(view) = certificate.view() else {
                    return;
                };
                seen += 1;
                let _ = format!("{} {} {:?}", view.subject, view.issuer, view.names());
                let _ = certificate.is_self_issued();
            });
        }
    }
    assert!(seen > 500, "{seen}");
}

fn openssl(arguments: &[&str]) -> String {
    let output = Command::new("openssl")
        .args(arguments)
        .current_dir(Path::new(env!("CARGO_TARGET_TMPDIR")))
        .output()
        .unwrap_or_else(|error| panic!("`openssl` does not start ({error}): install OpenSSL 3"));
    assert!(
        output.status.success(),
        "openssl {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
