use std::{collections::BTreeMap, fmt, sync::Arc};

use super::{Call, Document, Generation, HomeConfig, Leaf, Place, v2, v4};
use crate::{
    keystore::Format,
    secret::{Bytes, Password},
    wso2::Slot,
};

/// What the configuration of a home is to say: [`HomeConfig::edited`] makes it say so.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// The store of each slot. A slot that is not here is left as it is.
    pub stores: BTreeMap<Slot, WantedStore>,
    /// `[encryption] key`, from 4.7 on.
    pub encryption_key: Option<Written>,
    /// Other servers in URLs.
    pub authorities: Vec<WantedAuthority>,
    /// Servers beside those that are named.
    pub beside: Vec<WantedBeside>,
}

/// The store of a slot, as references to it are to name it.
#[derive(Clone, Debug)]
pub struct WantedStore {
    /// The file's name in `repository/resources/security`.
    pub file: String,
    /// Its format, which references name as the JCA does.
    pub format: Format,
    /// Its password, and that of the key in it: the product takes one for both.
    pub password: Written,
    /// The alias of the key; `None` for a truststore.
    pub alias: Option<String>,
}

/// Another host and port in a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedAuthority {
    /// The index of the call in [`HomeConfig::calls`].
    pub call: usize,
    /// The index of the server in its endpoints.
    pub endpoint: usize,
    /// `host:port`.
    pub authority: String,
}

/// Servers that are to be named beside those of a call, where [`HomeConfig::takes_beside`] says that it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WantedBeside {
    /// The index of the call in [`HomeConfig::calls`]: of elements and tables, any of them.
    pub call: usize,
    /// Each as `host:port`.
    pub servers: Vec<String>,
}

/// How a secret value is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Written {
    /// `$env{NAME}`. The releases that are configured in XML do not know it.
    Environment(String),
    /// As it is.
    Plain(Password),
    /// `$secret{alias}`, in XML `svns:secretAlias="alias"`: the product's secret repository has it.
    Secret {
        /// The alias; in XML each part asks for one of its own ([`HomeConfig::secret_aliases`]).
        alias: String,
        /// What stands where the product takes no alias (2.x: Synapse's transports, their profiles, the
        /// broker, the data bridge).
        otherwise: Password,
    },
}

/// A configuration file with other values in it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Edited {
    /// From the home, with `/`.
    pub file: Arc<str>,
    /// What the file is to be.
    pub bytes: Bytes,
    /// Every value that changes, in the order of the file.
    pub changes: Vec<ValueChange>,
}

/// A value that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ValueChange {
    /// Where it stands; of one that is added, where it will stand in the file as it was.
    pub place: Place,
    /// What it was; `None`: it was not there.
    pub before: Option<Shown>,
    /// What it will be.
    pub after: Shown,
}

/// A value as it may be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shown {
    /// A password: never shown.
    Hidden,
    /// Its text.
    Text(String),
}

/// Why the configuration cannot say what is wanted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// A file that would have to change cannot be read.
    #[error("`{file}` cannot be read, so nothing in it can be changed")]
    Unread {
        /// The file.
        file: Arc<str>,
    },
    /// The release has no such way to write a secret.
    #[error("the releases that are configured in XML cannot take a value from the environment")]
    NoEnvironment,
    /// The document cannot hold the value where it would have to stand.
    #[error("{place}: {reason}")]
    NoPlace {
        /// Where.
        place: Place,
        /// Why not.
        reason: String,
    },
}

impl HomeConfig {
    /// The configuration files that have to change so that the home says what is wanted, each whole: every
    /// byte outside of the values that change is as it was. Files that say it already are not among them.
    ///
    /// References in parts that are switched off change too, so that switching them on later works.
    ///
    /// # Errors
    ///
    /// [`EditError`]; then nothing is to be written.
    pub fn edited(&self, wanted: &Wanted) -> Result<Vec<Edited>, EditError> {
        match self.generation {
            Generation::Toml => v4::edited(self, wanted),
            Generation::Xml => v2::edited(self, wanted),
        }
    }
}

impl HomeConfig {
    /// The aliases of the secrets that stand for the password of a slot where passwords are written as
    /// secrets: in `deployment.toml` one, in XML one for each password that can be one.
    pub fn secret_aliases(&self, slot: Slot) -> Vec<String> {
        match self.generation {
            Generation::Toml => vec![slot.secret_alias().to_owned()],
            Generation::Xml => v2::secret_aliases(self, slot),
        }
    }

    /// Whether another server can be named beside those of a call: the product's way to name several is known,
    /// and the value is in a form that takes it.
    pub fn takes_beside(&self, call: &Call) -> bool {
        match self.generation {
            Generation::Toml => v4::takes_beside(self, call),
            Generation::Xml => v2::takes_beside(self, call),
        }
    }

    /// The document and the value at a place.
    pub(super) fn at(&self, place: &Place) -> Option<(&Document, &Leaf)> {
        let document = self.documents.iter().find(|it| it.file == place.file)?;
        let mut leaves = document.leaves().iter();
        let leaf = leaves.find(|leaf| Place::of(document, leaf) == *place)?;
        Some((document, leaf))
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hidden => f.write_str("[hidden]"),
            Self::Text(text) => f.write_str(text),
        }
    }
}
