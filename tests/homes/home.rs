//! A home's configuration files, as a caller of the library reads them from a disk.

use std::{
    fs,
    path::{Path, PathBuf},
};

use pki_core::{
    secret::Bytes,
    wso2::config::{CONFIGURATION_FILES, HomeFiles},
};

use crate::shared;

/// The folders of the real homes of a release, by name; none where the material is absent.
pub(crate) fn homes(release: &str) -> Vec<PathBuf> {
    let Some(folder) = shared::folder() else {
        return Vec::new();
    };
    let homes = folder.join("wso2/homes").join(release);
    let mut homes: Vec<PathBuf> = fs::read_dir(homes)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    homes.sort();
    homes
}

/// All files that [`CONFIGURATION_FILES`] names.
pub(crate) fn files(home: &Path) -> HomeFiles {
    let mut files = HomeFiles::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(home).unwrap().to_str().unwrap();
            if CONFIGURATION_FILES.iter().any(|it| matches(it, name)) {
                files.insert(name.to_owned(), Bytes::from(fs::read(&path).unwrap()));
            }
        }
    }
    files
}

/// `a/*/b/*.xml`: a star is a part of a name.
fn matches(pattern: &str, name: &str) -> bool {
    let patterns = pattern.split('/').collect::<Vec<_>>();
    let names = name.split('/').collect::<Vec<_>>();
    patterns.len() == names.len()
        && patterns
            .iter()
            .zip(names)
            .all(|(pattern, name)| match pattern.split_once('*') {
                None => *pattern == name,
                Some((before, after)) => {
                    name.len() >= before.len() + after.len()
                        && name.starts_with(before)
                        && name.ends_with(after)
                }
            })
}

/// A copy of a home that may be written.
pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        match path.is_dir() {
            true => copy(&path, &target),
            false => fs::write(&target, fs::read(&path).unwrap()).unwrap(),
        }
    }
}
