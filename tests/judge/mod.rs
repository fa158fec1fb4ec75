//! Java as a judge: what the JDK on this machine says about a store, a key, a handshake.
//!
//! One JVM for a test process, started when it is first asked ([`judge`]) and gone with the process. Its
//! commands are listed at the top of `Judge.java`; the methods of [`Judge`] wrap them. Include it with
//!
//! ```ignore
//! #[path = "../judge/mod.rs"]
//! mod judge;
//! ```
//!
//! A machine without a JDK 17 or later fails the tests that ask, and the message says what to install:
//! a test that no judge has seen has not passed.

// Each test binary uses the part that it needs; `pub` says what is meant for it.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used, clippy::expect_used)]

use std::{
    ffi::OsString,
    fs,
    io::{BufRead as _, BufReader, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Mutex, OnceLock},
};

/// The JVM of this process.
pub fn judge() -> &'static Judge {
    static JUDGE: OnceLock<Judge> = OnceLock::new();
    JUDGE.get_or_init(Judge::start)
}

/// A running JVM. Commands are answered one at a time.
pub struct Judge(Mutex<Pipes>);

struct Pipes {
    _child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

/// What Java says about one entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct JavaEntry {
    pub alias: String,
    /// `key`, `trusted` or `secret`.
    pub kind: String,
    /// Milliseconds since 1970.
    pub created_ms: i64,
    /// SHA-256 of each certificate, lower-case hex, end-entity first.
    pub sha256: Vec<String>,
}

/// What Java says about a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JavaKey {
    /// `RSA`, `EC`, `AES`, …
    pub algorithm: String,
    /// `PKCS#8` or `RAW`.
    pub format: String,
    /// SHA-256 of the encoded key, lower-case hex.
    pub sha256: String,
}

/// An entry for [`Judge::store`].
#[derive(Clone, Copy, Debug)]
pub enum NewEntry<'a> {
    Key {
        alias: &'a str,
        password: &'a str,
        /// PKCS #8, DER.
        key: &'a Path,
        /// PEM, end-entity first.
        chain: &'a Path,
    },
    Secret {
        alias: &'a str,
        password: &'a str,
        /// `AES`, …
        algorithm: &'a str,
        hex: &'a str,
    },
    Trusted {
        alias: &'a str,
        /// PEM or DER.
        certificate: &'a Path,
    },
}

/// A store for [`Judge::tls`].
#[derive(Clone, Copy, Debug)]
pub struct Store<'a> {
    /// `JKS`, `PKCS12`, or another TYPE of `Judge.java`.
    pub kind: &'a str,
    pub path: &'a Path,
    pub password: &'a str,
}

/// What came of a handshake that succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handshake {
    /// `TLSv1.3`, …
    pub protocol: String,
    pub cipher_suite: String,
    /// SHA-256 of each certificate that the server presented, lower-case hex.
    pub sha256: Vec<String>,
}

impl Judge {
    /// Asks anything; `None` is Java's null. An error is the exceptions, outermost first.
    pub fn ask(
        &self,
        command: &str,
        arguments: &[Option<&str>],
    ) -> Result<Vec<Vec<String>>, Vec<String>> {
        let mut line = command.to_owned();
        for argument in arguments {
            line.push(' ');
            match argument {
                None => line.push('~'),
                Some("") => line.push('-'),
                Some(text) => text
                    .bytes()
                    .for_each(|byte| line.push_str(&format!("{byte:02x}"))),
            }
        }
        line.push('\n');
        let mut pipes = self.0.lock().unwrap();
        pipes.stdin.write_all(line.as_bytes()).unwrap();
        pipes.stdin.flush().unwrap();
        let mut rows = Vec::new();
        loop {
            let mut row = String::new();
            let read = pipes.stdout.read_line(&mut row).unwrap();
            assert!(read > 0, "the JVM died over `{command}`: see its stderr");
            let row = row.strip_suffix('\n').unwrap_or(&row);
            if row == "." {
                break;
            }
            rows.push(row.split('\t').map(unescape).collect::<Vec<_>>());
        }
        match rows.first() {
            Some(first) if first[0] == "error" => Err(first[1..].to_vec()),
            _ => Ok(rows),
        }
    }

    /// `java.version`.
    pub fn version(&self) -> String {
        self.ask("version", &[]).unwrap()[0][0].clone()
    }

    /// The entries of a store, in the order in which Java lists them (for JKS a hash table's). Without a
    /// password Java does not check integrity.
    pub fn load(
        &self,
        kind: &str,
        path: &Path,
        password: Option<&str>,
    ) -> Result<Vec<JavaEntry>, Vec<String>> {
        let rows = self.ask("load", &[Some(kind), Some(text(path)), password])?;
        let entry = |row: Vec<String>| JavaEntry {
            alias: row[0].clone(),
            kind: row[1].clone(),
            created_ms: row[2].parse().unwrap(),
            sha256: row[3..].to_vec(),
        };
        Ok(rows.into_iter().map(entry).collect())
    }

