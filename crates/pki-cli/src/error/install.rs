use std::path::Path;

use pki_core::{
    disk::{DiskError, Home, Refusal},
    install::InstallRefusal,
    observe::{HomeError, KeyUnknown, NoVaultKey},
    topology::generated_secret,
    wso2::{
        ENCRYPTION_KEY_VARIABLE, Slot,
        config::{EditError, SnippetError, SnippetForm, Unknown},
        vault::ChangeError,
    },
};

use super::{CommandError, disk::disk};
use crate::paste::{Paste, quoted};

/// Nothing is installed, and why.
pub(crate) fn install(refusal: &InstallRefusal, home: &Path, paste: &Paste) -> CommandError {
    let message = format!("`{}`: {refusal}", home.display());
    match refusal {
        InstallRefusal::Unread { file, .. } => CommandError::failed(message).hint(format!(
            "nothing was touched: mend the file, then run it again (`${{EDITOR:-vi}} {}`)",
            quoted(&home.join(&**file))
        )),
        InstallRefusal::NotIssued { .. } => CommandError::failed(message)
            .hint(format!("{} makes it", paste.command("issue"))),
        InstallRefusal::Edit(EditError::Unread { .. }) => CommandError::failed(message),
        InstallRefusal::NotInTopology { .. } | InstallRefusal::Edit(_) => {
            CommandError::usage(message)
        }
        InstallRefusal::NoPassword { place } => {
            let failed = CommandError::failed(message);
            match generated_secret(place) {
                Some(_) => failed.hint(format!("{} makes it", paste.command("issue"))),
                None => failed,
            }
        }
        InstallRefusal::OtherNode { of, .. } => CommandError::refused(message)
            .hint(format!(
                "install that node there: {}",
                paste.command(&format!("install --node {of} --home {}", quoted(home)))
            ))
            .hint("`--any-host` installs it all the same"),
        InstallRefusal::OtherNodesStore { file, of } => CommandError::refused(message)
            .hint("each node needs a folder of its own for its stores: only the deployment folder can be shared")
            .hint(format!(
                "if `{of}` does not use that file, move it away first: `mv {0} {0}.found`",
                quoted(file)
            )),
        InstallRefusal::OtherPrimary { .. } => CommandError::refused(message).hint(
            "what the home has encrypted can be read with its own key alone: bring that key into the \
             topology, `[primary] keystore = \"…\"` with `keystore_password`, in an empty workspace",
        ),
        InstallRefusal::OtherInternal { is_primary: true, .. } => CommandError::refused(message)
            .found("the home's primary serves as its internal key")
            .hint("take `[internal]` out of the topology, or adopt a keystore with the primary's key in it"),
        InstallRefusal::OtherInternal { .. } => CommandError::refused(message).hint(
            "what the home has encrypted can be read with its own key alone: bring that key into the topology, \
             `[internal] keystore = \"…\"` with `keystore_password`",
        ),
        InstallRefusal::OtherEncryptionKey { .. } => CommandError::refused(message).hint(
            "what the home has encrypted can be read with its own key alone: bring that key into the topology, \
             `[encryption] key = \"file:PATH\"`, in an empty workspace",
        ),
        InstallRefusal::UnknownKey { slot, reason } => unknown_key(message, *slot, reason),
        InstallRefusal::UnknownEncryptionKey { why, .. } => {
            let refused = CommandError::refused(message);
            match why {
                Unknown::Secret(_) => refused.hint(
                    "`--vault-password file:PATH` opens the keystore that the home's vault opens now",
                ),
                Unknown::Environment(_) => refused.hint(format!(
                    "`--passwords env` leaves it to the environment, if the variable is called \
                     `{ENCRYPTION_KEY_VARIABLE}`"
                )),
                _ => refused.hint("write the key itself in its place"),
            }
        }
        InstallRefusal::LostSecrets { error, missing } => {
            lost_secrets(message, error, missing.as_deref(), home)
        }
        InstallRefusal::LostSecretKey { .. } => CommandError::refused(message).hint(
            "write each secret between brackets again and take `secretRepositories.file.encryptionMode` out of \
             secret-conf.properties; then they are encrypted for the primary",
        ),
        InstallRefusal::VaultKey { reason } => {
            let refused = CommandError::refused(message);
            let refused = match reason {
                Some(reason) => refused.because(reason.as_ref()).hint(gives(reason)),
                None => refused,
            };
            refused.hint(format!(
                "or `--passwords secret`, then `apim-pki vault encrypt --home {} --alias ALIAS` with that key",
                quoted(home)
            ))
        }
        InstallRefusal::OtherRelease { found, .. } => CommandError::refused(message).hint(format!(
            "set `product = \"{found}\"` in the topology, or name another home"
        )),
        _ => CommandError::failed(message),
    }
}

/// A key that may have encrypted something, and that nobody can tell.
fn unknown_key(message: String, slot: Slot, reason: &KeyUnknown) -> CommandError {
    let refused = CommandError::refused(message).because(reason);
    match reason {
        KeyUnknown::Closed { path, .. } | KeyUnknown::Sealed { path, .. } => refused
            .hint("`--vault-password file:PATH` gives the password of that keystore")
            .hint(format!(
                "a file that nobody needs can be moved away: `mv {0} {0}.old`",
                quoted(path)
            )),
        KeyUnknown::Elsewhere { path } => refused.hint(format!(
            "bring it back, or set the {slot} keystore to another: `ls -l {}`",
            quoted(path)
        )),
        _ => refused.hint("write the value itself in its place"),
    }
}

