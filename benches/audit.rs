//! What an audit of many stores costs, beside what cannot be avoided: to read the files, to hash them once, to parse
//! each certificate once; of PKCS #12 the password hashing. And beside keytool, which looks at one store a run.
//!
//! ```sh
//! cargo bench -p pki-cli --bench audit [-- --keystores N --truststores N --rounds N]
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
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use certificates::{PASSWORD, certificate, pattern};
use measure::{argument, median, ms, peak, print_target, root};
use pki_core::{
    key::{PrivateKey, SystemRandom, read_private_key},
    keystore::{Content, Encoding, Entry, Keystore, Pkcs12Profile, SealedKey},
    secret::Password,
    x509::{Certificate, Fingerprint},
};

fn main() {
    let rounds = argument("--rounds", 3);
    let pem = fs::read(root().join("testdata/cli/leaf.key")).unwrap();
    let key = read_private_key(&pem, None).unwrap();
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("p"), PASSWORD).unwrap();

    let many = dir.path().join("many");
    let (keystores, truststores) = (
        argument("--keystores", 10_000),
        argument("--truststores", 1_000),
    );
    fill(&many, keystores, truststores, &key);
    println!(
        "\nJKS, {keystores} keystores and {truststores} truststores of 100, no password: wall ms"
    );
    let floor = timed(rounds, || parallel(&files(&many), &read_hash_and_parse));
    line("read, hash and parse, in the library", floor, floor);
    let whole = timed(rounds, || audit(&many, &[]));
    line("audit, as a process", whole, floor);
    keytool(&many, floor);
    let jks = whole.as_secs_f64() / floor.as_secs_f64();

    let sealed = dir.path().join("sealed");
    let count = argument("--sealed", 200);
    fill_sealed(&sealed, count, &key);
    println!("\nPKCS #12 `modern`, {count} keystores, with their password: wall ms");
    let floor = timed(rounds, || parallel(&files(&sealed), &derive));
    line(
        "the three derivations of each, in the library",
        floor,
        floor,
    );
    let password = format!("file:{}", dir.path().join("p").display());
    let whole = timed(rounds, || audit(&sealed, &["--store-password", &password]));
    line("audit, as a process", whole, floor);
    let pkcs12 = whole.as_secs_f64() / floor.as_secs_f64();

    println!("\nmemory: kB at the most");
    let peaks = [1, 2, 4].map(|times| {
        let some = dir.path().join(format!("some-{times}"));
        let (keystores, truststores) = (times * keystores / 4, times * truststores / 4);
        fill(&some, keystores, truststores, &key);
        let (ended, peak) = peak(&mut command(&some, &[]));
        assert!(ended.code().is_some_and(|code| code < 2), "{ended}");
        println!(
            "  {:<46} {peak:>9}",
            format!("{keystores} keystores, {truststores} truststores")
        );
        peak
    });
    let files = 3 * (keystores + truststores) / 4;
    let each = (peaks[2].saturating_sub(peaks[0])) as f64 / files as f64;

    println!();
    print_target(
        "JKS, times what cannot be avoided",
        &format!("{jks:.2}"),
        "2",
        jks <= 2.0,
    );
    print_target(
        "PKCS #12, times the hashing",
        &format!("{pkcs12:.2}"),
        "1.2",
        pkcs12 <= 1.2,
    );
    println!(
        "  {:<46} {each:>16.1} kB",
        "memory for each further file and its findings"
    );
}

/// A folder with keystores, each with a key and a certificate of its own, and vendors' truststores.
fn fill(folder: &Path, keystores: usize, truststores: usize, key: &PrivateKey) {
    let password = Password::new(PASSWORD);
    let [leaf, ca] = ["leaf.pem", "root.pem"].map(pattern);
    let encoding = Encoding::Jks;
    let seal = SealedKey::seal(key, &password, encoding.protection(), &mut SystemRandom).unwrap();
    let write = |name: String, store: Keystore| {
        let bytes = store
            .encode(encoding, &password, &mut SystemRandom)
            .unwrap();
        fs::write(folder.join(name), bytes.expose()).unwrap();
    };
    fs::create_dir(folder).unwrap();
    for number in 0..keystores {
        let chain = vec![certificate(&leaf, number), ca.clone()];
        let entry = Entry::private_key("tls", seal.clone(), chain);
        write(format!("tls-{number}.jks"), [entry].into_iter().collect());
    }
    for number in 0..truststores {
        // Vendors have most of their authorities in common.
        let trusted = (number..number + 100).map(|ca_number| {
            Entry::trusted(format!("ca-{ca_number}"), certificate(&ca, ca_number))
        });
        write(format!("trust-{number}.jks"), trusted.collect());
    }
}

