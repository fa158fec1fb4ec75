use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pki_core::{
    edit::{
        self, AliasPattern, CertificateImport, Duplicates, EditError, Edited, KeyImport, Material,
        ReplyImport, Root,
    },
    key::SystemRandom,
    keystore::{Alias, Content},
    secret::Password,
    x509::Certificate,
};

use super::{
    encoding::NewStore,
    flags::WriteFlags,
    opening::{self, WritePasswords},
    saving::Editing,
};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    ui::Ui,
};

/// Put a key with its chain, a CA's reply, or certificates to trust into a keystore
///
/// What is imported is told by what it is: with a key it becomes a private-key entry, its chain in order
/// and completed; a certificate for the alias of a key is the CA's reply; other certificates are trusted,
/// every one of a bundle. A store that is not there is made.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store import tls.jks --alias tls --cert tls.pem --key tls.key --chain ca.pem --store-password file:password",
    help_template = HELP
)]
pub(crate) struct ImportArgs {
    /// The store; `-` is stdin, and the result goes to stdout
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// What the entry will be called; written in lower case
    #[arg(long, value_name = "ALIAS")]
    alias: Option<Alias>,

    /// What the certificates of a bundle will be called: `{cn}`, `{n}`, `{stem}` (of the file), `{sha8}`
    #[arg(long, value_name = "PATTERN", conflicts_with = "alias")]
    alias_pattern: Option<String>,

    /// Certificates in PEM or DER, with the key too if it is in there; may be given again
    #[arg(long, value_name = "FILE", required_unless_present = "from")]
    cert: Vec<PathBuf>,

    /// The private key: PKCS #1, PKCS #8, SEC 1, PEM or DER, encrypted or not
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Certificates that complete the chain and are not imported for themselves; may be given again
    #[arg(long, value_name = "FILE", num_args = 1..)]
    chain: Vec<PathBuf>,

    /// A keystore (PKCS #12, JKS, …) whose key or certificates are imported
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// The password of what is imported: an encrypted key, a keystore
    #[arg(long, value_name = "SRC")]
    from_password: Option<SourceArg>,

    /// Which key of the keystore, if it has several
    #[arg(long, value_name = "ALIAS", requires = "from")]
    from_alias: Option<Alias>,

    /// Let it take the place of an entry with that alias
    #[arg(long)]
    replace: bool,

    /// Import a certificate again that is trusted already under another alias
    #[arg(long)]
    duplicates: bool,

    /// What becomes of the self-signed end of a chain
    #[arg(long, value_enum, default_value_t = RootArg::AsGiven)]
    root: RootArg,

    #[command(flatten)]
    new: NewStore,

    #[command(flatten)]
    passwords: WritePasswords,

    #[command(flatten)]
    flags: WriteFlags,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum RootArg {
    /// It stays if it was given
    AsGiven,
    /// It is looked for, and put in
    Include,
    /// It is left out: who trusts it has it
    LeaveOut,
}

impl From<RootArg> for Root {
    fn from(root: RootArg) -> Self {
        match root {
            RootArg::AsGiven => Self::AsGiven,
            RootArg::Include => Self::Include,
            RootArg::LeaveOut => Self::LeaveOut,
        }
    }
}

/// Reads what is to be imported before the store is locked.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ImportArgs) -> Result<Outcome, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let from = args.from_password.as_ref();
    let from = opening::optional(&resolver, from, "--from-password", Purpose::Open)?;
    let material = material(args, from.as_ref())?;
    let mut extra = Vec::new();
    for file in &args.chain {
        extra.extend(read(file, from.as_ref())?.all_certificates());
    }
    let key_password = args.passwords.key(&resolver)?;
    let (file, flags) = (&args.file, &args.flags);
    let store = Editing::open_or_new(
        ui,
        global,
        file,
        flags,
        &args.passwords,
        &resolver,
        &args.new,
    )?;
    let edited = import(
        global,
        args,
        &store,
        &material,
        &extra,
        key_password.as_ref(),
    )?;
    store.finish(&edited)
}

