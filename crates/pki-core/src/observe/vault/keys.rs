//! The keys of a home's vault: which store has them, and what opens it.

use std::path::{Path, PathBuf};

use crate::{
    key::der::{self, Reader},
    keystore::{Content, DecodeError, Entry, Keystore, SecretBag, UnsealError},
    observe::{Home, file},
    secret::{Bytes, Password},
    wso2::{
        Slot,
        config::{HomeConfig, Place, StoreConsumer, StoreUse},
        vault::{
            Cipher, Dialect, Keyring, Mode, OpeningKey, SealingKey, SymmetricKey, UnusableKey,
            Vault, key_of_vault,
        },
    },
    x509::Certificate,
};

/// Passwords and keys that somebody gave.
#[derive(Clone, Debug, Default)]
pub struct GivenKeys {
    /// Of keystores: each is tried.
    pub stores: Vec<Password>,
    /// Of keys that have another password than their store: each is tried.
    pub keys: Vec<Password>,
    /// The key of the vault's own symmetric mode.
    pub encryption: Option<Password>,
}

/// The keys of a node, as far as they could be had.
#[derive(Debug)]
#[non_exhaustive]
pub struct NodeKeys {
    /// What opens its secrets.
    pub keyring: Keyring,
    /// What encrypts new ones for its vault; no password is needed where the certificate lies open.
    pub sealing: Option<SealingKey>,
    /// The certificate of the vault's key.
    pub certificate: Option<Certificate>,
    /// True if the vault's key is the product's built-in one.
    pub built_in: bool,
    /// The keystore that the vault opens.
    pub store: Option<PathBuf>,
    /// Where that lies below the home, with `/`; `None` if it lies elsewhere, or is not known.
    pub in_home: Option<String>,
    /// Why the vault's key could not be had.
    pub missing: Option<NoVaultKey>,
}

/// Why the key of a vault could not be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoVaultKey {
    /// The store has no key of the kind that the vault takes under the alias.
    #[error("`{}` has no {kind} key under `{alias}`", path.display())]
    Absent {
        /// The store.
        path: PathBuf,
        /// The alias.
        alias: String,
        /// `private`, `secret`.
        kind: &'static str,
    },
    /// The key in the store does not open.
    #[error("the key `{alias}` in `{}` does not open", path.display())]
    KeySealed {
        /// The store.
        path: PathBuf,
        /// The alias.
        alias: String,
        /// Why.
        #[source]
        reason: UnsealError,
    },
    /// There is no password for the store.
    #[error("there is no password for `{}`", path.display())]
    NoPassword {
        /// The store.
        path: PathBuf,
    },
    /// The vault's symmetric mode takes a key that is given at start, and none was given.
    #[error("the vault takes a key that is given at start, and none was given")]
    NotGiven,
    /// The store cannot be read.
    #[error("`{}` cannot be read: {reason}", path.display())]
    NotRead {
        /// The store.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// The store does not open.
    #[error("`{}` does not open", path.display())]
    StoreSealed {
        /// The store.
        path: PathBuf,
        /// Why.
        #[source]
        reason: DecodeError,
    },
    /// Which store the vault opens cannot be known here.
    #[error("which keystore the vault opens cannot be known: {reason}")]
    Unknown {
        /// Why.
        reason: String,
    },
    /// The key is none for encrypted values.
    #[error("the vault's key cannot be used")]
    Unusable(#[from] UnusableKey),
}

/// A home, as far as it takes to find the keys of its vault.
#[derive(Clone, Copy)]
pub(super) struct HomePlace<'a> {
    pub(super) dir: &'a Path,
    pub(super) config: &'a HomeConfig,
}

impl<'a> HomePlace<'a> {
    pub(super) fn of(home: &'a Home) -> Self {
        Self {
            dir: &home.dir,
            config: &home.config,
        }
    }

