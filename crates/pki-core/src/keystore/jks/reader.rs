use aws_lc_rs::constant_time::verify_slices_are_equal;
use time::OffsetDateTime;

use super::{
    super::{
        Content, DecodeError, Decoded, Encoding, Entry, Format, Integrity, Keystore, SealedKey,
    },
    DIGEST_LENGTH, MAGIC, Spelling, TAG_PRIVATE_KEY, TAG_TRUSTED, X509, digest, modified_utf8,
};
use crate::{secret::Password, x509::Certificate};

/// Reads a store. Without a password its integrity stays unchecked. Certificates are taken as bytes: a
/// broken one is an entry like any other.
pub(in super::super) fn decode(
    bytes: &[u8],
    password: Option<&Password>,
) -> Result<Decoded, DecodeError> {
    let mut cursor = Cursor { bytes, at: 0 };
    let keystore = body(&mut cursor)?;
    let end = cursor.at;
    let found = cursor.take(DIGEST_LENGTH, "the digest at the end")?;
    let integrity = match password {
        None => Integrity::Unchecked,
        Some(password) => {
            let wanted = digest(password, &bytes[..end]);
            verify_slices_are_equal(wanted.as_ref(), found)
                .map_err(|_| DecodeError::WrongPassword { format: FORMAT })?;
            Integrity::Verified
        }
    };
    Ok(Decoded {
        format: FORMAT,
        integrity,
        mac: Some("SHA-1 keyed digest".to_owned()),
        kdf: None,
        iterations: None,
        encoding: Some(Encoding::Jks),
        keystore,
    })
}

fn body(cursor: &mut Cursor<'_>) -> Result<Keystore, DecodeError> {
    let magic = cursor.u32("the magic number")?;
    if magic != MAGIC {
        return Err(cursor.damaged(0, format!("begins with {magic:08X}, not {MAGIC:08X}")));
    }
    let version = match cursor.u32("the version")? {
        1 => Version::One,
        2 => Version::Two,
        other => return Err(cursor.damaged(4, format!("version {other}, neither 1 nor 2"))),
    };
    let count = cursor.count("entries", version.smallest_entry())?;
    let mut keystore = Keystore::new();
    for _ in 0..count {
        keystore.push(entry(cursor, version)?);
    }
    Ok(keystore)
}

fn entry(cursor: &mut Cursor<'_>, version: Version) -> Result<Entry, DecodeError> {
    let at = cursor.at;
    let tag = cursor.u32("the tag of an entry")?;
    if tag != TAG_PRIVATE_KEY && tag != TAG_TRUSTED {
        return Err(cursor.damaged(at, format!("an entry with tag {tag}, neither 1 nor 2")));
    }
    let alias = cursor.text("an alias")?;
    let date = i64::from_be_bytes(cursor.array("a creation date")?);
    let mut types = Vec::new();
    let content = if tag == TAG_PRIVATE_KEY {
        let key = SealedKey::from_encrypted(cursor.sized("a private key")?);
        let count = cursor.count("certificates of a chain", version.smallest_certificate())?;
        let mut chain = Vec::new();
        for _ in 0..count {
            chain.push(certificate(cursor, version, &mut types)?);
        }
        Content::PrivateKey { key, chain }
    } else {
        Content::TrustedCertificate {
            certificate: certificate(cursor, version, &mut types)?,
            java_visible: true,
        }
    };
    let created = OffsetDateTime::from_unix_timestamp_nanos(i128::from(date) * 1_000_000).ok();
    let mut entry = Entry::of(alias, content).created(created);
    if types.iter().all(|name| name == X509) {
        types.clear();
    }
    if created.is_none() || !types.is_empty() {
        entry.jks = Some(Box::new(Spelling {
            certificate_types: types,
            date: created.is_none().then_some(date),
        }));
    }
    Ok(entry)
}

fn certificate(
    cursor: &mut Cursor<'_>,
    version: Version,
    types: &mut Vec<String>,
) -> Result<Certificate, DecodeError> {
    types.push(match version {
        Version::One => X509.to_owned(),
        Version::Two => cursor.text("the type of a certificate")?,
    });
    let der = cursor.sized("a certificate")?;
    Ok(Certificate::from_der(der.to_vec()))
}

#[derive(Clone, Copy)]
enum Version {
    One,
    Two,
}

impl Version {
    /// Type and length of a certificate without content.
    fn smallest_certificate(self) -> usize {
        match self {
            Self::One => 4,
            Self::Two => 2 + 4,
        }
    }

    /// Tag, length of the alias, date; then a certificate, or a key's length and a count of 0.
    fn smallest_entry(self) -> usize {
        4 + 2 + 8 + self.smallest_certificate()
    }
}

/// A place in the file. Every length is held against what is left before anything is taken.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, length: usize, what: &str) -> Result<&'a [u8], DecodeError> {
        let left = self.bytes.len() - self.at;
        if length > left {
            return Err(self.truncated(format!("{what} needs {length} bytes, {left} are left")));
        }
        let taken = &self.bytes[self.at..self.at + length];
        self.at += length;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], DecodeError> {
        let mut out = [0; N];
        out.copy_from_slice(self.take(N, what)?);
        Ok(out)
    }

    fn u32(&mut self, what: &str) -> Result<u32, DecodeError> {
        self.array(what).map(u32::from_be_bytes)
    }

    /// Bytes behind their length.
    fn sized(&mut self, what: &str) -> Result<&'a [u8], DecodeError> {
        let length = self.u32(what)?;
        // No file that is in memory is longer than a usize says.
        self.take(usize::try_from(length).unwrap_or(usize::MAX), what)
    }

    /// A number of things of which each has at least `smallest` bytes.
    fn count(&mut self, what: &str, smallest: usize) -> Result<u32, DecodeError> {
        let at = self.at;
        let count = self.u32(what)?;
        let room = (self.bytes.len() - self.at) / smallest;
        if usize::try_from(count).is_ok_and(|count| count <= room) {
            return Ok(count);
        }
        self.at = at;
        Err(self.truncated(format!(
            "{count} {what} are announced, there is room for {room}"
        )))
    }

    fn text(&mut self, what: &str) -> Result<String, DecodeError> {
        let length = u16::from_be_bytes(self.array(what)?);
        let at = self.at;
        let bytes = self.take(usize::from(length), what)?;
        modified_utf8::decode(bytes)
            .ok_or_else(|| self.damaged(at, format!("{what} is not modified UTF-8")))
    }

    fn truncated(&self, reason: String) -> DecodeError {
        DecodeError::Truncated {
            format: FORMAT,
            offset: self.at,
            reason,
        }
    }

    fn damaged(&self, offset: usize, reason: String) -> DecodeError {
        DecodeError::Damaged {
            format: FORMAT,
            offset,
            reason,
        }
    }
}

const FORMAT: Format = Format::Jks;
