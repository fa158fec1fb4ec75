//! Why no topology comes out of homes.

use pki_core::{
    observe::{DraftError, NoSuchNode, Untold},
    topology::nearest,
};

use super::CommandError;

/// Something was said of a node that is none of the homes.
pub(crate) fn no_home(error: &NoSuchNode) -> CommandError {
    let usage = CommandError::usage(error.to_string());
    match nearest(&error.node, error.known.iter().map(String::as_str)) {
        Some(known) => usage.hint(format!("did you mean `{known}`?")),
        None => usage.hint(format!("they are `{}`", error.known.join("`, `"))),
    }
}

/// The homes make no topology.
pub(crate) fn draft(error: &DraftError) -> CommandError {
    match error {
        DraftError::Untold(untold) => {
            let mut all = untold.iter().map(ToString::to_string);
            let first = CommandError::usage(all.next().unwrap_or_default());
            let usage = all.fold(first, CommandError::and);
            let flags: Vec<String> = untold.iter().map(flag).collect();
            usage.hint(format!("say it: `{}`", flags.join(" ")))
        }
        DraftError::Product { .. } => {
            CommandError::usage(error.to_string()).hint("`--product VERSION` says it")
        }
        DraftError::Products { .. } => CommandError::usage(error.to_string())
            .hint("a topology is about one release: name the homes of one"),
        _ => CommandError::usage(error.to_string())
            .hint("`--role NODE=ROLE` and `--host NODE=HOST` say it instead of the homes"),
    }
}

fn flag(untold: &Untold) -> String {
    match untold {
        Untold::Host { node, .. } => format!("--host {node}=HOST"),
        Untold::Role { node, candidates } => match candidates.first() {
            Some(role) => format!("--role {node}={role}"),
            None => format!("--role {node}=ROLE"),
        },
        _ => String::new(),
    }
}
