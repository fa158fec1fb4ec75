use std::path::Path;

use super::Confidence;
use crate::{topology::Topology, wso2::Slot};

/// What a store is for, as far as anybody can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Part {
    /// The CA's own.
    Ca,
    /// What a balancer presents.
    Balancer,
    /// A store of a node.
    Slot(Slot),
    /// Not known.
    Other,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 7] = [
        Self::Ca,
        Self::Balancer,
        Self::Slot(Slot::Internal),
        Self::Slot(Slot::Primary),
        Self::Slot(Slot::Tls),
        Self::Slot(Slot::Truststore),
        Self::Other,
    ];

    /// The name in a policy.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ca => "ca",
            Self::Balancer => "balancer",
            Self::Slot(slot) => slot.name(),
            Self::Other => "other",
        }
    }

    /// The part with a name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|part| part.name() == name)
    }
}

/// What a file is for, and how sure that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Purpose {
    /// What it is for, the part whose end matters first: a store may serve as several.
    pub part: Part,
    /// How sure that is: a name alone may deceive.
    pub confidence: Confidence,
    /// A bit for each slot that it fills.
    slots: u8,
}

impl Purpose {
    /// Somebody who knows says so.
    pub fn certain(part: Part) -> Self {
        Self::new(part, Confidence::High)
    }

    /// Somebody who knows says that one store fills several slots.
    pub fn slots(slots: impl IntoIterator<Item = Slot>) -> Self {
        let mut purpose = Self::certain(Part::Other);
        for slot in slots {
            purpose.slots |= bit(slot);
        }
        let first = [Slot::Tls, Slot::Truststore, Slot::Primary, Slot::Internal];
        let first = first.into_iter().find(|slot| purpose.is(*slot));
        purpose.part = first.map_or(Part::Other, Part::Slot);
        purpose
    }

    /// What a file's name says: the names of the topology, else the product's own.
    pub fn by_name(path: &Path, topology: Option<&Topology>) -> Self {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let by_topology = topology.and_then(|topology| {
            let mut stores = topology.stores.iter();
            let found = stores.find(|(_, settings)| settings.file == name);
            found.map(|(slot, _)| slot)
        });
        match by_topology.or_else(|| Slot::by_file_name(&name)) {
            Some(slot) => Self::new(Part::Slot(slot), Confidence::Medium),
            None => Self::certain(Part::Other),
        }
    }

    /// True for a store of this kind.
    pub fn is(self, slot: Slot) -> bool {
        self.slots & bit(slot) != 0
    }

    /// True for the keys that all nodes share.
    pub fn is_shared_key(self) -> bool {
        self.is(Slot::Primary) || self.is(Slot::Internal)
    }

    fn new(part: Part, confidence: Confidence) -> Self {
        let slots = match part {
            Part::Slot(slot) => bit(slot),
            _ => 0,
        };
        Self {
            part,
            confidence,
            slots,
        }
    }
}

const fn bit(slot: Slot) -> u8 {
    1 << slot as u8
}

/// The node whose file it is, by its path: what follows `nodes`.
pub(super) fn node_of(path: &Path, topology: Option<&Topology>) -> Option<String> {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    let folders = parts.split_last()?.1;
    let by_topology = topology.and_then(|topology| {
        let mut folders = folders.iter().rev();
        folders.find(|folder| topology.node(folder).is_some())
    });
    let by_layout = || {
        let at = folders.iter().rposition(|part| part == "nodes")?;
        folders.get(at + 1)
    };
    by_topology.or_else(by_layout).map(ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_has_a_name_of_its_own() {
        for part in Part::ALL {
            assert_eq!(Part::named(part.name()), Some(part));
        }
    }

    #[test]
    fn a_node_is_told_by_its_folder() {
        let of = |path: &str| node_of(Path::new(path), None);
        assert_eq!(of("pki/nodes/gw-1/tls.jks").as_deref(), Some("gw-1"));
        assert_eq!(of("nodes/tls.jks"), None);
        assert_eq!(of("tls.jks"), None);
    }

    #[test]
    fn a_name_that_nobody_knows_says_nothing() {
        let of = |path: &str| Purpose::by_name(Path::new(path), None).part;
        assert_eq!(of("a/b/c.jks"), Part::Other);
        assert_eq!(of("a/client-truststore.p12"), Part::Slot(Slot::Truststore));
        assert_eq!(of("wso2carbon.jks"), Part::Slot(Slot::Primary));
    }
}
