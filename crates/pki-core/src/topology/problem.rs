use std::fmt;

use super::ProblemKind;

/// Why a text is no topology: every problem, in the order of the file.
///
/// A text that is no TOML has one problem, the first place where its syntax breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TopologyError {
    /// What is wrong; never empty.
    pub errors: Vec<Problem>,
}

impl fmt::Display for TopologyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.errors.iter().enumerate() {
            if at > 0 {
                f.write_str("\n")?;
            }
            write!(f, "{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for TopologyError {}

/// A place in the topology's text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters (Unicode scalar values).
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One thing that is wrong in a topology.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// The key, with the tables around it: `roles.gateway.nodes.gateway-1.host`. Empty for the file.
    pub path: String,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: ", self.line, self.column)?;
        if !self.path.is_empty() {
            write!(f, "`{}`: ", Shown(&self.path))?;
        }
        write!(f, "{}", self.kind)
    }
}

/// A text of the file, fit for a terminal: cut, and without control or invisible characters.
pub(super) struct Shown<'a>(pub(super) &'a str);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars().take(LONGEST_SHOWN) {
            let hidden = matches!(c,
                '\u{61C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}');
            if c.is_control() || hidden {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        if self.0.chars().nth(LONGEST_SHOWN).is_some() {
            f.write_str("…")?;
        }
        Ok(())
    }
}

/// Long enough for every name that is valid, short enough for one line.
const LONGEST_SHOWN: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_one_line_with_its_place_and_key() {
        let problem = Problem {
            line: 3,
            column: 7,
            path: "tls.validty".into(),
            kind: ProblemKind::UnknownKey {
                expected: vec!["key".into(), "validity".into()],
                suggestion: Some("validity".into()),
            },
        };
        assert_eq!(
            problem.to_string(),
            "line 3, column 7: `tls.validty`: unknown key, did you mean `validity`?"
        );
    }

    #[test]
    fn what_the_file_says_is_shown_cut_and_escaped() {
        let kind = ProblemKind::InvalidAlias {
            found: format!("a\u{1b}[31m\n{}", "x".repeat(1000)),
        };
        let text = kind.to_string();
        assert!(text.starts_with(r"`a\u{1b}[31m\u{a}xxx"), "{text}");
        assert!(text.len() < 300, "{text}");
    }
}
