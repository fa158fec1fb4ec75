//! Keys and certificates as files, for Java and for us.

use std::path::{Path, PathBuf};

use pki_core::{
    key::{PrivateKey, read_private_key},
    wso2::vault::{OpeningKey, SealingKey},
    x509::Certificate,
};
use rcgen::{
    CertificateParams, Issuer, KeyPair, KeyUsagePurpose, PKCS_RSA_SHA256, PublicKeyData,
    SignatureAlgorithm,
};

/// An RSA key with a certificate over it.
pub(crate) struct Pair {
    pub(crate) key: PrivateKey,
    pub(crate) certificate: Certificate,
    folder: tempfile::TempDir,
}

impl Pair {
    /// A ready key of `testdata/keys`, `rsa-2048-01`, with a certificate.
    pub(crate) fn ready(name: &str) -> Self {
        Self::with_usage(name, &[])
    }

    /// The same, the certificate with a critical key usage.
    pub(crate) fn with_usage(name: &str, usages: &[KeyUsagePurpose]) -> Self {
        let pem = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../testdata/keys")
            .join(format!("{name}.pem"));
        let key = read_private_key(&std::fs::read(pem).unwrap(), None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let certificate = Certificate::from_der(certified(&key, usages));
        std::fs::write(folder.path().join("key.der"), key.pkcs8().expose()).unwrap();
        std::fs::write(folder.path().join("cert.der"), certificate.der()).unwrap();
        Self {
            key,
            certificate,
            folder,
        }
    }

    pub(crate) fn key_file(&self) -> String {
        text(self.folder.path().join("key.der"))
    }

    pub(crate) fn certificate_file(&self) -> String {
        text(self.folder.path().join("cert.der"))
    }

    pub(crate) fn opening(&self) -> OpeningKey {
        OpeningKey::rsa(&self.key).unwrap()
    }

    pub(crate) fn sealing(&self) -> SealingKey {
        SealingKey::certificate(&self.certificate).unwrap()
    }
}

fn text(path: PathBuf) -> String {
    path.to_str().unwrap().to_owned()
}

/// A certificate over the key, signed by another, at which nobody looks here. (A key of 1024 bits signs
/// nothing.)
fn certified(key: &PrivateKey, usages: &[KeyUsagePurpose]) -> Vec<u8> {
    let signer = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.key_usages = usages.to_vec();
    let issuer = Issuer::from_params(&params, &signer);
    let subject = RsaKey(bits(&key.spki().unwrap()));
    params.signed_by(&subject, &issuer).unwrap().der().to_vec()
}

struct RsaKey(Vec<u8>);

impl PublicKeyData for RsaKey {
    fn der_bytes(&self) -> &[u8] {
        &self.0
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_RSA_SHA256
    }
}

/// The key bits of the SubjectPublicKeyInfo of an RSA key: what follows NULL, tag, length and a zero.
fn bits(spki: &[u8]) -> Vec<u8> {
    let length = spki
        .windows(3)
        .position(|three| three == [5, 0, 3])
        .unwrap()
        + 3;
    let octets = match spki[length] {
        long @ 0x80.. => usize::from(long & 0x7f),
        _ => 0,
    };
    spki[length + 1 + octets + 1..].to_vec()
}
