//! What is to be pasted and carried by those who let no tool write: it says what an installation writes, and
//! strangers read it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    process::{Command, Stdio},
};

use pki_core::{
    observe::{Home, HomeReader},
    wso2::config::{Document, Syntax},
};
use serde_json::Value;

use crate::{
    installed::Deployment,
    site::{GIVEN_CA, Run, Site, topology},
};

const DEPLOYMENT: &str = "repository/conf/deployment.toml";

#[test]
fn a_home_of_4_7_with_the_toml_snippet_in_it_has_the_stores_of_one_that_was_installed() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    let mut pasted = BTreeMap::new();
    for node in &deployment.nodes {
        let file = deployment.home(node).join(DEPLOYMENT);
        let before = fs::read_to_string(&file).unwrap();
        fs::write(&file, paste(&before, &snippet(&deployment, node, "toml"))).unwrap();
        carry(&deployment, node);
        let home = HomeReader::new().read(&deployment.home(node)).unwrap();
        let found = stores(&home);
        assert!(
            found
                .iter()
                .any(|it| it.contains("tls.jks") && it.contains("opens")),
            "{found:#?}"
        );
        pasted.insert(node, found);
        fs::write(&file, before).unwrap();
    }
    deployment.install_all();
    for node in &deployment.nodes {
        let installed = HomeReader::new().read(&deployment.home(node)).unwrap();
        assert_eq!(stores(&installed), pasted[node], "{node}");
    }
}

