//! A node's files put into a product home, and its configuration made to name them: everything is worked
//! out in memory here, to be looked at, and written by [`disk::Home`](crate::disk::Home) as a whole.
//!
//! The stores go to the folder in which the product looks for them; every reference to a store, to its
//! password and to its alias is set, switched-off parts included, and nothing else in a file changes. URLs
//! that name the wrong server are told, and changed if that is wanted. What is refused, is refused before
//! anything is written: a file that cannot be read, a home that encrypts what it stores under another key
//! than the deployment's, a home of another node.

mod after;
mod bundle;
mod keys;
mod refusal;
mod secrets;
mod sharing;
mod urls;
mod wanted;

pub use after::{After, Reload, after};
pub use bundle::{bundle, snippet};
pub use refusal::InstallRefusal;
pub use secrets::{AtStart, FoundSecrets};
pub use sharing::{Sharers, refuse_other_nodes_store};
pub use urls::{Incomplete, Misdirected};
pub use wanted::{PasswordStyle, Promised};

use urls::Urls;
use wanted::{Passwords, promised, wanted};

use std::{collections::BTreeSet, sync::Arc};

use crate::{
    disk::{FileSet, RelPath},
    key::Random,
    observe::{EncryptingKey, Inventory, Layout},
    topology::{Group, Node, Topology},
    wso2::{
        Product, SECURITY_FOLDER, Slot,
        config::{Edited, Edits, HomeConfig, HomeFiles, State, Wanted, Written},
        vault::Outcome,
    },
};

/// What is to be installed, and where.
#[derive(Clone, Copy, Debug)]
pub struct Order<'a> {
    /// The deployment.
    pub topology: &'a Topology,
    /// The node.
    pub node: &'a Node,
    /// The workspace, where the node's files are.
    pub found: &'a Inventory,
    /// What the configuration of the home says.
    pub config: &'a HomeConfig,
    /// The release of the home, as far as anything tells it.
    pub release: Option<Product>,
    /// The key that the home has for its primary.
    pub primary: &'a EncryptingKey,
    /// The key that the home has for its internal one; the primary, where that serves.
    pub internal: &'a EncryptingKey,
    /// The encrypted secrets of the home.
    pub secrets: FoundSecrets<'a>,
    /// Whether URLs that name the wrong server are changed too.
    pub urls: bool,
    /// How the configuration is to hold passwords.
    pub passwords: PasswordStyle,
    /// Whether a home that calls itself by another node's host is taken all the same.
    pub any_host: bool,
}

/// What an installation comes to. Nothing is written yet.
#[derive(Debug)]
#[non_exhaustive]
pub struct Installation {
    /// Every file that the home is to have. One that it has already is not written again.
    pub files: FileSet,
    /// The stores among them.
    pub stores: Vec<Placed>,
    /// The configuration files among them, with each value that changes.
    pub edited: Vec<Edited>,
    /// URLs that name another server than the topology has for them: changed if that was wanted.
    pub misdirected: Vec<Misdirected>,
    /// Values that name too few servers: those that belong beside are added if that was wanted, and if how is known.
    pub incomplete: Vec<Incomplete>,
    /// What the environment or the secret repository of the server must have, and has not by this installation.
    pub promised: Vec<Promised>,
    /// What becomes of the home's encrypted secrets.
    pub secrets: Vec<Outcome>,
    /// Configuration files in which passwords stand as they are though references were wanted: the product takes
    /// none there.
    pub in_clear: Vec<Arc<str>>,
    /// What the server needs to open its vault, if there is something in it.
    pub at_start: Option<AtStart>,
    /// The nodes that may have those files too that lie out of the home's own tree.
    pub sharers: Sharers,
}

/// A store of the node, in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// The part that it plays.
    pub slot: Slot,
    /// In the workspace.
    pub from: RelPath,
    /// In the home.
    pub path: RelPath,
}

/// Works out what a home is to have. `random` is for what is encrypted in it.
///
/// # Errors
///
/// [`InstallRefusal`] with the evidence.
pub fn install(order: &Order<'_>, random: &mut dyn Random) -> Result<Installation, InstallRefusal> {
    let group =
        order
            .topology
            .group_of(order.node)
            .ok_or_else(|| InstallRefusal::NotInTopology {
                node: order.node.name.clone(),
            })?;
    refuse_unread(order)?;
    refuse_other_release(order)?;
    refuse_other_host(order, group)?;
    keys::refuse_other_keys(order)?;

    let mut files = FileSet::new();
    let mut stores = Vec::new();
    for (slot, settings) in order.topology.stores.iter() {
        let from = Layout::node_file(&order.node.name, &settings.file);
        let content = order
            .found
            .content(&from)
            .ok_or_else(|| InstallRefusal::NotIssued { path: from.clone() })?;
        let path = in_home(&format!("{SECURITY_FOLDER}/{}", settings.file))?;
        files.write(path.clone(), content.clone());
        stores.push(Placed { slot, from, path });
    }
    let Urls {
        misdirected,
        incomplete,
    } = urls::urls(order.topology, order.node, order.config);
    let passwords = Passwords::Known(order.found);
    let mut wanted = wanted(order.topology, order.passwords, passwords)?;
    if order.urls {
        wanted.authorities = misdirected.iter().map(|it| it.authority.clone()).collect();
        wanted.beside = incomplete
            .iter()
            .filter_map(|it| it.beside.clone())
            .collect();
    }
    let edited = order.config.edited(&wanted)?;
    keys::refuse_other_encryption_key(order, &edited)?;
    for it in &edited {
        files.write(in_home(&it.file)?, it.bytes.clone());
    }
    let again = read_back(order, &wanted, &edited)?;
    let mut promised = promised(order.topology, order.passwords, |slot| {
        again.secret_aliases(slot)
    });
    let secrets = secrets::secrets(order, &stores, &wanted, &edited, &promised, random)?;
    for (file, bytes) in secrets.files {
        files.write(in_home(&file)?, bytes);
    }
    if order.passwords == PasswordStyle::Encrypted {
        promised.clear();
    }
    Ok(Installation {
        files,
        stores,
        edited,
        misdirected,
        incomplete,
        promised,
        secrets: secrets.outcomes,
        in_clear: in_clear(order, &again),
        at_start: secrets.at_start,
        sharers: Sharers::of(order.topology, &order.node.name),
    })
}