    pub(super) fn keys(&self, vault: &Vault<'_>, given: &GivenKeys) -> NodeKeys {
        let mut keys = NodeKeys {
            keyring: Keyring::new(),
            sealing: None,
            certificate: None,
            built_in: false,
            store: None,
            in_home: None,
            missing: None,
        };
        self.add_server_keys(&mut keys.keyring, given);
        if let Err(missing) = self.add_vault_key(vault, given, &mut keys) {
            keys.missing = Some(missing);
        }
        keys
    }

    fn add_vault_key(
        &self,
        vault: &Vault<'_>,
        given: &GivenKeys,
        keys: &mut NodeKeys,
    ) -> Result<(), NoVaultKey> {
        if vault.settings.mode == Mode::KeyFile {
            let secret = given.encryption.as_ref().ok_or(NoVaultKey::NotGiven)?;
            let key = SymmetricKey::vault(secret)?;
            keys.sealing = Some(SealingKey::Symmetric(key.clone()));
            keys.keyring.vault = Some(OpeningKey::Symmetric(key));
            return Ok(());
        }
        let store = self.store(vault, given)?;
        keys.in_home = self.below(&store.path);
        keys.store = Some(store.path.clone());
        let opened = open(&store)?;
        let entry = opened.content.get(&store.alias);
        if vault.settings.mode == Mode::StoredSecretKey {
            let key = match entry.map(|entry| &entry.content) {
                Some(Content::SecretKey { sealed }) => secret_key(sealed, &store, &opened)?,
                // What the product does then (`SymmetricCipher.getKey`).
                _ => {
                    keys.built_in = true;
                    SymmetricKey::built_in()
                }
            };
            keys.sealing = Some(SealingKey::Symmetric(key.clone()));
            keys.keyring.vault = Some(OpeningKey::Symmetric(key));
            return Ok(());
        }
        let absent = || NoVaultKey::Absent {
            path: store.path.clone(),
            alias: store.alias.clone(),
            kind: "private",
        };
        let entry = entry.ok_or_else(absent)?;
        let Content::PrivateKey { chain, .. } = &entry.content else {
            return Err(absent());
        };
        if let Some(certificate) = chain.first() {
            keys.certificate = Some(certificate.clone());
            keys.sealing = Some(SealingKey::certificate(certificate)?);
        }
        keys.keyring.vault = Some(private_key(entry, &store, &opened)?);
        Ok(())
    }

    /// The store that the vault opens: the one that its set-up names, else the one that the cipher tool of the
    /// release takes.
    fn store(&self, vault: &Vault<'_>, given: &GivenKeys) -> Result<VaultStore, NoVaultKey> {
        let slot = key_of_vault(vault.generation);
        let configured = self.slot(slot).or_else(|| self.slot(Slot::Primary));
        let unknown = |reason: String| NoVaultKey::Unknown { reason };
        let named = vault.settings.keystore.as_ref();
        let path = match (named, configured) {
            (Some(named), _) => self.located(&named.location),
            (None, Some(reference)) => match &reference.location.value {
                Ok(location) => self.dir.join(location),
                Err(why) => return Err(unknown(why.to_string())),
            },
            (None, None) => return Err(unknown("no keystore is configured".to_owned())),
        };
        let references = || {
            let stores = self.config.stores.iter();
            stores.filter(|it| self.path(it).is_some_and(|it| is_same(&it, &path)))
        };
        let alias = named.and_then(|named| named.alias.clone()).or_else(|| {
            let mut aliases = references().filter_map(|it| it.alias.known().cloned());
            aliases.next()
        });
        let mut passwords = given.stores.clone();
        passwords.extend(references().filter_map(|it| it.password.known().cloned()));
        let mut key_passwords = given.keys.clone();
        key_passwords.extend(references().filter_map(|it| it.key_password.known().cloned()));
        Ok(VaultStore {
            path,
            alias: alias.ok_or_else(|| unknown("no alias is configured".to_owned()))?,
            passwords,
            key_passwords,
        })
    }

