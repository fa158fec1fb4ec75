//! A home's encrypted secrets, and the keys that open them.

use std::path::{Path, PathBuf};

use super::{FoundFiles, Home, HomeError, HomeReader, file};
use crate::{
    disk::{self, HomeView, RelPath},
    key::der::{self, Reader},
    keystore::{Content, DecodeError, Entry, Keystore, SecretBag, UnsealError},
    parallel,
    secret::{Bytes, Password},
    wso2::{
        Product, Slot,
        config::{Document, Generation},
        vault::{
            self, Cipher, Dialect, Keyring, Mode, OpeningKey, SealingKey, SymmetricKey,
            UnusableKey, Vault,
        },
    },
    x509::Certificate,
};

/// A home with the files that its secrets are in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VaultHome {
    /// What else was found of it.
    pub home: Home,
    /// The files that matter to secrets.
    pub documents: Vec<Document>,
    /// Files that matter and cannot be read as what they are: path and reason.
    pub unread: Vec<(String, String)>,
    /// Files in it that hold the vault's password or key in clear, in the order in which the server looks.
    pub root_files: Vec<&'static str>,
}

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

impl VaultHome {
    /// Reads a home that somebody holds. `dir` is how it was named.
    ///
    /// # Errors
    ///
    /// As [`HomeReader::look`].
    pub fn look(
        reader: &HomeReader<'_>,
        dir: &Path,
        view: HomeView<'_>,
    ) -> Result<Self, HomeError> {
        let home = reader.look(dir, view)?;
        let unreadable = |source| HomeError::Unreadable {
            dir: dir.to_path_buf(),
            source: std::sync::Arc::new(source),
        };
        let found = FoundFiles::read(&view).map_err(unreadable)?;
        let (documents, broken) = vault::documents(&found.files, home.config.generation);
        let mut unread = found.unread;
        unread.extend(
            broken
                .into_iter()
                .map(|(file, error)| (file, error.to_string())),
        );
        let is_there = |name: &&str| {
            let path = RelPath::new(*name);
            path.is_ok_and(|path| !matches!(view.digest(&path), Ok(None)))
        };
        Ok(Self {
            home,
            documents,
            unread,
            root_files: vault::ROOT_FILES.into_iter().filter(is_there).collect(),
        })
    }

    /// Reads several homes, on all cores; `done` is called after each. Results in the order of `dirs`.
    pub fn read_all(
        reader: &HomeReader<'_>,
        dirs: &[PathBuf],
        wait: std::time::Duration,
        done: &(dyn Fn() + Sync),
    ) -> Vec<Result<Self, HomeError>> {
        parallel::map(dirs, |dir| {
            let unreadable = |source| HomeError::Unreadable {
                dir: dir.clone(),
                source: std::sync::Arc::new(source),
            };
            let read = || {
                let shared = disk::Home::open(dir).map_err(unreadable)?;
                let shared = shared.share(wait).map_err(unreadable)?;
                Self::look(reader, dir, shared.view())
            };
            let read = read();
            done();
            read
        })
    }

    /// Its secrets.
    pub fn vault(&self) -> Vault<'_> {
        Vault::of(&self.documents, self.home.config.generation)
    }

    /// Its release, if that is known.
    pub fn product(&self) -> Option<Product> {
        self.home.product.as_ref().map(|told| told.value)
    }

    /// The keys with which the node reads its secrets.
    pub fn keys(&self, vault: &Vault<'_>, given: &GivenKeys) -> NodeKeys {
        let mut keys = NodeKeys {
            keyring: Keyring::new(),
            sealing: None,
            certificate: None,
            built_in: false,
            store: None,
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
        let slot = match vault.generation {
            Generation::Xml => Slot::Primary,
            _ => Slot::Internal,
        };
        let configured = [slot, Slot::Primary]
            .into_iter()
            .find_map(|slot| self.home.slot(slot));
        let unknown = |reason: String| NoVaultKey::Unknown { reason };
        let named = vault.settings.keystore.as_ref();
        let path = match (named, configured) {
            (Some(named), _) => self.located(&named.location),
            (None, Some((reference, lead))) => match (lead.path(), &reference.location.value) {
                (Some(path), _) => path.to_path_buf(),
                (None, Err(why)) => return Err(unknown(why.to_string())),
                (None, Ok(location)) => self.home.dir.join(location),
            },
            (None, None) => return Err(unknown("no keystore is configured".to_owned())),
        };
        let references = || {
            let stores = self.home.stores();
            stores.filter(|(_, lead)| lead.path() == Some(&path))
        };
        let alias = named.and_then(|named| named.alias.clone()).or_else(|| {
            let mut aliases = references().filter_map(|(it, _)| it.alias.known().cloned());
            aliases.next()
        });
        let mut passwords = given.stores.clone();
        passwords.extend(references().filter_map(|(it, _)| it.password.known().cloned()));
        let mut key_passwords = given.keys.clone();
        key_passwords.extend(references().filter_map(|(it, _)| it.key_password.known().cloned()));
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
            return self.home.dir.join(path);
        }
        let same_name = self.home.stores().find_map(|(_, lead)| {
            let found = lead.path()?;
            (found.file_name() == path.file_name()).then(|| found.to_path_buf())
        });
        match same_name {
            Some(found) if !path.exists() => found,
            _ => path.to_path_buf(),
        }
    }

    fn add_server_keys(&self, keyring: &mut Keyring, given: &GivenKeys) {
        let config = &self.home.config;
        keyring.server_cipher = match config.transformation.known() {
            Some(name) => Cipher::named(name, Dialect::Runtime).ok(),
            None => Cipher::named("RSA", Dialect::Runtime).ok(),
        };
        for slot in [Slot::Primary, Slot::Internal] {
            let Some((reference, lead)) = self.home.slot(slot) else {
                continue;
            };
            let (Some(path), Some(alias)) = (lead.path(), reference.alias.known()) else {
                continue;
            };
            let store = VaultStore {
                path: path.to_path_buf(),
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
}

/// A store, and what may open it and the key in it.
struct VaultStore {
    path: PathBuf,
    alias: String,
    passwords: Vec<Password>,
    key_passwords: Vec<Password>,
}

struct OpenedStore {
    content: Keystore,
    /// `None`: what lies open without a password.
    password: Option<Password>,
    /// Why it did not open with one.
    sealed: Option<DecodeError>,
}

fn open(store: &VaultStore) -> Result<OpenedStore, NoVaultKey> {
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
