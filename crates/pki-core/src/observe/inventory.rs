use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    sync::Arc,
};

use super::{
    Inputs, Layout, ObserveError, OpenStore, Passwords, Unopened, inputs, layout::NODE_CHAIN, store,
};
use crate::{
    disk::{Change, FileSet, Generation, RelPath, View},
    key::{KeyError, PrivateKey, read_private_key},
    keystore::{Format, read_pem_certificates},
    secret::{Bytes, Password, Source},
    topology::{Group, Issuer, Topology, generated_secret},
    wso2::Slot,
    x509::{Certificate, Fingerprint},
};

/// What is there: the files of a workspace, opened, and the files that the topology names.
///
/// What cannot be read is in it too, with the reason. Private keys stay sealed in their stores; only
/// whether they open was looked at.
#[derive(Clone, Debug)]
pub struct Inventory {
    files: BTreeMap<RelPath, Found>,
    generations: Vec<Generation>,
    passwords: BTreeMap<Source, Password>,
    old: Vec<Password>,
    slots: Vec<SlotSource>,
    inputs: Inputs,
}

#[derive(Clone, Debug)]
struct Found {
    content: Arc<Bytes>,
    mode: u32,
    digest: Fingerprint,
    store: Option<Result<Arc<OpenStore>, Unopened>>,
}

/// Which password belongs to which file name.
#[derive(Clone, Debug)]
struct SlotSource {
    slot: Slot,
    file: String,
    source: Source,
}

impl Inventory {
    /// Reads a workspace and what the topology names outside of it.
    ///
    /// A workspace that does not exist is an empty inventory. Passwords that the workspace makes itself
    /// are read from its `secrets/`; the others are resolved, each once.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] for what must be there and is not: a file that the topology names, a password,
    /// a workspace that is not trustworthy. A damaged or unopened store *in* the workspace is no error
    /// here but something found.
    pub fn read(
        view: &View,
        topology: &Topology,
        passwords: &dyn Passwords,
    ) -> Result<Self, ObserveError> {
        let mut inventory = Self {
            files: BTreeMap::new(),
            generations: view.generations()?,
            passwords: BTreeMap::new(),
            old: passwords.old()?,
            slots: topology
                .stores
                .iter()
                .map(|(slot, settings)| SlotSource {
                    slot,
                    file: settings.file.clone(),
                    source: settings.password.clone(),
                })
                .collect(),
            inputs: Inputs::read(topology, passwords)?,
        };
        for listed in view.list()? {
            if let Some(content) = view.read(&listed.path)? {
                inventory.put(listed.path, content, listed.mode);
            }
        }
        let issued = topology
            .groups
            .iter()
            .filter(|group| Layout::has_issued_balancer(group));
        let sources: BTreeSet<Source> = inventory
            .slots
            .iter()
            .map(|slot| slot.source.clone())
            .chain(issued.map(|group| group.balancer_password.clone()))
            .chain(topology.encryption.clone())
            .collect();
        for source in sources {
            if generated_secret(&source).is_none() {
                let password = passwords.resolve(&source)?;
                inventory.passwords.insert(source, password);
            }
        }
        inventory.learn_secrets(topology);
        // Whoever gives an old password may have changed that of the CA's key too: then it is opened to
        // see. Where there is no CA one may be made. Else its password is left alone until something is
        // signed.
        let (ca, source) = (&topology.ca, &topology.ca.password);
        let to_see = match inventory.content(&Layout::ca_key()) {
            Some(_) => !inventory.old.is_empty(),
            None => inventory.content(&Layout::ca_certificate()).is_none(),
        };
        let local = ca.issuer == Issuer::Local && ca.imported.is_none();
        if local && to_see && generated_secret(source).is_none() {
            let password = passwords.resolve(source)?;
            inventory.passwords.insert(source.clone(), password);
        }
        inventory.open_stores();
        Ok(inventory)
    }

    /// The inventory as it will be when a file set is written, to be verified before that.
    #[must_use]
    pub fn with(&self, topology: &Topology, files: &FileSet) -> Self {
        let mut after = self.clone();
        let paths: Vec<RelPath> = self
            .files
            .keys()
            .chain(files.paths())
            .cloned()
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        for path in paths {
            match files.get(&path) {
                None => {}
                Some(Change::Write(content)) => after.put(path, content.clone(), 0o600),
                Some(_) => {
                    after.files.remove(&path);
                }
            }
        }
        after.learn_secrets(topology);
        after.open_stores();
        after
    }

