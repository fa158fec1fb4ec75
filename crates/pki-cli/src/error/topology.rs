use std::path::Path;

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
    CommandError::usage(
        "`[ca] issuer = \"external\"` is not there yet: no certificate can be requested from elsewhere",
    )
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
    let name = match file == Path::new("-") {
        true => "stdin".into(),
        false => file.to_string_lossy(),
    };
    format!("{name}:{line}:{column}: {text}")
}
