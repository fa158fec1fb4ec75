use std::{fmt, str::FromStr};

use aws_lc_rs::digest;

/// A SHA-256 fingerprint: of a certificate's DER, of an SPKI, of a file.
///
/// Shown as 64 lower-case hex digits without separators; read with or without colons, in any case.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of some bytes.
    pub fn of(bytes: &[u8]) -> Self {
        let digest = digest::digest(&digest::SHA256, bytes);
        let mut out = [0; 32];
        out.copy_from_slice(digest.as_ref());
        Self(out)
    }

    /// A fingerprint that was computed elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut out = [0; 32];
        let mut digits = text.bytes().filter(|byte| *byte != b':');
        for byte in &mut out {
            let (Some(high), Some(low)) = (digits.next(), digits.next()) else {
                return Err(InvalidFingerprint);
            };
            *byte = hex_digit(high)? << 4 | hex_digit(low)?;
        }
        match digits.next() {
            None => Ok(Self(out)),
            Some(_) => Err(InvalidFingerprint),
        }
    }
}

fn hex_digit(digit: u8) -> Result<u8, InvalidFingerprint> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
        .ok_or(InvalidFingerprint)
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// A text that is not 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a SHA-256 fingerprint: expected 64 hex digits")]
pub struct InvalidFingerprint;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colons_and_upper_case_are_read() {
        let plain = Fingerprint::of(b"");
        let colons: Vec<String> = plain
            .as_bytes()
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        assert_eq!(colons.join(":").parse(), Ok(plain));
        assert_eq!(
            plain.to_string(),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
    }

    #[test]
    fn other_lengths_are_refused() {
        assert!("e3b0".parse::<Fingerprint>().is_err());
        assert!(("0".repeat(65)).parse::<Fingerprint>().is_err());
    }
}
