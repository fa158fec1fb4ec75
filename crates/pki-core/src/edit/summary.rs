use time::OffsetDateTime;

use super::{Kind, Readability, readers, visible::visible};
use crate::{
    key::{KeyAlgorithm, KeyMatch},
    keystore::{Alias, Content, Decoded, Entry, Format, Integrity, Protection, UnsealError},
    secret::Password,
    x509::{Certificate, Fingerprint, View},
};

/// What is in a store: what a list of it shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreSummary {
    /// The container.
    pub format: Format,
    /// Whether its integrity was confirmed.
    pub integrity: Integrity,
    /// The container's key derivation.
    pub kdf: Option<String>,
    /// Its iterations.
    pub iterations: Option<u32>,
    /// Its MAC.
    pub mac: Option<String>,
    /// What encrypts the container's content, each once; none if nothing does, or nothing was decrypted.
    pub protections: Vec<Protection>,
    /// Who can read the file.
    pub readers: Vec<Readability>,
    /// The entries, in the file's order.
    pub entries: Vec<EntrySummary>,
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntrySummary {
    /// Its alias.
    pub alias: Alias,
    /// Its kind.
    pub kind: Kind,
    /// When it was made, where the format says so.
    pub created: Option<OffsetDateTime>,
    /// Java finds it under its alias.
    pub java_visible: bool,
    /// A private key's state; `None` for other entries.
    pub key: Option<KeyState>,
    /// What the private key is, if it was opened: it may have no certificate that says so.
    pub algorithm: Option<KeyAlgorithm>,
    /// What protects the private key.
    pub protection: Option<Protection>,
    /// The chain, or the trusted certificate.
    pub chain: Vec<CertificateSummary>,
}

/// What is known of a private key.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyState {
    /// It opens, and belongs to another certificate than the chain's first.
    Mismatch,
    /// It opens, and belongs to its certificate as far as can be told.
    Opens,
    /// It does not open; `None`: no password was tried.
    Sealed(Option<UnsealError>),
}

impl KeyState {
    /// The name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Mismatch => "mismatch",
            Self::Opens => "opens",
            Self::Sealed(_) => "sealed",
        }
    }
}

/// One certificate. What it says is in [`Certificate::view`]; here is what a list adds to it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// The certificate.
    pub certificate: Certificate,
    /// SHA-256 of the DER.
    pub sha256: Fingerprint,
    /// SHA-1 of the DER, lower-case hex.
    pub sha1: String,
    /// SHA-256 of the SPKI; `None` if the certificate cannot be read.
    pub spki_sha256: Option<Fingerprint>,
    /// Whole days to its last moment, negative when it is over; `None` if it cannot be read.
    pub days_left: Option<i64>,
    /// Its first moment has not come.
    pub not_yet_valid: bool,
    /// Its last moment has passed.
    pub expired: bool,
}

impl CertificateSummary {
    /// The summary of a certificate at a time.
    pub fn new(certificate: &Certificate, now: OffsetDateTime) -> Self {
        let view = certificate.view().ok();
        let hex = |bytes: [u8; 20]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        Self {
            certificate: certificate.clone(),
            sha256: certificate.fingerprint(),
            sha1: hex(certificate.sha1()),
            spki_sha256: view.map(View::spki_fingerprint),
            days_left: view.map(|view| days(view.not_after, now)),
            not_yet_valid: view.is_some_and(|view| now < view.not_before),
            expired: view.is_some_and(|view| now > view.not_after),
        }
    }
}

