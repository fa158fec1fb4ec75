//! Whether those who connect to a live server take what it presents: a client of today, and each of the
//! product's own client stacks; and whether it is what the node's files say.
//!
//! Pure: an [`Observation`] in, a [`Judgement`] out. Where clients differ, the judgement says so: a
//! certificate without the name is taken by a client that looks at no name, and refused by the next.

mod opinion;
mod problem;
mod served;

use time::{Duration, OffsetDateTime};

pub use opinion::{Objection, Opinion, Who};
pub use problem::EndpointProblem;
pub use served::{Difference, DifferenceKind, OnDisk, Served};

use crate::{
    observe::endpoint::{Failure, KeyProof, Observation},
    path::{Anchors, ServerName},
    wso2::{Channel, Product},
    x509::Certificate,
};

use super::Severity;

/// What is asked about a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Question<'a> {
    /// The name by which clients call it.
    pub name: ServerName,
    /// Whom they trust; `None`: trust is not judged.
    pub trust: Option<&'a Anchors>,
    /// The release whose client stacks are asked.
    pub product: Product,
    /// What answers there, so that only those are asked who connect to it; `None`: anybody may.
    pub channel: Option<Channel>,
    /// What the node's files say that it should present; none: not compared.
    pub files: &'a [OnDisk],
    /// When.
    pub now: OffsetDateTime,
    /// A certificate with less left than this is told.
    pub soon: Duration,
}

impl<'a> Question<'a> {
    /// A server by a name, asked for by everybody; without trust and without files.
    pub fn new(name: ServerName, product: Product, now: OffsetDateTime) -> Self {
        Self {
            name,
            trust: None,
            product,
            channel: None,
            files: &[],
            now,
            soon: SOON,
        }
    }

    /// With whom the clients trust.
    #[must_use]
    pub fn trust(mut self, trust: Option<&'a Anchors>) -> Self {
        self.trust = trust;
        self
    }

    /// With what answers there.
    #[must_use]
    pub fn channel(mut self, channel: Option<Channel>) -> Self {
        self.channel = channel;
        self
    }

    /// With what it should present.
    #[must_use]
    pub fn files(mut self, files: &'a [OnDisk]) -> Self {
        self.files = files;
        self
    }
}

/// What is to be said about a server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Judgement {
    /// The name by which it was judged.
    pub name: ServerName,
    /// False if nobody said whom the clients trust.
    pub trust_judged: bool,
    /// What each client says; empty if no chain was seen.
    pub opinions: Vec<Opinion>,
    /// Whether it presents what is on disk; `None`: not compared.
    pub served: Option<Served>,
    /// All that is wrong, errors first.
    pub problems: Vec<EndpointProblem>,
}

impl Judgement {
    /// True if a problem is as bad as this, or worse.
    pub fn has(&self, severity: Severity) -> bool {
        self.problems
            .iter()
            .any(|problem| problem.severity() <= severity)
    }
}

/// Judges what was seen of a server. Of one that was not seen nothing is said.
pub fn judge(seen: &Observation, question: &Question<'_>) -> Judgement {
    let mut judgement = Judgement {
        name: question.name.clone(),
        trust_judged: question.trust.is_some(),
        opinions: Vec::new(),
        served: None,
        problems: Vec::new(),
    };
    if seen.is_unseen() {
        return judgement;
    }
    if let Err(failure) = &seen.handshake
        && is_problem(failure, seen)
    {
        let failure = failure.clone();
        judgement
            .problems
            .push(EndpointProblem::Handshake { failure });
    }
    if !seen.chain.is_empty() {
        let weak;
        (judgement.opinions, weak) = opinion::all(seen, question);
        judgement.problems.extend(refused(&judgement.opinions));
        judgement.served = served::compare(&seen.chain, question.files);
        let difference = match &judgement.served {
            Some(Served::Differs(difference)) => Some((**difference).clone()),
            _ => None,
        };
        let differs = difference.map(|difference| EndpointProblem::NotOnDisk { difference });
        judgement.problems.extend(differs);
        let weak = weak.into_iter();
        judgement
            .problems
            .extend(weak.map(|problem| EndpointProblem::Weak { problem }));
        judgement.problems.extend(soon(&seen.chain, question));
        judgement.problems.extend(order(&seen.chain));
    }
    let old = seen.accepted().filter(|version| version.is_deprecated());
    judgement
        .problems
        .extend(old.map(|version| EndpointProblem::OldVersion { version }));
    judgement.problems.sort_by_key(EndpointProblem::severity);
    judgement
}

