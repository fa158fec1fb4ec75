use super::EditError;
use crate::{
    key::{PrivateKey, read_private_key},
    keystore::{
        Alias, Content, DecodeError, Decoded, Format, Keystore, SealedKey, UnsealError,
        read_pem_certificates,
    },
    secret::Password,
    x509::{Certificate, pem_blocks, write_pem},
};

/// What somebody wants to import: the keys and certificates of one or several files, whatever their
/// encoding.
///
/// ```
/// use pki_core::{edit::Material, keystore::write_pem_certificates, x509::Certificate};
///
/// let bundle = write_pem_certificates(&[Certificate::from_der(vec![0x30, 0x00])]);
/// let mut material = Material::default();
/// material.read(bundle.as_bytes(), None)?;
/// assert_eq!(material.certificates.len(), 1);
/// # Ok::<(), pki_core::edit::EditError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Material {
    /// The private keys.
    pub keys: Vec<MaterialKey>,
    /// The certificates that are in no chain of a keystore, in order.
    pub certificates: Vec<Certificate>,
}

/// A private key to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaterialKey {
    /// What a keystore calls it; a PEM or DER file has no name for it.
    pub alias: Option<Alias>,
    /// The key, open.
    pub key: PrivateKey,
    /// The chain that a keystore has for it.
    pub chain: Vec<Certificate>,
}

impl Material {
    /// Adds what is in a file: PEM with certificates and keys (PKCS #1, SEC 1, PKCS #8, encrypted or
    /// not), one certificate or one key in DER, or a keystore of any format. `password` opens a
    /// keystore and its keys, or an encrypted key.
    ///
    /// # Errors
    ///
    /// What the readers say: [`EditError::Pem`], [`EditError::Key`], [`EditError::Decode`]; and
    /// [`EditError::Sealed`] for a key of a keystore that the password does not open.
    pub fn read(&mut self, bytes: &[u8], password: Option<&Password>) -> Result<(), EditError> {
        match Format::detect(bytes) {
            Some(Format::Pem) => self.read_pem(bytes, password),
            Some(_) => self.read_keystore(bytes, password),
            None => self.read_der(bytes, password),
        }
    }

    /// Adds entries of a keystore: its certificates and its key, or the entry that is named. Beside a key
    /// the certificates that the store trusts are there to complete its chain. No other key is opened;
    /// each password is tried on it.
    ///
    /// # Errors
    ///
    /// [`EditError::NoEntry`], [`EditError::NotAKey`] for a secret key, [`EditError::SeveralKeys`] if none
    /// is named, [`EditError::Sealed`]; [`EditError::Decode`] for a sealed key without a password.
    pub fn take(
        &mut self,
        decoded: &Decoded,
        alias: Option<&Alias>,
        passwords: &[Password],
    ) -> Result<(), EditError> {
        let store = &decoded.keystore;
        let named = match alias {
            Some(alias) => {
                let missing = || EditError::NoEntry {
                    alias: alias.clone(),
                };
                Some(store.get(alias.as_str()).ok_or_else(missing)?)
            }
            None => None,
        };
        if let Some(entry) = named {
            match &entry.content {
                Content::TrustedCertificate { certificate, .. } => {
                    self.certificates.push(certificate.clone());
                    return Ok(());
                }
                Content::SecretKey { .. } => {
                    return Err(EditError::NotAKey {
                        alias: entry.alias.clone(),
                    });
                }
                Content::PrivateKey { .. } => {}
            }
        }
        let keys = store.entries().iter().filter_map(|entry| {
            let wanted = named.is_none_or(|named| std::ptr::eq(named, entry));
            match &entry.content {
                Content::PrivateKey { key, chain } if wanted => Some((&entry.alias, key, chain)),
                _ => None,
            }
        });
        let keys: Vec<_> = keys.collect();
        if keys.len() > 1 {
            let aliases = keys.iter().map(|(alias, ..)| Some((*alias).clone()));
            return Err(EditError::SeveralKeys {
                aliases: aliases.collect(),
            });
        }
        for (alias, key, chain) in keys {
            let key = open(key, passwords, decoded.format, alias)?;
            self.push(Some(alias.clone()), key, chain.clone());
        }
        for entry in store.entries() {
            if let Content::TrustedCertificate { certificate, .. } = &entry.content {
                self.certificates.push(certificate.clone());
            }
        }
        Ok(())
    }

