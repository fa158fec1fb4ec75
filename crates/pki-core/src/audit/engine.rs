use std::{
    collections::HashMap,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use super::{
    Check, Confidence, Context, Finding, Looked, NotChecked, NotRead, Purpose, Report, Rule, Sink,
    Soon, StoreFacts,
    facts::Certificates,
    part,
    subject::{Deployment, File, Store, Waivers},
};
use crate::{
    edit::{self, Fault},
    keystore::{Content, DecodeError, Format, Integrity, Keystore, UnsealError},
    observe::{Access, Found, FoundFile, Opened, open_with_any, sweep},
    secret::Password,
    verify::Edge,
    wso2::default_passwords,
    x509::Fingerprint,
};

/// Judges what it is handed, and keeps what it found. May be handed things from several threads.
#[derive(Debug)]
pub struct Auditor<'a> {
    pub(super) context: &'a Context<'a>,
    pub(super) rules: &'a [&'static Rule],
    certificates: Certificates,
    /// What was found in each content, so that equal files are judged once.
    judged: Mutex<HashMap<Key, Arc<Judged>>>,
    kept: Mutex<Kept>,
}

/// All that decides what is to be said of a content.
type Key = (Fingerprint, Purpose, Soon);

/// What stays of what was looked at.
#[derive(Debug, Default)]
pub(super) struct Kept {
    pub(super) findings: Vec<Finding>,
    pub(super) unread: Vec<NotRead>,
    pub(super) unchecked: Vec<NotChecked>,
    stores: Vec<Looked>,
    /// What renewed stores were before.
    former: Vec<Looked>,
    pub(super) edges: Vec<Edge>,
}

/// What came of a content.
#[derive(Debug)]
struct Judged {
    findings: Vec<Finding>,
    facts: Arc<StoreFacts>,
    holds_keys: bool,
    /// Which part of it was not looked at.
    unchecked: Option<&'static str>,
    /// Why it could not be looked at as it was asked for.
    unread: Option<String>,
}

/// Where a file is, and whose.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) path: Arc<str>,
    pub(super) node: Option<Arc<str>>,
    pub(super) purpose: Purpose,
    pub(super) in_workspace: bool,
    /// Verification judges it too, beside the others.
    pub(super) verified: bool,
    /// The product home whose configuration names it.
    pub(super) home: Option<Arc<str>>,
}

/// Hears how far a run is.
pub trait Progress: Sync {
    /// One more file was looked at; called from several threads.
    fn looked(&self);
}

/// Nobody listens.
impl Progress for () {
    fn looked(&self) {}
}

/// Audits files, and folders to their end, on `workers` threads.
pub fn paths(
    auditor: &Auditor<'_>,
    paths: &[PathBuf],
    workers: NonZeroUsize,
    progress: &dyn Progress,
) {
    sweep(paths, workers, &|found| {
        auditor.file(found);
        progress.looked();
        true
    });
}

