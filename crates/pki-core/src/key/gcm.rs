//! AES as Java's `AES/GCM/NoPadding` and `AES` (ECB with PKCS #5 padding) do it.
//!
//! The provider's GCM takes nonces of 96 bits alone. NIST SP 800-38D allows others, whose counter starts at a
//! GHASH of them, and the ciphertexts that are read here have 1024 bits. So GCM is put together from the
//! provider's AES and the `ghash` package.

use aws_lc_rs::{
    cipher::{
        self, AES_128, AES_192, AES_256, DecryptionContext, EncryptingKey, EncryptionContext,
        PaddedBlockDecryptingKey, PaddedBlockEncryptingKey, UnboundCipherKey,
    },
    constant_time,
};
use ghash::{GHash, universal_hash::UniversalHash as _};
use zeroize::Zeroizing;

use crate::secret::Bytes;

/// Bytes of a block, and of the tag that GCM puts behind a ciphertext.
pub(crate) const BLOCK: usize = 16;

/// What does not decrypt: a wrong key, or damage. The algorithms do not tell which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refused;

/// Encrypts: the ciphertext, the tag of 128 bits behind it. A nonce is used once for each key.
pub(crate) fn seal(key: &[u8], nonce: &[u8], plain: &[u8]) -> Result<Vec<u8>, Refused> {
    let gcm = Gcm::new(key, nonce)?;
    let mut out = Vec::with_capacity(plain.len() + BLOCK);
    out.extend_from_slice(plain);
    gcm.stream(&mut out)?;
    let tag = gcm.tag(&out)?;
    out.extend_from_slice(&tag);
    Ok(out)
}

/// Decrypts a ciphertext with its tag of 128 bits behind it.
pub(crate) fn open(key: &[u8], nonce: &[u8], sealed: &[u8]) -> Result<Bytes, Refused> {
    let gcm = Gcm::new(key, nonce)?;
    let (encrypted, tag) = sealed.split_last_chunk::<BLOCK>().ok_or(Refused)?;
    constant_time::verify_slices_are_equal(&gcm.tag(encrypted)?, tag).map_err(|_| Refused)?;
    let mut out = Bytes::from(encrypted);
    gcm.stream(out.expose_mut())?;
    Ok(out)
}

/// Encrypts as Java's `AES` does: each block for itself. Equal blocks show.
pub(crate) fn seal_ecb(key: &[u8], plain: &[u8]) -> Result<Vec<u8>, Refused> {
    let mut out = Vec::with_capacity(plain.len() + BLOCK);
    out.extend_from_slice(plain);
    let key = PaddedBlockEncryptingKey::ecb_pkcs7(unbound(key)?).map_err(refused)?;
    key.encrypt(&mut out).map_err(refused)?;
    Ok(out)
}

/// Decrypts what [`seal_ecb`] encrypts. It proves nothing: what comes out may be nonsense.
pub(crate) fn open_ecb(key: &[u8], sealed: &[u8]) -> Result<Bytes, Refused> {
    let key = PaddedBlockDecryptingKey::ecb_pkcs7(unbound(key)?).map_err(refused)?;
    let mut out = Bytes::from(sealed);
    let plain = key.decrypt(out.expose_mut(), DecryptionContext::None);
    let length = plain.map_err(refused)?.len();
    out.truncate(length);
    Ok(out)
}

/// One encryption or decryption (NIST SP 800-38D section 7).
struct Gcm {
    cipher: EncryptingKey,
    /// E(0).
    hash_key: Zeroizing<[u8; BLOCK]>,
    /// J0.
    counter: [u8; BLOCK],
}

impl Gcm {
    fn new(key: &[u8], nonce: &[u8]) -> Result<Self, Refused> {
        if nonce.is_empty() {
            return Err(Refused);
        }
        let cipher = EncryptingKey::ecb(unbound(key)?).map_err(refused)?;
        let mut hash_key = Zeroizing::new([0; BLOCK]);
        encrypt_blocks(&cipher, &mut *hash_key)?;
        let mut gcm = Self {
            cipher,
            hash_key,
            counter: [0; BLOCK],
        };
        gcm.counter = match <[u8; 12]>::try_from(nonce) {
            Ok(short) => {
                let mut counter = [0; BLOCK];
                counter[..12].copy_from_slice(&short);
                counter[BLOCK - 1] = 1;
                counter
            }
            Err(_) => gcm.ghash(nonce, [0, bits(nonce)]),
        };
        Ok(gcm)
    }

    /// XORs the key stream into data: it encrypts, and decrypts.
    fn stream(&self, data: &mut [u8]) -> Result<(), Refused> {
        let mut stream = Zeroizing::new(Vec::with_capacity(data.len() + BLOCK));
        for step in (1u32..).take(data.len().div_ceil(BLOCK)) {
            stream.extend_from_slice(&self.block(step));
        }
        encrypt_blocks(&self.cipher, &mut stream)?;
        for (byte, mask) in data.iter_mut().zip(stream.iter()) {
            *byte ^= mask;
        }
        Ok(())
    }

    fn tag(&self, encrypted: &[u8]) -> Result<[u8; BLOCK], Refused> {
        let mut tag = self.ghash(encrypted, [0, bits(encrypted)]);
        let mut mask = Zeroizing::new(self.block(0));
        encrypt_blocks(&self.cipher, &mut *mask)?;
        for (byte, mask) in tag.iter_mut().zip(mask.iter()) {
            *byte ^= mask;
        }
        Ok(tag)
    }

