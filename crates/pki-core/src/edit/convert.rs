use std::collections::{HashMap, HashSet};

use super::{
    Change, EditError, Edited, Event, KeyPasswords, Kind, Reason, What, entries::stored,
    password::reseal,
};
use crate::{
    key::Random,
    keystore::{
        Alias, Content, Encoding, Entry, Format, Keystore, Pkcs12Profile, Protection, UnsealError,
    },
    secret::{Bytes, Password},
    x509::write_pem,
};

/// Where a store is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Target {
    /// A keystore, for [`Keystore::encode`].
    Store(Encoding),
    /// PEM, for [`write_pem_bundle`]: no aliases, no dates.
    Pem,
}

impl Target {
    /// The format that it is.
    pub const fn format(self) -> Format {
        match self {
            Self::Store(encoding) => encoding.format(),
            Self::Pem => Format::Pem,
        }
    }

    const fn protection(self) -> Protection {
        match self {
            Self::Store(encoding) => encoding.protection(),
            Self::Pem => Protection::Pbes2Aes256Sha256 {
                iterations: PEM_ITERATIONS,
            },
        }
    }
}

/// A store for another reader.
#[derive(Clone, Copy, Debug)]
pub struct Conversion<'a> {
    /// What it is now.
    pub from: Format,
    /// What it shall be.
    pub to: Target,
    /// What opens its keys: each is tried.
    pub passwords: &'a [Password],
    /// What shall open the keys. PKCS #12: the store's password, because Java takes no other.
    pub key_password: &'a Password,
    /// Entries and attributes may be lost, and a certificate that Java did not see may become trusted.
    /// Otherwise that is an error which names all of it.
    pub allow_loss: bool,
    /// Entries whose aliases differ in case alone get numbers; otherwise they are an error.
    pub number_clashes: bool,
}

/// Makes a store into one that a format can hold, and says all that changes by it: aliases, dates,
/// attributes, protection of keys, entries that have no place.
///
/// A date that the new format cannot hold goes, and is said; JKS, which needs one, gets the
/// certificate's first day. Neither is an error.
///
/// # Errors
///
/// [`EditError::Loss`] with everything that would be lost; [`EditError::AliasClash`];
/// [`EditError::Sealed`] for a key that does not open and has to: also for a secret key, if the new
/// password is none of those that the store has now.
pub fn convert(
    store: &Keystore,
    conversion: &Conversion<'_>,
    random: &mut dyn Random,
) -> Result<Edited, EditError> {
    let mut change = Change::default();
    let mut keystore = Keystore::new();
    let mut aliases = Aliases::of(store);
    for entry in store.entries() {
        let mut entry = entry.clone();
        match conversion.to {
            Target::Pem => change.say(&entry.alias, What::AliasDropped),
            _ => alias(&mut entry, &mut aliases, conversion, &mut change)?,
        }
        if let Some(reason) = misfit(&entry, conversion) {
            let (kind, reasons) = (Kind::of(&entry), vec![Reason::Unsupported { reason }]);
            change.say(&entry.alias, What::Removed { kind, reasons });
            continue;
        }
        key(&mut entry, conversion, random, &mut change)?;
        visible(&mut entry, conversion.to, &mut change);
        attributes(&mut entry, conversion.to, &mut change);
        date(&mut entry, conversion, &mut change);
        keystore.push(entry);
    }
    let losses: Vec<Event> = change.losses().cloned().collect();
    if !losses.is_empty() && !conversion.allow_loss {
        return Err(EditError::Loss {
            format: conversion.to.format(),
            events: losses,
        });
    }
    Ok(Edited { keystore, change })
}

