use super::{ApplyError, Workshop};
use crate::{
    disk::RelPath,
    key::{PrivateKey, Random, write_encrypted_private_key},
    keystore::{Content, Entry, Keystore, SealedKey, UnsealError, write_pem_certificates},
    observe::{Layout, OpenStore},
    parallel,
    plan::{Action, CertificateSpec, Origin, Target, TrustSource, Work, without_root},
    secret::{Bytes, Password},
    topology::StoreFile,
    wso2::Slot,
    x509::Certificate,
};

/// Files that one action makes, and the certificate that came with them.
struct Piece {
    files: Vec<(RelPath, Bytes)>,
    label: Option<(String, Certificate)>,
}

impl Workshop<'_, '_> {
    /// The stores that all nodes share.
    pub(super) fn make_masters(&mut self) -> Result<(), ApplyError> {
        let settings = &self.topology.stores.primary;
        self.primary = self
            .found
            .open_store(&Layout::master(settings))
            .and_then(|store| store.chain(&settings.alias)?.first().cloned());
        for (number, action) in self.actions() {
            let Work::Master { slot, origin } = &action.work else {
                continue;
            };
            let (bytes, certificate) = self.master(number, action, *slot, origin)?;
            self.made.files.write(action.file.clone(), bytes);
            if *slot == Slot::Primary {
                if matches!(origin, Origin::New(_)) {
                    self.made.primary = certificate.as_ref().map(Certificate::fingerprint);
                }
                self.primary = certificate;
            }
        }
        for (_, action) in self.actions() {
            if let (Work::PrimaryCertificate, Some(primary)) = (&action.work, &self.primary) {
                let pem = write_pem_certificates(std::slice::from_ref(primary));
                let content = Bytes::from(pem.into_bytes());
                self.made.files.write(action.file.clone(), content);
            }
        }
        Ok(())
    }

    fn master(
        &self,
        number: usize,
        action: &Action,
        slot: Slot,
        origin: &Origin,
    ) -> Result<(Bytes, Option<Certificate>), ApplyError> {
        let settings = self.topology.stores.get(slot).ok_or(ApplyError::NoKey)?;
        let inputs = self.found.inputs();
        let adopted = match slot {
            Slot::Internal => &inputs.internal,
            _ => &inputs.primary,
        };
        let (store, alias) = match origin {
            Origin::New(spec) => {
                let key = self.key(number, &spec.key_origin)?;
                let chain = self.self_signed(spec, &key)?;
                let certificate = chain.first().cloned();
                let bytes = self.key_store(&action.file, settings, &key, chain, None)?;
                return Ok((bytes, certificate));
            }
            Origin::Restore { from } => {
                let store = self.store(from)?;
                let certificate = store
                    .chain(&settings.alias)
                    .or_else(|| store.private_keys().next().map(|(_, chain)| chain))
                    .and_then(|chain| chain.first().cloned());
                return Ok((self.bytes(from)?, certificate));
            }
            Origin::Adopt { alias } => {
                let store = adopted.as_deref().ok_or_else(|| ApplyError::Gone {
                    path: action.file.clone(),
                })?;
                (store, alias)
            }
            Origin::Reencode { from, alias } => (self.store(from)?, alias),
        };
        let key = private_key(store, alias, &action.file)?;
        let entry = store.decoded.keystore.get(alias);
        let chain = store.chain(alias).unwrap_or_default().to_vec();
        let certificate = chain.first().cloned();
        let bytes = self.key_store(&action.file, settings, &key, chain, entry)?;
        Ok((bytes, certificate))
    }

