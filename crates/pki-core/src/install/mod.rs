//! A node's files put into a product home, and its configuration made to name them: everything is worked
//! out in memory here, to be looked at, and written by [`disk::Home`](crate::disk::Home) as a whole.
//!
//! The stores go to the folder in which the product looks for them; every reference to a store, to its
//! password and to its alias is set, switched-off parts included, and nothing else in a file changes. URLs
//! that name the wrong server are told, and changed if that is wanted. What is refused, is refused before
//! anything is written: a file that cannot be read, a home with another primary key than the deployment's,
//! a home of another node.

mod after;
mod refusal;
mod urls;

pub use after::{After, Reload, after};
pub use refusal::InstallRefusal;
pub use urls::Misdirected;

use crate::{
    disk::{FileSet, RelPath},
    observe::{Inventory, Layout},
    secret::Password,
    topology::{Group, Node, StoreFile, Topology},
    wso2::{
        Product, SECURITY_FOLDER, Slot,
        config::{
            Edited, Edits, Generation, HomeConfig, HomeFiles, State, Wanted, WantedStore, Written,
        },
        known_certificate,
    },
    x509::Certificate,
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
    /// The certificate of the key that the home has for its primary; `None` if it has none, or if its store
    /// is missing.
    pub primary: Option<&'a Certificate>,
    /// Whether URLs that name the wrong server are changed too.
    pub urls: bool,
    /// How the configuration is to hold passwords.
    pub passwords: PasswordStyle,
    /// Whether a home that calls itself by another node's host is taken all the same.
    pub any_host: bool,
}

/// How the configuration is to hold passwords.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PasswordStyle {
    /// `$env{NAME}`: 3.0 and later.
    Environment,
    /// As they are.
    #[default]
    Plain,
    /// As references to the product's secret repository.
    Secret,
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
    /// What the environment or the secret repository of the server must have.
    pub promised: Vec<Promised>,
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

/// A secret that the configuration refers to and does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Promised {
    /// The environment variable, or the alias in the secret repository.
    pub name: String,
    /// The store that it opens; `None` for the encryption key.
    pub slot: Option<Slot>,
}

/// Works out what a home is to have.
///
/// # Errors
///
/// [`InstallRefusal`] with the evidence.
pub fn install(order: &Order<'_>) -> Result<Installation, InstallRefusal> {
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
    refuse_other_primary(order)?;

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
    let misdirected = urls::misdirected(order.topology, order.node, order.config);
    let (wanted, promised) = wanted(order, &misdirected)?;
    let edited = order.config.edited(&wanted)?;
    for it in &edited {
        files.write(in_home(&it.file)?, it.bytes.clone());
    }
    read_back(order, &wanted, &edited)?;
    Ok(Installation {
        files,
        stores,
        edited,
        misdirected,
        promised,
    })
}

/// What the configuration is to say.
fn wanted(
    order: &Order<'_>,
    misdirected: &[Misdirected],
) -> Result<(Wanted, Vec<Promised>), InstallRefusal> {
    let mut wanted = Wanted::default();
    let mut promised = Vec::new();
    for slot in Slot::ALL {
        // Where there is no internal key the primary serves, and every reference must say so.
        let (played_by, settings) = match order.topology.stores.get(slot) {
            Some(settings) => (slot, settings),
            None => (Slot::Primary, &order.topology.stores.primary),
        };
        let password = password(order, settings)?;
        let password = written(order, slot, played_by, &password, &mut promised);
        let alias = (slot != Slot::Truststore).then(|| settings.alias.clone());
        wanted.stores.insert(
            slot,
            WantedStore {
                file: settings.file.clone(),
                format: settings.encoding.format(),
                password,
                alias,
            },
        );
    }
    if let Some(source) = &order.topology.encryption {
        let key = match crate::topology::generated_secret(source) {
            Some(name) => order.found.content(&Layout::secret(name)).map(|content| {
                let text = String::from_utf8_lossy(content.expose());
                Password::new(text.trim_end())
            }),
            None => order.found.password(source).cloned(),
        };
        let key = key.ok_or_else(|| InstallRefusal::NoPassword {
            place: source.clone(),
        })?;
        wanted.encryption_key = Some(match order.passwords {
            PasswordStyle::Plain => Written::Plain(key),
            PasswordStyle::Environment => {
                let name = crate::wso2::ENCRYPTION_KEY_VARIABLE.to_owned();
                promised.push(Promised {
                    name: name.clone(),
                    slot: None,
                });
                Written::Environment(name)
            }
            PasswordStyle::Secret => {
                let alias = crate::wso2::ENCRYPTION_KEY_ALIAS.to_owned();
                promised.push(Promised {
                    name: alias.clone(),
                    slot: None,
                });
                Written::Secret {
                    alias,
                    otherwise: key,
                }
            }
        });
    }
    if order.urls {
        wanted.authorities = misdirected.iter().map(|it| it.authority.clone()).collect();
    }
    promised.dedup();
    Ok((wanted, promised))
}

fn password(order: &Order<'_>, settings: &StoreFile) -> Result<Password, InstallRefusal> {
    let source = &settings.password;
    order
        .found
        .password(source)
        .cloned()
        .ok_or_else(|| InstallRefusal::NoPassword {
            place: source.clone(),
        })
}

fn written(
    order: &Order<'_>,
    slot: Slot,
    played_by: Slot,
    password: &Password,
    promised: &mut Vec<Promised>,
) -> Written {
    let mut promise = |name: &str| {
        let promise = Promised {
            name: name.to_owned(),
            slot: Some(played_by),
        };
        if !promised.contains(&promise) {
            promised.push(promise);
        }
        name.to_owned()
    };
    match order.passwords {
        PasswordStyle::Plain => Written::Plain(password.clone()),
        PasswordStyle::Environment => Written::Environment(promise(played_by.password_variable())),
        PasswordStyle::Secret => {
            // In XML each place has an alias of its own, one for the internal key too where the primary
            // plays it.
            let own = order.config.secret_aliases(match order.config.generation {
                Generation::Xml => slot,
                _ => played_by,
            });
            for alias in &own {
                promise(alias);
            }
            Written::Secret {
                alias: played_by.secret_alias().to_owned(),
                otherwise: password.clone(),
            }
        }
    }
}

/// Reads the edited configuration again: what it says must be what was wanted.
fn read_back(order: &Order<'_>, wanted: &Wanted, edited: &[Edited]) -> Result<(), InstallRefusal> {
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
    Ok(())
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

/// A primary that is nobody's default may have encrypted something.
fn refuse_other_primary(order: &Order<'_>) -> Result<(), InstallRefusal> {
    let settings = &order.topology.stores.primary;
    let own = order
        .found
        .open_store(&Layout::node_file(&order.node.name, &settings.file))
        .and_then(|store| store.chain(&settings.alias)?.first());
    match (order.primary, own) {
        (Some(found), Some(wanted)) if found != wanted && known_certificate(found).is_none() => {
            Err(InstallRefusal::OtherPrimary {
                expected: wanted.fingerprint(),
                found: found.fingerprint(),
            })
        }
        _ => Ok(()),
    }
}

fn in_home(path: &str) -> Result<RelPath, InstallRefusal> {
    RelPath::new(path).map_err(|reason| InstallRefusal::Path { reason })
}
