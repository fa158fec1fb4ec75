//! What the command line looks like, and how a run begins and ends.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anstream::ColorChoice;
use clap::{Args, Parser, Subcommand, ValueEnum};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

#[cfg(feature = "probe")]
use crate::commands::probe::{self, ProbeArgs};
use crate::{
    commands::{
        audit::{self, AuditArgs},
        bundle::{self, BundleArgs},
        cert::{self, CertArgs},
        explain::{self, ExplainArgs},
        init::{self, InitArgs},
        install::{self, InstallArgs},
        issue::{self, IssueArgs},
        plan::{self, PlanArgs},
        snippet::{self, SnippetArgs},
        store::{self, StoreArgs},
        vault::{self, VaultArgs},
        verify::{self, VerifyArgs},
    },
    error::{CommandError, Outcome},
    paste::Paste,
    ui::{Settings, Ui},
};

/// Parses the arguments (the program's name first), runs the command, shows its error.
pub(crate) fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, with code 0. A closed pipe is no news.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let ui = Ui::new(cli.global.settings());
    match cli.choose_format().and_then(|()| dispatch(&ui, &cli)) {
        Ok(outcome) => outcome.into(),
        Err(error) => {
            ui.error(&error);
            ExitCode::from(&error)
        }
    }
}

fn dispatch(ui: &Ui, cli: &Cli) -> Result<Outcome, CommandError> {
    let global = &cli.global;
    match &cli.command {
        Command::Init(args) => init::run(ui, global, args),
        Command::Plan(args) => plan::run(ui, global, args),
        Command::Issue(args) => issue::run(ui, global, args),
        Command::Verify(args) => verify::run(ui, global, args),
        Command::Install(args) => install::run(ui, global, args),
        Command::Snippet(args) => snippet::run(ui, global, args),
        Command::Bundle(args) => bundle::run(ui, global, args),
        #[cfg(feature = "probe")]
        Command::Probe(args) => probe::run(ui, global, args),
        Command::Store(args) => store::run(ui, global, args),
        Command::Cert(args) => cert::run(ui, global, args),
        Command::Audit(args) => audit::run(ui, global, args),
        Command::Explain(args) => explain::run(ui, global, args),
        Command::Vault(args) => vault::run(ui, global, args),
    }
}

/// One topology file in, every keystore of a WSO2 API Manager cluster out, verified.
#[derive(Debug, Parser)]
#[command(
    name = "apim-pki",
    version,
    before_help = "Example:\n  apim-pki init && apim-pki issue && apim-pki verify",
    help_template = HELP,
    propagate_version = true,
    disable_help_subcommand = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
    #[command(flatten)]
    pub(crate) global: Global,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(InitArgs),
    Plan(PlanArgs),
    Issue(IssueArgs),
    Verify(VerifyArgs),
    Install(InstallArgs),
    Snippet(SnippetArgs),
    Bundle(BundleArgs),
    #[cfg(feature = "probe")]
    Probe(ProbeArgs),
    Store(StoreArgs),
    Cert(CertArgs),
    Audit(AuditArgs),
    Explain(ExplainArgs),
    Vault(VaultArgs),
}

impl Cli {
    /// Text or JSON is for every command; the other forms are those of an audit.
    fn choose_format(&mut self) -> Result<(), CommandError> {
        self.global.format = match (self.global.report, &self.command) {
            (ReportFormat::Json, _) => Format::Json,
            (ReportFormat::Text, _) | (_, Command::Audit(_)) => Format::Text,
            (other, _) => {
                return Err(CommandError::usage(format!(
                    "`--format {}` is a form of `audit` alone",
                    other.name()
                ))
                .hint("other commands write `text` or `json`"));
            }
        };
        Ok(())
    }
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// The topology [default: apim-pki.toml]
    #[arg(short = 'f', long = "file", global = true, value_name = "TOPOLOGY")]
    file: Option<PathBuf>,

    /// Where the made files are kept [default: `pki` beside the topology]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,

    /// How results are written: `text` for people, or `json` with a `schema`
    ///
    /// `audit` also writes `csv`, `sarif`, `junit`, `prometheus`, `markdown` and `html`.
    #[arg(
        id = "format",
        long = "format",
        global = true,
        value_enum,
        value_name = "FORMAT",
        hide_possible_values = true,
        default_value_t = ReportFormat::Text
    )]
    pub(crate) report: ReportFormat,

    /// The form of commands that know two.
    #[arg(skip)]
    pub(crate) format: Format,

    /// Colours; `auto` obeys `NO_COLOR` and asks whether this is a terminal
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = Color::Auto)]
    color: Color,

    /// Never ask; what would be asked is an error
    #[arg(long, global = true)]
    no_input: bool,

    /// Answer yes to every question
    #[arg(long, global = true)]
    yes: bool,

    /// Say less: errors and warnings alone
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    quiet: u8,

    /// Say more
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    verbose: u8,

    /// Work as if it were this time, RFC 3339
    #[arg(long, global = true, value_name = "TIME", value_parser = rfc3339)]
    now: Option<OffsetDateTime>,

    /// How long to wait for another run: `10s`, `500ms`, `2m`
    #[arg(long, global = true, value_name = "TIME", value_parser = waiting_time, default_value = "10s")]
    pub(crate) lock_timeout: Duration,
}

