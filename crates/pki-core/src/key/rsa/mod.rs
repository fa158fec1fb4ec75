//! RSA encryption: the paddings, and the function below them.
//!
//! What the crypto provider opens, it opens: PKCS #1 v1.5 and OAEP under keys from 2048 bits on. It joins
//! function and padding, has no function without one, and refuses RSA-1024; but old ciphertexts are textbook
//! RSA or under such keys, and one whose padding is not known shows it only in the encoded message. For these
//! the private function is here ([`RsaPrivate::apply`]). It takes the same time whatever the secret numbers
//! are (`crypto-bigint`), and each result is checked with the public exponent before it is used. What is *in*
//! an encoded message is told apart by plain comparisons: whoever makes this process decrypt holds the key,
//! and is told the outcome anyway.

pub(crate) mod padding;

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OAEP_SHA384_MGF1SHA384, OAEP_SHA512_MGF1SHA512,
    OaepAlgorithm, OaepPrivateDecryptingKey, Pkcs1PrivateDecryptingKey, PrivateDecryptingKey,
};
use crypto_bigint::{
    BoxedUint, Odd,
    modular::{BoxedMontyForm, BoxedMontyParams},
};
use zeroize::Zeroizing;

use self::padding::{Hash, Padding};
use super::{PrivateKey, der::DerError, spki};
use crate::secret::Bytes;

/// A public key: what encrypts.
#[derive(Clone, Debug)]
pub(crate) struct RsaPublic {
    modulus: BoxedMontyParams,
    exponent: BoxedUint,
    bits: usize,
}

/// A private key: what decrypts.
pub(crate) struct RsaPrivate {
    public: RsaPublic,
    exponent: Zeroizing<BoxedUint>,
    /// `None` for a key that the provider refuses.
    provider: Option<PrivateDecryptingKey>,
}

/// Why an RSA key, or a block under it, cannot be worked with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RsaError {
    /// A block of another length than the modulus, in bytes.
    BlockLength { found: usize, expected: usize },
    /// A block that is no number below the modulus: it was made under another key.
    BlockTooLarge,
    /// Numbers that are not those of an RSA key.
    Damaged(&'static str),
    /// Another algorithm.
    NotRsa,
    /// A modulus of a size that is not worked with, in bits.
    Size(usize),
}

impl RsaPublic {
    /// From the DER of a SubjectPublicKeyInfo.
    pub(crate) fn from_spki(der: &[u8]) -> Result<Self, RsaError> {
        let numbers = spki::rsa_public_numbers(der).map_err(not_rsa)?;
        Self::new(numbers.modulus, numbers.exponent)
    }

    fn new(modulus: &[u8], exponent: &[u8]) -> Result<Self, RsaError> {
        let bits = spki::bit_length(modulus);
        if !SIZES.contains(&bits) {
            return Err(RsaError::Size(bits));
        }
        let modulus = trimmed(modulus);
        let exponent = trimmed(exponent);
        if exponent.len() > modulus.len() || exponent.is_empty() {
            return Err(RsaError::Damaged("a public exponent of another size"));
        }
        let number = BoxedUint::from_be_slice_vartime(modulus);
        let modulus = Option::from(Odd::new(number)).ok_or(RsaError::Damaged("an even modulus"))?;
        Ok(Self {
            modulus: BoxedMontyParams::new_vartime(modulus),
            exponent: BoxedUint::from_be_slice_vartime(exponent),
            bits,
        })
    }

    /// The size of the modulus, in bits.
    pub(crate) fn bits(&self) -> usize {
        self.bits
    }

    /// The size of the modulus, and so of every block, in bytes.
    pub(crate) fn size(&self) -> usize {
        self.bits.div_ceil(8)
    }

    /// `block ^ e mod n`.
    pub(crate) fn apply(&self, block: &[u8]) -> Result<Vec<u8>, RsaError> {
        let number = self.number(block)?;
        Ok(self.block(&self.power(&number, &self.exponent)).to_vec())
    }

    fn number(&self, block: &[u8]) -> Result<Zeroizing<BoxedUint>, RsaError> {
        if block.len() != self.size() {
            return Err(RsaError::BlockLength {
                found: block.len(),
                expected: self.size(),
            });
        }
        let number = BoxedUint::from_be_slice_truncated(block, self.modulus.bits_precision());
        let number = Zeroizing::new(number);
        match *number < *self.modulus.modulus().as_ref() {
            true => Ok(number),
            false => Err(RsaError::BlockTooLarge),
        }
    }

    fn power(&self, base: &BoxedUint, exponent: &BoxedUint) -> Zeroizing<BoxedUint> {
        let base = Zeroizing::new(BoxedMontyForm::new(base.clone(), &self.modulus));
        let power = Zeroizing::new(base.pow(exponent));
        Zeroizing::new(power.retrieve())
    }

    fn block(&self, number: &BoxedUint) -> Zeroizing<Vec<u8>> {
        let bytes = Zeroizing::new(number.to_be_bytes().into_vec());
        Zeroizing::new(bytes[bytes.len() - self.size()..].to_vec())
    }
}

