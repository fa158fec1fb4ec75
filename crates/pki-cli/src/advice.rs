//! What to do about what `verify` found: commands that can be pasted.

use pki_core::{
    keystore::DecodeError,
    observe::Unopened,
    path::PathProblem,
    plan::Note,
    report::text::Advice,
    verify::{Edge, EdgeProblem, Problem, ProblemKind},
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
            ProblemKind::StoreDoesNotOpen(Unopened::NoPassword) => {
                "bring its password back, `secrets/` in the workspace, or name where it is kept: \
                 `[stores] password = \"file:PATH\"`"
                    .to_owned()
            }
            ProblemKind::StoreDoesNotOpen(reason)
                if !matches!(
                    reason,
                    Unopened::Unreadable(DecodeError::WrongPassword { .. })
                ) =>
            {
                format!(
                    "bring it back from where it was copied to, or move it away, and {} makes it anew",
                    self.paste.command("issue")
                )
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
            ProblemKind::Expiring { .. } | ProblemKind::Expired { .. } => self.issue("renews it, if its issuer lives longer"),
            ProblemKind::DefaultKey { .. } => self.issue("makes one of its own"),
            ProblemKind::DefaultTrust { .. } => self.issue("takes it out"),
            ProblemKind::ReadableByOthers { .. } => self.issue("takes the bits of others away"),
            ProblemKind::PinMissed { .. } => {
                "the pin is wrong, or this is not the workspace that it was made for".to_owned()
            }
            ProblemKind::EncryptionKeyChanged { .. } => {
                "bring the first key back: what it encrypted is lost without it".to_owned()
            }
            ProblemKind::FileMissing => self.issue("makes or restores it"),
            _ => self.issue("mends it"),
        })
    }

    fn connection(&self, edge: &Edge) -> Option<String> {
        let mut problems = edge.problems.iter().filter(|it| !it.is_warning());
        match problems.next()? {
            // The file's own problem says what to do.
            EdgeProblem::NoCertificate { .. } | EdgeProblem::NoTruststore { .. } => None,
            _ if edge.to.starts_with("balancer ") || edge.to.starts_with("external ") => {
                Some(format!(
                    "the certificate of `{}` must be about `{}` and lead to a CA that the topology trusts",
                    edge.to, edge.name
                ))
            }
            EdgeProblem::Path(PathProblem::NameMismatch { .. }) => Some(format!(
                "{} if the topology gives it that name; if not, add it there first, to `sans` or `names`",
                self.issue("renews the certificate")
            )),
            _ => Some(format!(
                "{} says what would mend it",
                self.paste.command("plan")
            )),
        }
    }
}

/// What to do about a note of a plan, where its own words do not say it.
pub(crate) fn about_note(note: &Note) -> Option<&'static str> {
    Some(match note {
        Note::NoVendorTruststore => {
            "for what has a public certificate, name the product's own file: `[stores] \
             truststore = \"vendor/client-truststore.jks\"`"
        }
        Note::MadePrimary => {
            "name it: `[primary] keystore = \"current/wso2carbon.jks\"`, `keystore_password = \"file:PATH\"`"
        }
        Note::IntegrityUnchecked => {
            "`[stores] truststore = { file = …, password = \"file:PATH\" }`, or its `sha256`"
        }
        Note::AffinityNeedsTls { .. } => {
            "let the balancer end TLS: `balancer = { host = …, tls = \"issued\" }` (or \"own\")"
        }
        Note::FolderLeft { .. } => "`apim-pki issue --prune` moves it to `generations/`",
        _ => return None,
    })
}
