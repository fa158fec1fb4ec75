use std::{io, path::PathBuf, time::Duration};

use super::{Holder, RelPath, Sha256};

/// Why a workspace or a home could not be read, locked or changed.
///
/// Unless it is [`DiskError::Unfinished`], none of its files has changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// While finishing an interrupted run: a file is neither what the journal found nor what it wanted.
    /// Nothing was moved; whoever takes the file away lets the next run go on.
    #[error("`{path}` is not what the interrupted run left: expected {expected}, found {}", shown(.found))]
    Changed {
        /// The file.
        path: PathBuf,
        /// What the journal says: SHA-256 values, or that there was no file.
        expected: String,
        /// What is there, if there is a file.
        found: Option<Sha256>,
    },
    /// Somebody else holds the lock, and still does after the wait.
    #[error("`{path}` is in use{}", .holder.as_ref().map(|h| format!(" by {h}")).unwrap_or_default())]
    Held {
        /// The workspace.
        path: PathBuf,
        /// Who holds it; `None` for a reader, and for a writer that has not said so yet.
        holder: Option<Holder>,
        /// How long this run waited.
        waited: Duration,
    },
    /// The operating system said no.
    #[error("cannot {action} `{path}`")]
    Io {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A journal or a generation's manifest that cannot be understood.
    #[error("`{path}` is damaged: {reason}")]
    Journal {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// What was kept of a replaced file is not what was put there, so it cannot be put back.
    #[error("`{path}` is damaged: expected {expected}, found {}", shown(.found))]
    Damaged {
        /// The file that was kept.
        path: PathBuf,
        /// What it was.
        expected: Sha256,
        /// What is there, if there is a file.
        found: Option<Sha256>,
    },
    /// Files that an undo would put back have been changed by somebody else since.
    #[error("{} not as the install left them: {}", count(.files), names(.files))]
    Edited {
        /// Which, and what they are now.
        files: Vec<EditedFile>,
    },
    /// There is not enough room for what would be written.
    #[error("`{path}` has room for {available} bytes, {needed} are needed")]
    NoSpace {
        /// A folder on the file system.
        path: PathBuf,
        /// What would be written, in bytes.
        needed: u64,
        /// What this user may still write, in bytes.
        available: u64,
    },
    /// The folder in which the workspace would be made is not there.
    #[error("the folder `{path}`, in which the workspace would be made, does not exist")]
    NoParent {
        /// The missing folder.
        path: PathBuf,
    },
    /// What is there cannot be trusted, or is in the way.
    #[error("`{path}` is refused: {reason}")]
    Refused {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: Refusal,
    },
    /// Between preparing and committing somebody else changed a file.
    #[error("`{path}` was changed meanwhile: expected {}, found {}", shown(.expected), shown(.found))]
    Stale {
        /// The file.
        path: PathBuf,
        /// What was there, `None` for no file.
        expected: Option<Sha256>,
        /// What is there, or where the path leads now; `None` for no file.
        found: Option<Sha256>,
    },
    /// A file larger than any that belongs here.
    #[error("`{path}` has {size} bytes, the limit is {limit}")]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size in bytes.
        size: u64,
        /// What is accepted, in bytes.
        limit: u64,
    },
    /// Something failed after the commit point, or so near to it that nobody can tell: the next writer
    /// finishes what the journal says, if it is there.
    #[error("the change is recorded in `{journal}`, but not all of it is in place")]
    Unfinished {
        /// The journal, from which the next writer goes on.
        journal: PathBuf,
        /// What failed.
        source: Box<DiskError>,
    },
}

/// A file that is not as an install left it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EditedFile {
    /// As the install was asked for it.
    pub path: RelPath,
    /// The file itself, behind the links on the way.
    pub file: PathBuf,
    /// What the install left there, `None` for no file.
    pub expected: Option<Sha256>,
    /// What is there, `None` for no file.
    pub found: Option<Sha256>,
    /// Where the path led when the install wrote it, if it leads to another file now.
    pub led_to: Option<PathBuf>,
}

/// Why a file or folder is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The same set wants a file there and something below it.
    #[error("it is to be a file and a folder at the same time")]
    Conflict,
    /// A symbolic link to nothing, or in a circle.
    #[error("it is a symbolic link that leads nowhere")]
    Dangling,
    /// Folders below folders without an end.
    #[error("it is more than {limit} folders deep")]
    Depth {
        /// How many are accepted.
        limit: usize,
    },
    /// A symbolic link that somebody put on the way to another user's file.
    #[error("it is a symbolic link of user {owner}, and leads to what belongs to user {to}")]
    ForeignLink {
        /// The number of the link's owner, who is not root.
        owner: u32,
        /// The number of the owner of the file, or of the folder in which it would be made.
        to: u32,
    },
    /// Another user owns it.
    #[error("it belongs to user {owner}, not to user {user}")]
    ForeignOwner {
        /// The owner's number.
        owner: u32,
        /// This process's effective user.
        user: u32,
    },
    /// A folder of a home that was to go as a whole.
    #[error("only single files of a home are taken away")]
    HomeFolder,
    /// A symbolic link.
    #[error("it is a symbolic link")]
    Link,
    /// A single file that is mounted, as containers do: no other can take its place.
    #[error("it is a mount point")]
    Mounted,
    /// Its name cannot be told in UTF-8, or is no name.
    #[error("its name cannot be used: {reason}")]
    Name {
        /// Why.
        reason: String,
    },
    /// A file was expected.
    #[error("it is a folder where a file belongs")]
    NotAFile,
    /// A folder was expected.
    #[error("it is a file where a folder belongs")]
    NotAFolder,
    /// Its owner may not write it.
    #[error("its mode {mode:04o} does not let its owner write")]
    ReadOnly {
        /// The permission bits.
        mode: u32,
    },
    /// Its name is kept for this library's own files, in any case of letters.
    #[error("its name is kept for the files of this tool itself")]
    Reserved,
    /// A device, a socket, a pipe.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Two paths of a set lead to this file.
    #[error("two paths lead to it")]
    Twice,
    /// Its group or everybody may write it.
    #[error("its mode {mode:04o} lets others write")]
    Writable {
        /// The permission bits.
        mode: u32,
    },
}

fn count(files: &[EditedFile]) -> String {
    match files.len() {
        1 => "one file is".to_owned(),
        count => format!("{count} files are"),
    }
}

fn names(files: &[EditedFile]) -> String {
    let names = files
        .iter()
        .map(|file| format!("`{}`", file.file.display()));
    names.collect::<Vec<_>>().join(", ")
}

fn shown(found: &Option<Sha256>) -> String {
    found.map_or_else(|| "no file".to_owned(), |digest| digest.to_string())
}
