//! Product homes as one deployment: what their configuration says, held against the stores that it names
//! and against each other.

mod alike;
mod edges;
mod secrets;
mod stores;

use std::{collections::HashSet, path::Path, sync::Arc};

use time::OffsetDateTime;

use super::{FilePlace, HomeTold, Problem, ProblemKind, Report, Severity, Unjudged};
use crate::{
    observe::{Cluster, Inventory, Member, Party},
    topology::Topology,
    wso2::config::{Call, Place},
    x509::Fingerprint,
};

/// Judges homes as they are, at a moment.
///
/// Connections are those that their configuration makes: from each opener by each URL to whoever answers
/// there, with the certificate that its own configuration presents. A name that is no node's own is taken
/// for a balancer that passes TLS through, unless the cluster's topology says otherwise. `found`, its
/// workspace, tells what the primary is to be, and what balancers present.
pub fn verify_homes(
    cluster: &Cluster<'_>,
    found: Option<&Inventory>,
    now: OffsetDateTime,
) -> Report {
    let dirs = cluster.members().iter();
    let mut homes = Homes {
        cluster,
        found,
        now,
        dirs: dirs
            .map(|member| Arc::from(member.home.dir.as_path()))
            .collect(),
        told: HashSet::new(),
        report: Report::default(),
    };
    for at in 0..cluster.members().len() {
        homes.introduce(at);
        homes.configuration(at);
        homes.secrets(at);
        homes.stores(at);
        homes.urls(at);
    }
    homes.alike();
    homes.report.edges = edges::check(&homes);
    homes.report.sorted()
}

struct Homes<'a> {
    cluster: &'a Cluster<'a>,
    /// The workspace of the cluster's topology.
    found: Option<&'a Inventory>,
    now: OffsetDateTime,
    /// The folder of each member.
    dirs: Vec<Arc<Path>>,
    /// Shared certificates whose end was told.
    told: HashSet<Fingerprint>,
    report: Report,
}

/// Where a problem of a home is.
struct At<'a> {
    member: usize,
    file: Option<FilePlace>,
    alias: Option<&'a str>,
    named_by: Option<&'a Option<Place>>,
}

impl<'a> Homes<'a> {
    fn member(&self, at: usize) -> &'a Member<'a> {
        &self.cluster.members()[at]
    }

    fn introduce(&mut self, at: usize) {
        let member = self.member(at);
        self.report.homes.push(HomeTold {
            node: member.name.clone(),
            dir: member.home.dir.clone(),
            product: member.home.product.clone(),
            role: member.role.clone(),
            hosts: member.hosts.clone(),
            offset: member.offset,
        });
        if self.cluster.topology().is_some() && member.node.is_none() {
            self.warn(self.at(at), ProblemKind::NotInTopology);
        }
    }

    /// Files that are not what they should be.
    fn configuration(&mut self, at: usize) {
        for unread in &self.member(at).home.config.unread {
            let file = FilePlace::Home {
                dir: Arc::clone(&self.dirs[at]),
                file: Arc::clone(&unread.file),
                position: None,
            };
            let at = At {
                file: Some(file),
                ..self.at(at)
            };
            self.error(at, ProblemKind::ConfigurationBroken(unread.reason.clone()));
        }
        for unreadable in &self.member(at).home.unreadable {
            let place = self.in_home(at, &unreadable.file, None);
            self.unjudged(at, Some(place), unreadable.reason.clone());
        }
    }

    /// The topology and its workspace.
    fn workspace(&self) -> Option<(&'a Topology, &'a Inventory)> {
        self.cluster.topology().zip(self.found)
    }

    /// URLs that lead to the node itself where another one is meant.
    fn urls(&mut self, at: usize) {
        let member = self.member(at);
        for call in &member.home.config.calls {
            let Some(role) = self.misses(at, call) else {
                continue;
            };
            let written = call.setting.known().cloned().unwrap_or_default();
            match &call.setting.place {
                Some(place) => {
                    let at = At {
                        file: Some(self.place(at, place)),
                        ..self.at(at)
                    };
                    let kind = ProblemKind::LocalhostUrl {
                        setting: call.key.to_owned(),
                        url: written,
                        role,
                    };
                    self.error(at, kind);
                }
                None => {
                    let text = format!(
                        "`{}` is not set: the release's default leads to the node itself, `{written}`",
                        call.key
                    );
                    self.unjudged(at, None, text);
                }
            }
        }
    }

