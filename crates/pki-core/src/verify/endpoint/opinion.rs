use std::fmt;

use super::{Question, lacks_key};
use crate::{
    observe::endpoint::{Failure, Observation, TlsVersion},
    path::{
        Anchors, ModernProblem, Options, PathChecker, PathProblem, Purpose, ServerName, modern,
    },
    wso2::{Channel, ClientStack, Naming, client_stacks, config::NameCheck},
    x509::{Certificate, DistinguishedName},
};

/// What one client says about a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Opinion {
    /// Who.
    pub who: Who,
    /// Why it does not connect; none: it does.
    pub objections: Vec<Objection>,
}

impl Opinion {
    /// True if it connects.
    pub fn accepts(&self) -> bool {
        self.objections.is_empty()
    }
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Who {
    /// Browsers, OpenSSL's programs, balancers: whoever knows only the rules of today.
    Modern,
    /// A client stack of the product.
    Stack(ClientStack),
}

impl Who {
    /// False for what the product can be set to and is not shipped as.
    pub fn is_shipped(&self) -> bool {
        match self {
            Self::Modern => true,
            Self::Stack(stack) => stack.shipped,
        }
    }

    /// A short name, for programs.
    pub fn id(&self) -> &'static str {
        match self {
            Self::Modern => "modern",
            Self::Stack(stack) => stack.client.id(),
        }
    }

    /// How it looks at names.
    pub fn naming(&self) -> String {
        match self {
            Self::Modern => "subjectAltName".to_owned(),
            Self::Stack(stack) => stack.names.to_string(),
        }
    }

    /// Some clients in a line; one with several settings stands once: `gateway HTTPS sender (Default,
    /// Strict)`.
    pub fn listed(clients: &[Self]) -> String {
        let same = clients.chunk_by(|a, b| a.id() == b.id());
        let names = same.filter_map(|settings| {
            let client = settings.first()?.client();
            let checks: Vec<String> = settings.iter().filter_map(Self::setting).collect();
            Some(match checks.is_empty() {
                true => client,
                false => format!("{client} ({})", checks.join(", ")),
            })
        });
        names.collect::<Vec<_>>().join(", ")
    }

    /// The client, however it is set.
    pub fn client(&self) -> String {
        match self {
            Self::Modern => "clients of today (browsers, OpenSSL)".to_owned(),
            Self::Stack(stack) => stack.client.to_string(),
        }
    }

    /// How it is set to look at names; `None` where nothing can be set.
    pub fn setting(&self) -> Option<String> {
        match self {
            Self::Stack(ClientStack {
                names: Naming::By(check),
                ..
            }) => Some(check.to_string()),
            _ => None,
        }
    }
}

impl fmt::Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.setting() {
            Some(setting) => write!(f, "{} ({setting})", self.client()),
            None => f.write_str(&self.client()),
        }
    }
}

/// Why a client does not connect.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Objection {
    /// A certificate is over.
    #[error("{} expired at {}", subject(.0), ended(.0))]
    Expired(Certificate),
    /// A client of today: something else.
    #[error(transparent)]
    Modern(ModernProblem),
    /// The certificate is not about the name.
    #[error("the certificate is not about {name}")]
    Name {
        /// What was asked for.
        name: ServerName,
    },
    /// No version and suite that both speak.
    #[error("no version and cipher suite in common: {reason}")]
    NothingInCommon {
        /// What the server offers.
        reason: String,
    },
    /// A certificate begins later.
    #[error("{} is not valid yet", subject(.0))]
    NotYetValid(Certificate),
    /// A client on the JDK: something else.
    #[error(transparent)]
    Path(PathProblem),
    /// No path leads to an anchor.
    #[error("nobody called {issuer} is trusted")]
    Untrusted {
        /// Who is missing.
        issuer: DistinguishedName,
    },
    /// The server signs with another key than its certificate's.
    #[error("the server does not have the key of the certificate that it presents")]
    WrongKey,
}

impl Objection {
    /// A short name, for programs.
    pub const fn id(&self) -> &'static str {
        match self {
            Self::Expired(_) => "expired",
            Self::Modern(_) => "not-of-today",
            Self::Name { .. } => "name-not-covered",
            Self::NothingInCommon { .. } => "nothing-in-common",
            Self::NotYetValid(_) => "not-yet-valid",
            Self::Path(_) => "path",
            Self::Untrusted { .. } => "untrusted",
            Self::WrongKey => "wrong-key",
        }
    }
}

/// What everybody says who connects there; and what they only do not like.
pub(super) fn all(seen: &Observation, question: &Question<'_>) -> (Vec<Opinion>, Vec<PathProblem>) {
    let mut opinions = Vec::new();
    let java = Java::new(seen, question);
    // Programs of others come to HTTPS; the rest is the product's own.
    if question.channel.is_none_or(|it| it == Channel::Https) {
        opinions.push(Opinion {
            who: Who::Modern,
            objections: of_today(seen, question, &java),
        });
    }
    for stack in client_stacks(question.product) {
        if question.channel.is_none_or(|channel| stack.opens(channel)) {
            let objections = java.objections(&stack.names, question);
            let who = Who::Stack(stack);
            opinions.push(Opinion { who, objections });
        }
    }
    (opinions, java.weak)
}

