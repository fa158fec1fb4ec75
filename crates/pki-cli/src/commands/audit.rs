mod homes;
#[cfg(feature = "probe")]
mod live;
mod output;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    str::FromStr,
    thread,
    time::Duration,
};

use clap::{Args, ValueEnum};
use pki_core::{
    audit::{self, Auditor, Baseline, Context, JavaVersion, Policy, Report, Severity, rules},
    disk::Workspace,
    observe::Inventory,
    topology::Topology,
};

use super::store::opening::{self, ReadPasswords};
use crate::{
    cli::{Global, HELP},
    deployment,
    error::{self, CommandError, Outcome},
    homes::ENCRYPTION_KEY,
    passwords::{Passwords, Purpose, SourceArg},
    secrets::Secrets,
    ui::{Progress, Ui},
};

/// Audit what expires, what is weak and what will break, in a workspace, in homes, stores and folders
///
/// Stores are found by content, whatever they are called, and without a password as far as they lie open.
/// Without anything named the workspace of the topology is audited; with them, those, and the workspace
/// too where `-f` is given. `apim-pki explain` lists the rules.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki audit /opt/wso2 --store-password file:password --fail-on warning",
    help_template = HELP
)]
pub(crate) struct AuditArgs {
    /// Files, and folders that are searched to their end
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// A product home as it is deployed; several, or a pattern such as '/srv/*/wso2am-2.6.0'
    ///
    /// All of them are taken for one deployment: configuration, stores and secrets of each, and whether they
    /// fit together. With `-f` hosts are known from the topology.
    #[arg(long, value_name = "DIR", num_args = 1..)]
    home: Vec<PathBuf>,

    #[cfg(feature = "probe")]
    #[command(flatten)]
    live: live::LiveArgs,

    #[command(flatten)]
    passwords: ReadPasswords,

    /// The key of the vaults' own symmetric mode (`key.based.symmetric.encryption`)
    #[arg(long, value_name = "SRC", requires = "home")]
    encryption_key: Option<SourceArg>,

    /// The Java that reads the stores, such as `8u292`, `11.0.11` or `17`
    #[arg(long, value_name = "VERSION", value_parser = JavaVersion::from_str)]
    java: Option<JavaVersion>,

    /// Severities, thresholds and waivers [default: the topology's `[audit]`]
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,

    /// A former report (`--format json`): only what is new counts
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,

    /// End with 1 for findings that count and are this bad or worse
    #[arg(long, value_enum, value_name = "SEVERITY", default_value_t = FailOn::Error)]
    fail_on: FailOn,

    /// Write the report here and not to stdout
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write metrics here too, for the node exporter's textfile collector
    #[arg(long, value_name = "FILE")]
    prometheus: Option<PathBuf>,

    /// Audit again and again, at this interval: `30m`, `1h`, `1d`
    #[arg(long, value_name = "TIME", value_parser = interval, requires = "prometheus")]
    watch: Option<Duration>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum FailOn {
    Error,
    Warning,
    Info,
    None,
}

impl FailOn {
    const fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::None => None,
        }
    }
}

impl AuditArgs {
    /// True if something else than the workspace is to be looked at.
    fn names_something(&self) -> bool {
        #[cfg(feature = "probe")]
        let names_hosts = self.live.names_hosts();
        #[cfg(not(feature = "probe"))]
        let names_hosts = false;
        !self.paths.is_empty() || !self.home.is_empty() || names_hosts
    }

    /// True if every server of the topology is to be looked at.
    fn is_live(&self) -> bool {
        #[cfg(feature = "probe")]
        let live = self.live.live;
        #[cfg(not(feature = "probe"))]
        let live = false;
        live
    }
}

/// Looks at everything that was named, and tells what was found.
pub(crate) fn run(ui: &Ui, global: &Global, args: &AuditArgs) -> Result<Outcome, CommandError> {
    let Some(interval) = args.watch else {
        let report = report(ui, global, args)?;
        output::write(ui, global, args, &report)?;
        return end(args, &report, output::is_read(global, args));
    };
    // What is wrong from the beginning ends the run; later it may pass.
    let mut first = true;
    loop {
        let watched = report(ui, global, args).and_then(|report| {
            output::write_metrics(global, args, &report)?;
            ui.status(output::summary(&report));
            Ok(())
        });
        match watched {
            Err(error) if first => return Err(error),
            Err(error) => ui.error(&error),
            Ok(()) => {}
        }
        first = false;
        thread::sleep(interval);
    }
}

