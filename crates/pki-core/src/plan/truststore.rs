use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::{
    Action, Authority, Draft, Reason, Refusal, Verb, Work,
    masters::Masters,
    node::{Certificates, State},
};
use crate::{
    disk::RelPath,
    keystore::{Content, Format},
    observe::{Layout, OpenStore, Unopened},
    topology::{BalancerTls, Issuer},
    wso2::{GATEWAY_CERTIFICATE_ALIAS, known_certificate},
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
    let mut content = Builder {
        items: vendor,
        ours: BTreeMap::new(),
    };
    let previous = previous(draft, &files);
    add_anchors(draft, authority, certificates, previous, &mut content)?;
    let primary = match &masters.primary.certificate {
        Some(certificate) => TrustSource::Known(certificate.clone()),
        None => TrustSource::Primary,
    };
    content.add(&draft.topology.primary.alias, primary.clone())?;
    if draft.topology.product.has_gateway_certificate_alias() {
        content.add(GATEWAY_CERTIFICATE_ALIAS, primary)?;
    }
    add_given(draft, &mut content)?;
    add_replaced(draft, certificates, previous, &mut content);
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

struct Builder {
    items: Vec<TrustItem>,
    /// The entries that are not the vendor's, by alias.
    ours: BTreeMap<String, TrustSource>,
}

impl Builder {
    /// Adds an entry that must be there under this alias.
    fn add(&mut self, alias: &str, source: TrustSource) -> Result<(), Refusal> {
        match self.items.iter().find(|item| item.alias == alias) {
            None => {}
            Some(there) if there.source == source => return Ok(()),
            Some(_) => {
                let alias = alias.to_owned();
                return Err(Refusal::AliasTaken { alias });
            }
        }
        self.ours.insert(alias.to_owned(), source.clone());
        self.items.push(TrustItem {
            alias: alias.to_owned(),
            source,
            created: None,
        });
        Ok(())
    }

    /// Adds an entry under the first free alias of `stem`, `stem-2`, `stem-3`…
    fn add_numbered(&mut self, stem: &str, certificate: &Certificate) -> Result<(), Refusal> {
        let source = TrustSource::Known(certificate.clone());
        let mut alias = stem.to_owned();
        let mut number = 2;
        while self.ours.get(&alias).is_some_and(|there| *there != source) {
            alias = format!("{stem}-{number}");
            number += 1;
        }
        self.add(&alias, source)
    }
}

/// The vendor's entries that stay, in order, and a line for each that goes.
fn vendor(draft: &Draft<'_>) -> Result<(Vec<TrustItem>, Vec<String>), Refusal> {
    let Some(vendor) = &draft.found.inputs().vendor else {
        return Ok((Vec::new(), Vec::new()));
    };
    let pin = draft
        .topology
        .stores
        .vendor
        .as_ref()
        .and_then(|vendor| vendor.sha256);
    if let Some(pinned) = pin
        && pinned != vendor.sha256
    {
        let found = vendor.sha256;
        return Err(Refusal::VendorPin { pinned, found });
    }
    let mut items: Vec<TrustItem> = Vec::new();
    let mut removed = Vec::new();
    for entry in vendor.decoded.keystore.entries() {
        let alias = entry.alias.lookup();
        let Content::TrustedCertificate { certificate, .. } = &entry.content else {
            removed.push(format!(
                "out: `{}`, a key of the vendor's truststore",
                entry.alias
            ));
            continue;
        };
        if let Some(known) = known_certificate(certificate) {
            removed.push(format!(
                "out: `{}`, whose private key is public ({}, {})",
                entry.alias, known.id, known.shipped_in
            ));
            continue;
        }
        if items.iter().any(|item| item.alias == alias) {
            removed.push(format!(
                "out: `{}`, an alias that is there twice",
                entry.alias
            ));
            continue;
        }
        let not_before = || certificate.view().ok().map(|view| view.not_before);
        items.push(TrustItem {
            alias,
            source: TrustSource::Known(certificate.clone()),
            created: entry.created.or_else(not_before),
        });
    }
    Ok((items, removed))
}

/// Whoever certifies the nodes and the balancers.
fn add_anchors(
    draft: &Draft<'_>,
    authority: &Authority,
    certificates: &Certificates,
    previous: Option<&OpenStore>,
    content: &mut Builder,
) -> Result<(), Refusal> {
    let anchor = &draft.topology.stores.truststore.alias;
    match authority {
        Authority::New { .. } => content.add(anchor, TrustSource::Authority)?,
        Authority::Known(chain) => {
            if let Some(root) = chain.last() {
                content.add(anchor, TrustSource::Known(root.clone()))?;
            }
        }
        Authority::SelfSigned => {
            for (node, state) in &certificates.nodes {
                let source = match state {
                    State::Kept(certificate) => TrustSource::Known(certificate.clone()),
                    State::New { .. } => TrustSource::Node(node.clone()),
                };
                content.add(node, source)?;
            }
            // A node that was not chosen and whose own store is not at hand stays trusted.
            let unseen = draft
                .topology
                .nodes()
                .filter(|node| !certificates.nodes.contains_key(&node.name));
            for node in unseen {
                let there = previous.and_then(|store| store.decoded.keystore.get(&node.name));
                if let Some(certificate) = there.and_then(|entry| entry.certificates().first()) {
                    content.add(&node.name, TrustSource::Known(certificate.clone()))?;
                }
            }
            for (group, state) in &certificates.balancers {
                let source = match state {
                    State::Kept(certificate) => TrustSource::Known(certificate.clone()),
                    State::New { .. } => TrustSource::Balancer(group.clone()),
                };
                content.add(&format!("balancer-{group}"), source)?;
            }
        }
    }
    Ok(())
}

/// What the topology names: corporate roots, the anchors of balancers and of external servers.
fn add_given(draft: &Draft<'_>, content: &mut Builder) -> Result<(), Refusal> {
    let topology = draft.topology;
    let inputs = draft.found.inputs();
    for path in &topology.stores.trust {
        let stem = alias_of(path);
        for certificate in inputs.pem(path) {
            content.add_numbered(&stem, certificate)?;
        }
    }
    for group in &topology.groups {
        for balancer in &group.balancers {
            if let BalancerTls::Own { certificate } = &balancer.tls
                && let Some(anchor) = inputs.pem(certificate).last()
            {
                content.add_numbered(&format!("balancer-{}", group.name), anchor)?;
            }
        }
    }
    for external in &topology.externals {
        let stem = format!("external-{}", external.name);
        let certificate = external.certificate.iter();
        let anchors = certificate.filter_map(|path| inputs.pem(path).last());
        let trusted = external.trust.iter().flat_map(|path| inputs.pem(path));
        for certificate in anchors.chain(trusted) {
            content.add_numbered(&stem, certificate)?;
        }
    }
    Ok(())
}

/// An alias for the certificates of a file: its name without extension, in lower-case ASCII.
fn alias_of(path: &std::path::Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let alias: String = stem
        .chars()
        .map(|c| match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') => c,
            _ => '-',
        })
        .collect();
    if alias.is_empty() {
        "trust".to_owned()
    } else {
        alias
    }
}

