use std::path::Path;

use pki_core::{
    disk::RelPath,
    keystore::DecodeError,
    observe::Unopened,
    plan::{Place, Refusal},
};

use super::{CommandError, external_issuer, observe::damaged};
use crate::paste::{Paste, quoted};

/// What a plan refuses to do.
///
/// `vendor`: the vendor's truststore, if the topology names one.
pub(crate) fn refusal(
    refusal: &Refusal,
    workspace: &Path,
    vendor: Option<&Path>,
    paste: &Paste,
) -> CommandError {
    let message = refusal.to_string();
    let failed = |message| CommandError::failed(message);
    let refused = |message| CommandError::refused(message);
    match refusal {
        Refusal::AdoptedAlias { aliases, .. } => {
            let error = CommandError::usage(message);
            match aliases.first() {
                Some(alias) => {
                    error.hint(format!("name it in the topology: `[primary] alias = \"{alias}\"`"))
                }
                None => error.hint("name the keystore that holds the cluster's private key"),
            }
        }
        Refusal::AdoptedKey { reason, .. } if !reason.contains("does not open") => {
            failed(message).hint("name the keystore whose RSA key the cluster has used until now")
        }
        Refusal::AdoptedKey { path, alias, .. } => {
            let (store, alias) = (quoted(path), quoted(Path::new(alias)));
            failed(message)
                .hint(format!(
                    "is the password right? A store without a MAC takes any, and only the key tells: look at \
                     `keystore_password`, and try it: `keytool -list -v -keystore {store}`"
                ))
                .hint(format!(
                    "if the key has a password of its own: the product uses the store's for both, and \
                     `keytool -keypasswd -keystore {store} -alias {alias}` makes them equal"
                ))
        }
        Refusal::AdoptedDiffers { path, adopted, .. } => refused(message)
            .hint(format!(
                "if the workspace is right, take `keystore = …` out of the topology (`{}`)",
                adopted.display()
            ))
            .hint(format!(
                "if the adopted one is right, begin with an empty workspace: `mv {} {}.before` \
                 (what `{path}` has signed and encrypted stays there)",
                quoted(workspace),
                quoted(workspace),
            )),
        Refusal::AliasTaken { alias } => refused(message).hint(format!(
            "see which: `keytool -list -keystore {0} -alias {1}`; take it out of the vendor's file, or rename \
             it there: `keytool -changealias -keystore {0} -alias {1}`",
            vendor.map_or_else(|| "client-truststore.jks".to_owned(), quoted),
            quoted(Path::new(alias)),
        )),
        Refusal::Authority { .. } => failed(message)
            .hint("`[ca] certificate` needs a CA's certificate, the issuing one first, then its chain"),
        Refusal::AuthorityDiffers { .. } => refused(message)
            .hint("name the CA that it was made with")
            .hint(ca_rotation()),
        Refusal::ExternalIssuer => external_issuer(),
        Refusal::AuthorityExpired { .. } => failed(message).hint(
            "nothing that it signs would be valid: a CA is changed by beginning a new workspace, with this one's primary (`[primary] keystore`)",
        ),
        Refusal::EncryptionKey { .. } => {
            failed(message).hint("make one: `openssl rand -hex 32 > FILE && chmod 600 FILE`, then `key = \"file:FILE\"`")
        }
        Refusal::EncryptionKeyChanged { .. } => refused(message).hint(format!(
            "bring the first one back: what it encrypted is lost without it (`ls {}/generations/*/secrets/`)",
            workspace.display()
        )),
        Refusal::InternalRemoved { .. } => refused(message)
            .hint("put `[internal]` back into the topology, an empty table is enough"),
        Refusal::InternalAdded => refused(message)
            .hint("take `[internal]` out of the topology, or adopt a keystore with the primary's key in it"),
        Refusal::Lost { what, path, places, .. } => lost(refused(message), what, path, places, workspace),
        Refusal::Password { slot, .. } => failed(message).hint(format!(
            "choose another, or take the generated one: `[stores.{slot}] password = \"file:secrets/{slot}\"`"
        )),
        Refusal::Pin { what, found, .. } => pin(refused(message), what, found.is_some(), workspace),
        Refusal::SecretLost { path, .. } => failed(message)
            .hint(format!(
                "bring it back from a backup, or from an earlier run: `ls {}/generations/*/{path}`",
                quoted(workspace)
            ))
            .hint("if the password is kept elsewhere now, name its source: `password = \"file:PATH\"`"),
        Refusal::Subject(reason) => CommandError::usage(message).because(reason),
        Refusal::UnknownNode { .. } => CommandError::usage(message),
        Refusal::Unopened { path, reason } => {
            unopened(failed(message).because(reason), path, reason, workspace, paste)
        }
        Refusal::UnopenedKey { .. } => old_password(failed(message), paste),
        Refusal::UnopenedPem { path, .. } => old_password(failed(message), paste)
            .hint(moved_away(workspace, path)),
        Refusal::VendorPin { found, .. } => refused(message).hint(format!(
            "if the file is the vendor's, put its digest into the topology: `sha256 = \"{found}\"`"
        )),
        _ => refused(message),
    }
}

