use time::OffsetDateTime;

use super::{EditError, find};
use crate::{
    key::{KeyError, PemKey, PemKeys, PrivateKey},
    keystore::{
        Alias, Content, DecodeError, Decoded, Entry, Format, Keystore, SealedKey, UnsealError,
        read_pem_certificates,
    },
    secret::{Bytes, Password},
    x509::{Certificate, der, pem_blocks},
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
    pub certificates: Vec<MaterialCertificate>,
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
    /// The date that a keystore has for it.
    pub created: Option<OffsetDateTime>,
}

impl From<PrivateKey> for MaterialKey {
    /// One without a name, a chain or a date.
    fn from(key: PrivateKey) -> Self {
        Self {
            alias: None,
            key,
            chain: Vec::new(),
            created: None,
        }
    }
}

/// A certificate to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaterialCertificate {
    /// What a keystore calls it; a PEM or DER file has no name for it.
    pub alias: Option<Alias>,
    /// The certificate.
    pub certificate: Certificate,
    /// The date that a keystore has for it.
    pub created: Option<OffsetDateTime>,
}

impl From<Certificate> for MaterialCertificate {
    /// One without a name or a date.
    fn from(certificate: Certificate) -> Self {
        Self {
            alias: None,
            certificate,
            created: None,
        }
    }
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
    /// [`EditError::NoEntry`], [`EditError::AliasClash`] for an alias of several entries,
    /// [`EditError::NotAKey`] for a secret key, [`EditError::SeveralKeys`] if none is named,
    /// [`EditError::Sealed`]; [`EditError::Decode`] for a sealed key without a password.
    pub fn take(
        &mut self,
        decoded: &Decoded,
        alias: Option<&Alias>,
        passwords: &[Password],
    ) -> Result<(), EditError> {
        let store = &decoded.keystore;
        let named = alias.map(|alias| find(store, alias)).transpose()?;
        if let Some(entry) = named {
            match &entry.content {
                Content::TrustedCertificate { certificate, .. } => {
                    self.trust(entry, certificate);
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
                Content::PrivateKey { key, chain } if wanted => Some((entry, key, chain)),
                _ => None,
            }
        });
        let keys: Vec<_> = keys.collect();
        if keys.len() > 1 {
            let aliases = keys.iter().map(|(entry, ..)| Some(entry.alias.clone()));
            return Err(EditError::SeveralKeys {
                aliases: aliases.collect(),
            });
        }
        for (entry, key, chain) in keys {
            let key = open(key, passwords, decoded.format, &entry.alias)?;
            self.hold(entry, key, chain);
        }
        for entry in store.entries() {
            if let Content::TrustedCertificate { certificate, .. } = &entry.content {
                self.trust(entry, certificate);
            }
        }
        Ok(())
    }

    /// All certificates: those of chains first.
    pub fn all_certificates(&self) -> Vec<Certificate> {
        let chains = self.keys.iter().flat_map(|key| &key.chain).cloned();
        chains.chain(self.loose_certificates()).collect()
    }

    /// The certificates that are in no chain of a keystore, without their names.
    pub fn loose_certificates(&self) -> Vec<Certificate> {
        let loose = self.certificates.iter();
        loose.map(|found| found.certificate.clone()).collect()
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
        let certificates = read_pem_certificates(bytes)?.into_iter();
        self.certificates.extend(certificates.map(Into::into));
        let blocks = pem_blocks(bytes)?;
        let mut reader = PemKeys::default();
        for key in blocks.iter().filter_map(|block| reader.read(block)) {
            let key = open_alone(key?, password)?;
            self.keys.push(key.into());
        }
        Ok(())
    }

