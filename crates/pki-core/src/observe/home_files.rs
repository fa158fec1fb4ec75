use std::fs;

use crate::{
    disk::{DiskError, HomeView, RelPath},
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
    /// Reads what [`CONFIGURATION_FILES`] names.
    ///
    /// # Errors
    ///
    /// [`DiskError`] if the home itself cannot be looked at. A file that cannot be read is in
    /// [`FoundFiles::unread`].
    pub fn read(view: &HomeView<'_>) -> Result<Self, DiskError> {
        let mut found = Self::default();
        for pattern in CONFIGURATION_FILES {
            let (folder, name) = pattern.rsplit_once('/').unwrap_or(("", pattern));
            for folder in folders(view, folder)? {
                match name.strip_prefix('*') {
                    None => found.add(view, &folder, name),
                    Some(ending) => {
                        for name in names(view, &folder)? {
                            if name.ends_with(ending) {
                                found.add(view, &folder, &name);
                            }
                        }
                    }
                }
            }
        }
        Ok(found)
    }

    fn add(&mut self, view: &HomeView<'_>, folder: &str, name: &str) {
        let path = format!("{folder}/{name}");
        let Ok(place) = RelPath::new(path.clone()) else {
            return;
        };
        match view.read(&place) {
            Ok(None) => {}
            Ok(Some(content)) => {
                self.files.insert(path, content);
            }
            Err(error) => self.unread.push((path, error.to_string())),
        }
    }
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

/// The folders that a path means, of which one part may be `*`.
fn folders(view: &HomeView<'_>, pattern: &str) -> Result<Vec<String>, DiskError> {
    let Some((before, after)) = pattern.split_once("/*") else {
        return Ok(vec![pattern.to_owned()]);
    };
    let folders = names(view, before)?.into_iter();
    Ok(folders
        .map(|name| format!("{before}/{name}{after}"))
        .collect())
}

/// The names in a folder; none where something else is in its place.
fn names(view: &HomeView<'_>, folder: &str) -> Result<Vec<String>, DiskError> {
    let Ok(path) = RelPath::new(folder) else {
        return Ok(Vec::new());
    };
    match view.names(Some(&path)) {
        Ok(mut names) => {
            names.truncate(NAMES);
            Ok(names)
        }
        Err(DiskError::Refused { .. }) => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A home's fullest configuration folder has 30 names; more than this are nobody's configuration.
const NAMES: usize = 2_000;
