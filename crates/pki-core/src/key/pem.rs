use std::num::NonZeroU32;

use super::{
    KeyError, PrivateKey, Random,
    der::{self, DerError, Reader},
    pbes2::{self, Pbes2Error},
    spki,
    traditional::Traditional,
};
use crate::{
    secret::{Bytes, Password},
    x509::{PemBlock, pem_blocks, write_pem},
};

/// Reads the first private key of a PEM text: PKCS #8, PKCS #1, SEC 1 and OpenSSL's DSA, encrypted with
/// PBES2 or in OpenSSL's traditional way (`DEK-Info`: AES or 3DES), or not.
///
/// Certificates, `EC PARAMETERS` and whatever else stands before the key are passed over. A password for
/// a key that is not encrypted is not asked for and not used.
///
/// # Errors
///
/// [`KeyError`] tells an absent key, a missing and a wrong password, and an encryption that is not read
/// apart.
pub fn read_private_key(pem: &[u8], password: Option<&Password>) -> Result<PrivateKey, KeyError> {
    let blocks = pem_blocks(pem).map_err(|error| no_key(error.to_string()))?;
    let mut reader = PemKeys::default();
    let first = blocks.iter().find_map(|block| reader.read(block));
    let first = first.ok_or_else(|| no_key("the text has no private key block".to_owned()))?;
    let needed = || password.ok_or(KeyError::PasswordNeeded);
    match first? {
        PemKey::Open(key) => Ok(key),
        PemKey::Pkcs8(der) => {
            let (algorithm, encrypted) = encrypted_parts(&der)
                .map_err(|error| damaged("ENCRYPTED PRIVATE KEY", error.reason))?;
            let plain = pbes2::decrypt(algorithm, encrypted, needed()?).map_err(not_opened)?;
            // A wrong password passes the padding check once in 256 times, and gives noise.
            PrivateKey::from_pkcs8(plain).map_err(|_| KeyError::WrongPassword)
        }
        PemKey::Traditional(key) => key.open(needed()?).map_err(not_opened),
    }
}

/// A private key as it lies in a PEM text.
pub(crate) enum PemKey {
    /// Bare, whatever it was wrapped in.
    Open(PrivateKey),
    /// DER of an `EncryptedPrivateKeyInfo`, not looked at.
    Pkcs8(Vec<u8>),
    /// Encrypted in OpenSSL's traditional way.
    Traditional(TraditionalKey),
}

/// A key in OpenSSL's traditional encryption.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct TraditionalKey {
    wrapping: Wrapping,
    /// Content octets of the curve's OID, from a block before the key.
    curve: Option<Vec<u8>>,
    content: Traditional,
}

impl PemKey {
    /// The key that a label and DER are. `curve`: as [`TraditionalKey`] has it.
    pub(crate) fn bare(label: &str, der: &Bytes, curve: Option<&[u8]>) -> Result<Self, KeyError> {
        Ok(match label {
            "PRIVATE KEY" => Self::Open(PrivateKey::from_pkcs8(der.clone())?),
            "ENCRYPTED PRIVATE KEY" => Self::Pkcs8(der.expose().to_vec()),
            label => {
                let key = Wrapping::of(label)?.unwrap(der.expose(), curve);
                Self::Open(key.map_err(|error| damaged(label, error.reason))?)
            }
        })
    }

    /// `parameters`: the block into which `openssl ecparam -genkey` writes the curve before the key.
    fn read(block: &PemBlock, parameters: Option<&PemBlock>) -> Result<Self, KeyError> {
        let curve = parameters.and_then(|block| Reader::new(block.der.expose()).oid("").ok());
        match Traditional::read(block) {
            Ok(None) => Self::bare(&block.label, &block.der, curve),
            Ok(Some(content)) => Ok(Self::Traditional(TraditionalKey {
                wrapping: Wrapping::of(&block.label)?,
                curve: curve.map(<[u8]>::to_vec),
                content,
            })),
            Err(Pbes2Error::Damaged(reason)) => Err(damaged(&block.label, reason)),
            Err(error) => Err(not_opened(error)),
        }
    }
}

