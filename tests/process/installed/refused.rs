//! What is refused, with its exit code and its way out, and not a file touched.

use std::{fs, path::Path};

use super::{Deployment, state, without_note};

#[test]
fn what_must_not_be_installed_is_refused_and_nothing_is_touched() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "gateway-1";
    let home = deployment.home(node);
    let carbon = home.join("repository/conf/carbon.xml");
    let original = fs::read(&carbon).unwrap();
    let text = String::from_utf8(original.clone()).unwrap();

    let refused = |what: &str, args: &[&str], code: i32, says: &[&str]| {
        let before = state(&home);
        let run = deployment.install(node, args);
        assert_eq!(run.code, Some(code), "{what}: {run:#?}");
        for says in says {
            assert!(run.stderr.contains(says), "{what}: {says}: {run:#?}");
        }
        assert!(before == state(&home), "{what}: something was touched");
    };

    refused(
        "nobody can be asked",
        &[],
        2,
        &["nobody can be asked", "--yes", "--dry-run"],
    );

    fs::write(home.join("wso2carbon.pid"), std::process::id().to_string()).unwrap();
    // This process is no server: a number that another program has by now counts for nothing.
    deployment.installs(node, &["--dry-run"]);
    // A process of one piece: a child of it would stay when it is killed, with the output of this test open.
    let mut server = std::process::Command::new("sh")
        .args(["-c", "read -r _ # wso2server.sh"])
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    fs::write(home.join("wso2carbon.pid"), format!("{}\n", server.id())).unwrap();
    refused(
        "a running server",
        &["--yes"],
        5,
        &["the server is running", "stop it first"],
    );
    server.kill().unwrap();
    server.wait().unwrap();
    fs::remove_file(home.join("wso2carbon.pid")).unwrap();

    let line = text.lines().count();
    fs::write(&carbon, text.replace("</Server>", "</Serve>")).unwrap();
    refused(
        "broken XML",
        &["--yes"],
        3,
        &["repository/conf/carbon.xml:", "nothing was touched"],
    );
    assert!(line > 100);

    fs::write(
        &carbon,
        text.replace("gw1.apim.example.com", "gw2.apim.example.com"),
    )
    .unwrap();
    refused(
        "another node's home",
        &["--yes"],
        5,
        &[
            "which is node `gateway-2` and not `gateway-1`",
            "install --node gateway-2",
        ],
    );

    fs::write(&carbon, text.replace("<Version>2.6.0<", "<Version>2.2.0<")).unwrap();
    refused(
        "another release",
        &["--yes"],
        5,
        &["release 2.2.0", "product = \"2.2.0\""],
    );
    fs::write(&carbon, &original).unwrap();
}

#[test]
fn a_primary_that_is_nobody_s_default_stays() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let home = deployment.home("key-manager-1");
    // A home that another deployment of the same product was installed to.
    let other = Deployment::new("2.6.0").unwrap();
    other.installs("key-manager-1", &["--yes"]);
    fs::remove_dir_all(&home).unwrap();
    super::copy(&other.home("key-manager-1"), &home);
    fs::remove_dir_all(home.join(".apim-pki")).unwrap();

    deployment.refuses(
        "key-manager-1",
        &["--yes"],
        &["another primary key", "[primary] keystore"],
    );
}

/// A primary of another deployment as the home's own internal keystore, and what opens it.
fn with_own_internal(deployment: &Deployment, node: &str, other: &Deployment) -> String {
    let workspace = other.site.workspace();
    let own = deployment
        .home(node)
        .join("repository/resources/security/own.jks");
    fs::copy(workspace.join("primary/wso2carbon.jks"), own).unwrap();
    let password = fs::read_to_string(workspace.join("secrets/stores")).unwrap();
    let password = password.trim_end();
    fs::write(deployment.site.base().join("own-password"), password).unwrap();
    password.to_owned()
}

#[test]
fn an_internal_key_of_its_own_stays_until_the_topology_has_it() {
    let (Some(deployment), Some(other)) = (Deployment::new("4.7.0"), Deployment::new("4.7.0"))
    else {
        return;
    };
    let node = "gateway-1";
    let home = deployment.home(node);
    let password = with_own_internal(&deployment, node, &other);
    let table = format!(
        "\n[keystore.internal]\nfile_name = \"own.jks\"\ntype = \"JKS\"\npassword = \"{password}\"\n\
         alias = \"wso2carbon\"\nkey_password = \"{password}\"\n"
    );
    append(&home.join(TOML), &table);
    deployment.refuses(
        node,
        &["--yes", "--passwords", "plain"],
        &["another internal key", "[internal] keystore"],
    );
    // As the hint says.
    let topology = deployment.site.base().join("apim-pki.toml");
    append(
        &topology,
        "\n[internal]\nkeystore = \"homes/gateway-1/repository/resources/security/own.jks\"\n\
         keystore_password = \"file:own-password\"\n",
    );
    deployment.site.ok(&["issue", "-q"]);
    deployment.installs(node, &["--yes"]);

    // Another home of the cluster has no internal keystore: its primary is everybody's, and goes.
    deployment.installs("gateway-2", &["--yes"]);
}

