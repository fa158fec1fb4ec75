//! Whom every node's JVM trusts: the same content, and the same bytes, in every folder.

mod compare;
mod content;

use time::OffsetDateTime;

use compare::{changes, is_wanted, keep_dates};
use content::{Builder, add_anchors, add_given, add_replaced, vendor};

use super::{
    Action, Authority, Draft, Reason, Refusal, Verb, Work, masters::Masters, node::Certificates,
};
use crate::{
    disk::RelPath,
    observe::{Layout, OpenStore, Unopened},
    wso2::GATEWAY_CERTIFICATE_ALIAS,
    x509::Certificate,
};

/// One entry of the truststores.
#[derive(Clone, Debug)]
pub(crate) struct TrustItem {
    pub(crate) alias: String,
    pub(crate) source: TrustSource,
    /// When it came in; `None`: with this run.
    pub(crate) created: Option<OffsetDateTime>,
}

/// Which certificate is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum TrustSource {
    /// That of the CA that this plan makes.
    Authority,
    /// That of the balancer of a group, which this plan makes.
    Balancer(String),
    /// One that is there.
    Known(Certificate),
    /// That of a node, which this plan makes.
    Node(String),
    /// That of the primary that this plan makes.
    Primary,
}

/// Plans the truststores: the same content, and the same bytes, in every folder.
pub(super) fn plan(
    draft: &mut Draft<'_>,
    authority: &Authority,
    masters: &Masters,
    certificates: &Certificates,
) -> Result<(), Refusal> {
    let settings = &draft.topology.stores.truststore;
    let folders = draft.folders();
    let files: Vec<RelPath> = folders
        .iter()
        .map(|folder| Layout::node_file(folder, &settings.file))
        .collect();
    let (folders, files) = opened(draft, folders, files)?;
    let (vendor, removed) = vendor(draft)?;
    let mut content = Builder::new(vendor);
    let previous = previous(draft, &files);
    let ours = previous.filter(|previous| previous.ours);
    let ours = ours.map(|previous| previous.store);
    let previous = previous.map(|previous| previous.store);
    add_anchors(draft, authority, certificates, ours, &mut content)?;
    let primary = match &masters.primary.certificate {
        Some(certificate) => TrustSource::Known(certificate.clone()),
        None => TrustSource::Primary,
    };
    content.add(&draft.topology.primary.alias, primary.clone())?;
    if draft.topology.product.has_gateway_certificate_alias() {
        content.add(GATEWAY_CERTIFICATE_ALIAS, primary)?;
    }
    add_given(draft, &mut content)?;
    add_replaced(draft, certificates, ours, &mut content);
    let mut items = content.items;
    keep_dates(previous, &mut items);

    let right: Vec<bool> = files
        .iter()
        .map(|file| {
            draft
                .found
                .open_store(file)
                .is_some_and(|store| is_wanted(store, draft, &items))
        })
        .collect();
    if right.iter().all(|right| *right) {
        return Ok(());
    }
    let source = files
        .iter()
        .zip(&right)
        .find_map(|(file, right)| right.then(|| file.clone()));
    let first = files.first().cloned();
    let mut detail = vec![format!("{} certificates", items.len())];
    detail.extend(changes(previous, &items));
    detail.extend(removed);
    for ((folder, file), right) in folders.into_iter().zip(files).zip(right) {
        if right {
            continue;
        }
        let there = draft.found.content(&file).is_some();
        let reason = match draft.found.open_store(&file) {
            _ if !there => Reason::Missing,
            Some(store) if store.decoded.encoding != Some(settings.encoding) => {
                Reason::FormatChanged
            }
            Some(store) if !store.current => Reason::PasswordChanged,
            _ => Reason::ContentChanged,
        };
        let copied = source
            .clone()
            .or(first.clone().filter(|first| *first != file));
        let (verb, work, detail) = match copied {
            Some(from) => (
                Verb::Copy,
                Work::Copy { from: from.clone() },
                vec![format!("the bytes of `{from}`")],
            ),
            None => (
                if there { Verb::Update } else { Verb::Make },
                Work::Truststore {
                    items: items.clone(),
                },
                detail.clone(),
            ),
        };
        draft.actions.push(Action {
            node: Some(folder),
            file,
            verb,
            reason,
            detail,
            work,
        });
    }
    Ok(())
}

/// The truststores that may be written. One that does not open is refused; that of a node that was not
/// chosen is left as it is.
fn opened(
    draft: &Draft<'_>,
    folders: Vec<String>,
    files: Vec<RelPath>,
) -> Result<(Vec<String>, Vec<RelPath>), Refusal> {
    let mut kept = (Vec::new(), Vec::new());
    for (folder, path) in folders.into_iter().zip(files) {
        let reason = match draft.found.store(&path) {
            Some(Err(reason)) => Some(reason.clone()),
            None if draft.found.content(&path).is_some() => Some(Unopened::NoPassword),
            _ => None,
        };
        match reason {
            None => {
                kept.0.push(folder);
                kept.1.push(path);
            }
            Some(reason) if draft.scope.includes(&folder) => {
                return Err(Refusal::Unopened { path, reason });
            }
            Some(_) => {}
        }
    }
    Ok(kept)
}

/// The truststore that is there: under its name, or the one that had another; and whether it is what a
/// run of this workspace wrote.
fn previous<'a>(draft: &Draft<'a>, files: &[RelPath]) -> Option<Previous<'a>> {
    let found = draft.found;
    let named = files.iter().find(|file| found.open_store(file).is_some());
    let path = named.cloned().or_else(|| {
        let folders = found.node_folders();
        let mut others = folders.iter().flat_map(|folder| {
            let folder = Layout::node(folder);
            let below: Vec<RelPath> = found.below(&folder).cloned().collect();
            below
        });
        others.find(|path| {
            let store = found.open_store(path);
            store.is_some_and(|store| store.private_keys().next().is_none())
        })
    })?;
    Some(Previous {
        store: found.open_store(&path)?,
        ours: found.is_as_recorded(&path),
    })
}

/// A truststore that was found.
#[derive(Clone, Copy)]
struct Previous<'a> {
    store: &'a OpenStore,
    ours: bool,
}
