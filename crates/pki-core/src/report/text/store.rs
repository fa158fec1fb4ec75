use std::io::{self, Write};

use super::{
    Layout,
    certificate::{self, Time},
    lines::{Lines, Tone, count},
};
use crate::{
    edit::{CertificateSummary, EntrySummary, KeyState, Kind, Readability, Reader, StoreSummary},
    keystore::{Integrity, Protection},
    wso2::{KnownKeyClass, known_certificate},
};

/// A store that was read, and what it is called.
#[derive(Clone, Debug)]
#[allow(
    clippy::exhaustive_structs,
    reason = "whoever lists stores makes these"
)]
pub struct Listed {
    /// As it was named on the command line.
    pub path: String,
    /// What is in it.
    pub summary: StoreSummary,
}

/// A store that could not be read.
#[derive(Clone, Debug)]
#[allow(
    clippy::exhaustive_structs,
    reason = "whoever lists stores makes these"
)]
pub struct Unread {
    /// As it was named on the command line.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// Writes each store with a line for each entry.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn list(stores: &[Listed], layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for (at, store) in stores.iter().enumerate() {
        if at > 0 {
            lines.blank()?;
        }
        head(store, &mut lines)?;
        let columns = Columns::of(&store.summary.entries, layout);
        for entry in &store.summary.entries {
            row(entry, &columns, &mut lines)?;
        }
    }
    Ok(())
}

/// Writes each store with all that is known of each entry.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn show(stores: &[Listed], layout: Layout, sink: &mut dyn Write) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for (at, store) in stores.iter().enumerate() {
        if at > 0 {
            lines.blank()?;
        }
        head(store, &mut lines)?;
        for entry in &store.summary.entries {
            lines.blank()?;
            details(entry, &mut lines)?;
        }
    }
    Ok(())
}

/// What the file is, what proves it, who can read it.
fn head(store: &Listed, lines: &mut Lines<'_>) -> io::Result<()> {
    let summary = &store.summary;
    let sealed = summary.integrity == Integrity::Unchecked && summary.kdf.is_some();
    let entries = match summary.entries.len() {
        0 if sealed => "encrypted: nothing of it is known, give `--store-password`".to_owned(),
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    };
    lines.put(0, &format!("{}: {}, {entries}", store.path, summary.format))?;
    let tone = match summary.integrity {
        Integrity::Verified => Tone::Plain,
        Integrity::Absent | Integrity::Unchecked => Tone::Warning,
    };
    lines.tell(2, tone, &integrity(summary))?;
    if let Some(kdf) = &summary.kdf {
        match summary.integrity {
            Integrity::Unchecked => {
                let text = format!("what is encrypted ({kdf}) is NOT LISTED without the password");
                lines.tell(2, Tone::Warning, &text)?;
            }
            _ => lines.put(2, &format!("encryption: {}", encryption(summary, kdf)))?,
        }
    }
    readers(&summary.readers, lines)
}

/// What encrypts the content; of what is not known more closely the key derivation.
fn encryption(summary: &StoreSummary, kdf: &str) -> String {
    let each: Vec<String> = summary
        .protections
        .iter()
        .map(|it| protected(*it))
        .collect();
    match each.is_empty() {
        true => kdf.to_owned(),
        false => each.join("; "),
    }
}

fn integrity(summary: &StoreSummary) -> String {
    let proof = summary.mac.as_deref().map(|mac| match summary.iterations {
        Some(iterations) => format!(" ({mac}, {})", count(iterations as usize, "iteration")),
        None => format!(" ({mac})"),
    });
    let proof = proof.unwrap_or_default();
    match summary.integrity {
        Integrity::Verified => format!("integrity verified{proof}"),
        Integrity::Unchecked => {
            format!(
                "integrity unchecked{proof}: no password was given, anybody may have changed it"
            )
        }
        Integrity::Absent => "integrity unchecked: the file has no proof of it".to_owned(),
    }
}

