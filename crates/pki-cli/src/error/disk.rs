use std::{fs, os::unix::fs::MetadataExt, path::Path};

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
        DiskError::Io { path, source, .. } => {
            let failed = failed.because(source);
            match source.kind() {
                std::io::ErrorKind::PermissionDenied => {
                    failed.hint(permission(path))
                }
                std::io::ErrorKind::StorageFull => {
                    failed.hint("nothing was changed: make room and run it again")
                }
                _ => failed,
            }
        }
        DiskError::NoParent { path } => failed.hint(format!("`mkdir -p {}`", quoted(path))),
        DiskError::NoSpace { path, .. } => failed.hint(format!(
            "nothing was changed: make room and run it again (`df -h {}`)",
            quoted(path)
        )),
        DiskError::Refused { path, reason } => refused(path, reason, message),
        DiskError::Stale { .. } => failed.hint("nothing was changed: run it again, it looks anew"),
        DiskError::Unfinished { source, .. } => failed
            .because(source)
            .hint(format!("run it again, it will be completed: {}", paste.command("issue"))),
        _ => failed,
    }
}

/// Who may do what was not permitted: the owner, or this user after a change of mode.
fn permission(path: &Path) -> String {
    // `/proc/self` belongs to the effective user, whom the standard library does not tell.
    let me = fs::metadata("/proc/self").map(|it| it.uid());
    for path in path.ancestors().take(2) {
        let path = match path.as_os_str().is_empty() {
            true => Path::new("."),
            false => path,
        };
        let Ok(found) = fs::symlink_metadata(path) else {
            continue;
        };
        let shown = quoted(path);
        if me.as_ref().is_ok_and(|me| *me != found.uid()) {
            return format!("run it as the user who owns `{}`", path.display());
        }
        let (wanted, flags) = match found.is_dir() {
            true => (0o700, "u+rwx"),
            false => (0o600, "u+rw"),
        };
        if found.mode() & wanted != wanted {
            return format!("`chmod {flags} {shown}`");
        }
    }
    "its mode would permit it: look at the mount and at the attributes of the file (`lsattr`)"
        .to_owned()
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
        Refusal::ForeignLink { .. } => CommandError::refused(message).hint(format!(
            "its owner would change what belongs to somebody else. If it is meant to be so, root takes the link: \
             `chown -h root {shown}`"
        )),
        Refusal::Dangling => CommandError::refused(message).hint(format!(
            "`ls -l {shown}` shows where it leads: put the file there, or take the link away"
        )),
        Refusal::Mounted => CommandError::refused(message)
            .hint("mount the folder that it is in, or change the file where it is mounted from"),
        Refusal::ReadOnly { .. } => CommandError::refused(message)
            .hint(format!("if it is meant to be changed: `chmod u+w {shown}`")),
        Refusal::Reserved | Refusal::Twice => CommandError::refused(message),
        Refusal::Writable { .. } => {
            CommandError::refused(message).hint(format!("`chmod go-w {shown}`"))
        }
        Refusal::Special => CommandError::refused(message),
        _ => CommandError::failed(message),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn who_owns_the_folder_is_not_told_to_be_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path().join("it is mine");
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
        assert_eq!(
            permission(&dir.join("new")),
            format!("`chmod u+rwx '{}'`", dir.display())
        );
        fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
        assert!(permission(&dir.join("new")).contains("mount"));
    }
}
