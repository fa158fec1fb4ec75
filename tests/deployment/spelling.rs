//! The same keys and certificates in other files: passwords, formats, names and aliases that change.

use pki_core::{
    key::read_private_key,
    observe::Unopened,
    plan::{Note, Refusal, Scope},
    secret::Password,
    topology::generated_secret,
};

use crate::site::{Failure, SMALL, SMALL_NODES, Site};

const STORES: &str = "[stores]\npassword = \"env:STORES\"\n";

/// PKCS #12 as JDK 17 writes it. That of Java 8 costs far more in a build without optimization.
const MODERN: &str = "format = \"pkcs12\"\nprofile = \"modern\"";

fn with_stores(stores: &str) -> String {
    SMALL.replace("[tls]", &format!("{stores}[tls]"))
}

/// The key and certificate of every TLS store and of the primary, and every truststore's certificates.
fn content(site: &Site, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut all = vec![site.key_of(&format!("primary/wso2carbon.{extension}"))];
    for node in SMALL_NODES {
        all.push(site.key_of(&format!("nodes/{node}/tls.{extension}")));
        let store = site.store(&format!("nodes/{node}/client-truststore.{extension}"));
        for (entry, certificate) in store.trusted() {
            all.push((entry.alias.to_string(), certificate.der().to_vec()));
        }
    }
    all
}

#[test]
fn a_changed_password_with_the_old_one_given_writes_the_same_keys_anew() {
    let mut site = Site::new(&with_stores(STORES));
    site.knows("STORES", "the first password");
    site.settle();
    let before = content(&site, "jks");
    let chains = site.read("nodes/gw-1/tls.pem");

    site.knows("STORES", "the second password");
    assert!(matches!(
        site.refused().refusal(),
        Refusal::Unopened {
            reason: Unopened::Unreadable(_),
            ..
        }
    ));
    site.passwords.old = vec![Password::new("wrong"), Password::new("the first password")];
    let changes = site.settle();
    assert_eq!(changes.len(), 13, "{changes:?}");
    assert!(changes.iter().all(|change| change.ends_with(".jks")));
    site.passwords.old.clear();
    assert_eq!(content(&site, "jks"), before);
    assert!(site.read("nodes/gw-1/tls.pem") == chains);
    assert!(site.verify().is_clean());
    assert!(site.store("nodes/gw-1/tls.jks").current);
}

#[test]
fn a_changed_password_of_one_slot_without_the_old_one_is_refused_for_every_slot() {
    for slot in ["primary", "tls", "truststore"] {
        let text = format!("{STORES}[stores.{slot}]\npassword = \"env:SLOT\"\n");
        let mut site = Site::new(&with_stores(&text));
        site.knows("STORES", "the password of the others");
        site.knows("SLOT", "the first password");
        site.settle();
        site.knows("SLOT", "the second password");
        let refusal = site.refused().refusal();
        assert!(
            matches!(
                &refusal,
                Refusal::Unopened {
                    reason: Unopened::Unreadable(_),
                    ..
                }
            ),
            "{slot}: {refusal:?}"
        );
        site.passwords.old = vec![Password::new("the first password")];
        let changes = site.settle();
        let expected = if slot == "primary" { 5 } else { 4 };
        assert_eq!(changes.len(), expected, "{slot}: {changes:?}");
    }
}

#[test]
fn a_password_of_ones_own_follows_a_generated_one_and_the_other_way_round() {
    let mut site = Site::new(SMALL);
    site.settle();
    let before = content(&site, "jks");
    let generated = site.secret("stores");
    site.text = with_stores(STORES);
    site.knows("STORES", "chosen by somebody");
    assert!(matches!(site.refused(), Failure::Refused(_)));
    site.passwords.old = vec![Password::new(generated)];
    site.settle();
    assert_eq!(content(&site, "jks"), before);

    // And back: with the generated one gone, a new one is made.
    site.tamper(&[("secrets/stores", None)]);
    site.text = SMALL.to_owned();
    site.passwords.old.clear();
    assert!(matches!(site.refused(), Failure::Refused(_)));
    site.passwords.old = vec![Password::new("chosen by somebody")];
    let changes = site.settle();
    assert!(
        changes.contains(&"+secrets/stores".to_owned()),
        "{changes:?}"
    );
    assert_eq!(content(&site, "jks"), before);
}

