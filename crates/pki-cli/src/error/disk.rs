use std::path::Path;

use pki_core::disk::{DiskError, Refusal};

use super::CommandError;
use crate::paste::{Paste, quoted};

/// The workspace cannot be read, locked or changed.
pub(crate) fn disk(error: &DiskError, paste: &Paste) -> CommandError {
    let message = error.to_string();
    let failed = CommandError::failed(message.clone());
    match error {
        DiskError::Changed { path, .. } => failed.hint(format!(
            "an interrupted run cannot be finished over it: look at it, move it away, and run again: \
             `mv {0} {0}.found`, then {1}",
            quoted(path),
            paste.command("issue")
        )),
        DiskError::Held { holder, .. } => match holder {
            Some(holder) => failed.hint(format!(
                "wait for it (`ps -p {}`), or wait longer: `--lock-timeout 2m`",
                holder.pid
            )),
            None => failed.hint("wait for it, or wait longer: `--lock-timeout 2m`"),
        },
        DiskError::Io { source, .. } => {
            let failed = failed.because(source);
            match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    failed.hint("run it as the user who owns the folder")
                }
                std::io::ErrorKind::StorageFull => {
                    failed.hint("nothing was changed: make room and run it again")
                }
                _ => failed,
            }
        }
        DiskError::NoParent { path } => failed.hint(format!("`mkdir -p {}`", quoted(path))),
        DiskError::Refused { path, reason } => refused(path, reason, message),
        DiskError::Unfinished { source, .. } => failed
            .because(source)
            .hint(format!("run it again, it will be completed: {}", paste.command("issue"))),
        _ => failed,
    }
}

fn refused(path: &Path, reason: &Refusal, message: String) -> CommandError {
    let shown = quoted(path);
    match reason {
        Refusal::ForeignOwner { user, .. } => CommandError::refused(message).hint(format!(
            "run it as the owner, or make it yours: `chown -R {user} {shown}`"
        )),
        Refusal::Link => CommandError::refused(message).hint(format!(
            "no link is followed in a workspace: put the file itself there, or name another \
             workspace with `--workspace DIR` (`ls -l {shown}` shows where it leads)"
        )),
        Refusal::Writable { .. } => {
            CommandError::refused(message).hint(format!("`chmod go-w {shown}`"))
        }
        Refusal::Special => CommandError::refused(message),
        _ => CommandError::failed(message),
    }
}
