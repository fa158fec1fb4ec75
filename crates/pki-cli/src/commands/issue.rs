mod said;

use std::path::PathBuf;

use clap::Args;
use pki_core::{
    apply::{self, Made, Means},
    disk::{Label, Locked, Recovery, RelPath, Workspace},
    key::{Generated, SystemRandom},
    observe::{Inventory, Layout, ObserveError},
    report,
    verify::verify,
    x509::Fingerprint,
};

use super::{Selection, holder};
use crate::{
    cli::{Format, Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    passwords::Purpose,
    secrets::Secrets,
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
    let mode = said::mode_of(&global.workspace_dir());
    let (mut locked, purpose) = lock(ui, global)?;
    let completed = completed(&locked);
    let old = &args.selection.old_password;
    let secrets = Secrets::new(ui, &topology, global.base(), old, purpose);
    let found = Inventory::read(locked.view(), &topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    let plan = deployment::plan(&topology, &found, &scope, global)?;
    let ca_key = match plan.needs_ca_key() {
        true => Some(
            found
                .ca_key(&topology, args.ca_key.as_deref(), &secrets)
                .map_err(|error| secrets.explain(&by_flag(error, args), &paste))?,
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
    let made =
        made.map_err(|error| error::apply(&error, &topology, args.ca_key.as_deref(), &paste))?;
    let report = verify(&topology, &found.with(&topology, &made.files), now);
    said::refuse_if_broken(ui, global, &topology, &report, &made)?;

    let label = Label {
        when: now,
        why: "issue".to_owned(),
    };
    let Made {
        files,
        ca,
        primary,
        secrets: mut generated,
        ..
    } = made;
    // A first run that was interrupted never said where its passwords are, nor what to pin.
    generated.extend(completed.iter().filter(|path| is_secret(path)).cloned());
    let pin = |made: Option<Fingerprint>, path: RelPath| match completed.contains(&path) {
        true => made.or_else(|| Some(found.certificates(&path).first()?.fingerprint())),
        false => made,
    };
    let ca = pin(ca, Layout::ca_certificate());
    let primary = pin(primary, Layout::primary_certificate());
    let committed = files
        .commit(&mut locked, &label)
        .map_err(|error| error::disk(&error, &paste))?;
    drop(locked);
    // What is retired is to be told of, as it was found.
    let retired = said::ends(&plan, &found);

    if global.format == Format::Json {
        let mut out = Vec::new();
        report::json::v1::plan(&plan, &mut out).map_err(|error| CommandError::output(&error))?;
        ui.data(&out)?;
    }
    let told = said::Told {
        ui,
        global,
        plan: &plan,
        report: &report,
        committed: &committed,
    };
    told.notes_and_problems();
    told.folder(mode);
    told.what_was_done();
    told.retired(&retired);
    told.generated(&generated);
    told.pins(&topology, [("ca", ca), ("primary", primary)])?;
    told.next();
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
    let locked = workspace
        .lock(global.lock_timeout, &holder())
        .map_err(disk)?;
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

/// What an interrupted run had left to write, and taking the lock has written.
fn completed(locked: &Locked) -> Vec<RelPath> {
    match locked.recovery() {
        Some(Recovery::Finished { files, .. }) => files.clone(),
        _ => Vec::new(),
    }
}

/// What `--ca-key` names was not read because of the topology's key for an imported CA.
fn by_flag(error: ObserveError, args: &IssueArgs) -> ObserveError {
    match error {
        ObserveError::Input { path, source, .. } if Some(&path) == args.ca_key.as_ref() => {
            ObserveError::Input {
                path,
                key: "ca",
                source,
            }
        }
        error => error,
    }
}

fn is_secret(path: &RelPath) -> bool {
    path.as_str().starts_with("secrets/")
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