impl TraditionalKey {
    /// Opens it.
    pub(crate) fn open(&self, password: &Password) -> Result<PrivateKey, Pbes2Error> {
        let plain = self.content.decrypt(password)?;
        // A wrong password passes the padding check once in 256 times, and gives noise.
        self.wrapping
            .unwrap(plain.expose(), self.curve.as_deref())
            .map_err(|_| Pbes2Error::WrongPassword)
    }

    /// The cipher, by its name: `AES-256-CBC`.
    pub(crate) fn cipher(&self) -> &'static str {
        self.content.cipher()
    }
}

/// Reads the private keys of a PEM text, block by block, in the order of the text.
#[derive(Default)]
pub(crate) struct PemKeys<'b> {
    parameters: Option<&'b PemBlock>,
}

impl<'b> PemKeys<'b> {
    /// The key in a block; `None` if it is of another kind.
    pub(crate) fn read(&mut self, block: &'b PemBlock) -> Option<Result<PemKey, KeyError>> {
        if block.label == "EC PARAMETERS" {
            self.parameters = Some(block);
        }
        let is_key = block.label.ends_with("PRIVATE KEY");
        is_key.then(|| PemKey::read(block, self.parameters))
    }
}

/// What a key is wrapped in that is no PKCS #8.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrapping {
    /// OpenSSL's sequence of numbers.
    Dsa,
    /// SEC 1 (RFC 5915).
    Ec,
    /// PKCS #1 (RFC 8017 appendix A.1.2).
    Rsa,
}

impl Wrapping {
    fn of(label: &str) -> Result<Self, KeyError> {
        match label {
            "DSA PRIVATE KEY" => Ok(Self::Dsa),
            "EC PRIVATE KEY" => Ok(Self::Ec),
            "RSA PRIVATE KEY" => Ok(Self::Rsa),
            label => Err(no_key(format!("a {label} block is not read"))),
        }
    }

    fn unwrap(self, der: &[u8], curve: Option<&[u8]>) -> Result<PrivateKey, DerError> {
        let pkcs8 = match self {
            Self::Dsa => spki::pkcs8_of_dsa(der),
            Self::Ec => spki::pkcs8_of_ec(der, curve),
            Self::Rsa => spki::pkcs8_of_rsa(der),
        }?;
        PrivateKey::from_pkcs8(pkcs8).map_err(|_| DerError {
            offset: 0,
            reason: "no private key",
        })
    }
}

/// Writes a key as encrypted PKCS #8 PEM: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256.
///
/// `iterations`: 600 000 for the CA's key (OWASP's figure for PBKDF2-HMAC-SHA-256).
///
/// # Errors
///
/// [`KeyError::Unusable`] if there are no iterations, or the provider cannot encrypt.
pub fn write_encrypted_private_key(
    key: &PrivateKey,
    password: &Password,
    iterations: u32,
    random: &mut dyn Random,
) -> Result<Bytes, KeyError> {
    let failed = |reason: &str| KeyError::Unusable {
        reason: reason.to_owned(),
    };
    let iterations = NonZeroU32::new(iterations).ok_or_else(|| failed("no iterations"))?;
    let (algorithm, encrypted) = pbes2::encrypt(key.pkcs8().expose(), password, iterations, random)
        .map_err(|_| failed("the provider does not encrypt it"))?;
    let der = der::sequence(&[&algorithm, &der::encode(der::OCTET_STRING, &[&encrypted])]);
    Ok(write_pem("ENCRYPTED PRIVATE KEY", &der))
}

/// AlgorithmIdentifier and encrypted bytes of an EncryptedPrivateKeyInfo (RFC 5958 section 3).
fn encrypted_parts(der: &[u8]) -> Result<(&[u8], &[u8]), DerError> {
    let mut outer = Reader::new(der);
    let mut info = outer.sequence("not a DER sequence")?;
    outer.finish("bytes follow it")?;
    let algorithm = info.element()?.whole;
    let encrypted = info
        .expect(der::OCTET_STRING, "no encrypted bytes")?
        .content;
    info.finish("bytes follow the encrypted bytes")?;
    Ok((algorithm, encrypted))
}