/// What nobody does by accident: another CA in a workspace that has one.
pub(crate) fn ca_rotation() -> &'static str {
    "changing the CA of a workspace is a rotation, which is not built yet; if you begin a new workspace, bring \
     the primary along, or a second one is made: `[primary] keystore = \"pki/primary/wso2carbon.jks\"`, \
     `keystore_password = \"file:pki/secrets/stores\"`"
}

fn lost(
    mut error: CommandError,
    what: &str,
    path: &RelPath,
    places: &[Place],
    workspace: &Path,
) -> CommandError {
    for Place { path, state, .. } in places {
        error = error.found(format!("{}/{path}: {state}", workspace.display()));
    }
    let target = workspace.join(path.as_path());
    let table = if what.starts_with("CA") {
        "ca"
    } else {
        "primary"
    };
    let error = match places.first() {
        Some(place) => error.hint(format!(
            "look at each (`keytool -list -v -keystore {}`); pin the right one in the topology, \
             `[{table}] sha256 = \"…\"`, and `issue` restores it",
            quoted(&workspace.join(&place.path))
        )),
        None => error.hint(format!(
            "no copy was found in the workspace: bring `{}` back from a backup",
            target.display()
        )),
    };
    error.hint(format!(
        "a second {what} is never made: what the first has signed and encrypted would be lost"
    ))
}

fn pin(error: CommandError, what: &str, found: bool, workspace: &Path) -> CommandError {
    let table = what.to_lowercase();
    match found {
        false => error.hint(format!(
            "this workspace is empty (`{}`): bring the one that the pin is about, or name it with \
             `--workspace DIR`; only for a new deployment take `sha256` out of `[{table}]`",
            workspace.display()
        )),
        true => error.hint(format!(
            "the workspace (`{}`), or the file that `[{table}]` names, is of another deployment than the pin",
            workspace.display()
        )),
    }
}

fn unopened(
    error: CommandError,
    path: &RelPath,
    reason: &Unopened,
    workspace: &Path,
    paste: &Paste,
) -> CommandError {
    match reason {
        Unopened::Unreadable(DecodeError::WrongPassword { .. }) | Unopened::NoPassword => {
            old_password(error, paste)
        }
        Unopened::Unreadable(reason) => {
            let error = match damaged(&workspace.join(path.as_path()), reason) {
                Some(hint) => error.hint(hint),
                None => error,
            };
            error.hint(moved_away(workspace, path))
        }
        _ => error.hint(moved_away(workspace, path)),
    }
}

fn old_password(error: CommandError, paste: &Paste) -> CommandError {
    error.hint(format!(
        "if its password was changed in the topology, give the one before too: {}",
        paste.command("issue --old-password file:OLD")
    ))
}

/// A file that nobody can open, and whose key may be made anew.
fn moved_away(workspace: &Path, path: &RelPath) -> String {
    let file = workspace.join(path.as_path());
    let file = quoted(&file);
    format!(
        "if it cannot be saved, move it away, and the next `issue` makes it anew: `mv {file} {file}.bad`"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_does_not_open_is_first_a_question_of_the_password() {
        let locked = Refusal::AdoptedKey {
            path: "old keys.p12".into(),
            alias: "wso2carbon".to_owned(),
            reason: "it does not open with the store's password".to_owned(),
        };
        let mut out = anstream::StripStream::new(Vec::new());
        let error = refusal(&locked, Path::new("pki"), None, &Paste::default());
        error.print(&mut out).unwrap();
        let shown = String::from_utf8(out.into_inner()).unwrap();
        let hints: Vec<&str> = shown.lines().skip(1).collect();
        assert!(
            hints[0].starts_with("hint: is the password right?"),
            "{shown}"
        );
        assert!(
            hints[1].contains("-keypasswd -keystore 'old keys.p12' -alias wso2carbon"),
            "{shown}"
        );
    }
}
