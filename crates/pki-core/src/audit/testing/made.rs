//! Keys with certificates, and the entries made of them.

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};
use time::{Date, OffsetDateTime, Time};

use super::{PASSWORD, day};
use crate::{
    key::{SystemRandom, read_private_key},
    keystore::{Content, Entry, Protection, SealedKey, write_pem_certificates},
    secret::Password,
    x509::Certificate,
};

/// A key, and what its certificate is to say.
#[derive(Clone, Debug)]
pub(crate) struct Made {
    key: &'static str,
    name: String,
    names: Vec<String>,
    pub(super) is_ca: bool,
    from: Date,
    to: Date,
    usages: Vec<KeyUsagePurpose>,
    usages_are_critical: bool,
    purposes: Vec<ExtendedKeyUsagePurpose>,
    issuer: Option<Box<Made>>,
    chain: Shape,
    /// Certificates that are no part of the chain, behind it.
    foreign: Vec<Certificate>,
    instead: Option<Certificate>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Whole,
    LeafAlone,
    None,
    Reversed,
}

impl Made {
    pub(super) fn new(key: &'static str, name: &str) -> Self {
        Self {
            key,
            name: name.to_owned(),
            names: Vec::new(),
            is_ca: false,
            from: new_year(2026),
            to: new_year(2028),
            usages: Vec::new(),
            usages_are_critical: true,
            purposes: Vec::new(),
            issuer: None,
            chain: Shape::Whole,
            foreign: Vec::new(),
            instead: None,
        }
    }

    /// The same over another key.
    pub(super) fn over(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    pub(crate) fn names<const N: usize>(mut self, names: [&str; N]) -> Self {
        self.names = names.map(str::to_owned).to_vec();
        self
    }

    /// From the first of January of one year to that of another.
    pub(crate) fn years(mut self, from: i32, to: i32) -> Self {
        (self.from, self.to) = (new_year(from), new_year(to));
        self
    }

    /// To the beginning of a day.
    pub(crate) fn ends(mut self, last: &str) -> Self {
        self.to = day(last);
        self
    }

    pub(crate) fn usages<const N: usize>(mut self, usages: [KeyUsagePurpose; N]) -> Self {
        self.usages = usages.to_vec();
        self
    }

    /// For signatures alone, in an extension that need not be understood.
    pub(crate) fn signs_by_the_way(mut self) -> Self {
        self.usages = vec![KeyUsagePurpose::DigitalSignature];
        self.usages_are_critical = false;
        self
    }

    pub(crate) fn purposes<const N: usize>(mut self, all: [ExtendedKeyUsagePurpose; N]) -> Self {
        self.purposes = all.to_vec();
        self
    }

    pub(crate) fn issued_by(mut self, issuer: &Self) -> Self {
        self.issuer = Some(Box::new(issuer.clone()));
        self
    }

    pub(crate) fn leaf_alone(mut self) -> Self {
        self.chain = Shape::LeafAlone;
        self
    }

    pub(crate) fn without_chain(mut self) -> Self {
        self.chain = Shape::None;
        self
    }

    pub(crate) fn reversed(mut self) -> Self {
        self.chain = Shape::Reversed;
        self
    }

    /// With a certificate behind the chain that is no part of it.
    pub(crate) fn followed_by(mut self, other: &Self) -> Self {
        self.foreign.push(other.certificate());
        self
    }

    /// An entry with this certificate over the key.
    pub(crate) fn with_certificate(mut self, certificate: Certificate) -> Self {
        self.instead = Some(certificate);
        self
    }

    pub(crate) fn certificate(&self) -> Certificate {
        if let Some(instead) = &self.instead {
            return instead.clone();
        }
        let key = rcgen::KeyPair::from_pem(self.key).unwrap();
        let made = match &self.issuer {
            None => self.params().self_signed(&key),
            Some(issuer) => {
                let signer = rcgen::KeyPair::from_pem(issuer.key).unwrap();
                let issuer = rcgen::Issuer::new(issuer.params(), signer);
                self.params().signed_by(&key, &issuer)
            }
        };
        Certificate::from_der(made.unwrap().der().to_vec())
    }

    pub(crate) fn certificate_pem(&self) -> Vec<u8> {
        write_pem_certificates(&[self.certificate()]).into_bytes()
    }

    /// The key without a password.
    pub(crate) fn key_pem(&self) -> &'static [u8] {
        self.key.as_bytes()
    }

    /// The key without a password, and its certificate.
    pub(crate) fn open_pem(&self) -> Vec<u8> {
        [self.key_pem(), &self.certificate_pem()].concat()
    }

    pub(crate) fn entry(&self, alias: &str) -> Entry {
        self.entry_under(alias, PASSWORD)
    }

    /// An entry whose key, under the protection of JKS, was cut off.
    pub(crate) fn damaged_entry(&self, alias: &str) -> Entry {
        let sealed = SealedKey::from_encrypted(*b"\x30\x16\x30\x0e\x06\x0a\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01\x05\x00\x04\x04cut ");
        Entry::private_key(alias, sealed, vec![self.certificate()])
    }

    /// An entry whose key has this password.
    pub(crate) fn entry_under(&self, alias: &str, password: &str) -> Entry {
        let key = read_private_key(self.key.as_bytes(), None).unwrap();
        let password = Password::new(password);
        let sealed = SealedKey::seal(&key, &password, Protection::Jks, &mut SystemRandom).unwrap();
        let issuer = self.issuer.as_ref().map(|issuer| issuer.certificate());
        let mut chain: Vec<Certificate> = [self.certificate()].into_iter().chain(issuer).collect();
        match self.chain {
            Shape::Whole => {}
            Shape::LeafAlone => chain.truncate(1),
            Shape::None => chain.clear(),
            Shape::Reversed => chain.reverse(),
        }
        chain.extend(self.foreign.iter().cloned());
        Entry::private_key(alias, sealed, chain)
    }

    pub(crate) fn trusted(&self, alias: &str) -> Entry {
        Entry::trusted(alias, self.certificate())
    }

    /// A trusted certificate that Java does not show.
    pub(crate) fn invisible(&self, alias: &str) -> Entry {
        Entry::of(
            alias,
            Content::TrustedCertificate {
                certificate: self.certificate(),
                java_visible: false,
            },
        )
    }

    fn params(&self) -> rcgen::CertificateParams {
        let mut params = rcgen::CertificateParams::new(self.names.clone()).unwrap();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, self.name.as_str());
        params.not_before = OffsetDateTime::new_utc(self.from, Time::MIDNIGHT);
        params.not_after = OffsetDateTime::new_utc(self.to, Time::MIDNIGHT);
        match self.usages_are_critical {
            true => params.key_usages = self.usages.clone(),
            false => params.custom_extensions.push(digital_signature()),
        }
        params.extended_key_usages = self.purposes.clone();
        params.use_authority_key_identifier_extension = self.issuer.is_some();
        if self.is_ca {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        params
    }
}

/// A key usage that rcgen, which marks them all as critical, does not write.
fn digital_signature() -> rcgen::CustomExtension {
    let bits = vec![0x03, 0x02, 0x07, 0x80];
    rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 15], bits)
}

fn new_year(year: i32) -> Date {
    Date::from_ordinal_date(year, 1).unwrap()
}
