use super::{
    Change, Edited, What,
    check::{Names, arranged, own_pool},
};
use crate::{
    key::KeyMatch,
    keystore::{Content, Decoded, SealedKey},
    secret::Password,
    x509::Certificate,
};

/// Mends what [`check`](super::check) calls repairable, and nothing that asks for a choice: aliases go to
/// lower case where no other entry has that alias, certificates become visible to Java, chains are put in
/// order and completed from the store. A key that one of the passwords opens shows which certificate
/// comes first; for others it is the one that does. No certificate is taken out of a chain; dates stay.
pub fn repair(decoded: &Decoded, passwords: &[Password]) -> Edited {
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
                let Some(head) = head(key, chain, passwords) else {
                    continue;
                };
                let arranged = arranged(head, chain, &pool);
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
    Edited {
        keystore: entries.into_iter().collect(),
        change,
    }
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
