mod undo;

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use pki_core::{
    disk::{
        Committed, Effect, Home, HomeView, Intended, Label, LockedHome, Pending, Prepared, Recovery,
    },
    install::{self, After, AtStart, FoundSecrets, Installation, Order, PasswordStyle, Sharers},
    key::SystemRandom,
    observe::{GivenKeys, HomeReader, VaultHome, running_server},
    report,
    topology::{Node, Topology},
    wso2::Slot,
};

use super::holder;
use crate::{
    cli::{Format, Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    homes,
    passwords::SourceArg,
    paste::{Paste, quoted},
    ui::{self, Ui},
};

/// Put a node's stores into a product home, and make its configuration name them
///
/// Shows every value that changes before anything is written. All of it is written or nothing; what was
/// there is kept, and `--undo` brings it back byte by byte.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki install --node gateway-1 --home /opt/wso2am-2.6.0 --urls",
    help_template = HELP
)]
pub(crate) struct InstallArgs {
    /// The node whose files are installed
    #[arg(long, value_name = "NODE", required_unless_present = "undo")]
    pub(crate) node: Option<String>,

    /// The product home: the folder with `repository/conf` in it
    #[arg(long, value_name = "DIR")]
    pub(crate) home: PathBuf,

    /// Also set URLs that name the wrong server: `localhost` where another role answers, a node where its
    /// balancer stands
    #[arg(long, conflicts_with = "undo")]
    pub(crate) urls: bool,

    /// How the configuration holds passwords
    #[arg(long, value_enum, default_value_t = HomeStyle::Plain, conflicts_with = "undo")]
    pub(crate) passwords: HomeStyle,

    /// The password of a keystore of the home that the home says nowhere in clear: of the one that its vault opens now,
    /// of its primary or internal one; may be given again
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC", conflicts_with = "undo")]
    pub(crate) vault_password: Vec<SourceArg>,

    /// The key of the vault's own symmetric mode (`key.based.symmetric.encryption`), which the server is given at
    /// start; not the topology's `[encryption] key`
    #[arg(long, value_name = "SRC", conflicts_with = "undo")]
    pub(crate) encryption_key: Option<SourceArg>,

    /// Take a home that calls itself by another node's host
    #[arg(long, conflicts_with = "undo")]
    pub(crate) any_host: bool,

    /// Show what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Bring back what the last installation replaced
    #[arg(long)]
    pub(crate) undo: bool,

    /// With `--undo`: a file that was changed since stays beside, with `.found` at the end of its name
    #[arg(long, requires = "undo")]
    pub(crate) keep_changed: bool,

    /// With `--undo`: also bring back what other nodes may share, behind a link or on a mounted file system
    #[arg(long, requires = "undo")]
    pub(crate) shared: bool,
}

/// How the configuration of a home holds passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum HomeStyle {
    /// As they are
    Plain,
    /// `$env{NAME}`: the server's environment has them (3.0 and later)
    Env,
    /// References to the product's secret repository, which you fill
    Secret,
    /// References to the product's secret repository, and the passwords encrypted in it
    Encrypted,
}

/// How a snippet holds passwords.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Style {
    /// As they are
    Plain,
    /// `$env{NAME}`: the server's environment has them (3.0 and later)
    Env,
    /// References to the product's secret repository
    Secret,
}

/// Installs, or undoes.
pub(crate) fn run(ui: &Ui, global: &Global, args: &InstallArgs) -> Result<Outcome, CommandError> {
    match &args.node {
        _ if args.undo => undo::undo(ui, global, args),
        Some(node) => put(ui, global, args, node),
        None => Err(CommandError::usage(
            "`--node NODE` says whose files to install",
        )),
    }
}

