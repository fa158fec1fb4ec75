use std::path::Path;

use pki_core::{
    apply::ApplyError,
    issue::{AuthorityError, IssueError},
    topology::Topology,
};

use super::{CommandError, ca_rotation};
use crate::paste::Paste;

/// A plan could not be carried out; nothing was written.
///
/// `ca_key`: what `--ca-key` names.
pub(crate) fn apply(
    error: &ApplyError,
    topology: &Topology,
    ca_key: Option<&Path>,
    paste: &Paste,
) -> CommandError {
    let failed = CommandError::failed(error.to_string());
    let failed = match std::error::Error::source(error) {
        Some(source) => failed.because(source),
        None => failed,
    };
    match error {
        ApplyError::Authority(AuthorityError::OtherKey { .. }) => {
            let files = match &topology.ca.imported {
                Some(imported) => (
                    imported.certificate.display().to_string(),
                    imported.key_file.display().to_string(),
                ),
                None => ("ca/ca.pem".to_owned(), "ca/ca.key".to_owned()),
            };
            if let Some(given) = ca_key {
                return failed.hint(format!(
                    "`{}`, named by `--ca-key`, is not the key of `{}`: name the one that is",
                    given.display(),
                    files.0
                ));
            }
            failed.hint(format!(
                "`{}` and `{}` belong to different CAs: bring the two that fit together",
                files.0, files.1
            ))
        }
        ApplyError::Issue {
            reason: IssueError::OutlivesIssuer { .. },
            ..
        } => failed.hint(format!(
            "ask for a shorter `[tls] validity`; {}",
            ca_rotation()
        )),
        ApplyError::NoCaKey => failed.hint(paste.command("issue --ca-key PATH")),
        ApplyError::NoPassword { .. } => {
            failed.hint("name a source that gives one: `file:PATH`, `env:NAME`, `cmd:PROGRAM ARG…`")
        }
        _ => failed,
    }
}
