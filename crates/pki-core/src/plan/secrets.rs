use std::collections::BTreeSet;

use super::{Action, Draft, Note, Reason, Refusal, Verb, Work};
use crate::{
    disk::RelPath,
    keystore::Format,
    observe::Layout,
    secret::Source,
    topology::{Issuer, StoreFile, generated_secret},
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
            lost(draft, slot, settings)?;
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
        let characters: BTreeSet<char> = text.chars().collect();
        for character in characters {
            if let Some(breaks) = wso2::breaks_configuration(character) {
                draft.notes.push(Note::PasswordCharacter {
                    slot,
                    character,
                    breaks,
                });
            }
        }
        if format == Format::Jks && password.chars() < GOOD_CHARACTERS && slot != Slot::Truststore {
            let length = password.chars();
            draft.notes.push(Note::PasswordShort { slot, length });
        }
    }
    Ok(())
}

/// A generated password that is gone, while a store is there that nothing else opens.
fn lost(draft: &Draft<'_>, slot: Slot, settings: &StoreFile) -> Result<(), Refusal> {
    let Some(name) = generated_secret(&settings.password) else {
        return Ok(());
    };
    let nodes = draft.topology.nodes();
    let copies = nodes.map(|node| Layout::node_file(&node.name, &settings.file));
    let master = matches!(slot, Slot::Primary | Slot::Internal).then(|| Layout::master(settings));
    let needed_by = master
        .into_iter()
        .chain(copies)
        .find(|path| draft.found.content(path).is_some() && draft.found.open_store(path).is_none());
    match needed_by {
        None => Ok(()),
        Some(needed_by) => Err(Refusal::SecretLost {
            path: Layout::secret(name),
            needed_by,
        }),
    }
}

/// Plans the secrets that are used and that nobody has made yet.
pub(super) fn plan(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let topology = draft.topology;
    let mut needed: Vec<&Source> = topology
        .stores
        .iter()
        .map(|(_, settings)| &settings.password)
        .collect();
    let local = topology.ca.issuer == Issuer::Local && topology.ca.imported.is_none();
    // The password of a CA that is there may be kept elsewhere: it is missed when something is signed.
    if local && draft.found.content(&Layout::ca_key()).is_none() && draft.makes_authority() {
        needed.push(&topology.ca.password);
    }
    let groups = topology.groups.iter();
    let issued = groups.filter(|group| Layout::has_issued_balancer(group));
    needed.extend(issued.map(|group| &group.balancer_password));
    let mut made = BTreeSet::new();
    for source in needed {
        let Some(name) = generated_secret(source) else {
            continue;
        };
        if draft.found.password(source).is_some() || !made.insert(name) {
            continue;
        }
        draft.actions.push(Action {
            node: None,
            file: Layout::secret(name),
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

/// From 4.7 on: one key for all nodes, made once and never replaced, wherever it comes from.
fn plan_encryption_key(draft: &mut Draft<'_>) -> Result<(), Refusal> {
    let topology = draft.topology;
    let Some(source) = &topology.encryption else {
        return Ok(());
    };
    if let Some(key) = draft.found.password(source)
        && !wso2::is_encryption_key(key.expose())
    {
        let place = source.clone();
        return Err(Refusal::EncryptionKey { place });
    }
    let path = Layout::encryption_key();
    let recorded = draft.found.recorded_encryption_key();
    let (file, detail, work) = match (draft.found.encryption_key(topology), recorded) {
        (Some(found), Some(recorded)) if found != recorded => {
            return Err(Refusal::EncryptionKeyChanged { recorded, found });
        }
        (Some(_), Some(_)) => return Ok(()),
        (Some(found), None) => (
            Layout::encryption_record(),
            "what the encryption key is, so that no other takes its place",
            Work::EncryptionRecord { digest: found },
        ),
        (None, None) if draft.found.recorded(&path).is_none() => (
            path,
            "64 hex digits, the same for all nodes",
            Work::Secret {
                name: "encryption",
                kind: SecretKind::EncryptionKey,
            },
        ),
        (None, _) => {
            return Err(Refusal::Lost {
                what: "encryption key",
                places: draft.with_generations(Vec::new(), &path),
                path,
                state: "is missing".to_owned(),
            });
        }
    };
    draft.actions.push(Action {
        node: None,
        file,
        verb: Verb::Make,
        reason: Reason::Missing,
        detail: vec![detail.to_owned()],
        work,
    });
    Ok(())
}

/// Files that others may read get their mode back.
pub(super) fn restrict(draft: &mut Draft<'_>) {
    let open: Vec<RelPath> = draft
        .found
        .readable_by_others()
        .map(|(path, _)| path.clone())
        .filter(|path| draft.actions.iter().all(|action| action.file != *path))
        .filter(|path| !path.as_str().starts_with('.'))
        .collect();
    for file in open {
        draft.actions.push(Action {
            node: Layout::node_of(&file).map(|(node, _)| node.to_owned()),
            file,
            verb: Verb::Update,
            reason: Reason::ReadableByOthers,
            detail: vec!["mode 0600, the same content".to_owned()],
            work: Work::Restrict,
        });
    }
}

impl Draft<'_> {
    fn makes_authority(&self) -> bool {
        let mut actions = self.actions.iter();
        actions.any(|action| matches!(action.work, Work::Authority { .. }))
    }
}

/// What a JKS key's protection, one SHA-1 a guess, needs to hold for years.
const GOOD_CHARACTERS: usize = 16;
