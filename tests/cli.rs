//! What the binary says and does, one case a file: `tests/cli/<verb>-<situation>.toml`.
//!
//! A case runs in an empty folder with an empty environment, or with `fixture = "issued"` in the folder of
//! a small deployment that is made and verified (`tests/cli/issued.topology`), or with files of
//! `testdata/cli` (`fixtures`). Before it runs, files may be
//! written (`before`), taken away (`remove`), cut to a length (`truncate`), turned into links (`link`), or
//! given a mode (`mode`, octal); a file whose name is one letter is a password and gets 0600. Each line of
//! `runs` is a run of the binary that must succeed before. In expected output `[..]` stands for anything within a line. What a case
//! does not mention must be empty, and nothing may be created, changed or removed but what `after` and
//! `makes` (files, or folders with all that is in them) name.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test binary for shipped code"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
    time::{Duration, Instant},
};

use toml_edit::{DocumentMut, Item};

#[path = "shared.rs"]
mod shared;

#[test]
fn each_case_behaves_as_written() {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/cli");
    let mut files: Vec<PathBuf> = fs::read_dir(cases)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "toml")
        })
        .collect();
    files.sort();
    let failures: Vec<String> = files.iter().filter_map(|file| check(file).err()).collect();
    assert!(!files.is_empty(), "no case was found");
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
}

#[test]
fn help_is_there_at_once() {
    let run = || {
        let started = Instant::now();
        assert!(apim_pki().arg("--help").output().unwrap().status.success());
        started.elapsed()
    };
    // The quickest of several: the machine may be busy, and a debug build is slower than what is
    // shipped, which has 10 ms.
    let quickest = (0..10).map(|_| run()).min().unwrap();
    assert!(quickest < Duration::from_millis(50), "{quickest:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let mut child = apim_pki()
        .args(["init", "-f", "-"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[test]
fn a_default_key_is_told_with_what_brought_it_in() {
    let Some(shared) = shared::folder() else {
        return;
    };
    let store = "wso2/homes/4.7.0/gateway-1/repository/resources/security/wso2carbon.jks";
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::copy(shared.join(store), at("d.jks")).unwrap();
    fs::write(at("p"), "wso2carbon").unwrap();
    let run = |args: &[&str]| {
        let run = apim_pki().args(args).current_dir(&folder).output().unwrap();
        (run.status.code(), String::from_utf8(run.stderr).unwrap())
    };
    let topology = include_str!("cli/issued.topology");

    let check = ["store", "check", "d.jks", "--store-password", "file:p"];
    let checked = apim_pki().args(check).current_dir(&folder).output();
    let checked = String::from_utf8(checked.unwrap().stdout).unwrap();
    assert!(checked.contains("EVERYBODY HAS THIS KEY"), "{checked}");

    let adopted = "[primary]\nkeystore = \"d.jks\"\nkeystore_password = \"file:p\"";
    let adopted = topology.replace("[primary]\nkey = \"rsa-2048\"", adopted);
    fs::write(at("apim-pki.toml"), adopted).unwrap();
    let (code, stderr) = run(&["issue"]);
    assert_eq!(code, Some(1), "{stderr}");
    for hint in [
        "hint: it came with `[primary] keystore`, `d.jks`: everybody can read what it encrypts",
        "hint: it is the certificate of the primary, `[primary] keystore`, and goes with it",
    ] {
        assert!(stderr.contains(hint), "{stderr}");
    }

    let export = "store export d.jks --alias wso2carbon -o corp.pem --store-password file:p";
    run(&export.split(' ').collect::<Vec<_>>());
    let trusted = format!("{topology}\n[stores]\ntrust = [\"corp.pem\"]\n");
    fs::write(at("apim-pki.toml"), trusted).unwrap();
    let (code, stderr) = run(&["issue"]);
    assert_eq!(code, Some(1), "{stderr}");
    let hint = "hint: take `corp.pem` out of `[stores] trust`, then `apim-pki issue`: ";
    assert!(stderr.contains(hint), "{stderr}");
}

#[test]
fn a_topology_that_is_no_text_is_a_wrong_topology() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("apim-pki.toml"),
        b"product = \"2.6.0\"\n# \xFF\n",
    )
    .unwrap();
    let run = apim_pki()
        .arg("plan")
        .current_dir(&folder)
        .output()
        .unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(run.stderr).unwrap(),
        "error: apim-pki.toml:2:3: a topology is UTF-8, and the byte 0xff is not\n"
    );
}

fn apim_pki() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apim-pki"));
    command.env_clear();
    command
}

