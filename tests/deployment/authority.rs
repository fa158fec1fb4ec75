//! Who certifies: a CA of the workspace, one from elsewhere, nobody.

use std::process::Command;

use pki_core::{
    apply::ApplyError,
    keystore::read_pem_certificates,
    observe::ObserveError,
    plan::{Note, Refusal, Scope},
    secret::Password,
};
use time::Duration;

use crate::site::{Failure, SMALL, SMALL_NODES, Site, broken};

/// Makes a root `NAME.pem`/`NAME.key` and an intermediate under it, `NAME-sub.pem` with the root behind
/// it, `NAME-sub.key`.
pub(crate) fn corporate(site: &Site, name: &str) {
    let config = "[req]\ndistinguished_name=dn\n[dn]\n[root]\nbasicConstraints=critical,CA:TRUE\n\
         keyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n\
         [sub]\nbasicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n\
         subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n";
    std::fs::write(site.base().join("openssl.cnf"), config).unwrap();
    let root = format!("/DC=org/DC=example/O=Example/OU=One/OU=Two/CN={name} root");
    let sub = format!("/DC=org/DC=example/O=Example/OU=One/OU=Two/CN={name} issuing");
    let curve = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc";
    openssl(
        site,
        &format!(
            "req -x509 -config openssl.cnf -extensions root {curve} -days 7300 -keyout {name}.key -out {name}.pem"
        ),
        &["-subj", &root],
    );
    openssl(
        site,
        &format!("req -new -config openssl.cnf {curve} -keyout {name}-sub.key -out sub.csr"),
        &["-subj", &sub],
    );
    openssl(
        site,
        &format!(
            "x509 -req -in sub.csr -CA {name}.pem -CAkey {name}.key -days 3650 -extfile openssl.cnf -extensions sub -out sub.pem"
        ),
        &[],
    );
    let mut chain = std::fs::read(site.base().join("sub.pem")).unwrap();
    chain.extend(std::fs::read(site.base().join(format!("{name}.pem"))).unwrap());
    std::fs::write(site.base().join(format!("{name}-sub.pem")), chain).unwrap();
}

fn openssl(site: &Site, line: &str, more: &[&str]) {
    let output = Command::new("openssl")
        .current_dir(site.base())
        .args(line.split_whitespace())
        .args(more)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{line}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}

/// A site that imports a CA. Certificates of `openssl` begin now, so the site lives now.
pub(crate) fn importing(certificate: &str, key: &str) -> Site {
    let mut site = Site::new(&SMALL.replace(
        "[ca]\nkey = \"ec-p256\"",
        &format!("[ca]\ncertificate = \"{certificate}\"\nkey_file = \"{key}\""),
    ));
    site.now = time::OffsetDateTime::now_utc() + Duration::minutes(5);
    site
}

fn chain_length(site: &Site, node: &str) -> usize {
    let store = site.store(&format!("nodes/{node}/tls.jks"));
    store.private_keys().next().unwrap().1.len()
}

#[test]
fn an_imported_root_signs_and_its_key_is_not_copied() {
    let site = importing("corp.pem", "corp.key");
    corporate(&site, "corp");
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    assert!(!site.workspace().join("ca/ca.key").exists());
    assert!(!site.workspace().join("secrets/ca").exists());
    assert_eq!(chain_length(&site, "gw-1"), 2);
    assert_eq!(
        read_pem_certificates(&site.read("nodes/gw-1/tls.pem"))
            .unwrap()
            .len(),
        1
    );
    // The key is needed only where something is signed.
    std::fs::remove_file(site.base().join("corp.key")).unwrap();
    assert!(site.plan().unwrap().is_empty());
    site.tamper(&[("nodes/gw-1/client-truststore.jks", None)]);
    site.settle();
    site.tamper(&[("nodes/gw-1/tls.jks", None)]);
    assert!(matches!(
        site.refused().unread(),
        ObserveError::Input { .. }
    ));
}

