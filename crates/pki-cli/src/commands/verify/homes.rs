//! Homes as they are deployed, alone or together with the workspace.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pki_core::{
    disk::Workspace,
    observe::{Cluster, Home, HomeReader, Inventory},
    topology::Topology,
    verify::{Report, verify, verify_homes},
};

use super::{VerifyArgs, about, show};
use crate::{
    advice::Commands,
    cli::Global,
    deployment,
    error::{self, CommandError, Outcome},
    passwords::{Purpose, SourceArg},
    secrets::Secrets,
    ui::Ui,
};

/// Judges homes; makes no file.
pub(super) fn run(ui: &Ui, global: &Global, args: &VerifyArgs) -> Result<Outcome, CommandError> {
    let topology = match global.names_topology() {
        true => Some(deployment::read_topology(global)?),
        false => None,
    };
    let product = topology.as_ref().map(|topology| topology.product);
    let homes = read(ui, global, &args.home, product)?;
    let cluster = Cluster::new(&homes, topology.as_ref());
    let report = match &topology {
        None => verify_homes(&cluster, None, global.now()),
        Some(topology) => with_workspace(ui, global, topology, &cluster)?,
    };
    let known = report.homes.iter().any(|it| args.node.contains(&it.node));
    if !args.node.is_empty() && !known {
        let names: Vec<&str> = report.homes.iter().map(|it| it.node.as_str()).collect();
        return Err(CommandError::usage(format!(
            "none of the homes is node `{}`: they are {}",
            args.node.join("`, `"),
            names.join(", ")
        )));
    }
    match &topology {
        None => show(ui, global, &chosen(report, &args.node), &()),
        Some(topology) => {
            let report = about(report, topology, &args.node);
            show(
                ui,
                global,
                &report,
                &Commands::new(global.paste(), topology),
            )
        }
    }
}

/// Reads every home on all cores, with a line that counts them.
fn read(
    ui: &Ui,
    global: &Global,
    given: &[PathBuf],
    product: Option<pki_core::wso2::Product>,
) -> Result<Vec<Home>, CommandError> {
    let mut dirs = Vec::new();
    for dir in given {
        dirs.extend(expand(dir)?);
    }
    let progress = ui.progress("reading homes", dirs.len());
    let told = HomeReader::new().wait(global.lock_timeout);
    let read = told.read_all(&dirs, &|| progress.advance());
    drop(progress);
    let given = HomeReader::new().wait(global.lock_timeout).product(product);
    read.into_iter()
        .zip(&dirs)
        .map(|(home, dir)| match home {
            // What a home says of its own release counts, where it says it.
            Ok(home) if home.product.is_none() && product.is_some() => given.read(dir),
            home => home,
        })
        .zip(&dirs)
        .map(|(home, dir)| home.map_err(|error| error::not_a_home(&error, dir)))
        .collect()
}

/// What a path means whose last part holds `*`: every folder with such a name, sorted.
fn expand(dir: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let name = dir.file_name().and_then(|name| name.to_str());
    let Some((before, after)) = name.and_then(|name| name.split_once('*')) else {
        return Ok(vec![dir.to_owned()]);
    };
    if dir.exists() {
        return Ok(vec![dir.to_owned()]);
    }
    let parent = match dir.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let unreadable = |error: std::io::Error| {
        CommandError::failed(format!("`{}` cannot be read", parent.display())).because(&error)
    };
    let mut found = Vec::new();
    for entry in fs::read_dir(parent).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        let fits = path
            .file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| {
                name.len() >= before.len() + after.len()
                    && name.starts_with(before)
                    && name.ends_with(after)
            });
        if fits && path.is_dir() {
            found.push(path);
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(CommandError::failed(format!(
            "no folder is called `{}`",
            dir.display()
        ))),
        false => Ok(found),
    }
}

/// Both: the workspace, where there is one, and the homes.
fn with_workspace(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
    cluster: &Cluster<'_>,
) -> Result<Report, CommandError> {
    let (paste, now) = (global.paste(), global.now());
    let disk = |error| error::disk(&error, &paste);
    let workspace = Workspace::open(global.workspace_dir()).map_err(disk)?;
    if !workspace.exists().map_err(disk)? {
        return Ok(verify_homes(cluster, None, now));
    }
    let shared = workspace.share(global.lock_timeout).map_err(disk)?;
    let no_old: &[SourceArg] = &[];
    let secrets = Secrets::new(ui, topology, global.base(), no_old, Purpose::Open);
    let found = Inventory::read(shared.view(), topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    let homes = verify_homes(cluster, Some((topology, &found)), now);
    Ok(match found.has_traces() {
        true => verify(topology, &found, now).and(homes),
        false => homes,
    })
}

/// What touches some nodes, where no topology tells all names.
fn chosen(mut report: Report, nodes: &[String]) -> Report {
    if nodes.is_empty() {
        return report;
    }
    let is = |name: &str| nodes.iter().any(|node| node == name);
    report.edges.retain(|edge| is(&edge.from) || is(&edge.to));
    report
        .problems
        .retain(|problem| problem.node.as_deref().is_none_or(is));
    report.validity.retain(|it| is(&it.owner));
    report
}
