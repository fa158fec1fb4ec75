mod shared;

use time::OffsetDateTime;

pub use shared::shared_key;

use super::{Problem, ProblemKind, Report, Severity, Validity, problem::called, store as judged};
use crate::{
    disk::RelPath,
    observe::{Inventory, Layout, OpenStore},
    topology::{Issuer, Node, SanOrigin, Span, StoreFile, Topology},
    wso2::Slot,
    x509::{Certificate, Fingerprint, GeneralName},
};

/// Looks at every file of the deployment, alone and beside its master.
pub(super) fn check(
    topology: &Topology,
    found: &Inventory,
    now: OffsetDateTime,
    report: &mut Report,
) {
    let mut files = Files {
        topology,
        found,
        now,
        report,
    };
    files.authority();
    files.encryption_key();
    for (slot, settings) in topology.stores.iter() {
        if matches!(slot, Slot::Primary | Slot::Internal) {
            files.master(slot, settings);
        }
    }
    for node in topology.nodes() {
        files.node(node);
    }
    for external in &topology.externals {
        if external.shared_primary {
            files.shared_stores(&external.name);
        }
    }
    files.balancers();
    files.left_folders();
    files.modes();
}

struct Files<'a> {
    topology: &'a Topology,
    found: &'a Inventory,
    now: OffsetDateTime,
    report: &'a mut Report,
}

/// Where a problem is.
#[derive(Clone, Copy)]
struct At<'a> {
    node: Option<&'a str>,
    file: &'a RelPath,
    alias: Option<&'a str>,
}

impl<'a> Files<'a> {
    fn authority(&mut self) {
        if self.topology.ca.issuer == Issuer::SelfSigned {
            return;
        }
        let file = Layout::ca_certificate();
        let at = At {
            node: None,
            file: &file,
            alias: None,
        };
        let chain = self.found.certificates(&file);
        match chain.first() {
            None => self.error(at, ProblemKind::FileMissing),
            Some(certificate) => {
                self.valid(at, "CA", certificate, None);
                self.pin(at, self.topology.ca.pin, certificate);
            }
        }
    }

    /// From 4.7 on all nodes need the same key, the one that the cluster had from the beginning.
    fn encryption_key(&mut self) {
        if self.topology.encryption.is_none() {
            return;
        }
        let key = self.found.encryption_key(self.topology);
        let (file, kind) = match (key, self.found.recorded_encryption_key()) {
            (None, _) => (Layout::encryption_key(), ProblemKind::FileMissing),
            (Some(found), Some(expected)) if found != expected => (
                Layout::encryption_record(),
                ProblemKind::EncryptionKeyChanged { expected, found },
            ),
            _ => return,
        };
        let at = At {
            node: None,
            file: &file,
            alias: None,
        };
        self.error(at, kind);
    }

    /// A certificate that the topology pins.
    fn pin(&mut self, at: At<'_>, pinned: Option<Fingerprint>, certificate: &Certificate) {
        let found = certificate.fingerprint();
        if let Some(expected) = pinned
            && expected != found
        {
            self.error(at, ProblemKind::PinMissed { expected, found });
        }
    }

    /// Secrets that others may read.
    fn modes(&mut self) {
        for (file, mode) in self.found.readable_by_others() {
            let at = At {
                node: Layout::node_of(file).map(|(node, _)| node),
                file,
                alias: None,
            };
            if !file.as_str().starts_with('.') {
                self.warn(at, ProblemKind::ReadableByOthers { mode });
            }
        }
    }

    fn node(&mut self, node: &Node) {
        self.shared_stores(&node.name);
        self.tls(node);
    }

    fn tls(&mut self, node: &Node) {
        let settings = &self.topology.stores.tls;
        let file = Layout::node_file(&node.name, &settings.file);
        let at = At {
            node: Some(&node.name),
            file: &file,
            alias: Some(&settings.alias),
        };
        let Some(certificate) = self.key_entry(at, settings) else {
            return;
        };
        let tls = self.topology.tls_of(node);
        self.valid(at, &node.name, &certificate, Some(tls.renew_before));
        self.names(at, &certificate, self.topology.sans(node));
        let Some(store) = self.found.open_store(&file) else {
            return;
        };
        if let Some(kind) = judged::several_keys(&store.decoded.keystore) {
            self.error(at, kind);
        }
        let chain = store.chain(&settings.alias).unwrap_or_default();
        self.chain(at, chain);
        self.cut(at, chain, tls.validity);
        self.permitted(at, chain);
    }

    /// Whether a certificate has every name that the topology gives its owner: people and other programs
    /// call by names too of which no connection of the product is known.
    fn names(
        &mut self,
        at: At<'_>,
        certificate: &Certificate,
        wanted: Vec<(GeneralName, SanOrigin)>,
    ) {
        let Ok(view) = certificate.view() else { return };
        let names = view.names();
        let missing: Vec<String> = wanted
            .iter()
            .filter(|(name, _)| !names.contains(name))
            .map(|(name, _)| name.to_string())
            .collect();
        if !missing.is_empty() {
            let found = names.iter().map(ToString::to_string).collect();
            self.error(at, ProblemKind::NamesMissing { missing, found });
        }
    }

    /// Whether the chain of a node is complete: up to the certificate of the CA.
    fn chain(&mut self, at: At<'_>, chain: &[Certificate]) {
        if self.topology.ca.issuer == Issuer::SelfSigned {
            return;
        }
        let authority = self.found.certificates(&Layout::ca_certificate());
        let missing = authority
            .iter()
            .find(|issuer| !chain.contains(issuer))
            .map(called);
        if let Some(issuer) = missing {
            self.error(at, ProblemKind::ChainIncomplete { issuer });
        }
    }

