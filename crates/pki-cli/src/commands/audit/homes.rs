//! Homes as they are deployed.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use pki_core::{
    audit::{Auditor, Context},
    observe::{HomeError, HomeReader, Inventory, VaultHome},
};

use crate::{
    cli::Global,
    error::{self, CommandError},
    homes,
    ui::Ui,
};

/// Hands the homes to the auditor, and those that cannot be read at all. Returns the others.
pub(super) fn audit(
    ui: &Ui,
    global: &Global,
    (context, auditor): (&Context<'_>, &Auditor<'_>),
    given: &[PathBuf],
    found: Option<&Inventory>,
) -> Result<Vec<VaultHome>, CommandError> {
    let dirs = homes::dirs(given)?;
    let progress = ui.progress("reading homes", dirs.len());
    let product = context.topology.map(|topology| topology.product);
    let keys = context.vault_keys();
    let reader = HomeReader::new().product(product).keys(&keys);
    let read = VaultHome::read_all(&reader, &dirs, global.lock_timeout, &|| progress.advance());
    let mut homes = Vec::new();
    for (dir, home) in dirs.iter().zip(read) {
        match home {
            Ok(home) => homes.push(home),
            Err(reason) => {
                auditor.not_read(&*dir.to_string_lossy(), why(&reason, dir));
            }
        }
    }
    drop(progress);
    auditor.homes(&homes, found);
    Ok(homes)
}

/// Why a home was not read, to be told behind its path.
fn why(error: &HomeError, dir: &Path) -> String {
    match error {
        HomeError::Unreadable { source, .. } => {
            let failed = CommandError::failed(source.to_string());
            match source.source() {
                Some(cause) => failed.because(cause).in_one_line(),
                None => failed.in_one_line(),
            }
        }
        error => error::not_a_home(error, dir).in_one_line(),
    }
}
