//! A home on the disk that fails: where files lie behind links, on another file system, with the owners
//! and modes of others.

use std::path::{Path, PathBuf};

use super::super::{
    memory::{Dice, Fault, Memory, Meta, Op, READS, USER, Whole},
    *,
};

#[test]
fn what_fails_at_any_operation_is_whole_or_not_at_all() {
    for case in cases() {
        let operations = case.start.operations(|disk| (case.run)(disk).unwrap());
        assert!(operations.len() > 150, "only {}", operations.len());
        for (name, n) in operations.iter().zip(1..) {
            let errors: &[i32] = match *name {
                // No permission may also mean that there are no links.
                "link" => &[ENOSPC, EACCES],
                // As root it is the same again, and slow.
                name if READS.contains(&name) && case.start.state().user == 0 => &[],
                name if READS.contains(&name) => &[EACCES],
                _ => &[ENOSPC],
            };
            for errno in errors {
                let disk = case.start.copy();
                disk.fail_at(n, Fault::Errno(*errno));
                let done = (case.run)(&disk);
                let seen = format!("{}: errno {errno} at {name} {n}: {done:?}", case.name);
                disk.restart();
                let is_new = case.check(&disk, &seen);
                match done {
                    Ok(()) => assert!(is_new, "{seen}"),
                    Err(DiskError::Unfinished { .. }) => {}
                    Err(_) => assert!(!is_new, "{seen}"),
                }
            }
        }
    }
}

#[test]
fn what_is_killed_at_any_operation_is_finished_or_cleared_away_by_the_next() {
    for case in cases() {
        for (n, disk) in case.killed() {
            case.check(&disk, &format!("{}: killed at operation {n}", case.name));
        }
    }
}

