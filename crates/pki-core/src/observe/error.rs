use std::{io, path::PathBuf, sync::Arc};

use super::{PasswordError, Unopened};
use crate::{
    disk::{DiskError, RelPath},
    key::KeyError,
};

/// Why an inventory could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ObserveError {
    /// The CA's private key does not open.
    #[error("the CA's key `{}` cannot be used", path.display())]
    CaKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        #[source]
        reason: KeyError,
    },
    /// A PEM file that the topology names holds no readable certificate.
    #[error("`{}`, named by `{key}`, cannot be used: {reason}", path.display())]
    Certificates {
        /// The file.
        path: PathBuf,
        /// The topology's key.
        key: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The workspace cannot be read, or must not be trusted.
    #[error(transparent)]
    Disk(#[from] Arc<DiskError>),
    /// A file that the topology names cannot be read.
    #[error("`{}`, named by `{key}`, cannot be read", path.display())]
    Input {
        /// The file.
        path: PathBuf,
        /// The topology's key.
        key: &'static str,
        /// What the system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Something is to be signed, and the workspace has no CA key.
    #[error("the CA's key `ca/ca.key` is not in the workspace")]
    NoCaKey,
    /// A password that the workspace made itself is gone.
    #[error("the generated password `{path}` is not in the workspace")]
    NoSecret {
        /// Where it should be.
        path: RelPath,
    },
    /// A password source gave nothing.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// A keystore that the topology names was not opened.
    #[error("the keystore `{}`, named by `{key}`, cannot be opened", path.display())]
    Store {
        /// The file.
        path: PathBuf,
        /// The topology's key.
        key: &'static str,
        /// Why not.
        #[source]
        reason: Unopened,
    },
}

impl From<DiskError> for ObserveError {
    fn from(error: DiskError) -> Self {
        Self::Disk(Arc::new(error))
    }
}
