//! Nodes, hosts and names that come, change and go.

use pki_core::{
    disk::RelPath,
    key::read_private_key,
    plan::{Note, Scope},
    secret::Password,
};
use time::Duration;

use crate::site::{SMALL, SMALL_NODES, Site};

const REFERENCE: &str = include_str!("../../examples/apim-2.6-ha/apim-pki.toml");

#[test]
fn the_reference_deployment_is_made_verified_and_left_alone_the_second_time() {
    let site = Site::new(REFERENCE);
    let first = site.issue();
    assert!(first.report.is_clean(), "{:#?}", first.report);
    assert!(
        first.report.edges.len() > 60,
        "{}",
        first.report.edges.len()
    );
    let before = site.on_disk();
    let second = site.issue();
    assert_eq!(second.actions, [] as [String; 0]);
    assert!(site.on_disk() == before);
    assert!(site.verify().is_clean());
    // Nothing changes either as long as nothing ends.
    let mut later = site;
    later.now += Duration::days(700);
    assert!(later.plan().unwrap().is_empty());
}

#[test]
fn a_node_that_is_added_gets_its_folder_and_no_other_file_changes() {
    let mut site = Site::new(SMALL);
    site.settle();
    site.edit("gw-2 = \"gw2\"", "gw-2 = \"gw2\", gw-3 = \"gw3\"");
    assert_eq!(
        site.settle(),
        [
            "+nodes/gw-3/client-truststore.jks",
            "+nodes/gw-3/tls.jks",
            "+nodes/gw-3/tls.pem",
            "+nodes/gw-3/wso2carbon.jks",
        ]
    );
    assert!(site.verify().is_clean());
    for file in ["client-truststore.jks", "wso2carbon.jks"] {
        assert!(
            site.read(&format!("nodes/gw-3/{file}")) == site.read(&format!("nodes/gw-1/{file}"))
        );
    }
}

#[test]
fn the_folder_of_a_node_that_left_is_told_of_until_prune_moves_it() {
    let mut site = Site::new(SMALL);
    site.settle();
    let left = site.snapshot();
    site.edit(", gw-2 = \"gw2\"", "");
    assert_eq!(site.settle(), [] as [String; 0]);
    let plan = site.plan().unwrap();
    let folder: RelPath = "nodes/gw-2".parse().unwrap();
    assert!(
        plan.notes().contains(&Note::FolderLeft { folder }),
        "{:?}",
        plan.notes()
    );
    let report = site.verify();
    let problems: Vec<&str> = report.problems.iter().map(|it| it.kind.id()).collect();
    assert_eq!(problems, ["folder-left"]);
    assert!(!report.has_errors());

    site.scope = Scope::all().prune(true);
    assert_eq!(
        site.settle(),
        [
            "-nodes/gw-2/client-truststore.jks",
            "-nodes/gw-2/tls.jks",
            "-nodes/gw-2/tls.pem",
            "-nodes/gw-2/wso2carbon.jks",
        ]
    );
    assert!(!site.workspace().join("nodes/gw-2").exists());
    assert!(site.read("generations/0002/nodes/gw-2/tls.jks") == left["nodes/gw-2/tls.jks"]);
    assert!(site.verify().is_clean());
}

#[test]
fn a_lost_folder_is_made_anew_with_the_primary_of_the_master() {
    let site = Site::new(SMALL);
    site.settle();
    let before = site.snapshot();
    let key = site.key_of("nodes/gw-1/tls.jks");
    std::fs::remove_dir_all(site.workspace().join("nodes/gw-1")).unwrap();
    site.settle();
    let after = site.snapshot();
    let changed: Vec<&String> = before
        .keys()
        .filter(|path| before[*path] != after[*path])
        .collect();
    assert_eq!(changed, ["nodes/gw-1/tls.jks", "nodes/gw-1/tls.pem"]);
    assert_ne!(site.key_of("nodes/gw-1/tls.jks"), key);
}

#[test]
fn a_lost_file_alone_is_made_anew() {
    for (file, changed) in [
        ("nodes/km-1/tls.pem", false),
        ("nodes/km-1/client-truststore.jks", false),
        ("nodes/km-1/wso2carbon.jks", false),
        ("nodes/km-1/tls.jks", true),
        ("primary/primary.pem", false),
    ] {
        let site = Site::new(SMALL);
        site.settle();
        let before = site.snapshot();
        site.tamper(&[(file, None)]);
        site.settle();
        assert_eq!(site.snapshot() != before, changed, "{file}");
    }
}

