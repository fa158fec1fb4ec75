//! What breaks the product's cipher tool.

use super::repository::toml_secrets;
use crate::wso2::config::{Document, Edits, Place};

/// What the product's cipher tool, of all 1.1 and 1.2 releases, stumbles over: it rewrites `deployment.toml`
/// line by line, from the line `[secrets]` to the end of the file (`CipherTool`, updateDeploymentConfiguration).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Hazard {
    /// The table's header is not spelled `[secrets]`: the tool does not find it, and leaves all as it is.
    Header {
        /// Where the first of its secrets stands.
        place: Place,
    },
    /// A line behind `[secrets]` that is neither blank nor one of its secrets: a comment, another table. The tool
    /// stops in the middle of writing, and the file is cut off there.
    Line {
        /// Counted from 1.
        line: usize,
    },
}

/// What is in a `deployment.toml`.
pub(super) fn find(document: &Document) -> Vec<Hazard> {
    let mut secrets = toml_secrets(document).peekable();
    let Some(first) = secrets.peek().map(|secret| secret.place.clone()) else {
        return Vec::new();
    };
    let lines: Vec<usize> = secrets.map(|secret| secret.place.line).collect();
    let Some(header) = document.line_of("[secrets]") else {
        return vec![Hazard::Header { place: first }];
    };
    let bytes = document.edited(&Edits::new());
    let text = String::from_utf8_lossy(bytes.expose());
    let behind = text.lines().enumerate().skip(header);
    behind
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, _)| at + 1)
        .filter(|line| !lines.contains(line))
        .map(|line| Hazard::Line { line })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::config::Syntax;

    #[test]
    fn what_the_cipher_tool_would_stumble_over_is_told() {
        let lines = |text: &str| -> Vec<usize> {
            let document = Document::read("f", Syntax::Toml, text.as_bytes()).unwrap();
            let line = |hazard: &Hazard| match hazard {
                Hazard::Header { .. } => 0,
                Hazard::Line { line } => *line,
            };
            find(&document).iter().map(line).collect()
        };
        assert!(lines("[secrets]\r\na = \"AAEC\"\r\n\r\n").is_empty());
        assert_eq!(lines("[secrets]\n# c\na = \"AAEC\"\n \n[b]\n"), [2, 4, 5]);
        assert_eq!(lines("[ secrets ]\na = \"AAEC\"\n"), [0]);
        assert_eq!(lines("secrets.a = \"AAEC\"\n"), [0]);
        assert!(lines("[server]\n").is_empty());
    }
}
