//! Homes of one user that another one, or root, meets. Only root can make them.

use std::os::unix::{fs::chown, process::CommandExt};

use super::{refused::assert_refused, *};

#[test]
fn root_leaves_every_owner_and_makes_new_files_for_those_who_have_the_folder() {
    if !is_root() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    give_away(&dir, OWNER);
    chown(dir.join("conf/b.xml"), Some(OWNER + 1), Some(OWNER + 2)).unwrap();
    fs::create_dir(dir.join("hardened")).unwrap();
    chown(dir.join("hardened"), Some(0), Some(OWNER)).unwrap();
    fs::set_permissions(dir.join("hardened"), fs::Permissions::from_mode(0o750)).unwrap();
    let before = snapshot(base.path());

    let new = [
        "conf/new",
        "made/deep/new",
        "hardened/new",
        "hardened/deep/new",
    ];
    let mut wanted = vec![
        ("conf/a.xml", "new"),
        ("conf/b.xml", "new"),
        ("conf/link.xml", "new"),
    ];
    wanted.extend(new.iter().map(|name| (*name, "new")));
    install(&dir, &wanted);
    for (name, owner, group, wanted) in [
        ("conf/a.xml", OWNER, OWNER, 0o640),
        ("conf/b.xml", OWNER + 1, OWNER + 2, 0o600),
        ("real/target.xml", OWNER, OWNER, 0o660),
        ("conf/new", OWNER, OWNER, 0o600),
        ("made", OWNER, OWNER, 0o700),
        ("made/deep", OWNER, OWNER, 0o700),
        ("made/deep/new", OWNER, OWNER, 0o600),
        // A service that may not change its configuration reads it by its group.
        ("hardened/new", 0, OWNER, 0o640),
        ("hardened/deep", 0, OWNER, 0o750),
        ("hardened/deep/new", 0, OWNER, 0o640),
        (".apim-pki", 0, 0, 0o700),
    ] {
        let found = fs::metadata(dir.join(name)).unwrap();
        assert_eq!(
            (found.uid(), found.gid(), mode(&dir.join(name))),
            (owner, group, wanted),
            "{name}"
        );
    }
    undo(&dir, Foreign::Refuse);
    assert_eq!(snapshot(base.path()), before);
}

#[test]
fn a_link_leads_root_to_no_file_of_another_user_unless_root_made_it() {
    if !is_root() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    give_away(&dir, OWNER);
    fs::create_dir(base.path().join("roots")).unwrap();
    write(&base.path().join("roots"), "x.xml", "old", 0o644);
    let links = ["folder", "conf/file.xml"];
    symlink("../roots", dir.join(links[0])).unwrap();
    symlink("../../roots/x.xml", dir.join(links[1])).unwrap();
    let owned = |owner| {
        for link in links {
            std::os::unix::fs::lchown(dir.join(link), Some(owner), None).unwrap();
        }
    };
    for (owner, to) in [(OWNER, 0), (OWNER, OWNER + 1)] {
        owned(owner);
        chown(base.path().join("roots"), Some(to), None).unwrap();
        chown(base.path().join("roots/x.xml"), Some(to), None).unwrap();
        let before = snapshot(base.path());
        for (file, link) in [
            ("folder/x.xml", links[0]),
            ("folder/new", links[0]),
            ("folder/deep/new", links[0]),
            ("conf/file.xml", links[1]),
        ] {
            let locked = lock(&dir).unwrap();
            let told = locked.view().prepare(set(&[(file, "new")])).map(drop);
            assert_refused(told, &dir.join(link), &Refusal::ForeignLink { owner, to });
        }
        assert_eq!(snapshot(base.path()), before);
    }
    for (owner, to) in [(0, OWNER), (OWNER, OWNER), (0, 0)] {
        owned(owner);
        chown(base.path().join("roots"), Some(to), None).unwrap();
        chown(base.path().join("roots/x.xml"), Some(to), None).unwrap();
        let before = snapshot(base.path());
        install(&dir, &[("folder/x.xml", "new"), ("folder/deep/new", "new")]);
        install(&dir, &[("conf/file.xml", "newer")]);
        undo(&dir, Foreign::Refuse);
        undo(&dir, Foreign::Refuse);
        assert_eq!(snapshot(base.path()), before);
    }
}

