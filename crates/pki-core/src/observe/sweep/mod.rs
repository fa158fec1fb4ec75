//! Stores and certificates below any number of paths, found by content, read in parallel.

mod open;
mod walk;

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    num::NonZeroUsize,
    os::unix::fs::{MetadataExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

pub use open::{Access, Opened, open_with_any};
use walk::{Met, Walk};

use crate::{keystore::Format, parallel, secret::Bytes};

/// A file that holds, or should hold, keys or certificates.
#[derive(Debug)]
#[non_exhaustive]
pub struct Found {
    /// Its path: as given, or from the given folder on.
    pub path: PathBuf,
    /// True for a path that was named, false for what a folder held.
    pub named: bool,
    /// What is known of it.
    pub outcome: Result<FoundFile, Unread>,
}

/// A file that was read.
#[derive(Debug)]
#[non_exhaustive]
pub struct FoundFile {
    /// Its content.
    pub bytes: Bytes,
    /// Its permission bits.
    pub mode: u32,
    /// What its content looks like; `None`: nothing known, and only its name says that it is a store.
    pub format: Option<Format>,
}

/// Why a file, or a folder, could not be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unread {
    /// The system said no.
    #[error("{}", io_reason(.0))]
    Io(#[from] io::Error),
    /// A pipe, a socket or a device.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Larger than any keystore.
    #[error("it has {size} bytes, and {LIMIT} are read at most")]
    TooLarge {
        /// Its size in bytes.
        size: u64,
    },
    /// It was named, and nothing in it looks like a key or a certificate.
    #[error("no keystore, key or certificate: it begins with {beginning}")]
    NothingKnown {
        /// The first bytes in hex.
        beginning: String,
    },
}

/// Reads every file below some paths and hands those that hold keys or certificates to `visit`, from
/// `workers` threads at once. Each file's content is gone when `visit` returns.
///
/// A folder is searched to its end, by content; of a file only its beginning is read until it looks like
/// something. Links are followed, none into a folder where the search has been. `.apim-pki`, `.staging`
/// and a workspace's `generations` are left out, so are pipes, sockets and devices. What cannot be read
/// is handed on with the reason. `visit` returns false to end the search.
pub fn sweep(paths: &[PathBuf], workers: NonZeroUsize, visit: &(impl Fn(Found) -> bool + Sync)) {
    let named = |path: &Path| paths.iter().any(|named| named == path);
    parallel::each_on(workers, Walk::new(paths), |met| {
        let found = match met {
            Met::Unreadable(path, error) => Some(Found {
                named: named(&path),
                path,
                outcome: Err(error.into()),
            }),
            Met::File(path) => look(path, &named),
        };
        found.is_none_or(visit)
    });
}

/// Reads a file as far as it is worth it; `None`: it has nothing to do with keys.
fn look(path: PathBuf, is_named: &impl Fn(&Path) -> bool) -> Option<Found> {
    let named = is_named(&path);
    let outcome = match read_found(&path) {
        Err(error) => Err(error),
        Ok(file) if file.format.is_some() || is_called_a_store(&path) => Ok(file),
        Ok(_) if !named => return None,
        Ok(file) => {
            let bytes = file.bytes.expose();
            let shown = &bytes[..bytes.len().min(8)];
            let hex: Vec<String> = shown.iter().map(|byte| format!("{byte:02X}")).collect();
            let beginning = match hex.is_empty() {
                true => "nothing".to_owned(),
                false => hex.join(" "),
            };
            Err(Unread::NothingKnown { beginning })
        }
    };
    Some(Found {
        path,
        named,
        outcome,
    })
}

/// Reads one file that is known to be a store, with its permission bits.
///
/// # Errors
///
/// [`Unread`] if it is no regular file, too large, or the system says no.
pub fn read_found(path: &Path) -> Result<FoundFile, Unread> {
    // A pipe that took a file's place must not hold the run up.
    let flags = OFlags::NONBLOCK | OFlags::CLOEXEC;
    let mut options = OpenOptions::new();
    options.read(true);
    options.custom_flags(i32::try_from(flags.bits()).unwrap_or_default());
    let mut file = options.open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unread::Special);
    }
    let mode = metadata.mode() & 0o7777;
    let size = metadata.len();
    let head = usize::try_from(size.min(HEAD)).unwrap_or(0);
    let mut bytes = Vec::with_capacity(head + 1);
    fill(&mut file, &mut bytes, HEAD)?;
    let format = Format::detect(&bytes);
    if format.is_some() && bytes.len() as u64 >= HEAD {
        if size > LIMIT {
            return Err(Unread::TooLarge { size });
        }
        let all = usize::try_from(size).unwrap_or(0);
        bytes.reserve_exact((all + 1).saturating_sub(bytes.len()));
        fill(&mut file, &mut bytes, LIMIT + 1)?;
        let size = bytes.len() as u64;
        if size > LIMIT {
            return Err(Unread::TooLarge { size });
        }
    }
    Ok(FoundFile {
        bytes: Bytes::from(bytes),
        mode,
        format,
    })
}

/// Reads on until there are `until` bytes, or the file ends.
fn fill(file: &mut File, bytes: &mut Vec<u8>, until: u64) -> io::Result<()> {
    let room = until.saturating_sub(bytes.len() as u64);
    file.take(room).read_to_end(bytes).map(drop)
}

/// True if a name promises a keystore, whatever is in the file.
fn is_called_a_store(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|extension| STORES.contains(&extension.to_ascii_lowercase().as_str()))
}

/// `No such file or directory`, without the number that nobody reads.
fn io_reason(error: &io::Error) -> String {
    let text = error.to_string();
    match text.rfind(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}

/// As far as a file is read to see what it is: text in front of a PEM block ends before.
const HEAD: u64 = 64 << 10;
/// As [`Inventory`](super::Inventory) has it for what a topology names.
const LIMIT: u64 = 64 << 20;
/// Extensions that Java's tools and the product use for keystores.
const STORES: [&str; 8] = [
    "bcfks",
    "bks",
    "jceks",
    "jks",
    "keystore",
    "p12",
    "pfx",
    "truststore",
];
