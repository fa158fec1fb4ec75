//! Issuing certificates: what a certificate shall say, and who signs it.
//!
//! | need | type |
//! | --- | --- |
//! | a subject from its parts | [`Subject`] |
//! | which extensions, and why | [`Profile`] |
//! | one certificate that is wanted | [`CertificateRequest`] |
//! | someone who certifies | [`Issuer`], which answers with an [`Issuance`] |
//! | a CA whose key is at hand | [`CertificateAuthority`] |
//! | a key that certifies itself | [`SelfSigned`] |
//!
//! A profile is policy and an issuer is mechanism: no issuer adds, drops or clamps anything. Names go from
//! the issuer's certificate into what it signs byte for byte, since a verifier may compare them so.
//!
//! ```
//! use pki_core::{
//!     issue::{CertificateRequest, Issuance, Issuer, Profile, SelfSigned, Subject},
//!     key::{Generated, KeyAlgorithm, KeySource, SystemRandom},
//! };
//! use time::{Duration, macros::datetime};
//!
//! let key = Generated.generate(KeyAlgorithm::EcP256)?.signing_key()?;
//! let spki = pki_core::key::SigningKey::spki(&key).to_vec();
//! let not_before = datetime!(2026-01-01 00:00 UTC);
//! let request = CertificateRequest {
//!     profile: Profile::CertificateAuthority { path_len: Some(0), permitted: Vec::new() },
//!     subject: Subject { common_name: Some("apim.example.com CA"), ..Subject::default() }.to_name()?,
//!     names: Vec::new(),
//!     spki: &spki,
//!     not_before,
//!     not_after: not_before + Duration::days(7300),
//! };
//! let Issuance::Done(chain) = SelfSigned::new(key).issue(&request, &mut SystemRandom)? else {
//!     return Ok(());
//! };
//! assert!(chain[0].view().is_ok_and(|view| view.is_ca()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod assemble;
mod authority;
mod extensions;
mod profile;
mod self_signed;
mod subject;

use time::OffsetDateTime;

pub use authority::{AuthorityError, CertificateAuthority};
pub use profile::Profile;
pub use self_signed::SelfSigned;
pub use subject::{Subject, SubjectError};

use crate::{
    key::{Random, SigningError},
    x509::{Certificate, DistinguishedName, GeneralName, moment},
};

/// One certificate that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest<'a> {
    /// What it is for.
    pub profile: Profile,
    /// Whom it is about.
    pub subject: DistinguishedName,
    /// subjectAltName, in this order. [`Profile::Tls`] needs at least one, the others have none.
    pub names: Vec<GeneralName>,
    /// The DER of the SubjectPublicKeyInfo that it is over.
    pub spki: &'a [u8],
    /// First moment of validity; parts of a second are cut off.
    pub not_before: OffsetDateTime,
    /// Last moment of validity; parts of a second are cut off.
    pub not_after: OffsetDateTime,
}

/// Someone who certifies keys.
pub trait Issuer: Send + Sync {
    /// Makes the certificate that is asked for, just as it is asked for.
    ///
    /// `random` gives the serial number, 16 bytes.
    ///
    /// # Errors
    ///
    /// [`IssueError`] if it cannot be made; nothing is changed silently to make it possible.
    fn issue(
        &self,
        request: &CertificateRequest<'_>,
        random: &mut dyn Random,
    ) -> Result<Issuance, IssueError>;

    /// What follows an issued certificate in its chain, the issuer's own first; empty if it stands alone.
    fn chain(&self) -> &[Certificate];

    /// When the issuer's own certificate ends: nothing that it issues may last longer. `None`: no limit.
    fn not_after(&self) -> Option<OffsetDateTime>;
}

/// What an issuer answers. An issuer that cannot answer at once will get a variant of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Issuance {
    /// The certificate, and behind it the issuer's chain.
    Done(Vec<Certificate>),
}

/// Why a certificate cannot be issued.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The subject's key is not the one that signs, and the certificate shall be self-signed.
    #[error("a self-signed certificate can only be over the key that signs it")]
    ForeignKey,
    /// A name that no subjectAltName can hold.
    #[error("`{0}` cannot be written as an alternative name")]
    Name(GeneralName),
    /// A TLS certificate without a single name: no client would accept it.
    #[error("a TLS certificate needs at least one alternative name")]
    NoName,
    /// The certificate would end after its issuer.
    #[error("it would end at {}, after its issuer, which ends at {}", moment(*.not_after), moment(*.issuer_not_after))]
    OutlivesIssuer {
        /// The end that was asked for.
        not_after: OffsetDateTime,
        /// The end of the issuer's certificate.
        issuer_not_after: OffsetDateTime,
    },
    /// The issuer's pathLen allows no such CA below it.
    #[error(
        "the issuer's path length {issuer:?} allows no CA with path length {wanted:?} below it"
    )]
    PathLength {
        /// The issuer's.
        issuer: Option<u32>,
        /// What was asked for.
        wanted: Option<u8>,
    },
    /// The primary certificate is over a key that does not encrypt.
    #[error("the primary key must be RSA: the product encrypts with it")]
    PrimaryNotRsa,
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningError),
    /// The bytes given as public key are no SubjectPublicKeyInfo.
    #[error("not a SubjectPublicKeyInfo")]
    Spki,
    /// Alternative names where the profile has none.
    #[error("a certificate of this profile has no alternative names")]
    UnexpectedNames,
    /// Ends before it begins, or outside the years that DER can write (0 to 9999).
    #[error("not a validity: {} to {}", moment(*.not_before), moment(*.not_after))]
    Validity {
        /// The begin that was asked for.
        not_before: OffsetDateTime,
        /// The end that was asked for.
        not_after: OffsetDateTime,
    },
}
