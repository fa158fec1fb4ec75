//! A topology as text, read off the homes of a running deployment.

mod groups;
mod stores;

use std::{collections::BTreeSet, path::PathBuf};

use super::{Cluster, Member};
use crate::{
    secret::Password,
    topology::{Topology, TopologyError},
    wso2::{
        Product, Role,
        config::{Told, toml_string},
    },
    x509::Fingerprint,
};

/// A topology that somebody may go on writing, and the files that it needs beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Draft {
    /// The topology, with what was concluded from what in comments.
    pub text: String,
    /// Files of the homes that it names, to be copied beside it: an installation replaces them.
    pub copies: Vec<FileCopy>,
    /// Secrets of the homes that it names, each to be written to a file of its own, for its owner alone.
    pub secrets: Vec<SecretCopy>,
}

/// A file that is to be copied.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileCopy {
    /// Where it lies.
    pub from: PathBuf,
    /// Where it goes, from the topology's folder.
    pub to: PathBuf,
    /// SHA-256 of what was read.
    pub sha256: Fingerprint,
}

/// A secret that is to be written to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecretCopy {
    /// Where it goes, from the topology's folder.
    pub to: PathBuf,
    /// What is written, and a line end behind it.
    pub content: Password,
}

/// Something that the homes do not tell, and that somebody has to say.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Untold {
    /// A home has no host of its own.
    #[error("{}", no_host(.node, .shared))]
    Host {
        /// The node.
        node: String,
        /// Names by which it knows itself together with others.
        shared: Vec<String>,
    },
    /// A home's role cannot be told.
    #[error("{}", no_role(.node, .candidates))]
    Role {
        /// The node.
        node: String,
        /// The roles for which as much speaks.
        candidates: Vec<Role>,
    },
}

/// Why no topology can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// What was read makes no topology.
    #[error("what the homes say makes no valid topology: {0}")]
    Invalid(TopologyError),
    /// A home's release cannot be told.
    #[error("the release of `{node}` cannot be told")]
    Product {
        /// The node.
        node: String,
    },
    /// The homes are of several releases.
    #[error("`{node}` is {found}, and the others are {expected}")]
    Products {
        /// The node.
        node: String,
        /// Its release.
        found: Product,
        /// That of the others.
        expected: Product,
    },
    /// Roles or hosts cannot be told.
    #[error("{}", each(.0))]
    Untold(Vec<Untold>),
}

impl Draft {
    /// Writes the topology of a cluster of homes.
    ///
    /// Names that are no node's own stand as balancers that pass TLS through. The current primary is
    /// named unless everybody has its key; so is the current truststore, whose CAs stay. No password is
    /// in the text.
    ///
    /// # Errors
    ///
    /// [`DraftError::Untold`] with every node of which role or host cannot be told; the others for the
    /// first node that they are about.
    pub fn of(cluster: &Cluster<'_>) -> Result<Self, DraftError> {
        let product = product(cluster)?;
        let untold: Vec<Untold> = cluster.members().iter().flat_map(untold).collect();
        if !untold.is_empty() {
            return Err(DraftError::Untold(untold));
        }
        let domain = groups::domain(cluster);
        let mut lines = Lines::default();
        for line in HEAD {
            lines.put(line);
        }
        lines.blank();
        let evidence = product.evidence.join(", ");
        lines.value("product", &product.value.to_string(), &evidence);
        lines.value(
            "domain",
            &domain,
            "what the hosts of the nodes have in common",
        );
        let (copies, secrets) = stores::write(cluster, product.value, &mut lines);
        groups::write(cluster, &domain, &mut lines);
        groups::write_externals(cluster, &mut lines);
        let draft = Self {
            text: lines.text,
            copies,
            secrets,
        };
        match Topology::from_toml(&draft.text, std::path::Path::new("")) {
            Ok(_) => Ok(draft),
            Err(error) => Err(DraftError::Invalid(error)),
        }
    }
}

