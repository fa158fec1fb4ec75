//! The topology: what a cluster consists of, as somebody wrote it down in `apim-pki.toml`.
//!
//! [`Topology::from_toml`] reads the text, completes it with every default, and tells everything that is
//! wrong with it, each with line and column ([`TopologyError`]). What comes out is valid: who reads it
//! asks no further question. It holds no secret, and reading it opens no file.
//!
//! | need | function |
//! | --- | --- |
//! | who certifies, what is shared, which files | fields of [`Topology`] |
//! | nodes and groups | [`Topology::nodes`], [`Topology::node`], [`Topology::group_of`] |
//! | names in a certificate, and where each came from | [`Topology::sans`], [`Topology::balancer_sans`] |
//! | files that must be read first | [`Topology::inputs`] |
//! | a text to begin with | [`reference`](fn@reference) |

mod ca;
mod check;
mod external;
mod group;
mod host;
mod inputs;
mod kind;
mod names;
mod primary;
mod problem;
mod reader;
mod reference;
mod sans;
mod span;
mod stores;
mod subject;
mod suggest;
mod tls;
mod value;

use std::path::{Path, PathBuf};

use toml_edit::Document;

pub use ca::{Ca, ImportedCa, Issuer};
pub use external::{External, ExternalRole};
pub use group::{Balancer, BalancerTls, Group, Manager, Node};
pub use host::{Host, HostError};
pub use inputs::{Input, InputKind};
pub use kind::ProblemKind;
pub use primary::{Adopted, Internal, Primary};
pub use problem::{Place, Problem, TopologyError};
pub use reference::reference;
pub use sans::{SanKind, SanOrigin};
pub use span::{Span, SpanError};
pub use stores::{StoreFile, Stores, VendorTruststore};
pub use subject::Subject;
pub use suggest::nearest;
pub use tls::TlsSettings;

use crate::{
    secret::Source,
    wso2::{Product, Slot},
};
pub(crate) use reader::{Content, Field, Reader, Section};
use tls::CaEnd;

/// A valid topology with every default filled in, names complete, and paths resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Topology {
    /// The release of the product.
    pub product: Product,
    /// What completes bare host names; in A-labels.
    pub domain: String,
    /// What the subjects of all certificates have besides their CN.
    pub subject: Subject,
    /// Who certifies the nodes.
    pub ca: Ca,
    /// The key that all nodes share.
    pub primary: Primary,
    /// A key of its own for stored data; `None`: the primary serves.
    pub internal: Option<Internal>,
    /// Where the encryption key of the cluster comes from; `None` for products without one.
    pub encryption: Option<Source>,
    /// Whether all nodes have one key and one certificate with all names.
    pub tls_shared: bool,
    /// What holds for the certificates of nodes that override nothing.
    pub tls: TlsSettings,
    /// The files of every node.
    pub stores: Stores,
    /// The groups, in the order of the file; each has at least one node.
    pub groups: Vec<Group>,
    /// The servers that are not ours, in the order of the file.
    pub externals: Vec<External>,
}

impl Topology {
    /// Reads a topology. `base` is the folder in which relative paths begin.
    ///
    /// `issuer = "external"` is valid here; whoever plans says that it is not built yet.
    ///
    /// # Errors
    ///
    /// [`TopologyError`] with every problem in the order of the file; of a text that is no TOML only the
    /// first.
    ///
    /// ```
    /// use std::path::Path;
    /// use pki_core::topology::Topology;
    ///
    /// let text = r#"
    ///     product = "2.6.0"
    ///     domain  = "apim.example.com"
    ///     [roles.gateway]
    ///     balancer = "gw"
    ///     nodes = { gateway-1 = "gw1", gateway-2 = "gw2" }
    /// "#;
    /// let topology = Topology::from_toml(text, Path::new("/etc/apim-pki"))?;
    /// let node = topology.node("gateway-2").unwrap();
    /// let names: Vec<_> = topology.sans(node).into_iter().map(|(name, _)| name.to_string()).collect();
    /// assert_eq!(names, ["dns:gw2.apim.example.com", "dns:gw.apim.example.com", "dns:localhost"]);
    ///
    /// let error = Topology::from_toml(&text.replace("balancer", "balancr"), Path::new("")).unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "line 5, column 5: `roles.gateway.balancr`: unknown key, did you mean `balancer`?"
    /// );
    /// # Ok::<(), pki_core::topology::TopologyError>(())
    /// ```
    pub fn from_toml(text: &str, base: &Path) -> Result<Self, TopologyError> {
        let mut r = Reader::new(text, base);
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let message = error.message().replace('\n', ", ");
                r.note(at, "", ProblemKind::Syntax { message });
                return Err(TopologyError {
                    errors: r.into_problems(),
                });
            }
        };
        let topology = read(&mut r, Section::root(document.as_table()));
        let errors = r.into_problems();
        if errors.is_empty() {
            Ok(topology)
        } else {
            Err(TopologyError { errors })
        }
    }

    /// Every node, in the order of the file.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.groups.iter().flat_map(|group| &group.nodes)
    }

    /// The node with a name.
    pub fn node(&self, name: &str) -> Option<&Node> {
        self.nodes().find(|node| node.name == name)
    }

    /// What holds for a node's key and certificate: its own settings, or those that all share.
    pub fn tls_of<'a>(&'a self, node: &'a Node) -> &'a TlsSettings {
        match self.tls_shared {
            true => &self.tls,
            false => &node.tls,
        }
    }

    /// The group in which a node of this topology is.
    pub fn group_of(&self, node: &Node) -> Option<&Group> {
        self.groups
            .iter()
            .find(|group| group.nodes.iter().any(|other| other.name == node.name))
    }
}

