use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
};

use super::*;

/// Everything of a file but its number and the time of its last change of name.
type Seen = (u32, u32, u32, i64, i64, Vec<u8>);

#[test]
fn what_is_installed_is_undone_bit_by_bit() {
    let base = tempfile::tempdir().unwrap();
    let dir = base.path().join("home");
    fs::create_dir_all(dir.join("conf")).unwrap();
    write(&dir, "conf/a.xml", "old a", 0o644);
    write(&dir, "conf/b.xml", "old b", 0o600);
    write(&dir, "elsewhere.xml", "old c", 0o664);
    symlink("../elsewhere.xml", dir.join("conf/c.xml")).unwrap();
    let before = snapshot(&dir);

    let mut home = lock(&dir).unwrap();
    let prepared = home.view().prepare(set(&[
        ("conf/a.xml", "new a"),
        ("conf/b.xml", "old b"),
        ("conf/c.xml", "new c"),
        ("new/deep/d", "new d"),
    ]));
    let done = home.commit(prepared.unwrap(), &label("install")).unwrap();
    assert_eq!(done.written.len(), 3);
    assert_eq!(done.unchanged, [path("conf/b.xml")]);
    drop(home);
    assert_eq!(fs::read(dir.join("conf/a.xml")).unwrap(), b"new a");
    assert_eq!(mode(&dir.join("conf/a.xml")), 0o640);
    assert_eq!(mode(&dir.join("elsewhere.xml")), 0o660);
    assert_eq!(mode(&dir.join("new/deep/d")), 0o600);

    let mut home = lock(&dir).unwrap();
    let prepared = home.view().prepare_undo(Foreign::Refuse).unwrap().unwrap();
    home.commit(prepared, &label("undo")).unwrap();
    drop(home);
    assert_eq!(snapshot(&dir), before);
}

fn lock(dir: &Path) -> Result<LockedHome, DiskError> {
    Home::open(dir)?.lock(NO_WAIT, &holder())
}

fn write(dir: &Path, name: &str, text: &str, mode: u32) {
    let file = dir.join(name);
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
    let old = std::time::UNIX_EPOCH + Duration::new(1_600_000_000, 123_456_789);
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
        let (mut time, mut content) = ((found.mtime(), found.mtime_nsec()), Vec::new());
        if found.is_symlink() {
            content = fs::read_link(&file)
                .unwrap()
                .into_os_string()
                .into_encoded_bytes();
        } else if found.is_dir() {
            // Its time tells when names came and went.
            time = (0, 0);
            look(top, &file, all);
        } else {
            content = fs::read(&file).unwrap();
        }
        let seen = (
            found.mode(),
            found.uid(),
            found.gid(),
            time.0,
            time.1,
            content,
        );
        all.insert(name, seen);
    }
}
