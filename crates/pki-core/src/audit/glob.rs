//! Patterns for paths, as `.gitignore` and shells know them.

/// True if a pattern fits a text: `*` for any characters but `/`, `**` for any at all, `?` for one that is
/// not `/`. A pattern without `/` fits the last part of a path.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let text = match pattern.contains('/') {
        true => text,
        false => text.rsplit('/').next().unwrap_or(text),
    };
    let pattern: Vec<char> = pattern.chars().collect();
    let text: Vec<char> = text.chars().collect();
    fits(&pattern, &text)
}

/// A table of which rest of the pattern fits which rest of the text, from the end: no pattern takes longer
/// than its length times the text's.
fn fits(pattern: &[char], text: &[char]) -> bool {
    let mut rows = vec![vec![false; text.len() + 1]; pattern.len() + 1];
    rows[pattern.len()][text.len()] = true;
    for from in (0..pattern.len()).rev() {
        let deep = pattern[from..].starts_with(&['*', '*']);
        let behind = from + if deep { 2 } else { 1 };
        for at in (0..=text.len()).rev() {
            let next = text.get(at).copied();
            rows[from][at] = match (pattern[from], next) {
                ('*', next) => {
                    // `**/` stands for no folder too.
                    let no_folder = deep && pattern.get(behind) == Some(&'/');
                    rows[behind][at]
                        || no_folder && rows[behind + 1][at]
                        || next.is_some_and(|c| deep || c != '/') && rows[from][at + 1]
                }
                ('?', Some(c)) => c != '/' && rows[from + 1][at + 1],
                (wanted, Some(c)) => wanted == c && rows[from + 1][at + 1],
                (_, None) => false,
            };
        }
    }
    rows[0][0]
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn a_pattern_fits_as_in_a_shell() {
        for (pattern, text, fits) in [
            ("pki/nodes/*/tls.jks", "pki/nodes/gw-1/tls.jks", true),
            ("pki/*/tls.jks", "pki/nodes/gw-1/tls.jks", false),
            ("pki/**/tls.jks", "pki/nodes/gw-1/tls.jks", true),
            ("**/tls.jks", "tls.jks", true),
            ("**/tls.jks", "a/b/tls.jks", true),
            ("*.jks", "a/b/tls.jks", true),
            ("*.p12", "a/b/tls.jks", false),
            ("t?s.jks", "a/tls.jks", true),
            ("a/**/b", "a/b", true),
            ("a/b", "a/b", true),
            ("a/b", "a/b/c", false),
            ("**", "a/b/c", true),
        ] {
            assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        }
    }

    #[test]
    fn a_hostile_pattern_takes_no_time() {
        assert!(!matches(
            &"*a".repeat(200),
            &"a".repeat(2000).replace("aa", "ab")
        ));
    }
}