    /// J0 with its last 32 bits counted on.
    fn block(&self, step: u32) -> [u8; BLOCK] {
        let mut block = self.counter;
        if let Some(low) = block.last_chunk_mut::<4>() {
            *low = u32::from_be_bytes(*low).wrapping_add(step).to_be_bytes();
        }
        block
    }

    /// GHASH of data, padded, and of a block with two lengths in bits.
    fn ghash(&self, data: &[u8], lengths: [u64; 2]) -> [u8; BLOCK] {
        let mut ghash = GHash::new(&(*self.hash_key).into());
        ghash.update_padded(data);
        let mut last = [0; BLOCK];
        last[..8].copy_from_slice(&lengths[0].to_be_bytes());
        last[8..].copy_from_slice(&lengths[1].to_be_bytes());
        ghash.update(&[last.into()]);
        ghash.finalize().into()
    }
}

fn bits(data: &[u8]) -> u64 {
    data.len() as u64 * 8
}

fn encrypt_blocks(cipher: &EncryptingKey, blocks: &mut [u8]) -> Result<(), Refused> {
    if blocks.is_empty() {
        return Ok(());
    }
    cipher
        .less_safe_encrypt(blocks, EncryptionContext::None)
        .map(drop)
        .map_err(refused)
}

fn unbound(key: &[u8]) -> Result<UnboundCipherKey, Refused> {
    let algorithm: &'static cipher::Algorithm = match key.len() {
        16 => &AES_128,
        24 => &AES_192,
        32 => &AES_256,
        _ => return Err(Refused),
    };
    UnboundCipherKey::new(algorithm, key).map_err(refused)
}

fn refused(_: aws_lc_rs::error::Unspecified) -> Refused {
    Refused
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        let digits: String = text.split_whitespace().collect();
        let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).unwrap();
        (0..digits.len()).step_by(2).map(byte).collect()
    }

    /// "The Galois/Counter Mode of Operation", McGrew and Viega, appendix B, test cases 5 and 6 without the
    /// authenticated data: IVs of 64 and 480 bits. (The tags without it are Java's to judge: `tests/vault`.)
    #[test]
    fn a_counter_starts_where_the_paper_starts_it() {
        let key = hex("feffe9928665731c6d6a8f9467308308");
        let plain = hex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72
             1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39",
        );
        let cases = [
            (
                "cafebabefacedbad",
                "61353b4c2806934a777ff51fa22a4755699b2a714fcdc6f83766e5f97b6c7423
                 73806900e49f24b22b097544d4896b424989b5e1ebac0f07c23f4598",
            ),
            (
                "9313225df88406e555909c5aff5269aa6a7a9538534f7da1e4c303d2a318a728
                 c3c0c95156809539fcf0e2429a6b525416aedbf5a0de6a57a637b39b",
                "8ce24998625615b603a033aca13fb894be9112a5c3a211a8ba262a3cca7e2ca7
                 01e4a9a4fba43c90ccdcb281d48c7c6fd62875d2aca417034c34aee5",
            ),
        ];
        for (nonce, expected) in cases {
            let sealed = seal(&key, &hex(nonce), &plain).unwrap();
            assert_eq!(sealed[..plain.len()], hex(expected), "{nonce}");
            let opened = open(&key, &hex(nonce), &sealed).unwrap();
            assert_eq!(opened.expose(), plain);
        }
    }

    #[test]
    fn with_a_short_nonce_it_is_the_providers_gcm() {
        let (key, nonce) = ([7; 32], [9; 12]);
        let provider = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, &key).unwrap());
        for length in [0, 1, 16, 100] {
            let plain = vec![b'x'; length];
            let mut expected = plain.clone();
            provider
                .seal_in_place_append_tag(
                    Nonce::assume_unique_for_key(nonce),
                    Aad::empty(),
                    &mut expected,
                )
                .unwrap();
            assert_eq!(seal(&key, &nonce, &plain).unwrap(), expected);
        }
    }

    #[test]
    fn a_changed_bit_a_wrong_key_and_a_cut_end_are_refused() {
        let sealed = seal(&[1; 32], &[2; 128], b"a secret").unwrap();
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(open(&[1; 32], &[2; 128], &changed), Err(Refused));
            assert_eq!(open(&[1; 32], &[2; 128], &sealed[..at]), Err(Refused));
        }
        assert_eq!(open(&[3; 32], &[2; 128], &sealed), Err(Refused));
        assert_eq!(open(&[1; 32], &[], &sealed), Err(Refused));
        assert_eq!(open(&[1; 31], &[2; 128], &sealed), Err(Refused));
    }

    #[test]
    fn each_block_for_itself_is_padded_and_opened() {
        for key in [&[5; 16][..], &[5; 24], &[5; 32]] {
            let sealed = seal_ecb(key, &[b'x'; 32]).unwrap();
            assert_eq!((sealed.len(), &sealed[..16]), (48, &sealed[16..32]));
            assert_eq!(open_ecb(key, &sealed).unwrap().expose(), [b'x'; 32]);
        }
        assert_eq!(open_ecb(&[5; 16], &[0; 15]), Err(Refused));
    }
}