/// The truststore that is there: under its name, or the one that had another.
fn previous<'a>(draft: &Draft<'a>, files: &[RelPath]) -> Option<&'a OpenStore> {
    let found = draft.found;
    let named = files.iter().find_map(|file| found.open_store(file));
    named.or_else(|| {
        let folders = found.node_folders();
        let mut others = folders.iter().flat_map(|folder| {
            let folder = Layout::node(folder);
            let below: Vec<RelPath> = found.below(&folder).cloned().collect();
            below
        });
        others.find_map(|path| {
            found
                .open_store(&path)
                .filter(|store| store.private_keys().next().is_none())
        })
    })
}

/// Self-signed certificates that were replaced stay trusted until they expire, so that nodes can be
/// restarted one after the other; `--prune` takes them out.
fn add_replaced(
    draft: &Draft<'_>,
    certificates: &Certificates,
    previous: Option<&OpenStore>,
    content: &mut Builder,
) {
    if draft.scope.prune {
        return;
    }
    let mut replaced: Vec<(String, Certificate)> = Vec::new();
    let self_signed = draft.topology.ca.issuer == Issuer::SelfSigned;
    let states = certificates.nodes.iter().chain(&certificates.balancers);
    for (name, state) in states {
        if let State::New {
            before: Some(before),
        } = state
            && (self_signed || before.is_self_issued())
        {
            replaced.push((name.clone(), before.clone()));
        }
    }
    for (entry, certificate) in previous.iter().flat_map(|store| store.trusted()) {
        if let Some((name, _)) = entry.alias.as_str().split_once(REPLACED) {
            replaced.push((name.to_owned(), certificate.clone()));
        }
    }
    for (name, certificate) in replaced {
        let Ok(view) = certificate.view() else {
            continue;
        };
        let source = TrustSource::Known(certificate.clone());
        if view.not_after < draft.now || content.items.iter().any(|item| item.source == source) {
            continue;
        }
        let fingerprint = certificate.fingerprint().to_string();
        let alias = format!("{name}{REPLACED}{}", &fingerprint[..8]);
        content.items.push(TrustItem {
            alias,
            source,
            created: None,
        });
    }
}

