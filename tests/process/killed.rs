//! `kill -9` at any moment: the next run completes, says so, and nothing is lost.
//!
//! A hundred runs are killed, in five tests that work side by side.

use std::{
    os::unix::process::ExitStatusExt,
    process::Child,
    thread,
    time::{Duration, Instant},
};

use crate::site::{GIVEN_CA, MADE_CA, Site, topology};

#[test]
fn the_first_run_in_an_empty_folder_can_be_killed_anywhere() {
    let mut kills = Kills::of(0);
    while !kills.are_enough() {
        let site = Site::with_given(&topology(MADE_CA, "gw1"));
        kills.kill_one(&site);
    }
}

#[test]
fn a_run_that_replaces_files_can_be_killed_anywhere_1() {
    replace_and_kill(1);
}

#[test]
fn a_run_that_replaces_files_can_be_killed_anywhere_2() {
    replace_and_kill(2);
}

#[test]
fn a_run_that_replaces_files_can_be_killed_anywhere_3() {
    replace_and_kill(3);
}

#[test]
fn a_run_that_replaces_files_can_be_killed_anywhere_4() {
    replace_and_kill(4);
}

/// One workspace, in which each run has a renamed host to see to.
///
/// `part`: of four, so that each kills at other moments.
fn replace_and_kill(part: u32) {
    let site = Site::with_given(&topology(GIVEN_CA, "gw1"));
    site.ok(&["issue"]);
    let mut kills = Kills::of(part);
    while !kills.are_enough() {
        let host = format!("gw1-{}", kills.tried);
        site.write_topology(&topology(GIVEN_CA, &host));
        kills.kill_one(&site);
    }
}

/// What was killed so far.
#[derive(Debug, Default)]
struct Kills {
    part: u32,
    tried: u32,
    killed: u32,
    /// Of these, after the first write.
    writing: u32,
    /// Of these, after the commit point.
    committed: u32,
}

impl Kills {
    fn of(part: u32) -> Self {
        Self {
            part,
            ..Self::default()
        }
    }

    fn are_enough(&self) -> bool {
        assert!(self.tried < 10 * KILLS, "too many got away: {self:?}");
        self.killed >= KILLS && 2 * self.writing >= KILLS && 4 * self.committed >= KILLS
    }

    /// Kills a run, lets the next one complete it, and looks at what is there then.
    fn kill_one(&mut self, site: &Site) {
        let before = site.contents(&MADE);
        let staging = site.workspace().join(".staging");
        let journal = site.workspace().join("journal");
        let mut child = site.command(&["issue"]).spawn().unwrap();
        self.tried += 1;
        let number = self.tried * 5 + self.part;
        let (limit, a_while) = match self.tried % 3 {
            0 => (Duration::ZERO, 60_000),
            _ => (Duration::from_secs(10), 6_000),
        };
        let committing = self.tried % 3 == 1;
        wait(&mut child, limit, || match committing {
            true => journal.exists(),
            false => staging.exists(),
        });
        let delay = Duration::from_micros(u64::from(number * 1_370 % a_while));
        wait(&mut child, delay, || false);
        // It may have ended in the meantime.
        let _ = child.kill();
        let killed = child.wait().unwrap().signal() == Some(9);
        let (wrote, committed) = (staging.exists(), journal.exists());
        self.killed += u32::from(killed);
        self.writing += u32::from(killed && wrote);
        self.committed += u32::from(killed && committed);
        site.assert_private();
        let staged = site.contents(&[".staging"]);

        let next = site.ok(&["issue"]);
        assert_eq!(
            next.stderr.contains("interrupted"),
            wrote || committed,
            "{self:?} {next:#?}"
        );
        site.ok(&["verify"]);
        let all = site.contents(&[""]);
        let lost = before.iter().filter(|file| !all.contains(*file)).count();
        assert_eq!(lost, 0, "files that were there are gone: {self:?}");
        if committed {
            let lost = staged.iter().filter(|file| !all.contains(*file)).count();
            assert_eq!(lost, 0, "files beyond the commit point are gone: {self:?}");
        }
        assert!(!staging.exists() && !journal.exists());
        site.assert_private();
        let primary = site.primary_key("pki/primary/wso2carbon.jks");
        assert!(
            primary == site.primary_key("given/wso2carbon.jks"),
            "another primary"
        );
    }
}

/// Until something is so, the time is over, or the run has ended.
fn wait(child: &mut Child, limit: Duration, is_so: impl Fn() -> bool) {
    let begin = Instant::now();
    while begin.elapsed() < limit && !is_so() {
        if child.try_wait().unwrap().is_some() {
            return;
        }
        thread::sleep(Duration::from_micros(100));
    }
}

/// Of each test.
const KILLS: u32 = 20;

/// Where what was made lies.
const MADE: [&str; 4] = ["ca", "nodes", "primary", "secrets"];
