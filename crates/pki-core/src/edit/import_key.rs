use time::OffsetDateTime;

use super::{
    Change, EditError, Edited, Kind, Material, Pool, Root, What, arrange,
    chain::Arranged,
    entries::{Places, stored},
};
use crate::{
    key::{KeyMatch, PrivateKey, Random},
    keystore::{Alias, Content, Encoding, Entry, Format, Keystore, SealedKey},
    secret::Password,
    x509::Certificate,
};

/// A private key to be put into a store with its chain.
#[derive(Clone, Copy, Debug)]
pub struct KeyImport<'a> {
    /// What it will be called; written in lower case.
    pub alias: &'a Alias,
    /// The key and its certificates, in any order.
    pub material: &'a Material,
    /// Which key, if the material is a keystore with several.
    pub source: Option<&'a Alias>,
    /// Certificates that may complete the chain, besides those of the store itself.
    pub extra: &'a [Certificate],
    /// What becomes of the chain's self-signed end.
    pub root: Root,
    /// An entry with that alias may go.
    pub replace: bool,
    /// The password for the key; Java's readers mostly want the store's.
    pub key_password: &'a Password,
    /// How the store is written: the key is protected accordingly.
    pub encoding: Encoding,
    /// The entry's date, unless the key brings one.
    pub now: OffsetDateTime,
}

/// Puts a private key into a store, with its chain in order and as complete as can be.
///
/// The end-entity certificate is the one over the key, wherever it stands among those given. Every other
/// entry keeps its date and its place; a replaced entry gives its place to the new one.
///
/// # Errors
///
/// [`EditError::KeyMismatch`], [`EditError::AliasTaken`], [`EditError::NoKey`],
/// [`EditError::SeveralKeys`], [`EditError::NoCertificate`], [`EditError::Unreadable`],
/// [`EditError::Sealed`] if the protection cannot take the password.
pub fn import_key(
    store: &Keystore,
    import: &KeyImport<'_>,
    random: &mut dyn Random,
) -> Result<Edited, EditError> {
    let alias = stored(import.alias)?;
    let material = import.material.key(import.source)?;
    let loose = import.material.loose_certificates();
    let given = match material.chain.as_slice() {
        [] => loose.as_slice(),
        chain => chain,
    };
    let mut change = Change::default();
    let head = head(&alias, &material.key, given, &mut change)?;
    let others = loose.iter().chain(import.extra);
    let arranged = arrange(head, given, &pool(others, store), import.root);

    let places = Places::of(store);
    let mut keystore = store.clone();
    if let Some(old) = places.in_the_way(&alias)? {
        if is_same(old, &material.key, import.key_password)
            && reads_alike(old, &arranged.chain, store, import.encoding)
        {
            let mut change = Change::default();
            change.say(&alias, What::Unchanged);
            return Ok(Edited { keystore, change });
        }
        if !import.replace {
            return Err(EditError::AliasTaken { alias });
        }
        let (was, certificates) = (Kind::of(old), old.certificates().to_vec());
        change.say(&alias, What::Replaced { was, certificates });
    } else {
        let kind = Kind::PrivateKey;
        change.say(&alias, What::Added { kind, store: 0 });
    }
    let chain = report(&alias, arranged, &mut change);
    let sealed = SealedKey::seal(
        &material.key,
        import.key_password,
        import.encoding.protection(),
        random,
    )
    .map_err(|reason| EditError::Sealed {
        alias: alias.clone(),
        reason,
    })?;
    let created = material.created.or(Some(import.now));
    keystore.insert(Entry::private_key(alias, sealed, chain).created(created));
    Ok(Edited { keystore, change })
}

/// A CA's reply for a key that is in the store.
#[derive(Clone, Copy, Debug)]
pub struct ReplyImport<'a> {
    /// The key's entry.
    pub alias: &'a Alias,
    /// What the CA sent, in any order.
    pub certificates: &'a [Certificate],
    /// Certificates that may complete the chain, besides those of the store itself.
    pub extra: &'a [Certificate],
    /// What becomes of the chain's self-signed end.
    pub root: Root,
    /// Opens the key, so that the reply is held against it; without one it is held against the
    /// certificate that the entry has.
    pub key_password: Option<&'a Password>,
    /// How the store is written.
    pub encoding: Encoding,
    /// The entry's date.
    pub now: OffsetDateTime,
}

