//! A workspace in a temporary folder, and a run of the tool on it.

use std::{path::Path, time::Duration};

use pki_core::{
    apply::{Made, Means, apply},
    disk::{FileSet, Holder, Label, RelPath, Workspace},
    key::SystemRandom,
    observe::{Inventory, KnownPasswords},
    plan::{Plan, Refusal, Scope},
    secret::{Bytes, Password, Source},
    topology::Topology,
    verify::{Report, verify},
};
use time::{OffsetDateTime, macros::datetime};

use crate::keys::ReadyKeys;

/// When tests run.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-11-23 12:00 UTC);

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
pub(crate) struct Run {
    /// `verb file`, without `nodes/` actions summed up.
    pub(crate) actions: Vec<String>,
    /// Why, by file.
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
        let found = Inventory::read(locked.view(), &topology, &self.passwords)
            .unwrap_or_else(|error| panic!("{error:?}"));
        let plan = Plan::new(&topology, &found, &self.scope, self.now)
            .unwrap_or_else(|refusal| panic!("{refusal}"));
        let made = self.make(&topology, &found, &plan);
        let after = found.with(&topology, &made.files);
        let report = verify(&topology, &after, self.now);
        let caused = report.caused_by(&made.files);
        assert!(!caused.has_errors(), "{caused:#?}");
        let label = Label {
            when: self.now,
            why: "issue".to_owned(),
        };
        let committed = made.files.commit(&mut locked, &label).unwrap();
        let mut written: Vec<String> = committed.written.iter().map(ToString::to_string).collect();
        written.sort();
        Run {
            actions: plan
                .actions()
                .iter()
                .map(|action| format!("{} {}", action.verb, action.file))
                .collect(),
            plan,
            written,
            report,
        }
    }

    fn make(&self, topology: &Topology, found: &Inventory, plan: &Plan) -> Made {
        let ca_key = plan.needs_ca_key().then(|| {
            found
                .ca_key(topology, None, &self.passwords)
                .unwrap_or_else(|error| panic!("{error:?}"))
        });
        let means = Means {
            keys: &self.keys,
            random: &mut SystemRandom,
            ca_key,
            progress: &(),
        };
        apply(topology, found, plan, means).unwrap_or_else(|error| panic!("{error:?}"))
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

    /// Every file of the workspace but the tool's own, with its content.
    pub(crate) fn snapshot(&self) -> std::collections::BTreeMap<RelPath, Bytes> {
        let shared = Workspace::open(self.workspace())
            .unwrap()
            .share(Duration::from_secs(1))
            .unwrap();
        let view = shared.view();
        view.list()
            .unwrap()
            .into_iter()
            .map(|listed| {
                let content = view.read(&listed.path).unwrap().unwrap();
                (listed.path, content)
            })
            .collect()
    }
}

/// So that a set of files can be thrown away without a word.
#[allow(dead_code)]
pub(crate) fn forget(_: FileSet) {}
