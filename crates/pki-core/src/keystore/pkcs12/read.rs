//! PKCS #12, read: the PFX, its MAC, its safes.

use std::borrow::Cow;

use super::{
    bags::{self, Bag, EXPLICIT_0},
    entries,
    mac::Mac,
    write::{DATA, ENCRYPTED_DATA, certificate_protection, mac_of, takes},
};
use crate::{
    key::{
        der::{self, DerError, Element, Reader},
        pbes2::{MAX_ITERATIONS, Pbes2Error},
    },
    keystore::{
        Content, DecodeError, Decoded, Encoding, Format, Integrity, Keystore, Pkcs12Profile,
        UnsealError, ber, protect::pbes::Scheme,
    },
    secret::{Bytes, Password},
};

/// Reads a store, as far as the password reaches.
pub(super) fn decode(bytes: &[u8], password: Option<&Password>) -> Result<Decoded, DecodeError> {
    read(bytes, password, false)
}

/// What the file says of itself, and what lies unencrypted, if anything does.
pub(super) fn look(bytes: &[u8]) -> Result<Decoded, DecodeError> {
    read(bytes, None, true)
}

fn read(
    bytes: &[u8],
    password: Option<&Password>,
    may_be_sealed: bool,
) -> Result<Decoded, DecodeError> {
    let pfx = definite_file(bytes)?;
    let (authenticated, mac) = outer(&pfx)?;
    let mut budget = Budget(MAX_TOTAL_ITERATIONS);
    let integrity = match (&mac, password) {
        (None, _) => Integrity::Absent,
        (Some(_), None) => Integrity::Unchecked,
        (Some(mac), Some(password)) => {
            budget.spend(mac.iterations().get())?;
            if !mac.verify(authenticated.content, password) {
                return Err(WRONG_PASSWORD);
            }
            Integrity::Verified
        }
    };

    let mut safes = Safes {
        password,
        verified: integrity == Integrity::Verified,
        budget,
        bags: Vec::new(),
        schemes: Vec::new(),
        skipped: false,
    };
    safes.read(authenticated)?;
    if safes.skipped && safes.bags.is_empty() && !may_be_sealed {
        return Err(DecodeError::PasswordNeeded {
            format: Format::Pkcs12,
        });
    }
    let first = safes.schemes.first();
    let kdf = first.map(Scheme::kdf).or(mac.as_ref().map(Mac::kdf));
    let iterations = mac
        .as_ref()
        .map(Mac::iterations)
        .or(first.map(Scheme::iterations));
    let keystore: Keystore = entries::of(safes.bags).into_iter().collect();
    let profile = profile(mac.as_ref(), &safes.schemes, &keystore);
    Ok(Decoded {
        format: Format::Pkcs12,
        integrity,
        mac: mac.as_ref().map(Mac::name),
        kdf,
        iterations: iterations.map(u32::from),
        protections: safes.schemes.iter().map(Scheme::protection).collect(),
        encoding: profile.map(Encoding::Pkcs12),
        keystore,
        proven: None,
    })
}

/// The profile that would write the same again.
fn profile(mac: Option<&Mac>, schemes: &[Scheme], store: &Keystore) -> Option<Pkcs12Profile> {
    let mac = mac?;
    let hash = mac.pkcs12_hash()?;
    [Pkcs12Profile::Modern, Pkcs12Profile::Java8]
        .into_iter()
        .find(|profile| {
            mac_of(*profile) == (hash, mac.iterations())
                && schemes
                    .iter()
                    .all(|scheme| scheme.protection() == certificate_protection(*profile))
                && store.entries().iter().all(|entry| match &entry.content {
                    Content::PrivateKey { key, .. } => takes(*profile, key.protection()),
                    _ => true,
                })
        })
}

/// What is read of the AuthenticatedSafe.
struct Safes<'p> {
    password: Option<&'p Password>,
    verified: bool,
    budget: Budget,
    bags: Vec<Bag>,
    schemes: Vec<Scheme>,
    skipped: bool,
}