/// Gives a key the chain that a CA sent for it. The key stays sealed as it is.
///
/// # Errors
///
/// [`EditError::KeyMismatch`] if the reply is for another key; [`EditError::NoEntry`],
/// [`EditError::NotAKey`], [`EditError::NoCertificate`], [`EditError::Unreadable`],
/// [`EditError::Sealed`] if the password does not open the key.
pub fn import_reply(store: &Keystore, import: &ReplyImport<'_>) -> Result<Edited, EditError> {
    let at = Places::of(store).find(import.alias)?;
    let entry = &store.entries()[at];
    let alias = entry.alias.clone();
    let Content::PrivateKey { key, chain: old } = &entry.content else {
        return Err(EditError::NotAKey { alias });
    };
    let mut change = Change::default();
    let head = match (import.key_password, old.first()) {
        (Some(password), _) => {
            let key = key.open(password).map_err(|reason| EditError::Sealed {
                alias: alias.clone(),
                reason,
            })?;
            head(&alias, &key, import.certificates, &mut change)?
        }
        (None, Some(current)) => head_like(&alias, current, import.certificates)?,
        (None, None) => {
            change.say(&alias, What::KeyUnproven);
            import
                .certificates
                .first()
                .ok_or(EditError::NoCertificate)?
        }
    };
    let pool = pool(import.extra.iter(), store);
    let arranged = arrange(head, import.certificates, &pool, import.root);
    if reads_alike(entry, &arranged.chain, store, import.encoding) {
        let mut change = Change::default();
        change.say(&alias, What::Unchanged);
        let keystore = store.clone();
        return Ok(Edited { keystore, change });
    }
    change.say(&alias, What::ChainReplaced { was: old.clone() });
    let chain = report(&alias, arranged, &mut change);
    let key = key.clone();
    let mut entries = store.entries().to_vec();
    let mut entry = entry.clone().created(Some(import.now));
    entry.content = Content::PrivateKey { key, chain };
    entries[at] = entry;
    Ok(Edited {
        keystore: entries.into_iter().collect(),
        change,
    })
}

/// The certificate over a key.
fn head<'c>(
    alias: &Alias,
    key: &PrivateKey,
    given: &'c [Certificate],
    change: &mut Change,
) -> Result<&'c Certificate, EditError> {
    let first = given.first().ok_or(EditError::NoCertificate)?;
    if key.spki().is_err() {
        // DSA, unknown algorithms: the order of the file is all there is.
        readable(alias, first)?;
        change.say(alias, What::KeyUnproven);
        return Ok(first);
    }
    let own = |certificate: &&Certificate| key.matches(certificate) == KeyMatch::Yes;
    match given.iter().find(own) {
        Some(head) => Ok(head),
        None => Err(mismatch(alias, given)?),
    }
}

/// The certificate over the same key as another one.
fn head_like<'c>(
    alias: &Alias,
    current: &Certificate,
    given: &'c [Certificate],
) -> Result<&'c Certificate, EditError> {
    given.first().ok_or(EditError::NoCertificate)?;
    let spki = &readable(alias, current)?.spki;
    let own = |found: &&Certificate| found.view().is_ok_and(|view| view.spki == *spki);
    match given.iter().find(own) {
        Some(head) => Ok(head),
        None => Err(mismatch(alias, given)?),
    }
}

/// The error for certificates none of which fits: that one cannot be read may be why.
fn mismatch(alias: &Alias, given: &[Certificate]) -> Result<EditError, EditError> {
    for certificate in given {
        readable(alias, certificate)?;
    }
    let certificate = given.first().ok_or(EditError::NoCertificate)?.clone();
    Ok(EditError::KeyMismatch {
        alias: alias.clone(),
        certificate,
    })
}

fn readable<'c>(
    alias: &Alias,
    certificate: &'c Certificate,
) -> Result<&'c crate::x509::View, EditError> {
    certificate
        .view()
        .map_err(|malformed| EditError::Unreadable {
            alias: alias.clone(),
            reason: malformed.to_string(),
        })
}

fn pool<'a>(others: impl Iterator<Item = &'a Certificate>, store: &'a Keystore) -> Pool {
    let own = store.entries().iter().flat_map(Entry::certificates);
    Pool::new(others.chain(own))
}

