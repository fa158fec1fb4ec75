//! A home's encrypted secrets: the node goes on reading them when the key changes under which they are encrypted,
//! and those that its configuration refers to are there.
//!
//! The product says nothing where it does not read a secret: it takes the *alias* for the password. So no key is
//! replaced before everything that it encrypted in the home's files is encrypted for the next one.

mod keys;

use std::collections::BTreeMap;

use keys::Deployed;

use super::{InstallRefusal, Order, PasswordStyle, Placed, Promised};
use crate::{
    key::Random,
    observe::NodeKeys,
    secret::{Bytes, Password},
    wso2::{
        Slot,
        config::{Document, Edited, Edits, StoreConsumer, Wanted, Written},
        vault::{
            self, ChangeError, ChangedFile, Content, Keeper, Mode, OpeningKey, Outcome,
            SECRET_CONF, SealingKey, Vault, Verdict, holds_secrets, key_of_vault, repointed,
            secret_conf,
        },
    },
};

/// The encrypted secrets of a home as they are, and with what its node reads them.
#[derive(Clone, Copy, Debug)]
pub struct FoundSecrets<'a> {
    /// The files that they are in, and that name them.
    pub documents: &'a [Document],
    /// Files that cannot be read: path and reason.
    pub unread: &'a [(String, String)],
    /// Its keys.
    pub keys: &'a NodeKeys,
}

/// What the server asks for at its start, or finds in a file, to open its vault.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AtStart {
    /// The key of the vault's own symmetric mode.
    Key,
    /// The password of the keystore that the vault opens.
    Password {
        /// That keystore, as the set-up names it.
        store: String,
        /// Whether it is another than before, or may have another password.
        new: bool,
    },
}

/// What becomes of a home's secrets.
#[derive(Default)]
pub(super) struct Secrets {
    /// Files that change, whole.
    pub(super) files: BTreeMap<String, Bytes>,
    /// What became of each.
    pub(super) outcomes: Vec<Outcome>,
    pub(super) at_start: Option<AtStart>,
}

/// Works out what becomes of the secrets of a home in which `edited` are changed, and which then refers to
/// `promised`.
pub(super) fn secrets(
    order: &Order<'_>,
    stores: &[Placed],
    wanted: &Wanted,
    edited: &[Edited],
    promised: &[Promised],
    random: &mut dyn Random,
) -> Result<Secrets, InstallRefusal> {
    refuse_unread(order)?;
    let mut work = Work::new(order, edited)?;
    let stays = key_stays(order, &work.vault(), stores);
    let values = match order.passwords {
        PasswordStyle::Encrypted => values(wanted, promised),
        _ => Vec::new(),
    };
    let is_empty = !work.vault().secrets.iter().any(is_encrypted);
    if is_empty && values.is_empty() && !work.vault().settings.configured {
        return Ok(Secrets::default());
    }
    refuse_a_lost_secret_key(order, &work.vault(), stays, &values)?;
    let new = Deployed::of(order)?;
    let (old, keys) = (&order.secrets.keys.keyring, new.keys(stays));
    let followed = work.vault().follow(old, &keys, &values, random);
    let followed = followed.map_err(|error| lost(order, error))?;
    work.take(followed.files)?;
    let mut outcomes = followed.outcomes;
    if !values.is_empty() {
        let (sealing, opening) = match stays {
            true => kept(order)?,
            false => new.of_vault(),
        };
        let made = work
            .vault()
            .set(&work.documents, &values, sealing, opening, random)?;
        outcomes.extend(made.outcomes);
        work.take(made.files)?;
        prove(&work.vault(), opening, &values)?;
    }
    let set_up = set_up(order, &work, &new, stays);
    work.take(set_up.into_iter().collect())?;
    let at_start = at_start(&work.vault(), stays);
    Ok(Secrets {
        files: work.files,
        outcomes,
        at_start,
    })
}

