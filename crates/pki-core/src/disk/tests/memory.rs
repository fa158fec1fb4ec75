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
    pub(super) links: bool,
    pub(super) log: Vec<Op>,
}

#[derive(Clone, Debug)]
enum Node {
    File { live: Vec<u8>, durable: Vec<u8> },
    Dir { live: Names, durable: Names },
}

type Names = BTreeMap<String, usize>;

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
        let empty = Node::Dir {
            live: Names::new(),
            durable: Names::new(),
        };
        Self(Arc::new(Mutex::new(State {
            nodes: vec![empty],
            count: 0,
            fault: None,
            dead: false,
            links: true,
            log: Vec::new(),
        })))
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
            match node {
                Node::File { live, durable } => {
                    if live != durable {
                        match dice.roll(3) {
                            0 => live.clone_from(durable),
                            1 => live.truncate(live.len() / 2),
                            _ => {}
                        }
                    }
                    durable.clone_from(live);
                }
                Node::Dir { live, durable } => {
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
        let node = self.find(path).unwrap_or(usize::MAX);
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
        let path = path.to_path_buf();
        self.log.push(Op { name, path, node });
        Ok(())
    }

    fn find(&self, path: &Path) -> Option<usize> {
        let mut node = 0;
        for part in path.strip_prefix("/").ok()? {
            match &self.nodes[node] {
                Node::Dir { live, .. } => node = *live.get(part.to_str()?)?,
                Node::File { .. } => return None,
            }
        }
        Some(node)
    }

    fn existing(&self, path: &Path) -> io::Result<usize> {
        self.find(path)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn names(&mut self, dir: &Path) -> io::Result<&mut Names> {
        let node = self.existing(dir)?;
        match &mut self.nodes[node] {
            Node::Dir { live, .. } => Ok(live),
            Node::File { .. } => Err(io::ErrorKind::NotADirectory.into()),
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
        match &mut self.nodes[node] {
            Node::File { live, durable } => (live, durable),
            Node::Dir { .. } => panic!("a folder has no content"),
        }
    }
}

impl Seam for Memory {
    fn create_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("create_dir", dir)?;
        state.make(
            dir,
            Node::Dir {
                live: Names::new(),
                durable: Names::new(),
            },
        )?;
        Ok(())
    }

    fn create_file(&self, file: &Path) -> io::Result<Box<dyn NewFile>> {
        let mut state = self.state();
        state.step("create_file", file)?;
        let node = state.make(
            file,
            Node::File {
                live: Vec::new(),
                durable: Vec::new(),
            },
        )?;
        Ok(Box::new(Open {
            disk: self.clone(),
            path: file.to_path_buf(),
            node,
        }))
    }

    fn inspect(&self, path: &Path) -> io::Result<Option<Found>> {
        let mut state = self.state();
        state.step("inspect", path)?;
        Ok(state.find(path).map(|node| match &state.nodes[node] {
            Node::File { live, .. } => Found {
                kind: Kind::File,
                owner: USER,
                group: USER,
                modified: Moment::default(),
                device: 1,
                mode: 0o600,
                size: live.len() as u64,
            },
            Node::Dir { .. } => Found {
                kind: Kind::Folder,
                owner: USER,
                group: USER,
                modified: Moment::default(),
                device: 1,
                mode: 0o700,
                size: 0,
            },
        }))
    }

    fn give_dir(&self, dir: &Path, _: Access) -> io::Result<()> {
        self.state().step("give_dir", dir)
    }

    fn may_write(&self, path: &Path, _: Kind) -> io::Result<()> {
        self.state().step("may_write", path)
    }

    fn mounted(&self, path: &Path) -> io::Result<bool> {
        self.state().step("mounted", path).map(|()| false)
    }

    fn read_link(&self, link: &Path) -> io::Result<PathBuf> {
        self.state().step("read_link", link)?;
        Err(io::ErrorKind::InvalidInput.into())
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
        state.add(to, node)?;
        let path = to.to_path_buf();
        state.log.push(Op {
            name: "linked",
            path,
            node,
        });
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
        let node = state.take(from)?;
        state.add(to, node)?;
        let path = to.to_path_buf();
        state.log.push(Op {
            name: "renamed",
            path,
            node,
        });
        Ok(())
    }

    fn restrict_dir(&self, dir: &Path) -> io::Result<()> {
        self.state().step("restrict_dir", dir)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        let mut state = self.state();
        state.step("sync_dir", dir)?;
        let node = state.existing(dir)?;
        match &mut state.nodes[node] {
            Node::Dir { live, durable } => durable.clone_from(live),
            Node::File { .. } => return Err(io::ErrorKind::NotADirectory.into()),
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
        USER
    }
}

#[derive(Debug)]
struct Open {
    disk: Memory,
    path: PathBuf,
    node: usize,
}

impl NewFile for Open {
    fn date(&mut self, _: Moment) -> io::Result<()> {
        self.disk.state().step("date", &self.path)
    }

    fn give(&mut self, _: Access) -> io::Result<()> {
        self.disk.state().step("give", &self.path)
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
        }
        done
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut state = self.disk.state();
        state.step("sync", &self.path)?;
        let (live, durable) = state.content(self.node);
        durable.clone_from(live);
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

const USER: u32 = 1000;

#[derive(Debug)]
struct FolderLock;

impl Held for FolderLock {
    fn note(&mut self, _text: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
