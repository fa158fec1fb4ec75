use std::path::PathBuf;

use clap::Args;

use super::Selection;
use crate::cli::HELP;

/// Make every keystore that the topology asks for, verify it, write it
///
/// What is there and right stays, byte for byte: run again, it changes nothing. The CA and the primary
/// are made once and never again.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki issue -f apim-pki.toml",
    help_template = HELP
)]
pub(crate) struct IssueArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// The CA's private key, if it is kept elsewhere than in the workspace
    ///
    /// It is read only when something is to be signed.
    #[arg(long, value_name = "PATH")]
    pub(crate) ca_key: Option<PathBuf>,
}
