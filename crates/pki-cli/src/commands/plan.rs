use clap::Args;
use pki_core::{disk::Workspace, observe::Inventory, report};

use super::Selection;
use crate::{
    cli::{Format, Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    passwords::Purpose,
    secrets::Secrets,
    ui::Ui,
};

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

/// Plans on what is there, or from nothing where there is no workspace; makes no file.
pub(crate) fn run(ui: &Ui, global: &Global, args: &PlanArgs) -> Result<Outcome, CommandError> {
    let topology = deployment::read_topology(global)?;
    let scope = deployment::scope(&topology, &args.selection)?;
    let paste = global.paste();
    let dir = global.workspace_dir();
    let shared = Workspace::open(&dir)
        .and_then(|workspace| workspace.share(global.lock_timeout))
        .map_err(|error| error::disk(&error, &paste))?;
    let old = &args.selection.old_password;
    let secrets = Secrets::new(ui, &topology, global.base(), old, Purpose::Open);
    let found = Inventory::read(shared.view(), &topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    let plan = deployment::plan(&topology, &found, &scope, global)?;

    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::plan(&plan, &mut out),
        Format::Text => report::text::plan(&plan, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    if global.format == Format::Json || ui.is_quiet() {
        deployment::say_notes(ui, &plan);
    }
    if global.format == Format::Json || !ui.is_quiet() {
        ui.data(&out)?;
    }
    if shared.interrupted() {
        ui.hint(
            "a run was interrupted; the next `issue` completes it, and the plan counts with that",
        );
    }
    Ok(match args.exit_code && !plan.is_empty() {
        true => Outcome::Pending,
        false => Outcome::Done,
    })
}
