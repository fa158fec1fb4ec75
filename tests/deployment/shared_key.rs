//! The keys of which there is only one: primary and internal, made once, adopted, lost and found again.

use pki_core::{
    observe::ObserveError,
    plan::{Place, Refusal},
};

use crate::{
    judge::judge,
    site::{Failure, SMALL, SMALL_NODES, Site, broken},
};

const MASTER: &str = "primary/wso2carbon.jks";

/// A store with a primary that somebody made with keytool long ago, and what else one finds there.
fn made_by_keytool(site: &Site, name: &str, alias: &str, subject: &str) {
    let path = site.base().join(name);
    let path = path.to_str().unwrap();
    let base = [
        "-keystore",
        path,
        "-storepass",
        "old primary",
        "-storetype",
        "JKS",
    ];
    let generate = [
        "-genkeypair",
        "-alias",
        alias,
        "-keyalg",
        "RSA",
        "-keysize",
        "2048",
        "-validity",
        "9000",
        "-dname",
        subject,
        "-keypass",
        "old primary",
        "-startdate",
        "2026/01/01",
    ];
    judge()
        .keytool(&[&generate[..], &base[..]].concat())
        .unwrap();
}

fn adopting(keystore: &str, alias: &str) -> Site {
    let mut site = Site::new(&SMALL.replace(
        "[primary]",
        &format!(
            "[primary]\nalias = \"{alias}\"\nkeystore = \"{keystore}\"\nkeystore_password = \"env:OLD\""
        ),
    ));
    site.knows("OLD", "old primary");
    site
}

