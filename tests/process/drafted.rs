//! A topology read off homes: it is the one that they were installed from.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
};

use pki_core::{
    topology::{Node, Topology},
    wso2::{Role, Slot},
};

use crate::{
    installed::Deployment,
    site::{Run, Site},
};

/// What homes can tell of a topology.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    product: String,
    domain: String,
    /// Node: host, addresses, further names, offset.
    groups: BTreeMap<Role, BTreeMap<String, String>>,
    balancers: BTreeMap<Role, BTreeSet<String>>,
    /// File, alias of the key, format.
    stores: BTreeMap<Slot, (String, Option<String>, String)>,
}

impl Told {
    fn of(topology: &Topology) -> Self {
        let node = |it: &Node| {
            (
                it.name.clone(),
                format!("{} {:?} {:?} {}", it.host, it.ip, it.sans, it.offset),
            )
        };
        let groups = topology.groups.iter();
        Self {
            product: topology.product.to_string(),
            domain: topology.domain.clone(),
            groups: groups
                .clone()
                .map(|it| (it.role, it.nodes.iter().map(node).collect()))
                .collect(),
            balancers: groups
                .map(|it| {
                    let hosts = it.balancers.iter().map(|it| it.host.to_string());
                    (it.role, hosts.collect())
                })
                .collect(),
            stores: topology
                .stores
                .iter()
                .map(|(slot, it)| {
                    // The truststore's is that of an anchor, and the new one is another.
                    let alias = (slot != Slot::Truststore).then(|| it.alias.clone());
                    let format = it.encoding.format().name().to_owned();
                    (slot, (it.file.clone(), alias, format))
                })
                .collect(),
        }
    }

    fn read(file: &Path) -> Self {
        let text = fs::read_to_string(file).unwrap();
        let topology = Topology::from_toml(&text, Path::new(""));
        Self::of(&topology.unwrap_or_else(|error| panic!("{error}\n{text}")))
    }
}

#[test]
fn from_the_untouched_homes_come_their_roles_nodes_and_hosts() {
    for (release, without) in [("2.6.0", &[Role::Publisher][..]), ("4.7.0", &[])] {
        let Some(deployment) = Deployment::new(release) else {
            return;
        };
        let mut expected = Told::read(&deployment.site.base().join("apim-pki.toml"));
        // Nothing in these homes names the publishers' balancer; `install --urls` writes it.
        for role in without {
            expected.balancers.insert(*role, BTreeSet::new());
        }
        let run = init(&deployment, &[]);
        assert_eq!(run.code, Some(0), "{run:#?}");
        let drafted = Told::read(&drafted(&deployment));
        assert_eq!(drafted.groups, expected.groups);
        assert_eq!(drafted.balancers, expected.balancers);
        assert_eq!(drafted.product, expected.product);
        planned(&deployment.site);
    }
}

#[test]
fn from_installed_homes_comes_the_topology_that_they_were_installed_from() {
    for release in ["2.6.0", "4.7.0"] {
        let Some(deployment) = Deployment::new(release) else {
            return;
        };
        same_again(&deployment);
    }
}

#[test]
fn from_the_homes_alone_a_deployment_comes_to_work() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    assert_eq!(init(&deployment, &[]).code, Some(0));
    // As it is, but with keys that are made fast.
    let quick = fs::read_to_string(drafted(&deployment)).unwrap();
    let quick = quick.replace("[primary]\n", "[primary]\nkey = \"rsa-2048\"\n");
    let quick = format!("{quick}\n[ca]\nkey = \"ec-p256\"\n[tls]\nkey = \"ec-p256\"\n");
    fs::write(drafted(&deployment), quick).unwrap();
    deployment.site.ok(&["issue", "-q", "-f", FILE]);
    for node in &deployment.nodes {
        let home = format!("homes/{node}");
        deployment.site.ok(&[
            "install", "-f", FILE, "--node", node, "--home", &home, "--urls", "--yes", "-q",
        ]);
    }
    let verified = deployment
        .site
        .ok(&["verify", "-f", FILE, "--home", "homes/*"]);
    assert!(verified.stdout.contains("no problem"), "{verified:#?}");
}

#[test]
fn names_aliases_and_formats_of_ones_own_come_back() {
    const STORES: &str = "[stores]\n\
        [stores.primary]\nfile = \"cluster.jks\"\n\
        [stores.internal]\nfile = \"inner.p12\"\nformat = \"pkcs12\"\nalias = \"inner\"\n\
        [stores.tls]\nfile = \"node.p12\"\nformat = \"pkcs12\"\nalias = \"node\"\n\
        [stores.truststore]\nfile = \"trusted.p12\"\nformat = \"pkcs12\"\n\
        [internal]\n";
    for release in ["2.6.0", "4.7.0"] {
        let changed = Deployment::with(release, |topology| {
            topology
                .replace("[primary] ", "[primary]\nalias = \"cluster\"\n#")
                .replace("[stores]\n", STORES)
                .replace("format   = \"jks\"\n", "")
        });
        let Some(deployment) = changed else { return };
        same_again(&deployment);
    }
}