    /// Opens a key.
    pub fn key(
        &self,
        store: Store<'_>,
        alias: &str,
        key_password: &str,
    ) -> Result<JavaKey, Vec<String>> {
        let [kind, path, password] = fields(&store);
        let row = self
            .ask(
                "key",
                &[kind, path, password, Some(alias), Some(key_password)],
            )?
            .remove(0);
        Ok(JavaKey {
            algorithm: row[0].clone(),
            format: row[1].clone(),
            sha256: row[2].clone(),
        })
    }

    /// An encrypted value, made or read as the product does it: `Ciphers.java`.
    pub fn ciphers(&self, arguments: &[&str]) -> Result<String, Vec<String>> {
        let arguments: Vec<_> = arguments.iter().copied().map(Some).collect();
        Ok(self.ask("ciphers", &arguments)?.remove(0).remove(0))
    }

    /// The version of BouncyCastle's provider, where it is installed.
    pub fn bouncy_castle(&self) -> Option<String> {
        let rows = self.ask("bouncycastle", &[]).ok()?;
        Some(rows[0][0].clone())
    }

    /// Each entry, and of a key whether it opens and is its certificate's: alias, kind, `opens` or why not,
    /// SHA-256 of the certificates.
    pub fn inspect(
        &self,
        kind: &str,
        path: &Path,
        password: Option<&str>,
        key_password: &str,
    ) -> Result<Vec<Vec<String>>, Vec<String>> {
        let arguments = [Some(kind), Some(text(path)), password, Some(key_password)];
        self.ask("inspect", &arguments)
    }

    /// Makes a store; without a password if Java is to write none.
    pub fn store_without_password(
        &self,
        kind: &str,
        path: &Path,
        entries: &[NewEntry<'_>],
    ) -> Result<(), Vec<String>> {
        self.store_with(vec![Some(kind), Some(text(path)), None], entries)
    }

    /// Makes a store.
    pub fn store(&self, store: Store<'_>, entries: &[NewEntry<'_>]) -> Result<(), Vec<String>> {
        self.store_with(fields(&store).to_vec(), entries)
    }

    fn store_with<'a>(
        &self,
        mut arguments: Vec<Option<&'a str>>,
        entries: &[NewEntry<'a>],
    ) -> Result<(), Vec<String>> {
        for entry in entries {
            let words = match *entry {
                NewEntry::Key {
                    alias,
                    password,
                    key,
                    chain,
                } => vec!["key", alias, password, text(key), text(chain)],
                NewEntry::Secret {
                    alias,
                    password,
                    algorithm,
                    hex,
                } => vec!["secret", alias, password, algorithm, hex],
                NewEntry::Trusted { alias, certificate } => {
                    vec!["trusted", alias, text(certificate)]
                }
            };
            arguments.extend(words.into_iter().map(Some));
        }
        self.ask("store", &arguments).map(drop)
    }

    /// Runs keytool inside the JVM and returns what it prints.
    pub fn keytool(&self, arguments: &[&str]) -> Result<String, Vec<String>> {
        let arguments: Vec<_> = arguments.iter().copied().map(Some).collect();
        let rows = self.ask("keytool", &arguments)?;
        let lines: Vec<String> = rows.into_iter().map(|row| row.join("\t")).collect();
        Ok(lines.join("\n"))
    }

    /// What an XPath expression comes to in an XML file, as text; empty where it finds nothing. Names are
    /// without namespaces.
    pub fn xpath(&self, file: &Path, expression: &str) -> Result<String, Vec<String>> {
        let rows = self.ask("xpath", &[Some(file.to_str().unwrap()), Some(expression)])?;
        Ok(rows[0][0].clone())
    }

    /// Does a handshake with a server that has `server` (key password = store password) as a client that
    /// trusts `trust` and expects `name`.
    pub fn tls(
        &self,
        server: Store<'_>,
        trust: Store<'_>,
        name: &str,
    ) -> Result<Handshake, Vec<String>> {
        let mut arguments = server_fields(&server);
        arguments.extend(fields(&trust));
        arguments.push(Some(name));
        self.handshake(&arguments)
    }

    /// The same by a client that does not look at the server's name.
    pub fn tls_by_trust(
        &self,
        server: Store<'_>,
        trust: Store<'_>,
    ) -> Result<Handshake, Vec<String>> {
        let mut arguments = server_fields(&server);
        arguments.extend(fields(&trust));
        arguments.push(None);
        self.handshake(&arguments)
    }

    /// The same with a client certificate from `client`, which the server checks against `server_trust`.
    pub fn mutual_tls(
        &self,
        server: Store<'_>,
        trust: Store<'_>,
        name: &str,
        client: Store<'_>,
        server_trust: Store<'_>,
    ) -> Result<Handshake, Vec<String>> {
        let mut arguments = server_fields(&server);
        arguments.extend(fields(&trust));
        arguments.push(Some(name));
        arguments.extend(server_fields(&client));
        arguments.extend(fields(&server_trust));
        self.handshake(&arguments)
    }

