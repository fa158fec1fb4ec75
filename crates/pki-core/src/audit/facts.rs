//! What is kept of a store when its content is gone: enough to hold it beside others, and to tell of it.

use std::{
    collections::{HashMap, hash_map::DefaultHasher},
    hash::{Hash, Hasher},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use time::OffsetDateTime;

use super::Purpose;
use crate::{
    edit::{self, Fault},
    keystore::{Alias, Content, Decoded, Format, Keystore},
    wso2::{KnownKey, known_certificate},
    x509::{Certificate, Fingerprint, View, name::Comparable},
};

/// A store that was looked at.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Looked {
    /// Its path.
    pub path: Arc<str>,
    /// The node whose it is.
    pub node: Option<Arc<str>>,
    /// What it is for.
    pub purpose: Purpose,
    /// SHA-256 of its content.
    pub sha256: Fingerprint,
    /// True for a file of the topology's workspace.
    pub in_workspace: bool,
    /// Verification judged it beside the others.
    pub verified: bool,
    /// What is in it.
    pub facts: Arc<StoreFacts>,
}

/// What is in a store.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct StoreFacts {
    /// The container; `None` if it could not be read.
    pub format: Option<Format>,
    /// Private keys.
    pub keys: Vec<KeyFacts>,
    /// Trusted certificates, with their aliases.
    pub trusted: Vec<(Box<str>, Arc<CertificateFacts>)>,
}

/// What is known of a private-key entry.
#[derive(Debug)]
#[non_exhaustive]
pub struct KeyFacts {
    /// Its alias.
    pub alias: Box<str>,
    /// Its chain, end-entity certificate first. What cannot be read is left out.
    pub chain: Vec<Arc<CertificateFacts>>,
    /// Who would be next, where the chain ends before a self-signed certificate.
    pub missing_issuer: Option<Box<str>>,
}

/// What a certificate says, in short.
#[derive(Debug)]
#[non_exhaustive]
pub struct CertificateFacts {
    /// SHA-256 of its DER.
    pub sha256: Fingerprint,
    /// SHA-256 of its SPKI: which key.
    pub spki: Fingerprint,
    /// Whom it is about, for people.
    pub subject: Box<str>,
    /// Who signed, for people.
    pub issuer: Box<str>,
    /// The serial number's content octets.
    pub serial: Box<[u8]>,
    /// Its first moment.
    pub not_before: OffsetDateTime,
    /// Its last moment.
    pub not_after: OffsetDateTime,
    /// It may issue.
    pub is_ca: bool,
    /// Its issuer's name is its own.
    pub is_self_issued: bool,
    /// The key that everybody owns, if it is one.
    pub known: Option<&'static KnownKey>,
    pub(super) links: Links,
}

/// How certificates find each other: hashes of names and key identifiers, since comparing is all that is
/// done with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links {
    subject: u64,
    issuer: u64,
    subject_key: Option<u64>,
    authority_key: Option<u64>,
}

/// Anchors to which the same chains lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct AnchorId {
    subject: u64,
    subject_key: Option<u64>,
    spki: Fingerprint,
}

impl StoreFacts {
    /// True for a keystore whose certificates are there to be trusted: it has no private key.
    pub(crate) fn is_truststore(&self) -> bool {
        let keystore = !matches!(
            self.format,
            None | Some(Format::Pem | Format::Der | Format::Pkcs7)
        );
        keystore && self.keys.is_empty() && !self.trusted.is_empty()
    }

    /// The trusted certificate under an alias, as Java finds it.
    pub(crate) fn trusted_as(&self, alias: &str) -> Option<&CertificateFacts> {
        let mut trusted = self.trusted.iter();
        let found = trusted.find(|(name, _)| name.to_lowercase() == alias);
        found.map(|(_, certificate)| &**certificate)
    }
}

impl CertificateFacts {
    fn of(certificate: &Certificate, view: &View) -> Self {
        Self {
            sha256: certificate.fingerprint(),
            spki: view.spki_fingerprint(),
            subject: view.subject.readable().to_string().into(),
            issuer: view.issuer.readable().to_string().into(),
            serial: view.serial.as_slice().into(),
            not_before: view.not_before,
            not_after: view.not_after,
            is_ca: view.is_ca(),
            is_self_issued: view.subject == view.issuer,
            known: known_certificate(certificate),
            links: Links {
                subject: name(&view.subject_key),
                issuer: name(&view.issuer_key),
                subject_key: view.subject_key_id.as_deref().map(hash),
                authority_key: view.authority_key_id.as_deref().map(hash),
            },
        }
    }

