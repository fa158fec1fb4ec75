use std::collections::BTreeSet;

use super::{Action, Draft, Note, Reason, Refusal, Verb, Work};
use crate::{
    keystore::Format,
    observe::Layout,
    secret::Source,
    topology::{Issuer, generated_secret},
    wso2::{self, Slot},
};

/// What kind of secret is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// 64 hex digits.
    EncryptionKey,
    /// 32 letters and digits.
    Password,
}

/// Judges the passwords that are known, before anything is planned with them.
pub(super) fn check(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    for name in draft.scope.nodes.iter().flatten() {
        if draft.topology.node(name).is_none() {
            return Err(Refusal::UnknownNode { name: name.clone() });
        }
    }
    let mut noted = BTreeSet::new();
    for (slot, settings) in draft.topology.stores.iter() {
        let Some(password) = draft.found.password(&settings.password) else {
            continue;
        };
        let format = settings.encoding.format();
        let refuse = |reason| {
            Err(Refusal::Password {
                slot,
                source_text: settings.password.clone(),
                reason,
            })
        };
        if password.chars() < wso2::PASSWORD_MINIMUM {
            return refuse("it has fewer than 6 characters, and the product refuses it");
        }
        if format == Format::Pkcs12 && !password.is_ascii() {
            return refuse("Java 17 opens no PKCS #12 store with a password that is not ASCII");
        }
        if !noted.insert(&settings.password) {
            continue;
        }
        let text = password.expose();
        if let Some((character, breaks)) = text
            .chars()
            .find_map(|c| Some((c, wso2::breaks_configuration(c)?)))
        {
            draft.notes.push(Note::PasswordCharacter {
                slot,
                character,
                breaks,
            });
        }
        if format == Format::Jks && password.chars() < GOOD_CHARACTERS && slot != Slot::Truststore {
            let length = password.chars();
            draft.notes.push(Note::PasswordShort { slot, length });
        }
    }
    Ok(())
}

/// Plans the secrets that the actions so far need and that nobody has made yet.
pub(super) fn plan(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let topology = draft.topology;
    let mut needed: Vec<(&Source, Option<Slot>)> = Vec::new();
    for (slot, settings) in topology.stores.iter() {
        needed.push((&settings.password, Some(slot)));
    }
    if topology.ca.issuer == Issuer::Local && topology.ca.imported.is_none() {
        needed.push((&topology.ca.password, None));
    }
    for group in &topology.groups {
        if Layout::has_issued_balancer(group) {
            needed.push((&group.balancer_password, None));
        }
    }
    let mut made = BTreeSet::new();
    for (source, slot) in needed {
        let Some(name) = generated_secret(source) else {
            continue;
        };
        if draft.found.password(source).is_some() || !made.insert(name) {
            continue;
        }
        let path = Layout::secret(name);
        let needed_by = match slot {
            Some(slot) => stores_of(draft, slot).into_iter().next(),
            None if name == "ca" => Some(Layout::ca_key()),
            None => topology
                .groups
                .iter()
                .map(|group| Layout::balancer_key(&group.name))
                .find(|path| draft.found.content(path).is_some()),
        };
        if let Some(needed_by) = needed_by
            && draft.found.content(&needed_by).is_some()
            && !draft.rewrites(&needed_by)
        {
            // The CA's password may be kept elsewhere; it is missed when something is signed.
            if name == "ca" {
                continue;
            }
            return Err(Refusal::SecretLost { path, needed_by });
        }
        draft.actions.push(Action {
            node: None,
            file: path,
            verb: Verb::Make,
            reason: Reason::Missing,
            detail: vec!["32 letters and digits".to_owned()],
            work: Work::Secret {
                name,
                kind: SecretKind::Password,
            },
        });
    }
    plan_encryption_key(draft)
}

/// From 4.7 on: one key for all nodes, made once and never replaced.
fn plan_encryption_key(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let topology = draft.topology;
    let path = Layout::encryption_key();
    let ours = topology.encryption.as_ref().and_then(generated_secret);
    if ours != Some("encryption") || draft.found.content(&path).is_some() {
        return Ok(());
    }
    if draft.found.recorded(&path).is_some() {
        return Err(Refusal::Lost {
            what: "encryption key",
            path,
            state: "is missing".to_owned(),
            places: Vec::new(),
        });
    }
    draft.actions.push(Action {
        node: None,
        file: path,
        verb: Verb::Make,
        reason: Reason::Missing,
        detail: vec!["64 hex digits, the same for all nodes".to_owned()],
        work: Work::Secret {
            name: "encryption",
            kind: SecretKind::EncryptionKey,
        },
    });
    Ok(())
}

/// The stores of a slot that are there.
fn stores_of(draft: &Draft<'_>, slot: Slot) -> Vec<crate::disk::RelPath> {
    let Some(settings) = draft.topology.stores.get(slot) else {
        return Vec::new();
    };
    let mut paths: Vec<_> = draft
        .topology
        .nodes()
        .map(|node| Layout::node_file(&node.name, &settings.file))
        .collect();
    paths.push(Layout::master(settings));
    paths.retain(|path| draft.found.content(path).is_some());
    paths
}

impl Draft<'_> {
    fn rewrites(&self, path: &crate::disk::RelPath) -> bool {
        self.actions.iter().any(|action| action.file == *path)
    }
}

/// What a JKS key's protection, one SHA-1 a guess, needs to hold for years.
const GOOD_CHARACTERS: usize = 16;
