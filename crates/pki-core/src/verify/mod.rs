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
mod place;
mod problem;
mod secrets;
mod store;

use std::collections::BTreeSet;

use time::OffsetDateTime;

pub use edge::{Edge, EdgeProblem, State};
pub use files::shared_key;
pub use place::FilePlace;
pub use problem::{Problem, ProblemKind, Severity};
pub use secrets::{JudgedSecrets, NodeSecrets, SecretProblem, SecretProblemKind, verify_secrets};

use crate::{
    disk::{FileSet, RelPath},
    observe::Inventory,
    topology::Topology,
};

/// What came of verifying a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Every connection that the deployment has.
    pub edges: Vec<Edge>,
    /// What is wrong with files, alone and compared.
    pub problems: Vec<Problem>,
    /// Until when each certificate in use is valid, earliest first.
    pub validity: Vec<Validity>,
}

/// Until when a certificate in use is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Validity {
    /// Whose it is: a node, `CA`, `primary`, `balancer NAME`.
    pub owner: String,
    /// The file.
    pub file: FilePlace,
    /// Its last moment.
    pub not_after: OffsetDateTime,
}

/// Judges a workspace by its topology at a moment.
pub fn verify(topology: &Topology, found: &Inventory, now: OffsetDateTime) -> Report {
    let mut report = Report::default();
    files::check(topology, found, now, &mut report);
    edges::check(topology, found, now, &mut report);
    report.validity.sort_by(|a, b| {
        let key = |it: &Validity| (it.not_after, it.owner.clone());
        key(a).cmp(&key(b))
    });
    report
}

impl Report {
    /// True if nothing is wrong at all, not even a warning.
    pub fn is_clean(&self) -> bool {
        self.problems.is_empty() && self.edges.iter().all(|edge| edge.state != State::Failed)
    }

    /// True if a handshake, a decryption or a start of the product would fail.
    pub fn has_errors(&self) -> bool {
        self.edges.iter().any(|edge| edge.state == State::Failed)
            || self
                .problems
                .iter()
                .any(|problem| problem.severity == Severity::Error)
    }

    /// The connections that fail.
    pub fn failed(&self) -> impl Iterator<Item = &Edge> {
        self.edges.iter().filter(|edge| edge.state == State::Failed)
    }

    /// The errors in files that a set writes, and the failed connections that depend on one of them.
    /// A run that would leave some behind must not be written.
    pub fn caused_by(&self, files: &FileSet) -> Self {
        let written: BTreeSet<&RelPath> = files.paths().collect();
        let touches = |path: &RelPath| written.contains(path);
        Self {
            edges: self
                .edges
                .iter()
                .filter(|edge| edge.state == State::Failed && edge.fails_by(touches))
                .cloned()
                .collect(),
            problems: self
                .problems
                .iter()
                .filter(|problem| {
                    problem.severity == Severity::Error
                        && problem
                            .file
                            .as_ref()
                            .and_then(FilePlace::in_workspace)
                            .is_some_and(touches)
                })
                .cloned()
                .collect(),
            validity: Vec::new(),
        }
    }
}
