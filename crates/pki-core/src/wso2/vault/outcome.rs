//! What became of secrets.

use std::sync::Arc;

use super::{Cipher, Malformed, OpenError, OpeningKey, SealError, SealingKey, UnknownCipher};
use crate::{secret::Bytes, wso2::config::Place, x509::Certificate};

/// New values of secrets, and the files that have them.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Changes {
    /// Every file that changes, whole: each byte outside of the values is as it was.
    pub files: Vec<ChangedFile>,
    /// What became of each secret that was looked at, in the order of [`Vault::secrets`](super::Vault::secrets).
    pub outcomes: Vec<Outcome>,
}

impl Changes {
    /// Adds later ones; a file that both change is as the later ones have it.
    pub fn take(&mut self, later: Self) {
        self.files
            .retain(|file| !later.files.iter().any(|it| it.file == file.file));
        self.files.extend(later.files);
        self.outcomes.extend(later.outcomes);
    }
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

impl ChangedFile {
    /// A file that is made, or takes another's place, whole.
    pub fn new(file: &str, bytes: impl Into<Bytes>) -> Self {
        Self {
            file: file.into(),
            bytes: bytes.into(),
        }
    }
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
    /// The value that the secret is to stand for is another one.
    #[error("{0} says another value than the one that would be encrypted for it")]
    Differs(Place),
    /// It opens to what is no text.
    #[error("what it opens to is no text, so the key may be another one")]
    Doubtful,
    /// It is no encrypted value.
    #[error(transparent)]
    Malformed(Malformed),
    /// The key that it was made under is not at hand.
    #[error("the key that it was made under is not at hand")]
    NoKey,
    /// The file that `cipher-tool.properties` names has no such value, or is not there.
    #[error("`{0}` has no value where `cipher-tool.properties` says")]
    NoTarget(String),
    /// The old key does not open it.
    #[error(transparent)]
    Open(OpenError),
    /// It cannot be encrypted.
    #[error(transparent)]
    Seal(SealError),
}

/// The keys with which a node will read its secrets; `None` for a key that it keeps.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewKeys<'a> {
    /// The vault's.
    pub vault: Option<NewKey<'a>>,
    /// The server's own: the internal key, or the primary.
    pub server: Option<NewKey<'a>>,
    /// `[encryption] key`.
    pub symmetric: Option<NewKey<'a>>,
}

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