    fn read_der(&mut self, bytes: &[u8], password: Option<&Password>) -> Result<(), EditError> {
        let certificate = Certificate::from_der(bytes.to_vec());
        if certificate.view().is_ok() {
            self.certificates.push(certificate.into());
            return Ok(());
        }
        let der = Bytes::from(bytes);
        let labels = match looks_encrypted(bytes) {
            true => &["ENCRYPTED PRIVATE KEY"][..],
            false => &DER_KEYS,
        };
        let mut read = labels.iter().map(|label| PemKey::bare(label, &der, None));
        if let Some(key) = read.find_map(Result::ok) {
            let key = open_alone(key, password)?;
            self.keys.push(key.into());
            return Ok(());
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
                    self.hold(entry, key, chain);
                }
                Content::TrustedCertificate { certificate, .. } => self.trust(entry, certificate),
                Content::SecretKey { .. } => {}
            }
        }
        Ok(())
    }

    fn hold(&mut self, entry: &Entry, key: PrivateKey, chain: &[Certificate]) {
        self.keys.push(MaterialKey {
            alias: named(entry),
            key,
            chain: chain.to_vec(),
            created: entry.created,
        });
    }

    fn trust(&mut self, entry: &Entry, certificate: &Certificate) {
        self.certificates.push(MaterialCertificate {
            alias: named(entry),
            certificate: certificate.clone(),
            created: entry.created,
        });
    }
}

/// The alias of an entry, if it is one that can be written.
fn named(entry: &Entry) -> Option<Alias> {
    Some(entry.alias.clone()).filter(|alias| !alias.as_str().is_empty())
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

/// Opens a key that stands in no keystore.
fn open_alone(key: PemKey, password: Option<&Password>) -> Result<PrivateKey, KeyError> {
    let sealed = match key {
        PemKey::Open(key) => return Ok(key),
        sealed => SealedKey::from(sealed),
    };
    let password = password.ok_or(KeyError::PasswordNeeded)?;
    sealed.open(password).map_err(|reason| match reason {
        UnsealError::Unsupported { algorithm } => KeyError::UnsupportedEncryption { algorithm },
        UnsealError::WrongPassword => KeyError::WrongPassword,
        other => KeyError::Pem {
            reason: other.to_string(),
        },
    })
}

/// An EncryptedPrivateKeyInfo (RFC 5958 section 3) is a SEQUENCE of two that begins with a SEQUENCE; all
/// other keys begin with a version.
fn looks_encrypted(bytes: &[u8]) -> bool {
    let mut outer = der::Reader::new(bytes);
    let inner = outer.sequence("an EncryptedPrivateKeyInfo");
    inner.is_ok_and(|mut inner| {
        inner.sequence("an algorithm").is_ok()
            && inner.expect(der::OCTET_STRING, "encrypted octets").is_ok()
    })
}

/// What a bare key in DER may be.
const DER_KEYS: [&str; 4] = [
    "PRIVATE KEY",
    "RSA PRIVATE KEY",
    "EC PRIVATE KEY",
    "DSA PRIVATE KEY",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        edit::testing::{made, store_of},
        key::{SystemRandom, write_encrypted_private_key},
        keystore::{Encoding, write_pem_certificates},
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
        let own = std::slice::from_ref(&made.certificate);
        assert_eq!(from_jks.loose_certificates(), own);
        assert_eq!(from_jks.all_certificates().len(), 2);
        assert!(from_jks.key(Some(&"K".into())).is_ok());
    }

    #[test]
    fn certificates_are_read_from_bundles_and_der() {
        let (a, b) = (made("a", None).certificate, made("b", None).certificate);
        let bundle = write_pem_certificates(&[a.clone(), b.clone()]);
        let material = read(bundle.as_bytes(), None).unwrap();
        assert_eq!(material.loose_certificates(), [a.clone(), b]);
        assert_eq!(material.key(None), Err(EditError::NoKey));
        assert_eq!(read(a.der(), None).unwrap().loose_certificates(), [a]);
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
        let old = "-----BEGIN RSA PRIVATE KEY-----\nDEK-Info: DES-CBC,00\n\nMAA=\n-----END RSA PRIVATE KEY-----\n";
        assert!(matches!(
            read(old.as_bytes(), None),
            Err(EditError::Key(KeyError::UnsupportedEncryption { .. }))
        ));
    }
}
