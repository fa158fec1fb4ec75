//! CAs that others made, with names that no library would write today.

use pki_core::{
    issue::{CertificateAuthority, Issuer, Profile},
    key::{KeyAlgorithm, read_private_key},
    path::{self, Options, Purpose},
};
use time::Duration;

use crate::{
    issued::{BEGIN, issue, request},
    keys::ReadyKeys,
    openssl::{openssl, read_chain, write_chain},
};

/// Two OUs, domain components, an e-mail address, an RDN of two values, T61String.
const SUBJECTS: [(&str, &str); 4] = [
    (
        "/DC=org/DC=example/O=Example/OU=One/OU=Two/CN=Twice/emailAddress=ca@example.org",
        "utf8only",
    ),
    ("/C=LK/O=Example/CN=multi+OU=valued+UID=7", "utf8only"),
    ("/C=DE/O=M\u{fc}ller/CN=T61", "nombstr"),
    ("/C=DE/O=Example   Inc/CN=  blanks  ", "default"),
];

#[test]
fn their_names_stay_byte_for_byte_in_what_they_issue() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    for (at, (name, mask)) in SUBJECTS.into_iter().enumerate() {
        let config = format!(
            "[req]\ndistinguished_name=dn\nstring_mask={mask}\nx509_extensions=ca\n[dn]\n\
             [ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n\
             subjectKeyIdentifier=hash\n"
        );
        std::fs::write(path.join("ca.cnf"), config).unwrap();
        let mut arguments = vec![
            "req",
            "-x509",
            "-config",
            "ca.cnf",
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:P-256",
            "-noenc",
            "-days",
            "36500",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-subj",
            name,
        ];
        if mask != "nombstr" {
            arguments.push("-utf8");
        }
        openssl(path, &arguments).unwrap();
        let key = read_private_key(&std::fs::read(path.join("ca.key")).unwrap(), None).unwrap();
        let chain = read_chain(&path.join("ca.pem"));
        if mask == "nombstr" {
            let subject = chain[0].view().unwrap().subject.der();
            assert!(subject.contains(&0x14), "no T61String in {name}");
        }
        let authority = CertificateAuthority::new(key.signing_key().unwrap(), chain).unwrap();
        let spki = ReadyKeys::key(KeyAlgorithm::Rsa2048, at)
            .unwrap()
            .spki()
            .unwrap();
        let profile = Profile::Tls { client_auth: true };
        let mut request = request(profile, "gw1", &["gw1.example.com"], &spki);
        request.not_after = authority.not_after().unwrap();
        let chain = issue(&authority, &request);
        let (node, root) = (chain[0].view().unwrap(), chain[1].view().unwrap());
        assert_eq!(node.issuer.der(), root.subject.der(), "{name}");

        write_chain(&path.join("node.pem"), &chain[..1]);
        let arguments = ["verify", "-x509_strict", "-CAfile", "ca.pem", "node.pem"];
        openssl(path, &arguments).unwrap();
        let options = Options {
            name: Some("gw1.example.com".into()),
            purpose: Purpose::Server,
            at: root.not_before + Duration::HOUR,
        };
        let verdict = path::check(&chain[..1], &[], &chain[1..], &options);
        assert_eq!(verdict.problems, [], "{name}");
        assert!(root.not_before > BEGIN);
    }
}

#[test]
fn an_imported_intermediate_hands_its_chain_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |command: &str| openssl(path, &command.split(' ').collect::<Vec<_>>()).unwrap();
    run(
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -noenc -days 9000 -keyout root.key -out root.pem -subj /CN=root -addext keyUsage=critical,keyCertSign",
    );
    run(
        "req -new -newkey rsa:2048 -noenc -keyout ca.key -out ca.csr -subj /O=Example/OU=A/OU=B/CN=inter",
    );
    std::fs::write(
        path.join("ca.ext"),
        "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n",
    )
    .unwrap();
    run(
        "x509 -req -in ca.csr -CA root.pem -CAkey root.key -CAcreateserial -days 8000 -extfile ca.ext -out ca.pem",
    );
    let key = read_private_key(&std::fs::read(path.join("ca.key")).unwrap(), None).unwrap();
    let chain = [
        read_chain(&path.join("ca.pem")),
        read_chain(&path.join("root.pem")),
    ]
    .concat();
    let authority = CertificateAuthority::new(key.signing_key().unwrap(), chain).unwrap();
    let spki = ReadyKeys::key(KeyAlgorithm::Rsa2048, 5)
        .unwrap()
        .spki()
        .unwrap();
    let profile = Profile::Tls { client_auth: true };
    let mut request = request(profile, "gw1", &["gw1.example.com"], &spki);
    request.not_after = authority.not_after().unwrap();
    let chain = issue(&authority, &request);
    assert_eq!(chain.len(), 3);
    write_chain(&path.join("chain.pem"), &chain);
    run(
        "verify -x509_strict -CAfile root.pem -untrusted chain.pem -verify_hostname gw1.example.com chain.pem",
    );
}
