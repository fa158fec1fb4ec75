//! An audit as metrics in Prometheus' text format, for the node exporter's textfile collector.
//!
//! Certificates have the names and labels of x509-certificate-exporter (`x509_cert_not_after`, …), with
//! `alias` and `node` beside them, so that its dashboards and alerts go on working; findings are counted in
//! metrics of their own.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    io::{self, Write},
};

use crate::{
    audit::{CertificateFacts, Report, Severity, rules},
    x509::Fingerprint,
};

/// Writes the metrics.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn audit(report: &Report, sink: &mut dyn Write) -> io::Result<()> {
    let series = certificates(report);
    let of = |value: fn(&CertificateFacts, i64) -> i64| {
        let now = report.now.unix_timestamp();
        series
            .iter()
            .map(|(labels, certificate)| (labels.clone(), value(certificate, now)))
            .collect::<Vec<_>>()
    };
    family(
        "x509_cert_not_before",
        "Unix timestamp of the certificate's first moment.",
        of(|certificate, _| certificate.not_before.unix_timestamp()),
        sink,
    )?;
    family(
        "x509_cert_not_after",
        "Unix timestamp of the certificate's last moment.",
        of(|certificate, _| certificate.not_after.unix_timestamp()),
        sink,
    )?;
    family(
        "x509_cert_expired",
        "1 if the certificate was over when the audit ran.",
        of(|certificate, now| i64::from(certificate.not_after.unix_timestamp() < now)),
        sink,
    )?;
    let unread = report.unread.iter().map(|unread| {
        let labels = labels(&[("filepath", &unread.path), ("reason", &unread.reason)]);
        (labels, 1)
    });
    family(
        "apim_pki_audit_unread",
        "1 for each path that could not be read.",
        unread.collect(),
        sink,
    )?;
    family(
        "x509_read_errors",
        "How many paths could not be read.",
        vec![(String::new(), count(report.unread.len()))],
        sink,
    )?;
    family(
        "apim_pki_audit_findings",
        "Findings that count, by rule and severity.",
        findings(report),
        sink,
    )?;
    let waived = report.findings.iter().filter(|it| it.waived.is_some());
    family(
        "apim_pki_audit_findings_waived",
        "Findings that somebody lives with.",
        vec![(String::new(), count(waived.count()))],
        sink,
    )?;
    family(
        "apim_pki_audit_stores",
        "Files that were looked at.",
        vec![(String::new(), count(report.stores.len()))],
        sink,
    )?;
    family(
        "apim_pki_audit_timestamp_seconds",
        "When the audit ran.",
        vec![(String::new(), report.now.unix_timestamp())],
        sink,
    )
}

/// Each rule that there is, so that an alert on a rule sees its zero.
fn findings(report: &Report) -> Vec<(String, i64)> {
    let mut counts: BTreeMap<(&str, Severity), i64> = rules::ALL
        .iter()
        .map(|rule| ((rule.id, rule.severity), 0))
        .collect();
    for finding in report.counted() {
        *counts
            .entry((finding.rule.id, finding.severity))
            .or_default() += 1;
    }
    let series = counts.into_iter().map(|((rule, severity), count)| {
        (
            labels(&[("rule", rule), ("severity", severity.name())]),
            count,
        )
    });
    series.collect()
}

/// Every certificate of every file, each with labels of its own.
fn certificates(report: &Report) -> Vec<(String, &CertificateFacts)> {
    let mut series = Vec::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    for store in &report.stores {
        let keys = store.facts.keys.iter().flat_map(|key| {
            let chain = key.chain.iter();
            chain.map(|certificate| (&*key.alias, &**certificate))
        });
        let trusted = store.facts.trusted.iter();
        let trusted = trusted.map(|(alias, certificate)| (&**alias, &**certificate));
        for (alias, certificate) in keys.chain(trusted) {
            let mut labels = of(certificate, &store.path, store.node.as_deref(), alias, None);
            if seen.contains(&labels) {
                let sha256 = Some(certificate.sha256);
                labels = of(
                    certificate,
                    &store.path,
                    store.node.as_deref(),
                    alias,
                    sha256,
                );
            }
            if seen.insert(labels.clone()) {
                series.push((labels, certificate));
            }
        }
    }
    series
}

