//! The paddings of RSA encryption (RFC 8017 section 7), put on and recognised.

use std::fmt;

use aws_lc_rs::digest;
use zeroize::Zeroizing;

use crate::{key::Random, secret::Bytes};

/// A padding of RSA encryption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Padding {
    /// Textbook RSA: the message is the number. Leading zeros are not kept.
    None,
    /// RSAES-OAEP with an empty label.
    Oaep {
        /// Of the label.
        hash: Hash,
        /// Of the mask.
        mask: Hash,
    },
    /// RSAES-PKCS1-v1_5.
    Pkcs1,
}

/// The hash functions of OAEP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Hash {
    /// SHA-1. Sound here: OAEP needs no collision resistance (RFC 8017 appendix B.1).
    Sha1,
    /// SHA-224.
    Sha224,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Padding {
    /// The longest message that fits into a modulus of `size` bytes.
    pub(crate) fn capacity(self, size: usize) -> usize {
        match self {
            // One byte less than the modulus is a number below it, whatever it is.
            Self::None => size - 1,
            Self::Oaep { hash, .. } => size.saturating_sub(2 * hash.length() + 2),
            Self::Pkcs1 => size.saturating_sub(PKCS1_OVERHEAD),
        }
    }

    /// The encoded message, `size` bytes; `None` if the message is longer than [`Padding::capacity`].
    pub(crate) fn pad(
        self,
        message: &[u8],
        size: usize,
        random: &mut dyn Random,
    ) -> Option<Zeroizing<Vec<u8>>> {
        if message.len() > self.capacity(size) {
            return None;
        }
        let mut encoded = Zeroizing::new(vec![0; size]);
        encoded[size - message.len()..].copy_from_slice(message);
        match self {
            Self::None => {}
            Self::Pkcs1 => {
                let end = size - message.len() - 1;
                encoded[1] = 2;
                nonzero(&mut encoded[2..end], random);
            }
            Self::Oaep { hash, mask } => {
                let length = hash.length();
                encoded[size - message.len() - 1] = 1;
                let (seed, data) = encoded[1..].split_at_mut(length);
                data[..length].copy_from_slice(hash.of(&[]).as_ref());
                random.fill(seed);
                mask.mask(seed, data);
                mask.mask(data, seed);
            }
        }
        Some(encoded)
    }

    /// The message in an encoded message; `None` if that has another padding.
    pub(crate) fn unpad(self, encoded: &[u8]) -> Option<Bytes> {
        match self {
            Self::None => {
                let zeros = encoded.iter().take_while(|byte| **byte == 0).count();
                Some(Bytes::from(&encoded[zeros..]))
            }
            Self::Pkcs1 => {
                let padded = encoded.strip_prefix(&[0, 2])?;
                let end = padded.iter().position(|byte| *byte == 0)?;
                (end >= PKCS1_OVERHEAD - 3).then(|| Bytes::from(&padded[end + 1..]))
            }
            Self::Oaep { hash, mask } => {
                let length = hash.length();
                if encoded.len() < 2 * length + 2 || encoded[0] != 0 {
                    return None;
                }
                let mut opened = Zeroizing::new(encoded[1..].to_vec());
                let (seed, data) = opened.split_at_mut(length);
                mask.mask(data, seed);
                mask.mask(seed, data);
                let padded = data.strip_prefix(hash.of(&[]).as_ref())?;
                let start = padded.iter().position(|byte| *byte != 0)?;
                (padded[start] == 1).then(|| Bytes::from(&padded[start + 1..]))
            }
        }
    }
}

impl Hash {
    /// Bytes of output.
    pub(crate) fn length(self) -> usize {
        self.algorithm().output_len()
    }

    fn of(self, data: &[u8]) -> digest::Digest {
        digest::digest(self.algorithm(), data)
    }

    /// XORs MGF1 of `seed` into `data` (RFC 8017 appendix B.2.1).
    fn mask(self, seed: &[u8], data: &mut [u8]) {
        for (counter, chunk) in (0u32..).zip(data.chunks_mut(self.length())) {
            let mut context = digest::Context::new(self.algorithm());
            context.update(seed);
            context.update(&counter.to_be_bytes());
            let block = context.finish();
            for (byte, mask) in chunk.iter_mut().zip(block.as_ref()) {
                *byte ^= mask;
            }
        }
    }

    fn algorithm(self) -> &'static digest::Algorithm {
        match self {
            Self::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha224 => &digest::SHA224,
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        }
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sha1 => "SHA-1",
            Self::Sha224 => "SHA-224",
            Self::Sha256 => "SHA-256",
            Self::Sha384 => "SHA-384",
            Self::Sha512 => "SHA-512",
        })
    }
}

/// Fills with random bytes that are not zero.
fn nonzero(out: &mut [u8], random: &mut dyn Random) {
    random.fill(out);
    for byte in out {
        while *byte == 0 {
            random.fill(std::slice::from_mut(byte));
        }
    }
}

/// `00 02`, at least eight bytes that are not zero, `00` (RFC 8017 section 7.2.1).
const PKCS1_OVERHEAD: usize = 11;
