//! The only writer of files: a folder that is locked, changed as a whole or not at all, and that keeps
//! what it replaced. It may be this library's own, or a *home*, whose files belong to somebody else.
//!
//! | need | type |
//! | --- | --- |
//! | a folder, or one that will be made | [`Workspace`] |
//! | to be its only writer, or one of its readers | [`Locked`], [`Shared`] |
//! | to look at its files | [`View`], by [`RelPath`] |
//! | to change it | [`FileSet`] |
//! | what earlier runs replaced | [`Generation`] |
//! | a folder of somebody else's files | [`Home`] |
//! | to be its only writer, or one of its readers | [`LockedHome`], [`SharedHome`] |
//! | to look at its files | [`HomeView`] |
//! | to know beforehand what a set, or an undo, would do to it | [`Prepared`] |
//! | one file somewhere else | [`SingleFile`] |
//!
//! ```
//! use std::time::Duration;
//! use pki_core::{disk::{FileSet, Holder, Label, RelPath, Workspace}, secret::Bytes};
//! use time::macros::datetime;
//!
//! # let base = tempfile::tempdir()?;
//! # let dir = base.path().join("pki");
//! let wait = Duration::from_secs(10);
//! let started = datetime!(2026-03-01 12:00 UTC);
//! let holder = Holder { pid: std::process::id(), host: "ops1".to_owned(), started };
//! let path: RelPath = "nodes/gateway-1/tls.jks".parse()?;
//!
//! let mut workspace = Workspace::open(&dir)?.lock(wait, &holder)?;
//! assert_eq!(workspace.view().read(&path)?, None);
//!
//! let mut files = FileSet::new();
//! files.write(path.clone(), Bytes::from(vec![1, 2, 3]));
//! let label = Label { when: started, why: "issue".to_owned() };
//! let committed = files.commit(&mut workspace, &label)?;
//! assert_eq!(committed.written, [path.clone()]);
//! drop(workspace);
//!
//! let shared = Workspace::open(&dir)?.share(wait)?;
//! assert_eq!(shared.view().read(&path)?, Some(Bytes::from(vec![1, 2, 3])));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A home is changed in two steps, so that what is going to happen can be shown, and it can be undone:
//!
//! ```
//! use std::{fs, time::Duration};
//! use pki_core::{disk::{FileSet, Foreign, Holder, Home, Label}, secret::Bytes};
//! use time::macros::datetime;
//!
//! # let base = tempfile::tempdir()?;
//! # let dir = base.path();
//! fs::write(dir.join("server.conf"), "keystore=old.jks")?;
//! let wait = Duration::from_secs(10);
//! let started = datetime!(2026-03-01 12:00 UTC);
//! let holder = Holder { pid: std::process::id(), host: "gw1".to_owned(), started };
//!
//! let mut home = Home::open(dir)?.lock(wait, &holder)?;
//! let mut files = FileSet::new();
//! files.write("server.conf".parse()?, Bytes::from(b"keystore=new.jks".as_slice()));
//! files.write("security/new.jks".parse()?, Bytes::from(vec![1, 2, 3]));
//! let prepared = home.view().prepare(files)?;
//! assert_eq!(prepared.files().len(), 2);
//! let label = Label { when: started, why: "install".to_owned() };
//! home.commit(prepared, &label)?;
//! drop(home);
//!
//! let mut home = Home::open(dir)?.lock(wait, &holder)?;
//! if let Some(prepared) = home.view().prepare_undo(Foreign::Refuse)? {
//!     home.commit(prepared, &label)?;
//! }
//! drop(home);
//! assert_eq!(fs::read(dir.join("server.conf"))?, b"keystore=old.jks");
//! assert_eq!(fs::read_dir(dir)?.count(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whole or not at all
//!
//! New files are written below `.staging/` and synced. Then the file `journal`, which names every step,
//! is renamed into the workspace and the folder synced: the commit point. Before it nothing but
//! `.staging/` has changed, and the next writer throws that away. After it the next writer finishes what
//! the journal says; each step looks whether it is done already, and `.staging/` stays complete until
//! the journal is gone, so it does not matter where the run ended, nor how often. What is replaced gets
//! a second name below `generations/` (a hard link, or a copy where the file system has none) that is
//! synced before the new file is renamed over the old one: there is no moment at which a path is empty
//! or an old content has no name. A reader that meets a journal reads what it promises.
//!
//! # Whom it trusts
//!
//! The workspace belongs to the effective user and nobody else may write in it; whatever is below it is
//! refused if it is a link, belongs to somebody else, or may be written by group or others. So nobody
//! but the user, or root, can change a path between a check and its use.
//!
//! A home belongs to the effective user, or to anybody if that is root. Of its files it trusts nothing:
//! links are followed when a change is prepared, to what belongs to the link's own owner (or anywhere, if
//! root made the link), and are an error from then on (on Linux, where every folder is opened from the one
//! before). Its state is the user's alone, as a workspace is.
//!
//! # Limits
//!
//! Of a home: access control lists and other extended attributes are not given to a new content; they come
//! back with an undo where the file system has links. The times of folders are not put back. Two homes that
//! share a folder wait for each other while one of them writes in it, where its file system has locks on
//! folders (NFS has none); each undoes its own.
//!
//! Unix only. The lock is advisory (`flock`): it holds between runs of this library on one machine, and
//! over NFS where the server gives locks.

mod commit;
#[cfg(target_os = "linux")]
mod confined;
mod digest;
mod error;
mod file_set;
mod forward;
mod generation;
mod home;
mod journal;
mod locate;
mod lock;
mod opened;
mod place;
mod prepared;
mod rel_path;
mod seam;
mod single;
mod system;
mod tree;
mod undo;
mod view;
mod workspace;

#[cfg(test)]
mod tests;

pub use commit::Committed;
pub use digest::Sha256;
pub use error::{DiskError, EditedFile, Refusal};
pub use file_set::{Change, FileSet};
pub use generation::{Generation, GenerationId, Label, Recorded};
pub use home::{Foreign, Home, HomeView, LockedHome, Pending, SharedHome};
pub use lock::{Holder, Locked, Recovery, Shared};
pub use place::Elsewhere;
pub use prepared::{Effect, Intended, Prepared};
pub use rel_path::{PathError, RelPath};
pub use single::SingleFile;
pub use view::{Listed, View};
pub use workspace::Workspace;
