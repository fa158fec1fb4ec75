mod from_home;

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use clap::Args;
use from_home::NodeIs;
use pki_core::{
    topology::reference,
    wso2::{Product, Role},
};

use crate::{
    cli::{Global, HELP},
    error::{CommandError, Outcome},
    passwords::SourceArg,
    ui::Ui,
};

/// Write a topology to start from: the product's reference deployment, commented
///
/// The file names groups, nodes and host names, and holds no secret. Edit it, keep it in git.
/// With `-f -` it goes to stdout. With `--from-home` it is the deployment that the homes make, with what
/// was told by what in comments.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki init --product 4.7.0 -f cluster/apim-pki.toml\n  \
                   apim-pki init --from-home '/srv/*/wso2am-4.7.0' --role gw2=gateway",
    help_template = HELP
)]
pub(crate) struct InitArgs {
    /// The release of the product, 2.0 to 4.7; 2.6.0, which is taken without it, and 4.7.0 are tested
    ///
    /// With `--from-home`: that of homes that do not tell theirs.
    #[arg(long, value_name = "VERSION")]
    product: Option<Product>,

    /// Read it off the homes of a running deployment: folders with `repository/conf` in them, or patterns
    #[arg(long, value_name = "DIR", num_args = 1..)]
    from_home: Vec<PathBuf>,

    /// What a node does, where its home does not tell; may be given again
    #[arg(long, value_name = "NODE=ROLE", requires = "from_home")]
    role: Vec<NodeIs<Role>>,

    /// By which host others call a node, where its home does not tell; may be given again
    #[arg(long, value_name = "NODE=HOST", requires = "from_home")]
    host: Vec<NodeIs<String>>,

    /// The password of the keystore that the homes' vaults open, where passwords of stores are encrypted; may be
    /// given again
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC", requires = "from_home")]
    vault_password: Vec<SourceArg>,
}

/// Writes the topology; one that is there is replaced only after a yes.
pub(crate) fn run(ui: &Ui, global: &Global, args: &InitArgs) -> Result<Outcome, CommandError> {
    if !args.from_home.is_empty() {
        return from_home::run(ui, global, args);
    }
    let product = args.product.unwrap_or(DEFAULT_PRODUCT);
    let over = may_replace(ui, global)?;
    write(ui, global, &reference(product), over)?;
    if let Some(shown) = file(global) {
        ui.status(format_args!(
            "wrote `{shown}`, the reference deployment of {product}"
        ));
        ui.hint(format_args!(
            "put your host names into it, then see what it makes: `apim-pki plan -f {shown}`"
        ));
    }
    Ok(Outcome::Done)
}

/// The file that is written, unless it is stdout.
fn file(global: &Global) -> Option<std::path::Display<'_>> {
    let file = global.file();
    (file != Path::new("-")).then(|| file.display())
}

/// Whether a file that is there is to be replaced.
fn may_replace(ui: &Ui, global: &Global) -> Result<bool, CommandError> {
    match file(global) {
        Some(shown) if global.file().exists() => {
            match ui.confirm(&format!("`{shown}` exists: replace it?"))? {
                true => Ok(true),
                false => Err(CommandError::refused(format!("`{shown}` stays as it is"))),
            }
        }
        _ => Ok(false),
    }
}

fn write(ui: &Ui, global: &Global, topology: &str, over: bool) -> Result<(), CommandError> {
    let Some(shown) = file(global) else {
        return ui.data(topology.as_bytes());
    };
    let written = match over {
        true => replace(global.file(), topology),
        false => create(global.file(), topology),
    };
    written.map_err(|error| {
        CommandError::failed(format!("`{shown}` cannot be written")).because(&error)
    })
}

/// Fails if the file is there, whoever made it meanwhile.
fn create(file: &Path, text: &str) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)?
        .write_all(text.as_bytes())
}

/// A person wrote what is there: it is whole, old or new, at every moment.
fn replace(file: &Path, text: &str) -> io::Result<()> {
    let target = fs::canonicalize(file)?;
    let mut staged = target.clone().into_os_string();
    staged.push(".new");
    fs::write(&staged, text)?;
    fs::rename(&staged, &target)
}

/// The release that the reference deployment of five separate roles is about.
const DEFAULT_PRODUCT: Product = Product::of(2, 6);
