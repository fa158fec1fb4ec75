//! Judging one chain: from its end-entity certificate to a trust anchor, as a client of the JDK does it.
//!
//! Pure: the anchors, the name and the time are given. All problems of the best path are reported, not the
//! first one; each carries the certificate that it is about.
//!
//! ```
//! use pki_core::path::{Anchors, Options, PathChecker, PathProblem, Purpose};
//! use time::OffsetDateTime;
//!
//! let options = Options {
//!     name: Some("gw1.example.com".into()),
//!     purpose: Purpose::Server,
//!     at: OffsetDateTime::UNIX_EPOCH,
//! };
//! let verdict = PathChecker::new().check(&[], &[], &Anchors::default(), &options);
//! assert_eq!(verdict.problems, [PathProblem::Empty]);
//! ```
//!
//! What Java 17 does and RFC 5280 does not say, all of it followed here (measured, `tests/issue`):
//!
//! - A certificate that is itself in the truststore, or has name and key of one that is, ends the path. If
//!   that is the end-entity certificate, then its usage, its validity and its signature are not looked at.
//! - An anchor's validity is not looked at, nor its pathLen and nameConstraints; that it is a CA, and its
//!   keyUsage, are (versions 1 and 2 excepted).
//! - A version 1 certificate is no CA, unless it is the anchor.
//! - The common name counts if there is no dNSName at all.
//! - SHA-1 signatures and RSA from 1024 bits on are good enough for a private CA.

mod anchors;
mod build;
mod judge;
mod modern;
mod name;
mod problem;
mod signature;

use time::OffsetDateTime;

pub use anchors::Anchors;
pub use build::PathChecker;
pub use modern::{ModernProblem, modern};
pub use name::ServerName;
pub use problem::PathProblem;

use signature::{Hash, Outcome};

use crate::x509::{Certificate, View};

/// What a client wants to know about a chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The name by which it knows the other side; `None`: the name is not checked.
    pub name: Option<ServerName>,
    /// What the certificate is used for.
    pub purpose: Purpose,
    /// When.
    pub at: OffsetDateTime,
}

/// What a certificate is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// Anything: key usage and extended key usage of the end-entity certificate do not matter.
    Any,
    /// A TLS client.
    Client,
    /// A TLS server.
    Server,
}

/// What came of checking a chain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verdict {
    /// The best path that was found, end-entity certificate first; its last certificate is the anchor,
    /// unless there is a [`PathProblem::NoAnchor`].
    pub path: Vec<Certificate>,
    /// All that is wrong with it.
    pub problems: Vec<PathProblem>,
}

impl Verdict {
    /// True if a client accepts the chain: there may be warnings.
    pub fn is_accepted(&self) -> bool {
        self.problems.iter().all(PathProblem::is_warning)
    }

    /// The anchor that the path ends in, if it does.
    pub fn anchor(&self) -> Option<&Certificate> {
        let open = |problem: &PathProblem| {
            matches!(
                problem,
                PathProblem::NoAnchor { .. } | PathProblem::TooDeep { .. }
            )
        };
        match self.problems.iter().any(open) {
            true => None,
            false => self.path.last(),
        }
    }
}

/// What in its key usage and extended key usage keeps a certificate from a purpose, as JSSE asks it of the
/// end-entity certificate of a path. Nothing of one that cannot be read.
pub fn usage_problems(certificate: &Certificate, purpose: Purpose) -> Vec<PathProblem> {
    let mut problems = Vec::new();
    if let Ok(view) = certificate.view() {
        judge::purpose(&build::Step { certificate, view }, purpose, &mut problems);
    }
    problems
}

/// Whether the issuer's key made the signature on a certificate, whatever else is wrong with either;
/// `None` if nobody here can tell: one of them is unreadable, or the algorithm is not supported.
pub fn is_signed_by(certificate: &Certificate, issuer: &Certificate) -> Option<bool> {
    let (view, issuer) = (certificate.view().ok()?, issuer.view().ok()?);
    match signature::verify(certificate.der(), view, issuer) {
        Outcome::Good => Some(true),
        Outcome::Bad => Some(false),
        Outcome::Unsupported => None,
    }
}

/// The hash function that a certificate's signature stands on, if it is a broken one: `MD2`, `MD5`,
/// `SHA-1`.
pub fn weak_signature_hash(view: &View) -> Option<&'static str> {
    match signature::hash(view) {
        Hash::Md2 => Some("MD2"),
        Hash::Md5 => Some("MD5"),
        Hash::Sha1 => Some("SHA-1"),
        Hash::Strong | Hash::Other => None,
    }
}

/// Checks one chain, without remembering anything: see [`PathChecker::check`].
pub fn check(
    chain: &[Certificate],
    untrusted: &[Certificate],
    anchors: &[Certificate],
    options: &Options,
) -> Verdict {
    let anchors = Anchors::new(anchors.iter().cloned());
    PathChecker::new().check(chain, untrusted, &anchors, options)
}
