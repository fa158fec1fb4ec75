//! What is read and never written: JCEKS, BKS, DER, PKCS #7; and BCFKS, which is recognised.

use std::{fs, path::Path};

use pki_core::{
    keystore::{
        Content, DecodeError, Decoded, Format, Integrity, Keystore, Protection, UnsealError,
        read_certificates, read_pem_certificates,
    },
    secret::Password,
    x509::Certificate,
};

use crate::{
    judge::{NewEntry, Store, judge},
    matrix::{PASSWORD, bouncy_castle, material},
    mutation::{Mutations, at_low_cost},
    pkcs12::run,
};

#[test]
fn a_jceks_is_read_as_java_reads_it_with_entries_behind_a_secret_key() {
    let path = written("JCEKS");
    let bytes = fs::read(&path).unwrap();
    let decoded = decode(&bytes, PASSWORD).unwrap();
    assert_eq!(decoded.format, Format::Jceks);
    assert_eq!(decoded.integrity, Integrity::Verified);
    assert_eq!(decoded.encoding, None);
    check(&decoded);
    let ca = decoded.keystore.get("ca").unwrap();
    let judged = &judge().load("JCEKS", &path, Some(PASSWORD));
    let java = judged.as_ref().unwrap().iter().find(|e| e.alias == "ca");
    assert_eq!(
        ca.created.unwrap().unix_timestamp_nanos() / 1_000_000,
        i128::from(java.unwrap().created_ms)
    );
    let Content::PrivateKey { key, .. } = &decoded.keystore.get("rsa").unwrap().content else {
        panic!("no key")
    };
    assert!(matches!(
        key.protection(),
        Some(Protection::JceMd5TripleDes { iterations }) if iterations > 1_000
    ));
    let unchecked = Keystore::decode_unverified(&bytes).unwrap();
    assert_eq!(unchecked.integrity, Integrity::Unchecked);
    assert_eq!(unchecked.keystore, decoded.keystore);
}

#[test]
fn a_bks_is_read_as_bouncycastle_wrote_it() {
    if !bouncy_castle() {
        return;
    }
    let bytes = made("BKS@BC");
    let decoded = decode(&bytes, PASSWORD).unwrap();
    assert_eq!(decoded.format, Format::Bks);
    assert_eq!(decoded.integrity, Integrity::Verified);
    assert_eq!(decoded.mac.as_deref(), Some("HmacPBESHA1"));
    check(&decoded);
    assert!(
        decoded
            .keystore
            .entries()
            .iter()
            .all(|e| e.created.is_some())
    );
    let unchecked = Keystore::decode_unverified(&bytes).unwrap();
    assert_eq!(unchecked.integrity, Integrity::Unchecked);
    assert_eq!(unchecked.keystore, decoded.keystore);
    // Nothing that we write can hold its keys as they are.
    for encoding in [
        pki_core::keystore::Encoding::Jks,
        pki_core::keystore::Encoding::Pkcs12(pki_core::keystore::Pkcs12Profile::Java8),
    ] {
        let random = &mut pki_core::key::SystemRandom;
        let written = decoded
            .keystore
            .encode(encoding, &Password::new(PASSWORD), random);
        assert!(written.is_err());
    }
}

#[test]
fn a_bks_of_version_1_is_read_as_bouncycastle_reads_it() {
    if !bouncy_castle() {
        return;
    }
    // The same file with the other MAC, whose key OpenSSL derives.
    let path = written("BKS@BC");
    let mut bytes = fs::read(&path).unwrap();
    bytes[3] = 1;
    let hex = |bytes: &[u8]| -> String { bytes.iter().map(|b| format!("{b:02x}")).collect() };
    let iterations = u32::from_be_bytes(bytes[28..32].try_into().unwrap());
    let options = [
        "digest:SHA1".to_owned(),
        format!(
            "hexpass:{}",
            hex(Password::new(PASSWORD).bmp_string().expose())
        ),
        format!("hexsalt:{}", hex(&bytes[8..28])),
        format!("iter:{iterations}"),
        "id:3".to_owned(),
    ];
    let mut arguments = vec!["kdf", "-keylen", "2"];
    for option in &options {
        arguments.extend(["-kdfopt", option]);
    }
    arguments.push("PKCS12KDF");
    let key = format!(
        "hexkey:{}",
        run("openssl", &arguments).trim().replace(':', "")
    );
    let end = bytes.len() - 20;
    let [body, mac] = ["body", "mac"].map(|name| path.with_file_name(name));
    fs::write(&body, &bytes[32..end]).unwrap();
    let [body, out] = [&body, &mac].map(|path| path.to_str().unwrap());
    let hmac = [
        "dgst", "-sha1", "-mac", "HMAC", "-macopt", &key, "-binary", "-out", out, body,
    ];
    run("openssl", &hmac);
    bytes.truncate(end);
    bytes.extend(fs::read(&mac).unwrap());
    fs::write(&path, &bytes).unwrap();

    let decoded = decode(&bytes, PASSWORD).unwrap();
    assert_eq!(decoded.integrity, Integrity::Verified);
    check(&decoded);
    assert_eq!(
        judge().load("BKS@BC", &path, Some(PASSWORD)).unwrap().len(),
        4
    );
    assert!(decode(&bytes, "wrong").is_err());
}

