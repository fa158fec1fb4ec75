//! Product homes, read: what the configuration says, and what the stores that it names hold.
//!
//! Whatever cannot be read is in the result with its reason. Nothing is judged, and nothing is made: a
//! home in which an install is pending is read as that will leave it.

mod stores;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use super::{FoundFiles, GivenKeys, OpenStore, OpenedVault, Unopened};
use crate::{
    disk::{self, DiskError, HomeView, Pending},
    keystore::{Decoded, Keystore, UnsealError},
    parallel,
    wso2::{
        Product, Role, Slot,
        config::{
            HomeConfig, HomeFiles, Host, RoleUntold, StoreConsumer, StoreUse, Told, Unknown,
            shipping_release,
        },
    },
    x509::{Certificate, Fingerprint},
};
use stores::{Opener, Shared};

/// A product home.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Home {
    /// The folder, as it was named.
    pub dir: PathBuf,
    /// The release, and what tells it.
    pub product: Option<Told<Product>>,
    /// The role, and what tells it; else which are left.
    pub role: Result<Told<Role>, RoleUntold>,
    /// What the configuration says.
    pub config: HomeConfig,
    /// What each of [`HomeConfig::stores`] leads to, in their order.
    pub leads: Vec<StoreLead>,
    /// Files of configuration that the system did not let anyone read.
    pub unreadable: Vec<Unreadable>,
    /// Its encrypted secrets, where the configuration names some and the reader was given keys
    /// ([`HomeReader::keys`]).
    pub vault: Option<Arc<OpenedVault>>,
    /// An install that was interrupted, and what the next one will do about it.
    pub pending: Option<Pending>,
}

/// What a reference to a store leads to.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StoreLead {
    /// It does not open with the password that is configured.
    Closed {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: Unopened,
    },
    /// There is no such file.
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It opens.
    Open {
        /// The file.
        path: PathBuf,
        /// SHA-256 of the file.
        digest: Fingerprint,
        /// Its content.
        store: Arc<OpenStore>,
        /// What the configured alias leads to.
        key: KeyLead,
    },
    /// Its password cannot be known here.
    Sealed {
        /// The file.
        path: PathBuf,
        /// SHA-256 of the file.
        digest: Fingerprint,
        /// Why the password cannot be known.
        why: Unknown,
        /// What lies open of it.
        content: Option<Arc<Decoded>>,
    },
    /// Which file is meant cannot be known here.
    Unknown {
        /// Why.
        why: Unknown,
    },
}

/// What an alias in a store leads to, opened with the store's password, as the product does.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyLead {
    /// No alias is configured: the part takes any key.
    Any,
    /// The key opens, and belongs to another certificate.
    Mismatch,
    /// There is no private key under the alias.
    Missing,
    /// None is wanted: a truststore.
    None,
    /// The key opens.
    Opens,
    /// The key does not open with the store's password.
    Sealed(UnsealError),
    /// The alias cannot be known here.
    Unknown(Unknown),
}

/// A file that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unreadable {
    /// From the home, with `/`; empty for the home itself.
    pub file: String,
    /// What the system said.
    pub reason: String,
}

/// Reads homes. What several of them share is opened once.
#[derive(Default)]
pub struct HomeReader<'a> {
    product: Option<Product>,
    keys: Option<&'a GivenKeys>,
    wait: Duration,
    shared: Shared,
}

/// Why a home could not be read at all.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HomeError {
    /// It has no configuration of the product.
    #[error("`{}` is no product home: it has none of the files that configure one", dir.display())]
    NotAHome {
        /// The folder.
        dir: PathBuf,
    },
    /// It cannot be looked into.
    #[error("the home `{}` cannot be read", dir.display())]
    Unreadable {
        /// The folder.
        dir: PathBuf,
        /// Why.
        #[source]
        source: Arc<DiskError>,
    },
}

impl<'a> HomeReader<'a> {
    /// A reader that knows nothing beforehand.
    pub fn new() -> Self {
        Self::default()
    }

    /// With the release of homes that do not tell theirs.
    #[must_use]
    pub fn product(self, product: Option<Product>) -> Self {
        Self { product, ..self }
    }

    /// With what may open the keystores that protect encrypted secrets: those that the configuration names for
    /// the passwords of stores are opened.
    #[must_use]
    pub fn keys(self, keys: &'a GivenKeys) -> Self {
        Self {
            keys: Some(keys),
            ..self
        }
    }

