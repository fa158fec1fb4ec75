//! One file that lies anywhere, read with a bound.

use std::{
    fs::{File, OpenOptions},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use rustix::fs::OFlags;

use crate::secret::Bytes;

/// Reads what somebody named: a file, links followed, or a pipe.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::FileTooLarge`] above [`LIMIT`].
pub(super) fn read(path: &Path) -> io::Result<Bytes> {
    bounded(&mut File::open(path)?)
}

/// Reads a file that was found, links followed, and nothing that is no file: a pipe would hold the run up.
///
/// # Errors
///
/// As [`read`]; [`io::ErrorKind::InvalidInput`] for a folder, a pipe, a device.
pub(super) fn read_regular(path: &Path) -> io::Result<Bytes> {
    let flags = (OFlags::NONBLOCK | OFlags::CLOEXEC).bits();
    let mut options = OpenOptions::new();
    options.custom_flags(i32::try_from(flags).unwrap_or_default());
    let mut file = options.read(true).open(path)?;
    match file.metadata()?.is_file() {
        true => bounded(&mut file),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
    }
}

fn bounded(file: &mut File) -> io::Result<Bytes> {
    let too_large = || io::Error::new(io::ErrorKind::FileTooLarge, "larger than 64 MiB");
    let length = file.metadata()?.len();
    if length > LIMIT {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0) + 1);
    file.take(LIMIT + 1).read_to_end(&mut bytes)?;
    let bytes = Bytes::from(bytes);
    match bytes.len() as u64 > LIMIT {
        true => Err(too_large()),
        false => Ok(bytes),
    }
}

/// A truststore of 100 000 certificates has about 100 MB; a vendor's has 0.2 MB.
const LIMIT: u64 = 64 << 20;
