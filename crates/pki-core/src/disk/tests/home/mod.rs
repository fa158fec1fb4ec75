//! What a home promises: on the real disk, as its owner and as root, and on the one that fails.

mod faults;
mod locked;
#[cfg(target_os = "linux")]
mod raced;
mod refused;
mod root;

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    thread,
    time::UNIX_EPOCH,
};

use super::*;
use crate::disk::seam::Seam;

/// Everything of a file but its number and the time of its last change of name: kind and mode, owner,
/// group, time, content.
type Seen = (u32, u32, u32, (i64, i64), String);

#[test]
fn what_is_installed_is_undone_bit_by_bit() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let before = snapshot(base.path());

    let done = install(
        &dir,
        &[
            ("conf/a.xml", "new a"),
            ("conf/b.xml", "old b"),
            ("conf/link.xml", "new target"),
            ("conf/outside.xml", "new outside"),
            ("new/deep/d", "new d"),
        ],
    );
    assert_eq!(done.written.len(), 4);
    assert_eq!(done.unchanged, [path("conf/b.xml")]);
    assert_eq!(fs::read(dir.join("conf/a.xml")).unwrap(), b"new a");
    assert_eq!(
        fs::read(base.path().join("elsewhere.xml")).unwrap(),
        b"new outside"
    );
    // What everybody may is taken away, of what is written alone.
    for (name, wanted) in [
        ("conf/a.xml", 0o640),
        ("conf/b.xml", 0o604),
        ("real/target.xml", 0o660),
        ("new/deep/d", 0o600),
        ("new/deep", 0o700),
        (".apim-pki", 0o700),
    ] {
        assert_eq!(mode(&dir.join(name)), wanted, "{name}");
    }
    assert!(dir.join("conf/link.xml").is_symlink());
    assert_ne!(snapshot(base.path()), before);

    assert_eq!(undo(&dir, Foreign::Refuse).retired, [path("new/deep/d")]);
    assert_eq!(snapshot(base.path()), before);
}

#[test]
fn installs_are_undone_one_by_one_and_the_last_takes_the_state_away() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let mut states = vec![snapshot(base.path())];
    for text in ["one", "two", "three"] {
        install(
            &dir,
            &[("conf/a.xml", text), (&format!("new/{text}"), text)],
        );
        states.push(snapshot(base.path()));
    }
    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    assert_eq!(shared.view().installs().unwrap().len(), 3);
    drop(shared);
    let without_state = |mut seen: BTreeMap<String, Seen>| {
        seen.retain(|name, _| !name.contains("/.apim-pki/"));
        seen
    };
    states.pop();
    while let Some(state) = states.pop() {
        undo(&dir, Foreign::Refuse);
        assert_eq!(without_state(snapshot(base.path())), without_state(state));
    }
    assert!(!dir.join(".apim-pki").exists());
    let mut locked = lock(&dir).unwrap();
    assert!(
        locked
            .view()
            .prepare_undo(Foreign::Refuse)
            .unwrap()
            .is_none()
    );
    let nothing = locked.commit(Prepared::default(), &label("nothing"));
    assert_eq!(nothing.unwrap(), Committed::default());
}

#[test]
fn what_has_the_wanted_content_is_not_touched_and_leaves_no_trace() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let before = snapshot(base.path());
    let wanted: &[(&str, &str)] = &[("conf/a.xml", "old a"), ("conf/link.xml", "old target")];

    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    let prepared = shared.view().prepare(set(wanted)).unwrap();
    assert!(prepared.is_empty() && prepared.files().is_empty());
    assert_eq!(prepared.unchanged().len(), 2);
    assert_eq!(shared.pending(), None);
    assert!(!dir.join(".apim-pki").exists());
    drop(shared);

    let done = install(&dir, wanted);
    assert_eq!((done.generation, done.unchanged.len()), (None, 2));
    assert_eq!(snapshot(base.path()), before);
    assert_eq!(
        Home::open(&dir).unwrap().recover(WAIT, &holder()).unwrap(),
        None
    );
}

