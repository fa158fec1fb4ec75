use std::{collections::BTreeSet, path::PathBuf};

use time::OffsetDateTime;

use super::{Edge, FilePlace, Problem, Severity, State};
use crate::{
    disk::{FileSet, RelPath},
    wso2::{
        Product, Role,
        config::{RoleUntold, Told},
    },
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
    /// The homes that were looked at.
    pub homes: Vec<HomeTold>,
    /// What in homes could not be judged.
    pub unjudged: Vec<Unjudged>,
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

/// Who a home was taken for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HomeTold {
    /// The node.
    pub node: String,
    /// The folder, as it was named.
    pub dir: PathBuf,
    /// The release, and what tells it.
    pub product: Option<Told<Product>>,
    /// The role, and what tells it.
    pub role: Result<Told<Role>, RoleUntold>,
    /// Names and addresses that are its own.
    pub hosts: Vec<String>,
    /// What it adds to its ports.
    pub offset: u16,
}

/// Something in a home that could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unjudged {
    /// The node.
    pub node: String,
    /// The file, and the line in it.
    pub file: Option<FilePlace>,
    /// Why.
    pub why: String,
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
        let in_workspace = |problem: &Problem| {
            let file = problem.file.as_ref();
            file.and_then(FilePlace::in_workspace).is_some_and(touches)
        };
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
                .filter(|problem| problem.severity == Severity::Error && in_workspace(problem))
                .cloned()
                .collect(),
            ..Self::default()
        }
    }

    /// Both: what was found in a workspace, and in homes.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.edges.extend(other.edges);
        self.problems.extend(other.problems);
        self.validity.extend(other.validity);
        self.homes.extend(other.homes);
        self.unjudged.extend(other.unjudged);
        self.sorted()
    }

    /// With what ends first at the front.
    pub(super) fn sorted(mut self) -> Self {
        self.validity.sort_by(|a, b| {
            let key = |it: &Validity| (it.not_after, it.owner.clone());
            key(a).cmp(&key(b))
        });
        self
    }
}
