use std::collections::BTreeMap;

use super::{
    Action, Authority, CertificateSpec, Draft, KeyOrigin, Reason, Refusal, Verb, Work,
    action::Target,
    masters::{Masters, spelling},
    signing_end,
    spec::{differences, not_before, note_cut, subject, whole_seconds},
};
use crate::{
    disk::RelPath,
    issue::Profile,
    key::{KeyError, KeyMatch, read_private_key},
    keystore::{DecodeError, UnsealError},
    observe::{KeyState, Layout, OpenStore, Unopened},
    topology::{Group, Node},
    x509::{Certificate, GeneralName},
};

/// The certificates of nodes and balancers, as they will be.
#[derive(Default)]
pub(super) struct Certificates {
    pub(super) nodes: BTreeMap<String, State>,
    pub(super) balancers: BTreeMap<String, State>,
}

/// One of them.
pub(super) enum State {
    /// It stays.
    Kept(Certificate),
    /// It is made by this plan, in place of the one that was there.
    New { before: Option<Certificate> },
}

pub(super) fn plan(
    draft: &mut Draft<'_>,
    authority: &Authority,
    masters: &Masters,
) -> Result<Certificates, Refusal> {
    let mut certificates = Certificates::default();
    let topology = draft.topology;
    if topology.tls_shared {
        plan_shared(draft, authority, masters, &mut certificates)?;
    } else {
        for node in topology.nodes() {
            let found = locate(draft, node, masters)?;
            if !draft.scope.includes(&node.name) {
                if let Some(found) = found {
                    let state = State::Kept(found.certificate);
                    certificates.nodes.insert(node.name.clone(), state);
                }
                continue;
            }
            let spec = node_spec(draft, node, authority)?;
            let state = plan_one(draft, authority, node, spec, found)?;
            certificates.nodes.insert(node.name.clone(), state);
        }
    }
    for group in &topology.groups {
        let chosen = group
            .nodes
            .iter()
            .any(|node| draft.scope.includes(&node.name));
        if Layout::has_issued_balancer(group) && chosen {
            let state = plan_balancer(draft, authority, group)?;
            certificates.balancers.insert(group.name.clone(), state);
        }
    }
    Ok(certificates)
}

/// `[tls] shared`: one key and one certificate, the same bytes in every folder.
fn plan_shared(
    draft: &mut Draft<'_>,
    authority: &Authority,
    masters: &Masters,
    certificates: &mut Certificates,
) -> Result<(), Refusal> {
    let topology = draft.topology;
    let folders: Vec<&Node> = topology
        .nodes()
        .filter(|node| draft.keeps_folder(&node.name))
        .collect();
    let mut best = None;
    for node in &folders {
        if let Some(found) = locate(draft, node, masters)? {
            best = Some((*node, found));
            break;
        }
    }
    let Some(first) = best
        .as_ref()
        .map(|(node, _)| *node)
        .or(folders.first().copied())
    else {
        return Ok(());
    };
    let file = &topology.stores.tls.file;
    let source = Layout::node_file(&first.name, file);
    let before = draft.actions.len();
    let spec = node_spec(draft, first, authority)?;
    let names: Vec<String> = folders.iter().map(|node| node.name.clone()).collect();
    let found = best.map(|(_, found)| found);
    let state = plan_one(draft, authority, first, spec, found)?;
    let changes = draft.actions[before..]
        .iter()
        .any(|action| action.file == source);
    for node in &names {
        let copies = [
            (source.clone(), Layout::node_file(node, file)),
            (Layout::node_chain(&first.name), Layout::node_chain(node)),
        ];
        for (from, to) in copies {
            let there = draft.found.digest(&to);
            if *node == first.name
                || (!changes && there.is_some() && there == draft.found.digest(&from))
            {
                continue;
            }
            draft.actions.push(Action {
                node: Some(node.clone()),
                file: to,
                verb: Verb::Copy,
                reason: match there {
                    None => Reason::Missing,
                    Some(_) if changes => Reason::ContentChanged,
                    Some(_) => Reason::DiffersFromMaster,
                },
                detail: vec![format!("the bytes of `{from}`: `[tls] shared`")],
                work: Work::Copy { from },
            });
        }
    }
    let certificate = match &state {
        State::Kept(certificate) => Some(certificate.clone()),
        State::New { .. } => None,
    };
    for node in names.into_iter().filter(|name| *name != first.name) {
        let state = match &certificate {
            Some(certificate) => State::Kept(certificate.clone()),
            None => State::New { before: None },
        };
        certificates.nodes.insert(node, state);
    }
    certificates.nodes.insert(first.name.clone(), state);
    Ok(())
}

/// A node's TLS key that was found.
struct Found {
    path: RelPath,
    alias: String,
    certificate: Certificate,
    chain: Vec<Certificate>,
    opens: bool,
}

