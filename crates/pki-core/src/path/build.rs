use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{
    Anchors, Options, PathProblem, Verdict, judge,
    signature::{self, Outcome},
};
use crate::x509::{Certificate, Fingerprint, View};

/// Finds paths and judges them. Remembers signatures that it has checked, so that a thousand connections of
/// one deployment cost as many signature checks as there are certificates.
#[derive(Debug, Default)]
pub struct PathChecker {
    checked: Mutex<HashMap<(Fingerprint, Fingerprint), Outcome>>,
}

impl PathChecker {
    /// A checker that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges the chain that a side presents, its end-entity certificate first.
    ///
    /// Issuers are looked for among the anchors first, then in the rest of the chain, in any order, then in
    /// `untrusted` (certificates that the client may know from elsewhere).
    pub fn check(
        &self,
        chain: &[Certificate],
        untrusted: &[Certificate],
        anchors: &Anchors,
        options: &Options,
    ) -> Verdict {
        let mut problems = Vec::new();
        for (at, certificate) in chain.iter().enumerate() {
            if let Err(malformed) = certificate.view() {
                let malformed = malformed.clone();
                problems.push(PathProblem::Damaged { at, malformed });
            }
        }
        let Some((target, presented)) = chain.split_first() else {
            return Verdict {
                path: Vec::new(),
                problems: vec![PathProblem::Empty],
            };
        };
        let Ok(view) = target.view() else {
            return Verdict {
                path: Vec::new(),
                problems,
            };
        };
        let mut search = Search {
            checker: self,
            others: presented.iter().chain(untrusted).collect(),
            anchors,
            options,
            best: None,
            left: MAX_STEPS,
        };
        search.from(&mut vec![Step {
            certificate: target,
            view,
        }]);
        let best = search.best.unwrap_or_default();
        problems.extend(best.problems);
        Verdict {
            path: best.path,
            problems,
        }
    }

    pub(super) fn signature(&self, of: &Step<'_>, by: &Step<'_>) -> Outcome {
        let key = (of.certificate.fingerprint(), by.certificate.fingerprint());
        let known = self.lock().get(&key).copied();
        known.unwrap_or_else(|| {
            let outcome = signature::verify(of.certificate.der(), of.view, by.view);
            self.lock().insert(key, outcome);
            outcome
        })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<(Fingerprint, Fingerprint), Outcome>> {
        // What is remembered is right even if another thread panicked.
        self.checked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One certificate of a path.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    pub(super) certificate: &'a Certificate,
    pub(super) view: &'a View,
}

struct Search<'a> {
    checker: &'a PathChecker,
    others: Vec<&'a Certificate>,
    anchors: &'a Anchors,
    options: &'a Options,
    best: Option<Verdict>,
    left: usize,
}

impl<'a> Search<'a> {
    /// Goes on from a path that does not end in an anchor yet. True if a path without errors was found, so
    /// that nothing better can come.
    fn from(&mut self, path: &mut Vec<Step<'a>>) -> bool {
        let Some(&last) = path.last() else {
            return false;
        };
        if let Some(anchor) = self.anchors.that_is(last.certificate, last.view) {
            return match (path.len(), anchor.view()) {
                // The very certificate, or another one for this key: what is in the truststore counts.
                (2.., Ok(view)) => {
                    path.pop();
                    let certificate = anchor;
                    path.push(Step { certificate, view });
                    let done = self.finish(path, true, None);
                    path.pop();
                    path.push(last);
                    done
                }
                _ => self.finish(path, true, None),
            };
        }
        let issuer = &last.view.issuer_key;
        let mut candidates: Vec<(Step<'a>, bool)> = Vec::new();
        let named = self
            .anchors
            .named(issuer)
            .iter()
            .map(|anchor| (anchor, true));
        let others = self.others.iter().map(|other| (*other, false));
        for (certificate, anchor) in named.chain(others) {
            if let Ok(view) = certificate.view()
                && (anchor || view.subject_key == *issuer)
                && !path.iter().any(|step| step.certificate == certificate)
                && !candidates
                    .iter()
                    .any(|(step, _)| step.certificate == certificate)
            {
                candidates.push((Step { certificate, view }, anchor));
            }
        }
        if candidates.is_empty() {
            let problem = PathProblem::NoAnchor {
                certificate: last.certificate.clone(),
                issuer: last.view.issuer.clone(),
            };
            return self.finish(path, false, Some(problem));
        }
        if path.len() >= MAX_DEPTH {
            let problem = PathProblem::TooDeep { limit: MAX_DEPTH };
            return self.finish(path, false, Some(problem));
        }
        // An issuer whose key made the signature is the right one of several with its name.
        let mut right = Vec::new();
        for candidate in &candidates {
            if self.left == 0 {
                break;
            }
            self.left -= 1;
            if self.checker.signature(&last, &candidate.0) == Outcome::Good {
                right.push(*candidate);
            }
        }
        if right.is_empty() {
            right.extend(candidates.first());
        }
        for (step, anchor) in right {
            path.push(step);
            let done = if anchor {
                self.finish(path, true, None)
            } else {
                self.from(path)
            };
            path.pop();
            if done || self.left == 0 {
                return done;
            }
        }
        false
    }

    /// Judges a path to its end, and keeps it if none was better.
    fn finish(&mut self, path: &[Step<'a>], anchored: bool, problem: Option<PathProblem>) -> bool {
        let mut problems: Vec<_> = problem.into_iter().collect();
        problems.extend(judge::path(self.checker, path, anchored, self.options));
        let verdict = Verdict {
            path: path.iter().map(|step| step.certificate.clone()).collect(),
            problems,
        };
        let rank = |verdict: &Verdict| {
            let errors = verdict.problems.iter().filter(|found| !found.is_warning());
            (
                verdict.anchor().is_none(),
                errors.count(),
                verdict.problems.len(),
            )
        };
        let better = self
            .best
            .as_ref()
            .is_none_or(|best| rank(&verdict) < rank(best));
        let done = verdict.is_accepted();
        if better {
            self.best = Some(verdict);
        }
        done
    }
}

/// The most certificates in a path. JSSE takes chains of ten (`jdk.tls.maxCertificateChainLength`, its
/// default), and the anchor comes to them.
const MAX_DEPTH: usize = 11;

/// The most signature checks for one chain: webpki's figure, against chains made to be searched for long.
const MAX_STEPS: usize = 100;
