use clap::Args;

use crate::cli::HELP;

/// Prove that the stores work together: names, chains, keys, validity, trust
///
/// Every connection that the topology has is judged, from the opener's truststore to the certificate
/// that it meets. All problems are told, not the first.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki verify -f apim-pki.toml --format json",
    help_template = HELP
)]
pub(crate) struct VerifyArgs {
    /// Only what touches this node; may be given again
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Vec<String>,
}
