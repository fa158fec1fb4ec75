//! What others write is read.

use std::{fs, path::Path};

use base64ct::{Base64, Encoding as _};
use pki_core::{
    keystore::{
        Content, DecodeError, Decoded, Encoding, Integrity, Keystore, Pkcs12Profile, Protection,
        UnsealError,
    },
    secret::Password,
};

use super::{
    PASSWORD, aliases, by_java, by_us, decode, fixtures, has_mac, key_digest, keytool, run,
};
use crate::{
    judge::{NewEntry, Store, judge},
    shared::stores as real_stores,
};

#[test]
fn every_real_store_reads_to_what_java_says() {
    let mut read = 0;
    for real in real_stores().iter().filter(|real| real.kind == "PKCS12") {
        let (path, password) = (&real.path, real.password.as_str());
        let file = path.display();
        let decoded = decode(path, password);
        let store = &decoded.keystore;
        assert_eq!(by_us(store), by_java(path, Some(password)), "{file}");
        assert_eq!(store.entries().len(), real.entries, "{file}");
        let integrity = match has_mac(&fs::read(path).unwrap()) {
            true => Integrity::Verified,
            false => Integrity::Absent,
        };
        assert_eq!(decoded.integrity, integrity, "{file}");
        if integrity == Integrity::Absent {
            let open = Keystore::decode_unverified(&fs::read(path).unwrap()).unwrap();
            assert_eq!(open, decoded, "{file} lies open but for its keys");
        }
        let keys = store.entries().iter();
        let keys = keys.filter(|entry| matches!(entry.content, Content::PrivateKey { .. }));
        assert_eq!(keys.count(), real.keys.len(), "{file}");
        for key in &real.keys {
            let entry = store.get(&key.alias).unwrap();
            assert_eq!(entry.certificates().len(), key.chain, "{file}");
            let asked = Store {
                kind: "PKCS12",
                path,
                password,
            };
            let java = judge().key(asked, &key.alias, &key.password).unwrap();
            assert_eq!(key_digest(entry, &key.password), java.sha256, "{file}");
        }
        read += 1;
    }
    assert!(
        read == 0 || read >= 8,
        "only {read} stores in the table are PKCS #12"
    );
}

#[test]
fn a_store_of_keytool_says_what_it_is_made_of() {
    let decoded = decode(&fixtures().join("many.p12"), PASSWORD);
    assert_eq!(decoded.integrity, Integrity::Verified);
    assert_eq!(decoded.mac.as_deref(), Some("HmacPBESHA256"));
    assert_eq!(decoded.kdf.as_deref(), Some("PBKDF2-HMAC-SHA-256"));
    assert_eq!(decoded.iterations, Some(10_000));
    assert_eq!(
        decoded.encoding,
        Some(Encoding::Pkcs12(Pkcs12Profile::Modern))
    );
    let store = &decoded.keystore;
    assert_eq!(
        aliases(store),
        ["one", "two", "trustedA", "Trusted Ü\u{1F511}"]
    );
    for entry in store.entries() {
        let Content::PrivateKey { key, chain } = &entry.content else {
            assert_eq!(entry.created, None, "trusted certificates have no date");
            continue;
        };
        assert_eq!(
            key.protection(),
            Some(Protection::Pbes2Aes256Sha256 { iterations: 10_000 })
        );
        assert_eq!(chain.len(), 2);
        let java = judge()
            .load("PKCS12", &fixtures().join("many.p12"), Some(PASSWORD))
            .unwrap();
        let java = java
            .iter()
            .find(|java| java.alias == entry.alias.as_str())
            .unwrap();
        let created = entry.created.unwrap().unix_timestamp_nanos() / 1_000_000;
        assert_eq!(created, i128::from(java.created_ms));
    }
    let asked = Store {
        kind: "PKCS12",
        path: &fixtures().join("many.p12"),
        password: PASSWORD,
    };
    let java = judge().key(asked, "two", PASSWORD).unwrap();
    assert_eq!(key_digest(store.get("two").unwrap(), PASSWORD), java.sha256);
}

