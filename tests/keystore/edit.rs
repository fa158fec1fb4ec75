//! Edits, judged by Java and OpenSSL: what people lose with keytool they keep here.

mod converting;
mod import;
mod many;
mod mending;

use std::{fs, path::Path, process::Command};

use pki_core::{
    edit::Material,
    key::SystemRandom,
    keystore::{Decoded, Encoding, Keystore},
    secret::Password,
    x509::Certificate,
};
use time::OffsetDateTime;

use crate::judge::{JavaEntry, Store, judge};

const PASSWORD: &str = "changeit";
/// 2001-01-01T00:00:00Z
const OLD: i64 = 978_307_200;

fn at(unix: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp(unix).ok()
}

fn dn(name: &str) -> rcgen::DistinguishedName {
    let mut dn = rcgen::DistinguishedName::new();
    dn.push(rcgen::DnType::CommonName, name);
    dn
}

type Issuer = rcgen::Issuer<'static, rcgen::KeyPair>;

fn issuer(name: &str, by: Option<&Issuer>) -> (Issuer, Certificate) {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = dn(name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = match by {
        None => params.self_signed(&key),
        Some(by) => params.signed_by(&key, by),
    };
    let certificate = Certificate::from_der(certificate.unwrap().der().to_vec());
    (rcgen::Issuer::new(params, key), certificate)
}

fn ca(name: &str) -> Certificate {
    issuer(name, None).1
}

fn read(bytes: &[u8]) -> Material {
    let mut material = Material::default();
    material.read(bytes, None).unwrap();
    material
}

fn write(path: &Path, store: &Keystore, encoding: Encoding) {
    let password = Password::new(PASSWORD);
    let bytes = store
        .encode(encoding, &password, &mut SystemRandom)
        .unwrap();
    fs::write(path, bytes.expose()).unwrap();
}

fn decoded(path: &Path) -> Decoded {
    Keystore::decode(&fs::read(path).unwrap(), &Password::new(PASSWORD)).unwrap()
}

fn java(kind: &str, path: &Path) -> Vec<JavaEntry> {
    judge().load(kind, path, Some(PASSWORD)).unwrap()
}

fn store<'a>(kind: &'a str, path: &'a Path) -> Store<'a> {
    Store {
        kind,
        path,
        password: PASSWORD,
    }
}

fn keytool(file: &str, kind: &str, arguments: &str) {
    let mut all: Vec<&str> = arguments.split_whitespace().collect();
    all.extend([
        "-storetype",
        kind,
        "-keystore",
        file,
        "-storepass",
        PASSWORD,
    ]);
    judge().keytool(&all).unwrap();
}

fn openssl(arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("openssl").args(arguments).output().unwrap();
    match output.status.success() {
        true => Ok(output.stdout),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
