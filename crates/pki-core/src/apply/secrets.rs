use super::Workshop;
use crate::{
    key::Random,
    observe::Layout,
    plan::{SecretKind, Work},
    secret::{Bytes, Password, Source},
    x509::Fingerprint,
};

impl Workshop<'_, '_> {
    /// Generates the passwords and the encryption key that are missing.
    pub(super) fn make_secrets(&mut self) {
        for (_, action) in self.actions() {
            let Work::Secret { name, kind } = action.work else {
                continue;
            };
            let mut text = match kind {
                SecretKind::EncryptionKey => encryption_key(&mut self.random),
                SecretKind::Password => password(&mut self.random),
            };
            if kind == SecretKind::Password {
                let source = Source::File(format!("secrets/{name}").into());
                self.passwords.insert(source, Password::new(text.clone()));
            }
            if kind == SecretKind::EncryptionKey {
                let digest = Fingerprint::of(text.as_bytes());
                self.made
                    .files
                    .write(Layout::encryption_record(), record(digest));
            }
            text.push('\n');
            self.made.secrets.push(action.file.clone());
            let content = Bytes::from(text.into_bytes());
            self.made.files.write(action.file.clone(), content);
        }
    }
}

/// The content of the record of an encryption key.
pub(super) fn record(digest: Fingerprint) -> Bytes {
    Bytes::from(format!("{digest}\n").into_bytes())
}

/// 32 letters and digits, about 190 bits: nothing in it means anything to XML, TOML, a shell, an AMQP URL
/// or a cipher-text file, and Java's PKCS #12 takes ASCII alone.
fn password(random: &mut impl Random) -> String {
    let mut text = String::with_capacity(PASSWORD_LENGTH + 1);
    let mut bytes = [0; 64];
    while text.len() < PASSWORD_LENGTH {
        random.fill(&mut bytes);
        // Bytes beyond the last whole multiple of the alphabet would favour its first letters.
        let fair = bytes.iter().filter(|byte| usize::from(**byte) < FAIR);
        for byte in fair.take(PASSWORD_LENGTH - text.len()) {
            text.push(char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        }
    }
    zeroize::Zeroize::zeroize(&mut bytes);
    text
}

/// 64 hex digits, as `openssl rand -hex 32` and the product's own generator give them.
fn encryption_key(random: &mut impl Random) -> String {
    let mut bytes = [0; 32];
    random.fill(&mut bytes);
    let mut text = String::with_capacity(65);
    for byte in bytes {
        for digit in [byte >> 4, byte & 15] {
            text.push(char::from(b"0123456789abcdef"[usize::from(digit)]));
        }
    }
    zeroize::Zeroize::zeroize(&mut bytes);
    text
}

const PASSWORD_LENGTH: usize = 32;

const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

const FAIR: usize = 256 / ALPHABET.len() * ALPHABET.len();

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::SystemRandom;

    #[test]
    fn a_password_is_32_letters_and_digits_and_never_the_same() {
        let one = password(&mut SystemRandom);
        let other = password(&mut SystemRandom);
        assert_eq!(one.len(), 32);
        assert!(one.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        assert_ne!(one, other);
    }

    #[test]
    fn bytes_that_would_favour_letters_are_thrown_away() {
        struct Counting(u8);
        impl Random for Counting {
            fn fill(&mut self, out: &mut [u8]) {
                for byte in out {
                    *byte = self.0;
                    self.0 = self.0.wrapping_add(1);
                }
            }
        }
        let text = password(&mut Counting(240));
        assert!(text.starts_with("23456789"), "{text}");
        assert_eq!(&text[8..10], "AB", "248 to 255 are skipped");
    }

    #[test]
    fn an_encryption_key_is_64_hex_digits() {
        let key = encryption_key(&mut SystemRandom);
        assert_eq!(key.len(), 64);
        assert!(key.bytes().all(|byte| byte.is_ascii_hexdigit()));
    }
}
