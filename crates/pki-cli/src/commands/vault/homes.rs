//! The homes that the command line names, and the keys for them.

use std::path::PathBuf;

use clap::Args;
use pki_core::{
    observe::{GivenKeys, HomeReader, NoVaultKey, NodeKeys, VaultHome},
    report::{SecretsOfHome, text::Unread},
    verify::JudgedSecrets,
    wso2::{Slot, vault::Vault},
};

use crate::{
    cli::Global,
    commands::store::opening,
    error::{self, CommandError},
    homes,
    passwords::{Passwords, Purpose, SourceArg},
    paste::quoted,
    ui::Ui,
};

/// Which homes.
#[derive(Debug, Args)]
pub(crate) struct HomeArgs {
    /// A product home as it is deployed; several, or a pattern such as '/srv/*/wso2am-2.6.0'
    #[arg(long = "home", value_name = "DIR", required = true, num_args = 1..)]
    homes: Vec<PathBuf>,
}

impl HomeArgs {
    /// The folders.
    pub(crate) fn dirs(&self) -> Result<Vec<PathBuf>, CommandError> {
        homes::dirs(&self.homes)
    }
}

/// What opens their secrets.
#[derive(Debug, Default, Args)]
pub(crate) struct KeyArgs {
    /// The password of the keystore that the vault opens; may be given again, then each is tried
    ///
    /// Without it the password that the configuration says is taken, where it says one in clear. A source, never
    /// the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC")]
    store_password: Vec<SourceArg>,

    /// The key's password, where it is not the store's; may be given again
    #[arg(long, value_name = "SRC")]
    key_password: Vec<SourceArg>,

    /// The key of the vault's own symmetric mode (`key.based.symmetric.encryption`)
    #[arg(long, value_name = "SRC")]
    encryption_key: Option<SourceArg>,
}

impl KeyArgs {
    pub(crate) fn resolve(&self, resolver: &Passwords<'_>) -> Result<GivenKeys, CommandError> {
        let all = |sources: &[SourceArg], flag| {
            let each = sources.iter();
            each.map(|source| opening::resolve(resolver, source, flag, Purpose::Open))
                .collect::<Result<Vec<_>, _>>()
        };
        let encryption = self.encryption_key.as_ref();
        Ok(GivenKeys {
            stores: all(&self.store_password, opening::STORE_PASSWORD)?,
            keys: all(&self.key_password, opening::KEY_PASSWORD)?,
            encryption: opening::optional(
                resolver,
                encryption,
                homes::ENCRYPTION_KEY,
                Purpose::Open,
            )?,
        })
    }
}

/// Homes that were read, and those that could not be.
pub(crate) struct Homes {
    pub(crate) read: Vec<VaultHome>,
    pub(crate) unread: Vec<Unread>,
    pub(crate) errors: Vec<CommandError>,
}

impl Homes {
    /// Reads all that are named; what cannot be read is told and stops nothing.
    pub(crate) fn read(
        ui: &Ui,
        global: &Global,
        args: &HomeArgs,
        given: &GivenKeys,
    ) -> Result<Self, CommandError> {
        let dirs = args.dirs()?;
        let reader = HomeReader::new().keys(given);
        let progress = ui.progress("reading homes", dirs.len());
        let wait = global.lock_timeout;
        let found = VaultHome::read_all(&reader, &dirs, wait, &|| progress.advance());
        drop(progress);
        let mut homes = Self {
            read: Vec::new(),
            unread: Vec::new(),
            errors: Vec::new(),
        };
        for (dir, home) in dirs.iter().zip(found) {
            match home {
                Ok(home) => homes.read.push(home),
                Err(error) => {
                    let error = error::not_a_home(&error, dir);
                    homes.unread.push(Unread {
                        path: dir.display().to_string(),
                        reason: error.in_one_line(),
                    });
                    homes.errors.push(error);
                }
            }
        }
        for home in &homes.read {
            for (file, reason) in &home.unread {
                homes.unread.push(Unread {
                    path: home.home.dir.join(file).display().to_string(),
                    reason: reason.clone(),
                });
                homes.errors.push(CommandError::failed(format!(
                    "`{}` cannot be read: {reason}",
                    home.home.dir.join(file).display()
                )));
            }
        }
        Ok(homes)
    }
}

/// Fails if something could not be read: 3 beats what was found.
pub(crate) fn end(ui: &Ui, mut errors: Vec<CommandError>) -> Result<(), CommandError> {
    match errors.pop() {
        None => Ok(()),
        Some(last) => {
            errors.iter().for_each(|error| ui.error(error));
            Err(last)
        }
    }
}

/// What a report says of a home.
pub(crate) fn told<'a>(
    home: &'a VaultHome,
    vault: &'a Vault<'a>,
    judged: Option<&'a JudgedSecrets>,
) -> SecretsOfHome<'a> {
    let slots = [Slot::Primary, Slot::Internal, Slot::Tls];
    let certificates = slots
        .into_iter()
        .filter_map(|slot| Some((slot, home.home.certificate(slot)?)));
    SecretsOfHome {
        path: home.home.dir.display().to_string(),
        product: home.product(),
        vault,
        certificates: certificates.collect(),
        judged,
    }
}

/// Why there is no key for a home's vault, and what to do.
pub(crate) fn no_key(home: &VaultHome, reason: &NoVaultKey) -> CommandError {
    let dir = quoted(&home.home.dir);
    let failed = CommandError::failed(format!(
        "`{}`: the key of the vault could not be had",
        home.home.dir.display()
    ))
    .because(reason);
    let told = |prefix: &str| {
        let found = home.root_files.iter().find(|it| it.starts_with(prefix));
        found.map(|name| format!("file:{dir}/{name}"))
    };
    match reason {
        NoVaultKey::NoPassword { .. } | NoVaultKey::StoreSealed { .. } => {
            let source = told("password").unwrap_or_else(|| "file:PATH".to_owned());
            failed.hint(format!("`--store-password {source}`"))
        }
        NoVaultKey::KeySealed { .. } => failed.hint("`--key-password file:PATH`"),
        NoVaultKey::NotGiven => {
            let source = told("encryption-key").unwrap_or_else(|| "file:PATH".to_owned());
            failed.hint(format!("`--encryption-key {source}`"))
        }
        NoVaultKey::Absent { path, .. } => failed.hint(format!(
            "`apim-pki store list {}` shows its aliases; `keystore.identity.alias` in secret-conf.properties \
             names the one that is taken",
            quoted(path)
        )),
        _ => failed,
    }
}

/// Warns where the password of the vault's keystore lies in the home.
pub(crate) fn warn_of_root_files(ui: &Ui, home: &VaultHome) {
    for name in &home.root_files {
        ui.warning(format_args!(
            "`{}` holds what opens the vault, in clear",
            home.home.dir.join(name).display()
        ));
    }
}

/// The key that encrypts new secrets of a home.
pub(crate) fn sealing<'k>(
    home: &VaultHome,
    keys: &'k NodeKeys,
) -> Result<&'k pki_core::wso2::vault::SealingKey, CommandError> {
    keys.sealing.as_ref().ok_or_else(|| match &keys.missing {
        Some(reason) => no_key(home, reason),
        None => CommandError::failed(format!(
            "`{}`: the vault has no key to encrypt with",
            home.home.dir.display()
        )),
    })
}
