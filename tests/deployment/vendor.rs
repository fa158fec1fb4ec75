//! The vendor's truststore: its CAs stay, keys that everybody owns go.

use std::collections::BTreeMap;

use pki_core::{
    keystore::{Content, Keystore},
    observe::ObserveError,
    plan::{Note, Refusal, Verb},
    secret::Password,
    wso2::known_certificate,
    x509::Fingerprint,
};

use crate::{
    judge::judge,
    shared,
    site::{SMALL, Site, broken},
};

/// A site whose truststores begin with a real file.
fn beginning_with(file: &str, product: &str, settings: &str) -> Option<Site> {
    let shared = shared::folder()?;
    let mut site = Site::new(
        &SMALL
            .replace("2.6.0", product)
            .replace(
                "key-manager",
                if product < "4" {
                    "key-manager"
                } else {
                    "control-plane"
                },
            )
            .replace("[tls]", &format!("[stores]\n{settings}\n[tls]")),
    );
    std::fs::copy(
        shared.join("wso2/stores").join(file),
        site.base().join("vendor.jks"),
    )
    .unwrap();
    site.knows("VENDOR", "wso2carbon");
    Some(site)
}

const WITH_PASSWORD: &str = "truststore = { file = \"vendor.jks\", password = \"env:VENDOR\" }";

#[test]
fn real_truststores_keep_every_ca_in_order_with_its_date_and_lose_the_default_keys() {
    for (file, product, gone) in [
        (
            "truststores/client-truststore_apim2.6_89891c76.jks",
            "2.6.0",
            &["D1", "D1b", "D2", "V5"][..],
        ),
        (
            "truststores/client-truststore_apim3.2-4.0_7f4eba88.jks",
            "3.2.0",
            &["D4"],
        ),
        (
            "truststores/client-truststore_apim4.4_96642af5.jks",
            "4.4.0",
            &["D8"],
        ),
        (
            "truststores/client-truststore_apim4.7_7e67b0d3.jks",
            "4.7.0",
            &["D11"],
        ),
    ] {
        for format in ["jks", "pkcs12\"\nprofile = \"modern"] {
            let Some(site) = beginning_with(
                file,
                product,
                &format!("{WITH_PASSWORD}\nformat = \"{format}\""),
            ) else {
                return;
            };
            one_real_truststore(&site, file, gone);
        }
    }
}

fn one_real_truststore(site: &Site, file: &str, gone: &[&str]) {
    let run = site.issue();
    assert!(
        !run.report.has_errors(),
        "{file}: {:#?}",
        broken(&run.report)
    );
    assert!(site.plan().unwrap().is_empty(), "{file}");

    let vendor = std::fs::read(site.base().join("vendor.jks")).unwrap();
    let vendor = Keystore::decode(&vendor, &Password::new("wso2carbon")).unwrap();
    let mut kept = Vec::new();
    let mut out = Vec::new();
    for entry in vendor.keystore.entries() {
        let Content::TrustedCertificate { certificate, .. } = &entry.content else {
            panic!("a key in {file}")
        };
        match known_certificate(certificate) {
            Some(known) => out.push((entry.alias.to_string(), known.id)),
            None => {
                let created = entry
                    .created
                    .or(certificate.view().ok().map(|view| view.not_before));
                kept.push((entry.alias.lookup(), certificate.fingerprint(), created));
            }
        }
    }

    // A line for each that goes.
    let action = run
        .plan
        .actions()
        .iter()
        .find(|action| action.verb == Verb::Make && action.file.as_str().contains("truststore"))
        .unwrap();
    let lines: Vec<&String> = action
        .detail
        .iter()
        .filter(|it| it.starts_with("out:"))
        .collect();
    assert_eq!(lines.len(), out.len(), "{lines:?}");
    for (alias, id) in &out {
        let said = |line: &&&String| {
            line.contains(&format!("`{alias}`")) && line.contains(&format!("({id},"))
        };
        assert_eq!(
            lines.iter().filter(said).count(),
            1,
            "{alias} {id}: {lines:?}"
        );
    }
    for id in gone {
        assert!(
            out.iter().any(|(_, found)| found == id),
            "{file}: no {id} in {out:?}"
        );
    }

    // The rest is there, in order, with its dates; ours come behind.
    let topology = site.topology();
    let settings = &topology.stores.truststore;
    let path = format!("nodes/gw-1/{}", settings.file);
    let store = site.store(&path);
    let is_jks = settings.file.ends_with("jks");
    let entries = store.decoded.keystore.entries();
    assert!(entries.len() > kept.len() + 1, "{file}");
    for (entry, (alias, fingerprint, created)) in entries.iter().zip(&kept) {
        assert_eq!(entry.alias.as_str(), alias);
        assert_eq!(entry.certificates()[0].fingerprint(), *fingerprint);
        if is_jks {
            let millis = |at: time::OffsetDateTime| at.unix_timestamp_nanos() / 1_000_000;
            assert_eq!(entry.created.map(millis), created.map(millis), "{alias}");
        }
    }
    let behind: Vec<&str> = entries[kept.len()..]
        .iter()
        .map(|it| it.alias.as_str())
        .collect();
    assert_eq!(behind[..2], ["apim-pki-ca", "wso2carbon"]);

    // Java sees the same, entry by entry.
    let (kind, secret) = (if is_jks { "JKS" } else { "PKCS12" }, site.secret("stores"));
    let java = judge()
        .load(kind, &site.workspace().join(&path), Some(&secret))
        .unwrap();
    let java: BTreeMap<String, (String, Vec<String>)> = java
        .into_iter()
        .map(|entry| (entry.alias, (entry.kind, entry.sha256)))
        .collect();
    let ours: BTreeMap<String, (String, Vec<String>)> = entries
        .iter()
        .map(|entry| {
            let sha256 = entry.certificates()[0].fingerprint().to_string();
            (
                entry.alias.to_string(),
                ("trusted".to_owned(), vec![sha256]),
            )
        })
        .collect();
    assert_eq!(java, ours, "{file}");
}