impl<'a> Auditor<'a> {
    /// One that has seen nothing yet, and runs these rules.
    pub fn new(context: &'a Context<'a>, rules: &'a [&'static Rule]) -> Self {
        Self {
            context,
            rules,
            certificates: Certificates::default(),
            judged: Mutex::default(),
            kept: Mutex::default(),
        }
    }

    /// Judges a file of a search.
    pub fn file(&self, found: Found) {
        let path = shown(&found.path);
        match found.outcome {
            Err(reason) => self.not_read(path, reason.to_string()),
            Ok(file) => {
                let node = part::node_of(&found.path, self.context.topology);
                let place = Place {
                    path,
                    node: node.map(Arc::from),
                    purpose: Purpose::by_name(&found.path, self.context.topology),
                    in_workspace: false,
                    verified: false,
                    home: None,
                };
                self.store(place, &file, None);
            }
        }
    }

    /// Tells that something could not be looked at: a file, a folder, a home, a host.
    pub fn not_read(&self, path: impl Into<Arc<str>>, reason: impl Into<String>) {
        let (path, reason) = (path.into(), reason.into());
        self.keep(|kept| kept.unread.push(NotRead { path, reason }));
    }

    /// Tells that something was not looked at to its end, and which part.
    pub fn not_checked(&self, path: impl Into<Arc<str>>, reason: impl Into<Arc<str>>) {
        let (path, reason) = (path.into(), reason.into());
        self.keep(|kept| kept.unchecked.push(NotChecked { path, reason }));
    }

    /// Takes over what a store of a node was before it was renewed, as far as it lies open.
    pub fn former(&self, path: &Path, bytes: &[u8]) {
        let Ok(opened) = open_with_any(bytes, &self.context.passwords) else {
            return;
        };
        let node = part::node_of(path, self.context.topology);
        let looked = Looked {
            path: shown(path),
            node: node.map(Arc::from),
            purpose: Purpose::by_name(path, self.context.topology),
            sha256: Fingerprint::of(bytes),
            in_workspace: true,
            verified: true,
            facts: Arc::new(self.certificates.facts(&opened.decoded, &[])),
        };
        self.keep(|kept| kept.former.push(looked));
    }

    /// What came of everything: runs the rules that hold stores side by side, and puts all in order.
    pub fn finish(self) -> Report {
        let kept = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *kept)
        };
        let mut report = Report {
            now: self.context.now,
            findings: kept.findings,
            unread: kept.unread,
            unchecked: kept.unchecked,
            stores: kept.stores,
            edges: kept.edges,
        };
        report.sort();
        let deployment = Deployment::new(self.context, &report.stores, &kept.former);
        for rule in self.rules {
            for check in rule.checks {
                if let Check::Deployment(check) = check {
                    let mut sink = Sink::new(rule, Confidence::High, &mut report.findings);
                    check(&deployment, &mut sink);
                }
            }
        }
        self.apply_policy(&mut report.findings);
        report.sort();
        report
    }

    /// Severities and waivers, and what is to be said of the waivers themselves.
    fn apply_policy(&self, findings: &mut Vec<Finding>) {
        let policy = &self.context.policy;
        let today = self.context.now.date();
        let mut waivers: Vec<_> = policy.waivers.iter().map(|it| (it.clone(), 0)).collect();
        for finding in &mut *findings {
            for (waiver, met) in &mut waivers {
                if waiver.is_about(finding) {
                    *met += 1;
                    if waiver.expires >= today && finding.waived.is_none() {
                        finding.waived = Some(waiver.clone());
                    }
                }
            }
        }
        let waivers = Waivers {
            context: self.context,
            waivers: &waivers,
        };
        for rule in self.rules {
            for check in rule.checks {
                if let Check::Waivers(check) = check {
                    check(&waivers, &mut Sink::new(rule, Confidence::High, findings));
                }
            }
        }
        policy.apply_severities(findings);
    }

    /// Judges a store; `opened`, where somebody has opened it already.
    pub(super) fn store(&self, place: Place, file: &FoundFile, opened: Option<Opened>) {
        let bytes = file.bytes.expose();
        let sha256 = Fingerprint::of(bytes);
        let soon = self.context.soon(place.purpose.part, place.node.as_deref());
        let judged = self.judge((sha256, place.purpose, soon), bytes, opened);
        let mut findings = judged.findings.clone();
        let name = Path::new(&*place.path).file_name().unwrap_or_default();
        let subject = File {
            name: &name.to_string_lossy(),
            mode: file.mode,
            format: file.format,
            holds_keys: judged.holds_keys,
            in_workspace: place.in_workspace,
        };
        for rule in self.rules {
            for check in rule.checks {
                if let Check::File(check) = check {
                    check(
                        &subject,
                        &mut Sink::new(rule, Confidence::High, &mut findings),
                    );
                }
            }
        }
        for finding in &mut findings {
            finding.path = Some(place.path.clone());
            finding.node.clone_from(&place.node);
            finding.in_workspace = place.in_workspace;
            finding.home.clone_from(&place.home);
        }
        let path = &place.path;
        // Of a workspace and of homes verification says what does not open; the CA's key is left alone.
        let tell = !place.verified;
        let unchecked = judged.unchecked.filter(|_| tell).map(|reason| NotChecked {
            path: path.clone(),
            reason: reason.into(),
        });
        let unread = judged
            .unread
            .clone()
            .filter(|_| tell)
            .map(|reason| NotRead {
                path: path.clone(),
                reason,
            });
        let looked = Looked {
            path: path.clone(),
            node: place.node,
            purpose: place.purpose,
            sha256,
            in_workspace: place.in_workspace,
            verified: place.verified,
            facts: judged.facts.clone(),
        };
        self.keep(|kept| {
            kept.findings.extend(findings);
            kept.unchecked.extend(unchecked);
            kept.unread.extend(unread);
            kept.stores.push(looked);
        });
    }

    /// What is to be said of a content, wherever it lies.
    fn judge(&self, key: Key, bytes: &[u8], opened: Option<Opened>) -> Arc<Judged> {
        let (_, purpose, soon) = key;
        let lock = || self.judged.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(judged) = lock().get(&key) {
            return judged.clone();
        }
        let opened = match opened {
            Some(opened) => Ok(opened),
            None => open_with_any(bytes, &self.context.passwords),
        };
        let judged = Arc::new(match opened {
            Ok(opened) => self.opened(purpose, soon, bytes, opened),
            Err(error) => self.broken(purpose, soon, &error),
        });
        lock().insert(key, judged.clone());
        judged
    }

    fn opened(&self, purpose: Purpose, soon: Soon, bytes: &[u8], opened: Opened) -> Judged {
        let (mut opened, default_password) = try_default_passwords(bytes, opened);
        self.certificates.share(&mut opened.decoded.keystore);
        let decoded = &opened.decoded;
        let password = match &opened.access {
            Access::Password(password) => Some(password),
            _ => None,
        };
        let context = self.context;
        let faults = edit::check(decoded, password, &context.passwords, context.now);
        let store = Store {
            context,
            purpose,
            soon,
            opened: Ok(&opened),
            faults: &faults,
            default_password,
        };
        let holds_keys = decoded
            .keystore
            .entries()
            .iter()
            .any(|entry| !matches!(entry.content, Content::TrustedCertificate { .. }));
        let wrong = opened.access == Access::WrongPassword;
        Judged {
            findings: self.run(&store),
            facts: Arc::new(self.certificates.facts(decoded, &faults)),
            // Of a file that is sealed nobody can tell.
            holds_keys: holds_keys || decoded.keystore.entries().is_empty(),
            unchecked: match opened.access {
                Access::NoPassword => Some(not_checked(&opened, holds_keys)),
                _ if faults.iter().any(is_sealed_otherwise) => {
                    Some("its private key is protected in a way that is not read here")
                }
                _ => None,
            },
            unread: wrong.then(|| format!("none of the passwords opens the {}", decoded.format)),
        }
    }

    fn broken(&self, purpose: Purpose, soon: Soon, error: &DecodeError) -> Judged {
        let reason = error.to_string();
        let is_damaged = !matches!(
            error,
            DecodeError::UnsupportedAlgorithm { .. } | DecodeError::UnsupportedFormat { .. }
        );
        let store = Store {
            context: self.context,
            purpose,
            soon,
            opened: Err(&reason),
            faults: &[],
            default_password: None,
        };
        Judged {
            findings: match is_damaged {
                true => self.run(&store),
                false => Vec::new(),
            },
            facts: Arc::default(),
            holds_keys: true,
            unchecked: None,
            unread: (!is_damaged).then_some(reason),
        }
    }

    fn run(&self, store: &Store<'_>) -> Vec<Finding> {
        let mut findings = Vec::new();
        for rule in self.rules {
            for check in rule.checks {
                if let Check::Store(check) = check {
                    check(store, &mut Sink::new(rule, Confidence::High, &mut findings));
                }
            }
        }
        findings
    }

    pub(super) fn keep(&self, keep: impl FnOnce(&mut Kept)) {
        keep(&mut self.kept.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

/// Whether a password that everybody knows opens a store; then it is opened with it, as anybody may.
fn try_default_passwords(bytes: &[u8], opened: Opened) -> (Opened, Option<&'static str>) {
    if let Access::Password(password) = &opened.access {
        let known = default_passwords().find(|known| *known == password.expose());
        return (opened, known);
    }
    let cheap = opened
        .decoded
        .iterations
        .is_none_or(|iterations| iterations <= MOST_ITERATIONS);
    let sealed = matches!(opened.access, Access::NoPassword | Access::WrongPassword);
    if sealed && cheap {
        for known in default_passwords() {
            let password = Password::new(known);
            let Ok(decoded) = Keystore::decode_looked(bytes, &opened.decoded, &password) else {
                continue;
            };
            let access = Access::Password(password);
            let found = Opened { decoded, access };
            if proves(&found) {
                return (found, Some(known));
            }
        }
    }
    (opened, None)
}

/// True if a password opened the store indeed: a file without a proof of integrity opens under any, and
/// then it is a key that decides.
fn proves(opened: &Opened) -> bool {
    let Access::Password(password) = &opened.access else {
        return false;
    };
    match opened.decoded.integrity {
        Integrity::Verified => true,
        _ => {
            let entries = opened.decoded.keystore.entries();
            entries.iter().any(|entry| match &entry.content {
                Content::PrivateKey { key, .. } => {
                    !key.is_unprotected() && key.open(password).is_ok()
                }
                _ => false,
            })
        }
    }
}

/// True for a key about which the password that is there says nothing.
fn is_sealed_otherwise(found: &edit::Finding) -> bool {
    let Fault::KeySealed { reason } = &found.fault else {
        return false;
    };
    matches!(
        reason,
        UnsealError::Password { .. } | UnsealError::Unsupported { .. }
    )
}

fn not_checked(opened: &Opened, holds_keys: bool) -> &'static str {
    match (opened.decoded.format, holds_keys) {
        (Format::Pkcs12, _) if opened.decoded.keystore.entries().is_empty() => {
            "without its password nothing in it was looked at"
        }
        (Format::Pem, _) => "without its password its private key was not looked at",
        (_, true) => "without its password its keys and its integrity were not looked at",
        (_, false) => "without its password its integrity was not looked at",
    }
}

/// A path as it is told: as it was given, from there on.
pub(super) fn shown(path: &Path) -> Arc<str> {
    path.display().to_string().into()
}

/// What a guess may cost: ten times what keytool's files ask for.
const MOST_ITERATIONS: u32 = 100_000;
