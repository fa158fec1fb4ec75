//! Homes of one group that share a folder, behind a link or on a mounted file system.

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use super::{Deployment, Run, State, copy, state};

#[test]
fn a_deployment_folder_behind_a_link_is_written_once_and_taken_back_once() {
    // Another file system, where there is one: what is replaced is copied there, not linked.
    for place in [Some("/dev/shm"), None] {
        let Some(shared) = Shared::new("repository/deployment/server", place) else {
            eprintln!("skipped: no homes, or no folder in {place:?}");
            continue;
        };
        shared.link("gateway-1");
        shared.link("gateway-2");
        let before = shared.states();

        let told = shared.install("gateway-1", &["--dry-run", "--format", "json"]);
        let files = told["files"].as_array().unwrap();
        let is_shared = |file: &&serde_json::Value| !file["shared_with"].is_null();
        let (out, own): (Vec<_>, Vec<_>) = files.iter().partition(is_shared);
        assert!(!out.is_empty() && !own.is_empty(), "{told:#}");
        for file in &out {
            assert_eq!(file["shared_with"], serde_json::json!(["gateway-2"]));
            let behind = file["behind_link"].as_str().unwrap();
            assert!(Path::new(behind).starts_with(shared.folder()), "{behind}");
            let path = file["path"].as_str().unwrap();
            assert!(path.starts_with("repository/deployment/server/"), "{path}");
        }
        assert!(own.iter().all(|file| file["behind_link"].is_null()));

        let run = shared.text("gateway-1", &["--yes"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        for says in ["behind a link: `", "; `gateway-2` may share it)"] {
            assert_eq!(run.stdout.matches(says).count(), out.len(), "{run:#?}");
        }
        assert!(
            run.stderr
                .contains("`gateway-2` may share what was written"),
            "{run:#?}"
        );
        let written = state(&shared.folder());

        // What the first has written is right for the second.
        let run = shared.text("gateway-2", &["--yes"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert!(!run.stdout.contains("may share"), "{run:#?}");
        assert!(!run.stderr.contains("may share"), "{run:#?}");
        assert!(state(&shared.folder()) == written, "it was written twice");

        let all = shared.states();
        let refused = shared.undo("gateway-1", &["--yes"]);
        assert_eq!(refused.code, Some(5), "{refused:#?}");
        for says in [
            "`gateway-2` may share",
            "--shared`",
            out[0]["path"].as_str().unwrap(),
        ] {
            assert!(refused.stderr.contains(says), "{says}: {refused:#?}");
        }
        let shown = shared.undo("gateway-1", &["--dry-run", "--format", "json"]);
        let told: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
        assert_eq!(told["schema"], "apim-pki/undo/v1");
        let again = told["files"].as_array().unwrap().iter().filter(is_shared);
        assert_eq!(again.count(), out.len());
        for (state, after) in all.iter().zip(shared.states()) {
            let without_note = super::without_note;
            assert!(
                without_note(state) == without_note(&after),
                "something changed"
            );
        }

        // The second one's own files alone are its undo's.
        let run = shared.undo("gateway-2", &["--yes"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert!(
            state(&shared.folder()) == written,
            "the shared files went back"
        );
        let run = shared.undo("gateway-1", &["--yes", "--shared"]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        assert!(shared.states() == before, "something is not as it was");
    }
}

#[test]
fn a_node_alone_in_its_group_shares_nothing_behind_a_link() {
    let Some(shared) = Shared::new("repository/deployment/server", None) else {
        return;
    };
    let topology = fs::read_to_string(shared.deployment.site.base().join("apim-pki.toml")).unwrap();
    let alone = topology.replace(
        r#"{ gateway-1 = "gw1", gateway-2 = "gw2" }"#,
        r#"["gateway-1"]"#,
    );
    let alone = alone.replace(r#"["gateway-1"]"#, r#"{ gateway-1 = "gw1" }"#);
    assert_ne!(alone, topology);
    shared.link("gateway-1");
    shared.deployment.site.write_topology(&alone);
    let before = shared.states();
    let run = shared.text("gateway-1", &["--yes"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("behind a link: `"), "{run:#?}");
    assert!(!run.stdout.contains("may share"), "{run:#?}");
    // Who is not told which nodes there are cannot know that it is nobody's but this one's.
    let home = "homes/gateway-1";
    let args = [
        "install",
        "--undo",
        "--home",
        home,
        "--yes",
        "-f",
        "/nowhere.toml",
    ];
    let run = shared.deployment.site.run(&args);
    assert_eq!(run.code, Some(3), "{run:#?}");
    let run = shared.undo("gateway-1", &["--yes"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(shared.states() == before, "something is not as it was");
}

#[test]
fn stores_that_each_node_has_of_its_own_are_not_shared() {
    let Some(shared) = Shared::new("repository/resources/security", None) else {
        return;
    };
    shared.link("gateway-1");
    shared.link("gateway-2");
    let run = shared.text("gateway-1", &["--yes"]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert!(run.stdout.contains("`gateway-2` may share it"), "{run:#?}");
    let before = shared.states();
    // By a new key it is its node's still.
    for force in [false, true] {
        if force {
            let pki = shared.deployment.site.workspace();
            fs::remove_dir_all(pki.join("nodes/gateway-1")).unwrap();
            shared.deployment.site.ok(&["issue", "-q"]);
        }
        for mode in ["--yes", "--dry-run"] {
            let run = shared.text("gateway-2", &[mode]);
            assert_eq!(run.code, Some(5), "{run:#?}");
            for says in [
                "tls.jks` is the keystore of node `gateway-1`",
                "hint: each node",
            ] {
                assert!(run.stderr.contains(says), "{says}: {run:#?}");
            }
        }
        for (before, after) in before.iter().zip(shared.states()) {
            assert!(*before == after, "something was touched");
        }
    }
}

#[test]
fn a_deployment_folder_that_is_mounted_is_shared_and_a_mounted_configuration_is_not() {
    let Some(shared) = Shared::new("repository/deployment/server", None) else {
        return;
    };
    let home = shared.deployment.home("gateway-1");
    let before = shared.states();
    // A mount of the same file system, as one host gives it to two containers.
    let script = r#"
        mount --bind shared homes/gateway-1/repository/deployment/server || exit 77
        mount --bind homes/gateway-1/repository/conf homes/gateway-1/repository/conf || exit 77
        install="$0 install --home homes/gateway-1 --yes"
        $install --node gateway-1 --urls || exit 1
        $install --undo
        echo "code $?"
        $install --undo --shared || exit 1
    "#;
    let site = &shared.deployment.site;
    let program = site.command(&[]).get_program().to_owned();
    let done = Command::new("unshare")
        .args(["-m", "sh", "-c", script])
        .arg(program)
        .current_dir(site.base())
        .output();
    let run: Run = match done {
        Ok(done) if done.status.code() == Some(0) => done.into(),
        Ok(done) if done.status.code() == Some(1) && !done.stdout.is_empty() => panic!("{done:#?}"),
        other => {
            eprintln!("skipped: nothing can be mounted here: {other:?}");
            return;
        }
    };
    let mounted = "on what is mounted at `repository/deployment/server`; `gateway-2` may share it)";
    assert!(run.stdout.contains(mounted), "{run:#?}");
    let own = |line: &str| line.starts_with("repository/conf/") && line.contains("share");
    assert!(!run.stdout.lines().any(own), "{run:#?}");
    assert!(run.stdout.contains("code 5"), "{run:#?}");
    assert!(shared.states() == before, "something is not as it was");
    assert!(home.join("repository/deployment/server").is_dir());
}

/// Two homes, of which a folder lies somewhere else.
struct Shared {
    deployment: Deployment,
    part: &'static str,
    /// On another file system.
    elsewhere: Option<tempfile::TempDir>,
}

impl Shared {
    /// `None` where the homes are absent, or the place.
    fn new(part: &'static str, place: Option<&str>) -> Option<Self> {
        let deployment = Deployment::new("2.6.0")?;
        let elsewhere = place.map(tempfile::tempdir_in);
        let elsewhere = elsewhere.transpose().ok()?;
        let shared = Self {
            deployment,
            part,
            elsewhere,
        };
        copy(
            &shared.deployment.home("gateway-1").join(part),
            &shared.folder(),
        );
        Some(shared)
    }

    fn folder(&self) -> PathBuf {
        let base = match &self.elsewhere {
            Some(dir) => dir.path(),
            None => self.deployment.site.base(),
        };
        base.join("shared")
    }

    fn link(&self, node: &str) {
        let part = self.deployment.home(node).join(self.part);
        fs::remove_dir_all(&part).unwrap();
        symlink(self.folder(), part).unwrap();
    }

    fn text(&self, node: &str, more: &[&str]) -> Run {
        self.deployment.install(node, &[&["--urls"], more].concat())
    }

    fn install(&self, node: &str, more: &[&str]) -> serde_json::Value {
        let run = self.text(node, more);
        assert_eq!(run.code, Some(0), "{run:#?}");
        serde_json::from_str(&run.stdout).unwrap()
    }

    fn undo(&self, node: &str, more: &[&str]) -> Run {
        let home = format!("homes/{node}");
        let args = ["install", "--undo", "--home", &home];
        self.deployment.site.run(&[&args[..], more].concat())
    }

    /// Both homes, and what they share.
    fn states(&self) -> [State; 3] {
        let home = |node| state(&self.deployment.home(node));
        [home("gateway-1"), home("gateway-2"), state(&self.folder())]
    }
}