/// Writes PEM: each key, encrypted, in front of its chain; then the trusted certificates. Everything in
/// the store's order; [`convert`] makes the store fit.
///
/// # Errors
///
/// [`EditError::Sealed`] for a key that is not sealed with PBES2, the only way that readers of PEM know,
/// and for a secret key.
pub fn write_pem_bundle(store: &Keystore) -> Result<Bytes, EditError> {
    let mut blocks = Vec::new();
    for entry in store.entries() {
        let refuse = |algorithm: &str| EditError::Sealed {
            alias: entry.alias.clone(),
            reason: UnsealError::Unsupported {
                algorithm: algorithm.to_owned(),
            },
        };
        match &entry.content {
            Content::PrivateKey { key, .. } => match (key.protection(), key.encrypted()) {
                (
                    Some(Protection::Pbes2Aes256Sha256 { .. } | Protection::Pbes2Other { .. }),
                    Some(der),
                ) => blocks.push(write_pem("ENCRYPTED PRIVATE KEY", der)),
                (_, None) => return Err(refuse("nothing")),
                _ => return Err(refuse("an algorithm of keystores alone")),
            },
            Content::SecretKey { .. } => return Err(refuse("a secret key's own encryption")),
            Content::TrustedCertificate { .. } => {}
        }
        let certificates = entry.certificates().iter();
        blocks.extend(certificates.map(|found| write_pem("CERTIFICATE", found.der())));
    }
    let length = blocks.iter().map(Bytes::len).sum();
    let mut out = Vec::with_capacity(length);
    blocks
        .iter()
        .for_each(|block| out.extend_from_slice(block.expose()));
    Ok(Bytes::from(out))
}

/// Which aliases are given, and which the store has.
struct Aliases {
    given: HashSet<String>,
    /// As Java looks them up: no number takes one.
    had: HashSet<String>,
    /// Those that an entry has in that spelling. Java finds that entry, and still does afterwards.
    right: HashSet<String>,
    numbers: HashMap<String, usize>,
}

impl Aliases {
    fn of(store: &Keystore) -> Self {
        let entries = store.entries().iter();
        let right = entries.clone().map(|entry| &entry.alias);
        let right = right.filter(|alias| alias.is_found_by_java());
        Self {
            given: HashSet::new(),
            had: entries.map(|entry| entry.alias.lookup()).collect(),
            right: right.map(|alias| alias.as_str().to_owned()).collect(),
            numbers: HashMap::new(),
        }
    }

    /// True if an entry gets the alias that Java looks up; false if another one has it.
    fn give(&mut self, alias: &Alias, lowered: &Alias) -> bool {
        let others = alias != lowered && self.right.contains(lowered.as_str());
        !others && self.given.insert(lowered.as_str().to_owned())
    }

    fn numbered(&mut self, alias: &Alias) -> Alias {
        let number = self.numbers.entry(alias.lookup()).or_insert(1);
        loop {
            *number += 1;
            let numbered = format!("{}-{number}", alias.as_str());
            if !self.had.contains(&numbered) && self.given.insert(numbered.clone()) {
                return Alias::new(numbered);
            }
        }
    }
}

fn alias(
    entry: &mut Entry,
    aliases: &mut Aliases,
    conversion: &Conversion<'_>,
    change: &mut Change,
) -> Result<(), EditError> {
    let lowered = stored(&entry.alias)?;
    if !aliases.give(&entry.alias, &lowered) {
        if !conversion.number_clashes {
            return Err(EditError::AliasClash { alias: lowered });
        }
        let from = std::mem::replace(&mut entry.alias, aliases.numbered(&lowered));
        change.say(&entry.alias, What::Renamed { from });
    } else if entry.alias != lowered {
        let was = std::mem::replace(&mut entry.alias, lowered);
        change.say(&entry.alias, What::AliasLowered { was });
    }
    Ok(())
}