#[test]
fn private_keys_of_the_vendors_file_are_not_carried() {
    let Some(site) = beginning_with(
        "defaults/wso2carbon_D2_apim2.2-2.6_b4b6220b.jks",
        "2.6.0",
        WITH_PASSWORD,
    ) else {
        return;
    };
    let run = site.issue();
    let said: Vec<&String> = run
        .plan
        .actions()
        .iter()
        .flat_map(|it| &it.detail)
        .collect();
    assert!(
        said.iter()
            .any(|line| line.contains("a key of the vendor's truststore")),
        "{said:?}"
    );
    let store = site.store("nodes/gw-1/client-truststore.jks");
    assert_eq!(store.private_keys().count(), 0);
}

#[test]
fn integrity_is_proved_by_password_or_pin_or_told_to_be_unproved() {
    let file = "truststores/client-truststore_apim2.6_89891c76.jks";
    let Some(mut site) = beginning_with(file, "2.6.0", "truststore = \"vendor.jks\"") else {
        return;
    };
    let run = site.issue();
    assert!(run.plan.notes().contains(&Note::IntegrityUnchecked));
    let bytes = std::fs::read(site.base().join("vendor.jks")).unwrap();
    let right = Fingerprint::of(&bytes).to_string();
    let pinned =
        |sha256: &str| format!("truststore = {{ file = \"vendor.jks\", sha256 = \"{sha256}\" }}");
    site.edit("truststore = \"vendor.jks\"", &pinned(&right));
    let plan = site.plan().unwrap();
    assert!(
        plan.is_empty() && plan.notes().is_empty(),
        "{:?}",
        plan.notes()
    );
    let wrong = "ab".repeat(32);
    site.edit(&pinned(&right), &pinned(&wrong));
    assert!(matches!(
        site.refused().refusal(),
        Refusal::VendorPin { .. }
    ));
    site.edit(&pinned(&wrong), WITH_PASSWORD);
    assert!(site.plan().unwrap().notes().is_empty());
    site.knows("VENDOR", "wrong password");
    assert!(matches!(
        site.refused().unread(),
        ObserveError::Store { .. }
    ));
}

#[test]
fn a_spoiled_vendor_file_is_refused() {
    let file = "truststores/client-truststore_apim2.6_89891c76.jks";
    for settings in [WITH_PASSWORD, "truststore = \"vendor.jks\""] {
        let Some(site) = beginning_with(file, "2.6.0", settings) else {
            return;
        };
        let path = site.base().join("vendor.jks");
        let right = std::fs::read(&path).unwrap();
        let mangled = String::from_utf8_lossy(&right).into_owned().into_bytes();
        for content in [&b""[..], b"junk", &right[..right.len() / 2], &mangled] {
            std::fs::write(&path, content).unwrap();
            assert!(matches!(
                site.refused().unread(),
                ObserveError::Store { .. }
            ));
        }
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            site.refused().unread(),
            ObserveError::Input { .. }
        ));
        assert!(!site.workspace().join("nodes").exists());
    }
}

