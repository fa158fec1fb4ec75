//! A store that is written beside those that were read.

use std::path::{Path, PathBuf};

use clap::Args;
use pki_core::{
    disk::SingleFile,
    edit::{self, Edited, Side, Target},
    keystore::Keystore,
    secret::{Bytes, Password},
};

use super::{
    encoding,
    flags::{Dates, WriteFlags},
    opening, saving,
};
use crate::{
    cli::Global,
    error::{self, CommandError, Outcome},
    passwords::{Passwords, Purpose, SourceArg},
    ui::Ui,
};

/// Flags of the commands that write another file than they read.
#[derive(Debug, Default, Args)]
pub(crate) struct OutputFlags {
    /// The new store's password [default: the one that is given for what is read]
    #[arg(long, value_name = "SRC")]
    out_password: Option<SourceArg>,

    /// Let it take the place of a file that is there
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    write: WriteFlags,
}

impl OutputFlags {
    /// The new store's password.
    pub(crate) fn password(
        &self,
        resolver: &Passwords<'_>,
        read: &[Password],
    ) -> Result<Password, CommandError> {
        let own = self.out_password.as_ref();
        let own = opening::optional(resolver, own, "--out-password", Purpose::Create)?;
        own.or_else(|| read.first().cloned()).ok_or_else(|| {
            CommandError::usage("the new store needs a password")
                .hint("`--out-password file:PATH`, or `--store-password` for both")
        })
    }
}

/// Where the new store goes. Nobody else writes there as long as this lives.
pub(crate) struct Output<'a> {
    ui: &'a Ui,
    global: &'a Global,
    path: PathBuf,
    dates: Option<Dates>,
    dry_run: bool,
    file: Option<SingleFile>,
    before: Option<Bytes>,
}

impl<'a> Output<'a> {
    /// Locks the place. A file that is there must be allowed to go.
    pub(crate) fn open(
        ui: &'a Ui,
        global: &'a Global,
        path: &Path,
        flags: &OutputFlags,
    ) -> Result<Self, CommandError> {
        let (file, before) = match path == Path::new("-") {
            true => (None, None),
            false => saving::content(global, path, flags.write.dry_run)?,
        };
        if before.is_some() && !flags.replace {
            return Err(
                CommandError::refused(format!("`{}` is there already", path.display()))
                    .hint("`--replace` puts the new one in its place"),
            );
        }
        Ok(Self {
            ui,
            global,
            path: path.to_owned(),
            dates: flags.write.dates()?,
            dry_run: flags.write.dry_run,
            file,
            before,
        })
    }

    /// Says what changes, and writes it, unless what is there means the same.
    pub(crate) fn finish(
        self,
        edited: &Edited,
        to: Target,
        password: &Password,
    ) -> Result<Outcome, CommandError> {
        let dated = match (to, self.dates) {
            (Target::Store(encoding), Some(dates)) => Some(dates.apply(edited, encoding)),
            _ => None,
        };
        let edited = dated.as_ref().unwrap_or(edited);
        let stdout = self.path == Path::new("-");
        let bytes = match to {
            Target::Store(encoding) => {
                encoding::warn_about(self.ui, password, encoding, &edited.keystore, true);
                let deterministic = self.dates.is_some();
                encoding::encode(
                    self.ui,
                    &self.path,
                    &edited.keystore,
                    encoding,
                    password,
                    deterministic,
                )?
                .bytes
            }
            _ => edit::write_pem_bundle(&edited.keystore)
                .map_err(|error| error::edit(&self.path, &error))?,
        };
        let same = self.means_the_same(edited, to, password, &bytes);
        let written = match &self.file {
            Some(file) if !same => {
                file.replace(&bytes).map_err(|error| error::file(&error))?;
                true
            }
            _ => false,
        };
        saving::tell(
            self.ui,
            self.global,
            &self.path,
            &edited.change,
            written,
            self.dry_run || !stdout,
        )?;
        let shown = self.path.display();
        let entries = saving::entries(&edited.keystore);
        if stdout && self.dry_run {
            self.ui.status("dry run: nothing was written");
        } else if stdout {
            self.ui.data(bytes.expose())?;
        } else if same {
            self.ui
                .status(format_args!("nothing changes: `{shown}` stays as it is"));
        } else if written {
            self.ui
                .status(format_args!("wrote `{shown}`, {}, {entries}", to.format()));
        } else {
            self.ui
                .status(format_args!("dry run: `{shown}` was not written"));
        }
        Ok(Outcome::Done)
    }

    fn means_the_same(
        &self,
        edited: &Edited,
        to: Target,
        password: &Password,
        bytes: &Bytes,
    ) -> bool {
        let Some(before) = &self.before else {
            return false;
        };
        let Target::Store(encoding) = to else {
            return before.expose() == bytes.expose();
        };
        let passwords = std::slice::from_ref(password);
        // As it will be read: some formats keep no dates.
        match (
            Keystore::decode(before.expose(), password),
            Keystore::decode(bytes.expose(), password),
        ) {
            (Ok(before), Ok(now)) => {
                let side = |keystore| Side {
                    keystore,
                    passwords,
                };
                before.encoding == Some(encoding)
                    && before.keystore.entries().len() == edited.keystore.entries().len()
                    && edit::diff(side(&before.keystore), side(&now.keystore)).is_empty()
            }
            _ => false,
        }
    }
}
