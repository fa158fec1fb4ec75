use std::path::{Path, PathBuf};

use super::{
    memory::{Dice, Fault, Memory, Op},
    *,
};

#[test]
fn a_change_that_fails_at_any_operation_is_whole_or_not_at_all() {
    for links in [true, false] {
        for errno in [ENOSPC, EIO, EACCES] {
            for n in 1.. {
                let disk = before(links);
                disk.fail_at(n, Fault::Errno(errno));
                let done = change(&disk);
                if !disk.failed() {
                    assert!(n > 100, "only {n} operations");
                    done.unwrap();
                    break;
                }
                let seen = format!("errno {errno} at operation {n}, links {links}: {done:?}");
                disk.restart();
                let is_new = check_and_finish(&disk, &seen);
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
fn a_run_that_ends_at_any_operation_is_finished_or_cleared_away_by_the_next() {
    for links in [true, false] {
        let start = before(links);
        for n in start.changes(|disk| change(disk).unwrap()) {
            let disk = start.copy();
            disk.fail_at(n, Fault::Abort);
            let _ = change(&disk);
            assert!(disk.failed());
            disk.restart();
            check_and_finish(&disk, &format!("ended at operation {n}, links {links}"));
        }
    }
}

#[test]
fn no_power_loss_at_any_operation_nor_another_one_while_recovering_loses_a_file() {
    for links in [true, false] {
        let start = before(links);
        for n in start.changes(|disk| change(disk).unwrap()) {
            let interrupted = start.copy();
            interrupted.fail_at(n, Fault::Abort);
            let _ = change(&interrupted);
            assert!(interrupted.failed());
            for seed in 1..=4 {
                let seen = format!("power lost at operation {n}, links {links}, seed {seed}");
                let mut dice = Dice((seed * 1000 + n as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
                let disk = interrupted.copy();
                disk.restart();
                disk.lose_power(&mut dice);
                // The next run is not luckier, the one after it is.
                let again = usize::try_from(dice.roll(120)).unwrap();
                disk.fail_at(again + 1, Fault::Abort);
                drop(open(&disk).and_then(|workspace| workspace.lock(NO_WAIT, &holder())));
                disk.restart();
                disk.lose_power(&mut dice);
                check_and_finish(&disk, &seen);
            }
        }
    }
}

#[test]
fn a_first_run_that_ends_at_any_operation_leaves_all_or_nothing() {
    for n in 1.. {
        let disk = Memory::new();
        disk.fail_at(n, Fault::Abort);
        let run = || -> Result<(), DiskError> {
            let mut locked = open(&disk)?.lock(NO_WAIT, &holder())?;
            set(OLD).commit(&mut locked, &label("first"))?;
            Ok(())
        };
        let _ = run();
        let failed = disk.failed();
        disk.restart();
        let locked = open(&disk).unwrap().lock(NO_WAIT, &holder()).unwrap();
        let found = all(locked.view());
        assert!(found.is_empty() || found == files(OLD), "{n}: {found:?}");
        drop(locked);
        run().unwrap();
        assert_eq!(
            all(open(&disk).unwrap().share(NO_WAIT).unwrap().view()),
            files(OLD)
        );
        if !failed {
            break;
        }
    }
}

#[test]
fn a_first_run_that_fails_before_its_commit_point_leaves_no_folder() {
    let disk = Memory::new();
    let whole = disk.copy();
    whole.fail_at(usize::MAX, Fault::Abort);
    let mut locked = open(&whole).unwrap().lock(NO_WAIT, &holder()).unwrap();
    set(OLD).commit(&mut locked, &label("first")).unwrap();
    drop(locked);
    let log = whole.state().log.clone();
    let at = |n: usize| {
        log.iter()
            .filter(|op| COUNTED.contains(&op.name))
            .nth(n - 1)
            .cloned()
    };
    let point = (1..)
        .find(|n| at(*n).is_some_and(|op| op.name == "rename"))
        .unwrap();
    for n in 1..point {
        let disk = Memory::new();
        disk.fail_at(n, Fault::Errno(ENOSPC));
        let run = || -> Result<(), DiskError> {
            let mut locked = open(&disk)?.lock(NO_WAIT, &holder())?;
            set(OLD).commit(&mut locked, &label("first"))?;
            Ok(())
        };
        if run().is_err() && n > MAKING {
            assert!(!open(&disk).unwrap().exists().unwrap(), "{n}: {:?}", at(n));
        }
    }
}

#[test]
fn a_file_is_synced_before_it_gets_its_name_and_a_folder_after() {
    for links in [true, false] {
        let disk = before(links);
        disk.fail_at(usize::MAX, Fault::Abort);
        change(&disk).unwrap();
        let log = disk.state().log.clone();
        let staging = Path::new(DIR).join(".staging");
        let position = |from: usize, name: &str, path: &Path| {
            let found = log[from..]
                .iter()
                .position(|op| op.name == name && op.path == path);
            found.map(|at| at + from)
        };
        let journal = Path::new(DIR).join("journal");
        let point = position(0, "renamed", &journal).unwrap();
        let end = position(point, "remove_file", &journal).unwrap();

        let mut named = 0;
        for (at, op) in log.iter().enumerate() {
            let Op { name, path, node } = op;
            if matches!(*name, "renamed" | "linked") && !path.starts_with(&staging) {
                // Of the files of this run; the old ones were synced by theirs.
                let made = log[..at]
                    .iter()
                    .any(|op| op.name == "write" && op.node == *node);
                let synced = log[..at]
                    .iter()
                    .any(|op| op.name == "sync" && op.node == *node);
                assert!(!made || synced, "{op:?}");
                named += usize::from(made);
            }
            let changes = [
                "renamed",
                "linked",
                "create_dir",
                "remove_file",
                "remove_dir",
            ];
            if changes.contains(name)
                && (at < end || *path == journal)
                && !path.starts_with(&staging)
            {
                let dir = path.parent().unwrap();
                let gone = position(at, "remove_dir", dir).is_some();
                let synced = position(at, "sync_dir", dir);
                assert!(gone || synced.is_some(), "{op:?} is never synced");
                if at < end && !gone {
                    assert!(synced.unwrap() < end, "{op:?} is synced too late");
                }
            }
        }
        assert!(named >= 4, "{named}");

        // What is replaced has its synced second name first.
        for name in ["a/one", "b/gone", "c/left/x"] {
            let copy = Path::new(DIR).join("generations/0002").join(name);
            let kept = ["linked", "renamed"]
                .iter()
                .find_map(|kind| position(point, kind, &copy));
            let synced = position(kept.unwrap(), "sync_dir", copy.parent().unwrap()).unwrap();
            let place = Path::new(DIR).join(name);
            let replaced = ["renamed", "remove_file"]
                .iter()
                .find_map(|kind| position(point, kind, &place));
            assert!(synced < replaced.unwrap(), "{name}");
        }
    }
}

#[test]
fn staged_files_that_were_damaged_are_never_put_in_place() {
    let disk = before(true);
    interrupt_after_commit_point(&disk);
    let staged = Path::new(DIR).join(".staging/0");
    let seam = disk.seam();
    seam.remove_file(&staged).unwrap();
    seam.create_file(&staged)
        .unwrap()
        .write(b"rubbish")
        .unwrap();

    let error = open(&disk).unwrap().lock(NO_WAIT, &holder()).unwrap_err();
    assert!(
        matches!(&error, DiskError::Changed { path, found: Some(_), .. } if *path == staged),
        "{error:?}"
    );
    let view = View::new(tree::Tree::new(PathBuf::from(DIR), disk.seam()));
    assert_eq!(all(&view), files(OLD));
}

#[test]
fn a_file_that_somebody_changed_since_stops_the_recovery() {
    let disk = before(true);
    interrupt_after_commit_point(&disk);
    let edited = Path::new(DIR).join("a/one");
    let seam = disk.seam();
    seam.remove_file(&edited).unwrap();
    seam.create_file(&edited)
        .unwrap()
        .write(b"by hand")
        .unwrap();
    let refused = open(&disk).unwrap().lock(NO_WAIT, &holder());
    assert!(
        matches!(refused, Err(DiskError::Changed { .. })),
        "{refused:?}"
    );

    seam.rename(&edited, &Path::new(DIR).join("aside")).unwrap();
    let locked = open(&disk).unwrap().lock(NO_WAIT, &holder()).unwrap();
    assert!(matches!(locked.recovery(), Some(Recovery::Finished { .. })));
    assert_eq!(
        locked.view().read(&path("a/one")).unwrap(),
        Some(bytes("new one"))
    );
    assert_eq!(
        locked.view().read(&path("aside")).unwrap(),
        Some(bytes("by hand"))
    );
}

#[test]
fn a_reader_sees_what_an_interrupted_run_promised() {
    let disk = before(true);
    interrupt_after_commit_point(&disk);
    let shared = open(&disk).unwrap().share(NO_WAIT).unwrap();
    assert!(shared.interrupted());
    assert_eq!(all(shared.view()), files(NEW));
}

#[test]
fn a_journal_that_says_anything_else_is_refused() {
    for text in [
        "",
        "{",
        "[]",
        r#"{"format":2,"generation":1,"when":"2026-03-01T12:00:00Z","why":"","steps":[],"folders":[]}"#,
        r#"{"format":1,"generation":1,"when":"2026-03-01T12:00:00Z","why":"","steps":[],"folders":["../x"]}"#,
        r#"{"format":1,"generation":1,"when":"now","why":"","steps":[],"folders":[]}"#,
    ] {
        let disk = before(true);
        let journal = Path::new(DIR).join("journal");
        disk.seam()
            .create_file(&journal)
            .unwrap()
            .write(text.as_bytes())
            .unwrap();
        let refused = open(&disk).unwrap().lock(NO_WAIT, &holder());
        assert!(
            matches!(refused, Err(DiskError::Journal { .. })),
            "{text}: {refused:?}"
        );
        let refused = open(&disk).unwrap().share(NO_WAIT);
        assert!(
            matches!(refused, Err(DiskError::Journal { .. })),
            "{text}: {refused:?}"
        );
    }
}

/// After a fault: old or new, nothing lost, recovery reported, and the same change can be made. Tells
/// whether the next writer found the new state.
fn check_and_finish(disk: &Memory, seen: &str) -> bool {
    let seam = disk.seam();
    let there = |name: &str| seam.inspect(&Path::new(DIR).join(name)).unwrap().is_some();
    let (journal, staging) = (there("journal"), there(".staging"));

    let shared = open(disk).unwrap().share(NO_WAIT).unwrap();
    let read = all(shared.view());
    assert!(read == files(OLD) || read == files(NEW), "{seen}: {read:?}");
    drop(shared);

    let mut locked = open(disk).unwrap().lock(NO_WAIT, &holder()).expect(seen);
    let found = all(locked.view());
    assert_eq!(found, read, "{seen}: a reader saw something else");
    match locked.recovery() {
        Some(Recovery::Finished { files, .. }) => assert!(journal && files.len() == 4, "{seen}"),
        Some(Recovery::Discarded) => assert!(staging && !journal, "{seen}"),
        Some(Recovery::Undone { .. }) => panic!("{seen}: nothing was undone"),
        None => assert!(!staging && !journal, "{seen}"),
    }
    let is_new = found == files(NEW);
    let runs = locked.view().generations().unwrap().len();
    assert_eq!(
        runs,
        1 + usize::from(is_new),
        "{seen}: a run that never was, or is not told of"
    );
    wanted().commit(&mut locked, &label("change")).expect(seen);
    assert_eq!(all(locked.view()), files(NEW), "{seen}");
    let again = wanted().commit(&mut locked, &label("change")).expect(seen);
    assert_eq!(again.generation, None, "{seen}");

    let view = locked.view();
    let last = view.generations().unwrap().pop().unwrap();
    for (name, text) in [
        ("a/one", "old one"),
        ("b/gone", "old gone"),
        ("c/left/x", "old x"),
        ("secrets/p", "password"),
    ] {
        let kept = view.read_replaced(last.id, &path(name)).unwrap();
        assert_eq!(kept, Some(bytes(text)), "{seen}: {name}");
    }
    is_new
}

fn interrupt_after_commit_point(disk: &Memory) {
    for n in 1.. {
        let tried = disk.copy();
        tried.fail_at(n, Fault::Abort);
        let _ = change(&tried);
        assert!(tried.failed());
        let journal = Path::new(DIR).join("journal");
        tried.restart();
        if tried.seam().inspect(&journal).unwrap().is_some() {
            disk.fail_at(n, Fault::Abort);
            let _ = change(disk);
            disk.restart();
            return;
        }
    }
}

fn before(links: bool) -> Memory {
    let disk = Memory::new();
    disk.state().links = links;
    let mut locked = open(&disk).unwrap().lock(NO_WAIT, &holder()).unwrap();
    set(OLD).commit(&mut locked, &label("first")).unwrap();
    drop(locked);
    disk
}

fn open(disk: &Memory) -> Result<Workspace, DiskError> {
    Workspace::open_on(PathBuf::from(DIR), disk.seam())
}

fn change(disk: &Memory) -> Result<(), DiskError> {
    let mut locked = open(disk)?.lock(NO_WAIT, &holder())?;
    locked.view().list()?;
    wanted().commit(&mut locked, &label("change"))?;
    Ok(())
}

fn wanted() -> FileSet {
    let mut set = set(&[
        ("a/one", "new one"),
        ("a/two", "same two"),
        ("d/new/file", "new file"),
    ]);
    set.retire(path("b/gone"));
    set.retire_folder(path("c/left"));
    set.keep(path("secrets/p"));
    set
}

const OLD: &[(&str, &str)] = &[
    ("a/one", "old one"),
    ("a/two", "same two"),
    ("b/gone", "old gone"),
    ("c/left/x", "old x"),
    ("secrets/p", "password"),
];
const NEW: &[(&str, &str)] = &[
    ("a/one", "new one"),
    ("a/two", "same two"),
    ("d/new/file", "new file"),
    ("secrets/p", "password"),
];
const DIR: &str = "/pki";

/// Log entries that are an operation, not a note of what one did.
const COUNTED: &[&str] = &[
    "create_dir",
    "create_file",
    "inspect",
    "link",
    "names",
    "read",
    "remove_dir",
    "remove_file",
    "rename",
    "restrict_dir",
    "sync_dir",
    "try_lock",
    "write",
    "sync",
    "note",
];
/// Operations of a first run until it holds the lock: what fails there may leave an empty folder.
const MAKING: usize = 14;

const EIO: i32 = 5;
const EACCES: i32 = 13;
const ENOSPC: i32 = 28;