fn of_today(seen: &Observation, question: &Question<'_>, java: &Java<'_>) -> Vec<Objection> {
    let mut objections = Vec::new();
    if lacks_key(seen) {
        objections.push(Objection::WrongKey);
    }
    objections.extend(nothing_in_common(seen).or_else(|| match &seen.handshake {
        Err(failure @ (Failure::Alert { .. } | Failure::Incompatible { .. }))
            if seen.seen_in_clear =>
        {
            let reason = failure.to_string();
            Some(Objection::NothingInCommon { reason })
        }
        _ => None,
    }));
    let chain = &seen.chain;
    let name = Some(&question.name);
    for problem in modern(chain, question.trust, name, question.now) {
        objections.push(match problem {
            ModernProblem::Name { name } => Objection::Name { name },
            ModernProblem::Expired => match out_of_time(chain, question, true) {
                Some(certificate) => Objection::Expired(certificate),
                None => Objection::Modern(ModernProblem::Expired),
            },
            ModernProblem::NotYetValid => match out_of_time(chain, question, false) {
                Some(certificate) => Objection::NotYetValid(certificate),
                None => Objection::Modern(ModernProblem::NotYetValid),
            },
            // The same words for the same thing.
            ModernProblem::Untrusted => java.untrusted().unwrap_or(Objection::Modern(problem)),
            other => Objection::Modern(other),
        });
    }
    objections
}

/// The certificate that webpki means.
fn out_of_time(chain: &[Certificate], question: &Question<'_>, over: bool) -> Option<Certificate> {
    let at = question.now;
    let found = chain.iter().find(|certificate| {
        certificate.view().is_ok_and(|view| match over {
            true => at > view.not_after,
            false => at < view.not_before,
        })
    });
    found.cloned()
}

/// What all clients on a JDK have in common, judged once.
struct Java<'a> {
    seen: &'a Observation,
    /// Without the name.
    path: Vec<Objection>,
    /// What the JDK's own check says of the name.
    name: Vec<Objection>,
    weak: Vec<PathProblem>,
}

impl<'a> Java<'a> {
    fn new(seen: &'a Observation, question: &Question<'_>) -> Self {
        let nobody = Anchors::default();
        let options = Options {
            name: Some(question.name.clone()),
            purpose: Purpose::Server,
            at: question.now,
        };
        let anchors = question.trust.unwrap_or(&nobody);
        let verdict = PathChecker::new().check(&seen.chain, &[], anchors, &options);
        let (mut path, mut name, mut weak) = (Vec::new(), Vec::new(), Vec::new());
        if lacks_key(seen) {
            path.push(Objection::WrongKey);
        }
        path.extend(nothing_in_common(seen));
        for problem in verdict.problems {
            match problem {
                problem if problem.is_warning() => weak.push(problem),
                PathProblem::NoAnchor { .. } if question.trust.is_none() => {}
                PathProblem::NoAnchor { issuer, .. } => path.push(Objection::Untrusted { issuer }),
                PathProblem::Expired { certificate, .. } => {
                    path.push(Objection::Expired(certificate));
                }
                PathProblem::NotYetValid { certificate, .. } => {
                    path.push(Objection::NotYetValid(certificate));
                }
                PathProblem::NameMismatch { name: asked, .. } => {
                    name.push(Objection::Name { name: asked });
                }
                problem @ PathProblem::NameRefused { .. } => name.push(Objection::Path(problem)),
                problem => path.push(Objection::Path(problem)),
            }
        }
        Self {
            seen,
            path,
            name,
            weak,
        }
    }

    fn untrusted(&self) -> Option<Objection> {
        let mut path = self.path.iter();
        path.find(|it| matches!(it, Objection::Untrusted { .. }))
            .cloned()
    }

    fn objections(&self, names: &Naming, question: &Question<'_>) -> Vec<Objection> {
        let mut objections = self.path.clone();
        match names {
            Naming::TrustAlone => {}
            Naming::Jdk => objections.extend(self.name.iter().cloned()),
            Naming::By(check) => objections.extend(self.by(check, question)),
        }
        objections
    }

    fn by(&self, check: &NameCheck, question: &Question<'_>) -> Option<Objection> {
        let view = self.seen.chain.first()?.view().ok()?;
        let host = question.name.to_string();
        (!check.accepts(view, &host)).then(|| Objection::Name {
            name: question.name.clone(),
        })
    }
}

/// A JDK of today speaks 1.2 and 1.3 (`jdk.tls.disabledAlgorithms`: 1.0 and 1.1 are off since 8u291 and
/// 11.0.11), with suites that a client of today has given up too.
fn nothing_in_common(seen: &Observation) -> Option<Objection> {
    let asked = seen.versions.keys().any(|version| version.is_deprecated());
    let spoken: Vec<TlsVersion> = seen.accepted().collect();
    let modern = spoken.iter().any(|version| !version.is_deprecated());
    if !asked || modern || spoken.is_empty() {
        return None;
    }
    let spoken: Vec<String> = spoken.iter().map(ToString::to_string).collect();
    let reason = format!("the server takes {} alone", spoken.join(" and "));
    Some(Objection::NothingInCommon { reason })
}

fn subject(certificate: &Certificate) -> String {
    match certificate.view() {
        Ok(view) => view.subject.to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

fn ended(certificate: &Certificate) -> String {
    let view = certificate.view();
    view.map_or_else(
        |_| String::new(),
        |view| crate::x509::moment(view.not_after),
    )
}