fn check(file: &Path) -> Result<(), String> {
    let name = file.file_name().unwrap().to_string_lossy();
    let case: DocumentMut = fs::read_to_string(file).unwrap().parse().unwrap();
    for (key, _) in case.iter() {
        assert!(KEYS.contains(&key), "{name}: unknown key `{key}`");
    }
    let folder = tempfile::tempdir().unwrap();
    prepare(&case, folder.path());
    let before = contents(folder.path());
    let args = strings(&case, "args");
    let mut child = apim_pki()
        .args(&args)
        .envs(table(&case, "env"))
        .current_dir(folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stdin = text(&case, "stdin");
    child
        .stdin
        .take()
        .unwrap()
        .write_all(stdin.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let after = contents(folder.path());

    let mut wrong = Vec::new();
    let code = case.get("code").and_then(Item::as_integer).unwrap_or(0);
    if output.status.code().map(i64::from) != Some(code) {
        wrong.push(format!("code {:?}, not {code}", output.status.code()));
    }
    for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
        let found = String::from_utf8_lossy(bytes);
        let parts = strings(&case, &format!("{stream}_has"));
        if parts.is_empty() && !matches(&text(&case, stream), &found) {
            wrong.push(format!("{stream}:\n{found}"));
        }
        for part in parts.iter().filter(|part| !found.contains(*part)) {
            wrong.push(format!("{stream} without `{part}`:\n{found}"));
        }
    }
    let expected = table(&case, "after");
    for (path, content) in &expected {
        match fs::read_to_string(folder.path().join(path)) {
            Ok(found) if matches(content, &found) => {}
            Ok(found) => wrong.push(format!("{path}:\n{found}")),
            Err(error) => wrong.push(format!("{path}: {error}")),
        }
    }
    let made = strings(&case, "makes");
    for folder in &made {
        if !after.keys().any(|path| path.starts_with(folder)) {
            wrong.push(format!("`{folder}` was not made"));
        }
    }
    let named: BTreeSet<PathBuf> = expected.into_keys().chain(made).map(Into::into).collect();
    let paths: BTreeSet<&PathBuf> = before.keys().chain(after.keys()).collect();
    for path in paths {
        if before.get(path) != after.get(path) && !named.iter().any(|name| path.starts_with(name)) {
            wrong.push(format!("`{}` was touched", path.display()));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{name}: {args:?}\n{}", wrong.join("\n"))),
    }
}

/// Everything that is there before the run.
fn prepare(case: &DocumentMut, folder: &Path) {
    if text(case, "fixture") == "issued" {
        copy(issued(), folder);
    }
    for fixture in strings(case, "fixtures") {
        let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/cli");
        fs::copy(data.join(&fixture), folder.join(&fixture)).unwrap();
    }
    for (path, content) in table(case, "before") {
        let is_password = path.len() == 1;
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        if is_password {
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }
    for run in case
        .get("runs")
        .and_then(Item::as_array)
        .into_iter()
        .flatten()
    {
        let args = run.as_array().unwrap().iter();
        let args = args.map(|arg| arg.as_str().unwrap());
        let output = apim_pki().args(args).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{run}: {output:?}");
    }
    for path in strings(case, "remove") {
        let path = folder.join(path);
        match path.is_dir() {
            true => fs::remove_dir_all(path).unwrap(),
            false => fs::remove_file(path).unwrap(),
        }
    }
    for (path, length) in items(case, "truncate") {
        let length = length.as_integer().unwrap();
        let file = fs::File::options().write(true).open(folder.join(path));
        file.unwrap().set_len(length.unsigned_abs()).unwrap();
    }
    for (path, target) in table(case, "link") {
        let path = folder.join(path);
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
    }
    for (path, mode) in table(case, "mode") {
        let mode = u32::from_str_radix(&mode, 8).unwrap();
        fs::set_permissions(folder.join(path), fs::Permissions::from_mode(mode)).unwrap();
    }
}

/// A deployment with a key of the cheap kind wherever the product takes one, made once for all cases.
fn issued() -> &'static Path {
    static ISSUED: OnceLock<tempfile::TempDir> = OnceLock::new();
    let made = ISSUED.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let topology = include_str!("cli/issued.topology");
        fs::write(folder.path().join("apim-pki.toml"), topology).unwrap();
        let mut command = apim_pki();
        let output = command.arg("issue").current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        folder
    });
    made.path()
}