#[test]
fn a_wrong_password_is_told_from_damage() {
    let bytes = fs::read(fixtures().join("many.p12")).unwrap();
    let wrong = Err(DecodeError::WrongPassword {
        format: pki_core::keystore::Format::Pkcs12,
    });
    assert_eq!(Keystore::decode(&bytes, &Password::new("wrong")), wrong);
    assert_eq!(Keystore::decode(&bytes, &Password::new("")), wrong);
    assert!(matches!(
        Keystore::decode(&bytes[..bytes.len() - 1], &Password::new(PASSWORD)),
        Err(DecodeError::Truncated { .. })
    ));
}

#[test]
fn without_a_password_keys_are_shown_without_certificates_as_java_does() {
    let path = fixtures().join("many.p12");
    let bytes = fs::read(&path).unwrap();
    let decoded = Keystore::decode_unverified(&bytes).unwrap();
    assert_eq!(decoded.integrity, Integrity::Unchecked);
    assert_eq!(by_us(&decoded.keystore), by_java(&path, None));
    assert_eq!(aliases(&decoded.keystore), ["one", "two"]);
}

#[test]
fn a_truststore_cannot_be_read_without_its_password() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("trust.p12");
    let text = path.to_str().unwrap();
    let ca = fixtures().join("ca.pem");
    keytool(&format!(
        "-importcert -noprompt -alias ca -file {} -keystore {text}",
        ca.display()
    ));
    let bytes = fs::read(&path).unwrap();
    assert!(matches!(
        Keystore::decode_unverified(&bytes),
        Err(DecodeError::PasswordNeeded { .. })
    ));
    assert_eq!(
        by_us(&decode(&path, PASSWORD).keystore),
        by_java(&path, Some(PASSWORD))
    );
}

/// A store that Java makes through its API, with the fixtures' key and certificates.
fn java_store(path: &Path, password: &str, entries: &[NewEntry<'_>]) {
    judge()
        .store(
            Store {
                kind: "PKCS12",
                path,
                password,
            },
            entries,
        )
        .unwrap();
}

#[test]
fn keys_with_passwords_of_their_own_stay_sealed_until_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys.p12");
    let (key, chain) = (fixtures().join("one.der"), fixtures().join("chain.pem"));
    let entry = |alias, password| NewEntry::Key {
        alias,
        password,
        key: &key,
        chain: &chain,
    };
    java_store(
        &path,
        PASSWORD,
        &[entry("a", "password-a"), entry("b", "password-b")],
    );
    let decoded = decode(&path, PASSWORD);
    assert_eq!(by_us(&decoded.keystore), by_java(&path, Some(PASSWORD)));
    let a = key_digest(decoded.keystore.get("a").unwrap(), "password-a");
    assert_eq!(
        a,
        key_digest(decoded.keystore.get("b").unwrap(), "password-b")
    );
    let Content::PrivateKey { key, .. } = &decoded.keystore.get("a").unwrap().content else {
        panic!("no key");
    };
    assert_eq!(
        key.open(&Password::new("password-b")),
        Err(UnsealError::WrongPassword)
    );
}

#[test]
fn secret_keys_are_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret.p12");
    let secret = NewEntry::Secret {
        alias: "AES key",
        password: PASSWORD,
        algorithm: "AES",
        hex: "000102030405060708090a0b0c0d0e0f",
    };
    java_store(&path, PASSWORD, &[secret]);
    let decoded = decode(&path, PASSWORD);
    assert_eq!(by_us(&decoded.keystore), by_java(&path, Some(PASSWORD)));
    assert!(decoded.keystore.entries()[0].created.is_some());
}

#[test]
fn an_empty_password_is_read_whoever_wrote_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("empty.p12");
    let (key, chain) = (fixtures().join("one.der"), fixtures().join("chain.pem"));
    let entry = NewEntry::Key {
        alias: "a",
        password: "",
        key: &key,
        chain: &chain,
    };
    java_store(&path, "", &[entry]);
    let decoded = decode(&path, "");
    assert_eq!(decoded.integrity, Integrity::Verified);
    assert_eq!(by_us(&decoded.keystore), by_java(&path, Some("")));
    let digest = key_digest(decoded.keystore.get("a").unwrap(), "");
    for more in [&[][..], &["-legacy"]] {
        let decoded = openssl("", more);
        assert_eq!(decoded.integrity, Integrity::Verified);
        assert_eq!(key_digest(&decoded.keystore.entries()[0], ""), digest);
    }
}