/// Who reads the file, and who does not: those together whom the same thing helps, or stops.
fn readers(readers: &[Readability], lines: &mut Lines<'_>) -> io::Result<()> {
    for (title, reads) in [("read by", true), ("not by", false)] {
        let mut groups: Vec<(Option<&str>, Vec<Reader>)> = Vec::new();
        for found in readers.iter().filter(|found| found.reads() == reads) {
            let why = if reads { found.with } else { found.obstacle };
            match groups.iter_mut().find(|(other, _)| *other == why) {
                Some((_, readers)) => readers.push(found.reader),
                None => groups.push((why, vec![found.reader])),
            }
        }
        let groups = groups.into_iter().map(|(why, readers)| {
            let named = named(&readers, if why.is_some() { " and " } else { "; " });
            match (why, reads) {
                (None, _) => named,
                (Some(with), true) => format!("{named} with {with}"),
                (Some(obstacle), false) => format!("{named} ({obstacle})"),
            }
        });
        let groups: Vec<String> = groups.collect();
        if !groups.is_empty() {
            lines.put(2, &format!("{title}: {}", groups.join("; ")))?;
        }
    }
    Ok(())
}

fn named(readers: &[Reader], between: &str) -> String {
    const JAVA: [Reader; 3] = [Reader::OldJava, Reader::Java, Reader::NewJava];
    let every = JAVA.iter().all(|java| readers.contains(java));
    let first = every.then(|| "every Java".to_owned());
    let rest = readers
        .iter()
        .filter(|reader| !every || !JAVA.contains(reader));
    let named: Vec<String> = first
        .into_iter()
        .chain(rest.map(Reader::to_string))
        .collect();
    named.join(between)
}

/// Widths of the columns of a list, in characters.
struct Columns {
    alias: usize,
    key: usize,
    left: usize,
    /// The subject goes on a line of its own.
    narrow: bool,
}

impl Columns {
    fn of(entries: &[EntrySummary], layout: Layout) -> Self {
        let widest = |of: &dyn Fn(&EntrySummary) -> String, limit: usize| {
            let widths = entries.iter().map(|entry| of(entry).chars().count());
            widths.filter(|width| *width <= limit).max().unwrap_or(0)
        };
        let alias = widest(&|entry| entry.alias.to_string(), WIDEST_ALIAS);
        let (key, left) = (widest(&key, WIDEST_KEY), widest(&left, WIDEST_LEFT));
        // Two columns before each of them, and before the subject.
        let subject_at = 2 + alias + 2 + KIND + 2 + key + 2 + left + 2;
        Self {
            alias,
            key,
            left,
            narrow: layout
                .width
                .is_some_and(|width| width < subject_at + LEAST_SUBJECT),
        }
    }
}

fn row(entry: &EntrySummary, columns: &Columns, lines: &mut Lines<'_>) -> io::Result<()> {
    let Columns {
        alias,
        key: wide,
        left: until,
        ..
    } = columns;
    let mut line = format!(
        "{:<alias$}  {:<KIND$}  {:<wide$}  {:<until$}",
        entry.alias.to_string(),
        kind(entry.kind),
        key(entry),
        left(entry)
    );
    let what = [subject(entry), remarks(entry)];
    let what: Vec<&str> = what
        .iter()
        .map(String::as_str)
        .filter(|it| !it.is_empty())
        .collect();
    let what = what.join("  ");
    if columns.narrow {
        lines.tell(2, tone(entry), &squeezed(&line))?;
        return match what.is_empty() {
            true => Ok(()),
            false => lines.tell(6, tone(entry), &what),
        };
    }
    line.push_str("  ");
    line.push_str(&what);
    lines.tell(2, tone(entry), &line)
}

/// Columns make no sense where nothing fits into them.
fn squeezed(line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.join(" ")
}