/// Secrets that the node would not read any more.
fn lost_secrets(
    message: String,
    error: &ChangeError,
    missing: Option<&NoVaultKey>,
    home: &Path,
) -> CommandError {
    let mut refused = CommandError::refused(message);
    if let ChangeError::Secrets(all) = error {
        for it in all {
            refused = refused.found(format!("{}: `{}`: {}", it.place, it.alias, it.reason));
        }
    }
    if let Some(missing) = missing {
        refused = refused.because(missing).hint(gives(missing));
    }
    refused.hint(format!(
        "nothing was touched. With the key that they were made under: `apim-pki vault reencrypt --home {} --from \
         OLD.jks --to NEW.jks`, NEW.jks being the node's in the workspace; a secret that nobody needs can be taken \
         out of its file",
        quoted(home)
    ))
}

/// What gives the key of a vault.
fn gives(missing: &NoVaultKey) -> &'static str {
    match missing {
        NoVaultKey::NotGiven => {
            "`--encryption-key file:PATH` gives the key that the home's vault takes at start"
        }
        _ => "`--vault-password file:PATH` opens the keystore that the home's vault opens now",
    }
}

/// Nothing is packed, and why.
pub(crate) fn packing(refusal: &InstallRefusal, paste: &Paste) -> CommandError {
    let message = refusal.to_string();
    match refusal {
        InstallRefusal::NotIssued { .. } => {
            CommandError::failed(message).hint(format!("{} makes it", paste.command("issue")))
        }
        InstallRefusal::Snippet(error) => snippet(error, paste),
        InstallRefusal::NoPassword { place } => {
            let failed = CommandError::failed(message);
            match generated_secret(place) {
                Some(_) => failed.hint(format!("{} makes it", paste.command("issue"))),
                None => failed,
            }
        }
        _ => CommandError::usage(message),
    }
}

/// There is no such snippet.
fn snippet(error: &SnippetError, paste: &Paste) -> CommandError {
    let message = error.to_string();
    match error {
        SnippetError::NotFor { product, .. } => CommandError::usage(message).hint(format!(
            "`--for {}` is the release's own form",
            SnippetForm::of(*product)
        )),
        SnippetError::NoContent { .. } => {
            CommandError::failed(message).hint(format!("{} makes it", paste.command("issue")))
        }
        _ => CommandError::usage(message),
    }
}

/// There is no home to look at.
pub(crate) fn not_a_home(error: &HomeError, dir: &Path) -> CommandError {
    let failed = CommandError::failed(error.to_string());
    match error {
        HomeError::NotAHome { .. } => failed.hint(format!(
            "a home is the folder that has `repository/conf` in it: `ls {}`",
            quoted(dir)
        )),
        HomeError::Unreadable { source, .. } => {
            let failed = failed.because(source);
            match source.as_ref() {
                DiskError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
                    let beside = dir.parent().filter(|it| !it.as_os_str().is_empty());
                    failed.hint(format!(
                        "a home is the folder that has `repository/conf` in it; there are: `ls {}`",
                        quoted(beside.unwrap_or(Path::new(".")))
                    ))
                }
                _ => failed,
            }
        }
        _ => failed,
    }
}

/// A home cannot be read, locked or changed.
pub(crate) fn home(error: &DiskError, dir: &Path, command: &str) -> CommandError {
    let message = error.to_string();
    match error {
        DiskError::Edited { .. } => CommandError::refused(message).hint(format!(
            "what was changed since stays beside the file, with `.found` at the end of its name: `{command} --keep-changed`"
        )),
        DiskError::Refused { path, reason } => match reason {
            // Whoever installed undoes: what others prepared is not carried out, by root neither.
            Refusal::ForeignOwner { owner, .. } if path.ends_with(Home::STATE) => {
                CommandError::refused(message).hint(format!(
                    "run it as the user who installed here: number {owner}, `stat -c %U {}`",
                    quoted(path)
                ))
            }
            Refusal::ForeignOwner { .. } => CommandError::refused(message)
                .hint("run it as the user who owns the home, or as root"),
            Refusal::Link => CommandError::refused(message),
            _ => disk(error, &Paste::default()),
        },
        DiskError::Changed { path, .. } => CommandError::failed(message).hint(format!(
            "an interrupted run cannot be finished over it: look at it, move it away, and run it again: \
             `mv {0} {0}.found`",
            quoted(path)
        )),
        DiskError::Unfinished { source, .. } => CommandError::failed(message)
            .because(source)
            .hint(format!(
                "run it again, it will be completed; or complete it and take it back: `{command}`"
            )),
        DiskError::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound => {
            CommandError::failed(message).because(source).hint(format!(
                "a home is the folder that has `repository/conf` in it: `ls {}`",
                quoted(dir)
            ))
        }
        _ => disk(error, &Paste::default()),
    }
}