/// Files that hold passwords of stores though references were wanted.
fn in_clear(order: &Order<'_>, config: &HomeConfig) -> Vec<Arc<str>> {
    if !matches!(
        order.passwords,
        PasswordStyle::Encrypted | PasswordStyle::Secret
    ) {
        return Vec::new();
    }
    let stores = config.stores.iter().filter(|it| !it.foreign);
    let clear = stores
        .flat_map(|it| [&it.password, &it.key_password])
        .filter(|it| it.known().is_some())
        .filter_map(|it| it.place.as_ref());
    let files: BTreeSet<Arc<str>> = clear.map(|place| Arc::clone(&place.file)).collect();
    files.into_iter().collect()
}

/// Reads the edited configuration again: what it says must be what was wanted.
fn read_back(
    order: &Order<'_>,
    wanted: &Wanted,
    edited: &[Edited],
) -> Result<HomeConfig, InstallRefusal> {
    let unchanged = Edits::new();
    let documents = order.config.documents.iter();
    let mut files: HomeFiles = documents
        .map(|document| (document.file().to_owned(), document.edited(&unchanged)))
        .collect();
    for it in edited {
        files.insert(it.file.to_string(), it.bytes.clone());
    }
    let again = HomeConfig::read(&files, Some(order.topology.product));
    for store in &again.stores {
        let (Some(wanted), Some(place)) = (wanted.stores.get(&store.slot), &store.location.place)
        else {
            continue;
        };
        // What the product makes anew at each start is left as it lies; somebody's own store is his.
        let left = store.state != State::On && edited.iter().all(|it| it.file != place.file);
        if left || store.foreign {
            continue;
        }
        let not_said = |found: &str| InstallRefusal::NotSaid {
            place: place.clone(),
            expected: wanted.file.clone(),
            found: found.to_owned(),
        };
        let location = store.location.known().map(String::as_str);
        let location = location.unwrap_or_default();
        if location != format!("{SECURITY_FOLDER}/{}", wanted.file) {
            return Err(not_said(location));
        }
        if let (Written::Plain(password), Some(found)) = (&wanted.password, store.password.known())
            && password != found
        {
            return Err(not_said("another password"));
        }
        if let (Some(alias), Some(found)) = (&wanted.alias, store.alias.known())
            && alias != found
        {
            return Err(not_said(&format!("alias {found}")));
        }
    }
    if !wanted.beside.is_empty() {
        let left = urls::urls(order.topology, order.node, &again).incomplete;
        if let Some(it) = left.into_iter().find(|it| it.beside.is_some()) {
            return Err(InstallRefusal::NotSaid {
                place: it.place,
                expected: it.missing.join(", "),
                found: it.named.join(", "),
            });
        }
    }
    Ok(again)
}

fn refuse_unread(order: &Order<'_>) -> Result<(), InstallRefusal> {
    match order.config.unread.first() {
        None => Ok(()),
        Some(unread) => Err(InstallRefusal::Unread {
            file: unread.file.clone(),
            reason: unread.reason.clone(),
        }),
    }
}

fn refuse_other_release(order: &Order<'_>) -> Result<(), InstallRefusal> {
    let wanted = order.topology.product;
    match order.release {
        // Patch releases are configured alike.
        Some(found) if !found.is_same_minor(wanted) => Err(InstallRefusal::OtherRelease {
            expected: wanted,
            found,
        }),
        _ => Ok(()),
    }
}

/// A home that calls itself by the host of another node of the topology is that node's.
fn refuse_other_host(order: &Order<'_>, group: &Group) -> Result<(), InstallRefusal> {
    if order.any_host {
        return Ok(());
    }
    let own = |host: &str| {
        let node = order.node;
        let names = std::iter::once(&node.host)
            .chain(&node.sans)
            .chain(&group.names);
        let balancers = group.balancers.iter().map(|balancer| &balancer.host);
        let mut names = names.chain(balancers);
        names.any(|name| name.to_string() == host)
    };
    for setting in &order.config.hosts {
        let (Some(host), Some(place)) = (setting.known(), &setting.place) else {
            continue;
        };
        let mut nodes = order.topology.nodes();
        if let Some(other) = nodes.find(|node| node.host.to_string() == *host)
            && !own(host)
        {
            return Err(InstallRefusal::OtherNode {
                place: Box::new(place.clone()),
                host: host.clone(),
                node: order.node.name.clone(),
                of: other.name.clone(),
            });
        }
    }
    Ok(())
}

fn in_home(path: &str) -> Result<RelPath, InstallRefusal> {
    RelPath::new(path).map_err(|reason| InstallRefusal::Path { reason })
}
