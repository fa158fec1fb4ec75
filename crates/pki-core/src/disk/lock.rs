use std::{
    fmt,
    io::ErrorKind,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use super::{
    DiskError, GenerationId, RelPath, Sha256, View, forward,
    generation::rfc3339,
    journal::Journal,
    rel_path::{GENERATIONS, GITIGNORE, LOCK},
    seam::{Attempt, Held, LockMode, Seam},
    tree::Tree,
};

/// The only one who may write, until it is dropped.
#[derive(Debug)]
pub struct Locked {
    view: View,
    recovery: Option<Recovery>,
    /// What taking the lock made, to be taken away again if nothing is committed.
    made: Vec<&'static str>,
    /// Different for each run, on each machine; empty in a workspace.
    mark: String,
    wait: Duration,
    held: Box<dyn Held>,
}

/// One of the readers, until it is dropped.
#[derive(Debug)]
pub struct Shared {
    view: View,
    journal: Option<Journal>,
    /// `None` where no writer has been.
    _held: Option<Box<dyn Held>>,
}

/// Who holds the lock, for the one who waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process's number.
    pub pid: u32,
    /// The machine's name.
    pub host: String,
    /// When it started.
    #[serde(with = "rfc3339")]
    pub started: OffsetDateTime,
}

/// What an interrupted run had left, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Recovery {
    /// It ended before its commit point: what it had prepared was cleared away, no file had changed.
    Discarded,
    /// It was an undo that ended after its commit point: the rest was done now.
    Undone {
        /// When it ran.
        when: OffsetDateTime,
        /// What it was.
        why: String,
        /// Which files it put back or removed.
        files: Vec<RelPath>,
    },
    /// It ended after its commit point: the rest was done now.
    Finished {
        /// Where what it replaced is.
        generation: GenerationId,
        /// When it ran.
        when: OffsetDateTime,
        /// What it was.
        why: String,
        /// Which files it wrote or retired.
        files: Vec<RelPath>,
    },
}

impl Locked {
    /// The files.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// What an interrupted run had left, if there was one.
    pub fn recovery(&self) -> Option<&Recovery> {
        self.recovery.as_ref()
    }

    pub(super) fn tree(&self) -> &Tree {
        self.view.tree()
    }

    /// Part of names in folders that others write in too.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// Locks a folder that other homes may have too, as long as it waited for its own lock at most. `None`:
    /// there are no locks on that file system.
    pub(super) fn hold(&self, dir: &Path) -> Result<Option<Box<dyn Held>>, DiskError> {
        match folder(self.tree().seam(), dir, self.wait) {
            Err(DiskError::Io { .. }) => Ok(None),
            held => held.map(Some),
        }
    }

    /// After a change: what taking the lock made stays. In a home it goes, whoever made it, as soon as
    /// there is nothing left to undo.
    pub(super) fn settle(&mut self) {
        self.made.clear();
        let tree = self.view.tree();
        if !tree.is_home() {
            return;
        }
        // What cannot be looked at or removed stays, and with it what taking the lock made.
        let _ = tree.remove_empty_dir(&tree.own(GENERATIONS));
        if matches!(tree.folder(&tree.own(GENERATIONS)), Ok(false)) {
            self.made.extend([FOLDER, LOCK, GITIGNORE]);
        }
    }

    /// Keeps the workspace out of a repository, before there is anything in it. What somebody wrote
    /// there stays; an empty file is what a run left that ended in the middle.
    fn hide(&mut self) -> Result<(), DiskError> {
        let tree = self.view.tree();
        let path = tree.own(GITIGNORE);
        match tree.file(&path)? {
            Some(found) if found.size > 0 => return Ok(()),
            Some(_) => tree.remove_file(&path)?,
            None => self.made.push(GITIGNORE),
        }
        tree.create(&path, b"*\n")
    }

    /// Takes away what taking the lock made. Nobody is left to hear of an error, and what stays is an
    /// empty folder.
    fn unmake(&mut self) {
        let tree = self.view.tree();
        let made = |name: &str| self.made.contains(&name);
        if made(FOLDER)
            && !tree
                .names(tree.state())
                .is_ok_and(|names| names.iter().all(|n| made(n)))
        {
            return;
        }
        for name in self.made.iter().rev() {
            let _ = match *name {
                FOLDER => tree.remove_empty_dir(tree.state()),
                file => tree.remove_file(&tree.own(file)),
            };
        }
    }
}

impl Drop for Locked {
    fn drop(&mut self) {
        // A note that stays names a run that has ended, but only a held lock's note is ever shown.
        let _ = self.held.note(b"");
        self.unmake();
    }
}

impl Shared {
    /// Of what nobody can lock.
    pub(super) fn unlocked(tree: Tree) -> Self {
        Self {
            view: View::new(tree),
            journal: None,
            _held: None,
        }
    }

    /// The files.
    pub fn view(&self) -> &View {
        &self.view
    }

    /// True if a run was interrupted after its commit point, and the next writer will finish it.
    pub fn interrupted(&self) -> bool {
        self.journal.is_some()
    }

    pub(super) fn journal(&self) -> Option<&Journal> {
        self.journal.as_ref()
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let started = self.started.format(&Rfc3339).map_err(|_| fmt::Error)?;
        let host = self.host.escape_debug();
        write!(f, "process {} on {host}, started {started}", self.pid)
    }
}

