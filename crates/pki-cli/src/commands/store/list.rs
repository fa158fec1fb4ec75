use std::path::PathBuf;

use clap::Args;
use pki_core::{
    edit,
    keystore::Keystore,
    report::{
        self,
        text::{Listed, Unread},
    },
    secret::Password,
};

use super::opening::{self, ReadPasswords};
use crate::{
    cli::{Format, Global, HELP},
    error::{self, CommandError, Outcome},
    passwords::Passwords,
    ui::Ui,
};

/// List what is in keystores: an entry a line, expired ones shouted
///
/// Any format is told by its content. Without a password what lies open is listed, and said to be
/// unchecked. A file that cannot be read ends it with 3, after the others were listed.
#[derive(Debug, Args)]
#[command(
    before_help = "Example:\n  apim-pki store list wso2carbon.jks client-truststore.jks --store-password file:password",
    help_template = HELP
)]
pub(crate) struct ListArgs {
    /// The stores; `-` is stdin
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    passwords: ReadPasswords,
}

/// Lists each.
pub(crate) fn run(ui: &Ui, global: &Global, args: &ListArgs) -> Result<Outcome, CommandError> {
    let found = summaries(ui, global, &args.files, &args.passwords)?;
    let mut out = Vec::new();
    match global.format {
        Format::Json => report::json::v1::stores(&found.listed, &found.unread, &mut out),
        Format::Text => report::text::list(&found.listed, ui.layout(), &mut out),
    }
    .map_err(|error| CommandError::output(&error))?;
    ui.data(&out)?;
    found.end(ui)
}

/// Stores that were read, and those that were not.
pub(crate) struct Summaries {
    pub(crate) listed: Vec<Listed>,
    pub(crate) unread: Vec<Unread>,
    errors: Vec<CommandError>,
}

impl Summaries {
    /// Says what could not be read: that ends the run with 3.
    pub(crate) fn end(mut self, ui: &Ui) -> Result<Outcome, CommandError> {
        let Some(last) = self.errors.pop() else {
            return Ok(Outcome::Done);
        };
        self.errors.iter().for_each(|error| ui.error(error));
        Err(last)
    }
}

/// Reads every file, whatever becomes of the others.
pub(crate) fn summaries(
    ui: &Ui,
    global: &Global,
    files: &[PathBuf],
    passwords: &ReadPasswords,
) -> Result<Summaries, CommandError> {
    let (store, keys) = passwords.resolve(&Passwords::for_stores(ui))?;
    let mut found = Summaries {
        listed: Vec::new(),
        unread: Vec::new(),
        errors: Vec::new(),
    };
    for file in files {
        let path = opening::shown(file);
        match summary(global, file, &store, &keys) {
            Ok(summary) => found.listed.push(Listed { path, summary }),
            Err(error) => {
                let reason = error.in_one_line();
                found.unread.push(Unread { path, reason });
                found.errors.push(error);
            }
        }
    }
    Ok(found)
}

fn summary(
    global: &Global,
    file: &std::path::Path,
    store: &[Password],
    keys: &[Password],
) -> Result<edit::StoreSummary, CommandError> {
    let bytes = opening::read(file)?;
    let decoded = match store {
        // Listed without a password is not unread: what can be known is told.
        [] => Keystore::look(bytes.expose()).map_err(|error| error::decode(file, &error))?,
        given => opening::decode(file, bytes.expose(), given)?,
    };
    Ok(edit::summary(&decoded, keys, global.now()))
}
