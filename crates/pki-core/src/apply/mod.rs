//! Carrying a plan out, all in memory: keys are made, certificates issued, stores encoded, and what comes
//! out is a [`FileSet`] that can be verified before it is written.
//!
//! The whole way, from a topology to a verified workspace:
//!
//! ```
//! use std::time::Duration;
//! use pki_core::{
//!     apply::{Means, apply},
//!     disk::{Holder, Label, Workspace},
//!     key::{Generated, SystemRandom},
//!     observe::{Inventory, KnownPasswords},
//!     plan::{Plan, Scope},
//!     topology::Topology,
//!     verify::verify,
//! };
//! use time::macros::datetime;
//!
//! let text = r#"
//!     product = "4.7.0"
//!     domain  = "apim.example.com"
//!     ca      = { key = "ec-p256" }
//!     primary = { key = "rsa-2048" }
//!     tls     = { key = "ec-p256" }
//!     [roles.control-plane]
//!     nodes = { control-plane-1 = "cp1" }
//!     [roles.gateway]
//!     balancer = "gw"
//!     nodes = { gateway-1 = "gw1", gateway-2 = "gw2" }
//! "#;
//! # let folder = tempfile::tempdir()?;
//! # let base = folder.path();
//! let topology = Topology::from_toml(text, base)?;
//! let passwords = KnownPasswords::default(); // those in `secrets/` are generated
//! let now = datetime!(2026-11-23 12:00 UTC);
//! let holder = Holder { pid: std::process::id(), host: "ops1".to_owned(), started: now };
//!
//! let mut workspace = Workspace::open(base.join("pki"))?.lock(Duration::from_secs(10), &holder)?;
//! let found = Inventory::read(workspace.view(), &topology, &passwords)?;
//! let plan = Plan::new(&topology, &found, &Scope::all(), now)?;
//! assert_eq!(plan.new_keys(), 5); // the CA, the primary, three nodes
//!
//! let means = Means { keys: &Generated, random: &mut SystemRandom, ca_key: None, progress: &() };
//! let made = apply(&topology, &found, &plan, means)?;
//! let after = found.with(&topology, &made.files);
//! let report = verify(&topology, &after, now);
//! assert!(report.is_clean(), "{report:?}");
//! made.files.commit(&mut workspace, &Label { when: now, why: "issue".to_owned() })?;
//!
//! let found = Inventory::read(workspace.view(), &topology, &passwords)?;
//! assert!(Plan::new(&topology, &found, &Scope::all(), now)?.is_empty());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod certify;
mod secrets;
mod stores;

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, PoisonError},
};

use crate::{
    disk::{FileSet, RelPath},
    issue::{AuthorityError, IssueError},
    key::{KeyError, KeySource, PrivateKey, Random},
    keystore::{EncodeError, UnsealError},
    observe::Inventory,
    plan::{Action, KeyOrigin, Plan, Work},
    secret::{Bytes, Password, Source},
    topology::Topology,
    x509::{Certificate, Fingerprint},
};

/// What carrying a plan out takes.
pub struct Means<'a> {
    /// Makes private keys; asked from several threads at once.
    pub keys: &'a dyn KeySource,
    /// Gives salts, initialization vectors, serial numbers and generated passwords.
    pub random: &'a mut (dyn Random + Send),
    /// The key of an existing CA, where the plan needs it ([`Plan::needs_ca_key`]).
    pub ca_key: Option<PrivateKey>,
    /// Hears how far it is.
    pub progress: &'a dyn Progress,
}

/// Hears how far a long work is.
pub trait Progress: Sync {
    /// `done` of `total` private keys are made; called from several threads.
    fn keys(&self, done: usize, total: usize);
}

/// Nobody listens.
impl Progress for () {
    fn keys(&self, _done: usize, _total: usize) {}
}

/// What a plan made.
#[derive(Debug)]
#[non_exhaustive]
pub struct Made {
    /// The files, to be verified and then committed.
    pub files: FileSet,
    /// SHA-256 of the certificate of a CA that was made: the topology's `[ca] sha256`.
    pub ca: Option<Fingerprint>,
    /// SHA-256 of the certificate of a primary that was made: the topology's `[primary] sha256`.
    pub primary: Option<Fingerprint>,
    /// The passwords that were generated: where each is.
    pub secrets: Vec<RelPath>,
}

/// Carries a plan out.
///
/// `topology` and `found` are those that the plan was made from.
///
/// # Errors
///
/// [`ApplyError`], for a key that cannot be made or used, a password that a store cannot take. Nothing
/// has been written then.
pub fn apply(
    topology: &Topology,
    found: &Inventory,
    plan: &Plan,
    means: Means<'_>,
) -> Result<Made, ApplyError> {
    let random = SharedRandom(Mutex::new(means.random));
    let mut work = Workshop {
        topology,
        found,
        plan,
        random: &random,
        made: Made {
            files: FileSet::new(),
            ca: None,
            primary: None,
            secrets: Vec::new(),
        },
        passwords: BTreeMap::new(),
        keys: HashMap::new(),
        authority: None,
        chain: Vec::new(),
        primary: None,
        certificates: HashMap::new(),
    };
    work.make_secrets();
    work.make_keys(means.keys, means.progress)?;
    work.make_authority(means.ca_key)?;
    work.make_masters()?;
    work.make_certificates()?;
    work.make_truststores()?;
    work.copy_and_retire()?;
    work.keep_passwords();
    Ok(work.made)
}

