//! Files in the workspace that are not what they should be: told, and nothing is made in their place.

use pki_core::{observe::Unopened, plan::Refusal};

use crate::site::{SMALL, Site};

/// Ways to spoil a file.
fn spoiled(content: &[u8]) -> Vec<(&'static str, Vec<u8>)> {
    let mangled = String::from_utf8_lossy(content).into_owned().into_bytes();
    let mut flipped = content.to_vec();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 1;
    vec![
        ("empty", Vec::new()),
        ("truncated", content[..content.len() - 7].to_vec()),
        ("half", content[..content.len() / 2].to_vec()),
        ("foreign", b"\x7fELF\x02\x01\x01 something else".to_vec()),
        ("text", b"<html>not found</html>".to_vec()),
        ("text-mangled", mangled),
        ("one bit", flipped),
    ]
}

#[test]
fn a_spoiled_tls_store_or_truststore_is_refused_and_no_file_touched() {
    for format in [
        "format = \"jks\"",
        "format = \"pkcs12\"\nprofile = \"modern\"",
    ] {
        let site = Site::new(&SMALL.replace("[tls]", &format!("[stores]\n{format}\n[tls]")));
        site.settle();
        let extension = if format.contains("jks") { "jks" } else { "p12" };
        for name in ["tls", "client-truststore"] {
            let path = format!("nodes/gw-1/{name}.{extension}");
            let right = site.read(&path);
            for (how, content) in spoiled(&right) {
                site.tamper(&[(&path, Some(&content))]);
                let refusal = site.refused().refusal();
                assert!(
                    matches!(&refusal, Refusal::Unopened { path: found, .. } if found.as_str() == path),
                    "{path}, {how}: {refusal:?}"
                );
                assert!(site.verify().has_errors(), "{path}, {how}");
            }
            site.tamper(&[(&path, Some(&right))]);
            assert!(site.verify().is_clean());
        }
    }
}

#[test]
fn a_pem_bundle_under_the_name_of_a_store_is_refused() {
    let site = Site::new(SMALL);
    site.settle();
    let pem = site.read("nodes/gw-1/tls.pem");
    for name in ["tls", "client-truststore"] {
        let path = format!("nodes/gw-1/{name}.jks");
        let right = site.read(&path);
        site.tamper(&[(&path, Some(&pem))]);
        let refusal = site.refused().refusal();
        assert!(
            matches!(
                &refusal,
                Refusal::Unopened {
                    reason: Unopened::Foreign { .. },
                    ..
                }
            ),
            "{refusal:?}"
        );
        site.tamper(&[(&path, Some(&right))]);
    }
}

#[test]
fn a_spoiled_store_of_a_node_that_was_not_chosen_stops_nobody_and_stays() {
    let mut site = Site::new(SMALL);
    site.settle();
    for name in ["tls", "client-truststore"] {
        site.tamper(&[(&format!("nodes/gw-1/{name}.jks"), Some(b"junk"))]);
    }
    site.edit("\"km1\"", "\"keys1\"");
    site.scope = pki_core::plan::Scope::all().nodes(["km-1"]);
    let changes = site.changes(|site| drop(site.issue()));
    assert_eq!(changes, ["~nodes/km-1/tls.jks", "~nodes/km-1/tls.pem"]);
}

#[test]
fn a_spoiled_primary_is_never_replaced_by_a_new_one() {
    let site = Site::new(SMALL);
    site.settle();
    let right = site.read("primary/wso2carbon.jks");
    for (how, content) in spoiled(&right) {
        let mut changes = vec![("primary/wso2carbon.jks".to_owned(), Some(&content[..]))];
        for node in crate::site::SMALL_NODES {
            changes.push((format!("nodes/{node}/wso2carbon.jks"), Some(&content)));
        }
        let changes: Vec<_> = changes
            .iter()
            .map(|(path, to)| (path.as_str(), *to))
            .collect();
        site.tamper(&changes);
        let refusal = site.refused().refusal();
        assert!(
            matches!(refusal, Refusal::Lost { .. } | Refusal::Unopened { .. }),
            "{how}: {refusal:?}"
        );
    }
}

#[test]
fn a_key_that_is_not_its_certificates_is_made_anew() {
    // Certificate and key of two nodes, put together by Java.
    let site = Site::new(SMALL);
    site.settle();
    let (_, key) = site.key_of("nodes/gw-1/tls.jks");
    let der = site.base().join("key.der");
    std::fs::write(&der, key).unwrap();
    let chain = site.workspace().join("nodes/gw-2/tls.pem");
    let secret = site.secret("stores");
    let path = site.workspace().join("nodes/gw-2/tls.jks");
    let store = crate::judge::Store {
        kind: "JKS",
        path: &path,
        password: &secret,
    };
    let entry = crate::judge::NewEntry::Key {
        alias: "tls",
        password: &secret,
        key: &der,
        chain: &chain,
    };
    crate::judge::judge().store(store, &[entry]).unwrap();
    let report = site.verify();
    let ids: Vec<&str> = report.problems.iter().map(|it| it.kind.id()).collect();
    assert!(ids.contains(&"key-mismatch"), "{ids:?}");
    site.settle();
    assert!(site.verify().is_clean());
}

#[test]
fn a_second_key_in_a_tls_store_goes() {
    let site = Site::new(SMALL);
    site.settle();
    let before = site.key_of("nodes/gw-2/tls.jks");
    let secret = site.secret("stores");
    let path = site.workspace().join("nodes/gw-2/tls.jks");
    let line = "-genkeypair -alias aaa -keyalg EC -dname CN=x -storetype JKS";
    let mut arguments: Vec<&str> = line.split_whitespace().collect();
    let path = path.to_str().unwrap();
    arguments.extend([
        "-keystore",
        path,
        "-storepass",
        &secret,
        "-keypass",
        &secret,
    ]);
    crate::judge::judge().keytool(&arguments).unwrap();
    let report = site.verify();
    assert!(report.has_errors());
    assert_eq!(report.problems[0].kind.id(), "several-keys");
    assert_eq!(site.settle(), ["~nodes/gw-2/tls.jks"]);
    assert_eq!(site.key_of("nodes/gw-2/tls.jks"), before);
    assert_eq!(site.aliases("nodes/gw-2/tls.jks"), ["tls"]);
}