    /// The files that the topology names.
    pub fn inputs(&self) -> &Inputs {
        &self.inputs
    }

    /// True if a CA, a primary, a node or an earlier run has left something.
    pub fn has_traces(&self) -> bool {
        !self.generations.is_empty()
            || self.files.keys().any(|path| {
                ["ca/", "primary/", "nodes/"]
                    .iter()
                    .any(|folder| path.as_str().starts_with(folder))
            })
    }

    /// Where earlier versions of a file are kept, oldest first: paths from the workspace's folder.
    pub fn replaced(&self, path: &RelPath) -> Vec<String> {
        let held = |generation: &Generation| {
            let mut files = generation.files.iter();
            files.any(|file| file.path == *path && file.before.is_some())
        };
        self.generations
            .iter()
            .filter(|generation| held(generation))
            .map(|generation| format!("generations/{}/{path}", generation.id))
            .collect()
    }

    /// SHA-256 of what the last run that wrote a file wrote: the workspace's own record of it.
    pub fn recorded(&self, path: &RelPath) -> Option<Fingerprint> {
        let last = self
            .generations
            .iter()
            .rev()
            .find_map(|generation| generation.files.iter().find(|file| file.path == *path))?;
        last.after
            .map(|after| Fingerprint::from_bytes(*after.as_bytes()))
    }

    /// True if a file is what a run of this workspace wrote.
    pub fn is_as_recorded(&self, path: &RelPath) -> bool {
        self.recorded(path)
            .is_some_and(|recorded| self.digest(path) == Some(recorded))
    }

    /// Files that others than the owner may read, with their permission bits.
    pub fn readable_by_others(&self) -> impl Iterator<Item = (&RelPath, u32)> {
        self.files
            .iter()
            .filter(|(_, found)| found.mode & 0o077 != 0)
            .map(|(path, found)| (path, found.mode))
    }

    /// Every generated secret that is there.
    pub fn secrets(&self) -> impl Iterator<Item = &RelPath> {
        let secrets = |path: &&RelPath| path.as_str().starts_with("secrets/");
        self.files.keys().filter(secrets)
    }

    /// SHA-256 of the text of the cluster's encryption key, from 4.7 on; `None` if it is not there.
    pub fn encryption_key(&self, topology: &Topology) -> Option<Fingerprint> {
        let source = topology.encryption.as_ref()?;
        match generated_secret(source) {
            Some(name) => {
                let content = self.content(&Layout::secret(name))?;
                Some(Fingerprint::of(content.expose().trim_ascii_end()))
            }
            None => Some(Fingerprint::of(self.password(source)?.utf8())),
        }
    }

    /// What the encryption key was when the workspace first had one: SHA-256 of its text.
    pub fn recorded_encryption_key(&self) -> Option<Fingerprint> {
        let content = self.content(&Layout::encryption_record())?;
        std::str::from_utf8(content.expose())
            .ok()?
            .trim_end()
            .parse()
            .ok()
    }

    /// True if runs recorded what they wrote, so that what no record names was never there.
    pub fn has_record(&self) -> bool {
        !self.generations.is_empty()
    }

    /// Every file, with its content and its permission bits, by path.
    pub fn files(&self) -> impl Iterator<Item = (&RelPath, &Bytes, u32)> {
        self.files
            .iter()
            .map(|(path, found)| (path, &*found.content, found.mode))
    }

    /// The content of a file.
    pub fn content(&self, path: &RelPath) -> Option<&Bytes> {
        self.files.get(path).map(|found| &*found.content)
    }

    /// SHA-256 of a file.
    pub fn digest(&self, path: &RelPath) -> Option<Fingerprint> {
        self.files.get(path).map(|found| found.digest)
    }

    /// A keystore in the workspace. `None`: there is no such file; `Some(Err)`: it was not opened.
    pub fn store(&self, path: &RelPath) -> Option<Result<&OpenStore, &Unopened>> {
        let found = self.files.get(path)?;
        match &found.store {
            Some(Ok(store)) => Some(Ok(store)),
            Some(Err(reason)) => Some(Err(reason)),
            None => None,
        }
    }

    /// A keystore, if it is there and open.
    pub fn open_store(&self, path: &RelPath) -> Option<&OpenStore> {
        self.store(path)?.ok()
    }

