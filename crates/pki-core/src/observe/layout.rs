use crate::{
    disk::RelPath,
    topology::{BalancerTls, Group, StoreFile},
};

/// Where everything lies in a workspace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Layout;

impl Layout {
    /// The local CA's certificate, or an imported one's chain.
    pub fn ca_certificate() -> RelPath {
        path("ca/ca.pem".to_owned())
    }

    /// The local CA's key.
    pub fn ca_key() -> RelPath {
        path("ca/ca.key".to_owned())
    }

    /// The folder of the masters of what all nodes share.
    pub fn masters() -> RelPath {
        path("primary".to_owned())
    }

    /// The master of a shared store: primary or internal.
    pub fn master(settings: &StoreFile) -> RelPath {
        path(format!("primary/{}", settings.file))
    }

    /// The primary's certificate, for those that verify the product's tokens.
    pub fn primary_certificate() -> RelPath {
        path("primary/primary.pem".to_owned())
    }

    /// A generated password, or the generated encryption key.
    pub fn secret(name: &str) -> RelPath {
        path(format!("secrets/{name}"))
    }

    /// The key that encrypts what is stored, from 4.7 on.
    pub fn encryption_key() -> RelPath {
        Self::secret("encryption")
    }

    /// SHA-256 of the encryption key's text, wherever the key comes from.
    pub fn encryption_record() -> RelPath {
        Self::secret("encryption.sha256")
    }

    /// A node's folder.
    pub fn node(node: &str) -> RelPath {
        path(format!("nodes/{node}"))
    }

    /// A file in a node's folder.
    pub fn node_file(node: &str, file: &str) -> RelPath {
        path(format!("nodes/{node}/{file}"))
    }

    /// The chain of a node without root, for balancers and people.
    pub fn node_chain(node: &str) -> RelPath {
        Self::node_file(node, NODE_CHAIN)
    }

    /// The folder of what is issued for a group's balancers.
    pub fn balancer(group: &str) -> RelPath {
        path(format!("balancers/{group}"))
    }

    /// The chain of a balancer's certificate.
    pub fn balancer_chain(group: &str) -> RelPath {
        path(format!("balancers/{group}/chain.pem"))
    }

    /// The key of a balancer's certificate.
    pub fn balancer_key(group: &str) -> RelPath {
        path(format!("balancers/{group}/key.pem"))
    }

    /// True if a certificate is issued for a balancer of the group.
    pub fn has_issued_balancer(group: &Group) -> bool {
        let mut balancers = group.balancers.iter();
        balancers.any(|balancer| balancer.tls == BalancerTls::Issued)
    }

    /// The folder of the node or of the balancers that a file belongs to.
    pub fn owner_folder(path: &RelPath) -> Option<RelPath> {
        let mut parts = path.as_str().splitn(3, '/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("nodes"), Some(node), Some(_)) => Some(Self::node(node)),
            (Some("balancers"), Some(group), Some(_)) => Some(Self::balancer(group)),
            _ => None,
        }
    }

    /// The node whose folder a path lies in, and the file's name there.
    pub fn node_of(path: &RelPath) -> Option<(&str, &str)> {
        path.as_str().strip_prefix("nodes/")?.split_once('/')
    }
}

pub(super) const NODE_CHAIN: &str = "tls.pem";

/// Names of nodes, groups and files were checked when the topology was read: each is one component.
#[allow(clippy::expect_used)]
fn path(text: String) -> RelPath {
    RelPath::new(text).expect("the topology's names are single path components")
}