#[test]
fn a_folder_that_gives_its_group_gives_it_to_new_files_too() {
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    fs::set_permissions(dir.join("conf"), fs::Permissions::from_mode(0o2750)).unwrap();
    install(
        &dir,
        &[("conf/new", "x"), ("conf/sub/new", "x"), ("real/new", "x")],
    );
    for (name, wanted) in [
        ("conf/new", 0o640),
        ("conf/sub", 0o2750),
        ("conf/sub/new", 0o640),
        ("real/new", 0o600),
    ] {
        assert_eq!(mode(&dir.join(name)), wanted, "{name}");
    }
}

#[test]
fn who_is_neither_root_nor_the_owner_changes_nothing() {
    let Some((_base, dir)) = home_of(OWNER) else {
        return;
    };
    run_as(OWNER + 1, "is refused the home", &dir);
    chown(dir.join("conf/a.xml"), Some(OWNER + 1), None).unwrap();
    let before = snapshot(&dir);
    run_as(OWNER, "is refused the file", &dir);
    assert_eq!(snapshot(&dir), before);
    run_as(OWNER, "installs and undoes", &dir);
    assert_eq!(snapshot(&dir), before);
}

#[test]
fn what_root_began_root_undoes_and_others_read_as_it_is() {
    let Some((_base, dir)) = home_of(OWNER) else {
        return;
    };
    install(&dir, &[("conf/a.xml", "new a")]);
    run_as(OWNER, "sees the state of root", &dir);
    run_as(OWNER + 1, "sees the state of root", &dir);
    undo(&dir, Foreign::Refuse);
}

#[test]
fn what_the_owner_began_root_sees_but_does_not_touch() {
    let Some((_base, dir)) = home_of(OWNER) else {
        return;
    };
    run_as(OWNER, "installs", &dir);
    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    assert_eq!(shared.view().installs().unwrap().len(), 1);
    assert_eq!(shared.pending(), None);
    drop(shared);
    let reason = Refusal::ForeignOwner {
        owner: OWNER,
        user: 0,
    };
    assert_refused(lock(&dir).map(drop), &dir.join(".apim-pki"), &reason);
    // A third one's is nobody's business here.
    chown(dir.join(".apim-pki"), Some(OWNER + 1), None).unwrap();
    let shared = Home::open(&dir).unwrap().share(WAIT).unwrap();
    assert_eq!(
        shared.pending(),
        Some(&Pending::Unknown { owner: OWNER + 1 })
    );
}

#[test]
fn mounted_files_are_refused_and_mounted_folders_are_not() {
    if !is_root() {
        return;
    }
    let base = tempfile::tempdir().unwrap();
    let dir = home(base.path());
    fs::create_dir(base.path().join("volume")).unwrap();
    write(base.path(), "volume/x.xml", "old x", 0o644);
    symlink("../real/x.xml", dir.join("conf/link-to-x.xml")).unwrap();
    let script = "mount --bind elsewhere.xml home/conf/b.xml && mount --bind volume home/real || exit 77; \
                  exec \"$0\" --exact --ignored \"$1\"";
    let done = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(std::env::current_exe().unwrap())
        .arg("disk::tests::home::root::acts_in_a_process_of_its_own")
        .current_dir(base.path())
        .env(ACTION_VARIABLE, "meets mounts")
        .env(FOLDER_VARIABLE, &dir)
        .output();
    match done {
        Ok(done) if done.status.success() => {}
        Ok(done) if done.status.code() == Some(101) => panic!("{done:?}"),
        other => eprintln!("skipped: nothing can be mounted here: {other:?}"),
    }
}

