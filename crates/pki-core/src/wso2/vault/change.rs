use std::sync::Arc;

use super::{
    Cipher, Confidence, Content, Keeper, Malformed, OpenError, Opened, OpeningKey, SealError,
    Sealed, SealingKey, Secret, UnknownCipher, Vault,
    repository::{CIPHER_TEXT, DEPLOYMENT_TOML},
    seal,
};
use crate::{
    key::Random,
    secret::{Bytes, Password},
    wso2::config::{Document, Edits, Generation, Place, toml_key},
    x509::Certificate,
};

/// New values of secrets, and the files that have them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// Every file that changes, whole: each byte outside of the values is as it was.
    pub files: Vec<ChangedFile>,
    /// What became of each secret that was looked at, in the order of [`Vault::secrets`].
    pub outcomes: Vec<Outcome>,
}

/// A file with new values of secrets.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ChangedFile {
    /// From the home, with `/`.
    pub file: Arc<str>,
    /// What the file is to be.
    pub bytes: Bytes,
}

/// What became of a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Outcome {
    /// Its alias.
    pub alias: String,
    /// Where it stands; of one that is added, in which file.
    pub place: Place,
    /// What was done.
    pub done: Done,
}

/// What was done with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Done {
    /// It was not there, and is now, encrypted.
    Added,
    /// The new key opens it already: left.
    AlreadyNew,
    /// It was plain, and is encrypted.
    Encrypted(Cipher),
    /// It is encrypted with a key of the other kind: left.
    OtherKind,
    /// It is plain, or there is nothing: left.
    NotEncrypted,
    /// It was encrypted for the old key, and is for the new one.
    Reencrypted(Cipher),
    /// It had another value.
    Replaced(Cipher),
}

/// Why nothing is changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChangeError {
    /// The cipher that the vault is set up for is not known here.
    #[error(transparent)]
    Cipher(#[from] UnknownCipher),
    /// Secrets that cannot be changed.
    #[error("{} of the secrets cannot be changed", .0.len())]
    Secrets(Vec<Unchangeable>),
    /// An alias that no file can hold.
    #[error("`{0}` cannot be an alias: it is empty, or has control characters or braces")]
    Alias(String),
    /// The file that a new secret would stand in is not there.
    #[error("there is no `{0}`")]
    NoFile(&'static str),
    /// The new value cannot be encrypted.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A secret that cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unchangeable {
    /// Its alias.
    pub alias: String,
    /// Where it stands.
    pub place: Place,
    /// Why.
    pub reason: Obstacle,
}

/// Why a secret cannot be changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Obstacle {
    /// The text is not what stands between the brackets alone: the cipher tool would encrypt a part of it.
    #[error("the text does not end at its first `]`, or begins before its `[`")]
    Cut,
    /// It opens to what is no text.
    #[error("what it opens to is no text, so the key may be another one")]
    Doubtful,
    /// It is no encrypted value.
    #[error(transparent)]
    Malformed(Malformed),
    /// The old key does not open it.
    #[error(transparent)]
    Open(OpenError),
    /// It cannot be encrypted.
    #[error(transparent)]
    Seal(SealError),
}

impl<'a> Vault<'a> {
    /// Encrypts every secret of the vault that stands there plain, as the cipher tool would.
    ///
    /// # Errors
    ///
    /// [`ChangeError`] names every secret for which that cannot be done; then none is changed.
    pub fn encrypt(
        &self,
        key: &SealingKey,
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let cipher = self.settings.cipher.clone()?;
        self.change(|secret| match &secret.content {
            Content::Plain { cut: true, .. } => Err(Obstacle::Cut),
            Content::Plain { text, .. } => {
                let value = seal(text.utf8(), cipher, key, random).map_err(Obstacle::Seal)?;
                Ok(Some((Done::Encrypted(cipher), Some(value))))
            }
            _ => Ok(None),
        })
    }

