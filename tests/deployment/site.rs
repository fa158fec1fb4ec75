//! A workspace in a temporary folder, and a run of the tool on it.

use std::{collections::BTreeMap, path::Path, time::Duration};

use pki_core::{
    apply::{ApplyError, Made, Means, apply},
    disk::{Holder, Label, RelPath, Workspace},
    key::SystemRandom,
    keystore::Content,
    observe::{Inventory, KnownPasswords, ObserveError, OpenStore},
    plan::{Plan, Refusal, Scope},
    secret::{Password, Source},
    topology::Topology,
    verify::{Report, State, verify},
};
use time::{OffsetDateTime, macros::datetime};

use crate::keys::ReadyKeys;

/// When tests run.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

/// Two groups of two nodes behind balancers that pass TLS through, with keys that cost little.
pub(crate) const SMALL: &str = r#"
product = "2.6.0"
domain = "example.com"
[ca]
key = "ec-p256"
[primary]
key = "rsa-2048"
[tls]
key = "rsa-2048"
[roles.key-manager]
balancer = "km"
nodes = { km-1 = "km1", km-2 = "km2" }
[roles.gateway]
balancer = "gw"
nodes = { gw-1 = "gw1", gw-2 = "gw2" }
"#;

/// The nodes of [`SMALL`].
pub(crate) const SMALL_NODES: [&str; 4] = ["gw-1", "gw-2", "km-1", "km-2"];

/// A topology, its workspace, and what the operator knows.
pub(crate) struct Site {
    dir: tempfile::TempDir,
    pub(crate) text: String,
    pub(crate) passwords: KnownPasswords,
    pub(crate) scope: Scope,
    pub(crate) now: OffsetDateTime,
    keys: ReadyKeys,
}

/// What one run did.
#[derive(Debug)]
#[allow(dead_code)]
pub(crate) struct Run {
    /// `verb file`.
    pub(crate) actions: Vec<String>,
    pub(crate) plan: Plan,
    /// The files whose content changed.
    pub(crate) written: Vec<String>,
    pub(crate) report: Report,
}