/// A store of OpenSSL with the fixtures' key and chain.
fn openssl(password: &str, more: &[&str]) -> Decoded {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.p12");
    let file = |name: &str| fixtures().join(name).to_str().unwrap().to_owned();
    let (key, chain) = (file("one.key"), file("chain.pem"));
    let pass = format!("pass:{password}");
    let mut arguments = vec!["pkcs12", "-export", "-passout", &pass, "-in", &chain];
    arguments.extend(["-out", out.to_str().unwrap()]);
    if !more.contains(&"-nokeys") {
        arguments.extend(["-inkey", &key]);
    }
    arguments.extend(more);
    run("openssl", &arguments);
    let decoded = decode(&out, password);
    // Java 17 reads no password beyond ASCII, no AES-192 or 3DES in PBES2, no key that lies open.
    let not_for_java = ["-keypbe NONE", "DES-EDE3-CBC", "AES-192-CBC"];
    let more = more.join(" ");
    if password.is_ascii() && !not_for_java.iter().any(|scheme| more.contains(scheme)) {
        let java = by_java(&out, Some(password));
        assert_eq!(by_us(&decoded.keystore), java, "{more}");
    }
    decoded
}

#[test]
fn openssl_s_schemes_are_read() {
    let plain = openssl("pw1234", &["-name", "One"]);
    let digest = key_digest(plain.keystore.get("one").unwrap(), "pw1234");
    let schemes: &[&[&str]] = &[
        &["-name", "x", "-legacy"],
        &["-name", "x", "-nomac"],
        &["-name", "x", "-nomac", "-certpbe", "AES-256-CBC"],
        &["-name", "x", "-nomac", "-legacy"],
        &["-name", "x", "-macalg", "sha1"],
        &["-name", "x", "-macalg", "sha224"],
        &["-name", "x", "-macalg", "sha384"],
        &["-name", "x", "-macalg", "sha512"],
        &["-name", "x", "-nomaciter"],
        &[
            "-name",
            "x",
            "-keypbe",
            "AES-128-CBC",
            "-certpbe",
            "AES-128-CBC",
        ],
        &[
            "-name",
            "x",
            "-keypbe",
            "AES-128-CBC",
            "-certpbe",
            "AES-192-CBC",
        ],
        &["-name", "x", "-keypbe", "DES-EDE3-CBC", "-certpbe", "NONE"],
        &[
            "-name",
            "x",
            "-legacy",
            "-keypbe",
            "PBE-SHA1-2DES",
            "-certpbe",
            "PBE-SHA1-RC2-128",
        ],
        &[
            "-name",
            "x",
            "-legacy",
            "-keypbe",
            "PBE-SHA1-RC2-40",
            "-descert",
        ],
        &[
            "-name", "x", "-keypbe", "NONE", "-certpbe", "NONE", "-nomac",
        ],
        &["-name", "x", "-keypbe", "NONE"],
        &["-name", "schlüssel"],
        &["-name", "x", "-CSP", "Microsoft Enhanced"],
        &["-name", "x", "-LMK"],
    ];
    for scheme in schemes {
        let decoded = openssl("pw1234", scheme);
        let [entry] = decoded.keystore.entries() else {
            panic!("{scheme:?}: {:?}", decoded.keystore);
        };
        assert_eq!(entry.alias.as_str(), scheme[1]);
        assert_eq!(entry.certificates().len(), 2, "{scheme:?}");
        assert_eq!(key_digest(entry, "pw1234"), digest, "{scheme:?}");
        let mac = !scheme.contains(&"-nomac");
        assert_eq!(decoded.integrity == Integrity::Verified, mac, "{scheme:?}");
        assert_eq!(decoded.mac.is_some(), mac);
    }
}

#[test]
fn passwords_beyond_ascii_are_read_as_openssl_writes_them() {
    for password in ["pässwörd", "密码", "\u{1F511}"] {
        let decoded = openssl(password, &["-name", "x"]);
        key_digest(&decoded.keystore.entries()[0], password);
        let decoded = openssl(password, &["-name", "x", "-legacy"]);
        key_digest(&decoded.keystore.entries()[0], password);
    }
}

