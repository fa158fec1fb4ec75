//! Encrypted secrets of homes: an installation writes those that it names, and takes along those that are there.
//! Java decrypts with the keystore that was installed, as the node's own set-up says.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use pki_core::{
    keystore::{Content, Keystore},
    secret::Password,
};

use super::{Deployment, contents, state, without_note};
use crate::{judge::judge, site::Run};

const CIPHER_TEXT: &str = "repository/conf/security/cipher-text.properties";
const SECRET_CONF: &str = "repository/conf/security/secret-conf.properties";
const TOML: &str = "repository/conf/deployment.toml";
const OAEP: &str = "RSA/ECB/OAEPwithSHA1andMGF1Padding";
const ENCRYPTED: [&str; 4] = ["--urls", "--yes", "--passwords", "encrypted"];

impl Deployment {
    fn password(&self, name: &str) -> String {
        let file = self.site.workspace().join("secrets").join(name);
        fs::read_to_string(file).unwrap().trim_end().to_owned()
    }

    /// What the server gets for each alias, by its own set-up.
    fn read_by_java(&self, node: &str) -> BTreeMap<String, String> {
        let home = self.home(node);
        let folder = tempfile::tempdir().unwrap();
        let file = secrets_file(&home, folder.path());
        let password = self.password("stores");
        let arguments = ["node", text(&home), &password, text(&file)].map(Some);
        let rows = judge().ask("ciphers", &arguments).unwrap();
        let rows = rows.into_iter();
        rows.map(|row| (row[0].clone(), row[1].clone())).collect()
    }

    fn verified(&self, node: &str) -> Run {
        let home = format!("homes/{node}");
        let password = "file:pki/secrets/stores";
        self.site.run(&[
            "vault",
            "check",
            "--home",
            &home,
            "--store-password",
            password,
        ])
    }
}

/// What the server makes of `[secrets]` when it starts, where there is a `deployment.toml`.
fn secrets_file(home: &Path, folder: &Path) -> PathBuf {
    let Ok(toml) = fs::read_to_string(home.join(TOML)) else {
        return home.join(CIPHER_TEXT);
    };
    let toml: toml_edit::DocumentMut = toml.parse().unwrap();
    let secrets = toml["secrets"].as_table().unwrap();
    let lines = secrets
        .iter()
        .map(|(alias, value)| format!("{alias}={}\n", value.as_str().unwrap()));
    let file = folder.join("cipher-text.properties");
    fs::write(&file, lines.collect::<String>()).unwrap();
    file
}

