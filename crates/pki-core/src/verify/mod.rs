//! Whether a deployment works: who connects to whom, by which name, and what would go wrong.
//!
//! The one place where "the primary differs", "a default key is left", "the name is not covered" are
//! decided. It judges a workspace as it was found, or as it will be when a plan's files are written:
//! nothing needs to be on disk. All problems are reported, not the first.
//!
//! ```
//! use std::{path::Path, time::Duration};
//! use pki_core::{
//!     disk::Workspace,
//!     observe::{Inventory, KnownPasswords},
//!     verify::verify,
//!     topology::Topology,
//! };
//! use time::macros::datetime;
//!
//! let text = r#"
//!     product = "2.6.0"
//!     domain  = "apim.example.com"
//!     roles   = { gateway = { nodes = { gateway-1 = "gw1" } } }
//! "#;
//! let topology = Topology::from_toml(text, Path::new("."))?;
//! // A workspace that does not exist reads as an empty one.
//! let workspace = Workspace::open("no/such/folder")?.share(Duration::ZERO)?;
//! let found = Inventory::read(workspace.view(), &topology, &KnownPasswords::default())?;
//! let now = datetime!(2026-11-23 12:00 UTC);
//! let report = verify(&topology, &found, now);
//! assert!(report.has_errors());
//! assert_eq!(report.problems[0].kind.id(), "file-missing");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod edge;
mod edges;
pub mod endpoint;
mod files;
mod handshake;
mod homes;
mod place;
mod problem;
mod report;
mod secrets;
mod store;

use time::OffsetDateTime;

pub use edge::{Edge, EdgeProblem, State};
pub use files::shared_key;
pub use homes::verify_homes;
pub use place::FilePlace;
pub use problem::{Alike, Problem, ProblemKind, Severity};
pub use report::{HomeTold, Report, Unjudged, Validity};
pub use secrets::{JudgedSecrets, NodeSecrets, SecretProblem, SecretProblemKind, verify_secrets};

use crate::{observe::Inventory, topology::Topology};

/// Judges a workspace by its topology at a moment.
pub fn verify(topology: &Topology, found: &Inventory, now: OffsetDateTime) -> Report {
    let mut report = Report::default();
    files::check(topology, found, now, &mut report);
    edges::check(topology, found, now, &mut report);
    report.sorted()
}

/// Whoever is outside the cluster.
const CLIENTS: &str = "clients";
