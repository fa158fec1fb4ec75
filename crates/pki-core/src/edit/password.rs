use std::collections::HashSet;

use super::{Change, EditError, Edited, What, entries::Places};
use crate::{
    key::Random,
    keystore::{Alias, Content, Entry, Keystore, Protection, SealedKey, SecretBag, UnsealError},
    secret::{Bytes, Password},
};

/// Other passwords for the keys of a store.
#[derive(Clone, Copy, Debug)]
pub struct KeyPasswords<'a> {
    /// What opens them now: each is tried.
    pub old: &'a [Password],
    /// What shall open them.
    pub new: &'a Password,
    /// How they shall be protected; `None`: as they are.
    pub protection: Option<Protection>,
    /// Which keys; `None`: all.
    pub only: Option<&'a [Alias]>,
    /// A key that none of the passwords opens, or a secret key that nothing opens, stays as it is; otherwise it is an
    /// error.
    pub keep_unopened: bool,
}

/// Seals the private keys of a store, and the secret keys that Java put into a PKCS #12, under another
/// password. (The store's own password is no part of a
/// [`Keystore`]; it is given when the store is encoded.)
///
/// A key that the new password opens already, protected as wanted, stays byte for byte.
///
/// # Errors
///
/// [`EditError::Sealed`] for the first key that does not open, or cannot be sealed; a secret key of
/// another format never opens. [`EditError::NoEntry`], [`EditError::NotAKey`] for a wrong name in `only`.
pub fn change_key_passwords(
    store: &Keystore,
    passwords: &KeyPasswords<'_>,
    random: &mut dyn Random,
) -> Result<Edited, EditError> {
    let chosen = passwords.only.map(|only| chosen(store, only)).transpose()?;
    let mut change = Change::default();
    let mut entries = store.entries().to_vec();
    for (at, entry) in entries.iter_mut().enumerate() {
        if chosen.as_ref().is_some_and(|chosen| !chosen.contains(&at)) {
            continue;
        }
        match reseal(entry, passwords, random) {
            Ok(None) => {}
            Ok(Some(what)) => change.say(&entry.alias, what),
            Err(reason) if passwords.keep_unopened => {
                change.say(&entry.alias, What::KeyKept { reason });
            }
            Err(reason) => {
                return Err(EditError::Sealed {
                    alias: entry.alias.clone(),
                    reason,
                });
            }
        }
    }
    Ok(Edited {
        keystore: entries.into_iter().collect(),
        change,
    })
}

/// Seals one entry's key anew. `None`: it has none.
pub(super) fn reseal(
    entry: &mut Entry,
    passwords: &KeyPasswords<'_>,
    random: &mut dyn Random,
) -> Result<Option<What>, UnsealError> {
    let key = match &mut entry.content {
        Content::PrivateKey { key, .. } => key,
        Content::SecretKey { sealed } => return reseal_secret(sealed, passwords, random).map(Some),
        Content::TrustedCertificate { .. } => return Ok(None),
    };
    let was = key.protection();
    let wanted = match (passwords.protection, was) {
        (Some(wanted), _) => wanted,
        (None, Some(was)) => was,
        (None, None) => {
            return Err(UnsealError::Unsupported {
                algorithm: "an unknown algorithm, or nothing".to_owned(),
            });
        }
    };
    let now = Some(wanted);
    if !key.is_unprotected() && was == now && key.open(passwords.new).is_ok() {
        return Ok(Some(What::Unchanged));
    }
    let (opened, under) = opened(passwords, |password| key.open(password))?;
    let was_open = key.is_unprotected();
    *key = SealedKey::seal(&opened, passwords.new, wanted, random)?;
    Ok(Some(match was_open {
        true => What::KeySealed { now: wanted },
        false => What::KeyResealed {
            was,
            now,
            other_password: under != passwords.new,
        },
    }))
}