/// The documents of the home as they will be, with what has changed in them here.
struct Work<'a> {
    order: &'a Order<'a>,
    documents: Vec<Document>,
    files: BTreeMap<String, Bytes>,
}

impl<'a> Work<'a> {
    fn new(order: &'a Order<'a>, edited: &[Edited]) -> Result<Self, InstallRefusal> {
        let mut work = Self {
            order,
            documents: order.secrets.documents.to_vec(),
            files: BTreeMap::new(),
        };
        let edited = edited.iter();
        work.replace(edited.map(|it| (&*it.file, &it.bytes)))?;
        // A new secret needs a file to stand in.
        let file = work.vault().file();
        if work.documents.iter().all(|it| it.file() != file) {
            work.replace([(file, &Bytes::default())])?;
        }
        Ok(work)
    }

    fn vault(&self) -> Vault<'_> {
        Vault::of(&self.documents, self.order.config.generation)
    }

    fn take(&mut self, files: Vec<ChangedFile>) -> Result<(), InstallRefusal> {
        self.replace(files.iter().map(|it| (&*it.file, &it.bytes)))?;
        let files = files.into_iter();
        self.files
            .extend(files.map(|it| (it.file.to_string(), it.bytes)));
        Ok(())
    }

    fn replace<'f>(
        &mut self,
        files: impl IntoIterator<Item = (&'f str, &'f Bytes)>,
    ) -> Result<(), InstallRefusal> {
        let unread = |(file, reason): (String, _)| InstallRefusal::Unread {
            file: file.into(),
            reason,
        };
        self.documents = vault::with_files(&self.documents, files).map_err(unread)?;
        Ok(())
    }
}

/// Every secret that the configuration refers to, with its value.
fn values(wanted: &Wanted, promised: &[Promised]) -> Vec<(String, Password)> {
    let value = |it: &Promised| {
        let written = match it.slot {
            Some(slot) => &wanted.stores.get(&slot)?.password,
            None => wanted.encryption_key.as_ref()?,
        };
        match written {
            Written::Secret { otherwise, .. } => Some((it.name.clone(), otherwise.clone())),
            _ => None,
        }
    };
    promised.iter().filter_map(value).collect()
}

/// Whether the vault's key is none of those that an installation brings: a keystore of its own, a key that is
/// given at start.
fn key_stays(order: &Order<'_>, vault: &Vault<'_>, stores: &[Placed]) -> bool {
    let settings = &vault.settings;
    if !settings.configured {
        return false;
    }
    if settings.mode == Mode::KeyFile {
        return true;
    }
    if settings.keystore.is_none() {
        return false;
    }
    let Some(path) = &order.secrets.keys.in_home else {
        return true;
    };
    let consumer = match key_of_vault(order.config.generation) {
        Slot::Internal => StoreConsumer::Internal,
        _ => StoreConsumer::Primary,
    };
    let configured = order.config.store(consumer, |_| true);
    let configured = configured.and_then(|store| store.location.known());
    let is_replaced = stores.iter().any(|placed| placed.path.as_str() == path);
    !is_replaced && configured != Some(path)
}

/// A key of the vault that the installation does not touch.
fn kept<'a>(order: &Order<'a>) -> Result<(&'a SealingKey, Option<&'a OpeningKey>), InstallRefusal> {
    let keys = order.secrets.keys;
    match (&keys.sealing, &keys.missing) {
        _ if keys.built_in => Err(InstallRefusal::VaultKey { reason: None }),
        (Some(sealing), _) => Ok((sealing, keys.keyring.vault.as_ref())),
        (None, reason) => Err(InstallRefusal::VaultKey {
            reason: reason.clone().map(Box::new),
        }),
    }
}