#[test]
fn a_bcfks_is_called_by_its_name() {
    if !bouncy_castle() {
        return;
    }
    let bytes = made("BCFKS@BC");
    assert_eq!(Format::detect(&bytes), Some(Format::Bcfks));
    let refused = decode(&bytes, PASSWORD).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "this is a BCFKS keystore, which cannot be read yet"
    );
}

#[test]
fn one_certificate_in_der_or_several_are_trusted_ones() {
    let [ca, leaf] = ["ca", "ec"].map(|name| first(&material().join(format!("{name}.pem"))));
    let decoded = decode(ca.der(), PASSWORD).unwrap();
    assert_eq!(decoded.format, Format::Der);
    assert_eq!(decoded.integrity, Integrity::Absent);
    assert_eq!(certificates(&decoded), std::slice::from_ref(&ca));
    assert_eq!(decoded.keystore.entries()[0].alias.as_str(), "root");
    let both = [ca.der().as_ref(), leaf.der()].concat();
    assert_eq!(read_certificates(&both).unwrap(), [ca.clone(), leaf]);
    let trailing = [ca.der().as_ref(), b"\n"].concat();
    assert!(matches!(
        decode(&trailing, PASSWORD),
        Err(DecodeError::Damaged { offset, .. }) if offset == ca.der().len()
    ));
}

#[test]
fn what_only_resembles_a_certificate_is_none() {
    let at = |name: &str| material().join(name).to_str().unwrap().to_owned();
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out.der");
    let file = out.to_str().unwrap();
    let request = [
        "req",
        "-new",
        "-key",
        &at("ec.key"),
        "-subj",
        "/CN=x",
        "-outform",
        "DER",
        "-out",
        file,
    ];
    let key = [
        "pkey",
        "-in",
        &at("ec.key"),
        "-outform",
        "DER",
        "-out",
        file,
    ];
    let public = [
        "pkey",
        "-in",
        &at("ec.key"),
        "-pubout",
        "-outform",
        "DER",
        "-out",
        file,
    ];
    for command in [&request[..], &key, &public] {
        run("openssl", command);
        let bytes = fs::read(&out).unwrap();
        assert_eq!(Format::detect(&bytes), None, "{command:?}");
        assert!(matches!(
            read_certificates(&bytes),
            Err(DecodeError::UnknownFormat { .. })
        ));
    }
}

#[test]
fn a_certificate_of_version_1_is_one() {
    let folder = tempfile::tempdir().unwrap();
    let [request, out] = ["csr", "v1.der"].map(|name| folder.path().join(name));
    let [request, out] = [&request, &out].map(|path| path.to_str().unwrap());
    let key = material().join("ec.key");
    let key = key.to_str().unwrap();
    run(
        "openssl",
        &[
            "req", "-new", "-key", key, "-subj", "/CN=v1", "-out", request,
        ],
    );
    run(
        "openssl",
        &[
            "x509", "-req", "-in", request, "-signkey", key, "-outform", "DER", "-out", out,
        ],
    );
    let read = read_certificates(&fs::read(out).unwrap()).unwrap();
    assert_eq!(read[0].view().unwrap().version, 1);
}