fn details(entry: &EntrySummary, lines: &mut Lines<'_>) -> io::Result<()> {
    let mut title = format!("`{}`: {}", entry.alias, full_kind(entry.kind));
    if let Some(created) = entry.created {
        title.push_str(&format!(", made {}", created.date()));
    }
    lines.tell(0, tone(entry), &title)?;
    if let Some(key) = &entry.key {
        let (tone, text) = match key {
            // What is not known how it is protected does not open.
            KeyState::Opens if entry.protection.is_none() => (
                Tone::Warning,
                "lies open: no password protects it".to_owned(),
            ),
            KeyState::Opens => (Tone::Plain, "opens with the password".to_owned()),
            KeyState::Mismatch => (
                Tone::Alarm,
                "DOES NOT BELONG to the first certificate of its chain".to_owned(),
            ),
            KeyState::Sealed(None) => (Tone::Plain, "not opened: no password was given".to_owned()),
            KeyState::Sealed(Some(reason)) => (Tone::Warning, reason.to_string()),
        };
        let protection = entry.protection.map(protected);
        let protection = protection.map_or_else(String::new, |how| format!("; protected by {how}"));
        lines.tell(2, tone, &format!("key         {text}{protection}"))?;
    }
    if !entry.java_visible {
        lines.tell(2, Tone::Alarm, &format!("Java        {INVISIBLE}"))?;
    }
    if entry.kind == Kind::PrivateKey {
        match entry.chain.len() {
            0 => lines.tell(2, Tone::Warning, "chain       none")?,
            long => lines.put(2, &format!("chain       {}", count(long, "certificate")))?,
        }
    }
    if let Some(known) = entry.chain.first().and_then(public_key) {
        lines.tell(2, Tone::Alarm, &format!("known       {known}"))?;
    }
    for (at, found) in entry.chain.iter().enumerate() {
        let number = (entry.chain.len() > 1).then_some(at + 1);
        certificate::details(found, number, lines)?;
    }
    Ok(())
}

fn protected(protection: Protection) -> String {
    let how = match protection {
        Protection::Jks => "JKS's own SHA-1 keystream".to_owned(),
        Protection::JceMd5TripleDes { .. } => "MD5 and 3DES (JCEKS)".to_owned(),
        Protection::OpensslMd5 { cipher } => format!("{cipher} in OpenSSL's traditional way"),
        Protection::Pbes2Aes256Sha256 { .. } => "PBES2, AES-256, HMAC-SHA-256".to_owned(),
        Protection::Pbes2Other { .. } => "PBES2".to_owned(),
        Protection::Sha1Rc2 { .. } => "SHA-1 and RC2".to_owned(),
        Protection::Sha1TripleDes { .. } => "SHA-1 and 3DES".to_owned(),
    };
    match (protection.iterations(), protection) {
        (Some(iterations), _) => format!("{how}, {}", count(iterations as usize, "iteration")),
        (None, Protection::OpensslMd5 { .. }) => format!("{how}, one MD5 a guess"),
        (None, _) => format!("{how}, one SHA-1 a guess"),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::PrivateKey => "key",
        Kind::SecretKey => "secret",
        Kind::TrustedCertificate => "trusted",
    }
}

fn full_kind(kind: Kind) -> &'static str {
    match kind {
        Kind::PrivateKey => "private key",
        Kind::SecretKey => "secret key",
        Kind::TrustedCertificate => "trusted certificate",
    }
}

fn key(entry: &EntrySummary) -> String {
    let first = entry.chain.first();
    match (first, entry.algorithm) {
        (Some(first), _) => match first.certificate.view() {
            Ok(view) => view.public_key.to_string(),
            Err(_) => "-".to_owned(),
        },
        (None, Some(algorithm)) => {
            let name = if algorithm.is_rsa() { "RSA" } else { "EC" };
            format!("{name} {}", algorithm.bits())
        }
        (None, None) => "-".to_owned(),
    }
}

fn left(entry: &EntrySummary) -> String {
    entry
        .chain
        .first()
        .map_or_else(|| "-".to_owned(), |first| Time::of(first).shown(first))
}

fn subject(entry: &EntrySummary) -> String {
    let Some(first) = entry.chain.first() else {
        return String::new();
    };
    match first.certificate.view() {
        Ok(view) if view.subject.is_empty() => "(no subject)".to_owned(),
        Ok(view) => view.subject.to_string(),
        Err(malformed) => malformed.to_string(),
    }
}

