//! Whole homes: which key a node's vault takes, and whether it reads what Java encrypted for it.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use pki_core::{
    key::SystemRandom,
    observe::{Cluster, GivenKeys, HomeReader, NoVaultKey, NodeKeys, StoreLead, VaultHome},
    secret::Password,
    verify::{ProblemKind, verify_homes},
    wso2::{
        Product, Slot,
        vault::{IdentityStore, Mode, Verdict, secret_conf},
    },
};
use time::OffsetDateTime;

use crate::{
    judge::{NewEntry, Store, judge},
    shared,
};

const KEY: &str = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";

#[test]
fn the_default_key_of_a_release_reads_what_java_encrypted_for_it() {
    let Some(folder) = shared::folder() else {
        return;
    };
    let store = "repository/resources/security/wso2carbon.jks";
    for real in ["2.6.0/gateway-1", "4.7.0/gateway-1"] {
        let home = tempfile::tempdir().unwrap();
        copy(&folder.join("wso2/homes").join(real), home.path());
        let certificate = home.path().join("certificate.pem");
        judge()
            .keytool(&[
                "-exportcert",
                "-rfc",
                "-alias",
                "wso2carbon",
                "-keystore",
                path(&home.path().join(store)),
                "-storepass",
                "wso2carbon",
                "-file",
                path(&certificate),
            ])
            .unwrap();
        let value = judge()
            .ciphers(&[
                "encrypt",
                "RSA",
                path(&certificate),
                "certificate",
                "736563726574",
            ])
            .unwrap();
        match real.starts_with('2') {
            true => append(
                &home
                    .path()
                    .join("repository/conf/security/cipher-text.properties"),
                &format!("\r\nours={value}\r\n"),
            ),
            false => append(
                &home.path().join("repository/conf/deployment.toml"),
                &format!("\n[secrets]\nours = \"{value}\"\n"),
            ),
        }
        let (verdict, keys) = verdict(home.path(), &GivenKeys::default());
        assert!(keys.missing.is_none(), "{real}: {:?}", keys.missing);
        let Verdict::Reads(opened) = verdict else {
            panic!("{real}: {verdict:?}");
        };
        assert_eq!(opened.plain.expose(), b"secret");
    }
}

#[test]
fn a_home_whose_passwords_are_encrypted_is_read_with_the_one_that_protects_them() {
    let Some(folder) = shared::folder() else {
        return;
    };
    let home = tempfile::tempdir().unwrap();
    copy(&folder.join("wso2/homes/2.6.0/gateway-1"), home.path());
    // The cipher tool does not reach these, and they say the same password in clear.
    for rest in ["axis2", "data-bridge", "identity"] {
        std::fs::remove_dir_all(home.path().join("repository/conf").join(rest)).unwrap();
    }
    for rest in ["conf/broker.xml", "resources/security/sslprofiles.xml"] {
        std::fs::remove_file(home.path().join("repository").join(rest)).unwrap();
    }
    std::fs::remove_dir_all(home.path().join("repository/deployment")).unwrap();
    let read = |given: &GivenKeys| HomeReader::new().keys(given).read(home.path()).unwrap();
    let none = GivenKeys::default();
    let dirs = [home.path().to_owned()];
    let found = VaultHome::read_all(&HomeReader::new(), &dirs, Duration::ZERO, &|| {});
    let found = found[0].as_ref().unwrap();
    let vault = found.vault();
    let keys = found.keys(&vault, &none);
    let changes = vault
        .configure(&keys.sealing.unwrap(), &mut SystemRandom)
        .unwrap();
    for file in &changes.files {
        std::fs::write(home.path().join(&*file.file), file.bytes.expose()).unwrap();
    }
    // Its list has none of the internal keystore's either.
    let carbon = home.path().join("repository/conf/carbon.xml");
    let text = std::fs::read_to_string(&carbon).unwrap();
    let named = "Password svns:secretAlias=\"Carbon.Security.KeyStore.Password\">password<";
    std::fs::write(&carbon, text.replace("Password>wso2carbon<", named)).unwrap();
    let opens = |given: &GivenKeys| {
        let home = read(given);
        [Slot::Primary, Slot::Tls, Slot::Truststore]
            .map(|slot| matches!(home.slot(slot).unwrap().1, StoreLead::Open { .. }))
    };
    assert_eq!(opens(&none), [false; 3]);
    let given = |password| GivenKeys {
        stores: vec![Password::new("another"), Password::new(password)],
        ..GivenKeys::default()
    };
    assert_eq!(opens(&given("wso2carbon")), [true; 3]);
    assert_eq!(opens(&given("wrong")), [false; 3]);

    let told = || {
        let homes = [read(&given("wso2carbon"))];
        let now = OffsetDateTime::UNIX_EPOCH;
        let report = verify_homes(&Cluster::new(&homes, None), None, now);
        let problems = report.problems.into_iter();
        let secrets = problems.filter(|it| matches!(it.kind, ProblemKind::Secret(_)));
        secrets
            .map(|it| format!("{} {}", it.kind.id(), it.alias.unwrap_or_default()))
            .collect::<Vec<_>>()
    };
    assert_eq!(told(), ["vault-off "]);
    let store = IdentityStore::new(
        format!("{STORES}/wso2carbon.jks"),
        None,
        Some("wso2carbon".into()),
    );
    let conf = secret_conf(Product::of(2, 6), Mode::Asymmetric, &store, None);
    let conf_file = home
        .path()
        .join("repository/conf/security/secret-conf.properties");
    std::fs::write(conf_file, conf).unwrap();
    assert_eq!(told(), [""; 0]);
    // Another primary: the server goes on with aliases for passwords, and says nothing.
    let other = folder.join("wso2/homes/4.7.0/gateway-1").join(STORES);
    let primary = home.path().join(STORES).join("wso2carbon.jks");
    std::fs::copy(other.join("wso2carbon.jks"), primary).unwrap();
    assert_eq!(
        told(),
        [
            "secret-unreadable Carbon.Security.KeyStore.Password",
            "secret-unreadable Carbon.Security.KeyStore.KeyPassword",
            "secret-unreadable Carbon.Security.TrustStore.Password",
            "secret-unreadable UserManager.AdminUser.Password",
            "secret-unreadable Datasources.WSO2_CARBON_DB.Configuration.Password",
            "secret-unreadable Server.Service.Connector.keystorePass",
        ]
    );
}

