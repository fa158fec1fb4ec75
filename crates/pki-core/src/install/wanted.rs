//! What the configuration of a home is to say of its stores.

use super::InstallRefusal;
use crate::{
    observe::{Inventory, Layout},
    secret::{Password, Source},
    topology::{Topology, generated_secret},
    wso2::{
        ENCRYPTION_KEY_ALIAS, ENCRYPTION_KEY_VARIABLE, Slot,
        config::{Wanted, WantedStore, Written, placeholder},
    },
};

/// How the configuration is to hold passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordStyle {
    /// As references to the product's secret repository, which gets them, encrypted, in the same run.
    Encrypted,
    /// `$env{NAME}`: 3.0 and later.
    Environment,
    /// As they are.
    #[default]
    Plain,
    /// As references to the product's secret repository.
    Secret,
}

/// A secret that the configuration refers to and does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promised {
    /// The environment variable, or the alias in the secret repository.
    pub name: String,
    /// The store that it opens; `None` for the encryption key.
    pub slot: Option<Slot>,
}

/// What stands where the configuration holds a password itself, which it does in places even if it is to
/// hold references.
#[derive(Clone, Copy, Debug)]
pub(super) enum Passwords<'a> {
    /// The password, as the workspace knows it.
    Known(&'a Inventory),
    /// A word that stands for it, and is easy to find and to replace.
    Placeholders,
}

/// What the configuration of every home is to say of its stores. Which servers its URLs are to name is
/// another matter.
pub(super) fn wanted(
    topology: &Topology,
    style: PasswordStyle,
    passwords: Passwords<'_>,
) -> Result<Wanted, InstallRefusal> {
    let written = |slot: Option<Slot>, source: &Source| {
        let variable = slot.map_or(ENCRYPTION_KEY_VARIABLE, Slot::password_variable);
        let secret = || match passwords {
            Passwords::Known(found) => known_password(found, source),
            Passwords::Placeholders => Ok(placeholder(variable)),
        };
        Ok::<_, InstallRefusal>(match style {
            PasswordStyle::Environment => Written::Environment(variable.to_owned()),
            PasswordStyle::Plain => Written::Plain(secret()?),
            PasswordStyle::Encrypted | PasswordStyle::Secret => Written::Secret {
                alias: slot
                    .map_or(ENCRYPTION_KEY_ALIAS, Slot::secret_alias)
                    .to_owned(),
                otherwise: secret()?,
            },
        })
    };
    let mut wanted = Wanted::default();
    for slot in Slot::ALL {
        let played_by = played_by(topology, slot);
        let settings = match topology.stores.get(played_by) {
            Some(settings) => settings,
            None => &topology.stores.primary,
        };
        let store = WantedStore {
            file: settings.file.clone(),
            format: settings.encoding.format(),
            password: written(Some(played_by), &settings.password)?,
            alias: (slot != Slot::Truststore).then(|| settings.alias.clone()),
        };
        wanted.stores.insert(slot, store);
    }
    if let Some(source) = &topology.encryption {
        wanted.encryption_key = Some(written(None, source)?);
    }
    Ok(wanted)
}

/// What such a configuration refers to. `aliases` are those that a slot's store has in XML, where each place
/// asks for one of its own.
pub(super) fn promised(
    topology: &Topology,
    style: PasswordStyle,
    aliases: impl Fn(Slot) -> Vec<String>,
) -> Vec<Promised> {
    let mut promised: Vec<Promised> = Vec::new();
    let mut promise = |name: String, slot| {
        let promise = Promised { name, slot };
        if !promised.contains(&promise) {
            promised.push(promise);
        }
    };
    for slot in Slot::ALL {
        let played_by = played_by(topology, slot);
        match style {
            PasswordStyle::Plain => {}
            PasswordStyle::Environment => {
                promise(played_by.password_variable().to_owned(), Some(played_by));
            }
            PasswordStyle::Encrypted | PasswordStyle::Secret => {
                let asked = match topology.product.is_2x() {
                    true => slot,
                    false => played_by,
                };
                for alias in aliases(asked) {
                    promise(alias, Some(played_by));
                }
            }
        }
    }
    if topology.encryption.is_some() {
        match style {
            PasswordStyle::Plain => {}
            PasswordStyle::Environment => promise(ENCRYPTION_KEY_VARIABLE.to_owned(), None),
            PasswordStyle::Encrypted | PasswordStyle::Secret => {
                promise(ENCRYPTION_KEY_ALIAS.to_owned(), None);
            }
        }
    }
    promised
}

/// Where there is no internal key the primary serves, and every reference must say so.
pub(super) fn played_by(topology: &Topology, slot: Slot) -> Slot {
    match topology.stores.get(slot) {
        Some(_) => slot,
        None => Slot::Primary,
    }
}

/// A password that a workspace knows, a generated encryption key too.
pub(super) fn known_password(
    found: &Inventory,
    source: &Source,
) -> Result<Password, InstallRefusal> {
    if let Some(password) = found.password(source) {
        return Ok(password.clone());
    }
    let generated = generated_secret(source);
    let content = generated.and_then(|name| found.content(&Layout::secret(name)));
    let content = content.ok_or_else(|| InstallRefusal::NoPassword {
        place: source.clone(),
    })?;
    let text = String::from_utf8_lossy(content.expose());
    Ok(Password::new(text.trim_end()))
}
