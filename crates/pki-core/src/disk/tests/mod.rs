//! What a workspace promises: on a disk that exists only here and fails wherever it is told to, and on
//! the real one.

#[cfg(target_os = "linux")]
mod confined;
mod faults;
mod home;
mod memory;
mod single;
mod system;

use std::{collections::BTreeMap, time::Duration};

use time::macros::datetime;

use super::*;
use crate::secret::Bytes;

type Files = BTreeMap<String, Vec<u8>>;

fn path(text: &str) -> RelPath {
    RelPath::new(text).unwrap()
}

fn bytes(text: &str) -> Bytes {
    Bytes::from(text.as_bytes())
}

fn holder() -> Holder {
    Holder {
        pid: 4711,
        host: "ops1".to_owned(),
        started: datetime!(2026-03-01 12:00 UTC),
    }
}

fn label(why: &str) -> Label {
    Label {
        when: datetime!(2026-03-01 12:00 UTC),
        why: why.to_owned(),
    }
}

fn set(files: &[(&str, &str)]) -> FileSet {
    let mut set = FileSet::new();
    for (name, text) in files {
        set.write(path(name), bytes(text));
    }
    set
}

fn files(list: &[(&str, &str)]) -> Files {
    let own = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
    list.iter().map(own).collect()
}

fn all(view: &View) -> Files {
    let mut out = Files::new();
    for Listed { path, .. } in view.list().unwrap() {
        let content = view.read(&path).unwrap().unwrap();
        out.insert(path.to_string(), content.expose().to_vec());
    }
    out
}

/// Where a lock is held by somebody else, or can be by nobody.
const NO_WAIT: Duration = Duration::ZERO;
/// Where it is free: a process that another test starts holds all locks until it has begun.
const WAIT: Duration = Duration::from_secs(10);