    /// All certificates: those of chains first.
    pub fn all_certificates(&self) -> Vec<Certificate> {
        let chains = self.keys.iter().flat_map(|key| &key.chain);
        chains.chain(&self.certificates).cloned().collect()
    }

    /// The key to import: the only one, or the one with an alias.
    ///
    /// # Errors
    ///
    /// [`EditError::NoKey`], [`EditError::SeveralKeys`], [`EditError::NoEntry`].
    pub fn key(&self, alias: Option<&Alias>) -> Result<&MaterialKey, EditError> {
        if let Some(alias) = alias {
            let lookup = alias.lookup();
            let named =
                |key: &&MaterialKey| key.alias.as_ref().is_some_and(|a| a.lookup() == lookup);
            return self
                .keys
                .iter()
                .find(named)
                .ok_or_else(|| EditError::NoEntry {
                    alias: alias.clone(),
                });
        }
        match self.keys.as_slice() {
            [] => Err(EditError::NoKey),
            [key] => Ok(key),
            keys => Err(EditError::SeveralKeys {
                aliases: keys.iter().map(|key| key.alias.clone()).collect(),
            }),
        }
    }

    fn read_pem(&mut self, bytes: &[u8], password: Option<&Password>) -> Result<(), EditError> {
        self.certificates.extend(read_pem_certificates(bytes)?);
        let mut parameters: Option<Vec<u8>> = None;
        for block in pem_blocks(bytes)? {
            if block.label == "EC PARAMETERS" {
                parameters = Some(
                    write_pem(&block.label, block.der.expose())
                        .expose()
                        .to_vec(),
                );
            }
            if !block.label.ends_with("PRIVATE KEY") {
                continue;
            }
            // The old encryption is told by the block's headers, which only the whole text has.
            let key = if block.headers.is_empty() {
                let alone = write_pem(&block.label, block.der.expose());
                let before = parameters.take().unwrap_or_default();
                let text = crate::secret::Bytes::from([&before, alone.expose()].concat());
                read_private_key(text.expose(), password)?
            } else {
                read_private_key(&bytes[block.offset..], password)?
            };
            self.push(None, key, Vec::new());
        }
        Ok(())
    }

    fn read_der(&mut self, bytes: &[u8], password: Option<&Password>) -> Result<(), EditError> {
        let certificate = Certificate::from_der(bytes.to_vec());
        if certificate.view().is_ok() {
            self.certificates.push(certificate);
            return Ok(());
        }
        for label in DER_KEYS {
            let text = write_pem(label, bytes);
            match read_private_key(text.expose(), password) {
                Ok(key) => {
                    self.push(None, key, Vec::new());
                    return Ok(());
                }
                Err(
                    error @ (crate::key::KeyError::PasswordNeeded
                    | crate::key::KeyError::WrongPassword),
                ) if looks_encrypted(bytes) => return Err(error.into()),
                Err(_) => {}
            }
        }
        // Says what it begins with.
        match Keystore::decode_unverified(bytes) {
            Err(error) => Err(error.into()),
            Ok(_) => self.read_keystore(bytes, password),
        }
    }

    fn read_keystore(
        &mut self,
        bytes: &[u8],
        password: Option<&Password>,
    ) -> Result<(), EditError> {
        let decoded = match password {
            Some(password) => Keystore::decode(bytes, password)?,
            None => Keystore::decode_unverified(bytes)?,
        };
        let format = decoded.format;
        for entry in decoded.keystore.entries() {
            match &entry.content {
                Content::PrivateKey { key, chain } => {
                    let key = open(
                        key,
                        password.map_or(&[], std::slice::from_ref),
                        format,
                        &entry.alias,
                    )?;
                    self.push(Some(entry.alias.clone()), key, chain.clone());
                }
                Content::TrustedCertificate { certificate, .. } => {
                    self.certificates.push(certificate.clone());
                }
                Content::SecretKey { .. } => {}
            }
        }
        Ok(())
    }

    fn push(&mut self, alias: Option<Alias>, key: PrivateKey, chain: Vec<Certificate>) {
        self.keys.push(MaterialKey { alias, key, chain });
    }
}

/// Opens a key with the first password that does.
fn open(
    key: &SealedKey,
    passwords: &[Password],
    format: Format,
    alias: &Alias,
) -> Result<PrivateKey, EditError> {
    if passwords.is_empty() && !key.is_unprotected() {
        return Err(DecodeError::PasswordNeeded { format }.into());
    }
    let empty = [Password::default()];
    let passwords = match passwords {
        [] => &empty,
        given => given,
    };
    let mut opened = Err(UnsealError::WrongPassword);
    for password in passwords {
        opened = key.open(password);
        if opened != Err(UnsealError::WrongPassword) {
            break;
        }
    }
    opened.map_err(|reason| EditError::Sealed {
        alias: alias.clone(),
        reason,
    })
}

