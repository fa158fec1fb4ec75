//! Takes `issue` and `verify` of the reference deployment apart, inside one process.
//!
//! ```sh
//! cargo bench -p pki-core --bench issue [-- --runs N]
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

#[path = "../tests/judge/keys.rs"]
mod keys;
mod measure;

use std::{
    path::{Path, PathBuf},
    sync::Mutex,
    time::Duration,
};

use keys::ReadyKeys;
use measure::{
    Cost, argument, median, median_cost, ms, print_cost, print_head, print_target, reference,
    thread_cpu,
};
use pki_core::{
    apply::{Means, apply},
    disk::{Holder, Label, RelPath, Workspace},
    key::{
        Generated, KeyAlgorithm, KeyError, KeySource, PrivateKey, SystemRandom, read_private_key,
    },
    observe::{Inventory, KnownPasswords, Layout},
    plan::{Plan, Scope},
    topology::Topology,
    verify::verify,
};
use time::{OffsetDateTime, macros::datetime};

fn main() {
    let runs = argument("--runs", 11);
    let memory = Path::new("/dev/shm");
    let disk = std::env::temp_dir();
    println!("`issue` of the reference deployment, medians of {runs} runs");

    let made = series(&Generated, &disk, runs);
    print_head("keys generated, files on disk");
    print_parts(&made);
    let shares: Vec<f64> = made.iter().map(Parts::overhead).collect();
    let overhead = middle(shares);
    print_target(
        "(all - keys - hashing) / all",
        &format!("{:.2} %", overhead * 100.0),
        "10 %",
        overhead <= 0.10,
    );

    if memory.is_dir() {
        let given = series(&ReadyKeys::new(), memory, runs);
        print_head("keys given, files in memory (fsync does nothing)");
        print_parts(&given);
        let rest = median(given.iter().map(|parts| parts.rest().cpu).collect());
        print_target(
            "the rest, CPU",
            &format!("{} ms", ms(rest)),
            "60 ms",
            rest < Duration::from_millis(60),
        );
    } else {
        println!("\nno /dev/shm: skipped what needs files in memory");
    }

    let given = series(&ReadyKeys::new(), &disk, runs);
    print_head("keys given, files on disk");
    print_parts(&given);

    let verified: Vec<Cost> = given.iter().map(|parts| parts.verify_again).collect();
    print_head("`verify` of what is there");
    let verified = median_cost(&verified);
    print_cost("read, open, judge", verified);
    print_target(
        "verify, wall",
        &format!("{} ms", ms(verified.wall)),
        "150 ms",
        verified.wall < Duration::from_millis(150),
    );
    let unchanged: Vec<Cost> = given.iter().map(|parts| parts.issue_again).collect();
    print_cost("`issue` again, nothing to do", median_cost(&unchanged));
}

/// One run, by its parts.
struct Parts {
    read: Cost,
    plan: Cost,
    apply: Cost,
    open: Cost,
    judge: Cost,
    commit: Cost,
    all: Cost,
    /// Key generation, within `apply`: CPU of all threads, wall time from the first to the last.
    keys: Duration,
    /// What the passwords of CA key and balancers' keys cost to hash, within `apply` and `judge`.
    hashing: Duration,
    verify_again: Cost,
    issue_again: Cost,
}

impl Parts {
    fn rest(&self) -> Cost {
        let aside = self.keys + self.hashing;
        Cost {
            cpu: self.all.cpu.saturating_sub(aside),
            wall: self.all.wall,
        }
    }

    fn overhead(&self) -> f64 {
        self.rest().cpu.as_secs_f64() / self.all.cpu.as_secs_f64()
    }
}

fn series(source: &dyn KeySource, parent: &Path, runs: usize) -> Vec<Parts> {
    run(source, parent);
    (0..runs).map(|_| run(source, parent)).collect()
}

fn run(source: &dyn KeySource, parent: &Path) -> Parts {
    let dir = tempfile::tempdir_in(parent).unwrap();
    let site = Site::new(dir.path());
    let keys = Counting::new(source);

    let start = Cost::of(|| site.issue(&keys));
    let (steps, all) = start;
    let (_, verify_again) = Cost::of(|| site.verify());
    let (again, issue_again) = Cost::of(|| site.issue(&keys));
    assert_eq!(again.files, 0, "a second run changes nothing");
    Parts {
        read: steps.read,
        plan: steps.plan,
        apply: steps.apply,
        open: steps.open,
        judge: steps.judge,
        commit: steps.commit,
        all,
        keys: keys.spent(),
        hashing: site.hashing(),
        verify_again,
        issue_again,
    }
}

struct Site {
    topology: Topology,
    workspace: PathBuf,
    passwords: KnownPasswords,
}

#[derive(Default)]
struct Steps {
    read: Cost,
    plan: Cost,
    apply: Cost,
    open: Cost,
    judge: Cost,
    commit: Cost,
    files: usize,
}