impl RsaPrivate {
    /// From a private key of whatever algorithm.
    pub(crate) fn new(key: &PrivateKey) -> Result<Self, RsaError> {
        let numbers = spki::rsa_private_numbers(key.pkcs8().expose()).map_err(not_rsa)?;
        let public = RsaPublic::new(numbers.public.modulus, numbers.public.exponent)?;
        let exponent = trimmed(numbers.exponent);
        if exponent.len() > public.size() {
            return Err(RsaError::Damaged("a private exponent of another size"));
        }
        let precision = public.modulus.bits_precision();
        let exponent = BoxedUint::from_be_slice_truncated(exponent, precision);
        Ok(Self {
            public,
            exponent: Zeroizing::new(exponent),
            provider: PrivateDecryptingKey::from_pkcs8(key.pkcs8().expose()).ok(),
        })
    }

    /// Its public half.
    pub(crate) fn public(&self) -> &RsaPublic {
        &self.public
    }

    /// What a block holds, if that is padded so; `None` if it is not.
    pub(crate) fn open(&self, block: &[u8], padding: Padding) -> Result<Option<Bytes>, RsaError> {
        let Some(provider) = &self.provider else {
            return Ok(padding.unpad(self.apply(block)?.expose()));
        };
        // Wrong lengths are told apart here: the provider has one error for all.
        self.public.number(block)?;
        let mut out = Bytes::from(vec![0; self.public.size()]);
        let opened = match (padding, provider_oaep(padding)) {
            (Padding::Pkcs1, _) => Pkcs1PrivateDecryptingKey::new(provider.clone())
                .and_then(|key| Ok(key.decrypt(block, out.expose_mut())?.len())),
            (_, Some(algorithm)) => OaepPrivateDecryptingKey::new(provider.clone())
                .and_then(|key| Ok(key.decrypt(algorithm, block, out.expose_mut(), None)?.len())),
            _ => return Ok(padding.unpad(self.apply(block)?.expose())),
        };
        let Ok(length) = opened else { return Ok(None) };
        out.truncate(length);
        Ok(Some(out))
    }

    /// `block ^ d mod n`: the encoded message that was encrypted, if it was under this key, and noise if it
    /// was not.
    pub(crate) fn apply(&self, block: &[u8]) -> Result<Bytes, RsaError> {
        let number = self.public.number(block)?;
        let message = self.public.power(&number, &self.exponent);
        // A private exponent that is none of this modulus would look like a wrong key.
        if *self.public.power(&message, &self.public.exponent) != *number {
            return Err(RsaError::Damaged("exponents that do not belong together"));
        }
        Ok(Bytes::from(&**self.public.block(&message)))
    }
}

/// The OAEP of the provider, which has one hash for label and mask.
fn provider_oaep(padding: Padding) -> Option<&'static OaepAlgorithm> {
    match padding {
        Padding::Oaep { hash, mask } if hash == mask => Some(match hash {
            Hash::Sha1 => &OAEP_SHA1_MGF1SHA1,
            Hash::Sha224 => return None,
            Hash::Sha256 => &OAEP_SHA256_MGF1SHA256,
            Hash::Sha384 => &OAEP_SHA384_MGF1SHA384,
            Hash::Sha512 => &OAEP_SHA512_MGF1SHA512,
        }),
        _ => None,
    }
}

fn not_rsa(error: DerError) -> RsaError {
    match error.reason {
        spki::NOT_RSA => RsaError::NotRsa,
        reason => RsaError::Damaged(reason),
    }
}

/// Without leading zeros.
fn trimmed(integer: &[u8]) -> &[u8] {
    let zeros = integer.iter().take_while(|octet| **octet == 0).count();
    &integer[zeros..]
}

/// Moduli that are worked with, in bits: from what the oldest stores hold to what the provider takes at
/// most. One operation at the upper end takes a quarter of a second.
const SIZES: std::ops::RangeInclusive<usize> = 512..=8192;

#[cfg(test)]
mod tests {
    use aws_lc_rs::rsa::{OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey, PublicEncryptingKey};

    use super::*;
    use crate::key::{SystemRandom, read_private_key};

    const OAEP_SHA1: Padding = Padding::Oaep {
        hash: Hash::Sha1,
        mask: Hash::Sha1,
    };
    const OAEP_SHA256: Padding = Padding::Oaep {
        hash: Hash::Sha256,
        mask: Hash::Sha256,
    };

    fn ready(name: &str) -> PrivateKey {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/keys");
        let pem = std::fs::read(format!("{folder}/{name}.pem")).unwrap();
        read_private_key(&pem, None).unwrap()
    }

    fn seal(key: &RsaPublic, padding: Padding, message: &[u8]) -> Vec<u8> {
        let encoded = padding.pad(message, key.size(), &mut SystemRandom).unwrap();
        key.apply(&encoded).unwrap()
    }

