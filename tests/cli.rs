//! What the binary says and does, one case a file: `tests/cli/<verb>-<situation>.toml`.
//!
//! A case runs in an empty folder with an empty environment. In expected output `[..]` stands for
//! anything within a line. What a case does not mention must be empty, and no file may appear that it
//! does not name.

#![allow(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test binary for shipped code"
)]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use toml_edit::{DocumentMut, Item};

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
    for (path, content) in table(&case, "before") {
        fs::write(folder.path().join(path), content).unwrap();
    }
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
    let mut expected = table(&case, "before");
    expected.extend(table(&case, "after"));
    for (path, content) in &expected {
        match fs::read_to_string(folder.path().join(path)) {
            Ok(found) if matches(content, &found) => {}
            Ok(found) => wrong.push(format!("{path}:\n{found}")),
            Err(error) => wrong.push(format!("{path}: {error}")),
        }
    }
    let named: BTreeSet<_> = expected.into_keys().collect();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let found = entry.unwrap().file_name().to_string_lossy().into_owned();
        if !named.contains(&found) {
            wrong.push(format!("`{found}` appeared"));
        }
    }
    match wrong.is_empty() {
        true => Ok(()),
        false => Err(format!("{name}: {args:?}\n{}", wrong.join("\n"))),
    }
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
    let table = case.get(key).and_then(Item::as_table_like);
    table.map_or_else(Default::default, |table| {
        table
            .iter()
            .map(|(key, value)| (key.to_owned(), value.as_str().unwrap().to_owned()))
            .collect()
    })
}

/// What a case may say.
const KEYS: [&str; 10] = [
    "after",
    "args",
    "before",
    "code",
    "env",
    "stderr",
    "stderr_has",
    "stdin",
    "stdout",
    "stdout_has",
];
