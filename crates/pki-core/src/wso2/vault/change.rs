use super::{
    ChangeError, ChangedFile, Changes, Cipher, Confidence, Content, Done, Keeper, Keyring, NewKey,
    NewKeys, Obstacle, OpenError, Opened, OpeningKey, Outcome, Sealed, SealingKey, Secret,
    TargetState, Unchangeable, Vault, repository::CIPHER_TEXT, seal,
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

    /// Gives secrets of the vault values, each an alias with its own, encrypted as the cipher tool would. Those
    /// that are not there are added. With the key's other half, `opening`, one that has its value already stays as
    /// it is, so that a second run changes nothing.
    ///
    /// `documents` are those that the vault was read from.
    ///
    /// # Errors
    ///
    /// [`ChangeError`]; then nothing is changed.
    pub fn set(
        &self,
        documents: &'a [Document],
        values: &[(String, Password)],
        key: &SealingKey,
        opening: Option<&OpeningKey>,
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let cipher = self.settings.cipher.clone()?;
        let forbidden = |c: char| c.is_control() || matches!(c, '{' | '}');
        let mut work = Work::default();
        let (mut outcomes, mut new) = (Vec::new(), Vec::new());
        for (at, (alias, value)) in values.iter().enumerate() {
            // Of an alias that is given twice the last value counts.
            if values[at + 1..].iter().any(|(later, _)| later == alias) {
                continue;
            }
            if alias.trim().is_empty() || alias.contains(forbidden) {
                return Err(ChangeError::Alias(alias.clone()));
            }
            let is_it = |it: &&Secret<'_>| it.keeper == Keeper::Vault && it.alias == *alias;
            let secret = self.secrets.iter().rfind(is_it);
            let is_kept = |secret: &Secret<'_>| {
                let opened = match (opening, &secret.content) {
                    (Some(key), Content::Sealed(sealed)) => sealed.open(key, Some(cipher)).ok(),
                    _ => None,
                };
                opened.is_some_and(|it| it.cipher == cipher && it.plain.expose() == value.utf8())
            };
            let (place, done) = match secret {
                Some(secret) if is_kept(secret) => (secret.place.clone(), Done::AlreadyNew),
                Some(secret) => {
                    let sealed = seal(value.utf8(), cipher, key, random)?;
                    let edits = work.edits(secret.document);
                    edits.set(secret.document, secret.leaf, &sealed);
                    (secret.place.clone(), Done::Replaced(cipher))
                }
                None => {
                    new.push((alias.as_str(), seal(value.utf8(), cipher, key, random)?));
                    // It has no line yet.
                    let place = Place {
                        file: self.file().into(),
                        line: 0,
                        column: 0,
                        key: alias.clone(),
                    };
                    (place, Done::Added)
                }
            };
            outcomes.push(Outcome {
                alias: alias.clone(),
                place,
                done,
            });
        }
        if !new.is_empty() {
            self.add(&mut work, documents, &new)?;
        }
        Ok(work.done(outcomes))
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
            match renewed(sealed, old, new, expected, random) {
                Err(Obstacle::Open(_)) if new.opens(sealed, expected) => {
                    Ok(Some((Done::AlreadyNew, None)))
                }
                Err(Obstacle::Open(OpenError::KeyKind { .. })) => Ok(Some((Done::OtherKind, None))),
                other => other.map(Some),
            }
        })?;
        Ok(work.done(outcomes))
    }

    /// Encrypts for the keys that a node will have what it reads with those that it has, so that it goes on
    /// reading it: each value in the form that it had. What the new keys open stays as it is, and so do the
    /// secrets of `replaced` and what is no encrypted value.
    ///
    /// # Errors
    ///
    /// [`ChangeError`] names every secret that neither the old keys nor the new ones open; then none is changed.
    pub fn follow(
        &self,
        old: &Keyring,
        new: &NewKeys<'_>,
        replaced: &[(String, Password)],
        random: &mut dyn Random,
    ) -> Result<Changes, ChangeError> {
        let vault_cipher = self.settings.cipher.clone().ok();
        let is_rsa = |key: &&OpeningKey| matches!(key, OpeningKey::Rsa(_));
        let (rsa, symmetric): (Vec<_>, Vec<_>) = old.server.iter().partition(is_rsa);
        let mut work = Work::default();
        let outcomes = self.change(&mut work, |secret| {
            let of_vault = secret.keeper == Keeper::Vault;
            let sealed = match &secret.content {
                Content::Sealed(sealed) if !sealed.is_empty() => sealed,
                _ => return Ok(None),
            };
            if of_vault && replaced.iter().any(|(alias, _)| *alias == secret.alias) {
                return Ok(None);
            }
            let (old, new, expected) = match secret.keeper {
                Keeper::Vault => (old.vault.iter().collect(), new.vault, vault_cipher),
                Keeper::Server => {
                    let named = sealed.named_cipher().ok().flatten();
                    let cipher = named.or(old.server_cipher);
                    match cipher.is_none_or(Cipher::is_rsa) {
                        true => (rsa.clone(), new.server, cipher),
                        false => (symmetric.clone(), new.symmetric, cipher),
                    }
                }
            };
            // The key stays.
            let Some(new) = new else { return Ok(None) };
            if new.opens(sealed, expected) {
                return Ok(Some((Done::AlreadyNew, None)));
            }
            renewed(sealed, old, &new, expected, random).map(Some)
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

    /// The file of the vault's secrets, from the home, with `/`.
    pub fn file(&self) -> &'static str {
        match self.generation {
            Generation::Toml => DEPLOYMENT_TOML,
            Generation::Xml => CIPHER_TEXT,
        }
    }

    /// Puts new secrets where they go: at the end of `cipher-text.properties`; right behind the line `[secrets]`,
    /// which must be the last table, or with such a line at the end of `deployment.toml`.
    fn add(
        &self,
        work: &mut Work<'a>,
        documents: &'a [Document],
        values: &[(&str, String)],
    ) -> Result<(), ChangeError> {
        let file = self.file();
        let document = documents.iter().find(|document| document.file() == file);
        let document = document.ok_or(ChangeError::NoFile(file))?;
        let edits = work.edits(document);
        let lines: Vec<String> = values
            .iter()
            .map(|(alias, value)| match self.generation {
                Generation::Xml => property(alias, value),
                Generation::Toml => format!("{} = \"{value}\"", toml_key(alias).as_str()),
            })
            .collect();
        let lines = lines.iter().map(String::as_str);
        match (self.generation, document.line_of(SECRETS)) {
            (Generation::Toml, None) => {
                let lines: Vec<&str> = ["", SECRETS].into_iter().chain(lines).collect();
                edits.insert_lines(document, None, &lines);
            }
            (Generation::Toml, header) => {
                edits.insert_lines(document, header, &lines.collect::<Vec<_>>());
            }
            (Generation::Xml, _) => {
                edits.insert_lines(document, None, &lines.collect::<Vec<_>>());
            }
        }
        Ok(())
    }
}

/// The header that the cipher tool looks for.
const SECRETS: &str = "[secrets]";

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

impl NewKey<'_> {
    /// Whether it opens a value, so that there is nothing to do.
    fn opens(&self, sealed: &Sealed, expected: Option<Cipher>) -> bool {
        let opened = self.opening.and_then(|key| sealed.open(key, expected).ok());
        opened.is_some_and(|opened| opened.confidence > Confidence::Doubtful)
    }
}

/// A value for the new key, in the form that it had for an old one.
fn renewed<'k>(
    sealed: &Sealed,
    old: impl IntoIterator<Item = &'k OpeningKey>,
    new: &NewKey<'_>,
    expected: Option<Cipher>,
    random: &mut dyn Random,
) -> Result<Decided, Obstacle> {
    let opened = opened(sealed, old, expected)?;
    if opened.confidence == Confidence::Doubtful {
        return Err(Obstacle::Doubtful);
    }
    let (plain, cipher) = (opened.plain.expose(), opened.cipher);
    let value = sealed.seal_like(plain, cipher, new.sealing, new.named, random);
    let value = value.map_err(Obstacle::Seal)?;
    Ok((Done::Reencrypted(cipher), Some(value)))
}

/// With the first key that opens it; of the errors the one of the first key of the right kind.
fn opened<'k>(
    sealed: &Sealed,
    keys: impl IntoIterator<Item = &'k OpeningKey>,
    expected: Option<Cipher>,
) -> Result<Opened, Obstacle> {
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
    Err(refused.map_or(Obstacle::NoKey, Obstacle::Open))
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