#[test]
fn a_vendors_alias_in_the_way_is_refused_unless_it_is_the_same_certificate() {
    let mut site = Site::new(SMALL);
    site.settle();
    let anchor = site.workspace().join("ca/ca.pem");
    let vendor = |alias: &str, certificate: &std::path::Path| {
        let path = site.base().join("vendor.jks");
        let store = crate::judge::Store {
            kind: "JKS",
            path: &path,
            password: "vendor's",
        };
        let entry = crate::judge::NewEntry::Trusted { alias, certificate };
        judge().store(store, &[entry]).unwrap();
    };
    vendor("wso2carbon", &anchor);
    let before = site.text.clone();
    site.edit("[tls]", "[stores]\ntruststore = \"vendor.jks\"\n[tls]");
    let refusal = site.refused().refusal();
    assert!(
        matches!(&refusal, Refusal::AliasTaken { alias } if alias == "wso2carbon"),
        "{refusal:?}"
    );
    assert_ne!(site.text, before);
    let path = site.base().join("vendor.jks");
    std::fs::remove_file(&path).unwrap();
    let store = crate::judge::Store {
        kind: "JKS",
        path: &path,
        password: "vendor's",
    };
    let entry = crate::judge::NewEntry::Trusted {
        alias: "apim-pki-ca",
        certificate: &anchor,
    };
    judge().store(store, &[entry]).unwrap();
    let run = site.issue();
    assert!(!run.report.has_errors());
    assert!(site.plan().unwrap().is_empty());
}

#[test]
fn a_new_vendor_file_changes_the_truststores_alone() {
    let file = "truststores/client-truststore_apim2.6_89891c76.jks";
    let Some(site) = beginning_with(file, "2.6.0", "truststore = \"vendor.jks\"") else {
        return;
    };
    site.settle();
    let newer = shared::folder()
        .unwrap()
        .join("wso2/stores/truststores/client-truststore_apim4.7_7e67b0d3.jks");
    std::fs::copy(newer, site.base().join("vendor.jks")).unwrap();
    let changes = site.settle();
    assert_eq!(changes.len(), 4, "{changes:?}");
    assert!(
        changes
            .iter()
            .all(|it| it.ends_with("/client-truststore.jks"))
    );
}

#[test]
fn certificates_that_the_topology_names_come_in() {
    let mut site = Site::new(&format!(
        "{}\n[external.ldap]\nrole = \"directory\"\nhosts = [\"ldap.example.com\"]\n\
         certificate = \"corp.pem\"\n",
        SMALL.replace(
            "[tls]",
            "[stores]\ntrust = [\"corp.pem\", \"Two Roots.pem\"]\n[tls]"
        )
    ));
    crate::authority::corporate(&site, "corp");
    crate::authority::corporate(&site, "other");
    let (corp, other) = ("corp.pem", "other.pem");
    let read = |name: &str| std::fs::read(site.base().join(name)).unwrap();
    std::fs::write(
        site.base().join("Two Roots.pem"),
        [read(corp), read(other)].concat(),
    )
    .unwrap();
    site.now = time::OffsetDateTime::now_utc();
    // The root is no server's certificate: it does not name the directory.
    let failure = site.try_issue().unwrap_err();
    assert!(
        format!("{failure:?}").contains("ldap.example.com"),
        "{failure:?}"
    );
    site.edit("certificate = \"corp.pem\"", "trust = [\"corp.pem\"]");
    site.settle();
    assert_eq!(
        site.aliases("nodes/gw-1/client-truststore.jks"),
        [
            "apim-pki-ca",
            "wso2carbon",
            "corp",
            "two-roots",
            "two-roots-2",
            "external-ldap"
        ]
    );
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
}

#[test]
fn a_balancers_own_certificate_is_judged_and_its_anchor_trusted() {
    let mut site = Site::new(&SMALL.replace(
        "balancer = \"gw\"",
        "balancer = { host = \"gw\", tls = \"own\", certificate = \"corp.pem\" }",
    ));
    site.now = time::OffsetDateTime::now_utc();
    let line = "req -x509 -newkey rsa:2048 -noenc -days 30 -subj /CN=x -keyout k.pem -out corp.pem -addext";
    let mut arguments: Vec<&str> = line.split_whitespace().collect();
    arguments.push("subjectAltName=DNS:gw.example.com");
    let made = std::process::Command::new("openssl")
        .current_dir(site.base())
        .args(&arguments)
        .output()
        .unwrap();
    assert!(made.status.success());
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    assert!(
        site.aliases("nodes/km-1/client-truststore.jks")
            .contains(&"balancer-gateway".to_owned())
    );
    site.edit("host = \"gw\"", "host = \"api\"");
    site.issue();
    let report = site.verify();
    assert!(report.has_errors());
    assert!(
        broken(&report)
            .iter()
            .all(|line| line.contains("as api.example.com"))
    );
    site.now += time::Duration::days(31);
    assert!(site.verify().has_errors());
}