#[test]
fn an_imported_intermediate_signs_with_its_chain_and_its_root_is_the_anchor() {
    let mut site = importing("corp-sub.pem", "corp-sub.key");
    corporate(&site, "corp");
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    assert_eq!(chain_length(&site, "gw-1"), 3);
    assert_eq!(
        read_pem_certificates(&site.read("nodes/gw-1/tls.pem"))
            .unwrap()
            .len(),
        2
    );
    let store = site.store("nodes/gw-1/client-truststore.jks");
    let (entry, anchor) = store.trusted().next().unwrap();
    let root = std::fs::read(site.base().join("corp.pem")).unwrap();
    assert_eq!(entry.alias.as_str(), "apim-pki-ca");
    assert_eq!(*anchor, read_pem_certificates(&root).unwrap()[0]);

    // The same CA with a new certificate over the same key: chains are written anew, keys stay.
    let key = site.key_of("nodes/gw-1/tls.jks");
    openssl(
        &site,
        "x509 -req -in sub.csr -CA corp.pem -CAkey corp.key -days 3000 -extfile openssl.cnf -extensions sub -out sub.pem",
        &[],
    );
    let mut chain = std::fs::read(site.base().join("sub.pem")).unwrap();
    chain.extend(&root);
    std::fs::write(site.base().join("corp-sub.pem"), chain).unwrap();
    let changes = site.settle();
    assert_eq!(changes.len(), 9, "{changes:?}");
    assert_eq!(site.key_of("nodes/gw-1/tls.jks"), key);
    assert!(site.verify().is_clean());

    // Another CA is another matter.
    corporate(&site, "other");
    site.edit("corp-sub", "other-sub");
    assert!(matches!(
        site.refused().refusal(),
        Refusal::AuthorityDiffers { .. }
    ));
}

/// Signs the intermediate anew, and the root too, with other extensions.
fn with_extensions(site: &Site, root: &str, sub: &str) {
    let config = std::fs::read_to_string(site.base().join("openssl.cnf")).unwrap();
    // Of what is said twice, OpenSSL takes the last.
    let config = config.replace("[sub]\n", &format!("{root}\n[sub]\n{sub}\n"));
    std::fs::write(site.base().join("doubt.cnf"), config).unwrap();
    openssl(
        site,
        "req -x509 -config doubt.cnf -extensions root -key corp.key -days 7300 -out corp.pem",
        &["-subj", "/O=Example/CN=corp root"],
    );
    openssl(
        site,
        "x509 -req -in sub.csr -CA corp.pem -CAkey corp.key -days 3650 -extfile doubt.cnf -extensions sub -out sub.pem",
        &[],
    );
    let mut chain = std::fs::read(site.base().join("sub.pem")).unwrap();
    chain.extend(std::fs::read(site.base().join("corp.pem")).unwrap());
    std::fs::write(site.base().join("corp-sub.pem"), chain).unwrap();
}

/// What `openssl verify` says of a node, which ends well or with an error.
fn openssl_says(site: &Site) -> Result<(), String> {
    let output = Command::new("openssl")
        .current_dir(site.base())
        .args("verify -purpose sslserver -CAfile corp.pem -untrusted pki/nodes/gw-1/tls.pem pki/nodes/gw-1/tls.pem".split(' '))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    output.status.success().then_some(()).ok_or(text)
}

fn doubts(site: &Site) -> Vec<String> {
    let plan = site.plan().unwrap();
    let notes = plan.notes().iter();
    notes
        .filter(|note| matches!(note, Note::AuthorityDoubtful { .. }))
        .inspect(|note| assert!(note.is_warning()))
        .map(ToString::to_string)
        .collect()
}

