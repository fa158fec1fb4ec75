//! A node's files in a product home: placed, wired, served as Java reads it from the configuration, and taken
//! back byte by byte. The homes are real ones of both reference deployments, copied.

mod audited;
mod beside;
mod encrypted;
mod java;
mod refused;
mod sharing;

use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    thread,
    time::Duration,
};

use crate::{
    shared,
    site::{Run, Site},
};

/// A reference deployment: its topology, its issued workspace, a copy of each home.
pub(super) struct Deployment {
    pub(super) site: Site,
    pub(super) nodes: Vec<String>,
}

/// Everything that tells one state of a home from another: mode, time of change in ns, content, per path.
type State = BTreeMap<PathBuf, (u32, i64, i64, Option<Vec<u8>>)>;

impl Deployment {
    /// `None` where the homes are absent.
    pub(super) fn new(release: &str) -> Option<Self> {
        Self::with(release, |topology| topology)
    }

    /// The same by another topology than the example's.
    pub(super) fn with(release: &str, change: impl FnOnce(String) -> String) -> Option<Self> {
        let homes = shared::folder()?.join("wso2/homes").join(release);
        let example = match release {
            "2.6.0" => include_str!("../../examples/apim-2.6-ha/apim-pki.toml"),
            _ => include_str!("../../examples/apim-4.7-ha/apim-pki.toml"),
        };
        let quick = example.replace("rsa-3072", "rsa-2048").replacen(
            "key      = \"rsa-2048\"\nvalidity = \"825d\"",
            "key      = \"ec-p256\"\nvalidity = \"825d\"",
            1,
        );
        let site = Site::new(&change(quick));
        let mut nodes = Vec::new();
        for home in fs::read_dir(homes).unwrap() {
            let home = home.unwrap();
            let node = home.file_name().into_string().unwrap();
            copy(&home.path(), &site.base().join("homes").join(&node));
            nodes.push(node);
        }
        nodes.sort();
        site.ok(&["issue", "-q"]);
        Some(Self { site, nodes })
    }

    /// The same with the vendor's truststore: its CAs stay, those that are over too.
    fn with_vendor_cas(release: &str) -> Option<Self> {
        let homes = shared::folder()?.join("wso2/homes").join(release);
        let vendor = homes.join("gateway-1/repository/resources/security/client-truststore.jks");
        let stores = format!("[stores]\ntruststore = \"{}\"", vendor.display());
        Self::with(release, |topology| topology.replace("[stores]", &stores))
    }

    pub(super) fn home(&self, node: &str) -> PathBuf {
        self.site.base().join("homes").join(node)
    }

    pub(super) fn install(&self, node: &str, more: &[&str]) -> Run {
        let home = format!("homes/{node}");
        let args = ["install", "--node", node, "--home", &home];
        self.site.run(&[&args[..], more].concat())
    }

    /// The same where it works.
    pub(super) fn installs(&self, node: &str, more: &[&str]) -> Run {
        let run = self.install(node, more);
        assert_eq!(run.code, Some(0), "{node} {more:?}: {run:#?}");
        run
    }

    /// The same where it is refused, with these words, and touches nothing.
    pub(super) fn refuses(&self, node: &str, more: &[&str], says: &[&str]) -> Run {
        let before = state(&self.home(node));
        let run = self.install(node, more);
        assert_eq!(run.code, Some(5), "{node} {more:?}: {run:#?}");
        for says in says {
            assert!(run.stderr.contains(says), "{says}: {run:#?}");
        }
        assert!(before == state(&self.home(node)), "something was touched");
        run
    }

    pub(super) fn undo(&self, node: &str) -> Run {
        let home = format!("homes/{node}");
        self.site
            .run(&["install", "--undo", "--yes", "--home", &home])
    }

    pub(super) fn install_all(&self) {
        for node in &self.nodes {
            self.installs(node, &["--urls", "--yes", "-q"]);
        }
    }

    fn states(&self) -> BTreeMap<String, State> {
        let state = |node: &String| (node.clone(), state(&self.home(node)));
        self.nodes.iter().map(state).collect()
    }
}

#[test]
fn every_home_of_2_6_is_installed_and_put_back_bit_by_bit() {
    installed_and_put_back("2.6.0");
}

#[test]
fn every_home_of_4_7_is_installed_and_put_back_bit_by_bit() {
    installed_and_put_back("4.7.0");
}

