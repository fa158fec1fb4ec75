use std::{
    io::{self, IsTerminal},
    path::{Path, PathBuf},
};

use clap::Args;
use pki_core::install;

use super::{
    install::Style,
    saving_as::{self, Readers},
};
use crate::{
    cli::{Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    ui::Ui,
};

/// Pack a node's stores into one archive, with what has to be set for them
///
/// A tar archive: the stores where a home has them, the snippets that the release has a use for, checksums,
/// and a page that says what to do. The same workspace gives the same bytes.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki bundle --node gateway-1 -o gateway-1.tar",
    help_template = HELP
)]
pub(crate) struct BundleArgs {
    /// The node
    #[arg(long, value_name = "NODE")]
    node: String,

    /// Where it goes; `-` is stdout, unless that is a terminal
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    out: PathBuf,

    /// Let it take the place of a file that is there
    #[arg(long)]
    replace: bool,

    /// How the snippets in it have passwords
    #[arg(long, value_enum, default_value_t = Style::Env)]
    passwords: Style,
}

/// Packs it.
pub(crate) fn run(ui: &Ui, global: &Global, args: &BundleArgs) -> Result<Outcome, CommandError> {
    let to_stdout = args.out == Path::new("-");
    if to_stdout && io::stdout().is_terminal() {
        return Err(CommandError::usage("an archive is not for a terminal")
            .hint(format!("`-o {}.tar` writes it to a file", args.node)));
    }
    let topology = deployment::read_topology(global)?;
    let node = deployment::node(&topology, &args.node)?;
    let found = deployment::look(ui, global, &topology)?;
    let archive = install::bundle(&topology, node, args.passwords.into(), &found)
        .map_err(|refusal| error::packing(&refusal, &global.paste()))?;
    let written = (&archive, Readers::Owner);
    saving_as::write(ui, global, &args.out, written, args.replace)?;
    if args.passwords == Style::Plain {
        ui.warning("the archive holds the passwords of the stores that are in it");
    }
    Ok(Outcome::Done)
}