#[test]
fn what_would_be_done_is_told_with_the_files_behind_the_links() {
    let base = tempfile::tempdir().unwrap();
    home(base.path());
    let before = snapshot(base.path());
    let shared = Home::open(base.path().join("link-to-home")).unwrap();
    let shared = shared.share(WAIT).unwrap();
    let mut wanted = set(&[
        ("conf/link.xml", "x"),
        ("conf/outside.xml", "x"),
        ("security/new.jks", "x"),
    ]);
    wanted.retire(path("conf/a.xml"));
    let prepared = shared.view().prepare(wanted).unwrap();
    let real = base.path().canonicalize().unwrap();
    let told: Vec<_> = prepared
        .files()
        .iter()
        .map(|it| {
            (
                it.path.as_str(),
                it.file.strip_prefix(&real).unwrap(),
                it.elsewhere.clone(),
                it.effect,
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            (
                "conf/a.xml",
                Path::new("home/conf/a.xml"),
                None,
                Effect::Remove
            ),
            (
                "conf/link.xml",
                Path::new("home/real/target.xml"),
                None,
                Effect::Replace
            ),
            (
                "conf/outside.xml",
                Path::new("elsewhere.xml"),
                Some(Elsewhere::Link(path("conf/outside.xml"))),
                Effect::Replace
            ),
            (
                "security/new.jks",
                Path::new("home/security/new.jks"),
                None,
                Effect::Create
            ),
        ]
    );
    assert_eq!(snapshot(base.path()), before);
}

#[test]
fn what_somebody_changed_since_is_not_overwritten_unless_it_is_kept() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let before = snapshot(base.path());
    install(
        &dir,
        &[
            ("conf/a.xml", "new a"),
            ("conf/link.xml", "new"),
            ("new/d", "d"),
        ],
    );
    write(&dir, "conf/a.xml", "by hand", 0o600);
    write(&dir, "conf/a.xml.found", "older", 0o600);
    fs::remove_file(dir.join("real/target.xml")).unwrap();
    fs::remove_file(dir.join("new/d")).unwrap();
    write(&dir, "real/target.xml", "by hand too", 0o644);
    let edited = snapshot(base.path());

    let locked = lock(&dir).unwrap();
    let error = locked.view().prepare_undo(Foreign::Refuse).unwrap_err();
    drop(locked);
    let DiskError::Edited { files } = &error else {
        panic!("{error:?}");
    };
    let digest = |text: &str| Some(Sha256::of(text.as_bytes()));
    let told: Vec<_> = files
        .iter()
        .map(|it| (it.path.as_str(), it.expected, it.found))
        .collect();
    assert_eq!(
        told,
        [
            ("conf/a.xml", digest("new a"), digest("by hand")),
            ("conf/link.xml", digest("new"), digest("by hand too")),
        ]
    );
    assert!(
        error.to_string().contains("home/real/target.xml`"),
        "{error}"
    );
    assert_eq!(snapshot(base.path()), edited);

    let done = undo(&dir, Foreign::SetAside);
    let aside = done.set_aside.get(&path("conf/a.xml")).unwrap();
    assert!(aside.ends_with("home/conf/a.xml.found-2"), "{aside:?}");
    let mut wanted = before;
    for name in [
        "conf/a.xml.found",
        "conf/a.xml.found-2",
        "real/target.xml.found",
    ] {
        let name = format!("home/{name}");
        let seen = snapshot(base.path()).remove(&name).unwrap();
        wanted.insert(name, seen);
    }
    assert_eq!(snapshot(base.path()), wanted);
    assert_eq!(fs::read(aside).unwrap(), b"by hand");
}

#[test]
fn a_link_that_leads_elsewhere_since_is_told_and_stops_every_undo() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    install(&dir, &[("conf/link.xml", "new target")]);
    fs::remove_file(dir.join("conf/link.xml")).unwrap();
    symlink("b.xml", dir.join("conf/link.xml")).unwrap();
    for foreign in [Foreign::Refuse, Foreign::SetAside] {
        let locked = lock(&dir).unwrap();
        let error = locked.view().prepare_undo(foreign).unwrap_err();
        let DiskError::Edited { files } = error else {
            panic!("{error:?}");
        };
        assert!(files[0].file.ends_with("home/conf/b.xml"));
        assert!(
            files[0]
                .led_to
                .as_ref()
                .unwrap()
                .ends_with("home/real/target.xml")
        );
    }
}