fn installed_and_put_back(release: &str) {
    let Some(deployment) = Deployment::with_vendor_cas(release) else {
        return;
    };
    let untouched = deployment.states();
    for node in &deployment.nodes {
        let shown = deployment.installs(node, &["--urls", "--dry-run"]);
        assert!(
            shown.stdout.contains("resources/security/tls.jks (new)"),
            "{shown:#?}"
        );
    }
    assert!(
        untouched == deployment.states(),
        "a dry run changed something"
    );

    deployment.install_all();
    let installed = deployment.states();
    for node in &deployment.nodes {
        assert_ne!(installed[node], untouched[node], "{node}");
        let again = deployment.installs(node, &["--urls", "--yes"]);
        assert!(again.stderr.contains("nothing to do"), "{again:#?}");
        // What others may do with a file is taken away.
        let written = installed[node].iter().filter(|(path, (_, _, _, now))| {
            untouched[node]
                .get(*path)
                .is_none_or(|(_, _, _, before)| before != now)
        });
        let is_file = |path: &Path, content: &Option<Vec<u8>>| {
            content.is_some() && !path.starts_with(".apim-pki")
        };
        for (path, (mode, _, _, content)) in
            written.filter(|(path, (.., content))| is_file(path, content))
        {
            assert_eq!(
                mode & 0o007,
                0,
                "{}: {mode:o}, {:?}",
                path.display(),
                content.is_some()
            );
        }
    }
    audited::holds(&deployment, release);
    // The note of who held the home last is another, and nothing else.
    let again = deployment.states();
    for node in &deployment.nodes {
        assert!(
            without_note(&installed[node]) == without_note(&again[node]),
            "{node}: an installation that is done changed something"
        );
    }

    for node in &deployment.nodes {
        let undone = deployment.undo(node);
        assert_eq!(undone.code, Some(0), "{undone:#?}");
    }
    for (node, state) in deployment.states() {
        assert!(state == untouched[&node], "{node} is not as it was");
    }
}

#[test]
fn an_installation_is_all_there_or_not_at_all_wherever_it_is_killed() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "gateway-1";
    let before = contents(&deployment.home(node));
    deployment.install(node, &["--urls", "--yes"]);
    let after = contents(&deployment.home(node));
    deployment.undo(node);
    let (mut killed, mut delay) = (0, Duration::ZERO);
    for round in 0..60 {
        let home = format!("homes/{node}");
        let args = [
            "install", "--node", node, "--home", &home, "--urls", "--yes",
        ];
        let mut child = deployment.site.command(&args).spawn().unwrap();
        thread::sleep(delay);
        let _ = child.kill();
        let ended = child.wait_with_output().unwrap();
        killed += u32::from(ended.status.code().is_none());
        // Slower and slower, until one gets through.
        delay = match ended.status.code() {
            None => delay + Duration::from_millis(1 + round / 20),
            Some(_) => Duration::ZERO,
        };
        // The next command finishes it, or clears it away; nothing is half done then.
        deployment.installs(node, &["--urls", "--yes", "-q"]);
        assert!(contents(&deployment.home(node)) == after, "round {round}");
        let undone = deployment.undo(node);
        assert_eq!(undone.code, Some(0), "{undone:#?}");
        while deployment.home(node).join(".apim-pki").exists() {
            assert_eq!(deployment.undo(node).code, Some(0));
        }
        assert!(contents(&deployment.home(node)) == before, "round {round}");
    }
    assert!(killed > 10, "only {killed} were killed");
}

fn without_note(state: &State) -> State {
    let mut state = state.clone();
    state.retain(|path, _| path != Path::new(".apim-pki/lock"));
    state
}

/// Paths and contents, without this tool's own folder.
fn contents(home: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let own = |path: &PathBuf| !path.starts_with(".apim-pki");
    state(home)
        .into_iter()
        .filter(|(path, _)| own(path))
        .filter_map(|(path, (.., content))| Some((path, content?)))
        .collect()
}

fn state(home: &Path) -> State {
    let mut state = State::new();
    let mut folders = vec![home.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let found = fs::symlink_metadata(&path).unwrap();
            let name = path.strip_prefix(home).unwrap().to_path_buf();
            let time = (found.mtime(), found.mtime_nsec());
            let (time, content) = match (found.is_dir(), found.is_symlink()) {
                // A folder's time tells when names in it changed.
                (true, _) => ((0, 0), None),
                (_, true) => {
                    let target = fs::read_link(&path).unwrap();
                    (time, Some(target.into_os_string().into_encoded_bytes()))
                }
                _ => (time, Some(fs::read(&path).unwrap())),
            };
            state.insert(name, (found.mode(), time.0, time.1, content));
            if found.is_dir() {
                folders.push(path);
            }
        }
    }
    state
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), &target).unwrap();
            // Test material has no write bits.
            let mut access = fs::metadata(&target).unwrap().permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut access, 0o644);
            fs::set_permissions(&target, access).unwrap();
        }
    }
}
