//! Who reads what whom wrote: every writer, format and content before every reader. The outcome is the
//! table in `docs/formats.md`; an outcome that is not the table's fails. Where it changed for a reason,
//! run with `APIM_PKI_WRITE_TABLE=1`, and look at the difference.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use pki_core::{
    key::{KeyMatch, PrivateKey, SystemRandom},
    keystore::{
        Content, Encoding, Entry, Keystore, Pkcs12Profile, SealedKey, read_pem_certificates,
    },
    secret::{Bytes, Password},
};

use crate::judge::{NewEntry, Store, judge};

pub(crate) const PASSWORD: &str = "changeit";

#[test]
fn the_table_of_who_reads_whom_is_what_is_so() {
    let document = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats.md");
    let text = fs::read_to_string(&document).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (committed, after) = rest.split_once(END).unwrap();
    let table = table();
    if std::env::var_os("APIM_PKI_WRITE_TABLE").is_some() {
        assert!(
            judge().bouncy_castle().is_some(),
            "the table has a column for BouncyCastle: {INSTALL}"
        );
        let text = format!(
            "{before}{BEGIN}\n\n{}\n{END}{after}",
            table.join("\n") + "\n"
        );
        fs::write(document, text).unwrap();
        return;
    }
    let committed: Vec<String> = committed
        .lines()
        .filter(|line| line.starts_with('|'))
        .map(|line| seen(line))
        .filter(|line| !line.is_empty())
        .collect();
    let table: Vec<String> = table.iter().map(|line| seen(line)).collect();
    for (now, then) in table.iter().zip(&committed) {
        assert_eq!(now, then, "docs/formats.md says otherwise");
    }
    assert_eq!(
        table.len(),
        committed.len(),
        "docs/formats.md has other rows"
    );
}

/// A line as far as this machine can judge it: BouncyCastle's column and rows only where it is.
fn seen(line: &str) -> String {
    if judge().bouncy_castle().is_some() {
        return line.to_owned();
    }
    if line.starts_with("| BouncyCastle") {
        return String::new();
    }
    let cells: Vec<&str> = line.split('|').collect();
    cells[..cells.len() - 2].join("|")
}

fn table() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let mut lines = vec![
        format!(
            "| written by | format | holding | {} |",
            READERS.map(Reader::name).join(" | ")
        ),
        format!("|{}", " --- |".repeat(3 + READERS.len())),
    ];
    for (number, (writer, format)) in WRITTEN.into_iter().enumerate() {
        if matches!(writer, Writer::BouncyCastle) && judge().bouncy_castle().is_none() {
            continue;
        }
        for (name, holding) in HELD {
            let path = folder.path().join(format!("{number}-{name}"));
            let cells = match writer.write(format, holding, &path) {
                Ok(()) => READERS.map(|reader| reader.read(format, holding, &path)),
                Err(reason) => READERS.map(|_| format!("– ({reason})")),
            };
            let (writer, format) = (writer.name(), format.name());
            lines.push(format!(
                "| {writer} | {format} | {name} | {} |",
                cells.join(" | ")
            ));
        }
    }
    lines
}

/// What is put into a store: keys by the name of their algorithm, each with a chain of two, then `ca`,
/// `rsa` and so on as trusted certificates.
#[derive(Clone, Copy)]
struct Holding {
    keys: &'static [&'static str],
    trusted: &'static [&'static str],
}

const HELD: [(&str, Holding); 6] = [
    (
        "RSA key",
        Holding {
            keys: &["rsa"],
            trusted: &[],
        },
    ),
    (
        "EC key",
        Holding {
            keys: &["ec"],
            trusted: &[],
        },
    ),
    (
        "Ed25519 key",
        Holding {
            keys: &["ed25519"],
            trusted: &[],
        },
    ),
    (
        "DSA key",
        Holding {
            keys: &["dsa"],
            trusted: &[],
        },
    ),
    (
        "2 keys, 1 trusted",
        Holding {
            keys: &["rsa", "ec"],
            trusted: &["ca"],
        },
    ),
    (
        "2 trusted",
        Holding {
            keys: &[],
            trusted: &["ca", "dsa"],
        },
    ),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    Bks,
    Jceks,
    Jks,
    Modern,
    Java8,
    NoPassword,
}

