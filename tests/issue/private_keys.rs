//! Private keys that others write, and others that read ours.

use pki_core::{
    key::{
        Generated, KeyAlgorithm, KeyError, KeySource, SystemRandom, read_private_key,
        write_encrypted_private_key,
    },
    secret::Password,
    x509::write_pem,
};

use crate::{
    judge::{NewEntry, Store, judge},
    keys::ReadyKeys,
    openssl::{openssl, write_chain},
};

#[test]
fn whatever_openssl_writes_is_read_as_the_same_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let password = Password::new("opensesame");
    for (name, algorithm) in [
        ("rsa-2048-01", KeyAlgorithm::Rsa2048),
        ("ec-p256-01", KeyAlgorithm::EcP256),
        ("ec-p384-01", KeyAlgorithm::EcP384),
    ] {
        let pem = std::fs::read(ReadyKeys::folder().join(format!("{name}.pem"))).unwrap();
        std::fs::write(path.join("key.pem"), &pem).unwrap();
        let key = ReadyKeys::key(algorithm, 0).unwrap();
        for arguments in [
            "pkey -in key.pem -traditional -out out.pem",
            "pkcs8 -topk8 -in key.pem -nocrypt -out out.pem",
            "pkcs8 -topk8 -in key.pem -v2 aes-256-cbc -passout pass:opensesame -out out.pem",
            "pkcs8 -topk8 -in key.pem -v2 aes-128-cbc -v2prf hmacWithSHA1 -passout pass:opensesame -out out.pem",
            "pkcs8 -topk8 -in key.pem -v2 des3 -passout pass:opensesame -out out.pem",
        ] {
            openssl(path, &arguments.split(' ').collect::<Vec<_>>()).unwrap();
            let written = std::fs::read(path.join("out.pem")).unwrap();
            let read = read_private_key(&written, Some(&password)).unwrap();
            assert_eq!(read.spki().unwrap(), key.spki().unwrap(), "{arguments}");
            assert_eq!(read.algorithm(), Some(algorithm));
        }
        for cipher in ["aes128", "aes192", "aes256", "des3"] {
            let arguments = format!(
                "pkey -in key.pem -traditional -{cipher} -passout pass:opensesame -out out.pem"
            );
            openssl(path, &arguments.split(' ').collect::<Vec<_>>()).unwrap();
            let old = std::fs::read(path.join("out.pem")).unwrap();
            assert!(old.windows(8).any(|found| found == b"DEK-Info"), "{cipher}");
            let read = |password: Option<&Password>| read_private_key(&old, password);
            assert_eq!(
                read(Some(&password)).unwrap().spki(),
                key.spki(),
                "{cipher}"
            );
            assert_eq!(
                read(Some(&Password::new("wrong"))),
                Err(KeyError::WrongPassword)
            );
            assert_eq!(read(None), Err(KeyError::PasswordNeeded));
        }
        for (cipher, named) in [
            ("camellia128", "CAMELLIA-128-CBC"),
            ("aria256", "ARIA-256-CBC"),
        ] {
            let arguments = format!(
                "pkey -in key.pem -traditional -{cipher} -passout pass:opensesame -out out.pem"
            );
            openssl(path, &arguments.split(' ').collect::<Vec<_>>()).unwrap();
            let old = std::fs::read(path.join("out.pem")).unwrap();
            let algorithm = named.to_owned();
            assert_eq!(
                read_private_key(&old, Some(&password)),
                Err(KeyError::UnsupportedEncryption { algorithm })
            );
        }
    }
    openssl(
        path,
        &[
            "ecparam",
            "-genkey",
            "-name",
            "prime256v1",
            "-out",
            "out.pem",
        ],
    )
    .unwrap();
    let read = read_private_key(&std::fs::read(path.join("out.pem")).unwrap(), None).unwrap();
    assert_eq!(read.algorithm(), Some(KeyAlgorithm::EcP256));
    openssl(
        path,
        &["genpkey", "-algorithm", "ED25519", "-out", "out.pem"],
    )
    .unwrap();
    let read = read_private_key(&std::fs::read(path.join("out.pem")).unwrap(), None).unwrap();
    std::fs::write(path.join("spki.der"), read.spki().unwrap()).unwrap();
    openssl(
        path,
        &[
            "pkey",
            "-in",
            "out.pem",
            "-pubout",
            "-outform",
            "DER",
            "-out",
            "theirs.der",
        ],
    )
    .unwrap();
    assert_eq!(
        read.spki().unwrap(),
        std::fs::read(path.join("theirs.der")).unwrap()
    );
}

#[test]
fn openssl_opens_the_encrypted_key_of_a_ca() {
    let folder = tempfile::tempdir().unwrap();
    let key = ReadyKeys::key(KeyAlgorithm::Rsa3072, 0).unwrap();
    let password = Password::new("opensesame");
    let pem = write_encrypted_private_key(&key, &password, 1000, &mut SystemRandom).unwrap();
    std::fs::write(folder.path().join("ca.key"), pem.expose()).unwrap();
    let public = "pkey -in ca.key -passin pass:opensesame -pubout -outform DER -out public.der";
    openssl(folder.path(), &public.split(' ').collect::<Vec<_>>()).unwrap();
    let public = std::fs::read(folder.path().join("public.der")).unwrap();
    assert_eq!(public, key.spki().unwrap());
}

#[test]
fn java_takes_the_keys_that_are_generated_here() {
    let folder = tempfile::tempdir().unwrap();
    for algorithm in [
        KeyAlgorithm::Rsa2048,
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
    ] {
        let key = match algorithm.is_rsa() {
            true => ReadyKeys::key(algorithm, 0).unwrap(),
            false => Generated.generate(algorithm).unwrap(),
        };
        let certificate = crate::issued::self_signed(&key, "node", &["gw1.example.com"]);
        let (key_path, chain_path) = (folder.path().join("key.der"), folder.path().join("chain"));
        std::fs::write(&key_path, key.pkcs8().expose()).unwrap();
        write_chain(&chain_path, &[certificate]);
        let path = folder.path().join(format!("{algorithm}.jks"));
        let store = Store {
            kind: "JKS",
            path: &path,
            password: "changeit",
        };
        let entry = NewEntry::Key {
            alias: "node",
            password: "changeit",
            key: &key_path,
            chain: &chain_path,
        };
        judge().store(store, &[entry]).unwrap();
        let read = judge().key(store, "node", "changeit").unwrap();
        assert_eq!(read.algorithm == "RSA", algorithm.is_rsa());
        judge().tls(store, store, "gw1.example.com").unwrap();
    }
    // A key that was wrapped anew is what OpenSSL says it is, too.
    let key = Generated.generate(KeyAlgorithm::EcP384).unwrap();
    let pem = write_pem("PRIVATE KEY", key.pkcs8().expose());
    std::fs::write(folder.path().join("ec.pem"), pem.expose()).unwrap();
    openssl(
        folder.path(),
        &["pkey", "-in", "ec.pem", "-check", "-noout"],
    )
    .unwrap();
}