    /// True if the names, and the key identifiers where both have one, say that `issuer` signed this. Its
    /// signature was not looked at. A certificate that names itself and no key has signed itself: others
    /// of its name have nothing to do with it, as the product's default certificates, which share one.
    pub(crate) fn names_as_issuer(&self, issuer: &Self) -> bool {
        let (own, other) = (&self.links, &issuer.links);
        let keys_fit = match (own.authority_key, other.subject_key) {
            (Some(wanted), Some(found)) => wanted == found,
            _ => !self.is_self_issued,
        };
        own.issuer == other.subject && keys_fit
    }

    /// True if the other one has the same subject and the same key: for Java the same anchor.
    pub(crate) fn is_same_anchor(&self, other: &Self) -> bool {
        self.sha256 == other.sha256
            || self.links.subject == other.links.subject && self.spki == other.spki
    }

    /// The subject's and the issuer's name, for looking certificates up.
    pub(crate) fn names(&self) -> (u64, u64) {
        (self.links.subject, self.links.issuer)
    }

    /// What decides which chains lead to this as an anchor: the same for the old and the new certificate of
    /// an authority that kept its key.
    pub(crate) fn anchor(&self) -> AnchorId {
        AnchorId {
            subject: self.links.subject,
            subject_key: self.links.subject_key,
            spki: self.spki,
        }
    }
}

/// The facts of every certificate, each once.
#[derive(Debug, Default)]
pub(super) struct Certificates {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Debug, Default)]
struct Shard {
    facts: HashMap<Fingerprint, Arc<CertificateFacts>>,
    /// Authorities as they were read: a thousand truststores hold the same ones.
    authorities: HashMap<Fingerprint, Certificate>,
}

impl Certificates {
    /// Puts those that were read before in the place of the authorities of a store, so that each is read
    /// once.
    pub(super) fn share(&self, keystore: &mut Keystore) {
        for certificate in keystore.certificates_mut() {
            let shard = self.shard(certificate.fingerprint());
            if let Some(read) = shard.authorities.get(&certificate.fingerprint()) {
                *certificate = read.clone();
            }
        }
    }

    /// What a store holds.
    pub(super) fn facts(&self, decoded: &Decoded, faults: &[edit::Finding]) -> StoreFacts {
        let mut facts = StoreFacts {
            format: Some(decoded.format),
            ..StoreFacts::default()
        };
        for entry in decoded.keystore.entries() {
            let alias = || entry.alias.as_str().into();
            match &entry.content {
                Content::PrivateKey { chain, .. } => {
                    let chain = chain.iter().filter_map(|it| self.of(it)).collect();
                    facts.keys.push(KeyFacts {
                        alias: alias(),
                        chain,
                        missing_issuer: missing_issuer(&entry.alias, faults),
                    });
                }
                Content::TrustedCertificate { certificate, .. } => {
                    let certificate = self.of(certificate);
                    let trusted = certificate.map(|certificate| (alias(), certificate));
                    facts.trusted.extend(trusted);
                }
                Content::SecretKey { .. } => {}
            }
        }
        facts
    }

    fn of(&self, certificate: &Certificate) -> Option<Arc<CertificateFacts>> {
        let sha256 = certificate.fingerprint();
        if let Some(facts) = self.shard(sha256).facts.get(&sha256) {
            return Some(facts.clone());
        }
        let facts = Arc::new(CertificateFacts::of(certificate, certificate.view().ok()?));
        let mut shard = self.shard(sha256);
        if facts.is_ca && shard.authorities.len() < MOST_AUTHORITIES {
            shard.authorities.insert(sha256, certificate.clone());
        }
        Some(shard.facts.entry(sha256).or_insert(facts).clone())
    }

    fn shard(&self, sha256: Fingerprint) -> MutexGuard<'_, Shard> {
        let shard = &self.shards[usize::from(sha256.as_bytes()[0]) % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing_issuer(alias: &Alias, faults: &[edit::Finding]) -> Option<Box<str>> {
    let mut own = faults
        .iter()
        .filter(|found| found.alias.as_ref() == Some(alias));
    own.find_map(|found| match &found.fault {
        Fault::ChainIncomplete { issuer, .. } => Some(issuer.readable().to_string().into()),
        _ => None,
    })
}

fn name(name: &Comparable) -> u64 {
    hash(name)
}

/// Equal for what is equal, in every run.
fn hash(value: impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

/// So that the threads of a machine seldom wait for each other.
const SHARDS: usize = 16;
/// In each shard: 4,096 in all, ten times what the vendors of truststores have between them. Beyond that
/// memory would grow with what is looked at.
const MOST_AUTHORITIES: usize = 256;
