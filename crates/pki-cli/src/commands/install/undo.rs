//! The last installation of a home, taken back.

use pki_core::{
    disk::{Foreign, Intended},
    install::Sharers,
    report,
};

use super::{InstallArgs, Place, shared};
use crate::{
    cli::{Format, Global},
    deployment,
    error::{CommandError, Outcome},
    paste::{Paste, quoted},
    ui::Ui,
};

pub(super) fn undo(ui: &Ui, global: &Global, args: &InstallArgs) -> Result<Outcome, CommandError> {
    let place = Place::open(ui, global, args)?;
    let foreign = match args.keep_changed {
        true => Foreign::SetAside,
        false => Foreign::Refuse,
    };
    let prepared = place
        .view()
        .prepare_undo(foreign)
        .map_err(|error| place.error(&error))?;
    let Some(prepared) = prepared else {
        ui.status(format_args!("nothing to undo in `{}`", args.home.display()));
        return Ok(Outcome::Done);
    };
    let sharers = sharers(global, args, &place)?;
    let files = prepared.files();
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::undoing(files, &sharers, &mut out),
        Format::Text => report::text::undoing(files, &sharers, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    if global.format == Format::Json || !ui.is_quiet() {
        ui.data(&out)?;
    }
    if args.dry_run {
        return Ok(Outcome::Done);
    }
    let question = question(ui, args, files, &sharers)?;
    match place.commit(ui, global, prepared, &question, "undo")? {
        Some(committed) => {
            let files = committed.written.len() + committed.retired.len();
            ui.status(format_args!("brought back: {files} files are as they were"));
        }
        None => ui.status("nothing was changed"),
    }
    Ok(Outcome::Done)
}

/// What is asked before, unless `--yes` has answered more than it was meant for.
fn question(
    ui: &Ui,
    args: &InstallArgs,
    files: &[Intended],
    sharers: &Sharers,
) -> Result<String, CommandError> {
    let home = args.home.display();
    let mut shared = shared(files, sharers).peekable();
    let Some(nodes) = shared.peek().and_then(|file| sharers.of_file(file)) else {
        return Ok(format!("bring this back in `{home}`?"));
    };
    let nodes = report::text::named(nodes);
    if args.shared || !ui.assumes_yes() {
        return Ok(format!(
            "bring this back in `{home}`, and with it what {nodes} may share?"
        ));
    }
    let mut refused = CommandError::refused(format!(
        "`{home}`: {nodes} may share what would be brought back"
    ));
    for file in shared {
        refused = refused.found(format!("`{}`: `{}`", file.path, file.file.display()));
    }
    let again = format!("install --undo --home {} --shared", quoted(&args.home));
    Err(refused.hint(format!(
        "nothing was changed. Where the others were installed, undo that first, then bring back here what is \
         shared too: {}",
        Paste::default().command(&again)
    )))
}

/// Who may share files with the node whose the home is: it is named, or the installation has told.
fn sharers(
    global: &Global,
    args: &InstallArgs,
    place: &Place<'_>,
) -> Result<Sharers, CommandError> {
    let topology = match deployment::read_topology(global) {
        Ok(topology) => topology,
        // An undo needs none.
        Err(_) if !global.names_topology() && args.node.is_none() => return Ok(Sharers::Unknown),
        Err(error) => return Err(error),
    };
    if let Some(name) = &args.node {
        let node = deployment::node(&topology, name)?;
        return Ok(Sharers::of(&topology, &node.name));
    }
    let installs = place.view().installs();
    let installs = installs.map_err(|error| place.error(&error))?;
    let node = installs
        .last()
        .and_then(|last| last.label.why.strip_prefix(super::LABEL));
    Ok(node.map_or(Sharers::Unknown, |node| Sharers::of(&topology, node)))
}
