//! What every command that changes a store does: read, edit, look whether it means something else, say
//! so, write it whole or not at all.

use std::path::Path;

use clap::{Args, ValueEnum};
use pki_core::{
    disk::SingleFile,
    edit::{self, Change, Edited},
    key::{Random, SystemRandom},
    keystore::{Content, Decoded, Encoding, Entry, Format as StoreFormat, Keystore, Pkcs12Profile},
    report,
    secret::{Bytes, Password},
};

use time::OffsetDateTime;

use super::opening::{self, WritePasswords};
use crate::{
    cli::{Format, Global},
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose},
    paste::quoted,
    ui::Ui,
};

/// Flags of every command that writes a store.
#[derive(Debug, Default, Args)]
pub(crate) struct WriteFlags {
    /// Say what would change, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// The same content gives the same bytes; for stores without private and secret keys
    ///
    /// Dates are `SOURCE_DATE_EPOCH`, else the first day of each certificate.
    #[arg(long)]
    deterministic: bool,
}

impl WriteFlags {
    /// Where dates come from, if nothing may depend on when it ran.
    pub(crate) fn dates(&self) -> Result<Option<Dates>, CommandError> {
        if !self.deterministic {
            return Ok(None);
        }
        let Some(epoch) = std::env::var_os(EPOCH).filter(|epoch| !epoch.is_empty()) else {
            return Ok(Some(Dates(edit::Dates::NotBefore)));
        };
        let seconds = epoch.to_str().and_then(|text| text.parse().ok());
        let at = seconds.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
        at.map(|at| Some(Dates(edit::Dates::At(at))))
            .ok_or_else(|| {
                CommandError::usage(format!("`{EPOCH}` is no number of seconds since 1970"))
            })
    }
}

/// Where the dates of a deterministic store come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dates(edit::Dates);

impl Dates {
    /// The same store with these dates; without any where the format keeps none of a certificate.
    pub(crate) fn apply(self, edited: &Edited, encoding: Encoding) -> Edited {
        let mut edited = edited.clone();
        if encoding.format() == StoreFormat::Pkcs12 {
            let entries = edited.keystore.entries().iter();
            edited.keystore = entries.map(|entry| entry.clone().created(None)).collect();
            return edited;
        }
        let dated = edit::set_dates(&edited.keystore, self.0);
        edited.keystore = dated.keystore;
        // What is new has its date for the first time.
        let added: Vec<_> = edited
            .change
            .events
            .iter()
            .filter(|event| event.what.is_change())
            .map(|event| event.alias.clone())
            .collect();
        let events = dated.change.events.into_iter();
        edited
            .change
            .events
            .extend(events.filter(|event| !added.contains(&event.alias)));
        edited
    }
}

/// How a store is written that is not there yet.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(crate) struct NewStore {
    /// The format of a new store [default: told by the file's name]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Option<StoreType>,

    /// For PKCS #12, who must be able to read it: `modern` (Java 8u301, 11.0.12 and later) or `java8`
    #[arg(long, value_enum, value_name = "PROFILE")]
    pub(crate) profile: Option<ProfileArg>,
}

/// A format that can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StoreType {
    Jks,
    Pkcs12,
}

/// A profile of PKCS #12.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProfileArg {
    Modern,
    Java8,
}

impl NewStore {
    /// True if no flag was given.
    pub(crate) fn is_empty(&self) -> bool {
        self.to.is_none() && self.profile.is_none()
    }

    /// The encoding that the flags, else the file's name, ask for.
    pub(crate) fn encoding(&self, path: &Path) -> Result<Encoding, CommandError> {
        let named = path.extension().and_then(|extension| extension.to_str());
        let format = match (self.to, named) {
            (Some(format), _) => format,
            (None, Some("jks")) => StoreType::Jks,
            (None, Some("p12" | "pfx" | "pkcs12")) => StoreType::Pkcs12,
            (None, _) => {
                return Err(CommandError::usage(format!(
                    "`{}` is not there, and its name does not tell which format it should have",
                    path.display()
                ))
                .hint("`--to pkcs12` or `--to jks` says it; the name must be right if it should be there"));
            }
        };
        Ok(match format {
            StoreType::Jks if self.profile.is_some() => {
                return Err(CommandError::usage("`--profile` is for PKCS #12 alone"));
            }
            StoreType::Jks => Encoding::Jks,
            StoreType::Pkcs12 => Encoding::Pkcs12(match self.profile {
                Some(ProfileArg::Java8) => Pkcs12Profile::Java8,
                Some(ProfileArg::Modern) | None => Pkcs12Profile::Modern,
            }),
        })
    }
}

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
        path: &'a Path,
        flags: &WriteFlags,
        passwords: &WritePasswords,
        resolver: &Passwords<'_>,
    ) -> Result<Self, CommandError> {
        let opened = Self::begin(ui, global, path, flags, passwords, resolver, None)?;
        opened.ok_or_else(|| CommandError::failed(format!("there is no file `{}`", path.display())))
    }

    /// Opens a store, or begins a new one.
    pub(crate) fn open_or_new(
        ui: &'a Ui,
        global: &'a Global,
        path: &'a Path,
        flags: &WriteFlags,
        passwords: &WritePasswords,
        resolver: &Passwords<'_>,
        new: &NewStore,
    ) -> Result<Self, CommandError> {
        let opened = Self::begin(ui, global, path, flags, passwords, resolver, Some(new))?;
        opened.ok_or_else(|| CommandError::failed(format!("there is no file `{}`", path.display())))
    }

    fn begin(
        ui: &'a Ui,
        global: &'a Global,
        path: &'a Path,
        flags: &WriteFlags,
        passwords: &WritePasswords,
        resolver: &Passwords<'_>,
        new: Option<&NewStore>,
    ) -> Result<Option<Self>, CommandError> {
        let stdin = path == Path::new("-");
        let is_there = stdin || path.symlink_metadata().is_ok();
        if !is_there && new.is_none() {
            return Ok(None);
        }
        // Before the lock: a person may take long to answer.
        let purpose = match is_there {
            true => Purpose::Open,
            false => Purpose::Create,
        };
        let password = passwords.store(resolver, purpose)?;
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
                Ok(Some(Self {
                    encoding: same_encoding(ui, path, &decoded)?,
                    decoded: Some(decoded),
                    ..made
                }))
            }
            (None, Some(new)) => Ok(Some(Self {
                encoding: new.encoding(path)?,
                ..made
            })),
            (None, None) => Ok(None),
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
                Some(encode(
                    path,
                    &edited.keystore,
                    encoding,
                    password,
                    deterministic,
                )?)
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
        let stdout_is_free = self.path != Path::new("-");
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

