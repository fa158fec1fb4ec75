use std::{fmt, str::FromStr};

use super::Product;
use crate::keystore::Format;

/// The truststore alias under which gateways from 3.0 on look for the certificate that signs tokens.
pub const GATEWAY_CERTIFICATE_ALIAS: &str = "gateway_certificate_alias";

/// The part that a store plays on a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Slot {
    /// Encrypts what is stored. Where it is absent the primary serves.
    Internal,
    /// Signs tokens, and encrypts where there is no internal one. The same on all nodes.
    Primary,
    /// The node's own TLS key.
    Tls,
    /// Whom the node's JVM trusts.
    Truststore,
}

impl Slot {
    /// All of them, as a node's folder lists them.
    pub const ALL: [Self; 4] = [Self::Primary, Self::Internal, Self::Tls, Self::Truststore];

    /// The name in a topology file.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Primary => "primary",
            Self::Tls => "tls",
            Self::Truststore => "truststore",
        }
    }

    /// The file's name, unless the topology says otherwise. The product's own names, so that a setting
    /// which nobody changed (2.6: `broker.xml` MQTT, `axis2_TM.xml`) still finds a file.
    pub fn file_name(self, format: Format) -> String {
        let stem = match self {
            Self::Internal => "internal",
            Self::Primary => "wso2carbon",
            Self::Tls => "tls",
            Self::Truststore => "client-truststore",
        };
        let extension = if format == Format::Pkcs12 {
            "p12"
        } else {
            "jks"
        };
        format!("{stem}.{extension}")
    }

    /// The alias of its private key, unless the topology says otherwise. From 3.0 on `tls` is
    /// `wso2carbon` too: login breaks where it is not (api-manager#2211).
    pub const fn alias(self, product: Product) -> &'static str {
        match self {
            Self::Internal | Self::Primary => "wso2carbon",
            Self::Tls if product.is_2x() => "tls",
            Self::Tls => "wso2carbon",
            Self::Truststore => "apim-pki-ca",
        }
    }
}

impl FromStr for Slot {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|slot| slot.name() == text)
            .ok_or(())
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