#[test]
fn an_imported_chain_that_openssl_rejects_is_told_of() {
    for (root, sub, told, error) in [
        ("", "", "", ""),
        ("", "extendedKeyUsage=clientAuth,serverAuth", "", ""),
        (
            "basicConstraints=critical,CA:TRUE,pathlen:0",
            "",
            "in the chain of the CA, `CN=corp root,O=Example`: its pathLenConstraint is 0, and 1 stand \
             below it: Java accepts it, OpenSSL does not",
            "path length constraint exceeded",
        ),
        (
            "",
            "extendedKeyUsage=clientAuth",
            "in the chain of the CA, `CN=corp issuing,OU=Two,OU=One,O=Example,DC=example,DC=org`: its \
             extendedKeyUsage lacks serverAuth: Java accepts it, OpenSSL does not",
            "unsuitable certificate purpose",
        ),
        (
            "",
            "extendedKeyUsage=anyExtendedKeyUsage",
            "in the chain of the CA, `CN=corp issuing,OU=Two,OU=One,O=Example,DC=example,DC=org`: its \
             extendedKeyUsage lacks serverAuth: Java accepts it, OpenSSL does not",
            "unsuitable certificate purpose",
        ),
        (
            "extendedKeyUsage=clientAuth",
            "",
            "in the chain of the CA, `CN=corp root,O=Example`: its extendedKeyUsage lacks serverAuth: \
             Java accepts it, OpenSSL does not",
            "unsuitable certificate purpose",
        ),
    ] {
        let site = importing("corp-sub.pem", "corp-sub.key");
        corporate(&site, "corp");
        with_extensions(&site, root, sub);
        assert_eq!(doubts(&site).concat(), told);
        site.settle();
        assert_eq!(doubts(&site).concat(), told);
        assert!(site.verify().is_clean());
        match openssl_says(&site) {
            Ok(()) => assert_eq!(error, "", "{root} {sub}"),
            Err(text) => assert!(
                !error.is_empty() && text.contains(error),
                "{root} {sub}: {text}"
            ),
        }
    }
}

#[test]
fn a_name_that_the_ca_may_not_certify_is_told_of_by_plan_and_verify() {
    let mut site = Site::new(&SMALL.replace("[ca]\n", "[ca]\nname_constraints = true\n"));
    site.settle();
    assert!(site.verify().is_clean());
    site.edit("gw-2 = \"gw2\"", "gw-2 = \"gw2.elsewhere.org\"");
    let notes = site.plan().unwrap().notes().to_vec();
    assert_eq!(
        notes,
        [Note::NameNotPermitted {
            owner: "gw-2".to_owned(),
            name: "dns:gw2.elsewhere.org".to_owned()
        }]
    );
    site.settle();
    let report = site.verify();
    assert_eq!(
        broken(&report),
        [
            "warning: nodes/gw-2/tls.jks: the name constraints of `CN=example.com CA` do not permit \
             dns:gw2.elsewhere.org: Java accepts it of an anchor, OpenSSL does not"
        ]
    );
    let problem = &report.problems[0];
    assert_eq!(problem.kind.id(), "name-not-permitted");
    assert_eq!(problem.kind.found().unwrap(), "dns:gw2.elsewhere.org");
}

#[test]
fn a_ca_key_that_is_not_its_certificates_signs_nothing() {
    let site = importing("corp.pem", "corp-sub.key");
    corporate(&site, "corp");
    assert!(matches!(
        site.refused(),
        Failure::Apply(ApplyError::Authority(_))
    ));
    assert!(!site.workspace().join("ca").exists());
}

#[test]
fn a_certificate_that_is_no_ca_issues_nothing() {
    let site = importing("corp.pem", "corp.key");
    corporate(&site, "corp");
    openssl(
        &site,
        "req -x509 -config openssl.cnf -key corp.key -days 9 -subj /CN=leaf -out corp.pem",
        &[],
    );
    assert!(matches!(
        site.refused().refusal(),
        Refusal::Authority { .. }
    ));
    for junk in [
        &b""[..],
        b"junk",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        std::fs::write(site.base().join("corp.pem"), junk).unwrap();
        assert!(matches!(
            site.refused().unread(),
            ObserveError::Certificates { .. }
        ));
    }
}

#[test]
fn an_imported_key_opens_with_its_password_alone() {
    let mut site = importing("corp.pem", "sealed.key");
    corporate(&site, "corp");
    openssl(
        &site,
        "pkcs8 -topk8 -in corp.key -out sealed.key -passout pass:corporate",
        &[],
    );
    assert!(matches!(
        site.refused().unread(),
        ObserveError::CaKey { .. }
    ));
    site.edit("sealed.key\"", "sealed.key\"\nkey_password = \"env:CORP\"");
    assert!(matches!(site.refused().unread(), ObserveError::Password(_)));
    site.knows("CORP", "wrong");
    assert!(matches!(
        site.refused().unread(),
        ObserveError::CaKey { .. }
    ));
    site.knows("CORP", "corporate");
    site.settle();
}

