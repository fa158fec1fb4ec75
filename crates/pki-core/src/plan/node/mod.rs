//! The keys and certificates of nodes and balancers: kept, made, or spelled otherwise.

mod balancer;
mod locate;
mod shared;

use std::collections::BTreeMap;

use locate::{Found, locate};

use super::{
    Action, Authority, CertificateSpec, Draft, KeyOrigin, Note, Reason, Refusal, Verb, Work,
    action::Target,
    masters::{Masters, spelling},
    signing_end,
    spec::{
        check_alive, differences, not_before, note_cut, note_not_permitted, subject, whole_seconds,
    },
};
use crate::{disk::RelPath, issue::Profile, observe::Layout, topology::Node, x509::Certificate};

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
    /// It is made by this plan, in place of the one that was there, if a run of this workspace made that.
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
        shared::plan(draft, authority, masters, &mut certificates)?;
    } else {
        for node in topology.nodes() {
            let found = locate(draft, node, masters);
            if draft.scope.includes(&node.name) {
                let spec = node_spec(draft, node, authority)?;
                let state = plan_one(draft, authority, node, spec, found?)?;
                certificates.nodes.insert(node.name.clone(), state);
            } else if let Ok(Some(found)) = found {
                // What is wrong with a node that was not chosen is not this run's business.
                let state = State::Kept(found.certificate);
                certificates.nodes.insert(node.name.clone(), state);
            }
        }
    }
    for group in &topology.groups {
        let chosen = group
            .nodes
            .iter()
            .any(|node| draft.scope.includes(&node.name));
        if !Layout::has_issued_balancer(group) {
            continue;
        }
        let state = match chosen {
            true => Some(balancer::plan(draft, authority, group)?),
            false => {
                let chain = draft
                    .found
                    .certificates(&Layout::balancer_chain(&group.name));
                chain.into_iter().next().map(State::Kept)
            }
        };
        let state = state.map(|state| (group.name.clone(), state));
        certificates.balancers.extend(state);
    }
    Ok(certificates)
}

fn node_spec(
    draft: &Draft<'_>,
    node: &Node,
    authority: &Authority,
) -> Result<CertificateSpec, Refusal> {
    let topology = draft.topology;
    let settings = topology.tls_of(node);
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

/// Plans a node's key and certificate, given what was found of them.
fn plan_one(
    draft: &mut Draft<'_>,
    authority: &Authority,
    node: &Node,
    spec: CertificateSpec,
    found: Option<Found>,
) -> Result<State, Refusal> {
    let settings = draft.topology.tls_of(node);
    let reasons = match &found {
        None => vec![Reason::Missing],
        Some(found) if !found.opens => vec![Reason::KeyMismatch],
        Some(found) => match found.certificate.view() {
            Err(_) => vec![Reason::ContentChanged],
            Ok(view) => differences(view, &spec, authority, settings.renew_before, draft.now),
        },
    };
    match found {
        Some(found) if reasons.is_empty() => Ok(keep(draft, authority, node, found)),
        found => {
            check_alive(draft, authority)?;
            Ok(issue(draft, authority, node, spec, reasons, found))
        }
    }
}

/// The certificate stays; its files may need another spelling.
fn keep(draft: &mut Draft<'_>, authority: &Authority, node: &Node, found: Found) -> State {
    let file = Layout::node_file(&node.name, &draft.topology.stores.tls.file);
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
    let file = Layout::node_chain(&node.name);
    let chain = without_root(&wanted_chain(authority, &found.certificate));
    let there = draft.found.certificates(&file);
    if chain != there {
        let (verb, reason) = match there.is_empty() {
            true => (Verb::Make, Reason::Missing),
            false => (Verb::Update, Reason::ContentChanged),
        };
        draft.actions.push(Action {
            node: Some(node.name.clone()),
            file,
            verb,
            reason,
            detail: vec!["the chain without root".to_owned()],
            work: Work::Chain { chain },
        });
    }
    State::Kept(found.certificate)
}

/// A certificate is made, over a new key unless the old one is to be kept.
fn issue(
    draft: &mut Draft<'_>,
    authority: &Authority,
    node: &Node,
    mut spec: CertificateSpec,
    reasons: Vec<Reason>,
    found: Option<Found>,
) -> State {
    let topology = draft.topology;
    let settings = topology.tls_of(node);
    let same_algorithm = !reasons
        .iter()
        .any(|reason| matches!(reason, Reason::KeyChanged { .. }));
    let mut reasons = reasons.into_iter();
    let reason = reasons.next().unwrap_or(Reason::Missing);
    if let Some(found) = &found
        && settings.keep_key
        && found.opens
        && same_algorithm
    {
        spec.key_origin = KeyOrigin::Kept(found.path.clone());
    }
    let (_, cut) = signing_end(draft.now, settings.validity, authority);
    if cut {
        note_cut(draft, &node.name, spec.not_after);
    }
    note_not_permitted(draft, &spec, authority);
    let mut detail = describe(&spec);
    detail.extend(reasons.map(|reason| format!("also: {reason}")));
    let names = topology.sans(node).into_iter();
    detail.extend(names.map(|(name, from)| format!("{name}  from {from}")));
    draft.actions.push(Action {
        node: Some(node.name.clone()),
        file: Layout::node_file(&node.name, &topology.stores.tls.file),
        verb: Verb::Issue,
        reason,
        detail,
        work: Work::Certificate {
            target: Target::Node(node.name.clone()),
            spec: Box::new(spec),
        },
    });
    let before = match found {
        Some(found) if draft.found.is_as_recorded(&found.path) => Some(found.certificate),
        Some(found) => {
            draft.notes.push(Note::Foreign { path: found.path });
            None
        }
        None => None,
    };
    State::New { before }
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
