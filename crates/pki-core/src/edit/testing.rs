//! Certificates and entries for the tests of this module.

use crate::{
    key::{SystemRandom, read_private_key},
    keystore::{Decoded, Encoding, Entry, Keystore, Protection, SealedKey},
    secret::Password,
    x509::Certificate,
};

/// A key with a certificate.
pub(super) struct Made {
    pub(super) certificate: Certificate,
    pub(super) key_pem: String,
    issuer: rcgen::Issuer<'static, rcgen::KeyPair>,
}

impl Made {
    /// An entry with the key, sealed as in a JKS, and the certificate alone.
    pub(super) fn entry(&self, alias: &str, password: &str) -> Entry {
        let key = read_private_key(self.key_pem.as_bytes(), None).unwrap();
        let password = Password::new(password);
        let sealed = SealedKey::seal(&key, &password, Protection::Jks, &mut SystemRandom).unwrap();
        Entry::private_key(alias, sealed, vec![self.certificate.clone()])
    }

    /// Another certificate over the same key.
    pub(super) fn certified_by(&self, name: &str, issuer: &Made) -> Certificate {
        let certificate = params(name).signed_by(self.issuer.key(), &issuer.issuer);
        Certificate::from_der(certificate.unwrap().der().to_vec())
    }
}

/// A CA's certificate with a common name, valid from 1975 to 4096, over a new EC key.
pub(super) fn made(name: &str, issuer: Option<&Made>) -> Made {
    made_with(params(name), issuer)
}

/// The same, valid between two years.
pub(super) fn made_between(name: &str, from: i32, to: i32) -> Made {
    let mut params = params(name);
    params.not_before = rcgen::date_time_ymd(from, 1, 1);
    params.not_after = rcgen::date_time_ymd(to, 1, 1);
    made_with(params, None)
}

pub(super) fn store_of<const N: usize>(entries: [Entry; N]) -> Keystore {
    entries.into_iter().collect()
}

/// The store as it is read back from a JKS.
pub(super) fn decoded(store: &Keystore) -> Decoded {
    let password = Password::new("changeit");
    let bytes = store
        .encode(Encoding::Jks, &password, &mut SystemRandom)
        .unwrap();
    Keystore::decode(bytes.expose(), &password).unwrap()
}

fn params(name: &str) -> rcgen::CertificateParams {
    let mut params = rcgen::CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params
        .distinguished_name
        .push(rcgen::DnType::CommonName, name);
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params
}

fn made_with(params: rcgen::CertificateParams, issuer: Option<&Made>) -> Made {
    let key = rcgen::KeyPair::generate().unwrap();
    let certificate = match issuer {
        None => params.self_signed(&key),
        Some(issuer) => params.signed_by(&key, &issuer.issuer),
    }
    .unwrap();
    Made {
        certificate: Certificate::from_der(certificate.der().to_vec()),
        key_pem: key.serialize_pem(),
        issuer: rcgen::Issuer::new(params, key),
    }
}