    /// A location of `secret-conf.properties`. The cipher tool writes absolute ones; of a home that was copied
    /// they lead elsewhere or nowhere, and the file of that name in this home is meant.
    fn located(&self, location: &str) -> PathBuf {
        let path = Path::new(location);
        if !path.is_absolute() {
            return self.dir.join(path);
        }
        let same_name = self.config.stores.iter().find_map(|it| {
            let found = self.path(it)?;
            (found.file_name() == path.file_name()).then_some(found)
        });
        match same_name {
            Some(found) if !path.exists() => found,
            _ => path.to_path_buf(),
        }
    }

    fn add_server_keys(&self, keyring: &mut Keyring, given: &GivenKeys) {
        let config = self.config;
        keyring.server_cipher = match config.transformation.known() {
            Some(name) => Cipher::named(name, Dialect::Runtime).ok(),
            None => Cipher::named("RSA", Dialect::Runtime).ok(),
        };
        for slot in [Slot::Primary, Slot::Internal] {
            let Some(reference) = self.slot(slot) else {
                continue;
            };
            let (Some(path), Some(alias)) = (self.path(reference), reference.alias.known()) else {
                continue;
            };
            let store = VaultStore {
                path,
                alias: alias.clone(),
                passwords: reference
                    .password
                    .known()
                    .into_iter()
                    .chain(&given.stores)
                    .cloned()
                    .collect(),
                key_passwords: reference
                    .key_password
                    .known()
                    .into_iter()
                    .chain(&given.keys)
                    .cloned()
                    .collect(),
            };
            let key = open(&store).and_then(|opened| {
                let entry = opened.content.get(alias);
                let entry = entry.ok_or_else(|| NoVaultKey::Absent {
                    path: store.path.clone(),
                    alias: alias.clone(),
                    kind: "private",
                })?;
                private_key(entry, &store, &opened)
            });
            keyring.server.extend(key.ok());
        }
        if let Some(secret) = config.encryption_key.known() {
            let key = SymmetricKey::runtime(secret).map(OpeningKey::Symmetric);
            keyring.server.extend(key.ok());
        }
    }

    /// Where the configuration says the password of a store, or of a key in it, in clear.
    pub(super) fn clear_passwords(&self, store: &Path) -> Vec<Place> {
        let stores = self.config.stores.iter();
        let same = stores.filter(|it| self.path(it).is_some_and(|it| is_same(&it, store)));
        let mut places: Vec<Place> = same
            .flat_map(|it| [&it.password, &it.key_password])
            .filter(|it| it.known().is_some())
            .filter_map(|it| it.place.clone())
            .collect();
        places.sort();
        places.dedup();
        places
    }

    /// The reference of the product itself for a key that encrypts.
    fn slot(&self, slot: Slot) -> Option<&StoreUse> {
        let consumer = match slot {
            Slot::Internal => StoreConsumer::Internal,
            _ => StoreConsumer::Primary,
        };
        self.config.store(consumer, |_| true)
    }

    fn below(&self, path: &Path) -> Option<String> {
        let (dir, path) = (self.dir.canonicalize().ok()?, path.canonicalize().ok()?);
        let below = path.strip_prefix(dir).ok()?;
        let parts = below.components().map(|part| part.as_os_str().to_str());
        Some(parts.collect::<Option<Vec<_>>>()?.join("/"))
    }

    fn path(&self, reference: &StoreUse) -> Option<PathBuf> {
        Some(self.dir.join(reference.location.known()?))
    }
}

/// Whether two paths lead to the same file: the cipher tool writes absolute ones.
fn is_same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// A store, and what may open it and the key in it.
pub(super) struct VaultStore {
    pub(super) path: PathBuf,
    pub(super) alias: String,
    pub(super) passwords: Vec<Password>,
    pub(super) key_passwords: Vec<Password>,
}

