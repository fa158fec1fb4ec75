use std::{path::PathBuf, sync::Arc};

use crate::{
    disk::{PathError, RelPath},
    observe::{KeyUnknown, NoVaultKey},
    secret::Source,
    wso2::{
        Product, Slot,
        config::{DocumentError, EditError, Place, SnippetError, Unknown},
        vault::{ChangeError, UnusableKey},
    },
    x509::Fingerprint,
};

/// Why nothing is installed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InstallRefusal {
    /// An archive cannot hold a file.
    #[error("an archive cannot hold `{file}`: {reason}")]
    Archive {
        /// Its name.
        file: String,
        /// Why not.
        reason: String,
    },
    /// The configuration cannot be changed as it must be.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The vault's key is a secret key in a keystore that is replaced.
    #[error("the vault's key is a secret key in `{}`, which is replaced", store.display())]
    LostSecretKey {
        /// The keystore.
        store: PathBuf,
    },
    /// Encrypted secrets of the home would not be read any more: the key that they were made under is replaced,
    /// and does not open them, or is not at hand.
    #[error("{error}, and the key that they were made under is replaced")]
    LostSecrets {
        /// Which, and why.
        error: ChangeError,
        /// Why the vault's key is not at hand.
        missing: Option<Box<NoVaultKey>>,
    },
    /// The workspace knows no password from a source.
    #[error("there is no password from `{place}`")]
    NoPassword {
        /// The source.
        place: Source,
    },
    /// A file of the node has not been made.
    #[error("the workspace has no `{path}`")]
    NotIssued {
        /// In the workspace.
        path: RelPath,
    },
    /// The node is in no group of the topology.
    #[error("the topology has no node `{node}`")]
    NotInTopology {
        /// Its name.
        node: String,
    },
    /// A secret that was encrypted for the node would not be read by it.
    #[error("the node would not read the secret `{alias}`")]
    NotRead {
        /// Its alias.
        alias: String,
    },
    /// The edited configuration still names another file.
    #[error("{place}: after the edit it says `{found}` and not `{expected}`")]
    NotSaid {
        /// Where.
        place: Place,
        /// The file's name.
        expected: String,
        /// What is read there.
        found: String,
    },
    /// The home has an encryption key of its own, which may have encrypted something.
    #[error("{place}: the home has another encryption key than the deployment")]
    OtherEncryptionKey {
        /// Where it stands.
        place: Place,
    },
    /// The home has an internal key of its own, which may have encrypted something.
    #[error("the home has another internal key than the deployment")]
    OtherInternal {
        /// SHA-256 of the certificate of the deployment's internal key, or of the primary in its place.
        expected: Fingerprint,
        /// SHA-256 of the home's.
        found: Fingerprint,
        /// Whether the home's is its primary, which serves where there is no other.
        is_primary: bool,
    },
    /// The home calls itself by the host of another node.
    #[error("{place}: the home is `{host}`, which is node `{of}` and not `{node}`")]
    OtherNode {
        /// Where it says so.
        place: Box<Place>,
        /// Its host.
        host: String,
        /// The node that was to be installed.
        node: String,
        /// The node whose host it is.
        of: String,
    },
    /// A key store that two nodes would share holds the key of the other one.
    #[error("`{}` is the keystore of node `{of}`, which shares its folder with this home", file.display())]
    OtherNodesStore {
        /// The file, behind the links on the way.
        file: PathBuf,
        /// The node whose host its certificate names.
        of: String,
    },
    /// The home has a primary of its own, which may have encrypted something.
    #[error("the home has another primary key than the deployment")]
    OtherPrimary {
        /// SHA-256 of the deployment's certificate.
        expected: Fingerprint,
        /// SHA-256 of the home's.
        found: Fingerprint,
    },
    /// The home is of another release than the topology says.
    #[error("the home is of release {found}, the topology is for {expected}")]
    OtherRelease {
        /// The topology's.
        expected: Product,
        /// The home's.
        found: Product,
    },
    /// A path in the home cannot be named.
    #[error(transparent)]
    Path {
        /// Why not.
        reason: PathError,
    },
    /// A secret cannot be encrypted.
    #[error("the secrets cannot be encrypted: {0}")]
    Seal(#[from] ChangeError),
    /// What has to be set cannot be said.
    #[error(transparent)]
    Snippet(SnippetError),
    /// Whether the home's encryption key is the deployment's cannot be known.
    #[error("{place}: whether the home has the deployment's encryption key cannot be known: {why}")]
    UnknownEncryptionKey {
        /// Where it stands.
        place: Place,
        /// Why not.
        why: Unknown,
    },
    /// Whether the home has the deployment's key in a slot cannot be known.
    #[error("whether the home has the deployment's {slot} key cannot be known")]
    UnknownKey {
        /// The slot.
        slot: Slot,
        /// Why not.
        #[source]
        reason: KeyUnknown,
    },
    /// A configuration file is broken.
    #[error("{file}:{reason}")]
    Unread {
        /// From the home.
        file: Arc<str>,
        /// With line and column.
        reason: DocumentError,
    },
    /// A file that may hold encrypted secrets cannot be read.
    #[error("`{file}` cannot be read, and may hold encrypted secrets: {reason}")]
    UnreadSecrets {
        /// From the home.
        file: String,
        /// Why not.
        reason: String,
    },
    /// A key of the deployment is none for encrypted values.
    #[error("the deployment's key cannot encrypt secrets")]
    Unusable(#[from] UnusableKey),
    /// The home's vault has a key of its own, and that is not at hand, or everybody's.
    #[error("the home's vault has a key of its own, with which nothing can be encrypted here")]
    VaultKey {
        /// Why it is not at hand; `None`: it is the product's built-in one, which everybody has.
        #[source]
        reason: Option<Box<NoVaultKey>>,
    },
}