/// Summarizes a store. `passwords` are tried on its keys, in order; without one no key is opened, and
/// nothing costs more than reading.
pub fn summary(decoded: &Decoded, passwords: &[Password], now: OffsetDateTime) -> StoreSummary {
    let entries = decoded.keystore.entries();
    let summarize = |(entry, java_visible): (&Entry, bool)| {
        let protection = match &entry.content {
            Content::PrivateKey { key, .. } => key.protection(),
            _ => None,
        };
        let chain = entry.certificates().iter();
        let (key, algorithm) = match key_state(entry, passwords) {
            Some((state, algorithm)) => (Some(state), algorithm),
            None => (None, None),
        };
        EntrySummary {
            alias: entry.alias.clone(),
            kind: Kind::of(entry),
            created: entry.created,
            java_visible,
            key,
            algorithm,
            protection,
            chain: chain
                .map(|found| CertificateSummary::new(found, now))
                .collect(),
        }
    };
    StoreSummary {
        format: decoded.format,
        integrity: decoded.integrity,
        kdf: decoded.kdf.clone(),
        iterations: decoded.iterations,
        mac: decoded.mac.clone(),
        protections: decoded
            .protections
            .iter()
            .fold(Vec::new(), |mut each, next| {
                if !each.contains(next) {
                    each.push(*next);
                }
                each
            }),
        readers: readers(decoded),
        entries: entries
            .iter()
            .zip(visible(decoded))
            .map(summarize)
            .collect(),
    }
}

/// What is known of an entry's private key, and its algorithm if it was opened.
fn key_state(entry: &Entry, passwords: &[Password]) -> Option<(KeyState, Option<KeyAlgorithm>)> {
    let Content::PrivateKey { key, chain } = &entry.content else {
        return None;
    };
    let empty = [Password::default()];
    let passwords = match key.is_unprotected() {
        true => &empty,
        false => passwords,
    };
    let mut reason = None;
    for password in passwords {
        match key.open(password) {
            Ok(key) => {
                let matches = chain.first().map(|first| key.matches(first));
                let state = match matches {
                    Some(KeyMatch::No) => KeyState::Mismatch,
                    _ => KeyState::Opens,
                };
                return Some((state, key.algorithm()));
            }
            Err(error) => reason = Some(error),
        }
    }
    Some((KeyState::Sealed(reason), None))
}

/// Whole days, rounded down: on its last day a certificate has 0 left, the day after -1.
fn days(until: OffsetDateTime, now: OffsetDateTime) -> i64 {
    (until - now).whole_seconds().div_euclid(SECONDS_A_DAY)
}

const SECONDS_A_DAY: i64 = 86_400;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{decoded, made, made_between, store_of};

    #[test]
    fn a_key_opens_is_sealed_or_belongs_to_another_certificate() {
        let (own, other) = (made("own", None), made("other", None));
        let mut wrong = own.entry("wrong", "changeit");
        if let Content::PrivateKey { chain, .. } = &mut wrong.content {
            *chain = vec![other.certificate];
        }
        let store = decoded(&store_of([
            own.entry("a", "changeit"),
            own.entry("b", "x"),
            wrong,
        ]));
        let now = OffsetDateTime::UNIX_EPOCH;
        let states = |passwords: &[Password]| {
            let entries = summary(&store, passwords, now).entries;
            let states = entries.into_iter().map(|entry| entry.key.unwrap().name());
            states.collect::<Vec<_>>()
        };
        assert_eq!(states(&[]), ["sealed"; 3]);
        assert_eq!(
            states(&[Password::new("changeit")]),
            ["opens", "sealed", "mismatch"]
        );
        let both = [Password::new("changeit"), Password::new("x")];
        assert_eq!(states(&both), ["opens", "opens", "mismatch"]);
    }

    #[test]
    fn days_left_are_counted_down_and_below_zero() {
        let made = made_between("a", 2020, 2021);
        let at = |unix| OffsetDateTime::from_unix_timestamp(unix).unwrap();
        let of = |unix| CertificateSummary::new(&made.certificate, at(unix));
        // 2021-01-01T00:00:00Z
        let end = 1_609_459_200;
        assert_eq!(of(end - 86_400).days_left, Some(1));
        assert_eq!((of(end).days_left, of(end).expired), (Some(0), false));
        assert_eq!(
            (of(end + 1).days_left, of(end + 1).expired),
            (Some(-1), true)
        );
        assert!(of(0).not_yet_valid);
        let noise = CertificateSummary::new(&Certificate::from_der(vec![1]), at(0));
        assert_eq!((noise.days_left, noise.expired), (None, false));
    }
}
