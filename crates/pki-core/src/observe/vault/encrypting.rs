//! Under which keys a server encrypts what it stores: the primary, and the internal key where there is one.

use std::path::PathBuf;

use super::{
    VaultHome,
    keys::{VaultStore, open},
};
use crate::{
    observe::{KeyLead, StoreLead, Unopened},
    secret::Password,
    wso2::{
        Slot,
        config::{StoreUse, Unknown},
    },
    x509::Certificate,
};

/// A key under which a server encrypts what it stores.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum EncryptingKey {
    /// There is none: no store is named for it, or none is there, or it has no such key. Nothing was encrypted
    /// with it.
    Absent,
    /// The certificate of the key.
    Known(Certificate),
    /// Which one it is cannot be known.
    Unknown(KeyUnknown),
}

/// Why it cannot be known which key a server encrypts with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyUnknown {
    /// The store does not open with any password that is known.
    #[error("`{}` does not open", path.display())]
    Closed {
        /// The store.
        path: PathBuf,
        /// What came of the configured password.
        #[source]
        reason: Unopened,
    },
    /// The store lies outside of the home, and is not there now.
    #[error("`{}`, which is named for it, is not there", path.display())]
    Elsewhere {
        /// The store.
        path: PathBuf,
    },
    /// The configuration does not tell the store, or the alias in it.
    #[error("the configuration does not tell: {why}")]
    Untold {
        /// Why not.
        why: Unknown,
    },
    /// The configuration does not tell the password of the store.
    #[error("the password of `{}` is not known: {why}", path.display())]
    Sealed {
        /// The store.
        path: PathBuf,
        /// Why not.
        why: Unknown,
    },
}

impl VaultHome {
    /// The key of a slot that encrypts. The primary serves where no internal keystore is named.
    ///
    /// `passwords` are tried on a store that the configuration's own does not open. A store that is missing in
    /// the home says that there is no key; one that is missing elsewhere may be back tomorrow.
    pub fn encrypting_key(&self, slot: Slot, passwords: &[Password]) -> EncryptingKey {
        let found = self.home.slot(slot);
        let Some((reference, lead)) = found.or_else(|| self.home.slot(Slot::Primary)) else {
            return EncryptingKey::Absent;
        };
        if let Some(certificate) = lead.chain(reference).and_then(<[_]>::first) {
            return EncryptingKey::Known(certificate.clone());
        }
        let unknown = match lead {
            StoreLead::Open {
                key: KeyLead::Unknown(why),
                ..
            }
            | StoreLead::Unknown { why } => match why {
                Unknown::Absent => return EncryptingKey::Absent,
                why => KeyUnknown::Untold { why: why.clone() },
            },
            StoreLead::Open { .. } => return EncryptingKey::Absent,
            StoreLead::Missing { path } if path.starts_with(&self.home.dir) => {
                return EncryptingKey::Absent;
            }
            StoreLead::Missing { path } => KeyUnknown::Elsewhere { path: path.clone() },
            StoreLead::Closed { path, reason } => {
                let closed = KeyUnknown::Closed {
                    path: path.clone(),
                    reason: reason.clone(),
                };
                return tried(reference, path, passwords, closed);
            }
            StoreLead::Sealed { path, why, .. } => {
                let sealed = KeyUnknown::Sealed {
                    path: path.clone(),
                    why: why.clone(),
                };
                return tried(reference, path, passwords, sealed);
            }
        };
        EncryptingKey::Unknown(unknown)
    }
}

/// What the passwords make known of a store, or what lies open of it.
fn tried(
    reference: &StoreUse,
    path: &std::path::Path,
    passwords: &[Password],
    otherwise: KeyUnknown,
) -> EncryptingKey {
    let alias = match &reference.alias.value {
        Ok(alias) => alias,
        Err(why) => return EncryptingKey::Unknown(KeyUnknown::Untold { why: why.clone() }),
    };
    let store = VaultStore {
        path: path.to_path_buf(),
        alias: alias.clone(),
        passwords: passwords.to_vec(),
        key_passwords: Vec::new(),
    };
    let Ok(opened) = open(&store) else {
        return EncryptingKey::Unknown(otherwise);
    };
    let chain = opened.content.chain(alias);
    match chain.and_then(<[_]>::first) {
        Some(certificate) => EncryptingKey::Known(certificate.clone()),
        None if opened.password.is_some() => EncryptingKey::Absent,
        // There may be more in it than what lies open.
        None => EncryptingKey::Unknown(otherwise),
    }
}