#[derive(Clone, Copy)]
enum Writer {
    Ours,
    Java,
    OpenSsl,
    BouncyCastle,
}

const WRITTEN: [(Writer, Form); 13] = [
    (Writer::Ours, Form::Jks),
    (Writer::Java, Form::Jks),
    (Writer::Ours, Form::Modern),
    (Writer::Java, Form::Modern),
    (Writer::OpenSsl, Form::Modern),
    (Writer::Ours, Form::Java8),
    (Writer::Java, Form::Java8),
    (Writer::OpenSsl, Form::Java8),
    (Writer::BouncyCastle, Form::Java8),
    (Writer::Java, Form::NoPassword),
    (Writer::OpenSsl, Form::NoPassword),
    // Only read here, so only one writer has them.
    (Writer::Java, Form::Jceks),
    (Writer::BouncyCastle, Form::Bks),
];

const READERS: [Reader; 4] = [
    Reader::Ours,
    Reader::Java,
    Reader::OpenSsl,
    Reader::BouncyCastle,
];

#[derive(Clone, Copy)]
enum Reader {
    Ours,
    Java,
    OpenSsl,
    BouncyCastle,
}

impl Form {
    fn name(self) -> &'static str {
        match self {
            Self::Bks => "BKS",
            Self::Jceks => "JCEKS",
            Self::Jks => "JKS",
            Self::Modern => "PKCS #12 modern",
            Self::Java8 => "PKCS #12 java8",
            Self::NoPassword => "PKCS #12 without password",
        }
    }

    fn is_pkcs12(self) -> bool {
        matches!(self, Self::Modern | Self::Java8 | Self::NoPassword)
    }

    /// The type that Java's judge has for it.
    fn java(self) -> &'static str {
        match self {
            Self::Bks => "BKS",
            Self::Jceks => "JCEKS",
            Self::Jks => "JKS",
            Self::Modern => "PKCS12",
            Self::Java8 => "PKCS12;keystore.pkcs12.legacy=",
            Self::NoPassword => {
                "PKCS12;keystore.pkcs12.certProtectionAlgorithm=NONE;keystore.pkcs12.macAlgorithm=NONE"
            }
        }
    }

    fn password(self) -> Option<&'static str> {
        (self != Self::NoPassword).then_some(PASSWORD)
    }
}

impl Writer {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "apim-pki",
            Self::Java => "Java 17",
            Self::OpenSsl => "OpenSSL 3",
            Self::BouncyCastle => "BouncyCastle",
        }
    }

    /// Err: why this writer has no such store.
    fn write(self, form: Form, holding: Holding, path: &Path) -> Result<(), &'static str> {
        match self {
            Self::Ours => ours(form, holding, path),
            Self::Java => java(form.java(), form, holding, path),
            Self::OpenSsl => return openssl(form, holding, path),
            Self::BouncyCastle => {
                let kind = if form == Form::Bks {
                    "BKS@BC"
                } else {
                    "PKCS12@BC"
                };
                java(kind, form, holding, path);
            }
        }
        Ok(())
    }
}

fn ours(form: Form, holding: Holding, path: &Path) {
    let encoding = match form {
        Form::Jks => Encoding::Jks,
        Form::Java8 => Encoding::Pkcs12(Pkcs12Profile::Java8),
        _ => Encoding::Pkcs12(Pkcs12Profile::Modern),
    };
    let password = Password::new(PASSWORD);
    let mut keystore = Keystore::new();
    for name in holding.keys {
        let der = fs::read(material().join(format!("{name}.der"))).unwrap();
        let key = PrivateKey::from_pkcs8(Bytes::from(der)).unwrap();
        let key = SealedKey::seal(&key, &password, encoding.protection(), &mut SystemRandom);
        keystore.push(Entry::private_key(*name, key.unwrap(), chain(name)));
    }
    for name in holding.trusted {
        keystore.push(Entry::trusted(trusted_alias(name), chain(name).remove(0)));
    }
    let bytes = keystore
        .encode(encoding, &password, &mut SystemRandom)
        .unwrap();
    fs::write(path, bytes.expose()).unwrap();
}

