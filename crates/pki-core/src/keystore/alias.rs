use std::fmt;

/// The name of an entry, as the file spells it.
///
/// Java looks entries up in lower case, whatever the file says, so [`Alias::lookup`] decides whether two
/// aliases are the same; `==` compares the spelling.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alias(String);

impl Alias {
    /// Takes a spelling as it is.
    pub fn new(spelling: impl Into<String>) -> Self {
        Self(spelling.into())
    }

    /// The spelling in the file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form under which Java finds the entry: `String.toLowerCase(Locale.ENGLISH)`.
    pub fn lookup(&self) -> String {
        self.0.to_lowercase()
    }

    /// True if the spelling is the form that Java looks up. In a JKS file an alias for which this is
    /// false is listed by Java and found by nobody.
    pub fn is_found_by_java(&self) -> bool {
        self.lookup() == self.0
    }
}

impl From<&str> for Alias {
    fn from(spelling: &str) -> Self {
        Self::new(spelling)
    }
}

impl From<String> for Alias {
    fn from(spelling: String) -> Self {
        Self(spelling)
    }
}

impl fmt::Display for Alias {
    /// The spelling, with control and bidirectional characters escaped, so that it is safe on a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            let hidden = matches!(c,
                '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{061C}');
            if c.is_control() || hidden {
                write!(f, "{}", c.escape_unicode())?;
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn java_finds_only_lower_case() {
        assert!(Alias::new("wso2carbon").is_found_by_java());
        assert!(!Alias::new("MixedCase").is_found_by_java());
        assert_eq!(Alias::new("SCHLÜSSEL").lookup(), "schlüssel");
    }

    #[test]
    fn control_and_bidirectional_characters_are_shown_escaped() {
        assert_eq!(
            Alias::new("a\u{1b}[31m\u{202e}b").to_string(),
            r"a\u{1b}[31m\u{202e}b"
        );
    }
}