#[test]
fn no_power_loss_nor_another_one_while_recovering_leaves_half_a_home() {
    for case in cases() {
        for (n, disk) in case.killed() {
            let seen = format!("{}: power lost at operation {n}", case.name);
            let mut dice = Dice((n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
            disk.lose_power(&mut dice);
            let again = usize::try_from(dice.roll(200)).unwrap();
            disk.fail_at(again + 1, Fault::Abort);
            drop(open(&disk).and_then(|home| home.lock(NO_WAIT, &holder())));
            disk.restart();
            disk.lose_power(&mut dice);
            case.check(&disk, &seen);
        }
    }
}

#[test]
fn an_undo_by_the_next_command_takes_back_what_a_killed_install_promised() {
    for case in cases().iter().filter(|case| case.name == "install") {
        for (n, disk) in case.killed() {
            undo_all(&disk, case.name);
            assert_eq!(disk.whole(), case.start.whole(), "{} {n}", case.name);
        }
    }
}

#[test]
fn nothing_is_replaced_before_what_it_was_has_a_name_that_lasts() {
    for case in cases().iter().filter(|case| case.name == "install") {
        let disk = case.start.copy();
        disk.fail_at(usize::MAX, Fault::Abort);
        (case.run)(&disk).unwrap();
        let log = disk.state().log.clone();
        let first = |name: &str, path: &str| {
            let path = Path::new(path);
            let found = log.iter().position(|op| op.name == name && op.path == path);
            found.unwrap_or_else(|| panic!("{}: no {name} of {path:?}", case.name))
        };
        let point = first("renamed", "/srv/am/.apim-pki/journal");
        for (file, kept) in [
            ("/srv/am/conf/a.xml", "conf/a.xml"),
            ("/srv/am/real/target.xml", "conf/link.xml"),
            ("/mnt/shared/ep.xml", "server/ep.xml"),
        ] {
            let kept = format!("/srv/am/.apim-pki/generations/0001/{kept}");
            let folder = Path::new(&kept).parent().unwrap().display().to_string();
            let name = match log
                .iter()
                .any(|op| op.name == "linked" && op.path == Path::new(&kept))
            {
                true => "linked",
                false => "renamed",
            };
            assert!(point < first(name, &kept));
            assert!(first(name, &kept) < first("sync_dir", &folder));
            assert!(first("sync_dir", &folder) < first("renamed", file));
        }
        // The name of the state itself.
        assert!(first("sync_dir", "/srv/am") < point);
        assert!(first("sync_dir", "/mnt/shared") < point);
        let end = first("remove_file", "/srv/am/.apim-pki/journal");
        for folder in [
            "/srv/am/conf",
            "/srv/am/real",
            "/mnt/shared",
            "/mnt/shared/sub",
        ] {
            let between = &log[first("renamed", "/srv/am/conf/a.xml")..end];
            let synced = |op: &Op| op.name == "sync_dir" && op.path == Path::new(folder);
            assert!(between.iter().any(synced), "{folder}");
        }
    }
}

/// One thing that is done to a home.
struct Case {
    name: &'static str,
    /// As it was before any install.
    pristine: Whole,
    start: Memory,
    after: Whole,
    run: fn(&Memory) -> Result<(), DiskError>,
    /// What stays when everything is undone.
    found: Vec<(&'static str, &'static str)>,
}

fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    for (links, user) in [(true, USER), (false, 0)] {
        let fresh = home(links, user);
        let pristine = fresh.whole();
        let mut add = |name, start: &Memory, run: fn(&Memory) -> Result<(), DiskError>, found| {
            let disk = start.copy();
            run(&disk).unwrap();
            let (start, pristine) = (start.copy(), pristine.clone());
            start.settle();
            cases.push(Case {
                name,
                pristine,
                start,
                after: disk.whole(),
                run,
                found,
            });
            disk
        };
        let installed = add("install", &fresh, install, vec![]);
        let again = add("second install", &installed, install_again, vec![]);
        add("undo", &installed, undo, vec![]);
        add("undo of the second", &again, undo, vec![]);
        // Somebody edits, as an editor does: a new file in place of the old one.
        let edited = installed.copy();
        for file in ["/srv/am/conf/a.xml", "/mnt/shared/ep.xml"] {
            edited.seam().remove_file(Path::new(file)).unwrap();
            edited.file(file, "by hand", USER, 0o644);
        }
        edited
            .seam()
            .remove_file(Path::new("/srv/am/conf/new"))
            .unwrap();
        let found = vec![
            ("/srv/am/conf/a.xml.found", "by hand"),
            ("/mnt/shared/ep.xml.found", "by hand"),
        ];
        add("undo of what was edited", &edited, undo_edited, found);
    }
    cases
}

impl Case {
    /// The disk as the run leaves it that is killed at an operation, for each that changes something.
    fn killed(&self) -> impl Iterator<Item = (usize, Memory)> {
        let changes = self.start.changes(|disk| (self.run)(disk).unwrap());
        changes.into_iter().map(|n| {
            let disk = self.start.copy();
            disk.fail_at(n, Fault::Abort);
            let _ = (self.run)(&disk);
            assert!(disk.failed());
            disk.restart();
            (n, disk)
        })
    }

    /// After a fault: before or after, wholly, and from there everything can be done and undone. True if
    /// it was after.
    fn check(&self, disk: &Memory, seen: &str) -> bool {
        let shared = open(disk).unwrap().share(NO_WAIT).expect(seen);
        let pending = shared.pending().cloned();
        let read = contents(&shared.view());
        drop(shared);
        let recovered = open(disk).unwrap().recover(NO_WAIT, &holder()).expect(seen);
        match (&pending, recovered) {
            (Some(Pending::Finish { files, .. }), Some(Recovery::Finished { files: done, .. }))
            | (Some(Pending::Finish { files, .. }), Some(Recovery::Undone { files: done, .. })) => {
                assert_eq!(*files, done, "{seen}");
            }
            // That there was nothing but a lock is not worth telling.
            (Some(Pending::Discard), Some(Recovery::Discarded) | None) | (None, None) => {}
            other => panic!("{seen}: {other:?}"),
        }
        let whole = disk.whole();
        let found = visible(&whole);
        let is_new = found == visible(&self.after);
        if !is_new {
            assert_eq!(found, visible(&self.start.whole()), "{seen}");
        }
        assert_eq!(
            read,
            contents(&open(disk).unwrap().share(NO_WAIT).unwrap().view()),
            "{seen}"
        );
        let left = |path: &&PathBuf| path.display().to_string().contains("/.apim-pki-");
        assert_eq!(whole.keys().find(left), None, "{seen}");
        let again = open(disk).unwrap().share(NO_WAIT).unwrap();
        assert_eq!(again.pending(), None, "{seen}");
        drop(again);

        if !is_new {
            (self.run)(disk).expect(seen);
        }
        assert_eq!(
            timeless(disk.whole()),
            timeless(self.after.clone()),
            "{seen}"
        );
        undo_all(disk, seen);
        let mut pristine = self.pristine.clone();
        for (path, text) in &self.found {
            let meta = disk.whole().get(Path::new(path)).expect(seen).0;
            pristine.insert(PathBuf::from(path), (meta, Some(text.as_bytes().to_vec())));
        }
        assert_eq!(disk.whole(), pristine, "{seen}");
        is_new
    }
}

/// A home with links within and out of it, part of which is on another file system.
fn home(links: bool, user: u32) -> Memory {
    let disk = Memory::new();
    disk.state().links = links;
    disk.state().user = user;
    // Root finds files of several users.
    let other = if user == 0 { USER + 1 } else { USER };
    disk.folder("/srv/am/conf", USER);
    disk.folder("/srv/am/real", USER);
    disk.folder("/mnt/shared", other);
    disk.mount("/mnt/shared");
    disk.file("/srv/am/conf/a.xml", "old a", other, 0o644);
    disk.file("/srv/am/conf/same.xml", "same", USER, 0o644);
    disk.file("/srv/am/conf/gone.xml", "old gone", USER, 0o600);
    disk.file("/srv/am/real/target.xml", "old target", USER, 0o640);
    disk.file("/mnt/shared/ep.xml", "old ep", other, 0o666);
    disk.symlink("../real/target.xml", "/srv/am/conf/link.xml", USER);
    disk.symlink("/mnt/shared", "/srv/am/server", user);
    disk.settle();
    disk
}

fn open(disk: &Memory) -> Result<Home, DiskError> {
    Home::open_on(PathBuf::from("/srv/am"), disk.seam(), disk.seam())
}

fn install(disk: &Memory) -> Result<(), DiskError> {
    let mut home = open(disk)?.lock(NO_WAIT, &holder())?;
    let mut wanted = set(&[
        ("conf/a.xml", "new a"),
        ("conf/same.xml", "same"),
        ("conf/link.xml", "new target"),
        ("conf/new", "new"),
        ("server/ep.xml", "new ep"),
        ("server/sub/x", "new x"),
        ("new/deep/d", "new d"),
    ]);
    wanted.retire(path("conf/gone.xml"));
    let prepared = home.view().prepare(wanted)?;
    home.commit(prepared, &label("install"))?;
    Ok(())
}

fn install_again(disk: &Memory) -> Result<(), DiskError> {
    let mut home = open(disk)?.lock(NO_WAIT, &holder())?;
    let prepared = home.view().prepare(set(&[
        ("conf/a.xml", "newer a"),
        ("server/ep.xml", "newer ep"),
        ("conf/gone.xml", "back"),
    ]))?;
    home.commit(prepared, &label("install"))?;
    Ok(())
}

fn undo(disk: &Memory) -> Result<(), DiskError> {
    undo_as(disk, Foreign::Refuse)
}

fn undo_edited(disk: &Memory) -> Result<(), DiskError> {
    undo_as(disk, Foreign::SetAside)
}

fn undo_as(disk: &Memory, foreign: Foreign) -> Result<(), DiskError> {
    let mut home = open(disk)?.lock(NO_WAIT, &holder())?;
    let prepared = home.view().prepare_undo(foreign)?.expect("an install");
    home.commit(prepared, &label("undo"))?;
    Ok(())
}

fn undo_all(disk: &Memory, seen: &str) {
    let mut home = open(disk).unwrap().lock(NO_WAIT, &holder()).expect(seen);
    while let Some(prepared) = home.view().prepare_undo(Foreign::Refuse).expect(seen) {
        home.commit(prepared, &label("undo")).expect(seen);
    }
}

/// Without what lies in the state, which only has to be there or not.
fn visible(whole: &Whole) -> Whole {
    let inside = |path: &Path| path.parent().is_some_and(|dir| dir.ends_with(".apim-pki"));
    let keep = |path: &PathBuf| !path.ancestors().any(inside);
    let files = whole.iter().filter(|(path, _)| keep(path));
    files
        .map(|(path, file)| (path.clone(), file.clone()))
        .collect()
}

fn timeless(whole: Whole) -> Whole {
    let mut whole = visible(&whole);
    for (Meta { modified, .. }, _) in whole.values_mut() {
        *modified = 0;
    }
    whole
}

fn contents(view: &HomeView<'_>) -> Files {
    let mut out = Files::new();
    for folder in ["conf", "real", "server", "server/sub", "new", "new/deep"] {
        for name in view.names(Some(&path(folder))).unwrap() {
            let file = path(folder).join(&name).unwrap();
            match view.read(&file) {
                Ok(Some(bytes)) => drop(out.insert(file.to_string(), bytes.expose().to_vec())),
                // A folder that is promised.
                Ok(None) => assert!(!view.names(Some(&file)).unwrap().is_empty(), "{file}"),
                Err(DiskError::Refused {
                    reason: Refusal::NotAFile,
                    ..
                }) => {}
                Err(error) => panic!("{error}"),
            }
        }
    }
    out
}

const EACCES: i32 = 13;
const ENOSPC: i32 = 28;