/// Finds a node's TLS key: in its file, or in the file that had another name.
fn locate(draft: &Draft<'_>, node: &Node, masters: &Masters) -> Result<Option<Found>, Refusal> {
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
                let Some(store) = draft.found.open_store(other) else {
                    continue;
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

fn node_spec(
    draft: &Draft<'_>,
    node: &Node,
    authority: &Authority,
) -> Result<CertificateSpec, Refusal> {
    let topology = draft.topology;
    let settings = if topology.tls_shared {
        &topology.tls
    } else {
        &node.tls
    };
    let (not_after, _) = signing_end(draft.now, settings.validity, authority);
    Ok(CertificateSpec {
        profile: Profile::Tls {
            client_auth: settings.client_auth,
        },
        subject: subject(topology, &topology.common_name(node))?,
        names: topology
            .sans(node)
            .into_iter()
            .map(|(name, _)| name)
            .collect(),
        key: settings.key,
        key_origin: KeyOrigin::New,
        not_before: not_before(draft.now),
        not_after: whole_seconds(not_after),
        self_signed: matches!(authority, Authority::SelfSigned),
        label: node.name.clone(),
    })
}

fn plan_one(
    draft: &mut Draft<'_>,
    authority: &Authority,
    node: &Node,
    mut spec: CertificateSpec,
    found: Option<Found>,
) -> Result<State, Refusal> {
    let topology = draft.topology;
    let settings = if topology.tls_shared {
        &topology.tls
    } else {
        &node.tls
    };
    let file = Layout::node_file(&node.name, &topology.stores.tls.file);
    let chain_file = Layout::node_chain(&node.name);
    let reason = match &found {
        None => Some(Reason::Missing),
        Some(found) if !found.opens => Some(Reason::KeyMismatch),
        Some(found) => match found.certificate.view() {
            Err(_) => Some(Reason::ContentChanged),
            Ok(view) => differences(view, &spec, authority, settings.renew_before, draft.now)
                .into_iter()
                .next(),
        },
    };
    let reason = match (reason, found) {
        (None, Some(found)) => {
            if let Some(reason) = respell(draft, authority, &file, &found) {
                draft.actions.push(Action {
                    node: Some(node.name.clone()),
                    file,
                    verb: Verb::Reencode,
                    reason,
                    detail: vec![format!("the key and certificate of `{}`", found.path)],
                    work: Work::Reencode {
                        from: found.path.clone(),
                    },
                });
            }
            let wanted = wanted_chain(authority, &found.certificate);
            let there = draft.found.certificates(&chain_file);
            if without_root(&wanted) != there {
                draft.actions.push(Action {
                    node: Some(node.name.clone()),
                    file: chain_file,
                    verb: if there.is_empty() {
                        Verb::Make
                    } else {
                        Verb::Update
                    },
                    reason: if there.is_empty() {
                        Reason::Missing
                    } else {
                        Reason::ContentChanged
                    },
                    detail: vec!["the chain without root".to_owned()],
                    work: Work::Chain {
                        chain: without_root(&wanted),
                    },
                });
            }
            return Ok(State::Kept(found.certificate));
        }
        (reason, found) => {
            let keeps = settings.keep_key && found.as_ref().is_some_and(|found| found.opens);
            if let (true, Some(found)) = (keeps, &found)
                && !matches!(reason, Some(Reason::KeyChanged { .. }))
            {
                spec.key_origin = KeyOrigin::Kept(found.path.clone());
            }
            (reason.unwrap_or(Reason::Missing), found)
        }
    };
    let (reason, found) = reason;
    let (_, cut) = signing_end(draft.now, settings.validity, authority);
    if cut {
        note_cut(draft, &node.name, spec.not_after);
    }
    let mut detail = describe(&spec);
    let origins = topology.sans(node);
    detail.extend(
        origins
            .into_iter()
            .map(|(name, from)| format!("{name}  from {from}")),
    );
    draft.actions.push(Action {
        node: Some(node.name.clone()),
        file,
        verb: Verb::Issue,
        reason,
        detail,
        work: Work::Certificate {
            target: Target::Node(node.name.clone()),
            spec: Box::new(spec),
        },
    });
    Ok(State::New {
        before: found.map(|found| found.certificate),
    })
}

fn describe(spec: &CertificateSpec) -> Vec<String> {
    let key = match &spec.key_origin {
        KeyOrigin::New => format!("a new {} key, until {}", spec.key, spec.not_after.date()),
        KeyOrigin::Kept(from) => {
            format!("the key of `{from}`, until {}", spec.not_after.date())
        }
    };
    vec![format!("subject {}", spec.subject), key]
}

/// Why a store whose certificate stays is written anew.
fn respell(
    draft: &Draft<'_>,
    authority: &Authority,
    file: &RelPath,
    found: &Found,
) -> Option<Reason> {
    let store = draft.found.open_store(&found.path)?;
    let settings = &draft.topology.stores.tls;
    spelling(store, settings, &found.alias)
        .or((found.chain != wanted_chain(authority, &found.certificate))
            .then_some(Reason::ChainChanged))
        .or((found.path != *file).then_some(Reason::Renamed))
}

/// A certificate and what leads to its root.
fn wanted_chain(authority: &Authority, certificate: &Certificate) -> Vec<Certificate> {
    let mut chain = vec![certificate.clone()];
    if let Authority::Known(issuers) = authority {
        chain.extend(issuers.iter().cloned());
    }
    chain
}

/// A chain as a server sends it: a root at its end is left out, a certificate that is its own is not.
pub(crate) fn without_root(chain: &[Certificate]) -> Vec<Certificate> {
    match chain {
        [rest @ .., last] if !rest.is_empty() && last.is_self_issued() => rest.to_vec(),
        chain => chain.to_vec(),
    }
}

fn plan_balancer(
    draft: &mut Draft<'_>,
    authority: &Authority,
    group: &Group,
) -> Result<State, Refusal> {
    let topology = draft.topology;
    let settings = &topology.tls;
    let names: Vec<GeneralName> = topology
        .balancer_sans(group)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    let common_name = topology.balancer_common_name(group).unwrap_or_default();
    let (not_after, cut) = signing_end(draft.now, settings.validity, authority);
    let spec = CertificateSpec {
        profile: Profile::Tls { client_auth: false },
        subject: subject(topology, &common_name)?,
        names,
        key: settings.key,
        key_origin: KeyOrigin::New,
        not_before: not_before(draft.now),
        not_after: whole_seconds(not_after),
        self_signed: matches!(authority, Authority::SelfSigned),
        label: format!("balancer {}", group.name),
    };
    let chain_file = Layout::balancer_chain(&group.name);
    let chain = draft.found.certificates(&chain_file);
    let key = balancer_key(draft, group, chain.first())?;
    let reason = match (chain.first(), key) {
        (None, _) | (_, BalancerKey::Missing) => Some(Reason::Missing),
        (_, BalancerKey::Mismatch) => Some(Reason::KeyMismatch),
        (Some(certificate), _) => match certificate.view() {
            Err(_) => Some(Reason::ContentChanged),
            Ok(view) => differences(view, &spec, authority, settings.renew_before, draft.now)
                .into_iter()
                .next(),
        },
    };
    let Some(reason) = reason else {
        let certificate = chain[0].clone();
        if key == BalancerKey::OpensWithOld {
            draft.actions.push(Action {
                node: None,
                file: Layout::balancer_key(&group.name),
                verb: Verb::Reencode,
                reason: Reason::PasswordChanged,
                detail: Vec::new(),
                work: Work::BalancerKey {
                    group: group.name.clone(),
                },
            });
        }
        let wanted = without_root(&wanted_chain(authority, &certificate));
        if wanted != chain {
            draft.actions.push(Action {
                node: None,
                file: chain_file,
                verb: Verb::Update,
                reason: Reason::ChainChanged,
                detail: Vec::new(),
                work: Work::Chain { chain: wanted },
            });
        }
        return Ok(State::Kept(certificate));
    };
    if cut {
        note_cut(draft, &spec.label, spec.not_after);
    }
    let mut detail = describe(&spec);
    let origins = topology.balancer_sans(group);
    detail.extend(
        origins
            .into_iter()
            .map(|(name, from)| format!("{name}  from {from}")),
    );
    detail.push(format!(
        "its key, encrypted, in `{}`",
        Layout::balancer_key(&group.name)
    ));
    draft.actions.push(Action {
        node: None,
        file: chain_file,
        verb: Verb::Issue,
        reason,
        detail,
        work: Work::Certificate {
            target: Target::Balancer(group.name.clone()),
            spec: Box::new(spec),
        },
    });
    Ok(State::New {
        before: chain.first().cloned(),
    })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BalancerKey {
    Mismatch,
    Missing,
    Opens,
    OpensWithOld,
}

fn balancer_key(
    draft: &Draft<'_>,
    group: &Group,
    certificate: Option<&Certificate>,
) -> Result<BalancerKey, Refusal> {
    let path = Layout::balancer_key(&group.name);
    let (Some(content), Some(certificate)) = (draft.found.content(&path), certificate) else {
        return Ok(BalancerKey::Missing);
    };
    let unopened = |reason: String| Refusal::UnopenedPem {
        path: path.clone(),
        reason,
    };
    let Some(current) = draft.found.password(&group.balancer_password) else {
        return Err(unopened("there is no password for it".to_owned()));
    };
    let candidates = std::iter::once((current, BalancerKey::Opens)).chain(
        draft
            .found
            .old_passwords()
            .iter()
            .map(|old| (old, BalancerKey::OpensWithOld)),
    );
    let mut last = KeyError::PasswordNeeded;
    for (password, outcome) in candidates {
        match read_private_key(content.expose(), Some(password)) {
            Ok(key) if key.matches(certificate) == KeyMatch::No => {
                return Ok(BalancerKey::Mismatch);
            }
            Ok(_) => return Ok(outcome),
            Err(error) => last = error,
        }
    }
    Err(unopened(last.to_string()))
}
