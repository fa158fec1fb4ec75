//! What is on the disk, by name and by number.

use std::{io, path::Path};

use super::{Fault, Meta, Names, Node, Op, State, What};

impl State {
    /// Counts one operation, and fails it if it is its turn.
    pub(super) fn step(&mut self, name: &'static str, path: &Path) -> io::Result<()> {
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

    pub(super) fn note(&mut self, name: &'static str, path: &Path, node: usize) {
        if self.fault.is_some() {
            let path = path.to_path_buf();
            self.log.push(Op { name, path, node });
        }
    }

    pub(super) fn find(&self, path: &Path) -> Option<usize> {
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

    pub(super) fn now(&mut self) -> i64 {
        self.clock += 1;
        self.clock
    }

    /// Of the folder that holds a path.
    pub(super) fn device(&self, path: &Path) -> u64 {
        let folder = path.parent().and_then(|dir| self.find(dir));
        folder.map_or(1, |node| self.nodes[node].device)
    }

    /// What this user makes.
    pub(super) fn new_node(&mut self, kind: What, mode: u32, path: &Path) -> Node {
        let time = match kind {
            What::Dir { .. } => 0,
            _ => self.now(),
        };
        Node::new(kind, self.user, mode, time, self.device(path))
    }

    pub(super) fn may(&self, node: usize, wanted: u32) -> io::Result<()> {
        let Meta { owner, mode, .. } = self.nodes[node].live;
        let shift = if owner == self.user { 6 } else { 0 };
        if self.user == 0 || (mode >> shift) & wanted == wanted {
            return Ok(());
        }
        Err(io::ErrorKind::PermissionDenied.into())
    }

    pub(super) fn existing(&self, path: &Path) -> io::Result<usize> {
        self.find(path)
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn names(&mut self, dir: &Path) -> io::Result<&mut Names> {
        let node = self.existing(dir)?;
        match &mut self.nodes[node].kind {
            What::Dir { live, .. } => Ok(live),
            _ => Err(io::ErrorKind::NotADirectory.into()),
        }
    }

    pub(super) fn add(&mut self, path: &Path, node: usize) -> io::Result<()> {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        self.names(path.parent().unwrap())?.insert(name, node);
        Ok(())
    }

    pub(super) fn take(&mut self, path: &Path) -> io::Result<usize> {
        let name = path.file_name().unwrap().to_str().unwrap();
        let taken = self.names(path.parent().unwrap())?.remove(name);
        taken.ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn make(&mut self, path: &Path, node: Node) -> io::Result<usize> {
        if self.find(path).is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.nodes.push(node);
        let number = self.nodes.len() - 1;
        self.add(path, number)?;
        Ok(number)
    }

    pub(super) fn content(&mut self, node: usize) -> (&mut Vec<u8>, &mut Vec<u8>) {
        match &mut self.nodes[node].kind {
            What::File { live, durable } => (live, durable),
            _ => panic!("only a file has content"),
        }
    }
}

impl What {
    pub(super) fn file() -> Self {
        Self::File {
            live: Vec::new(),
            durable: Vec::new(),
        }
    }

    pub(super) fn dir() -> Self {
        Self::Dir {
            live: Names::new(),
            durable: Names::new(),
        }
    }
}

impl Node {
    pub(super) fn new(kind: What, owner: u32, mode: u32, modified: i64, device: u64) -> Self {
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