    /// With how long to wait for one who is changing a home.
    #[must_use]
    pub fn wait(self, wait: Duration) -> Self {
        Self { wait, ..self }
    }

    /// Reads a home.
    ///
    /// # Errors
    ///
    /// [`HomeError`] if there is nothing to look at. Everything else is in the result.
    pub fn read(&self, dir: &Path) -> Result<Home, HomeError> {
        let unreadable = |source| HomeError::Unreadable {
            dir: dir.to_path_buf(),
            source: Arc::new(source),
        };
        let shared = disk::Home::open(dir).map_err(unreadable)?;
        let shared = shared.share(self.wait).map_err(unreadable)?;
        let mut home = self.look(dir, shared.view())?;
        home.pending = shared.pending().cloned();
        Ok(home)
    }

    /// Reads a home that somebody holds already. `dir` is how it was named.
    ///
    /// # Errors
    ///
    /// As [`HomeReader::read`].
    pub fn look(&self, dir: &Path, view: HomeView<'_>) -> Result<Home, HomeError> {
        let FoundFiles { files, unread } =
            FoundFiles::read(&view).map_err(|source| HomeError::Unreadable {
                dir: dir.to_path_buf(),
                source: Arc::new(source),
            })?;
        let unreadable = unread.into_iter();
        let unreadable: Vec<Unreadable> = unreadable
            .map(|(file, reason)| Unreadable { file, reason })
            .collect();
        if !is_home(&files) && unreadable.is_empty() {
            let dir = dir.to_path_buf();
            return Err(HomeError::NotAHome { dir });
        }
        let mut home = Home {
            dir: dir.to_path_buf(),
            product: None,
            role: Err(RoleUntold::default()),
            config: HomeConfig::read(&files, None),
            leads: Vec::new(),
            unreadable,
            vault: None,
            pending: None,
        };
        self.follow(&mut home, &files, view);
        home.product = self.told_product(&home);
        // Defaults depend on the release: known from elsewhere, the files say more.
        if let Some(told) = &home.product
            && home.config.product.known().is_none()
        {
            home.config = HomeConfig::read(&files, Some(told.value));
            self.follow(&mut home, &files, view);
        }
        home.role = home.config.told_role(&files);
        Ok(home)
    }

    /// Reads several homes, on all cores; `done` is called after each. Results in the order of `dirs`.
    pub fn read_all(
        &self,
        dirs: &[PathBuf],
        done: &(dyn Fn() + Sync),
    ) -> Vec<Result<Home, HomeError>> {
        parallel::map(dirs, |dir| {
            let home = self.read(dir);
            done();
            home
        })
    }

    fn follow(&self, home: &mut Home, files: &HomeFiles, view: HomeView<'_>) {
        let opened = |keys| OpenedVault::of(&home.dir, files, &home.config, keys);
        let vault = self.keys.and_then(opened);
        let secrets = vault.as_ref().map(OpenedVault::passwords);
        let secrets = secrets.unwrap_or_default();
        // It is compared between nodes, which a name cannot tell.
        let key = &mut home.config.encryption_key.value;
        if let Err(Unknown::Secret(alias)) = key
            && let Some(opened) = secrets.get(alias)
        {
            *key = Ok(opened.clone());
        }
        let mut opener = Opener::new(&home.dir, view, &self.shared, secrets);
        home.leads = home
            .config
            .stores
            .iter()
            .map(|reference| opener.follow(reference))
            .collect();
        home.vault = vault.map(Arc::new);
    }

    fn told_product(&self, home: &Home) -> Option<Told<Product>> {
        let Ok(product) = home.config.product.value else {
            let given = || self.product.map(|it| Told::new(it, "it was given"));
            let told = home.shipped_with().or_else(given);
            return told.or_else(|| home.with_encryption_key());
        };
        let place = home.config.product.place.as_ref();
        let evidence = place.map_or_else(
            || "its files are those of no other release".to_owned(),
            |place| format!("`{}` says so", place.file),
        );
        Some(Told::new(product, evidence))
    }
}

impl Home {
    /// The references to stores with what they lead to.
    pub fn stores(&self) -> impl Iterator<Item = (&StoreUse, &StoreLead)> {
        self.config.stores.iter().zip(&self.leads)
    }

