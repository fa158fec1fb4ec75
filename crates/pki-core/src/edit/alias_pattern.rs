use std::fmt::Write as _;

use super::EditError;
use crate::{
    keystore::Alias,
    x509::{Certificate, Fingerprint},
};

/// How the certificates of a bundle are called: text with `{stem}` (the name of the file), `{n}` (their
/// number, from 1), `{cn}` (the common name, else the whole subject) and `{sha}` (the SHA-256 in hex; `{sha8}` its first eight digits, and so on up to 64).
///
/// What comes out is what Java finds: lower case, letters, digits, `.`, `_` and `-`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AliasPattern {
    parts: Vec<Part>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Text(String),
    Stem,
    Number,
    CommonName,
    Sha(usize),
}

impl AliasPattern {
    /// Reads a pattern.
    ///
    /// # Errors
    ///
    /// [`EditError::Pattern`] for an unknown word in braces, an open brace, or nothing at all.
    pub fn new(pattern: &str) -> Result<Self, EditError> {
        let refuse = |reason| EditError::Pattern {
            pattern: pattern.to_owned(),
            reason,
        };
        let mut parts = Vec::new();
        let mut rest = pattern;
        while let Some((text, behind)) = rest.split_once('{') {
            if !text.is_empty() {
                parts.push(Part::Text(text.to_lowercase()));
            }
            let (word, behind) = behind
                .split_once('}')
                .ok_or_else(|| refuse("a brace is not closed"))?;
            parts.push(match word {
                "stem" => Part::Stem,
                "n" => Part::Number,
                "cn" => Part::CommonName,
                "sha" => Part::Sha(DIGITS),
                word => {
                    let digits = word.strip_prefix("sha").and_then(|text| text.parse().ok());
                    let digits = digits.filter(|digits| (1..=DIGITS).contains(digits));
                    Part::Sha(
                        digits.ok_or_else(|| {
                            refuse("known are {stem}, {n}, {cn}, {sha} and {sha8}")
                        })?,
                    )
                }
            });
            rest = behind;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_lowercase()));
        }
        if parts.is_empty() {
            return Err(refuse("it is empty"));
        }
        Ok(Self { parts })
    }

    /// `{cn}`.
    pub fn common_name() -> Self {
        Self {
            parts: vec![Part::CommonName],
        }
    }

    /// The pattern that calls a certificate by this alias, braces and all.
    pub fn exactly(alias: &Alias) -> Self {
        Self {
            parts: vec![Part::Text(alias.lookup())],
        }
    }

    /// True if no two certificates get the same alias by it.
    pub fn tells_apart(&self) -> bool {
        self.parts.iter().any(|part| match part {
            Part::Number => true,
            Part::Sha(digits) => *digits >= 16,
            _ => false,
        })
    }

    /// The alias of one certificate.
    pub fn alias(&self, stem: &str, number: usize, certificate: &Certificate) -> Alias {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Stem => out.push_str(&plain(stem)),
                // Writing to a String does not fail.
                Part::Number => drop(write!(out, "{number}")),
                Part::CommonName => out.push_str(&name(certificate)),
                Part::Sha(digits) => {
                    let sha: Fingerprint = certificate.fingerprint();
                    out.push_str(&sha.to_string()[..*digits]);
                }
            }
        }
        Alias::new(out)
    }
}

/// What a certificate is called: its common name, else its subject, in plain letters.
pub(super) fn name(certificate: &Certificate) -> String {
    let view = certificate.view().ok();
    let common = view.and_then(|view| view.subject.common_names().pop());
    let text = common.or_else(|| view.map(|view| view.subject.to_string()));
    let text = plain(&text.unwrap_or_default());
    if text.is_empty() {
        return "certificate".to_owned();
    }
    text
}

/// Lower case; letters, digits, `.` and `_`; anything else is one `-`.
fn plain(text: &str) -> String {
    let mut out = String::new();
    for c in text.to_lowercase().chars().take(MAX_PART) {
        if c.is_alphanumeric() || matches!(c, '.' | '_') {
            out.push(c);
        } else if !out.is_empty() && !out.ends_with('-') {
            out.push('-');
        }
    }
    out.truncate(out.trim_end_matches('-').len());
    out
}

/// Hex digits of a SHA-256.
const DIGITS: usize = 64;
/// In characters, as the aliases that a PEM bundle's certificates get.
const MAX_PART: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edit::testing::made;

    #[test]
    fn words_in_braces_are_filled_in_and_come_out_as_java_finds_them() {
        let certificate = made("Example  Root/CA (2)", None).certificate;
        let sha = certificate.fingerprint().to_string();
        let alias = |pattern: &str| {
            let pattern = AliasPattern::new(pattern).unwrap();
            pattern
                .alias("Corp Bundle", 7, &certificate)
                .as_str()
                .to_owned()
        };
        assert_eq!(alias("{cn}"), "example-root-ca-2");
        assert_eq!(alias("My-{stem}.{n}"), "my-corp-bundle.7");
        assert_eq!(alias("{sha}"), sha);
        assert_eq!(
            alias("{cn}-{sha8}"),
            format!("example-root-ca-2-{}", &sha[..8])
        );
    }

    #[test]
    fn a_pattern_that_means_nothing_is_refused() {
        for pattern in ["", "{", "{cn", "{what}", "{sha0}", "{sha65}", "{sha-1}"] {
            let refused = AliasPattern::new(pattern);
            assert!(
                matches!(refused, Err(EditError::Pattern { .. })),
                "{pattern}"
            );
        }
    }
}
