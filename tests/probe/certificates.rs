//! A CA and what it issues, made for each test.

use pki_core::{key::KeyAlgorithm, key::PrivateKey, x509::Certificate};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use time::{Duration, OffsetDateTime};

use crate::keys::ReadyKeys;

/// A chain, end-entity certificate first, and its key.
pub(crate) struct Made {
    pub(crate) chain: Vec<Certificate>,
    pub(crate) key: PrivateKey,
    parameters: CertificateParams,
}

impl Made {
    /// A CA with the EC key of a number.
    pub(crate) fn ca(name: &str, number: usize) -> Self {
        let key = ReadyKeys::key(KeyAlgorithm::EcP256, number).unwrap();
        Self::make(name, key, None, |parameters| {
            parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        })
    }

    /// A certificate without an issuer, and with whatever is changed.
    pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = ReadyKeys::key(KeyAlgorithm::Rsa2048, 5).unwrap();
        Self::make(name, key, None, change)
    }

    /// A certificate for some names, over the RSA key of a number.
    pub(crate) fn leaf(&self, names: &[&str], number: usize) -> Self {
        let key = ReadyKeys::key(KeyAlgorithm::Rsa2048, number).unwrap();
        Self::make(names[0], key, Some(self), |parameters| {
            parameters.subject_alt_names = names
                .iter()
                .map(|name| match name.parse() {
                    Ok(address) => rcgen::SanType::IpAddress(address),
                    Err(_) => rcgen::SanType::DnsName((*name).try_into().unwrap()),
                })
                .collect();
            parameters.is_ca = IsCa::ExplicitNoCa;
            parameters.key_usages = vec![
                KeyUsagePurpose::DigitalSignature,
                KeyUsagePurpose::KeyEncipherment,
            ];
            parameters.extended_key_usages = vec![
                ExtendedKeyUsagePurpose::ServerAuth,
                ExtendedKeyUsagePurpose::ClientAuth,
            ];
        })
    }

    /// Any certificate over a key.
    pub(crate) fn make(
        name: &str,
        key: PrivateKey,
        issuer: Option<&Self>,
        change: impl FnOnce(&mut CertificateParams),
    ) -> Self {
        let pair = KeyPair::try_from(key.pkcs8().expose()).unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name = rcgen::DistinguishedName::new();
        parameters.distinguished_name.push(DnType::CommonName, name);
        let now = OffsetDateTime::now_utc().replace_nanosecond(0).unwrap();
        parameters.not_before = now - Duration::days(2);
        parameters.not_after = now + Duration::days(400);
        parameters.use_authority_key_identifier_extension = issuer.is_some();
        change(&mut parameters);
        let made = match issuer {
            Some(issuer) => {
                let pair_of_issuer = KeyPair::try_from(issuer.key.pkcs8().expose()).unwrap();
                let issuer = rcgen::Issuer::from_params(&issuer.parameters, &pair_of_issuer);
                parameters.signed_by(&pair, &issuer).unwrap()
            }
            None => parameters.self_signed(&pair).unwrap(),
        };
        let mut chain = vec![Certificate::from_der(made.der().clone())];
        chain.extend(issuer.iter().flat_map(|issuer| issuer.chain.clone()));
        Self {
            chain,
            key,
            parameters,
        }
    }

    pub(crate) fn certificate(&self) -> &Certificate {
        &self.chain[0]
    }

    /// The chain for rustls.
    pub(crate) fn ders(&self) -> Vec<CertificateDer<'static>> {
        self.chain.iter().map(|it| it.der().clone()).collect()
    }

    /// The key for rustls.
    pub(crate) fn key_der(&self) -> PrivateKeyDer<'static> {
        PrivatePkcs8KeyDer::from(self.key.pkcs8().expose().to_vec()).into()
    }
}