impl Safes<'_> {
    fn read(&mut self, authenticated: Element<'_>) -> Result<(), DecodeError> {
        let base = authenticated.offset;
        let contents = definite(authenticated.content, base)?;
        let mut safes = Reader::at(&contents, base).sequence("an AuthenticatedSafe")?;
        while !safes.is_empty() {
            let mut info = safes.sequence("a ContentInfo")?;
            let kind = info.oid("a content's type")?;
            if kind == DATA {
                let content = info.expect(EXPLICIT_0, "a content")?;
                let octets = content
                    .reader()
                    .expect(der::OCTET_STRING, "a content's octets")?;
                let contents = definite(octets.content, octets.offset)?;
                self.read_bags(&contents, octets.offset)?;
            } else if kind == ENCRYPTED_DATA {
                let content = info.expect(EXPLICIT_0, "a content")?;
                self.read_encrypted(content.reader())?;
            } else {
                return Err(DecodeError::UnsupportedAlgorithm {
                    format: Format::Pkcs12,
                    algorithm: format!("a content of type {}", der::dotted(kind)),
                });
            }
        }
        Ok(())
    }

    /// EncryptedData (RFC 5652 section 8).
    fn read_encrypted(&mut self, mut content: Reader<'_>) -> Result<(), DecodeError> {
        let mut data = content.sequence("an EncryptedData")?;
        data.unsigned("a version")?;
        let mut info = data.sequence("an EncryptedContentInfo")?;
        info.oid("a content's type")?;
        let algorithm = info.expect(der::SEQUENCE, "an AlgorithmIdentifier")?;
        let scheme = Scheme::from_algorithm(algorithm.whole)
            .map_err(|error| unsealed(error, algorithm.offset))?;
        let encrypted = info.element()?;
        let encrypted = bags::implicit_octets(encrypted)?;
        let Some(password) = self.password else {
            self.skipped = true;
            self.schemes.push(scheme);
            return Ok(());
        };
        self.budget.spend(scheme.iterations().get())?;
        let opened = scheme.decrypt(&encrypted, password);
        self.schemes.push(scheme);
        let plain = opened.map_err(|error| unsealed(error, algorithm.offset))?;
        let read = definite(plain.expose(), 0).and_then(|contents| match contents {
            Cow::Borrowed(contents) => self.read_bags(contents, 0),
            // May be a key that lies open in here.
            Cow::Owned(contents) => self.read_bags(Bytes::from(contents).expose(), 0),
        });
        match read {
            // Without a MAC a wrong password shows only as nonsense, with a right padding at times.
            Err(DecodeError::Damaged { .. } | DecodeError::Truncated { .. }) if !self.verified => {
                Err(WRONG_PASSWORD)
            }
            read => read,
        }
    }

    fn read_bags(&mut self, contents: &[u8], base: usize) -> Result<(), DecodeError> {
        let contents = Reader::at(contents, base).sequence("a SafeContents")?;
        Ok(bags::read(contents, &mut self.bags)?)
    }
}

/// The AuthenticatedSafe's octets, over which the MAC goes, and the MAC.
fn outer(pfx: &[u8]) -> Result<(Element<'_>, Option<Mac>), DecodeError> {
    let mut pfx = Reader::new(pfx).sequence("a PFX")?;
    let at = pfx.offset();
    if pfx.unsigned("a version")? != 3 {
        return Err(damaged("a version other than 3", at));
    }
    let mut info = pfx.sequence("a ContentInfo")?;
    let kind = info.oid("a content's type")?;
    if kind != DATA {
        return Err(DecodeError::UnsupportedAlgorithm {
            format: Format::Pkcs12,
            algorithm: format!("a content of type {}", der::dotted(kind)),
        });
    }
    let content = info.expect(EXPLICIT_0, "a content")?;
    let octets = content
        .reader()
        .expect(der::OCTET_STRING, "a content's octets")?;
    let mac = match pfx.optional(der::SEQUENCE)? {
        None => None,
        Some(data) => {
            let mac = Mac::read(data.reader());
            Some(mac.map_err(|error| unsealed(Pbes2Error::into(error), data.offset))?)
        }
    };
    pfx.finish("the end of the PFX")?;
    Ok((octets, mac))
}

/// The file's first element with definite lengths. One that ends beyond the file is told from one that
/// is broken.
fn definite_file(bytes: &[u8]) -> Result<Cow<'_, [u8]>, DecodeError> {
    ber::definite(bytes).map_err(|error| {
        if error.offset >= bytes.len() {
            return DecodeError::Truncated {
                format: Format::Pkcs12,
                offset: bytes.len(),
                reason: error.reason.to_owned(),
            };
        }
        error.into()
    })
}

fn definite(bytes: &[u8], base: usize) -> Result<Cow<'_, [u8]>, DecodeError> {
    ber::definite(bytes).map_err(|error| damaged(error.reason, base + error.offset))
}

/// Iterations that one file may cost in all.
struct Budget(u32);

impl Budget {
    fn spend(&mut self, iterations: u32) -> Result<(), DecodeError> {
        self.0 = self.0.checked_sub(iterations).ok_or(DecodeError::Limit {
            format: Format::Pkcs12,
            what: "the sum of all iteration counts",
            found: u64::from(MAX_TOTAL_ITERATIONS - self.0) + u64::from(iterations),
            limit: u64::from(MAX_TOTAL_ITERATIONS),
        })?;
        Ok(())
    }
}

impl From<DerError> for DecodeError {
    fn from(error: DerError) -> Self {
        damaged(error.reason, error.offset)
    }
}

fn damaged(expected: &str, offset: usize) -> DecodeError {
    DecodeError::Damaged {
        format: Format::Pkcs12,
        offset,
        reason: expected.to_owned(),
    }
}

fn unsealed(error: UnsealError, offset: usize) -> DecodeError {
    match error {
        UnsealError::Damaged { reason } => damaged(reason, offset),
        UnsealError::Iterations { found, limit } => DecodeError::Limit {
            format: Format::Pkcs12,
            what: "an iteration count",
            found,
            limit,
        },
        UnsealError::Unsupported { algorithm } => DecodeError::UnsupportedAlgorithm {
            format: Format::Pkcs12,
            algorithm,
        },
        _ => WRONG_PASSWORD,
    }
}

const WRONG_PASSWORD: DecodeError = DecodeError::WrongPassword {
    format: Format::Pkcs12,
};

/// A MAC and two encrypted safes, each at the JDK's limit: some seconds.
const MAX_TOTAL_ITERATIONS: u32 = 3 * MAX_ITERATIONS;
