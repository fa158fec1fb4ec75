//! Which file a path of a home means, and whether it may be changed.

use std::{
    collections::{BTreeMap, VecDeque},
    ffi::OsString,
    io,
    path::{Component, Path, PathBuf},
};

use super::{
    DiskError, Elsewhere, Refusal, RelPath,
    journal::{Real, Was},
    place::Place,
    seam::{Access, FILE_MODE, FOLDER_MODE, Found, Kind},
    tree::Tree,
    view::rel_path,
};

/// A path, and what it leads to.
#[derive(Clone, Debug)]
pub(super) struct Located {
    /// Behind the links on the way.
    pub(super) place: Place,
    pub(super) found: Option<Found>,
    /// The folder in which it is; in a home, if that is missing, the nearest one above that is there.
    pub(super) folder: PathBuf,
    /// The folders that are not there, each before what is in it.
    pub(super) missing: Vec<Place>,
    /// True if the last part of the path is a link.
    pub(super) linked: bool,
    /// The links on the way, each with its owner.
    pub(super) links: Vec<(PathBuf, u32)>,
}

impl Tree {
    /// Follows a path. In a workspace nothing is followed: a link is refused.
    pub(super) fn locate(&self, path: &RelPath) -> Result<Located, DiskError> {
        if self.is_home() {
            return Walk::new(self, path).run();
        }
        let folder = path.as_path().parent().unwrap_or(Path::new(""));
        Ok(Located {
            place: Place::from(path.clone()),
            found: self.check(path.as_path())?,
            folder: folder.to_path_buf(),
            missing: Vec::new(),
            linked: false,
            links: Vec::new(),
        })
    }

    /// Refuses what could not be changed later: better known before the commit point than after it.
    pub(super) fn may_change(&self, located: &Located) -> Result<(), DiskError> {
        if self.is_home() {
            return self.may_change_in_home(located);
        }
        let user = self.seam().user();
        for dir in located.folder.ancestors() {
            let Some(found) = self.check(dir)? else {
                continue;
            };
            // Root writes whatever the mode says.
            if found.mode & SEARCHED_AND_WRITTEN != SEARCHED_AND_WRITTEN && user != 0 {
                let error = io::ErrorKind::PermissionDenied.into();
                return Err(self.io("write in", dir)(error));
            }
            break;
        }
        Ok(())
    }

    fn may_change_in_home(&self, located: &Located) -> Result<(), DiskError> {
        let place = located.place.as_path();
        let folder = &located.folder;
        let user = self.seam().user();
        if place.starts_with(self.state()) {
            return Err(self.refused(place, Refusal::Reserved));
        }
        if let Some(Found { owner, mode, .. }) = located.found {
            if user != 0 && owner != user {
                return Err(self.refused(place, Refusal::ForeignOwner { owner, user }));
            }
            if mode & WRITTEN == 0 {
                return Err(self.refused(place, Refusal::ReadOnly { mode }));
            }
            let mounted = self.seam().mounted(&self.at(place));
            if mounted.map_err(self.io("look at", place))? {
                return Err(self.refused(place, Refusal::Mounted));
            }
            let may = self.seam().may_write(&self.at(place), Kind::File);
            may.map_err(self.io("write", place))?;
        }
        let dir = self.check(folder)?;
        if let Some(Found { mode, .. }) = dir
            && mode & SEARCHED_AND_WRITTEN != SEARCHED_AND_WRITTEN
        {
            return Err(self.refused(folder, Refusal::ReadOnly { mode }));
        }
        if let Some(Found { owner, .. }) = located.found.or(dir) {
            self.may_lead(&located.links, owner)?;
        }
        let may = self.seam().may_write(&self.at(folder), Kind::Folder);
        may.map_err(self.io("write in", folder))
    }

    /// A link leads its owner's files about, and no others: root, or who shares a folder with somebody, would
    /// else be led to write what the owner of the link may not.
    fn may_lead(&self, links: &[(PathBuf, u32)], to: u32) -> Result<(), DiskError> {
        let foreign = links.iter().find(|(_, owner)| ![0, to].contains(owner));
        match foreign {
            None => Ok(()),
            Some((link, owner)) => {
                let owner = *owner;
                Err(self.refused(link, Refusal::ForeignLink { owner, to }))
            }
        }
    }

