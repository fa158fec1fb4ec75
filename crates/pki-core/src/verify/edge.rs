use std::{collections::HashMap, fmt};

use super::{CLIENTS, FilePlace};
use crate::{disk::RelPath, path::PathProblem};

/// A connection from one node to another, or to a balancer, by one name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Edge {
    /// The node that opens it, or `clients`: whoever is outside the cluster. Those trust what the nodes
    /// trust, as far as anybody can tell.
    pub from: String,
    /// The node, `balancer NAME` or `external NAME` that answers.
    pub to: String,
    /// The name that the opener uses.
    pub name: String,
    /// The port, with the target's offset; 0 if unknown.
    pub port: u16,
    /// False where trust alone decides: the opener looks at no name.
    pub by_name: bool,
    /// The settings of the product that make the opener use that name.
    pub settings: Vec<String>,
    /// What came of it.
    pub state: State,
    /// Why it is off, or cannot be judged, where that is known.
    pub why: Option<String>,
    /// What is wrong, and what is only worth knowing.
    pub problems: Vec<EdgeProblem>,
    /// Where the certificate is that the target presents, if that is known.
    pub presented: Option<FilePlace>,
    /// The truststore that the opener looks into, if that is known.
    pub truststore: Option<FilePlace>,
    /// True if real homes say so, false if a workspace is to.
    pub deployed: bool,
}

impl Edge {
    /// Another setting that leads to it.
    pub(super) fn add_setting(&mut self, setting: &str) {
        if self.settings.iter().all(|it| it != setting) {
            self.settings.push(setting.to_owned());
        }
    }

    pub(super) fn way(&self) -> Way {
        let Self { from, to, name, .. } = self;
        // Whoever is outside trusts what any node trusts.
        let truststore = self.truststore.clone().filter(|_| *from != CLIENTS);
        (
            from.clone(),
            to.clone(),
            name.clone(),
            self.port,
            truststore,
        )
    }

    /// True if one of its errors may come from a file that `touches` names: what is missing blames that
    /// file alone, a name or an end of validity what is presented, everything else both sides.
    pub(super) fn fails_by(&self, touches: impl Fn(&RelPath) -> bool) -> bool {
        let truststore = self.truststore.as_ref().and_then(FilePlace::in_workspace);
        let presented = self.presented.as_ref().and_then(FilePlace::in_workspace);
        // Without a file of the workspace the opener's truststore stands in for it: a run that writes it
        // for a server that cannot be reached is not written.
        let presented = presented.or(truststore);
        let mut errors = self.problems.iter().filter(|it| !it.is_warning());
        errors.any(|problem| match problem {
            EdgeProblem::NoCertificate { .. } => presented.is_some_and(&touches),
            EdgeProblem::NoTruststore { .. } => truststore.is_some_and(&touches),
            EdgeProblem::NameUnchecked(problem) | EdgeProblem::Path(problem) => match problem {
                PathProblem::Expired { .. }
                | PathProblem::NameMismatch { .. }
                | PathProblem::NameRefused { .. }
                | PathProblem::NotYetValid { .. } => presented.is_some_and(&touches),
                _ => presented.into_iter().chain(truststore).any(&touches),
            },
        })
    }
}

/// Connections, each once: several settings may lead to the same one.
#[derive(Debug, Default)]
pub(super) struct EdgeList {
    edges: Vec<Edge>,
    seen: HashMap<Way, usize>,
}

/// Opener, target, name, port, and the truststore that decides.
type Way = (String, String, String, u16, Option<FilePlace>);

impl EdgeList {
    /// A connection that is there already.
    pub(super) fn find(&mut self, way: &Way) -> Option<&mut Edge> {
        self.edges.get_mut(*self.seen.get(way)?)
    }

    /// Adds a connection that is not there yet.
    pub(super) fn push(&mut self, edge: Edge) {
        self.seen.insert(edge.way(), self.edges.len());
        self.edges.push(edge);
    }
}

impl From<EdgeList> for Vec<Edge> {
    fn from(list: EdgeList) -> Self {
        list.edges
    }
}

/// What came of judging a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    /// The handshake fails.
    Failed,
    /// It is switched off, or not opened by such a node.
    Off,
    /// The handshake succeeds.
    Ok,
    /// The target, or its certificate, is not known.
    Unknown,
}

impl State {
    /// The word in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Off => "off",
            Self::Ok => "ok",
            Self::Unknown => "unknown",
        }
    }
}

/// What is wrong with a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EdgeProblem {
    /// The target has no certificate to present.
    NoCertificate {
        /// Where it should be.
        file: FilePlace,
    },
    /// The opener has no truststore that opens.
    NoTruststore {
        /// Where it should be.
        file: FilePlace,
    },
    /// The opener's client does not check names, and this one is not in the certificate.
    NameUnchecked(PathProblem),
    /// The path to an anchor.
    Path(PathProblem),
}

impl EdgeProblem {
    /// True if the handshake succeeds all the same.
    pub fn is_warning(&self) -> bool {
        match self {
            Self::NameUnchecked(_) => true,
            Self::NoCertificate { .. } | Self::NoTruststore { .. } => false,
            Self::Path(problem) => problem.is_warning(),
        }
    }
}

impl fmt::Display for EdgeProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoCertificate { file } => write!(f, "`{file}` has no certificate to present"),
            Self::NoTruststore { file } => write!(f, "the truststore `{file}` cannot be read"),
            Self::NameUnchecked(problem) => {
                write!(f, "{problem}, which this client does not check")
            }
            Self::Path(problem) => write!(f, "{problem}"),
        }
    }
}