pub(super) fn exclusive(tree: Tree, wait: Duration, holder: &Holder) -> Result<Locked, DiskError> {
    let mut made = Vec::new();
    let held = take(&tree, wait, LockMode::Exclusive, &mut made)?;
    let note = serde_json::to_vec(holder).unwrap_or_default();
    let mut locked = match held {
        Some(held) => Locked {
            view: View::new(tree.clone()),
            recovery: None,
            made,
            mark: mark(&tree, &note),
            wait,
            held,
        },
        // `take` makes the file for a writer, or fails.
        None => return Err(tree.io("lock", &tree.own(LOCK))(ErrorKind::NotFound.into())),
    };
    let noted = locked.held.note(&note);
    let tree = locked.tree();
    noted.map_err(tree.io("write", &tree.own(LOCK)))?;
    locked.hide()?;
    locked.recovery = forward::recover(locked.tree())?;
    if locked.tree().is_home() {
        locked.settle();
    }
    Ok(locked)
}

/// What nobody else calls himself at the same time; in a workspace nobody else writes.
fn mark(tree: &Tree, note: &[u8]) -> String {
    if !tree.is_home() {
        return String::new();
    }
    let mut text = tree.root().as_os_str().as_encoded_bytes().to_vec();
    text.extend_from_slice(note);
    let mut mark = Sha256::of(&text).to_string();
    mark.truncate(MARK);
    mark
}

pub(super) fn shared(tree: Tree, wait: Duration) -> Result<Shared, DiskError> {
    let held = take(&tree, wait, LockMode::Shared, &mut Vec::new())?;
    let journal = Journal::read(&tree)?;
    let view = match &journal {
        Some(journal) => View::through(tree, journal)?,
        None => View::new(tree),
    };
    Ok(Shared {
        view,
        journal,
        _held: held,
    })
}

/// Waits for the lock of a folder, which leaves nothing behind and does not tell who has it.
pub(super) fn folder(
    seam: &dyn Seam,
    dir: &Path,
    wait: Duration,
) -> Result<Box<dyn Held>, DiskError> {
    let begin = Instant::now();
    loop {
        let tried = seam.try_lock_dir(dir).map_err(|source| DiskError::Io {
            action: "lock the folder",
            path: dir.to_path_buf(),
            source,
        })?;
        let waited = begin.elapsed();
        match tried {
            Attempt::Got(held) => return Ok(held),
            _ if waited < wait => thread::sleep(FOLDER_POLL.min(wait - waited)),
            _ => {
                return Err(DiskError::Held {
                    path: dir.to_path_buf(),
                    holder: None,
                    waited,
                });
            }
        }
    }
}

/// Waits for the lock. A reader gets none where there is no lock file: no writer has been there.
fn take(
    tree: &Tree,
    wait: Duration,
    mode: LockMode,
    made: &mut Vec<&'static str>,
) -> Result<Option<Box<dyn Held>>, DiskError> {
    let lock = tree.own(LOCK);
    let begin = Instant::now();
    loop {
        if mode == LockMode::Exclusive {
            prepare(tree, made)?;
        }
        if tree.file(&lock)?.is_none() && mode == LockMode::Shared {
            return Ok(None);
        }
        let tried = tree.seam().try_lock(&tree.at(&lock), mode);
        let waited = begin.elapsed();
        match tried.map_err(tree.io("lock", &lock))? {
            Attempt::Got(held) => return Ok(Some(held)),
            Attempt::Gone if waited < wait => {}
            Attempt::Busy if waited < wait => thread::sleep(POLL.min(wait - waited)),
            Attempt::Busy | Attempt::Gone => {
                let path = tree.root().to_path_buf();
                let note = tree.read(&lock).ok().flatten().unwrap_or_default();
                let holder = serde_json::from_slice(note.expose()).ok();
                return Err(DiskError::Held {
                    path,
                    holder,
                    waited,
                });
            }
        }
    }
}

/// Makes what a lock needs: the folder, and the file to lock.
fn prepare(tree: &Tree, made: &mut Vec<&'static str>) -> Result<(), DiskError> {
    if !tree.folder(tree.state())? {
        let dir = tree.at(tree.state());
        let parent = match dir.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let done = tree.seam().create_dir(&dir);
        match done {
            Ok(()) => {
                made.clear();
                made.push(FOLDER);
                // The parent is anybody's; that its names are on the disk is not ours to insist on.
                let _ = tree.seam().sync_dir(parent);
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let path = parent.to_path_buf();
                return Err(DiskError::NoParent { path });
            }
            Err(error) => return Err(tree.io("create the folder", tree.state())(error)),
        }
    }
    let path = tree.own(LOCK);
    if tree.file(&path)?.is_some() {
        return Ok(());
    }
    match tree.create(&path, b"") {
        Ok(()) => made.push(LOCK),
        // Two begin at the same time: the other made it, or has taken the folder away again.
        Err(DiskError::Io { source, .. })
            if matches!(
                source.kind(),
                ErrorKind::AlreadyExists | ErrorKind::NotFound
            ) => {}
        Err(error) => return Err(error),
    }
    Ok(())
}

/// In [`Locked::made`], the folder of the state itself.
const FOLDER: &str = "";

/// 48 bits: two runs with the same mark that write in one folder at the same time are not to be feared.
const MARK: usize = 12;

/// Short for a person, long for a processor.
const POLL: Duration = Duration::from_millis(50);

/// A folder is locked while one change is written, and no longer.
const FOLDER_POLL: Duration = Duration::from_millis(10);