#[test]
fn a_renamed_host_changes_the_certificate_of_that_node_alone() {
    let mut site = Site::new(SMALL);
    site.settle();
    let before = site.key_of("nodes/gw-2/tls.jks");
    site.edit("\"gw2\"", "\"edge2.example.net\"");
    let plan = site.plan().unwrap();
    let detail = plan.actions()[0].detail.join("\n");
    assert!(
        detail.contains("dns:edge2.example.net  from roles.gateway.nodes.gw-2"),
        "{detail}"
    );
    assert_eq!(
        site.settle(),
        ["~nodes/gw-2/tls.jks", "~nodes/gw-2/tls.pem"]
    );
    let after = site.key_of("nodes/gw-2/tls.jks");
    assert!(before.0 != after.0 && before.1 != after.1);
    assert!(site.verify().is_clean());
}

#[test]
fn a_renamed_balancer_changes_the_certificates_of_its_group() {
    let mut site = Site::new(SMALL);
    site.settle();
    site.edit("balancer = \"gw\"", "balancer = \"api\"");
    assert_eq!(
        site.settle(),
        [
            "~nodes/gw-1/tls.jks",
            "~nodes/gw-1/tls.pem",
            "~nodes/gw-2/tls.jks",
            "~nodes/gw-2/tls.pem"
        ]
    );
    assert!(site.verify().is_clean());
}

#[test]
fn a_balancer_with_a_certificate_of_its_own_key_changes_alone() {
    let mut site = Site::new(&SMALL.replace(
        "balancer = \"gw\"",
        "balancer = { host = \"gw\", tls = \"issued\" }",
    ));
    let made = site.settle();
    assert!(made.contains(&"+balancers/gateway/chain.pem".to_owned()));
    assert!(made.contains(&"+secrets/balancers".to_owned()));
    assert!(site.verify().is_clean());
    let key = site.read("balancers/gateway/key.pem");
    assert!(key.starts_with(b"-----BEGIN ENCRYPTED PRIVATE KEY-----"));
    site.edit("host = \"gw\"", "host = \"api\"");
    assert_eq!(
        site.settle(),
        ["~balancers/gateway/chain.pem", "~balancers/gateway/key.pem"]
    );
    assert!(site.verify().is_clean());
}

#[test]
fn certificates_near_their_end_are_made_anew_with_another_key() {
    let mut site = Site::new(SMALL);
    site.settle();
    site.now += Duration::days(796);
    let warnings: Vec<&str> = site
        .verify()
        .problems
        .iter()
        .map(|it| it.kind.id())
        .collect();
    assert_eq!(warnings, ["expiring"; 4]);
    let before: Vec<_> = SMALL_NODES
        .map(|node| site.key_of(&format!("nodes/{node}/tls.jks")))
        .into();
    let changes = site.settle();
    assert_eq!(changes.len(), 8, "{changes:?}");
    for (node, before) in SMALL_NODES.iter().zip(before) {
        let after = site.key_of(&format!("nodes/{node}/tls.jks"));
        assert!(after.0 != before.0 && after.1 != before.1, "{node}");
    }
    assert!(site.verify().is_clean());
}

#[test]
fn keep_key_renews_the_certificate_over_the_same_key() {
    let mut site = Site::new(&SMALL.replace("[tls]", "[tls]\nkeep_key = true"));
    site.settle();
    let before = site.key_of("nodes/gw-1/tls.jks");
    site.now += Duration::days(800);
    site.settle();
    let after = site.key_of("nodes/gw-1/tls.jks");
    assert!(after.0 != before.0 && after.1 == before.1);
    // Another algorithm is another key.
    site.edit(
        "[tls]\nkeep_key = true\nkey = \"rsa-2048\"",
        "[tls]\nkeep_key = true\nkey = \"rsa-3072\"",
    );
    site.settle();
    assert!(site.key_of("nodes/gw-1/tls.jks").1 != before.1);
}

#[test]
fn a_certificate_that_ends_with_its_issuer_is_not_made_anew_for_ever() {
    let mut site = Site::new(&SMALL.replace("[ca]", "[ca]\nvalidity = \"900d\""));
    site.settle();
    site.now += Duration::days(810);
    let first = site.issue();
    assert_eq!(first.written.len(), 8, "{:?}", first.written);
    let notes = first.plan.notes();
    assert!(
        notes
            .iter()
            .any(|note| matches!(note, Note::CutToIssuer { .. })),
        "{notes:?}"
    );
    assert!(!first.report.has_errors());
    let ids: Vec<&str> = first
        .report
        .problems
        .iter()
        .map(|it| it.kind.id())
        .collect();
    assert_eq!(ids, ["cut-to-issuer"; 4]);
    for days in [0, 60, 85] {
        site.now += Duration::days(days);
        assert!(site.plan().unwrap().is_empty());
        if days == 60 {
            site.now -= Duration::days(60);
        }
    }
}

