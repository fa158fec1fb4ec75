use clap::Args;

use super::Selection;
use crate::cli::HELP;

/// Show what `issue` would do, and why; write nothing
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki plan -f apim-pki.toml",
    help_template = HELP
)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) selection: Selection,

    /// End with 4 if there is something to do
    #[arg(long)]
    pub(crate) exit_code: bool,
}