/// Encodes a store, and reads it again: what is written is what was meant.
pub(crate) fn encode(
    path: &Path,
    keystore: &Keystore,
    encoding: Encoding,
    password: &Password,
    deterministic: bool,
) -> Result<Bytes, CommandError> {
    let mut derived;
    let mut system = random();
    let random: &mut dyn Random = match deterministic {
        true => {
            derived = edit::deterministic_random(encoding, keystore)
                .map_err(|error| error::edit(path, &error))?;
            &mut derived
        }
        false => &mut system,
    };
    let bytes = keystore
        .encode(encoding, password, random)
        .map_err(|error| error::encode(&error))?;
    let unlike = || {
        CommandError::failed("what was encoded does not read back alike: nothing was written")
            .hint("this is a fault of apim-pki: please report it, with `apim-pki store show`")
    };
    let read =
        Keystore::decode(bytes.expose(), password).map_err(|error| unlike().because(&error))?;
    let (meant, found) = (keystore.entries(), read.keystore.entries());
    let alike = |(meant, found): (&Entry, &Entry)| {
        meant.alias.lookup() == found.alias.lookup() && meant.certificates() == found.certificates()
    };
    // A PKCS #12 file has the keys first, whatever the order was.
    let same_order = meant.iter().zip(found).all(alike);
    let same = same_order
        || meant.iter().all(|entry| {
            let found = read.keystore.get(entry.alias.as_str());
            found.is_some_and(|found| alike((entry, found)))
        });
    match meant.len() == found.len() && same {
        true => Ok(bytes),
        false => Err(unlike()),
    }
}

/// `1 entry`, `143 entries`.
pub(crate) fn entries(keystore: &Keystore) -> String {
    match keystore.entries().len() {
        1 => "1 entry".to_owned(),
        many => format!("{many} entries"),
    }
}

/// Where salts come from.
pub(crate) fn random() -> SystemRandom {
    SystemRandom
}

/// What the readers of a file make of its password. Only a chosen one is worth a word.
pub(crate) fn warn_about(
    ui: &Ui,
    password: &Password,
    encoding: Encoding,
    keystore: &Keystore,
    chosen: bool,
) {
    if !chosen {
        return;
    }
    let pkcs12 = encoding.format() == StoreFormat::Pkcs12;
    if password.is_empty() {
        ui.warning(
            "the password is empty: `keytool` asks for six characters and does not open the store, \
             `KeyStore.load` of Java does",
        );
        return;
    }
    if password.chars() < KEYTOOL_MINIMUM {
        ui.warning(format_args!(
            "the password has fewer than {KEYTOOL_MINIMUM} characters: `keytool` and the product refuse it"
        ));
    }
    if !password.is_ascii() && !pkcs12 {
        ui.warning(
            "the password is not ASCII: `keytool` opens the store only where its locale has the same \
             characters, and PKCS #12 of Java 17 does not take it at all",
        );
    }
    let is_key = |entry: &Entry| !matches!(entry.content, Content::TrustedCertificate { .. });
    let has_keys = keystore.entries().iter().any(is_key);
    if !pkcs12 && has_keys && password.chars() < SHORT {
        ui.warning(format_args!(
            "a JKS protects its keys by one SHA-1 a guess: a password under {SHORT} characters does not \
             protect them (`--to pkcs12` does better)"
        ));
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

/// As the file was written. Where no profile fits, its keys stay as they are, and the rest gets the
/// profile that most can read.
fn same_encoding(ui: &Ui, path: &Path, decoded: &Decoded) -> Result<Encoding, CommandError> {
    match (decoded.encoding, decoded.format) {
        (Some(encoding), _) => Ok(encoding),
        (None, StoreFormat::Jks) => Ok(Encoding::Jks),
        (None, StoreFormat::Pkcs12) => {
            ui.warning(
                "the file was protected in a way that is not written here: it gets the profile `modern`, \
                 keys stay as they are",
            );
            Ok(Encoding::Pkcs12(Pkcs12Profile::Modern))
        }
        (None, format) => {
            let shown = quoted(path);
            Err(CommandError::usage(format!(
                "`{}` is {format}, which is not changed in place",
                path.display()
            ))
            .hint(format!(
                "convert it first: `apim-pki store convert {shown} store.p12 --to pkcs12`"
            )))
        }
    }
}

/// `keytool` and the product refuse fewer.
const KEYTOOL_MINIMUM: usize = pki_core::wso2::PASSWORD_MINIMUM;
/// Sixteen random characters are out of reach of a search, at some 10^10 guesses a second.
const SHORT: usize = 16;
/// reproducible-builds.org/specs/source-date-epoch: seconds since 1970.
const EPOCH: &str = "SOURCE_DATE_EPOCH";
