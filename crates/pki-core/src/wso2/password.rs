/// The product's stores refuse passwords with fewer characters, as keytool does.
pub const PASSWORD_MINIMUM: usize = 6;

/// What a character of a password breaks where the product's configuration repeats it; `None` if it is
/// harmless everywhere.
pub const fn breaks_configuration(character: char) -> Option<&'static str> {
    Some(match character {
        // `cipher-tool` takes the first `]` for the end of a value in brackets.
        ']' => "cipher-text.properties and `[secrets]`, where it ends a value",
        '&' | '<' => "the product's XML files",
        '"' | '\\' => "deployment.toml",
        '$' => "placeholders like `${…}` in the product's configuration",
        '\'' | '@' | ':' | '/' | '?' | '%' => "AMQP URLs in the product's configuration",
        ' ' => "properties files and shells",
        c if c.is_ascii_control() => "every configuration file",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_digits_break_nothing() {
        assert!(
            ('0'..='z')
                .filter(char::is_ascii_alphanumeric)
                .all(|c| breaks_configuration(c).is_none())
        );
        assert!(breaks_configuration(']').is_some_and(|file| file.contains("cipher-text")));
    }
}
