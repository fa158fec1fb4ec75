use std::io::{self, Write};

use serde::Serialize;

use super::{certificate::ChainCertificate, write};
use crate::{
    observe::endpoint::{self, Demand, KeyProof, VersionAnswer},
    report::text::Probed,
    verify::endpoint::{EndpointProblem, Opinion, Served},
};

/// Writes what was seen of live servers as `apim-pki/probe/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn probe(probed: &[Probed], sink: &mut dyn Write) -> io::Result<()> {
    let unseen = probed.iter().filter(|it| it.seen.is_unseen());
    let unread = unseen.map(|it| NotRead {
        path: it.seen.endpoint.to_string(),
        reason: match &it.seen.handshake {
            Ok(_) => String::new(),
            Err(failure) => failure.to_string(),
        },
    });
    write(
        &Probe {
            schema: "apim-pki/probe/v1",
            endpoints: probed.iter().map(Endpoint::from).collect(),
            unread: unread.collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Probe<'a> {
    schema: &'static str,
    endpoints: Vec<Endpoint<'a>>,
    unread: Vec<NotRead>,
}

#[derive(Serialize)]
struct NotRead {
    path: String,
    reason: String,
}

#[derive(Serialize)]
struct Endpoint<'a> {
    endpoint: String,
    node: Option<&'a str>,
    address: Option<String>,
    server_name: Option<&'a str>,
    state: &'static str,
    failure: Option<Failure>,
    version: Option<&'static str>,
    suite: Option<&'a str>,
    versions: Vec<Version<'a>>,
    chain: Vec<ChainCertificate>,
    key: &'static str,
    client_certificate: ClientCertificate,
    name: String,
    trust_judged: bool,
    clients: Vec<Client>,
    served: Option<OnDisk<'a>>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Failure {
    failure: &'static str,
    looks_like: Option<&'static str>,
    message: String,
}

#[derive(Serialize)]
struct Version<'a> {
    version: &'static str,
    answer: &'static str,
    suite: Option<&'a str>,
}

#[derive(Serialize)]
struct ClientCertificate {
    demand: &'static str,
    issuers: Vec<String>,
    given: Option<String>,
}

#[derive(Serialize)]
struct Client {
    client: &'static str,
    names: String,
    shipped: bool,
    accepts: bool,
    objections: Vec<Objection>,
}

#[derive(Serialize)]
struct Objection {
    objection: &'static str,
    message: String,
}

#[derive(Serialize)]
struct OnDisk<'a> {
    same: bool,
    difference: Option<&'static str>,
    restart_due: bool,
    file: &'a str,
    alias: Option<&'a str>,
    sha256: Option<String>,
}

#[derive(Serialize)]
struct Problem {
    severity: &'static str,
    problem: &'static str,
    message: String,
}

impl<'a> From<&'a Probed> for Endpoint<'a> {
    fn from(probed: &'a Probed) -> Self {
        let (seen, judgement) = (&probed.seen, &probed.judgement);
        let session = seen.handshake.as_ref().ok();
        let versions = seen.versions.iter().map(|(version, answer)| {
            let (answer, suite) = match answer {
                VersionAnswer::Accepted { suite } => ("accepted", Some(suite.as_str())),
                VersionAnswer::Refused => ("refused", None),
                VersionAnswer::Unknown => ("unknown", None),
            };
            Version {
                version: version.name(),
                answer,
                suite,
            }
        });
        let asked = &seen.client_certificate;
        Self {
            endpoint: seen.endpoint.to_string(),
            node: probed.node.as_deref(),
            address: seen.address.map(|address| address.to_string()),
            server_name: seen.server_name.as_deref(),
            state: match (&seen.handshake, seen.is_unseen()) {
                (Ok(_), _) => "completed",
                (Err(_), false) => "failed",
                (Err(_), true) => "unseen",
            },
            failure: seen.handshake.as_ref().err().map(Failure::from),
            version: session.map(|session| session.version.name()),
            suite: session.map(|session| session.suite.as_str()),
            versions: versions.collect(),
            chain: seen.chain.iter().map(ChainCertificate::from).collect(),
            key: match seen.key {
                KeyProof::Proven => "proven",
                KeyProof::Unknown => "unknown",
                KeyProof::Wrong => "wrong",
            },
            client_certificate: ClientCertificate {
                demand: match asked.demand {
                    Demand::None => "none",
                    Demand::Asked => "asked",
                    Demand::Required => "required",
                },
                issuers: asked.issuers.iter().map(ToString::to_string).collect(),
                given: asked.given.as_ref().map(|it| it.fingerprint().to_string()),
            },
            name: judgement.name.to_string(),
            trust_judged: judgement.trust_judged,
            clients: judgement.opinions.iter().map(Client::from).collect(),
            served: judgement.served.as_ref().map(OnDisk::from),
            problems: judgement.problems.iter().map(Problem::from).collect(),
        }
    }
}

impl From<&endpoint::Failure> for Failure {
    fn from(failure: &endpoint::Failure) -> Self {
        Self {
            failure: failure.id(),
            looks_like: match failure {
                endpoint::Failure::NotTls { looks_like, .. } => {
                    looks_like.map(|protocol| protocol.id())
                }
                _ => None,
            },
            message: failure.to_string(),
        }
    }
}

impl From<&Opinion> for Client {
    fn from(opinion: &Opinion) -> Self {
        let objections = opinion.objections.iter().map(|objection| Objection {
            objection: objection.id(),
            message: objection.to_string(),
        });
        Self {
            client: opinion.who.id(),
            names: opinion.who.naming(),
            shipped: opinion.who.is_shipped(),
            accepts: opinion.accepts(),
            objections: objections.collect(),
        }
    }
}

impl<'a> From<&'a Served> for OnDisk<'a> {
    fn from(served: &'a Served) -> Self {
        let (on_disk, kind) = match served {
            Served::Same(on_disk) => (on_disk, None),
            Served::Differs(difference) => (&difference.on_disk, Some(difference.kind)),
        };
        let certificate = on_disk.chain.first();
        Self {
            same: kind.is_none(),
            difference: kind.map(|kind| kind.name()),
            restart_due: kind.is_some_and(|kind| kind.is_restart_due()),
            file: &on_disk.file,
            alias: on_disk.alias.as_deref(),
            sha256: certificate.map(|it| it.fingerprint().to_string()),
        }
    }
}

impl From<&EndpointProblem> for Problem {
    fn from(problem: &EndpointProblem) -> Self {
        Self {
            severity: problem.severity().name(),
            problem: problem.id(),
            message: problem.to_string(),
        }
    }
}
