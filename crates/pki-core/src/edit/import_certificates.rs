use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    AliasPattern, Change, EditError, Edited, Kind, What,
    entries::{Places, stored},
};
use crate::{
    keystore::{Alias, Content, Entry, Keystore},
    x509::{Certificate, Fingerprint},
};

/// Certificates to be trusted.
#[derive(Clone, Copy, Debug)]
pub struct CertificateImport<'a> {
    /// All of a bundle, in order.
    pub certificates: &'a [Certificate],
    /// How they are called.
    pub pattern: &'a AliasPattern,
    /// What `{stem}` stands for.
    pub stem: &'a str,
    /// What to do with a certificate that is trusted already.
    pub duplicates: Duplicates,
    /// Trusted certificates with the same aliases may go. Keys never go.
    pub replace: bool,
    /// The new entries' date.
    pub now: OffsetDateTime,
}

/// What becomes of a certificate that the store, or the bundle itself, has already under another alias.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Duplicates {
    /// It is added all the same.
    Add,
    /// It is left out.
    #[default]
    Skip,
}

/// Puts a whole bundle into a truststore, each certificate an entry that Java sees.
///
/// Two certificates of the bundle for which the pattern gives one alias are told apart by a number. All
/// other entries keep their dates and places. All or nothing: one alias in the way, and nothing is done.
///
/// # Errors
///
/// [`EditError::AliasTaken`] unless `replace`, [`EditError::KeyInTheWay`], [`EditError::NoCertificate`],
/// [`EditError::Unreadable`] for bytes that are no certificate.
pub fn import_certificates(
    store: &Keystore,
    import: &CertificateImport<'_>,
) -> Result<Edited, EditError> {
    if import.certificates.is_empty() {
        return Err(EditError::NoCertificate);
    }
    let places = Places::of(store);
    let mut trusted = trusted(store);
    let mut given = HashMap::new();
    let mut keystore = store.clone();
    let mut change = Change::default();
    for (at, certificate) in import.certificates.iter().enumerate() {
        let alias = import.pattern.alias(import.stem, at + 1, certificate);
        let alias = stored(&alias)?;
        if let Err(malformed) = certificate.view() {
            let reason = malformed.to_string();
            return Err(EditError::Unreadable { alias, reason });
        }
        let sha256 = certificate.fingerprint();
        if let Some(of) = trusted.get(&sha256) {
            if import.duplicates == Duplicates::Skip {
                change.say(of, What::DuplicateSkipped { sha256 });
                continue;
            }
            if of.lookup() == alias.lookup() {
                change.say(of, What::Unchanged);
                continue;
            }
            let of = of.clone();
            change.say(&alias, What::DuplicateAdded { of });
        }
        let alias = unique(alias, &mut given);
        if let Some(old) = places.in_the_way(&alias)? {
            let (was, certificates) = (Kind::of(old), old.certificates().to_vec());
            if was != Kind::TrustedCertificate {
                return Err(EditError::KeyInTheWay { alias });
            }
            if !import.replace {
                return Err(EditError::AliasTaken { alias });
            }
            change.say(&alias, What::Replaced { was, certificates });
        } else {
            let kind = Kind::TrustedCertificate;
            change.say(&alias, What::Added { kind, store: 0 });
        }
        trusted.entry(sha256).or_insert_with(|| alias.clone());
        let entry = Entry::trusted(alias, certificate.clone());
        keystore.insert(entry.created(Some(import.now)));
    }
    Ok(Edited { keystore, change })
}

/// The certificates that Java trusts already, with the first alias of each.
fn trusted(store: &Keystore) -> HashMap<Fingerprint, Alias> {
    let mut trusted = HashMap::new();
    for entry in store.entries() {
        if let Content::TrustedCertificate {
            certificate,
            java_visible: true,
        } = &entry.content
        {
            let alias = || entry.alias.clone();
            trusted
                .entry(certificate.fingerprint())
                .or_insert_with(alias);
        }
    }
    trusted
}

