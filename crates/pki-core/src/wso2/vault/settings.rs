//! How the vault is set up: `secret-conf.properties`.

use super::{Cipher, Dialect, UnknownCipher, repository::CIPHER_TEXT};
use crate::{
    secret::Bytes,
    wso2::{
        Product,
        config::{Document, Edits},
    },
};

/// How the vault reads secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct VaultSettings {
    /// True if `secret-conf.properties` sets a repository up. Where it does not the vault is off.
    pub configured: bool,
    /// `secVault.enabled`; on where it is not said.
    pub enabled: bool,
    /// With what it decrypts.
    pub mode: Mode,
    /// The cipher that it takes (`secretRepositories.file.algorithm`, or what the mode takes by itself).
    pub cipher: Result<Cipher, UnknownCipher>,
    /// Its keystore (`keystore.identity.*`), where one is named.
    pub keystore: Option<IdentityStore>,
}

/// Which key the vault decrypts with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Mode {
    /// The private key of a keystore.
    Asymmetric,
    /// A key that is typed or put into a file at start (`key.based.symmetric.encryption`, 4.7).
    KeyFile,
    /// A secret key of a keystore (`symmetric`); without one, the product's built-in key
    /// ([`SymmetricKey::built_in`](super::SymmetricKey::built_in)).
    StoredSecretKey,
}

/// The keystore that the vault opens.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IdentityStore {
    /// The file as written: absolute where the cipher tool wrote it.
    pub location: String,
    /// `JKS`, `PKCS12`, …
    pub kind: Option<String>,
    /// Of the key.
    pub alias: Option<String>,
}

impl IdentityStore {
    /// A store by its file, its type as the JCA names it, and the alias of its key.
    pub fn new(location: String, kind: Option<String>, alias: Option<String>) -> Self {
        Self {
            location,
            kind,
            alias,
        }
    }
}