/// What a person must know beside the columns.
fn remarks(entry: &EntrySummary) -> String {
    let mut remarks = Vec::new();
    match entry.key {
        Some(KeyState::Mismatch) => {
            remarks.push("key DOES NOT BELONG to the certificate".to_owned())
        }
        Some(KeyState::Sealed(Some(_))) => remarks.push("key does not open".to_owned()),
        _ => {}
    }
    if !entry.java_visible {
        remarks.push(INVISIBLE.to_owned());
    }
    remarks.extend(entry.chain.first().and_then(public_key));
    let behind = entry.chain.iter().skip(1);
    for found in behind.filter(|found| Time::of(found) != Time::Valid) {
        let name = certificate::subject(found);
        remarks.push(format!(
            "{name} of its chain: {}",
            Time::of(found).shown(found)
        ));
    }
    match remarks.is_empty() {
        true => String::new(),
        false => format!("[{}]", remarks.join("; ")),
    }
}

/// A key whose private half everybody can download.
fn public_key(found: &CertificateSummary) -> Option<String> {
    let known = known_certificate(&found.certificate)?;
    (known.class != KnownKeyClass::TrustedOnly).then(|| {
        format!(
            "EVERYBODY HAS THIS KEY ({}, shipped in {})",
            known.id, known.shipped_in
        )
    })
}

fn tone(entry: &EntrySummary) -> Tone {
    let wrong = matches!(entry.key, Some(KeyState::Mismatch)) || !entry.java_visible;
    let worst = entry.chain.iter().map(|found| Time::of(found).tone());
    let worst = worst.fold(Tone::Plain, |worst, tone| match (worst, tone) {
        (Tone::Alarm, _) | (_, Tone::Alarm) => Tone::Alarm,
        (Tone::Warning, _) | (_, Tone::Warning) => Tone::Warning,
        _ => Tone::Plain,
    });
    if wrong { Tone::Alarm } else { worst }
}

const INVISIBLE: &str = "Java DOES NOT SEE this entry";
/// Longer aliases are rare and push their own line out, not all others.
const WIDEST_ALIAS: usize = 32;
const WIDEST_KEY: usize = 12;
const WIDEST_LEFT: usize = 28;
/// `trusted`, the longest.
const KIND: usize = 7;
/// With less room a subject does not stand beside the columns.
const LEAST_SUBJECT: usize = 24;

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::{
        edit,
        keystore::{Keystore, write_pem_certificates},
        x509::Certificate,
    };

    fn listed(width: Option<usize>) -> Vec<String> {
        let certificates = ["a", "a-longer-name.example.com"].map(|name| {
            let made = rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
            Certificate::from_der(made.cert.der().to_vec())
        });
        let text = write_pem_certificates(&certificates);
        let decoded = Keystore::decode_unverified(text.as_bytes()).unwrap();
        let store = Listed {
            path: "a.pem".to_owned(),
            summary: edit::summary(&decoded, &[], OffsetDateTime::UNIX_EPOCH),
        };
        let mut out = Vec::new();
        list(&[store], Layout::new().width(width), &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn columns_stand_where_they_fit_and_a_subject_goes_below_where_it_does_not() {
        for (width, below) in [(None, false), (Some(100), false), (Some(60), true)] {
            let lines = listed(width);
            let last = lines.last().unwrap();
            assert_eq!(last.starts_with("      CN="), below, "{lines:#?}");
            assert!(
                lines
                    .iter()
                    .all(|line| line.chars().count() <= width.unwrap_or(200))
            );
            let first = lines
                .iter()
                .find(|line| line.starts_with("  rcgen-self-signed-cert "));
            let kind = |line: &String| line.find(" trusted");
            if !below {
                assert_eq!(first.and_then(kind), kind(last));
            }
        }
    }

    #[test]
    fn readers_whom_the_same_thing_stops_are_told_together() {
        let lines = listed(None);
        assert_eq!(lines[2], "  read by: OpenSSL 1.1.1; OpenSSL 3");
        assert_eq!(
            lines[3],
            "  not by: every Java and BouncyCastle (PEM is no keystore for it)"
        );
    }
}
