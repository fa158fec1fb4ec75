use std::{collections::BTreeMap, sync::Arc};

use crate::{
    key::KeyMatch,
    keystore::{Content, DecodeError, Decoded, Entry, Format, Keystore, UnsealError},
    secret::Password,
    x509::Certificate,
};

/// A keystore that was opened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct OpenStore {
    /// What is in it, and what the file says about itself.
    pub decoded: Decoded,
    /// The password that opened it.
    pub password: Password,
    /// True if that is the one that the topology names; false for one that was given as old.
    pub current: bool,
    /// What the same password does to each private key, by alias as spelled.
    pub keys: BTreeMap<String, KeyState>,
}

/// What became of a private-key entry when its key was opened with the store's password.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// It opens, and belongs to another certificate than its chain says.
    Mismatch,
    /// It opens, and is the key of its certificate, as far as can be told.
    Opens,
    /// It does not open.
    Sealed(UnsealError),
}

/// Why a file that should be a keystore was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unopened {
    /// It is no format of the product's stores.
    #[error("it is {format}, which the product does not read")]
    Foreign {
        /// What it is.
        format: Format,
    },
    /// There is no password for it.
    #[error("there is no password for it")]
    NoPassword,
    /// The system did not let anyone read it.
    #[error("{0}")]
    NotRead(String),
    /// The last thing that went wrong.
    #[error(transparent)]
    Unreadable(#[from] DecodeError),
}

impl OpenStore {
    /// The private-key entries, in order.
    pub fn private_keys(&self) -> impl Iterator<Item = (&Entry, &[Certificate])> {
        self.decoded.keystore.private_keys()
    }

    /// The chain of the private key under an alias, found as Java finds it.
    pub fn chain(&self, alias: &str) -> Option<&[Certificate]> {
        self.decoded.keystore.chain(alias)
    }

    /// The certificates that Java trusts because of this store, with their aliases.
    pub fn trusted(&self) -> impl Iterator<Item = (&Entry, &Certificate)> {
        self.decoded.keystore.trusted()
    }

    /// The state of the key under an alias.
    pub fn key_state(&self, alias: &str) -> Option<&KeyState> {
        let entry = self.decoded.keystore.get(alias)?;
        self.keys.get(entry.alias.as_str())
    }
}

/// Opens a store: with the current password, then with each old one.
pub(super) fn open(
    bytes: &[u8],
    current: Option<&Password>,
    old: &[Password],
) -> Result<Arc<OpenStore>, Unopened> {
    let mut failure = Unopened::NoPassword;
    let candidates = current
        .map(|password| (password, true))
        .into_iter()
        .chain(old.iter().map(|password| (password, false)));
    for (password, current) in candidates {
        match Keystore::decode(bytes, password) {
            Ok(decoded) => {
                let keys = key_states(&decoded.keystore, password);
                // A file without proof of integrity opens under any password: then its keys decide.
                let sealed = !keys.is_empty()
                    && keys
                        .values()
                        .all(|state| matches!(state, KeyState::Sealed(UnsealError::WrongPassword)));
                if sealed
                    && decoded.integrity != crate::keystore::Integrity::Verified
                    && !old.is_empty()
                    && current
                {
                    failure = Unopened::Unreadable(DecodeError::WrongPassword {
                        format: decoded.format,
                    });
                    continue;
                }
                return Ok(Arc::new(OpenStore {
                    decoded,
                    password: password.clone(),
                    current,
                    keys,
                }));
            }
            Err(error) => {
                let retry = matches!(error, DecodeError::WrongPassword { .. });
                if current || retry {
                    failure = error.into();
                }
                if !retry {
                    break;
                }
            }
        }
    }
    Err(failure)
}

fn key_states(store: &Keystore, password: &Password) -> BTreeMap<String, KeyState> {
    store
        .entries()
        .iter()
        .filter_map(|entry| {
            let Content::PrivateKey { key, chain } = &entry.content else {
                return None;
            };
            let state = match key.open(password) {
                Err(error) => KeyState::Sealed(error),
                Ok(key) => match chain.first().map(|certificate| key.matches(certificate)) {
                    Some(KeyMatch::No) => KeyState::Mismatch,
                    _ => KeyState::Opens,
                },
            };
            Some((entry.alias.as_str().to_owned(), state))
        })
        .collect()
}