/// Why the format has no place for an entry.
fn misfit(entry: &Entry, conversion: &Conversion<'_>) -> Option<&'static str> {
    let secret = matches!(entry.content, Content::SecretKey { .. });
    if !secret || conversion.from == conversion.to.format() {
        return None;
    }
    Some(match conversion.to.format() {
        Format::Pkcs12 => "a secret key is carried within its own format alone",
        Format::Jks => "a JKS holds no secret keys",
        _ => "it holds no secret keys",
    })
}

fn key(
    entry: &mut Entry,
    conversion: &Conversion<'_>,
    random: &mut dyn Random,
    change: &mut Change,
) -> Result<(), EditError> {
    let stays = match &entry.content {
        Content::PrivateKey { key, .. } => fits(key.protection(), conversion.to),
        // Under another password of the store nobody would look for one of the old ones.
        Content::SecretKey { .. } => conversion.passwords.contains(conversion.key_password),
        Content::TrustedCertificate { .. } => return Ok(()),
    };
    let passwords = KeyPasswords {
        old: conversion.passwords,
        new: conversion.key_password,
        protection: Some(conversion.to.protection()),
        only: None,
        keep_unopened: true,
    };
    match reseal(entry, &passwords, random) {
        Ok(None | Some(What::Unchanged)) => {}
        Ok(Some(what)) => change.say(&entry.alias, what),
        Err(reason) if stays => change.say(&entry.alias, What::KeyKept { reason }),
        Err(reason) => {
            return Err(EditError::Sealed {
                alias: entry.alias.clone(),
                reason,
            });
        }
    }
    Ok(())
}

/// True if a key may stay sealed as it is.
fn fits(protection: Option<Protection>, to: Target) -> bool {
    use Protection::{Jks, Pbes2Aes256Sha256, Pbes2Other, Sha1Rc2, Sha1TripleDes};
    matches!(
        (to, protection),
        (Target::Store(Encoding::Jks), Some(Jks))
            | (
                Target::Store(Encoding::Pkcs12(_)),
                Some(Sha1Rc2 { .. } | Sha1TripleDes { .. })
            )
            | (
                Target::Store(Encoding::Pkcs12(Pkcs12Profile::Modern)) | Target::Pem,
                Some(Pbes2Aes256Sha256 { .. } | Pbes2Other { .. }),
            )
    )
}

/// A JKS has no certificate that Java does not see.
fn visible(entry: &mut Entry, to: Target, change: &mut Change) {
    if to.format() == Format::Jks
        && let Content::TrustedCertificate { java_visible, .. } = &mut entry.content
        && !*java_visible
    {
        *java_visible = true;
        change.say(&entry.alias, What::MadeVisible);
    }
}

fn attributes(entry: &mut Entry, to: Target, change: &mut Change) {
    if to.format() == Format::Pkcs12 || entry.attributes.is_empty() {
        return;
    }
    let dropped = std::mem::take(&mut entry.attributes).into_iter();
    let oids = dropped.map(|attribute| attribute.oid).collect();
    change.say(&entry.alias, What::AttributesDropped { oids });
}

fn date(entry: &mut Entry, conversion: &Conversion<'_>, change: &mut Change) {
    let trusted = matches!(entry.content, Content::TrustedCertificate { .. });
    let was = entry.created;
    let now = match conversion.to.format() {
        // A date that no calendar holds is kept aside, and written again.
        Format::Jks if conversion.from == Format::Jks => was,
        Format::Jks => was.or_else(|| {
            let first = entry.certificates().first()?;
            Some(first.view().ok()?.not_before)
        }),
        Format::Pkcs12 if !trusted => was,
        _ => None,
    };
    if was != now {
        entry.created = now;
        change.say(&entry.alias, What::DateChanged { was, now });
    }
}

/// OWASP's figure for PBKDF2-HMAC-SHA-256, as the CA's key has it.
const PEM_ITERATIONS: u32 = 600_000;

#[cfg(test)]
mod tests {
    use time::OffsetDateTime;

    use super::*;
    use crate::{
        edit::testing::{made, store_of},
        key::SystemRandom,
        keystore::Attribute,
    };

    fn to(from: Format, to: Target) -> Conversion<'static> {
        let password = Box::leak(Box::new([Password::new("changeit")]));
        Conversion {
            from,
            to,
            passwords: password,
            key_password: &password[0],
            allow_loss: false,
            number_clashes: false,
        }
    }

    fn converted(store: &Keystore, asked: &Conversion<'_>) -> Result<Edited, EditError> {
        convert(store, asked, &mut SystemRandom)
    }

    const MODERN: Target = Target::Store(Encoding::Pkcs12(Pkcs12Profile::Modern));
    const JKS: Target = Target::Store(Encoding::Jks);

    #[test]
    fn jks_to_pkcs12_says_what_becomes_of_aliases_dates_and_keys() {
        let ca = made("ca", None);
        let date = Some(OffsetDateTime::UNIX_EPOCH);
        let store = store_of([
            ca.entry("key", "changeit").created(date),
            Entry::trusted("CA", ca.certificate.clone()).created(date),
        ]);
        let edited = converted(&store, &to(Format::Jks, MODERN)).unwrap();
        let said: Vec<_> = edited
            .change
            .events
            .iter()
            .map(|event| &event.what)
            .collect();
        let now = Some(Protection::Pbes2Aes256Sha256 { iterations: 10_000 });
        assert_eq!(
            said,
            [
                &What::KeyResealed {
                    was: Some(Protection::Jks),
                    now,
                    other_password: false,
                },
                &What::AliasLowered { was: "CA".into() },
                &What::DateChanged {
                    was: date,
                    now: None
                },
            ]
        );
        let password = Password::new("changeit");
        let encoding = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let bytes = edited
            .keystore
            .encode(encoding, &password, &mut SystemRandom)
            .unwrap();
        let read = Keystore::decode(bytes.expose(), &password).unwrap();
        assert_eq!(read.keystore, edited.keystore);
        let again = converted(&read.keystore, &to(Format::Pkcs12, MODERN)).unwrap();
        assert!(again.change.is_empty());
    }

    #[test]
    fn what_the_format_cannot_hold_is_refused_by_name_unless_allowed() {
        let ca = made("ca", None);
        let mut marked = Entry::trusted("marked", ca.certificate.clone());
        marked.attributes.push(Attribute::new("1.2.3", [0x30, 0]));
        let secret = Content::SecretKey {
            sealed: Bytes::from(&b"x"[..]),
        };
        let hidden = Content::TrustedCertificate {
            certificate: ca.certificate.clone(),
            java_visible: false,
        };
        let store = store_of([
            marked,
            Entry::of("aes", secret),
            Entry::of("hidden", hidden),
        ]);
        let mut asked = to(Format::Pkcs12, JKS);
        let Err(EditError::Loss { events, .. }) = converted(&store, &asked) else {
            panic!("nothing was refused");
        };
        let aliases: Vec<_> = events.iter().map(|event| event.alias.as_str()).collect();
        assert_eq!(aliases, ["marked", "aes", "hidden"]);
        asked.allow_loss = true;
        let edited = converted(&store, &asked).unwrap();
        assert_eq!(edited.keystore.entries().len(), 2);
        let not_before = ca.certificate.view().unwrap().not_before;
        assert_eq!(edited.keystore.entries()[0].created, Some(not_before));
    }

    #[test]
    fn aliases_that_differ_in_case_alone_are_refused_or_numbered() {
        let ca = made("ca", None).certificate;
        let entry = |alias: &str| Entry::trusted(alias, ca.clone());
        let store = store_of([
            entry("Alpha"),
            entry("alpha"),
            entry("alpha-2"),
            entry("ALPHA"),
        ]);
        let mut asked = to(Format::Jks, JKS);
        let clash = EditError::AliasClash {
            alias: "alpha".into(),
        };
        assert_eq!(converted(&store, &asked), Err(clash));
        asked.number_clashes = true;
        let edited = converted(&store, &asked).unwrap();
        let entries = edited.keystore.entries().iter();
        let aliases: Vec<_> = entries.map(|entry| entry.alias.as_str()).collect();
        assert_eq!(aliases, ["alpha-3", "alpha", "alpha-2", "alpha-4"]);
    }

    #[test]
    fn a_key_that_does_not_open_stays_where_it_fits_and_is_refused_elsewhere() {
        let store = store_of([made("a", None).entry("a", "unknown")]);
        let kept = converted(&store, &to(Format::Jks, JKS)).unwrap();
        assert_eq!(kept.keystore, store);
        assert!(kept.change.is_empty());
        let refused = converted(&store, &to(Format::Jks, MODERN));
        assert!(matches!(refused, Err(EditError::Sealed { .. })));
    }

    #[test]
    fn a_pem_bundle_has_each_key_before_its_chain() {
        let (a, b) = (made("a", None), made("b", None));
        let store = store_of([
            Entry::trusted("b", b.certificate.clone()),
            a.entry("a", "changeit"),
        ]);
        assert!(write_pem_bundle(&store).is_err());
        let fit = converted(&store, &to(Format::Jks, Target::Pem))
            .unwrap()
            .keystore;
        let text = write_pem_bundle(&fit).unwrap();
        let read = Keystore::decode(text.expose(), &Password::default()).unwrap();
        let entries = read.keystore.entries();
        assert_eq!(entries[0].certificates(), [a.certificate]);
        assert_eq!(entries[1].certificates(), [b.certificate]);
    }
}
