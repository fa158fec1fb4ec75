//! What every command that changes a store does: read, edit, look whether it means something else, say
//! so, write it whole or not at all.

use std::path::Path;

use pki_core::{
    disk::SingleFile,
    edit::{Change, Edited},
    keystore::{Decoded, Encoding, Keystore},
    report,
    secret::{Bytes, Password},
};

use super::{
    encoding::{NewStore, encode, same_encoding, warn_about, warn_of_readers},
    flags::Dates,
    in_place::InPlace,
    opening,
};
use crate::{
    cli::{Format, Global},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose},
    ui::Ui,
};

/// A store that is being changed. Nobody else changes it as long as this lives.
pub(crate) struct Editing<'a> {
    ui: &'a Ui,
    global: &'a Global,
    path: &'a Path,
    dates: Option<Dates>,
    dry_run: bool,
    /// The report is another's.
    silent: bool,
    /// `None`: stdin and stdout, or nothing will be written.
    file: Option<SingleFile>,
    /// What was there; `None`: nothing.
    before: Option<Bytes>,
    /// What was read; `None`: the store is new.
    decoded: Option<Decoded>,
    /// What a new one begins with: nothing.
    empty: Keystore,
    /// How it is written.
    pub(crate) encoding: Encoding,
    /// Its password.
    pub(crate) password: Password,
}

impl<'a> Editing<'a> {
    /// Opens a store that must be there.
    pub(crate) fn open(
        ui: &'a Ui,
        global: &'a Global,
        place: &'a InPlace,
        resolver: &Passwords<'_>,
    ) -> Result<Self, CommandError> {
        let password = |purpose| place.passwords.store(resolver, purpose);
        Self::begin(ui, global, place, password, None)
    }

    /// The same; `password` gives its password, once it is known to be there and before it is locked.
    pub(crate) fn open_with(
        ui: &'a Ui,
        global: &'a Global,
        place: &'a InPlace,
        password: impl FnOnce(Purpose) -> Result<Password, CommandError>,
    ) -> Result<Self, CommandError> {
        Self::begin(ui, global, place, password, None)
    }

    /// Opens a store, or begins a new one.
    pub(crate) fn open_or_new(
        ui: &'a Ui,
        global: &'a Global,
        place: &'a InPlace,
        resolver: &Passwords<'_>,
        new: &NewStore,
    ) -> Result<Self, CommandError> {
        let password = |purpose| place.passwords.store(resolver, purpose);
        Self::begin(ui, global, place, password, Some(new))
    }

    fn begin(
        ui: &'a Ui,
        global: &'a Global,
        place: &'a InPlace,
        password: impl FnOnce(Purpose) -> Result<Password, CommandError>,
        new: Option<&NewStore>,
    ) -> Result<Self, CommandError> {
        let (path, flags) = (&place.file, &place.flags);
        let missing = || CommandError::failed(format!("there is no file `{}`", path.display()));
        let stdin = path == Path::new("-");
        let is_there = stdin || path.symlink_metadata().is_ok();
        if !is_there && new.is_none() {
            return Err(missing());
        }
        // Before the lock: a person may take long to answer.
        let purpose = match is_there {
            true => Purpose::Open,
            false => Purpose::Create,
        };
        let password = password(purpose)?;
        let (file, before) = content(global, path, flags.dry_run)?;
        let made = Self {
            ui,
            global,
            path,
            dates: flags.dates()?,
            dry_run: flags.dry_run,
            silent: false,
            file,
            before,
            decoded: None,
            empty: Keystore::new(),
            encoding: Encoding::Jks,
            password,
        };
        match (&made.before, new) {
            (Some(bytes), _) => {
                let decoded =
                    opening::decode(path, bytes.expose(), std::slice::from_ref(&made.password))?;
                let encoding = same_encoding(path, &decoded)?;
                if let Some(new) = new {
                    new.must_be(path, encoding)?;
                }
                Ok(Self {
                    encoding,
                    decoded: Some(decoded),
                    ..made
                })
            }
            (None, Some(new)) => Ok(Self {
                encoding: new.encoding(path)?,
                ..made
            }),
            (None, None) => Err(missing()),
        }
    }

    /// What is in it.
    pub(crate) fn keystore(&self) -> &Keystore {
        match &self.decoded {
            Some(decoded) => &decoded.keystore,
            None => &self.empty,
        }
    }

    /// What was read; `None`: the store is new.
    pub(crate) fn decoded(&self) -> Option<&Decoded> {
        self.decoded.as_ref()
    }