/// The name under which the workspace keeps a secret of its own, for sources of the form
/// `file:secrets/NAME`: `ca`, `stores`, `balancers`, `encryption`, and the slots. Such a file is made by
/// the first issuance; any other source must be there.
pub fn generated_secret(source: &Source) -> Option<&'static str> {
    let Source::File(path) = source else {
        return None;
    };
    let name = path.to_str()?.strip_prefix(SECRETS)?;
    generated_names().find(|known| *known == name)
}

/// Every name of [`generated_secret`].
pub fn generated_names() -> impl Iterator<Item = &'static str> {
    ["ca", "stores", "balancers", "encryption"]
        .into_iter()
        .chain(Slot::ALL.map(Slot::name))
}

/// The source of a secret that the workspace keeps.
fn secret(name: &str) -> Source {
    Source::File(PathBuf::from(format!("{SECRETS}{name}")))
}

/// Reads everything, noting problems on the way. The result counts only if there were none; until then
/// defaults stand where something is wrong, so that reading goes on.
fn read(r: &mut Reader<'_>, mut root: Section<'_>) -> Topology {
    let product = read_product(r, &mut root);
    let domain = root
        .require(r, "domain")
        .and_then(|field| field.host_name(r));
    r.complete_with(domain.clone());
    let subject_table = root.section(r, "subject");
    let subject = subject::read(r, subject_table);
    let ca_table = root.section(r, "ca");
    let ca = ca::read(r, ca_table);
    let primary_table = root.section(r, "primary");
    let (mut primary, primary_alias) = primary::read(r, primary_table);
    let internal_table = root.section(r, "internal");
    let internal = primary::read_internal(r, internal_table, &primary);
    let encryption = read_encryption(r, &mut root, product);
    // An imported CA tells its end itself, and a self-signed certificate has no issuer to outlive.
    let validity_field = root.find(&["ca", "validity"]);
    let made_here = ca.issuer == Issuer::Local && ca.imported.is_none();
    let ca_end = made_here.then_some(CaEnd {
        validity: ca.validity,
        field: validity_field.as_ref(),
    });
    let tls_table = root.section(r, "tls");
    let tls = tls::read(r, tls_table, ca_end);
    let stores_table = root.section(r, "stores");
    let stores = stores::read(
        r,
        stores_table,
        product.unwrap_or(Product::SUPPORTED.1),
        internal.is_some(),
        primary_alias.as_deref(),
    );
    primary.alias.clone_from(&stores.primary.alias);
    let around = group::Surroundings {
        product,
        tls: &tls,
        ca: ca_end,
    };
    let groups = group::read(r, &mut root, &around);
    let externals = external::read(r, &mut root);
    // The policy of the audit is read by the audit, which knows the rules.
    root.section(r, "audit");
    root.finish(r);
    let topology = Topology {
        product: product.unwrap_or(Product::SUPPORTED.1),
        domain: domain.unwrap_or_default(),
        subject,
        ca,
        primary,
        internal,
        encryption,
        tls_shared: tls.shared,
        tls: tls.settings,
        stores,
        groups,
        externals,
    };
    check::all(r, &root, &topology);
    topology
}

fn read_product(r: &mut Reader<'_>, root: &mut Section<'_>) -> Option<Product> {
    let field = root.require(r, "product")?;
    let found = field.text(r)?;
    let product = found.parse().ok();
    if product.is_none() {
        let found = found.to_owned();
        field.note(r, ProblemKind::UnknownProduct { found });
    }
    product
}

fn read_encryption(
    r: &mut Reader<'_>,
    root: &mut Section<'_>,
    product: Option<Product>,
) -> Option<Source> {
    let mut table = root.section(r, "encryption");
    let key = table.get("key").and_then(|field| field.source(r));
    table.finish(r);
    match product {
        Some(product) if product.has_encryption_key() => {
            Some(key.unwrap_or_else(|| secret("encryption")))
        }
        // An empty table says nothing, and so nothing that is wrong.
        Some(product) if key.is_some() => {
            let since = "4.7";
            let kind = ProblemKind::NotInProduct { product, since };
            r.note(table.at, &table.path, kind);
            None
        }
        _ => None,
    }
}

/// The folder of the workspace's own secrets, in the spelling of sources.
const SECRETS: &str = "secrets/";

#[cfg(test)]
mod tests;