#[test]
fn the_xml_snippet_names_every_file_and_element_that_an_installation_sets_in_2_6() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let mut compared = 0;
    let mut wrong = BTreeSet::new();
    for node in &deployment.nodes {
        let said = snippet(&deployment, node, "xml");
        let parts = said.split("\n<!-- repository").skip(1).map(|part| {
            let (file, xml) = part.split_once(" -->\n").unwrap();
            (format!("repository{file}"), xml)
        });
        let mut values = BTreeMap::new();
        for (file, xml) in parts {
            for (key, text) in leaves(&file, xml.as_bytes()) {
                values.insert((file.clone(), key), text);
            }
        }
        let run = deployment.install(node, &["--yes", "-q", "--format", "json"]);
        let report: Value =
            serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:#?}"));
        let changes = report["values"].as_array().unwrap();
        assert!(changes.len() > 10, "{report:#}");
        for change in changes {
            let text = |key: &str| change[key].as_str().unwrap().to_owned();
            let (file, key) = (text("file"), text("key"));
            let written = fs::read(deployment.home(node).join(&file)).unwrap();
            let written = leaves(&file, &written).remove(&key);
            let said = values.get(&(file.clone(), key.clone()));
            compared += 1;
            if said != written.as_ref() {
                wrong.insert(format!("{node}: {file} {key}: {said:?}, not {written:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(compared > 200, "only {compared} values");
}

#[test]
fn charts_and_playbooks_get_yaml_with_the_keys_that_they_read() {
    let site = Site::new(&four_seven());
    site.ok(&["issue", "-q"]);
    let Some([values, plain, secrets, host]) = [
        &["--for", "helm"][..],
        &["--for", "helm", "--passwords", "plain"],
        &["--for", "kubernetes", "--passwords", "plain"],
        &["--for", "ansible"],
    ]
    .map(|more| {
        let args = [&["snippet", "--node", "gateway-1"], more].concat();
        yaml(&site.ok(&args).stdout)
    })
    .into_iter()
    .collect::<Option<Vec<_>>>()
    .map(|all| <[Vec<Value>; 4]>::try_from(all).unwrap()) else {
        return;
    };
    // FACTS of the chart: `wso2.apim.configurations.security`, the secret's keys are the files' names.
    let configurations = &values[0]["wso2"]["apim"]["configurations"];
    let security = &configurations["security"];
    let stores = &secrets[0];
    let passwords = &secrets[1];
    assert_eq!(stores["kind"], "Secret");
    assert_eq!(security["jksSecretName"], stores["metadata"]["name"]);
    let existing = &security["jksExistingSecret"];
    assert_eq!(existing["secretName"], passwords["metadata"]["name"]);
    let password = fs::read_to_string(site.workspace().join("secrets/stores")).unwrap();
    let known = &passwords["stringData"];
    for slot in ["primary", "tls"] {
        let store = &security["keystores"][slot];
        assert_eq!(store["enabled"], true);
        let file = store["name"].as_str().unwrap();
        assert!(stores["data"][file].is_string(), "{slot}");
        for key in ["KeystorePasswordKey", "KeystoreKeyPasswordKey"] {
            let key = existing[format!("{slot}{key}")].as_str().unwrap();
            assert_eq!(
                known[key].as_str(),
                Some(password.trim_end()),
                "{slot} {key}"
            );
        }
        let plain = &plain[0]["wso2"]["apim"]["configurations"]["security"]["keystores"][slot];
        assert_eq!(plain["password"].as_str(), Some(password.trim_end()));
    }
    assert_eq!(security["keystores"]["internal"]["enabled"], false);
    let file = security["truststore"]["name"].as_str().unwrap();
    assert!(stores["data"][file].is_string());
    assert!(known[existing["truststorePasswordKey"].as_str().unwrap()].is_string());
    // One key for what is stored, which the chart insists on.
    let key = fs::read_to_string(site.workspace().join("secrets/encryption")).unwrap();
    let of_key = &configurations["existingSecret"];
    assert_eq!(of_key["secretName"], passwords["metadata"]["name"]);
    let of_key = of_key["encryptionKeyKey"].as_str().unwrap();
    assert_eq!(known[of_key].as_str(), Some(key.trim_end()));

    let sources = host[0]["security_file_list"].as_array().unwrap();
    assert_eq!(sources.len(), 3, "{sources:#?}");
    assert_eq!(host[0]["tls_key_store_name"], "tls.jks");
    assert_eq!(host[0]["trust_store_name"], "client-truststore.jks");
}

#[test]
fn a_bundle_is_read_by_tar_checked_by_sha256sum_and_nobody_elses() {
    let site = Site::new(&four_seven());
    site.ok(&["issue", "-q"]);
    let out = site.base().join("gateway-1.tar");
    let bundle = ["bundle", "--node", "gateway-1", "-o", "gateway-1.tar"];
    let mode = || out.metadata().unwrap().permissions().mode() & 0o7777;
    site.ok(&bundle);
    assert_eq!(mode(), 0o600);
    let first = fs::read(&out).unwrap();

    let listed = foreign(&site, "tar", &["tvf", "gateway-1.tar"]).stdout;
    for line in listed.lines() {
        let expected = match line.ends_with('/') {
            true => "drwx------",
            false => "-rw-------",
        };
        assert!(line.starts_with(expected), "{line}");
    }
    for file in [
        "README",
        "SHA256SUMS",
        "repository/resources/security/tls.jks",
    ] {
        let name = format!(" gateway-1/{file}\n");
        assert!(listed.contains(&name), "{file}: {listed}");
    }
    foreign(&site, "tar", &["xf", "gateway-1.tar"]);
    let checked = foreign(
        &site,
        "sh",
        &["-c", "cd gateway-1 && sha256sum --strict -c SHA256SUMS"],
    );
    assert_eq!(
        checked
            .stdout
            .lines()
            .filter(|line| line.ends_with(": OK"))
            .count(),
        listed.lines().count() - 2,
        "all but the folder and the list itself: {checked:#?}"
    );
    let carried = "gateway-1/repository/resources/security";
    for store in ["wso2carbon.jks", "tls.jks", "client-truststore.jks"] {
        let made = fs::read(site.workspace().join("nodes/gateway-1").join(store)).unwrap();
        let carried = fs::read(site.base().join(carried).join(store)).unwrap();
        assert!(made == carried, "{store}");
    }

    // Again: the same bytes. Something else: it stays. A file that others could read: no more.
    fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
    site.ok(&bundle);
    assert!(fs::read(&out).unwrap() == first);
    assert_eq!(mode(), 0o600);
    fs::write(&out, "mine").unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o644)).unwrap();
    let refused = site.run(&bundle);
    assert_eq!(refused.code, Some(5), "{refused:#?}");
    assert_eq!(fs::read(&out).unwrap(), b"mine");
    site.ok(&[&bundle[..], &["--replace"]].concat());
    assert!(fs::read(&out).unwrap() == first);
    assert_eq!(mode(), 0o600);
}

#[test]
fn no_password_is_in_what_is_carried_unless_it_is_asked_for() {
    for text in [four_seven(), topology(GIVEN_CA, "gw1")] {
        let site = Site::with_given(&text);
        site.ok(&["issue", "-q"]);
        let mut secrets = BTreeSet::new();
        let given = site.base().join("given/password");
        let folder = site.workspace().join("secrets");
        let made = fs::read_dir(folder).into_iter().flatten();
        for file in made.map(|it| it.unwrap().path()).chain([given]) {
            let text = fs::read_to_string(file).unwrap();
            secrets.insert(text.trim_end().to_owned());
        }
        let is_told = |args: &[&str]| {
            let mut command = site.command(args);
            let run = command.output().unwrap();
            assert!(run.status.success(), "{args:?}");
            let all = [run.stdout, run.stderr].concat();
            let all = String::from_utf8_lossy(&all).into_owned();
            secrets.iter().any(|secret| all.contains(secret))
        };
        let own = match text.contains("4.7.0") {
            true => "toml",
            false => "xml",
        };
        for style in ["env", "secret", "plain"] {
            let more = ["--node", "gateway-1", "--passwords", style];
            let bundle = [&["bundle"], &more[..]].concat();
            let snippet = [&["snippet", "--for", own], &more[..]].concat();
            assert_eq!(is_told(&bundle), style == "plain", "{own} {style}");
            assert_eq!(is_told(&snippet), style == "plain", "{own} {style}");
        }
    }
}

/// The deployment with generated passwords that is made fast, as 4.7 has it.
fn four_seven() -> String {
    r#"product = "4.7.0"
domain = "apim.example.com"
[ca]
key = "ec-p256"
[primary]
key = "rsa-2048"
[tls]
key = "ec-p256"
[roles.control-plane]
nodes = { control-plane-1 = "cp1" }
[roles.gateway]
nodes = { gateway-1 = "gw1" }
"#
    .to_owned()
}

fn snippet(deployment: &Deployment, node: &str, form: &str) -> String {
    let args = [
        "snippet",
        "--node",
        node,
        "--for",
        form,
        "--passwords",
        "plain",
    ];
    deployment.site.ok(&args).stdout
}

/// What the snippet says to do: its tables in the place of those of the same names.
fn paste(before: &str, snippet: &str) -> String {
    let replaced: BTreeSet<&str> = snippet.lines().filter(|it| it.starts_with('[')).collect();
    let mut kept = String::new();
    let mut is_kept = true;
    for line in before.lines() {
        if line.starts_with('[') {
            is_kept = !replaced.contains(line.trim_end());
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    kept.push('\n');
    kept.push_str(snippet);
    kept
}

/// Copies a node's stores into its home.
fn carry(deployment: &Deployment, node: &str) {
    let to = deployment.home(node).join("repository/resources/security");
    fs::create_dir_all(&to).unwrap();
    let from = deployment.site.workspace().join("nodes").join(node);
    for store in ["wso2carbon.jks", "tls.jks", "client-truststore.jks"] {
        fs::copy(from.join(store), to.join(store)).unwrap();
    }
}

/// Every reference to a store, with what it says and what it leads to.
fn stores(home: &Home) -> Vec<String> {
    let stores = home.stores();
    stores
        .map(|(reference, lead)| {
            format!(
                "{:?} {:?}: {:?} {:?} {:?} {}, password {}, {} certificates, {}",
                reference.consumer,
                reference.slot,
                reference.location.known(),
                reference.kind.known(),
                reference.alias.known(),
                match reference.state {
                    pki_core::wso2::config::State::On => "on",
                    _ => "off",
                },
                reference.password == reference.key_password,
                lead.chain(reference).map_or(0, <[_]>::len),
                match lead.digest() {
                    Some(digest) => format!("opens {digest}"),
                    None => "leads nowhere".to_owned(),
                }
            )
        })
        .collect()
}

/// The values of an XML file by the path that leads to each.
fn leaves(file: &str, xml: &[u8]) -> BTreeMap<String, String> {
    let document = Document::read(file, Syntax::Xml, xml).unwrap();
    let leaves = document.leaves().iter();
    leaves
        .map(|leaf| (leaf.key.to_owned(), leaf.text().to_owned()))
        .collect()
}

/// What Python's reader makes of YAML, document by document; `None` where there is none.
fn yaml(text: &str) -> Option<Vec<Value>> {
    const SCRIPT: &str = "import json, sys, yaml\n\
        yaml.SafeLoader.add_constructor('!unsafe', lambda loader, node: node.value)\n\
        print(json.dumps(list(yaml.safe_load_all(sys.stdin))))";
    let python = Command::new("python3")
        .args(["-c", "import yaml"])
        .stderr(Stdio::null())
        .status();
    if !python.is_ok_and(|status| status.success()) {
        assert!(
            std::env::var_os("APIM_PKI_YAML_REQUIRED").is_none_or(|value| value != "1"),
            "python3 with yaml is required and absent"
        );
        return None;
    }
    let mut python = Command::new("python3")
        .args(["-c", SCRIPT])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = python.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, text.as_bytes()).unwrap();
    drop(stdin);
    let run = Run::from(python.wait_with_output().unwrap());
    assert_eq!(run.code, Some(0), "{run:#?}\n{text}");
    Some(serde_json::from_str(&run.stdout).unwrap())
}

fn foreign(site: &Site, program: &str, args: &[&str]) -> Run {
    let mut command = Command::new(program);
    let run = Run::from(
        command
            .args(args)
            .current_dir(site.base())
            .output()
            .unwrap(),
    );
    assert_eq!(run.code, Some(0), "{program} {args:?}: {run:#?}");
    run
}