    /// Whether a certificate ends with its issuer and not when the topology asks.
    fn cut(&mut self, at: At<'_>, chain: &[Certificate], validity: Span) {
        let [certificate, issuers @ ..] = chain else {
            return;
        };
        let Ok(view) = certificate.view() else { return };
        let first_end = issuers
            .iter()
            .filter_map(|issuer| Some(issuer.view().ok()?.not_after))
            .min();
        let not_after = view.not_after;
        if first_end == Some(not_after) && not_after < validity.after(view.not_before) {
            self.warn(at, ProblemKind::CutToIssuer { not_after });
        }
    }

    /// Whether every issuer in a chain may certify the names of the first certificate.
    fn permitted(&mut self, at: At<'_>, chain: &[Certificate]) {
        let [certificate, issuers @ ..] = chain else {
            return;
        };
        let Ok(view) = certificate.view() else { return };
        for issuer in issuers.iter().filter_map(|issuer| issuer.view().ok()) {
            let Some(constraints) = &issuer.name_constraints else {
                continue;
            };
            let refused = view.names().iter().filter(|it| !constraints.permits(it));
            let names: Vec<String> = refused.map(ToString::to_string).collect();
            if !names.is_empty() {
                let issuer = issuer.subject.to_string();
                self.warn(at, ProblemKind::NamesNotPermitted { issuer, names });
            }
        }
    }

    fn balancers(&mut self) {
        for group in &self.topology.groups {
            if !Layout::has_issued_balancer(group) {
                continue;
            }
            let file = Layout::balancer_chain(&group.name);
            let at = At {
                node: None,
                file: &file,
                alias: None,
            };
            let chain = self.found.certificates(&file);
            let Some(certificate) = chain.first() else {
                self.error(at, ProblemKind::FileMissing);
                continue;
            };
            let owner = format!("balancer {}", group.name);
            let renew = self.topology.tls.renew_before;
            self.valid(at, &owner, certificate, Some(renew));
            self.names(at, certificate, self.topology.balancer_sans(group));
            self.permitted(at, &chain);
            let key_file = Layout::balancer_key(&group.name);
            let at = At {
                file: &key_file,
                ..at
            };
            match self.found.balancer_key(group) {
                None => self.error(at, ProblemKind::FileMissing),
                Some(Err(reason)) => self.error(at, ProblemKind::PemDoesNotOpen(reason)),
                Some(Ok(key)) if key.matches(certificate) == crate::key::KeyMatch::No => {
                    self.error(at, ProblemKind::KeyMismatch);
                }
                Some(Ok(_)) => {}
            }
        }
    }

    fn left_folders(&mut self) {
        for folder in self.found.left_folders(self.topology) {
            let at = At {
                node: folder.as_str().strip_prefix("nodes/"),
                file: &folder,
                alias: None,
            };
            self.warn(at, ProblemKind::FolderLeft);
        }
    }

    /// The end-entity certificate of the key that a store must hold, if it holds one.
    fn key_entry(&mut self, at: At<'_>, settings: &StoreFile) -> Option<Certificate> {
        let store = self.store(at)?;
        self.defaults(at, store);
        let certificate = match judged::key(&store.decoded.keystore, &settings.alias) {
            Ok(certificate) => certificate,
            Err(kind) => {
                self.error(at, kind);
                return None;
            }
        };
        if let Some(kind) = judged::opened(store.key_state(&settings.alias)) {
            self.error(at, kind);
        }
        Some(certificate.clone())
    }

    /// A store that is there and opens; what is in the way otherwise is a problem.
    fn store(&mut self, at: At<'_>) -> Option<&'a OpenStore> {
        let at = At { alias: None, ..at };
        match self.found.store(at.file) {
            Some(Ok(store)) => return Some(store),
            Some(Err(reason)) => {
                self.error(at, ProblemKind::StoreDoesNotOpen(reason.clone()));
            }
            None if self.found.content(at.file).is_none() => {
                self.error(at, ProblemKind::FileMissing);
            }
            None => {
                let reason = crate::observe::Unopened::NoPassword;
                self.error(at, ProblemKind::StoreDoesNotOpen(reason));
            }
        }
        None
    }

    /// Keys that everybody owns, and trust in them.
    fn defaults(&mut self, at: At<'_>, store: &OpenStore) {
        for (alias, kind) in judged::defaults(&store.decoded.keystore) {
            let alias = Some(alias.as_str());
            self.error(At { alias, ..at }, kind);
        }
    }

    /// Whether a certificate is valid now, and for how long.
    fn valid(
        &mut self,
        at: At<'_>,
        owner: &str,
        certificate: &Certificate,
        renew_before: Option<Span>,
    ) {
        let (not_after, problems) = judged::validity(certificate, self.now, renew_before);
        self.report
            .validity
            .extend(not_after.map(|not_after| Validity {
                owner: owner.to_owned(),
                file: at.file.clone().into(),
                not_after,
            }));
        for (severity, kind) in problems {
            self.push(severity, at, kind);
        }
    }

    fn error(&mut self, at: At<'_>, kind: ProblemKind) {
        self.push(Severity::Error, at, kind);
    }

    fn warn(&mut self, at: At<'_>, kind: ProblemKind) {
        self.push(Severity::Warning, at, kind);
    }

    fn push(&mut self, severity: Severity, at: At<'_>, kind: ProblemKind) {
        self.report.problems.push(Problem {
            severity,
            node: at.node.map(str::to_owned),
            file: Some(at.file.clone().into()),
            alias: at.alias.map(str::to_owned),
            named_by: Vec::new(),
            kind,
        });
    }
}
