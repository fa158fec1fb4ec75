//! Certificates of real truststores.

use std::collections::HashMap;

use pki_core::{
    path::{Anchors, Options, PathChecker, Purpose},
    x509::{Certificate, Fingerprint, pem_blocks},
};

use super::kinds;
use crate::judge::judge;

#[test]
fn certificates_of_real_truststores_are_read_and_indexed() {
    let Some(folder) = crate::shared::folder() else {
        return;
    };
    let shared = folder.join("wso2/stores");
    let table = std::fs::read_to_string(shared.join("../stores.tsv")).unwrap();
    let mut seen: HashMap<Fingerprint, (Certificate, String)> = HashMap::new();
    for row in table.lines().skip(1) {
        let columns: Vec<&str> = row.split('\t').collect();
        let file = shared.join(columns[0]);
        if !file.is_file() {
            continue;
        }
        let arguments = [
            "-list",
            "-rfc",
            "-keystore",
            file.to_str().unwrap(),
            "-storepass",
            columns[2],
        ];
        let Ok(printed) = judge().keytool(&arguments) else {
            continue;
        };
        let blocks = pem_blocks(printed.as_bytes()).unwrap();
        let certificates = blocks.iter().filter(|block| block.label == "CERTIFICATE");
        for block in certificates {
            let certificate = Certificate::from_der(block.der.expose().to_vec());
            seen.insert(
                certificate.fingerprint(),
                (certificate, columns[0].to_owned()),
            );
        }
    }
    assert!(seen.len() > 200, "{}", seen.len());
    let checker = PathChecker::new();
    let mut unsupported = Vec::new();
    for (certificate, file) in seen.values() {
        let view = certificate
            .view()
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        assert!(view.unknown_critical.is_empty(), "{file}: {view:?}");
        let options = Options {
            name: None,
            purpose: Purpose::Any,
            at: view.not_after,
        };
        let chain = [certificate.clone()];
        let pinned = Anchors::new(chain.clone());
        let verdict = checker.check(&chain, &[], &pinned, &options);
        assert!(verdict.is_accepted(), "{file}: {:?}", verdict.problems);
        // As an anchor under a copy with another name nothing matches; as its own issuer the signature
        // is checked: every self-signed certificate of a shipped store must hold.
        let verdict = checker.check(&chain, &chain, &Anchors::default(), &options);
        if certificate.is_self_issued() {
            unsupported.extend(
                kinds(&verdict)
                    .into_iter()
                    .filter(|kind| kind == "BadSignature" || kind == "UnsupportedSignature"),
            );
        }
    }
    assert_eq!(unsupported, [""; 0]);
    let all = Anchors::new(seen.values().map(|(certificate, _)| certificate.clone()));
    assert_eq!(all.len(), seen.len());
}
