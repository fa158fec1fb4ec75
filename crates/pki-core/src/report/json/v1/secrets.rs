use std::io::{self, Write};

use serde::Serialize;

use super::write;
use crate::{
    report::{
        secrets::{ChangedSecrets, SecretsOfHome},
        text::{Unread, done_said},
    },
    verify::SecretProblem,
    wso2::{
        config::Place,
        vault::{Content, Done, Keeper, Malformed, Sealed, Secret, Verdict},
    },
};

/// Writes the secrets of homes as `apim-pki/vault/v1`, with what came of judging them, if they were.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn secrets(
    homes: &[SecretsOfHome<'_>],
    unread: &[Unread],
    sink: &mut dyn Write,
) -> io::Result<()> {
    write(
        &Vaults {
            schema: "apim-pki/vault/v1",
            homes: homes.iter().map(Home::from).collect(),
            unread: unread.iter().map(NotRead::from).collect(),
        },
        sink,
    )
}

/// Writes what was done to secrets as `apim-pki/vault-change/v1`.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn changed_secrets(homes: &[ChangedSecrets<'_>], sink: &mut dyn Write) -> io::Result<()> {
    write(
        &Changed {
            schema: "apim-pki/vault-change/v1",
            homes: homes.iter().map(ChangedHome::from).collect(),
        },
        sink,
    )
}

#[derive(Serialize)]
struct Vaults {
    schema: &'static str,
    homes: Vec<Home>,
    unread: Vec<NotRead>,
}

#[derive(Serialize)]
struct NotRead {
    path: String,
    reason: String,
}

#[derive(Serialize)]
struct Home {
    path: String,
    product: Option<String>,
    vault: &'static str,
    cipher: Option<String>,
    secrets: Vec<One>,
    problems: Option<Vec<Problem>>,
}

#[derive(Serialize)]
struct One {
    alias: String,
    keeper: String,
    #[serde(flatten)]
    place: At,
    form: &'static str,
    cipher: Option<String>,
    transformation: Option<String>,
    bytes: Option<usize>,
    certificate_sha1: Option<String>,
    certificate_of: Option<&'static str>,
    shadowed: bool,
    named_by: Vec<At>,
    verdict: Option<&'static str>,
    opened_with: Option<String>,
    confidence: Option<&'static str>,
}

#[derive(Serialize)]
struct At {
    file: String,
    line: usize,
    column: usize,
    key: String,
}

#[derive(Serialize)]
struct Problem {
    severity: &'static str,
    problem: &'static str,
    alias: Option<String>,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    message: String,
}

#[derive(Serialize)]
struct Changed {
    schema: &'static str,
    homes: Vec<ChangedHome>,
}

#[derive(Serialize)]
struct ChangedHome {
    path: String,
    written: bool,
    files: Vec<String>,
    secrets: Vec<Outcome>,
}

#[derive(Serialize)]
struct Outcome {
    alias: String,
    file: String,
    line: Option<usize>,
    done: &'static str,
    message: String,
}

impl From<&Unread> for NotRead {
    fn from(unread: &Unread) -> Self {
        Self {
            path: unread.path.clone(),
            reason: unread.reason.clone(),
        }
    }
}

impl From<&SecretsOfHome<'_>> for Home {
    fn from(home: &SecretsOfHome<'_>) -> Self {
        let settings = &home.vault.settings;
        let secrets = home.vault.secrets.iter().enumerate();
        Self {
            path: home.path.clone(),
            product: home.product.map(|product| product.to_string()),
            vault: match (settings.configured, settings.enabled) {
                (false, _) => "not-set-up",
                (true, false) => "off",
                (true, true) => "on",
            },
            cipher: settings.cipher.as_ref().ok().map(|it| it.transformation()),
            secrets: secrets
                .map(|(at, secret)| {
                    let verdict = home.judged.and_then(|judged| judged.verdicts.get(at));
                    One::of(home, secret, verdict)
                })
                .collect(),
            problems: home
                .judged
                .map(|judged| judged.problems.iter().map(Problem::from).collect()),
        }
    }
}

