use super::{KeyError, PrivateKey, Random};
use crate::secret::{Bytes, Password};

/// Reads the first private key of a PEM text: PKCS #8, encrypted PKCS #8 (PBES2), PKCS #1, SEC1.
///
/// # Errors
///
/// [`KeyError`] tells an absent key, a missing and a wrong password apart.
pub fn read_private_key(_pem: &[u8], _password: Option<&Password>) -> Result<PrivateKey, KeyError> {
    todo!()
}

/// Writes a key as encrypted PKCS #8 PEM: PBES2 with AES-256-CBC and PBKDF2-HMAC-SHA-256.
///
/// `iterations`: 600 000 for the CA's key (OWASP's figure for PBKDF2-HMAC-SHA-256).
///
/// # Errors
///
/// [`KeyError::Unusable`] if the provider cannot encrypt it.
pub fn write_encrypted_private_key(
    _key: &PrivateKey,
    _password: &Password,
    _iterations: u32,
    _random: &mut dyn Random,
) -> Result<Bytes, KeyError> {
    todo!()
}