#[test]
fn pkcs7_gives_its_certificates_in_order_in_der_and_pem() {
    let chain = read_pem_certificates(&fs::read(material().join("ec.pem")).unwrap()).unwrap();
    assert_eq!(chain.len(), 2);
    for (form, cms) in [("DER", false), ("PEM", false), ("PEM", true)] {
        let bytes = pkcs7(form, cms);
        let mut read = read_certificates(&bytes).unwrap();
        read.sort_by_key(|c| c.view().unwrap().subject.common_names() != ["ec"]);
        assert_eq!(read, chain, "{form} {cms}");
        let decoded = decode(&bytes, PASSWORD).unwrap();
        let format = if form == "DER" {
            Format::Pkcs7
        } else {
            Format::Pem
        };
        assert_eq!(decoded.format, format);
        assert_eq!(decoded.keystore.entries().len(), 2);
        assert_eq!(decoded.integrity, Integrity::Absent);
    }
    let label = String::from_utf8(pkcs7("PEM", true)).unwrap();
    assert!(label.starts_with("-----BEGIN CMS-----"), "{label}");
    let broken = b"-----BEGIN PKCS7-----\nMAA=\n-----END PKCS7-----\n";
    assert!(read_pem_certificates(broken).is_err());
    assert!(matches!(
        decode(broken, PASSWORD),
        Err(DecodeError::Damaged { .. })
    ));
}

#[test]
fn pkcs7_in_ber_is_read_as_well() {
    // SEQUENCE, [0], SEQUENCE, [0] of indefinite length around the same certificates
    let der = pkcs7("DER", false);
    let inner = |bytes: &[u8]| {
        bytes[if bytes[1] < 0x80 {
            2
        } else {
            2 + usize::from(bytes[1] & 0x7F)
        }..]
            .to_vec()
    };
    let info = inner(&der);
    let content = inner(&info[11..]);
    let signed = inner(&content);
    let ber = [
        &[0x30, 0x80][..],
        &info[..11],
        &[0xA0, 0x80, 0x30, 0x80],
        &signed,
        &[0; 6],
    ]
    .concat();
    assert_eq!(
        read_certificates(&ber).unwrap(),
        read_certificates(&der).unwrap()
    );
}

#[test]
fn every_cut_of_every_format_is_an_error() {
    let password = Password::new(PASSWORD);
    for bytes in all() {
        for end in 0..bytes.len() {
            let error = Keystore::decode(&bytes[..end], &password).unwrap_err();
            // A format is known by its first bytes: BKS by 4 + 4 + 20 + 4 + 1.
            assert!(
                end < 33 || matches!(error, DecodeError::Truncated { .. }),
                "{:02x?} {end}: {error}",
                &bytes[..4]
            );
            let _ = Keystore::decode_unverified(&bytes[..end]);
        }
    }
}

#[test]
fn no_change_makes_a_reader_panic_or_hang_or_verify() {
    let password = Password::new(PASSWORD);
    let mut mutations = Mutations::new();
    for original in all() {
        let format = Format::detect(&original);
        // Of a BKS nothing in front of the MACed part; its iterations would cost minutes.
        let (fixed, rounds) = match format {
            Some(Format::Bks) => (32, 300),
            Some(Format::Jceks) => (4, 2_000),
            _ => (0, 2_000),
        };
        for _ in 0..rounds {
            let bytes = mutations.of(&original, fixed);
            at_low_cost(&bytes, || {
                let read = Keystore::decode(&bytes, &password);
                if matches!(format, Some(Format::Bks | Format::Jceks))
                    && !bytes.starts_with(&original)
                {
                    assert!(read.is_err());
                }
                let _ = read_certificates(&bytes);
                if let Ok(decoded) = Keystore::decode_unverified(&bytes) {
                    for entry in decoded.keystore.entries() {
                        let _ = entry.certificates().iter().map(Certificate::view).count();
                    }
                }
            });
        }
    }
}

#[test]
fn counts_and_iterations_are_refused_before_anything_is_spent() {
    // BKS: version 2, salt, 5,000,001 iterations is no BKS to begin with; a chain of 4 billion is refused.
    let head = |iterations: u32| {
        [
            &[0, 0, 0, 2, 0, 0, 0, 20][..],
            &[7; 20],
            &iterations.to_be_bytes(),
        ]
        .concat()
    };
    assert_eq!(Format::detect(&[&head(5_000_001)[..], &[0]].concat()), None);
    let chain = [&head(1)[..], &[4, 0, 1, b'a'], &[0; 8], &[0xFF; 4]].concat();
    assert!(matches!(
        decode(&chain, PASSWORD),
        Err(DecodeError::Truncated {
            format: Format::Bks,
            ..
        })
    ));
    // JCEKS: an array of 4 billion in a secret key.
    let array = b"\xAC\xED\0\x05\x75\x72\0\x02[B\0\0\0\0\0\0\0\0\x02\0\0\x78\x70\xFF\xFF\xFF\xFF";
    let jceks = [
        &[
            0xCE, 0xCE, 0xCE, 0xCE, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 0, 1, b'a',
        ][..],
        &[0; 8],
        array,
    ]
    .concat();
    assert!(matches!(
        decode(&jceks, PASSWORD),
        Err(DecodeError::Truncated {
            format: Format::Jceks,
            ..
        })
    ));
}

