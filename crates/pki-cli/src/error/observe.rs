use std::path::Path;

use pki_core::{
    key::KeyError,
    keystore::DecodeError,
    observe::{Layout, ObserveError, Unopened},
};

use super::{CommandError, disk};
use crate::paste::{Paste, quoted};

/// What the topology names, or the workspace, cannot be read.
pub(crate) fn observe(error: &ObserveError, paste: &Paste) -> CommandError {
    let failed = CommandError::failed(error.to_string());
    match error {
        ObserveError::Disk(error) => disk(error, paste),
        ObserveError::CaKey { path, reason } => {
            let failed = failed.because(reason);
            let is_ours = path == Layout::ca_key().as_path();
            match reason {
                KeyError::WrongPassword => failed.hint(
                    "the password comes from `[ca] password` (of an imported CA: `key_password`); \
                     if it was changed there, give the one before too: `--old-password file:OLD`",
                ),
                KeyError::PasswordNeeded => {
                    failed.hint("name its password in the topology: `[ca] key_password = \"file:PATH\"`")
                }
                _ if is_ours => failed
                    .hint(format!(
                        "bring it back from a backup, or from what older runs kept: \
                         `ls {}/generations/*/ca/`",
                        quoted(paste.workspace())
                    ))
                    .hint(format!(
                        "if it is kept elsewhere, name it: {}",
                        paste.command("issue --ca-key PATH")
                    )),
                _ => failed.hint(format!(
                    "the CA's private key in PEM belongs there; see what it is: `openssl pkey -in {} -noout -text`",
                    quoted(path)
                )),
            }
        }
        ObserveError::Certificates { path, .. } => failed.hint(format!(
            "PEM or one DER certificate belongs there; see what it is: `file {0}`, `openssl x509 -in {0} -text -noout`",
            quoted(path)
        )),
        ObserveError::Input {
            path,
            key: "ca",
            source,
        } => CommandError::failed(format!(
            "`{}`, named by `--ca-key`, cannot be read",
            path.display()
        ))
        .because(source),
        ObserveError::Input { source, .. } => failed
            .because(source)
            .hint("relative paths in the topology start at its own folder"),
        ObserveError::NoCaKey => failed
            .hint(format!(
                "if it is kept elsewhere, name it: {}",
                paste.command("issue --ca-key PATH")
            ))
            .hint(format!(
                "if it is lost, see what older runs kept: `ls {}/generations/*/ca/`",
                quoted(paste.workspace())
            )),
        ObserveError::NoSecret { path } => failed
            .hint(format!(
                "bring `{path}` back from a backup, or from `generations/` in the workspace"
            ))
            .hint("if the password is kept elsewhere, name its source in the topology: `password = \"file:PATH\"`"),
        ObserveError::Password(_) => failed,
        ObserveError::Store { path, key, reason } => {
            let failed = failed.because(reason);
            match reason {
                Unopened::Unreadable(reason) => store(failed, path, key, reason),
                Unopened::Foreign { .. } => {
                    failed.hint(format!("`{key}` wants a keystore: JKS or PKCS #12"))
                }
                _ => failed.hint(format!("name its password in the topology, beside `{key}`")),
            }
        }
        _ => failed,
    }
}

fn store(failed: CommandError, path: &Path, key: &str, reason: &DecodeError) -> CommandError {
    match reason {
        DecodeError::WrongPassword { .. } | DecodeError::PasswordNeeded { .. } => {
            failed.hint(format!(
                "try the password yourself: `keytool -list -keystore {}`; then correct its source \
                 in the topology, beside `{key}`",
                quoted(path)
            ))
        }
        other => match damaged(path, other) {
            Some(hint) => failed.hint(hint),
            None => failed,
        },
    }
}

/// What to do about a file that is no whole keystore.
pub(super) fn damaged(path: &Path, reason: &DecodeError) -> Option<String> {
    let hint = match reason {
        DecodeError::Empty | DecodeError::Truncated { .. } | DecodeError::Damaged { .. } => {
            "the file is not whole: copy it again from where it came from".to_owned()
        }
        DecodeError::TextMangled => {
            "a build that filters resources (Maven) or a copy in text mode did this: copy it again \
             from where it came from, as binary"
                .to_owned()
        }
        DecodeError::UnknownFormat { .. } => format!("`file {}` says what it is", quoted(path)),
        _ => return None,
    };
    Some(hint)
}