/// The one release; a patch release more or less is none of another kind.
fn product(cluster: &Cluster<'_>) -> Result<Told<Product>, DraftError> {
    let mut found: Option<Told<Product>> = None;
    for member in cluster.members() {
        let node = || member.name.clone();
        let told = member.home.product.as_ref();
        let told = told.ok_or_else(|| DraftError::Product { node: node() })?;
        match &found {
            None => found = Some(told.clone()),
            Some(first) if first.value.is_same_minor(told.value) => {}
            Some(first) => {
                return Err(DraftError::Products {
                    node: node(),
                    found: told.value,
                    expected: first.value,
                });
            }
        }
    }
    found.ok_or_else(|| DraftError::Product {
        node: String::new(),
    })
}

/// What somebody has to say of a home.
fn untold(member: &Member<'_>) -> Vec<Untold> {
    let node = || member.name.clone();
    let mut untold = Vec::new();
    if let Err(role) = &member.role {
        untold.push(Untold::Role {
            node: node(),
            candidates: role.candidates.clone(),
        });
    }
    if member.hosts.is_empty() {
        untold.push(Untold::Host {
            node: node(),
            shared: member.shared_hosts.clone(),
        });
    }
    untold
}

fn each(untold: &[Untold]) -> String {
    let each: Vec<String> = untold.iter().map(ToString::to_string).collect();
    each.join("; ")
}

fn no_host(node: &str, shared: &[String]) -> String {
    match shared {
        [] => format!("`{node}` does not say by which host it is called"),
        shared => format!(
            "`{node}` calls itself `{}`, and so do others: by which host it alone is called is not said",
            shared.join("`, `")
        ),
    }
}

fn no_role(node: &str, candidates: &[Role]) -> String {
    match candidates {
        [] => format!("the role of `{node}` cannot be told: nothing speaks for any"),
        candidates => {
            let names: Vec<&str> = candidates.iter().map(|role| role.name()).collect();
            format!(
                "the role of `{node}` cannot be told: as much speaks for {}",
                names.join(" as for ")
            )
        }
    }
}

/// TOML, line by line.
#[derive(Default)]
struct Lines {
    text: String,
}

impl Lines {
    fn put(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    fn blank(&mut self) {
        self.text.push('\n');
    }

    /// A comment, broken where a line would be too long.
    fn comment(&mut self, text: &str) {
        let mut line = "#".to_owned();
        // What a configuration says may hold anything.
        let text: String = text
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            if line.len() > 1 && line.chars().count() + 1 + word.chars().count() > WIDTH {
                self.put(&line);
                line = "#".to_owned();
            }
            line.push(' ');
            line.push_str(word);
        }
        self.put(&line);
    }

    /// `key = "value"`, and what tells it.
    fn value(&mut self, key: &str, value: &str, evidence: &str) {
        if !evidence.is_empty() {
            self.comment(evidence);
        }
        self.put(&format!("{key} = {}", quoted(value)));
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    toml_string(text).to_string()
}

/// A text once for each, in order.
fn distinct<T: Ord + Clone>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = BTreeSet::new();
    let items = items.into_iter();
    items.filter(|item| seen.insert(item.clone())).collect()
}

