use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    memory::{Dice, Fault, Memory},
    *,
};

const LIMIT: u64 = 1 << 20;

#[test]
fn a_replacement_that_fails_or_ends_at_any_operation_leaves_the_file_whole() {
    let file = || PathBuf::from("/store.jks");
    let lock = |disk: &Memory| SingleFile::lock_on(file(), Duration::ZERO, disk.seam());
    let faults = [Fault::Errno(28), Fault::Errno(5), Fault::Abort];
    for fault in faults {
        for n in 1.. {
            let disk = Memory::new();
            lock(&disk).unwrap().replace(&bytes("old")).unwrap();
            disk.fail_at(n, fault);
            let done = lock(&disk).and_then(|single| single.replace(&bytes("new content")));
            if !disk.failed() {
                assert!(n > 8, "only {n} operations");
                done.unwrap();
                break;
            }
            disk.restart();
            disk.lose_power(&mut Dice(n as u64 * 7 + 1));
            let single = lock(&disk).unwrap();
            let found = single.read(LIMIT).unwrap().unwrap();
            assert!(
                [&b"old"[..], b"new content"].contains(&found.expose()),
                "operation {n}: {found:?}"
            );
            single.replace(&bytes("newer")).unwrap();
            let names = disk.seam().names(Path::new("/")).unwrap();
            assert_eq!(names, ["store.jks"], "operation {n}");
        }
    }
}

#[test]
fn a_link_stays_and_the_file_behind_it_keeps_its_mode_unless_it_is_to_be_its_owner_s_alone() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("real.jks");
    let link = dir.path().join("link.jks");
    fs::write(&file, "old").unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    symlink(&file, &link).unwrap();
    let single = SingleFile::lock(&link, WAIT).unwrap();
    single.replace(&bytes("new")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"new");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o640);

    single.replace_for_owner(&bytes("secret")).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&file).unwrap(), b"secret");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
}

#[test]
fn a_new_file_is_the_user_s_alone_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("new.jks");
    let single = SingleFile::lock(&file, WAIT).unwrap();
    assert_eq!(single.read(LIMIT).unwrap(), None);
    single.replace(&bytes("new")).unwrap();
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}

#[test]
fn what_is_no_file_or_too_large_or_read_only_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let dangling = dir.path().join("dangling");
    symlink(dir.path().join("nowhere"), &dangling).unwrap();
    let refused = |path: &Path| SingleFile::lock(path, WAIT).map(|_| ());
    assert!(matches!(refused(&dangling), Err(DiskError::Refused { .. })));
    let missing = dir.path().join("no/such/store");
    assert!(matches!(refused(&missing), Err(DiskError::NoParent { .. })));
    let file = dir.path().join("file");
    fs::write(&file, "12345").unwrap();
    let single = SingleFile::lock(&file, WAIT).unwrap();
    let read = single.read(4);
    assert!(matches!(read, Err(DiskError::TooLarge { size: 5, .. })));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    let written = single.replace(&bytes("x"));
    assert!(matches!(
        written,
        Err(DiskError::Refused {
            reason: Refusal::ReadOnly { .. },
            ..
        })
    ));
}

#[test]
fn six_at_once_each_see_what_the_one_before_wrote() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("counter");
    std::thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                let single = SingleFile::lock(&file, WAIT).unwrap();
                let mut content = single
                    .read(LIMIT)
                    .unwrap()
                    .unwrap_or_default()
                    .expose()
                    .to_vec();
                content.push(b'x');
                single.replace(&Bytes::from(content)).unwrap();
            });
        }
    });
    assert_eq!(fs::read(&file).unwrap(), b"xxxxxx");
}

#[test]
#[cfg(target_os = "linux")]
fn a_folder_that_becomes_a_link_since_leads_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, victim) = (dir.path().join("stores"), dir.path().join("victim"));
    for folder in [&folder, &victim] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join("a.jks"), "old").unwrap();
    }
    let single = SingleFile::lock(&folder.join("a.jks"), WAIT).unwrap();
    fs::rename(&folder, dir.path().join("moved")).unwrap();
    symlink(&victim, &folder).unwrap();
    assert!(single.read(64).is_err());
    assert!(single.replace(&bytes("new")).is_err());
    assert_eq!(fs::read(victim.join("a.jks")).unwrap(), b"old");
    assert_eq!(fs::read_dir(&victim).unwrap().count(), 1);
}
