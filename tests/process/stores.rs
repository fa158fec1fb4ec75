//! Single keystores: several runs at once, who may read what is made, bytes through pipes.

use std::{
    fs,
    io::Write,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use pki_core::{keystore::Keystore, secret::Password};

#[test]
fn six_imports_at_once_keep_six() {
    for store in ["trust.jks", "trust.p12"] {
        let dir = folder();
        let started: Vec<Child> = (0..6)
            .map(|number| {
                let alias = format!("ca-{number}");
                let args = [
                    "import",
                    store,
                    "--alias",
                    &alias,
                    "--cert",
                    "root.pem",
                    "--duplicates",
                ];
                command(dir.path(), &args).spawn().unwrap()
            })
            .collect();
        for child in started {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success(), "{output:?}");
        }
        let bytes = fs::read(dir.path().join(store)).unwrap();
        let read = Keystore::decode(&bytes, &password()).unwrap();
        assert_eq!(read.keystore.entries().len(), 6, "{store}");
    }
}

#[test]
fn a_killed_import_leaves_the_old_store_or_the_new_one() {
    let dir = folder();
    ok(dir.path(), &["import", "trust.p12", "--cert", "bundle.pem"]);
    let entries = || {
        let bytes = fs::read(dir.path().join("trust.p12")).unwrap();
        let read = Keystore::decode(&bytes, &password()).unwrap();
        read.keystore.entries().len()
    };
    let mut had = entries();
    for number in 0..40 {
        let alias = format!("ca-{number}");
        let args = [
            "import",
            "trust.p12",
            "--cert",
            "root.pem",
            "--duplicates",
            "--alias",
        ];
        let mut child = command(dir.path(), &[&args[..], &[&alias]].concat())
            .spawn()
            .unwrap();
        // Each at another moment of its life.
        std::thread::sleep(std::time::Duration::from_millis(number));
        let _ = child.kill();
        let killed = !child.wait().unwrap().success();
        let has = entries();
        assert!(has == had + 1 || killed && has == had, "{had} {has}");
        had = has;
    }
    ok(
        dir.path(),
        &["delete", "trust.p12", "--alias", "example-root-ca"],
    );
    let files = fs::read_dir(dir.path()).unwrap();
    let left = files.filter(|file| {
        let name = file.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with('.')
    });
    assert_eq!(left.count(), 0, "the next writer cleans up");
}

#[test]
fn a_new_store_is_the_user_s_alone_and_an_old_one_keeps_its_mode() {
    let dir = folder();
    let store = dir.path().join("trust.p12");
    let mode = || fs::metadata(&store).unwrap().mode() & 0o777;
    ok(
        dir.path(),
        &["import", "trust.p12", "--alias", "a", "--cert", "root.pem"],
    );
    assert_eq!(mode(), 0o600);
    fs::set_permissions(&store, fs::Permissions::from_mode(0o640)).unwrap();
    ok(dir.path(), &["delete", "trust.p12", "--alias", "a"]);
    assert_eq!(mode(), 0o640);
}

#[test]
fn a_link_stays_a_link() {
    let dir = folder();
    fs::create_dir(dir.path().join("v1")).unwrap();
    ok(
        dir.path(),
        &[
            "import",
            "v1/trust.p12",
            "--alias",
            "a",
            "--cert",
            "root.pem",
        ],
    );
    symlink("v1/trust.p12", dir.path().join("trust.p12")).unwrap();
    ok(
        dir.path(),
        &["rename", "trust.p12", "--alias", "a", "--new-alias", "b"],
    );
    assert!(dir.path().join("trust.p12").is_symlink());
    let bytes = fs::read(dir.path().join("v1/trust.p12")).unwrap();
    let read = Keystore::decode(&bytes, &password()).unwrap();
    assert!(read.keystore.get("b").is_some());
}

