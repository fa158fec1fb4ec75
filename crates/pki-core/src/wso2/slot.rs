use std::{fmt, str::FromStr};

use super::Product;
use crate::keystore::Format;

/// The truststore alias under which gateways from 3.0 on look for the certificate that signs tokens.
pub const GATEWAY_CERTIFICATE_ALIAS: &str = "gateway_certificate_alias";

/// The folder of a home with the configuration that is the node's own.
pub const CONF_FOLDER: &str = "repository/conf";

/// The folder of a home in which the product looks for its stores.
pub const SECURITY_FOLDER: &str = "repository/resources/security";

/// The file in a home that holds the number of the running server's process.
pub const PID_FILE: &str = "wso2carbon.pid";

/// The environment variable that holds the encryption key where the configuration refers to it.
pub const ENCRYPTION_KEY_VARIABLE: &str = "WSO2_ENCRYPTION_KEY";

/// The alias of the encryption key in the product's secret repository.
pub const ENCRYPTION_KEY_ALIAS: &str = "encryption_key";

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

    /// The environment variable that holds its password where the configuration refers to one: the names
    /// of the product's Helm chart.
    pub const fn password_variable(self) -> &'static str {
        match self {
            Self::Internal => "WSO2_INTERNAL_KEYSTORE_PASSWORD",
            Self::Primary => "WSO2_PRIMARY_KEYSTORE_PASSWORD",
            Self::Tls => "WSO2_TLS_KEYSTORE_PASSWORD",
            Self::Truststore => "WSO2_TRUSTSTORE_PASSWORD",
        }
    }

    /// The alias of its password in the product's secret repository: the names of the product's Helm chart.
    pub const fn secret_alias(self) -> &'static str {
        match self {
            Self::Internal => "internal_keystore_password",
            Self::Primary => "keystore_password",
            Self::Tls => "ssl_keystore_password",
            Self::Truststore => "truststore_password",
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

    /// The slot whose usual name a file has, whatever its extension says of the format.
    pub fn by_file_name(name: &str) -> Option<Self> {
        let stem = name.split('.').next()?.to_ascii_lowercase();
        let mut slots = Self::ALL.into_iter();
        slots.find(|slot| {
            let usual = slot.file_name(Format::Jks);
            usual.strip_suffix(".jks") == Some(&stem)
        })
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