fn not_opened(error: Pbes2Error) -> KeyError {
    match error {
        Pbes2Error::WrongPassword => KeyError::WrongPassword,
        Pbes2Error::Damaged(reason) => no_key(format!("the encryption is damaged: {reason}")),
        Pbes2Error::Iterations(count) => no_key(format!(
            "{count} iterations, more than the {} that are worth the time",
            pbes2::MAX_ITERATIONS
        )),
        Pbes2Error::Unsupported(algorithm) => KeyError::UnsupportedEncryption { algorithm },
    }
}

fn damaged(label: &str, reason: &str) -> KeyError {
    no_key(format!("the {label} block is damaged: {reason}"))
}

fn no_key(reason: String) -> KeyError {
    KeyError::Pem { reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{KeyAlgorithm, KeyMatch, SystemRandom};

    const RSA: &[u8] = include_bytes!("../../../../testdata/keys/rsa-2048-01.pem");
    const P384: &[u8] = include_bytes!("../../../../testdata/keys/ec-p384-01.pem");

    #[test]
    fn what_is_written_encrypted_opens_with_its_password_alone() {
        for pem in [RSA, P384] {
            let key = read_private_key(pem, None).unwrap();
            let password = Password::new("pässword");
            let written =
                write_encrypted_private_key(&key, &password, 1000, &mut SystemRandom).unwrap();
            let read = |password: Option<&Password>| read_private_key(written.expose(), password);
            assert!(read(Some(&password)).unwrap() == key);
            assert_eq!(
                read(Some(&Password::new("other"))).unwrap_err(),
                KeyError::WrongPassword
            );
            assert_eq!(read(None).unwrap_err(), KeyError::PasswordNeeded);
        }
    }

    #[test]
    fn line_ends_marks_and_other_blocks_do_not_matter() {
        let text = String::from_utf8(RSA.to_vec()).unwrap();
        let messy = format!(
            "\u{feff}Bag Attributes\r\n-----BEGIN CERTIFICATE-----\r\nMAA=\r\n-----END CERTIFICATE-----\r\n{}",
            text.replace('\n', "\r\n").trim_end()
        );
        let key = read_private_key(messy.as_bytes(), None).unwrap();
        assert_eq!(key.algorithm(), Some(KeyAlgorithm::Rsa2048));
    }

    #[test]
    fn rsa_and_ec_keys_in_their_own_wrapping_are_the_same_keys() {
        let rsa = read_private_key(RSA, None).unwrap();
        let inner = spki::inner_key(rsa.pkcs8().expose()).unwrap();
        let pkcs1 = write_pem("RSA PRIVATE KEY", inner);
        assert!(read_private_key(pkcs1.expose(), None).unwrap() == rsa);

        let ec = read_private_key(P384, None).unwrap();
        let inner = spki::inner_key(ec.pkcs8().expose()).unwrap();
        let curve = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22];
        let alone = write_pem("EC PRIVATE KEY", inner);
        let parameters = write_pem("EC PARAMETERS", &curve);
        let sec1 = [parameters.expose(), alone.expose()].concat();
        let read = read_private_key(&sec1, None).unwrap();
        assert_eq!(read.spki().unwrap(), ec.spki().unwrap());
        assert!(matches!(
            read_private_key(alone.expose(), None),
            Err(KeyError::Pem { .. })
        ));
        assert_eq!(
            spki::same_key(&read.spki().unwrap(), &rsa.spki().unwrap()),
            KeyMatch::No
        );
    }

    #[test]
    fn a_text_without_a_key_says_so_and_an_encryption_that_is_not_read_is_named() {
        assert!(matches!(
            read_private_key(b"hello", None),
            Err(KeyError::Pem { .. })
        ));
        let old = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: DES-CBC,0102030405060708\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        let algorithm = "DES-CBC".to_owned();
        assert_eq!(
            read_private_key(old, None),
            Err(KeyError::UnsupportedEncryption { algorithm })
        );
    }
}