/// A server that wants a certificate which nobody gave it is no problem of its own. Of one that speaks TLS
/// of another age the clients say what they think.
fn is_problem(failure: &Failure, seen: &Observation) -> bool {
    match failure {
        Failure::CertificateRequired { .. } => false,
        Failure::Alert { .. } | Failure::Incompatible { .. } => !seen.seen_in_clear,
        _ => true,
    }
}

/// What clients object to, each objection once with all who object. What only another setting than the
/// shipped one would refuse is a warning.
fn refused(opinions: &[Opinion]) -> Vec<EndpointProblem> {
    let mut objections: Vec<&Objection> = Vec::new();
    for objection in opinions.iter().flat_map(|it| &it.objections) {
        if !objections.contains(&objection) {
            objections.push(objection);
        }
    }
    let objects = |opinion: &&Opinion, objection| opinion.objections.contains(objection);
    let mut problems = Vec::new();
    for objection in objections {
        let shipped = || opinions.iter().filter(|it| it.who.is_shipped());
        let by: Vec<Who> = shipped()
            .filter(|it| objects(it, objection))
            .map(|it| it.who.clone())
            .collect();
        // A client that objects as it is shipped need not be told what it would do otherwise.
        let by_set: Vec<Who> = opinions
            .iter()
            .filter(|it| !it.who.is_shipped() && objects(it, objection))
            .map(|it| it.who.clone())
            .filter(|who| by.iter().all(|it| it.id() != who.id()))
            .collect();
        if !by.is_empty() {
            problems.push(EndpointProblem::Refused {
                nobody_connects: by.len() == shipped().count(),
                by,
                objection: objection.clone(),
            });
        }
        if !by_set.is_empty() {
            problems.push(EndpointProblem::RefusedIfSet {
                by: by_set,
                objection: objection.clone(),
            });
        }
    }
    problems
}

fn soon(chain: &[Certificate], question: &Question<'_>) -> Option<EndpointProblem> {
    let ends = chain.iter().filter_map(|certificate| {
        let view = certificate.view().ok()?;
        let left = view.not_after - question.now;
        let soon = !left.is_negative() && left < question.soon;
        soon.then_some((view.not_after, certificate))
    });
    let (not_after, certificate) = ends.min_by_key(|(not_after, _)| *not_after)?;
    Some(EndpointProblem::ExpiresSoon {
        certificate: certificate.clone(),
        not_after,
    })
}

/// RFC 5246 section 7.4.2: each certificate certifies the one before it.
fn order(chain: &[Certificate]) -> Option<EndpointProblem> {
    let issued = |pair: &[Certificate]| match pair {
        [below, above] => match (below.view(), above.view()) {
            (Ok(below), Ok(above)) => below.issuer.matches(&above.subject),
            _ => true,
        },
        _ => true,
    };
    let at = chain.windows(2).position(|pair| !issued(pair))?;
    Some(EndpointProblem::ChainOrder { at: at + 1 })
}

/// True if the server's signature shows that it lacks the key of its certificate.
fn lacks_key(seen: &Observation) -> bool {
    seen.key == KeyProof::Wrong
}

/// A month: what somebody needs to have a certificate issued and a cluster restarted.
const SOON: Duration = Duration::days(30);
