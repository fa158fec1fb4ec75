use super::Wanted;
use crate::{
    disk::RelPath,
    keystore::{DecodeError, UnsealError},
    observe::{KeyState, Layout, OpenStore, Unopened},
    plan::{Draft, Place, Refusal},
    wso2::Slot,
    x509::Certificate,
};

/// What a file that should hold the shared key turned out to be.
pub(super) enum State {
    Missing,
    /// It opens, and the key in it.
    Good {
        alias: String,
        certificate: Certificate,
    },
    /// The passwords do not open it.
    Locked(Unopened),
    /// Something else is wrong.
    Bad(String),
}

impl Wanted<'_> {
    /// The master under its name, or under the name that it had before.
    pub(super) fn locate(&self, draft: &Draft<'_>, path: &RelPath) -> (RelPath, State) {
        let state = self.state(draft, path);
        // A file of this name was there and is lost: whatever else lies here is not it.
        if !matches!(state, State::Missing) || draft.found.recorded(path).is_some() {
            return (path.clone(), state);
        }
        let masters = Layout::masters();
        let wanted: Vec<RelPath> = draft
            .topology
            .stores
            .iter()
            .map(|(_, settings)| Layout::master(settings))
            .collect();
        let others: Vec<RelPath> = draft
            .found
            .below(&masters)
            .filter(|other| !wanted.contains(other) && draft.found.store(other).is_some())
            .filter(|other| {
                let internal = other.file_name().starts_with("internal");
                internal == (self.slot == Slot::Internal)
            })
            .cloned()
            .collect();
        match &others[..] {
            [other] => (other.clone(), self.state(draft, other)),
            _ => (path.clone(), State::Missing),
        }
    }

    pub(super) fn state(&self, draft: &Draft<'_>, path: &RelPath) -> State {
        match draft.found.store(path) {
            None if draft.found.content(path).is_some() => {
                State::Bad("it is no keystore".to_owned())
            }
            None => State::Missing,
            Some(Err(reason)) => match reason {
                Unopened::NoPassword
                | Unopened::Unreadable(
                    DecodeError::WrongPassword { .. } | DecodeError::PasswordNeeded { .. },
                ) => State::Locked(reason.clone()),
                reason => State::Bad(reason.to_string()),
            },
            Some(Ok(store)) => self.key(store),
        }
    }

    /// The shared key in an open store: under its alias, or the only one.
    pub(super) fn key(&self, store: &OpenStore) -> State {
        let keys: Vec<_> = store.private_keys().collect();
        let by_alias = keys
            .iter()
            .find(|(entry, _)| entry.alias.lookup() == self.settings.alias);
        let (entry, chain) = match (by_alias, &keys[..]) {
            (Some(found), _) | (None, [found]) => *found,
            (None, []) => return State::Bad("it holds no private key".to_owned()),
            (None, _) => {
                return State::Bad(format!("it has no private key `{}`", self.settings.alias));
            }
        };
        let alias = entry.alias.as_str().to_owned();
        let Some(certificate) = chain.first() else {
            return State::Bad(format!("the key `{alias}` has no certificate"));
        };
        match store.keys.get(&alias) {
            Some(KeyState::Opens) => State::Good {
                alias,
                certificate: certificate.clone(),
            },
            Some(KeyState::Sealed(UnsealError::WrongPassword)) => {
                State::Locked(Unopened::Unreadable(DecodeError::WrongPassword {
                    format: store.decoded.format,
                }))
            }
            Some(KeyState::Mismatch) => {
                State::Bad(format!("the key `{alias}` is not its certificate's"))
            }
            Some(KeyState::Sealed(error)) => State::Bad(error.to_string()),
            None => State::Bad(format!("the key `{alias}` cannot be looked at")),
        }
    }

    /// The copies in the nodes' folders.
    pub(super) fn copies(&self, draft: &Draft<'_>) -> Vec<RelPath> {
        draft
            .found
            .node_folders()
            .into_iter()
            .map(|node| Layout::node_file(node, &self.settings.file))
            .filter(|path| draft.found.content(path).is_some())
            .collect()
    }

    /// If copies are not the bytes of the master: the file that the record proves right, `None` if that is
    /// the master, or if they hold the same key and nothing is recorded.
    pub(super) fn conflict(
        &self,
        draft: &Draft<'_>,
        master: &RelPath,
        certificate: &Certificate,
    ) -> Result<Option<RelPath>, Refusal> {
        let digest = draft.found.digest(master);
        let copies = self.copies(draft);
        if copies.iter().all(|path| draft.found.digest(path) == digest) {
            return Ok(None);
        }
        let recorded = draft.found.recorded(master);
        if recorded.is_some() && recorded == digest {
            return Ok(None);
        }
        if let Some(copy) = self.trustworthy_copy(draft, master) {
            return Ok(Some(copy));
        }
        let other_key = copies.iter().any(|path| {
            matches!(self.state(draft, path), State::Good { certificate: other, .. } if other != *certificate)
        });
        let pinned = recorded.is_none() && self.pin == Some(certificate.fingerprint());
        match other_key && !pinned {
            false => Ok(None),
            true => Err(Refusal::Lost {
                what: self.what,
                path: master.clone(),
                state: "holds another key than the nodes".to_owned(),
                places: draft.with_generations(self.places(draft), master),
            }),
        }
    }

    /// A copy that is what the master was: by the record; without a record, by the pin, if all copies
    /// are equal.
    pub(super) fn trustworthy_copy(&self, draft: &Draft<'_>, master: &RelPath) -> Option<RelPath> {
        let copies = self.copies(draft);
        match draft.found.recorded(master) {
            Some(recorded) => copies
                .into_iter()
                .find(|path| draft.found.digest(path) == Some(recorded)),
            None => {
                let first = copies.first()?;
                let digest = draft.found.digest(first);
                let equal = copies.iter().all(|path| draft.found.digest(path) == digest);
                match (self.state(draft, first), self.pin) {
                    (State::Good { certificate, .. }, Some(pinned))
                        if equal && certificate.fingerprint() == pinned =>
                    {
                        Some(first.clone())
                    }
                    _ => None,
                }
            }
        }
    }

    pub(super) fn places(&self, draft: &Draft<'_>) -> Vec<Place> {
        self.copies(draft)
            .into_iter()
            .map(|path| {
                let state = match self.state(draft, &path) {
                    State::Good { certificate, .. } => {
                        format!("opens, certificate SHA-256 {}", certificate.fingerprint())
                    }
                    State::Locked(reason) => reason.to_string(),
                    State::Bad(reason) => reason,
                    State::Missing => "is missing".to_owned(),
                };
                Place {
                    path: path.to_string(),
                    state,
                }
            })
            .collect()
    }
}
