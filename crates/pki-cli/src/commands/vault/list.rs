use clap::Args;
use pki_core::{observe::GivenKeys, report};

use super::homes::{HomeArgs, Homes, end, told, warn_of_root_files};
use crate::{
    cli::{Format, Global, HELP},
    error::{CommandError, Outcome},
    ui::Ui,
};

/// List the secrets of homes: alias, place, how each is encrypted, what names it
///
/// No key is needed: nothing is decrypted.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki vault list --home /opt/wso2am-4.7.0",
    help_template = HELP
)]
pub(crate) struct ListArgs {
    #[command(flatten)]
    homes: HomeArgs,
}

pub(crate) fn run(ui: &Ui, global: &Global, args: &ListArgs) -> Result<Outcome, CommandError> {
    let mut homes = Homes::read(ui, global, &args.homes, &GivenKeys::default())?;
    let errors = std::mem::take(&mut homes.errors);
    let vaults: Vec<_> = homes.read.iter().map(|home| home.vault()).collect();
    let told: Vec<_> = homes
        .read
        .iter()
        .zip(&vaults)
        .map(|(home, vault)| told(home, vault, None))
        .collect();
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::secrets(&told, &homes.unread, &mut out),
        Format::Text => report::text::secrets(&told, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    homes
        .read
        .iter()
        .for_each(|home| warn_of_root_files(ui, home));
    end(ui, errors)?;
    Ok(Outcome::Done)
}