    /// Whether a file lies out of the home's own tree.
    pub(super) fn elsewhere(&self, located: &Located) -> Result<Option<Elsewhere>, DiskError> {
        if located.place.is_outside() {
            let within = |(link, _): &(PathBuf, u32)| {
                let link = link.strip_prefix(self.root());
                link.ok().map(Path::to_path_buf)
            };
            let last = located.links.iter().rev().find_map(within);
            let link = last.map(|link| rel_path(self, &link)).transpose()?;
            return Ok(link.map(Elsewhere::Link));
        }
        if !self.is_home() {
            return Ok(None);
        }
        let mut folder = located.folder.as_path();
        while let Some(above) = folder.parent() {
            if self.is_mount(folder, above)? {
                return Ok(Some(Elsewhere::Mount(rel_path(self, folder)?)));
            }
            folder = above;
        }
        Ok(None)
    }

    fn is_mount(&self, folder: &Path, above: &Path) -> Result<bool, DiskError> {
        let device = |dir: &Path| {
            let found = self.seam().inspect(&self.at(dir));
            let found = found.map_err(self.io("look at", dir))?;
            Ok::<_, DiskError>(found.map(|found| found.device))
        };
        if device(folder)? != device(above)? {
            return Ok(true);
        }
        let mounted = self.seam().mounted(&self.at(folder));
        mounted.map_err(self.io("look at", folder))
    }

    /// What the journal has to know of a home's file; `None` in a workspace.
    pub(super) fn real(&self, located: &Located) -> Result<Option<Real>, DiskError> {
        if !self.is_home() {
            return Ok(None);
        }
        let device = |dir: &Path| Ok(self.check(dir)?.map(|found| found.device));
        let mut beside = None;
        if device(&located.folder)? != device(Path::new(""))? {
            beside = Some(self.place(&self.at(&located.folder))?);
        }
        Ok(Some(Real {
            place: located.place.clone(),
            was: located.found.as_ref().map(Was::of),
            beside,
            aside: None,
        }))
    }

    /// How a file is to be that gets a new content: as it was, without what everybody may; a new one as
    /// [`Tree::access_in`] says. `None` in a workspace.
    pub(super) fn access(&self, located: &Located) -> Result<Option<Access>, DiskError> {
        if !self.is_home() {
            return Ok(None);
        }
        if let Some(found) = located.found {
            let mode = found.mode & !EVERYBODY;
            return Ok(Some(Access {
                mode,
                ..found.access()
            }));
        }
        self.access_in(&located.folder, Kind::File).map(Some)
    }

    /// How something new in a folder is to be: its owner's alone. Root makes it for those who have the
    /// folder. Where a folder is shared with a group (root's, as where a service is not to change its own
    /// configuration; or one that gives its group to what is in it), the group may read the new file too,
    /// or the service could not.
    pub(super) fn access_in(&self, folder: &Path, kind: Kind) -> Result<Access, DiskError> {
        let own = match kind {
            Kind::Folder => FOLDER_MODE,
            _ => FILE_MODE,
        };
        let mut access = Access {
            owner: None,
            group: None,
            mode: own,
        };
        let Some(dir) = self.check(folder)? else {
            return Ok(access);
        };
        if self.seam().user() == 0 {
            (access.owner, access.group) = (Some(dir.owner), Some(dir.group));
        }
        let given = dir.mode & SET_GROUP != 0;
        let of_root = dir.owner == 0 && dir.group != 0;
        if (given || of_root) && dir.mode & GROUP_READS == GROUP_READS {
            access.mode |= (own >> 3) & GROUP_READS;
        }
        if kind == Kind::Folder {
            access.mode |= dir.mode & SET_GROUP;
        }
        Ok(access)
    }

    /// Refuses to begin what would end for want of space, as far as the file systems say.
    pub(super) fn has_space(&self, needed: &BTreeMap<PathBuf, u64>) -> Result<(), DiskError> {
        for (dir, needed) in needed {
            // One that says nothing, or no, is asked by writing.
            if let Ok(Some(available)) = self.seam().space(&self.at(dir))
                && available < *needed
            {
                return Err(DiskError::NoSpace {
                    path: self.at(dir),
                    needed: *needed,
                    available,
                });
            }
        }
        Ok(())
    }

    /// A real path as one of this tree.
    fn place(&self, real: &Path) -> Result<Place, DiskError> {
        let relative = real.strip_prefix(self.root()).unwrap_or(real);
        let reason = match relative.to_str() {
            None => "it is not UTF-8".to_owned(),
            Some(text) => match Place::new(text.to_owned()) {
                Ok(place) => return Ok(place),
                Err(error) => error.to_string(),
            },
        };
        Err(self.refused(real, Refusal::Name { reason }))
    }
}