    /// Gives one secret of the vault a value, encrypted as the cipher tool would. One that is not there is added.
    ///
    /// `documents` are those that the vault was read from.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]; then nothing is changed.
    pub fn set(
        &self,
        documents: &'a [Document],
        alias: &str,
        value: &Password,
        key: &SealingKey,
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let cipher = self.settings.cipher.clone()?;
        let forbidden = |c: char| c.is_control() || matches!(c, '{' | '}');
        if alias.trim().is_empty() || alias.contains(forbidden) {
            return Err(ChangeError::Alias(alias.to_owned()));
        }
        let sealed = seal(value.utf8(), cipher, key, random)?;
        let is_it = |it: &&Secret<'_>| it.keeper == Keeper::Vault && it.alias == alias;
        if let Some(secret) = self.secrets.iter().rfind(is_it) {
            let mut edits = Edits::new();
            edits.set(secret.document, secret.leaf, &sealed);
            return Ok(Changes {
                files: vec![ChangedFile::of(secret.document, &edits)],
                outcomes: vec![Outcome {
                    alias: alias.to_owned(),
                    place: secret.place.clone(),
                    done: Done::Replaced(cipher),
                }],
            });
        }
        let (document, edits) = self.added(documents, alias, &sealed)?;
        Ok(Changes {
            files: vec![ChangedFile::of(document, &edits)],
            outcomes: vec![Outcome {
                alias: alias.to_owned(),
                place: Place {
                    file: document.file().into(),
                    line: 0,
                    column: 0,
                    key: alias.to_owned(),
                },
                done: Done::Added,
            }],
        })
    }

    /// Encrypts for another key what the old keys open: each value in the form that it had, so that what read it
    /// reads it. What is plain stays plain. What the new key opens already stays as it is, so a second run
    /// changes nothing.
    ///
    /// # Errors
    ///
    /// [`ChangeError`] names every secret that the old keys do not open; then none is changed.
    pub fn reencrypt(
        &self,
        old: &[OpeningKey],
        new: &NewKey<'_>,
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let vault_cipher = self.settings.cipher.clone().ok();
        self.change(|secret| {
            let sealed = match &secret.content {
                Content::Empty | Content::Plain { .. } => {
                    return Ok(Some((Done::NotEncrypted, None)));
                }
                Content::Malformed(malformed) => {
                    return Err(Obstacle::Malformed(malformed.clone()));
                }
                Content::Sealed(sealed) if sealed.is_empty() => {
                    return Ok(Some((Done::NotEncrypted, None)));
                }
                Content::Sealed(sealed) => sealed,
            };
            let expected = match secret.keeper {
                Keeper::Vault => vault_cipher,
                Keeper::Server => None,
            };
            let opened = match opened(sealed, old, expected) {
                Ok(opened) => opened,
                Err(OpenError::KeyKind { .. }) => return Ok(Some((Done::OtherKind, None))),
                Err(error) => {
                    let already = new
                        .opening
                        .and_then(|key| sealed.open(key, expected).ok())
                        .is_some_and(|opened| opened.confidence > Confidence::Doubtful);
                    return match already {
                        true => Ok(Some((Done::AlreadyNew, None))),
                        false => Err(Obstacle::Open(error)),
                    };
                }
            };
            if opened.confidence == Confidence::Doubtful {
                return Err(Obstacle::Doubtful);
            }
            let value = sealed
                .seal_like(
                    opened.plain.expose(),
                    opened.cipher,
                    new.sealing,
                    new.named,
                    random,
                )
                .map_err(Obstacle::Seal)?;
            Ok(Some((Done::Reencrypted(opened.cipher), Some(value))))
        })
    }