    /// The stores and PEM files of nodes and balancers. Signing and sealing use all cores: with
    /// PKCS #12 each store costs some ten thousand rounds of a key derivation.
    pub(super) fn make_certificates(&mut self) -> Result<(), ApplyError> {
        let jobs: Vec<(usize, &Action)> = self
            .actions()
            .filter(|(_, action)| {
                matches!(
                    action.work,
                    Work::Certificate { .. }
                        | Work::Reencode { .. }
                        | Work::Chain { .. }
                        | Work::BalancerKey { .. }
                )
            })
            .collect();
        let pieces = parallel::map(&jobs, |(number, action)| self.piece(*number, action));
        for piece in pieces {
            let piece = piece?;
            for (path, bytes) in piece.files {
                self.made.files.write(path, bytes);
            }
            if let Some((label, certificate)) = piece.label {
                self.certificates.insert(label, certificate);
            }
        }
        Ok(())
    }

    fn piece(&self, number: usize, action: &Action) -> Result<Piece, ApplyError> {
        let files = match &action.work {
            Work::Certificate { target, spec } => return self.certificate(number, target, spec),
            Work::Chain { chain } => vec![(action.file.clone(), pem(chain))],
            Work::Reencode { from } => {
                let settings = &self.topology.stores.tls;
                let store = self.store(from)?;
                let key = private_key(store, &settings.alias, from)?;
                let entry = own_entry(store, &settings.alias);
                let certificate = entry.and_then(|entry| entry.certificates().first());
                let mut chain: Vec<Certificate> = certificate.into_iter().cloned().collect();
                chain.extend(self.chain.iter().cloned());
                let bytes = self.key_store(&action.file, settings, &key, chain, entry)?;
                vec![(action.file.clone(), bytes)]
            }
            Work::BalancerKey { group } => {
                let path = Layout::balancer_key(group);
                let content = self.bytes(&path)?;
                let key = self
                    .found
                    .with_old_password(&content)
                    .ok_or(ApplyError::NoKey)?;
                vec![(path, self.balancer_key(group, &key)?)]
            }
            _ => Vec::new(),
        };
        Ok(Piece { files, label: None })
    }

    fn certificate(
        &self,
        number: usize,
        target: &Target,
        spec: &CertificateSpec,
    ) -> Result<Piece, ApplyError> {
        let key = self.key(number, &spec.key_origin)?;
        let chain = self.certify(spec, &key)?;
        let sent = pem(&without_root(&chain));
        let (label, files) = match target {
            Target::Balancer(group) => {
                let files = vec![
                    (Layout::balancer_chain(group), sent),
                    (Layout::balancer_key(group), self.balancer_key(group, &key)?),
                ];
                (format!("balancer {group}"), files)
            }
            Target::Node(node) => {
                let settings = &self.topology.stores.tls;
                let path = Layout::node_file(node, &settings.file);
                let bytes = self.key_store(&path, settings, &key, chain.clone(), None)?;
                (
                    node.clone(),
                    vec![(path, bytes), (Layout::node_chain(node), sent)],
                )
            }
        };
        Ok(Piece {
            files,
            label: chain
                .into_iter()
                .next()
                .map(|certificate| (label, certificate)),
        })
    }

    fn balancer_key(&self, group: &str, key: &PrivateKey) -> Result<Bytes, ApplyError> {
        let source = self
            .topology
            .groups
            .iter()
            .find(|other| other.name == group)
            .map(|group| &group.balancer_password)
            .ok_or(ApplyError::NoKey)?;
        let password = self.password(source)?;
        let random = &mut &*self.random;
        Ok(write_encrypted_private_key(
            key,
            &password,
            BALANCER_ITERATIONS,
            random,
        )?)
    }