#[test]
fn a_primary_that_serves_as_internal_key_is_not_replaced_by_one() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "key-manager-1";
    deployment.installs(node, &["--yes"]);
    // Another workspace adopts the primary, and makes an internal key.
    let base = deployment.site.base();
    fs::rename(deployment.site.workspace(), base.join("old")).unwrap();
    let topology = base.join("apim-pki.toml");
    let text = fs::read_to_string(&topology).unwrap();
    let (head, tail) = text.split_once("[primary]").unwrap();
    let (_, tail) = tail.split_once("[tls]").unwrap();
    let adopted = "[primary]\nkeystore = \"old/primary/wso2carbon.jks\"\n\
                   keystore_password = \"file:old/secrets/stores\"\n[internal]\n[tls]";
    fs::write(&topology, format!("{head}{adopted}{tail}")).unwrap();
    deployment.site.ok(&["issue", "-q"]);
    let before = without_note(&state(&deployment.home(node)));
    let run = deployment.install(node, &["--yes"]);
    assert_eq!(run.code, Some(5), "{run:#?}");
    for says in [
        "another internal key",
        "the home's primary serves",
        "take `[internal]` out",
    ] {
        assert!(run.stderr.contains(says), "{says}: {run:#?}");
    }
    assert!(before == without_note(&state(&deployment.home(node))));
}

#[test]
fn an_internal_keystore_that_holds_everybody_s_key_is_replaced() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let node = "key-manager-1";
    let home = deployment.home(node);
    let security = home.join("repository/resources/security");
    fs::copy(security.join("wso2carbon.jks"), security.join("own.jks")).unwrap();
    let carbon = home.join("repository/conf/carbon.xml");
    let text = fs::read_to_string(&carbon).unwrap();
    let (before, internal) = text.split_once("<InternalKeyStore>").unwrap();
    let internal = internal.replacen("wso2carbon.jks", "own.jks", 1);
    fs::write(&carbon, format!("{before}<InternalKeyStore>{internal}")).unwrap();
    deployment.installs(node, &["--yes"]);
    let text = fs::read_to_string(&carbon).unwrap();
    assert!(!text.contains("own.jks"), "the primary serves");
}

#[test]
fn an_encryption_key_of_its_own_stays_and_is_never_shown() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    let node = "gateway-1";
    let home = deployment.home(node);
    let original = fs::read_to_string(home.join(TOML)).unwrap();
    let with_key = |key: &str| {
        let table = format!("{original}\n[encryption]\nkey = \"{key}\"\n");
        fs::write(home.join(TOML), table).unwrap();
    };
    let refused = |says: &[&str], args: &[&str]| deployment.refuses(node, args, says);
    let own = "00112233445566778899aabbccddeeff0123456789abcdef0123456789abcdef";
    with_key(own);
    for style in ["plain", "env", "secret", "encrypted"] {
        let says = ["another encryption key", "[encryption] key"];
        let run = refused(&says, &["--yes", "--passwords", style]);
        let told = format!("{}{}", run.stdout, run.stderr);
        assert!(!told.contains(&own[..16]), "{told}");
    }
    // What cannot be known may be anything.
    with_key("$env{OURS}");
    let says = ["cannot be known", "`OURS` holds it", "WSO2_ENCRYPTION_KEY"];
    refused(&says, &["--yes"]);
    refused(&says, &["--yes", "--passwords", "env"]);
    with_key("$secret{ours}");
    refused(&["cannot be known", "--vault-password"], &["--yes"]);
    with_key("$secret{encryption_key}");
    let encrypted = ["--yes", "--passwords", "encrypted"];
    refused(&["cannot be known", "--vault-password"], &encrypted);

    let taken = |args: &[&str]| {
        deployment.installs(node, args);
        let undone = deployment.undo(node);
        assert_eq!(undone.code, Some(0), "{undone:#?}");
    };
    // A reference that stays refers to what it did.
    with_key("$env{WSO2_ENCRYPTION_KEY}");
    taken(&["--yes", "--passwords", "env"]);
    // No AES key is of this length: it has encrypted nothing.
    with_key("change me");
    taken(&["--yes"]);
    let key = fs::read_to_string(deployment.site.workspace().join("secrets/encryption")).unwrap();
    with_key(key.trim_end());
    taken(&["--yes"]);

    // As the hint says.
    with_key(own);
    let base = deployment.site.base();
    fs::write(base.join("own-key"), own).unwrap();
    append(
        &base.join("apim-pki.toml"),
        "\n[encryption]\nkey = \"file:own-key\"\n",
    );
    deployment.site.ok(&["issue", "-q", "--workspace", "new"]);
    taken(&["--yes", "--workspace", "new"]);
}

#[test]
fn what_was_installed_is_known_again_though_nothing_in_the_home_opens_it() {
    let sealed = |topology: String| topology.replace("format   = \"jks\"", "format = \"pkcs12\"");
    let deployment = Deployment::with("4.7.0", sealed);
    let Some(deployment) = deployment else { return };
    let node = "gateway-1";
    let args = ["--yes", "--passwords", "env"];
    deployment.installs(node, &args);
    let run = deployment.installs(node, &args);
    assert!(run.stderr.contains("nothing to do"), "{run:#?}");
    // What another deployment put there opens with its own password alone.
    let other = Deployment::with("4.7.0", sealed).unwrap();
    let file = "repository/resources/security/wso2carbon.p12";
    fs::copy(
        other.site.workspace().join("primary/wso2carbon.p12"),
        deployment.home(node).join(file),
    )
    .unwrap();
    let run = deployment.install(node, &args);
    assert_eq!(run.code, Some(5), "{run:#?}");
    for says in [
        "primary key cannot be known",
        "wso2carbon.p12",
        "--vault-password",
    ] {
        assert!(run.stderr.contains(says), "{says}: {run:#?}");
    }
    let password = other.site.workspace().join("secrets/stores");
    let password = format!("file:{}", password.display());
    let given = [&args[..], &["--vault-password", &password]].concat();
    let run = deployment.install(node, &given);
    assert_eq!(run.code, Some(5), "{run:#?}");
    assert!(run.stderr.contains("another primary key"), "{run:#?}");
}

fn append(file: &Path, text: &str) {
    let old = fs::read_to_string(file).unwrap();
    fs::write(file, old + text).unwrap();
}

const TOML: &str = "repository/conf/deployment.toml";