#[test]
fn a_store_goes_through_a_pipe() {
    let dir = folder();
    ok(
        dir.path(),
        &[
            "import",
            "trust.jks",
            "--alias-pattern",
            "ca-{n}",
            "--cert",
            "bundle.pem",
        ],
    );
    let before = fs::read(dir.path().join("trust.jks")).unwrap();
    let output = piped(dir.path(), &["delete", "-", "--alias", "ca-2"], &before);
    assert!(output.status.success(), "{output:?}");
    let read = Keystore::decode(&output.stdout, &password()).unwrap();
    let aliases: Vec<&str> = read
        .keystore
        .entries()
        .iter()
        .map(|it| it.alias.as_str())
        .collect();
    assert_eq!(aliases, ["ca-1", "ca-3"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("- `ca-2`: removed"), "{said}");

    // Nothing changes: the same bytes come out.
    let output = piped(dir.path(), &["prune", "-", "--default-keys"], &before);
    assert!(output.status.success() && output.stdout == before);
}

#[test]
fn the_same_content_gives_the_same_bytes_on_request() {
    let dir = folder();
    ok(dir.path(), &["import", "trust.jks", "--cert", "bundle.pem"]);
    for (format, epoch) in [("jks", None), ("pkcs12", None), ("jks", Some("0"))] {
        let made = ["one", "two"].map(|name| {
            let out = format!("{name}.{format}{}", epoch.unwrap_or_default());
            let args = [
                "convert",
                "trust.jks",
                &out,
                "--to",
                format,
                "--deterministic",
            ];
            let mut command = command(dir.path(), &args);
            if let Some(epoch) = epoch {
                command.env("SOURCE_DATE_EPOCH", epoch);
            }
            let output = command.output().unwrap();
            assert!(output.status.success(), "{output:?}");
            fs::read(dir.path().join(out)).unwrap()
        });
        assert_eq!(made[0], made[1], "{format}");
        if epoch.is_some() {
            let read = Keystore::decode(&made[0], &password()).unwrap();
            let created = read.keystore.entries()[0].created;
            assert_eq!(created, Some(time::OffsetDateTime::UNIX_EPOCH));
        }
    }
}

#[test]
fn an_alias_cannot_drive_the_terminal() {
    use pki_core::{
        key::SystemRandom,
        keystore::{Encoding, Entry},
        x509::Certificate,
    };
    let dir = folder();
    let mut store = Keystore::new();
    let certificate = Certificate::from_der(vec![0x30, 0x00]);
    for alias in [
        "a\u{1b}[31m\u{202e}b",
        "",
        "\u{1f511}",
        "\r\nfake: verified",
    ] {
        store.push(Entry::trusted(alias, certificate.clone()));
    }
    let bytes = store
        .encode(Encoding::Jks, &password(), &mut SystemRandom)
        .unwrap();
    fs::write(dir.path().join("odd.jks"), bytes.expose()).unwrap();
    for verb in ["list", "show", "check"] {
        let output = command(dir.path(), &[verb, "odd.jks"]).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let raw = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!said.contains(raw), "{verb}: {said:?}");
        assert!(!said.contains("\nfake"), "{verb}: {said:?}");
    }
}

fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cli");
    for name in ["root.pem", "bundle.pem"] {
        fs::copy(data.join(name), dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("p"), PASSWORD).unwrap();
    fs::set_permissions(dir.path().join("p"), fs::Permissions::from_mode(0o600)).unwrap();
    dir
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apim-pki"));
    command
        .env_clear()
        .current_dir(dir)
        .arg("store")
        .args(args)
        .args(["--store-password", "file:p"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn ok(dir: &Path, args: &[&str]) {
    let output = command(dir, args).output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
}

fn piped(dir: &Path, args: &[&str], stdin: &[u8]) -> Output {
    let mut child = command(dir, args).stdin(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    child.wait_with_output().unwrap()
}

fn password() -> Password {
    Password::new(PASSWORD)
}

const PASSWORD: &str = "storepassword123";
