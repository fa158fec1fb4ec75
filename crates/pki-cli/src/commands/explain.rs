use clap::Args;
use pki_core::{audit::rules, topology::nearest};

use crate::{
    cli::{Global, HELP},
    error::{CommandError, Outcome},
    ui::Ui,
};

/// Explain a rule of the audit: what it finds, why that is bad, what to do, who says so
#[derive(Debug, Args)]
#[command(before_help = "Example:\n  apim-pki explain default-key", help_template = HELP)]
pub(crate) struct ExplainArgs {
    /// The rule; without one, all are listed
    #[arg(value_name = "RULE")]
    rule: Option<String>,
}

/// Prints a page, or the list.
pub(crate) fn run(ui: &Ui, _: &Global, args: &ExplainArgs) -> Result<Outcome, CommandError> {
    let text = match &args.rule {
        Some(id) => rules::find(id).ok_or_else(|| unknown(id))?.page(),
        None => list(),
    };
    ui.data(text.as_bytes())?;
    Ok(Outcome::Done)
}

fn list() -> String {
    let widest = rules::ALL.iter().map(|rule| rule.id.len()).max();
    let width = widest.unwrap_or_default();
    rules::ALL
        .iter()
        .map(|rule| {
            let severity = rule.severity.name();
            format!("{:width$}  {severity:7}  {}\n", rule.id, rule.what)
        })
        .collect()
}

pub(crate) fn unknown(id: &str) -> CommandError {
    let error = CommandError::usage(format!("there is no rule `{id}`"));
    match nearest(id, rules::ALL.iter().map(|rule| rule.id)) {
        Some(near) => error.hint(format!("did you mean `{near}`?")),
        None => error.hint("`apim-pki explain` lists them"),
    }
}
