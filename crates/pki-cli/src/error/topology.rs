use std::{borrow::Cow, path::Path, string::FromUtf8Error};

use pki_core::topology::{Problem, TopologyError};

use super::CommandError;

/// Every problem with its place, as compilers write it, so that editors and terminals find it.
pub(crate) fn topology(file: &Path, error: &TopologyError) -> CommandError {
    let mut shown = error.errors.iter().map(|problem| line(file, problem));
    let first = shown
        .next()
        .unwrap_or_else(|| format!("`{}` is no topology", file.display()));
    let mut all = CommandError::usage(first);
    for problem in shown {
        all = all.and(problem);
    }
    all
}

/// `issuer = "external"`, which parses so that the key is not taken for a slip.
pub(crate) fn external_issuer() -> CommandError {
    no_external_issuer("")
}

/// The same, with its place in the text of the topology.
pub(crate) fn external_issuer_in(file: &Path, text: &str) -> CommandError {
    let is_there = |line: &str| {
        let at = line.find("issuer")?;
        let value = line[at..].strip_prefix("issuer")?.trim_start();
        let value = value.strip_prefix('=')?.trim_start();
        let external = ["\"external\"", "'external'"];
        let found =
            external.iter().any(|word| value.starts_with(word)) && !line[..at].contains('#');
        found.then(|| line[..at].chars().count() + 1)
    };
    let place = text
        .lines()
        .enumerate()
        .find_map(|(at, line)| Some((at + 1, is_there(line)?)));
    match place {
        Some((line, column)) => no_external_issuer(&format!("{}:{line}:{column}: ", name(file))),
        None => external_issuer(),
    }
}

/// A file that is no text, with the place of the first byte that no text has.
pub(crate) fn not_text(file: &Path, error: &FromUtf8Error) -> CommandError {
    let (valid, rest) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
    let text = String::from_utf8_lossy(valid);
    let line = text.matches('\n').count() + 1;
    let column = text.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    let byte = rest.first().copied().unwrap_or_default();
    CommandError::usage(format!(
        "{}:{line}:{column}: a topology is UTF-8, and the byte {byte:#04x} is not",
        name(file)
    ))
}

fn no_external_issuer(place: &str) -> CommandError {
    CommandError::usage(format!(
        "{place}`[ca] issuer = \"external\"` is not there yet: no certificate can be requested from elsewhere"
    ))
    .hint(
        "let that CA certify an intermediate, and name it: `[ca] certificate = \"chain.pem\"` and \
         `key_file = \"ca.key\"`; or take `issuer = \"local\"`",
    )
}

fn line(file: &Path, problem: &Problem) -> String {
    let Problem { line, column, .. } = problem;
    let text = problem.to_string();
    let place = format!("line {line}, column {column}: ");
    let text = text.strip_prefix(&place).unwrap_or(&text);
    format!("{}:{line}:{column}: {text}", name(file))
}

fn name(file: &Path) -> Cow<'_, str> {
    match file == Path::new("-") {
        true => "stdin".into(),
        false => file.to_string_lossy(),
    }
}
