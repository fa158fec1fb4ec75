//! Product homes that somebody named: found, and read.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use pki_core::{
    observe::{GivenKeys, Home, HomeReader},
    wso2::{Product, config::HOME_MARKS},
};

use crate::{
    cli::Global,
    commands::store::opening,
    error::{self, CommandError},
    passwords::{Passwords, Purpose, SourceArg},
    paste::quoted,
    ui::Ui,
};

/// The folders that some arguments mean, each once: as they are, or by `*`, `?` and `[…]`. What a pattern
/// meets beside homes is left out.
pub(crate) fn dirs(given: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut dirs = Vec::new();
    let mut seen = HashSet::new();
    for path in given {
        for dir in meant(path)? {
            let same = dir.canonicalize().unwrap_or_else(|_| dir.clone());
            if seen.insert(same) {
                dirs.push(dir);
            }
        }
    }
    Ok(dirs)
}

fn meant(path: &Path) -> Result<Vec<PathBuf>, CommandError> {
    let text = path.to_string_lossy();
    if path.exists() || !text.contains(['*', '?', '[']) {
        return Ok(vec![path.to_path_buf()]);
    }
    let wrong = |reason: &dyn std::error::Error| {
        CommandError::usage(format!("`{text}` is no pattern of folders")).because(reason)
    };
    let found = glob::glob(&text).map_err(|error| wrong(&error))?;
    let mut homes: Vec<PathBuf> = found
        .filter_map(Result::ok)
        .filter(|dir| HOME_MARKS.iter().any(|mark| dir.join(mark).is_file()))
        .collect();
    homes.sort();
    match homes.is_empty() {
        false => Ok(homes),
        true => Err(
            CommandError::failed(format!("no product home is called `{text}`")).hint(format!(
                "a home is a folder that has `repository/conf` in it: `ls -d {}`",
                quoted(path).trim_matches('\'')
            )),
        ),
    }
}

/// What opens the encrypted secrets of homes, beside what they say themselves: what `--vault-password` and
/// `--encryption-key` say.
pub(crate) fn keys(
    ui: &Ui,
    vault_passwords: &[SourceArg],
    encryption_key: Option<&SourceArg>,
) -> Result<GivenKeys, CommandError> {
    let resolver = Passwords::for_stores(ui);
    let resolved = |source| opening::resolve(&resolver, source, "--vault-password", Purpose::Open);
    let stores = vault_passwords.iter().map(resolved);
    Ok(GivenKeys {
        stores: stores.collect::<Result<_, _>>()?,
        encryption: opening::optional(&resolver, encryption_key, ENCRYPTION_KEY, Purpose::Open)?,
        ..GivenKeys::default()
    })
}

/// The key of the vault's own symmetric mode, which is given at start.
pub(crate) const ENCRYPTION_KEY: &str = "--encryption-key";

/// Reads homes on all cores, with what may open their encrypted secrets. Those that cannot be read at all are
/// told by the second part.
pub(crate) fn read(
    ui: &Ui,
    global: &Global,
    dirs: &[PathBuf],
    product: Option<Product>,
    keys: &GivenKeys,
) -> (Vec<Home>, Vec<CommandError>) {
    let progress = ui.progress("reading homes", dirs.len());
    let reader = HomeReader::new()
        .product(product)
        .keys(keys)
        .wait(global.lock_timeout);
    let read = reader.read_all(dirs, &|| progress.advance());
    let mut homes = Vec::new();
    let mut failed = Vec::new();
    for (dir, home) in dirs.iter().zip(read) {
        match home {
            Ok(home) => homes.push(home),
            Err(reason) => failed.push(error::not_a_home(&reason, dir)),
        }
    }
    (homes, failed)
}

/// Several homes that could not be read, as one error.
pub(crate) fn all(failed: Vec<CommandError>) -> Option<CommandError> {
    let mut failed = failed.into_iter();
    let first = failed.next()?;
    Some(failed.fold(first, |all, error| all.and(error.in_one_line())))
}
