use time::OffsetDateTime;

use super::{JavaVersion, Part, Policy, Soon};
use crate::{observe::GivenKeys, secret::Password, topology::Topology};

/// What a run knows before it looks at anything.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context<'a> {
    /// The moment that the run takes for now.
    pub now: OffsetDateTime,
    /// What the cluster should be.
    pub topology: Option<&'a Topology>,
    /// What those who run the cluster make of the rules.
    pub policy: Policy,
    /// The Java that reads the stores.
    pub java: JavaVersion,
    /// Passwords to try on stores and keys, in order.
    pub passwords: Vec<Password>,
    /// The key of the vault's own symmetric mode, in homes.
    pub encryption_key: Option<Password>,
}

impl<'a> Context<'a> {
    /// A run that knows the time and nothing else.
    pub fn new(now: OffsetDateTime) -> Self {
        Self {
            now,
            topology: None,
            policy: Policy::default(),
            java: JavaVersion::DEFAULT,
            passwords: Vec::new(),
            encryption_key: None,
        }
    }

    /// The same with a topology.
    #[must_use]
    pub fn topology(mut self, topology: Option<&'a Topology>) -> Self {
        self.topology = topology;
        self
    }

    /// The same with passwords to try.
    #[must_use]
    pub fn passwords(mut self, passwords: Vec<Password>) -> Self {
        self.passwords = passwords;
        self
    }

    /// The same with the key of the vault's symmetric mode.
    #[must_use]
    pub fn encryption_key(mut self, key: Option<Password>) -> Self {
        self.encryption_key = key;
        self
    }

    /// The same with a policy.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// The same for another Java.
    #[must_use]
    pub fn java(mut self, java: JavaVersion) -> Self {
        self.java = java;
        self
    }

    /// What may open the encrypted secrets of homes: the passwords, each for stores and for keys, and the key
    /// of the symmetric mode.
    pub fn vault_keys(&self) -> GivenKeys {
        GivenKeys {
            stores: self.passwords.clone(),
            keys: self.passwords.clone(),
            encryption: self.encryption_key.clone(),
        }
    }

    /// When the end of a certificate is near, by what its store is for and whose it is.
    pub(crate) fn soon(&self, part: Part, node: Option<&str>) -> Soon {
        self.policy.soon(part, self.topology, node)
    }
}