#[test]
fn an_expired_ca_issues_nothing() {
    let mut site = Site::new(&SMALL.replace("[ca]", "[ca]\nvalidity = \"900d\""));
    site.settle();
    site.now += Duration::days(901);
    assert!(matches!(
        site.refused().refusal(),
        Refusal::AuthorityExpired { .. }
    ));
}

#[test]
fn a_lost_ca_certificate_comes_back_from_a_nodes_chain() {
    for tampered in [None, Some(&b""[..]), Some(b"junk")] {
        let site = Site::new(SMALL);
        site.settle();
        let before = site.snapshot();
        site.tamper(&[("ca/ca.pem", tampered)]);
        let run = site.issue();
        assert_eq!(run.actions, ["restore ca/ca.pem"]);
        assert!(site.snapshot() == before);
    }
}

#[test]
fn a_ca_certificate_that_is_in_no_chain_either_is_lost() {
    let site = Site::new(SMALL);
    site.settle();
    let mut changes = vec![("ca/ca.pem".to_owned(), None)];
    for node in SMALL_NODES {
        changes.push((format!("nodes/{node}/tls.jks"), None));
    }
    let changes: Vec<_> = changes
        .iter()
        .map(|(path, to)| (path.as_str(), *to))
        .collect();
    site.tamper(&changes);
    let refusal = site.refused().refusal();
    assert!(matches!(refusal, Refusal::Lost { .. }), "{refusal:?}");
}

#[test]
fn a_lost_ca_key_is_missed_when_something_is_to_be_signed() {
    let site = Site::new(SMALL);
    site.settle();
    site.tamper(&[("ca/ca.key", None)]);
    assert!(site.plan().unwrap().is_empty());
    site.tamper(&[("nodes/gw-1/tls.jks", None)]);
    assert!(matches!(site.refused().unread(), ObserveError::NoCaKey));
}

#[test]
fn the_password_of_the_ca_changes_with_the_old_one() {
    let mut site = Site::new(&SMALL.replace("[ca]", "[ca]\npassword = \"env:CA\""));
    site.knows("CA", "the first password");
    site.settle();
    site.knows("CA", "the second password");
    assert!(site.plan().unwrap().is_empty(), "nothing is signed");
    site.edit("\"gw1\"", "\"gw11\"");
    assert!(matches!(
        site.refused().unread(),
        ObserveError::CaKey { .. }
    ));
    site.passwords.old = vec![Password::new("the first password")];
    assert_eq!(
        site.settle(),
        ["~ca/ca.key", "~nodes/gw-1/tls.jks", "~nodes/gw-1/tls.pem"]
    );
    site.passwords.old.clear();
    site.edit("\"gw11\"", "\"gw1\"");
    site.settle();
}

#[test]
fn self_signed_nodes_trust_each_other_and_a_replaced_certificate_until_prune() {
    let mut site = Site::new(&SMALL.replace("[ca]\n", "[ca]\nissuer = \"self-signed\"\n"));
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    assert!(!site.workspace().join("ca").exists());
    let trust = "nodes/km-1/client-truststore.jks";
    assert_eq!(
        site.aliases(trust),
        ["gw-1", "gw-2", "km-1", "km-2", "wso2carbon"]
    );
    let old = site.key_of("nodes/gw-1/tls.jks").0;

    site.edit("\"gw1\"", "\"edge1\"");
    let changes = site.settle();
    assert_eq!(
        changes,
        [
            "~nodes/gw-1/client-truststore.jks",
            "~nodes/gw-1/tls.jks",
            "~nodes/gw-1/tls.pem",
            "~nodes/gw-2/client-truststore.jks",
            "~nodes/km-1/client-truststore.jks",
            "~nodes/km-2/client-truststore.jks"
        ]
    );
    let replaced = format!("gw-1.until-{}", &old[..8]);
    assert!(site.aliases(trust).contains(&replaced));
    // It stays while other things change, and goes when it ends or on demand.
    site.edit("\"gw2\"", "\"edge2\"");
    site.settle();
    assert_eq!(site.aliases(trust).len(), 7);
    let mut later = site.plan().unwrap();
    assert!(later.is_empty());
    site.scope = Scope::all().prune(true);
    later = site.plan().unwrap();
    assert_eq!(later.actions().len(), 4);
    site.settle();
    assert_eq!(site.aliases(trust).len(), 5);
    assert!(site.verify().is_clean());
}

