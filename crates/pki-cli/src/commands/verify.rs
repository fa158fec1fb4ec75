mod homes;

use std::path::PathBuf;

use clap::Args;
use pki_core::{
    disk::Workspace,
    observe::Inventory,
    report,
    topology::Topology,
    verify::{Report, verify},
};

use crate::{
    advice::Commands,
    cli::{Format, Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    passwords::{Purpose, SourceArg},
    secrets::Secrets,
    ui::Ui,
};

/// Prove that the stores work together: names, chains, keys, validity, trust
///
/// Every connection that the topology has is judged, from the opener's truststore to the certificate
/// that it meets; with `--home` every connection that the configuration of real homes makes. All problems
/// are told, not the first.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki verify -f apim-pki.toml --format json",
    help_template = HELP
)]
pub(crate) struct VerifyArgs {
    /// Only what touches this node; may be given again
    #[arg(long, value_name = "NODE")]
    pub(crate) node: Vec<String>,

    /// A product home as it is deployed; several, or a pattern such as '/srv/*/wso2am-2.6.0'
    ///
    /// With homes alone no topology is read. With `-f` too, workspace and homes are judged, and hosts are
    /// known from the topology.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    pub(crate) home: Vec<PathBuf>,

    /// The password of the keystore that the homes' vaults open, where passwords of stores are encrypted; may be
    /// given again
    ///
    /// A source, never the password: `file:PATH`, `env:NAME`, `fd:N`, `cmd:PROGRAM ARG…`, `prompt`.
    #[arg(long, value_name = "SRC", requires = "home")]
    pub(crate) vault_password: Vec<SourceArg>,

    /// The key of the vaults' own symmetric mode (`key.based.symmetric.encryption`)
    #[arg(long, value_name = "SRC", requires = "home")]
    pub(crate) encryption_key: Option<SourceArg>,
}

/// Judges the workspace, or homes; makes no file.
pub(crate) fn run(ui: &Ui, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    match args.home.is_empty() {
        true => workspace(ui, global, args),
        false => homes::run(ui, global, args),
    }
}

fn workspace(ui: &Ui, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let topology = deployment::read_topology(global)?;
    deployment::check_nodes(&topology, &args.node)?;
    let paste = global.paste();
    let dir = global.workspace_dir();
    let nothing = || {
        CommandError::failed(format!(
            "there is nothing to verify: `{}` is no workspace",
            dir.display()
        ))
        .hint(format!(
            "{} makes one, `--workspace DIR` names another",
            paste.command("issue")
        ))
    };
    let found = found(ui, global, &topology)?.ok_or_else(nothing)?;
    let now = global.now();
    let report = about(verify(&topology, &found, now), &topology, &args.node);

    let advice = Commands::new(paste.clone(), &topology);
    show(ui, global, &report, &advice)
}

/// What is in the workspace; `None` if there is none, or nothing in it.
fn found(ui: &Ui, global: &Global, topology: &Topology) -> Result<Option<Inventory>, CommandError> {
    let paste = global.paste();
    let disk = |error| error::disk(&error, &paste);
    let workspace = Workspace::open(global.workspace_dir()).map_err(disk)?;
    if !workspace.exists().map_err(disk)? {
        return Ok(None);
    }
    let shared = workspace.share(global.lock_timeout).map_err(disk)?;
    let no_old: &[SourceArg] = &[];
    let secrets = Secrets::new(ui, topology, global.base(), no_old, Purpose::Open);
    let found = Inventory::read(shared.view(), topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    Ok(found.has_traces().then_some(found))
}

/// Writes a report, and says how the run ends.
fn show(
    ui: &Ui,
    global: &Global,
    report: &Report,
    advice: &dyn report::text::Advice,
) -> Result<Outcome, CommandError> {
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::verify(report, &mut out),
        Format::Text => {
            let verified = report::text::Verified {
                report,
                now: global.now(),
                advice,
            };
            match ui.is_quiet() {
                true => report::text::problems(verified, ui.layout(), &mut out),
                false => report::text::verify(verified, ui.layout(), &mut out),
            }
        }
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    Ok(match report.is_clean() {
        true => Outcome::Done,
        false => Outcome::Problems,
    })
}

/// What touches some nodes: their own, what all share, and the connections that they open or answer.
fn about(mut report: Report, topology: &Topology, nodes: &[String]) -> Report {
    if nodes.is_empty() {
        return report;
    }
    let chosen = |name: &str| nodes.iter().any(|node| node == name);
    report
        .edges
        .retain(|edge| chosen(&edge.from) || chosen(&edge.to));
    report
        .problems
        .retain(|problem| problem.node.as_deref().is_none_or(chosen));
    report
        .validity
        .retain(|it| chosen(&it.owner) || topology.node(&it.owner).is_none());
    report.homes.retain(|it| chosen(&it.node));
    report.unjudged.retain(|it| chosen(&it.node));
    report
}