fn put(ui: &Ui, global: &Global, args: &InstallArgs, node: &str) -> Result<Outcome, CommandError> {
    let topology = deployment::read_topology(global)?;
    let node = deployment::node(&topology, node)?;
    let paste = global.paste();
    let found = deployment::look(ui, global, &topology)?;

    let place = Place::open(ui, global, args)?;
    if let Some(pid) = running_server(&place.view()).map_err(|error| place.error(&error))? {
        return Err(CommandError::refused(format!(
            "`{}`: the server is running, process {pid}",
            args.home.display()
        ))
        .hint(format!(
            "stop it first, and wait until it is gone: `kill {pid}`"
        )));
    }
    let given = homes::keys(ui, &args.vault_password, args.encryption_key.as_ref())?;
    // A home that has the node's stores already opens with the workspace's passwords.
    let passwords = [given.stores.clone(), found.store_passwords(&topology)].concat();
    let opening = GivenKeys {
        stores: passwords.clone(),
        ..given.clone()
    };
    let looked = place.observe(&topology, &opening)?;
    let home = &looked.home;
    let vault = looked.vault();
    let keys = looked.keys(&vault, &given);
    let order = Order {
        topology: &topology,
        node,
        found: &found,
        config: &home.config,
        release: home.product.as_ref().map(|told| told.value),
        primary: &looked.encrypting_key(Slot::Primary, &passwords),
        internal: &looked.encrypting_key(Slot::Internal, &passwords),
        secrets: FoundSecrets {
            documents: &looked.documents,
            unread: &looked.unread,
            keys: &keys,
        },
        urls: args.urls,
        passwords: args.passwords.into(),
        any_host: args.any_host,
    };
    let mut installation = install::install(&order, &mut SystemRandom)
        .map_err(|refusal| error::install(&refusal, &args.home, &paste))?;
    let files = std::mem::take(&mut installation.files);
    let prepared = place
        .view()
        .prepare(files)
        .map_err(|error| place.error(&error))?;
    let shared: Vec<Intended> = shared(prepared.files(), &installation.sharers)
        .cloned()
        .collect();
    for file in shared.iter().filter(|it| it.effect == Effect::Replace) {
        let found = place.view().read(&file.path);
        if let Some(found) = found.map_err(|error| place.error(&error))? {
            install::refuse_other_nodes_store(&order, file, &found)
                .map_err(|refusal| error::install(&refusal, &args.home, &paste))?;
        }
    }
    let changed: Vec<_> = prepared.files().iter().map(|it| it.path.clone()).collect();
    let after = install::after(&topology, node, &installation, &changed);
    show(ui, global, args, node, &installation, &prepared, &after)?;
    if prepared.is_empty() {
        ui.status("nothing to do: the home has it all");
        return Ok(Outcome::Done);
    }
    if args.dry_run {
        return Ok(Outcome::Done);
    }
    let question = format!("write this to `{}`?", args.home.display());
    let label = format!("{LABEL}{}", node.name);
    let Some(committed) = place.commit(ui, global, prepared, &question, &label)? else {
        ui.status("nothing was written");
        return Ok(Outcome::Done);
    };
    told(ui, args, &installation, &committed, &after, node)?;
    warn_of_shared_files(ui, &shared, &installation.sharers);
    warn_of_root_files(ui, args, &looked, &after);
    Ok(Outcome::Done)
}

/// Those that other nodes may have too.
fn shared<'a>(files: &'a [Intended], sharers: &'a Sharers) -> impl Iterator<Item = &'a Intended> {
    let is_shared = |file: &&Intended| sharers.of_file(file).is_some();
    files.iter().filter(is_shared)
}

/// What was written for other nodes too.
fn warn_of_shared_files(ui: &Ui, files: &[Intended], sharers: &Sharers) {
    let Some(nodes) = files.first().and_then(|file| sharers.of_file(file)) else {
        return;
    };
    ui.warning(format_args!(
        "{} may share what was written out of this home: install there too before it is started again",
        report::text::named(nodes)
    ));
}

/// Files in the home with the password of a keystore that is replaced.
fn warn_of_root_files(ui: &Ui, args: &InstallArgs, looked: &VaultHome, after: &After) {
    let Some(AtStart::Password { store, new: true }) = &after.at_start else {
        return;
    };
    let files = looked.root_files.iter();
    for name in files.filter(|name| name.starts_with("password")) {
        ui.warning(format_args!(
            "`{}` must hold the password of the new `{store}` before the server starts",
            args.home.join(name).display()
        ));
    }
}

/// A home that is held: to be looked at alone, or to be changed.
enum Held {
    Shared(pki_core::disk::SharedHome),
    Locked(LockedHome),
}

struct Place<'a> {
    held: Held,
    args: &'a InstallArgs,
    command: String,
}

impl<'a> Place<'a> {
    /// Takes the home, and finishes what an interrupted run left.
    fn open(ui: &Ui, global: &Global, args: &'a InstallArgs) -> Result<Self, CommandError> {
        let command = format!("apim-pki install --undo --home {}", quoted(&args.home));
        let failed = |error| error::home(&error, &args.home, &command);
        let home = Home::open(&args.home).map_err(failed)?;
        let held = match args.dry_run {
            true => {
                let shared = home.share(global.lock_timeout).map_err(failed)?;
                match shared.pending() {
                    None => {}
                    Some(Pending::Unknown { owner }) => ui.warning(format_args!(
                        "user {owner} installed here: whether that was interrupted cannot be seen"
                    )),
                    Some(_) => ui.warning(
                        "an installation was interrupted here: the next one finishes it first",
                    ),
                }
                Held::Shared(shared)
            }
            false => {
                let locked = home.lock(global.lock_timeout, &holder()).map_err(failed)?;
                match locked.recovery() {
                    None => {}
                    Some(
                        Recovery::Finished { why, when, files, .. }
                        | Recovery::Undone { why, when, files },
                    ) => ui.warning(format_args!(
                        "the `{why}` of {} was interrupted while it wrote: it was completed now, {} files",
                        ui::moment(*when),
                        files.len()
                    )),
                    Some(_) => ui.warning(
                        "an installation was interrupted before it wrote anything: what it had \
                         prepared was cleared away",
                    ),
                }
                Held::Locked(locked)
            }
        };
        Ok(Self {
            held,
            args,
            command,
        })
    }

