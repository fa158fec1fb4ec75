//! Product homes, as a cluster: their configuration, the stores that it names, their secrets, and what
//! verification says of all of them.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Auditor, Check, Confidence, Finding, Purpose, Rule, Severity, Sink,
    engine::{Place, shown},
    subject::Home,
};
use crate::{
    observe::{
        Access, Cluster, Inventory, NoVaultKey, NodeKeys, Opened, StoreLead, VaultHome,
        in_one_line, read_found,
    },
    verify::{self, JudgedSecrets, NodeSecrets, SecretProblem, verify_homes, verify_secrets},
    wso2::{
        Role, Slot,
        config::State,
        vault::{Vault, Verdict},
    },
};

/// A store of a home: which slots it fills, and how it was opened.
struct Named {
    slots: Vec<Slot>,
    opened: Option<Opened>,
}

impl Auditor<'_> {
    /// Judges homes as one deployment: what their configuration says, the stores that it names, their
    /// encrypted secrets, and what verification says of the whole. They should have been read with
    /// [`Context::vault_keys`](super::Context::vault_keys). `found` is the workspace of the topology, if
    /// there is one.
    pub fn homes(&self, homes: &[VaultHome], found: Option<&Inventory>) {
        let cluster = Cluster::new(homes.iter().map(|it| &it.home), self.context.topology);
        let vaults: Vec<Vault<'_>> = homes.iter().map(VaultHome::vault).collect();
        let given = self.context.vault_keys();
        let keys = homes.iter().zip(&vaults);
        let keys: Vec<NodeKeys> = keys.map(|(home, vault)| home.keys(vault, &given)).collect();
        for of_role in by_role(&cluster) {
            let nodes = of_role
                .iter()
                .map(|&at| NodeSecrets::of_home(&homes[at], &vaults[at], &keys[at]));
            let nodes: Vec<NodeSecrets<'_>> = nodes.collect();
            for (&at, judged) in of_role.iter().zip(&verify_secrets(&nodes)) {
                let home = Home {
                    cluster: &cluster,
                    at,
                    files: &homes[at],
                    vault: &vaults[at],
                };
                self.home(&home, judged, keys[at].missing.as_ref());
            }
        }
        // What is not of a home has its whole path.
        let report = verify_homes(&cluster, found, self.context.now);
        self.take_over(Path::new(""), report);
    }

    /// Judges one of them. `missing` is why the key of its vault could not be had.
    fn home(&self, home: &Home<'_>, judged: &JudgedSecrets, missing: Option<&NoVaultKey>) {
        self.secrets(home, judged);
        // Of secrets that the configuration names, verification says that they were not tried.
        let unseen =
            judged.verdicts.contains(&Verdict::NoKey) && home.member().home.vault.is_none();
        if let Some(missing) = missing.filter(|_| unseen) {
            let reason = format!("its encrypted secrets: {}", in_one_line(missing));
            self.not_checked(shown(&home.member().home.dir), reason);
        }
        self.configuration(home);
        self.stores_of(home);
        self.unread_of(home);
    }

    /// What the system did not let anyone read. What cannot be read as what it is, is verification's.
    fn unread_of(&self, home: &Home<'_>) {
        let unreadable = &home.member().home.unreadable;
        let of_config = unreadable.iter().map(|it| (&it.file, &it.reason));
        let told = |file: &str| {
            let broken = &home.config().unread;
            broken.iter().any(|it| &*it.file == file) || unreadable.iter().any(|it| it.file == file)
        };
        let of_vault = home.files.unread.iter();
        let of_vault = of_vault.filter(|(file, _)| !told(file));
        let unread = of_config.chain(of_vault.map(|(file, reason)| (file, reason)));
        unread.for_each(|(file, reason)| self.not_read(home.path(file), reason.as_str()));
    }

    /// Takes over what verification found about the encrypted secrets of a home.
    pub(super) fn secrets(&self, home: &Home<'_>, judged: &JudgedSecrets) {
        for problem in &judged.problems {
            let Some(rule) = self.rule_of(problem) else {
                continue;
            };
            let mut findings = Vec::new();
            let mut sink = Sink::new(rule, Confidence::High, &mut findings);
            let finding = sink.say(problem.kind.to_string());
            finding.at_setting(home, problem.place.as_ref());
            finding.alias = problem.alias.as_deref().map(Arc::from);
            finding.severity(match problem.severity {
                verify::Severity::Error => Severity::Error,
                verify::Severity::Warning => Severity::Warning,
            });
            self.keep_of(home, findings);
        }
    }

    fn rule_of(&self, problem: &SecretProblem) -> Option<&'static Rule> {
        let claims = |check: &Check| matches!(check, Check::Secret(claims) if claims(problem));
        let mut rules = self.rules.iter().copied();
        rules.find(|rule| rule.checks.iter().any(claims))
    }

    fn configuration(&self, home: &Home<'_>) {
        let mut findings = Vec::new();
        for rule in self.rules {
            for check in rule.checks {
                if let Check::Home(check) = check {
                    check(home, &mut Sink::new(rule, Confidence::High, &mut findings));
                }
            }
        }
        self.keep_of(home, findings);
    }

    fn keep_of(&self, home: &Home<'_>, mut findings: Vec<Finding>) {
        let dir = shown(&home.member().home.dir);
        for finding in &mut findings {
            finding.node = Some(home.member().name.as_str().into());
            finding.home = Some(dir.clone());
            if finding.path.is_none() {
                finding.path = Some(dir.clone());
            }
        }
        self.keep(|kept| kept.findings.extend(findings));
    }

    /// Every store that the configuration names and that is used, each once.
    fn stores_of(&self, home: &Home<'_>) {
        let member = home.member();
        for (path, named) in named_stores(home) {
            let place = Place {
                path: shown(&path),
                node: Some(member.name.as_str().into()),
                purpose: Purpose::slots(named.slots),
                in_workspace: false,
                verified: true,
                home: Some(shown(&member.home.dir)),
            };
            match read_found(&path) {
                Ok(file) => self.store(place, &file, named.opened),
                Err(error) => self.not_read(place.path, error.to_string()),
            }
        }
    }
}

/// The members of each role: those that should have the same secrets.
fn by_role(cluster: &Cluster<'_>) -> Vec<Vec<usize>> {
    let mut by_role: BTreeMap<Option<Role>, Vec<usize>> = BTreeMap::new();
    for (at, member) in cluster.members().iter().enumerate() {
        let role = member.role.as_ref().ok().map(|told| told.value);
        by_role.entry(role).or_default().push(at);
    }
    by_role.into_values().collect()
}

fn named_stores(home: &Home<'_>) -> BTreeMap<PathBuf, Named> {
    let mut stores: BTreeMap<PathBuf, Named> = BTreeMap::new();
    let used = |state: &State| *state == State::On;
    for (reference, lead) in home.member().home.stores() {
        // A missing one is told where it is named.
        let is_there = !matches!(lead, StoreLead::Missing { .. } | StoreLead::Unknown { .. });
        let Some(path) = lead.path().filter(|_| is_there && used(&reference.state)) else {
            continue;
        };
        let opened = match lead {
            StoreLead::Open { store, .. } => Some(Opened {
                decoded: store.decoded.clone(),
                access: Access::Password(store.password.clone()),
            }),
            _ => None,
        };
        let named = stores.entry(path.to_path_buf()).or_insert(Named {
            slots: Vec::new(),
            opened: None,
        });
        named.slots.push(reference.slot);
        if named.opened.is_none() {
            named.opened = opened;
        }
    }
    stores
}
