//! The only reader of what is deployed: an [`Inventory`] of a workspace and of the files that a topology
//! names. What could not be read is in it, with the reason; nothing is judged here.
//!
//! ```
//! use std::{path::Path, time::Duration};
//! use pki_core::{
//!     disk::Workspace,
//!     observe::{Inventory, KnownPasswords, Layout},
//!     topology::Topology,
//! };
//!
//! let text = r#"
//!     product = "2.6.0"
//!     domain  = "apim.example.com"
//!     roles   = { gateway = { nodes = { gateway-1 = "gw1" } } }
//! "#;
//! let topology = Topology::from_toml(text, Path::new("."))?;
//! // A workspace that does not exist reads as an empty one.
//! let workspace = Workspace::open("no/such/folder")?.share(Duration::ZERO)?;
//! // The passwords that the topology's sources name; of those that the workspace made, it knows itself.
//! let passwords = KnownPasswords::default();
//! let found = Inventory::read(workspace.view(), &topology, &passwords)?;
//!
//! assert!(!found.has_traces());
//! let store = Layout::node_file("gateway-1", &topology.stores.tls.file);
//! assert_eq!(store.as_str(), "nodes/gateway-1/tls.jks");
//! // Not there; `Some(Err(_))` would be there and not to be opened, with the reason.
//! assert!(found.store(&store).is_none());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod cluster;
mod draft;
pub mod endpoint;
mod error;
mod file;
mod home;
mod home_files;
mod inputs;
mod inventory;
mod layout;
mod passwords;
mod store;
mod sweep;
mod vault;

pub use cluster::{Cluster, Given, Member, NoSuchNode, Party};
pub use draft::{Draft, DraftError, FileCopy, SecretCopy, Untold};
pub use error::ObserveError;
pub use home::{Home, HomeError, HomeReader, KeyLead, StoreLead, Unreadable};
pub(crate) use home_files::in_one_line;
pub use home_files::{FoundFiles, running_server};
pub use inputs::{Inputs, Vendor};
pub use inventory::Inventory;
pub use layout::Layout;
pub use passwords::{KnownPasswords, PasswordError, Passwords};
pub use store::{KeyState, OpenStore, Unopened};
pub use sweep::{Access, Found, FoundFile, Opened, Unread, open_with_any, read_found, sweep};
pub use vault::{
    EncryptingKey, GivenKeys, KeyUnknown, NoVaultKey, NodeKeys, OpenedVault, VaultHome,
};
