use std::path::PathBuf;

use super::{
    Host, Place, ProblemKind,
    group::check_name,
    host::Wild,
    reader::{Field, Reader, Section},
    stores::paths,
};

/// `[external.NAME]`: a server that the cluster talks to and that is not ours.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct External {
    /// Its name.
    pub name: String,
    /// What it is.
    pub role: ExternalRole,
    /// How the cluster calls it.
    pub hosts: Vec<Host>,
    /// PEM: the certificate that it presents.
    pub certificate: Option<PathBuf>,
    /// PEM files: the anchors of that certificate.
    pub trust: Vec<PathBuf>,
    /// Whether it gets the primary, to decrypt what the cluster wrote: a folder of its own.
    pub shared_primary: bool,
    /// Where its name stands.
    pub place: Place,
}

/// What an external server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ExternalRole {
    /// `analytics`.
    Analytics,
    /// `backend`: what a gateway forwards to.
    Backend,
    /// `database`.
    Database,
    /// `directory`: LDAP.
    Directory,
    /// `identity-provider`: who logs people in.
    IdentityProvider,
    /// `key-manager`: who issues tokens, an Identity Server.
    KeyManager,
    /// `workflow`: a business process server.
    Workflow,
}

impl ExternalRole {
    /// The name in a topology file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Analytics => "analytics",
            Self::Backend => "backend",
            Self::Database => "database",
            Self::Directory => "directory",
            Self::IdentityProvider => "identity-provider",
            Self::KeyManager => "key-manager",
            Self::Workflow => "workflow",
        }
    }

    /// True for what may hold the cluster's primary key.
    const fn may_share_primary(self) -> bool {
        matches!(self, Self::IdentityProvider | Self::KeyManager)
    }
}

/// Reads `[external]`.
pub(super) fn read(r: &mut Reader<'_>, root: &mut Section<'_>) -> Vec<External> {
    let table = root.section(r, "external");
    table
        .entries()
        .into_iter()
        .filter_map(|(name, field)| read_one(r, name, &field))
        .collect()
}

fn read_one(r: &mut Reader<'_>, name: String, field: &Field<'_>) -> Option<External> {
    check_name(r, &name, field);
    let mut table = field.section(r)?;
    let role = table
        .require(r, "role")
        .and_then(|field| field.word(r, ROLES));
    let hosts = table
        .require(r, "hosts")
        .map(|field| field.hosts(r, Wild::Refused));
    let certificate = table.get("certificate").and_then(|field| field.path(r));
    let trust = table.get("trust").map(|field| paths(r, &field));
    let shared_field = table.get("shared_primary");
    let shared = shared_field.as_ref().and_then(|field| field.flag(r));
    if let (Some(field), Some(true), Some(role)) = (&shared_field, shared, role)
        && !role.may_share_primary()
    {
        let other = format!("role = \"{}\"", ExternalRole::KeyManager.name());
        field.note_key(r, ProblemKind::Needs { other });
    }
    table.finish(r);
    Some(External {
        name,
        role: role?,
        hosts: hosts?,
        certificate,
        trust: trust.unwrap_or_default(),
        shared_primary: shared.unwrap_or(false),
        place: r.place(field.key_at),
    })
}

const ROLES: &[(&str, ExternalRole)] = &[
    (ExternalRole::Analytics.name(), ExternalRole::Analytics),
    (ExternalRole::Backend.name(), ExternalRole::Backend),
    (ExternalRole::Database.name(), ExternalRole::Database),
    (ExternalRole::Directory.name(), ExternalRole::Directory),
    (
        ExternalRole::IdentityProvider.name(),
        ExternalRole::IdentityProvider,
    ),
    (ExternalRole::KeyManager.name(), ExternalRole::KeyManager),
    (ExternalRole::Workflow.name(), ExternalRole::Workflow),
];
