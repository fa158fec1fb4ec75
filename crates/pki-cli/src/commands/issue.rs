use std::path::PathBuf;

use clap::Args;
use pki_core::{
    apply::{self, Made, Means},
    disk::{Committed, Holder, Label, Locked, Recovery, Workspace},
    key::{Generated, SystemRandom},
    observe::Inventory,
    plan::Plan,
    report,
    topology::Topology,
    verify::{Report, verify},
};
use time::OffsetDateTime;

use super::{Selection, this_host};
use crate::{
    advice::Commands,
    cli::{Format, Global, HELP},
    deployment::{self, Secrets},
    error::{self, CommandError, Outcome},
    passwords::Purpose,
    ui::{self, Ui},
};

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

/// Plans, makes, verifies in memory, and only then writes.
pub(crate) fn run(ui: &Ui, global: &Global, args: &IssueArgs) -> Result<Outcome, CommandError> {
    let topology = deployment::read_topology(global)?;
    let scope = deployment::scope(&topology, &args.selection)?;
    let (paste, now) = (global.paste(), global.now());
    let (mut locked, purpose) = lock(ui, global)?;
    let old = &args.selection.old_password;
    let secrets = Secrets::new(ui, &topology, global.base(), old, purpose);
    let mut found = Inventory::read(locked.view(), &topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    let plan = deployment::plan(&topology, &found, &scope, global)?;
    if plan.makes_ca() {
        // Nothing needed its password until now, and the workspace generates only its own.
        if !deployment::is_generated(&topology.ca.password) {
            let source = topology.ca.password.clone();
            let password = found
                .resolve(&source, &secrets)
                .map_err(|error| secrets.explain(&error, &paste))?;
            found.learn(source, password);
        }
    }
    let ca_key = match plan.needs_ca_key() {
        true => Some(
            found
                .ca_key(&topology, args.ca_key.as_deref(), &secrets)
                .map_err(|error| secrets.explain(&error, &paste))?,
        ),
        false => None,
    };
    let keys = Keys(ui.progress("making keys", plan.new_keys()));
    let means = Means {
        keys: &Generated,
        random: &mut SystemRandom,
        ca_key,
        progress: &keys,
    };
    let made = apply::apply(&topology, &found, &plan, means);
    drop(keys);
    let made = made.map_err(|error| error::apply(&error, &topology, &paste))?;
    let report = verify(&topology, &found.with(&topology, &made.files), now);
    refuse_if_broken(ui, global, &report, &made)?;

    let label = Label {
        when: now,
        why: "issue".to_owned(),
    };
    let Made {
        files,
        ca,
        primary,
        secrets: generated,
        ..
    } = made;
    let committed = files
        .commit(&mut locked, &label)
        .map_err(|error| error::disk(&error, &paste))?;
    drop(locked);

    if global.format == Format::Json {
        let mut out = Vec::new();
        report::json::v1::plan(&plan, &mut out).map_err(|error| CommandError::output(&error))?;
        ui.data(&out)?;
    }
    deployment::say_notes(ui, &plan);
    say_remaining(ui, global, &plan, &report);
    say_done(ui, global, &plan, &committed);
    if !generated.is_empty() {
        let dir = global.workspace_dir();
        let files: Vec<String> = generated
            .iter()
            .map(|path| format!("`{}`", dir.join(path.as_path()).display()))
            .collect();
        ui.status(format_args!("generated passwords: {}", files.join(", ")));
        ui.hint(
            "they lie beside what they open, which protects a stray copy of one file, not the folder; \
             to keep them elsewhere, name another source in the topology (`password = \"cmd:…\"`, \
             `\"env:…\"`, `\"prompt\"`), and move `ca/ca.key` away (`issue --ca-key PATH`): SECURITY.md",
        );
    }
    say_pins(ui, global, &topology, [("ca", ca), ("primary", primary)])?;
    if committed.generation.is_some() {
        ui.hint(format_args!(
            "{} shows every connection, and until when all of it is valid",
            paste.command("verify")
        ));
    }
    Ok(Outcome::Done)
}

/// Takes the lock, and says what an interrupted run had left. A workspace that is new needs passwords to
/// make things with.
fn lock(ui: &Ui, global: &Global) -> Result<(Locked, Purpose), CommandError> {
    let disk = |error| error::disk(&error, &global.paste());
    let workspace = Workspace::open(global.workspace_dir()).map_err(disk)?;
    let purpose = match workspace.exists().map_err(disk)? {
        true => Purpose::Open,
        false => Purpose::Create,
    };
    let holder = Holder {
        pid: std::process::id(),
        host: this_host(),
        started: OffsetDateTime::now_utc(),
    };
    let locked = workspace.lock(global.lock_timeout, &holder).map_err(disk)?;
    match locked.recovery() {
        None => {}
        Some(Recovery::Finished {
            generation,
            when,
            why,
            files,
        }) => ui.warning(format_args!(
            "the `{why}` of {} was interrupted while it wrote: it was completed now, {} files \
             (generation {generation})",
            ui::moment(*when),
            files.len()
        )),
        Some(_) => ui.warning(
            "a run was interrupted before it wrote anything: what it had prepared was cleared away",
        ),
    }
    Ok((locked, purpose))
}

/// A run that would leave an error in what it writes writes nothing.
fn refuse_if_broken(
    ui: &Ui,
    global: &Global,
    report: &Report,
    made: &Made,
) -> Result<(), CommandError> {
    let caused = report.caused_by(&made.files);
    if !caused.has_errors() {
        return Ok(());
    }
    let advice = Commands::new(global.paste());
    let mut out = Vec::new();
    let verified = report::text::Verified {
        report: &caused,
        now: global.now(),
        advice: &advice,
    };
    report::text::problems(verified, ui.layout_of_messages(), &mut out)
        .map_err(|error| CommandError::output(&error))?;
    ui.details(&out);
    Err(CommandError::problems(
        "what was made does not pass its own check, as said above: nothing was written",
    ))
}

/// Problems that this run did not make and does not mend.
fn say_remaining(ui: &Ui, global: &Global, plan: &Plan, report: &Report) {
    for problem in &report.problems {
        if deployment::noted(plan, &problem.kind) {
            continue;
        }
        let place: Vec<String> = problem
            .file
            .iter()
            .map(|file| format!("`{file}`"))
            .chain(problem.alias.iter().map(|alias| format!("alias `{alias}`")))
            .collect();
        ui.warning(format_args!(
            "left as it was: {}: {}",
            place.join(", "),
            problem.kind
        ));
    }
    let failed = report.failed().count();
    if failed > 0 {
        ui.warning(format_args!("connections that fail: {failed}"));
        ui.hint(format_args!(
            "{} tells which",
            global.paste().command("verify")
        ));
    }
}

fn say_done(ui: &Ui, global: &Global, plan: &Plan, committed: &Committed) {
    let dir = global.workspace_dir();
    let Some(generation) = committed.generation else {
        ui.status(match plan.is_empty() {
            true => "nothing to do",
            false => "nothing changed: every file has its content already",
        });
        return;
    };
    let files = |number: usize| match number {
        1 => "1 file".to_owned(),
        _ => format!("{number} files"),
    };
    ui.status(format_args!(
        "verified and wrote {} in `{}` (generation {generation})",
        files(committed.written.len()),
        dir.display()
    ));
    if !committed.retired.is_empty() {
        ui.status(format_args!(
            "{} moved to `{}/generations/{generation}`",
            files(committed.retired.len()),
            dir.display()
        ));
    }
}

/// What keeps an empty workspace from making a second CA or primary, as lines of the topology.
fn say_pins(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
    pins: [(&str, Option<pki_core::x509::Fingerprint>); 2],
) -> Result<(), CommandError> {
    let pinned = [topology.ca.pin, topology.primary.pin];
    let lines: Vec<String> = pins
        .iter()
        .zip(pinned)
        .filter(|(_, pinned)| pinned.is_none())
        .filter_map(|((table, made), _)| {
            made.map(|made| format!("[{table}]\nsha256 = \"{made}\"\n"))
        })
        .collect();
    if lines.is_empty() {
        return Ok(());
    }
    ui.status(format_args!(
        "put these lines into `{}`: with them a run in an empty workspace cannot make a second CA or primary",
        global.file.display()
    ));
    match global.format {
        Format::Text => ui.data(lines.concat().as_bytes()),
        Format::Json => {
            ui.status(lines.concat().trim_end());
            Ok(())
        }
    }
}

/// The progress line, as the library hears it.
struct Keys<'a>(ui::Progress<'a>);

impl apply::Progress for Keys<'_> {
    fn keys(&self, done: usize, _total: usize) {
        if done > 0 {
            self.0.advance();
        }
    }
}