#[test]
#[ignore = "run by the tests above, as other users"]
fn acts_in_a_process_of_its_own() {
    let (Ok(action), Ok(dir)) = (
        std::env::var(ACTION_VARIABLE),
        std::env::var(FOLDER_VARIABLE),
    ) else {
        return;
    };
    let dir = Path::new(&dir);
    let user = rustix::process::geteuid().as_raw();
    let share = || Home::open(dir).unwrap().share(WAIT).unwrap();
    match action.as_str() {
        "installs" => drop(install(
            dir,
            &[("conf/b.xml", "new b"), ("conf/new", "new")],
        )),
        "installs and undoes" => {
            install(dir, &[("conf/b.xml", "new b"), ("conf/new", "new")]);
            undo(dir, Foreign::Refuse);
        }
        "is refused the file" => {
            let told = lock(dir)
                .unwrap()
                .view()
                .prepare(set(&[("conf/a.xml", "x")]))
                .map(|_| ());
            let owner = OWNER + 1;
            assert_refused(
                told,
                &dir.join("conf/a.xml"),
                &Refusal::ForeignOwner { owner, user },
            );
        }
        "is refused the home" => {
            let owner = OWNER;
            assert_refused(
                lock(dir).map(drop),
                dir,
                &Refusal::ForeignOwner { owner, user },
            );
            assert_eq!(
                share().view().read(&path("conf/a.xml")).unwrap(),
                Some(bytes("old a"))
            );
        }
        "meets mounts" => {
            let told = lock(dir)
                .unwrap()
                .view()
                .prepare(set(&[("conf/b.xml", "x")]))
                .map(|_| ());
            assert_refused(told, &dir.join("conf/b.xml"), &Refusal::Mounted);
            // Of the same file system, so that nothing but the mount itself tells it.
            for file in ["real/x.xml", "real/sub/new", "conf/link-to-x.xml"] {
                let mount = Some(Elsewhere::Mount(path("real")));
                assert_eq!(elsewhere(dir, file), mount, "{file}");
            }
            assert_eq!(elsewhere(dir, "conf/a.xml"), None);
            let before = snapshot(dir);
            install(dir, &[("real/x.xml", "new x"), ("real/sub/new", "new")]);
            assert_eq!(fs::read(dir.join("real/x.xml")).unwrap(), b"new x");
            undo(dir, Foreign::Refuse);
            assert_eq!(snapshot(dir), before);
        }
        "sees the state of root" => {
            let shared = share();
            assert_eq!(shared.pending(), Some(&Pending::Unknown { owner: 0 }));
            assert_eq!(shared.view().names(Some(&path("conf"))).unwrap().len(), 4);
            let told = lock(dir).map(drop).unwrap_err();
            assert!(matches!(
                told,
                DiskError::Refused {
                    reason: Refusal::ForeignOwner { .. },
                    ..
                }
            ));
        }
        other => panic!("{other}"),
    }
}

/// `None` where only root could make it, or where others could not come to it.
fn home_of(owner: u32) -> Option<(tempfile::TempDir, PathBuf)> {
    if !is_root() {
        return None;
    }
    let places = [std::env::temp_dir(), "/var/tmp".into(), "/dev/shm".into()];
    let place = places.iter().find(|place| is_open_to_all(place));
    let (Some(place), true) = (place, is_open_to_all(&std::env::current_exe().unwrap())) else {
        eprintln!("skipped: another user can run nothing here");
        return None;
    };
    let base = tempfile::tempdir_in(place).unwrap();
    fs::set_permissions(base.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let dir = home(base.path());
    give_away(&dir, owner);
    Some((base, dir))
}

fn give_away(dir: &Path, owner: u32) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            give_away(&path, owner);
        }
        std::os::unix::fs::lchown(&path, Some(owner), Some(owner)).unwrap();
    }
    chown(dir, Some(owner), Some(owner)).unwrap();
}

fn is_open_to_all(path: &Path) -> bool {
    path.ancestors()
        .all(|path| fs::metadata(path).is_ok_and(|found| found.mode() & 0o001 != 0))
}

fn run_as(user: u32, action: &str, dir: &Path) {
    let done = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored"])
        .arg("disk::tests::home::root::acts_in_a_process_of_its_own")
        .env(ACTION_VARIABLE, action)
        .env(FOLDER_VARIABLE, dir)
        .current_dir("/")
        .uid(user)
        .gid(user)
        .output()
        .unwrap();
    assert!(done.status.success(), "{action}: {done:?}");
    assert!(
        String::from_utf8_lossy(&done.stdout).contains("1 passed"),
        "{action}: {done:?}"
    );
}

fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        eprintln!("skipped: only root can give files away");
    }
    is_root
}

/// A user that nobody is.
const OWNER: u32 = 47_110;
const ACTION_VARIABLE: &str = "APIM_PKI_TEST_ACTION";
