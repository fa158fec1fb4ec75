use std::io::{self, Write};

use super::{
    Layout,
    lines::{Lines, Tone, count},
};
use crate::{
    edit::CertificateSummary,
    path::{Purpose, ServerName, Verdict},
    x509::{ExtendedKeyUsage, KeyUsage, View},
};

/// Writes all that certificates say.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn certificates(
    found: &[CertificateSummary],
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for (at, certificate) in found.iter().enumerate() {
        if at > 0 {
            lines.blank()?;
        }
        let number = (found.len() > 1).then_some(at + 1);
        details(certificate, number, &mut lines)?;
    }
    Ok(())
}

/// What came of judging one certificate.
#[derive(Clone, Copy, Debug)]
#[allow(
    clippy::exhaustive_structs,
    reason = "whoever judges a certificate makes this"
)]
pub struct Judged<'a> {
    /// The file, as it was named.
    pub path: &'a str,
    /// The verdict.
    pub verdict: &'a Verdict,
    /// The name that was asked for.
    pub name: Option<&'a ServerName>,
    /// What it was to be used for.
    pub purpose: Purpose,
}

/// Writes the path that was found, and every problem of it.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn judged(judged: Judged<'_>, layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    let verdict = judged.verdict;
    let accepted = verdict.is_accepted();
    let wanted = match (judged.name, judged.purpose) {
        (Some(name), Purpose::Client) => format!(" as the client {name}"),
        (Some(name), _) => format!(" as {name}"),
        (None, Purpose::Client) => " as a client".to_owned(),
        (None, Purpose::Server) => " as a server".to_owned(),
        (None, Purpose::Any) => String::new(),
    };
    let (word, tone) = match accepted {
        true => ("accepted", Tone::Plain),
        false => ("NOT ACCEPTED", Tone::Alarm),
    };
    lines.tell(0, tone, &format!("{}: {word}{wanted}", judged.path))?;
    for problem in &verdict.problems {
        let (word, tone) = match problem.is_warning() {
            true => ("warning", Tone::Warning),
            false => ("error", Tone::Alarm),
        };
        lines.tell(2, tone, &format!("{word}: {problem}"))?;
    }
    if verdict.path.is_empty() {
        return Ok(());
    }
    lines.put(2, "path")?;
    for (at, certificate) in verdict.path.iter().enumerate() {
        let name = match certificate.view() {
            Ok(view) => view.subject.readable().to_string(),
            Err(malformed) => malformed.to_string(),
        };
        let anchor = verdict.anchor().is_some() && at + 1 == verdict.path.len();
        let role = if anchor { " (trusted)" } else { "" };
        lines.put(4, &format!("{}. {name}{role}", at + 1))?;
    }
    Ok(())
}

/// Where a certificate stands in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Time {
    Expired,
    Soon,
    NotYet,
    Unreadable,
    Valid,
}

impl Time {
    pub(super) fn of(found: &CertificateSummary) -> Self {
        match found.days_left {
            None => Self::Unreadable,
            _ if found.expired => Self::Expired,
            _ if found.not_yet_valid => Self::NotYet,
            Some(days) if days < SOON => Self::Soon,
            Some(_) => Self::Valid,
        }
    }

    pub(super) const fn tone(self) -> Tone {
        match self {
            Self::Expired => Tone::Alarm,
            Self::Soon | Self::NotYet | Self::Unreadable => Tone::Warning,
            Self::Valid => Tone::Plain,
        }
    }

    /// `2027-01-31 824 days`, `2019-01-31 EXPIRED`.
    pub(super) fn shown(self, found: &CertificateSummary) -> String {
        let Ok(view) = found.certificate.view() else {
            return "unreadable".to_owned();
        };
        let until = view.not_after.date();
        match self {
            Self::Expired => format!("{until} EXPIRED"),
            Self::NotYet => format!("NOT BEFORE {}", view.not_before.date()),
            _ => format!("{until} {}", days(found)),
        }
    }
}