    /// A store with one private key. Its date is that of the entry it comes from.
    fn key_store(
        &self,
        path: &RelPath,
        settings: &StoreFile,
        key: &PrivateKey,
        chain: Vec<Certificate>,
        from: Option<&Entry>,
    ) -> Result<Bytes, ApplyError> {
        let password = self.password(&settings.password)?;
        let random = &mut &*self.random;
        let sealed = SealedKey::seal(key, &password, settings.encoding.protection(), random)
            .map_err(|reason| ApplyError::Seal {
                path: path.clone(),
                reason,
            })?;
        let created = from.map_or(Some(self.plan.now()), |entry| entry.created);
        let mut entry = Entry::private_key(settings.alias.as_str(), sealed, chain)
            .created(created.or(Some(self.plan.now())));
        if let Some(from) = from {
            entry.attributes.clone_from(&from.attributes);
        }
        self.encode(
            path,
            settings,
            &password,
            [entry].into_iter().collect(),
            random,
        )
    }

    fn encode(
        &self,
        path: &RelPath,
        settings: &StoreFile,
        password: &Password,
        store: Keystore,
        random: &mut dyn Random,
    ) -> Result<Bytes, ApplyError> {
        store
            .encode(settings.encoding, password, random)
            .map_err(|reason| ApplyError::Encode {
                path: path.clone(),
                reason,
            })
    }

    /// The truststores: the same bytes for all.
    pub(super) fn make_truststores(&mut self) -> Result<(), ApplyError> {
        for (_, action) in self.actions() {
            let Work::Truststore { items } = &action.work else {
                continue;
            };
            let mut entries = Vec::with_capacity(items.len());
            for item in items {
                let certificate = match &item.source {
                    TrustSource::Known(certificate) => Some(certificate),
                    TrustSource::Authority => self.chain.last(),
                    TrustSource::Primary => self.primary.as_ref(),
                    TrustSource::Node(node) => self.certificates.get(node).or_else(|| {
                        let shared = self.topology.tls_shared;
                        let mut nodes = self.topology.nodes().filter(|_| shared);
                        nodes.find_map(|node| self.certificates.get(&node.name))
                    }),
                    TrustSource::Balancer(group) => {
                        self.certificates.get(&format!("balancer {group}"))
                    }
                };
                let certificate = certificate.cloned().ok_or(ApplyError::NoKey)?;
                let created = item.created.unwrap_or(self.plan.now());
                let entry = Entry::trusted(item.alias.as_str(), certificate);
                entries.push(entry.created(Some(created)));
            }
            let settings = &self.topology.stores.truststore;
            let password = self.password(&settings.password)?;
            let store: Keystore = entries.into_iter().collect();
            let random = &mut &*self.random;
            let bytes = self.encode(&action.file, settings, &password, store, random)?;
            self.made.files.write(action.file.clone(), bytes);
        }
        Ok(())
    }

    /// A store that was found open.
    pub(super) fn store(&self, path: &RelPath) -> Result<&OpenStore, ApplyError> {
        let store = self.found.open_store(path);
        store.ok_or_else(|| ApplyError::Gone { path: path.clone() })
    }
}

/// The key under an alias, or the only one, opened with the password of its store.
pub(super) fn private_key(
    store: &OpenStore,
    alias: &str,
    path: &RelPath,
) -> Result<PrivateKey, ApplyError> {
    let failed = |reason| ApplyError::Seal {
        path: path.clone(),
        reason,
    };
    match own_entry(store, alias).map(|entry| &entry.content) {
        Some(Content::PrivateKey { key, .. }) => key.open(&store.password).map_err(failed),
        _ => Err(failed(UnsealError::Damaged {
            reason: "there is no private key",
        })),
    }
}

fn own_entry<'a>(store: &'a OpenStore, alias: &str) -> Option<&'a Entry> {
    let named = store
        .private_keys()
        .find(|(entry, _)| entry.alias.lookup() == alias);
    named
        .or_else(|| store.private_keys().next())
        .map(|(entry, _)| entry)
}

fn pem(chain: &[Certificate]) -> Bytes {
    Bytes::from(write_pem_certificates(chain).into_bytes())
}

/// What PKCS #12 stores of the JDK have. The password is generated, with about 190 bits, unless the
/// topology names another.
const BALANCER_ITERATIONS: u32 = 10_000;
