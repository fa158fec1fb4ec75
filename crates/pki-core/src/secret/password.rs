use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

use super::Bytes;

/// A password, as text.
///
/// Formats disagree on its encoding: JKS hashes UTF-16BE code units ([`Password::utf16_be`]), the
/// PKCS #12 key derivation takes a BMPString with a final zero ([`Password::bmp_string`]), PBES2 takes
/// UTF-8 ([`Password::utf8`]). Java 17 refuses anything but ASCII in PKCS #12 and JCEKS.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Password(String);

impl Password {
    /// Takes over a text as a password.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to be handed on at once and not kept.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// UTF-8, as PBES2 (RFC 8018) takes it.
    pub fn utf8(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// UTF-16 code units, most significant byte first, as `sun.security.provider.JavaKeyStore` hashes
    /// them. A character outside the BMP gives two units.
    pub fn utf16_be(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.0.len() * 2 + 2);
        for unit in self.0.encode_utf16() {
            out.extend_from_slice(&unit.to_be_bytes());
        }
        Bytes::from(out)
    }

    /// UTF-16BE and two zero bytes, as RFC 7292 appendix B.1 derives keys from it. The empty password
    /// gives the two zero bytes; some writers use no bytes at all for it, and readers try both.
    pub fn bmp_string(&self) -> Bytes {
        let mut out = Vec::with_capacity(self.0.len() * 2 + 2);
        for unit in self.0.encode_utf16() {
            out.extend_from_slice(&unit.to_be_bytes());
        }
        out.extend_from_slice(&[0, 0]);
        Bytes::from(out)
    }

    /// True if every character is ASCII.
    pub fn is_ascii(&self) -> bool {
        self.0.is_ascii()
    }

    /// True if there is no character.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many characters (Unicode scalar values).
    pub fn chars(&self) -> usize {
        self.0.chars().count()
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[password]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_character_outside_the_bmp_is_two_code_units() {
        assert_eq!(
            Password::new("a\u{1F511}").utf16_be().expose(),
            [0, b'a', 0xD8, 0x3D, 0xDD, 0x11]
        );
    }

    #[test]
    fn a_bmp_string_ends_with_two_zero_bytes() {
        assert_eq!(Password::new("a").bmp_string().expose(), [0, b'a', 0, 0]);
        assert_eq!(Password::new("").bmp_string().expose(), [0, 0]);
    }

    #[test]
    fn debug_tells_nothing() {
        assert_eq!(format!("{:?}", Password::new("hunter2")), "[password]");
    }
}