fn reseal_secret(
    sealed: &mut Bytes,
    passwords: &KeyPasswords<'_>,
    random: &mut dyn Random,
) -> Result<What, UnsealError> {
    let unsupported = || UnsealError::Unsupported {
        algorithm: "a secret key's own encryption".to_owned(),
    };
    let bag = SecretBag::read(sealed).ok_or_else(unsupported)?;
    let was = bag.protection();
    let wanted = passwords.protection.or(was).ok_or_else(unsupported)?;
    let now = Some(wanted);
    if was == now && bag.open(passwords.new).is_ok() {
        return Ok(What::Unchanged);
    }
    let (opened, under) = opened(passwords, |password| bag.open(password))?;
    let other_password = under != passwords.new;
    *sealed = bag.seal(&opened, passwords.new, wanted, random)?;
    Ok(What::KeyResealed {
        was,
        now,
        other_password,
    })
}

/// What the first password that fits opens, and that password.
fn opened<'p, T>(
    passwords: &KeyPasswords<'p>,
    open: impl Fn(&Password) -> Result<T, UnsealError>,
) -> Result<(T, &'p Password), UnsealError> {
    let mut last = UnsealError::WrongPassword;
    for password in passwords.old.iter().chain([passwords.new]) {
        match open(password) {
            Ok(opened) => return Ok((opened, password)),
            Err(reason @ (UnsealError::WrongPassword | UnsealError::Password { .. })) => {
                last = reason;
            }
            Err(reason) => return Err(reason),
        }
    }
    Err(last)
}

fn chosen(store: &Keystore, only: &[Alias]) -> Result<HashSet<usize>, EditError> {
    let places = Places::of(store);
    let key = |alias: &Alias| {
        let at = places.find(alias)?;
        match store.entries()[at].content {
            Content::TrustedCertificate { .. } => Err(EditError::NotAKey {
                alias: alias.clone(),
            }),
            _ => Ok(at),
        }
    };
    only.iter().map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{made, store_of},
        key::SystemRandom,
    };

    fn change(store: &Keystore, old: &[&str], new: &str, keep: bool) -> Result<Edited, EditError> {
        let old: Vec<_> = old.iter().map(|old| Password::new(*old)).collect();
        let passwords = KeyPasswords {
            old: &old,
            new: &Password::new(new),
            protection: None,
            only: None,
            keep_unopened: keep,
        };
        change_key_passwords(store, &passwords, &mut SystemRandom)
    }

    #[test]
    fn every_key_is_sealed_anew_and_the_rest_stays() {
        let (a, b) = (made("a", None), made("b", None));
        let before = store_of([
            a.entry("a", "one"),
            b.entry("b", "two"),
            Entry::trusted("ca", a.certificate.clone()),
        ]);
        let after = change(&before, &["one", "two"], "three", false).unwrap();
        for entry in after.keystore.entries() {
            if let Content::PrivateKey { key, .. } = &entry.content {
                assert!(key.open(&Password::new("three")).is_ok());
                assert_eq!(key.protection(), Some(Protection::Jks));
            }
        }
        assert_eq!(after.keystore.entries()[2], before.entries()[2]);
        assert_eq!(after.change.events.len(), 2);
        let again = change(&after.keystore, &["one"], "three", false).unwrap();
        assert!(again.change.is_empty());
        assert_eq!(again.keystore, after.keystore);
    }

    #[test]
    fn what_does_not_open_is_refused_or_kept_and_said() {
        let sealed = Bytes::from(&b"sealed"[..]);
        let secret = Entry::of("aes", Content::SecretKey { sealed });
        let before = store_of([made("a", None).entry("a", "one"), secret]);
        assert!(matches!(
            change(&before, &["wrong"], "new", false),
            Err(EditError::Sealed { .. })
        ));
        let kept = change(&before, &["wrong"], "new", true).unwrap();
        assert_eq!(kept.keystore, before);
        assert!(kept.change.is_empty());
        assert_eq!(kept.change.events.len(), 2);
    }
}