    /// The certificates in a PEM file of the workspace; none if there is no such file.
    pub fn certificates(&self, path: &RelPath) -> Vec<Certificate> {
        self.content(path)
            .and_then(|content| read_pem_certificates(content.expose()).ok())
            .unwrap_or_default()
    }

    /// The paths below a folder.
    pub fn below<'a>(&'a self, folder: &'a RelPath) -> impl Iterator<Item = &'a RelPath> {
        self.files.keys().filter(|path| path.is_below(folder))
    }

    /// Names of the folders below `nodes/`.
    pub fn node_folders(&self) -> BTreeSet<&str> {
        self.files
            .keys()
            .filter_map(|path| Layout::node_of(path))
            .map(|(node, _)| node)
            .collect()
    }

    /// Folders of nodes, and of balancers with an issued certificate, that are not in the topology.
    pub fn left_folders(&self, topology: &Topology) -> BTreeSet<RelPath> {
        let mut wanted: BTreeSet<RelPath> = topology
            .nodes()
            .map(|node| Layout::node(&node.name))
            .collect();
        let externals = topology.externals.iter();
        let shared = externals.filter(|external| external.shared_primary);
        wanted.extend(shared.map(|external| Layout::node(&external.name)));
        let groups = topology.groups.iter();
        let issued = groups.filter(|group| Layout::has_issued_balancer(group));
        wanted.extend(issued.map(|group| Layout::balancer(&group.name)));
        self.files
            .keys()
            .filter_map(Layout::owner_folder)
            .filter(|folder| !wanted.contains(folder))
            .collect()
    }

    /// The password that a source gives; `None` if it is one that the workspace still has to make.
    pub fn password(&self, source: &Source) -> Option<&Password> {
        self.passwords.get(source)
    }

    /// What may open the stores of a node: the passwords that the topology names for them, then the old ones.
    pub fn store_passwords(&self, topology: &Topology) -> Vec<Password> {
        let stores = topology.stores.iter();
        let named = stores.filter_map(|(_, settings)| self.password(&settings.password));
        let mut passwords: Vec<Password> = Vec::new();
        for password in named.chain(&self.old) {
            if !passwords.contains(password) {
                passwords.push(password.clone());
            }
        }
        passwords
    }

    /// The key of the balancers of a group. `None`: there is no file.
    pub fn balancer_key(&self, group: &Group) -> Option<Result<PrivateKey, KeyError>> {
        let content = self.content(&Layout::balancer_key(&group.name))?;
        let password = self.password(&group.balancer_password);
        Some(read_private_key(content.expose(), password))
    }

    /// The key in a PEM file of balancers, opened with its password or an old one.
    pub(crate) fn pem_key(&self, path: &RelPath, topology: &Topology) -> Option<PrivateKey> {
        let mut groups = topology.groups.iter();
        let group = groups.find(|group| Layout::balancer_key(&group.name) == *path)?;
        match self.balancer_key(group)? {
            Ok(key) => Some(key),
            Err(_) => self.with_old_password(self.content(path)?),
        }
    }

    /// A PEM key that one of the old passwords opens.
    pub(crate) fn with_old_password(&self, pem: &Bytes) -> Option<PrivateKey> {
        let mut old = self.old.iter();
        old.find_map(|old| read_private_key(pem.expose(), Some(old)).ok())
    }

    /// Passwords that a file may still have.
    pub fn old_passwords(&self) -> &[Password] {
        &self.old
    }

    /// Opens the CA's private key: of a local CA in the workspace or at `elsewhere`, of an imported one
    /// where the topology says.
    ///
    /// # Errors
    ///
    /// [`ObserveError`] if the key or its password is missing, or the key does not open.
    pub fn ca_key(
        &self,
        topology: &Topology,
        elsewhere: Option<&Path>,
        passwords: &dyn Passwords,
    ) -> Result<PrivateKey, ObserveError> {
        let imported = topology.ca.imported.as_ref();
        let outside = elsewhere.or(imported.map(|imported| imported.key_file.as_path()));
        let (place, pem) = match outside {
            Some(path) => (
                path.to_owned(),
                inputs::read_file(
                    path,
                    if imported.is_some() {
                        "ca.key_file"
                    } else {
                        "ca"
                    },
                )?,
            ),
            None => {
                let path = Layout::ca_key();
                let found = self.content(&path).cloned();
                (
                    path.as_path().to_owned(),
                    found.ok_or(ObserveError::NoCaKey)?,
                )
            }
        };
        let source = match imported {
            Some(imported) => imported.key_password.as_ref(),
            None => Some(&topology.ca.password),
        };
        let password = match source {
            None => None,
            Some(source) => Some(self.resolve(source, passwords)?),
        };
        let key = read_private_key(pem.expose(), password.as_ref());
        let with_old = |reason| match reason {
            KeyError::WrongPassword => self.with_old_password(&pem).ok_or(reason),
            reason => Err(reason),
        };
        key.or_else(with_old).map_err(|reason| ObserveError::CaKey {
            path: place,
            reason,
        })
    }

