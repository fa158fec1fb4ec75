use std::{
    env, fs,
    os::unix::{
        self,
        fs::{FileTypeExt, PermissionsExt},
    },
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::Instant,
};

use super::*;

#[test]
fn a_workspace_that_is_not_there_reads_as_empty_and_is_not_made() {
    let base = tempfile::tempdir().unwrap();
    let workspace = Workspace::open(base.path().join("pki")).unwrap();
    assert!(!workspace.exists().unwrap());
    let shared = workspace.share(WAIT).unwrap();
    assert_eq!(shared.view().list().unwrap(), []);
    assert_eq!(shared.view().read(&path("ca/ca.pem")).unwrap(), None);
    assert_eq!(shared.view().generations().unwrap(), []);
    drop(shared);
    assert_eq!(names(base.path()), [""; 0]);
}

#[test]
fn a_lock_without_a_commit_leaves_things_as_they_were() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let locked = lock(&dir).unwrap();
    assert_eq!(names(&dir), [".gitignore", "lock"]);
    drop(locked);
    assert!(!dir.exists());

    make_dir(&dir);
    fs::write(dir.join("notes"), "mine").unwrap();
    drop(lock(&dir).unwrap());
    assert_eq!(names(&dir), ["notes"]);
}

#[test]
fn the_folder_above_the_workspace_must_be_there() {
    let base = tempfile::tempdir().unwrap();
    let missing = base.path().join("missing");
    let error = lock(&missing.join("pki")).unwrap_err();
    assert!(matches!(error, DiskError::NoParent { path } if path == missing));
}

#[test]
fn what_a_run_replaces_stays_in_its_generation() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let mut locked = lock(&dir).unwrap();
    let first = set(&[
        ("a/x", "1"),
        ("b/deep/y", "1"),
        ("b/z", "1"),
        ("secrets/p", "pw"),
    ]);
    let committed = first.commit(&mut locked, &label("first")).unwrap();
    assert_eq!(committed.generation, Some(GenerationId(1)));
    fs::create_dir(dir.join("b/empty")).unwrap();
    drop(locked);

    let mut locked = lock(&dir).unwrap();
    assert_eq!(locked.recovery(), None);
    let mut second = set(&[("a/x", "2"), ("secrets/p", "pw")]);
    second.retire_folder(path("b"));
    second.retire(path("nothing"));
    second.keep(path("secrets/p"));
    assert_eq!(second.get(&path("b/z")), Some(&Change::Retire));
    assert_eq!(second.get(&path("a/x")), Some(&Change::Write(bytes("2"))));
    assert_eq!(second.get(&path("a/other")), None);
    let committed = second.commit(&mut locked, &label("second")).unwrap();
    assert_eq!(committed.generation, Some(GenerationId(2)));
    assert_eq!(committed.written, [path("a/x")]);
    assert_eq!(committed.retired, [path("b/deep/y"), path("b/z")]);
    assert_eq!(committed.unchanged, [path("secrets/p")]);
    assert_eq!(
        all(locked.view()),
        files(&[("a/x", "2"), ("secrets/p", "pw")])
    );
    assert!(!dir.join("b").exists());
    assert!(!dir.join(".staging").exists() && !dir.join("journal").exists());

    let view = locked.view();
    let generations = view.generations().unwrap();
    assert_eq!(generations.len(), 2);
    assert_eq!(generations[1].label, label("second"));
    let replaced = &generations[1].files[0];
    assert_eq!(replaced.path, path("a/x"));
    assert_eq!(replaced.before, Some(Sha256::of(b"1")));
    assert_eq!(replaced.after, Some(Sha256::of(b"2")));
    for name in ["a/x", "b/deep/y", "b/z"] {
        let old = view.read_replaced(GenerationId(2), &path(name)).unwrap();
        assert_eq!(old, Some(bytes("1")), "{name}");
    }
    let copy = view
        .read_replaced(GenerationId(2), &path("secrets/p"))
        .unwrap();
    assert_eq!(copy, Some(bytes("pw")));
}