/// `secret-conf.properties`, if it has to change.
fn set_up(order: &Order<'_>, work: &Work<'_>, new: &Deployed, stays: bool) -> Option<ChangedFile> {
    let vault = work.vault();
    let encrypts = order.passwords == PasswordStyle::Encrypted;
    let old = work.documents.iter().find(|it| it.file() == SECRET_CONF);
    let text = match old.filter(|_| vault.settings.configured) {
        // One that is switched off stays so, unless it is wanted.
        Some(old) if encrypts || (vault.settings.enabled && !stays) => {
            let store = (!stays).then_some(&new.store);
            let text = repointed(old, store);
            if text.expose() == old.edited(&Edits::new()).expose() {
                return None;
            }
            text
        }
        None if encrypts => {
            let product = order.topology.product;
            let text = secret_conf(product, Mode::Asymmetric, &new.store, None);
            Bytes::from(text.into_bytes())
        }
        _ => return None,
    };
    Some(ChangedFile::new(SECRET_CONF, text))
}

/// What the server needs to open its vault, if there is something in it.
fn at_start(vault: &Vault<'_>, stays: bool) -> Option<AtStart> {
    let settings = &vault.settings;
    let mut sealed = vault.secrets.iter().filter(|it| is_sealed(it));
    if !settings.configured || !settings.enabled || sealed.next().is_none() {
        return None;
    }
    match (settings.mode, &settings.keystore) {
        (Mode::KeyFile, _) => Some(AtStart::Key),
        (_, store) => Some(AtStart::Password {
            store: store.as_ref()?.location.clone(),
            new: !stays,
        }),
    }
}

/// Whether it is one of the vault's that counts.
fn is_sealed(secret: &vault::Secret<'_>) -> bool {
    secret.keeper == Keeper::Vault && !secret.shadowed && is_encrypted(secret)
}

fn is_encrypted(secret: &vault::Secret<'_>) -> bool {
    matches!(&secret.content, Content::Sealed(sealed) if !sealed.is_empty())
}

/// The node will read what was written for it.
fn prove(
    vault: &Vault<'_>,
    opening: Option<&OpeningKey>,
    values: &[(String, Password)],
) -> Result<(), InstallRefusal> {
    let Some(opening) = opening else {
        return Ok(());
    };
    for (alias, value) in values {
        let of_alias = |it: &&vault::Secret<'_>| it.keeper == Keeper::Vault && it.alias == *alias;
        let secret = vault.secrets.iter().rfind(of_alias);
        let read = secret.map(|secret| vault.check_with(secret, opening));
        let reads = match read {
            Some(Verdict::Reads(opened)) => opened.plain.expose() == value.utf8(),
            _ => false,
        };
        if !reads {
            let alias = alias.clone();
            return Err(InstallRefusal::NotRead { alias });
        }
    }
    Ok(())
}

/// What cannot be read may hold secrets, or say how they are read.
fn refuse_unread(order: &Order<'_>) -> Result<(), InstallRefusal> {
    let mut unread = order.secrets.unread.iter();
    match unread.find(|(file, _)| holds_secrets(file)) {
        None => Ok(()),
        Some((file, reason)) => Err(InstallRefusal::UnreadSecrets {
            file: file.clone(),
            reason: reason.clone(),
        }),
    }
}

/// A secret key of a keystore that is replaced is gone, and nothing in its place can be what the vault takes.
fn refuse_a_lost_secret_key(
    order: &Order<'_>,
    vault: &Vault<'_>,
    stays: bool,
    values: &[(String, Password)],
) -> Result<(), InstallRefusal> {
    let is_lost = vault.settings.mode == Mode::StoredSecretKey && !stays;
    let matters = !values.is_empty() || vault.secrets.iter().any(is_sealed);
    match &order.secrets.keys.store {
        Some(store) if is_lost && matters => Err(InstallRefusal::LostSecretKey {
            store: store.clone(),
        }),
        _ => Ok(()),
    }
}

fn lost(order: &Order<'_>, error: ChangeError) -> InstallRefusal {
    InstallRefusal::LostSecrets {
        error,
        missing: order.secrets.keys.missing.clone().map(Box::new),
    }
}