fn of(
    certificate: &CertificateFacts,
    path: &str,
    node: Option<&str>,
    alias: &str,
    sha256: Option<Fingerprint>,
) -> String {
    let issuer = attributes(&certificate.issuer);
    let subject = attributes(&certificate.subject);
    let serial = decimal(&certificate.serial);
    let filename = path.rsplit('/').next().unwrap_or(path);
    // A second certificate that differs in nothing else has the exporter's `discriminator`.
    let discriminator = sha256.map(|sha256| sha256.to_string()[..8].to_owned());
    let mut pairs = vec![
        ("serial_number", serial.as_str()),
        ("filename", filename),
        ("filepath", path),
        ("embedded_kind", ""),
        ("embedded_key", ""),
        ("alias", alias),
        ("node", node.unwrap_or_default()),
    ];
    if let Some(discriminator) = &discriminator {
        pairs.push(("discriminator", discriminator));
    }
    let names: Vec<(String, &str)> = [("issuer", &issuer), ("subject", &subject)]
        .into_iter()
        .flat_map(|(who, attributes)| {
            ATTRIBUTES.iter().map(move |name| {
                let value = attributes.get(*name).map_or("", String::as_str);
                (format!("{who}_{name}"), value)
            })
        })
        .collect();
    pairs.extend(names.iter().map(|(name, value)| (name.as_str(), *value)));
    labels(&pairs)
}

/// The attributes of a name (RFC 4514) that the exporter has labels for.
fn attributes(name: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut part = String::new();
    let mut put = |part: &mut String| {
        if let Some((kind, value)) = part.split_once('=')
            && ATTRIBUTES.contains(&kind.trim())
        {
            let entry = found.entry(kind.trim().to_owned()).or_default();
            if !entry.is_empty() {
                entry.push(',');
            }
            entry.push_str(value);
        }
        part.clear();
    };
    let mut chars = name.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => part.extend(chars.next()),
            ',' | '+' => put(&mut part),
            c => part.push(c),
        }
    }
    put(&mut part);
    found
}

fn labels(pairs: &[(&str, &str)]) -> String {
    let mut out = String::new();
    for (at, (name, value)) in pairs.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        // Writing to a text cannot fail.
        let _ = write!(out, "{comma}{name}=\"{}\"", escaped(value));
    }
    out
}

fn escaped(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
        .replace('\r', " ")
}

fn family(
    name: &str,
    help: &str,
    series: Vec<(String, i64)>,
    sink: &mut dyn Write,
) -> io::Result<()> {
    writeln!(sink, "# HELP {name} {help}")?;
    writeln!(sink, "# TYPE {name} gauge")?;
    for (labels, value) in series {
        match labels.is_empty() {
            true => writeln!(sink, "{name} {value}")?,
            false => writeln!(sink, "{name}{{{labels}}} {value}")?,
        }
    }
    Ok(())
}

fn count(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A serial number in decimal, as the exporter has it.
fn decimal(bytes: &[u8]) -> String {
    // Digits, least significant first. A serial has 20 octets; what is longer is not worth more time.
    let mut digits = vec![0_u32];
    for byte in bytes.iter().take(LONGEST_SERIAL) {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            let value = *digit * 256 + carry;
            *digit = value % 1_000_000;
            carry = value / 1_000_000;
        }
        if carry > 0 {
            digits.push(carry);
        }
    }
    let mut out = String::new();
    for (at, digit) in digits.iter().rev().enumerate() {
        let _ = match at {
            0 => write!(out, "{digit}"),
            _ => write!(out, "{digit:06}"),
        };
    }
    out
}

/// The attributes that the exporter has labels for.
const ATTRIBUTES: [&str; 6] = ["C", "CN", "L", "O", "OU", "ST"];
/// RFC 5280 allows 20 octets; old certificates have more.
const LONGEST_SERIAL: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_told_in_decimal() {
        assert_eq!(decimal(&[]), "0");
        assert_eq!(decimal(&[0x03, 0xE8]), "1000");
        assert_eq!(decimal(&[0xFF; 8]), u64::MAX.to_string());
        assert_eq!(
            decimal(&[1, 0, 0, 0, 0, 0, 0, 0, 0]),
            "18446744073709551616"
        );
    }

    #[test]
    fn a_name_is_taken_apart_and_a_value_is_a_value() {
        let found = attributes(r"CN=a\,b,OU=one+OU=two,DC=example");
        assert_eq!(found["CN"], "a,b");
        assert_eq!(found["OU"], "one,two");
        assert_eq!(found.len(), 2);
        assert_eq!(labels(&[("a", "x\"y\\\n")]), r#"a="x\"y\\\n""#);
    }
}
