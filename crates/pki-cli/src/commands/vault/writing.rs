//! Secrets of a home that are changed: under its lock, shown, written whole or not at all.

use std::path::Path;

use pki_core::{
    disk::{DiskError, FileSet, Home, Intended, Label, LockedHome},
    install::Sharers,
    observe::{HomeReader, VaultHome},
    report::{self, ChangedSecrets},
    wso2::vault::{ChangeError, Changes, Obstacle},
};
use time::OffsetDateTime;

use crate::{
    cli::{Format, Global},
    commands::holder,
    error::{self, CommandError},
    paste::quoted,
    ui::Ui,
};

/// A home that nobody else changes as long as this lives.
pub(crate) struct Held {
    locked: LockedHome,
    pub(crate) home: VaultHome,
}

impl Held {
    /// `command` is what the user would run again.
    pub(crate) fn open(global: &Global, dir: &Path, command: &str) -> Result<Self, CommandError> {
        let disk = |error: DiskError| error::home(&error, dir, command);
        let locked = Home::open(dir).map_err(disk)?;
        let locked = locked.lock(global.lock_timeout, &holder()).map_err(disk)?;
        let home = VaultHome::look(&HomeReader::new(), dir, locked.view())
            .map_err(|error| error::not_a_home(&error, dir))?;
        if let Some((file, reason)) = home.unread.first() {
            return Err(CommandError::failed(format!(
                "`{}` cannot be read: {reason}",
                dir.join(file).display()
            )));
        }
        Ok(Self { locked, home })
    }

    /// Writes the files; whether anything changed. Says what other nodes may have too.
    pub(crate) fn write(
        &mut self,
        ui: &Ui,
        changes: &Changes,
        why: &str,
    ) -> Result<bool, CommandError> {
        let dir = self.home.home.dir.clone();
        let disk = |error: DiskError| error::home(&error, &dir, &format!("apim-pki {why}"));
        let mut files = FileSet::new();
        for file in &changes.files {
            let path = file.file.parse().map_err(|error| {
                CommandError::failed(format!("`{}` is no path of a home", file.file))
                    .because(&error)
            })?;
            files.write(path, file.bytes.clone());
        }
        let prepared = self.locked.view().prepare(files).map_err(disk)?;
        if prepared.is_empty() {
            return Ok(false);
        }
        let label = Label {
            when: OffsetDateTime::now_utc(),
            why: why.to_owned(),
        };
        let is_shared = |file: &&Intended| Sharers::Unknown.of_file(file).is_some();
        let shared = prepared.files().iter().filter(is_shared);
        let shared: Vec<String> = shared.map(|it| format!("`{}`", it.path)).collect();
        self.locked.commit(prepared, &label).map_err(disk)?;
        if !shared.is_empty() {
            ui.warning(format_args!(
                "other nodes may share {}, which lies out of the home: they read it with the same key alone",
                shared.join(", ")
            ));
        }
        Ok(true)
    }
}

/// Says what was done to the secrets of homes.
pub(crate) fn tell(
    ui: &Ui,
    global: &Global,
    homes: &[(&VaultHome, &Changes)],
    written: bool,
) -> Result<(), CommandError> {
    let told: Vec<ChangedSecrets<'_>> = homes
        .iter()
        .map(|(home, changes)| ChangedSecrets {
            path: home.home.dir.display().to_string(),
            changes,
            written: written && !changes.files.is_empty(),
        })
        .collect();
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::changed_secrets(&told, &mut out),
        Format::Text => report::text::changed_secrets(&told, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    for (home, changes) in homes {
        let dir = home.home.dir.display();
        let files: Vec<String> = changes
            .files
            .iter()
            .map(|file| format!("`{}`", file.file))
            .collect();
        match (files.is_empty(), written) {
            (true, _) => ui.status(format_args!("nothing changes in `{dir}`")),
            (false, true) => ui.status(format_args!("wrote {} in `{dir}`", files.join(", "))),
            (false, false) => ui.status(format_args!(
                "dry run: {} in `{dir}` would be written",
                files.join(", ")
            )),
        }
    }
    Ok(())
}

/// Warns that what was replaced is still there.
pub(crate) fn warn_of_what_is_kept(ui: &Ui, home: &VaultHome) {
    let state = home.home.dir.join(Home::STATE);
    ui.warning(format_args!(
        "`{}` keeps what was replaced, as it was: the old values too",
        state.display()
    ));
    ui.hint(format_args!(
        "`apim-pki install --home {} --undo` brings it back; `rm -r {}`, when the server runs, gives that up",
        quoted(&home.home.dir),
        quoted(&state)
    ));
}

/// Secrets that could not be changed: none was.
pub(crate) fn refused(home: &VaultHome, error: &ChangeError) -> CommandError {
    let dir = home.home.dir.display();
    let text = format!("`{dir}`: {error}, so nothing was changed");
    let ChangeError::Secrets(all) = error else {
        return match error {
            ChangeError::Alias(_) => CommandError::usage(format!("`{dir}`: {error}")),
            ChangeError::Seal(_) => {
                let failed = CommandError::failed(text);
                failed.hint("a key of 2048 bits or more is needed: `apim-pki issue` makes a primary of 3072")
            }
            _ => CommandError::failed(text),
        };
    };
    let unsafe_ones = all
        .iter()
        .any(|it| matches!(it.reason, Obstacle::Cut | Obstacle::Differs(_)));
    let mut refused = match unsafe_ones {
        true => CommandError::refused(text),
        false => CommandError::failed(text),
    };
    for it in all {
        refused = refused.found(format!("{}: `{}`: {}", it.place, it.alias, it.reason));
    }
    let has = |wanted: fn(&Obstacle) -> bool| all.iter().any(|it| wanted(&it.reason));
    if has(|it| matches!(it, Obstacle::Cut)) {
        refused = refused.hint(format!(
            "say what the value is: `apim-pki vault encrypt --home {} --alias ALIAS --value file:PATH`",
            quoted(&home.home.dir)
        ));
    }
    if has(|it| matches!(it, Obstacle::Differs(_))) {
        refused = refused.hint(
            "put the value that the configuration says between the brackets, or the other way round; then run \
             it again",
        );
    }
    if has(|it| matches!(it, Obstacle::NoTarget(_))) {
        refused = refused.hint(
            "cipher-tool.properties names a value that is not there: take its line out, or mend its path",
        );
    }
    if has(|it| matches!(it, Obstacle::Open(_) | Obstacle::Doubtful)) {
        refused =
            refused.hint("give the key that they were made under; `--from` may be given again");
    }
    refused
}
