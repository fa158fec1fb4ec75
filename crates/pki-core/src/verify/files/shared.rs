use time::OffsetDateTime;

use super::{At, Files};
use crate::{
    observe::Layout,
    topology::{Issuer, Span, StoreFile},
    verify::{ProblemKind, Severity, problem::called, store as judged},
    wso2::{GATEWAY_CERTIFICATE_ALIAS, Slot},
    x509::{Certificate, GeneralName, KeyUsage, PublicKeyAlgorithm},
};

impl Files<'_> {
    pub(super) fn master(&mut self, slot: Slot, settings: &StoreFile) {
        let file = Layout::master(settings);
        let at = At {
            node: None,
            file: &file,
            alias: Some(&settings.alias),
        };
        let Some(certificate) = self.key_entry(at, settings) else {
            return;
        };
        self.valid(at, slot.name(), &certificate, None);
        self.shared_key(at, &certificate);
        if slot == Slot::Primary {
            self.pin(at, self.topology.primary.pin, &certificate);
        }
    }

    fn shared_key(&mut self, at: At<'_>, certificate: &Certificate) {
        for (severity, kind) in shared_key(certificate, self.now) {
            self.push(severity, at, kind);
        }
    }

    /// What the folder of a node, or of an external server with the primary, has in common with others.
    pub(super) fn shared_stores(&mut self, folder: &str) {
        for (slot, settings) in self.topology.stores.iter() {
            let file = Layout::node_file(folder, &settings.file);
            let at = At {
                node: Some(folder),
                file: &file,
                alias: Some(&settings.alias),
            };
            match slot {
                Slot::Primary | Slot::Internal => self.copy(at, slot, settings),
                Slot::Truststore => self.truststore(at),
                Slot::Tls => {}
            }
        }
    }

    fn copy(&mut self, at: At<'_>, slot: Slot, settings: &StoreFile) {
        let master = Layout::master(settings);
        let Some(found) = self.found.digest(at.file) else {
            return self.error(at, ProblemKind::FileMissing);
        };
        let Some(expected) = self.found.digest(&master) else {
            self.key_entry(at, settings);
            return;
        };
        if found == expected {
            return;
        }
        let certificate = self.key_entry(at, settings);
        let right = self
            .found
            .open_store(&master)
            .and_then(|store| store.chain(&settings.alias)?.first());
        let other_key = certificate.as_ref() != right;
        let kind = ProblemKind::SharedDiffers {
            slot,
            expected,
            found,
            other_key,
        };
        match other_key {
            true => self.error(at, kind),
            false => self.warn(at, kind),
        }
    }

    fn truststore(&mut self, at: At<'_>) {
        let at = At { alias: None, ..at };
        let Some(store) = self.store(at) else { return };
        self.defaults(at, store);
        let authority = match self.topology.ca.issuer {
            Issuer::SelfSigned => None,
            _ => self.found.certificates(&Layout::ca_certificate()).pop(),
        };
        let trusts =
            |certificate: &Certificate| store.trusted().any(|(_, trusted)| trusted == certificate);
        if let Some(anchor) = authority
            && !trusts(&anchor)
        {
            let expected = called(&anchor);
            self.error(at, ProblemKind::AnchorMissing { expected });
        }
        let given: Vec<Certificate> = self
            .topology
            .stores
            .trust
            .iter()
            .flat_map(|path| self.found.inputs().pem(path))
            .filter(|certificate| !trusts(certificate))
            .cloned()
            .collect();
        for certificate in given {
            let expected = called(&certificate);
            self.error(at, ProblemKind::AnchorMissing { expected });
        }
        let primary = &self.topology.stores.primary;
        let Some(primary_certificate) = self
            .found
            .open_store(&Layout::master(primary))
            .and_then(|master| master.chain(&primary.alias)?.first())
        else {
            return;
        };
        let mut aliases = vec![primary.alias.as_str()];
        if self.topology.product.has_gateway_certificate_alias() {
            aliases.push(GATEWAY_CERTIFICATE_ALIAS);
        }
        for alias in aliases {
            let at = At {
                alias: Some(alias),
                ..at
            };
            let keystore = &store.decoded.keystore;
            if let Some(kind) = judged::holds_primary(keystore, alias, primary_certificate) {
                self.error(at, kind);
            }
        }
    }
}

/// What the product needs of a key that all nodes share and a certificate does not give, at a moment.
/// Nothing of a certificate that cannot be read, nor of its end.
pub fn shared_key(certificate: &Certificate, now: OffsetDateTime) -> Vec<(Severity, ProblemKind)> {
    let mut problems = Vec::new();
    let Ok(view) = certificate.view() else {
        return problems;
    };
    match &view.public_key {
        PublicKeyAlgorithm::Rsa(bits) if *bits >= 2048 => {}
        other => {
            let found = other.to_string();
            problems.push((Severity::Error, ProblemKind::PrimaryKey { found }));
        }
    }
    if let Some(usage) = view.key_usage
        && !usage.allows(KeyUsage::DATA_ENCIPHERMENT)
    {
        // `javax.crypto.Cipher` refuses the certificate only where the extension is critical.
        let severity = match usage.critical {
            true => Severity::Error,
            false => Severity::Warning,
        };
        problems.push((severity, ProblemKind::NoDataEncipherment));
    }
    let not_after = view.not_after;
    if Span::years(10).after(now) > not_after && not_after >= now {
        problems.push((Severity::Warning, ProblemKind::PrimaryShort { not_after }));
    }
    let hosts = view.names().iter().filter_map(|name| match name {
        GeneralName::Dns(name) => Some(name.clone()),
        GeneralName::Ip(address) => Some(address.to_string()),
        _ => None,
    });
    let common_names = view.subject.common_names().into_iter();
    let names: Vec<String> = hosts
        .chain(common_names.filter(|name| is_host(name)))
        .collect();
    if !names.is_empty() {
        problems.push((Severity::Warning, ProblemKind::PrimaryNamesHost { names }));
    }
    problems
}

/// True if a common name is one that a client could ask for: Java falls back to it.
fn is_host(name: &str) -> bool {
    name == "localhost" || name.contains('.') && !name.contains(char::is_whitespace)
}