impl VaultSettings {
    pub(super) fn read(document: Option<&Document>) -> Self {
        let value = |key: &str| {
            let found = document.and_then(|document| document.all(key).last());
            found
                .map(|leaf| leaf.text().trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let mode = match value(ENCRYPTION_MODE).as_deref() {
            Some(STORED_SECRET_KEY) => Mode::StoredSecretKey,
            Some(KEY_FILE) => Mode::KeyFile,
            _ => Mode::Asymmetric,
        };
        let algorithm = value("secretRepositories.file.algorithm");
        let algorithm = algorithm.as_deref().unwrap_or(match mode {
            Mode::Asymmetric => "RSA",
            Mode::KeyFile | Mode::StoredSecretKey => "AES/GCM/NoPadding",
        });
        let location = value(LOCATION);
        Self {
            configured: value("secretRepositories").is_some(),
            enabled: value(ENABLED).is_none_or(|it| it.eq_ignore_ascii_case("true")),
            mode,
            cipher: Cipher::named(algorithm, Dialect::Vault),
            keystore: location.map(|location| IdentityStore {
                location,
                kind: value(KIND),
                alias: value(ALIAS),
            }),
        }
    }
}

/// A `secret-conf.properties` as the release's cipher tool writes it (`Utils.writeToSecureConfPropertyFile`),
/// without its date and in a fixed order.
///
/// `transformation` is the cipher by Java's name, where it is not the mode's own. The tool of 2.x writes the
/// location as an absolute path; the server takes one from its home as well.
pub fn secret_conf(
    product: Product,
    mode: Mode,
    store: &IdentityStore,
    transformation: Option<&str>,
) -> String {
    let mut lines = Vec::new();
    if product.at_least(3, 0) {
        lines.push((ENABLED, "true"));
    }
    lines.extend([
        (
            "carbon.secretProvider",
            "org.wso2.securevault.secret.handler.SecretManagerSecretCallbackHandler",
        ),
        ("secretRepositories", "file"),
        (
            "secretRepositories.file.provider",
            "org.wso2.securevault.secret.repository.FileBaseSecretRepositoryProvider",
        ),
        ("secretRepositories.file.location", CIPHER_TEXT),
    ]);
    if let Some(name) = transformation {
        lines.push(("secretRepositories.file.algorithm", name));
    }
    match mode {
        Mode::Asymmetric => {}
        Mode::StoredSecretKey => lines.push((ENCRYPTION_MODE, STORED_SECRET_KEY)),
        Mode::KeyFile => lines.extend([
            (ENCRYPTION_MODE, KEY_FILE),
            ("key.based.password", "encryption.key.password"),
            (
                "key.based.secretProvider",
                "org.wso2.carbon.securevault.EncryptionKeyCallbackHandler",
            ),
        ]),
    }
    let callback = "org.wso2.carbon.securevault.DefaultSecretCallbackHandler";
    lines.extend([
        (LOCATION, store.location.as_str()),
        (KIND, store.kind.as_deref().unwrap_or("JKS")),
        (ALIAS, store.alias.as_deref().unwrap_or_default()),
        (
            "keystore.identity.store.password",
            "identity.store.password",
        ),
        ("keystore.identity.store.secretProvider", callback),
        ("keystore.identity.key.password", "identity.key.password"),
        ("keystore.identity.key.secretProvider", callback),
    ]);
    let line = |(key, value): &(&str, &str)| format!("{key}={}\n", value.replace('\\', "\\\\"));
    lines.iter().map(line).collect()
}

/// A `secret-conf.properties` that is set up, switched on and with another keystore: every other line as it was,
/// and all of it if it says so already. A location that leads to the same file of whichever home stays as it is
/// spelled, and another one of the same folder keeps what stands before it.
pub fn repointed(document: &Document, store: Option<&IdentityStore>) -> Bytes {
    let mut edits = Edits::new();
    let mut added = Vec::new();
    let mut set = |key: &str, value: &str| match document.all(key).last() {
        Some(leaf) if leaf.text().trim() == value => {}
        Some(leaf) => edits.set(document, leaf, value),
        None => added.push(format!("{key}={}", value.replace('\\', "\\\\"))),
    };
    if document.all(ENABLED).next().is_some() {
        set(ENABLED, "true");
    }
    if let Some(store) = store {
        let old = document.all(LOCATION).last();
        let old = old.map(|leaf| leaf.text().trim()).unwrap_or_default();
        set(LOCATION, &relocated(old, &store.location));
        set(KIND, store.kind.as_deref().unwrap_or("JKS"));
        set(ALIAS, store.alias.as_deref().unwrap_or_default());
    }
    if !added.is_empty() {
        let lines: Vec<&str> = added.iter().map(String::as_str).collect();
        edits.insert_lines(document, None, &lines);
    }
    document.edited(&edits)
}

/// A location below the home, spelled as the old one was.
fn relocated(old: &str, new: &str) -> String {
    let folder = new.rsplit_once('/').map_or("", |(folder, _)| folder);
    let spelled = old.replace('\\', "/");
    match spelled.rsplit_once('/') {
        Some((before, _)) if !folder.is_empty() && before.ends_with(folder) => {
            let kept = old.len() - (spelled.len() - before.len()) - folder.len();
            format!("{}{new}", &old[..kept])
        }
        _ => new.to_owned(),
    }
}

const ENABLED: &str = "secVault.enabled";
const LOCATION: &str = "keystore.identity.location";
const KIND: &str = "keystore.identity.type";
const ALIAS: &str = "keystore.identity.alias";
const ENCRYPTION_MODE: &str = "secretRepositories.file.encryptionMode";
const STORED_SECRET_KEY: &str = "symmetric";
const KEY_FILE: &str = "key.based.symmetric.encryption";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::config::Syntax;

    #[test]
    fn the_vault_reads_as_it_is_set_up() {
        let settings = |text: &str| {
            let document = Document::read("f", Syntax::Properties, text.as_bytes()).unwrap();
            VaultSettings::read(Some(&document))
        };
        let none = settings("# nothing\n");
        assert!(!none.configured && none.enabled);
        assert_eq!(none.cipher, Cipher::named("RSA", Dialect::Vault));
        let usual = settings(
            "secretRepositories=file\nkeystore.identity.location=/h/a.jks\nkeystore.identity.type=JKS\n\
             keystore.identity.alias=wso2carbon\nsecretRepositories.file.algorithm=RSA/ECB/OAEPwithSHA1andMGF1Padding\n",
        );
        assert_eq!((usual.configured, usual.mode), (true, Mode::Asymmetric));
        assert_eq!(usual.cipher, Ok(Cipher::OAEP_SHA1));
        assert_eq!(usual.keystore.unwrap().location, "/h/a.jks");
        let symmetric = settings(
            "secVault.enabled=false\nsecretRepositories.file.encryptionMode=key.based.symmetric.encryption\n",
        );
        assert_eq!((symmetric.enabled, symmetric.mode), (false, Mode::KeyFile));
        assert_eq!(symmetric.cipher, Ok(Cipher::AesGcm));
    }

    #[test]
    fn another_keystore_is_named_as_the_old_one_was_spelled() {
        let store = IdentityStore::new(
            "repository/resources/security/new.p12".to_owned(),
            Some("PKCS12".to_owned()),
            Some("key".to_owned()),
        );
        let repointed = |text: &str| {
            let document = Document::read("f", Syntax::Properties, text.as_bytes()).unwrap();
            let text = repointed(&document, Some(&store));
            String::from_utf8(text.expose().to_vec()).unwrap()
        };
        let before = "# mine\r\nsecretRepositories=file\r\nsecVault.enabled=false\r\n\
            keystore.identity.location=/opt/am/repository/resources/security/old.jks\r\nkeystore.identity.type=JKS\r\n";
        let after = "# mine\r\nsecretRepositories=file\r\nsecVault.enabled=true\r\n\
            keystore.identity.location=/opt/am/repository/resources/security/new.p12\r\nkeystore.identity.type=PKCS12\r\n\
            keystore.identity.alias=key\r\n";
        assert_eq!(repointed(before), after);
        assert_eq!(repointed(after), after);
        let elsewhere = "keystore.identity.location=conf/old.jks\n";
        assert!(repointed(elsewhere).starts_with("keystore.identity.location=repository/"));
        assert_eq!(
            relocated(
                r"C:\am\repository\resources\security\old.jks",
                "repository/resources/security/new.jks"
            ),
            r"C:\am\repository/resources/security/new.jks"
        );
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let store = IdentityStore {
            location: "C:\\h\\a.jks".to_owned(),
            kind: Some("PKCS12".to_owned()),
            alias: Some("wso2carbon".to_owned()),
        };
        for (mode, transformation) in [
            (Mode::Asymmetric, None),
            (Mode::Asymmetric, Some("RSA/ECB/OAEPwithSHA1andMGF1Padding")),
            (Mode::StoredSecretKey, None),
            (Mode::KeyFile, None),
        ] {
            let text = secret_conf(Product::of(4, 7), mode, &store, transformation);
            let document = Document::read("f", Syntax::Properties, text.as_bytes()).unwrap();
            let read = VaultSettings::read(Some(&document));
            assert!(read.configured && read.enabled);
            assert_eq!((read.mode, read.keystore.as_ref()), (mode, Some(&store)));
            let usual = match mode {
                Mode::Asymmetric => "RSA",
                _ => "AES/GCM/NoPadding",
            };
            let cipher = Cipher::named(transformation.unwrap_or(usual), Dialect::Vault);
            assert_eq!(read.cipher, cipher);
        }
        let old = secret_conf(Product::of(2, 6), Mode::Asymmetric, &store, None);
        assert!(!old.contains("secVault.enabled"));
    }
}
