use std::{error::Error, fs};

use crate::{
    disk::{DiskError, HomeView, Refusal, RelPath},
    wso2::{
        PID_FILE,
        config::{CONFIGURATION_FILES, HomeFiles},
    },
};

/// The files of a home that its configuration is read from, and which of them could not be read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct FoundFiles {
    /// By their path below the home.
    pub files: HomeFiles,
    /// Path and reason.
    pub unread: Vec<(String, String)>,
}

impl FoundFiles {
    /// Reads what [`CONFIGURATION_FILES`] names. Pipes, sockets and devices are passed over.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if the home itself cannot be looked at. A file or folder that cannot be read is in
    /// [`FoundFiles::unread`].
    pub fn read(view: &HomeView<'_>) -> Result<Self, DiskError> {
        view.names(None)?;
        let mut reading = Reading {
            view,
            found: Self::default(),
            bytes: 0,
            is_full: false,
        };
        for pattern in CONFIGURATION_FILES {
            let parts: Vec<&str> = pattern.split('/').collect();
            reading.below(None, &parts);
        }
        Ok(reading.found)
    }
}

struct Reading<'a> {
    view: &'a HomeView<'a>,
    found: FoundFiles,
    /// How much was read.
    bytes: usize,
    /// It was told that no more is read.
    is_full: bool,
}

impl Reading<'_> {
    /// What a pattern's parts mean in a folder.
    fn below(&mut self, folder: Option<&RelPath>, parts: &[&str]) {
        let Some((part, rest)) = parts.split_first() else {
            return;
        };
        let Some((start, end)) = part.split_once('*') else {
            return self.named(folder, part, rest);
        };
        let names = match self.view.names(folder) {
            Ok(names) => names,
            // A file where a folder is usual holds no files.
            Err(DiskError::Refused { .. }) => return,
            Err(error) => return self.note(folder, &error),
        };
        let fits = |name: &&String| {
            name.len() >= part.len() - 1 && name.starts_with(start) && name.ends_with(end)
        };
        for name in names.iter().filter(fits) {
            self.named(folder, name, rest);
        }
    }

    fn named(&mut self, folder: Option<&RelPath>, name: &str, rest: &[&str]) {
        let path = match folder {
            None => RelPath::new(name),
            Some(folder) => folder.join(name),
        };
        let Ok(path) = path else { return };
        match rest.is_empty() {
            true => self.file(&path),
            false => self.below(Some(&path), rest),
        }
    }

    fn file(&mut self, path: &RelPath) {
        if self.found.files.contains_key(path.as_str()) {
            return;
        }
        if self.found.files.len() >= MOST_FILES || self.bytes >= MOST_BYTES {
            if !self.is_full {
                let mib = MOST_BYTES >> 20;
                let reason = format!("more than {MOST_FILES} files or {mib} MiB are not read");
                self.found.unread.push((path.to_string(), reason));
            }
            self.is_full = true;
            return;
        }
        match self.view.read(path) {
            Ok(Some(content)) => {
                self.bytes += content.len();
                self.found.files.insert(path.to_string(), content);
            }
            Ok(None) => {}
            Err(DiskError::Refused {
                reason: Refusal::Special | Refusal::NotAFile | Refusal::NotAFolder,
                ..
            }) => {}
            Err(error) => self.note(Some(path), &error),
        }
    }

    fn note(&mut self, path: Option<&RelPath>, error: &DiskError) {
        let path = path.map_or_else(String::new, ToString::to_string);
        self.found.unread.push((path, in_one_line(error)));
    }
}

/// The whole chain of causes, on one line.
pub(crate) fn in_one_line(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(error) = next {
        text.push_str(": ");
        text.push_str(&error.to_string());
        next = error.source();
    }
    text
}

/// The process of the server that runs from a home, if its file for that says so and the process is there.
///
/// A number that another program has by now counts for nothing.
///
/// # Errors
///
/// [`DiskError`] if the file cannot be read.
pub fn running_server(view: &HomeView<'_>) -> Result<Option<u32>, DiskError> {
    let Ok(path) = RelPath::new(PID_FILE) else {
        return Ok(None);
    };
    let Some(content) = view.read(&path)? else {
        return Ok(None);
    };
    let text = String::from_utf8_lossy(content.expose());
    let Ok(pid) = text.trim().parse::<u32>() else {
        return Ok(None);
    };
    Ok(is_server(pid).then_some(pid))
}

/// True if a process is there and a Java program, or a shell that starts one, as far as anybody can tell.
fn is_server(pid: u32) -> bool {
    let known = rustix::process::Pid::from_raw(pid.cast_signed());
    let alive = known.is_some_and(|pid| match rustix::process::test_kill_process(pid) {
        Ok(()) => true,
        // It is there, and somebody else's.
        Err(error) => error == rustix::io::Errno::PERM,
    });
    alive
        && match fs::read(format!("/proc/{pid}/cmdline")) {
            Ok(line) => {
                let line = String::from_utf8_lossy(&line).into_owned();
                line.contains("java") || line.contains(".sh")
            }
            Err(_) => true,
        }
}

/// A gateway of 2.x has a file for each API that is deployed; the largest known has a few thousand.
const MOST_FILES: usize = 20_000;
/// A home's configuration has about 0.5 MB, an API's file about 5 KB.
const MOST_BYTES: usize = 256 << 20;