/// Keys `rsa` and `ec` with chains, a secret key, trusted `ca` behind it.
fn written(kind: &str) -> std::path::PathBuf {
    let folder = tempfile::tempdir().unwrap().keep();
    let path = folder.join("store");
    let at = |name: &str| material().join(name);
    let (rsa, rsa_chain, ec, ec_chain) = (at("rsa.der"), at("rsa.pem"), at("ec.der"), at("ec.pem"));
    let key = |alias, key, chain| NewEntry::Key {
        alias,
        password: if alias == "ec" {
            "own password"
        } else {
            PASSWORD
        },
        key,
        chain,
    };
    let mut entries = vec![key("rsa", &*rsa, &*rsa_chain)];
    if kind != "BCFKS@BC" {
        entries.push(NewEntry::Secret {
            alias: "secret",
            password: PASSWORD,
            algorithm: "AES",
            hex: "000102030405060708090a0b0c0d0e0f",
        });
    }
    let ca = at("ca.pem");
    entries.push(key("ec", &*ec, &*ec_chain));
    entries.push(NewEntry::Trusted {
        alias: "ca",
        certificate: &ca,
    });
    let store = Store {
        kind,
        path: &path,
        password: PASSWORD,
    };
    judge().store(store, &entries).unwrap();
    path
}

fn made(kind: &str) -> Vec<u8> {
    let path = written(kind);
    let bytes = fs::read(&path).unwrap();
    fs::remove_dir_all(path.parent().unwrap()).unwrap();
    bytes
}

/// What [`written`] put there.
fn check(decoded: &Decoded) {
    let mut aliases: Vec<&str> = decoded
        .keystore
        .entries()
        .iter()
        .map(|entry| entry.alias.as_str())
        .collect();
    aliases.sort_unstable();
    assert_eq!(aliases, ["ca", "ec", "rsa", "secret"]);
    for (alias, password) in [("rsa", PASSWORD), ("ec", "own password")] {
        let entry = decoded.keystore.get(alias).unwrap();
        let Content::PrivateKey { key, chain } = &entry.content else {
            panic!("{alias} is no key")
        };
        let file = fs::read(material().join(format!("{alias}.pem"))).unwrap();
        assert_eq!(*chain, read_pem_certificates(&file).unwrap());
        let opened = key.open(&Password::new(password)).unwrap();
        assert_eq!(opened.matches(&chain[0]), pki_core::key::KeyMatch::Yes);
        assert_eq!(
            key.open(&Password::new("wrong")),
            Err(UnsealError::WrongPassword)
        );
    }
    let secret = &decoded.keystore.get("secret").unwrap().content;
    assert!(matches!(secret, Content::SecretKey { sealed } if sealed.len() > 40));
    let ca = first(&material().join("ca.pem"));
    assert_eq!(decoded.keystore.get("ca").unwrap().certificates(), [ca]);
}

fn pkcs7(form: &str, cms: bool) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let chain = material().join("ec.pem");
    let arguments = [
        "crl2pkcs7",
        "-nocrl",
        "-certfile",
        chain.to_str().unwrap(),
        "-outform",
        form,
        "-out",
        out.to_str().unwrap(),
    ];
    run("openssl", &arguments);
    let bytes = fs::read(out).unwrap();
    if cms {
        return String::from_utf8(bytes)
            .unwrap()
            .replace("PKCS7", "CMS")
            .into_bytes();
    }
    bytes
}

/// One file of each format that is here.
fn all() -> Vec<Vec<u8>> {
    let mut all = vec![
        made("JCEKS"),
        pkcs7("DER", false),
        first(&material().join("ca.pem")).der().to_vec(),
    ];
    if bouncy_castle() {
        all.push(made("BKS@BC"));
    }
    all
}

fn first(path: &Path) -> Certificate {
    read_pem_certificates(&fs::read(path).unwrap())
        .unwrap()
        .remove(0)
}

fn certificates(decoded: &Decoded) -> Vec<Certificate> {
    let entries = decoded.keystore.entries().iter();
    entries
        .flat_map(|entry| entry.certificates().to_vec())
        .collect()
}

fn decode(bytes: &[u8], password: &str) -> Result<Decoded, DecodeError> {
    Keystore::decode(bytes, &Password::new(password))
}