    /// Asks about every secret; puts the values that it is given in their places, or, if one cannot be had, none.
    fn change(
        &self,
        mut new_value: impl FnMut(&Secret<'a>) -> Result<Option<Decided>, Obstacle>,
    ) -> Result<Changes, ChangeError> {
        let mut changed: Vec<(&Document, Edits)> = Vec::new();
        let (mut outcomes, mut obstacles) = (Vec::new(), Vec::new());
        for secret in &self.secrets {
            let (alias, place) = (secret.alias.clone(), secret.place.clone());
            match new_value(secret) {
                Err(reason) => obstacles.push(Unchangeable {
                    alias,
                    place,
                    reason,
                }),
                Ok(None) => {}
                Ok(Some((done, value))) => {
                    outcomes.push(Outcome { alias, place, done });
                    let Some(value) = value else { continue };
                    let at = changed
                        .iter()
                        .position(|(document, _)| document.file() == secret.document.file());
                    let at = at.unwrap_or_else(|| {
                        changed.push((secret.document, Edits::new()));
                        changed.len() - 1
                    });
                    changed[at].1.set(secret.document, secret.leaf, &value);
                }
            }
        }
        if !obstacles.is_empty() {
            return Err(ChangeError::Secrets(obstacles));
        }
        let files = changed
            .iter()
            .map(|(document, edits)| ChangedFile::of(document, edits));
        Ok(Changes {
            files: files.collect(),
            outcomes,
        })
    }

    /// Where a new secret goes: at the end of `cipher-text.properties`; right behind the line `[secrets]`, which
    /// must be the last table, or with such a line at the end of `deployment.toml`.
    fn added(
        &self,
        documents: &'a [Document],
        alias: &str,
        value: &str,
    ) -> Result<(&'a Document, Edits), ChangeError> {
        let file = match self.generation {
            Generation::Toml => DEPLOYMENT_TOML,
            Generation::Xml => CIPHER_TEXT,
        };
        let document = documents.iter().find(|document| document.file() == file);
        let document = document.ok_or(ChangeError::NoFile(file))?;
        let mut edits = Edits::new();
        match self.generation {
            Generation::Xml => edits.insert_lines(document, None, &[&property(alias, value)]),
            Generation::Toml => {
                let line = format!("{} = \"{value}\"", toml_key(alias).as_str());
                match document.line_of("[secrets]") {
                    Some(header) => edits.insert_lines(document, Some(header), &[&line]),
                    None => edits.insert_lines(document, None, &["", "[secrets]", &line]),
                }
            }
        }
        Ok((document, edits))
    }
}

/// What is done with a secret, and its new value.
type Decided = (Done, Option<String>);

/// For which key secrets are encrypted anew.
#[derive(Clone, Copy, Debug)]
pub struct NewKey<'a> {
    /// The key.
    pub sealing: &'a SealingKey,
    /// Its other half, if it is at hand: tells what is encrypted for it already.
    pub opening: Option<&'a OpeningKey>,
    /// The certificate that envelopes name
    /// ([`certificate_of_envelope`](super::certificate_of_envelope)).
    pub named: Option<&'a Certificate>,
}

impl ChangedFile {
    fn of(document: &Document, edits: &Edits) -> Self {
        Self {
            file: document.file().into(),
            bytes: document.edited(edits),
        }
    }
}

/// With the first key that opens it; of the errors the one of the first key of the right kind.
fn opened(
    sealed: &Sealed,
    keys: &[OpeningKey],
    expected: Option<Cipher>,
) -> Result<Opened, OpenError> {
    let mut refused = None;
    for key in keys {
        match sealed.open(key, expected) {
            Ok(opened) => return Ok(opened),
            Err(error) => {
                let other_kind = matches!(refused, None | Some(OpenError::KeyKind { .. }));
                if other_kind {
                    refused = Some(error);
                }
            }
        }
    }
    Err(refused.unwrap_or(OpenError::WrongKey))
}

/// A line of a properties file (`java.util.Properties.store`, without needless escapes).
fn property(alias: &str, value: &str) -> String {
    let mut line = String::with_capacity(alias.len() + value.len() + 1);
    for (at, c) in alias.chars().enumerate() {
        if matches!(c, ' ' | ':' | '=' | '\\') || at == 0 && matches!(c, '#' | '!') {
            line.push('\\');
        }
        line.push(c);
    }
    // Base64 alone, which needs no escapes.
    line.push('=');
    line.push_str(value);
    line
}
