use std::collections::{HashMap, VecDeque};

use time::OffsetDateTime;

use super::Kind;
use crate::{
    key::PrivateKey,
    keystore::{Alias, Content, Entry, Keystore, Protection},
    secret::Password,
    x509::{Certificate, Fingerprint},
};

/// How two stores differ, entry by entry; none if they mean the same.
///
/// Entries are paired by alias as Java looks it up, then those that are left by what they hold. The
/// order of entries is no difference.
pub fn diff(left: Side<'_>, right: Side<'_>) -> Vec<Difference> {
    let mut by_alias: HashMap<String, VecDeque<&Entry>> = HashMap::new();
    for entry in right.keystore.entries() {
        by_alias
            .entry(entry.alias.lookup())
            .or_default()
            .push_back(entry);
    }
    let mut differences = Vec::new();
    let mut alone = Vec::new();
    for entry in left.keystore.entries() {
        let namesakes = by_alias.get_mut(&entry.alias.lookup());
        let Some(other) = namesakes.and_then(VecDeque::pop_front) else {
            alone.push(entry);
            continue;
        };
        let aspects = aspects(entry, other, left, right);
        if !aspects.is_empty() {
            let alias = entry.alias.clone();
            differences.push(Difference::Changed { alias, aspects });
        }
    }
    let mut only_right: Vec<Option<&Entry>> = Vec::new();
    let mut by_content: HashMap<Held, VecDeque<usize>> = HashMap::new();
    for entry in right.keystore.entries() {
        let rest = by_alias.get_mut(&entry.alias.lookup());
        if let Some(rest) = rest
            && rest
                .front()
                .is_some_and(|first| std::ptr::eq(*first, entry))
        {
            rest.pop_front();
            let places = by_content.entry(held(entry)).or_default();
            places.push_back(only_right.len());
            only_right.push(Some(entry));
        }
    }
    for entry in alone {
        let places = match entry.certificates() {
            [] => None,
            _ => by_content.get_mut(&held(entry)),
        };
        let twin = places.and_then(VecDeque::pop_front);
        if let Some(other) = twin.and_then(|at| only_right[at].take()) {
            differences.push(Difference::Renamed {
                left: entry.alias.clone(),
                right: other.alias.clone(),
                aspects: aspects(entry, other, left, right)
                    .into_iter()
                    .filter(|aspect| !matches!(aspect, Aspect::AliasSpelling { .. }))
                    .collect(),
            });
        } else {
            differences.push(Difference::OnlyLeft(Lone::of(entry)));
        }
    }
    let only_right = only_right.into_iter().flatten();
    differences.extend(only_right.map(|entry| Difference::OnlyRight(Lone::of(entry))));
    differences
}

/// One of the stores that are compared.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    /// The store.
    pub keystore: &'a Keystore,
    /// What opens its keys, each is tried; without it keys are known by their certificates.
    pub passwords: &'a [Password],
}

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Difference {
    /// The entry is in both, and differs.
    Changed {
        /// Its alias, as the left store spells it.
        alias: Alias,
        /// In what.
        aspects: Vec<Aspect>,
    },
    /// Only the left store has it.
    OnlyLeft(Lone),
    /// Only the right store has it.
    OnlyRight(Lone),
    /// It is in both under different aliases.
    Renamed {
        /// The left store's alias.
        left: Alias,
        /// The right store's.
        right: Alias,
        /// What else differs.
        aspects: Vec<Aspect>,
    },
}

/// An entry that one of two stores has.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lone {
    /// Its alias.
    pub alias: Alias,
    /// Its kind.
    pub kind: Kind,
    /// Its certificates.
    pub certificates: Vec<Certificate>,
}

impl Lone {
    fn of(entry: &Entry) -> Self {
        Self {
            alias: entry.alias.clone(),
            kind: Kind::of(entry),
            certificates: entry.certificates().to_vec(),
        }
    }
}

