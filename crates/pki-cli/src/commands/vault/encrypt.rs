use clap::Args;
use pki_core::{
    key::SystemRandom,
    observe::{GivenKeys, NodeKeys, VaultHome},
    secret::Password,
    wso2::{
        config::Generation,
        known_certificate,
        vault::{
            ChangedFile, Changes, IdentityStore, Mode, SECRET_CONF, Vault, Verdict,
            refused_by_cipher_tool, secret_conf, with_files,
        },
    },
};

use super::{
    homes::{HomeArgs, KeyArgs, sealing},
    writing::{Held, refused, tell, warn_of_what_is_kept},
};
use crate::{
    cli::{Global, HELP},
    commands::store::opening,
    error::{CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    paste::quoted,
    ui::Ui,
};

/// Encrypt the secrets of homes, as the cipher tool of their release does
///
/// Without `--alias`, every value that stands in brackets. What was replaced is kept in the home.
#[derive(Debug, Args)]
#[command(
    before_help = "Examples:\n  apim-pki vault encrypt --home /opt/wso2am-2.6.0 --configure\n  \
                   apim-pki vault encrypt --home /opt/gw1 --alias db_password --value prompt",
    help_template = HELP
)]
pub(crate) struct EncryptArgs {
    #[command(flatten)]
    homes: HomeArgs,

    /// One secret: it is replaced, or added; may be given again, each with its `--value`
    #[arg(long, value_name = "ALIAS")]
    alias: Vec<String>,

    /// What the secret is to be [default: prompt]
    ///
    /// A source, never the value: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC", requires = "alias")]
    value: Vec<SourceArg>,

    /// Let the configuration name the secrets, and set the vault up, as `-Dconfigure` of the cipher tool does
    ///
    /// 2.x: the values that cipher-tool.properties leads to. Later releases: secret-conf.properties alone; values
    /// say `$secret{ALIAS}` there.
    #[arg(long, conflicts_with = "alias")]
    configure: bool,

    #[command(flatten)]
    keys: KeyArgs,

    /// Say what would change, and write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(ui: &Ui, global: &Global, args: &EncryptArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let given = args.keys.resolve(&resolver)?;
    let values = values(args, &resolver)?;
    let mut held = Vec::new();
    for dir in args.homes.dirs()? {
        held.push(Held::open(global, &dir, "apim-pki vault encrypt")?);
    }
    let mut all = Vec::new();
    for held in &held {
        all.push(changes(ui, args, &held.home, &given, &values)?);
    }
    if !args.dry_run {
        for (held, changes) in held.iter_mut().zip(&all) {
            held.write(ui, changes, "vault encrypt")?;
        }
    }
    let told: Vec<_> = held.iter().map(|it| &it.home).zip(&all).collect();
    tell(ui, global, &told, !args.dry_run)?;
    for (home, changes) in &told {
        if !changes.files.is_empty() && !args.dry_run {
            advise(ui, args, home);
        }
    }
    Ok(Outcome::Done)
}

/// Each alias with its value.
fn values(
    args: &EncryptArgs,
    resolver: &Passwords<'_>,
) -> Result<Vec<(String, Password)>, CommandError> {
    let prompt: SourceArg = match "prompt".parse() {
        Ok(source) => source,
        Err(never) => match never {},
    };
    let sources: Vec<&SourceArg> = match (args.alias.len(), args.value.len()) {
        (1, 0) => vec![&prompt],
        (aliases, values) if aliases == values => args.value.iter().collect(),
        _ => {
            return Err(CommandError::usage(
                "each `--alias` needs a `--value`, in the same order",
            ));
        }
    };
    let both = args.alias.iter().zip(sources);
    both.map(|(alias, source)| {
        let value = opening::resolve(resolver, source, "--value", Purpose::Create)?;
        match value.is_empty() {
            true => Err(
                CommandError::usage(format!("the value of `{alias}` is empty"))
                    .hint("the product takes the alias for an empty secret"),
            ),
            false => Ok((alias.clone(), value)),
        }
    })
    .collect()
}