/// Stands between a node's name and the beginning of the fingerprint of a certificate that it had. No
/// node's name holds a dot.
const REPLACED: &str = ".until-";

/// Entries that were there keep their dates.
fn keep_dates(previous: Option<&OpenStore>, items: &mut [TrustItem]) {
    let Some(previous) = previous else { return };
    let dates: BTreeMap<(String, crate::x509::Fingerprint), OffsetDateTime> = previous
        .trusted()
        .filter_map(|(entry, certificate)| {
            Some((
                (entry.alias.lookup(), certificate.fingerprint()),
                entry.created?,
            ))
        })
        .collect();
    for item in items.iter_mut().filter(|item| item.created.is_none()) {
        if let TrustSource::Known(certificate) = &item.source {
            let key = (item.alias.clone(), certificate.fingerprint());
            item.created = dates.get(&key).copied();
        }
    }
}

fn is_wanted(store: &OpenStore, draft: &Draft<'_>, items: &[TrustItem]) -> bool {
    let settings = &draft.topology.stores.truststore;
    let entries = store.decoded.keystore.entries();
    // A PKCS #12 without entries says nothing of its profile, and there is none here.
    store.current
        && store.decoded.encoding == Some(settings.encoding)
        && entries.len() == items.len()
        && entries.iter().zip(items).all(|(entry, item)| {
            let visible = matches!(
                entry.content,
                Content::TrustedCertificate {
                    java_visible: true,
                    ..
                }
            );
            let certificate = entry.certificates().first();
            visible
                && entry.alias.as_str() == item.alias
                && match &item.source {
                    TrustSource::Known(wanted) => certificate == Some(wanted),
                    _ => false,
                }
                && (settings.encoding.format() != Format::Jks
                    || item.created.is_none()
                    || entry.created.map(millis) == item.created.map(millis))
        })
}

fn millis(at: OffsetDateTime) -> i128 {
    at.unix_timestamp_nanos() / 1_000_000
}

/// What comes in and what goes out, against the truststore that is there.
fn changes(previous: Option<&OpenStore>, items: &[TrustItem]) -> Vec<String> {
    let before: Vec<(String, &Certificate)> = previous
        .iter()
        .flat_map(|store| store.trusted())
        .map(|(entry, certificate)| (entry.alias.lookup(), certificate))
        .collect();
    let mut lines = Vec::new();
    for item in items {
        let there = before.iter().find(|(alias, _)| *alias == item.alias);
        let line = match (&item.source, there) {
            (TrustSource::Known(now), Some((_, before))) if now == *before => continue,
            (TrustSource::Known(_), None) if before.is_empty() && item.created.is_some() => {
                continue;
            }
            (_, Some(_)) => format!("changed: `{}`", item.alias),
            (_, None) => format!("in: `{}`", item.alias),
        };
        lines.push(line);
    }
    for (alias, _) in &before {
        if items.iter().all(|item| item.alias != *alias) {
            lines.push(format!("out: `{alias}`"));
        }
    }
    lines
}