/// In what two entries differ.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Aspect {
    /// The spelling of the alias, which Java does not see in PKCS #12, and stumbles over in JKS.
    AliasSpelling {
        /// Left.
        left: Alias,
        /// Right.
        right: Alias,
    },
    /// Attributes of PKCS #12.
    Attributes,
    /// The trusted, or the end-entity certificate.
    Certificate {
        /// Left; none in a key entry without chain.
        left: Option<Certificate>,
        /// Right.
        right: Option<Certificate>,
    },
    /// The rest of the chain.
    Chain {
        /// Left, with the end-entity certificate.
        left: Vec<Certificate>,
        /// Right.
        right: Vec<Certificate>,
    },
    /// The date.
    Created {
        /// Left.
        left: Option<OffsetDateTime>,
        /// Right.
        right: Option<OffsetDateTime>,
    },
    /// Whether Java sees it.
    JavaVisible {
        /// Left.
        left: bool,
        /// Right.
        right: bool,
    },
    /// The private or secret key itself.
    Key {
        /// True if that was seen; false if one of them does not open and nothing tells that they are the
        /// same.
        proven: bool,
    },
    /// The kind of entry.
    Kind {
        /// Left.
        left: Kind,
        /// Right.
        right: Kind,
    },
    /// How the key is protected.
    Protection {
        /// Left.
        left: Option<Protection>,
        /// Right.
        right: Option<Protection>,
    },
}

fn aspects(a: &Entry, b: &Entry, left: Side<'_>, right: Side<'_>) -> Vec<Aspect> {
    let mut out = Vec::new();
    if a.alias != b.alias {
        let (left, right) = (a.alias.clone(), b.alias.clone());
        out.push(Aspect::AliasSpelling { left, right });
    }
    let (kind_a, kind_b) = (Kind::of(a), Kind::of(b));
    if kind_a != kind_b {
        let (left, right) = (kind_a, kind_b);
        out.push(Aspect::Kind { left, right });
    }
    let (chain_a, chain_b) = (a.certificates(), b.certificates());
    if chain_a.first() != chain_b.first() {
        let (left, right) = (chain_a.first().cloned(), chain_b.first().cloned());
        out.push(Aspect::Certificate { left, right });
    } else if chain_a != chain_b {
        let (left, right) = (chain_a.to_vec(), chain_b.to_vec());
        out.push(Aspect::Chain { left, right });
    }
    out.extend(content(a, b, left, right));
    // A format that keeps no date says nothing against one that does.
    if a.created.is_some() && b.created.is_some() && a.created != b.created {
        let (left, right) = (a.created, b.created);
        out.push(Aspect::Created { left, right });
    }
    if a.attributes != b.attributes {
        out.push(Aspect::Attributes);
    }
    out
}

fn content(a: &Entry, b: &Entry, left: Side<'_>, right: Side<'_>) -> Vec<Aspect> {
    let mut out = Vec::new();
    match (&a.content, &b.content) {
        (Content::PrivateKey { key: one, .. }, Content::PrivateKey { key: other, .. })
            if one != other =>
        {
            let keys = (open(a, left.passwords), open(b, right.passwords));
            match keys {
                (Some(one), Some(other)) if one == other => {}
                (Some(_), Some(_)) => out.push(Aspect::Key { proven: true }),
                // Over the same key by what the certificates say.
                _ if same_spki(a, b) => {}
                _ => out.push(Aspect::Key { proven: false }),
            }
            let (left, right) = (one.protection(), other.protection());
            if left != right {
                out.push(Aspect::Protection { left, right });
            }
        }
        (Content::SecretKey { sealed: one }, Content::SecretKey { sealed: other })
            if one != other =>
        {
            out.push(Aspect::Key { proven: false });
        }
        (
            Content::TrustedCertificate {
                java_visible: left, ..
            },
            Content::TrustedCertificate {
                java_visible: right,
                ..
            },
        ) if left != right => {
            let (left, right) = (*left, *right);
            out.push(Aspect::JavaVisible { left, right });
        }
        _ => {}
    }
    out
}

