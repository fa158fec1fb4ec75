//! Files of a home that other nodes may have too, because they lie out of its own tree.

use super::{InstallRefusal, Order};
use crate::{
    disk::{Elsewhere, Intended},
    keystore::Keystore,
    secret::Bytes,
    topology::{Host, Topology},
    wso2::{CONF_FOLDER, SECURITY_FOLDER},
    x509::Certificate,
};

/// Which nodes may have what lies out of a home's own tree.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Sharers {
    /// The other nodes of the group, none if the node is alone.
    Nodes(Vec<String>),
    /// Which node's the home is, or who else is of its group, nobody has said.
    Unknown,
}

impl Sharers {
    /// The other nodes of a node's group: one deployment folder serves them all.
    pub fn of(topology: &Topology, node: &str) -> Self {
        let group = topology.node(node).and_then(|node| topology.group_of(node));
        group.map_or(Self::Unknown, |group| {
            let others = group.nodes.iter().filter(|it| it.name != node);
            Self::Nodes(others.map(|it| it.name.clone()).collect())
        })
    }

    /// Who may have a file too; none if nobody knows whom. `None`: the file is the home's own.
    ///
    /// A file system with the configuration of the node is the home's own.
    pub fn of_file(&self, file: &Intended) -> Option<&[String]> {
        let own = match &file.elsewhere {
            None => true,
            Some(Elsewhere::Link(_)) => false,
            Some(Elsewhere::Mount(mount)) => {
                let below = CONF_FOLDER.strip_prefix(mount.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            }
        };
        match self {
            _ if own => None,
            Self::Nodes(nodes) if nodes.is_empty() => None,
            Self::Nodes(nodes) => Some(nodes),
            Self::Unknown => Some(&[]),
        }
    }
}

/// Refuses to write the node's own key over that of another node: what two homes share can hold one of them.
/// `found` is what is there now.
///
/// # Errors
///
/// [`InstallRefusal::OtherNodesStore`].
pub fn refuse_other_nodes_store(
    order: &Order<'_>,
    file: &Intended,
    found: &Bytes,
) -> Result<(), InstallRefusal> {
    let settings = &order.topology.stores.tls;
    let is_it = file.path.as_str() == format!("{SECURITY_FOLDER}/{}", settings.file);
    let Some(password) = order.found.password(&settings.password).filter(|_| is_it) else {
        return Ok(());
    };
    let Ok(store) = Keystore::decode(found.expose(), password) else {
        return Ok(());
    };
    let keystore = &store.keystore;
    let Some([leaf, ..]) = keystore.chain(&settings.alias) else {
        return Ok(());
    };
    let mut others = order
        .topology
        .nodes()
        .filter(|it| it.name != order.node.name);
    match others.find(|it| names(leaf, &it.host) && !names(leaf, &order.node.host)) {
        None => Ok(()),
        Some(of) => Err(InstallRefusal::OtherNodesStore {
            file: file.file.clone(),
            of: of.name.clone(),
        }),
    }
}

fn names(certificate: &Certificate, host: &Host) -> bool {
    let view = certificate.view();
    view.is_ok_and(|view| view.names().contains(&host.general_name()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::Effect;

    #[test]
    fn what_lies_with_the_node_s_own_configuration_is_its_own() {
        let link = |at: &str| Some(Elsewhere::Link(at.parse().unwrap()));
        let mount = |at: &str| Some(Elsewhere::Mount(at.parse().unwrap()));
        let server = "repository/deployment/server";
        let twins = Sharers::Nodes(vec!["gateway-2".to_owned()]);
        for (elsewhere, shared) in [
            (None, false),
            (link(server), true),
            (link("repository/conf"), true),
            (mount(server), true),
            (mount("repository"), false),
            (mount("repository/conf"), false),
            // Not the folder, though it begins so; nor all of the configuration.
            (mount("repository/con"), true),
            (mount("repository/conf/axis2"), true),
        ] {
            let file = file(elsewhere);
            let with = twins.of_file(&file).map(<[String]>::concat);
            assert_eq!(with.as_deref(), shared.then_some("gateway-2"), "{file:?}");
            let unknown = Sharers::Unknown.of_file(&file);
            assert_eq!(unknown.is_some(), shared, "{file:?}");
            assert_eq!(Sharers::Nodes(Vec::new()).of_file(&file), None, "{file:?}");
        }
    }

    fn file(elsewhere: Option<Elsewhere>) -> Intended {
        Intended {
            path: "repository/x.xml".parse().unwrap(),
            file: "/srv/am/x.xml".into(),
            elsewhere,
            effect: Effect::Replace,
            set_aside: None,
        }
    }
}