#[test]
fn what_changed_while_somebody_thought_it_over_is_not_overwritten() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let changes: [fn(&Path); 4] = [
        |dir| fs::write(dir.join("conf/a.xml"), "meanwhile").unwrap(),
        |dir| fs::remove_file(dir.join("conf/a.xml")).unwrap(),
        |dir| fs::write(dir.join("new"), "meanwhile").unwrap(),
        |dir| {
            fs::remove_file(dir.join("conf/link.xml")).unwrap();
            symlink("../real/other.xml", dir.join("conf/link.xml")).unwrap();
        },
    ];
    for change in changes {
        let base = tempfile::tempdir().unwrap();
        let dir = home(base.path());
        write(&dir, "real/other.xml", "old target", 0o600);
        let mut locked = lock(&dir).unwrap();
        let wanted = set(&[("conf/a.xml", "x"), ("conf/link.xml", "x"), ("new", "x")]);
        let prepared = locked.view().prepare(wanted).unwrap();
        change(&dir);
        let before = snapshot(&dir);
        let error = locked.commit(prepared, &label("install")).unwrap_err();
        assert!(matches!(error, DiskError::Stale { .. }), "{error:?}");
        assert_eq!(snapshot(&dir), before);
    }

    // What was prepared before another install came and went is no more what it would be now.
    install(&dir, &[("conf/a.xml", "one")]);
    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    let prepared = shared
        .view()
        .prepare_undo(Foreign::Refuse)
        .unwrap()
        .unwrap();
    drop(shared);
    undo(&dir, Foreign::Refuse);
    install(&dir, &[("conf/b.xml", "two"), ("conf/a.xml", "one")]);
    let mut locked = lock(&dir).unwrap();
    let error = locked.commit(prepared, &label("undo")).unwrap_err();
    assert!(matches!(error, DiskError::Stale { .. }), "{error:?}");
}

#[test]
fn what_was_kept_and_is_damaged_is_not_put_back() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    install(&dir, &[("conf/a.xml", "new a")]);
    let kept = dir.join(".apim-pki/generations/0001/conf/a.xml");
    fs::write(&kept, "rubbish").unwrap();
    let locked = lock(&dir).unwrap();
    let error = locked.view().prepare_undo(Foreign::Refuse).unwrap_err();
    assert!(
        matches!(&error, DiskError::Damaged { path, .. } if path.ends_with(
        "home/.apim-pki/generations/0001/conf/a.xml")),
        "{error:?}"
    );
}

#[test]
fn a_folder_s_names_are_those_that_were_asked_for_without_ours() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    install(&dir, &[("conf/a.xml", "new")]);
    write(&dir, "conf/.apim-pki-0123456789ab-0", "left", 0o600);
    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    let view = shared.view();
    assert_eq!(view.names(None).unwrap(), ["conf", "real"]);
    let conf = ["a.xml", "b.xml", "link.xml", "outside.xml"];
    assert_eq!(view.names(Some(&path("conf"))).unwrap(), conf);
    assert_eq!(view.names(Some(&path("nothing"))).unwrap(), [""; 0]);
    assert!(view.names(Some(&path("conf/a.xml"))).is_err());
    assert_eq!(view.read(&path("conf/nothing")).unwrap(), None);
    assert_eq!(
        view.read(&path("conf/link.xml")).unwrap(),
        Some(bytes("old target"))
    );
}

