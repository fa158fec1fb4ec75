//! Which files lie below the paths that somebody named.

use std::{
    collections::HashSet,
    fs, io,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Something that was met on the way.
#[derive(Debug)]
pub(super) enum Met {
    /// A file, or what may be one once it is opened.
    File(PathBuf),
    /// A folder, or a named path, that cannot be looked into.
    Unreadable(PathBuf, io::Error),
}

/// One step after the other through all folders, names in order, so that the same tree is met in the same
/// order always. It holds the names of the folders on the way, and which folders it has been in.
#[derive(Debug)]
pub(super) struct Walk {
    /// What is still to do, next last.
    pending: Vec<Pending>,
    /// Folders by device and inode: a link may lead back.
    seen: HashSet<(u64, u64)>,
}

#[derive(Debug)]
enum Pending {
    Named(PathBuf),
    Folder(PathBuf),
    File(PathBuf),
}

impl Walk {
    pub(super) fn new(named: &[PathBuf]) -> Self {
        Self {
            pending: named.iter().rev().cloned().map(Pending::Named).collect(),
            seen: HashSet::new(),
        }
    }

    fn enter(&mut self, folder: &Path) -> io::Result<()> {
        let metadata = fs::metadata(folder)?;
        if !self.seen.insert((metadata.dev(), metadata.ino())) {
            return Ok(());
        }
        let mut entries = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            entries.push((entry.file_name(), entry.file_type()?));
        }
        entries.sort_unstable_by(|a, b| b.0.cmp(&a.0));
        let is_workspace = entries
            .iter()
            .any(|(name, _)| MARKS.iter().any(|mark| name == mark));
        for (name, kind) in entries {
            let left_out = OURS.iter().any(|ours| name == *ours)
                || is_workspace && name == GENERATIONS
                || MOUNTED
                    .iter()
                    .any(|mounted| name.as_encoded_bytes().starts_with(mounted));
            let path = folder.join(name);
            match kind {
                _ if left_out => {}
                kind if kind.is_dir() => self.pending.push(Pending::Folder(path)),
                kind if kind.is_file() => self.pending.push(Pending::File(path)),
                // What a link leads to; one that leads nowhere is nobody's store.
                kind if kind.is_symlink() => match fs::metadata(&path) {
                    Ok(target) if target.is_dir() => self.pending.push(Pending::Folder(path)),
                    Ok(target) if target.is_file() => self.pending.push(Pending::File(path)),
                    _ => {}
                },
                // Pipes, sockets and devices never end, or answer to nobody.
                _ => {}
            }
        }
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Met;

    fn next(&mut self) -> Option<Met> {
        loop {
            let folder = match self.pending.pop()? {
                Pending::File(path) => return Some(Met::File(path)),
                Pending::Folder(path) => path,
                Pending::Named(path) => match fs::metadata(&path) {
                    Ok(metadata) if metadata.is_dir() => path,
                    Ok(_) => return Some(Met::File(path)),
                    Err(error) => return Some(Met::Unreadable(path, error)),
                },
            };
            if let Err(error) = self.enter(&folder) {
                return Some(Met::Unreadable(folder, error));
            }
        }
    }
}

/// What this tool keeps for itself: beside a home's stores, and while it writes a workspace.
const OURS: [&str; 2] = [".apim-pki", ".staging"];
/// What a workspace keeps of earlier runs. Elsewhere a folder may have this name.
const GENERATIONS: &str = "generations";
/// Folders that a workspace has.
const MARKS: [&str; 3] = ["ca", "nodes", "primary"];
/// Where Kubernetes keeps what it mounts (`..data`, `..2026_11_23…`): the files stand beside it as links.
const MOUNTED: [&[u8]; 2] = [b"..data", b"..20"];
