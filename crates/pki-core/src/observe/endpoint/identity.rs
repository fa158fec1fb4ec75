use std::{fmt, sync::Arc};

use rustls::{crypto::aws_lc_rs::sign::any_supported_type, sign::CertifiedKey};
use rustls_pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::{
    key::{KeyMatch, PrivateKey},
    keystore::{Content, Entry, Keystore, UnsealError},
    secret::Password,
    x509::Certificate,
};

/// The certificate and key with which a client shows who it is: mutual TLS.
#[derive(Clone)]
pub struct ClientIdentity {
    certificate: Certificate,
    pub(super) certified: Arc<CertifiedKey>,
}

impl ClientIdentity {
    /// A chain, end-entity certificate first, and its key.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] if they do not belong together, or the provider does not sign with the key.
    pub fn new(chain: &[Certificate], key: &PrivateKey) -> Result<Self, IdentityError> {
        let certificate = chain.first().ok_or(IdentityError::NoChain)?;
        if key.matches(certificate) == KeyMatch::No {
            return Err(IdentityError::Mismatch);
        }
        let der = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.pkcs8().expose()));
        let signer = any_supported_type(&der).map_err(|error| IdentityError::Unusable {
            reason: error.to_string(),
        })?;
        let chain = chain.iter().map(|certificate| certificate.der().clone());
        Ok(Self {
            certificate: certificate.clone(),
            certified: Arc::new(CertifiedKey::new(chain.collect(), signer)),
        })
    }

    /// A private-key entry of a store: the one under `alias`, found as Java finds it, or the only one.
    ///
    /// # Errors
    ///
    /// [`IdentityError`] if there is none, or several and no alias, or the key does not open or serve.
    pub fn from_store(
        store: &Keystore,
        alias: Option<&str>,
        password: &Password,
    ) -> Result<Self, IdentityError> {
        let entry = match alias {
            Some(alias) => store.get(alias).ok_or_else(|| IdentityError::NoEntry {
                alias: alias.to_owned(),
                aliases: aliases(store),
            })?,
            None => match &keys(store).collect::<Vec<_>>()[..] {
                [only] => *only,
                [] => return Err(IdentityError::NoKey),
                _ => {
                    let aliases = aliases(store);
                    return Err(IdentityError::SeveralKeys { aliases });
                }
            },
        };
        let Content::PrivateKey { key, chain } = &entry.content else {
            return Err(IdentityError::NoEntry {
                alias: entry.alias.as_str().to_owned(),
                aliases: aliases(store),
            });
        };
        let key = key.open(password).map_err(|reason| IdentityError::Sealed {
            alias: entry.alias.as_str().to_owned(),
            reason,
        })?;
        Self::new(chain, &key)
    }

    /// The end-entity certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }
}

impl fmt::Debug for ClientIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientIdentity")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

fn keys(store: &Keystore) -> impl Iterator<Item = &Entry> {
    let entries = store.entries().iter();
    entries.filter(|entry| matches!(entry.content, Content::PrivateKey { .. }))
}

fn aliases(store: &Keystore) -> Vec<String> {
    let aliases = keys(store).map(|entry| entry.alias.as_str().to_owned());
    aliases.collect()
}

/// Why a store has no key for a client.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentityError {
    /// The key belongs to another certificate.
    #[error("the private key belongs to another certificate than the one beside it")]
    Mismatch,
    /// The entry has no certificate.
    #[error("the private key has no certificate")]
    NoChain,
    /// No private key under that alias.
    #[error("there is no private key under the alias `{alias}`")]
    NoEntry {
        /// What was asked for.
        alias: String,
        /// The aliases that have one.
        aliases: Vec<String>,
    },
    /// No private key at all.
    #[error("there is no private key in it")]
    NoKey,
    /// The key does not open.
    #[error("the private key `{alias}` does not open")]
    Sealed {
        /// Which one.
        alias: String,
        /// Why not.
        #[source]
        reason: UnsealError,
    },
    /// More than one, and nobody said which.
    #[error("there are several private keys in it")]
    SeveralKeys {
        /// Their aliases.
        aliases: Vec<String>,
    },
    /// The provider does not sign with it.
    #[error("the private key cannot be used: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
}