pub(super) struct OpenedStore {
    pub(super) content: Keystore,
    /// `None`: what lies open without a password.
    pub(super) password: Option<Password>,
    /// Why it did not open with one.
    sealed: Option<DecodeError>,
}

pub(super) fn open(store: &VaultStore) -> Result<OpenedStore, NoVaultKey> {
    let bytes = file::read_regular(&store.path).map_err(|error| NoVaultKey::NotRead {
        path: store.path.clone(),
        reason: error.to_string(),
    })?;
    let mut sealed = None;
    for password in &store.passwords {
        match Keystore::decode(bytes.expose(), password) {
            Ok(decoded) => {
                return Ok(OpenedStore {
                    content: decoded.keystore,
                    password: Some(password.clone()),
                    sealed: None,
                });
            }
            Err(error) => sealed = Some(error),
        }
    }
    match Keystore::look(bytes.expose()) {
        Ok(decoded) => Ok(OpenedStore {
            content: decoded.keystore,
            password: None,
            sealed,
        }),
        Err(error) => Err(NoVaultKey::StoreSealed {
            path: store.path.clone(),
            reason: sealed.unwrap_or(error),
        }),
    }
}

fn private_key(
    entry: &Entry,
    store: &VaultStore,
    opened: &OpenedStore,
) -> Result<OpeningKey, NoVaultKey> {
    let Content::PrivateKey { key, .. } = &entry.content else {
        return Err(NoVaultKey::Absent {
            path: store.path.clone(),
            alias: store.alias.clone(),
            kind: "private",
        });
    };
    let none = Password::default();
    let mut failure = UnsealError::WrongPassword;
    let passwords = opened.password.iter().chain(&store.key_passwords);
    let unprotected = key.is_unprotected().then_some(&none);
    for password in passwords.chain(unprotected) {
        match key.open(password) {
            Ok(key) => return Ok(OpeningKey::rsa(&key)?),
            Err(error) => failure = error,
        }
    }
    Err(match &opened.sealed {
        Some(reason) => NoVaultKey::StoreSealed {
            path: store.path.clone(),
            reason: reason.clone(),
        },
        None if opened.password.is_none() => NoVaultKey::NoPassword {
            path: store.path.clone(),
        },
        None => NoVaultKey::KeySealed {
            path: store.path.clone(),
            alias: store.alias.clone(),
            reason: failure,
        },
    })
}

/// Of a PKCS #12; what a JCEKS seals is a serialized object.
fn secret_key(
    sealed: &Bytes,
    store: &VaultStore,
    opened: &OpenedStore,
) -> Result<SymmetricKey, NoVaultKey> {
    let sealed_as = |reason| NoVaultKey::KeySealed {
        path: store.path.clone(),
        alias: store.alias.clone(),
        reason,
    };
    let bag = SecretBag::read(sealed).ok_or_else(|| {
        sealed_as(UnsealError::Unsupported {
            algorithm: "a format of secret keys other than that of PKCS #12".to_owned(),
        })
    })?;
    let mut failure = UnsealError::WrongPassword;
    for password in opened.password.iter().chain(&store.key_passwords) {
        match bag.open(password) {
            Ok(frame) => {
                let key = raw_key(frame.expose()).ok_or_else(|| {
                    sealed_as(UnsealError::Damaged {
                        reason: "a secret key",
                    })
                })?;
                return Ok(SymmetricKey::from_bytes(key)?);
            }
            Err(error) => failure = error,
        }
    }
    Err(sealed_as(failure))
}

/// The octets in the PKCS #8 frame that Java puts around a secret key.
fn raw_key(frame: &[u8]) -> Option<Bytes> {
    let mut frame = Reader::new(frame).sequence("a secret key").ok()?;
    frame.expect(der::INTEGER, "a version").ok()?;
    frame.expect(der::SEQUENCE, "an algorithm").ok()?;
    let octets = frame.expect(der::OCTET_STRING, "key octets").ok()?;
    Some(Bytes::from(octets.content))
}
