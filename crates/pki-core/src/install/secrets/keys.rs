//! The keys of a deployment under which a node's secrets are encrypted.

use crate::{
    install::{
        InstallRefusal, Order,
        wanted::{known_password, played_by},
    },
    keystore::Content,
    observe::Layout,
    topology::StoreFile,
    wso2::{
        SECURITY_FOLDER, Slot,
        vault::{
            IdentityStore, NewKey, NewKeys, OpeningKey, SealingKey, SymmetricKey,
            certificate_of_envelope, key_of_vault,
        },
    },
    x509::Certificate,
};

/// Them, as the workspace has them.
pub(super) struct Deployed {
    /// The store that the vault is to open.
    pub(super) store: IdentityStore,
    vault: Pair,
    /// The internal key, or the primary in its place.
    server: Pair,
    /// The certificate that envelopes name.
    named: Option<Certificate>,
    /// `[encryption] key`.
    symmetric: Option<(SealingKey, OpeningKey)>,
}

struct Pair {
    sealing: SealingKey,
    opening: OpeningKey,
    certificate: Certificate,
}

impl Deployed {
    pub(super) fn of(order: &Order<'_>) -> Result<Self, InstallRefusal> {
        let topology = order.topology;
        let settings = |slot| {
            let stores = &topology.stores;
            let own = stores.get(played_by(topology, slot));
            own.unwrap_or(&stores.primary)
        };
        let of_vault = settings(key_of_vault(order.config.generation));
        let server = Pair::of(order, settings(Slot::Internal))?;
        let named = match certificate_of_envelope(topology.product) {
            Some(Slot::Primary) => Some(Pair::of(order, settings(Slot::Primary))?.certificate),
            Some(_) => Some(server.certificate.clone()),
            None => None,
        };
        let symmetric = match &topology.encryption {
            None => None,
            Some(source) => {
                let key = known_password(order.found, source)?;
                // One that the product could not use is not one that encrypted something.
                let key = SymmetricKey::runtime(&key).ok();
                key.map(|key| {
                    let sealing = SealingKey::Symmetric(key.clone());
                    (sealing, OpeningKey::Symmetric(key))
                })
            }
        };
        Ok(Self {
            store: IdentityStore::new(
                format!("{SECURITY_FOLDER}/{}", of_vault.file),
                Some(of_vault.encoding.format().java_name().to_owned()),
                Some(of_vault.alias.clone()),
            ),
            vault: Pair::of(order, of_vault)?,
            server,
            named,
            symmetric,
        })
    }

    /// The vault's.
    pub(super) fn of_vault(&self) -> (&SealingKey, Option<&OpeningKey>) {
        (&self.vault.sealing, Some(&self.vault.opening))
    }

    /// Those that the node is to have; `stays`: the vault's is none of them.
    pub(super) fn keys(&self, stays: bool) -> NewKeys<'_> {
        let key = |sealing, opening| NewKey {
            sealing,
            opening: Some(opening),
            named: self.named.as_ref(),
        };
        let vault = key(&self.vault.sealing, &self.vault.opening);
        let symmetric = self.symmetric.as_ref();
        NewKeys {
            vault: (!stays).then_some(vault),
            server: Some(key(&self.server.sealing, &self.server.opening)),
            symmetric: symmetric.map(|(sealing, opening)| key(sealing, opening)),
        }
    }
}

impl Pair {
    /// The key of a store of the node, in the workspace.
    fn of(order: &Order<'_>, settings: &StoreFile) -> Result<Self, InstallRefusal> {
        let path = Layout::node_file(&order.node.name, &settings.file);
        let found = || {
            let store = order.found.open_store(&path)?;
            let entry = store.decoded.keystore.get(&settings.alias)?;
            let Content::PrivateKey { key, chain } = &entry.content else {
                return None;
            };
            Some((key.open(&store.password).ok()?, chain.first()?))
        };
        let found = found();
        let (key, certificate) = found.ok_or(InstallRefusal::NotIssued { path })?;
        Ok(Self {
            sealing: SealingKey::certificate(certificate)?,
            opening: OpeningKey::rsa(&key)?,
            certificate: certificate.clone(),
        })
    }
}
