//! What to do about what `verify` found: commands that can be pasted.

use pki_core::{
    report::text::Advice,
    verify::{Edge, Problem, ProblemKind},
};

use crate::paste::Paste;

/// Advice in commands of this program.
pub(crate) struct Commands {
    paste: Paste,
}

impl Commands {
    /// For the deployment of a run.
    pub(crate) fn new(paste: Paste) -> Self {
        Self { paste }
    }

    fn issue(&self, what: &str) -> String {
        format!("{} {what}", self.paste.command("issue"))
    }
}

impl Advice for Commands {
    fn problem(&self, problem: &Problem) -> Option<String> {
        Some(match &problem.kind {
            ProblemKind::FolderLeft => format!(
                "{} moves it to `generations/`; its certificate stays valid until it ends",
                self.paste.command("issue --prune")
            ),
            ProblemKind::CutToIssuer { .. } => {
                "only a CA that ends later gives it more time: a new `[ca] certificate`, or a shorter \
                 `[tls] validity`"
                    .to_owned()
            }
            ProblemKind::PrimaryShort { .. } => {
                "tokens and stored data outlive a primary: plan its change now, while both can serve"
                    .to_owned()
            }
            ProblemKind::PrimaryNamesHost { .. } => {
                "keep its key as safe as a server's: whoever has it passes for that host"
                    .to_owned()
            }
            ProblemKind::PrimaryKey { .. } | ProblemKind::NoDataEncipherment => {
                "the product cannot encrypt with this key: bring another, `[primary] keystore`"
                    .to_owned()
            }
            ProblemKind::StoreDoesNotOpen(_) | ProblemKind::KeyDoesNotOpen(_) => format!(
                "if its password was changed, {} re-encodes it",
                self.paste.command("issue --old-password file:OLD")
            ),
            ProblemKind::PemDoesNotOpen(_) => format!(
                "if its password was changed, {} re-encrypts it",
                self.paste.command("issue --old-password file:OLD")
            ),
            ProblemKind::NotYetValid { .. } => {
                "is this machine's clock right? `date -u`".to_owned()
            }
            ProblemKind::Expiring { .. } | ProblemKind::Expired { .. }
                if problem.node.is_none() =>
            {
                "CA and primary are never renewed unasked; what they signed and encrypted must be \
                 planned for"
                    .to_owned()
            }
            ProblemKind::Expiring { .. } | ProblemKind::Expired { .. } => self.issue("renews it"),
            ProblemKind::DefaultKey { .. } => self.issue("makes one of its own"),
            ProblemKind::DefaultTrust { .. } => self.issue("takes it out"),
            ProblemKind::FileMissing => self.issue("makes or restores it"),
            _ => self.issue("mends it"),
        })
    }

    fn connection(&self, edge: &Edge) -> Option<String> {
        let node = edge.to.split_once(' ').is_none();
        Some(match node {
            true => format!(
                "{} says what would change; a name that is missing goes into the topology first",
                self.paste.command("plan")
            ),
            false => format!(
                "the certificate of `{}` must be about `{}` and lead to a CA that the truststores hold",
                edge.to, edge.name
            ),
        })
    }
}