#[test]
fn a_format_that_changes_and_changes_back_keeps_every_key_and_certificate() {
    let mut site = Site::new(&with_stores("[stores]\nformat = \"jks\"\n"));
    site.settle();
    let before = content(&site, "jks");
    let first = site.snapshot();
    site.edit("format = \"jks\"", MODERN);
    let changes = site.settle();
    assert_eq!(changes.len(), 26, "{changes:?}");
    assert!(changes.iter().all(|change| {
        change.starts_with('-') && change.ends_with(".jks")
            || change.starts_with('+') && change.ends_with(".p12")
    }));
    assert_eq!(content(&site, "p12"), before);
    assert!(site.verify().is_clean());
    assert!(site.read("generations/0002/nodes/gw-1/tls.jks") == first["nodes/gw-1/tls.jks"]);
    assert!(site.read("generations/0002/secrets/stores") == first["secrets/stores"]);

    site.edit(MODERN, "format = \"jks\"");
    let changes = site.settle();
    assert_eq!(changes.len(), 26, "{changes:?}");
    assert_eq!(content(&site, "jks"), before);
    assert!(site.verify().is_clean());
}

#[test]
fn a_profile_that_changes_keeps_every_key_and_certificate() {
    let mut site = Site::new(&with_stores("[stores]\nformat = \"pkcs12\"\n"));
    site.settle();
    let before = content(&site, "p12");
    site.edit(
        "format = \"pkcs12\"",
        "format = \"pkcs12\"\nprofile = \"modern\"",
    );
    let changes = site.settle();
    assert_eq!(changes.len(), 13, "{changes:?}");
    assert_eq!(content(&site, "p12"), before);
}

#[test]
fn format_and_password_may_change_in_one_run_if_the_old_one_is_given() {
    let mut site = Site::new(&with_stores(STORES));
    site.knows("STORES", "the first password");
    site.settle();
    let before = content(&site, "jks");
    site.edit("[stores]\n", &format!("[stores]\n{MODERN}\n"));
    site.knows("STORES", "the second password");
    assert!(matches!(site.refused(), Failure::Refused(_)));
    site.passwords.old = vec![Password::new("the first password")];
    site.settle();
    site.passwords.old.clear();
    assert_eq!(content(&site, "p12"), before);
    assert!(site.verify().is_clean());
}

#[test]
fn a_tls_store_under_its_old_name_that_does_not_open_is_not_replaced() {
    let text = format!("{STORES}[stores.tls]\npassword = \"env:TLS\"\n");
    let mut site = Site::new(&with_stores(&text));
    site.knows("STORES", "the password of the others");
    site.knows("TLS", "the first password");
    site.settle();
    let before = content(&site, "jks");
    site.edit("[stores]\n", &format!("[stores]\n{MODERN}\n"));
    site.knows("TLS", "the second password");
    assert!(matches!(site.refused().refusal(), Refusal::Unopened { .. }));
    site.passwords.old = vec![Password::new("the first password")];
    site.settle();
    assert_eq!(content(&site, "p12"), before);
}

#[test]
fn a_new_format_for_one_chosen_node_leaves_the_others_their_keys() {
    let mut site = Site::new(&with_stores("[stores]\nformat = \"jks\"\n"));
    site.settle();
    let before = content(&site, "jks");
    site.edit("format = \"jks\"", MODERN);
    site.scope = Scope::all().nodes(["gw-1"]);
    let run = site.issue();
    assert!(
        site.workspace().join("nodes/gw-2/tls.jks").exists(),
        "{:#?}",
        run.actions
    );
    site.scope = Scope::all();
    site.settle();
    assert_eq!(content(&site, "p12"), before);
    assert!(!site.workspace().join("nodes/gw-2/tls.jks").exists());
}

