use std::num::NonZeroU32;

use super::{
    KeyError, PrivateKey, Random,
    der::{self, DerError, Reader},
    pbes2, spki,
};
use crate::{
    secret::{Bytes, Password},
    x509::{PemBlock, pem_blocks, write_pem},
};

/// Reads the first private key of a PEM text: PKCS #8, encrypted PKCS #8 (PBES2), PKCS #1, SEC1.
///
/// Certificates, `EC PARAMETERS` and whatever else stands before the key are passed over. A password for
/// a key that is not encrypted is not asked for and not used.
///
/// # Errors
///
/// [`KeyError`] tells an absent key, a missing and a wrong password apart. The encryption that OpenSSL
/// wrote before PKCS #8 (`DEK-Info`, one MD5 a guess) is not read: [`KeyError::Pem`].
pub fn read_private_key(pem: &[u8], password: Option<&Password>) -> Result<PrivateKey, KeyError> {
    let blocks = pem_blocks(pem).map_err(|error| no_key(error.to_string()))?;
    let key = blocks
        .iter()
        .find(|block| block.label.ends_with("PRIVATE KEY"))
        .ok_or_else(|| no_key("the text has no private key block".to_owned()))?;
    if key.headers.iter().any(|(name, _)| name == "DEK-Info") {
        return Err(no_key(format!(
            "the {} block is encrypted in OpenSSL's old way (DEK-Info), not as PKCS #8",
            key.label
        )));
    }
    let der = key.der.expose();
    let broken = |error: DerError| {
        no_key(format!(
            "the {} block is damaged: {}",
            key.label, error.reason
        ))
    };
    match key.label.as_str() {
        "PRIVATE KEY" => PrivateKey::from_pkcs8(der),
        "ENCRYPTED PRIVATE KEY" => {
            let password = password.ok_or(KeyError::PasswordNeeded)?;
            let (algorithm, encrypted) = encrypted_parts(der).map_err(broken)?;
            let plain = pbes2::decrypt(algorithm, encrypted, password).map_err(not_opened)?;
            // A wrong password passes the padding check once in 256 times, and gives noise.
            PrivateKey::from_pkcs8(plain).map_err(|_| KeyError::WrongPassword)
        }
        "RSA PRIVATE KEY" => PrivateKey::from_pkcs8(spki::pkcs8_of_rsa(der).map_err(broken)?),
        "EC PRIVATE KEY" => {
            let parameters = ec_parameters(&blocks);
            let der = spki::pkcs8_of_ec(der, parameters).map_err(broken)?;
            PrivateKey::from_pkcs8(der)
        }
        label => Err(no_key(format!("a {label} block is not read"))),
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

/// The curve that `openssl ecparam -genkey` writes into a block of its own before the key.
fn ec_parameters(blocks: &[PemBlock]) -> Option<&[u8]> {
    let block = blocks.iter().find(|block| block.label == "EC PARAMETERS")?;
    Reader::new(block.der.expose()).oid("no curve").ok()
}

fn not_opened(error: pbes2::Pbes2Error) -> KeyError {
    use pbes2::Pbes2Error;
    match error {
        Pbes2Error::WrongPassword => KeyError::WrongPassword,
        Pbes2Error::Damaged(reason) => no_key(format!("the encryption is damaged: {reason}")),
        Pbes2Error::Iterations(count) => no_key(format!(
            "{count} iterations, more than the {} that are worth the time",
            pbes2::MAX_ITERATIONS
        )),
        Pbes2Error::Unsupported(oid) => no_key(format!("an encryption that is not read: {oid}")),
    }
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
    fn a_text_without_a_key_says_so_and_old_encryption_is_named() {
        assert!(matches!(
            read_private_key(b"hello", None),
            Err(KeyError::Pem { .. })
        ));
        let old = b"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        let Err(KeyError::Pem { reason }) = read_private_key(old, None) else {
            panic!("an old encrypted key was read");
        };
        assert!(reason.contains("DEK-Info"), "{reason}");
    }
}
