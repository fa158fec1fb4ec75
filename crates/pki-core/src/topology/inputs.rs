//! Which files a topology names.

use std::path::PathBuf;

use super::{BalancerTls, Topology};
use crate::secret::Source;

/// A file that the topology names, to be read before anything is planned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Input {
    /// The key that names it: `stores.truststore`.
    pub key: String,
    /// What it is.
    pub kind: InputKind,
    /// Where it is.
    pub path: PathBuf,
    /// What opens it, where it needs something.
    pub password: Option<Source>,
}

/// What a file is that the topology names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum InputKind {
    /// PEM: the certificate of a balancer.
    BalancerCertificate,
    /// PEM: the certificate and chain of an imported CA.
    CaCertificate,
    /// PEM: the private key of an imported CA.
    CaKey,
    /// PEM: the certificate of an external server.
    ExternalCertificate,
    /// A keystore: the internal one of a cluster with data.
    InternalKeystore,
    /// A keystore: the primary of a cluster with data.
    PrimaryKeystore,
    /// PEM: certificates to be trusted.
    Trust,
    /// A keystore: the vendor's truststore.
    VendorTruststore,
}

impl Topology {
    /// Every file that the topology names, in the order of its tables.
    pub fn inputs(&self) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut add = |key: String, kind, path: &PathBuf, password: Option<&Source>| {
            inputs.push(Input {
                key,
                kind,
                path: path.clone(),
                password: password.cloned(),
            });
        };
        if let Some(ca) = &self.ca.imported {
            let password = ca.key_password.as_ref();
            add(
                "ca.certificate".into(),
                InputKind::CaCertificate,
                &ca.certificate,
                None,
            );
            add(
                "ca.key_file".into(),
                InputKind::CaKey,
                &ca.key_file,
                password,
            );
        }
        let adopted = [
            (
                "primary.keystore",
                InputKind::PrimaryKeystore,
                &self.primary.adopted,
            ),
            (
                "internal.keystore",
                InputKind::InternalKeystore,
                self.internal
                    .as_ref()
                    .map_or(&None, |internal| &internal.adopted),
            ),
        ];
        for (key, kind, adopted) in adopted {
            if let Some(adopted) = adopted {
                add(key.into(), kind, &adopted.keystore, Some(&adopted.password));
            }
        }
        if let Some(vendor) = &self.stores.vendor {
            let password = vendor.password.as_ref();
            add(
                "stores.truststore".into(),
                InputKind::VendorTruststore,
                &vendor.path,
                password,
            );
        }
        for path in &self.stores.trust {
            add("stores.trust".into(), InputKind::Trust, path, None);
        }
        for group in &self.groups {
            for balancer in &group.balancers {
                if let BalancerTls::Own { certificate } = &balancer.tls {
                    let key = format!("roles.{}.balancer", group.name);
                    add(key, InputKind::BalancerCertificate, certificate, None);
                }
            }
        }
        for external in &self.externals {
            let key = format!("external.{}", external.name);
            if let Some(certificate) = &external.certificate {
                let key = format!("{key}.certificate");
                add(key, InputKind::ExternalCertificate, certificate, None);
            }
            for path in &external.trust {
                add(format!("{key}.trust"), InputKind::Trust, path, None);
            }
        }
        inputs
    }
}