#[test]
fn a_set_that_changes_nothing_writes_nothing() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let mut locked = lock(&dir).unwrap();
    set(&[("a", "1")])
        .commit(&mut locked, &label("first"))
        .unwrap();
    let before = fs::metadata(dir.join("a")).unwrap().modified().unwrap();
    let committed = set(&[("a", "1")])
        .commit(&mut locked, &label("again"))
        .unwrap();
    assert_eq!(
        (committed.generation, committed.unchanged),
        (None, vec![path("a")])
    );
    assert_eq!(
        fs::metadata(dir.join("a")).unwrap().modified().unwrap(),
        before
    );
    assert_eq!(names(&dir.join("generations")), ["0001"]);

    // A mode that lets others read is mended with the content.
    fs::set_permissions(dir.join("a"), fs::Permissions::from_mode(0o644)).unwrap();
    set(&[("a", "1")])
        .commit(&mut locked, &label("mode"))
        .unwrap();
    assert_eq!(mode(&dir.join("a")), 0o600);
}

#[test]
fn the_workspace_hides_itself_from_a_repository_unless_somebody_said_otherwise() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let mut locked = lock(&dir).unwrap();
    set(&[("a", "1")])
        .commit(&mut locked, &label("first"))
        .unwrap();
    drop(locked);
    let ignore = dir.join(".gitignore");
    assert_eq!(fs::read(&ignore).unwrap(), b"*\n");
    fs::write(&ignore, "generations\n").unwrap();
    drop(lock(&dir).unwrap());
    assert_eq!(fs::read(&ignore).unwrap(), b"generations\n");
}

#[test]
fn a_file_and_a_folder_of_the_same_name_are_refused_before_anything_is_written() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let mut locked = lock(&dir).unwrap();
    let refusal = |done: Result<Committed, DiskError>| match done.unwrap_err() {
        DiskError::Refused { reason, .. } => reason,
        error => panic!("{error}"),
    };
    let both = set(&[("a", "1"), ("a/b", "1")]);
    assert_eq!(
        refusal(both.commit(&mut locked, &label("x"))),
        Refusal::Conflict
    );
    set(&[("file", "1"), ("folder/x", "1")])
        .commit(&mut locked, &label("first"))
        .unwrap();
    let below = set(&[("c", "1"), ("file/x", "1")]).commit(&mut locked, &label("x"));
    assert_eq!(refusal(below), Refusal::NotAFolder);
    let over = set(&[("c", "1"), ("folder", "1")]).commit(&mut locked, &label("x"));
    assert_eq!(refusal(over), Refusal::NotAFile);
    assert_eq!(
        all(locked.view()),
        files(&[("file", "1"), ("folder/x", "1")])
    );
}

#[test]
fn the_workspaces_own_files_are_neither_written_nor_retired() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    for name in [
        "journal",
        "lock",
        "Generations/0001/x",
        ".staging/0",
        ".GITIGNORE",
    ] {
        let mut locked = lock(&dir).unwrap();
        let mut retired = FileSet::new();
        retired.retire(path(name));
        let mut folder = FileSet::new();
        folder.retire_folder(path(name));
        for set in [set(&[("a", "1"), (name, "ours")]), retired, folder] {
            let done = set.commit(&mut locked, &label("x"));
            assert_eq!(refused(done), (dir.join(name), Refusal::Reserved));
        }
        drop(locked);
        assert!(!dir.exists());
    }
    let mut locked = lock(&dir).unwrap();
    set(&[("nodes/journal", "1")])
        .commit(&mut locked, &label("x"))
        .unwrap();
}

#[test]
fn a_link_is_refused_wherever_it_is() {
    let base = tempfile::tempdir().unwrap();
    let elsewhere = base.path().join("elsewhere");
    make_dir(&elsewhere);
    fs::write(elsewhere.join("tls.jks"), "theirs").unwrap();

    let linked = base.path().join("linked");
    unix::fs::symlink(&elsewhere, &linked).unwrap();
    for dir in [linked.clone(), linked.join(""), linked.join(".")] {
        assert_eq!(
            refused(Workspace::open(dir)),
            (linked.clone(), Refusal::Link)
        );
    }

    for name in [
        "nodes",
        "nodes/gw1",
        "nodes/gw1/tls.jks",
        "generations",
        ".staging",
        "journal",
        "lock",
    ] {
        let dir = base.path().join(name.replace('/', "-"));
        make_dir(&dir.join("nodes/gw1"));
        let target = if name.ends_with("jks") {
            elsewhere.join("tls.jks")
        } else {
            elsewhere.clone()
        };
        let link = dir.join(name);
        let _ = fs::remove_dir_all(&link);
        unix::fs::symlink(&target, &link).unwrap();
        let write = || -> Result<(), DiskError> {
            let mut locked = lock(&dir)?;
            set(&[("nodes/gw1/tls.jks", "ours")]).commit(&mut locked, &label("x"))?;
            Ok(())
        };
        assert_eq!(refused(write()), (link.clone(), Refusal::Link), "{name}");
        let read = || Workspace::open(&dir)?.share(WAIT)?.view().list();
        assert_eq!(refused(read()), (link, Refusal::Link), "{name}");
        assert_eq!(fs::read(elsewhere.join("tls.jks")).unwrap(), b"theirs");
        assert_eq!(names(&elsewhere), ["tls.jks"], "{name}");
    }
}