    /// What a reference of [`Home::config`] leads to.
    pub fn lead(&self, reference: &StoreUse) -> Option<&StoreLead> {
        let mut stores = self.stores();
        let found = stores.find(|(it, _)| std::ptr::eq(*it, reference));
        found.map(|(_, lead)| lead)
    }

    /// The reference for a slot that the product itself starts with: primary, internal, the JVM's
    /// truststore; for TLS that of the management port.
    pub fn slot(&self, slot: Slot) -> Option<(&StoreUse, &StoreLead)> {
        let reference = match slot {
            Slot::Internal => self.config.store(StoreConsumer::Internal, |_| true),
            Slot::Primary => self.config.store(StoreConsumer::Primary, |_| true),
            Slot::Tls => self.config.listener(MANAGEMENT),
            Slot::Truststore => {
                let truststore = |slot| slot == Slot::Truststore;
                self.config.store(StoreConsumer::Jvm, truststore)
            }
        }?;
        Some((reference, self.lead(reference)?))
    }

    /// The certificate of the key that a slot's reference leads to.
    pub fn certificate(&self, slot: Slot) -> Option<&Certificate> {
        let (reference, lead) = self.slot(slot)?;
        lead.chain(reference)?.first()
    }

    /// The hosts by which the node knows itself, in lower case, each once. `localhost` is nobody's own.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts: Vec<String> = Vec::new();
        for host in self.config.hosts.iter().filter_map(|host| host.known()) {
            match Host::named(host) {
                Host::Named(host) if !hosts.contains(&host) => hosts.push(host),
                _ => {}
            }
        }
        hosts
    }

    /// 4.7 writes a key for what it stores into the configuration at its first start, if there is none
    /// (`api-manager.sh`). Others would take one, and have none: where nothing else tells, this does.
    fn with_encryption_key(&self) -> Option<Told<Product>> {
        let is_there = self.config.encryption_key.value != Err(Unknown::Absent);
        let evidence = "`[encryption] key` is set, as the first start sets it from that release on";
        is_there.then(|| Told::new(Product::of(4, 7), evidence))
    }

    /// The release that ships default stores such as those of this home.
    fn shipped_with(&self) -> Option<Told<Product>> {
        let contents: Vec<&Keystore> = self.leads.iter().filter_map(StoreLead::content).collect();
        let keys = contents.iter().flat_map(|it| it.private_keys());
        let keys = keys.filter_map(|(_, chain)| chain.first());
        let trusted = contents.iter().flat_map(|it| it.trusted());
        let trusted = trusted.map(|(entry, certificate)| (entry.alias.as_str(), certificate));
        shipping_release(keys, trusted)
    }
}

impl StoreLead {
    fn unknown(why: Unknown) -> Self {
        Self::Unknown { why }
    }

    /// The file, if it is known which one is meant.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Closed { path, .. }
            | Self::Missing { path }
            | Self::Open { path, .. }
            | Self::Sealed { path, .. } => Some(path),
            Self::Unknown { .. } => None,
        }
    }

    /// SHA-256 of the file, if it was read as a store.
    pub fn digest(&self) -> Option<Fingerprint> {
        match self {
            Self::Open { digest, .. } | Self::Sealed { digest, .. } => Some(*digest),
            _ => None,
        }
    }

    /// What is in it, as far as that can be seen; nothing of a store that its password does not open.
    pub fn content(&self) -> Option<&Keystore> {
        self.decoded().map(|decoded| &decoded.keystore)
    }

    /// The same, with what its container tells.
    pub fn decoded(&self) -> Option<&Decoded> {
        match self {
            Self::Open { store, .. } => Some(&store.decoded),
            Self::Sealed { content, .. } => content.as_deref(),
            _ => None,
        }
    }

    /// The chain that the part presents: of the configured alias; where none is configured, of the first
    /// key, though the JVM may take another.
    pub fn chain(&self, reference: &StoreUse) -> Option<&[Certificate]> {
        let content = self.content()?;
        match &reference.alias.value {
            Ok(alias) => content.chain(alias),
            Err(Unknown::Absent) => content.private_keys().next().map(|(_, chain)| chain),
            Err(_) => None,
        }
    }
}

/// Carbon's own file, or the one that all others are made from.
fn is_home(files: &HomeFiles) -> bool {
    crate::wso2::config::HOME_MARKS
        .iter()
        .any(|mark| files.contains_key(*mark))
}

/// Tomcat's port.
const MANAGEMENT: u16 = 9443;
