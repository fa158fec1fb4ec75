//! The release binary as a user meets it: against what operators script today, side by side.
//!
//! ```sh
//! cargo bench -p pki-cli --bench commands [-- --rounds N]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

mod measure;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use measure::{
    Cost, argument, median, median_cost, ms, print_cost, print_head, print_target, reference, root,
};

fn main() {
    let rounds = argument("--rounds", 3);
    quick();
    race(rounds);
}

/// What is there at once: the help, and `verify` of what `issue` made.
fn quick() {
    println!("wall time, medians of {QUICK_RUNS} runs");
    let help = times(QUICK_RUNS, || run(apim_pki().arg("--help")));
    let help = median(help);
    let met = help < Duration::from_millis(10);
    print_target("--help", &format!("{} ms", ms(help)), "10 ms", met);

    let dir = deployment();
    run(apim_pki().arg("issue").current_dir(&dir));
    let verify = median(times(QUICK_RUNS, || {
        run(apim_pki().arg("verify").current_dir(&dir));
    }));
    let met = verify < Duration::from_millis(150);
    print_target("verify", &format!("{} ms", ms(verify)), "150 ms", met);
    let again = median(times(QUICK_RUNS, || {
        run(apim_pki().arg("issue").current_dir(&dir));
    }));
    println!("  {:<46} {:>16} ms", "issue, nothing to do", ms(again));
}

/// One run of each in turn, so that what disturbs the machine disturbs all.
///
/// The targets are about wall time. On a machine that does other work too `issue`, which uses every core,
/// loses more than programs that use one: the ratio of CPU time is the one that does not move.
fn race(rounds: usize) {
    let mut ours = Vec::new();
    let mut theirs: Vec<(Rival, Vec<Cost>)> = RIVALS
        .into_iter()
        .filter(Rival::is_there)
        .map(|rival| (rival, Vec::new()))
        .collect();
    for _ in 0..rounds {
        for (rival, spent) in &mut theirs {
            spent.push(rival.run());
            // Keys are a random search: as many of ours as fit give a median that holds still.
            for _ in 0..OURS_EACH {
                ours.push(issue());
            }
        }
    }
    if ours.is_empty() {
        ours.extend((0..rounds.max(OURS_EACH)).map(|_| issue()));
    }
    print_head(&format!("`issue`, medians of {rounds} rounds"));
    let ours = median_cost(&ours);
    print_cost("apim-pki issue", ours);
    for (rival, spent) in theirs {
        let spent = median_cost(&spent);
        print_cost(rival.script, spent);
        let ratio = |theirs: Duration, ours: Duration| theirs.as_secs_f64() / ours.as_secs_f64();
        let (wall, cpu) = (ratio(spent.wall, ours.wall), ratio(spent.cpu, ours.cpu));
        print_target(
            &format!("{} / apim-pki", rival.script),
            &format!("CPU {cpu:.1} x, wall {wall:.1} x"),
            &format!("{} x", rival.target),
            wall >= f64::from(rival.target),
        );
    }
}

/// A script that makes the same by other means.
struct Rival {
    script: &'static str,
    needs: &'static str,
    target: u32,
}

impl Rival {
    fn path(&self) -> PathBuf {
        root().join("../shared/bench").join(self.script)
    }

    /// Says so if not.
    fn is_there(&self) -> bool {
        if !self.path().is_file() {
            println!("  {}: skipped, there is no ../shared/bench", self.script);
            return false;
        }
        let found = Command::new("sh")
            .args(["-c", &format!("command -v {}", self.needs)])
            .stdout(Stdio::null())
            .status();
        if !found.is_ok_and(|status| status.success()) {
            println!("  {}: skipped, there is no {}", self.script, self.needs);
            return false;
        }
        true
    }

    fn run(&self) -> Cost {
        let dir = tempfile::tempdir().unwrap();
        let hosts = ROLES
            .iter()
            .flat_map(|role| [1, 2].map(|node| format!("{role}-{node}.example.com")));
        let mut command = Command::new(self.path());
        command.arg(dir.path().join("out")).args(hosts);
        child_cost(|| run(&mut command))
    }
}

fn issue() -> Cost {
    let dir = deployment();
    let mut command = apim_pki();
    command.arg("issue").current_dir(&dir);
    child_cost(|| run(&mut command))
}

/// What the programs cost that a work starts and waits for.
fn child_cost(work: impl FnOnce()) -> Cost {
    let before = children_cpu();
    let wall = time(work);
    let cpu = children_cpu() - before;
    Cost { cpu, wall }
}

/// CPU of all children that have ended, theirs included: fields 16 and 17 of proc_pid_stat(5).
fn children_cpu() -> Duration {
    let stat = fs::read_to_string("/proc/self/stat").unwrap();
    // The name, in parentheses, may hold anything; behind it comes field 3.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks: u64 = fields
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(|field| field.parse::<u64>().unwrap())
        .sum();
    Duration::from_secs(ticks) / u32::try_from(rustix::param::clock_ticks_per_second()).unwrap()
}

/// A folder with the reference topology and nothing else.
fn deployment() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("apim-pki.toml"), reference()).unwrap();
    dir
}

fn apim_pki() -> Command {
    Command::new(Path::new(env!("CARGO_BIN_EXE_apim-pki")))
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{command:?}: {output:?}");
}

fn time(work: impl FnOnce()) -> Duration {
    let started = Instant::now();
    work();
    started.elapsed()
}

fn times(runs: usize, mut work: impl FnMut()) -> Vec<Duration> {
    (0..runs).map(|_| time(&mut work)).collect()
}

const RIVALS: [Rival; 2] = [
    Rival {
        script: "by-keytool",
        needs: "keytool",
        target: 25,
    },
    Rival {
        script: "by-openssl",
        needs: "openssl",
        target: 4,
    },
];

const ROLES: [&str; 5] = [
    "key-manager",
    "publisher",
    "store",
    "traffic-manager",
    "gateway",
];

const QUICK_RUNS: usize = 31;

const OURS_EACH: usize = 5;