fn java(kind: &str, form: Form, holding: Holding, path: &Path) {
    let at = |name: &str, end| material().join(format!("{name}.{end}"));
    let files = |name: &&str| (at(name, "der"), at(name, "pem"));
    let keys: Vec<_> = holding.keys.iter().map(files).collect();
    let trusted: Vec<_> = holding.trusted.iter().map(files).collect();
    let aliases: Vec<_> = holding
        .trusted
        .iter()
        .map(|name| trusted_alias(name))
        .collect();
    let mut entries = Vec::new();
    for (alias, (key, chain)) in holding.keys.iter().zip(&keys) {
        entries.push(NewEntry::Key {
            alias,
            password: PASSWORD,
            key,
            chain,
        });
    }
    for (alias, (_, certificate)) in aliases.iter().zip(&trusted) {
        entries.push(NewEntry::Trusted { alias, certificate });
    }
    match form.password() {
        Some(password) => judge().store(
            Store {
                kind,
                path,
                password,
            },
            &entries,
        ),
        None => judge().store_without_password(kind, path, &entries),
    }
    .unwrap();
}

fn openssl(form: Form, holding: Holding, path: &Path) -> Result<(), &'static str> {
    let at = |name: &str, end| {
        material()
            .join(format!("{name}.{end}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let path = path.to_str().unwrap();
    let base = [
        "pkcs12",
        "-export",
        "-passout",
        "pass:changeit",
        "-out",
        path,
    ];
    let scheme: &[&str] = match form {
        Form::Java8 => &["-legacy"],
        Form::NoPassword => &["-nomac", "-keypbe", "NONE", "-certpbe", "NONE"],
        _ => &[],
    };
    let bundle = format!("{path}.pem");
    let content = match (holding.keys, holding.trusted) {
        ([name], []) => vec![
            "-name".to_owned(),
            (*name).to_owned(),
            "-inkey".to_owned(),
            at(name, "key"),
            "-in".to_owned(),
            at(name, "pem"),
        ],
        ([], names) => {
            let pem: Vec<_> = names.iter().map(|name| chain(name).remove(0)).collect();
            fs::write(&bundle, pki_core::keystore::write_pem_certificates(&pem)).unwrap();
            vec!["-nokeys".to_owned(), "-in".to_owned(), bundle]
        }
        _ => return Err("one key a file"),
    };
    let content: Vec<&str> = content.iter().map(String::as_str).collect();
    run("openssl", &[&base[..], scheme, &content].concat());
    Ok(())
}

impl Reader {
    fn name(self) -> &'static str {
        match self {
            Self::Ours => "apim-pki reads",
            Self::Java => "Java 17 reads",
            Self::OpenSsl => "OpenSSL 3 reads",
            Self::BouncyCastle => "BouncyCastle reads",
        }
    }

    /// `yes`, or what is missing.
    fn read(self, form: Form, holding: Holding, path: &Path) -> String {
        match self {
            Self::Ours => verdict(holding, by_us(form, path)),
            Self::Java => verdict(holding, by_java(form.java(), form, path)),
            Self::OpenSsl if form.is_pkcs12() => {
                let plain = by_openssl(path, &[]);
                if plain.is_err() {
                    let legacy = by_openssl(path, &["-legacy"]);
                    return match verdict(holding, legacy).as_str() {
                        "yes" => "with `-legacy`".to_owned(),
                        other => other.to_owned(),
                    };
                }
                verdict(holding, plain)
            }
            Self::BouncyCastle if judge().bouncy_castle().is_none() => "?".to_owned(),
            Self::BouncyCastle if form.is_pkcs12() => {
                verdict(holding, by_java("PKCS12@BC", form, path))
            }
            Self::BouncyCastle if form == Form::Bks => {
                verdict(holding, by_java("BKS@BC", form, path))
            }
            Self::OpenSsl | Self::BouncyCastle => "–".to_owned(),
        }
    }
}

/// What a reader found: keys that open and are their certificate's, by their chains; trusted
/// certificates; and what was wrong.
#[derive(Default)]
struct Found {
    keys: BTreeSet<Vec<String>>,
    trusted: BTreeSet<String>,
    wrong: Vec<String>,
}

fn verdict(holding: Holding, found: Result<Found, String>) -> String {
    let found = match found {
        Ok(found) => found,
        Err(reason) => return format!("no: {reason}"),
    };
    let prints = |name: &&str| -> Vec<String> {
        chain(name)
            .iter()
            .map(|c| c.fingerprint().to_string())
            .collect()
    };
    let keys: BTreeSet<Vec<String>> = holding.keys.iter().map(prints).collect();
    let trusted: BTreeSet<String> = holding
        .trusted
        .iter()
        .map(|name| prints(name).remove(0))
        .collect();
    if let Some(wrong) = found.wrong.first() {
        return format!("no: {wrong}");
    }
    match (found.keys == keys, found.trusted == trusted) {
        (true, true) => "yes".to_owned(),
        (true, false) if found.trusted.is_empty() && keys.is_empty() => {
            "no: sees nothing".to_owned()
        }
        (true, false) if found.trusted.is_empty() => "keys alone".to_owned(),
        (true, false) => "keys, other certificates".to_owned(),
        (false, true) => "trusted alone".to_owned(),
        (false, false) => "no: sees others".to_owned(),
    }
}

fn by_us(form: Form, path: &Path) -> Result<Found, String> {
    let bytes = fs::read(path).unwrap();
    let decoded = match form.password() {
        Some(password) => Keystore::decode(&bytes, &Password::new(password)),
        None => Keystore::decode_unverified(&bytes),
    };
    let decoded = decoded.map_err(|error| error.to_string())?;
    Ok(found(&decoded.keystore))
}

fn found(keystore: &Keystore) -> Found {
    let mut found = Found::default();
    for entry in keystore.entries() {
        let prints: Vec<String> = entry
            .certificates()
            .iter()
            .map(|c| c.fingerprint().to_string())
            .collect();
        match &entry.content {
            Content::PrivateKey { key, chain } => match key.open(&Password::new(PASSWORD)) {
                Ok(key)
                    if chain
                        .first()
                        .is_some_and(|first| key.matches(first) == KeyMatch::Yes) =>
                {
                    found.keys.insert(prints);
                }
                Ok(_) => found.wrong.push("not the certificate's key".to_owned()),
                Err(error) => found.wrong.push(error.to_string()),
            },
            _ => found.trusted.extend(prints),
        }
    }
    found
}

fn by_java(kind: &str, form: Form, path: &Path) -> Result<Found, String> {
    let rows = judge()
        .inspect(kind, path, form.password(), PASSWORD)
        .map_err(|causes| causes[0].clone())?;
    let mut found = Found::default();
    for row in rows {
        match (row[1].as_str(), row[2].as_str()) {
            ("key", "opens") => drop(found.keys.insert(row[3..].to_vec())),
            ("trusted", _) => found.trusted.extend(row[3..].to_vec()),
            (_, wrong) => found.wrong.push(wrong.to_owned()),
        }
    }
    Ok(found)
}

/// OpenSSL prints keys and certificates; which belong together is found as in any bundle.
fn by_openssl(path: &Path, options: &[&str]) -> Result<Found, String> {
    let path = path.to_str().unwrap();
    let arguments = ["pkcs12", "-in", path, "-passin", "pass:changeit", "-nodes"];
    let output = Command::new("openssl")
        .args(arguments)
        .args(options)
        .output()
        .unwrap();
    if !output.status.success() {
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        let last = text.lines().last().unwrap_or_default();
        return Err(last.split(':').rev().nth(2).unwrap_or(last).to_owned());
    }
    let keystore =
        Keystore::decode(&output.stdout, &Password::new("")).map_err(|error| error.to_string())?;
    let mut found = found(&keystore.keystore);
    // A chain takes the root; that it is trusted too shows only in how often it is there.
    let printed = read_pem_certificates(&output.stdout).unwrap();
    for certificate in &printed {
        let print = certificate.fingerprint().to_string();
        if printed.iter().filter(|other| *other == certificate).count() > found.keys.len() {
            found.trusted.insert(print);
        }
    }
    Ok(found)
}

/// Made once for all runs in a target folder: `NAME.key` (PEM), `NAME.der` (PKCS #8) and `NAME.pem` (the
/// certificate and that of `ca`) for each algorithm, `ca.key`, `ca.pem`.
pub(crate) fn material() -> &'static Path {
    static MATERIAL: OnceLock<PathBuf> = OnceLock::new();
    MATERIAL.get_or_init(|| {
        let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // The number is that of what `make` makes.
        let made = here.join("matrix-material-1");
        if !made.exists() {
            let fresh = tempfile::tempdir_in(here).unwrap();
            make(fresh.path());
            match fs::rename(fresh.path(), &made) {
                Ok(()) => drop(fresh.keep()),
                // Another process was faster.
                Err(_) => assert!(made.exists()),
            }
        }
        made
    })
}

