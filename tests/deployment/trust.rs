//! What must not be trusted, replaced or forgotten, whatever somebody did to the workspace.

use pki_core::plan::Refusal;

use crate::site::{SMALL, Site};

const NODES_4_7: &str = r#"
product = "4.7.0"
domain = "example.com"
ca = { key = "ec-p256" }
primary = { key = "rsa-2048" }
tls = { key = "ec-p256" }
[roles.gateway]
nodes = { gw-1 = "gw1" }
"#;

#[test]
fn a_self_signed_key_that_no_run_made_is_replaced_and_trusted_by_nobody() {
    let site = Site::new(SMALL);
    site.settle();
    // A store that another workspace, self-signed, made for the same host with the same password.
    let other = Site::new(&SMALL.replace(
        "[ca]\nkey = \"ec-p256\"",
        "[ca]\nissuer = \"self-signed\"\n",
    ));
    std::fs::create_dir_all(other.workspace().join("secrets")).unwrap();
    private(&other, "secrets/stores", &site.read("secrets/stores"));
    other.settle();
    let foreign = other.key_of("nodes/gw-1/tls.jks").0;
    site.tamper(&[(
        "nodes/gw-1/tls.jks",
        Some(&other.read("nodes/gw-1/tls.jks")),
    )]);
    site.settle();
    let trusted = site.store("nodes/gw-1/client-truststore.jks");
    let fingerprints = trusted
        .trusted()
        .map(|(_, certificate)| certificate.fingerprint().to_string());
    assert!(!fingerprints.into_iter().any(|found| found == foreign));
    assert!(site.verify().is_clean());
}

#[test]
fn an_encryption_key_is_never_another_than_the_first() {
    let mut site = Site::new(NODES_4_7);
    site.settle();
    let first = site.read("secrets/encryption");
    site.tamper(&[("secrets/encryption", Some(&[b'a'; 64]))]);
    assert!(matches!(
        site.plan(),
        Err(Refusal::EncryptionKeyChanged { .. })
    ));
    let ids: Vec<&str> = site
        .verify()
        .problems
        .iter()
        .map(|it| it.kind.id())
        .collect();
    assert!(ids.contains(&"encryption-key-changed"), "{ids:?}");
    site.tamper(&[("secrets/encryption", Some(&first))]);
    site.settle();
    // Another source may give the same key, and no other.
    site.edit(
        "[roles.gateway]",
        "[encryption]\nkey = \"env:KEY\"\n[roles.gateway]",
    );
    site.knows("KEY", "nothex");
    assert!(matches!(site.plan(), Err(Refusal::EncryptionKey { .. })));
    site.knows("KEY", &"b".repeat(64));
    assert!(matches!(
        site.plan(),
        Err(Refusal::EncryptionKeyChanged { .. })
    ));
    site.knows("KEY", std::str::from_utf8(&first).unwrap().trim_end());
    site.settle();
}

#[test]
fn a_pin_that_is_missed_is_an_error_of_verify_too() {
    let mut site = Site::new(SMALL);
    site.settle();
    let wrong = "0".repeat(64);
    site.edit("[ca]\n", &format!("[ca]\nsha256 = \"{wrong}\"\n"));
    site.edit("[primary]\n", &format!("[primary]\nsha256 = \"{wrong}\"\n"));
    let report = site.verify();
    let missed = report
        .problems
        .iter()
        .filter(|it| it.kind.id() == "pin-missed");
    assert_eq!(missed.count(), 2);
}

#[test]
fn files_that_others_may_read_are_told_of_and_get_their_mode_back() {
    use std::os::unix::fs::PermissionsExt;
    let site = Site::new(SMALL);
    site.settle();
    let path = site.workspace().join("ca/ca.key");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    let report = site.verify();
    assert_eq!(report.problems[0].kind.id(), "readable-by-others");
    site.issue();
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(site.verify().is_clean());
}

#[test]
fn the_generated_password_of_replaced_stores_is_kept_beside_them() {
    let mut site = Site::new(SMALL);
    site.settle();
    let old = site.read("secrets/stores");
    site.edit(
        "[roles.key-manager]",
        "[stores]\npassword = \"env:NEW\"\n[roles.key-manager]",
    );
    site.knows("NEW", "a-new-password-of-24-chr");
    site.passwords.old = vec![pki_core::secret::Password::new(
        std::str::from_utf8(&old).unwrap().trim_end(),
    )];
    site.settle();
    assert_eq!(site.read("generations/0002/secrets/stores"), old);
}

fn private(site: &Site, path: &str, content: &[u8]) {
    use std::os::unix::fs::PermissionsExt;
    let path = site.workspace().join(path);
    std::fs::write(&path, content).unwrap();
    for (path, mode) in [
        (path.clone(), 0o600),
        (site.workspace().join("secrets"), 0o700),
        (site.workspace(), 0o700),
    ] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
}
