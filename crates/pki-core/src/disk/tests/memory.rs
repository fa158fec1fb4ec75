//! A disk in memory that knows what was synced, fails at the n-th operation, and can lose its power.

use std::{
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard},
};

use super::super::seam::{Access, Attempt, Found, Held, Kind, LockMode, Moment, NewFile, Seam};
use crate::secret::Bytes;

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

impl State {
    /// Counts one operation, and fails it if it is its turn.
    fn step(&mut self, name: &'static str, path: &Path) -> io::Result<()> {
        if self.dead {
            return Err(io::Error::other("the process has ended"));
        }
        self.count += 1;
        match self.fault {
            Some((n, Fault::Errno(code))) if n == self.count => {
                return Err(io::Error::from_raw_os_error(code));
            }
            Some((n, Fault::Abort)) if n == self.count => {
                self.dead = true;
                return Err(io::Error::other("the process ends"));
            }
            _ => {}
        }
        let node = self.find(path).unwrap_or(usize::MAX);
        self.note(name, path, node);
        Ok(())
    }

    fn note(&mut self, name: &'static str, path: &Path, node: usize) {
        if self.fault.is_some() {
            let path = path.to_path_buf();
            self.log.push(Op { name, path, node });
        }
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let mut node = 0;
        for part in path.strip_prefix("/").ok()? {
            match &self.nodes[node].kind {
                What::Dir { live, .. } => node = *live.get(part.to_str()?)?,
                // Who means what a link leads to must have followed it.
                What::File { .. } | What::Link(_) => return None,
            }
        }
        Some(node)
    }

    fn now(&mut self) -> i64 {
        self.clock += 1;
        self.clock
    }

    /// Of the folder that holds a path.
    fn device(&self, path: &Path) -> u64 {
        let folder = path.parent().and_then(|dir| self.find(dir));
        folder.map_or(1, |node| self.nodes[node].device)
    }

    /// What this user makes.
    fn new_node(&mut self, kind: What, mode: u32, path: &Path) -> Node {
        let time = match kind {
            What::Dir { .. } => 0,
            _ => self.now(),
        };
        Node::new(kind, self.user, mode, time, self.device(path))
    }

