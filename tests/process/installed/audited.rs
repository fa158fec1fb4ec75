//! What the audit says of homes when everything is installed: exactly what is committed, with reasons.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;
use toml_edit::DocumentMut;

use super::Deployment;

/// Each place of a rule in words, such as `gateway: repository/conf/api-manager.xml: 561, 597`.
type Left = BTreeMap<String, BTreeSet<String>>;

/// Rules that are about no key, store, trust, name or validity, and may stay as errors.
const ERRORS_THAT_STAY: &[&str] = &["default-credentials"];

/// Audits all homes beside their workspace and holds what stays against the list.
pub(super) fn holds(deployment: &Deployment, release: &str) {
    let homes: Vec<String> = deployment
        .nodes
        .iter()
        .map(|node| format!("homes/{node}"))
        .collect();
    let mut args = vec!["audit", "-f", "apim-pki.toml", "--format", "json", "--home"];
    args.extend(homes.iter().map(String::as_str));
    let run = deployment.site.run(&args);
    assert_eq!(run.code, Some(1), "{}", run.stderr);
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["unread"], Value::Array(Vec::new()));
    let findings = report["findings"].as_array().unwrap();
    for finding in findings {
        let text = |field: &str| finding[field].as_str().unwrap_or_default();
        let may_stay = ERRORS_THAT_STAY.contains(&text("rule"));
        assert!(text("severity") != "error" || may_stay, "{finding:#}");
        let of_home = text("path").starts_with("homes/");
        assert!(of_home || text("severity") == "info", "{finding:#}");
    }
    let found = grouped(findings, &deployment.nodes);
    let expected = committed(release);
    for (rule, places) in &found {
        let expected = expected.get(rule).cloned().unwrap_or_default();
        let new: Vec<_> = places.difference(&expected).collect();
        let gone: Vec<_> = expected.difference(places).collect();
        assert!(
            new.is_empty() && gone.is_empty(),
            "{release}, {rule}: not in the list: {new:#?}, in the list alone: {gone:#?}"
        );
    }
    let rules = |left: &Left| left.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(rules(&found), rules(&expected), "{release}");
}

/// What is committed for a release. Every entry says where FACTS has it and why a tool must not decide it.
fn committed(release: &str) -> Left {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/audit/installed.toml");
    let list: DocumentMut = fs::read_to_string(file).unwrap().parse().unwrap();
    let mut left = Left::new();
    for entry in list["left"].as_array_of_tables().unwrap() {
        let text = |key: &str| entry[key].as_str().unwrap().to_owned();
        assert!(
            !text("facts").is_empty() && text("why").len() > 20,
            "{entry}"
        );
        let Some(places) = entry["at"].get(release) else {
            continue;
        };
        let places = places.as_array().unwrap().iter();
        let places = places.map(|place| place.as_str().unwrap().to_owned());
        let former = left.insert(text("rule"), places.collect());
        assert!(former.is_none(), "{} stands there twice", text("rule"));
    }
    left
}

/// The findings in homes by rule: whose they are, the file, and the lines in it.
fn grouped(findings: &[Value], nodes: &[String]) -> Left {
    let mut lines: BTreeMap<(String, String, String), BTreeSet<u64>> = BTreeMap::new();
    for finding in findings {
        let text = |field: &str| finding[field].as_str().unwrap_or_default().to_owned();
        let (path, node) = (text("path"), text("node"));
        if let Some(file) = path.strip_prefix(&format!("homes/{node}")) {
            let file = file.trim_start_matches('/').to_owned();
            let of_file = lines.entry((text("rule"), file, node)).or_default();
            of_file.extend(finding["line"].as_u64());
        }
    }
    let mut alike: BTreeMap<(String, String, BTreeSet<u64>), BTreeSet<String>> = BTreeMap::new();
    for ((rule, file, node), lines) in lines {
        alike.entry((rule, file, lines)).or_default().insert(node);
    }
    let mut left = Left::new();
    for ((rule, file, lines), of) in alike {
        let lines: Vec<String> = lines.iter().map(ToString::to_string).collect();
        let file = match (&*file, lines.is_empty()) {
            ("", _) => "the home".to_owned(),
            (file, true) => file.to_owned(),
            (file, false) => format!("{file}: {}", lines.join(", ")),
        };
        let place = format!("{}: {file}", owners(&of, nodes));
        left.entry(rule).or_default().insert(place);
    }
    left
}

/// `all`, `gateway` for both twins, else each node.
fn owners(of: &BTreeSet<String>, nodes: &[String]) -> String {
    if of.len() == nodes.len() {
        return "all".to_owned();
    }
    let role = |node: &str| node.rsplit_once('-').unwrap().0.to_owned();
    let roles: BTreeSet<String> = of.iter().map(|node| role(node)).collect();
    let mut owners = Vec::new();
    for name in roles {
        let own: Vec<&String> = of.iter().filter(|node| role(node) == name).collect();
        match own.len() == nodes.iter().filter(|node| role(node) == name).count() {
            true => owners.push(name),
            false => owners.extend(own.into_iter().cloned()),
        }
    }
    owners.join(", ")
}
