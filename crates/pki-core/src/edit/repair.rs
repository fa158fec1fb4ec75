use super::{
    Change, EditError, Edited, What,
    check::{Names, arranged, own_pool},
};
use crate::{
    key::{KeyMatch, Random},
    keystore::{Content, Decoded, Encoding, Format, SealedKey},
    secret::Password,
    x509::Certificate,
};

/// How a store will be written that is mended.
#[derive(Clone, Copy, Debug)]
pub struct Repair<'a> {
    /// Each is tried on keys: one that opens shows which certificate comes first.
    pub passwords: &'a [Password],
    /// The store's password: it seals a key of a PKCS #12 that lies open. `None`, or an empty one: such a
    /// key stays open.
    pub store_password: Option<&'a Password>,
    /// How the store is written.
    pub encoding: Encoding,
}

/// Mends what [`check`](super::check) calls repairable, and nothing that asks for a choice: aliases go to
/// lower case where no other entry has that alias, certificates become visible to Java, keys of a
/// PKCS #12 that lie open are sealed, chains are put in order and completed from the store. Of a key that
/// no password opens the certificate that comes first stays there. No certificate is taken out of a
/// chain; dates stay.
///
/// # Errors
///
/// [`EditError::Sealed`] if the protection cannot take the store's password.
pub fn repair(
    decoded: &Decoded,
    how: &Repair<'_>,
    random: &mut dyn Random,
) -> Result<Edited, EditError> {
    let store = &decoded.keystore;
    let names = Names::of(store);
    let pool = own_pool(store);
    let mut change = Change::default();
    let mut entries = store.entries().to_vec();
    for entry in &mut entries {
        if !entry.alias.is_found_by_java() && names.namesakes(&entry.alias) == 1 {
            let lowered = entry.alias.lookup().into();
            let was = std::mem::replace(&mut entry.alias, lowered);
            change.say(&entry.alias, What::AliasLowered { was });
        }
        match &mut entry.content {
            Content::TrustedCertificate { java_visible, .. } if !*java_visible => {
                *java_visible = true;
                change.say(&entry.alias, What::MadeVisible);
            }
            Content::PrivateKey { key, chain } => {
                let head = head(key, chain, how.passwords).cloned();
                if let Some(password) = sealing(decoded.format, key, how.store_password) {
                    let protection = how.encoding.protection();
                    let sealed = key
                        .open(password)
                        .and_then(|open| SealedKey::seal(&open, password, protection, random));
                    *key = sealed.map_err(|reason| EditError::Sealed {
                        alias: entry.alias.clone(),
                        reason,
                    })?;
                    change.say(&entry.alias, What::KeySealed { now: protection });
                }
                let Some(head) = head else {
                    continue;
                };
                let arranged = arranged(&head, chain, &pool);
                if arranged.reordered {
                    change.say(&entry.alias, What::ChainOrdered);
                }
                let with = arranged.completed_with;
                if !with.is_empty() {
                    change.say(&entry.alias, What::ChainCompleted { with });
                }
                let mut mended = arranged.chain;
                mended.extend(arranged.left_out);
                *chain = mended;
            }
            _ => {}
        }
    }
    Ok(Edited {
        keystore: entries.into_iter().collect(),
        change,
    })
}

/// The password that a key can be sealed with, if it needs to be: Java shows no open key of a PKCS #12.
pub(super) fn sealing<'p>(
    format: Format,
    key: &SealedKey,
    store_password: Option<&'p Password>,
) -> Option<&'p Password> {
    let hidden = format == Format::Pkcs12 && key.is_unprotected();
    store_password.filter(|password| hidden && !password.is_empty())
}

fn head<'c>(
    key: &SealedKey,
    chain: &'c [Certificate],
    passwords: &[Password],
) -> Option<&'c Certificate> {
    let opened = match key.is_unprotected() {
        true => key.open(&Password::default()).ok(),
        false => passwords
            .iter()
            .find_map(|password| key.open(password).ok()),
    };
    let own = opened.and_then(|key| {
        let mut own = chain.iter();
        own.find(|found| key.matches(found) == KeyMatch::Yes)
    });
    own.or(chain.first())
}
