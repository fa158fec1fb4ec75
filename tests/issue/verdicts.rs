//! Verdicts of `path` beside what Java 17 says in a handshake over the same chain and the same anchors.

mod algorithms;
mod costs;
mod real;
mod table;

use pki_core::{
    key::{Generated, KeyAlgorithm, KeySource},
    path::{PathProblem, Verdict},
    x509::Certificate,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use time::{Duration, OffsetDateTime};

/// A certificate, and what is needed to issue below it.
struct Made {
    certificate: Certificate,
    parameters: CertificateParams,
    key: KeyPair,
}

fn make(name: &str, issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    let key = Generated.generate(KeyAlgorithm::EcP256).unwrap();
    let key = KeyPair::try_from(key.pkcs8().expose()).unwrap();
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.not_before = now() - Duration::days(2);
    parameters.not_after = now() + Duration::days(30);
    parameters.use_authority_key_identifier_extension = issuer.is_some();
    change(&mut parameters);
    let made = match issuer {
        Some(issuer) => {
            let issuer = rcgen::Issuer::from_params(&issuer.parameters, &issuer.key);
            parameters.signed_by(&key, &issuer).unwrap()
        }
        None => parameters.self_signed(&key).unwrap(),
    };
    Made {
        certificate: Certificate::from_der(made.der().clone()),
        parameters,
        key,
    }
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc().replace_nanosecond(0).unwrap()
}

fn ca(name: &str, issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    make(name, issuer, |parameters| {
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        change(parameters);
    })
}

/// A server's certificate for `gw1.example.com` and `*.wild.example.com`.
fn leaf(issuer: Option<&Made>, change: impl FnOnce(&mut CertificateParams)) -> Made {
    make("gw1", issuer, |parameters| {
        parameters.subject_alt_names = dns(&["gw1.example.com", "*.wild.example.com"]);
        parameters.is_ca = IsCa::ExplicitNoCa;
        parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        change(parameters);
    })
}

fn dns(names: &[&str]) -> Vec<rcgen::SanType> {
    let names = names.iter().map(|name| (*name).try_into().unwrap());
    names.map(rcgen::SanType::DnsName).collect()
}

/// The kinds of the problems, without what they carry.
fn kinds(verdict: &Verdict) -> Vec<String> {
    let kind = |problem: &PathProblem| {
        let text = format!("{problem:?}");
        let end = text.find([' ', '(']).unwrap_or(text.len());
        text[..end].to_owned()
    };
    verdict.problems.iter().map(kind).collect()
}
