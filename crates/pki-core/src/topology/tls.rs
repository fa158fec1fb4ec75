use super::{
    Host, ProblemKind, Span,
    host::Wild,
    reader::{Field, Reader, Section},
};
use crate::key::KeyAlgorithm;

/// What holds for the own key and certificate of a node: `[tls]`, and what the node overrides.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsSettings {
    /// The algorithm of the key.
    pub key: KeyAlgorithm,
    /// How long the certificate is valid; it ends with its issuer at the latest.
    pub validity: Span,
    /// How long before its end it is made anew.
    pub renew_before: Span,
    /// Further names, DNS names with or without `*`, or addresses.
    pub names: Vec<Host>,
    /// Whether the certificate is good for a TLS client too.
    pub client_auth: bool,
    /// Whether the certificate names `localhost`.
    pub localhost: bool,
    /// Whether a new certificate keeps the old key.
    pub keep_key: bool,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            key: KeyAlgorithm::Rsa2048,
            validity: Span::days(825),
            renew_before: Span::days(30),
            names: Vec::new(),
            client_auth: true,
            localhost: true,
            keep_key: false,
        }
    }
}

/// `[tls]` as read.
pub(super) struct Tls {
    pub(super) shared: bool,
    pub(super) settings: TlsSettings,
}

/// How long the CA is valid, of a CA whose end the topology sets, and the field that says so.
#[derive(Clone, Copy)]
pub(super) struct CaEnd<'a, 't> {
    pub(super) validity: Span,
    pub(super) field: Option<&'a Field<'t>>,
}

/// Reads `[tls]`.
pub(super) fn read(r: &mut Reader<'_>, mut table: Section<'_>, ca: Option<CaEnd<'_, '_>>) -> Tls {
    let shared = table
        .get("shared")
        .and_then(|field| field.flag(r))
        .unwrap_or(false);
    let settings = read_settings(r, &mut table, TlsSettings::default(), ca);
    if let (false, Some(ca)) = (table.has("validity"), ca)
        && let Some(field) = ca.field
        && settings.validity.is_longer_than(ca.validity)
    {
        let (validity, ca) = (settings.validity, ca.validity);
        field.note(r, ProblemKind::OutlivesCa { validity, ca });
    }
    table.finish(r);
    Tls { shared, settings }
}

/// Reads the keys of `[tls]` from a table that may have others.
pub(super) fn read_settings(
    r: &mut Reader<'_>,
    table: &mut Section<'_>,
    default: TlsSettings,
    ca: Option<CaEnd<'_, '_>>,
) -> TlsSettings {
    let key = table.get("key").and_then(|field| field.algorithm(r));
    let validity_field = table.get("validity");
    let validity = validity_field.as_ref().and_then(|field| field.validity(r));
    let renew_field = table.get("renew_before");
    let renew_before = renew_field.as_ref().and_then(|field| field.span(r));
    let names = table
        .get("names")
        .map(|field| field.hosts(r, Wild::Allowed));
    let mut flag = |key| table.get(key).and_then(|field| field.flag(r));
    let settings = TlsSettings {
        client_auth: flag("client_auth").unwrap_or(default.client_auth),
        localhost: flag("localhost").unwrap_or(default.localhost),
        keep_key: flag("keep_key").unwrap_or(default.keep_key),
        key: key.unwrap_or(default.key),
        validity: validity.unwrap_or(default.validity),
        renew_before: renew_before.unwrap_or(default.renew_before),
        names: names.unwrap_or(default.names),
    };
    let (validity, renew_before) = (settings.validity, settings.renew_before);
    if let (Some(field), Some(ca)) = (&validity_field, ca)
        && validity.is_longer_than(ca.validity)
    {
        let ca = ca.validity;
        field.note(r, ProblemKind::OutlivesCa { validity, ca });
    }
    if let Some(field) = renew_field.as_ref().or(validity_field.as_ref())
        && !validity.is_longer_than(renew_before)
    {
        let kind = ProblemKind::RenewsAtOnce {
            renew_before,
            validity,
        };
        field.note(r, kind);
    }
    settings
}

/// The keys of `[tls]` that a node may override.
pub(super) const OVERRIDES: &[&str] = &[
    "key",
    "validity",
    "renew_before",
    "names",
    "client_auth",
    "localhost",
    "keep_key",
];