/// The alias, with the first free number behind it if another certificate of the bundle has it.
fn unique(alias: Alias, given: &mut HashMap<Alias, usize>) -> Alias {
    let Some(asked) = given.get_mut(&alias) else {
        given.insert(alias.clone(), 1);
        return alias;
    };
    let mut number = *asked;
    loop {
        number += 1;
        let numbered = Alias::new(format!("{}-{number}", alias.as_str()));
        if !given.contains_key(&numbered) {
            given.insert(alias, number);
            given.insert(numbered.clone(), 1);
            return numbered;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::{made, store_of};

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn import<'a>(
        certificates: &'a [Certificate],
        pattern: &'a AliasPattern,
    ) -> CertificateImport<'a> {
        CertificateImport {
            certificates,
            pattern,
            stem: "Corp CAs",
            duplicates: Duplicates::Skip,
            replace: false,
            now: NOW,
        }
    }

    fn aliases(store: &Keystore) -> Vec<&str> {
        let entries = store.entries().iter();
        entries.map(|entry| entry.alias.as_str()).collect()
    }

    #[test]
    fn a_whole_bundle_is_trusted_under_the_pattern_and_others_keep_their_dates() {
        let (root, other) = (made("Root CA", None), made("root ca", None));
        let old = made("old", None);
        let date = OffsetDateTime::from_unix_timestamp(978_307_200).ok();
        let before = store_of([Entry::trusted("old", old.certificate.clone()).created(date)]);
        let pattern = AliasPattern::new("{stem}-{cn}").unwrap();
        let bundle = [
            root.certificate.clone(),
            other.certificate,
            root.certificate,
        ];
        let after = import_certificates(&before, &import(&bundle, &pattern)).unwrap();
        let expected = ["old", "corp-cas-root-ca", "corp-cas-root-ca-2"];
        assert_eq!(aliases(&after.keystore), expected);
        assert_eq!(after.keystore.entries()[0], before.entries()[0]);
        assert_eq!(after.keystore.entries()[1].created, Some(NOW));
        assert_eq!(after.change.counts(), (2, 0, 0));
        assert!(matches!(
            after.change.events[2].what,
            What::DuplicateSkipped { .. }
        ));
    }

    #[test]
    fn the_same_bundle_again_changes_nothing() {
        let bundle = [made("a", None).certificate, made("b", None).certificate];
        let pattern = AliasPattern::new("ca-{n}").unwrap();
        let first = import_certificates(&Keystore::new(), &import(&bundle, &pattern)).unwrap();
        let again = import_certificates(&first.keystore, &import(&bundle, &pattern)).unwrap();
        assert!(again.change.is_empty());
        assert_eq!(again.keystore, first.keystore);
    }

    #[test]
    fn an_alias_in_use_is_refused_unless_it_may_be_replaced_and_a_key_never_goes() {
        let (old, new) = (made("old", None), made("new", None));
        let pattern = AliasPattern::new("ca").unwrap();
        let before = store_of([Entry::trusted("CA", old.certificate)]);
        let bundle = [new.certificate.clone()];
        let mut asked = import(&bundle, &pattern);
        let taken = EditError::AliasTaken { alias: "ca".into() };
        assert_eq!(import_certificates(&before, &asked), Err(taken));
        asked.replace = true;
        let after = import_certificates(&before, &asked).unwrap();
        assert_eq!(after.change.counts(), (0, 1, 0));
        let with_key = store_of([new.entry("ca", "changeit")]);
        let asked = CertificateImport {
            duplicates: Duplicates::Add,
            ..asked
        };
        assert_eq!(
            import_certificates(&with_key, &asked),
            Err(EditError::KeyInTheWay { alias: "ca".into() })
        );
    }

    #[test]
    fn a_certificate_of_the_store_is_added_again_only_if_asked() {
        let ca = made("ca", None);
        let before = store_of([Entry::trusted("first", ca.certificate.clone())]);
        let (bundle, pattern) = ([ca.certificate], AliasPattern::new("second").unwrap());
        let mut asked = import(&bundle, &pattern);
        let skipped = import_certificates(&before, &asked).unwrap();
        assert!(skipped.change.is_empty());
        asked.duplicates = Duplicates::Add;
        let added = import_certificates(&before, &asked).unwrap();
        assert_eq!(aliases(&added.keystore), ["first", "second"]);
    }

    #[test]
    fn entries_that_differ_in_case_alone_are_not_replaced_by_one() {
        let [a, b, new] = ["a", "b", "new"].map(|name| made(name, None).certificate);
        let before = store_of([Entry::trusted("ca", a), Entry::trusted("CA", b)]);
        let (bundle, pattern) = ([new], AliasPattern::new("ca").unwrap());
        let asked = CertificateImport {
            replace: true,
            ..import(&bundle, &pattern)
        };
        let clash = EditError::AliasClash { alias: "ca".into() };
        assert_eq!(import_certificates(&before, &asked), Err(clash));
    }

    #[test]
    fn nothing_and_no_certificate_are_refused() {
        let pattern = AliasPattern::new("{cn}").unwrap();
        let refused = |bundle: &[Certificate]| {
            import_certificates(&Keystore::new(), &import(bundle, &pattern)).unwrap_err()
        };
        assert_eq!(refused(&[]), EditError::NoCertificate);
        let noise = Certificate::from_der(vec![1, 2, 3]);
        assert!(matches!(refused(&[noise]), EditError::Unreadable { .. }));
    }
}
