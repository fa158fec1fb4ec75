use super::{
    ChangeError, ChangedFile, Changes, Cipher, Confidence, Content, Done, Keeper, NewKey, Obstacle,
    OpenError, Opened, OpeningKey, Outcome, Sealed, SealingKey, Secret, TargetState, Unchangeable,
    Vault, repository::CIPHER_TEXT, seal,
};
use crate::{
    key::Random,
    secret::Password,
    wso2::config::{DEPLOYMENT_TOML, Document, Edits, Generation, Place, toml_key},
};

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
        let mut work = Work::default();
        let outcomes = self.encrypt_plain(&mut work, key, random)?;
        Ok(work.done(outcomes))
    }

    /// The same, and what the cipher tool does to the configuration in that run: the values that
    /// `cipher-tool.properties` leads to ([`Vault::targets`]) name their secrets.
    ///
    /// # Errors
    ///
    /// [`ChangeError`], also for a value that is another than the one which is encrypted for it: the server would
    /// go on with that other one.
    pub fn configure(
        &self,
        key: &SealingKey,
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let mut work = Work::default();
        let outcomes = self.encrypt_plain(&mut work, key, random)?;
        let mut obstacles = Vec::new();
        for target in &self.targets {
            let reason = match &target.state {
                TargetState::Named => None,
                TargetState::WrittenOut {
                    place,
                    same: Some(false),
                } => Some(Obstacle::Differs(place.clone())),
                TargetState::WrittenOut { .. } => None,
                TargetState::Absent | TargetState::NoFile => {
                    Some(Obstacle::NoTarget(target.file.clone()))
                }
            };
            match reason {
                // A secret that is not there would leave the server with the alias.
                None if self.has_secret(&target.alias) => target.name_the_secret(&mut work),
                None => {}
                Some(reason) => obstacles.push(Unchangeable {
                    alias: target.alias.clone(),
                    place: target.place.clone(),
                    reason,
                }),
            }
        }
        match obstacles.is_empty() {
            true => Ok(work.done(outcomes)),
            false => Err(ChangeError::Secrets(obstacles)),
        }
    }

    fn has_secret(&self, alias: &str) -> bool {
        self.secrets
            .iter()
            .any(|it| it.keeper == Keeper::Vault && it.alias == alias)
    }

    fn encrypt_plain(
        &self,
        work: &mut Work<'a>,
        key: &SealingKey,
        random: &mut dyn Random,
    ) -> Result<Vec<Outcome>, ChangeError> {
        let cipher = self.settings.cipher.clone()?;
        self.change(work, |secret| match &secret.content {
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
        let mut work = Work::default();
        let outcomes = self.change(&mut work, |secret| {
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
        })?;
        Ok(work.done(outcomes))
    }

    /// Asks about every secret, and puts the values that it is given in their places; fails if one cannot be had.
    fn change(
        &self,
        work: &mut Work<'a>,
        mut new_value: impl FnMut(&Secret<'a>) -> Result<Option<Decided>, Obstacle>,
    ) -> Result<Vec<Outcome>, ChangeError> {
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
                    if let Some(value) = value {
                        let edits = work.edits(secret.document);
                        edits.set(secret.document, secret.leaf, &value);
                    }
                }
            }
        }
        match obstacles.is_empty() {
            true => Ok(outcomes),
            false => Err(ChangeError::Secrets(obstacles)),
        }
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

/// Edits of several documents.
#[derive(Default)]
pub(super) struct Work<'a>(Vec<(&'a Document, Edits)>);

impl<'a> Work<'a> {
    /// Those of a document.
    pub(super) fn edits(&mut self, document: &'a Document) -> &mut Edits {
        let found = self
            .0
            .iter()
            .position(|(it, _)| it.file() == document.file());
        let at = found.unwrap_or_else(|| {
            self.0.push((document, Edits::new()));
            self.0.len() - 1
        });
        &mut self.0[at].1
    }

    fn done(self, outcomes: Vec<Outcome>) -> Changes {
        let changed = self.0.iter().filter(|(_, edits)| !edits.is_empty());
        Changes {
            files: changed
                .map(|(document, edits)| ChangedFile::of(document, edits))
                .collect(),
            outcomes,
        }
    }
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
