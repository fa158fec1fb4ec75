//! What the commands for single keystores cost: time on a truststore of 100,000 certificates, keytool
//! beside them on 1,000; memory, and whether it grows with the file and no faster.
//!
//! ```sh
//! cargo bench -p pki-cli --bench toolbox
//! ```

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a bench prints, and ends where something is wrong"
)]

mod certificates;
mod measure;

use std::{
    fs,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use certificates::{PASSWORD, certificate, pattern};
use measure::{argument, median, ms, peak};
use pki_core::{
    key::SystemRandom,
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile},
    secret::Password,
};

fn main() {
    let rounds = argument("--rounds", 3);
    for encoding in [Encoding::Jks, Encoding::Pkcs12(Pkcs12Profile::Modern)] {
        for certificates in [1_000, 100_000] {
            times(encoding, certificates, rounds);
        }
        memory(encoding);
    }
}

/// How long each command takes, beside what it takes to read and parse the bytes.
fn times(encoding: Encoding, certificates: usize, rounds: usize) {
    let site = Site::new(encoding, certificates);
    let bytes = fs::read(site.at("store")).unwrap();
    println!(
        "\n{}, {certificates} certificates, {} kB: wall ms",
        encoding.format(),
        bytes.len() / 1024
    );
    let password = Password::new(PASSWORD);
    let reading = (0..rounds).map(|_| {
        let started = Instant::now();
        let read = Keystore::decode(&bytes, &password).unwrap();
        let mut entries = read.keystore.entries().iter();
        assert!(entries.all(|entry| entry.certificates()[0].view().is_ok()));
        started.elapsed()
    });
    let floor = median(reading.collect());
    line(
        "reading and parsing the bytes, in the library",
        floor,
        floor,
    );
    for (what, args) in site.works() {
        let times = (0..rounds).map(|_| {
            site.begin();
            let (mut command, started) = (site.ours(&args), Instant::now());
            let output = command.output().unwrap();
            assert!(output.status.success(), "{command:?}: {output:?}");
            started.elapsed()
        });
        line(what, median(times.collect()), floor);
    }
    if certificates == 1_000 {
        keytool(&site, encoding, floor);
    }
}

/// The most memory that each command takes, for stores of three sizes.
fn memory(encoding: Encoding) {
    println!(
        "\n{}: MB of memory at the most, and times the file",
        encoding.format()
    );
    let sizes = [25_000, 50_000, 100_000];
    let sites = sizes.map(|certificates| Site::new(encoding, certificates));
    let files = sites.each_ref().map(|site| {
        let length = fs::metadata(site.at("store")).unwrap().len();
        length / 1024
    });
    let head = sizes.map(|size| format!("{size:>16}"));
    println!("  {:<24}{}", "certificates", head.concat());
    for (at, (what, _)) in sites[0].works().iter().enumerate() {
        let peaks = sites.each_ref().map(|site| {
            site.begin();
            let mut command = site.ours(&site.works()[at].1);
            let (ended, peak) = peak(&mut command);
            assert!(ended.success(), "{command:?}: {ended}");
            peak
        });
        let cells = peaks.iter().zip(files).map(|(peak, file)| {
            let times = *peak as f64 / file as f64;
            format!("{:>8} {times:>5.1} x", peak / 1024)
        });
        // Four times the file, four times the memory, with room for what does not depend on it.
        let verdict = match peaks[2] < 5 * peaks[0] {
            true => "linear",
            false => "NOT LINEAR",
        };
        println!("  {what:<24}{}  {verdict}", cells.collect::<String>());
    }
}

/// What keytool takes for as much, once each.
fn keytool(site: &Site, encoding: Encoding, floor: Duration) {
    let kind = |encoding: Encoding| encoding.format().name();
    let list = format!("-list -keystore store -storetype {}", kind(encoding));
    let import = format!(
        "-importkeystore -noprompt -srckeystore store -srcstorepass {PASSWORD} -destkeystore by-keytool \
         -deststoretype {}",
        kind(other(encoding))
    );
    for (what, arguments) in [("keytool -list", list), ("keytool -importkeystore", import)] {
        let mut command = Command::new("keytool");
        command
            .args(arguments.split_whitespace())
            .args(["-storepass", PASSWORD])
            .current_dir(site.dir.path());
        let started = Instant::now();
        let Ok(output) = command.output() else {
            println!("  {what}: skipped, there is no keytool");
            continue;
        };
        assert!(output.status.success(), "{output:?}");
        line(what, started.elapsed(), floor);
    }
}

/// A folder with a store, and another that has half of its certificates in common.
struct Site {
    dir: tempfile::TempDir,
    to: &'static str,
}

impl Site {
    fn new(encoding: Encoding, certificates: usize) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let patterns = [pattern("leaf.pem"), pattern("expired.pem")];
        let password = Password::new(PASSWORD);
        for (name, from) in [("store", 0), ("other", certificates / 2)] {
            let numbers = from..from + certificates;
            let store: Keystore = numbers
                .map(|number| {
                    let pattern = &patterns[usize::from(number % 10 == 9)];
                    Entry::trusted(format!("ca-{number}"), certificate(pattern, number))
                })
                .collect();
            let bytes = store.encode(encoding, &password, &mut SystemRandom);
            fs::write(dir.path().join(name), bytes.unwrap().expose()).unwrap();
        }
        fs::write(dir.path().join("p"), PASSWORD).unwrap();
        let to = other(encoding).format().name();
        Self { dir, to }
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        self.dir.path().join(name)
    }

    /// What is measured. `prune` takes out each tenth certificate, and writes the others.
    fn works(&self) -> [(&'static str, Vec<&'static str>); 5] {
        [
            ("list", vec!["list", "store"]),
            (
                "list --format json",
                vec!["list", "store", "--format", "json"],
            ),
            (
                "merge",
                vec![
                    "merge",
                    "store",
                    "other",
                    "-qo",
                    "merged",
                    "--to",
                    self.from(),
                ],
            ),
            (
                "prune",
                vec![
                    "prune",
                    "pruned",
                    "--expired",
                    "--weak",
                    "--default-keys",
                    "-q",
                ],
            ),
            (
                "convert",
                vec!["convert", "store", "converted", "--to", self.to, "-q"],
            ),
        ]
    }

    fn from(&self) -> &'static str {
        match self.to {
            "jks" => "pkcs12",
            _ => "jks",
        }
    }

    /// What a run made before is gone, and what it changed is as it was.
    fn begin(&self) {
        for name in ["merged", "converted"] {
            let _ = fs::remove_file(self.at(name));
        }
        fs::copy(self.at("store"), self.at("pruned")).unwrap();
    }

    fn ours(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_apim-pki"));
        command
            .arg("store")
            .args(args)
            .args(["--store-password", "file:p", "--now", NOW])
            .current_dir(self.dir.path())
            .stdin(Stdio::null());
        command
    }
}

fn line(what: &str, time: Duration, floor: Duration) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64();
    println!("  {what:<46} {:>10} {ratio:>8.1} x", ms(time));
}

fn other(encoding: Encoding) -> Encoding {
    match encoding {
        Encoding::Jks => Encoding::Pkcs12(Pkcs12Profile::Modern),
        _ => Encoding::Jks,
    }
}

/// Between the end of `expired.pem` and that of `leaf.pem`.
const NOW: &str = "2027-06-01T00:00:00Z";