#[test]
fn a_chosen_self_signed_node_changes_every_truststore_and_no_other_key() {
    let mut site = Site::new(
        &SMALL
            .replace("[ca]\n", "[ca]\nissuer = \"self-signed\"\n")
            .replace(
                "balancer = \"gw\"",
                "balancer = { host = \"gw\", tls = \"issued\" }",
            ),
    );
    site.settle();
    site.edit("\"km1\"", "\"keys1\"");
    site.edit("\"gw1\"", "\"edge1\"");
    site.scope = Scope::all().nodes(["km-1"]);
    let changes = site.changes(|site| drop(site.issue()));
    assert_eq!(
        changes,
        [
            "~nodes/gw-1/client-truststore.jks",
            "~nodes/gw-2/client-truststore.jks",
            "~nodes/km-1/client-truststore.jks",
            "~nodes/km-1/tls.jks",
            "~nodes/km-1/tls.pem",
            "~nodes/km-2/client-truststore.jks"
        ]
    );
    let aliases = site.aliases("nodes/gw-1/client-truststore.jks");
    assert!(
        aliases.contains(&"balancer-gateway".to_owned()),
        "{aliases:?}"
    );
}

#[test]
fn one_self_signed_certificate_for_all_nodes_works_too() {
    let mut site = Site::new(
        &SMALL
            .replace("[ca]\n", "[ca]\nissuer = \"self-signed\"\n")
            .replace("[tls]", "[tls]\nshared = true"),
    );
    site.settle();
    assert!(site.verify().is_clean());
    site.edit("gw-2 = \"gw2\"", "gw-2 = \"gw2\", gw-3 = \"gw3\"");
    site.settle();
    assert!(site.verify().is_clean());
}

#[test]
fn nodes_move_from_a_local_ca_to_signing_themselves_and_back() {
    let mut site = Site::new(SMALL);
    site.settle();
    site.edit("[ca]\n", "[ca]\nissuer = \"self-signed\"\n");
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    let key = site.key_of("nodes/gw-1/tls.jks");
    // The CA's certificate is still in the workspace and must not get into a chain.
    site.edit("[primary]", "[stores.tls]\nalias = \"node\"\n[primary]");
    site.settle();
    assert_eq!(site.key_of("nodes/gw-1/tls.jks"), key);
    assert_eq!(chain_length(&site, "gw-1"), 1);

    let trust = "nodes/km-1/client-truststore.jks";
    site.edit("issuer = \"self-signed\"\n", "");
    site.settle();
    assert!(site.verify().is_clean(), "{:#?}", broken(&site.verify()));
    assert_eq!(chain_length(&site, "gw-1"), 2);
    // Nodes that were not restarted yet are still trusted.
    let replaced = format!("gw-1.until-{}", &key.0[..8]);
    assert!(
        site.aliases(trust).contains(&replaced),
        "{:?}",
        site.aliases(trust)
    );
}

#[test]
fn an_external_issuer_is_refused_as_long_as_it_is_not_built() {
    let site = Site::new(&SMALL.replace("[ca]\n", "[ca]\nissuer = \"external\"\n"));
    assert!(matches!(site.refused().refusal(), Refusal::ExternalIssuer));
}

#[test]
fn elliptic_curves_serve_for_ca_and_nodes() {
    let site = Site::new(&SMALL.replace("[tls]\nkey = \"rsa-2048\"", "[tls]\nkey = \"ec-p384\""));
    site.settle();
    assert!(site.verify().is_clean());
}
