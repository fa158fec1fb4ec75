//! How the vault is set up: `secret-conf.properties`.

use super::{Cipher, Dialect, UnknownCipher};
use crate::wso2::config::Document;

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

impl VaultSettings {
    pub(super) fn read(document: Option<&Document>) -> Self {
        let value = |key: &str| {
            let found = document.and_then(|document| document.all(key).last());
            found
                .map(|leaf| leaf.text().trim().to_owned())
                .filter(|text| !text.is_empty())
        };
        let mode = match value("secretRepositories.file.encryptionMode").as_deref() {
            Some("symmetric") => Mode::StoredSecretKey,
            Some("key.based.symmetric.encryption") => Mode::KeyFile,
            _ => Mode::Asymmetric,
        };
        let algorithm = value("secretRepositories.file.algorithm");
        let algorithm = algorithm.as_deref().unwrap_or(match mode {
            Mode::Asymmetric => "RSA",
            Mode::KeyFile | Mode::StoredSecretKey => "AES/GCM/NoPadding",
        });
        let location = value("keystore.identity.location");
        Self {
            configured: value("secretRepositories").is_some(),
            enabled: value("secVault.enabled").is_none_or(|it| it.eq_ignore_ascii_case("true")),
            mode,
            cipher: Cipher::named(algorithm, Dialect::Vault),
            keystore: location.map(|location| IdentityStore {
                location,
                kind: value("keystore.identity.type"),
                alias: value("keystore.identity.alias"),
            }),
        }
    }
}

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
}