#[test]
fn what_others_may_write_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    make_dir(&dir.join("nodes"));
    fs::write(dir.join("nodes/x"), "1").unwrap();
    for (name, mode) in [
        ("", 0o777),
        ("", 0o770),
        ("nodes", 0o702),
        ("nodes/x", 0o620),
    ] {
        let place = if name.is_empty() {
            dir.clone()
        } else {
            dir.join(name)
        };
        let before = fs::metadata(&place).unwrap().permissions();
        fs::set_permissions(&place, fs::Permissions::from_mode(mode)).unwrap();
        let read = || {
            Workspace::open(&dir)?
                .share(WAIT)?
                .view()
                .read(&path("nodes/x"))
        };
        assert_eq!(refused(read()), (place.clone(), Refusal::Writable { mode }));
        fs::set_permissions(&place, before).unwrap();
        read().unwrap();
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused_to_root_too() {
    if rustix::process::geteuid().as_raw() != 0 {
        eprintln!("skipped: only root can give files away");
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    make_dir(&dir.join("nodes"));
    fs::write(dir.join("nodes/x"), "1").unwrap();
    for name in ["", "nodes", "nodes/x"] {
        let place = if name.is_empty() {
            dir.clone()
        } else {
            dir.join(name)
        };
        unix::fs::chown(&place, Some(65534), None).unwrap();
        let expected = Refusal::ForeignOwner {
            owner: 65534,
            user: 0,
        };
        let read = || Workspace::open(&dir)?.share(WAIT)?.view().list();
        assert_eq!(refused(read()), (place.clone(), expected.clone()));
        let write = || -> Result<(), DiskError> {
            let mut locked = lock(&dir)?;
            set(&[("nodes/x", "2")]).commit(&mut locked, &label("x"))?;
            Ok(())
        };
        assert_eq!(refused(write()), (place.clone(), expected));
        unix::fs::chown(&place, Some(0), None).unwrap();
    }
    assert_eq!(fs::read(dir.join("nodes/x")).unwrap(), b"1");
}

#[test]
fn a_pipe_or_a_name_that_is_no_text_is_refused_and_waits_for_nobody() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    make_dir(&dir);
    let pipe = dir.join("pipe");
    let made = Command::new("mkfifo")
        .args(["-m", "600"])
        .arg(&pipe)
        .status()
        .unwrap();
    assert!(made.success() && fs::metadata(&pipe).unwrap().file_type().is_fifo());
    let list = || Workspace::open(&dir)?.share(WAIT)?.view().list();
    assert_eq!(refused(list()), (pipe.clone(), Refusal::Special));
    fs::remove_file(pipe).unwrap();

    let name: &std::ffi::OsStr = unix::ffi::OsStrExt::from_bytes(b"\xFF");
    fs::write(dir.join(name), "").unwrap();
    assert!(matches!(refused(list()).1, Refusal::Name { .. }));
}

#[test]
fn a_file_without_an_end_is_not_read() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    make_dir(&dir);
    fs::File::create(dir.join("big"))
        .unwrap()
        .set_len((64 << 20) + 1)
        .unwrap();
    let shared = Workspace::open(&dir).unwrap().share(WAIT).unwrap();
    let error = shared.view().read(&path("big")).unwrap_err();
    assert!(
        matches!(
            error,
            DiskError::TooLarge {
                limit: 67_108_864,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn the_second_waits_or_is_told_who_holds_it() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let mut locked = lock(&dir).unwrap();
    for refused in [
        Workspace::open(&dir)
            .unwrap()
            .lock(NO_WAIT, &holder())
            .map(drop),
        Workspace::open(&dir).unwrap().share(NO_WAIT).map(drop),
    ] {
        match refused {
            Err(DiskError::Held { holder: found, .. }) => assert_eq!(found, Some(holder())),
            other => panic!("{other:?}"),
        }
    }
    let begin = Instant::now();
    let short = Duration::from_millis(120);
    assert!(
        Workspace::open(&dir)
            .unwrap()
            .lock(short, &holder())
            .is_err()
    );
    assert!(begin.elapsed() >= short);

    let second = thread::spawn({
        let dir = dir.clone();
        move || {
            let locked = Workspace::open(dir)
                .unwrap()
                .lock(Duration::from_secs(60), &holder());
            all(locked.unwrap().view())
        }
    });
    set(&[("a", "1")])
        .commit(&mut locked, &label("first"))
        .unwrap();
    drop(locked);
    assert_eq!(second.join().unwrap(), files(&[("a", "1")]));
    assert_eq!(fs::read(dir.join("lock")).unwrap(), b"");

    let open = || Workspace::open(&dir).unwrap();
    let readers = [open().share(WAIT).unwrap(), open().share(WAIT).unwrap()];
    let refused = open().lock(NO_WAIT, &holder());
    assert!(
        matches!(refused, Err(DiskError::Held { holder: None, .. })),
        "{refused:?}"
    );
    drop(readers);
    open().lock(WAIT, &holder()).unwrap();
}

#[test]
fn many_at_once_in_a_folder_that_comes_and_goes_are_one_after_the_other() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("pki");
    let one = |dir: PathBuf| {
        for round in 0..6 {
            let wait = Duration::from_secs(120);
            let mut locked = Workspace::open(&dir)
                .unwrap()
                .lock(wait, &holder())
                .unwrap();
            assert_eq!(locked.recovery(), None);
            if round % 2 == 0 {
                continue;
            }
            let old = locked
                .view()
                .read(&path("count"))
                .unwrap()
                .unwrap_or_default();
            let text = format!("{}x", String::from_utf8_lossy(old.expose()));
            set(&[("count", &text)])
                .commit(&mut locked, &label("count"))
                .unwrap();
        }
    };
    let threads: Vec<_> = (0..4)
        .map(|_| {
            thread::spawn({
                let dir = dir.clone();
                move || one(dir)
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    assert_eq!(
        fs::read_to_string(dir.join("count")).unwrap(),
        "x".repeat(12)
    );
}

#[test]
fn modes_are_what_they_must_be_under_any_umask() {
    for umask in ["000", "022", "077", "277"] {
        let base = tempfile::tempdir().unwrap();
        let status = Command::new("sh")
            .args([
                "-c",
                &format!("umask {umask}; exec \"$0\" --exact --ignored \"$1\""),
            ])
            .arg(env::current_exe().unwrap())
            .arg("disk::tests::system::write_twice_below_the_folder_in_the_environment")
            .env(FOLDER_VARIABLE, base.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{status:?}");
        let count = check_modes(&base.path().join("pki"));
        assert!(count >= 10, "umask {umask}: only {count}");
    }
}

#[test]
#[ignore = "run by the test of modes, in a process of its own"]
fn write_twice_below_the_folder_in_the_environment() {
    let Some(base) = env::var_os(FOLDER_VARIABLE) else {
        return;
    };
    let mut locked = lock(&Path::new(&base).join("pki")).unwrap();
    for text in ["1", "2"] {
        let mut set = set(&[("a/b/x", text), ("y", text), ("z", "same")]);
        set.keep(path("z"));
        set.commit(&mut locked, &label(text)).unwrap();
    }
}

fn check_modes(place: &Path) -> usize {
    if place.is_dir() {
        assert_eq!(mode(place), 0o700, "{}", place.display());
        let below = names(place)
            .into_iter()
            .map(|name| check_modes(&place.join(name)));
        return 1 + below.sum::<usize>();
    }
    assert_eq!(mode(place), 0o600, "{}", place.display());
    1
}

fn lock(dir: &Path) -> Result<Locked, DiskError> {
    Workspace::open(dir)?.lock(WAIT, &holder())
}

fn refused<T: std::fmt::Debug>(done: Result<T, DiskError>) -> (PathBuf, Refusal) {
    match done.unwrap_err() {
        DiskError::Refused { path, reason } => (path, reason),
        error => panic!("{error:?}"),
    }
}

fn make_dir(dir: &Path) {
    fs::create_dir_all(dir).unwrap();
    for dir in dir.ancestors().take(3) {
        fs::set_permissions(dir, fs::Permissions::from_mode(0o700)).unwrap();
    }
}

fn mode(place: &Path) -> u32 {
    fs::symlink_metadata(place).unwrap().permissions().mode() & 0o7777
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

const FOLDER_VARIABLE: &str = "APIM_PKI_TEST_FOLDER";
