use std::collections::BTreeMap;

use crate::secret::{Password, Source};

/// Resolves password sources: opens the file, reads the variable, runs the command, asks. The core does
/// none of it.
pub trait Passwords {
    /// The password that a source gives.
    ///
    /// # Errors
    ///
    /// [`PasswordError`] if it is missing or empty.
    fn resolve(&self, source: &Source) -> Result<Password, PasswordError>;

    /// Passwords that a store may still have, tried in this order where its own does not open it.
    ///
    /// # Errors
    ///
    /// [`PasswordError`] for the first that is missing or empty.
    fn old(&self) -> Result<Vec<Password>, PasswordError> {
        Ok(Vec::new())
    }
}

/// A source gave no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no password from `{place}`: {reason}")]
pub struct PasswordError {
    /// The source as written.
    pub place: Source,
    /// Why.
    pub reason: String,
}

/// Passwords that are known already: for tests, and for programs that keep them elsewhere.
#[derive(Clone, Debug, Default)]
pub struct KnownPasswords {
    /// What each source gives.
    pub known: BTreeMap<Source, Password>,
    /// Those that a store may still have.
    pub old: Vec<Password>,
}

impl Passwords for KnownPasswords {
    fn resolve(&self, source: &Source) -> Result<Password, PasswordError> {
        self.known
            .get(source)
            .cloned()
            .ok_or_else(|| PasswordError {
                place: source.clone(),
                reason: "not given".to_owned(),
            })
    }

    fn old(&self) -> Result<Vec<Password>, PasswordError> {
        Ok(self.old.clone())
    }
}
