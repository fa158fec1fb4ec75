use std::collections::HashSet;

use super::{
    super::{
        Alias, Content, EncodeError, Entry, Format, Keystore, Protection, SealedKey,
        java::{DIGEST_LENGTH, TAG_PRIVATE_KEY, TAG_TRUSTED, X509, digest, modified_utf8},
    },
    MAGIC,
};
use crate::{
    secret::{Bytes, Password},
    x509::Certificate,
};

/// Writes version 2, in the order of the entries.
///
/// Only what Java finds again is written: an alias in another spelling than the one that Java looks up
/// would be listed and found by nobody, so it is refused, although a file that is read may have one.
/// An entry without a date gets the first day of its certificate, because JKS has no way to say none.
pub(in super::super) fn encode(
    store: &Keystore,
    password: &Password,
) -> Result<Bytes, EncodeError> {
    let entries = store.entries();
    let mut out = Vec::with_capacity(estimate(entries));
    out.extend(MAGIC.to_be_bytes());
    out.extend(VERSION.to_be_bytes());
    let count = i32::try_from(entries.len());
    if let (Err(_), Some(last)) = (&count, entries.last()) {
        return Err(refused(last, "a JKS holds at most 2,147,483,647 entries"));
    }
    out.extend(count.unwrap_or_default().to_be_bytes());
    let mut seen = HashSet::with_capacity(entries.len());
    for entry in entries {
        if !seen.insert(entry.alias.as_str()) {
            return Err(alias_refused(
                &entry.alias,
                "there is another entry with it",
            ));
        }
        write_entry(&mut out, entry)?;
    }
    let digest = digest(password, &out);
    out.extend_from_slice(digest.as_ref());
    Ok(Bytes::from(out))
}

fn write_entry(out: &mut Vec<u8>, entry: &Entry) -> Result<(), EncodeError> {
    if !entry.alias.is_found_by_java() {
        return Err(alias_refused(
            &entry.alias,
            "Java looks aliases up in lower case and would not find it",
        ));
    }
    let (tag, key) = match &entry.content {
        Content::PrivateKey { key, .. } => (TAG_PRIVATE_KEY, Some(key)),
        Content::TrustedCertificate {
            java_visible: true, ..
        } => (TAG_TRUSTED, None),
        Content::TrustedCertificate { .. } => {
            return Err(refused(
                entry,
                "Java does not see the certificate where it is, and would trust it in a JKS",
            ));
        }
        Content::SecretKey { .. } => return Err(refused(entry, "a JKS holds no secret keys")),
    };
    out.extend(tag.to_be_bytes());
    write_text(out, entry.alias.as_str()).ok_or_else(|| {
        alias_refused(
            &entry.alias,
            "it is longer than 65,535 bytes of modified UTF-8",
        )
    })?;
    out.extend(date(entry).to_be_bytes());
    if let Some(key) = key {
        write_sized(out, sealed(entry, key)?).ok_or_else(|| refused(entry, TOO_LONG))?;
        let count = i32::try_from(entry.certificates().len());
        out.extend(count.map_err(|_| refused(entry, TOO_LONG))?.to_be_bytes());
    }
    let types = entry.jks.as_ref().map(|jks| &jks.certificate_types[..]);
    let types = types.filter(|types| types.len() == entry.certificates().len());
    for (at, certificate) in entry.certificates().iter().enumerate() {
        let name = types.map_or(X509, |types| types[at].as_str());
        write_certificate(out, name, certificate).ok_or_else(|| refused(entry, TOO_LONG))?;
    }
    Ok(())
}

/// The key's `EncryptedPrivateKeyInfo`, if it is one that Java opens in a JKS.
fn sealed<'a>(entry: &Entry, key: &'a SealedKey) -> Result<&'a [u8], EncodeError> {
    match (key.protection(), key.encrypted()) {
        (Some(Protection::Jks), Some(der)) => Ok(der),
        _ if key.is_unprotected() => Err(refused(entry, "its key is not sealed")),
        _ => Err(refused(
            entry,
            "its key is sealed in another way than JKS's own, and Java opens no other in a JKS",
        )),
    }
}

fn write_certificate(out: &mut Vec<u8>, name: &str, certificate: &Certificate) -> Option<()> {
    write_text(out, name)?;
    write_sized(out, certificate.der())
}

fn write_text(out: &mut Vec<u8>, text: &str) -> Option<()> {
    let bytes = modified_utf8::encode(text);
    out.extend(u16::try_from(bytes.len()).ok()?.to_be_bytes());
    out.extend(bytes);
    Some(())
}

fn write_sized(out: &mut Vec<u8>, bytes: &[u8]) -> Option<()> {
    // Java reads a signed length.
    out.extend(i32::try_from(bytes.len()).ok()?.to_be_bytes());
    out.extend_from_slice(bytes);
    Some(())
}

/// Milliseconds since 1970.
fn date(entry: &Entry) -> i64 {
    let kept = entry.jks.as_ref().and_then(|jks| jks.date);
    let fallback = || {
        let certificate = entry.certificates().first()?;
        Some(certificate.view().ok()?.not_before)
    };
    match (entry.created, kept) {
        (None, Some(date)) => date,
        (created, _) => created.or_else(fallback).map_or(0, |at| {
            // What `time` holds fits: 10,000 years are 3.2e14 ms.
            i64::try_from(at.unix_timestamp_nanos().div_euclid(1_000_000)).unwrap_or_default()
        }),
    }
}

fn estimate(entries: &[Entry]) -> usize {
    let entry = |entry: &Entry| {
        let certificates = entry.certificates().iter();
        let certificates: usize = certificates.map(|c| c.der().len() + OVERHEAD).sum();
        let key = match &entry.content {
            Content::PrivateKey { key, .. } => key.encrypted().map_or(0, <[u8]>::len),
            _ => 0,
        };
        certificates + key + entry.alias.as_str().len() + OVERHEAD
    };
    entries.iter().map(entry).sum::<usize>() + OVERHEAD + DIGEST_LENGTH
}

fn refused(entry: &Entry, reason: &'static str) -> EncodeError {
    EncodeError::Entry {
        alias: entry.alias.clone(),
        format: Format::Jks,
        reason,
    }
}

fn alias_refused(alias: &Alias, reason: &'static str) -> EncodeError {
    EncodeError::Alias {
        alias: alias.clone(),
        reason,
    }
}

const VERSION: u32 = 2;
const TOO_LONG: &str = "a part of it is longer than 2,147,483,647";
/// Tag, lengths, date and type of an entry: 22 bytes at most; a guess for the buffer, no rule.
const OVERHEAD: usize = 24;