impl Site {
    pub(crate) fn new(text: &str) -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            text: text.to_owned(),
            passwords: KnownPasswords::default(),
            scope: Scope::all(),
            now: NOW,
            keys: ReadyKeys::new(),
        }
    }

    /// The folder of the topology.
    pub(crate) fn base(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn workspace(&self) -> std::path::PathBuf {
        self.dir.path().join("pki")
    }

    pub(crate) fn topology(&self) -> Topology {
        Topology::from_toml(&self.text, self.base()).unwrap_or_else(|error| panic!("{error}"))
    }

    /// A password that the topology takes from `env:NAME`.
    pub(crate) fn knows(&mut self, name: &str, password: &str) {
        let source = Source::Environment(name.to_owned());
        self.passwords.known.insert(source, Password::new(password));
    }

    pub(crate) fn inventory(&self) -> Inventory {
        let shared = Workspace::open(self.workspace())
            .unwrap()
            .share(Duration::from_secs(1))
            .unwrap();
        Inventory::read(shared.view(), &self.topology(), &self.passwords)
            .unwrap_or_else(|error| panic!("{error:?}"))
    }

    pub(crate) fn plan(&self) -> Result<Plan, Refusal> {
        Plan::new(&self.topology(), &self.inventory(), &self.scope, self.now)
    }

    /// Plans, makes, verifies and writes. Panics on whatever is refused.
    pub(crate) fn issue(&self) -> Run {
        self.try_issue()
            .unwrap_or_else(|failure| panic!("{failure:#?}"))
    }

    /// A run that must not happen. Panics if it does, or if it changes a byte.
    pub(crate) fn refused(&self) -> Failure {
        let before = self.on_disk();
        match self.try_issue() {
            Ok(run) => panic!("not refused: {:#?}", run.actions),
            Err(failure) => {
                assert_eq!(differences(&before, &self.on_disk()), [] as [String; 0]);
                failure
            }
        }
    }

    pub(crate) fn try_issue(&self) -> Result<Run, Failure> {
        let topology = self.topology();
        let holder = Holder {
            pid: std::process::id(),
            host: "test".to_owned(),
            started: self.now,
        };
        let mut locked = Workspace::open(self.workspace())
            .unwrap()
            .lock(Duration::from_secs(1), &holder)
            .unwrap();
        let found = Inventory::read(locked.view(), &topology, &self.passwords)?;
        let plan = Plan::new(&topology, &found, &self.scope, self.now)?;
        let made = self.make(&topology, &found, &plan)?;
        let after = found.with(&topology, &made.files);
        let report = verify(&topology, &after, self.now);
        let caused = report.caused_by(&made.files);
        if caused.has_errors() {
            return Err(Failure::Verify(broken(&caused)));
        }
        let label = Label {
            when: self.now,
            why: "issue".to_owned(),
        };
        let committed = made.files.commit(&mut locked, &label).unwrap();
        let mut written: Vec<String> = committed.written.iter().map(ToString::to_string).collect();
        written.sort();
        Ok(Run {
            actions: plan
                .actions()
                .iter()
                .map(|action| format!("{} {}", action.verb, action.file))
                .collect(),
            plan,
            written,
            report,
        })
    }

    fn make(&self, topology: &Topology, found: &Inventory, plan: &Plan) -> Result<Made, Failure> {
        let ca_key = match plan.needs_ca_key() {
            true => Some(found.ca_key(topology, None, &self.passwords)?),
            false => None,
        };
        let means = Means {
            keys: &self.keys,
            random: &mut SystemRandom,
            ca_key,
            progress: &(),
        };
        Ok(apply(topology, found, plan, means)?)
    }

    /// Replaces a piece of the topology, which must be there.
    pub(crate) fn edit(&mut self, old: &str, new: &str) {
        assert!(self.text.contains(old), "no `{old}` in the topology");
        self.text = self.text.replace(old, new);
    }

    /// What a run changes: `+path` for a new file, `-path` for one that goes, `~path` for new content.
    pub(crate) fn changes(&self, run: impl FnOnce(&Self)) -> Vec<String> {
        let before = self.snapshot();
        run(self);
        differences(&before, &self.snapshot())
    }

    /// Issues, requires that verification has nothing to say and that a second run does nothing.
    /// Returns what the first one changed.
    pub(crate) fn settle(&self) -> Vec<String> {
        let changes = self.changes(|site| {
            let run = site.issue();
            assert!(!run.report.has_errors(), "{:#?}", broken(&run.report));
        });
        let before = self.on_disk();
        let second = self.issue();
        assert_eq!(second.actions, [] as [String; 0], "a second run");
        assert_eq!(differences(&before, &self.on_disk()), [] as [String; 0]);
        changes
    }

    /// An open store of the workspace.
    pub(crate) fn store(&self, path: &str) -> OpenStore {
        let inventory = self.inventory();
        match inventory.store(&RelPath::new(path).unwrap()) {
            Some(Ok(store)) => store.clone(),
            other => panic!("{path}: {other:?}"),
        }
    }

    /// SHA-256 of the first certificate, and the private key in PKCS #8, of the one key in a store.
    pub(crate) fn key_of(&self, path: &str) -> (String, Vec<u8>) {
        let store = self.store(path);
        let entry = store.private_keys().next().unwrap().0;
        let Content::PrivateKey { key, chain } = &entry.content else {
            unreachable!()
        };
        let key = key.open(&store.password).unwrap();
        (
            chain[0].fingerprint().to_string(),
            key.pkcs8().expose().to_vec(),
        )
    }

    /// The aliases of a truststore, in order.
    pub(crate) fn aliases(&self, path: &str) -> Vec<String> {
        let store = self.store(path);
        let entries = store.decoded.keystore.entries().iter();
        entries.map(|entry| entry.alias.to_string()).collect()
    }

    /// The password that the workspace made.
    pub(crate) fn secret(&self, name: &str) -> String {
        let text = String::from_utf8(self.read(&format!("secrets/{name}"))).unwrap();
        text.trim_end().to_owned()
    }

    pub(crate) fn verify(&self) -> Report {
        verify(&self.topology(), &self.inventory(), self.now)
    }

    pub(crate) fn read(&self, path: &str) -> Vec<u8> {
        std::fs::read(self.workspace().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Writes a file into the workspace behind the tool's back.
    pub(crate) fn tamper(&self, changes: &[(&str, Option<&[u8]>)]) {
        for (path, content) in changes {
            let path = self.workspace().join(path);
            match content {
                Some(content) => std::fs::write(path, content).unwrap(),
                None => std::fs::remove_file(path).unwrap(),
            }
        }
    }

    /// Every file of the workspace but the tool's own, with its digest.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let mut all = self.on_disk();
        all.retain(|path, _| !path.starts_with("generations/") && !path.starts_with('.'));
        all
    }

    /// Every file of the workspace, with its content. The lock is no file of it.
    pub(crate) fn on_disk(&self) -> Snapshot {
        let mut all = Snapshot::new();
        collect(&self.workspace(), "", &mut all);
        all.retain(|path, _| !path.contains("lock"));
        all
    }
}

/// What a report says is wrong, one line each.
pub(crate) fn broken(report: &Report) -> Vec<String> {
    let problems = report.problems.iter().map(|problem| {
        let file = problem.file.as_ref().map(ToString::to_string);
        format!(
            "{}: {}: {}",
            problem.severity.name(),
            file.unwrap_or_default(),
            problem.kind
        )
    });
    let failed = report
        .edges
        .iter()
        .filter(|edge| edge.state == State::Failed);
    let edges = failed.map(|edge| {
        let problems: Vec<String> = edge.problems.iter().map(ToString::to_string).collect();
        format!(
            "{} -> {} as {}: {}",
            edge.from,
            edge.to,
            edge.name,
            problems.join("; ")
        )
    });
    problems.chain(edges).collect()
}

/// Content of files, by path.
pub(crate) type Snapshot = BTreeMap<String, Vec<u8>>;

fn collect(dir: &Path, prefix: &str, all: &mut Snapshot) {
    let Ok(entries) = std::fs::read_dir(dir) else {
        return;
    };
    for entry in entries.map(Result::unwrap) {
        let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
        match entry.file_type().unwrap().is_dir() {
            true => collect(&entry.path(), &format!("{name}/"), all),
            false => {
                all.insert(name, std::fs::read(entry.path()).unwrap());
            }
        }
    }
}

/// `+path`, `-path`, `~path`.
pub(crate) fn differences(before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let mut out = Vec::new();
    let mut paths: Vec<&String> = before.keys().chain(after.keys()).collect();
    paths.sort();
    paths.dedup();
    for path in paths {
        match (before.get(path), after.get(path)) {
            (None, Some(_)) => out.push(format!("+{path}")),
            (Some(_), None) => out.push(format!("-{path}")),
            (a, b) if a != b => out.push(format!("~{path}")),
            _ => {}
        }
    }
    out
}

/// Why a run did not happen.
#[derive(Debug)]
#[allow(dead_code)]
pub(crate) enum Failure {
    Apply(ApplyError),
    Observe(ObserveError),
    Refused(Refusal),
    Verify(Vec<String>),
}

impl Failure {
    /// The refusal of a plan.
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            other => panic!("{other:#?}"),
        }
    }

    /// What cannot be read.
    pub(crate) fn unread(self) -> ObserveError {
        match self {
            Self::Observe(error) => error,
            other => panic!("{other:#?}"),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        Self::Apply(error)
    }
}

impl From<ObserveError> for Failure {
    fn from(error: ObserveError) -> Self {
        Self::Observe(error)
    }
}

impl From<Refusal> for Failure {
    fn from(error: Refusal) -> Self {
        Self::Refused(error)
    }
}