    fn view(&self) -> HomeView<'_> {
        match &self.held {
            Held::Shared(shared) => shared.view(),
            Held::Locked(locked) => locked.view(),
        }
    }

    fn observe(&self, topology: &Topology, given: &GivenKeys) -> Result<VaultHome, CommandError> {
        // What the home says of its own release counts, where it says it.
        let product = Some(topology.product);
        let reader = HomeReader::new().keys(given).product(product);
        VaultHome::look(&reader, &self.args.home, self.view())
            .map_err(|error| error::not_a_home(&error, &self.args.home))
    }

    fn error(&self, error: &pki_core::disk::DiskError) -> CommandError {
        error::home(error, &self.args.home, &self.command)
    }

    /// Writes what was prepared, if whoever is asked agrees.
    fn commit(
        self,
        ui: &Ui,
        global: &Global,
        prepared: Prepared,
        question: &str,
        why: &str,
    ) -> Result<Option<Committed>, CommandError> {
        let (args, command) = (self.args, self.command);
        let Held::Locked(mut locked) = self.held else {
            return Ok(None);
        };
        if !ui.can_ask() && !ui.assumes_yes() {
            return Err(CommandError::usage(
                "nobody can be asked whether to write this, so nothing was written",
            )
            .hint("`--yes` answers yes, `--dry-run` only shows"));
        }
        if !ui.confirm(question)? {
            return Ok(None);
        }
        let label = Label {
            when: global.now(),
            why: why.to_owned(),
        };
        locked
            .commit(prepared, &label)
            .map(Some)
            .map_err(|error| error::home(&error, &args.home, &command))
    }
}

fn show(
    ui: &Ui,
    global: &Global,
    args: &InstallArgs,
    node: &Node,
    installation: &Installation,
    prepared: &Prepared,
    after: &After,
) -> Result<(), CommandError> {
    let mut out = Vec::new();
    let intended = prepared.files();
    match global.format {
        Format::Json => report::json::v1::installation(
            &node.name,
            installation,
            intended,
            args.urls,
            after,
            &mut out,
        ),
        Format::Text => {
            report::text::installation(installation, intended, args.urls, ui.layout(), &mut out)
        }
    }
    .map_err(|error| CommandError::output(&error))?;
    match global.format == Format::Text && ui.is_quiet() {
        true => Ok(()),
        false => ui.data(&out),
    }
}

fn told(
    ui: &Ui,
    args: &InstallArgs,
    installation: &Installation,
    committed: &Committed,
    after: &After,
    node: &Node,
) -> Result<(), CommandError> {
    ui.status(format_args!(
        "wrote {} files; what they replaced is in `{}/{}`",
        committed.written.len(),
        args.home.display(),
        Home::STATE
    ));
    for promised in &installation.promised {
        let what = match args.passwords {
            HomeStyle::Env => "the server's environment must have",
            _ => "the product's secret repository must have",
        };
        ui.warning(format_args!("{what} `{}`", promised.name));
    }
    if !installation.in_clear.is_empty() {
        ui.warning(format_args!(
            "the product takes no reference to a secret in `{}`: the passwords themselves stand there",
            installation.in_clear.join("`, `")
        ));
    }
    let mut incomplete = installation.incomplete.iter();
    let is_set = incomplete.any(|it| it.beside.is_some()) || !installation.misdirected.is_empty();
    if !args.urls && is_set {
        ui.hint("`--urls` sets the URLs that name another server, or too few");
    }
    if !ui.is_quiet() {
        let mut out = Vec::new();
        report::text::after(after, &node.name, ui.layout_of_messages(), &mut out)
            .map_err(|error| CommandError::output(&error))?;
        ui.details(&out);
    }
    let undo = Paste::default().command(&format!("install --undo --home {}", quoted(&args.home)));
    ui.hint(format_args!("{undo} brings everything back as it was"));
    Ok(())
}

impl From<HomeStyle> for PasswordStyle {
    fn from(style: HomeStyle) -> Self {
        match style {
            HomeStyle::Plain => Self::Plain,
            HomeStyle::Env => Self::Environment,
            HomeStyle::Secret => Self::Secret,
            HomeStyle::Encrypted => Self::Encrypted,
        }
    }
}

impl From<Style> for PasswordStyle {
    fn from(style: Style) -> Self {
        match style {
            Style::Plain => Self::Plain,
            Style::Env => Self::Environment,
            Style::Secret => Self::Secret,
        }
    }
}

/// How an installation calls itself, with the node's name behind it.
const LABEL: &str = "install ";
