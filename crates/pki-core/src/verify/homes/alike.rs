//! What all nodes of a cluster need alike.

use std::collections::BTreeMap;

use super::{At, Homes};
use crate::{
    observe::Layout,
    secret::Password,
    verify::{Alike, FilePlace, ProblemKind},
    wso2::{
        Slot,
        config::{DEPLOYMENT_TOML, Setting, Unknown},
    },
    x509::{Certificate, Fingerprint},
};

/// What a node has of something, where.
struct Held {
    member: usize,
    value: String,
    file: Option<FilePlace>,
}

impl Homes<'_> {
    pub(super) fn alike(&mut self) {
        let primary = self.certificates(Slot::Primary);
        self.compare(Alike::Primary, primary, self.master(Slot::Primary));
        let internal = self.certificates(Slot::Internal);
        self.compare(Alike::Internal, internal, self.master(Slot::Internal));
        let transformations = self.settings(|home| &home.config.transformation, Clone::clone);
        self.compare(Alike::Transformation, transformations, None);
        let keys = self.settings(
            |home| &home.config.encryption_key,
            |key: &Password| Fingerprint::of(key.utf8()).to_string(),
        );
        self.compare(Alike::EncryptionKey, keys, self.encryption_key());
        self.missing_encryption_keys();
    }

    /// SHA-256 of the certificate of each node's key.
    fn certificates(&self, slot: Slot) -> Vec<Held> {
        let members = self.cluster.members().iter().enumerate();
        let held = members.filter_map(|(member, it)| {
            let (_, lead) = it.home.slot(slot)?;
            let certificate = it.home.certificate(slot)?;
            Some(Held {
                member,
                value: certificate.fingerprint().to_string(),
                file: lead.path().map(|path| self.file(member, path)),
            })
        });
        held.collect()
    }

    fn settings<T>(
        &self,
        setting: impl Fn(&crate::observe::Home) -> &Setting<T>,
        text: impl Fn(&T) -> String,
    ) -> Vec<Held> {
        let members = self.cluster.members().iter().enumerate();
        let held = members.filter_map(|(member, it)| {
            let setting = setting(it.home);
            Some(Held {
                member,
                value: text(setting.known()?),
                file: setting
                    .place
                    .as_ref()
                    .map(|place| self.place(member, place)),
            })
        });
        held.collect()
    }

    /// The certificate of the workspace's master.
    fn master(&self, slot: Slot) -> Option<String> {
        let (topology, found) = self.workspace()?;
        let settings = topology.stores.get(slot)?;
        let master = found.open_store(&Layout::master(settings))?;
        let certificate: &Certificate = master.chain(&settings.alias)?.first()?;
        Some(certificate.fingerprint().to_string())
    }

    fn encryption_key(&self) -> Option<String> {
        let (topology, found) = self.workspace()?;
        topology.encryption.as_ref()?;
        found.encryption_key(topology).map(|key| key.to_string())
    }

    /// Each node that has another value than the workspace; without one, than most have.
    fn compare(&mut self, what: Alike, held: Vec<Held>, wanted: Option<String>) {
        let (expected, of) = match wanted {
            Some(wanted) => (wanted, "the workspace".to_owned()),
            None => {
                let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
                for it in &held {
                    *counts.entry(&it.value).or_default() += 1;
                }
                let most = counts.values().max().copied();
                let has_most = |it: &&Held| counts.get(it.value.as_str()).copied() == most;
                let Some(first) = held.iter().find(has_most) else {
                    return;
                };
                let name = &self.member(first.member).name;
                (first.value.clone(), format!("`{name}`"))
            }
        };
        for it in held.into_iter().filter(|it| it.value != expected) {
            let at = At {
                file: it.file,
                ..self.at(it.member)
            };
            let kind = ProblemKind::NodesDiffer {
                what,
                expected: expected.clone(),
                of: of.clone(),
                found: it.value,
            };
            self.error(at, kind);
        }
    }

    /// From 4.7 on a node without a key makes one when it starts: of several, each another.
    fn missing_encryption_keys(&mut self) {
        let several = self.cluster.members().len() > 1;
        for at in 0..self.cluster.members().len() {
            let home = self.member(at).home;
            let needs = home
                .product
                .as_ref()
                .is_some_and(|told| told.value.has_encryption_key());
            let setting = &home.config.encryption_key;
            match &setting.value {
                Err(Unknown::Absent) if needs && several => {
                    let here = At {
                        file: Some(self.in_home(at, DEPLOYMENT_TOML, None)),
                        ..self.at(at)
                    };
                    self.error(here, ProblemKind::EncryptionKeyMissing);
                }
                Err(why) if needs && *why != Unknown::Absent => {
                    let place = setting.place.as_ref().map(|place| self.place(at, place));
                    self.unjudged(at, place, why.to_string());
                }
                _ => {}
            }
        }
    }
}
