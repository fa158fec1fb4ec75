use time::OffsetDateTime;

use super::{
    CertificateRequest, Issuance, IssueError, Issuer, Profile, assemble, extensions::key_identifier,
};
use crate::{
    key::{KeyMatch, Random, SigningKey, spki},
    x509::{Certificate, DistinguishedName, KeyUsage, Malformed},
};

/// A CA whose key is at hand: the workspace's own, or an imported root or intermediate.
pub struct CertificateAuthority {
    key: Box<dyn SigningKey>,
    chain: Vec<Certificate>,
    subject: DistinguishedName,
    key_id: Vec<u8>,
    path_len: Option<u32>,
    not_after: OffsetDateTime,
}

impl CertificateAuthority {
    /// Puts a key and its certificate together.
    ///
    /// `chain`: the certificate of the key first, then its issuer and so on; the root may be left out.
    /// All of it follows what is issued, in this order.
    ///
    /// # Errors
    ///
    /// [`AuthorityError`] if the certificate is not over the key, does not say that it may issue, or the
    /// chain is not in order. Signatures and the present time are not looked at: `path` judges them.
    pub fn new(
        key: impl SigningKey + 'static,
        chain: Vec<Certificate>,
    ) -> Result<Self, AuthorityError> {
        let views = chain
            .iter()
            .enumerate()
            .map(|(at, certificate)| {
                certificate
                    .view()
                    .map_err(|malformed| AuthorityError::Malformed(at, malformed.clone()))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let own = *views.first().ok_or(AuthorityError::NoCertificate)?;
        if spki::same_key(&own.spki, key.spki()) != KeyMatch::Yes {
            return Err(AuthorityError::OtherKey {
                subject: own.subject.clone(),
            });
        }
        for (at, (view, next)) in views.iter().zip(views.iter().skip(1)).enumerate() {
            if !view.issuer.matches(&next.subject) {
                return Err(AuthorityError::ChainOrder {
                    at: at + 1,
                    expected: view.issuer.clone(),
                    found: next.subject.clone(),
                });
            }
        }
        let subject = own.subject.clone();
        for view in &views {
            let subject = view.subject.clone();
            if !view.is_ca() {
                return Err(AuthorityError::NotCa { subject });
            }
            if view
                .key_usage
                .is_some_and(|usage| !usage.allows(KeyUsage::KEY_CERT_SIGN))
            {
                return Err(AuthorityError::NoCertSign { subject });
            }
            if view.not_after < view.not_before {
                return Err(AuthorityError::NeverValid { subject });
            }
        }
        if subject.is_empty() {
            return Err(AuthorityError::NoName);
        }
        let key_id = match &own.subject_key_id {
            Some(id) => id.clone(),
            None => key_identifier(&own.spki)
                .map_err(|_| AuthorityError::OtherKey {
                    subject: subject.clone(),
                })?
                .to_vec(),
        };
        let path_len = own.basic_constraints.and_then(|basic| basic.path_len);
        let not_after = own.not_after;
        Ok(Self {
            key: Box::new(key),
            subject,
            key_id,
            path_len,
            not_after,
            chain,
        })
    }

    /// The certificate of the key.
    pub fn certificate(&self) -> Option<&Certificate> {
        self.chain.first()
    }
}

impl Issuer for CertificateAuthority {
    fn issue(
        &self,
        request: &CertificateRequest<'_>,
        random: &mut dyn Random,
    ) -> Result<Issuance, IssueError> {
        if request.not_after > self.not_after {
            return Err(IssueError::OutlivesIssuer {
                not_after: request.not_after,
                issuer_not_after: self.not_after,
            });
        }
        if let Profile::CertificateAuthority { path_len, .. } = request.profile {
            // RFC 5280 section 6.1.4 (l) and (m): each CA below has less of it left.
            let allowed = match (self.path_len, path_len) {
                (None, _) => true,
                (Some(issuer), Some(wanted)) => u32::from(wanted) < issuer,
                (Some(_), None) => false,
            };
            if !allowed {
                return Err(IssueError::PathLength {
                    issuer: self.path_len,
                    wanted: path_len,
                });
            }
        }
        let certificate = assemble::sign(
            request,
            &self.subject,
            Some(&self.key_id),
            &*self.key,
            random,
        )?;
        let mut chain = vec![certificate];
        chain.extend_from_slice(&self.chain);
        Ok(Issuance::Done(chain))
    }

    fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    fn not_after(&self) -> Option<OffsetDateTime> {
        Some(self.not_after)
    }
}

impl std::fmt::Debug for CertificateAuthority {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CertificateAuthority({}, [secret])", self.subject)
    }
}

/// Why a key and a chain are no CA.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// A certificate is not followed by its issuer's.
    #[error("certificate {at} of the CA's chain is {found}, and not the issuer {expected}")]
    ChainOrder {
        /// Place in the chain, from 0.
        at: usize,
        /// The name that the certificate before has as its issuer.
        expected: DistinguishedName,
        /// The name that is there.
        found: DistinguishedName,
    },
    /// A certificate of the chain cannot be read: its place, from 0, and why.
    #[error("certificate {0} of the CA's chain: {1}")]
    Malformed(usize, Malformed),
    /// It ends before it begins.
    #[error("the CA certificate {subject} ends before it begins")]
    NeverValid {
        /// Whose.
        subject: DistinguishedName,
    },
    /// Its keyUsage lacks keyCertSign.
    #[error("the certificate {subject} has no keyCertSign in its key usage")]
    NoCertSign {
        /// Whose.
        subject: DistinguishedName,
    },
    /// There is no certificate at all.
    #[error("the CA's chain is empty")]
    NoCertificate,
    /// The subject is empty, so nothing that it signs could name its issuer.
    #[error("the CA certificate has an empty subject")]
    NoName,
    /// basicConstraints does not say CA:TRUE.
    #[error("the certificate {subject} is no CA certificate")]
    NotCa {
        /// Whose.
        subject: DistinguishedName,
    },
    /// The first certificate is over another key.
    #[error("the certificate {subject} does not belong to the key")]
    OtherKey {
        /// Whose.
        subject: DistinguishedName,
    },
}
