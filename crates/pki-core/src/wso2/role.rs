use std::{fmt, str::FromStr};

use super::Product;

/// What a node does in the cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Role {
    /// 4.0 and later: publisher, developer portal, and the event hub.
    ControlPlane,
    /// Serves the APIs.
    Gateway,
    /// Issues and validates tokens. From 4.0 on the control plane can do it.
    KeyManager,
    /// Before 4.0: where APIs are made.
    Publisher,
    /// Before 4.0: where APIs are found (`api-store`, from 3.0 the developer portal).
    Store,
    /// Decides on throttling.
    TrafficManager,
}

impl Role {
    /// All of them, by name.
    pub const ALL: [Self; 6] = [
        Self::ControlPlane,
        Self::Gateway,
        Self::KeyManager,
        Self::Publisher,
        Self::Store,
        Self::TrafficManager,
    ];

    /// The name in a topology file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::Gateway => "gateway",
            Self::KeyManager => "key-manager",
            Self::Publisher => "publisher",
            Self::Store => "store",
            Self::TrafficManager => "traffic-manager",
        }
    }

    /// True if a distributed deployment of the release has the role.
    pub fn exists_in(self, product: Product) -> bool {
        product.roles().contains(&self)
    }

    /// True if people log in there, so that a balancer in front must keep a session on one node, which
    /// the product demands by cookie.
    pub const fn needs_session_affinity(self) -> bool {
        matches!(self, Self::ControlPlane | Self::Publisher | Self::Store)
    }
}

impl FromStr for Role {
    type Err = UnknownRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|role| role.name() == text)
            .ok_or_else(|| UnknownRole(text.to_owned()))
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A text that names no role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no role; roles are {roles}", roles = Role::ALL.map(Role::name).join(", "))]
pub struct UnknownRole(pub String);
