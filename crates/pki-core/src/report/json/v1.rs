//! Version 1 of the JSON reports. What is absent is `null`; times are RFC 3339 in UTC, fingerprints
//! lower-case hex without separators, names `dns:…`, `ip:…`, `uri:…`.

mod audit;
mod certificate;
mod change;
mod difference;
mod install;
mod probe;
mod secrets;
mod store;
mod verify;

use std::io::{self, Write};

pub use audit::audit;
pub use certificate::{certificates, judged};
pub use change::change;
pub use difference::{differences, findings};
pub use install::{installation, undoing};
pub use probe::probe;
pub use secrets::{changed_secrets, secrets};
pub use store::stores;
pub use verify::verify;

use serde::Serialize;

use crate::plan::{Action, Plan as PlanValue};

/// Writes a plan as `apim-pki/plan/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn plan(plan: &PlanValue, sink: &mut dyn Write) -> io::Result<()> {
    let actions = plan.actions().iter().map(PlanAction::from).collect();
    write(
        &Plan {
            schema: "apim-pki/plan/v1",
            actions,
        },
        sink,
    )
}

#[derive(Serialize)]
struct Plan {
    schema: &'static str,
    actions: Vec<PlanAction>,
}

#[derive(Serialize)]
struct PlanAction {
    node: Option<String>,
    file: String,
    action: &'static str,
    reason: String,
    /// One particular a line.
    detail: Option<String>,
}

impl From<&Action> for PlanAction {
    fn from(action: &Action) -> Self {
        Self {
            node: action.node.clone(),
            file: action.file.to_string(),
            action: action.verb.name(),
            reason: action.reason.to_string(),
            detail: (!action.detail.is_empty()).then(|| action.detail.join("\n")),
        }
    }
}

fn write(value: &impl Serialize, sink: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *sink, value)?;
    writeln!(sink)
}
