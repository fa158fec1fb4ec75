//! What a topology means, what is refused where, and that nothing makes the parser panic.

mod refused;
mod robust;
mod valid;

use super::*;

fn parse(text: &str) -> Result<Topology, TopologyError> {
    Topology::from_toml(text, Path::new("/base"))
}

/// The least that is valid, in which a test puts its lines: tables behind it, roles' keys in it.
fn with(lines: &str) -> String {
    format!("product = \"2.6.0\"\ndomain = \"d.example\"\n{GATEWAY}{lines}")
}

const GATEWAY: &str = "[roles.gateway]\nnodes = { gateway-1 = \"gw1\" }\n";

fn valid(lines: &str) -> Topology {
    parse(&with(lines)).unwrap_or_else(|error| panic!("{lines}\n{error}"))
}

/// Checks that the text, in which `§` marks each place of a problem, has problems at these places and
/// no other, and that they read so.
#[track_caller]
fn refused(text: &str, messages: &[&str]) {
    let mut places = Vec::new();
    let mut clean = String::new();
    for (line, content) in text.split('\n').enumerate() {
        let mut column = 1;
        for c in content.chars() {
            if c == '§' {
                places.push((line + 1, column));
            } else {
                clean.push(c);
                column += 1;
            }
        }
        clean.push('\n');
    }
    let error = parse(&clean).expect_err(&clean);
    let found: Vec<_> = error.errors.iter().map(|p| (p.line, p.column)).collect();
    assert_eq!(found, places, "{error}\n{clean}");
    assert_eq!(error.errors.len(), messages.len(), "{error}");
    for (problem, message) in error.errors.iter().zip(messages) {
        let text = format!("{}: {}", problem.path, problem.kind);
        assert!(text.contains(message), "expected `{message}` in `{text}`");
    }
}

/// A key, or a table, that is wrong: behind the minimal topology.
#[track_caller]
fn refused_with(lines: &str, message: &str) {
    refused(&with(lines), &[message]);
}

const EVERYTHING: &str = r#"
product = "4.7.0"
domain  = "d.example"
subject = { organization = "Example", organizational_unit = "IT", country = "LK", locality = "Colombo", state = "West" }

[ca]
issuer   = "local"
key      = "ec-p384"
validity = "20y"
password = "file:secrets/ca"
certificate = "corp/chain.pem"
key_file = "/corp/ca.key"
key_password = "env:KEY"
sha256 = "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855"

[primary]
alias    = "signer"
key      = "rsa-4096"
validity = "15y"
keystore = "current/p.jks"
keystore_password = "file:pw"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[internal]
keystore = "current/i.jks"
keystore_password = "prompt"

[encryption]
key = "fd:7"

[tls]
key      = "ec-p256"
validity = "825d"
renew_before = "30d"
shared = false
names = ["*.d.example"]
client_auth = true
localhost = true
keep_key = false

[stores]
format   = "pkcs12"
profile  = "java8"
password = "file:secrets/stores"
trust    = ["root.pem"]
tls = { file = "node.jks", alias = "node", password = "env:TLS", format = "jks" }

[stores.internal]
profile = "modern"

[stores.truststore]
file = "trust.p12"
[stores.truststore.vendor]
file = "vendor/trust.jks"
password = "cmd:pass v"
sha256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

[roles.gateway-eu]
role = "gateway"
balancer = ["gw", { host = "lb1", tls = "issued", password = "env:LB" }, { host = "lb2", tls = "own", certificate = "gw.pem" }]
names = ["api.example.com"]
manager = "gateway-1"
[roles.gateway-eu.nodes.gateway-1]
host = "gw1"
ip = ["10.0.1.21"]
sans = ["gw.internal"]
offset = 1
key = "rsa-2048"
validity = "90d"
renew_before = "12h"
client_auth = false
localhost = false
keep_key = true

[external.is]
role = "key-manager"
hosts = ["is"]
certificate = "is.pem"
trust = ["is-root.pem"]
shared_primary = true
"#;