fn open(entry: &Entry, passwords: &[Password]) -> Option<PrivateKey> {
    let Content::PrivateKey { key, .. } = &entry.content else {
        return None;
    };
    if key.is_unprotected() {
        return key.open(&Password::default()).ok();
    }
    passwords
        .iter()
        .find_map(|password| key.open(password).ok())
}

fn same_spki(a: &Entry, b: &Entry) -> bool {
    let spki = |entry: &Entry| {
        let view = entry.certificates().first()?.view().ok()?;
        Some(view.spki_fingerprint())
    };
    matches!((spki(a), spki(b)), (Some(a), Some(b)) if a == b)
}

/// What an entry holds, whatever it is called.
type Held = (Kind, Vec<Fingerprint>);

fn held(entry: &Entry) -> Held {
    let certificates = entry.certificates().iter();
    (
        Kind::of(entry),
        certificates.map(Certificate::fingerprint).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{made, store_of};

    fn compared(left: &Keystore, right: &Keystore) -> Vec<Difference> {
        let passwords = &[Password::new("1"), Password::new("2")];
        diff(
            Side {
                keystore: left,
                passwords,
            },
            Side {
                keystore: right,
                passwords,
            },
        )
    }

    #[test]
    fn the_same_in_another_order_and_sealed_anew_does_not_differ() {
        let own = made("own", None);
        let ca = Entry::trusted("ca", own.certificate.clone());
        let left = store_of([own.entry("k", "1"), ca.clone()]);
        let right = store_of([ca, own.entry("k", "2")]);
        assert_eq!(compared(&left, &right), []);
    }

    #[test]
    fn what_differs_is_told_by_entry() {
        let [x, y, z] = ["x", "y", "z"].map(|name| made(name, None).certificate);
        let date = Some(OffsetDateTime::UNIX_EPOCH);
        let later = date.map(|date| date + time::Duration::DAY);
        let left = store_of([
            Entry::trusted("undated", x.clone()).created(later),
            Entry::trusted("same", x.clone()).created(later),
            Entry::trusted("Other", x.clone()),
            Entry::trusted("gone", y.clone()),
            Entry::trusted("moved", z.clone()),
        ]);
        let right = store_of([
            Entry::trusted("new", x.clone()),
            Entry::trusted("undated", x.clone()),
            Entry::trusted("same", x.clone()).created(date),
            Entry::trusted("other", y.clone()),
            Entry::trusted("there", z),
        ]);
        let lone = |alias: &str, certificate: &Certificate| Lone {
            alias: alias.into(),
            kind: Kind::TrustedCertificate,
            certificates: vec![certificate.clone()],
        };
        assert_eq!(
            compared(&left, &right),
            [
                Difference::Changed {
                    alias: "same".into(),
                    aspects: vec![Aspect::Created {
                        left: later,
                        right: date
                    }],
                },
                Difference::Changed {
                    alias: "Other".into(),
                    aspects: vec![
                        Aspect::AliasSpelling {
                            left: "Other".into(),
                            right: "other".into()
                        },
                        Aspect::Certificate {
                            left: Some(x.clone()),
                            right: Some(y.clone())
                        },
                    ],
                },
                Difference::OnlyLeft(lone("gone", &y)),
                Difference::Renamed {
                    left: "moved".into(),
                    right: "there".into(),
                    aspects: vec![],
                },
                Difference::OnlyRight(lone("new", &x)),
            ]
        );
    }

    #[test]
    fn another_key_is_seen_where_both_open_and_suspected_elsewhere() {
        let (a, b) = (made("a", None), made("a", None));
        let left = store_of([a.entry("k", "1")]);
        let key = |right: &Keystore| match &compared(&left, right)[..] {
            [Difference::Changed { aspects, .. }] => aspects.last().cloned(),
            _ => None,
        };
        let proven = Some(Aspect::Key { proven: true });
        assert_eq!(key(&store_of([b.entry("k", "2")])), proven);
        let unproven = Some(Aspect::Key { proven: false });
        assert_eq!(key(&store_of([b.entry("k", "unknown")])), unproven);
        assert_eq!(compared(&left, &store_of([a.entry("k", "unknown")])), []);
    }
}