/// Everything that is made on the way.
struct Workshop<'a, 'r> {
    topology: &'a Topology,
    found: &'a Inventory,
    plan: &'a Plan,
    random: &'a SharedRandom<'r>,
    made: Made,
    /// Passwords that were generated in this run.
    passwords: BTreeMap<Source, Password>,
    /// New keys, by the action that they are for.
    keys: HashMap<usize, PrivateKey>,
    /// Who signs; `None` if each certificate signs itself, or nothing is signed.
    authority: Option<crate::issue::CertificateAuthority>,
    /// The CA's certificate and what leads to its root.
    chain: Vec<Certificate>,
    /// The primary's certificate.
    primary: Option<Certificate>,
    /// New certificates, by the label of their spec.
    certificates: HashMap<String, Certificate>,
}

impl<'a> Workshop<'a, '_> {
    /// The actions with their numbers.
    fn actions(&self) -> impl Iterator<Item = (usize, &'a Action)> + use<'a> {
        self.plan.actions().iter().enumerate()
    }

    fn password(&self, source: &Source) -> Result<Password, ApplyError> {
        self.passwords
            .get(source)
            .or_else(|| self.found.password(source))
            .cloned()
            .ok_or_else(|| ApplyError::NoPassword {
                place: source.clone(),
            })
    }

    /// A file as it will be: as this run writes it, else as it was found.
    fn bytes(&self, path: &RelPath) -> Result<Bytes, ApplyError> {
        match self.made.files.get(path) {
            Some(crate::disk::Change::Write(bytes)) => Ok(bytes.clone()),
            _ => self.found.content(path).cloned().ok_or_else(|| {
                let path = path.clone();
                ApplyError::Gone { path }
            }),
        }
    }

    /// The private key for a certificate: the one that was made for it, or the one that it keeps.
    fn key(&self, number: usize, origin: &KeyOrigin) -> Result<PrivateKey, ApplyError> {
        match origin {
            KeyOrigin::New => self.keys.get(&number).cloned().ok_or(ApplyError::NoKey),
            KeyOrigin::Kept(path) => match self.found.open_store(path) {
                Some(store) => stores::private_key(store, &self.topology.stores.tls.alias, path),
                None => self
                    .found
                    .pem_key(path, self.topology)
                    .ok_or(ApplyError::NoKey),
            },
        }
    }

    /// Bytes of a copy, files that go.
    fn copy_and_retire(&mut self) -> Result<(), ApplyError> {
        for (_, action) in self.actions() {
            match &action.work {
                Work::Copy { from } => {
                    let bytes = self.bytes(from)?;
                    self.made.files.write(action.file.clone(), bytes);
                }
                Work::Restrict => {
                    let bytes = self.bytes(&action.file)?;
                    self.made.files.write(action.file.clone(), bytes);
                }
                Work::EncryptionRecord { digest } => {
                    self.made
                        .files
                        .write(action.file.clone(), secrets::record(*digest));
                }
                Work::Retire => self.made.files.retire(action.file.clone()),
                Work::RetireFolder => self.made.files.retire_folder(action.file.clone()),
                _ => {}
            }
        }
        Ok(())
    }

    /// What opens the files that this run replaces goes beside them.
    fn keep_passwords(&mut self) {
        for path in self.found.secrets() {
            if self.made.files.get(path).is_none() {
                self.made.files.keep(path.clone());
            }
        }
    }
}

/// One source of random bytes for several threads.
struct SharedRandom<'a>(Mutex<&'a mut (dyn Random + Send)>);

impl Random for &SharedRandom<'_> {
    fn fill(&mut self, out: &mut [u8]) {
        // A thread that panicked left no broken state in a generator.
        let mut random = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        random.fill(out);
    }
}

/// Why a plan could not be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// CA key and CA certificate do not fit together.
    #[error("the CA cannot issue")]
    Authority(#[from] AuthorityError),
    /// A store cannot be written.
    #[error("`{path}` cannot be written")]
    Encode {
        /// The store.
        path: RelPath,
        /// Why.
        #[source]
        reason: EncodeError,
    },
    /// A file that the plan builds on is not there any more.
    #[error("`{path}` is not there")]
    Gone {
        /// The file.
        path: RelPath,
    },
    /// A certificate cannot be made.
    #[error("the certificate of `{label}` cannot be made")]
    Issue {
        /// Whose.
        label: String,
        /// Why.
        #[source]
        reason: IssueError,
    },
    /// A private key cannot be made, used or encrypted.
    #[error("a private key cannot be made or used")]
    Key(#[from] KeyError),
    /// The plan needs the CA's key, and it was not given.
    #[error("the CA's key is needed and was not given")]
    NoCaKey,
    /// The plan is not of this topology and this inventory.
    #[error("the plan does not fit: it has no key for a certificate")]
    NoKey,
    /// There is no password from a source.
    #[error("there is no password from `{place}`")]
    NoPassword {
        /// The source.
        place: Source,
    },
    /// A key in a store does not open, or cannot be sealed.
    #[error("the key in `{path}` cannot be opened or sealed")]
    Seal {
        /// The store.
        path: RelPath,
        /// Why.
        #[source]
        reason: UnsealError,
    },
}
