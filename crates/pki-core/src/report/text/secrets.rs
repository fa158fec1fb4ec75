use std::io::{self, Write};

use super::{
    Layout,
    lines::{Lines, Tone, count},
};
use crate::{
    report::secrets::{ChangedSecrets, SecretsOfHome},
    verify::{SecretProblem, Severity},
    wso2::vault::{Cipher, Done, Keeper, Mode, Verdict},
};

/// Writes the secrets of homes, one a line; where they were judged, what is wrong, and with
/// [`Layout::verbose`] what is right.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn secrets(
    homes: &[SecretsOfHome<'_>],
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for (at, home) in homes.iter().enumerate() {
        if at > 0 {
            lines.blank()?;
        }
        head(home, &mut lines)?;
        match home.judged {
            None => list(home, &mut lines)?,
            Some(judged) => {
                if layout.verbose {
                    readable(home, &judged.verdicts, &mut lines)?;
                }
                for problem in &judged.problems {
                    tell(problem, &mut lines)?;
                }
                sum(&judged.verdicts, &judged.problems, &mut lines)?;
            }
        }
    }
    Ok(())
}

/// Writes what was done to the secrets of a home.
///
/// # Errors
///
/// If the sink cannot be written.
pub fn changed_secrets(
    homes: &[ChangedSecrets<'_>],
    layout: Layout,
    sink: &mut dyn Write,
) -> io::Result<()> {
    let mut lines = Lines::new(sink, layout);
    for home in homes {
        for outcome in &home.changes.outcomes {
            let place = match outcome.place.line {
                0 => outcome.place.file.to_string(),
                _ => outcome.place.to_string(),
            };
            let text = format!(
                "{}/{place}: `{}`: {}",
                home.path,
                outcome.alias,
                done_said(outcome.done)
            );
            lines.put(0, &text)?;
        }
    }
    Ok(())
}

/// What was done with a secret, in words.
pub(in crate::report) fn done_said(done: Done) -> String {
    match done {
        Done::Added => "added, encrypted".to_owned(),
        Done::AlreadyNew => "left: the new key opens it already".to_owned(),
        Done::Encrypted(cipher) => format!("encrypted with {cipher}"),
        Done::NotEncrypted => "left: it is not encrypted".to_owned(),
        Done::OtherKind => "left: it is encrypted with a key of another kind".to_owned(),
        Done::Reencrypted(cipher) => format!("encrypted for the new key, it was {cipher}"),
        Done::Replaced(cipher) => format!("replaced, encrypted with {cipher}"),
    }
}

fn head(home: &SecretsOfHome<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    let mut text = home.path.clone();
    if let Some(product) = home.product {
        text.push_str(&format!(", release {product}"));
    }
    let settings = &home.vault.settings;
    let cipher = |cipher: &Cipher| cipher.to_string();
    text.push_str(&match (settings.configured, settings.enabled) {
        (false, _) => ": the vault is not set up".to_owned(),
        (true, false) => ": the vault is switched off".to_owned(),
        (true, true) => {
            let cipher = settings
                .cipher
                .as_ref()
                .map_or_else(|it| it.to_string(), cipher);
            let key = match (settings.mode, &settings.keystore) {
                (Mode::KeyFile, _) => "a key that is given at start".to_owned(),
                (_, Some(store)) => match &store.alias {
                    Some(alias) => format!("`{alias}` of `{}`", store.location),
                    None => format!("`{}`", store.location),
                },
                (_, None) => "no keystore that is named".to_owned(),
            };
            format!(": the vault reads {cipher}, with {key}")
        }
    });
    lines.put(0, &text)
}

fn list(home: &SecretsOfHome<'_>, lines: &mut Lines<'_>) -> io::Result<()> {
    for secret in &home.vault.secrets {
        let mut text = format!(
            "{}: `{}`: {}",
            secret.place,
            secret.alias,
            home.form(secret)
        );
        match (secret.keeper, home.named_by(secret)) {
            (Keeper::Vault, 0) => text.push_str("; nothing names it"),
            (Keeper::Vault, places) => {
                text.push_str(&format!("; named in {}", count(places, "place")));
            }
            _ => {}
        }
        if secret.shadowed {
            text.push_str("; a later line counts");
        }
        lines.put(2, &text)?;
    }
    lines.put(2, &count(home.vault.secrets.len(), "secret"))
}

fn readable(
    home: &SecretsOfHome<'_>,
    verdicts: &[Verdict],
    lines: &mut Lines<'_>,
) -> io::Result<()> {
    for (secret, verdict) in home.vault.secrets.iter().zip(verdicts) {
        if let Verdict::Reads(opened) = verdict {
            let text = format!(
                "{}: `{}`: read, {}",
                secret.place, secret.alias, opened.cipher
            );
            lines.put(2, &text)?;
        }
    }
    Ok(())
}

fn tell(problem: &SecretProblem, lines: &mut Lines<'_>) -> io::Result<()> {
    let tone = match problem.severity {
        Severity::Error => Tone::Alarm,
        Severity::Warning => Tone::Warning,
    };
    let mut text = format!("{}: ", problem.severity.name());
    if let Some(place) = &problem.place {
        text.push_str(&format!("{place}: "));
    }
    if let Some(alias) = &problem.alias {
        text.push_str(&format!("`{alias}`: "));
    }
    text.push_str(&problem.kind.to_string());
    lines.tell(2, tone, &text)
}

fn sum(verdicts: &[Verdict], problems: &[SecretProblem], lines: &mut Lines<'_>) -> io::Result<()> {
    let read = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Reads(_)))
        .count();
    let plain = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Plain { .. }))
        .count();
    let of = |severity| problems.iter().filter(|it| it.severity == severity).count();
    let text = format!(
        "{}: {read} read, {plain} not encrypted; {}, {}",
        count(verdicts.len(), "secret"),
        count(of(Severity::Error), "error"),
        count(of(Severity::Warning), "warning"),
    );
    lines.put(2, &text)
}
