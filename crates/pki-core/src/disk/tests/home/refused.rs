use super::*;

/// What is in the way, by how it is made, with the files that are wanted then, which of them is refused,
/// and why.
type Case = (
    fn(&Path),
    &'static [(&'static str, &'static str)],
    &'static str,
    Refusal,
);

#[test]
fn what_could_not_be_carried_out_is_refused_before_anything_is_written() {
    let cases: &[Case] = &[
        (|_| {}, &[("conf", "x")], "conf", Refusal::NotAFile),
        (
            |_| {},
            &[("conf/a.xml/x", "x")],
            "conf/a.xml",
            Refusal::NotAFolder,
        ),
        (
            |dir| symlink("nowhere", dir.join("conf/c.xml")).unwrap(),
            &[("conf/c.xml", "x")],
            "conf/c.xml",
            Refusal::Dangling,
        ),
        (
            |dir| symlink("nowhere", dir.join("folder")).unwrap(),
            &[("folder/c.xml", "x")],
            "folder",
            Refusal::Dangling,
        ),
        (
            |dir| symlink("c.xml", dir.join("conf/c.xml")).unwrap(),
            &[("conf/c.xml", "x")],
            "conf/c.xml",
            Refusal::Dangling,
        ),
        (
            |dir| {
                fs::set_permissions(dir.join("conf/a.xml"), fs::Permissions::from_mode(0o444))
                    .unwrap()
            },
            &[("conf/a.xml", "x")],
            "conf/a.xml",
            Refusal::ReadOnly { mode: 0o444 },
        ),
        (
            |dir| fs::set_permissions(dir.join("real"), fs::Permissions::from_mode(0o555)).unwrap(),
            &[("conf/link.xml", "x")],
            "real",
            Refusal::ReadOnly { mode: 0o555 },
        ),
        (
            |dir| fs::set_permissions(dir.join("real"), fs::Permissions::from_mode(0o555)).unwrap(),
            &[("real/new/deep", "x")],
            "real",
            Refusal::ReadOnly { mode: 0o555 },
        ),
        (
            |dir| {
                let made = Command::new("mkfifo").arg(dir.join("conf/pipe")).status();
                assert!(made.unwrap().success());
            },
            &[("conf/pipe", "x")],
            "conf/pipe",
            Refusal::Special,
        ),
        (
            |_| {},
            &[("real/target.xml", "x"), ("conf/link.xml", "y")],
            "real/target.xml",
            Refusal::Twice,
        ),
        (
            |_| {},
            &[("new", "x"), ("new/file", "x")],
            "new/file",
            Refusal::Conflict,
        ),
        (
            |dir| symlink("../new", dir.join("conf/folder")).unwrap(),
            &[("new", "x"), ("conf/folder", "x")],
            "conf/folder",
            Refusal::Dangling,
        ),
        (
            |_| {},
            &[(".apim-pki/journal", "x")],
            ".apim-pki/journal",
            Refusal::Reserved,
        ),
        (
            |_| {},
            &[(".APIM-PKI/x", "x")],
            ".APIM-PKI/x",
            Refusal::Reserved,
        ),
        (
            |dir| symlink(dir, dir.join("conf/up")).unwrap(),
            &[("conf/up", "x")],
            "",
            Refusal::NotAFile,
        ),
    ];
    for (make, wanted, refused, reason) in cases {
        let base = tempfile::tempdir().unwrap();
        let dir = home(base.path());
        make(&dir);
        let before = snapshot(base.path());
        let mut all = vec![("zz.xml", "changed")];
        all.extend_from_slice(wanted);
        let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
        let told = shared.view().prepare(set(&all)).map(|_| ());
        drop(shared);
        assert_refused(told, &dir.join(refused), reason);
        let locked = lock(&dir).unwrap();
        let told = locked.view().prepare(set(&all)).map(|_| ());
        drop(locked);
        assert_refused(told, &dir.join(refused), reason);
        assert_eq!(snapshot(base.path()), before, "{refused}");
    }
}

#[test]
fn what_leads_into_the_state_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    install(&dir, &[("conf/a.xml", "new")]);
    symlink("../.apim-pki/lock", dir.join("conf/lock")).unwrap();
    let locked = lock(&dir).unwrap();
    let told = locked
        .view()
        .prepare(set(&[("conf/lock", "x")]))
        .map(|_| ());
    assert_refused(told, &dir.join(".apim-pki/lock"), &Refusal::Reserved);
}

#[test]
fn a_link_and_a_whole_folder_are_not_taken_away() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let locked = lock(&dir).unwrap();
    let mut link = FileSet::new();
    link.retire(path("conf/link.xml"));
    let told = locked.view().prepare(link).map(|_| ());
    assert_refused(told, &dir.join("conf/link.xml"), &Refusal::Link);
    let mut folder = FileSet::new();
    folder.retire_folder(path("conf"));
    let told = locked.view().prepare(folder).map(|_| ());
    assert_refused(told, &dir.join("conf"), &Refusal::HomeFolder);
}

#[test]
fn a_state_that_is_a_link_or_that_others_may_write_is_refused() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let state = dir.canonicalize().unwrap().join(".apim-pki");
    fs::create_dir(base.path().join("theirs")).unwrap();
    symlink("../theirs", &state).unwrap();
    assert_refused(lock(&dir).map(drop), &state, &Refusal::Link);
    let shared = Home::open(&dir).unwrap().share(WAIT).map(drop);
    assert_refused(shared, &state, &Refusal::Link);
    fs::remove_file(&state).unwrap();
    fs::create_dir(&state).unwrap();
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).unwrap();
    assert_refused(
        lock(&dir).map(drop),
        &state,
        &Refusal::Writable { mode: 0o777 },
    );
    assert_eq!(fs::read_dir(base.path().join("theirs")).unwrap().count(), 0);
}

#[test]
fn a_home_that_is_not_there_or_is_a_file_is_no_home() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let missing = Home::open(base.path().join("nothing"));
    assert!(matches!(missing, Err(DiskError::Io { .. })), "{missing:?}");
    let file = Home::open(dir.join("conf/a.xml")).map(drop);
    assert_refused(file, &dir.join("conf/a.xml"), &Refusal::NotAFolder);
}

#[test]
fn what_has_no_room_is_not_begun() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    let tree = tree::Tree::home(dir, 0, std::sync::Arc::new(crate::disk::system::System));
    let mut needed = BTreeMap::from([(PathBuf::new(), 4096)]);
    tree.has_space(&needed).unwrap();
    needed.insert(PathBuf::new(), u64::MAX);
    let error = tree.has_space(&needed).unwrap_err();
    assert!(
        matches!(
            error,
            DiskError::NoSpace {
                needed: u64::MAX,
                ..
            }
        ),
        "{error}"
    );
}

pub(super) fn assert_refused(done: Result<(), DiskError>, place: &Path, why: &Refusal) {
    // What is there of it, without the links that a system may have above its temporary folder.
    let real = |path: &&Path| path.is_dir() && !path.is_symlink();
    let there = place.ancestors().find(real).unwrap();
    let below = place.strip_prefix(there).unwrap();
    let mut place = there.canonicalize().unwrap();
    place.extend(below);
    match done {
        Err(DiskError::Refused { path, reason }) => assert_eq!((path, &reason), (place, why)),
        other => panic!("{place:?}: {other:?}"),
    }
}