/// What comes of one audit.
fn report(ui: &Ui, global: &Global, args: &AuditArgs) -> Result<Report, CommandError> {
    let (topology, policy) = topology(global, args)?;
    let baseline = args.baseline.as_deref().map(baseline).transpose()?;
    let (_, passwords) = args.passwords.resolve(&Passwords::for_stores(ui))?;
    let encryption_key = opening::optional(
        &Passwords::for_stores(ui),
        args.encryption_key.as_ref(),
        ENCRYPTION_KEY,
        Purpose::Open,
    )?;
    let context = Context::new(global.now())
        .topology(topology.as_ref())
        .policy(policy)
        .passwords(passwords)
        .encryption_key(encryption_key)
        .java(args.java.unwrap_or(JavaVersion::DEFAULT));
    let auditor = Auditor::new(&context, rules::ALL);
    let found = match &topology {
        Some(topology) => workspace(ui, global, topology, &auditor, args)?,
        None => None,
    };
    let homes = match args.home.is_empty() {
        true => Vec::new(),
        false => homes::audit(ui, global, (&context, &auditor), &args.home, found.as_ref())?,
    };
    #[cfg(feature = "probe")]
    {
        let homes: Vec<_> = homes.iter().map(|it| &it.home).collect();
        let on_disk = (found.as_ref(), &homes[..]);
        live::audit(ui, global, (&context, &auditor), &args.live, on_disk)?;
    }
    // Their secrets are not needed any longer.
    drop(homes);
    if !args.paths.is_empty() {
        let progress = Looked(ui.progress("looking at stores", 0));
        let workers = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        audit::paths(&auditor, &args.paths, workers, &progress);
    }
    let mut report = auditor.finish();
    if let Some(baseline) = &baseline {
        report.hold_against(baseline);
    }
    Ok(report)
}

/// The topology, where it is asked for: by `-f`, or since nothing else is to be looked at. And the policy:
/// a file of its own, or the topology's.
fn topology(global: &Global, args: &AuditArgs) -> Result<(Option<Topology>, Policy), CommandError> {
    let read = match !global.names_topology() && args.names_something() && !args.is_live() {
        true => None,
        false => Some(deployment::read_topology_with_text(global)?),
    };
    let policy = match (&args.policy, &read) {
        (Some(file), _) => {
            let bytes = deployment::read_file(file)?;
            let text = String::from_utf8(bytes).map_err(|error| error::not_text(file, &error))?;
            policy(file, &text)?
        }
        (None, Some((_, text))) => policy(global.file(), text)?,
        (None, None) => Policy::default(),
    };
    Ok((read.map(|(topology, _)| topology), policy))
}

fn policy(file: &Path, text: &str) -> Result<Policy, CommandError> {
    let shown = file.display().to_string();
    Policy::from_toml(text, &shown).map_err(|error| error::topology(file, &error))
}

fn baseline(file: &Path) -> Result<Baseline, CommandError> {
    let bytes = deployment::read_file(file)?;
    Baseline::from_json(&bytes).map_err(|error| {
        CommandError::failed(format!("`{}` is no baseline", file.display()))
            .because(&error)
            .hint("`apim-pki audit … --format json -o FILE` makes one")
    })
}

/// Hands the workspace to the auditor; `None` if there is none, which is no reason not to look at what
/// else was named.
fn workspace(
    ui: &Ui,
    global: &Global,
    topology: &Topology,
    auditor: &Auditor<'_>,
    args: &AuditArgs,
) -> Result<Option<Inventory>, CommandError> {
    let paste = global.paste();
    let disk = |error| error::disk(&error, &paste);
    let dir = global.workspace_dir();
    let workspace = Workspace::open(&dir).map_err(disk)?;
    let names_more = args.names_something() || args.is_live();
    if names_more && !workspace.exists().map_err(disk)? {
        ui.warning(format_args!(
            "`{}` is no workspace: what else was named is audited, by the topology",
            dir.display()
        ));
        return Ok(None);
    }
    let shared = workspace.share(global.lock_timeout).map_err(disk)?;
    let no_old: &[SourceArg] = &[];
    let secrets = Secrets::new(ui, topology, global.base(), no_old, Purpose::Open);
    let found = Inventory::read(shared.view(), topology, &secrets)
        .map_err(|error| secrets.explain(&error, &paste))?;
    if !found.has_traces() {
        return Err(CommandError::failed(format!(
            "there is nothing to audit: `{}` is no workspace",
            dir.display()
        ))
        .hint(format!(
            "{} makes one, `--workspace DIR` names another, a PATH audits other stores",
            paste.command("issue")
        )));
    }
    auditor
        .workspace(shared.view(), topology, &found)
        .map_err(disk)?;
    Ok(Some(found))
}

/// What could not be looked at weighs more than what was found. `is_read`: whoever sees the error has read
/// the reasons in the report.
fn end(args: &AuditArgs, report: &Report, is_read: bool) -> Result<Outcome, CommandError> {
    if let Some(first) = report.unread.first() {
        let error = CommandError::failed(format!("`{}` was not audited", first.path));
        let error = match is_read {
            true => error,
            false => error.found(first.reason.clone()),
        };
        let others = report.unread.len() - 1;
        return Err(match others {
            0 => error,
            _ => error.found(format!("{others} more that were not, as the report says")),
        });
    }
    let fails = args.fail_on.severity().is_some_and(|at| report.fails(at));
    Ok(match fails {
        true => Outcome::Problems,
        false => Outcome::Done,
    })
}

fn interval(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a number and a unit, such as 30m, 1h or 1d".to_owned();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u32 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    match u64::from(number) * seconds {
        0 => Err("an interval is more than nothing".to_owned()),
        seconds => Ok(Duration::from_secs(seconds)),
    }
}

struct Looked<'a>(Progress<'a>);

impl audit::Progress for Looked<'_> {
    fn looked(&self) {
        self.0.advance();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_has_a_unit() {
        assert_eq!(interval("30m"), Ok(Duration::from_secs(1800)));
        assert_eq!(interval("1d"), Ok(Duration::from_secs(86_400)));
        for wrong in ["", "1", "0h", "1w", "-1h", "1.5h"] {
            assert!(interval(wrong).is_err(), "{wrong}");
        }
    }
}
