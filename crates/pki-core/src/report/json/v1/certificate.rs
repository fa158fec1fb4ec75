use std::io::{self, Write};

use serde::Serialize;
use time::{OffsetDateTime, UtcOffset, format_description::well_known::Rfc3339};

use super::write;
use crate::{
    edit::CertificateSummary,
    path::{PathProblem, Purpose},
    report::text::{self},
    x509::Certificate,
};

/// Writes certificates as `apim-pki/cert/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn certificates(
    path: &str,
    found: &[CertificateSummary],
    sink: &mut dyn Write,
) -> io::Result<()> {
    let certificates = found.iter().map(ShownCertificate::from).collect();
    write(
        &Certificates {
            schema: "apim-pki/cert/v1",
            path,
            certificates,
        },
        sink,
    )
}

/// Writes what came of judging a certificate as `apim-pki/cert-verify/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn judged(judged: text::Judged<'_>, sink: &mut dyn Write) -> io::Result<()> {
    let verdict = judged.verdict;
    write(
        &Verified {
            schema: "apim-pki/cert-verify/v1",
            path: judged.path,
            name: judged.name.map(ToString::to_string),
            purpose: match judged.purpose {
                Purpose::Any => "any",
                Purpose::Client => "client",
                Purpose::Server => "server",
            },
            accepted: verdict.is_accepted(),
            chain: verdict.path.iter().map(ChainCertificate::from).collect(),
            anchored: verdict.anchor().is_some(),
            problems: verdict.problems.iter().map(Problem::from).collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Certificates<'a> {
    schema: &'static str,
    path: &'a str,
    certificates: Vec<ShownCertificate>,
}

#[derive(Serialize)]
struct ShownCertificate {
    #[serde(flatten)]
    certificate: ChainCertificate,
    signature: Option<String>,
    ca: Option<bool>,
    unreadable: Option<String>,
}

#[derive(Serialize)]
struct Verified<'a> {
    schema: &'static str,
    path: &'a str,
    name: Option<String>,
    purpose: &'static str,
    accepted: bool,
    anchored: bool,
    chain: Vec<ChainCertificate>,
    problems: Vec<Problem>,
}

#[derive(Serialize)]
struct Problem {
    severity: &'static str,
    sha256: Option<String>,
    message: String,
}

/// A certificate wherever one stands in JSON.
#[derive(Serialize)]
pub(super) struct ChainCertificate {
    subject: Option<String>,
    issuer: Option<String>,
    serial: Option<String>,
    sha256: String,
    sha1: String,
    spki_sha256: Option<String>,
    algorithm: Option<String>,
    bits: Option<usize>,
    not_before: Option<String>,
    not_after: Option<String>,
    names: Vec<String>,
}

impl From<&Certificate> for ChainCertificate {
    fn from(certificate: &Certificate) -> Self {
        let view = certificate.view().ok();
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let bits = view.map(|view| view.public_key.bits());
        Self {
            subject: view.map(|view| view.subject.to_string()),
            issuer: view.map(|view| view.issuer.to_string()),
            serial: view.map(|view| hex(&view.serial)),
            sha256: certificate.fingerprint().to_string(),
            sha1: hex(&certificate.sha1()),
            spki_sha256: view.map(|view| view.spki_fingerprint().to_string()),
            algorithm: view.map(|view| view.public_key.name().to_owned()),
            bits: bits.filter(|bits| *bits > 0),
            not_before: view.and_then(|view| moment(view.not_before)),
            not_after: view.and_then(|view| moment(view.not_after)),
            names: view.map_or_else(Vec::new, |view| {
                view.names().iter().map(ToString::to_string).collect()
            }),
        }
    }
}

impl From<&CertificateSummary> for ShownCertificate {
    fn from(found: &CertificateSummary) -> Self {
        let view = found.certificate.view();
        Self {
            certificate: (&found.certificate).into(),
            signature: view
                .ok()
                .map(|view| text::signature_name(&view.signature_algorithm).to_owned()),
            ca: view.ok().map(|view| view.is_ca()),
            unreadable: view.err().map(ToString::to_string),
        }
    }
}

impl From<&PathProblem> for Problem {
    fn from(problem: &PathProblem) -> Self {
        Self {
            severity: match problem.is_warning() {
                true => "warning",
                false => "error",
            },
            sha256: problem
                .certificate()
                .map(|found| found.fingerprint().to_string()),
            message: problem.to_string(),
        }
    }
}

/// RFC 3339 in UTC; a year that it cannot say is absent.
pub(super) fn moment(at: OffsetDateTime) -> Option<String> {
    at.to_offset(UtcOffset::UTC).format(&Rfc3339).ok()
}