    fn may(&self, node: usize, wanted: u32) -> io::Result<()> {
        let Meta { owner, mode, .. } = self.nodes[node].live;
        let shift = if owner == self.user { 6 } else { 0 };
        if self.user == 0 || (mode >> shift) & wanted == wanted {
            return Ok(());
        }
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn existing(&self, path: &Path) -> io::Result<usize> {
        self.find(path)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&mut self, dir: &Path) -> io::Result<&mut Names> {
        let node = self.existing(dir)?;
        match &mut self.nodes[node].kind {
            What::Dir { live, .. } => Ok(live),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    fn add(&mut self, path: &Path, node: usize) -> io::Result<()> {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        self.names(path.parent().unwrap())?.insert(name, node);
        Ok(())
    }

    fn take(&mut self, path: &Path) -> io::Result<usize> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let taken = self.names(path.parent().unwrap())?.remove(name);
        taken.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn make(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        if self.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.nodes.push(node);
        let number = self.nodes.len() - 1;
        self.add(path, number)?;
        Ok(number)
    }

    fn content(&mut self, node: usize) -> (&mut Vec<u8>, &mut Vec<u8>) {
        match &mut self.nodes[node].kind {
            What::File { live, durable } => (live, durable),
            _ => panic!("only a file has content"),
        }
    }
}

impl What {
    fn file() -> Self {
        Self::File {
            live: Vec::new(),
            durable: Vec::new(),
        }
    }

    fn dir() -> Self {
        Self::Dir {
            live: Names::new(),
            durable: Names::new(),
        }
    }
}

impl Node {
    fn new(kind: What, owner: u32, mode: u32, modified: i64, device: u64) -> Self {
        let meta = Meta {
            owner,
            group: owner,
            mode,
            modified,
        };
        Self {
            kind,
            live: meta,
            durable: meta,
            device,
        }
    }
}

impl Seam for Memory {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("create_dir", dir)?;
        let node = state.new_node(What::dir(), 0o700, dir);
        state.make(dir, node)?;
        Ok(())
    }

    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>> {
        let mut state = self.state();
        state.step("create_file", file)?;
        let node = state.new_node(What::file(), 0o600, file);
        let node = state.make(file, node)?;
        Ok(Box::new(Open {
            disk: self.clone(),
            path: file.to_path_buf(),
            node,
        }))
    }

    fn inspect(&self, path: &Path) -> io::Result<Option<Found>> {
        let mut state = self.state();
        state.step("inspect", path)?;
        Ok(state.find(path).map(|node| {
            let Node {
                kind, live, device, ..
            } = &state.nodes[node];
            let (kind, size) = match kind {
                What::File { live, .. } => (Kind::File, live.len() as u64),
                What::Dir { .. } => (Kind::Folder, 0),
                What::Link(_) => (Kind::Link, 0),
            };
            Found {
                kind,
                owner: live.owner,
                group: live.group,
                modified: Moment {
                    seconds: live.modified,
                    nanoseconds: 0,
                },
                device: *device,
                mode: live.mode,
                size,
            }
        }))
    }

    fn give_dir(&self, dir: &Path, access: Access) -> io::Result<()> {
        let mut state = self.state();
        state.step("give_dir", dir)?;
        let node = state.existing(dir)?;
        give(&mut state, node, access)
    }

    fn may_write(&self, path: &Path, kind: Kind) -> io::Result<()> {
        let mut state = self.state();
        state.step("may_write", path)?;
        let node = state.existing(path)?;
        state.may(node, if kind == Kind::Folder { 3 } else { 2 })
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        self.state().step("mounted", path).map(|()| false)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        let mut state = self.state();
        state.step("read_link", link)?;
        let node = state.existing(link)?;
        match &state.nodes[node].kind {
            What::Link(target) => Ok(target.clone()),
            _ => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    fn space(&self, dir: &Path) -> io::Result<Option<u64>> {
        self.state().step("space", dir).map(|()| None)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("link", from)?;
        if !state.links {
            return Err(io::ErrorKind::PermissionDenied.into());
        }
        if state.find(to).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let node = state.existing(from)?;
        if state.nodes[node].device != state.device(to) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        state.add(to, node)?;
        state.note("linked", to, node);
        Ok(())
    }

    fn names(&self, dir: &Path) -> io::Result<Vec<OsString>> {
        let mut state = self.state();
        state.step("names", dir)?;
        Ok(state.names(dir)?.keys().map(OsString::from).collect())
    }

    fn read(&self, file: &Path, len: usize) -> io::Result<Bytes> {
        let mut state = self.state();
        state.step("read", file)?;
        let node = state.existing(file)?;
        let content = state.content(node).0;
        assert_eq!(content.len(), len);
        Ok(Bytes::from(content.clone()))
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("remove_dir", dir)?;
        if !state.names(dir)?.is_empty() {
            return Err(io::ErrorKind::DirectoryNotEmpty.into());
        }
        state.take(dir)?;
        Ok(())
    }

    fn remove_file(&self, file: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("remove_file", file)?;
        state.take(file)?;
        Ok(())
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("rename", from)?;
        // rename(2): two names of one file both stay.
        if state.existing(from)? == state.find(to).unwrap_or(usize::MAX) {
            return Ok(());
        }
        if state.device(from) != state.device(to) {
            return Err(io::ErrorKind::CrossesDevices.into());
        }
        let node = state.take(from)?;
        state.add(to, node)?;
        state.note("renamed", to, node);
        Ok(())
    }

    fn restrict_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("restrict_dir", dir)?;
        let node = state.existing(dir)?;
        state.nodes[node].live.mode = 0o700;
        Ok(())
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("sync_dir", dir)?;
        let node = state.existing(dir)?;
        let node = &mut state.nodes[node];
        node.durable = node.live;
        match &mut node.kind {
            What::Dir { live, durable } => durable.clone_from(live),
            _ => return Err(io::ErrorKind::NotADirectory.into()),
        }
        Ok(())
    }

    fn try_lock(&self, file: &Path, _: LockMode) -> io::Result<Attempt> {
        let mut state = self.state();
        state.step("try_lock", file)?;
        let node = state.existing(file)?;
        let path = file.to_path_buf();
        Ok(Attempt::Got(Box::new(Open {
            disk: self.clone(),
            path,
            node,
        })))
    }

    fn try_lock_dir(&self, dir: &Path) -> io::Result<Attempt> {
        self.state().step("try_lock_dir", dir)?;
        Ok(Attempt::Got(Box::new(FolderLock)))
    }

    fn user(&self) -> u32 {
        self.state().user
    }
}

#[derive(Debug)]
struct Open {
    disk: Memory,
    path: PathBuf,
    node: usize,
}

impl NewFile for Open {
    fn date(&mut self, modified: Moment) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step("date", &self.path)?;
        state.nodes[self.node].live.modified = modified.seconds;
        Ok(())
    }

    fn give(&mut self, access: Access) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step("give", &self.path)?;
        give(&mut state, self.node, access)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        let dead = state.dead;
        let done = state.step("write", &self.path);
        let len = if done.is_ok() {
            bytes.len()
        } else {
            bytes.len() / 2
        };
        if !dead {
            state.content(self.node).0.extend_from_slice(&bytes[..len]);
            state.nodes[self.node].live.modified = state.now();
        }
        done
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step("sync", &self.path)?;
        let (live, durable) = state.content(self.node);
        durable.clone_from(live);
        let node = &mut state.nodes[self.node];
        node.durable = node.live;
        Ok(())
    }
}

impl Held for Open {
    fn note(&mut self, text: &[u8]) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step("note", &self.path)?;
        *state.content(self.node).0 = text.to_vec();
        Ok(())
    }
}

/// Only root gives away.
fn give(state: &mut State, node: usize, access: Access) -> io::Result<()> {
    let Meta { owner, group, .. } = state.nodes[node].live;
    let (owner, group) = (access.owner.unwrap_or(owner), access.group.unwrap_or(group));
    if state.user != 0 && owner != state.user {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    let live = &mut state.nodes[node].live;
    (live.owner, live.group, live.mode) = (owner, group, access.mode);
    Ok(())
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

#[derive(Debug)]
struct FolderLock;

impl Held for FolderLock {
    fn note(&mut self, _text: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
