//! What to do about what is wrong with product homes.

use pki_core::{
    path::PathProblem,
    report::text::Advice,
    verify::{Edge, EdgeProblem, FilePlace, Problem, ProblemKind},
};

use super::Commands;
use crate::paste::Paste;

/// Advice about homes, and about a workspace where there is one.
pub(crate) struct HomeAdvice<'a> {
    pub(crate) paste: Paste,
    /// About the workspace, if one was looked at too.
    pub(crate) workspace: Option<Commands<'a>>,
}

impl HomeAdvice<'_> {
    /// The stores and settings of a node, put into its home.
    fn install(&self) -> String {
        let install = self.paste.command("install --node NODE --home DIR --urls");
        match &self.workspace {
            Some(_) => format!("{install} puts stores of its own there, and names them everywhere"),
            None => format!(
                "`apim-pki init --from-home DIR…` writes the topology, `issue` makes stores, {install} puts \
                 them there"
            ),
        }
    }
}

impl Advice for HomeAdvice<'_> {
    fn problem(&self, problem: &Problem) -> Option<String> {
        if let (Some(FilePlace::Workspace(_)), Some(workspace)) = (&problem.file, &self.workspace) {
            return workspace.problem(problem);
        }
        Some(match &problem.kind {
            ProblemKind::ConfigurationBroken(_) => return None,
            ProblemKind::FileMissing => {
                "bring it back, or name another file where it is named".to_owned()
            }
            ProblemKind::StoreDoesNotOpen(_) => {
                "`apim-pki store list FILE --store-password prompt` tells whether a password opens it"
                    .to_owned()
            }
            ProblemKind::KeyDoesNotOpen(_) | ProblemKind::KeyPasswordDiffers => {
                "`apim-pki store password FILE` gives store and key the same one, which the configuration \
                 must name for both"
                    .to_owned()
            }
            ProblemKind::KeyMissing { found } if !found.is_empty() => {
                "name one of its aliases, or put the key there: `apim-pki store import`".to_owned()
            }
            ProblemKind::NotInTopology => {
                "add it to `[roles]` with its host, or give it the host that is there".to_owned()
            }
            ProblemKind::NodesDiffer { .. } => {
                "stop before another node writes: what one encrypts or signs the others cannot use; bring \
                 the key that has served to all of them"
                    .to_owned()
            }
            ProblemKind::PrimaryShort { .. } => {
                "tokens and stored data outlive a primary: plan its change now, while both can serve"
                    .to_owned()
            }
            ProblemKind::PrimaryNamesHost { .. } => {
                "keep its key as safe as a server's: whoever has it passes for that host".to_owned()
            }
            ProblemKind::Secret(_) => {
                "`apim-pki vault check --home DIR` tells all of them; `vault reencrypt` brings them from an old \
                 key to the node's, `vault encrypt --alias ALIAS` sets one"
                    .to_owned()
            }
            ProblemKind::NotYetValid { .. } => "is this machine's clock right? `date -u`".to_owned(),
            _ => self.install(),
        })
    }

    fn connection(&self, edge: &Edge) -> Option<String> {
        if !edge.deployed {
            return self.workspace.as_ref()?.connection(edge);
        }
        let mut problems = edge.problems.iter().filter(|it| !it.is_warning());
        match problems.next()? {
            EdgeProblem::NoCertificate { .. } | EdgeProblem::NoTruststore { .. } => None,
            EdgeProblem::Path(PathProblem::NameMismatch { .. }) if self.workspace.is_none() => {
                Some(format!(
                    "{}; where TLS ends at a balancer, say so there: `balancer = {{ host = …, tls = \
                     \"own\", certificate = … }}`, and give it with `-f`",
                    self.install()
                ))
            }
            EdgeProblem::Path(PathProblem::NameMismatch { .. }) => Some(format!(
                "{}, if the topology gives the certificate that name",
                self.install()
            )),
            _ => Some(self.install()),
        }
    }
}
