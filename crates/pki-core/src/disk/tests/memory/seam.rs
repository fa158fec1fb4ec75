//! The operations.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
};

use super::{Memory, Meta, Node, State, What};
use crate::{
    disk::seam::{Access, Attempt, Found, Held, Kind, LockMode, Moment, NewFile, Seam},
    secret::Bytes,
};

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

#[derive(Debug)]
struct FolderLock;

impl Held for FolderLock {
    fn note(&mut self, _text: &[u8]) -> io::Result<()> {
        Ok(())
    }
}