/// What is to be written, and proof that the node reads it.
fn changes(
    ui: &Ui,
    args: &EncryptArgs,
    home: &VaultHome,
    given: &GivenKeys,
    values: &[(String, Password)],
) -> Result<Changes, CommandError> {
    let vault = home.vault();
    let keys = home.keys(&vault, given);
    let key = sealing(home, &keys)?;
    let failed = |error| refused(home, &error);
    let mut changes = match (args.configure, values) {
        (true, _) => vault.configure(key, &mut SystemRandom).map_err(failed)?,
        (false, []) => vault.encrypt(key, &mut SystemRandom).map_err(failed)?,
        (false, values) => vault
            .set(&home.documents, values, key, None, &mut SystemRandom)
            .map_err(failed)?,
    };
    if args.configure && !vault.settings.configured {
        changes.files.extend(set_up(home, &keys));
    }
    if let Some(certificate) = &keys.certificate
        && refused_by_cipher_tool(certificate)
    {
        ui.warning(format_args!(
            "`{}`: the product's own cipher tool refuses this certificate (\"Wrong key usage\"): its key usage is \
             critical and lacks dataEncipherment. The server does not mind",
            home.home.dir.display()
        ));
    }
    if let Some(known) = keys.certificate.as_ref().and_then(known_certificate) {
        ui.warning(format_args!(
            "`{}`: everybody has the key of these secrets, {} of {}",
            home.home.dir.display(),
            known.id,
            known.shipped_in
        ));
        ui.hint("`apim-pki install` brings a key of your own; then `apim-pki vault reencrypt`");
    }
    prove(home, &keys, &changes)?;
    Ok(changes)
}

/// Before anything is written: the node reads every secret that was made, if its key is at hand to try.
fn prove(home: &VaultHome, keys: &NodeKeys, changes: &Changes) -> Result<(), CommandError> {
    let files = changes.files.iter();
    let documents = with_files(&home.documents, files.map(|it| (&*it.file, &it.bytes)));
    let documents = documents.map_err(|(file, error)| {
        CommandError::failed(format!("what would be written to `{file}` is broken")).because(&error)
    })?;
    let vault = Vault::of(&documents, home.home.config.generation);
    let made = |alias: &str| changes.outcomes.iter().any(|it| it.alias == alias);
    for secret in vault
        .secrets
        .iter()
        .filter(|it| made(&it.alias) && !it.shadowed)
    {
        let verdict = vault.check(secret, &keys.keyring);
        if !matches!(verdict, Verdict::Reads(_) | Verdict::NoKey) {
            return Err(CommandError::problems(format!(
                "`{}`: `{}` would not be read by the node, so nothing was written",
                home.home.dir.display(),
                secret.alias
            )));
        }
    }
    Ok(())
}

/// `secret-conf.properties`, with the store that was opened.
fn set_up(home: &VaultHome, keys: &NodeKeys) -> Option<ChangedFile> {
    let product = home.product()?;
    let path = keys.store.as_ref()?;
    let reference = home
        .home
        .stores()
        .find(|(_, lead)| lead.path() == Some(path))
        .map(|(reference, _)| reference)?;
    let absolute = path.canonicalize().unwrap_or_else(|_| path.clone());
    let store = IdentityStore::new(
        absolute.display().to_string(),
        reference.kind.known().cloned(),
        reference.alias.known().cloned(),
    );
    let text = secret_conf(product, Mode::Asymmetric, &store, None);
    Some(ChangedFile::new(SECRET_CONF, text.into_bytes()))
}

fn advise(ui: &Ui, args: &EncryptArgs, home: &VaultHome) {
    warn_of_what_is_kept(ui, home);
    let dir = quoted(&home.home.dir);
    let vault = home.vault();
    if !vault.settings.configured && !args.configure {
        ui.hint(format_args!(
            "the vault is not set up: `apim-pki vault encrypt --home {dir} --configure` writes \
             secret-conf.properties"
        ));
    } else if vault.generation == Generation::Xml && !args.configure {
        ui.hint(format_args!(
            "a value of the configuration names its secret by `svns:secretAlias=\"ALIAS\"`; `apim-pki vault \
             encrypt --home {dir} --configure` does it"
        ));
    }
    if args.configure && home.root_files.is_empty() {
        ui.hint(format_args!(
            "the server asks for the keystore's password when it starts, or reads it from `{dir}/password-persist`"
        ));
    }
    ui.hint(format_args!(
        "restart the server; before that: `apim-pki vault check --home {dir}`"
    ));
}
