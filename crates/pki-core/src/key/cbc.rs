//! Block ciphers in CBC mode with PKCS #7 padding (RFC 8018 section 6.1.1), as password-based encryption
//! uses them. CBC proves nothing: what is decrypted may be nonsense.

use aws_lc_rs::{
    cipher::{self, DecryptionContext, EncryptionContext, UnboundCipherKey},
    iv::FixedLength,
};

use super::pbes2::Pbes2Error;
use crate::secret::Bytes;

/// The ciphers that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cipher {
    Aes128,
    Aes192,
    Aes256,
    TripleDes,
    /// 16 bytes of key: RFC 7292's pbeWithSHAAnd2-KeyTripleDES-CBC has it, PBES2 does not.
    TripleDes2Key,
}

impl Cipher {
    /// Bytes of key.
    pub(crate) fn key_len(self) -> usize {
        match self {
            Self::Aes128 | Self::TripleDes2Key => 16,
            Self::Aes192 | Self::TripleDes => 24,
            Self::Aes256 => 32,
        }
    }

    /// Bytes of block and of IV.
    pub(crate) fn block_len(self) -> usize {
        match self {
            Self::Aes128 | Self::Aes192 | Self::Aes256 => 16,
            Self::TripleDes | Self::TripleDes2Key => 8,
        }
    }

    /// Encrypts under key and IV of the cipher's own lengths.
    pub(crate) fn encrypt(
        self,
        key: &[u8],
        iv: &[u8],
        plain: &[u8],
    ) -> Result<Vec<u8>, Pbes2Error> {
        let refused = |_| Pbes2Error::Damaged("a key or IV that the cipher refuses");
        let key = UnboundCipherKey::new(self.algorithm(), key).map_err(refused)?;
        let key = cipher::PaddedBlockEncryptingKey::cbc_pkcs7(key).map_err(refused)?;
        let context = match (<[u8; 16]>::try_from(iv), <[u8; 8]>::try_from(iv)) {
            (Ok(iv), _) => EncryptionContext::Iv128(FixedLength::from(iv)),
            (_, Ok(iv)) => EncryptionContext::Iv64(FixedLength::from(iv)),
            _ => {
                return Err(Pbes2Error::Damaged(
                    "an IV of another length than the cipher's block",
                ));
            }
        };
        // Room for the padding, so that no copy of the plain text is left behind by growing.
        let mut out = Vec::with_capacity(plain.len() + self.block_len());
        out.extend_from_slice(plain);
        key.less_safe_encrypt(&mut out, context).map_err(refused)?;
        Ok(out)
    }

    /// Decrypts, and takes the padding off.
    pub(crate) fn decrypt(
        self,
        key: &[u8],
        iv: &[u8],
        encrypted: &[u8],
    ) -> Result<Bytes, Pbes2Error> {
        if encrypted.is_empty() || !encrypted.len().is_multiple_of(self.block_len()) {
            return Err(Pbes2Error::Damaged(
                "encrypted content that is not whole blocks",
            ));
        }
        let refused = |_| Pbes2Error::Damaged("a key or IV that the cipher refuses");
        let key = UnboundCipherKey::new(self.algorithm(), key).map_err(refused)?;
        let key = cipher::PaddedBlockDecryptingKey::cbc_pkcs7(key).map_err(refused)?;
        let context = match (<[u8; 16]>::try_from(iv), <[u8; 8]>::try_from(iv)) {
            (Ok(iv), _) => DecryptionContext::Iv128(FixedLength::from(iv)),
            (_, Ok(iv)) => DecryptionContext::Iv64(FixedLength::from(iv)),
            _ => {
                return Err(Pbes2Error::Damaged(
                    "an IV of another length than the cipher's block",
                ));
            }
        };
        let mut out = Bytes::from(encrypted);
        let length = key
            .decrypt(out.expose_mut(), context)
            .map_err(|_| Pbes2Error::WrongPassword)?
            .len();
        out.truncate(length);
        Ok(out)
    }

    // 3DES is deprecated by the provider; PKCS #12 files that people have are full of it.
    #[allow(deprecated)]
    fn algorithm(self) -> &'static cipher::Algorithm {
        match self {
            Self::Aes128 => &cipher::AES_128,
            Self::Aes192 => &cipher::AES_192,
            Self::Aes256 => &cipher::AES_256,
            Self::TripleDes => &cipher::DES_EDE3_FOR_LEGACY_USE_ONLY,
            Self::TripleDes2Key => &cipher::DES_EDE_FOR_LEGACY_USE_ONLY,
        }
    }
}