/// Says what was done to make the chain, and gives it.
fn report(alias: &Alias, arranged: Arranged, change: &mut Change) -> Vec<Certificate> {
    if arranged.reordered {
        change.say(alias, What::ChainOrdered);
    }
    if !arranged.completed_with.is_empty() {
        let with = arranged.completed_with;
        change.say(alias, What::ChainCompleted { with });
    }
    if let Some(certificate) = arranged.root_left_out {
        change.say(alias, What::RootLeftOut { certificate });
    }
    for certificate in arranged.left_out {
        change.say(alias, What::CertificateLeftOut { certificate });
    }
    if let Some(issuer) = arranged.missing {
        change.say(alias, What::ChainIncomplete { issuer });
    }
    arranged.chain
}

/// True if an entry has the very key under the password.
fn is_same(entry: &Entry, key: &PrivateKey, password: &Password) -> bool {
    match &entry.content {
        Content::PrivateKey { key: old, .. } => old.open(password).is_ok_and(|old| old == *key),
        _ => false,
    }
}

/// True if an entry with the chain would be read as the entry is now. A PKCS #12 has its certificates in
/// one bag, so there a chain goes on with what other entries have of it.
fn reads_alike(entry: &Entry, chain: &[Certificate], store: &Keystore, encoding: Encoding) -> bool {
    let Some(rest) = entry.certificates().strip_prefix(chain) else {
        return false;
    };
    let others = || {
        let others = store.entries().iter();
        others.filter(|other| !std::ptr::eq(*other, entry))
    };
    let is_others = |found: &Certificate| others().any(|o| o.certificates().contains(found));
    rest.is_empty() || encoding.format() == Format::Pkcs12 && rest.iter().all(is_others)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{Made, made, store_of},
        key::SystemRandom,
        keystore::{Pkcs12Profile, write_pem_certificates},
    };

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn material(of: &Made, certificates: &[&Made]) -> Material {
        let certificates: Vec<_> = certificates.iter().map(|m| m.certificate.clone()).collect();
        let text = write_pem_certificates(&certificates) + &of.key_pem;
        let mut material = Material::default();
        material.read(text.as_bytes(), None).unwrap();
        material
    }

    fn import(
        store: &Keystore,
        alias: &str,
        material: &Material,
        replace: bool,
    ) -> Result<Edited, EditError> {
        let asked = KeyImport {
            alias: &alias.into(),
            material,
            source: None,
            extra: &[],
            root: Root::Include,
            replace,
            key_password: &Password::new("changeit"),
            encoding: Encoding::Jks,
            now: NOW,
        };
        import_key(store, &asked, &mut SystemRandom)
    }

    #[test]
    fn a_key_gets_its_chain_in_order_completed_from_the_store() {
        let root = made("root", None);
        let middle = made("middle", Some(&root));
        let leaf = made("leaf", Some(&middle));
        let date = OffsetDateTime::from_unix_timestamp(978_307_200).ok();
        let trusted = Entry::trusted("root", root.certificate.clone()).created(date);
        let before = store_of([trusted]);
        let edited = import(&before, "Gw", &material(&leaf, &[&middle, &leaf]), false).unwrap();
        let entry = edited.keystore.get("gw").unwrap();
        assert_eq!(entry.alias.as_str(), "gw");
        assert_eq!(
            entry.certificates(),
            [
                leaf.certificate,
                middle.certificate,
                root.certificate.clone()
            ]
        );
        assert_eq!(edited.keystore.entries()[0], before.entries()[0]);
        let said: Vec<_> = edited
            .change
            .events
            .iter()
            .map(|event| &event.what)
            .collect();
        assert_eq!(
            said,
            [
                &What::Added {
                    kind: Kind::PrivateKey,
                    store: 0
                },
                &What::ChainOrdered,
                &What::ChainCompleted {
                    with: vec![root.certificate]
                },
            ]
        );
    }

    #[test]
    fn a_certificate_for_another_key_is_refused() {
        let (a, b) = (made("a", None), made("b", None));
        let error = import(&Keystore::new(), "x", &material(&a, &[&b]), false).unwrap_err();
        assert_eq!(
            error,
            EditError::KeyMismatch {
                alias: "x".into(),
                certificate: b.certificate
            }
        );
        assert_eq!(
            import(&Keystore::new(), "x", &material(&a, &[]), false),
            Err(EditError::NoCertificate)
        );
    }

    #[test]
    fn an_alias_in_use_is_refused_and_the_same_key_again_changes_nothing() {
        let (a, b) = (made("a", None), made("b", None));
        let first = import(&Keystore::new(), "x", &material(&a, &[&a]), false).unwrap();
        let again = import(&first.keystore, "x", &material(&a, &[&a]), false).unwrap();
        assert!(again.change.is_empty());
        assert_eq!(again.keystore, first.keystore);
        let other = material(&b, &[&b]);
        let taken = EditError::AliasTaken { alias: "x".into() };
        assert_eq!(import(&first.keystore, "X", &other, false), Err(taken));
        let replaced = import(&first.keystore, "X", &other, true).unwrap();
        assert_eq!(replaced.change.counts(), (0, 1, 0));
        assert_eq!(replaced.keystore.entries().len(), 1);
    }

    #[test]
    fn a_reply_replaces_the_chain_of_its_key_and_of_no_other() {
        let root = made("root", None);
        let own = made("own", None);
        let reply = own.certified_by("own", &root);
        let before = store_of([own.entry("x", "changeit")]);
        let password = Password::new("changeit");
        let alias = "x".into();
        for key_password in [Some(&password), None] {
            let asked = ReplyImport {
                alias: &alias,
                certificates: &[root.certificate.clone(), reply.clone()],
                extra: &[],
                root: Root::AsGiven,
                key_password,
                encoding: Encoding::Jks,
                now: NOW,
            };
            let edited = import_reply(&before, &asked).unwrap();
            let entry = &edited.keystore.entries()[0];
            assert_eq!(
                entry.certificates(),
                [reply.clone(), root.certificate.clone()]
            );
            assert_eq!(entry.created, Some(NOW));
            let again = import_reply(&edited.keystore, &asked).unwrap();
            assert!(again.change.is_empty());
            let foreign = [made("own", Some(&root)).certificate];
            let asked = ReplyImport {
                certificates: &foreign,
                ..asked
            };
            let error = import_reply(&before, &asked).unwrap_err();
            assert!(matches!(error, EditError::KeyMismatch { .. }));
        }
    }

    #[test]
    fn a_chain_that_a_pkcs12_lengthens_by_its_own_root_is_the_same_chain() {
        let root = made("root", None);
        let middle = made("middle", Some(&root));
        let leaf = made("leaf", Some(&middle));
        let other = made("other", None);
        let chains = |chain: &[&Made]| {
            let mut entry = leaf.entry("x", "changeit");
            if let Content::PrivateKey { chain: had, .. } = &mut entry.content {
                *had = chain.iter().map(|made| made.certificate.clone()).collect();
            }
            store_of([entry, Entry::trusted("root", root.certificate.clone())])
        };
        let password = Password::new("changeit");
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        let unchanged = |had: &[&Made], encoding| {
            let asked = ReplyImport {
                alias: &"x".into(),
                certificates: &[middle.certificate.clone(), leaf.certificate.clone()],
                extra: &[],
                root: Root::AsGiven,
                key_password: Some(&password),
                encoding,
                now: NOW,
            };
            let edited = import_reply(&chains(had), &asked).unwrap();
            edited.change.is_empty()
        };
        assert!(unchanged(&[&leaf, &middle, &root], modern));
        assert!(!unchanged(&[&leaf, &middle, &root], Encoding::Jks));
        assert!(!unchanged(&[&leaf, &middle, &other], modern));
        assert!(!unchanged(&[&leaf], modern));
    }

    #[test]
    fn a_reply_needs_a_key_that_opens() {
        let own = made("own", None);
        let store = store_of([
            own.entry("x", "changeit"),
            Entry::trusted("ca", own.certificate.clone()),
        ]);
        let asked = |alias: &str| {
            let asked = ReplyImport {
                alias: &alias.into(),
                certificates: std::slice::from_ref(&own.certificate),
                extra: &[],
                root: Root::AsGiven,
                key_password: Some(&Password::new("wrong")),
                encoding: Encoding::Jks,
                now: NOW,
            };
            import_reply(&store, &asked).unwrap_err()
        };
        assert!(matches!(asked("x"), EditError::Sealed { .. }));
        assert_eq!(asked("ca"), EditError::NotAKey { alias: "ca".into() });
        assert_eq!(asked("no"), EditError::NoEntry { alias: "no".into() });
    }
}
