use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{ObserveError, OpenStore, Passwords, file, store};
use crate::{
    keystore::{Decoded, Keystore, read_pem_certificates},
    secret::Bytes,
    topology::{Adopted, BalancerTls, Topology},
    x509::{Certificate, Fingerprint},
};

/// The files outside the workspace that a topology names, read.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Inputs {
    /// The chain of an imported CA, the issuing certificate first.
    pub ca_chain: Option<Vec<Certificate>>,
    /// The keystore that the primary is taken from.
    pub primary: Option<Arc<OpenStore>>,
    /// The keystore that the internal key is taken from.
    pub internal: Option<Arc<OpenStore>>,
    /// The vendor's truststore.
    pub vendor: Option<Vendor>,
    /// Every file of PEM certificates, by path: what else is trusted, balancers' own certificates,
    /// certificates of what is not ours.
    pub certificates: BTreeMap<PathBuf, Vec<Certificate>>,
}

/// The vendor's truststore.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Vendor {
    /// Its content.
    pub decoded: Decoded,
    /// SHA-256 of the file.
    pub sha256: Fingerprint,
}

impl Inputs {
    pub(super) fn read(
        topology: &Topology,
        passwords: &dyn Passwords,
    ) -> Result<Self, ObserveError> {
        let mut inputs = Self::default();
        if let Some(imported) = &topology.ca.imported {
            inputs.ca_chain = Some(certificates(&imported.certificate, "ca.certificate")?);
        }
        if let Some(adopted) = &topology.primary.adopted {
            inputs.primary = Some(adopt(adopted, "primary.keystore", passwords)?);
        }
        if let Some(adopted) = topology
            .internal
            .as_ref()
            .and_then(|it| it.adopted.as_ref())
        {
            inputs.internal = Some(adopt(adopted, "internal.keystore", passwords)?);
        }
        if let Some(vendor) = &topology.stores.vendor {
            let key = "stores.truststore";
            let bytes = read_file(&vendor.path, key)?;
            let decoded = match &vendor.password {
                Some(source) => Keystore::decode(bytes.expose(), &passwords.resolve(source)?),
                None => Keystore::decode_unverified(bytes.expose()),
            };
            inputs.vendor = Some(Vendor {
                decoded: decoded.map_err(|error| ObserveError::Store {
                    path: vendor.path.clone(),
                    key,
                    reason: error.into(),
                })?,
                sha256: Fingerprint::of(bytes.expose()),
            });
        }
        for (path, key) in pem_files(topology) {
            if !inputs.certificates.contains_key(path) {
                inputs
                    .certificates
                    .insert(path.clone(), certificates(path, key)?);
            }
        }
        Ok(inputs)
    }

    /// The certificates of a PEM file that the topology names.
    pub fn pem(&self, path: &Path) -> &[Certificate] {
        self.certificates
            .get(path)
            .map(Vec::as_slice)
            .unwrap_or_default()
    }
}

fn pem_files(topology: &Topology) -> Vec<(&PathBuf, &'static str)> {
    let mut files: Vec<(&PathBuf, &'static str)> = topology
        .stores
        .trust
        .iter()
        .map(|path| (path, "stores.trust"))
        .collect();
    for balancer in topology.groups.iter().flat_map(|group| &group.balancers) {
        if let BalancerTls::Own { certificate } = &balancer.tls {
            files.push((certificate, "balancer.certificate"));
        }
    }
    for external in &topology.externals {
        let certificate = external.certificate.iter();
        files.extend(certificate.map(|path| (path, "external.certificate")));
        files.extend(external.trust.iter().map(|path| (path, "external.trust")));
    }
    files
}

fn adopt(
    adopted: &Adopted,
    key: &'static str,
    passwords: &dyn Passwords,
) -> Result<Arc<OpenStore>, ObserveError> {
    let bytes = read_file(&adopted.keystore, key)?;
    let password = passwords.resolve(&adopted.password)?;
    store::open(bytes.expose(), Some(&password), &[]).map_err(|reason| ObserveError::Store {
        path: adopted.keystore.clone(),
        key,
        reason,
    })
}

fn certificates(path: &Path, key: &'static str) -> Result<Vec<Certificate>, ObserveError> {
    let bytes = read_file(path, key)?;
    let bytes = bytes.expose();
    let failed = |reason: String| ObserveError::Certificates {
        path: path.to_owned(),
        key,
        reason,
    };
    // A lone DER certificate is a SEQUENCE with a long length; PEM is text.
    let found = if bytes.starts_with(&[0x30, 0x82]) {
        vec![Certificate::from_der(bytes.to_vec())]
    } else {
        read_pem_certificates(bytes).map_err(|error| failed(error.to_string()))?
    };
    for certificate in &found {
        certificate
            .view()
            .map_err(|error| failed(error.to_string()))?;
    }
    if found.is_empty() {
        return Err(failed("there is no certificate in it".to_owned()));
    }
    Ok(found)
}

/// Reads a file that the topology names, up to a size that no honest one has.
pub(super) fn read_file(path: &Path, key: &'static str) -> Result<Bytes, ObserveError> {
    file::read(path).map_err(|source| ObserveError::Input {
        path: path.to_owned(),
        key,
        source: Arc::new(source),
    })
}
