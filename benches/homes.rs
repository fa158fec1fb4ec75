//! What it costs to read product homes, one and 500 of them, and to verify them.
//!
//! ```sh
//! cargo bench -p pki-cli --bench homes [-- --homes N]
//! ```
//!
//! The homes are real ones; without `../shared` it says so and measures nothing.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

mod measure;
#[path = "../tests/shared.rs"]
mod shared;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

use measure::{Cost, argument, median_cost, ms, print_cost, print_head, print_target};
use pki_core::{
    observe::{Cluster, HomeReader},
    verify::verify_homes,
};
use time::OffsetDateTime;

fn main() {
    let real = real_homes();
    if real.is_empty() {
        return;
    }
    let slowest = one(&real);
    let dir = tempfile::tempdir().unwrap();
    let homes = copies(&real, argument("--homes", 500), dir.path());
    let whole = many(&homes, dir.path());
    println!();
    let within = |time: Duration, seconds: f64| time.as_secs_f64() < seconds;
    print_target(
        "one home, the slowest",
        &format!("{} ms", ms(slowest)),
        "50 ms",
        within(slowest, 0.05),
    );
    print_target(
        "all homes, verified by the binary",
        &format!("{} ms", ms(whole)),
        "10 s",
        within(whole, 10.0),
    );
}

/// Reads each home by itself; how long the slowest takes.
fn one(homes: &[PathBuf]) -> Duration {
    print_head("one home, read by itself");
    let mut slowest = Duration::ZERO;
    for home in homes {
        let runs: Vec<Cost> = (0..11)
            .map(|_| Cost::of(|| HomeReader::new().read(home).unwrap()).1)
            .collect();
        let cost = median_cost(&runs);
        let name: PathBuf = home.iter().skip(home.iter().count() - 2).collect();
        print_cost(&name.display().to_string(), cost);
        slowest = slowest.max(cost.wall);
    }
    slowest
}

/// Reads and verifies many; how long the binary takes for both.
fn many(dirs: &[PathBuf], root: &Path) -> Duration {
    print_head(&format!("{} homes in one cluster", dirs.len()));
    let (homes, reading) = Cost::of(|| {
        let read = HomeReader::new().read_all(dirs, &|| {});
        read.into_iter().map(Result::unwrap).collect::<Vec<_>>()
    });
    print_cost("read", reading);
    let (report, judging) = Cost::of(|| {
        let cluster = Cluster::new(&homes, None);
        verify_homes(&cluster, None, OffsetDateTime::now_utc())
    });
    print_cost("verified", judging);
    assert!(!report.edges.is_empty());
    let ((), whole) = Cost::of(|| {
        let status = Command::new(env!("CARGO_BIN_EXE_apim-pki"))
            .args(["verify", "--home"])
            .arg(root.join("*"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        // Untouched homes have problems.
        assert_eq!(status.unwrap().code(), Some(1));
    });
    println!(
        "  {:<46} {:>9} {:>9}",
        "both, and told, as a process",
        "",
        ms(whole.wall)
    );
    whole.wall
}

/// All homes that there are.
fn real_homes() -> Vec<PathBuf> {
    let Some(shared) = shared::folder() else {
        return Vec::new();
    };
    let releases = folders(&shared.join("wso2/homes"));
    releases.iter().flat_map(|it| folders(it)).collect()
}

fn folders(dir: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(dir).unwrap();
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    found.sort();
    found
}

/// As many homes as asked for, by copying the real ones in turn.
fn copies(real: &[PathBuf], count: usize, into: &Path) -> Vec<PathBuf> {
    (0..count)
        .map(|number| {
            let to = into.join(format!("node-{number}"));
            copy(&real[number % real.len()], &to);
            to
        })
        .collect()
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &to),
            false => drop(fs::copy(entry.path(), to).unwrap()),
        }
    }
}
