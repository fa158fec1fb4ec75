use super::{
    Cipher, Confidence, Content, Keeper, Malformed, OpenError, Opened, OpeningKey, Sealed, Secret,
    Vault,
};
use crate::{wso2::config::Generation, x509::Certificate};

/// The keys with which a node reads its secrets.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Keyring {
    /// The vault's; `None` if it could not be had.
    pub vault: Option<OpeningKey>,
    /// Those of the server: the primary's, the internal one's, `[encryption] key`.
    pub server: Vec<OpeningKey>,
    /// The cipher that the server takes for a value that names none (`org.wso2.CipherTransformation`).
    pub server_cipher: Option<Cipher>,
}

/// What a node makes of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// It opens, and holds no text: another key leaves that by chance, and no password is no text.
    Doubtful(Opened),
    /// There is nothing.
    Empty,
    /// It does not open.
    Fails(OpenError),
    /// It is no encrypted value.
    Malformed(Malformed),
    /// There is no key to look with.
    NoKey,
    /// The node's key opens it, and the node does not: it takes it for another cipher's.
    OtherCipher {
        /// What it holds, and with what it is encrypted.
        opened: Opened,
        /// With what the node reads it.
        read_as: Cipher,
    },
    /// It is not encrypted yet.
    Plain {
        /// As in [`Content::Plain`].
        cut: bool,
    },
    /// The node reads it.
    Reads(Opened),
}

/// What comes of a secret that a node does not read, where its configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consequence {
    /// The server silently takes the alias for the secret (`FileBaseSecretRepository.getSecret`).
    AliasInItsPlace,
    /// The server does not start, and says why.
    DoesNotStart,
}

impl Verdict {
    /// True if the node does not read it.
    pub fn is_problem(&self) -> bool {
        !matches!(self, Self::Reads(_) | Self::NoKey)
    }
}

impl Keyring {
    /// No keys.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Vault<'_> {
    /// What a node with these keys makes of a secret.
    pub fn check(&self, secret: &Secret<'_>, keys: &Keyring) -> Verdict {
        let sealed = match &secret.content {
            Content::Empty => return Verdict::Empty,
            Content::Malformed(malformed) => return Verdict::Malformed(malformed.clone()),
            Content::Plain { cut, .. } => return Verdict::Plain { cut: *cut },
            Content::Sealed(sealed) if sealed.is_empty() => return Verdict::Empty,
            Content::Sealed(sealed) => sealed,
        };
        match secret.keeper {
            Keeper::Vault => match (&keys.vault, &self.settings.cipher) {
                (None, _) => Verdict::NoKey,
                (Some(_), Err(unknown)) => {
                    Verdict::Fails(OpenError::UnknownCipher(unknown.clone()))
                }
                (Some(key), Ok(_)) => self.check_with(secret, key),
            },
            Keeper::Server => {
                let expected = match sealed.named_cipher() {
                    Ok(named) => named.or(keys.server_cipher),
                    Err(unknown) => return Verdict::Fails(OpenError::UnknownCipher(unknown)),
                };
                let verdicts = keys.server.iter().map(|key| judged(sealed, key, expected));
                verdicts
                    .min_by_key(|verdict| match verdict {
                        Verdict::Reads(_) => 0,
                        Verdict::OtherCipher { .. } => 1,
                        Verdict::Doubtful(_) => 2,
                        Verdict::Fails(OpenError::KeyKind { .. }) => 4,
                        _ => 3,
                    })
                    .unwrap_or(Verdict::NoKey)
            }
        }
    }

    /// The same of a secret of the vault alone, by its key.
    pub fn check_with(&self, secret: &Secret<'_>, key: &OpeningKey) -> Verdict {
        match (&secret.content, &self.settings.cipher) {
            (Content::Sealed(sealed), Ok(cipher)) if !sealed.is_empty() => {
                judged(sealed, key, Some(*cipher))
            }
            _ => self.check(secret, &Keyring::new()),
        }
    }

    /// What comes of a verdict; `None` if nothing does, because it is good or nothing names the secret.
    pub fn consequence(&self, secret: &Secret<'_>, verdict: &Verdict) -> Option<Consequence> {
        let named = self.references_to(&secret.alias).next().is_some();
        if secret.keeper != Keeper::Vault || !named || !verdict.is_problem() {
            return None;
        }
        Some(match (verdict, self.generation) {
            // `ReferenceResolver`: "Secret references can't be plain text".
            (Verdict::Plain { .. }, Generation::Toml) => Consequence::DoesNotStart,
            _ => Consequence::AliasInItsPlace,
        })
    }
}

/// Whether an envelope names a certificate; `None` if the value is no envelope, or names none.
pub fn names_certificate(sealed: &Sealed, certificate: &Certificate) -> Option<bool> {
    let named = sealed.thumbprint()?;
    Some(named.eq_ignore_ascii_case(&super::thumbprint(certificate)))
}

fn judged(sealed: &Sealed, key: &OpeningKey, read_as: Option<Cipher>) -> Verdict {
    match sealed.open(key, read_as) {
        Err(error) => Verdict::Fails(error),
        Ok(opened) if opened.plain.is_empty() => Verdict::Empty,
        Ok(opened) if opened.text().is_none() => Verdict::Doubtful(opened),
        Ok(opened) if opened.confidence == Confidence::Doubtful => Verdict::Doubtful(opened),
        Ok(opened) => match read_as {
            Some(read_as) if read_as != opened.cipher => Verdict::OtherCipher { opened, read_as },
            _ => Verdict::Reads(opened),
        },
    }
}
