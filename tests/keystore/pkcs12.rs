//! PKCS #12: who writes it, who reads it.

mod hostile;
mod read;
mod write;

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::OnceLock,
};

use crate::judge::judge;
use pki_core::{
    key::Random,
    keystore::{Content, Decoded, Entry, Keystore},
    secret::Password,
    x509::Fingerprint,
};

pub(crate) const PASSWORD: &str = "changeit";

/// Stores and PEM files, made once for all runs in a target folder:
///
/// - `ca.p12`: `ca`, a root
/// - `many.p12`: keys `One` and `two` under that root, trusted `trustedA` (the root) and
///   `Trusted Ü🔑`
/// - `one.key`, `one.der`, `chain.pem`: the key of `one` (open PKCS #8), its chain; `ca.pem`
pub(crate) fn fixtures() -> &'static Path {
    static FIXTURES: OnceLock<PathBuf> = OnceLock::new();
    FIXTURES.get_or_init(|| {
        let here = Path::new(env!("CARGO_TARGET_TMPDIR"));
        // The number is that of what `make_fixtures` makes.
        let made = here.join("pkcs12-fixtures-1");
        if !made.exists() {
            let fresh = tempfile::tempdir_in(here).unwrap();
            make_fixtures(fresh.path());
            match fs::rename(fresh.path(), &made) {
                Ok(()) => drop(fresh.keep()),
                // Another process was faster.
                Err(_) => assert!(made.exists()),
            }
        }
        made
    })
}

fn make_fixtures(folder: &Path) {
    let at = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (ca, many, ca_pem, one_crt) = (at("ca.p12"), at("many.p12"), at("ca.pem"), at("One.crt"));
    let new = "-genkeypair -keyalg EC -groupname secp256r1 -validity 7300";
    keytool(&format!(
        "{new} -alias ca -dname CN=Root,O=Acme -ext bc:c -keystore {ca}"
    ));
    keytool(&format!(
        "-exportcert -rfc -alias ca -keystore {ca} -file {ca_pem}"
    ));
    for alias in ["One", "two"] {
        let (csr, crt) = (at("csr"), at(&format!("{alias}.crt")));
        keytool(&format!(
            "{new} -alias {alias} -dname CN={alias},O=Acme -keystore {many}"
        ));
        keytool(&format!(
            "-certreq -alias {alias} -keystore {many} -file {csr}"
        ));
        keytool(&format!(
            "-gencert -rfc -validity 7300 -alias ca -keystore {ca} -infile {csr} -outfile {crt}"
        ));
        if alias == "One" {
            keytool(&format!(
                "-importcert -noprompt -alias trustedA -keystore {many} -file {ca_pem}"
            ));
        }
        keytool(&format!(
            "-importcert -noprompt -alias {alias} -keystore {many} -file {crt}"
        ));
    }
    let mut arguments = vec!["-importcert", "-noprompt", "-alias", "Trusted Ü\u{1F511}"];
    arguments.extend([
        "-storepass",
        PASSWORD,
        "-keystore",
        &many,
        "-file",
        &one_crt,
    ]);
    judge().keytool(&arguments).unwrap();
    let pass = format!("pass:{PASSWORD}");
    let (keys, key, der) = (at("keys"), at("one.key"), at("one.der"));
    run(
        "openssl",
        &[
            "pkcs12", "-in", &many, "-passin", &pass, "-nodes", "-nocerts", "-out", &keys,
        ],
    );
    // The first key of the file.
    run("openssl", &["pkey", "-in", &keys, "-out", &key]);
    let to_der = [
        "pkcs8", "-topk8", "-nocrypt", "-outform", "DER", "-in", &key, "-out", &der,
    ];
    run("openssl", &to_der);
    let chain = [fs::read(&one_crt).unwrap(), fs::read(&ca_pem).unwrap()].concat();
    fs::write(at("chain.pem"), chain).unwrap();
}

/// Runs keytool in the judge with the store password; arguments are parted by blanks.
pub(crate) fn keytool(arguments: &str) {
    let mut arguments: Vec<&str> = arguments.split_whitespace().collect();
    arguments.extend(["-storepass", PASSWORD]);
    judge().keytool(&arguments).unwrap();
}

/// Runs a program that must succeed; returns stdout and stderr.
pub(crate) fn run(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("`{program}` does not start: {error}"));
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    assert!(output.status.success(), "{program} {arguments:?}:\n{text}");
    text
}