/// Decides what it is, and imports it.
fn import(
    global: &Global,
    args: &ImportArgs,
    store: &Editing<'_>,
    material: &Material,
    extra: &[Certificate],
    key_password: Option<&Password>,
) -> Result<Edited, CommandError> {
    let failed = |error: EditError| error::edit(&args.file, &error);
    if !material.keys.is_empty() {
        return import_key(global, args, store, material, extra, key_password);
    }
    let existing = args
        .alias
        .as_ref()
        .and_then(|alias| store.keystore().get(alias.as_str()));
    let is_key = existing.is_some_and(|entry| matches!(entry.content, Content::PrivateKey { .. }));
    if let (true, Some(alias)) = (is_key, &args.alias) {
        let import = ReplyImport {
            alias,
            certificates: &material.certificates,
            extra,
            root: args.root.into(),
            key_password: Some(key_password.unwrap_or(&store.password)),
            now: global.now(),
        };
        return edit::import_reply(store.keystore(), &import).map_err(failed);
    }
    let pattern = pattern(args, material.certificates.len())?;
    let stem = args.cert.first().or(args.from.as_ref());
    let stem = stem
        .and_then(|file| file.file_stem())
        .map(|stem| stem.to_string_lossy());
    let import = CertificateImport {
        certificates: &material.certificates,
        pattern: &pattern,
        stem: stem.as_deref().unwrap_or("certificate"),
        duplicates: match args.duplicates {
            true => Duplicates::Add,
            false => Duplicates::Skip,
        },
        replace: args.replace,
        now: global.now(),
    };
    edit::import_certificates(store.keystore(), &import).map_err(failed)
}

fn import_key(
    global: &Global,
    args: &ImportArgs,
    store: &Editing<'_>,
    material: &Material,
    extra: &[Certificate],
    key_password: Option<&Password>,
) -> Result<Edited, CommandError> {
    let failed = |error: EditError| error::edit(&args.file, &error);
    let key = material.key(args.from_alias.as_ref()).map_err(failed)?;
    let alias = args.alias.as_ref().or(key.alias.as_ref()).ok_or_else(|| {
        CommandError::usage("the key needs a name").hint("`--alias ALIAS` gives it one")
    })?;
    if let Some(own) = key_password
        && *own != store.password
        && store.encoding.format() == pki_core::keystore::Format::Pkcs12
    {
        return Err(CommandError::usage(
            "a PKCS #12 store of Java has one password for itself and its keys",
        )
        .hint("leave `--key-password` out, or write a JKS, which takes both"));
    }
    let import = KeyImport {
        alias,
        material,
        source: args.from_alias.as_ref(),
        extra,
        root: args.root.into(),
        replace: args.replace,
        key_password: key_password.unwrap_or(&store.password),
        protection: store.encoding.protection(),
        now: global.now(),
    };
    edit::import_key(store.keystore(), &import, &mut SystemRandom).map_err(failed)
}

/// One certificate has the alias that was given; several need a pattern.
fn pattern(args: &ImportArgs, certificates: usize) -> Result<AliasPattern, CommandError> {
    let text = match (&args.alias_pattern, &args.alias) {
        (Some(pattern), _) => pattern.as_str(),
        (None, Some(alias)) if certificates == 1 => {
            return Ok(AliasPattern::exactly(alias));
        }
        (None, Some(_)) => {
            return Err(CommandError::usage(format!(
                "there are {certificates} certificates, and one alias"
            ))
            .hint("`--alias-pattern '{cn}'` names each, also `{n}`, `{stem}`, `{sha8}`"));
        }
        (None, None) => "{cn}",
    };
    AliasPattern::new(text).map_err(|error| error::edit(&args.file, &error))
}

fn material(args: &ImportArgs, password: Option<&Password>) -> Result<Material, CommandError> {
    let mut material = Material::default();
    let files = args.from.iter().chain(&args.key).chain(&args.cert);
    for file in files {
        add(&mut material, file, password)?;
    }
    Ok(material)
}

fn read(file: &Path, password: Option<&Password>) -> Result<Material, CommandError> {
    let mut material = Material::default();
    add(&mut material, file, password)?;
    Ok(material)
}

fn add(
    material: &mut Material,
    file: &Path,
    password: Option<&Password>,
) -> Result<(), CommandError> {
    let bytes = opening::read(file)?;
    material
        .read(bytes.expose(), password)
        .map_err(|error| error::material(file, &error))
}
