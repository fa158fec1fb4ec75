//! What is wrong with one path.

use super::{
    Options, PathProblem, Purpose,
    build::{PathChecker, Step},
    name,
    signature::{self, Hash, Outcome},
};
use crate::x509::{ExtendedKeyUsage, GeneralName, KeyUsage, PublicKeyAlgorithm};

/// All problems of a path, end-entity certificate first. `anchored`: its last certificate is an anchor.
pub(super) fn path(
    checker: &PathChecker,
    path: &[Step<'_>],
    anchored: bool,
    options: &Options,
) -> Vec<PathProblem> {
    let mut problems = Vec::new();
    let Some(target) = path.first() else {
        return problems;
    };
    let pinned = anchored && path.len() == 1;
    for (at, step) in path.iter().enumerate() {
        if anchored && at + 1 == path.len() {
            anchor(step, pinned, options, &mut problems);
        } else {
            validity(step, options, &mut problems);
            algorithms(step, &mut problems);
            critical(step, &mut problems);
            if let Some(issuer) = path.get(at + 1) {
                signed(checker, step, issuer, &mut problems);
            }
        }
        if at > 0 {
            let is_anchor = anchored && at + 1 == path.len();
            issues(path, at, is_anchor, &mut problems);
        }
    }
    if !pinned {
        purpose(target, options.purpose, &mut problems);
    }
    if let Some(wanted) = &options.name {
        let name = wanted.clone();
        match name::check(target.view, wanted) {
            Ok(()) => {}
            Err(name::Mismatch::Unaskable) => problems.push(PathProblem::NameRefused { name }),
            Err(name::Mismatch::Others(candidates)) => {
                problems.push(PathProblem::NameMismatch {
                    certificate: target.certificate.clone(),
                    name,
                    candidates,
                });
            }
        }
    }
    problems
}

fn validity(step: &Step<'_>, options: &Options, problems: &mut Vec<PathProblem>) {
    let certificate = step.certificate.clone();
    let (not_before, not_after) = (step.view.not_before, step.view.not_after);
    if options.at < not_before {
        problems.push(PathProblem::NotYetValid {
            certificate,
            not_before,
        });
    } else if options.at > not_after {
        problems.push(PathProblem::Expired {
            certificate,
            not_after,
        });
    }
}

/// An anchor is trusted as it is: only its end is worth a word.
fn anchor(step: &Step<'_>, pinned: bool, options: &Options, problems: &mut Vec<PathProblem>) {
    let (not_before, not_after) = (step.view.not_before, step.view.not_after);
    if !(not_before..=not_after).contains(&options.at) {
        problems.push(PathProblem::AnchorNotValid {
            certificate: step.certificate.clone(),
            not_before,
            not_after,
        });
    }
    key(step, pinned, problems);
}

fn algorithms(step: &Step<'_>, problems: &mut Vec<PathProblem>) {
    let certificate = || step.certificate.clone();
    match signature::hash(step.view) {
        Hash::Md2 | Hash::Md5 => problems.push(PathProblem::RefusedSignature {
            certificate: certificate(),
            algorithm: step.view.signature_algorithm.clone(),
        }),
        Hash::Sha1 => problems.push(PathProblem::WeakSignature {
            certificate: certificate(),
        }),
        Hash::Strong | Hash::Other => {}
    }
    key(step, false, problems);
}

/// `pinned`: a path of this certificate alone, in which Java lets every key pass.
fn key(step: &Step<'_>, pinned: bool, problems: &mut Vec<PathProblem>) {
    let public_key = &step.view.public_key;
    // `jdk.certpath.disabledAlgorithms` of JDK 17. Zero bits: unknown, and no reason to refuse.
    let refused = match public_key {
        PublicKeyAlgorithm::Rsa(bits) => *bits < 1024,
        PublicKeyAlgorithm::Dsa(bits) => (1..1024).contains(bits),
        PublicKeyAlgorithm::Ec(_, bits) => (1..224).contains(bits),
        _ => false,
    };
    // SP 800-131A revision 2 disallows it since 2014.
    let weak = matches!(public_key, PublicKeyAlgorithm::Rsa(..2048));
    let (certificate, key) = (step.certificate.clone(), public_key.to_string());
    if refused && !pinned {
        problems.push(PathProblem::RefusedKey { certificate, key });
    } else if refused || weak {
        problems.push(PathProblem::WeakKey { certificate, key });
    }
}

fn critical(step: &Step<'_>, problems: &mut Vec<PathProblem>) {
    for oid in &step.view.unknown_critical {
        problems.push(PathProblem::UnknownCritical {
            certificate: step.certificate.clone(),
            oid: oid.clone(),
        });
    }
}

fn signed(
    checker: &PathChecker,
    step: &Step<'_>,
    issuer: &Step<'_>,
    problems: &mut Vec<PathProblem>,
) {
    let certificate = step.certificate.clone();
    match checker.signature(step, issuer) {
        Outcome::Good => {}
        Outcome::Bad => problems.push(PathProblem::BadSignature {
            certificate,
            issuer: issuer.certificate.clone(),
        }),
        // Refused already, for a better reason.
        Outcome::Unsupported
            if matches!(signature::hash(step.view), Hash::Md2 | Hash::Md5)
                || matches!(issuer.view.public_key, PublicKeyAlgorithm::Rsa(..1024)) => {}
        Outcome::Unsupported => problems.push(PathProblem::UnsupportedSignature {
            certificate,
            algorithm: step.view.signature_algorithm.clone(),
        }),
    }
}

/// Whether the certificate at a place may have issued the one before.
fn issues(path: &[Step<'_>], at: usize, is_anchor: bool, problems: &mut Vec<PathProblem>) {
    let Some((step, below)) = path.get(at).zip(path.get(..at)) else {
        return;
    };
    let certificate = || step.certificate.clone();
    let old_anchor = is_anchor && step.view.version < 3;
    if !step.view.is_ca() && !old_anchor {
        problems.push(PathProblem::IssuerNotCa {
            certificate: certificate(),
        });
    }
    if let Some(usage) = step.view.key_usage
        && !usage.allows(KeyUsage::KEY_CERT_SIGN)
    {
        problems.push(PathProblem::KeyUsage {
            certificate: certificate(),
            wanted: KeyUsage::KEY_CERT_SIGN,
        });
    }
    if is_anchor {
        return;
    }
    let intermediates = below
        .iter()
        .skip(1)
        .filter(|step| !step.certificate.is_self_issued());
    let found = u32::try_from(intermediates.count()).unwrap_or(u32::MAX);
    if let Some(allowed) = step.view.basic_constraints.and_then(|basic| basic.path_len)
        && found > allowed
    {
        problems.push(PathProblem::PathLength {
            certificate: certificate(),
            allowed,
            found,
        });
    }
    if let (Some(constraints), Some(target)) = (&step.view.name_constraints, below.first()) {
        let names = target.view.names().iter();
        for name in names.filter(|name| !constraints.permits(name)) {
            problems.push(PathProblem::NameNotPermitted {
                certificate: certificate(),
                name: name.to_string(),
            });
        }
        if !constraints.permits_subject(&target.view.subject) {
            problems.push(PathProblem::NameNotPermitted {
                certificate: certificate(),
                name: target.view.subject.to_string(),
            });
        }
        if target
            .view
            .names()
            .iter()
            .all(|name| !matches!(name, GeneralName::Dns(_)))
            && let Some(common_name) = target.view.subject.common_names().pop()
            && common_name.contains('.')
            && !constraints.permits(&GeneralName::Dns(common_name.clone()))
        {
            problems.push(PathProblem::NameNotPermitted {
                certificate: certificate(),
                name: common_name,
            });
        }
    }
}

/// What JSSE asks of the certificate of a server or a client (`sun.security.validator.EndEntityChecker`).
pub(super) fn purpose(target: &Step<'_>, purpose: Purpose, problems: &mut Vec<PathProblem>) {
    let (usages, extended) = match purpose {
        Purpose::Any => return,
        Purpose::Client => (KeyUsage::DIGITAL_SIGNATURE, ExtendedKeyUsage::CLIENT_AUTH),
        // Which one depends on the cipher suite; one of them is needed for any.
        Purpose::Server => (
            KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::KEY_AGREEMENT,
            ExtendedKeyUsage::SERVER_AUTH,
        ),
    };
    if let Some(usage) = target.view.key_usage
        && !usage.allows_any(usages)
    {
        problems.push(PathProblem::KeyUsage {
            certificate: target.certificate.clone(),
            wanted: usages,
        });
    }
    if let Some(usage) = &target.view.extended_key_usage
        && !usage.allows(extended)
        && !(purpose == Purpose::Server && STEP_UP.iter().any(|oid| usage.allows(oid)))
    {
        problems.push(PathProblem::ExtendedKeyUsage {
            certificate: target.certificate.clone(),
            purpose: extended,
            found: usage.purposes.clone(),
        });
    }
}

/// Microsoft's and Netscape's server-gated cryptography, which JSSE takes for serverAuth.
const STEP_UP: [&str; 2] = ["1.3.6.1.4.1.311.10.3.3", "2.16.840.1.113730.4.1"];
