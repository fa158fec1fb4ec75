//! A folder of the home becomes a link to somebody else's while it is written: whoever owns the home can do
//! that to root at any moment.

use std::{
    ffi::OsString,
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::disk::{
    confined::Confined,
    seam::{Access, Attempt, Found, Kind, LockMode, NewFile, Seam},
    system::System,
};

#[test]
fn a_folder_that_becomes_a_link_at_any_moment_leads_nowhere() {
    for action in [act_install, act_undo] {
        let mut n = 0;
        loop {
            n += 1;
            let base = quick_folder();
            let dir = home(base.path()).canonicalize().unwrap();
            let victim = base.path().canonicalize().unwrap().join("victim");
            fs::create_dir(&victim).unwrap();
            for name in ["a.xml", "b.xml", "new"] {
                write(&victim, name, "not the home's", 0o644);
            }
            let theirs = snapshot(&victim);
            let before = snapshot(&dir);
            let seam = Arc::new(Swapping {
                folder: dir.join("conf"),
                victim: victim.clone(),
                left: AtomicUsize::new(usize::MAX),
            });
            let open = || Home::open_on(dir.clone(), Arc::new(System), Arc::clone(&seam) as _);
            let done = action(&open, &|| seam.left.store(n, Ordering::Relaxed));
            assert_eq!(snapshot(&victim), theirs, "at {n}: {done:?}");

            if seam.left.load(Ordering::Relaxed) > 0 {
                // It had ended before its turn came.
                assert!(n > 100, "only {n}");
                assert!(done.is_ok(), "{done:?}");
                break;
            }
            fs::remove_file(dir.join("conf")).unwrap();
            fs::rename(dir.join("conf-moved"), dir.join("conf")).unwrap();
            // What it had promised by then is kept, and taken back.
            let mut locked = Home::open(&dir).unwrap().lock(WAIT, &holder()).unwrap();
            while let Some(prepared) = locked.view().prepare_undo(Foreign::Refuse).unwrap() {
                locked.commit(prepared, &label("undo")).unwrap();
            }
            drop(locked);
            assert_eq!(snapshot(&dir), before, "at {n}: {done:?}");
        }
    }
}

/// In memory, if there is such a place: it is written often.
fn quick_folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").unwrap_or_else(|_| tempfile::tempdir().unwrap())
}

/// Opens the home, and something that starts the count.
type Open<'a> = &'a dyn Fn() -> Result<Home, DiskError>;

fn act_install(open: Open<'_>, begin: &dyn Fn()) -> Result<(), DiskError> {
    let mut locked = open()?.lock(WAIT, &holder())?;
    begin();
    let mut wanted = set(&[("conf/a.xml", "new a"), ("conf/new/deep", "new")]);
    wanted.retire(path("conf/b.xml"));
    let prepared = locked.view().prepare(wanted)?;
    locked.commit(prepared, &label("install")).map(drop)
}

fn act_undo(open: Open<'_>, begin: &dyn Fn()) -> Result<(), DiskError> {
    act_install(open, &|| {})?;
    let mut locked = open()?.lock(WAIT, &holder())?;
    begin();
    let prepared = locked.view().prepare_undo(Foreign::Refuse)?;
    let prepared = prepared.expect("it was installed");
    locked.commit(prepared, &label("undo")).map(drop)
}

/// The system, with somebody who puts a link in a folder's place before one of its operations.
#[derive(Debug)]
struct Swapping {
    folder: PathBuf,
    victim: PathBuf,
    /// How many operations are still to come; 0: it is done.
    left: AtomicUsize,
}

impl Swapping {
    fn count(&self) {
        let left = self.left.load(Ordering::Relaxed);
        if left == 0 || left == usize::MAX {
            return;
        }
        self.left.store(left - 1, Ordering::Relaxed);
        if left == 1 {
            fs::rename(&self.folder, self.folder.with_file_name("conf-moved")).unwrap();
            symlink(&self.victim, &self.folder).unwrap();
        }
    }
}

impl Seam for Swapping {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        self.count();
        Confined.create_dir(dir)
    }

    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>> {
        self.count();
        Confined.create_file(file)
    }

    fn give_dir(&self, dir: &Path, access: Access) -> io::Result<()> {
        self.count();
        Confined.give_dir(dir, access)
    }

    fn inspect(&self, path: &Path) -> io::Result<Option<Found>> {
        self.count();
        Confined.inspect(path)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.count();
        Confined.link(from, to)
    }

    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()> {
        self.count();
        Confined.may_write(path, kind)
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        self.count();
        Confined.mounted(path)
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        self.count();
        Confined.names(dir)
    }

    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes> {
        self.count();
        Confined.read(file, len)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        self.count();
        Confined.read_link(link)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.count();
        Confined.remove_dir(dir)
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        self.count();
        Confined.remove_file(file)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.count();
        Confined.rename(from, to)
    }

    fn restrict_dir(&self, dir: &Path) -> io::Result<()> {
        self.count();
        Confined.restrict_dir(dir)
    }

    fn space(&self, dir: &Path) -> io::Result<Option<u64>> {
        self.count();
        Confined.space(dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.count();
        Confined.sync_dir(dir)
    }

    fn try_lock(&self, file: &Path, mode: LockMode) -> io::Result<Attempt> {
        self.count();
        Confined.try_lock(file, mode)
    }

    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt> {
        self.count();
        Confined.try_lock_dir(dir)
    }

    fn user(&self) -> u32 {
        Confined.user()
    }
}
