//! Which keys and signatures count.

use std::path::Path;

use pki_core::path::{self, Anchors, Options, PathChecker, Purpose};

use super::{kinds, now};
use crate::{
    judge::{NewEntry, Store, judge},
    openssl::{openssl, read_chain},
};

#[test]
fn weak_algorithms_are_warned_of_or_refused_as_java_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |command: &str| openssl(path, &command.split(' ').collect::<Vec<_>>()).unwrap();
    std::fs::write(
        path.join("node.ext"),
        "subjectAltName=DNS:gw1.example.com\nkeyUsage=digitalSignature,keyEncipherment\n",
    )
    .unwrap();
    for (bits, digest, expected, accepted) in [
        (1024, "-sha256", vec!["WeakKey"], true),
        (2048, "-sha1", vec!["WeakSignature"], true),
        (2048, "-md5", vec!["RefusedSignature"], false),
        (512, "-sha256", vec!["RefusedKey"], false),
        (2048, "-sha384", vec![], true),
        (2048, "-sha512", vec![], true),
        (
            2048,
            "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32",
            vec![],
            true,
        ),
        (
            2048,
            "-sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20",
            vec![],
            true,
        ),
    ] {
        run(&format!(
            "req -x509 -newkey rsa:{bits} -noenc -days 300 -keyout root.key -out root.pem -subj /CN=root"
        ));
        run("req -new -newkey rsa:2048 -noenc -keyout node.key -out node.csr -subj /CN=gw1");
        run(&format!(
            "x509 -req -in node.csr -CA root.pem -CAkey root.key -CAcreateserial -days 200 -extfile node.ext -out node.pem {digest}"
        ));
        run("pkcs8 -topk8 -nocrypt -in node.key -outform DER -out node.der");
        let chain = read_chain(&path.join("node.pem"));
        let anchors = Anchors::new(read_chain(&path.join("root.pem")));
        let options = Options {
            name: Some("gw1.example.com".into()),
            purpose: Purpose::Server,
            at: now(),
        };
        let verdict = PathChecker::new().check(&chain, &[], &anchors, &options);
        assert_eq!(kinds(&verdict), expected, "{bits} {digest}");
        assert_eq!(verdict.is_accepted(), accepted);
        let java = handshake(path);
        assert_eq!(java.is_ok(), accepted, "{bits} {digest} {java:?}");
    }
}

#[test]
fn a_pinned_certificate_may_have_any_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let run = |command: &str| openssl(path, &command.split(' ').collect::<Vec<_>>()).unwrap();
    run(
        "req -x509 -newkey rsa:1000 -noenc -days 300 -keyout node.key -out node.pem -subj /CN=gw1.example.com",
    );
    run("pkcs8 -topk8 -nocrypt -in node.key -outform DER -out node.der");
    std::fs::copy(path.join("node.pem"), path.join("root.pem")).unwrap();
    let chain = read_chain(&path.join("node.pem"));
    let options = Options {
        name: Some("gw1.example.com".into()),
        purpose: Purpose::Server,
        at: now(),
    };
    let verdict = path::check(&chain, &[], &chain, &options);
    let java = handshake(path);
    assert_eq!(
        java.is_ok(),
        verdict.is_accepted(),
        "{java:?} {:?}",
        verdict.problems
    );
}

fn handshake(path: &Path) -> Result<(), Vec<String>> {
    let (server, trust) = (path.join("server.jks"), path.join("trust.jks"));
    let store = |path| Store {
        kind: "JKS",
        path,
        password: "changeit",
    };
    let key = NewEntry::Key {
        alias: "server",
        password: "changeit",
        key: &path.join("node.der"),
        chain: &path.join("node.pem"),
    };
    judge().store(store(&server), &[key]).unwrap();
    let root = NewEntry::Trusted {
        alias: "root",
        certificate: &path.join("root.pem"),
    };
    judge().store(store(&trust), &[root]).unwrap();
    let name = "gw1.example.com";
    judge().tls(store(&server), store(&trust), name).map(drop)
}