/// The same of PKCS #12 keystores alone.
fn fill_sealed(folder: &Path, count: usize, key: &PrivateKey) {
    let password = Password::new(PASSWORD);
    let [leaf, ca] = ["leaf.pem", "root.pem"].map(pattern);
    let encoding = Encoding::Pkcs12(Pkcs12Profile::Modern);
    fs::create_dir(folder).unwrap();
    for number in 0..count {
        let seal = SealedKey::seal(key, &password, encoding.protection(), &mut SystemRandom);
        let chain = vec![certificate(&leaf, number), ca.clone()];
        let store: Keystore = [Entry::private_key("tls", seal.unwrap(), chain)]
            .into_iter()
            .collect();
        let bytes = store
            .encode(encoding, &password, &mut SystemRandom)
            .unwrap();
        fs::write(folder.join(format!("tls-{number}.p12")), bytes.expose()).unwrap();
    }
}

/// What no audit can do without.
fn read_hash_and_parse(file: &Path) {
    let bytes = fs::read(file).unwrap();
    let digest = Fingerprint::of(&bytes);
    let read = Keystore::look(&bytes).unwrap();
    let entries = read.keystore.entries().iter();
    let certificates = entries.flat_map(|entry| entry.certificates());
    assert!(certificates.map(Certificate::view).all(|view| view.is_ok()));
    std::hint::black_box(digest);
}

/// The derivations of a keystore with one key: of its MAC, its certificates, its key, 10,000 iterations each.
fn derive(file: &Path) {
    let bytes = fs::read(file).unwrap();
    let password = Password::new(PASSWORD);
    let read = Keystore::decode(&bytes, &password).unwrap();
    let Content::PrivateKey { key, .. } = &read.keystore.get("tls").unwrap().content else {
        unreachable!("it is a key");
    };
    std::hint::black_box(key.open(&password).unwrap());
}

/// Does something to each file, on all cores.
fn parallel(files: &[PathBuf], work: &(dyn Fn(&Path) + Sync)) {
    let next = AtomicUsize::new(0);
    let cores = thread::available_parallelism().unwrap().get();
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(file) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    work(file);
                }
            });
        }
    });
}

fn audit(folder: &Path, args: &[&str]) {
    let ended = command(folder, args).status().unwrap();
    assert!(ended.code().is_some_and(|code| code < 2), "{ended}");
}

fn command(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_apim-pki"));
    command
        .arg("audit")
        .arg(folder)
        .args(["-q", "--format", "csv", "--now", NOW])
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// A run for each store: some are measured, and reckoned up to all.
fn keytool(folder: &Path, floor: Duration) {
    let files = files(folder);
    let some = files
        .iter()
        .step_by(files.len().div_ceil(10))
        .collect::<Vec<_>>();
    let started = Instant::now();
    for file in &some {
        let output = Command::new("keytool")
            .args(["-list", "-v", "-storepass", PASSWORD, "-keystore"])
            .arg(file)
            .output();
        let Ok(output) = output else {
            println!("  keytool: skipped, there is none");
            return;
        };
        assert!(output.status.success(), "{output:?}");
    }
    let each = started.elapsed() / u32::try_from(some.len()).unwrap();
    let all = each * u32::try_from(files.len()).unwrap();
    line(
        &format!("keytool -list -v, {} of them, for all", some.len()),
        all,
        floor,
    );
}

fn timed(rounds: usize, work: impl Fn()) -> Duration {
    let times = (0..rounds).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed()
    });
    median(times.collect())
}

fn line(what: &str, time: Duration, floor: Duration) {
    let ratio = time.as_secs_f64() / floor.as_secs_f64();
    println!("  {what:<46} {:>12} {ratio:>9.2} x", ms(time));
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

/// While the patterns are valid.
const NOW: &str = "2027-06-01T00:00:00Z";
