use crate::{
    keystore::{Content, DecodeError, Decoded, Format, Integrity, Keystore, UnsealError},
    secret::Password,
};

/// A store that was opened as far as it goes.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Opened {
    /// What is in it, and what the file says about itself.
    pub decoded: Decoded,
    /// How far it was opened.
    pub access: Access,
}

/// How far a store was opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// All of it, with this password; for PEM, the one that opens its keys.
    Password(Password),
    /// All of it: nothing in it needs a password.
    Open,
    /// What lies open, since there was no password to try.
    NoPassword,
    /// What lies open, since none of the passwords opens the rest.
    WrongPassword,
}

/// Opens a store with the first password that fits; if none does, as far as it lies open.
///
/// # Errors
///
/// [`DecodeError`] for what is no store, damaged, or not supported; never for want of a password.
pub fn open_with_any(bytes: &[u8], passwords: &[Password]) -> Result<Opened, DecodeError> {
    let needs_none = matches!(
        Format::detect(bytes),
        Some(Format::Pem | Format::Der | Format::Pkcs7)
    );
    if needs_none {
        let decoded = Keystore::decode_unverified(bytes)?;
        let access = open_keys(&decoded, passwords);
        return Ok(Opened { decoded, access });
    }
    let mut doubtful = None;
    for password in passwords {
        match Keystore::decode(bytes, password) {
            Err(DecodeError::WrongPassword { .. }) => {}
            Err(error) => return Err(error),
            Ok(decoded) => {
                let access = Access::Password(password.clone());
                // A file without a proof of integrity opens under any password: its keys decide.
                if passwords.len() == 1
                    || decoded.integrity == Integrity::Verified
                    || !all_refuse(&decoded, password)
                {
                    return Ok(Opened { decoded, access });
                }
                doubtful.get_or_insert(Opened { decoded, access });
            }
        }
    }
    if let Some(doubtful) = doubtful {
        return Ok(doubtful);
    }
    let access = match passwords {
        [] => Access::NoPassword,
        _ => Access::WrongPassword,
    };
    let decoded = Keystore::look(bytes)?;
    Ok(Opened { decoded, access })
}

/// The password that opens the first key that needs one.
fn open_keys(decoded: &Decoded, passwords: &[Password]) -> Access {
    let sealed = decoded
        .keystore
        .entries()
        .iter()
        .find_map(|entry| match &entry.content {
            Content::PrivateKey { key, .. } if !key.is_unprotected() => Some(key),
            _ => None,
        });
    let Some(sealed) = sealed else {
        return Access::Open;
    };
    let fits = |password: &&Password| sealed.open(password).is_ok();
    match (passwords.iter().find(fits), passwords) {
        (Some(password), _) => Access::Password(password.clone()),
        (None, []) => Access::NoPassword,
        (None, _) => Access::WrongPassword,
    }
}

/// True if there are keys, and the password opens none.
fn all_refuse(decoded: &Decoded, password: &Password) -> bool {
    let mut keys = decoded
        .keystore
        .entries()
        .iter()
        .filter_map(|entry| match &entry.content {
            Content::PrivateKey { key, .. } => Some(key),
            _ => None,
        })
        .peekable();
    keys.peek().is_some() && keys.all(|key| key.open(password) == Err(UnsealError::WrongPassword))
}
