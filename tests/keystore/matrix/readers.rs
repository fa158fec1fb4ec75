//! Who reads, and what each is found to have read.

use std::{collections::BTreeSet, fs, path::Path, process::Command};

use pki_core::{
    key::KeyMatch,
    keystore::{Content, Keystore},
    secret::Password,
    x509::{Fingerprint, pem_blocks},
};

use super::{
    Form, Holding, PASSWORD, Reader, bouncy_castle,
    material::{material, prints},
};
use crate::judge::judge;

impl Reader {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "apim-pki reads",
            Self::Java => "Java 17 reads",
            Self::OpenSsl => "OpenSSL 3 reads",
            Self::BouncyCastle => "BouncyCastle reads",
        }
    }

    /// `yes`, or what is missing.
    pub(super) fn read(self, form: Form, holding: Holding, path: &Path) -> String {
        match self {
            Self::Ours => verdict(holding, by_us(form, path)),
            Self::Java if form == Form::Bks => "–".to_owned(),
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
            Self::BouncyCastle if !bouncy_castle() => "?".to_owned(),
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
        Err(reason) => {
            return format!("no: {}", reason.rsplit(": ").next().unwrap_or_default());
        }
    };
    let keys: BTreeSet<Vec<String>> = holding.keys.iter().map(|name| prints(name)).collect();
    let trusted: BTreeSet<String> = holding
        .trusted
        .iter()
        .map(|name| prints(name).remove(0))
        .collect();
    if let Some(wrong) = found.wrong.first() {
        return format!("no: {wrong}");
    }
    let in_chains: BTreeSet<String> = keys.iter().flatten().cloned().collect();
    let ends = |keys: &BTreeSet<Vec<String>>| -> BTreeSet<String> {
        keys.iter()
            .filter_map(|chain| chain.first().cloned())
            .collect()
    };
    let more: BTreeSet<String> = &found.trusted - &trusted;
    if found.keys.is_empty() && found.trusted.is_empty() {
        "no: sees nothing"
    } else if found.keys == keys && found.trusted == trusted {
        "yes"
    } else if found.keys == keys
        && found.trusted.is_superset(&trusted)
        && more.is_subset(&in_chains)
    {
        "yes, and the CA as trusted"
    } else if found.keys == keys && found.trusted.is_empty() {
        "keys alone"
    } else if found.keys.is_empty() {
        "certificates alone"
    } else if ends(&found.keys) == ends(&keys) {
        "keys without their chains"
    } else {
        "no: sees others"
    }
    .to_owned()
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
                // Whose it is cannot be told of DSA, but that it is the one that was put there.
                Ok(key)
                    if key.pkcs8().expose() == fs::read(material().join("dsa.der")).unwrap() =>
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

/// OpenSSL prints keys, each as [`material`] has it, and certificates: what is in no key's chain is trusted.
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
    let mut found = Found::default();
    let mut printed = BTreeSet::new();
    let mut names = Vec::new();
    for block in pem_blocks(&output.stdout).unwrap() {
        let is_it = |name: &&str| {
            fs::read(material().join(format!("{name}.der"))).unwrap() == block.der.expose()
        };
        match block.label.as_str() {
            "CERTIFICATE" => drop(printed.insert(Fingerprint::of(block.der.expose()).to_string())),
            _ => match ["rsa", "ec", "ed25519", "dsa"].into_iter().find(is_it) {
                Some(name) => names.push(name),
                None => found.wrong.push(format!("another {}", block.label)),
            },
        }
    }
    let mut in_chains = BTreeSet::new();
    for name in names {
        let mut prints = prints(name);
        prints.retain(|print| printed.contains(print));
        in_chains.extend(prints.clone());
        found.keys.insert(prints);
    }
    found.trusted = &printed - &in_chains;
    Ok(found)
}
