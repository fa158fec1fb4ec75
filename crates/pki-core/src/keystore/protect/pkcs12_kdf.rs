//! The key derivation of PKCS #12 (RFC 7292 appendix B.2).

use std::num::NonZeroU32;

use aws_lc_rs::digest;

use crate::secret::{Bytes, Password};

/// What the derived bytes are for: the diversifier of RFC 7292 appendix B.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::keystore) enum Purpose {
    Key = 1,
    Iv = 2,
    Mac = 3,
}

/// The encodings of a password that files are made with. The empty one has two: two zero bytes (Java,
/// OpenSSL) and none at all (others, and OpenSSL's "no password").
pub(in crate::keystore) fn encodings(password: &Password) -> Vec<Bytes> {
    let mut encodings = vec![password.bmp_string()];
    if password.is_empty() {
        encodings.push(Bytes::default());
    }
    encodings
}

/// Derives `length` bytes from an encoded password.
pub(in crate::keystore) fn derive(
    hash: &'static digest::Algorithm,
    password: &Bytes,
    salt: &[u8],
    iterations: NonZeroU32,
    purpose: Purpose,
    length: usize,
) -> Bytes {
    // v of the RFC: the hash's block.
    let block = hash.block_len();
    let whole_blocks = |bytes: &[u8]| bytes.len().div_ceil(block) * block;
    let mut input = Vec::with_capacity(whole_blocks(salt) + whole_blocks(password.expose()));
    for part in [salt, password.expose()] {
        input.extend(part.iter().cycle().take(whole_blocks(part)));
    }
    let mut input = Bytes::from(input);
    let diversifier = [purpose as u8; digest::MAX_BLOCK_LEN];

    let mut out = Vec::with_capacity(length);
    loop {
        let mut context = digest::Context::new(hash);
        context.update(&diversifier[..block]);
        context.update(input.expose());
        let mut hashed = context.finish();
        for _ in 1..iterations.get() {
            hashed = digest::digest(hash, hashed.as_ref());
        }
        let wanted = (length - out.len()).min(hashed.as_ref().len());
        out.extend_from_slice(&hashed.as_ref()[..wanted]);
        if out.len() == length {
            return Bytes::from(out);
        }
        for part in input.expose_mut().chunks_mut(block) {
            add_one_and(part, hashed.as_ref());
        }
    }
}

/// Adds `addend`, repeated to the length of `number`, and 1 to a big-endian number.
fn add_one_and(number: &mut [u8], addend: &[u8]) {
    let mut carry = 1u16;
    for (at, digit) in number.iter_mut().enumerate().rev() {
        let sum = u16::from(*digit) + u16::from(addend[at % addend.len()]) + carry;
        *digit = (sum & 0xff) as u8;
        carry = sum >> 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_the_key_of_a_known_vector() {
        // Vector of the PKCS #12 tests in BouncyCastle and others: "smeg", SHA-1, one iteration.
        let salt = [0x0A, 0x58, 0xCF, 0x64, 0x53, 0x0D, 0x82, 0x3F];
        let key = derive(
            &digest::SHA1_FOR_LEGACY_USE_ONLY,
            &Password::new("smeg").bmp_string(),
            &salt,
            NonZeroU32::MIN,
            Purpose::Key,
            24,
        );
        assert_eq!(
            key.expose(),
            [
                0x8A, 0xAA, 0xE6, 0x29, 0x7B, 0x6C, 0xB0, 0x46, 0x42, 0xAB, 0x5B, 0x07, 0x78, 0x51,
                0x28, 0x4E, 0xB7, 0x12, 0x8F, 0x1A, 0x2A, 0x7F, 0xBC, 0xA3
            ]
        );
    }
}