    /// The password of the CA's key, where it is known or can be resolved.
    ///
    /// # Errors
    ///
    /// [`ObserveError::Password`] if the source gives none.
    pub fn resolve(
        &self,
        source: &Source,
        passwords: &dyn Passwords,
    ) -> Result<Password, ObserveError> {
        match (generated_secret(source), self.password(source)) {
            (_, Some(password)) => Ok(password.clone()),
            (Some(name), None) => Err(ObserveError::NoSecret {
                path: Layout::secret(name),
            }),
            (None, None) => Ok(passwords.resolve(source)?),
        }
    }

    fn put(&mut self, path: RelPath, content: Bytes, mode: u32) {
        let digest = Fingerprint::of(content.expose());
        let found = Found {
            content: Arc::new(content),
            mode,
            digest,
            store: None,
        };
        self.files.insert(path, found);
    }

    /// Reads the passwords that the workspace made itself.
    fn learn_secrets(&mut self, topology: &Topology) {
        let mut sources: Vec<Source> = self.slots.iter().map(|slot| slot.source.clone()).collect();
        sources.push(topology.ca.password.clone());
        let groups = topology.groups.iter();
        sources.extend(groups.map(|group| group.balancer_password.clone()));
        for source in sources {
            let Some(name) = generated_secret(&source) else {
                continue;
            };
            let text = self
                .content(&Layout::secret(name))
                .and_then(|content| std::str::from_utf8(content.expose()).ok())
                .map(|text| text.strip_suffix('\n').unwrap_or(text))
                .map(|text| text.strip_suffix('\r').unwrap_or(text))
                .filter(|text| !text.is_empty())
                .map(Password::new);
            match text {
                Some(password) => self.passwords.insert(source, password),
                None => self.passwords.remove(&source),
            };
        }
    }

    /// Opens every store below `primary/` and `nodes/` that is not open yet. Equal bytes are opened
    /// once: the primary and the truststores are the same everywhere.
    fn open_stores(&mut self) {
        let mut known: HashMap<(Fingerprint, Option<Slot>), Result<Arc<OpenStore>, Unopened>> =
            HashMap::new();
        let (slots, passwords, old) = (&self.slots, &self.passwords, &self.old);
        for (path, found) in &mut self.files {
            let text = path.as_str();
            let store_folder = text.starts_with("primary/") || text.starts_with("nodes/");
            let name = path.file_name();
            if found.store.is_some()
                || !store_folder
                || name == NODE_CHAIN
                || name.ends_with(".pem")
            {
                continue;
            }
            let wanted = slots.iter().find(|slot| slot.file == name);
            // Anything under a slot's name should be a store; under other names only what looks so.
            let format = Format::detect(found.content.expose());
            if wanted.is_none() && !matches!(format, Some(Format::Jks | Format::Pkcs12)) {
                continue;
            }
            let outcome = known
                .entry((found.digest, wanted.map(|slot| slot.slot)))
                .or_insert_with(|| match wanted {
                    Some(_) if format == Some(Format::Pem) => Err(Unopened::Foreign {
                        format: Format::Pem,
                    }),
                    Some(slot) => {
                        store::open(found.content.expose(), passwords.get(&slot.source), old)
                    }
                    None => open_with_any(found.content.expose(), slots, passwords, old),
                });
            found.store = Some(outcome.clone());
        }
    }
}

/// A store under a name that the topology no longer uses: whichever slot's password opens it.
fn open_with_any(
    bytes: &[u8],
    slots: &[SlotSource],
    passwords: &BTreeMap<Source, Password>,
    old: &[Password],
) -> Result<Arc<OpenStore>, Unopened> {
    let mut last = Err(Unopened::NoPassword);
    for slot in slots {
        last = store::open(bytes, passwords.get(&slot.source), &[]);
        if last.is_ok() {
            return last;
        }
    }
    match store::open(bytes, None, old) {
        Ok(store) => Ok(store),
        Err(_) => last,
    }
}
