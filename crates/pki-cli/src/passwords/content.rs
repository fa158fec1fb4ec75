//! What a source gives: the bytes of a file, a variable, a descriptor, a program.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
    process::{Command, ExitStatus, Stdio},
};

use pki_core::secret::Password;
use zeroize::Zeroizing;

/// What a source gave.
pub(super) type Content = Result<Zeroizing<Vec<u8>>, Problem>;

/// Why a source gave no password.
#[derive(Debug)]
pub(super) enum Problem {
    Differ,
    Empty,
    Exit(ExitStatus),
    NoVariable,
    NobodyToAsk,
    NotText,
    Read(io::Error),
    Start(io::Error),
    TooLong,
    Unsupported,
}

/// The text, without one line end.
pub(super) fn password(bytes: &[u8]) -> Result<Password, Problem> {
    let text = std::str::from_utf8(bytes).map_err(|_| Problem::NotText)?;
    let text = text
        .strip_suffix("\r\n")
        .or_else(|| text.strip_suffix('\n'))
        .unwrap_or(text);
    Ok(Password::new(text))
}

pub(super) fn file(path: &Path) -> Content {
    File::open(path)
        .map_err(Problem::Read)
        .and_then(read_to_end)
}

pub(super) fn variable(name: &str) -> Content {
    let value = env::var_os(name).ok_or(Problem::NoVariable)?;
    let bytes = Zeroizing::new(value.into_encoded_bytes());
    if bytes.len() > MAX_LENGTH {
        return Err(Problem::TooLong);
    }
    Ok(bytes)
}

/// Opens the descriptor by name: taking it over by number would need `unsafe`.
pub(super) fn descriptor(number: u32) -> Content {
    file(&PathBuf::from(format!("/dev/fd/{number}")))
}

/// Runs a program in `base`. It gets no input, what it says on stderr is passed on.
pub(super) fn of_program(words: &[String], base: &Path) -> Content {
    let (program, arguments) = words.split_first().ok_or(Problem::Empty)?;
    // A name without a slash is looked up in PATH; one with a slash starts where the topology lies.
    let program = match program.contains('/') {
        true => base.join(program),
        false => PathBuf::from(program),
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(Problem::Start)?;
    let output = match child.stdout.take() {
        Some(stdout) => read_to_end(stdout),
        None => Err(Problem::Empty),
    };
    if output.is_err() {
        // It may wait for ever for somebody to read on. If it is gone already, so much the better.
        let _ = child.kill();
    }
    let status = child.wait().map_err(Problem::Read)?;
    let output = output?;
    if !status.success() {
        return Err(Problem::Exit(status));
    }
    Ok(output)
}

fn read_to_end(source: impl Read) -> Content {
    // All the room at once: a vector that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_LENGTH + 1));
    source
        .take(MAX_LENGTH as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(Problem::Read)?;
    if bytes.len() > MAX_LENGTH {
        return Err(Problem::TooLong);
    }
    Ok(bytes)
}

/// Longer than any passphrase that a person or a vault gives out (a 4096-bit key in hex is 1 KiB); keeps
/// `file:/dev/zero` from filling the memory.
pub(super) const MAX_LENGTH: usize = 4096;