fn make(folder: &Path) {
    let at = |name: &str, end: &str| {
        folder
            .join(format!("{name}.{end}"))
            .to_str()
            .unwrap()
            .to_owned()
    };
    let genpkey = |name: &str, options: &str| {
        let key = at(name, "key");
        let options: Vec<&str> = options.split_whitespace().collect();
        run(
            "openssl",
            &[&["genpkey", "-out", &key], &options[..]].concat(),
        );
        run(
            "openssl",
            &[
                "pkcs8",
                "-topk8",
                "-nocrypt",
                "-outform",
                "DER",
                "-in",
                &key,
                "-out",
                &at(name, "der"),
            ],
        );
    };
    let ec = "-algorithm EC -pkeyopt ec_paramgen_curve:P-256";
    genpkey("ca", ec);
    let (ca, ca_key) = (at("ca", "pem"), at("ca", "key"));
    run(
        "openssl",
        &[
            "req",
            "-x509",
            "-key",
            &ca_key,
            "-subj",
            "/CN=Root/O=Acme",
            "-days",
            "7300",
            "-out",
            &ca,
        ],
    );
    let parameters = at("dsa", "parameters");
    run(
        "openssl",
        &[
            "genpkey",
            "-genparam",
            "-algorithm",
            "DSA",
            "-pkeyopt",
            "dsa_paramgen_bits:2048",
            "-out",
            &parameters,
        ],
    );
    for (name, options) in [
        ("rsa", "-algorithm RSA -pkeyopt rsa_keygen_bits:2048"),
        ("ec", ec),
        ("ed25519", "-algorithm ED25519"),
        ("dsa", &*format!("-paramfile {parameters}")),
    ] {
        genpkey(name, options);
        let (request, certificate) = (at(name, "csr"), at(name, "crt"));
        run(
            "openssl",
            &[
                "req",
                "-new",
                "-key",
                &at(name, "key"),
                "-subj",
                &format!("/CN={name}/O=Acme"),
                "-out",
                &request,
            ],
        );
        run(
            "openssl",
            &[
                "x509",
                "-req",
                "-in",
                &request,
                "-CA",
                &ca,
                "-CAkey",
                &ca_key,
                "-CAcreateserial",
                "-days",
                "7300",
                "-out",
                &certificate,
            ],
        );
        let chain = [fs::read(&certificate).unwrap(), fs::read(&ca).unwrap()].concat();
        fs::write(at(name, "pem"), chain).unwrap();
    }
}

fn chain(name: &str) -> Vec<pki_core::x509::Certificate> {
    let pem = fs::read(material().join(format!("{name}.pem"))).unwrap();
    read_pem_certificates(&pem).unwrap()
}

fn trusted_alias(name: &str) -> String {
    format!("trusted-{name}")
}

/// Runs a program that must succeed.
pub(crate) fn run(program: &str, arguments: &[&str]) {
    crate::pkcs12::run(program, arguments);
}

const BEGIN: &str = "<!-- the table begins -->";
const END: &str = "<!-- the table ends -->";
const INSTALL: &str = "on Debian install libbcprov-java";
