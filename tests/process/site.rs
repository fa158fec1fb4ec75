//! A folder with a topology, and runs of the binary in it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::OnceLock,
};

use pki_core::{
    key::{PrivateKey, SystemRandom, read_private_key, write_encrypted_private_key},
    keystore::{Content, Keystore},
    secret::Password,
};

/// A topology in a folder of its own, and the workspace beside it.
pub(crate) struct Site {
    dir: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Site {
    /// Nothing but a topology.
    pub(crate) fn new(topology: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let site = Self { dir };
        site.write_topology(topology);
        site
    }

    /// With a CA, a primary and a password that are given, in `given/`.
    pub(crate) fn with_given(topology: &str) -> Self {
        let site = Self::new(topology);
        let given = site.base().join("given");
        fs::create_dir(&given).unwrap();
        for (name, content) in given_files() {
            fs::write(given.join(name), content).unwrap();
            fs::set_permissions(given.join(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
        site
    }

    pub(crate) fn base(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn workspace(&self) -> PathBuf {
        self.base().join("pki")
    }

    pub(crate) fn write_topology(&self, text: &str) {
        fs::write(self.base().join("apim-pki.toml"), text).unwrap();
    }

    /// The binary in the site's folder, with an empty environment and nobody at the keyboard.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(args)
            .env_clear()
            .current_dir(self.base())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Run {
        self.command(args).output().unwrap().into()
    }

    /// Runs and expects exit code 0.
    pub(crate) fn ok(&self, args: &[&str]) -> Run {
        let run = self.run(args);
        assert_eq!(run.code, Some(0), "{args:?}: {run:#?}");
        run
    }

    /// Everything below the workspace: path, mode, content of files.
    pub(crate) fn tree(&self) -> BTreeMap<PathBuf, (u32, Option<Vec<u8>>)> {
        let mut tree = BTreeMap::new();
        let root = self.workspace();
        if root.exists() {
            walk(&root, &root, &mut tree);
        }
        tree
    }

    /// The content of every file below one of the workspace's folders (`""`: of all).
    pub(crate) fn contents(&self, folders: &[&str]) -> BTreeSet<Vec<u8>> {
        self.tree()
            .into_iter()
            .filter(|(path, _)| folders.iter().any(|folder| path.starts_with(folder)))
            .filter_map(|(_, (_, content))| content)
            .collect()
    }

    /// The private key in a store that the given password opens.
    pub(crate) fn primary_key(&self, path: &str) -> PrivateKey {
        let password = fs::read_to_string(self.base().join("given/password")).unwrap();
        let password = Password::new(password.trim_end());
        let bytes = fs::read(self.base().join(path)).unwrap();
        let store = Keystore::decode(&bytes, &password).unwrap().keystore;
        match &store.get("wso2carbon").unwrap().content {
            Content::PrivateKey { key, .. } => key.open(&password).unwrap(),
            other => panic!("{path}: {other:?}"),
        }
    }

    /// Panics unless files are 0600 and folders 0700, the workspace itself too.
    pub(crate) fn assert_private(&self) {
        for (path, (mode, content)) in self.tree() {
            let expected = if content.is_some() { 0o600 } else { 0o700 };
            assert_eq!(mode, expected, "{}: {mode:o}", path.display());
        }
    }
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// Two gateways and a key manager, all keys EC but the primary, which is the given one.
///
/// `ca` is the text of `[ca]`, `host` the first gateway's.
pub(crate) fn topology(ca: &str, host: &str) -> String {
    format!(
        r#"product = "2.6.0"
domain = "apim.example.com"
[ca]
{ca}
[primary]
keystore = "given/wso2carbon.jks"
keystore_password = "file:given/password"
[tls]
key = "ec-p256"
[stores]
password = "file:given/password"
[roles.key-manager]
nodes = {{ key-manager-1 = "km1" }}
[roles.gateway]
balancer = "gw"
nodes = {{ gateway-1 = "{host}", gateway-2 = "gw2" }}
"#
    )
}

/// The same with the key of the primary made, RSA 2048, and every password generated.
pub(crate) const GENERATED: &str = r#"product = "2.6.0"
domain = "apim.example.com"
[ca]
key = "ec-p256"
[primary]
key = "rsa-2048"
[tls]
key = "ec-p256"
[roles.key-manager]
nodes = { key-manager-1 = "km1" }
[roles.gateway]
balancer = { host = "gw", tls = "issued" }
nodes = { gateway-1 = "gw1", gateway-2 = "gw2" }
"#;

/// `[ca]` of a CA that is made.
pub(crate) const MADE_CA: &str = r#"key = "ec-p256""#;

/// `[ca]` of the given one.
pub(crate) const GIVEN_CA: &str = r#"certificate = "given/ca.pem"
key_file = "given/ca.key"
key_password = "file:given/password""#;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_apim-pki");

/// What a run made once, to be given to the others.
fn given_files() -> &'static BTreeMap<&'static str, Vec<u8>> {
    static GIVEN: OnceLock<BTreeMap<&'static str, Vec<u8>>> = OnceLock::new();
    GIVEN.get_or_init(|| {
        let site = Site::new(GENERATED);
        site.ok(&["issue"]);
        let read = |path: &str| fs::read(site.workspace().join(path)).unwrap();
        let password = |name: &str| {
            let text = String::from_utf8(read(&format!("secrets/{name}"))).unwrap();
            Password::new(text.trim_end())
        };
        let ca_key = read_private_key(&read("ca/ca.key"), Some(&password("ca"))).unwrap();
        // One iteration: what is tested here is not how long a password takes.
        let stores = password("stores");
        let ca_key = write_encrypted_private_key(&ca_key, &stores, 1, &mut SystemRandom).unwrap();
        BTreeMap::from([
            ("ca.pem", read("ca/ca.pem")),
            ("ca.key", ca_key.expose().to_vec()),
            ("password", read("secrets/stores")),
            ("wso2carbon.jks", read("primary/wso2carbon.jks")),
        ])
    })
}

fn walk(root: &Path, path: &Path, tree: &mut BTreeMap<PathBuf, (u32, Option<Vec<u8>>)>) {
    let metadata = path.symlink_metadata().unwrap();
    let mode = metadata.permissions().mode() & 0o7777;
    let content = metadata.is_file().then(|| fs::read(path).unwrap());
    let relative = path.strip_prefix(root).unwrap().to_path_buf();
    tree.insert(relative, (mode, content));
    if metadata.is_dir() {
        for entry in fs::read_dir(path).unwrap() {
            walk(root, &entry.unwrap().path(), tree);
        }
    }
}