/// Installs all, and reads the topology off the homes.
fn same_again(deployment: &Deployment) {
    deployment.install_all();
    let expected = Told::read(&deployment.site.base().join("apim-pki.toml"));
    let run = init(deployment, &[]);
    assert_eq!(run.code, Some(0), "{run:#?}");
    assert_eq!(Told::read(&drafted(deployment)), expected);
    planned(&deployment.site);
    // The keys that serve go on serving.
    let plan = deployment.site.ok(&["plan", "-f", FILE]).stdout;
    assert!(plan.contains("adopt     primary/"), "{plan}");

    // No secret is in the file, and those beside it are their owner's alone.
    let text = fs::read_to_string(drafted(deployment)).unwrap();
    let beside = deployment.site.base().join("read/current");
    assert_eq!(mode(&beside), 0o700);
    let mut secrets = 0;
    for file in fs::read_dir(&beside).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600, "{}", file.display());
        let content = fs::read(&file).unwrap();
        if let Ok(secret) = String::from_utf8(content)
            && secret.len() > 8
        {
            assert!(!text.contains(secret.trim_end()), "{}", file.display());
            secrets += 1;
        }
    }
    assert!(secrets > 0, "no password was found");

    // Again: what is beside it is the same, and the topology is replaced if that is said.
    let again = init(deployment, &[]);
    assert_eq!(again.code, Some(5), "{again:#?}");
    let again = init(deployment, &["--yes"]);
    assert_eq!(again.code, Some(0), "{again:#?}");
    assert_eq!(fs::read_to_string(drafted(deployment)).unwrap(), text);
}

#[test]
fn what_no_home_tells_is_asked_for_at_once_and_may_be_said() {
    let Some(deployment) = Deployment::new("4.7.0") else {
        return;
    };
    for node in &deployment.nodes {
        let file = deployment
            .home(node)
            .join("repository/conf/deployment.toml");
        let text = fs::read_to_string(&file).unwrap();
        let text: String = text
            .lines()
            .map(|line| match line.starts_with("hostname") {
                true => "hostname = \"localhost\"\n".to_owned(),
                false => format!("{line}\n"),
            })
            .collect();
        fs::write(file, text).unwrap();
    }
    let run = init(&deployment, &[]);
    assert_eq!(run.code, Some(2), "{run:#?}");
    assert!(!drafted(&deployment).exists());
    assert!(!deployment.site.base().join("read/current").exists());
    for node in &deployment.nodes {
        let asked = format!("--host {node}=HOST");
        assert!(run.stderr.contains(&asked), "{run:#?}");
    }
    // What the hint says, filled in: those of the example.
    let expected = Told::read(&deployment.site.base().join("apim-pki.toml"));
    let mut more: Vec<String> = Vec::new();
    for (role, nodes) in &expected.groups {
        for (node, told) in nodes {
            let host = told.split(' ').next().unwrap();
            more.extend(["--host".to_owned(), format!("{node}={host}")]);
            more.extend(["--role".to_owned(), format!("{node}={role}")]);
        }
    }
    let more: Vec<&str> = more.iter().map(String::as_str).collect();
    let run = init(&deployment, &more);
    assert_eq!(run.code, Some(0), "{run:#?}");
    let told = Told::read(&drafted(&deployment));
    assert_eq!(told.groups, expected.groups);
    assert_eq!(told.balancers, expected.balancers);

    let wrong = init(&deployment, &["--yes", "--host", "gatewy-1=x.example.com"]);
    assert_eq!(wrong.code, Some(2));
    assert!(
        wrong.stderr.contains("did you mean `gateway-1`?"),
        "{wrong:#?}"
    );
}

#[test]
fn what_lies_beside_the_topology_already_is_not_replaced() {
    let Some(deployment) = Deployment::new("2.6.0") else {
        return;
    };
    let beside = deployment.site.base().join("read/current");
    fs::create_dir_all(&beside).unwrap();
    fs::write(beside.join("client-truststore.jks"), "mine").unwrap();
    let run = init(&deployment, &[]);
    assert_eq!(run.code, Some(5), "{run:#?}");
    assert!(
        run.stderr
            .contains("client-truststore.jks` is there already"),
        "{run:#?}"
    );
    assert!(!drafted(&deployment).exists());
    let left: Vec<_> = fs::read_dir(&beside).unwrap().collect();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(
        fs::read(beside.join("client-truststore.jks")).unwrap(),
        b"mine"
    );
}

fn init(deployment: &Deployment, more: &[&str]) -> Run {
    fs::create_dir_all(deployment.site.base().join("read")).unwrap();
    let args = ["init", "-f", FILE, "--from-home", "homes/*"];
    deployment.site.run(&[&args[..], more].concat())
}

fn drafted(deployment: &Deployment) -> std::path::PathBuf {
    deployment.site.base().join(FILE)
}

/// The next command takes it as it is.
fn planned(site: &Site) {
    let plan = site.ok(&["plan", "-f", FILE]);
    assert!(plan.stdout.contains("node gateway-2\n"), "{plan:#?}");
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

const FILE: &str = "read/apim-pki.toml";
