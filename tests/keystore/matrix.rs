//! Who reads what whom wrote: every writer, format and content before every reader. The outcome is the
//! table in `docs/formats.md`; an outcome that is not the table's fails. Where it changed for a reason,
//! run with `APIM_PKI_WRITE_TABLE=1`, and look at the difference.

mod material;
mod readers;
mod writers;

use std::{fs, path::Path, sync::OnceLock};

pub(crate) use self::material::material;
use crate::judge::judge;

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
            bouncy_castle(),
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
        .map(seen)
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
    if bouncy_castle() {
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
        if matches!(writer, Writer::BouncyCastle) && !bouncy_castle() {
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
            trusted: &["ed25519"],
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

/// Whether BouncyCastle is there to be asked.
#[allow(clippy::print_stderr, reason = "a skipped judge must be seen")]
pub(crate) fn bouncy_castle() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        let version = judge().bouncy_castle();
        if version.is_none() {
            eprintln!("BouncyCastle is not asked: {INSTALL}");
        }
        version.is_some()
    })
}

const BEGIN: &str = "<!-- the table begins -->";
const END: &str = "<!-- the table ends -->";
const INSTALL: &str = "on Debian install libbcprov-java";