impl Site {
    fn new(base: &Path) -> Self {
        Self {
            topology: Topology::from_toml(&reference(), base).unwrap(),
            workspace: base.join("pki"),
            passwords: KnownPasswords::default(),
        }
    }

    fn issue(&self, keys: &dyn KeySource) -> Steps {
        let holder = Holder {
            pid: std::process::id(),
            host: "bench".to_owned(),
            started: NOW,
        };
        let mut steps = Steps::default();
        let topology = &self.topology;
        let ((mut locked, found), cost) = Cost::of(|| {
            let workspace = Workspace::open(&self.workspace).unwrap();
            let locked = workspace.lock(Duration::ZERO, &holder).unwrap();
            let found = Inventory::read(locked.view(), topology, &self.passwords).unwrap();
            (locked, found)
        });
        steps.read = cost;
        let (plan, cost) = Cost::of(|| Plan::new(topology, &found, &Scope::all(), NOW).unwrap());
        steps.plan = cost;
        let means = Means {
            keys,
            random: &mut SystemRandom,
            ca_key: None,
            progress: &(),
        };
        let (made, cost) = Cost::of(|| apply(topology, &found, &plan, means).unwrap());
        steps.apply = cost;
        steps.files = made.files.paths().count();
        let (after, cost) = Cost::of(|| found.with(topology, &made.files));
        steps.open = cost;
        let (report, cost) = Cost::of(|| verify(topology, &after, NOW));
        steps.judge = cost;
        assert!(!report.caused_by(&made.files).has_errors(), "{report:#?}");
        let label = Label {
            when: NOW,
            why: "issue".to_owned(),
        };
        let (_, cost) = Cost::of(|| made.files.commit(&mut locked, &label).unwrap());
        steps.commit = cost;
        steps
    }

    fn found(&self) -> Inventory {
        let workspace = Workspace::open(&self.workspace).unwrap();
        let shared = workspace.share(Duration::ZERO).unwrap();
        Inventory::read(shared.view(), &self.topology, &self.passwords).unwrap()
    }

    fn verify(&self) {
        let report = verify(&self.topology, &self.found(), NOW);
        assert!(report.is_clean(), "{report:#?}");
    }

    /// The same hashing once more: each password that `issue` hashed, as often as it did. A JKS hashes
    /// its password once with SHA-1, which nobody can tell from noise.
    fn hashing(&self) -> Duration {
        let found = self.found();
        let open = |file: RelPath, source| {
            let pem = found.content(&file).unwrap();
            let password = found.resolve(source, &self.passwords).unwrap();
            let (key, cost) = Cost::of(|| read_private_key(pem.expose(), Some(&password)));
            key.unwrap();
            cost.cpu
        };
        let mut sum = open(Layout::ca_key(), &self.topology.ca.password);
        for group in &self.topology.groups {
            if Layout::has_issued_balancer(group) {
                // Sealed once, and opened once to be verified.
                let file = || Layout::balancer_key(&group.name);
                sum += open(file(), &group.balancer_password);
                sum += open(file(), &group.balancer_password);
            }
        }
        sum
    }
}

/// Counts the CPU that keys cost, on whatever thread.
struct Counting<'a> {
    source: &'a dyn KeySource,
    spent: Mutex<Duration>,
}

impl<'a> Counting<'a> {
    fn new(source: &'a dyn KeySource) -> Self {
        let spent = Mutex::new(Duration::ZERO);
        Self { source, spent }
    }

    fn spent(&self) -> Duration {
        *self.spent.lock().unwrap()
    }
}

impl KeySource for Counting<'_> {
    fn generate(&self, algorithm: KeyAlgorithm) -> Result<PrivateKey, KeyError> {
        let before = thread_cpu();
        let key = self.source.generate(algorithm);
        *self.spent.lock().unwrap() += thread_cpu() - before;
        key
    }
}

fn print_parts(runs: &[Parts]) {
    let line = |name: &str, part: fn(&Parts) -> Cost| {
        let costs: Vec<Cost> = runs.iter().map(part).collect();
        print_cost(name, median_cost(&costs));
    };
    let cpu = |name: &str, part: fn(&Parts) -> Duration| {
        let times = runs.iter().map(part).collect();
        println!("  {name:<46} {:>9}", ms(median(times)));
    };
    line("lock and read", |parts| parts.read);
    line("plan", |parts| parts.plan);
    line("make, with keys and hashing", |parts| parts.apply);
    line("open what was made", |parts| parts.open);
    line("judge it", |parts| parts.judge);
    line("write", |parts| parts.commit);
    line("all", |parts| parts.all);
    cpu("of it: keys", |parts| parts.keys);
    cpu("of it: hashing passwords", |parts| parts.hashing);
    cpu("the rest", |parts| parts.rest().cpu);
}

fn middle(mut shares: Vec<f64>) -> f64 {
    shares.sort_by(f64::total_cmp);
    shares[shares.len() / 2]
}

const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);