/// Of XML.
fn without_comments(text: &str) -> String {
    let mut parts = text.split("<!--");
    let first = parts.next().unwrap().to_owned();
    let behind = parts.map(|it| it.split_once("-->").map_or("", |(_, behind)| behind));
    first + &behind.collect::<String>()
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn java_reads_every_password_that_2_6_names_and_undo_brings_the_home_back() {
    let read = encrypted_and_put_back("2.6.0");
    let Some((aliases, read, passwords)) = read else {
        return;
    };
    // Those that carbon.xml and Tomcat ask for.
    for alias in [
        "Carbon.Security.KeyStore.Password",
        "Carbon.Security.KeyStore.KeyPassword",
        "Carbon.Security.TrustStore.Password",
        "Server.Service.Connector.keystorePass",
    ] {
        assert!(aliases.contains(&alias.to_owned()), "{alias}: {aliases:?}");
    }
    for alias in &aliases {
        assert_eq!(read.get(alias), Some(&passwords[0]), "{alias}");
    }
}

#[test]
fn java_reads_every_password_that_4_7_names_and_undo_brings_the_home_back() {
    let read = encrypted_and_put_back("4.7.0");
    let Some((mut aliases, read, passwords)) = read else {
        return;
    };
    aliases.sort();
    aliases.dedup();
    assert_eq!(
        aliases,
        [
            "encryption_key",
            "keystore_password",
            "ssl_keystore_password",
            "truststore_password"
        ]
    );
    for alias in &aliases {
        let expected = &passwords[usize::from(alias == "encryption_key")];
        assert_eq!(read.get(alias), Some(expected), "{alias}");
    }
}

/// The aliases that the configuration names, what Java gets for each, and the deployment's passwords.
#[allow(clippy::type_complexity)]
fn encrypted_and_put_back(
    release: &str,
) -> Option<(Vec<String>, BTreeMap<String, String>, Vec<String>)> {
    let deployment = Deployment::new(release)?;
    let node = "gateway-1";
    let home = deployment.home(node);
    let untouched = state(&home);
    let shown = deployment.installs(node, &["--dry-run", "--passwords", "encrypted"]);
    assert!(untouched == state(&home), "a dry run changed something");
    assert!(
        shown.stdout.contains("secret-conf.properties (new)"),
        "{shown:#?}"
    );
    assert!(shown.stdout.contains("encrypted secrets:"), "{shown:#?}");

    let run = deployment.installs(node, &ENCRYPTED);
    assert!(run.stderr.contains("password-persist"), "{run:#?}");
    assert!(!run.stderr.contains("must have"), "{run:#?}");
    let mut passwords = vec![deployment.password("stores")];
    if release == "4.7.0" {
        passwords.push(deployment.password("encryption"));
        let toml = fs::read_to_string(home.join(TOML)).unwrap();
        let written = passwords.iter().find(|it| toml.contains(it.as_str()));
        assert_eq!(written, None, "a password in clear");
    }
    for password in &passwords {
        let told = [&shown, &run].map(|it| format!("{}{}", it.stdout, it.stderr));
        assert!(!told.concat().contains(password.as_str()));
    }

    let read = deployment.read_by_java(node);
    let mut aliases = Vec::new();
    for (path, content) in contents(&home) {
        let content = without_comments(&String::from_utf8_lossy(&content));
        let mark = match path == Path::new(TOML) {
            true => "$secret{",
            false => "svns:secretAlias=\"",
        };
        let named = content.split(mark).skip(1);
        aliases.extend(named.map(|it| it.split(['"', '}']).next().unwrap().to_owned()));
    }
    let checked = deployment.verified(node);
    assert!(!checked.stdout.contains("error:"), "{checked:#?}");
    assert_eq!(checked.code, Some(0), "{checked:#?}");

    // Ciphertext is another each time; what reads as it should is left.
    let installed = state(&home);
    let again = deployment.install(node, &ENCRYPTED);
    assert!(again.stderr.contains("nothing to do"), "{again:#?}");
    assert!(without_note(&installed) == without_note(&state(&home)));
    let undone = deployment.undo(node);
    assert_eq!(undone.code, Some(0), "{undone:#?}");
    assert!(state(&home) == untouched, "not as it was");
    Some((aliases, read, passwords))
}

#[test]
fn every_home_with_encrypted_passwords_verifies() {
    for release in ["2.6.0", "4.7.0"] {
        let Some(deployment) = Deployment::new(release) else {
            return;
        };
        let mut args = vec![
            "verify".to_owned(),
            "-f".to_owned(),
            "apim-pki.toml".to_owned(),
        ];
        for node in &deployment.nodes {
            deployment.installs(node, &ENCRYPTED);
            args.extend(["--home".to_owned(), format!("homes/{node}")]);
        }
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let given = [
            "--format",
            "json",
            "--vault-password",
            "file:pki/secrets/stores",
        ];
        let run = deployment.site.run(&[&args[..], &given].concat());
        assert_eq!(run.code, Some(0), "{run:#?}");
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["problems"].as_array().unwrap().len(), 0);
        let unjudged = report["unjudged"].as_array().unwrap();
        let sealed = unjudged.iter().find(|it| it.to_string().contains("secret"));
        assert_eq!(sealed, None);
    }
}