#[test]
fn a_file_on_another_file_system_is_replaced_and_put_back_there() {
    let shm = Path::new("/dev/shm");
    let Ok(other) = tempfile::tempdir_in(shm) else {
        eprintln!("skipped: no {}", shm.display());
        return;
    };
    let base = tempfile::tempdir().unwrap();
    let device = |dir: &Path| fs::metadata(dir).unwrap().dev();
    if device(other.path()) == device(base.path()) {
        eprintln!("skipped: {} is no other file system", shm.display());
        return;
    }
    let dir = home(base.path());
    symlink(other.path(), dir.join("shared")).unwrap();
    write(other.path(), "ep.xml", "old ep", 0o664);
    let before = (snapshot(base.path()), snapshot(other.path()));
    install(
        &dir,
        &[
            ("shared/ep.xml", "new ep"),
            ("shared/sub/x", "x"),
            ("conf/a.xml", "a"),
        ],
    );
    assert_eq!(
        elsewhere(&dir, "shared/sub/x"),
        Some(Elsewhere::Link(path("shared")))
    );
    assert_eq!(fs::read(other.path().join("ep.xml")).unwrap(), b"new ep");
    assert_eq!(mode(&other.path().join("ep.xml")), 0o660);
    assert_eq!(fs::read_dir(other.path()).unwrap().count(), 2);
    undo(&dir, Foreign::Refuse);
    assert_eq!((snapshot(base.path()), snapshot(other.path())), before);
}

/// A home with some files and links, beside a link to it and a file that it links to.
fn home(base: &Path) -> PathBuf {
    let dir = base.join("home");
    for folder in ["conf", "real"] {
        fs::create_dir_all(dir.join(folder)).unwrap();
        fs::set_permissions(dir.join(folder), fs::Permissions::from_mode(0o755)).unwrap();
    }
    write(&dir, "conf/a.xml", "old a", 0o644);
    write(&dir, "conf/b.xml", "old b", 0o604);
    write(&dir, "real/target.xml", "old target", 0o664);
    write(base, "elsewhere.xml", "old outside", 0o600);
    symlink("../real/target.xml", dir.join("conf/link.xml")).unwrap();
    symlink(base.join("elsewhere.xml"), dir.join("conf/outside.xml")).unwrap();
    symlink("home", base.join("link-to-home")).unwrap();
    dir
}

fn lock(dir: &Path) -> Result<LockedHome, DiskError> {
    Home::open(dir)?.lock(WAIT, &holder())
}

fn install(dir: &Path, files: &[(&str, &str)]) -> Committed {
    let mut locked = lock(dir).unwrap();
    let prepared = locked.view().prepare(set(files)).unwrap();
    locked.commit(prepared, &label("install")).unwrap()
}

fn undo(dir: &Path, foreign: Foreign) -> Committed {
    let mut locked = lock(dir).unwrap();
    let prepared = locked.view().prepare_undo(foreign).unwrap().unwrap();
    locked.commit(prepared, &label("undo")).unwrap()
}

/// How a file would be told that is written.
fn elsewhere(dir: &Path, file: &str) -> Option<Elsewhere> {
    let shared = Home::open(dir).unwrap().share(WAIT).unwrap();
    let prepared = shared.view().prepare(set(&[(file, "another")])).unwrap();
    prepared.files()[0].elsewhere.clone()
}

fn write(dir: &Path, name: &str, text: &str, mode: u32) {
    let file = dir.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    let old = UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_789);
    fs::File::open(&file).unwrap().set_modified(old).unwrap();
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().mode() & 0o7777
}

fn snapshot(dir: &Path) -> BTreeMap<String, Seen> {
    let mut all = BTreeMap::new();
    look(dir, dir, &mut all);
    all
}

fn look(top: &Path, dir: &Path, all: &mut BTreeMap<String, Seen>) {
    for entry in fs::read_dir(dir).unwrap() {
        let file = entry.unwrap().path();
        let found = fs::symlink_metadata(&file).unwrap();
        let name = file.strip_prefix(top).unwrap().display().to_string();
        let (mut time, mut content) = ((found.mtime(), found.mtime_nsec()), String::new());
        if found.is_symlink() {
            content = fs::read_link(&file).unwrap().display().to_string();
        } else if found.is_dir() {
            // Its time tells when names came and went.
            time = (0, 0);
            look(top, &file, all);
        } else if found.is_file() {
            content = fs::read_to_string(&file).unwrap();
        }
        // Who holds the lock is written there.
        if name.ends_with(".apim-pki/lock") {
            time = (0, 0);
        }
        all.insert(
            name,
            (found.mode(), found.uid(), found.gid(), time, content),
        );
    }
}

const FOLDER_VARIABLE: &str = "APIM_PKI_TEST_FOLDER";
