/// The product's stores refuse passwords with fewer characters, as keytool does.
pub const PASSWORD_MINIMUM: usize = 6;

/// Passwords that everybody knows: of the stores that the product ships, of the JDK's own truststore, and of
/// most test stores in the product's repositories.
pub fn default_passwords() -> impl Iterator<Item = &'static str> {
    ["wso2carbon", "changeit", "password"].into_iter()
}

/// True for the user and password that the product ships its administrator with.
pub fn is_default_credential(user: &str, password: &str) -> bool {
    (user, password) == ("admin", "admin")
}

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
        c if !c.is_ascii() => "properties files, which Java reads as ISO 8859-1",
        _ => return None,
    })
}

/// True for a text that the product takes as encryption key (`SymmetricKeyInternalCryptoProvider`): 64 or
/// 48 hex digits are decoded, anything else is the key's bytes, of which AES takes 16, 24 or 32.
pub fn is_encryption_key(text: &str) -> bool {
    let hex = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    matches!(text.len(), 16 | 24 | 32) || hex && matches!(text.len(), 48 | 64)
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

    #[test]
    fn an_encryption_key_is_hex_or_as_long_as_an_aes_key() {
        for good in [
            "a".repeat(64),
            "0F".repeat(24),
            "x".repeat(16),
            "y".repeat(32),
        ] {
            assert!(is_encryption_key(&good), "{good}");
        }
        for bad in ["", "nothex", &"g".repeat(64), &"a".repeat(63)] {
            assert!(!is_encryption_key(bad), "{bad}");
        }
    }
}