#[test]
fn without_a_mac_a_wrong_password_is_still_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("o.p12");
    let (key, chain) = (fixtures().join("one.key"), fixtures().join("chain.pem"));
    let arguments = [
        "pkcs12",
        "-export",
        "-nomac",
        "-certpbe",
        "AES-256-CBC",
        "-passout",
        "pass:right",
    ];
    let files = [
        "-inkey",
        key.to_str().unwrap(),
        "-in",
        chain.to_str().unwrap(),
        "-out",
        out.to_str().unwrap(),
    ];
    run("openssl", &[&arguments[..], &files[..]].concat());
    let bytes = fs::read(&out).unwrap();
    for n in 0..600 {
        // Some of them leave a padding that looks right.
        let decoded = Keystore::decode(&bytes, &Password::new(format!("wrong{n}")));
        assert!(
            matches!(decoded, Err(DecodeError::WrongPassword { .. })),
            "{decoded:?}"
        );
    }
}

#[test]
fn an_unnamed_key_is_number_one() {
    let decoded = openssl("pw1234", &[]);
    assert_eq!(aliases(&decoded.keystore), ["1"]);
}

#[test]
fn certificates_without_java_s_attribute_are_entries_that_java_hides() {
    let decoded = openssl("pw1234", &["-nokeys"]);
    assert_eq!(aliases(&decoded.keystore), ["1", "2"]);
    assert!(by_us(&decoded.keystore).is_empty());
    let decoded = openssl("pw1234", &["-nokeys", "-caname", "a", "-caname", "b"]);
    assert_eq!(aliases(&decoded.keystore), ["a", "b"]);
}

#[test]
fn unknown_attributes_are_kept() {
    let decoded = openssl("pw1234", &["-name", "x", "-CSP", "Microsoft Enhanced"]);
    let [attribute] = &decoded.keystore.entries()[0].attributes[..] else {
        panic!("no attribute");
    };
    assert_eq!(attribute.oid, "1.3.6.1.4.1.311.17.1");
}

#[test]
fn bouncycastle_s_ber_is_read() {
    let jar = "/usr/share/java/bcprov.jar";
    if !Path::new(jar).exists() {
        eprintln!("{jar} is absent (Debian: libbcprov-java): its files were not read");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("Bc.java");
    fs::write(&source, BOUNCYCASTLE).unwrap();
    let many = fixtures().join("many.p12");
    let arguments = [
        jar,
        source.to_str().unwrap(),
        many.to_str().unwrap(),
        PASSWORD,
    ];
    let out = folder.path().to_str().unwrap();
    run("java", &[&["-cp"], &arguments[..], &[out]].concat());
    let ours = decode(&many, PASSWORD).keystore;
    let mut read = 0;
    for file in fs::read_dir(folder.path()).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "p12") {
            continue;
        }
        let decoded = decode(&path, PASSWORD);
        assert_eq!(decoded.integrity, Integrity::Verified, "{}", path.display());
        for alias in ["one", "two"] {
            let (theirs, ours) = (
                decoded.keystore.get(alias).unwrap(),
                ours.get(alias).unwrap(),
            );
            assert_eq!(
                theirs.certificates(),
                ours.certificates(),
                "{}",
                path.display()
            );
            assert_eq!(key_digest(theirs, PASSWORD), key_digest(ours, PASSWORD));
        }
        assert_eq!(
            by_us(&decoded.keystore),
            by_java(&path, Some(PASSWORD)),
            "{}",
            path.display()
        );
        read += 1;
    }
    assert_eq!(read, 4);
}

const BOUNCYCASTLE: &str = r#"
import java.io.*; import java.security.*; import java.util.*;
public class Bc {
    public static void main(String[] args) throws Exception {
        Provider bc = (Provider) Class.forName("org.bouncycastle.jce.provider.BouncyCastleProvider")
            .getDeclaredConstructor().newInstance();
        char[] password = args[1].toCharArray();
        KeyStore from = KeyStore.getInstance("PKCS12");
        try (InputStream in = new FileInputStream(args[0])) { from.load(in, password); }
        for (String type : List.of("PKCS12", "PKCS12-DEF", "PKCS12-3DES-3DES", "PKCS12-DEF-3DES-40RC2")) {
            KeyStore to = KeyStore.getInstance(type, bc);
            to.load(null, null);
            for (String alias : Collections.list(from.aliases())) {
                if (from.isKeyEntry(alias)) {
                    Key key = from.getKey(alias, password);
                    to.setKeyEntry(alias, key, password, from.getCertificateChain(alias));
                }
            }
            try (OutputStream out = new FileOutputStream(args[2] + "/" + type + ".p12")) {
                to.store(out, password);
            }
        }
    }
}
"#;

