//! PEM bundles as OpenSSL and keytool write them.

use std::{fs, path::Path, process::Command};

use pki_core::{
    keystore::{
        Content, Format, Integrity, Keystore, read_pem_certificates, write_pem_certificates,
    },
    secret::Password,
    x509::Certificate,
};

use crate::judge::judge;

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
        // `openssl rsa` needs to be told to write the old label, `openssl ec` always does.
        let old = ["rsa", "-traditional"];
        let old = if algorithm == "rsa" {
            &old[..]
        } else {
            &["ec"]
        };
        openssl(&[old, &["-in", &key, "-out", &at("old.pem")]].concat());
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
        }
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
