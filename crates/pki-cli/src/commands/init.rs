use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use clap::Args;
use pki_core::{topology::reference, wso2::Product};

use crate::{
    cli::{Global, HELP},
    error::{CommandError, Outcome},
    ui::Ui,
};

/// Write a topology to start from: the product's reference deployment, commented
///
/// The file names groups, nodes and host names, and holds no secret. Edit it, keep it in git.
/// With `-f -` it goes to stdout.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki init --product 4.7.0 -f cluster/apim-pki.toml",
    help_template = HELP
)]
pub(crate) struct InitArgs {
    /// The release of the product, 2.0 to 4.7; 2.6.0 and 4.7.0 are tested
    #[arg(long, value_name = "VERSION", default_value = DEFAULT_PRODUCT)]
    product: Product,
}

/// Writes the topology; one that is there is replaced only after a yes.
pub(crate) fn run(ui: &Ui, global: &Global, args: &InitArgs) -> Result<Outcome, CommandError> {
    let topology = reference(args.product);
    if global.file() == Path::new("-") {
        ui.data(topology.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let file = global.file();
    let shown = file.display();
    match create(file, &topology) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !ui.confirm(&format!("`{shown}` exists: replace it?"))? {
                return Err(CommandError::refused(format!("`{shown}` stays as it is")));
            }
            replace(file, &topology)
        }
        other => other,
    }
    .map_err(|error| {
        CommandError::failed(format!("`{shown}` cannot be written")).because(&error)
    })?;
    ui.status(format_args!(
        "wrote `{shown}`, the reference deployment of {}",
        args.product
    ));
    ui.hint(format_args!(
        "put your host names into it, then see what it makes: `apim-pki plan -f {shown}`"
    ));
    Ok(Outcome::Done)
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
const DEFAULT_PRODUCT: &str = "2.6.0";
