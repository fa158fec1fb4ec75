use aws_lc_rs::digest::{self, Context};
use time::OffsetDateTime;

use super::{Change, EditError, Edited, What};
use crate::{
    key::Random,
    keystore::{Content, Encoding, Keystore},
};

/// Salts and initialization vectors that follow from what a store holds: the same store, the same bytes.
///
/// SHA-256 in counter mode over a seed. Anybody can compute them, so they protect nothing: that is no
/// loss where all content is public, and why stores with keys are refused.
#[derive(Clone, Debug)]
pub struct DerivedRandom {
    seed: [u8; 32],
    counter: u64,
    left: Vec<u8>,
}

/// The bytes for writing a store: a hash of how it is written and of its entries, never of a password.
///
/// # Errors
///
/// [`EditError::HasKey`] if there is a private or a secret key in the store.
pub fn deterministic_random(
    encoding: Encoding,
    store: &Keystore,
) -> Result<DerivedRandom, EditError> {
    let mut context = Context::new(&digest::SHA256);
    let mut add = |bytes: &[u8]| {
        // Each part behind its length, so that no two stores give one text.
        context.update(&u64::try_from(bytes.len()).unwrap_or(u64::MAX).to_be_bytes());
        context.update(bytes);
    };
    add(LABEL);
    add(profile(encoding).as_bytes());
    for entry in store.entries() {
        let Content::TrustedCertificate {
            certificate,
            java_visible,
        } = &entry.content
        else {
            return Err(EditError::HasKey {
                alias: entry.alias.clone(),
            });
        };
        add(entry.alias.as_str().as_bytes());
        let created = entry.created.map(OffsetDateTime::unix_timestamp_nanos);
        add(&created.map_or_else(Vec::new, |at| at.to_be_bytes().to_vec()));
        add(&[u8::from(*java_visible)]);
        add(certificate.der());
        entry
            .attributes
            .iter()
            .for_each(|attribute| add(&attribute.der));
        add(&[]);
    }
    let mut seed = [0; 32];
    seed.copy_from_slice(context.finish().as_ref());
    Ok(DerivedRandom {
        seed,
        counter: 0,
        left: Vec::new(),
    })
}

impl Random for DerivedRandom {
    fn fill(&mut self, out: &mut [u8]) {
        for byte in out {
            if self.left.is_empty() {
                let mut context = Context::new(&digest::SHA256);
                context.update(&self.seed);
                context.update(&self.counter.to_be_bytes());
                self.counter = self.counter.wrapping_add(1);
                self.left = context.finish().as_ref().to_vec();
            }
            *byte = self.left.pop().unwrap_or_default();
        }
    }
}

/// Where dates come from that must be the same each time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// All the same: `SOURCE_DATE_EPOCH` of reproducible-builds.org.
    At(OffsetDateTime),
    /// Each the first day of the entry's (first) certificate; 1970 for what cannot be read.
    NotBefore,
}

/// Gives every entry a date that does not depend on when somebody ran a program.
pub fn set_dates(store: &Keystore, dates: Dates) -> Edited {
    let mut change = Change::default();
    let mut entries = store.entries().to_vec();
    for entry in &mut entries {
        let at = match dates {
            Dates::At(at) => at,
            Dates::NotBefore => {
                let view = entry
                    .certificates()
                    .first()
                    .and_then(|first| first.view().ok());
                view.map_or(OffsetDateTime::UNIX_EPOCH, |view| view.not_before)
            }
        };
        let (was, now) = (entry.created, Some(at));
        if was != now {
            entry.created = now;
            change.say(&entry.alias, What::DateChanged { was, now });
        }
    }
    Edited {
        keystore: entries.into_iter().collect(),
        change,
    }
}

fn profile(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Jks => "jks",
        Encoding::Pkcs12(profile) => profile.name(),
    }
}

/// Parts these hashes from all others; a new scheme gets a new number.
const LABEL: &[u8] = b"apim-pki deterministic keystore 1";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{made, store_of},
        keystore::{Entry, Pkcs12Profile},
        secret::Password,
    };

    #[test]
    fn the_same_truststore_comes_out_as_the_same_bytes_and_another_does_not() {
        let [a, b] = ["a", "b"].map(|name| made(name, None).certificate);
        let written = |store: &Keystore, profile| {
            let encoding = Encoding::Pkcs12(profile);
            let mut random = deterministic_random(encoding, store).unwrap();
            let password = Password::new("changeit");
            let bytes = store.encode(encoding, &password, &mut random).unwrap();
            assert!(Keystore::decode(bytes.expose(), &password).is_ok());
            bytes
        };
        let one = store_of([Entry::trusted("a", a.clone())]);
        let other = store_of([Entry::trusted("a", b)]);
        for profile in [Pkcs12Profile::Modern, Pkcs12Profile::Java8] {
            assert_eq!(written(&one, profile), written(&one.clone(), profile));
        }
        let bytes = |store: &Keystore, encoding| {
            let mut out = [0; 100];
            deterministic_random(encoding, store)
                .unwrap()
                .fill(&mut out);
            out
        };
        let modern = Encoding::Pkcs12(Pkcs12Profile::Modern);
        assert_ne!(bytes(&one, modern), bytes(&other, modern));
        assert_ne!(bytes(&one, modern), bytes(&one, Encoding::Jks));
        assert_ne!(bytes(&one, modern)[..32], bytes(&one, modern)[32..64]);
    }

    #[test]
    fn a_store_with_a_key_is_refused() {
        let store = store_of([made("a", None).entry("k", "x")]);
        let refused = deterministic_random(Encoding::Jks, &store);
        assert!(matches!(refused, Err(EditError::HasKey { .. })));
    }

    #[test]
    fn dates_come_from_the_certificates_or_are_given() {
        let ca = made("a", None).certificate;
        let not_before = ca.view().unwrap().not_before;
        let store = store_of([Entry::trusted("a", ca)]);
        let dated = set_dates(&store, Dates::NotBefore);
        assert_eq!(dated.keystore.entries()[0].created, Some(not_before));
        assert!(
            set_dates(&dated.keystore, Dates::NotBefore)
                .change
                .is_empty()
        );
        let epoch = set_dates(&store, Dates::At(OffsetDateTime::UNIX_EPOCH));
        assert_eq!(
            epoch.keystore.entries()[0].created,
            Some(OffsetDateTime::UNIX_EPOCH)
        );
    }
}
