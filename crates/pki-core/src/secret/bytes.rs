use std::fmt;

use zeroize::{Zeroize, ZeroizeOnDrop};

/// Secret bytes: private keys, passwords in the encoding that a format wants, decrypted content.
///
/// Zeroized on drop. `Debug` shows the length alone. There is no `Display`, no `Serialize` and no
/// `Deref`: whoever wants the content says [`Bytes::expose`], which is easy to find in a review.
#[derive(Clone, Default, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    /// The content, to be handed to a cipher or a writer at once and not kept.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The content, to be worked on in place (decryption).
    pub fn expose_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// How many bytes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what is behind `len` bytes, and zeroizes it.
    pub fn truncate(&mut self, len: usize) {
        if len < self.0.len() {
            self.0[len..].zeroize();
            self.0.truncate(len);
        }
    }
}

impl From<Vec<u8>> for Bytes {
    /// Takes the vector over; nothing is copied, so nothing is left behind.
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} secret bytes]", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_a_length_and_no_content() {
        assert_eq!(
            format!("{:?}", Bytes::from(&b"hunter2"[..])),
            "[7 secret bytes]"
        );
    }

    #[test]
    fn truncate_keeps_the_front() {
        let mut bytes = Bytes::from(vec![1, 2, 3, 4]);
        bytes.truncate(2);
        assert_eq!(bytes.expose(), [1, 2]);
    }
}