#[test]
fn a_vault_whose_key_is_given_at_start_gets_secrets_under_that_key() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    let node = "gateway-1";
    let home = deployment.home(node);
    let set_up = "secretRepositories=file\nsecVault.enabled=true\n\
                  secretRepositories.file.encryptionMode=key.based.symmetric.encryption\n";
    fs::create_dir_all(home.join(SECRET_CONF).parent().unwrap()).unwrap();
    fs::write(home.join(SECRET_CONF), set_up).unwrap();
    let refused = deployment.install(node, &ENCRYPTED);
    assert_eq!(refused.code, Some(5), "{refused:#?}");
    assert!(
        refused
            .stderr
            .contains("hint: `--encryption-key file:PATH`"),
        "{refused:#?}"
    );
    let key = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
    fs::write(deployment.site.base().join("vault-key"), key).unwrap();
    let given = [&ENCRYPTED[..], &["--encryption-key", "file:vault-key"]].concat();
    let run = deployment.installs(node, &given);
    assert!(run.stderr.contains("encryption-key-persist"), "{run:#?}");
    assert!(!format!("{}{}", run.stdout, run.stderr).contains(key));
    let again = deployment.install(node, &given);
    assert!(again.stderr.contains("nothing to do"), "{again:#?}");
    let home = format!("homes/{node}");
    let key = ["--encryption-key", "file:vault-key"];
    let checked = [&["vault", "check", "--home", &home], &key[..]].concat();
    deployment.site.ok(&checked);
    let verified = [&["verify", "--home", &home], &key[..]].concat();
    let verified = deployment.site.run(&verified);
    assert!(!verified.stdout.contains("secret"), "{verified:#?}");
}

#[test]
fn what_the_home_encrypted_before_is_read_with_the_new_key() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "publisher-1";
    let home = deployment.home(node);
    let encrypt = |more: &[&str]| {
        let home = format!("homes/{node}");
        let args = ["vault", "encrypt", "--home", &home];
        let run = deployment.site.run(&[&args[..], more].concat());
        assert_eq!(run.code, Some(0), "{run:#?}");
    };
    encrypt(&["--configure"]);
    fs::write(deployment.site.base().join("db"), "d\u{e9}b]").unwrap();
    encrypt(&["--alias", "Mine.db", "--value", "file:db"]);
    // The password of a directory, as the server keeps it.
    let (certificate, _) = primary(&home, "wso2carbon");
    let of_server = judge().ciphers(&[
        "envelope",
        OAEP,
        text(certificate.path()),
        text(certificate.path()),
        "646972",
    ]);
    let user_store = home.join("repository/deployment/server/userstores/ldap.xml");
    fs::create_dir_all(user_store.parent().unwrap()).unwrap();
    let xml = format!(
        "<UserStoreManager class=\"c\">\r\n<Property encrypted=\"true\" name=\"ConnectionPassword\">{}</Property>\
         </UserStoreManager>",
        of_server.unwrap()
    );
    fs::write(&user_store, xml).unwrap();
    let before = state(&home);
    let set_up = fs::read_to_string(home.join(SECRET_CONF)).unwrap();

    for style in ["plain", "secret", "encrypted"] {
        let run = deployment.installs(node, &["--yes", "--passwords", style]);
        assert!(run.stdout.contains("encrypted secrets:"), "{run:#?}");
        let read = deployment.read_by_java(node);
        assert_eq!(read["Mine.db"], "d\u{e9}b]", "{style}");
        assert_eq!(read["UserManager.AdminUser.Password"], "admin", "{style}");
        let (_, key) = primary(&home, &deployment.password("stores"));
        let xml = fs::read_to_string(&user_store).unwrap();
        let value = xml.split(['>', '<']).nth(4).unwrap();
        let opened = judge().ciphers(&["open-envelope", text(key.path()), value, "JDK"]);
        assert_eq!(opened.unwrap(), "646972", "{style}");
        if style == "encrypted" {
            let own = &read["Carbon.Security.KeyStore.Password"];
            assert_eq!(*own, deployment.password("stores"));
        }
        assert_eq!(fs::read_to_string(home.join(SECRET_CONF)).unwrap(), set_up);
        let undone = deployment.undo(node);
        assert_eq!(undone.code, Some(0), "{undone:#?}");
        assert!(
            without_note(&state(&home)) == without_note(&before),
            "{style}"
        );
    }
}

/// Certificate and private key of a home's primary, as files.
fn primary(home: &Path, password: &str) -> (tempfile::NamedTempFile, tempfile::NamedTempFile) {
    let store = home.join("repository/resources/security/wso2carbon.jks");
    let password = Password::new(password);
    let decoded = Keystore::decode(&fs::read(store).unwrap(), &password).unwrap();
    let entry = decoded.keystore.get("wso2carbon").unwrap();
    let Content::PrivateKey { key, chain } = &entry.content else {
        panic!("no key");
    };
    let key = key.open(&password).unwrap();
    [chain[0].der(), key.pkcs8().expose()]
        .map(|bytes| {
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), bytes).unwrap();
            file
        })
        .into()
}

