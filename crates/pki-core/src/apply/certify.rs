use std::sync::atomic::{AtomicUsize, Ordering};

use super::{ApplyError, Progress, Workshop};
use crate::{
    issue::{CertificateAuthority, CertificateRequest, Issuance, Issuer, SelfSigned},
    key::{KeyAlgorithm, KeySource, PrivateKey, Random, SigningKey, write_encrypted_private_key},
    keystore::write_pem_certificates,
    observe::Layout,
    parallel,
    plan::{CertificateSpec, KeyOrigin, Origin, Work},
    secret::Bytes,
    topology,
    x509::Certificate,
};

impl Workshop<'_, '_> {
    /// Makes every new private key, on all cores, the long searches first. The CA's is encrypted at once:
    /// that costs as much as a key, and other cores are still searching.
    pub(super) fn make_keys(
        &mut self,
        source: &dyn KeySource,
        progress: &dyn Progress,
    ) -> Result<(), ApplyError> {
        let mut jobs: Vec<(usize, KeyAlgorithm)> = self
            .actions()
            .filter_map(|(number, action)| {
                let spec = match &action.work {
                    Work::Authority { spec } => spec,
                    Work::Master {
                        origin: Origin::New(spec),
                        ..
                    }
                    | Work::Certificate { spec, .. } => spec,
                    _ => return None,
                };
                (spec.key_origin == KeyOrigin::New).then_some((number, spec.key))
            })
            .collect();
        jobs.sort_by_key(|(_, key)| std::cmp::Reverse((key.is_rsa(), key.bits())));
        let (total, done) = (jobs.len(), AtomicUsize::new(0));
        if total > 0 {
            progress.keys(0, total);
        }
        let made = parallel::map(&jobs, |(number, algorithm)| {
            let key = source.generate(*algorithm)?;
            progress.keys(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            let work = &self.plan.actions()[*number].work;
            let encrypted = match work {
                Work::Authority { .. } => Some(self.encrypted_ca_key(&key)?),
                _ => None,
            };
            Ok::<_, ApplyError>((key, encrypted))
        });
        for ((number, _), made) in jobs.into_iter().zip(made) {
            let (key, encrypted) = made?;
            if let Some(pem) = encrypted {
                self.made.files.write(Layout::ca_key(), pem);
            }
            self.keys.insert(number, key);
        }
        Ok(())
    }

    /// Makes the CA, or puts an existing one together with its key.
    pub(super) fn make_authority(&mut self, ca_key: Option<PrivateKey>) -> Result<(), ApplyError> {
        let mut key = ca_key;
        // Where each certificate signs itself, a CA that has been leads nowhere.
        if self.topology.ca.issuer != topology::Issuer::SelfSigned {
            self.chain = self.found.certificates(&Layout::ca_certificate());
        }
        for (number, action) in self.actions() {
            match &action.work {
                Work::AuthorityChain { chain } => {
                    self.chain.clone_from(chain);
                    let pem = write_pem_certificates(chain);
                    let content = Bytes::from(pem.into_bytes());
                    self.made.files.write(action.file.clone(), content);
                }
                Work::AuthorityKey => {
                    let pem = self.bytes(&action.file)?;
                    let old = self
                        .found
                        .with_old_password(&pem)
                        .ok_or(ApplyError::NoKey)?;
                    let pem = self.encrypted_ca_key(&old)?;
                    self.made.files.write(action.file.clone(), pem);
                }
                Work::Authority { spec } => {
                    let new = self.key(number, &spec.key_origin)?;
                    self.chain = self.self_signed(spec, &new)?;
                    let pem = write_pem_certificates(&self.chain);
                    let content = Bytes::from(pem.into_bytes());
                    self.made.files.write(action.file.clone(), content);
                    self.made.ca = self.chain.first().map(Certificate::fingerprint);
                    key = Some(new);
                }
                _ => {}
            }
        }
        if let (Some(key), false) = (key, self.chain.is_empty()) {
            let signing = key.signing_key()?;
            self.authority = Some(CertificateAuthority::new(signing, self.chain.clone())?);
        }
        Ok(())
    }

    fn encrypted_ca_key(&self, key: &PrivateKey) -> Result<Bytes, ApplyError> {
        let password = self.password(&self.topology.ca.password)?;
        let random = &mut &*self.random;
        Ok(write_encrypted_private_key(
            key,
            &password,
            CA_ITERATIONS,
            random,
        )?)
    }

    /// A certificate and what leads to its root.
    pub(super) fn certify(
        &self,
        spec: &CertificateSpec,
        key: &PrivateKey,
    ) -> Result<Vec<Certificate>, ApplyError> {
        if spec.self_signed {
            return self.self_signed(spec, key);
        }
        let authority = self.authority.as_ref().ok_or(ApplyError::NoCaKey)?;
        issue(authority, spec, &key.spki()?, &mut &*self.random)
    }

    pub(super) fn self_signed(
        &self,
        spec: &CertificateSpec,
        key: &PrivateKey,
    ) -> Result<Vec<Certificate>, ApplyError> {
        let signing = key.signing_key()?;
        let spki = signing.spki().to_vec();
        issue(&SelfSigned::new(signing), spec, &spki, &mut &*self.random)
    }
}

fn issue(
    issuer: &dyn Issuer,
    spec: &CertificateSpec,
    spki: &[u8],
    random: &mut dyn Random,
) -> Result<Vec<Certificate>, ApplyError> {
    let request = CertificateRequest {
        profile: spec.profile.clone(),
        subject: spec.subject.clone(),
        names: spec.names.clone(),
        spki,
        not_before: spec.not_before,
        not_after: spec.not_after,
    };
    let Issuance::Done(chain) =
        issuer
            .issue(&request, random)
            .map_err(|reason| ApplyError::Issue {
                label: spec.label.clone(),
                reason,
            })?;
    Ok(chain)
}

/// OWASP's figure for PBKDF2-HMAC-SHA-256 (Password Storage Cheat Sheet, 2023): the CA's key may be
/// protected by a password that a person chose.
const CA_ITERATIONS: u32 = 600_000;
