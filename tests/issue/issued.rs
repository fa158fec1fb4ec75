//! What the profiles make, as OpenSSL, Java and webpki see it.

use pki_core::{
    issue::{
        AuthorityError, CertificateAuthority, CertificateRequest, Issuance, IssueError, Issuer,
        Profile, SelfSigned, Subject,
    },
    key::{KeyAlgorithm, PrivateKey, SystemRandom},
    x509::{Certificate, DistinguishedName, GeneralName, KeyUsage},
};
use rustls_pki_types::UnixTime;
use time::{Duration, OffsetDateTime, macros::datetime};
use webpki::KeyUsage as KeyPurpose;

use crate::{
    judge::judge,
    keys::ReadyKeys,
    openssl::{openssl, write_chain},
};

/// Fixed, so that a failure can be repeated; the judges use the real clock.
pub(crate) const BEGIN: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);
pub(crate) const END: OffsetDateTime = datetime!(2045-01-01 00:00 UTC);

pub(crate) fn subject(common_name: &str) -> DistinguishedName {
    let subject = Subject {
        common_name: Some(common_name),
        organization: Some("Example"),
        country: Some("LK"),
        ..Subject::default()
    };
    subject.to_name().unwrap()
}

pub(crate) fn request<'a>(
    profile: Profile,
    common_name: &str,
    names: &[&str],
    spki: &'a [u8],
) -> CertificateRequest<'a> {
    let names = names.iter().map(|name| match name.parse() {
        Ok(address) => GeneralName::Ip(address),
        Err(_) => GeneralName::Dns((*name).to_owned()),
    });
    CertificateRequest {
        profile,
        subject: subject(common_name),
        names: names.collect(),
        spki,
        not_before: BEGIN,
        not_after: END,
    }
}

