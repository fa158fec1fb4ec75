use super::{Certificates, State, locate::locate, node_spec, plan_one};
use crate::{
    disk::RelPath,
    observe::Layout,
    plan::{Action, Authority, Draft, Reason, Refusal, Verb, Work, masters::Masters},
    topology::Node,
};

/// `[tls] shared`: one key and one certificate, the same bytes in every folder.
pub(super) fn plan(
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
    let chain = Layout::node_chain(&first.name);
    let planned = |draft: &Draft<'_>, file: &RelPath| {
        let mut actions = draft.actions[before..].iter();
        actions.any(|action| action.file == *file)
    };
    let store_changes = planned(draft, &source);
    // A new certificate brings its chain.
    let chain_changes = matches!(state, State::New { .. }) || planned(draft, &chain);
    for node in &names {
        let copies = [
            (source.clone(), Layout::node_file(node, file), store_changes),
            (chain.clone(), Layout::node_chain(node), chain_changes),
        ];
        for (from, to, changes) in copies {
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
