//! Which keys of a home may be replaced. What a key has encrypted, in databases too, is read with that key
//! alone: so no key is replaced but one that everybody owns, or that is the deployment's already.

use super::{
    InstallRefusal, Order, PasswordStyle,
    wanted::{known_password, played_by},
};
use crate::{
    observe::{EncryptingKey, Layout},
    wso2::{
        Slot,
        config::{Edited, Unknown},
        is_encryption_key, known_certificate,
    },
    x509::Certificate,
};

/// Holds the home's primary and internal key to the deployment's.
pub(super) fn refuse_other_keys(order: &Order<'_>) -> Result<(), InstallRefusal> {
    for (slot, key) in [
        (Slot::Primary, order.primary),
        (Slot::Internal, order.internal),
    ] {
        let Some(wanted) = deployed(order, slot) else {
            continue;
        };
        let found = match key {
            EncryptingKey::Absent => continue,
            EncryptingKey::Known(found) => found,
            EncryptingKey::Unknown(reason) => {
                let reason = reason.clone();
                return Err(InstallRefusal::UnknownKey { slot, reason });
            }
        };
        if found == wanted || known_certificate(found).is_some() {
            continue;
        }
        let (expected, found) = (wanted.fingerprint(), found.fingerprint());
        return Err(match slot {
            Slot::Internal => InstallRefusal::OtherInternal {
                expected,
                found,
                is_primary: is(order.primary, found),
            },
            _ => InstallRefusal::OtherPrimary { expected, found },
        });
    }
    Ok(())
}

/// Holds the home's encryption key to the deployment's, where `edited` sets another in its place, or in the
/// secret that it refers to.
pub(super) fn refuse_other_encryption_key(
    order: &Order<'_>,
    edited: &[Edited],
) -> Result<(), InstallRefusal> {
    let setting = &order.config.encryption_key;
    let (Some(source), Some(place)) = (&order.topology.encryption, &setting.place) else {
        return Ok(());
    };
    match &setting.value {
        Err(Unknown::Absent) => Ok(()),
        Err(why) => {
            let mut changes = edited.iter().flat_map(|it| &it.changes);
            let is_set = order.passwords == PasswordStyle::Encrypted
                || changes.any(|change| change.place == *place);
            match is_set {
                false => Ok(()),
                true => Err(InstallRefusal::UnknownEncryptionKey {
                    place: place.clone(),
                    why: why.clone(),
                }),
            }
        }
        // What the product could not take for a key has encrypted nothing.
        Ok(found) if !is_encryption_key(found.expose()) => Ok(()),
        Ok(found) if *found == known_password(order.found, source)? => Ok(()),
        Ok(_) => Err(InstallRefusal::OtherEncryptionKey {
            place: place.clone(),
        }),
    }
}

/// The certificate of the key that the node is to have in a slot.
fn deployed<'a>(order: &Order<'a>, slot: Slot) -> Option<&'a Certificate> {
    let settings = order.topology.stores.get(played_by(order.topology, slot))?;
    let path = Layout::node_file(&order.node.name, &settings.file);
    order
        .found
        .open_store(&path)?
        .chain(&settings.alias)?
        .first()
}

fn is(key: &EncryptingKey, fingerprint: crate::x509::Fingerprint) -> bool {
    matches!(key, EncryptingKey::Known(known) if known.fingerprint() == fingerprint)
}
