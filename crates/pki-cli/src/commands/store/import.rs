use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use pki_core::{
    edit::{
        self, AliasPattern, CertificateImport, Duplicates, EditError, Edited, Event, KeyImport,
        Material, ReplyImport, Root, What,
    },
    key::SystemRandom,
    keystore::{Alias, Content, Format, Keystore},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use super::{
    encoding::NewStore,
    in_place::InPlace,
    opening,
    saving::{self, Editing},
};
use crate::{
    cli::{Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    paste::quoted,
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
    /// What the entry will be called; written in lower case
    #[arg(long, value_name = "ALIAS")]
    alias: Option<Alias>,

    // clap makes a line break of its `{n}`, unless an escape sequence is in it.
    #[arg(
        long,
        value_name = "PATTERN",
        conflicts_with = "alias",
        help = "What certificates will be called: `{cn}`, `{n\u{1b}[0m}`, `{stem}` (of the file), `{sha8}` [default: as in the keystore that they come from, else `{cn}`]"
    )]
    alias_pattern: Option<String>,

    /// Certificates in PEM or DER, with the key too if it is in there; may be given again
    #[arg(long, value_name = "FILE", required_unless_present = "from")]
    cert: Vec<PathBuf>,

    /// The private key, PEM or DER: PKCS #8, PKCS #1 or SEC 1, encrypted or not
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,

    /// Certificates that complete the chain and are not imported for themselves; may be given again
    #[arg(long, value_name = "FILE")]
    chain: Vec<PathBuf>,

    /// A keystore (PKCS #12, JKS, …) whose key or certificates are imported, with their dates
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,

    /// The password of what is imported: an encrypted key, a keystore
    #[arg(long, value_name = "SRC")]
    from_password: Option<SourceArg>,

    /// The password of the keystore's key, where it is not the keystore's
    #[arg(long, value_name = "SRC", requires = "from")]
    from_key_password: Option<SourceArg>,

    /// Which entry of the keystore [default: its key, else all its certificates]
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
    store: InPlace,
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
    let from_key = args.from_key_password.as_ref();
    let from_key = opening::optional(&resolver, from_key, "--from-key-password", Purpose::Open)?;
    let mut material = Material::default();
    let mut left_out = Vec::new();
    if let Some(file) = &args.from {
        left_out = take(args, file, from.as_ref(), from_key, &mut material)?;
    }
    for file in args.key.iter().chain(&args.cert) {
        add(&mut material, file, from.as_ref())?;
    }
    let mut extra = Vec::new();
    for file in &args.chain {
        extra.extend(read(file, from.as_ref())?.all_certificates());
    }
    let key_password = args.store.passwords.key(&resolver)?;
    let store = Editing::open_or_new(ui, global, &args.store, &resolver, &args.new)?;
    let edited = import(
        global,
        args,
        &store,
        &material,
        &extra,
        key_password.as_ref(),
    )?;
    let expired = expired(global, &edited);
    let done = store.finish(&edited)?;
    for (alias, not_after) in expired {
        ui.warning(format_args!(
            "`{alias}`: a certificate EXPIRED on {}",
            not_after.date()
        ));
    }
    if let (Some(from), false) = (&args.from, left_out.is_empty()) {
        let from = quoted(from);
        let named: Vec<String> = left_out.iter().map(|alias| format!("`{alias}`")).collect();
        ui.warning(format_args!(
            "{} of {from} {} imported: {}",
            saving::count(named.len()),
            if named.len() == 1 {
                "was not"
            } else {
                "were not"
            },
            named.join(", ")
        ));
        ui.hint(
            "`--from-alias ALIAS` imports one of them, `apim-pki store merge` puts all entries of two \
             stores into one",
        );
    }
    Ok(done)
}

/// What is new and has a certificate whose time is over.
fn expired(global: &Global, edited: &Edited) -> Vec<(Alias, OffsetDateTime)> {
    let new = |event: &&Event| {
        let added = matches!(event.what, What::Added { .. } | What::Replaced { .. });
        added || matches!(event.what, What::ChainReplaced { .. })
    };
    let new = edited.change.events.iter().filter(new);
    let ended = new.filter_map(|event| {
        let entry = edited.keystore.get(event.alias.as_str())?;
        let ends = entry.certificates().iter();
        let ends = ends.filter_map(|found| Some(found.view().ok()?.not_after));
        let first = ends.min()?;
        (first < global.now()).then(|| (event.alias.clone(), first))
    });
    ended.collect()
}

/// Adds what is imported of a keystore. Returns what is not, unless somebody chose.
fn take(
    args: &ImportArgs,
    file: &Path,
    password: Option<&Password>,
    key_password: Option<Password>,
    material: &mut Material,
) -> Result<Vec<Alias>, CommandError> {
    let failed = |error: EditError| error::material(file, &error);
    let bytes = opening::read(file)?;
    let bytes = bytes.expose();
    if let Some(Format::Der | Format::Pem | Format::Pkcs7) = Format::detect(bytes) {
        // Nothing in there has a name.
        if let Some(alias) = args.from_alias.clone() {
            return Err(failed(EditError::NoEntry { alias }));
        }
        material.read(bytes, password).map_err(failed)?;
        return Ok(Vec::new());
    }
    let decoded = match password {
        Some(password) => Keystore::decode(bytes, password),
        None => Keystore::decode_unverified(bytes),
    };
    let decoded = decoded.map_err(|error| failed(error.into()))?;
    let passwords: Vec<Password> = key_password.into_iter().chain(password.cloned()).collect();
    material
        .take(&decoded, args.from_alias.as_ref(), &passwords)
        .map_err(|error| {
            let failed = error::material(file, &error);
            error::of_entry(failed, &error, &decoded.keystore)
        })?;
    if args.from_alias.is_some() {
        return Ok(Vec::new());
    }
    let has_key = !material.keys.is_empty();
    let entries = decoded.keystore.entries().iter();
    let left_out = entries.filter(|entry| match entry.content {
        Content::PrivateKey { .. } => false,
        Content::TrustedCertificate { .. } => has_key,
        _ => true,
    });
    Ok(left_out.map(|entry| entry.alias.clone()).collect())
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
    let failed = |error: EditError| error::edit(&args.store.file, &error);
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
            certificates: &material.loose_certificates(),
            extra,
            root: args.root.into(),
            key_password: Some(key_password.unwrap_or(&store.password)),
            encoding: store.encoding,
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
        pattern: pattern.as_ref(),
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
    let failed = |error: EditError| error::edit(&args.store.file, &error);
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
        encoding: store.encoding,
        now: global.now(),
    };
    edit::import_key(store.keystore(), &import, &mut SystemRandom).map_err(failed)
}

/// One certificate has the alias that was given; several need a pattern, or have the names that a
/// keystore gave them.
fn pattern(args: &ImportArgs, certificates: usize) -> Result<Option<AliasPattern>, CommandError> {
    match (&args.alias_pattern, &args.alias) {
        (Some(pattern), _) => {
            let pattern = AliasPattern::new(pattern);
            let pattern = pattern.map_err(|error| error::edit(&args.store.file, &error))?;
            Ok(Some(pattern))
        }
        (None, Some(alias)) if certificates == 1 => Ok(Some(AliasPattern::exactly(alias))),
        (None, Some(_)) => Err(CommandError::usage(format!(
            "there are {certificates} certificates, and one alias"
        ))
        .hint("`--alias-pattern '{cn}'` names each, also `{n}`, `{stem}`, `{sha8}`")),
        (None, None) => Ok(None),
    }
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
