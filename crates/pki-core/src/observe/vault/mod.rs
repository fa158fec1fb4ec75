//! A home's encrypted secrets, and the keys that open them.

mod encrypting;
mod keys;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

pub use encrypting::{EncryptingKey, KeyUnknown};
pub use keys::{GivenKeys, NoVaultKey, NodeKeys};

use super::{FoundFiles, Home, HomeError, HomeReader};
use crate::{
    disk::{self, HomeView, RelPath},
    parallel,
    secret::Password,
    wso2::{
        Product,
        config::{Document, Generation, HomeConfig, HomeFiles, Place},
        vault::{self, Keeper, Secret, Vault, Verdict},
    },
};
use keys::HomePlace;

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

/// The vault of a home whose configuration names secrets, with the keys that could be had.
#[derive(Debug)]
#[non_exhaustive]
pub struct OpenedVault {
    /// The keys.
    pub keys: NodeKeys,
    generation: Generation,
    documents: Vec<Document>,
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
        HomePlace::of(&self.home).keys(vault, given)
    }

    /// Where the configuration says the password of a store, or of a key in it, in clear.
    pub fn clear_passwords(&self, store: &Path) -> Vec<Place> {
        HomePlace::of(&self.home).clear_passwords(store)
    }
}

impl OpenedVault {
    /// What opens of a home whose configuration names secrets; `None` if it names none.
    pub(super) fn of(
        dir: &Path,
        files: &HomeFiles,
        config: &HomeConfig,
        given: &GivenKeys,
    ) -> Option<Self> {
        if !vault::names_secrets(files, config.generation) {
            return None;
        }
        let (documents, _) = vault::documents(files, config.generation);
        let vault = Vault::of(&documents, config.generation);
        let keys = HomePlace { dir, config }.keys(&vault, given);
        Some(Self {
            generation: config.generation,
            keys,
            documents,
        })
    }

    /// The secrets.
    pub fn vault(&self) -> Vault<'_> {
        Vault::of(&self.documents, self.generation)
    }

    /// Those that the node reads, by alias.
    pub(super) fn passwords(&self) -> BTreeMap<String, Password> {
        let vault = self.vault();
        let read = |secret: &Secret<'_>| match vault.check(secret, &self.keys.keyring) {
            Verdict::Reads(opened) => Some((secret.alias.clone(), opened.text()?)),
            _ => None,
        };
        let counts = |it: &&Secret<'_>| it.keeper == Keeper::Vault && !it.shadowed;
        let secrets = vault.secrets.iter().filter(counts);
        secrets.filter_map(read).collect()
    }
}