/// An EncryptedPrivateKeyInfo (RFC 5958 section 3) is a SEQUENCE that begins with a SEQUENCE; all other
/// keys begin with a version.
fn looks_encrypted(bytes: &[u8]) -> bool {
    let mut outer = crate::x509::der::Reader::new(bytes);
    let inner = outer.sequence("an EncryptedPrivateKeyInfo");
    inner.is_ok_and(|mut inner| inner.sequence("an algorithm").is_ok())
}

/// What a key in DER may be, in the order in which the wrong ones are recognized as wrong.
const DER_KEYS: [&str; 4] = [
    "PRIVATE KEY",
    "ENCRYPTED PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{made, store_of},
        key::{KeyError, SystemRandom, write_encrypted_private_key},
        keystore::{Encoding, Entry, write_pem_certificates},
    };

    fn read(bytes: &[u8], password: Option<&str>) -> Result<Material, EditError> {
        let password = password.map(Password::new);
        let mut material = Material::default();
        material.read(bytes, password.as_ref())?;
        Ok(material)
    }

    #[test]
    fn the_same_key_is_read_from_pem_der_and_keystores() {
        let made = made("a", None);
        let plain = read(made.key_pem.as_bytes(), None).unwrap();
        let key = &plain.key(None).unwrap().key;
        let password = Password::new("changeit");
        let encrypted =
            write_encrypted_private_key(key, &password, 1000, &mut SystemRandom).unwrap();
        let encrypted_der = pem_blocks(encrypted.expose()).unwrap().remove(0).der;
        let jks = store_of([
            made.entry("K", "changeit"),
            Entry::trusted("ca", made.certificate.clone()),
        ]);
        let mut lower = jks.entries().to_vec();
        lower[0].alias = "k".into();
        let jks: Keystore = lower.into_iter().collect();
        let jks = jks
            .encode(Encoding::Jks, &password, &mut SystemRandom)
            .unwrap();
        for (what, bytes) in [
            ("DER", key.pkcs8().expose()),
            ("encrypted PEM", encrypted.expose()),
            ("encrypted DER", encrypted_der.expose()),
            ("JKS", jks.expose()),
        ] {
            let material = read(bytes, Some("changeit")).unwrap();
            assert!(material.key(None).unwrap().key == *key, "{what}");
            let without = read(bytes, None);
            let wrong = read(bytes, Some("wrong"));
            if what == "DER" {
                assert_eq!(without, wrong);
            } else {
                assert!(without.is_err() && wrong.is_err(), "{what}");
            }
        }
        let from_jks = read(jks.expose(), Some("changeit")).unwrap();
        assert_eq!(from_jks.certificates, vec![made.certificate.clone()]);
        assert_eq!(from_jks.all_certificates().len(), 2);
        assert!(from_jks.key(Some(&"K".into())).is_ok());
    }

    #[test]
    fn certificates_are_read_from_bundles_and_der() {
        let (a, b) = (made("a", None).certificate, made("b", None).certificate);
        let bundle = write_pem_certificates(&[a.clone(), b.clone()]);
        let material = read(bundle.as_bytes(), None).unwrap();
        assert_eq!(material.certificates, [a.clone(), b]);
        assert_eq!(material.key(None), Err(EditError::NoKey));
        assert_eq!(read(a.der(), None).unwrap().certificates, [a]);
    }

    #[test]
    fn what_is_none_of_these_says_what_it_is() {
        assert!(matches!(
            read(b"hello", None),
            Err(EditError::Decode(DecodeError::UnknownFormat { .. }))
        ));
        assert!(matches!(
            read(b"", None),
            Err(EditError::Decode(DecodeError::Empty))
        ));
        let made = made("a", None);
        let two = made.key_pem.clone() + &made.key_pem;
        assert!(matches!(
            read(two.as_bytes(), None).unwrap().key(None),
            Err(EditError::SeveralKeys { .. })
        ));
        let old = "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: AES-256-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        assert!(matches!(
            read(old.as_bytes(), None),
            Err(EditError::Key(KeyError::Pem { .. }))
        ));
    }
}