    /// Writes the store if it means something else now, and says nothing on stdout.
    pub(crate) fn finish_quietly(mut self, edited: &Edited) -> Result<Outcome, CommandError> {
        self.silent = true;
        self.finish(edited)
    }

    /// Says what an edit did, and writes the store if it means something else now.
    pub(crate) fn finish(self, edited: &Edited) -> Result<Outcome, CommandError> {
        let password = self.password.clone();
        self.finish_under(edited, &password)
    }

    /// The same, under another password.
    pub(crate) fn finish_under(
        self,
        edited: &Edited,
        password: &Password,
    ) -> Result<Outcome, CommandError> {
        let is_new = self.before.is_none();
        let dated = self.dates.map(|dates| dates.apply(edited, self.encoding));
        let edited = dated.as_ref().unwrap_or(edited);
        let changed = !edited.change.is_empty() || is_new || *password != self.password;
        if changed {
            warn_about(
                self.ui,
                password,
                self.encoding,
                &edited.keystore,
                is_new || *password != self.password,
            );
        }
        let encoded = match changed {
            true => {
                let deterministic = self.dates.is_some();
                let (path, encoding) = (self.path, self.encoding);
                let made = encode(
                    self.ui,
                    path,
                    &edited.keystore,
                    encoding,
                    password,
                    deterministic,
                )?;
                if let Some(before) = &self.decoded {
                    warn_of_readers(self.ui, before, &made.decoded, encoding);
                }
                Some(made.bytes)
            }
            false => None,
        };
        if self.path == Path::new("-") {
            self.tell(&edited.change, encoded.is_some())?;
            let bytes = encoded.or(self.before).unwrap_or_default();
            if !self.dry_run {
                self.ui.data(bytes.expose())?;
            }
            return Ok(Outcome::Done);
        }
        let written = match (&encoded, &self.file) {
            (Some(bytes), Some(file)) => {
                file.replace(bytes).map_err(|error| error::file(&error))?;
                true
            }
            _ => false,
        };
        self.tell(&edited.change, written)?;
        let shown = self.path.display();
        let entries = entries(&edited.keystore);
        self.ui.status(match (changed, written) {
            (false, _) => format!("nothing changes: `{shown}` stays as it is"),
            (true, false) => format!("dry run: `{shown}` was not written"),
            (true, true) if is_new => {
                format!("made `{shown}`, {}, {entries}", self.encoding.format())
            }
            (true, true) => format!("wrote `{shown}`, {entries}"),
        });
        Ok(Outcome::Done)
    }

    /// The report goes where no store goes.
    fn tell(&self, change: &Change, written: bool) -> Result<(), CommandError> {
        if self.silent {
            return Ok(());
        }
        let stdout_is_free = self.dry_run || self.path != Path::new("-");
        tell(
            self.ui,
            self.global,
            self.path,
            change,
            written,
            stdout_is_free,
        )
    }
}

/// Says what an edit did: on stdout, unless the store itself goes there.
pub(crate) fn tell(
    ui: &Ui,
    global: &Global,
    path: &Path,
    change: &Change,
    written: bool,
    stdout_is_free: bool,
) -> Result<(), CommandError> {
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::change(&opening::shown(path), change, written, &mut out),
        Format::Text if stdout_is_free => report::text::change(change, ui.layout(), &mut out),
        Format::Text => report::text::change(change, ui.layout_of_messages(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    match stdout_is_free {
        true if global.format == Format::Text && ui.is_quiet() => Ok(()),
        true => ui.data(&out),
        false => {
            if !ui.is_quiet() {
                ui.details(&out);
            }
            Ok(())
        }
    }
}

/// A place that is locked, unless nothing will be written, and what is there.
pub(crate) fn content(
    global: &Global,
    path: &Path,
    dry_run: bool,
) -> Result<(Option<SingleFile>, Option<Bytes>), CommandError> {
    if path == Path::new("-") {
        return Ok((None, Some(opening::read(path)?)));
    }
    if dry_run {
        return Ok((
            None,
            path.exists().then(|| opening::read(path)).transpose()?,
        ));
    }
    let file = SingleFile::lock(path, global.lock_timeout).map_err(|error| error::file(&error))?;
    let before = file
        .read(opening::LIMIT)
        .map_err(|error| error::file(&error))?;
    Ok((Some(file), before))
}

/// `1 entry`, `143 entries`.
pub(crate) fn entries(keystore: &Keystore) -> String {
    count(keystore.entries().len())
}

/// The same of a number.
pub(crate) fn count(entries: usize) -> String {
    match entries {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }
}
