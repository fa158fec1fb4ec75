use aws_lc_rs::constant_time::verify_slices_are_equal;
use time::OffsetDateTime;

use super::{
    super::{Content, DecodeError, Decoded, Entry, Integrity, Keystore, SealedKey},
    Cursor, DIGEST_LENGTH, Dialect, ReadSecretKey, Spelling, TAG_PRIVATE_KEY, TAG_SECRET_KEY,
    TAG_TRUSTED, X509, digest,
};
use crate::{secret::Password, x509::Certificate};

/// Reads a store. Without a password its integrity stays unchecked. Certificates are taken as bytes: a
/// broken one is an entry like any other.
pub(in super::super) fn decode(
    bytes: &[u8],
    password: Option<&Password>,
    dialect: &Dialect,
) -> Result<Decoded, DecodeError> {
    let mut cursor = Cursor::new(dialect.format, bytes);
    let keystore = body(&mut cursor, dialect)?;
    let end = cursor.position();
    cursor.take(DIGEST_LENGTH, "the digest at the end")?;
    let integrity = match password {
        None => Integrity::Unchecked,
        Some(password) if proves(bytes, end, password) => Integrity::Verified,
        Some(_) => {
            return Err(DecodeError::WrongPassword {
                format: dialect.format,
            });
        }
    };
    Ok(Decoded {
        format: dialect.format,
        integrity,
        mac: Some("SHA-1 keyed digest".to_owned()),
        kdf: None,
        iterations: None,
        protections: Vec::new(),
        encoding: dialect.encoding,
        keystore,
        proven: Some(end),
    })
}

/// True if the digest behind this many bytes is theirs, with this password.
pub(in super::super) fn proves(bytes: &[u8], length: usize, password: &Password) -> bool {
    bytes
        .split_at_checked(length)
        .and_then(|(body, rest)| Some((body, rest.get(..DIGEST_LENGTH)?)))
        .is_some_and(|(body, found)| {
            verify_slices_are_equal(digest(password, body).as_ref(), found).is_ok()
        })
}

fn body(cursor: &mut Cursor<'_>, dialect: &Dialect) -> Result<Keystore, DecodeError> {
    let magic = cursor.u32("the magic number")?;
    if magic != dialect.magic {
        let reason = format!("begins with {magic:08X}, not {:08X}", dialect.magic);
        return Err(cursor.damaged(0, reason));
    }
    let version = match cursor.u32("the version")? {
        1 => Version::One,
        2 => Version::Two,
        other => return Err(cursor.damaged(4, format!("version {other}, neither 1 nor 2"))),
    };
    let count = cursor.count("entries", version.smallest_entry())?;
    let mut keystore = Keystore::new();
    for _ in 0..count {
        keystore.push(entry(cursor, version, dialect)?);
    }
    Ok(keystore)
}

fn entry(
    cursor: &mut Cursor<'_>,
    version: Version,
    dialect: &Dialect,
) -> Result<Entry, DecodeError> {
    let at = cursor.position();
    let tag = cursor.u32("the tag of an entry")?;
    let body = match (tag, dialect.secret_key) {
        (TAG_PRIVATE_KEY, _) => Body::PrivateKey,
        (TAG_TRUSTED, _) => Body::Trusted,
        (TAG_SECRET_KEY, Some(read)) => Body::Secret(read),
        (_, secret) => {
            let last = if secret.is_some() { 3 } else { 2 };
            let reason = format!("an entry with tag {tag}, not one of 1 to {last}");
            return Err(cursor.damaged(at, reason));
        }
    };
    let alias = cursor.text("an alias")?;
    let date = i64::from_be_bytes(cursor.array("a creation date")?);
    let mut types = Vec::new();
    let content = match body {
        Body::PrivateKey => {
            let key = SealedKey::from_encrypted(cursor.sized("a private key")?);
            let count = cursor.count("certificates of a chain", version.smallest_certificate())?;
            let mut chain = Vec::new();
            for _ in 0..count {
                chain.push(certificate(cursor, version, &mut types)?);
            }
            Content::PrivateKey { key, chain }
        }
        Body::Trusted => Content::TrustedCertificate {
            certificate: certificate(cursor, version, &mut types)?,
            java_visible: true,
        },
        Body::Secret(read) => Content::SecretKey {
            sealed: read(cursor)?,
        },
    };
    let created = moment(date);
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

/// Milliseconds since 1970; `None` beyond the calendar.
pub(in super::super) fn moment(milliseconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

enum Body {
    PrivateKey,
    Trusted,
    Secret(ReadSecretKey),
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
