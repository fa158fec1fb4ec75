use std::time::Instant;

use super::*;

#[test]
fn the_examples_are_the_reference_deployments() {
    for (version, folder) in [("2.6.0", "apim-2.6-ha"), ("4.7.0", "apim-4.7-ha")] {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/");
        let text = std::fs::read_to_string(format!("{path}{folder}/apim-pki.toml")).unwrap();
        assert!(
            text.lines().count() <= 40,
            "{folder} does not fit on one screen"
        );
        let example = parse(&text).unwrap_or_else(|error| panic!("{error}"));
        let reference = reference(version.parse().unwrap());
        let reference = parse(&reference).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(without_places(example.clone()), without_places(reference));
        assert_eq!(example.product.to_string(), version);
        assert_eq!(example.nodes().count(), example.product.roles().len() * 2);
    }
}

fn without_places(mut topology: Topology) -> Topology {
    for group in &mut topology.groups {
        group.place = Place::default();
        for node in &mut group.nodes {
            node.place = Place::default();
        }
    }
    topology
}

#[test]
fn the_reference_of_every_release_parses_also_where_its_comments_are_taken_away() {
    for version in ["2.0", "2.6", "3.0", "3.2", "4.0", "4.6", "4.7"] {
        let text = reference(version.parse().unwrap());
        parse(&text).unwrap_or_else(|error| panic!("{version}: {error}"));
        assert!(
            text.lines().all(|line| line.chars().count() <= 110),
            "{text}"
        );
        // Each commented key, one at a time, is a key that the parser knows.
        for (at, line) in text.lines().enumerate() {
            let Some(key) = line.strip_prefix("# ") else {
                continue;
            };
            if !key
                .split_once(" = ")
                .is_some_and(|(key, _)| names::is_alias(key.trim()))
            {
                continue;
            }
            let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
            lines[at] = key.to_owned();
            if let Some(header) = (0..at)
                .rev()
                .find(|at| lines[*at].trim_start_matches("# ").starts_with('['))
            {
                lines[header] = lines[header].trim_start_matches("# ").to_owned();
            }
            if let Err(error) = parse(&lines.join("\n")) {
                let unknown = |p: &Problem| {
                    matches!(
                        p.kind,
                        ProblemKind::UnknownKey { .. } | ProblemKind::Syntax { .. }
                    )
                };
                assert!(!error.errors.iter().any(unknown), "{key}: {error}");
            }
        }
    }
}

#[test]
fn the_homes_use_the_hosts_of_the_examples() {
    let shared = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/wso2/homes");
    for version in ["2.6.0", "4.7.0"] {
        let Ok(homes) = std::fs::read_dir(format!("{shared}/{version}")) else {
            assert!(
                std::env::var_os("APIM_PKI_SHARED_REQUIRED").is_none(),
                "{shared} is missing"
            );
            eprintln!("skipped: {shared}/{version} is missing");
            return;
        };
        let topology = parse(&reference(version.parse().unwrap())).unwrap();
        let mut found: Vec<_> = homes
            .map(|home| home.unwrap().file_name().into_string().unwrap())
            .collect();
        let mut nodes: Vec<_> = topology.nodes().map(|node| node.name.clone()).collect();
        found.sort();
        nodes.sort();
        assert_eq!(found, nodes);
        for node in topology.nodes() {
            let conf = format!("{shared}/{version}/{}/repository/conf", node.name);
            let text = ["deployment.toml", "carbon.xml"]
                .iter()
                .find_map(|file| std::fs::read(format!("{conf}/{file}")).ok())
                .unwrap();
            let text = String::from_utf8_lossy(&text).into_owned();
            assert!(
                text.contains(&node.host.to_string()),
                "{} in {conf}",
                node.host
            );
        }
    }
}

/// A small generator of numbers, so that a failure can be repeated.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 33) as usize % end.max(1)
    }
}

#[test]
fn no_mutation_of_a_topology_makes_the_parser_panic() {
    let pieces = [
        "\"",
        "[",
        "]",
        "{",
        "}",
        "=",
        ".",
        "\n",
        "#",
        "'''",
        "\\u0000",
        "é",
        "\u{202e}",
        "-1",
        "1e9",
        "true",
        "[[",
        "]]",
        "0000-00-00",
        "xn--a",
        "*",
        "*.",
        "roles",
        "nodes",
        "host",
        "prompt",
        "é.é",
        "\"\\uD7FF\"",
        "{}",
        "[]",
        "\r",
        "\t",
        "\0",
        "stores",
        "truststore",
        "9999y",
        "::1",
    ];
    let seeds = [
        EVERYTHING.to_owned(),
        reference(Product::of(2, 6)),
        with(""),
    ];
    let mut random = Lcg(7);
    for round in 0..3000 {
        let mut text: Vec<char> = seeds[round % seeds.len()].chars().collect();
        for _ in 0..=random.below(4) {
            let at = random.below(text.len());
            match random.below(4) {
                0 => drop(text.drain(at..(at + random.below(40)).min(text.len()))),
                1 => drop(text.splice(at..at, pieces[random.below(pieces.len())].chars())),
                2 => {
                    let end = (at + random.below(60)).min(text.len());
                    let copy: Vec<char> = text[at..end].to_vec();
                    let to = random.below(text.len());
                    drop(text.splice(to..to, copy));
                }
                _ => text[at] = char::from(random.below(127) as u8),
            }
        }
        let text: String = text.into_iter().collect();
        match parse(&text) {
            Ok(topology) => {
                for node in topology.nodes() {
                    assert!(!topology.sans(node).is_empty());
                }
            }
            Err(error) => {
                assert!(!error.errors.is_empty());
                let lines = text.split('\n').count();
                for problem in &error.errors {
                    assert!(
                        (1..=lines).contains(&problem.line) && problem.column >= 1,
                        "{problem}"
                    );
                    assert!(!problem.to_string().contains('\n'), "{problem}");
                }
            }
        }
    }
}

#[test]
fn odd_shapes_are_problems_not_panics() {
    for text in [
        "",
        "\0",
        "=",
        "[",
        "roles = 1",
        "[[roles]]",
        "roles.gateway.nodes.x = 1",
        "[roles.\"\".nodes]",
        "product = []",
        "stores = []",
        "[stores.truststore.sha256]",
        "ca.certificate.x = 1",
        "a.b.c.d = 1",
        "[tls.names]",
        "tls = [[[[]]]]",
        "[[stores.truststore]]",
        "subject = \"x\"",
        "roles.g = { }",
    ] {
        assert!(parse(text).is_err(), "{text}");
    }
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert!(parse(&format!("a = {}", "[".repeat(100_000))).is_err());
    assert!(parse(&format!("{} = 1", vec!["a"; 100_000].join("."))).is_err());
}

#[test]
fn the_reference_is_read_in_a_blink() {
    let text = reference(Product::of(2, 6));
    let start = Instant::now();
    for _ in 0..20 {
        parse(&text).unwrap();
    }
    let each = start.elapsed() / 20;
    // Measured: 0.23 ms without optimisation; the rest is room for a busy machine.
    assert!(each.as_millis() < 20, "{each:?}");
    eprintln!("{each:?} each");
}

#[test]
fn the_topology_of_the_design_parses() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/DESIGN.md");
    let Ok(design) = std::fs::read_to_string(path) else {
        assert!(
            std::env::var_os("APIM_PKI_SHARED_REQUIRED").is_none(),
            "{path} is missing"
        );
        eprintln!("skipped: {path} is missing");
        return;
    };
    let text = design
        .split("```toml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let topology = parse(text).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(topology.nodes().count(), 4);
}