#[test]
fn a_vault_with_a_keystore_of_its_own_keeps_it() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "store-1";
    let home = deployment.home(node);
    let folder = home.join("repository/resources/security");
    fs::copy(folder.join("wso2carbon.jks"), folder.join("vault.jks")).unwrap();
    let conf = "secretRepositories=file\nkeystore.identity.type=JKS\nkeystore.identity.alias=wso2carbon\n\
                keystore.identity.location=repository/resources/security/vault.jks\n";
    fs::write(home.join(SECRET_CONF), conf).unwrap();
    deployment.installs(node, &ENCRYPTED);
    assert_eq!(fs::read_to_string(home.join(SECRET_CONF)).unwrap(), conf);
    let file = home.join(CIPHER_TEXT);
    let arguments = ["node", text(&home), "wso2carbon", text(&file)].map(Some);
    let rows = judge().ask("ciphers", &arguments).unwrap();
    let own = [
        "Carbon.Security.KeyStore.Password".to_owned(),
        deployment.password("stores"),
    ];
    assert!(rows.contains(&own.to_vec()), "{rows:?}");
    assert_eq!(deployment.undo(node).code, Some(0));

    // And one whose key is typed at start is not opened by any keystore's.
    let conf = "secretRepositories=file\nsecretRepositories.file.encryptionMode=key.based.symmetric.encryption\n";
    fs::write(home.join(SECRET_CONF), conf).unwrap();
    deployment.refuses(node, &ENCRYPTED, &["a key of its own"]);
    deployment.installs(node, &["--yes"]);
    assert_eq!(fs::read_to_string(home.join(SECRET_CONF)).unwrap(), conf);
    assert_eq!(deployment.undo(node).code, Some(0));

    // A secret key lies in the keystore that is replaced.
    let conf = "secretRepositories=file\nsecretRepositories.file.encryptionMode=symmetric\n\
                keystore.identity.alias=wso2carbon\n\
                keystore.identity.location=repository/resources/security/wso2carbon.jks\n";
    fs::write(home.join(SECRET_CONF), conf).unwrap();
    deployment.refuses(node, &ENCRYPTED, &["is a secret key in"]);
}

#[test]
fn a_secret_under_a_key_that_is_not_there_stops_the_installation() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "publisher-1";
    let home = deployment.home(node);
    let file = home.join(CIPHER_TEXT);
    let mut text = fs::read_to_string(&file).unwrap();
    // 256 bytes that no key at hand made.
    text.push_str(&format!("\nStrange={}QQ==\n", "QUJD".repeat(85)));
    fs::write(&file, &text).unwrap();
    let before = state(&home);
    for style in ["plain", "encrypted"] {
        let run = deployment.install(node, &["--yes", "--passwords", style]);
        assert_eq!(run.code, Some(5), "{run:#?}");
        for says in [
            "`Strange`: it was not encrypted for this key",
            "apim-pki vault reencrypt --home homes/publisher-1 --from OLD.jks --to NEW.jks",
        ] {
            assert!(run.stderr.contains(says), "{says}: {run:#?}");
        }
        assert!(before == state(&home), "something was touched");
    }
}

#[test]
fn a_run_that_is_killed_leaves_secrets_that_their_key_reads() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    let node = "control-plane-1";
    let home = deployment.home(node);
    let before = contents(&home);
    let (mut killed, mut delay) = (0, Duration::ZERO);
    for round in 0..30 {
        let at = format!("homes/{node}");
        let args = ["install", "--node", node, "--home", &at];
        let mut child = deployment
            .site
            .command(&[&args[..], &ENCRYPTED].concat())
            .spawn()
            .unwrap();
        thread::sleep(delay);
        let _ = child.kill();
        let ended = child.wait_with_output().unwrap();
        killed += u32::from(ended.status.code().is_none());
        delay = match ended.status.code() {
            None => delay + Duration::from_millis(3),
            Some(_) => Duration::ZERO,
        };
        deployment.installs(node, &ENCRYPTED);
        let checked = deployment.verified(node);
        assert_eq!(checked.code, Some(0), "round {round}: {checked:#?}");
        while home.join(".apim-pki").exists() {
            assert_eq!(deployment.undo(node).code, Some(0));
        }
        assert!(contents(&home) == before, "round {round}");
    }
    assert!(killed > 5, "only {killed} were killed");
}