pub(super) fn subject(found: &CertificateSummary) -> String {
    match found.certificate.view() {
        Ok(view) if view.subject.is_empty() => "(no subject)".to_owned(),
        Ok(view) => view.subject.readable().to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

/// All that a certificate says.
pub(super) fn details(
    found: &CertificateSummary,
    number: Option<usize>,
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    let number = number.map_or_else(String::new, |number| format!("{number}. "));
    let tone = Time::of(found).tone();
    lines.tell(2, tone, &format!("{number}{}", subject(found)))?;
    if let Ok(view) = found.certificate.view() {
        said(found, view, lines)?;
    }
    lines.put(5, &format!("SHA-256   {}", found.sha256))?;
    lines.put(5, &format!("SHA-1     {}", found.sha1))?;
    if let Some(spki) = found.spki_sha256 {
        lines.put(5, &format!("SPKI      {spki} (SHA-256 of the key)"))?;
    }
    Ok(())
}

fn said(found: &CertificateSummary, view: &View, lines: &mut Lines<'_>) -> io::Result<()> {
    let issuer = match found.certificate.is_self_issued() {
        true => "itself".to_owned(),
        false => view.issuer.readable().to_string(),
    };
    lines.put(5, &format!("issuer    {issuer}"))?;
    let names: Vec<String> = view.names().iter().map(ToString::to_string).collect();
    if !names.is_empty() {
        lines.put(5, &format!("names     {}", names.join(", ")))?;
    }
    let time = Time::of(found);
    let life = match time {
        Time::Expired => format!(", EXPIRED {}", ago(found)),
        Time::NotYet => ", NOT VALID YET".to_owned(),
        _ => format!(", {} left", days(found)),
    };
    let valid = format!(
        "valid     {} to {}{life}",
        view.not_before.date(),
        view.not_after.date()
    );
    lines.tell(5, time.tone(), &valid)?;
    lines.put(
        5,
        &format!(
            "key       {}, signed with {}",
            view.public_key,
            signature_name(&view.signature_algorithm)
        ),
    )?;
    let uses = uses(view);
    if !uses.is_empty() {
        lines.put(5, &format!("for       {}", uses.join(", ")))?;
    }
    let serial: String = view
        .serial
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    lines.put(5, &format!("serial    {serial}"))
}

/// What the certificate may be used for.
fn uses(view: &View) -> Vec<String> {
    let mut uses = Vec::new();
    if let Some(constraints) = view.basic_constraints
        && constraints.ca
    {
        uses.push(match constraints.path_len {
            Some(length) => format!("CA (path length {length})"),
            None => "CA".to_owned(),
        });
    }
    if let Some(usage) = view.key_usage {
        let named = KEY_USAGES.iter().filter(|(bit, _)| usage.allows(*bit));
        uses.extend(named.map(|(_, name)| (*name).to_owned()));
    }
    if let Some(usage) = &view.extended_key_usage {
        uses.extend(usage.purposes.iter().map(|oid| {
            let known = PURPOSES.iter().find(|(known, _)| known == oid);
            known.map_or_else(|| oid.clone(), |(_, name)| (*name).to_owned())
        }));
    }
    uses
}

fn days(found: &CertificateSummary) -> String {
    match found.days_left {
        Some(0) => "less than a day".to_owned(),
        Some(days) => count(usize::try_from(days).unwrap_or(0), "day"),
        None => String::new(),
    }
}

fn ago(found: &CertificateSummary) -> String {
    // Whole days to the last moment, rounded down: a certificate that ended an hour ago has -1.
    match found.days_left.map(|days| -days - 1) {
        Some(0) => "less than a day ago".to_owned(),
        Some(days) => format!("{} ago", count(usize::try_from(days).unwrap_or(0), "day")),
        None => String::new(),
    }
}

/// The name of a signature algorithm as keytool and OpenSSL print it, else its OID.
pub(in crate::report) fn signature_name(oid: &str) -> &str {
    let known = SIGNATURES.iter().find(|(known, _)| *known == oid);
    known.map_or(oid, |(_, name)| name)
}

/// A month: the time in which a person still gets a certificate from elsewhere.
const SOON: i64 = 30;

const KEY_USAGES: [(u16, &str); 7] = [
    (KeyUsage::DIGITAL_SIGNATURE, "digitalSignature"),
    (KeyUsage::NON_REPUDIATION, "nonRepudiation"),
    (KeyUsage::KEY_ENCIPHERMENT, "keyEncipherment"),
    (KeyUsage::DATA_ENCIPHERMENT, "dataEncipherment"),
    (KeyUsage::KEY_AGREEMENT, "keyAgreement"),
    (KeyUsage::KEY_CERT_SIGN, "keyCertSign"),
    (KeyUsage::CRL_SIGN, "cRLSign"),
];

/// RFC 5280 section 4.2.1.12.
const PURPOSES: [(&str, &str); 7] = [
    (ExtendedKeyUsage::SERVER_AUTH, "serverAuth"),
    (ExtendedKeyUsage::CLIENT_AUTH, "clientAuth"),
    (ExtendedKeyUsage::ANY, "any purpose"),
    ("1.3.6.1.5.5.7.3.3", "codeSigning"),
    ("1.3.6.1.5.5.7.3.4", "emailProtection"),
    ("1.3.6.1.5.5.7.3.8", "timeStamping"),
    ("1.3.6.1.5.5.7.3.9", "OCSPSigning"),
];

/// RFC 3279, RFC 4055, RFC 5758, RFC 8410.
const SIGNATURES: [(&str, &str); 14] = [
    ("1.2.840.113549.1.1.2", "MD2withRSA"),
    ("1.2.840.113549.1.1.4", "MD5withRSA"),
    ("1.2.840.113549.1.1.5", "SHA1withRSA"),
    ("1.2.840.113549.1.1.10", "RSASSA-PSS"),
    ("1.2.840.113549.1.1.11", "SHA256withRSA"),
    ("1.2.840.113549.1.1.12", "SHA384withRSA"),
    ("1.2.840.113549.1.1.13", "SHA512withRSA"),
    ("1.2.840.10040.4.3", "SHA1withDSA"),
    ("2.16.840.1.101.3.4.3.2", "SHA256withDSA"),
    ("1.2.840.10045.4.1", "SHA1withECDSA"),
    ("1.2.840.10045.4.3.2", "SHA256withECDSA"),
    ("1.2.840.10045.4.3.3", "SHA384withECDSA"),
    ("1.2.840.10045.4.3.4", "SHA512withECDSA"),
    ("1.3.101.112", "Ed25519"),
];