/// One path, followed part by part.
struct Walk<'a> {
    tree: &'a Tree,
    /// What was reached; no link in it.
    real: PathBuf,
    /// The parts that are still to go.
    todo: VecDeque<OsString>,
    /// Those that were followed, each with its owner.
    links: Vec<(PathBuf, u32)>,
    /// The outermost link that is being followed, and how many parts are to go behind where it leads.
    link: Option<(PathBuf, usize)>,
}

impl<'a> Walk<'a> {
    fn new(tree: &'a Tree, path: &RelPath) -> Self {
        Self {
            tree,
            real: tree.root().to_path_buf(),
            todo: path.as_path().iter().map(OsString::from).collect(),
            links: Vec::new(),
            link: None,
        }
    }

    fn run(mut self) -> Result<Located, DiskError> {
        let mut linked = false;
        while let Some(part) = self.todo.pop_front() {
            if part == ".." {
                self.real.pop();
                continue;
            }
            if self
                .link
                .as_ref()
                .is_some_and(|(_, rest)| self.todo.len() < *rest)
            {
                self.link = None;
            }
            let next = self.real.join(&part);
            let found = self.tree.seam().inspect(&next);
            let found = found.map_err(self.tree.io("look at", &next))?;
            match found {
                None => return self.missing(&next),
                Some(Found {
                    kind: Kind::Link,
                    owner,
                    ..
                }) => {
                    linked |= self.todo.is_empty();
                    self.follow(next, owner)?;
                }
                Some(Found {
                    kind: Kind::Special,
                    ..
                }) => {
                    return Err(self.tree.refused(&next, Refusal::Special));
                }
                Some(found) if self.todo.is_empty() => return self.found(&next, found, linked),
                Some(Found {
                    kind: Kind::File, ..
                }) => {
                    return Err(self.tree.refused(&next, Refusal::NotAFolder));
                }
                Some(_) => self.real = next,
            }
        }
        // A link to a folder above itself.
        Err(self.tree.refused(&self.real, Refusal::NotAFile))
    }

    fn follow(&mut self, link: PathBuf, owner: u32) -> Result<(), DiskError> {
        self.links.push((link.clone(), owner));
        if self.links.len() > MAX_LINKS {
            return Err(self.tree.refused(&link, Refusal::Dangling));
        }
        let target = self.tree.seam().read_link(&link);
        let target = target.map_err(self.tree.io("read the link", &link))?;
        if self.link.is_none() {
            self.link = Some((link, self.todo.len()));
        }
        for part in target.components().rev() {
            match part {
                Component::RootDir => self.real = PathBuf::from("/"),
                Component::CurDir | Component::Prefix(_) => {}
                part => self.todo.push_front(part.as_os_str().to_owned()),
            }
        }
        Ok(())
    }

    fn found(self, file: &Path, found: Found, linked: bool) -> Result<Located, DiskError> {
        if file == self.tree.root() {
            return Err(self.tree.refused(Path::new(""), Refusal::NotAFile));
        }
        Ok(Located {
            place: self.tree.place(file)?,
            found: Some(found),
            folder: self.within(&self.real),
            missing: Vec::new(),
            linked,
            links: self.links,
        })
    }

    /// Nothing is there: a new file, unless it is what a link promised.
    fn missing(mut self, first: &Path) -> Result<Located, DiskError> {
        if let Some((link, _)) = &self.link {
            return Err(self.tree.refused(link, Refusal::Dangling));
        }
        let folder = self.within(&self.real);
        let mut at = first.to_path_buf();
        let mut missing = Vec::new();
        for part in self.todo.drain(..) {
            missing.push(self.tree.place(&at)?);
            at.push(part);
        }
        Ok(Located {
            place: self.tree.place(&at)?,
            found: None,
            folder,
            missing,
            linked: false,
            links: self.links,
        })
    }

    /// A real path, relative to the tree's folder if it is below it.
    fn within(&self, real: &Path) -> PathBuf {
        let root = self.tree.root();
        real.strip_prefix(root).unwrap_or(real).to_path_buf()
    }
}

/// As many as Linux follows, path_resolution(7).
const MAX_LINKS: usize = 40;

/// For the owner: write.
const WRITTEN: u32 = 0o200;
/// For the owner: write and search.
const SEARCHED_AND_WRITTEN: u32 = 0o300;
/// What who is neither owner nor of the group may do.
const EVERYBODY: u32 = 0o007;
/// What is new in the folder gets the folder's group.
const SET_GROUP: u32 = 0o2000;
/// For the group: read and search.
const GROUP_READS: u32 = 0o050;
