use std::collections::BTreeMap;

use super::{TrustItem, TrustSource};
use crate::{
    keystore::Content,
    observe::OpenStore,
    plan::{
        Authority, Draft, Refusal,
        node::{Certificates, State},
    },
    topology::{BalancerTls, Issuer},
    wso2::known_certificate,
    x509::Certificate,
};

pub(super) struct Builder {
    pub(super) items: Vec<TrustItem>,
    /// The entries that are not the vendor's, by alias.
    ours: BTreeMap<String, TrustSource>,
}

impl Builder {
    /// Begins with the vendor's entries.
    pub(super) fn new(items: Vec<TrustItem>) -> Self {
        let ours = BTreeMap::new();
        Self { items, ours }
    }

    /// Adds an entry that must be there under this alias.
    pub(super) fn add(&mut self, alias: &str, source: TrustSource) -> Result<(), Refusal> {
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
pub(super) fn vendor(draft: &Draft<'_>) -> Result<(Vec<TrustItem>, Vec<String>), Refusal> {
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
pub(super) fn add_anchors(
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
pub(super) fn add_given(draft: &Draft<'_>, content: &mut Builder) -> Result<(), Refusal> {
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

/// Self-signed certificates that were replaced stay trusted until they expire, so that nodes can be
/// restarted one after the other; `--prune` takes them out.
pub(super) fn add_replaced(
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