impl One {
    fn of(home: &SecretsOfHome<'_>, secret: &Secret<'_>, verdict: Option<&Verdict>) -> Self {
        let sealed = match &secret.content {
            Content::Sealed(sealed) => Some(sealed),
            _ => None,
        };
        let envelope = match sealed {
            Some(Sealed::Envelope(envelope)) => Some(envelope),
            _ => None,
        };
        let named = sealed.and_then(|it| it.named_cipher().ok().flatten());
        let opened = match verdict {
            Some(
                Verdict::Reads(opened)
                | Verdict::Doubtful(opened)
                | Verdict::OtherCipher { opened, .. },
            ) => Some(opened),
            _ => None,
        };
        let references = home.vault.references_to(&secret.alias);
        Self {
            alias: secret.alias.clone(),
            keeper: secret.keeper.to_string(),
            place: At::from(&secret.place),
            form: form(&secret.content),
            cipher: named.map(|it| it.to_string()),
            transformation: envelope.and_then(|it| it.transformation.clone()),
            bytes: match sealed {
                Some(Sealed::Raw(bytes)) => Some(bytes.len()),
                _ => None,
            },
            certificate_sha1: sealed
                .and_then(Sealed::thumbprint)
                .map(str::to_ascii_lowercase),
            certificate_of: sealed.and_then(|it| home.slot(it)).map(|slot| slot.name()),
            shadowed: secret.shadowed,
            named_by: match secret.keeper {
                Keeper::Vault => references.map(|it| At::from(&it.place)).collect(),
                _ => Vec::new(),
            },
            verdict: verdict.map(verdict_name),
            opened_with: opened.map(|it| it.cipher.to_string()),
            confidence: opened.map(|it| it.confidence.name()),
        }
    }
}

impl From<&Place> for At {
    fn from(place: &Place) -> Self {
        Self {
            file: place.file.to_string(),
            line: place.line,
            column: place.column,
            key: place.key.clone(),
        }
    }
}

impl From<&SecretProblem> for Problem {
    fn from(problem: &SecretProblem) -> Self {
        let place = problem.place.as_ref();
        Self {
            severity: problem.severity.name(),
            problem: problem.kind.id(),
            alias: problem.alias.clone(),
            file: place.map(|it| it.file.to_string()),
            line: place.map(|it| it.line),
            column: place.map(|it| it.column),
            message: problem.kind.to_string(),
        }
    }
}

impl From<&ChangedSecrets<'_>> for ChangedHome {
    fn from(home: &ChangedSecrets<'_>) -> Self {
        let outcomes = home.changes.outcomes.iter();
        Self {
            path: home.path.clone(),
            written: home.written,
            files: home
                .changes
                .files
                .iter()
                .map(|file| file.file.to_string())
                .collect(),
            secrets: outcomes
                .map(|outcome| Outcome {
                    alias: outcome.alias.clone(),
                    file: outcome.place.file.to_string(),
                    line: (outcome.place.line > 0).then_some(outcome.place.line),
                    done: done_name(outcome.done),
                    message: done_said(outcome.done),
                })
                .collect(),
        }
    }
}

fn form(content: &Content) -> &'static str {
    match content {
        Content::Empty | Content::Malformed(Malformed::Nothing) => "empty",
        Content::Malformed(_) => "malformed",
        Content::Plain { .. } => "plain",
        Content::Sealed(Sealed::Envelope(_)) => "envelope",
        Content::Sealed(Sealed::VaultGcm(_)) => "vault-gcm",
        Content::Sealed(Sealed::Raw(_)) => "block",
    }
}

fn verdict_name(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Doubtful(_) => "doubtful",
        Verdict::Empty => "empty",
        Verdict::Fails(_) => "fails",
        Verdict::Malformed(_) => "malformed",
        Verdict::NoKey => "no-key",
        Verdict::OtherCipher { .. } => "other-cipher",
        Verdict::Plain { .. } => "plain",
        Verdict::Reads(_) => "reads",
    }
}

pub(super) fn done_name(done: Done) -> &'static str {
    match done {
        Done::Added => "added",
        Done::AlreadyNew => "already-new",
        Done::Encrypted(_) => "encrypted",
        Done::NotEncrypted => "not-encrypted",
        Done::OtherKind => "other-kind",
        Done::Reencrypted(_) => "reencrypted",
        Done::Replaced(_) => "replaced",
    }
}
