//! What to do about what `verify` found: commands that can be pasted.

mod homes;

pub(crate) use homes::HomeAdvice;

use pki_core::{
    keystore::DecodeError,
    observe::{Layout, Unopened},
    path::PathProblem,
    plan::Note,
    report::text::Advice,
    topology::{StoreFile, Topology},
    verify::{Edge, EdgeProblem, FilePlace, Problem, ProblemKind},
    wso2::GATEWAY_CERTIFICATE_ALIAS,
};

use crate::{error, paste::Paste};

/// Advice in commands of this program.
pub(crate) struct Commands<'a> {
    paste: Paste,
    topology: &'a Topology,
}

impl<'a> Commands<'a> {
    /// For the deployment of a run.
    pub(crate) fn new(paste: Paste, topology: &'a Topology) -> Self {
        Self { paste, topology }
    }

    fn issue(&self, what: &str) -> String {
        format!("{} {what}", self.paste.command("issue"))
    }

    /// A private key that everybody owns: where it came from, and what is bound to it.
    fn default_key(&self, problem: &Problem) -> String {
        let Topology {
            stores,
            primary,
            internal,
            ..
        } = self.topology;
        let file = problem.file.as_ref().and_then(FilePlace::in_workspace);
        let is_master = |settings: &StoreFile| file == Some(&Layout::master(settings));
        let internal_adopted = internal.as_ref().and_then(|it| it.adopted.as_ref());
        let (table, adopted) = match &stores.internal {
            Some(settings) if is_master(settings) => ("internal", internal_adopted),
            _ if is_master(&stores.primary) => ("primary", primary.adopted.as_ref()),
            _ => return self.issue("makes one of its own"),
        };
        let origin = match adopted {
            Some(adopted) => format!(
                "it came with `[{table}] keystore`, `{}`: ",
                adopted.keystore.display()
            ),
            None => String::new(),
        };
        format!(
            "{origin}everybody can read what it encrypts and sign what it signs; encrypt that data anew \
             with a key of your own, then bring that key in an empty workspace: `[{table}] keystore`"
        )
    }

    /// Trust in a private key that everybody owns: which key of the topology asks for it.
    fn default_trust(&self, problem: &Problem) -> String {
        let Topology { stores, ca, .. } = self.topology;
        let alias = problem.alias.as_deref().unwrap_or_default();
        let of_primary = [stores.primary.alias.as_str(), GATEWAY_CERTIFICATE_ALIAS];
        if of_primary.contains(&alias) && self.topology.primary.adopted.is_some() {
            return "it is the certificate of the primary, `[primary] keystore`, and goes with it"
                .to_owned();
        }
        let given = stores.trust.iter().find(|path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            !stem.is_empty() && alias.starts_with(&stem.to_lowercase())
        });
        let origin = match (given, alias.split_once('-')) {
            (Some(path), _) => format!("`{}` out of `[stores] trust`", path.display()),
            (None, Some(("external", name))) => {
                format!("it out of `[external]`, `certificate` or `trust` of `{name}`")
            }
            (None, Some(("balancer", name))) => {
                format!("it out of `[roles]`, the balancer's `certificate` of `{name}`")
            }
            _ if alias == stores.truststore.alias && ca.imported.is_some() => {
                "that CA out of `[ca] certificate`".to_owned()
            }
            _ => return self.issue("takes it out"),
        };
        format!(
            "take {origin}, then {}: whoever has the product passes for whom it names",
            self.paste.command("issue")
        )
    }
}

impl Advice for Commands<'_> {
    fn problem(&self, problem: &Problem) -> Option<String> {
        Some(match &problem.kind {
            ProblemKind::FolderLeft => format!(
                "{} moves it to `generations/`; its certificate stays valid until it ends",
                self.paste.command("issue --prune")
            ),
            ProblemKind::CutToIssuer { .. } => {
                format!("ask for a shorter `[tls] validity`; {}", error::ca_rotation())
            }
            ProblemKind::NamesNotPermitted { .. } => {
                "Java accepts it and other clients do not: use a host inside the CA's domain"
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
            ProblemKind::DefaultKey { .. } => self.default_key(problem),
            ProblemKind::DefaultTrust { .. } => self.default_trust(problem),
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
