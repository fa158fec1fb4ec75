use time::OffsetDateTime;

use super::{CertificateRequest, Issuance, IssueError, Issuer, assemble};
use crate::{
    key::{KeyMatch, Random, SigningKey, spki},
    x509::Certificate,
};

/// A key that certifies itself: a root, the primary, a node of a deployment without a CA.
pub struct SelfSigned {
    key: Box<dyn SigningKey>,
}

impl SelfSigned {
    /// The key is the subject's own.
    pub fn new(key: impl SigningKey + 'static) -> Self {
        Self { key: Box::new(key) }
    }
}

impl Issuer for SelfSigned {
    fn issue(
        &self,
        request: &CertificateRequest<'_>,
        random: &mut dyn Random,
    ) -> Result<Issuance, IssueError> {
        if spki::same_key(request.spki, self.key.spki()) != KeyMatch::Yes {
            return Err(IssueError::ForeignKey);
        }
        let certificate = assemble::sign(request, &request.subject, None, &*self.key, random)?;
        Ok(Issuance::Done(vec![certificate]))
    }

    fn chain(&self) -> &[Certificate] {
        &[]
    }

    fn not_after(&self) -> Option<OffsetDateTime> {
        None
    }
}

impl std::fmt::Debug for SelfSigned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SelfSigned([secret])")
    }
}