impl Global {
    /// The topology.
    pub(crate) fn file(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new(DEFAULT_TOPOLOGY))
    }

    /// Whether a topology was named.
    pub(crate) fn names_topology(&self) -> bool {
        self.file.is_some()
    }

    /// The folder of the topology: relative paths in it start there, and the workspace lies beside it.
    pub(crate) fn base(&self) -> &Path {
        match self.file().parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new(""),
        }
    }

    /// The topology's file, if it is not the one of the name that everybody expects.
    pub(crate) fn given_file(&self) -> Option<&Path> {
        let file = self.file();
        (file != Path::new(DEFAULT_TOPOLOGY)).then_some(file)
    }

    /// Commands that mean the same deployment as this run.
    pub(crate) fn paste(&self) -> Paste {
        Paste::new(self.given_file(), self.workspace.as_deref()).within(self.workspace_dir())
    }

    /// The workspace's folder.
    pub(crate) fn workspace_dir(&self) -> PathBuf {
        self.workspace
            .clone()
            .unwrap_or_else(|| self.base().join(DEFAULT_WORKSPACE))
    }

    /// The time that the run takes for now. Read once, and handed on as a value.
    pub(crate) fn now(&self) -> OffsetDateTime {
        self.now.unwrap_or_else(OffsetDateTime::now_utc)
    }

    fn settings(&self) -> Settings {
        Settings {
            color: match self.color {
                Color::Auto => ColorChoice::Auto,
                Color::Always => ColorChoice::Always,
                Color::Never => ColorChoice::Never,
            },
            verbosity: i16::from(self.verbose) - i16::from(self.quiet),
            no_input: self.no_input,
            assume_yes: self.yes,
        }
    }
}

/// How results are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    #[default]
    Text,
    Json,
}

/// How the results of an audit are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    Text,
    Json,
    Csv,
    Sarif,
    Junit,
    Prometheus,
    Markdown,
    Html,
}

impl ReportFormat {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

pub(crate) fn rfc3339(text: &str) -> Result<OffsetDateTime, String> {
    OffsetDateTime::parse(text, &Rfc3339)
        .map_err(|_| "expected a time such as 2027-01-31T12:00:00Z".to_owned())
}

pub(crate) fn waiting_time(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u32 = number
        .parse()
        .map_err(|_| "expected a number and a unit, such as 10s".to_owned())?;
    match unit {
        "ms" => Ok(Duration::from_millis(number.into())),
        "s" | "" => Ok(Duration::from_secs(number.into())),
        "m" => Ok(Duration::from_secs(u64::from(number) * 60)),
        _ => Err("the unit must be `ms`, `s` or `m`".to_owned()),
    }
}

/// The topology's name where none is given.
const DEFAULT_TOPOLOGY: &str = "apim-pki.toml";
/// The workspace's name beside the topology.
const DEFAULT_WORKSPACE: &str = "pki";
/// Help says what it is, then shows an example, then lists.
pub(crate) const HELP: &str =
    "{about-with-newline}\n{before-help}{usage-heading} {usage}\n\n{all-args}{after-help}";

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn global(args: &[&str]) -> Global {
        let args = ["apim-pki", "init"].iter().chain(args);
        Cli::try_parse_from(args).unwrap().global
    }

    #[test]
    fn the_grammar_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_workspace_lies_beside_the_topology() {
        assert_eq!(global(&[]).workspace_dir(), Path::new("pki"));
        assert_eq!(
            global(&["-f", "a/b.toml"]).workspace_dir(),
            Path::new("a/pki")
        );
        assert_eq!(
            global(&["-f", "a/b.toml", "--workspace", "w"]).workspace_dir(),
            Path::new("w")
        );
    }

    #[test]
    fn now_can_be_set() {
        let now = global(&["--now", "2027-01-31T12:00:00Z"]).now();
        assert_eq!(now, time::macros::datetime!(2027-01-31 12:00 UTC));
    }

    #[test]
    fn a_waiting_time_has_a_unit() {
        assert_eq!(waiting_time("10s"), Ok(Duration::from_secs(10)));
        assert_eq!(waiting_time("0"), Ok(Duration::ZERO));
        assert_eq!(waiting_time("500ms"), Ok(Duration::from_millis(500)));
        for wrong in ["", "s", "1h", "-1s", "99999999999s", "1.5s"] {
            assert!(waiting_time(wrong).is_err(), "{wrong}");
        }
    }
}
