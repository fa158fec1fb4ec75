//! What has to be done, and why: [`Plan::new`] compares what a topology wants with what an [`Inventory`]
//! found.
//!
//! A plan is a value: a dry run prints it, [`apply`](crate::apply) carries it out, tests compare it. It
//! is made without a clock, without a random byte, and without opening the CA's key. The first issuance
//! is the case of an empty inventory; renewal, a changed host name, a changed password or format are the
//! same function.
//!
//! ```
//! use std::{path::Path, time::Duration};
//! use pki_core::{
//!     disk::Workspace,
//!     observe::{Inventory, KnownPasswords},
//!     plan::{Plan, Scope},
//!     topology::Topology,
//! };
//! use time::macros::datetime;
//!
//! let text = r#"
//!     product = "2.6.0"
//!     domain  = "apim.example.com"
//!     roles   = { gateway = { nodes = { gateway-1 = "gw1" } } }
//! "#;
//! let topology = Topology::from_toml(text, Path::new("."))?;
//! // A workspace that does not exist reads as an empty one.
//! let workspace = Workspace::open("no/such/folder")?.share(Duration::ZERO)?;
//! let found = Inventory::read(workspace.view(), &topology, &KnownPasswords::default())?;
//! let now = datetime!(2026-11-23 12:00 UTC);
//! let plan = Plan::new(&topology, &found, &Scope::all(), now)?;
//! for action in plan.actions() {
//!     println!("{} {}: {}", action.verb, action.file, action.reason);
//! }
//! assert_eq!(plan.actions()[0].file.as_str(), "secrets/stores");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod action;
mod authority;
mod masters;
mod node;
mod note;
mod refusal;
mod secrets;
mod spec;
mod stale;
mod truststore;

use std::collections::BTreeSet;

use time::OffsetDateTime;

pub(crate) use action::{Target, Work};
pub(crate) use masters::Origin;
pub(crate) use node::without_root;
pub(crate) use secrets::SecretKind;
use spec::signing_end;
pub(crate) use spec::{CertificateSpec, KeyOrigin};
pub(crate) use truststore::{TrustItem, TrustSource};

pub use action::{Action, Reason, Verb};
pub use note::Note;
pub use refusal::{Place, Refusal};

use crate::{
    observe::Inventory,
    topology::{Issuer, Topology},
    x509::Certificate,
};

/// Which nodes a plan is for, and what it may take away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Names of the nodes whose own key and certificate are made; `None`: all.
    pub nodes: Option<BTreeSet<String>>,
    /// Whether folders of nodes that left the topology, and certificates that were replaced, go.
    pub prune: bool,
}

impl Scope {
    /// Everything, taking nothing away.
    pub fn all() -> Self {
        Self::default()
    }

    /// These nodes alone.
    #[must_use]
    pub fn nodes<S: Into<String>>(mut self, nodes: impl IntoIterator<Item = S>) -> Self {
        self.nodes = Some(nodes.into_iter().map(Into::into).collect());
        self
    }

    /// Whether to take away what nobody needs any more.
    #[must_use]
    pub fn prune(mut self, prune: bool) -> Self {
        self.prune = prune;
        self
    }

    fn includes(&self, node: &str) -> bool {
        self.nodes.as_ref().is_none_or(|nodes| nodes.contains(node))
    }
}

/// Ordered actions, each with its reason. Empty if there is nothing to do.
#[derive(Clone, Debug)]
pub struct Plan {
    actions: Vec<Action>,
    notes: Vec<Note>,
    now: OffsetDateTime,
}

impl Plan {
    /// Compares what is wanted with what was found.
    ///
    /// `now` is the moment that the plan is for: certificates that end too soon after it are made anew,
    /// new ones begin an hour before it.
    ///
    /// # Errors
    ///
    /// [`Refusal`], with evidence, for what must not be done: a second CA or primary, a pin that cannot
    /// be met, a key made in place of one that does not open.
    pub fn new(
        topology: &Topology,
        found: &Inventory,
        scope: &Scope,
        now: OffsetDateTime,
    ) -> Result<Self, Refusal> {
        if topology.ca.issuer == Issuer::External {
            return Err(Refusal::ExternalIssuer);
        }
        let now = now.replace_millisecond(now.millisecond()).unwrap_or(now);
        let mut draft = Draft {
            topology,
            found,
            scope,
            now,
            actions: Vec::new(),
            notes: Vec::new(),
        };
        secrets::check(&mut draft)?;
        let authority = authority::plan(&mut draft)?;
        let masters = masters::plan(&mut draft)?;
        let nodes = node::plan(&mut draft, &authority, &masters)?;
        truststore::plan(&mut draft, &authority, &masters, &nodes)?;
        masters::copy(&mut draft, &masters);
        stale::plan(&mut draft, &masters, &nodes);
        secrets::plan(&mut draft)?;
        secrets::restrict(&mut draft);
        note::general(&mut draft);
        let mut actions = draft.actions;
        let notes = draft.notes;
        // Secrets first, then what others need; the order within a kind is that of the topology.
        actions.sort_by_key(|action| action.work.phase());
        Ok(Self {
            actions,
            notes,
            now,
        })
    }

    /// The actions, in the order in which they are carried out.
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// What an operator should know, and what is no action.
    pub fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// True if there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// The moment that the plan is for.
    pub fn now(&self) -> OffsetDateTime {
        self.now
    }

    /// True if an existing CA's private key is needed to carry it out.
    pub fn needs_ca_key(&self) -> bool {
        let made_here = self
            .actions
            .iter()
            .any(|action| matches!(action.work, Work::Authority { .. }));
        !made_here
            && self.actions.iter().any(|action| {
                matches!(&action.work, Work::Certificate { spec, .. } if !spec.self_signed)
            })
    }

    /// How many private keys are to be made.
    pub fn new_keys(&self) -> usize {
        self.actions
            .iter()
            .filter(|action| match &action.work {
                Work::Authority { .. } => true,
                Work::Master { origin, .. } => matches!(origin, Origin::New(_)),
                Work::Certificate { spec, .. } => matches!(spec.key_origin, KeyOrigin::New),
                _ => false,
            })
            .count()
    }
}

/// A plan in the making.
struct Draft<'a> {
    topology: &'a Topology,
    found: &'a Inventory,
    scope: &'a Scope,
    now: OffsetDateTime,
    actions: Vec<Action>,
    notes: Vec<Note>,
}

impl Draft<'_> {
    /// True if the folder of a node is one that this plan keeps up to date: the node was chosen, or its
    /// folder is there.
    fn keeps_folder(&self, node: &str) -> bool {
        self.scope.includes(node) || self.found.node_folders().contains(node)
    }

    /// Names of all folders that hold what everybody shares: the nodes, and external servers that get
    /// the primary.
    fn folders(&self) -> Vec<String> {
        let nodes = self.topology.nodes().map(|node| node.name.clone());
        let externals = self
            .topology
            .externals
            .iter()
            .filter(|external| external.shared_primary)
            .map(|external| external.name.clone());
        nodes
            .chain(externals)
            .filter(|name| self.keeps_folder(name))
            .collect()
    }
}

/// Who signs, as far as it is known before anything is made.
pub(crate) enum Authority {
    /// A CA that will be made by this plan; the moment when it ends.
    New {
        /// Last moment of its validity.
        not_after: OffsetDateTime,
    },
    /// A CA that is there, the issuing certificate first.
    Known(Vec<Certificate>),
    /// Each certificate signs itself.
    SelfSigned,
}