#[test]
fn what_jdk_25_writes_is_read() {
    const KEY: &str = "52be8311c44be67523e5f3d9006922e797d289912f1e687870de9a5470b16090";
    const OTHER: &str = "aee876fabaab2ba04200a9d6a19acb178c6e58e1da8e9c47f7b8719987f4f8fc";
    let node = ("node", vec![KEY]);
    for (name, entries) in [
        ("jdk25-key.b64", vec![node.clone()]),
        (
            "jdk25-key-trust.b64",
            vec![node.clone(), ("apim-pki-ca", vec![OTHER])],
        ),
        ("jdk25-trust.b64", vec![("apim-pki-ca", vec![KEY])]),
        ("jdk25-trust-open.b64", vec![("apim-pki-ca", vec![OTHER])]),
        ("jdk25-secret.b64", vec![node, ("aes", vec![])]),
    ] {
        let decoded = Keystore::decode(&kept(name), &Password::new(PASSWORD)).unwrap();
        let found: Vec<(String, Vec<String>)> = decoded
            .keystore
            .entries()
            .iter()
            .map(|entry| {
                let chain = entry.certificates().iter();
                let chain = chain.map(|it| it.fingerprint().to_string()).collect();
                (entry.alias.to_string(), chain)
            })
            .collect();
        let entries: Vec<(String, Vec<String>)> = entries
            .into_iter()
            .map(|(alias, chain)| {
                let chain = chain.into_iter().map(str::to_owned).collect();
                (alias.to_owned(), chain)
            })
            .collect();
        assert_eq!(found, entries, "{name}");
        let open = name == "jdk25-trust-open.b64";
        let integrity = match open {
            true => Integrity::Absent,
            false => Integrity::Verified,
        };
        assert_eq!(decoded.integrity, integrity, "{name}");
        for entry in decoded.keystore.entries() {
            match &entry.content {
                Content::PrivateKey { .. } => drop(key_digest(entry, PASSWORD)),
                Content::TrustedCertificate { java_visible, .. } => {
                    assert!(java_visible, "{name}");
                }
                _ => {}
            }
        }
        if !open {
            assert_eq!(decoded.mac.as_deref(), Some("HmacPBESHA256"), "{name}");
            let wrong = Keystore::decode(&kept(name), &Password::new("changeme"));
            assert!(matches!(wrong, Err(DecodeError::WrongPassword { .. })));
        }
    }
}

#[test]
fn jdk_25_takes_passwords_beyond_ascii_and_so_do_we() {
    let password = "pässwörter";
    let bytes = kept("jdk25-umlaut.b64");
    let decoded = Keystore::decode(&bytes, &Password::new(password)).unwrap();
    assert_eq!(decoded.integrity, Integrity::Verified);
    key_digest(&decoded.keystore.entries()[0], password);
}

#[test]
fn pbmac1_of_the_rfc_is_verified_and_its_invalid_files_are_refused() {
    let read = |name: &str| Keystore::decode(&kept(name), &Password::new("1234"));
    let valid = [
        ("pbmac1-a1-sha256.b64", "PBMAC1-HmacSHA256"),
        ("pbmac1-a2-sha256-sha512.b64", "PBMAC1-HmacSHA256"),
        ("pbmac1-a3-sha512.b64", "PBMAC1-HmacSHA512"),
    ];
    for (name, mac) in valid {
        let decoded = read(name).unwrap();
        assert_eq!(decoded.integrity, Integrity::Verified);
        assert_eq!(decoded.mac.as_deref(), Some(mac));
        assert_eq!(decoded.encoding, None, "Java 17 would not read it");
        assert_eq!(decoded.keystore.entries().len(), 1);
        key_digest(&decoded.keystore.entries()[0], "1234");
    }
    for name in ["pbmac1-a4-wrong-iterations.b64", "pbmac1-a5-wrong-salt.b64"] {
        assert!(matches!(read(name), Err(DecodeError::WrongPassword { .. })));
    }
    assert!(matches!(
        read("pbmac1-a6-no-key-length.b64"),
        Err(DecodeError::Damaged { .. })
    ));
}

/// A store of `testdata/pkcs12`.
fn kept(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/pkcs12");
    let text = fs::read_to_string(folder.join(name)).unwrap();
    let text: String = text.split_whitespace().collect();
    Base64::decode_vec(&text).unwrap()
}
