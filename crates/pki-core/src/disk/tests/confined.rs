use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use crate::disk::{
    confined::Confined,
    seam::{Access, Kind, LockMode, Seam},
    system::System,
};

#[test]
fn nothing_is_reached_through_a_link() {
    let (_base, dir) = folder();
    symlink("folder", dir.join("way")).unwrap();
    let before = listed(&dir);
    let access = Access {
        owner: None,
        group: None,
        mode: 0o777,
    };
    let at = |name: &str| dir.join("way").join(name);
    let file = at("file");
    let done = [
        ("create_dir", Confined.create_dir(&at("new"))),
        ("create_file", Confined.create_file(&at("new")).map(drop)),
        ("give_dir", Confined.give_dir(&at("sub"), access)),
        ("inspect", Confined.inspect(&file).map(drop)),
        ("link from", Confined.link(&file, &dir.join("new"))),
        ("link to", Confined.link(&dir.join("other"), &at("new"))),
        ("may_write", Confined.may_write(&file, Kind::File)),
        ("mounted", Confined.mounted(&file).map(drop)),
        ("names", Confined.names(&at("sub")).map(drop)),
        ("read", Confined.read(&file, 4).map(drop)),
        ("read_link", Confined.read_link(&at("link")).map(drop)),
        ("remove_dir", Confined.remove_dir(&at("sub"))),
        ("remove_file", Confined.remove_file(&file)),
        ("rename from", Confined.rename(&file, &dir.join("new"))),
        ("rename to", Confined.rename(&dir.join("other"), &file)),
        ("restrict_dir", Confined.restrict_dir(&at("sub"))),
        ("space", Confined.space(&at("sub")).map(drop)),
        ("sync_dir", Confined.sync_dir(&at("sub"))),
        (
            "try_lock",
            Confined.try_lock(&file, LockMode::Shared).map(drop),
        ),
        ("try_lock_dir", Confined.try_lock_dir(&at("sub")).map(drop)),
        // The last part as little as the others.
        ("names of it", Confined.names(&dir.join("way")).map(drop)),
        (
            "read it",
            Confined.read(&dir.join("folder/link"), 4).map(drop),
        ),
        ("restrict it", Confined.restrict_dir(&dir.join("way"))),
        ("sync it", Confined.sync_dir(&dir.join("way"))),
    ];
    for (name, done) in done {
        assert!(done.is_err(), "{name}");
    }
    assert!(Confined.inspect(Path::new("not/absolute")).is_err());
    assert_eq!(listed(&dir), before);
}

#[test]
fn what_has_no_link_in_it_is_as_it_is() {
    let (_base, dir) = folder();
    let made = Command::new("mkfifo").arg(dir.join("pipe")).status();
    assert!(made.unwrap().success());
    for name in [
        "",
        "folder",
        "folder/file",
        "folder/link",
        "pipe",
        "none",
        "none/none",
        "/",
    ] {
        let path = dir.join(name);
        let found = Confined.inspect(&path).unwrap();
        assert_eq!(found, System.inspect(&path).unwrap(), "{name}");
        assert_eq!(found.is_none(), name.starts_with("none"));
    }
    let mut names = Confined.names(&dir.join("folder")).unwrap();
    names.sort();
    assert_eq!(names, ["file", "link", "sub"]);
    assert_eq!(
        Confined.read(&dir.join("folder/file"), 4).unwrap().expose(),
        b"text"
    );
    assert!(Confined.read(&dir.join("folder/file"), 3).is_err());
    assert_eq!(
        Confined.read_link(&dir.join("folder/link")).unwrap(),
        Path::new("file")
    );
    assert!(Confined.space(&dir).unwrap().unwrap() > 0);
    assert!(Confined.mounted(Path::new("/proc")).unwrap());
    assert!(!Confined.mounted(&dir.join("folder")).unwrap());
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().canonicalize().unwrap();
    fs::create_dir_all(dir.join("folder/sub")).unwrap();
    fs::write(dir.join("folder/file"), "text").unwrap();
    fs::write(dir.join("other"), "other").unwrap();
    symlink("file", dir.join("folder/link")).unwrap();
    (base, dir)
}

fn listed(dir: &Path) -> String {
    let done = Command::new("ls").arg("-lRi").arg(dir).output().unwrap();
    String::from_utf8(done.stdout).unwrap()
}
