//! What may be a name of a node or a group, an alias, a file name.

/// A name of a node, a group or an external party: it becomes a folder on every system and an alias.
pub(super) fn is_name(text: &str) -> bool {
    let letter_or_digit = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.len() <= 63
        && text
            .bytes()
            .next()
            .is_some_and(|byte| letter_or_digit(&byte))
        && text
            .bytes()
            .all(|byte| letter_or_digit(&byte) || byte == b'-')
}

/// An alias that every store format keeps and every Java finds: Java looks aliases up in lower case.
pub(super) fn is_alias(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
}

/// One path component, on every system, of at most 255 bytes.
pub(super) fn is_file_name(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && !matches!(text, "." | "..")
        && !text.contains(['/', '\\', ':'])
        && !text.chars().any(char::is_control)
        && text.trim() == text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_folders_and_labels() {
        for good in ["a", "gateway-1", "0", &"a".repeat(63)] {
            assert!(is_name(good), "{good}");
        }
        for bad in [
            "",
            "-a",
            "A",
            "a_b",
            "a.b",
            "../x",
            "/x",
            "a b",
            "ä",
            &"a".repeat(64),
        ] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn aliases_are_lower_case_ascii() {
        for good in ["a", "token_signer", "apim-pki-ca", "a.b"] {
            assert!(is_alias(good), "{good}");
        }
        for bad in ["", "Upper", "ä", "a b", "a\n", &"a".repeat(256)] {
            assert!(!is_alias(bad), "{bad}");
        }
    }

    #[test]
    fn file_names_are_one_component() {
        for good in ["tls.jks", "a", ".hidden", "Über.jks"] {
            assert!(is_file_name(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "..",
            "../x",
            "/x",
            "a/b",
            r"a\b",
            "c:x",
            "a\0",
            "a\n",
            " a",
            "a ",
            &"a".repeat(256),
        ] {
            assert!(!is_file_name(bad), "{bad}");
        }
    }
}
