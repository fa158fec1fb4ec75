use crate::{
    disk::RelPath,
    keystore::{DecodeError, UnsealError},
    observe::{KeyState, Layout, OpenStore, Unopened},
    plan::{Draft, Refusal, masters::Masters},
    topology::Node,
    x509::Certificate,
};

/// A node's TLS key that was found.
pub(super) struct Found {
    pub(super) path: RelPath,
    pub(super) alias: String,
    pub(super) certificate: Certificate,
    pub(super) chain: Vec<Certificate>,
    pub(super) opens: bool,
}

/// Finds a node's TLS key: in its file, or in the file that had another name.
pub(super) fn locate(
    draft: &Draft<'_>,
    node: &Node,
    masters: &Masters,
) -> Result<Option<Found>, Refusal> {
    let stores = &draft.topology.stores;
    let path = Layout::node_file(&node.name, &stores.tls.file);
    match draft.found.store(&path) {
        Some(Ok(store)) => key_in(store, &path, &stores.tls.alias),
        Some(Err(reason)) => Err(Refusal::Unopened {
            path,
            reason: reason.clone(),
        }),
        None if draft.found.content(&path).is_some() => Err(Refusal::Unopened {
            path,
            reason: Unopened::NoPassword,
        }),
        None => {
            let wanted: Vec<RelPath> = draft
                .topology
                .stores
                .iter()
                .map(|(_, settings)| Layout::node_file(&node.name, &settings.file))
                .collect();
            // A file of this name was there and is lost: whatever else lies here is not it.
            if draft.found.recorded(&path).is_some() {
                return Ok(None);
            }
            let folder = Layout::node(&node.name);
            let shared = [&masters.primary.certificate].into_iter().chain(
                masters
                    .internal
                    .iter()
                    .map(|internal| &internal.certificate),
            );
            let shared: Vec<&Certificate> = shared.flatten().collect();
            for other in draft.found.below(&folder) {
                if wanted.contains(other) {
                    continue;
                }
                let store = match draft.found.store(other) {
                    None => continue,
                    Some(Ok(store)) => store,
                    // It may be the node's key under the name that it had.
                    Some(Err(reason)) => {
                        return Err(Refusal::Unopened {
                            path: other.clone(),
                            reason: reason.clone(),
                        });
                    }
                };
                let keys: Vec<_> = store.private_keys().collect();
                let [(_, chain)] = &keys[..] else { continue };
                let foreign = chain
                    .first()
                    .is_some_and(|certificate| !shared.contains(&certificate));
                if foreign {
                    return key_in(store, other, &stores.tls.alias);
                }
            }
            Ok(None)
        }
    }
}

fn key_in(store: &OpenStore, path: &RelPath, alias: &str) -> Result<Option<Found>, Refusal> {
    let keys: Vec<_> = store.private_keys().collect();
    let by_alias = keys.iter().find(|(entry, _)| entry.alias.lookup() == alias);
    let Some((entry, chain)) = by_alias.or(keys.first()).copied() else {
        return Ok(None);
    };
    let Some(certificate) = chain.first() else {
        return Ok(None);
    };
    let spelled = entry.alias.as_str().to_owned();
    if let Some(KeyState::Sealed(reason)) = store.keys.get(&spelled) {
        let path = path.clone();
        return Err(match reason {
            UnsealError::WrongPassword => Refusal::UnopenedKey {
                path,
                alias: spelled,
            },
            other => Refusal::Unopened {
                path,
                reason: Unopened::Unreadable(DecodeError::UnsupportedAlgorithm {
                    format: store.decoded.format,
                    algorithm: other.to_string(),
                }),
            },
        });
    }
    Ok(Some(Found {
        path: path.clone(),
        opens: store.keys.get(&spelled) == Some(&KeyState::Opens),
        alias: spelled,
        certificate: certificate.clone(),
        chain: chain.to_vec(),
    }))
}