fn copy(from: &Path, to: &Path) {
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            fs::create_dir(&target).unwrap();
            fs::set_permissions(&target, fs::Permissions::from_mode(0o700)).unwrap();
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Every file below a folder, by path, and every link with its target.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let entry = entry.unwrap();
            let path = entry.path();
            let kind = entry.file_type().unwrap();
            if kind.is_dir() {
                folders.push(path);
                continue;
            }
            let content = match kind.is_symlink() {
                true => fs::read_link(&path)
                    .unwrap()
                    .into_os_string()
                    .into_encoded_bytes(),
                false => fs::read(&path).unwrap(),
            };
            found.insert(path.strip_prefix(folder).unwrap().to_owned(), content);
        }
    }
    found
}

/// Line by line; `[..]` stands for anything, a last line `[...]` for any rest.
fn matches(expected: &str, found: &str) -> bool {
    let (mut expected, mut found) = (expected.lines(), found.lines());
    loop {
        match (expected.next(), found.next()) {
            (Some("[...]"), _) => return true,
            (None, None) => return true,
            (Some(pattern), Some(line)) if line_matches(pattern, line) => {}
            _ => return false,
        }
    }
}

fn line_matches(pattern: &str, line: &str) -> bool {
    let Some((start, rest)) = pattern.split_once("[..]") else {
        return pattern == line;
    };
    let Some(line) = line.strip_prefix(start) else {
        return false;
    };
    line.char_indices()
        .map(|(at, _)| at)
        .chain([line.len()])
        .any(|at| line_matches(rest, &line[at..]))
}

fn text(case: &DocumentMut, key: &str) -> String {
    let item = case.get(key);
    item.map_or_else(String::new, |item| item.as_str().unwrap().to_owned())
}

fn strings(case: &DocumentMut, key: &str) -> Vec<String> {
    let array = case.get(key).and_then(Item::as_array);
    array.map_or_else(Vec::new, |array| {
        array
            .iter()
            .map(|value| value.as_str().unwrap().to_owned())
            .collect()
    })
}

fn table(case: &DocumentMut, key: &str) -> BTreeMap<String, String> {
    items(case, key)
        .into_iter()
        .map(|(key, value)| (key, value.as_str().unwrap().to_owned()))
        .collect()
}

fn items(case: &DocumentMut, key: &str) -> BTreeMap<String, Item> {
    let table = case.get(key).and_then(Item::as_table_like);
    table.map_or_else(Default::default, |table| {
        table
            .iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    })
}

/// What a case may say.
const KEYS: [&str; 18] = [
    "after",
    "args",
    "before",
    "code",
    "env",
    "fixture",
    "fixtures",
    "link",
    "makes",
    "mode",
    "remove",
    "runs",
    "stderr",
    "stderr_has",
    "stdin",
    "stdout",
    "stdout_has",
    "truncate",
];
