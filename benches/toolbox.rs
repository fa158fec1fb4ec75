//! What the commands for single keystores cost: a truststore of 100,000 certificates, and keytool beside
//! them on 1,000.
//!
//! ```sh
//! cargo bench -p pki-cli --bench toolbox
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

mod measure;

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use measure::{argument, median, ms, root};
use pki_core::{
    key::SystemRandom,
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile, read_pem_certificates},
    secret::Password,
    x509::Certificate,
};

fn main() {
    let rounds = argument("--rounds", 3);
    for certificates in [1_000, 100_000] {
        for (name, encoding) in [
            ("trust.jks", Encoding::Jks),
            ("trust.p12", Encoding::Pkcs12(Pkcs12Profile::Modern)),
        ] {
            toolbox(name, encoding, certificates, rounds);
        }
    }
}

fn toolbox(name: &str, encoding: Encoding, certificates: usize, rounds: usize) {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    fs::write(at("p"), PASSWORD).unwrap();
    let password = Password::new(PASSWORD);
    let pattern = pattern();
    let store = |from: usize| -> Keystore {
        let numbers = from..from + certificates;
        numbers
            .map(|number| Entry::trusted(format!("ca-{number}"), certificate(&pattern, number)))
            .collect()
    };
    for (name, from) in [(name, 0), ("other", certificates / 2)] {
        let bytes = store(from)
            .encode(encoding, &password, &mut SystemRandom)
            .unwrap();
        fs::write(at(name), bytes.expose()).unwrap();
    }
    let bytes = fs::read(at(name)).unwrap();
    println!(
        "\n{name}, {certificates} certificates, {} kB: wall ms",
        bytes.len() / 1024
    );
    let floor = median(
        (0..rounds)
            .map(|_| {
                let started = Instant::now();
                let read = Keystore::decode(&bytes, &password).unwrap();
                let entries = read.keystore.entries();
                assert!(
                    entries
                        .iter()
                        .all(|entry| entry.certificates()[0].view().is_ok())
                );
                started.elapsed()
            })
            .collect(),
    );
    line(
        "reading and parsing the bytes, in the library",
        floor,
        floor,
    );
    let to = if name.ends_with("jks") {
        "pkcs12"
    } else {
        "jks"
    };
    let works: [(&str, &[&str]); 5] = [
        ("list", &["list", name]),
        ("list --format json", &["list", name, "--format", "json"]),
        (
            "merge",
            &["merge", name, "other", "--out", "merged", "--replace", "-q"],
        ),
        (
            "prune",
            &["prune", name, "--expired", "--weak", "--default-keys", "-q"],
        ),
        (
            "convert",
            &["convert", name, "converted", "--to", to, "--replace", "-q"],
        ),
    ];
    for (what, args) in works {
        let times = (0..rounds).map(|_| {
            let _ = fs::remove_file(at("merged"));
            let _ = fs::remove_file(at("converted"));
            ours(dir.path(), args)
        });
        line(what, median(times.collect()), floor);
    }
    if certificates > 1_000 {
        return;
    }
    let kind = if name.ends_with("jks") {
        "JKS"
    } else {
        "PKCS12"
    };
    let other = if name.ends_with("jks") {
        "PKCS12"
    } else {
        "JKS"
    };
    let importing = [
        "-importkeystore",
        "-noprompt",
        "-srckeystore",
        name,
        "-srcstorepass",
        PASSWORD,
    ];
    let made = [
        "-destkeystore",
        "by-keytool",
        "-deststorepass",
        PASSWORD,
        "-deststoretype",
        other,
    ];
    let works: [(&str, Vec<&str>); 2] = [
        (
            "keytool -list",
            vec![
                "-list",
                "-keystore",
                name,
                "-storetype",
                kind,
                "-storepass",
                PASSWORD,
            ],
        ),
        (
            "keytool -importkeystore",
            [&importing[..], &made[..]].concat(),
        ),
    ];
    for (what, args) in works {
        let _ = fs::remove_file(at("by-keytool"));
        match keytool(dir.path(), &args) {
            Some(time) => line(what, time, floor),
            None => println!("  {what}: skipped, there is no keytool"),
        }
    }
}

fn line(what: &str, time: Duration, floor: Duration) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64();
    println!("  {what:<46} {:>10} {ratio:>8.1} x", ms(time));
}

fn ours(dir: &Path, args: &[&str]) -> Duration {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apim-pki"));
    command
        .arg("store")
        .args(args)
        .args(["--store-password", "file:p"]);
    let started = Instant::now();
    let output = command
        .current_dir(dir)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    started.elapsed()
}

fn keytool(dir: &Path, args: &[&str]) -> Option<Duration> {
    let started = Instant::now();
    let output = Command::new("keytool")
        .args(args)
        .current_dir(dir)
        .output()
        .ok()?;
    assert!(output.status.success(), "{output:?}");
    Some(started.elapsed())
}

/// A certificate of the usual size.
fn pattern() -> Certificate {
    let pem = fs::read(root().join("testdata/cli/leaf.pem")).unwrap();
    read_pem_certificates(&pem).unwrap().remove(0)
}

/// One certificate a number: the same but for the last bytes of its signature.
fn certificate(pattern: &Certificate, number: usize) -> Certificate {
    let mut der = pattern.der().to_vec();
    let at = der.len() - 4;
    der[at..].copy_from_slice(&u32::try_from(number).unwrap().to_be_bytes());
    Certificate::from_der(der)
}

const PASSWORD: &str = "a-bench-password-of-32-characters";