#[test]
fn file_names_may_change() {
    let mut site = Site::new(&with_stores("[stores]\n"));
    site.settle();
    let before = content(&site, "jks");
    site.edit(
        "[stores]\n",
        "[stores]\n[stores.primary]\nfile = \"cluster.jks\"\n[stores.tls]\nfile = \"node.jks\"\n\
         [stores.truststore]\nfile = \"trust.jks\"\n",
    );
    let changes = site.settle();
    assert_eq!(changes.len(), 26, "{changes:?}");
    assert!(site.key_of("primary/cluster.jks") == before[0]);
    assert!(site.key_of("nodes/gw-1/node.jks") == before[1]);
    assert!(site.verify().is_clean());
}

#[test]
fn an_alias_that_changes_is_written_with_the_same_key() {
    let mut site = Site::new(SMALL);
    site.settle();
    let before = content(&site, "jks");
    site.text =
        with_stores("[stores.tls]\nalias = \"node\"\n[stores.primary]\nalias = \"cluster\"\n");
    let changes = site.settle();
    // The truststore too: it holds the primary under its alias.
    assert_eq!(changes.len(), 13, "{changes:?}");
    assert_eq!(site.key_of("nodes/gw-1/tls.jks"), before[1]);
    assert_eq!(site.aliases("nodes/gw-1/tls.jks"), ["node"]);
    assert_eq!(site.aliases("primary/wso2carbon.jks"), ["cluster"]);
    assert_eq!(
        site.aliases("nodes/gw-1/client-truststore.jks"),
        ["apim-pki-ca", "cluster"]
    );
    assert!(site.verify().is_clean());
}

#[test]
fn a_password_that_a_store_cannot_have_is_refused_before_anything_is_made() {
    for (format, password, word) in [
        ("jks", "five5", "fewer than 6"),
        ("pkcs12", "five5", "fewer than 6"),
        ("pkcs12", "p\u{e4}ssw\u{f6}rter", "ASCII"),
    ] {
        let mut site = Site::new(&with_stores(&format!("{STORES}format = \"{format}\"\n")));
        site.knows("STORES", password);
        let refusal = site.refused().refusal();
        assert!(matches!(refusal, Refusal::Password { .. }), "{refusal:?}");
        assert!(refusal.to_string().contains(word), "{refusal}");
        assert!(!refusal.to_string().contains(password));
    }
}

#[test]
fn a_password_that_breaks_a_file_or_is_short_is_told_of() {
    let mut site = Site::new(&with_stores(STORES));
    site.knows("STORES", "a<\u{e4}");
    site.knows("STORES", "a$b<\u{e4}\u{e4}\u{e4}");
    let run = site.issue();
    let notes = run.plan.notes();
    assert!(
        notes
            .iter()
            .any(|note| matches!(note, Note::PasswordCharacter { character: '$', .. })),
        "{notes:?}"
    );
    assert!(
        notes
            .iter()
            .any(|note| matches!(note, Note::PasswordShort { length: 7, .. }))
    );
    assert!(site.verify().is_clean(), "JKS takes any character");
}

#[test]
fn the_password_of_a_balancers_key_changes_without_a_new_certificate() {
    let mut site = Site::new(&SMALL.replace(
        "balancer = \"gw\"",
        "balancer = { host = \"gw\", tls = \"issued\", password = \"env:BALANCER\" }",
    ));
    site.knows("BALANCER", "the first password");
    site.settle();
    site.knows("BALANCER", "the second password");
    assert!(matches!(
        site.refused().refusal(),
        Refusal::UnopenedPem { .. }
    ));
    site.passwords.old = vec![Password::new("the first password")];
    assert_eq!(site.settle(), ["~balancers/gateway/key.pem"]);
    let key = site.read("balancers/gateway/key.pem");
    assert!(read_private_key(&key, Some(&Password::new("the second password"))).is_ok());
}

#[test]
fn secrets_that_are_kept_elsewhere_are_not_made_again() {
    let site = Site::new(SMALL);
    site.settle();
    let topology = site.topology();
    assert_eq!(generated_secret(&topology.ca.password), Some("ca"));
    site.tamper(&[("secrets/ca", None), ("ca/ca.key", None)]);
    assert_eq!(site.settle(), [] as [String; 0]);
    site.tamper(&[("secrets/stores", None)]);
    assert!(matches!(
        site.refused().refusal(),
        Refusal::SecretLost { .. }
    ));
}
