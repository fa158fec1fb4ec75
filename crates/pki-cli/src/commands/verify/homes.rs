//! Homes as they are deployed, alone or together with the workspace.

use pki_core::{
    observe::{Cluster, Home},
    verify::{Report, verify, verify_homes},
};

use super::{VerifyArgs, about, found, show};
use crate::{
    advice::{Commands, HomeAdvice},
    cli::Global,
    deployment,
    error::{CommandError, Outcome},
    homes,
    ui::Ui,
};

/// Judges homes; makes no file.
pub(super) fn run(ui: &Ui, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let topology = match global.names_topology() {
        true => Some(deployment::read_topology(global)?),
        false => None,
    };
    let dirs = homes::dirs(&args.home)?;
    let product = topology.as_ref().map(|topology| topology.product);
    let keys = homes::keys(ui, &args.vault_password, args.encryption_key.as_ref())?;
    let (homes, failed) = homes::read(ui, global, &dirs, product, &keys);
    if homes.is_empty() {
        return ended(ui, Outcome::Done, &homes, failed);
    }
    let cluster = Cluster::new(&homes, topology.as_ref());
    let now = global.now();
    let mut report = Report::default();
    if let Some(topology) = &topology {
        let found = found(ui, global, topology)?;
        if found.is_none() {
            let dir = global.workspace_dir();
            ui.warning(format_args!(
                "`{}` is no workspace: the homes alone are judged, by the topology",
                dir.display()
            ));
        }
        if let Some(found) = &found {
            report = verify(topology, found, now);
        }
        report = report.and(verify_homes(&cluster, found.as_ref(), now));
        report = about(report, topology, &args.node);
    } else {
        report = chosen(verify_homes(&cluster, None, now), &args.node)?;
    }
    let commands = |topology| Commands::new(global.paste(), topology);
    let advice = HomeAdvice {
        paste: global.paste(),
        workspace: topology.as_ref().map(commands),
    };
    let outcome = show(ui, global, &report, &advice)?;
    ended(ui, outcome, &homes, failed)
}

/// Homes, or files of theirs, that could not be read are worse than what was found in the others.
fn ended(
    ui: &Ui,
    outcome: Outcome,
    homes: &[Home],
    mut failed: Vec<CommandError>,
) -> Result<Outcome, CommandError> {
    if let Some(last) = failed.pop() {
        failed.iter().for_each(|error| ui.error(error));
        return Err(last);
    }
    let unreadable = homes.iter().flat_map(|home| {
        let files = home.unreadable.iter();
        files.map(|it| (home.dir.join(&it.file), &it.reason))
    });
    let mut unreadable =
        unreadable.map(|(file, reason)| format!("`{}` cannot be read: {reason}", file.display()));
    match unreadable.next() {
        None => Ok(outcome),
        Some(first) => Err(unreadable.fold(CommandError::failed(first), CommandError::and)),
    }
}

/// What touches some nodes, where no topology tells all names.
fn chosen(mut report: Report, nodes: &[String]) -> Result<Report, CommandError> {
    if nodes.is_empty() {
        return Ok(report);
    }
    let known: Vec<&str> = report.homes.iter().map(|it| it.node.as_str()).collect();
    if let Some(node) = nodes.iter().find(|node| !known.contains(&node.as_str())) {
        return Err(
            CommandError::usage(format!("none of the homes is node `{node}`"))
                .hint(format!("they are `{}`", known.join("`, `"))),
        );
    }
    let is = |name: &str| nodes.iter().any(|node| node == name);
    report.edges.retain(|edge| is(&edge.from) || is(&edge.to));
    report
        .problems
        .retain(|problem| problem.node.as_deref().is_none_or(is));
    report.validity.retain(|it| is(&it.owner));
    report.homes.retain(|it| is(&it.node));
    report.unjudged.retain(|it| is(&it.node));
    Ok(report)
}
