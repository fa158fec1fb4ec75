//! Two at once.

use std::{process::Child, time::Duration};

use pki_core::disk::{Holder, Workspace};
use time::macros::datetime;

use crate::site::{GIVEN_CA, MADE_CA, Run, Site, topology};

#[test]
fn who_does_not_get_the_lock_says_who_holds_it() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    site.ok(&["issue"]);
    let before = site.contents(&[""]);
    let holder = Holder {
        pid: 4711,
        host: "build-7".to_owned(),
        started: datetime!(2026-11-23 12:00 UTC),
    };
    let workspace = Workspace::open(site.workspace()).unwrap();
    let locked = workspace.lock(Duration::ZERO, &holder).unwrap();
    site.write_topology(&topology(GIVEN_CA, "renamed"));
    for command in ["issue", "plan", "verify"] {
        let run = site.run(&[command, "--lock-timeout", "100ms"]);
        assert_eq!(run.code, Some(3), "{command}: {run:#?}");
        for part in ["4711", "build-7", "2026-11-23T12:00:00Z"] {
            assert!(run.stderr.contains(part), "{command}: {part}: {run:#?}");
        }
    }
    drop(locked);
    assert_eq!(site.contents(&[""]), before);
    site.ok(&["issue"]);
}

#[test]
fn the_second_waits_for_the_first() {
    let site = Site::with_given(&topology(MADE_CA, "gw1"));
    let started: Vec<Child> = (0..4)
        .map(|_| site.command(&["issue"]).spawn().unwrap())
        .collect();
    for child in started {
        let run = Run::from(child.wait_with_output().unwrap());
        assert_eq!(run.code, Some(0), "{run:#?}");
    }
    site.ok(&["verify"]);
    let generations = site.workspace().join("generations");
    let count = generations.read_dir().unwrap().count();
    assert_eq!(
        count, 1,
        "one made everything, the others found nothing to do"
    );
}

#[test]
fn readers_do_not_wait_for_each_other() {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    site.ok(&["issue"]);
    let workspace = Workspace::open(site.workspace()).unwrap();
    let shared = workspace.share(Duration::ZERO).unwrap();
    site.ok(&["verify", "--lock-timeout", "0"]);
    site.ok(&["plan", "--lock-timeout", "0"]);
    drop(shared);
}