    /// The role that should answer a call which leads to the node itself.
    fn misses(&self, at: usize, call: &Call) -> Option<String> {
        let own = self.member(at).role.as_ref().ok()?.value;
        let roles = call.to.roles();
        if roles.is_empty() || !self.cluster.makes(at, call) {
            return None;
        }
        let mut meant = roles.iter().filter(|role| {
            let role = **role;
            !self.cluster.of_roles(&[role]).is_empty() || self.topology_has(role)
        });
        let meant = *meant.next()?;
        let itself = |endpoint| {
            let party = self.cluster.party(at, &call.to, endpoint);
            matches!(party, Party::Member(to) if to == at)
        };
        (meant != own && call.endpoints.iter().any(itself)).then(|| meant.to_string())
    }

    fn topology_has(&self, role: crate::wso2::Role) -> bool {
        let topology = self.cluster.topology();
        topology.is_some_and(|topology| topology.groups.iter().any(|group| group.role == role))
    }

    fn at(&self, member: usize) -> At<'a> {
        At {
            member,
            file: None,
            alias: None,
            named_by: None,
        }
    }

    /// A file by its path: below the home, or elsewhere.
    fn file(&self, at: usize, path: &Path) -> FilePlace {
        match path.strip_prefix(&self.dirs[at]) {
            Ok(below) => self.in_home(at, &below.to_string_lossy(), None),
            Err(_) => FilePlace::Named(path.to_path_buf()),
        }
    }

    /// A place in a file of a home.
    fn place(&self, at: usize, place: &Place) -> FilePlace {
        self.in_home(at, &place.file, Some((place.line, place.column)))
    }

    fn in_home(&self, at: usize, file: &str, position: Option<(usize, usize)>) -> FilePlace {
        FilePlace::Home {
            dir: Arc::clone(&self.dirs[at]),
            file: Arc::from(file),
            // A file as a whole has no line.
            position: position.filter(|(line, _)| *line > 0),
        }
    }

    fn error(&mut self, at: At<'_>, kind: ProblemKind) {
        self.push(Severity::Error, at, kind);
    }

    fn warn(&mut self, at: At<'_>, kind: ProblemKind) {
        self.push(Severity::Warning, at, kind);
    }

    /// Several references may lead to the same problem: it is told once, with all of them.
    fn push(&mut self, severity: Severity, at: At<'_>, kind: ProblemKind) {
        let named_by = at.named_by.map(|place| match place {
            Some(place) => place.to_string(),
            None => "the default of the release".to_owned(),
        });
        let problem = Problem {
            severity,
            node: Some(self.member(at.member).name.clone()),
            file: at.file,
            alias: at.alias.map(str::to_owned),
            named_by: named_by.into_iter().collect(),
            kind,
        };
        let same = |other: &&mut Problem| {
            (&other.node, &other.file, &other.alias, &other.kind)
                == (&problem.node, &problem.file, &problem.alias, &problem.kind)
        };
        // Problems of a node come one after the other.
        let mut of_node = self.report.problems.iter_mut().rev();
        let mut of_node = of_node
            .by_ref()
            .take_while(|other| other.node == problem.node);
        match of_node.find(same) {
            None => self.report.problems.push(problem),
            Some(other) => {
                for named in problem.named_by {
                    if !other.named_by.contains(&named) {
                        other.named_by.push(named);
                    }
                }
            }
        }
    }

    fn unjudged(&mut self, at: usize, file: Option<FilePlace>, why: String) {
        let unjudged = Unjudged {
            node: self.member(at).name.clone(),
            file,
            why,
        };
        if !self.report.unjudged.contains(&unjudged) {
            self.report.unjudged.push(unjudged);
        }
    }
}