    fn handshake(&self, arguments: &[Option<&str>]) -> Result<Handshake, Vec<String>> {
        let row = self.ask("tls", arguments)?.remove(0);
        if row[0] == "refused" {
            return Err(row[1..].to_vec());
        }
        Ok(Handshake {
            protocol: row[1].clone(),
            cipher_suite: row[2].clone(),
            sha256: row[3..].to_vec(),
        })
    }

    /// Starts a TLS server on the loopback that lives as long as this JVM, and says on which port. It asks
    /// for certificates of clients (`none`, `want`, `need`) that `clients` trusts, and speaks `protocols`
    /// (Java's names, with commas; `None`: the default).
    pub fn serve(
        &self,
        server: Store<'_>,
        demand: &str,
        clients: Option<Store<'_>>,
        protocols: Option<&str>,
    ) -> Result<u16, Vec<String>> {
        let mut arguments = server_fields(&server);
        arguments.extend([Some(demand), protocols]);
        arguments.extend(clients.iter().flat_map(fields));
        let rows = self.ask("serve", &arguments)?;
        Ok(rows[0][0].parse().unwrap())
    }

    /// A JVM of its own that still does what a JDK of 2018 did: `properties` is a file of security
    /// properties (`java.security`).
    pub fn with_security(properties: &Path) -> Self {
        let file = format!("-Djava.security.properties={}", text(properties));
        Self::start_with(&[file])
    }

    fn start() -> Self {
        Self::start_with(&[])
    }

    fn start_with(options: &[String]) -> Self {
        let classes = compile();
        let mut child = Command::new("java")
            .args(options)
            // A short life on a busy machine: no optimizing compiler, no parallel collector.
            .args([
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                "-Xshare:auto",
            ])
            .args(["--add-exports", KEYTOOL, "-Dfile.encoding=UTF-8"])
            // English messages and a fixed zone, whatever the machine has.
            .args([
                "-Duser.language=en",
                "-Duser.country=US",
                "-Duser.timezone=UTC",
            ])
            .args(["-Djavax.net.ssl.trustStore=NONE", "-cp"])
            .arg(class_path(&classes))
            .arg("Judge")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("`java` does not start ({error}): {INSTALL}"));
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self(Mutex::new(Pipes {
            _child: child,
            stdin,
            stdout,
        }))
    }
}

/// Our classes, and BouncyCastle where it is installed (Debian: libbcprov-java).
fn class_path(classes: &Path) -> OsString {
    let jar = std::env::var_os("BCPROV_JAR").unwrap_or_else(|| BCPROV.into());
    std::env::join_paths([classes.as_os_str(), &jar]).unwrap()
}

/// Compiles the Java side once per version of its source and of its folder; several test processes may
/// do it at the same time.
fn compile() -> PathBuf {
    let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let sources: String = SOURCES.iter().map(|(_, source)| *source).collect();
    let classes = here.join(format!("judge-{:016x}", fnv(sources.as_bytes())));
    if classes.join("Judge.class").exists() {
        return classes;
    }
    let fresh = tempfile::tempdir_in(here).unwrap();
    let files = SOURCES.map(|(name, source)| {
        let file = fresh.path().join(name);
        fs::write(&file, source).unwrap();
        file
    });
    let output = Command::new("javac")
        .args([
            "-encoding",
            "UTF-8",
            "-proc:none",
            "--add-exports",
            KEYTOOL,
            "-d",
        ])
        .arg(fresh.path())
        .args(&files)
        .output()
        .unwrap_or_else(|error| panic!("`javac` does not start ({error}): {INSTALL}"));
    assert!(
        output.status.success(),
        "the judge does not compile with this JDK:\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    match fs::rename(fresh.path(), &classes) {
        Ok(()) => drop(fresh.keep()),
        // Another process was faster.
        Err(_) => assert!(classes.join("Judge.class").exists()),
    }
    classes
}

fn fields<'a>(store: &Store<'a>) -> [Option<&'a str>; 3] {
    [
        Some(store.kind),
        Some(text(store.path)),
        Some(store.password),
    ]
}

fn server_fields<'a>(store: &Store<'a>) -> Vec<Option<&'a str>> {
    let mut all = fields(store).to_vec();
    all.push(Some(store.password));
    all
}

fn text(path: &Path) -> &str {
    path.to_str().expect("test paths are UTF-8")
}

fn unescape(field: &str) -> String {
    let mut out = String::new();
    let mut chars = field.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    out
}

/// FNV-1a: names a folder, protects nothing.
fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

const BCPROV: &str = "/usr/share/java/bcprov.jar";
const SOURCES: [(&str, &str); 2] = [
    ("Judge.java", include_str!("Judge.java")),
    ("Ciphers.java", include_str!("Ciphers.java")),
];
const KEYTOOL: &str = "java.base/sun.security.tools.keytool=ALL-UNNAMED";
const INSTALL: &str = "the tests ask a JDK 17 or later; on Debian install openjdk-17-jdk-headless";
