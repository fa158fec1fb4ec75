//! Where the report of an audit goes, and in which form.

use std::{io, path::Path};

use pki_core::{
    audit::{Report, Severity},
    disk::SingleFile,
    report::{self, text::Layout},
    secret::Bytes,
};

use super::AuditArgs;
use crate::{
    cli::{Global, ReportFormat},
    error::{self, CommandError},
    ui::Ui,
};

/// Writes the report to stdout or to the file that was named, and the metrics, if somebody wants them.
pub(super) fn write(
    ui: &Ui,
    global: &Global,
    args: &AuditArgs,
    found: &Report,
) -> Result<(), CommandError> {
    match args
        .output
        .as_deref()
        .filter(|path| *path != Path::new("-"))
    {
        None => ui.data(&rendered(ui, global, args, found, ui.layout())?)?,
        Some(path) => {
            let layout = Layout::new().verbose(true);
            replace(global, path, rendered(ui, global, args, found, layout)?)?;
            ui.status(format_args!("{}: `{}`", summary(found), path.display()));
        }
    }
    write_metrics(global, args, found)
}

/// Writes the metrics, if somebody wants them.
pub(super) fn write_metrics(
    global: &Global,
    args: &AuditArgs,
    found: &Report,
) -> Result<(), CommandError> {
    let Some(path) = &args.prometheus else {
        return Ok(());
    };
    let mut out = Vec::new();
    report::prometheus::audit(found, &mut out).map_err(|error| CommandError::output(&error))?;
    replace(global, path, out)
}

/// True if the report is read where errors are: as text, and not in a file.
pub(super) fn is_read(global: &Global, args: &AuditArgs) -> bool {
    args.output.is_none() && matches!(global.report, ReportFormat::Text)
}

/// How many findings there are.
pub(super) fn summary(found: &Report) -> String {
    format!(
        "{} errors, {} warnings, {} infos, {} not read",
        found.count(Severity::Error),
        found.count(Severity::Warning),
        found.count(Severity::Info),
        found.unread.len()
    )
}

fn rendered(
    ui: &Ui,
    global: &Global,
    args: &AuditArgs,
    found: &Report,
    layout: Layout,
) -> Result<Vec<u8>, CommandError> {
    let mut out = Vec::new();
    let sink: &mut dyn io::Write = &mut out;
    let fail_on = args.fail_on.severity();
    match global.report {
        ReportFormat::Text if ui.is_quiet() => report::text::audit_findings(found, layout, sink),
        ReportFormat::Text => report::text::audit(found, layout, sink),
        ReportFormat::Json => report::json::v1::audit(found, sink),
        ReportFormat::Csv => report::csv::audit(found, sink),
        ReportFormat::Sarif => report::sarif::audit(found, sink),
        ReportFormat::Junit => report::junit::audit(found, fail_on, sink),
        ReportFormat::Prometheus => report::prometheus::audit(found, sink),
        ReportFormat::Markdown => report::markdown::audit(found, sink),
        ReportFormat::Html => report::html::audit(found, sink),
    }
    .map_err(|error| CommandError::output(&error))?;
    Ok(out)
}

/// Puts a content in the place of a file, whole or not at all.
fn replace(global: &Global, path: &Path, content: Vec<u8>) -> Result<(), CommandError> {
    let file = SingleFile::lock(path, global.lock_timeout).map_err(|error| error::file(&error))?;
    file.replace(&Bytes::from(content))
        .map_err(|error| error::file(&error))
}
