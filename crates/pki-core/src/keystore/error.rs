use super::{Alias, Format};

/// Why a file could not be read as a keystore.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The file has no byte.
    #[error("the file is empty")]
    Empty,
    /// The structure breaks at a place.
    #[error("damaged {format} keystore: {reason} (at byte {offset})")]
    Damaged {
        /// The container.
        format: Format,
        /// Byte offset from the start of the file, or of the decrypted part.
        offset: usize,
        /// What was expected and found.
        reason: String,
    },
    /// A count, a length or an iteration count is beyond what any honest file has.
    #[error("{format} keystore refused: {what} is {found}, the limit is {limit}")]
    Limit {
        /// The container.
        format: Format,
        /// Which number.
        what: &'static str,
        /// What the file says.
        found: u64,
        /// What is accepted.
        limit: u64,
    },
    /// Nothing can be read without a password.
    #[error("the {format} keystore is encrypted: a password is needed")]
    PasswordNeeded {
        /// The container.
        format: Format,
    },
    /// The bytes went through a text filter: every byte above 7F became EF BF BD.
    #[error("not a keystore any more: a text filter replaced its bytes (it begins with EF BF BD)")]
    TextMangled,
    /// The file ends too early.
    #[error("truncated {format} keystore: {reason} (at byte {offset})")]
    Truncated {
        /// The container.
        format: Format,
        /// Byte offset where more was expected.
        offset: usize,
        /// What was expected.
        reason: String,
    },
    /// None of the formats known here.
    #[error("not a keystore: begins with {beginning}")]
    UnknownFormat {
        /// The first bytes in hex; of a text, that it is one.
        beginning: String,
    },
    /// An algorithm that is not supported.
    #[error("{format} keystore uses {algorithm}, which is not supported")]
    UnsupportedAlgorithm {
        /// The container.
        format: Format,
        /// Its name or OID.
        algorithm: String,
    },
    /// A format that is recognized and cannot be read.
    #[error("this is a {format} keystore, which cannot be read yet")]
    UnsupportedFormat {
        /// The container.
        format: Format,
    },
    /// The proof of integrity does not fit. JKS cannot tell a wrong password from a damaged file, nor
    /// can PKCS #12.
    #[error("wrong password for the {format} keystore, or the file was changed")]
    WrongPassword {
        /// The container.
        format: Format,
    },
}

impl DecodeError {
    pub(super) fn unknown(bytes: &[u8]) -> Self {
        if bytes.starts_with(&[0xEF, 0xBF, 0xBD]) {
            return Self::TextMangled;
        }
        let shown = &bytes[..bytes.len().min(8)];
        // What somebody wrote may be a password, in a file that was taken for another.
        if is_text(shown) {
            return Self::UnknownFormat {
                beginning: "text".to_owned(),
            };
        }
        let hex: Vec<String> = shown.iter().map(|byte| format!("{byte:02X}")).collect();
        Self::UnknownFormat {
            beginning: hex.join(" "),
        }
    }
}

/// True for the beginning of a text, even if it ends amid a character.
fn is_text(bytes: &[u8]) -> bool {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return false,
    };
    !text.contains(|c: char| c.is_control() && !c.is_ascii_whitespace())
}

/// Why a store cannot be written in a format.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// An alias that Java would not find again, or that the format cannot hold.
    #[error("alias `{alias}` cannot be written: {reason}")]
    Alias {
        /// The alias.
        alias: Alias,
        /// Why.
        reason: &'static str,
    },
    /// The format has no place for the entry.
    #[error("entry `{alias}` cannot be written as {format}: {reason}")]
    Entry {
        /// The alias.
        alias: Alias,
        /// The container.
        format: Format,
        /// Why.
        reason: &'static str,
    },
    /// The readers of the format cannot take that password.
    #[error("the password cannot be used for {format}: {reason}")]
    Password {
        /// The container.
        format: Format,
        /// Why.
        reason: &'static str,
    },
}

/// Why a key could not be opened or sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UnsealError {
    /// The encrypted key's structure is broken.
    #[error("the protected key is damaged: {reason}")]
    Damaged {
        /// What was expected.
        reason: &'static str,
    },
    /// An iteration count beyond what any honest file has.
    #[error("the protected key asks for {found} iterations, the limit is {limit}")]
    Iterations {
        /// What the file says.
        found: u64,
        /// What is accepted.
        limit: u64,
    },
    /// The protection cannot take the password.
    #[error("the password cannot be used: {reason}")]
    Password {
        /// Why.
        reason: &'static str,
    },
    /// An algorithm that is not supported.
    #[error("the key is protected by {algorithm}, which is not supported")]
    Unsupported {
        /// Its name or OID.
        algorithm: String,
    },
    /// Wrong password, or damage: what came out is no key.
    #[error("the key does not open: wrong key password, or damaged")]
    WrongPassword,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_in_the_place_of_a_keystore_is_not_repeated() {
        let beginning = |bytes: &[u8]| match DecodeError::unknown(bytes) {
            DecodeError::UnknownFormat { beginning } => beginning,
            other => panic!("{other:?}"),
        };
        for text in ["hunter2", "pw\n", "pässwörter", "a\r\n\tb", "🔑🔑🔑"] {
            assert_eq!(beginning(text.as_bytes()), "text", "{text}");
        }
        assert_eq!(beginning(&[1, 2, 0xFF]), "01 02 FF");
        assert_eq!(beginning(b"PK\x03\x04zip!"), "50 4B 03 04 7A 69 70 21");
    }
}