pub(crate) fn issue(issuer: &dyn Issuer, request: &CertificateRequest<'_>) -> Vec<Certificate> {
    match issuer.issue(request, &mut SystemRandom) {
        Ok(Issuance::Done(chain)) => chain,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn self_signed(key: &PrivateKey, common_name: &str, names: &[&str]) -> Certificate {
    let issuer = SelfSigned::new(key.signing_key().unwrap());
    let spki = key.spki().unwrap();
    let profile = Profile::Tls { client_auth: true };
    issue(&issuer, &request(profile, common_name, names, &spki)).remove(0)
}

pub(crate) fn authority(algorithm: KeyAlgorithm) -> CertificateAuthority {
    let key = ReadyKeys::key(algorithm, 0).unwrap();
    let spki = key.spki().unwrap();
    let profile = Profile::CertificateAuthority {
        path_len: Some(0),
        permitted: Vec::new(),
    };
    let root = SelfSigned::new(key.signing_key().unwrap());
    let chain = issue(&root, &request(profile, "apim.example.com CA", &[], &spki));
    CertificateAuthority::new(key.signing_key().unwrap(), chain).unwrap()
}

#[test]
fn openssl_takes_every_chain_strictly() {
    let folder = tempfile::tempdir().unwrap();
    for ca in [
        KeyAlgorithm::Rsa3072,
        KeyAlgorithm::EcP256,
        KeyAlgorithm::EcP384,
    ] {
        let authority = authority(ca);
        for algorithm in [KeyAlgorithm::Rsa2048, KeyAlgorithm::EcP256] {
            let key = ReadyKeys::key(algorithm, 1).unwrap();
            let spki = key.spki().unwrap();
            let names = ["gw1.apim.example.com", "localhost", "10.0.0.1", "fd00::1"];
            let profile = Profile::Tls { client_auth: true };
            let chain = issue(&authority, &request(profile, "gw1", &names, &spki));
            write_chain(&folder.path().join("root.pem"), authority.chain());
            write_chain(&folder.path().join("node.pem"), &chain[..1]);
            for (flag, name) in [
                ("-verify_hostname", names[0]),
                ("-verify_hostname", names[1]),
                ("-verify_ip", names[2]),
                ("-verify_ip", names[3]),
            ] {
                for purpose in ["sslserver", "sslclient"] {
                    let arguments = [
                        "verify",
                        "-x509_strict",
                        "-CAfile",
                        "root.pem",
                        "-purpose",
                        purpose,
                        flag,
                        name,
                        "node.pem",
                    ];
                    openssl(folder.path(), &arguments).unwrap();
                }
            }
            let arguments = [
                "verify",
                "-x509_strict",
                "-CAfile",
                "root.pem",
                "-verify_hostname",
                "gw2.apim.example.com",
                "node.pem",
            ];
            assert!(openssl(folder.path(), &arguments).is_err());
        }
    }
}

#[test]
fn each_profile_says_what_it_should() {
    let authority = authority(KeyAlgorithm::Rsa3072);
    let root = authority.certificate().unwrap().view().unwrap();
    let basic = root.basic_constraints.unwrap();
    assert_eq!(
        (basic.critical, basic.ca, basic.path_len),
        (true, true, Some(0))
    );
    let usage = root.key_usage.unwrap();
    assert_eq!(
        (usage.critical, usage.bits),
        (true, KeyUsage::KEY_CERT_SIGN | KeyUsage::CRL_SIGN)
    );
    assert!(root.subject_key_id.is_some() && root.authority_key_id.is_none());

    for (algorithm, bits) in [
        (
            KeyAlgorithm::Rsa2048,
            KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT,
        ),
        (KeyAlgorithm::EcP256, KeyUsage::DIGITAL_SIGNATURE),
    ] {
        let key = ReadyKeys::key(algorithm, 0).unwrap();
        let spki = key.spki().unwrap();
        let profile = Profile::Tls { client_auth: false };
        let chain = issue(
            &authority,
            &request(profile, "gw1", &["gw1.example.com"], &spki),
        );
        assert_eq!(chain[1..], *authority.chain());
        let node = chain[0].view().unwrap();
        assert_eq!(node.key_usage.unwrap().bits, bits);
        assert_eq!(
            node.extended_key_usage.as_ref().unwrap().purposes,
            ["1.3.6.1.5.5.7.3.1"]
        );
        assert!(!node.is_ca() && node.basic_constraints.unwrap().critical);
        assert_eq!(node.authority_key_id, root.subject_key_id);
        assert_eq!((node.serial.len(), node.serial[0] & 0xc0), (16, 0x40));
        assert_eq!((node.not_before, node.not_after), (BEGIN, END));
    }

    let key = ReadyKeys::key(KeyAlgorithm::Rsa3072, 1).unwrap();
    let spki = key.spki().unwrap();
    let primary = request(Profile::Primary, "apim.example.com primary", &[], &spki);
    let primary = issue(&SelfSigned::new(key.signing_key().unwrap()), &primary).remove(0);
    let view = primary.view().unwrap();
    assert!(primary.is_self_issued() && !view.is_ca());
    assert!(view.extended_key_usage.is_none() && view.alternative_names.is_none());
    assert_eq!(
        view.key_usage.unwrap().bits,
        KeyUsage::DIGITAL_SIGNATURE | KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT
    );
}

#[test]
fn keytool_prints_what_was_issued() {
    let folder = tempfile::tempdir().unwrap();
    let authority = authority(KeyAlgorithm::Rsa3072);
    let key = ReadyKeys::key(KeyAlgorithm::EcP256, 0).unwrap();
    let spki = key.spki().unwrap();
    let profile = Profile::Tls { client_auth: true };
    let names = ["gw1.example.com", "10.0.0.1"];
    let mut request = request(profile, "gw1", &names, &spki);
    // 2050 and later is written in another type.
    request.not_after = END;
    let path = folder.path().join("node.pem");
    write_chain(&path, &issue(&authority, &request)[..1]);
    let printed = judge()
        .keytool(&["-printcert", "-file", path.to_str().unwrap()])
        .unwrap();
    for line in [
        "Owner: CN=gw1, O=Example, C=LK",
        "Issuer: CN=apim.example.com CA, O=Example, C=LK",
        "DNSName: gw1.example.com",
        "IPAddress: 10.0.0.1",
        "serverAuth",
        "clientAuth",
        "DigitalSignature",
        "CA:false",
        "SHA256withRSA",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
    let key = ReadyKeys::key(KeyAlgorithm::Rsa3072, 0).unwrap();
    let mut long = self_issued_ca(&key);
    long.not_after = datetime!(2061-06-01 12:00 UTC);
    let long = issue(&SelfSigned::new(key.signing_key().unwrap()), &long);
    assert_eq!(
        long[0].view().unwrap().not_after,
        datetime!(2061-06-01 12:00 UTC)
    );
    write_chain(&path, &long);
    let printed = judge()
        .keytool(&["-printcert", "-file", path.to_str().unwrap()])
        .unwrap();
    assert!(
        printed.contains("2061") && printed.contains("PathLen:2"),
        "{printed}"
    );
}

fn self_issued_ca(key: &PrivateKey) -> CertificateRequest<'static> {
    let spki = Box::leak(key.spki().unwrap().into_boxed_slice());
    let profile = Profile::CertificateAuthority {
        path_len: Some(2),
        permitted: Vec::new(),
    };
    request(profile, "root", &[], spki)
}

#[test]
fn a_modern_client_takes_it_too() {
    let authority = authority(KeyAlgorithm::EcP384);
    let key = ReadyKeys::key(KeyAlgorithm::Rsa2048, 0).unwrap();
    let spki = key.spki().unwrap();
    let profile = Profile::Tls { client_auth: true };
    let names = ["gw1.example.com", "10.0.0.1"];
    let chain = issue(&authority, &request(profile, "gw1", &names, &spki));
    let anchor = webpki::anchor_from_trusted_cert(chain[1].der()).unwrap();
    let node = webpki::EndEntityCert::try_from(chain[0].der()).unwrap();
    let at = UnixTime::since_unix_epoch(std::time::Duration::from_secs(
        u64::try_from(BEGIN.unix_timestamp()).unwrap(),
    ));
    for usage in [KeyPurpose::server_auth(), KeyPurpose::client_auth()] {
        node.verify_for_usage(
            webpki::ALL_VERIFICATION_ALGS,
            std::slice::from_ref(&anchor),
            &[],
            at,
            usage,
            None,
            None,
        )
        .unwrap();
    }
    for name in names {
        let name = rustls_pki_types::ServerName::try_from(name).unwrap();
        node.verify_is_valid_for_subject_name(&name).unwrap();
    }
}

#[test]
fn a_constrained_ca_is_enforced_by_openssl() {
    let folder = tempfile::tempdir().unwrap();
    let key = ReadyKeys::key(KeyAlgorithm::Rsa3072, 0).unwrap();
    let mut root = self_issued_ca(&key);
    root.profile = Profile::CertificateAuthority {
        path_len: Some(0),
        permitted: vec!["apim.example.com".into(), "localhost".into()],
    };
    let chain = issue(&SelfSigned::new(key.signing_key().unwrap()), &root);
    write_chain(&folder.path().join("root.pem"), &chain);
    let authority = CertificateAuthority::new(key.signing_key().unwrap(), chain).unwrap();
    let node = ReadyKeys::key(KeyAlgorithm::Rsa2048, 0)
        .unwrap()
        .spki()
        .unwrap();
    for (name, accepted) in [("gw1.apim.example.com", true), ("gw1.example.org", false)] {
        let profile = Profile::Tls { client_auth: true };
        let chain = issue(
            &authority,
            &request(profile, "gw1", &[name, "localhost"], &node),
        );
        write_chain(&folder.path().join("node.pem"), &chain[..1]);
        let arguments = ["verify", "-x509_strict", "-CAfile", "root.pem", "node.pem"];
        assert_eq!(
            openssl(folder.path(), &arguments).is_ok(),
            accepted,
            "{name}"
        );
    }
}

#[test]
fn what_must_not_be_issued_is_refused() {
    let authority = authority(KeyAlgorithm::Rsa3072);
    let key = ReadyKeys::key(KeyAlgorithm::EcP256, 0).unwrap();
    let spki = key.spki().unwrap();
    let refused = |issuer: &dyn Issuer, request: &CertificateRequest<'_>| {
        issuer.issue(request, &mut SystemRandom).unwrap_err()
    };
    let tls = Profile::Tls { client_auth: true };
    let good = request(tls.clone(), "gw1", &["gw1.example.com"], &spki);

    let mut late = good.clone();
    late.not_after = END + Duration::SECOND;
    assert!(matches!(
        refused(&authority, &late),
        IssueError::OutlivesIssuer { .. }
    ));
    let mut reversed = good.clone();
    reversed.not_after = BEGIN - Duration::SECOND;
    assert!(matches!(
        refused(&authority, &reversed),
        IssueError::Validity { .. }
    ));
    let mut nameless = good.clone();
    nameless.names.clear();
    assert_eq!(refused(&authority, &nameless), IssueError::NoName);
    let mut strange = good.clone();
    strange.names = vec![GeneralName::Dns("bücher.example".into())];
    assert!(matches!(refused(&authority, &strange), IssueError::Name(_)));
    let mut broken = good.clone();
    broken.spki = b"hello";
    assert_eq!(refused(&authority, &broken), IssueError::Spki);
    let mut below = good.clone();
    below.profile = Profile::CertificateAuthority {
        path_len: Some(0),
        permitted: Vec::new(),
    };
    below.names.clear();
    assert!(matches!(
        refused(&authority, &below),
        IssueError::PathLength { .. }
    ));
    let own = SelfSigned::new(key.signing_key().unwrap());
    let primary = request(Profile::Primary, "primary", &[], &spki);
    assert_eq!(refused(&own, &primary), IssueError::PrimaryNotRsa);
    let other = ReadyKeys::key(KeyAlgorithm::EcP256, 1).unwrap();
    let other = SelfSigned::new(other.signing_key().unwrap());
    assert_eq!(refused(&other, &good), IssueError::ForeignKey);
}

#[test]
fn a_key_and_a_chain_that_do_not_make_a_ca_are_told() {
    let authority = authority(KeyAlgorithm::Rsa3072);
    let root = authority.certificate().unwrap().clone();
    let key = ReadyKeys::key(KeyAlgorithm::Rsa3072, 0).unwrap();
    let other = ReadyKeys::key(KeyAlgorithm::Rsa2048, 0).unwrap();
    let make = |key: &PrivateKey, chain| {
        CertificateAuthority::new(key.signing_key().unwrap(), chain).unwrap_err()
    };
    assert!(matches!(
        make(&other, vec![root.clone()]),
        AuthorityError::OtherKey { .. }
    ));
    assert_eq!(make(&key, Vec::new()), AuthorityError::NoCertificate);
    let node = self_signed(&other, "gw1", &["gw1.example.com"]);
    assert!(matches!(
        make(&other, vec![node.clone()]),
        AuthorityError::NotCa { .. }
    ));
    assert!(matches!(
        make(&key, vec![root.clone(), node]),
        AuthorityError::ChainOrder { at: 1, .. }
    ));
    let broken = Certificate::from_der(b"hello".to_vec());
    assert!(matches!(
        make(&key, vec![root, broken]),
        AuthorityError::Malformed(1, _)
    ));
}
