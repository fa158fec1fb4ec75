//! A disk in memory that knows what was synced, fails at the n-th operation, and can lose its power.

mod seam;
mod state;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use super::super::seam::Seam;

#[derive(Clone, Debug)]
pub(super) struct Memory(Arc<Mutex<State>>);

#[derive(Clone, Debug)]
pub(super) struct State {
    nodes: Vec<Node>,
    count: usize,
    fault: Option<(usize, Fault)>,
    dead: bool,
    clock: i64,
    pub(super) links: bool,
    pub(super) user: u32,
    pub(super) log: Vec<Op>,
}

#[derive(Clone, Debug)]
struct Node {
    kind: What,
    live: Meta,
    durable: Meta,
    device: u64,
}

#[derive(Clone, Debug)]
enum What {
    File { live: Vec<u8>, durable: Vec<u8> },
    Dir { live: Names, durable: Names },
    Link(PathBuf),
}

type Names = BTreeMap<String, usize>;

/// What is known of a file beside its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meta {
    pub(super) owner: u32,
    pub(super) group: u32,
    pub(super) mode: u32,
    /// Seconds; of a folder always 0.
    pub(super) modified: i64,
}

/// Everything that there is: content, names, or where a link leads.
pub(super) type Whole = BTreeMap<PathBuf, (Meta, Option<Vec<u8>>)>;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// The operation fails with this errno, once.
    Errno(i32),
    /// The process ends here: this operation and all later ones do nothing.
    Abort,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Op {
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
    /// The file's identity, or the folder's.
    pub(super) node: usize,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            nodes: vec![Node::new(What::dir(), USER, 0o700, 0, 1)],
            count: 0,
            fault: None,
            dead: false,
            clock: 1000,
            links: true,
            user: USER,
            log: Vec::new(),
        })))
    }

    /// A folder, and those above it, of this owner and with the mode 0755.
    pub(super) fn folder(&self, dir: &str, owner: u32) {
        let mut state = self.state();
        for dir in Path::new(dir)
            .ancestors()
            .collect::<Vec<_>>()
            .into_iter()
            .rev()
        {
            if state.find(dir).is_none() {
                let device = state.device(dir);
                let folder = Node::new(What::dir(), owner, 0o755, 0, device);
                state.make(dir, folder).unwrap();
            }
        }
    }

    /// A file on the disk, whoever runs this.
    pub(super) fn file(&self, file: &str, text: &str, owner: u32, mode: u32) {
        let mut state = self.state();
        let (live, durable) = (text.as_bytes().to_vec(), text.as_bytes().to_vec());
        let (path, time) = (Path::new(file), state.now());
        let device = state.device(path);
        let node = Node::new(What::File { live, durable }, owner, mode, time, device);
        state.make(path, node).unwrap();
    }

    pub(super) fn symlink(&self, target: &str, link: &str, owner: u32) {
        let mut state = self.state();
        let node = Node::new(What::Link(PathBuf::from(target)), owner, 0o777, 0, 1);
        state.make(Path::new(link), node).unwrap();
    }

    /// From here on a folder is another file system.
    pub(super) fn mount(&self, dir: &str) {
        let mut state = self.state();
        let node = state.find(Path::new(dir)).unwrap();
        state.nodes[node].device = 2;
    }

    /// All names so far are on the disk.
    pub(super) fn settle(&self) {
        for node in &mut self.state().nodes {
            node.durable = node.live;
            match &mut node.kind {
                What::Dir { live, durable } => durable.clone_from(live),
                What::File { live, durable } => durable.clone_from(live),
                What::Link(_) => {}
            }
        }
    }

    pub(super) fn whole(&self) -> Whole {
        let state = self.state();
        let mut whole = Whole::new();
        let mut todo = vec![(PathBuf::from("/"), 0)];
        while let Some((path, node)) = todo.pop() {
            let Node { kind, live, .. } = &state.nodes[node];
            let content = match kind {
                What::File { live, .. } => Some(live.clone()),
                What::Link(target) => Some(target.as_os_str().as_encoded_bytes().to_vec()),
                What::Dir { live, .. } => {
                    todo.extend(live.iter().map(|(name, node)| (path.join(name), *node)));
                    None
                }
            };
            whole.insert(path, (*live, content));
        }
        whole
    }

    pub(super) fn seam(&self) -> Arc<dyn Seam> {
        Arc::new(self.clone())
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    /// An independent disk with the same content.
    pub(super) fn copy(&self) -> Self {
        Self(Arc::new(Mutex::new(self.state().clone())))
    }

    /// What this run does from now on, operation by operation, without a fault.
    pub(super) fn operations(&self, run: impl FnOnce(&Self)) -> Vec<&'static str> {
        let disk = self.copy();
        disk.fail_at(usize::MAX, Fault::Abort);
        run(&disk);
        let state = disk.state();
        let names = state.log.iter().map(|op| op.name);
        names.filter(|name| !NOTES.contains(name)).collect()
    }

    /// The numbers, from 1, of those that change something: a run that is killed at another one leaves
    /// what it leaves if it is killed at the next of these.
    pub(super) fn changes(&self, run: impl FnOnce(&Self)) -> Vec<usize> {
        let all = self.operations(run).into_iter().zip(1..);
        let changing = all.filter(|(name, _)| !READS.contains(name));
        changing.map(|(_, n)| n).collect()
    }

    /// The `n`-th operation from now on, counted from 1, has this fault.
    pub(super) fn fail_at(&self, n: usize, fault: Fault) {
        let mut state = self.state();
        state.fault = Some((n, fault));
        state.count = 0;
        state.log.clear();
    }

    /// True if the fault was met.
    pub(super) fn failed(&self) -> bool {
        let state = self.state();
        state.fault.is_some_and(|(n, _)| state.count >= n)
    }

    /// The next process.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        (state.fault, state.dead) = (None, false);
        state.log.clear();
    }

    /// Power is lost and comes back: of what was not synced, each name and each content is there or not
    /// as the dice fall.
    pub(super) fn lose_power(&self, dice: &mut Dice) {
        let mut state = self.state();
        for node in &mut state.nodes {
            if node.live != node.durable && dice.roll(2) == 0 {
                node.live = node.durable;
            }
            node.durable = node.live;
            match &mut node.kind {
                What::Link(_) => {}
                What::File { live, durable } => {
                    if live != durable {
                        match dice.roll(3) {
                            0 => live.clone_from(durable),
                            1 => live.truncate(live.len() / 2),
                            _ => {}
                        }
                    }
                    durable.clone_from(live);
                }
                What::Dir { live, durable } => {
                    let names: BTreeSet<String> =
                        live.keys().chain(durable.keys()).cloned().collect();
                    for name in names {
                        if dice.roll(2) == 0 {
                            match durable.get(&name) {
                                Some(node) => live.insert(name, *node),
                                None => live.remove(&name),
                            };
                        }
                    }
                    durable.clone_from(live);
                }
            }
        }
    }
}

/// xorshift64, so that a failure can be had again.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }
}

pub(super) const USER: u32 = 1000;

/// Log entries that are what an operation did, by its new name.
const NOTES: [&str; 2] = ["linked", "renamed"];

/// Operations that change nothing.
pub(super) const READS: [&str; 7] = [
    "inspect",
    "may_write",
    "mounted",
    "names",
    "read",
    "read_link",
    "space",
];
