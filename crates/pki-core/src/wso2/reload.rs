use super::{Product, Role, Slot};

/// Something that a running server takes by itself when a store's bytes are others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReloadRow {
    /// The store.
    pub slot: Slot,
    /// The role that does it; `None`: all.
    pub role: Option<Role>,
    /// What is taken.
    pub what: &'static str,
    /// When, or after what.
    pub when: &'static str,
}

/// What servers of a release take without a restart. Everything that is not here needs one: the primary and
/// the internal key, Tomcat (9443), the JVM's truststore, the data bridge (9711), the broker (8672), the
/// WebSocket (8099) and webhook (8021) listeners, and every configuration file.
///
/// Sources: `FileUpdateNotificationHandler` of Synapse's transport polls the profile file's time, not the
/// store's, every 600,000 ms; from 3.0 on the listener has profiles too, and `CertificateReLoader` of
/// carbon-apimgt reads the truststore again.
pub fn reloads(product: Product) -> impl Iterator<Item = &'static ReloadRow> {
    ROWS.iter()
        .filter(move |row| product.at_least(3, 0) || row.since_2x)
        .map(|row| &row.row)
}

struct Row {
    since_2x: bool,
    row: ReloadRow,
}

const PROFILES: &str =
    "within 10 minutes after `touch repository/resources/security/sslprofiles.xml`";
const LISTENER_PROFILES: &str =
    "within 10 minutes after `touch repository/resources/security/listenerprofiles.xml`";

const ROWS: &[Row] = &[
    Row {
        since_2x: true,
        row: ReloadRow {
            slot: Slot::Tls,
            role: Some(Role::Gateway),
            what: "the key of the gateway's HTTPS sender",
            when: PROFILES,
        },
    },
    Row {
        since_2x: true,
        row: ReloadRow {
            slot: Slot::Truststore,
            role: Some(Role::Gateway),
            what: "whom the gateway's HTTPS sender trusts",
            when: PROFILES,
        },
    },
    Row {
        since_2x: false,
        row: ReloadRow {
            slot: Slot::Tls,
            role: Some(Role::Gateway),
            what: "the certificate of the gateway's HTTPS listener, port 8243",
            when: LISTENER_PROFILES,
        },
    },
    Row {
        since_2x: false,
        row: ReloadRow {
            slot: Slot::Truststore,
            role: None,
            what: "the certificate that verifies tokens",
            when: "within `[apim.certificate_reloader] period`, 600 s",
        },
    },
];
