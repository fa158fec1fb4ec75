//! Who writes, and how each is made to.

use std::{fs, path::Path};

use pki_core::{
    key::{PrivateKey, SystemRandom},
    keystore::{Encoding, Entry, Keystore, Pkcs12Profile, SealedKey, write_pem_certificates},
    secret::{Bytes, Password},
};

use super::{
    Form, Holding, PASSWORD, Writer,
    material::{chain, material},
};
use crate::{
    judge::{NewEntry, Store, judge},
    pkcs12::run,
};

impl Writer {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "apim-pki",
            Self::Java => "Java 17",
            Self::OpenSsl => "OpenSSL 3",
            Self::BouncyCastle => "BouncyCastle",
        }
    }

    /// Err: why this writer has no such store.
    pub(super) fn write(
        self,
        form: Form,
        holding: Holding,
        path: &Path,
    ) -> Result<(), &'static str> {
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
            fs::write(&bundle, write_pem_certificates(&pem)).unwrap();
            vec!["-nokeys".to_owned(), "-in".to_owned(), bundle]
        }
        _ => return Err("one key a file"),
    };
    let content: Vec<&str> = content.iter().map(String::as_str).collect();
    run("openssl", &[&base[..], scheme, &content].concat());
    Ok(())
}

fn trusted_alias(name: &str) -> String {
    format!("trusted-{name}")
}
