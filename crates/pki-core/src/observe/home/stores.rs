//! What the references to stores lead to. Each distinct content is opened once for each password, however
//! many references of however many homes lead to it.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Component, Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

use super::{KeyLead, StoreLead};
use crate::{
    disk::{HomeView, RelPath},
    keystore::{Decoded, Keystore},
    observe::{KeyState, OpenStore, Unopened, file, home_files::in_one_line, store},
    secret::{Bytes, Password},
    wso2::{
        Slot,
        config::{Setting, StoreUse, Unknown},
    },
    x509::Fingerprint,
};

/// Stores that were opened, by content and password, for all homes of a run.
#[derive(Debug, Default)]
pub(super) struct Shared {
    opened: Mutex<HashMap<Fingerprint, Vec<Attempt>>>,
}

#[derive(Clone, Debug)]
struct Attempt {
    /// `None`: without one.
    password: Option<Password>,
    outcome: Arc<OnceLock<Outcome>>,
}

#[derive(Clone, Debug)]
enum Outcome {
    Opened(Result<Arc<OpenStore>, Unopened>),
    /// What lies open without a password.
    Looked(Option<Arc<Decoded>>),
}

impl Shared {
    /// Threads that ask for the same at the same time wait for the one that does it.
    fn open(&self, digest: Fingerprint, bytes: &[u8], password: Option<&Password>) -> Outcome {
        let outcome = {
            let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
            let attempts = opened.entry(digest).or_default();
            let known = attempts.iter().find(|it| it.password.as_ref() == password);
            match known {
                Some(attempt) => Arc::clone(&attempt.outcome),
                None => {
                    let outcome = Arc::default();
                    attempts.push(Attempt {
                        password: password.cloned(),
                        outcome: Arc::clone(&outcome),
                    });
                    outcome
                }
            }
        };
        outcome
            .get_or_init(|| match password {
                Some(password) => Outcome::Opened(store::open(bytes, Some(password), &[])),
                None => Outcome::Looked(Keystore::look(bytes).ok().map(Arc::new)),
            })
            .clone()
    }
}

/// Follows the references of a home.
pub(super) struct Opener<'a> {
    dir: &'a Path,
    view: HomeView<'a>,
    shared: &'a Shared,
    /// Those that are known, by alias.
    secrets: BTreeMap<String, Password>,
    /// Each file is read once.
    files: HashMap<PathBuf, Result<Option<(Fingerprint, Bytes)>, String>>,
}

impl<'a> Opener<'a> {
    pub(super) fn new(
        dir: &'a Path,
        view: HomeView<'a>,
        shared: &'a Shared,
        secrets: BTreeMap<String, Password>,
    ) -> Self {
        Self {
            dir,
            view,
            shared,
            secrets,
            files: HashMap::new(),
        }
    }

    /// What a reference leads to.
    pub(super) fn follow(&mut self, reference: &StoreUse) -> StoreLead {
        let location = match &reference.location.value {
            Ok(location) => location,
            Err(why) => return StoreLead::unknown(why.clone()),
        };
        let place = place(self.view.dir(), self.dir, location);
        let path = match &place {
            Place::Home(file) => self.dir.join(file.as_path()),
            Place::Elsewhere(path) => path.clone(),
        };
        let password = self.password(&reference.password);
        let view = self.view;
        let read = self.files.entry(path.clone()).or_insert_with(|| {
            let content = match &place {
                Place::Home(file) => view.read(file).map_err(|error| in_one_line(&error)),
                Place::Elsewhere(path) => match file::read_regular(path) {
                    Ok(bytes) => Ok(Some(bytes)),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(error.to_string()),
                },
            };
            Ok(content?.map(|bytes| (Fingerprint::of(bytes.expose()), bytes)))
        });
        let (digest, bytes) = match read {
            Ok(Some((digest, bytes))) => (*digest, bytes.expose()),
            Ok(None) => return StoreLead::Missing { path },
            Err(reason) => {
                let reason = Unopened::NotRead(reason.clone());
                return StoreLead::Closed { path, reason };
            }
        };
        match (
            self.shared.open(digest, bytes, password.as_ref().ok()),
            password,
        ) {
            (Outcome::Opened(Ok(store)), _) => {
                let key = key(&store, reference);
                StoreLead::Open {
                    path,
                    digest,
                    store,
                    key,
                }
            }
            (Outcome::Opened(Err(reason)), _) => StoreLead::Closed { path, reason },
            (Outcome::Looked(content), Err(why)) => StoreLead::Sealed {
                path,
                digest,
                why,
                content,
            },
            (Outcome::Looked(_), Ok(_)) => StoreLead::Closed {
                path,
                reason: Unopened::NoPassword,
            },
        }
    }

    fn password(&self, setting: &Setting<Password>) -> Result<Password, Unknown> {
        match &setting.value {
            Err(Unknown::Secret(alias)) => self
                .secrets
                .get(alias)
                .cloned()
                .ok_or_else(|| Unknown::Secret(alias.clone())),
            other => other.clone(),
        }
    }
}

fn key(store: &OpenStore, reference: &StoreUse) -> KeyLead {
    let alias = match &reference.alias.value {
        _ if reference.slot == Slot::Truststore => return KeyLead::None,
        Ok(alias) => alias,
        Err(Unknown::Absent) => return KeyLead::Any,
        Err(why) => return KeyLead::Unknown(why.clone()),
    };
    match store.key_state(alias) {
        None => KeyLead::Missing,
        Some(KeyState::Mismatch) => KeyLead::Mismatch,
        Some(KeyState::Opens) => KeyLead::Opens,
        Some(KeyState::Sealed(reason)) => KeyLead::Sealed(reason.clone()),
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Place {
    /// From the home.
    Home(RelPath),
    /// A path of the system.
    Elsewhere(PathBuf),
}

/// Where a location leads, without `.` and `..`. `real` is the home's folder without links, `given` as it
/// was named: an absolute location may name it either way.
fn place(real: &Path, given: &Path, location: &str) -> Place {
    let mut path = PathBuf::new();
    for part in real.join(location).components() {
        match part {
            Component::ParentDir => {
                path.pop();
            }
            Component::CurDir => {}
            part => path.push(part),
        }
    }
    let below = [real, given].into_iter().find_map(|home| {
        let rest = path.strip_prefix(home).ok()?;
        RelPath::new(rest.to_str()?).ok()
    });
    match below {
        Some(below) => Place::Home(below),
        None => Place::Elsewhere(path),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_is_found_below_the_home_however_it_is_written() {
        let at = |location: &str| place(Path::new("/srv/real"), Path::new("/opt/link"), location);
        let inside = |path: &str| Place::Home(RelPath::new(path).unwrap());
        for location in [
            "security/a.jks",
            "./security//a.jks",
            "conf/../security/a.jks",
            "/srv/real/security/a.jks",
            "/opt/link/security/a.jks",
        ] {
            assert_eq!(at(location), inside("security/a.jks"), "{location}");
        }
        for (location, path) in [
            ("/etc/pki/a.jks", "/etc/pki/a.jks"),
            ("../other/a.jks", "/srv/other/a.jks"),
            ("../../../../a.jks", "/a.jks"),
        ] {
            assert_eq!(at(location), Place::Elsewhere(path.into()), "{location}");
        }
    }
}