    #[test]
    fn the_provider_opens_what_is_sealed_here() {
        for name in ["rsa-2048-01", "rsa-3072-01"] {
            let key = RsaPrivate::new(&ready(name)).unwrap();
            assert!(key.provider.is_some());
            let paddings = [Padding::Pkcs1, OAEP_SHA1, OAEP_SHA256];
            for sealed in paddings {
                let block = seal(key.public(), sealed, b"s\xc3\xa9cret");
                for tried in paddings {
                    let opened = key.open(&block, tried).unwrap();
                    assert_eq!(
                        opened.is_some(),
                        tried == sealed,
                        "{name} {sealed:?} {tried:?}"
                    );
                    let expected = tried.unpad(key.apply(&block).unwrap().expose());
                    assert_eq!(opened, expected);
                }
            }
        }
    }

    #[test]
    fn what_the_provider_seals_is_opened_here() {
        let key = ready("rsa-2048-01");
        let ours = RsaPrivate::new(&key).unwrap();
        let public = PublicEncryptingKey::from_der(&key.spki().unwrap()).unwrap();
        let (mut block, message) = ([0; 256], b"message");
        for (padding, algorithm) in [
            (OAEP_SHA1, &OAEP_SHA1_MGF1SHA1),
            (OAEP_SHA256, &OAEP_SHA256_MGF1SHA256),
        ] {
            OaepPublicEncryptingKey::new(public.clone())
                .unwrap()
                .encrypt(algorithm, message, &mut block, None)
                .unwrap();
            let encoded = ours.apply(&block).unwrap();
            assert_eq!(padding.unpad(encoded.expose()).unwrap().expose(), message);
        }
        Pkcs1PublicEncryptingKey::new(public)
            .unwrap()
            .encrypt(message, &mut block)
            .unwrap();
        let encoded = ours.apply(&block).unwrap();
        assert_eq!(
            Padding::Pkcs1.unpad(encoded.expose()).unwrap().expose(),
            message
        );
    }

    #[test]
    fn every_padding_takes_messages_up_to_its_capacity_and_no_longer() {
        for (name, bits) in [("rsa-1024-01", 1024), ("rsa-2048-02", 2048)] {
            let key = RsaPrivate::new(&ready(name)).unwrap();
            assert_eq!(key.public().bits(), bits);
            assert_eq!(key.provider.is_some(), bits >= 2048);
            let size = key.public().size();
            for padding in [Padding::None, Padding::Pkcs1, OAEP_SHA1] {
                for length in [1, padding.capacity(size)] {
                    let message = vec![b'x'; length];
                    let block = seal(key.public(), padding, &message);
                    let opened = key.open(&block, padding).unwrap();
                    assert_eq!(opened.unwrap().expose(), message);
                }
                let longer = vec![b'x'; padding.capacity(size) + 1];
                assert!(padding.pad(&longer, size, &mut SystemRandom).is_none());
            }
            assert_eq!(Padding::Pkcs1.capacity(256), 245);
            assert_eq!(OAEP_SHA1.capacity(256), 214);
        }
    }

    #[test]
    fn a_block_that_is_none_of_the_key_is_told_from_one_that_is() {
        let key = RsaPrivate::new(&ready("rsa-2048-01")).unwrap();
        assert_eq!(
            key.apply(&[1; 128]),
            Err(RsaError::BlockLength {
                found: 128,
                expected: 256
            })
        );
        assert_eq!(key.apply(&[0xff; 256]), Err(RsaError::BlockTooLarge));
        let other = RsaPublic::from_spki(&ready("rsa-2048-02").spki().unwrap()).unwrap();
        let block = seal(&other, OAEP_SHA1, b"x");
        match key.apply(&block) {
            Ok(noise) => assert!(OAEP_SHA1.unpad(noise.expose()).is_none()),
            Err(error) => assert_eq!(error, RsaError::BlockTooLarge),
        }
    }

    #[test]
    fn exponents_that_do_not_belong_together_are_damage_and_no_wrong_key() {
        let key = ready("rsa-2048-01");
        let mut der = key.pkcs8().expose().to_vec();
        let numbers = spki::rsa_private_numbers(&der).unwrap();
        let needle = numbers.exponent.to_vec();
        let at = der.windows(needle.len()).position(|w| w == needle).unwrap();
        der[at + needle.len() - 1] ^= 2;
        let broken = RsaPrivate::new(&PrivateKey::from_pkcs8(der).unwrap()).unwrap();
        let mut block = vec![3; 256];
        block[0] = 0;
        assert!(matches!(broken.apply(&block), Err(RsaError::Damaged(_))));
    }

    #[test]
    fn keys_that_are_not_rsa_or_of_an_odd_size_are_refused() {
        let ec = ready("ec-p256-01");
        assert_eq!(RsaPrivate::new(&ec).err(), Some(RsaError::NotRsa));
        let spki = ec.spki().unwrap();
        assert_eq!(RsaPublic::from_spki(&spki).err(), Some(RsaError::NotRsa));
        assert_eq!(RsaPublic::new(&[3], &[3]).err(), Some(RsaError::Size(2)));
        let huge = vec![0xff; 2049];
        assert_eq!(
            RsaPublic::new(&huge, &[3]).err(),
            Some(RsaError::Size(16392))
        );
        let even = vec![0xfe; 256];
        assert_eq!(
            RsaPublic::new(&even, &[3]).err(),
            Some(RsaError::Damaged("an even modulus"))
        );
    }
}
