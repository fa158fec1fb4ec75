//! What the benches measure with, and how they print it.

// `pub` says what is meant for the benches that include it.
#![allow(dead_code, unreachable_pub)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

use std::{
    fs,
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::time::{ClockId, clock_gettime};

/// Time that the processor worked, and time that went by.
#[derive(Clone, Copy, Debug, Default)]
pub struct Cost {
    pub cpu: Duration,
    pub wall: Duration,
}

impl Cost {
    /// Of a work, on all its threads.
    pub fn of<T>(work: impl FnOnce() -> T) -> (T, Self) {
        let (cpu, wall) = (process_cpu(), Instant::now());
        let result = work();
        let cost = Self {
            cpu: process_cpu() - cpu,
            wall: wall.elapsed(),
        };
        (result, cost)
    }
}

impl std::ops::AddAssign for Cost {
    fn add_assign(&mut self, other: Self) {
        self.cpu += other.cpu;
        self.wall += other.wall;
    }
}

impl std::ops::Sub for Cost {
    type Output = Self;

    fn sub(self, other: Self) -> Self {
        Self {
            cpu: self.cpu.saturating_sub(other.cpu),
            wall: self.wall.saturating_sub(other.wall),
        }
    }
}

/// CPU of this process so far, all threads.
pub fn process_cpu() -> Duration {
    clock(ClockId::ProcessCPUTime)
}

/// CPU of this thread so far.
pub fn thread_cpu() -> Duration {
    clock(ClockId::ThreadCPUTime)
}

fn clock(id: ClockId) -> Duration {
    Duration::try_from(clock_gettime(id)).unwrap()
}

/// The one in the middle.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// The cost in the middle, CPU and wall time each.
pub fn median_cost(costs: &[Cost]) -> Cost {
    Cost {
        cpu: median(costs.iter().map(|cost| cost.cpu).collect()),
        wall: median(costs.iter().map(|cost| cost.wall).collect()),
    }
}

/// How a run ended, and the most memory that it held, in kB: what the kernel counted last before its end.
pub fn peak(command: &mut Command) -> (ExitStatus, u64) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut most = 0;
    let ended = loop {
        let text = fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("VmHWM:"));
        let counted = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        most = most.max(counted.unwrap_or(0));
        if let Some(ended) = child.try_wait().unwrap() {
            break ended;
        }
        thread::sleep(Duration::from_millis(1));
    };
    (ended, most)
}

/// A line of the table: milliseconds of CPU, of wall time.
pub fn print_cost(name: &str, cost: Cost) {
    println!("  {name:<46} {:>9} {:>9}", ms(cost.cpu), ms(cost.wall));
}

/// The head of a table of [`print_cost`].
pub fn print_head(title: &str) {
    println!("\n{title:<48} {:>9} {:>9}", "CPU ms", "wall ms");
}

/// A figure against what is asked of it.
pub fn print_target(name: &str, found: &str, target: &str, met: bool) {
    let verdict = if met { "met" } else { "MISSED" };
    println!("  {name:<46} {found:>19}   target {target}: {verdict}");
}

pub fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}

/// `--NAME N` of the bench's own arguments.
pub fn argument(name: &str, default: usize) -> usize {
    let mut args = std::env::args().skip_while(|arg| arg != name).skip(1);
    args.next().map_or(default, |value| value.parse().unwrap())
}

/// The project's folder.
pub fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// The text of the reference deployment: five roles, two nodes each, balancers.
pub fn reference() -> String {
    fs::read_to_string(root().join("examples/apim-2.6-ha/apim-pki.toml")).unwrap()
}
