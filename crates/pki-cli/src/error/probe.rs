use std::path::Path;

use pki_core::observe::endpoint::{Failure, IdentityError, InvalidEndpoint, Observation, Stage};

use super::CommandError;
use crate::paste::quoted;

/// A text that should be `HOST:PORT`.
pub(crate) fn endpoint(error: &InvalidEndpoint) -> CommandError {
    let wrong = CommandError::usage(error.to_string());
    match error {
        InvalidEndpoint::NoBrackets(text) => match text.rsplit_once(':') {
            Some((address, port)) => wrong.hint(format!("did you mean `[{address}]:{port}`?")),
            None => wrong,
        },
        InvalidEndpoint::NoPort(text) => wrong.hint(format!(
            "did you mean `{text}:9443`? 9443 is the console and its services, 8243 the gateway"
        )),
        InvalidEndpoint::Url(text) => match authority(text) {
            Some(authority) => wrong.hint(format!("did you mean `{authority}`?")),
            None => wrong,
        },
        _ => wrong,
    }
}

/// Host and port of a URL, with the port that its scheme has.
fn authority(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit('@').next()?;
    let bare = authority.rsplit(']').next()?;
    match (bare.contains(':'), scheme) {
        (true, _) => Some(authority.to_owned()),
        (false, "https" | "wss") => Some(format!("{authority}:443")),
        (false, _) => None,
    }
}

/// A keystore that gives no client a key.
pub(crate) fn identity(path: &Path, error: &IdentityError) -> CommandError {
    let failed = CommandError::failed(format!("`{}`: {error}", path.display()));
    let shown = quoted(path);
    match error {
        IdentityError::SeveralKeys { aliases } => CommandError::usage(format!(
            "`{}`: {error}, and nobody said which",
            path.display()
        ))
        .hint(format!(
            "`--client-alias {}`",
            aliases.join("`, `--client-alias ")
        )),
        IdentityError::NoEntry { aliases, .. } if !aliases.is_empty() => {
            failed.hint(format!("it has `{}`", aliases.join("`, `")))
        }
        IdentityError::NoEntry { .. } | IdentityError::NoKey => {
            failed.hint(format!("`apim-pki store list {shown}` shows what is in it"))
        }
        IdentityError::Sealed { reason, .. } => failed
            .because(reason)
            .hint("`--client-key-password SRC` gives the key a password of its own"),
        IdentityError::Mismatch => failed.hint(format!(
            "`apim-pki store check {shown}` looks at every entry"
        )),
        _ => failed,
    }
}

/// Endpoints of which nothing was seen; `None` if all were seen.
pub(crate) fn unseen(seen: &[&Observation]) -> Option<CommandError> {
    let failures: Vec<(&Observation, &Failure)> = seen
        .iter()
        .filter(|it| it.is_unseen())
        .filter_map(|it| Some((*it, it.handshake.as_ref().err()?)))
        .collect();
    match &failures[..] {
        [] => None,
        [(seen, failure)] => {
            let endpoint = &seen.endpoint;
            let error = CommandError::failed(format!("`{endpoint}` cannot be looked at"));
            let error = error.because(failure);
            Some(match hint(seen, failure) {
                Some(hint) => error.hint(hint),
                None => error,
            })
        }
        many => Some(CommandError::failed(format!(
            "{} of {} endpoints cannot be looked at",
            many.len(),
            seen.len()
        ))),
    }
}

fn hint(seen: &Observation, failure: &Failure) -> Option<String> {
    let endpoint = &seen.endpoint;
    Some(match failure {
        Failure::Closed { received: 0 } => {
            "a plain port hangs up on what it does not understand, and so does a balancer without a \
             server behind it"
                .to_owned()
        }
        Failure::NameUnknown { .. } => format!(
            "`getent hosts {}` asks the same resolver; `apim-pki probe ADDRESS:{} --name {}` does without",
            endpoint.host(),
            endpoint.port(),
            endpoint.host()
        ),
        Failure::Refused => {
            "`ss -ltn` on that machine shows which ports are open; every port of the product is moved \
             by its offset"
                .to_owned()
        }
        Failure::TimedOut { stage, .. } => match stage {
            Stage::Connect => {
                "a firewall drops what it does not let through; `--timeout 30s` waits longer".to_owned()
            }
            Stage::Handshake => {
                "somebody listens and says nothing: a plain port waits for its client like this, and so \
                 does a server without a free thread; `--timeout 30s` waits longer"
                    .to_owned()
            }
            _ => "`--timeout 30s` waits longer".to_owned(),
        },
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_url_the_host_and_the_port_are_meant() {
        for (url, expected) in [
            ("https://gw1:9443/carbon", Some("gw1:9443")),
            ("https://api.example.com/x?y", Some("api.example.com:443")),
            ("https://[::1]:9443", Some("[::1]:9443")),
            ("https://[::1]/", Some("[::1]:443")),
            ("https://admin@gw1:9443/", Some("gw1:9443")),
            ("tcp://gw1", None),
        ] {
            assert_eq!(authority(url).as_deref(), expected, "{url}");
        }
    }
}
