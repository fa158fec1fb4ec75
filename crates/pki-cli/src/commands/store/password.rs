use clap::Args;
use pki_core::{
    edit::{self, KeyPasswords},
    key::SystemRandom,
    keystore::{Alias, Format},
};

use super::{in_place::InPlace, opening, saving::Editing};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    ui::Ui,
};

/// Change the password of a keystore, and of its keys
///
/// The product wants one password for both, so `--new-password` changes both. Keys that open neither
/// with the store's password nor with `--key-password` are an error, and nothing is written.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store password wso2carbon.jks --store-password file:old --new-password file:new",
    help_template = HELP
)]
pub(crate) struct PasswordArgs {
    /// The new password of the store and its keys
    #[arg(long, value_name = "SRC", required_unless_present = "new_key_password")]
    new_password: Option<SourceArg>,

    /// The new password of the keys, where it shall not be the store's (JKS alone)
    #[arg(long, value_name = "SRC")]
    new_key_password: Option<SourceArg>,

    /// Only this key; may be given again
    #[arg(long, value_name = "ALIAS", requires = "new_key_password")]
    alias: Vec<Alias>,

    #[command(flatten)]
    store: InPlace,
}

/// Changes both, or what was asked for.
pub(crate) fn run(ui: &Ui, global: &Global, args: &PasswordArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let chosen = |source: &Option<SourceArg>, flag| {
        opening::optional(&resolver, source.as_ref(), flag, Purpose::Create)
    };
    let (mut old_key, mut new_store, mut new_key) = (None, None, None);
    // A person is asked for the old ones first.
    let store = Editing::open_with(ui, global, &args.store, |purpose| {
        let old = args.store.passwords.store(&resolver, purpose)?;
        old_key = args.store.passwords.key(&resolver)?;
        new_store = chosen(&args.new_password, "--new-password")?;
        new_key = chosen(&args.new_key_password, "--new-key-password")?;
        Ok(old)
    })?;
    let store_password = new_store.unwrap_or_else(|| store.password.clone());
    let key_password = new_key.unwrap_or_else(|| store_password.clone());
    if store.encoding.format() == Format::Pkcs12 && key_password != store_password {
        return Err(CommandError::usage(
            "a PKCS #12 store of Java has one password for itself and its keys",
        )
        .hint("give `--new-password` alone: it changes both"));
    }
    let mut old = vec![store.password.clone()];
    old.extend(old_key);
    let passwords = KeyPasswords {
        old: &old,
        new: &key_password,
        protection: None,
        only: (!args.alias.is_empty()).then_some(args.alias.as_slice()),
        keep_unopened: false,
    };
    let edited = edit::change_key_passwords(store.keystore(), &passwords, &mut SystemRandom)
        .map_err(|error| {
            let failed = error::edit(&args.store.file, &error);
            error::of_entry(failed, &error, store.keystore())
        })?;
    store.finish_under(&edited, &store_password)
}