pub(crate) fn decode(path: &Path, password: &str) -> Decoded {
    let bytes = fs::read(path).unwrap();
    Keystore::decode(&bytes, &Password::new(password))
        .unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Kind, alias in Java's lower case, and fingerprints of the certificates.
pub(crate) type Shown = (String, String, Vec<String>);

/// What Java shows of a store.
pub(crate) fn by_java(path: &Path, password: Option<&str>) -> Vec<Shown> {
    let mut shown: Vec<Shown> = judge()
        .load("PKCS12", path, password)
        .unwrap_or_else(|error| panic!("{}: {error:?}", path.display()))
        .into_iter()
        .map(|entry| (entry.kind, entry.alias, entry.sha256))
        .collect();
    shown.sort();
    shown
}

/// What we show of it, without the entries that Java hides.
pub(crate) fn by_us(store: &Keystore) -> Vec<Shown> {
    let mut shown: Vec<Shown> = store.entries().iter().filter_map(shown).collect();
    shown.sort();
    shown
}

fn shown(entry: &Entry) -> Option<Shown> {
    let kind = match &entry.content {
        Content::PrivateKey { .. } => "key",
        Content::SecretKey { .. } => "secret",
        Content::TrustedCertificate {
            java_visible: true, ..
        } => "trusted",
        _ => return None,
    };
    let fingerprints = entry
        .certificates()
        .iter()
        .map(|c| c.fingerprint().to_string());
    Some((
        kind.to_owned(),
        entry.alias.lookup(),
        fingerprints.collect(),
    ))
}

pub(crate) fn aliases(store: &Keystore) -> Vec<&str> {
    store
        .entries()
        .iter()
        .map(|entry| entry.alias.as_str())
        .collect()
}

/// SHA-256 of a key, as the judge tells it.
pub(crate) fn key_digest(entry: &Entry, password: &str) -> String {
    let Content::PrivateKey { key, .. } = &entry.content else {
        panic!("{} is no key", entry.alias);
    };
    let key = key.open(&Password::new(password)).unwrap();
    Fingerprint::of(key.pkcs8().expose()).to_string()
}

/// Random bytes that are those of a file.
pub(crate) struct Replay(Vec<Vec<u8>>);

impl Replay {
    /// The salt and the IV of the encrypted safe, then the MAC's salt: the order of the file.
    pub(crate) fn of(file: &[u8]) -> Self {
        let mut drawn = Vec::new();
        let pfx = children(children(file)[0].1);
        let safes = children(children(children(pfx[1].1)[1].1)[0].1);
        for (_, info) in children(safes[0].1) {
            let info = children(info);
            if let [(0x06, oid), (0xa0, content)] = info[..]
                && oid.ends_with(&[7, 6])
            {
                let data = children(children(content)[0].1);
                octets(children(data[1].1)[1].1, &mut drawn);
            }
        }
        if let Some((_, mac)) = pfx.get(2) {
            drawn.push(children(mac)[1].1.to_vec());
        }
        drawn.reverse();
        Self(drawn)
    }

    pub(crate) fn assert_used_up(&self) {
        assert!(self.0.is_empty(), "random bytes are left over");
    }
}

impl Random for Replay {
    fn fill(&mut self, out: &mut [u8]) {
        out.copy_from_slice(&self.0.pop().expect("more random bytes than the file has"));
    }
}

/// Whether a file has a MAC.
pub(crate) fn has_mac(file: &[u8]) -> bool {
    children(children(file)[0].1).len() == 3
}

/// Tag and content of each element.
fn children(mut content: &[u8]) -> Vec<(u8, &[u8])> {
    let mut out = Vec::new();
    while !content.is_empty() {
        let (header, length) = match content[1] {
            short @ 0..0x80 => (2, usize::from(short)),
            long => {
                let count = usize::from(long & 0x7f);
                let octets = &content[2..2 + count];
                (
                    2 + count,
                    octets
                        .iter()
                        .fold(0, |n, octet| n << 8 | usize::from(*octet)),
                )
            }
        };
        out.push((content[0], &content[header..header + length]));
        content = &content[header + length..];
    }
    out
}

fn octets(content: &[u8], out: &mut Vec<Vec<u8>>) {
    for (tag, content) in children(content) {
        match tag {
            0x04 => out.push(content.to_vec()),
            0x30 => octets(content, out),
            _ => {}
        }
    }
}
