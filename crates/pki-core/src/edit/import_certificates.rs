use std::collections::HashMap;

use time::OffsetDateTime;

use super::{
    AliasPattern, Change, EditError, Edited, Kind, MaterialCertificate, What,
    entries::{Places, stored},
};
use crate::{
    keystore::{Alias, Content, Entry, Keystore},
    x509::Fingerprint,
};

/// Certificates to be trusted.
#[derive(Clone, Copy, Debug)]
pub struct CertificateImport<'a> {
    /// All of a bundle, in order.
    pub certificates: &'a [MaterialCertificate],
    /// How they are called; `None`: as where they come from, or by [`AliasPattern::common_name`] if they
    /// have no name there.
    pub pattern: Option<&'a AliasPattern>,
    /// What `{stem}` stands for.
    pub stem: &'a str,
    /// What to do with a certificate that is trusted already.
    pub duplicates: Duplicates,
    /// Trusted certificates with the same aliases may go. Keys never go.
    pub replace: bool,
    /// The new entries' date, unless they bring one.
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
/// Two certificates of the bundle that would get one alias are told apart by a number. All
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
    let common_name = AliasPattern::common_name();
    for (at, found) in import.certificates.iter().enumerate() {
        let certificate = &found.certificate;
        let alias = match (import.pattern, &found.alias) {
            (None, Some(alias)) => stored(alias)?,
            (pattern, _) => {
                let pattern = pattern.unwrap_or(&common_name);
                stored(&pattern.alias(import.stem, at + 1, certificate))?
            }
        };
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
        keystore.insert(entry.created(found.created.or(Some(import.now))));
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
    use crate::{
        edit::testing::{made, store_of},
        x509::Certificate,
    };

    const NOW: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

    fn import<'a>(
        certificates: &'a [MaterialCertificate],
        pattern: &'a AliasPattern,
    ) -> CertificateImport<'a> {
        CertificateImport {
            certificates,
            pattern: Some(pattern),
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
        ]
        .map(MaterialCertificate::from);
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
    fn what_comes_from_a_keystore_keeps_its_alias_and_its_date_unless_a_pattern_is_given() {
        let date = OffsetDateTime::from_unix_timestamp(978_307_200).ok();
        let [a, b, c] = ["a", "b", "c"].map(|name| made(name, None).certificate);
        let mut from = ["Partner", "partner"].map(Some).to_vec();
        from.push(None);
        let bundle: Vec<_> = from
            .into_iter()
            .zip([a, b, c])
            .map(|(alias, certificate)| MaterialCertificate {
                alias: alias.map(Alias::from),
                certificate,
                created: date.filter(|_| alias.is_some()),
            })
            .collect();
        let pattern = AliasPattern::new("ca-{n}").unwrap();
        let mut asked = import(&bundle, &pattern);
        let by_pattern = import_certificates(&Keystore::new(), &asked).unwrap();
        assert_eq!(aliases(&by_pattern.keystore), ["ca-1", "ca-2", "ca-3"]);
        asked.pattern = None;
        let kept = import_certificates(&Keystore::new(), &asked).unwrap();
        assert_eq!(aliases(&kept.keystore), ["partner", "partner-2", "c"]);
        let dates = kept.keystore.entries().iter().map(|entry| entry.created);
        assert_eq!(dates.collect::<Vec<_>>(), [date, date, Some(NOW)]);

        let other = made("other", None).certificate;
        let before = store_of([Entry::trusted("PARTNER", other)]);
        let taken = EditError::AliasTaken {
            alias: "partner".into(),
        };
        assert_eq!(import_certificates(&before, &asked), Err(taken));
    }

    #[test]
    fn the_same_bundle_again_changes_nothing() {
        let bundle = ["a", "b"].map(|name| made(name, None).certificate.into());
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
        let bundle = [new.certificate.clone().into()];
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
        let (bundle, pattern) = (
            [ca.certificate.into()],
            AliasPattern::new("second").unwrap(),
        );
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
        let (bundle, pattern) = ([new.into()], AliasPattern::new("ca").unwrap());
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
        let refused = |bundle: &[MaterialCertificate]| {
            import_certificates(&Keystore::new(), &import(bundle, &pattern)).unwrap_err()
        };
        assert_eq!(refused(&[]), EditError::NoCertificate);
        let noise = Certificate::from_der(vec![1, 2, 3]);
        assert!(matches!(
            refused(&[noise.into()]),
            EditError::Unreadable { .. }
        ));
    }
}
