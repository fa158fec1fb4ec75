use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    path::Path,
};

use clap::{Args, ValueEnum};

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
    /// The release of the product
    #[arg(long, value_enum, value_name = "VERSION", default_value_t = Release::V2_6)]
    product: Release,
}

/// The releases that have a reference deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Release {
    #[value(name = "2.6.0")]
    V2_6,
    #[value(name = "4.7.0")]
    V4_7,
}

impl Release {
    const fn topology(self) -> &'static str {
        match self {
            Self::V2_6 => include_str!("../../templates/apim-2.6-ha.toml"),
            Self::V4_7 => include_str!("../../templates/apim-4.7-ha.toml"),
        }
    }
}

/// Writes the topology; one that is there is replaced only after a yes.
pub(crate) fn run(ui: &Ui, global: &Global, args: &InitArgs) -> Result<Outcome, CommandError> {
    let topology = args.product.topology();
    if global.file == Path::new("-") {
        ui.data(topology.as_bytes())?;
        return Ok(Outcome::Done);
    }
    let file = global.file.as_path();
    let shown = file.display();
    match create(file, topology) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            if !ui.confirm(&format!("`{shown}` exists: replace it?"))? {
                return Err(CommandError::refused(format!("`{shown}` stays as it is")));
            }
            replace(file, topology)
        }
        other => other,
    }
    .map_err(|error| {
        CommandError::failed(format!("`{shown}` cannot be written")).because(&error)
    })?;
    ui.status(format_args!(
        "wrote `{shown}`, the reference deployment of {}",
        args.product
            .to_possible_value()
            .map_or_else(String::new, |value| value.get_name().to_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_topology_fits_on_one_screen() {
        for release in Release::value_variants() {
            let settings = release
                .topology()
                .lines()
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
                .count();
            assert!(settings <= 50, "{settings} lines");
        }
    }
}