#[test]
fn a_chosen_node_is_the_only_one_whose_own_files_change() {
    let mut site = Site::new(SMALL);
    site.settle();
    site.edit("balancer = \"gw\"", "balancer = \"api\"");
    site.edit("balancer = \"km\"", "balancer = \"keys\"");
    site.scope = Scope::all().nodes(["gw-2"]);
    let changes = site.changes(|site| drop(site.issue()));
    assert_eq!(changes, ["~nodes/gw-2/tls.jks", "~nodes/gw-2/tls.pem"]);
    assert!(site.plan().unwrap().is_empty());
}

#[test]
fn a_chosen_node_of_a_new_workspace_is_made_alone_and_the_rest_later() {
    let mut site = Site::new(SMALL);
    site.scope = Scope::all().nodes(["gw-2"]);
    let run = site.issue();
    let folders: Vec<&String> = run
        .written
        .iter()
        .filter(|path| path.starts_with("nodes/"))
        .collect();
    assert_eq!(folders.len(), 4);
    assert!(folders.iter().all(|path| path.starts_with("nodes/gw-2/")));
    let before = site.snapshot();
    site.scope = Scope::all();
    site.settle();
    let after = site.snapshot();
    assert!(before.iter().all(|(path, content)| after[path] == *content));
    assert!(site.verify().is_clean());
}

#[test]
fn one_certificate_for_all_nodes_is_the_same_file_everywhere() {
    let mut site = Site::new(&SMALL.replace("[tls]", "[tls]\nshared = true"));
    site.settle();
    assert!(site.verify().is_clean());
    for node in SMALL_NODES {
        for file in ["tls.jks", "tls.pem"] {
            let path = format!("nodes/{node}/{file}");
            assert!(site.read(&path) == site.read(&format!("nodes/gw-1/{file}")));
        }
    }
    let key = site.key_of("nodes/gw-1/tls.jks");
    // A new node gets the same file, and its name makes the certificate new.
    site.edit("gw-2 = \"gw2\"", "gw-2 = \"gw2\", gw-3 = \"gw3\"");
    site.settle();
    assert!(site.key_of("nodes/gw-3/tls.jks") != key);
    assert!(site.read("nodes/gw-3/tls.jks") == site.read("nodes/km-1/tls.jks"));
    // The chain of the first node is lost: it alone comes back.
    site.tamper(&[("nodes/km-1/tls.pem", None)]);
    assert_eq!(site.settle(), ["+nodes/km-1/tls.pem"]);
    // Apart again: each gets its own.
    site.edit("shared = true", "shared = false");
    site.settle();
    assert!(site.key_of("nodes/gw-3/tls.jks") != site.key_of("nodes/gw-1/tls.jks"));
    assert!(site.verify().is_clean());
}

#[test]
fn a_balancer_that_lets_tls_pass_leaves_its_key_behind_until_prune() {
    let issued = SMALL.replace("\"gw\"\n", "{ host = \"gw\", tls = \"issued\" }\n");
    let mut site = Site::new(&issued);
    site.settle();
    site.edit("{ host = \"gw\", tls = \"issued\" }", "\"gw\"");
    site.settle();
    let report = site.verify();
    let left = &report.problems[0];
    assert_eq!(left.kind.id(), "folder-left");
    assert_eq!(left.file.as_ref().unwrap().to_string(), "balancers/gateway");
    site.scope = Scope::all().prune(true);
    assert_eq!(
        site.settle(),
        ["-balancers/gateway/chain.pem", "-balancers/gateway/key.pem"]
    );
    assert!(site.verify().is_clean());
}

#[test]
fn keep_key_holds_for_the_certificates_of_balancers_too() {
    let text = SMALL
        .replace("\"gw\"\n", "{ host = \"gw\", tls = \"issued\" }\n")
        .replace("[tls]", "[tls]\nkeep_key = true");
    let mut site = Site::new(&text);
    site.settle();
    let key = |site: &Site| {
        let password = String::from_utf8(site.read("secrets/balancers")).unwrap();
        let pem = site.read("balancers/gateway/key.pem");
        read_private_key(&pem, Some(&Password::new(password.trim_end()))).unwrap()
    };
    let before = (key(&site), site.read("balancers/gateway/chain.pem"));
    site.edit("host = \"gw\"", "host = \"front\"");
    site.settle();
    assert!(key(&site) == before.0);
    assert_ne!(site.read("balancers/gateway/chain.pem"), before.1);
}