const STORES: &str = "repository/resources/security";

#[test]
fn a_secret_key_of_a_pkcs12_is_the_vaults_and_without_one_everybody_has_the_key() {
    let home = home("secretRepositories.file.encryptionMode=symmetric\n", KEY);
    let path = home.path().join("store.p12");
    let store = Store {
        kind: "PKCS12",
        path: &path,
        password: "storepassword",
    };
    let secret = |alias| NewEntry::Secret {
        alias,
        password: "storepassword",
        algorithm: "AES",
        hex: KEY,
    };
    judge().store(store, &[secret("wso2carbon")]).unwrap();
    let given = GivenKeys {
        stores: vec![Password::new("storepassword")],
        ..GivenKeys::default()
    };
    let (read, keys) = verdict(home.path(), &given);
    assert!(matches!(read, Verdict::Reads(_)), "{read:?}");
    assert!(!keys.built_in);

    judge().store(store, &[secret("another")]).unwrap();
    let (read, keys) = verdict(home.path(), &given);
    assert!(matches!(read, Verdict::Fails(_)), "{read:?}");
    assert!(keys.built_in);

    // What a JCEKS seals is not opened, and told as that.
    let jceks = Store {
        kind: "JCEKS",
        ..store
    };
    judge().store(jceks, &[secret("wso2carbon")]).unwrap();
    let (read, keys) = verdict(home.path(), &given);
    assert_eq!(read, Verdict::NoKey);
    assert!(
        matches!(keys.missing, Some(NoVaultKey::KeySealed { .. })),
        "{keys:?}"
    );
}

#[test]
fn a_key_that_is_given_at_start_is_the_vaults() {
    let mode = "secretRepositories.file.encryptionMode=key.based.symmetric.encryption\n";
    let home = home(mode, KEY);
    std::fs::write(home.path().join("encryption-key-persist"), KEY).unwrap();
    let (read, keys) = verdict(home.path(), &GivenKeys::default());
    assert_eq!(
        (read, keys.missing),
        (Verdict::NoKey, Some(NoVaultKey::NotGiven))
    );
    let found = VaultHome::read_all(
        &HomeReader::new(),
        &[home.path().to_owned()],
        Duration::ZERO,
        &|| {},
    );
    assert_eq!(
        found[0].as_ref().unwrap().root_files,
        ["encryption-key-persist"]
    );
    let given = GivenKeys {
        encryption: Some(Password::new(KEY)),
        ..GivenKeys::default()
    };
    let (read, _) = verdict(home.path(), &given);
    assert!(matches!(read, Verdict::Reads(_)), "{read:?}");
}

/// A home with one secret in AES-GCM under a key.
fn home(mode: &str, key: &str) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    let conf = home.path().join("repository/conf/security");
    std::fs::create_dir_all(&conf).unwrap();
    let value = judge()
        .ciphers(&["vault-gcm", key, &"07".repeat(128), "736563726574"])
        .unwrap();
    std::fs::write(
        home.path().join("repository/conf/deployment.toml"),
        format!("[secrets]\na = \"{value}\"\n"),
    )
    .unwrap();
    std::fs::write(
        conf.join("secret-conf.properties"),
        format!(
            "secretRepositories=file\nkeystore.identity.location=store.p12\n\
             keystore.identity.alias=wso2carbon\n{mode}"
        ),
    )
    .unwrap();
    home
}

/// What the node makes of the last of its secrets, and with which keys.
fn verdict(dir: &Path, given: &GivenKeys) -> (Verdict, NodeKeys) {
    let dirs: [PathBuf; 1] = [dir.to_owned()];
    let reader = HomeReader::new();
    let home = VaultHome::read_all(&reader, &dirs, Duration::ZERO, &|| {});
    let home = home[0].as_ref().unwrap();
    let vault = home.vault();
    let keys = home.keys(&vault, given);
    let verdict = vault.check(vault.secrets.last().unwrap(), &keys.keyring);
    (verdict, keys)
}

fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let from = entry.unwrap().path();
        let to = to.join(from.file_name().unwrap());
        match from.is_dir() {
            true => {
                std::fs::create_dir(&to).unwrap();
                copy(&from, &to);
            }
            false => std::fs::write(&to, std::fs::read(&from).unwrap()).unwrap(),
        }
    }
}

fn append(file: &Path, text: &str) {
    let mut content = std::fs::read(file).unwrap();
    content.extend_from_slice(text.as_bytes());
    std::fs::write(file, content).unwrap();
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}