fn places(refusal: &Refusal) -> Vec<String> {
    match refusal {
        Refusal::Lost { places, .. } => {
            let path = |place: &Place| place.path.to_string();
            places.iter().map(path).collect()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_primary_made_by_keytool_is_adopted_with_its_key_its_certificate_and_its_date() {
    let site = adopting("old.jks", "cluster");
    made_by_keytool(&site, "old.jks", "cluster", "CN=the old primary,O=Example");
    let made = site.issue();
    assert!(made.report.is_clean(), "{:#?}", broken(&made.report));
    assert!(site.plan().unwrap().is_empty());
    let old = judge()
        .load("JKS", &site.base().join("old.jks"), Some("old primary"))
        .unwrap();
    let secret = site.secret("stores");
    for folder in ["primary", "nodes/gw-1", "nodes/km-2"] {
        let path = site.workspace().join(folder).join("wso2carbon.jks");
        let new = judge().load("JKS", &path, Some(&secret)).unwrap();
        assert_eq!(new, old);
    }
    assert_eq!(
        site.aliases("nodes/gw-1/client-truststore.jks"),
        ["apim-pki-ca", "cluster"]
    );
}

#[test]
fn an_adopted_store_may_hold_more_and_only_the_named_key_is_taken() {
    let site = adopting("old.jks", "cluster");
    for (alias, subject) in [("other", "CN=other"), ("cluster", "CN=the old primary")] {
        made_by_keytool(&site, "old.jks", alias, subject);
    }
    let path = site.base().join("old.jks");
    let path = path.to_str().unwrap();
    let certificate = site.base().join("ca.pem");
    let certificate = certificate.to_str().unwrap();
    let base = ["-keystore", path, "-storepass", "old primary"];
    judge()
        .keytool(
            &[
                &[
                    "-exportcert",
                    "-rfc",
                    "-alias",
                    "other",
                    "-file",
                    certificate,
                ],
                &base[..],
            ]
            .concat(),
        )
        .unwrap();
    judge()
        .keytool(
            &[
                &[
                    "-importcert",
                    "-noprompt",
                    "-alias",
                    "ballast",
                    "-file",
                    certificate,
                ],
                &base[..],
            ]
            .concat(),
        )
        .unwrap();
    site.settle();
    assert_eq!(site.aliases(MASTER), ["cluster"]);
    assert!(site.verify().is_clean());
}

#[test]
fn an_adopted_primary_that_names_a_host_is_a_warning_and_goes_in() {
    let site = adopting("old.jks", "wso2carbon");
    made_by_keytool(&site, "old.jks", "wso2carbon", "CN=apim.example.com");
    let run = site.issue();
    let ids: Vec<&str> = run.report.problems.iter().map(|it| it.kind.id()).collect();
    assert_eq!(ids, ["primary-names-host"]);
    assert!(!run.report.has_errors());
}

#[test]
fn what_cannot_be_adopted_is_refused_and_says_why() {
    let mut site = adopting("old.jks", "cluster");
    assert!(matches!(
        site.refused().unread(),
        ObserveError::Input { .. }
    ));
    made_by_keytool(&site, "old.jks", "one", "CN=one");
    made_by_keytool(&site, "old.jks", "two", "CN=two");
    let refusal = site.refused().refusal();
    let Refusal::AdoptedAlias { aliases, .. } = refusal else {
        panic!("{refusal:?}")
    };
    assert_eq!(aliases.len(), 2);
    site.knows("OLD", "wrong password");
    assert!(matches!(
        site.refused().unread(),
        ObserveError::Store { .. }
    ));

    // A key with another password than its store, and a key that is not RSA.
    let path = site.base().join("old.jks");
    let path = path.to_str().unwrap();
    site.knows("OLD", "old primary");
    site.edit("alias = \"cluster\"", "alias = \"one\"");
    judge()
        .keytool(&[
            "-keypasswd",
            "-alias",
            "one",
            "-keypass",
            "old primary",
            "-new",
            "another one",
            "-keystore",
            path,
            "-storepass",
            "old primary",
            "-storetype",
            "JKS",
        ])
        .unwrap();
    assert!(matches!(
        site.refused().refusal(),
        Refusal::AdoptedKey { .. }
    ));
    judge()
        .keytool(&[
            "-genkeypair",
            "-alias",
            "curve",
            "-keyalg",
            "EC",
            "-dname",
            "CN=ec",
            "-keypass",
            "old primary",
            "-keystore",
            path,
            "-storepass",
            "old primary",
            "-storetype",
            "JKS",
        ])
        .unwrap();
    site.edit("alias = \"one\"", "alias = \"curve\"");
    let refusal = site.refused().refusal();
    assert!(refusal.to_string().contains("only RSA"), "{refusal}");
    assert!(!site.workspace().join("primary").exists());
}

#[test]
fn a_workspace_with_a_primary_of_its_own_does_not_change_to_another() {
    let mut site = Site::new(SMALL);
    site.settle();
    made_by_keytool(&site, "old.jks", "wso2carbon", "CN=the old primary");
    site.knows("OLD", "old primary");
    site.edit(
        "[primary]",
        "[primary]\nkeystore = \"old.jks\"\nkeystore_password = \"env:OLD\"",
    );
    assert!(matches!(
        site.refused().refusal(),
        Refusal::AdoptedDiffers { .. }
    ));
}

#[test]
fn the_default_key_of_the_product_is_not_adopted() {
    let Some(shared) = crate::shared::folder() else {
        return;
    };
    let mut site = adopting("default.jks", "wso2carbon");
    let default = shared.join("wso2/stores/defaults/wso2carbon_D2_apim2.2-2.6_b4b6220b.jks");
    std::fs::copy(default, site.base().join("default.jks")).unwrap();
    site.knows("OLD", "wso2carbon");
    let Failure::Verify(lines) = site.refused() else {
        panic!("refused for another reason")
    };
    assert!(lines.iter().any(|line| line.contains("D2")), "{lines:?}");
}

#[test]
fn an_internal_keystore_is_made_adopted_and_given_to_every_node() {
    let mut site = Site::new(&format!("{SMALL}\n[internal]\n"));
    site.settle();
    assert!(site.verify().is_clean());
    let internal = site.read("primary/internal.jks");
    for node in SMALL_NODES {
        assert!(site.read(&format!("nodes/{node}/internal.jks")) == internal);
    }
    assert_ne!(site.key_of("primary/internal.jks").1, site.key_of(MASTER).1);

    // Nobody takes it out of the topology unawares: it decrypts what is stored.
    site.edit("[internal]", "");
    assert!(matches!(
        site.refused().refusal(),
        Refusal::InternalRemoved { .. }
    ));

    let mut site = Site::new(SMALL);
    site.settle();
    // The primary has served as internal key.
    site.edit("[roles.gateway]", "[internal]\n[roles.gateway]");
    assert!(matches!(site.refused().refusal(), Refusal::InternalAdded));
    site.edit(
        "[internal]",
        "[internal]\nkeystore = \"old.jks\"\nkeystore_password = \"env:OLD\"",
    );
    site.knows("OLD", "old primary");
    made_by_keytool(&site, "old.jks", "wso2carbon", "CN=the old internal");
    let changes = site.settle();
    assert_eq!(changes.len(), 5, "{changes:?}");
    assert!(changes.iter().all(|change| change.starts_with('+')));
}

#[test]
fn a_lost_or_damaged_master_comes_back_from_a_copy() {
    let text = b"not a keystore".to_vec();
    for tampered in [
        None,
        Some(&b""[..]),
        Some(&text[..]),
        Some(b"\xFE\xED\xFE\xED\0\0\0\x02"),
    ] {
        let site = Site::new(SMALL);
        site.settle();
        let before = site.snapshot();
        site.tamper(&[(MASTER, tampered)]);
        let run = site.issue();
        assert_eq!(run.actions, ["restore primary/wso2carbon.jks"]);
        assert!(site.snapshot() == before);
        assert!(site.plan().unwrap().is_empty());
    }
}

#[test]
fn a_copy_that_is_damaged_or_another_key_comes_back_from_the_master() {
    let site = Site::new(SMALL);
    site.settle();
    let before = site.snapshot();
    let other = Site::new(SMALL);
    other.settle();
    let foreign = other.read(MASTER);
    for tampered in [&b""[..], b"junk", &before[MASTER][..200], &foreign] {
        site.tamper(&[("nodes/gw-2/wso2carbon.jks", Some(tampered))]);
        assert!(site.verify().has_errors());
        let run = site.issue();
        assert_eq!(run.actions, ["copy nodes/gw-2/wso2carbon.jks"]);
        assert!(site.snapshot() == before);
    }
}

#[test]
fn a_master_that_somebody_replaced_comes_back_from_the_copies_that_are_recorded() {
    let mut site = Site::new(SMALL);
    site.knows("STORES", "the same password");
    site.edit(
        "[primary]",
        "[stores]\npassword = \"env:STORES\"\n[primary]",
    );
    let mut other = Site::new(&site.text);
    other.knows("STORES", "the same password");
    site.settle();
    // Another key: the second one that the test's source gives.
    other.edit("rsa-2048", "rsa-3072");
    other.settle();
    let before = site.snapshot();
    site.tamper(&[(MASTER, Some(&other.read(MASTER)))]);
    assert!(site.verify().has_errors());
    site.issue();
    assert!(site.snapshot() == before);
}

#[test]
fn without_a_record_copies_must_be_equal_and_meet_the_pin() {
    let mut site = Site::new(SMALL);
    site.settle();
    let pin = site.key_of(MASTER).0;
    let before = site.snapshot();
    std::fs::remove_dir_all(site.workspace().join("generations")).unwrap();
    site.tamper(&[(MASTER, None)]);
    let lost = site.refused().refusal();
    assert_eq!(places(&lost).len(), 4, "{lost:?}");
    site.edit("[primary]", &format!("[primary]\nsha256 = \"{pin}\""));
    site.settle();
    assert!(site.snapshot() == before);

    std::fs::remove_dir_all(site.workspace().join("generations")).unwrap();
    site.tamper(&[
        (MASTER, None),
        ("nodes/gw-1/wso2carbon.jks", Some(b"other")),
    ]);
    let lost = site.refused().refusal();
    assert_eq!(places(&lost).len(), 4, "{lost:?}");
}

#[test]
fn a_primary_that_is_lost_everywhere_is_refused_with_every_place_where_one_may_be() {
    let mut site = Site::new(SMALL);
    site.settle();
    // A generation that holds an earlier version.
    site.edit("[primary]", "[primary]\nalias = \"cluster\"");
    site.settle();
    site.tamper(&[
        (MASTER, None),
        ("nodes/gw-1/wso2carbon.jks", Some(b"damaged")),
        ("nodes/gw-2/wso2carbon.jks", None),
        ("nodes/km-1/wso2carbon.jks", None),
        ("nodes/km-2/wso2carbon.jks", Some(b"")),
    ]);
    let lost = site.refused().refusal();
    assert_eq!(
        places(&lost),
        [
            "nodes/gw-1/wso2carbon.jks",
            "nodes/km-2/wso2carbon.jks",
            "generations/0002/primary/wso2carbon.jks",
        ]
    );
}

#[test]
fn pins_forbid_a_second_primary_and_a_second_ca_in_an_empty_workspace() {
    let mut site = Site::new(SMALL);
    site.settle();
    let primary = site.key_of(MASTER).0;
    let ca = pki_core::keystore::read_pem_certificates(&site.read("ca/ca.pem")).unwrap()[0]
        .fingerprint()
        .to_string();
    site.edit("[primary]", &format!("[primary]\nsha256 = \"{primary}\""));
    site.edit("[ca]", &format!("[ca]\nsha256 = \"{ca}\""));
    assert_eq!(site.settle(), [] as [String; 0]);
    std::fs::remove_dir_all(site.workspace()).unwrap();
    let refusal = site.refused().refusal();
    assert!(
        matches!(refusal, Refusal::Pin { found: None, .. }),
        "{refusal:?}"
    );
    assert!(!site.workspace().join("ca").exists());
    site.edit(&format!("[ca]\nsha256 = \"{ca}\""), "[ca]");
    let refusal = site.refused().refusal();
    assert!(
        matches!(
            refusal,
            Refusal::Pin {
                what: "primary",
                found: None,
                ..
            }
        ),
        "{refusal:?}"
    );
}

#[test]
fn a_pin_that_another_certificate_does_not_meet_is_refused() {
    for (section, what) in [("[primary]", "primary"), ("[ca]", "CA")] {
        let mut site = Site::new(SMALL);
        site.settle();
        let pin = "00".repeat(32);
        site.edit(section, &format!("{section}\nsha256 = \"{pin}\""));
        let refusal = site.refused().refusal();
        assert!(
            matches!(&refusal, Refusal::Pin { what: found, found: Some(_), .. } if *found == what),
            "{refusal:?}"
        );
    }
}

#[test]
fn the_encryption_key_is_made_once_and_never_again() {
    let reference = include_str!("../../examples/apim-4.7-ha/apim-pki.toml");
    let site = Site::new(&reference.replace("rsa-3072", "rsa-2048"));
    site.settle();
    let key = site.secret("encryption");
    assert_eq!(key.len(), 64);
    site.tamper(&[("secrets/encryption", None)]);
    assert!(site.verify().has_errors());
    let refusal = site.refused().refusal();
    assert!(
        matches!(
            refusal,
            Refusal::Lost {
                what: "encryption key",
                ..
            }
        ),
        "{refusal:?}"
    );
}

#[test]
fn from_2_6_to_4_7_the_primary_stays_and_the_nodes_change_their_alias() {
    let mut site = Site::new(
        "product = \"2.6.0\"\ndomain = \"example.com\"\n[ca]\nkey = \"ec-p256\"\n\
         [primary]\nkey = \"rsa-2048\"\n[stores]\nformat = \"jks\"\n\
         [roles.key-manager]\nnodes = { km-1 = \"km1\" }\n\
         [roles.publisher]\nnodes = { pub-1 = \"pub1\" }\n\
         [roles.traffic-manager]\nnodes = { tm-1 = \"tm1\" }\n\
         [roles.gateway]\nnodes = { gw-1 = \"gw1\" }\n",
    );
    site.settle();
    let primary = site.read(MASTER);
    let tls = site.key_of("nodes/gw-1/tls.jks");
    let chain = site.read("nodes/gw-1/tls.pem");
    site.edit("2.6.0", "4.7.0");
    site.edit(
        "[roles.publisher]\nnodes = { pub-1 = \"pub1\" }",
        "[roles.control-plane]\nnodes = { cp-1 = \"cp1\" }",
    );
    let changes = site.settle();
    assert!(
        changes.contains(&"+secrets/encryption".to_owned()),
        "{changes:?}"
    );
    assert!(
        !changes.iter().any(|change| change.starts_with('-')),
        "{changes:?}"
    );
    assert!(site.read(MASTER) == primary);
    assert!(site.read("nodes/cp-1/wso2carbon.jks") == primary);
    assert_eq!(site.key_of("nodes/gw-1/tls.jks"), tls);
    assert!(site.read("nodes/gw-1/tls.pem") == chain);
    assert_eq!(site.aliases("nodes/gw-1/tls.jks"), ["wso2carbon"]);
    assert_eq!(
        site.aliases("nodes/gw-1/client-truststore.jks"),
        ["apim-pki-ca", "wso2carbon", "gateway_certificate_alias"]
    );
    let ids: Vec<&str> = site
        .verify()
        .problems
        .iter()
        .map(|it| it.kind.id())
        .collect();
    assert_eq!(ids, ["folder-left"]);
}

#[test]
fn an_identity_server_that_shares_the_primary_gets_a_folder() {
    let site = Site::new(&format!(
        "{SMALL}\n[external.is]\nrole = \"key-manager\"\nhosts = [\"is.example.com\"]\nshared_primary = true\n"
    ));
    let changes = site.settle();
    let folder: Vec<&String> = changes
        .iter()
        .filter(|it| it.contains("nodes/is/"))
        .collect();
    assert_eq!(
        folder,
        [
            "+nodes/is/client-truststore.jks",
            "+nodes/is/wso2carbon.jks"
        ]
    );
    assert!(site.read("nodes/is/wso2carbon.jks") == site.read(MASTER));
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    site.tamper(&[("nodes/is/wso2carbon.jks", Some(b"junk"))]);
    assert!(site.verify().has_errors());
    assert_eq!(site.settle(), ["~nodes/is/wso2carbon.jks"]);
}
