//! How OpenSSL encrypted private keys in PEM before there was PKCS #8: the block keeps the label of the
//! bare key (`RSA PRIVATE KEY`) and says in headers (RFC 1421 section 4.6.1.3) how its content is
//! encrypted. OpenSSL calls the format traditional, and 1.1 still writes it with `genrsa -aes256`.

use md5::{Digest as _, Md5};

use super::{cbc::Cipher, pbes2::Pbes2Error};
use crate::{
    secret::{Bytes, Password},
    x509::PemBlock,
};

/// The content of an encrypted block, and how it is encrypted.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Traditional {
    scheme: Scheme,
    iv: Vec<u8>,
    encrypted: Vec<u8>,
}

/// A cipher by the name that OpenSSL writes.
type Scheme = &'static (&'static str, Cipher);

impl Traditional {
    /// `None`: the block is not encrypted in this way.
    pub(crate) fn read(block: &PemBlock) -> Result<Option<Self>, Pbes2Error> {
        let header = |wanted: &str| {
            let mut headers = block.headers.iter();
            let found = headers.find(|(name, _)| name == wanted);
            found.map(|(_, value)| value.as_str())
        };
        let Some(info) = header("DEK-Info") else {
            return match header("Proc-Type").is_some_and(|value| value.contains("ENCRYPTED")) {
                true => Err(Pbes2Error::Damaged("encrypted, and no DEK-Info says how")),
                false => Ok(None),
            };
        };
        let (name, iv) = info.split_once(',').unwrap_or((info, ""));
        let name = name.trim();
        let scheme = CIPHERS
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .ok_or_else(|| Pbes2Error::Unsupported(shown(name)))?;
        let iv = unhex(iv.trim()).filter(|iv| iv.len() == scheme.1.block_len());
        Ok(Some(Self {
            scheme,
            iv: iv.ok_or(Pbes2Error::Damaged("a DEK-Info without the cipher's IV"))?,
            encrypted: block.der.expose().to_vec(),
        }))
    }

    /// The cipher, by its name.
    pub(crate) fn cipher(&self) -> &'static str {
        self.scheme.0
    }

    /// Decrypts the content. A wrong password may give noise.
    pub(crate) fn decrypt(&self, password: &Password) -> Result<Bytes, Pbes2Error> {
        let cipher = self.scheme.1;
        let key = derive(&self.iv, password.utf8(), cipher.key_len());
        cipher.decrypt(key.expose(), &self.iv, &self.encrypted)
    }
}

/// `EVP_BytesToKey` with MD5 and one round; the salt is the beginning of the IV.
fn derive(iv: &[u8], password: &[u8], length: usize) -> Bytes {
    let salt = &iv[..SALT.min(iv.len())];
    let mut out = Bytes::from(vec![0; length]);
    for start in (0..length).step_by(HASH) {
        let before = &out.expose()[start.saturating_sub(HASH)..start];
        let hash = Md5::new_with_prefix(before)
            .chain_update(password)
            .chain_update(salt)
            .finalize();
        let end = length.min(start + HASH);
        out.expose_mut()[start..end].copy_from_slice(&hash[..end - start]);
    }
    out
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let even = digits && text.len().is_multiple_of(2);
    even.then(|| text.as_bytes().chunks(2).map(pair).collect())?
}

/// A name from a file, fit for a message.
fn shown(name: &str) -> String {
    let plain = |c: &char| c.is_ascii_alphanumeric() || *c == '-';
    let name: String = name.chars().filter(plain).take(LONGEST_NAME).collect();
    match name.is_empty() {
        true => "a cipher without a name".to_owned(),
        false => name,
    }
}

/// What `openssl genrsa` and `openssl ec` offer and the provider has. Single DES, RC2, IDEA, SEED,
/// Camellia and ARIA are OpenSSL's too; none is read.
const CIPHERS: &[(&str, Cipher)] = &[
    ("AES-128-CBC", Cipher::Aes128),
    ("AES-192-CBC", Cipher::Aes192),
    ("AES-256-CBC", Cipher::Aes256),
    ("DES-EDE3-CBC", Cipher::TripleDes),
];
/// `PKCS5_SALT_LEN` of OpenSSL.
const SALT: usize = 8;
/// Bytes of an MD5.
const HASH: usize = 16;
/// More than any name of a cipher.
const LONGEST_NAME: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::x509::pem_blocks;

    fn read(headers: &str) -> Result<Option<Traditional>, Pbes2Error> {
        let text = format!(
            "-----BEGIN RSA PRIVATE KEY-----\n{headers}\nMAA=\n-----END RSA PRIVATE KEY-----\n"
        );
        Traditional::read(&pem_blocks(text.as_bytes()).unwrap()[0])
    }

    #[test]
    fn a_key_is_as_long_as_its_cipher_wants() {
        // openssl enc -aes-256-cbc -md md5 -k secret -S 0102030405060708 -P (OpenSSL 3.0)
        let key = derive(&[1, 2, 3, 4, 5, 6, 7, 8, 9], b"secret", 32);
        let hex: String = key.expose().iter().map(|b| format!("{b:02X}")).collect();
        assert_eq!(
            hex,
            "C9E5A1BD216DBE1317E230CEF48F38EE7F0E17AD64022144BCCEC4A1AA2879AB"
        );
        assert_eq!(
            derive(&[1, 2, 3, 4, 5, 6, 7, 8], b"secret", 24).expose(),
            &key.expose()[..24]
        );
    }

    #[test]
    fn headers_that_say_nothing_or_nonsense_are_told_apart() {
        assert!(matches!(read(""), Ok(None)));
        assert!(matches!(read("Proc-Type: 4,MIC-ONLY\n"), Ok(None)));
        for (headers, unsupported) in [
            ("Proc-Type: 4,ENCRYPTED\n", None),
            ("DEK-Info: AES-256-CBC\n", None),
            ("DEK-Info: AES-256-CBC,00\n", None),
            (
                "DEK-Info: AES-256-CBC,0G0102030405060708090A0B0C0D0E0F\n",
                None,
            ),
            ("DEK-Info: DES-CBC,0102030405060708\n", Some("DES-CBC")),
            ("DEK-Info: \u{202e}x`\n", Some("x")),
            ("DEK-Info: \n", Some("a cipher without a name")),
        ] {
            let Err(error) = read(headers) else {
                panic!("{headers} was read");
            };
            match unsupported {
                Some(name) => assert_eq!(error, Pbes2Error::Unsupported(name.to_owned())),
                None => assert!(
                    matches!(error, Pbes2Error::Damaged(_)),
                    "{headers}{error:?}"
                ),
            }
        }
    }
}