const HEAD: &[&str] = &[
    "# The PKI of a running cluster, read off its homes. Comments say what was concluded from what: look them",
    "# through, then see what would be made: apim-pki plan. No secret is in this file.",
];
/// Columns of a comment.
const WIDTH: usize = 100;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::observe::{Given, Home, HomeReader};

    /// The draft of homes, each a folder's name and its `deployment.toml`.
    fn draft(homes: &[(&str, &str)], given: &Given) -> Result<Draft, DraftError> {
        let dir = tempfile::tempdir().unwrap();
        for (name, text) in homes {
            let folder = dir.path().join(name).join("repository/conf");
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(folder.join("deployment.toml"), text).unwrap();
        }
        let reader = HomeReader::new().product(Some(Product::of(4, 6)));
        let homes: Vec<Home> = homes
            .iter()
            .map(|(name, _)| reader.read(&dir.path().join(name)).unwrap())
            .collect();
        Draft::of(&Cluster::told(&homes, given).unwrap())
    }

    fn topology(draft: &Draft) -> Topology {
        Topology::from_toml(&draft.text, Path::new("")).unwrap()
    }

    #[test]
    fn nodes_on_one_machine_are_told_apart_by_their_offsets() {
        let home = |offset: u16| {
            format!(
                "[server]\nhostname = \"all.corp.example\"\noffset = {offset}\n\
                 server_role = \"gateway-worker\"\n"
            )
        };
        let homes = [("one", &*home(0)), ("two", &*home(1))];
        let draft = draft(&homes, &Given::default()).unwrap();
        let topology = topology(&draft);
        let nodes: Vec<(String, u16)> = topology
            .nodes()
            .map(|node| (node.host.to_string(), node.offset))
            .collect();
        assert_eq!(
            nodes,
            [
                ("all.corp.example".to_owned(), 0),
                ("all.corp.example".to_owned(), 1)
            ]
        );
        assert!(topology.groups[0].balancers.is_empty(), "{}", draft.text);
    }

    #[test]
    fn servers_of_others_that_are_called_over_tls_are_external() {
        let home = "[server]\nhostname = \"cp.corp.example\"\nserver_role = \"control-plane\"\n\
            [database.apim_db]\ntype = \"mysql\"\n\
            url = \"jdbc:mysql://db.corp.example:3306/apim?useSSL=true&amp;requireSSL=true\"\n\
            username = \"u\"\npassword = \"p\"\ndriver = \"com.mysql.cj.jdbc.Driver\"\n";
        let draft = draft(&[("cp", home)], &Given::default()).unwrap();
        let topology = topology(&draft);
        let hosts: Vec<String> = topology
            .externals
            .iter()
            .flat_map(|it| it.hosts.iter().map(ToString::to_string))
            .collect();
        assert_eq!(hosts, ["db.corp.example"], "{}", draft.text);
    }

    #[test]
    fn what_a_configuration_holds_stays_in_values_and_comments() {
        let home = "[server]\nhostname = \"gw.corp.example\"\nserver_role = \"gateway-worker\"\n\
            [keystore.tls]\nfile_name = \"x\\\"\\n[ca]\\nkey = \\\"y.jks\"\nalias = \"a\\\"b\"\n\
            [apim.key_manager]\nservice_url = \"https://km\\u000a[ca]:9443/services/\"\n";
        match draft(&[("gw\n[ca]", home)], &Given::default()) {
            Ok(draft) => {
                assert!(!draft.text.contains("\n[ca]"), "{}", draft.text);
                assert_eq!(topology(&draft).nodes().count(), 1);
            }
            Err(error) => assert!(matches!(error, DraftError::Invalid(_)), "{error}"),
        }
    }

    #[test]
    fn all_that_is_untold_is_told_at_once() {
        let homes = [
            (
                "a",
                "[server]\nhostname = \"localhost\"\nserver_role = \"default\"\n",
            ),
            (
                "b",
                "[server]\nhostname = \"127.0.0.1\"\nserver_role = \"gateway-worker\"\n",
            ),
        ];
        let Err(DraftError::Untold(untold)) = draft(&homes, &Given::default()) else {
            panic!("it was told");
        };
        let nodes: Vec<&str> = untold
            .iter()
            .map(|it| match it {
                Untold::Host { node, .. } | Untold::Role { node, .. } => node.as_str(),
            })
            .collect();
        assert_eq!(nodes, ["a", "a", "b"], "{untold:?}");
        let given = Given {
            roles: [("a".to_owned(), Role::TrafficManager)].into(),
            hosts: [("a", "a.corp.example"), ("b", "B.corp.example")]
                .map(|(node, host)| (node.to_owned(), host.to_owned()))
                .into(),
        };
        let draft = draft(&homes, &given).unwrap();
        let topology = topology(&draft);
        assert_eq!(
            topology.node("b").unwrap().host.to_string(),
            "b.corp.example"
        );
        assert_eq!(topology.groups.len(), 2);
    }
}
