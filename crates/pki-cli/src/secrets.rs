//! The passwords that a topology and `--old-password` name, for the library, which has no terminal.

use std::{cell::RefCell, collections::BTreeMap, path::Path};

use pki_core::{
    observe::{self, ObserveError, PasswordError},
    secret::{Password, Source},
    topology::Topology,
};

use crate::{
    error::{self, CommandError},
    passwords::{Origin, Passwords, Purpose, SourceArg},
    paste::Paste,
    ui::Ui,
};

/// The passwords of a topology and of `--old-password`, for the library, which has no terminal.
pub(crate) struct Secrets<'a> {
    passwords: Passwords<'a>,
    /// Where the topology names each source.
    keys: BTreeMap<Source, String>,
    base: &'a Path,
    old: &'a [SourceArg],
    purpose: Purpose,
    /// What went wrong, with all that a person should read: the library hands on a line of it.
    failed: RefCell<Option<CommandError>>,
}

impl<'a> Secrets<'a> {
    /// `purpose` is what new passwords are for: whether stores are there already.
    pub(crate) fn new(
        ui: &'a Ui,
        topology: &Topology,
        base: &'a Path,
        old: &'a [SourceArg],
        purpose: Purpose,
    ) -> Self {
        Self {
            passwords: Passwords::new(ui),
            keys: keys(topology),
            base,
            old,
            purpose,
            failed: RefCell::new(None),
        }
    }

    /// The error of the library, or what was behind it.
    pub(crate) fn explain(&self, error: &ObserveError, paste: &Paste) -> CommandError {
        match (error, self.failed.take()) {
            (ObserveError::Password(_), Some(failed)) => failed,
            _ => error::observe(error, paste),
        }
    }

    fn note(&self, place: &Source, error: CommandError) -> PasswordError {
        let reason = error.to_string();
        self.failed.replace(Some(error));
        let place = place.clone();
        PasswordError { place, reason }
    }
}

impl observe::Passwords for Secrets<'_> {
    fn resolve(&self, source: &Source) -> Result<Password, PasswordError> {
        let key = self.keys.get(source).map_or("password", String::as_str);
        let opens = key.contains("keystore") || key.contains("truststore") || key == KEY_PASSWORD;
        let purpose = if opens { Purpose::Open } else { self.purpose };
        self.passwords
            .resolve(source, Origin::key(key, self.base), purpose)
            .map_err(|error| self.note(source, error))
    }

    fn old(&self) -> Result<Vec<Password>, PasswordError> {
        let flag = "--old-password";
        self.old
            .iter()
            .map(|argument| {
                let source = argument
                    .source(flag)
                    .map_err(|error| self.note(&Source::Prompt, error))?;
                self.passwords
                    .resolve(source, Origin::flag(flag), Purpose::Open)
                    .map_err(|error| self.note(source, error))
            })
            .collect()
    }
}

/// The topology's key for each source: what a person has to look at when it gives nothing.
fn keys(topology: &Topology) -> BTreeMap<Source, String> {
    let mut keys = BTreeMap::new();
    let mut name = |source: &Source, key: String| {
        keys.entry(source.clone()).or_insert(key);
    };
    for (slot, settings) in topology.stores.iter() {
        // One password for all slots is the rule; a slot of its own is named.
        let others = topology
            .stores
            .iter()
            .filter(|(_, it)| it.password == settings.password);
        let key = match others.count() {
            1 => format!("stores.{}.password", slot.name()),
            _ => "stores.password".to_owned(),
        };
        name(&settings.password, key);
    }
    name(&topology.ca.password, "ca.password".to_owned());
    let imported = topology.ca.imported.as_ref();
    if let Some(source) = imported.and_then(|ca| ca.key_password.as_ref()) {
        name(source, KEY_PASSWORD.to_owned());
    }
    if let Some(adopted) = &topology.primary.adopted {
        name(&adopted.password, "primary.keystore_password".to_owned());
    }
    let internal = topology.internal.as_ref();
    if let Some(adopted) = internal.and_then(|internal| internal.adopted.as_ref()) {
        name(&adopted.password, "internal.keystore_password".to_owned());
    }
    let vendor = topology.stores.vendor.as_ref();
    if let Some(source) = vendor.and_then(|vendor| vendor.password.as_ref()) {
        name(source, "stores.truststore.password".to_owned());
    }
    for group in &topology.groups {
        let key = format!("roles.{}.balancer_password", group.name);
        name(&group.balancer_password, key);
    }
    if let Some(source) = &topology.encryption {
        name(source, "encryption.key".to_owned());
    }
    keys
}

const KEY_PASSWORD: &str = "ca.key_password";
