use std::fmt::Write;

use crate::{
    keystore::Format,
    wso2::{Product, Role, Slot},
};

/// The reference deployment of a release as a topology with comments: every role with two nodes behind
/// a balancer, names under `apim.example.com`, and each key that may be set, in comments where its value
/// is the default. Without comments and blank lines it fits on one screen.
pub fn reference(product: Product) -> String {
    let mut text = HEAD.to_owned();
    if product.has_encryption_key() {
        text.push_str(ENCRYPTION);
    }
    text.push_str(MIDDLE);
    for role in product.roles() {
        push_group(&mut text, *role);
    }
    text.push_str(TAIL);
    for slot in Slot::ALL {
        text = text.replace(&format!("{{{slot}}}"), &slot.file_name(Format::Jks));
    }
    text.replace("{product}", &product.to_string())
        .replace("{profile}", product.pkcs12_profile().name())
        .replace("{alias}", Slot::Primary.alias(product))
}

fn push_group(text: &mut String, role: Role) {
    let host = match role {
        Role::ControlPlane => "cp",
        Role::Gateway => "gw",
        Role::KeyManager => "km",
        Role::Publisher => "pub",
        Role::Store => "store",
        Role::TrafficManager => "tm",
    };
    let balancer = match role.needs_session_affinity() {
        true => format!("{{ host = \"{host}\", tls = \"issued\" }}"),
        false => format!("\"{host}\""),
    };
    let comment = match role {
        Role::Gateway => {
            "# names  = [\"api.example.com\"]       # public names of the group\n\
             # manager = \"gateway-1\"             # whom others call where gateways synchronise by rsync\n"
        }
        _ => "",
    };
    // Writing to a String cannot fail.
    let _ = write!(
        text,
        "\n[roles.{role}]\n\
         balancer = {balancer}\n\
         {comment}\
         nodes    = {{ {role}-1 = \"{host}1\", {role}-2 = \"{host}2\" }}\n"
    );
}

const HEAD: &str = r#"# The PKI of a cluster: who is in it, by which names it is called, who certifies it.
# No secret is in this file; keep it in version control. Relative paths begin at its folder.
# Times: 20y, 825d, 12h. Password sources: file:PATH env:NAME fd:N cmd:PROGRAM prompt.
# file:secrets/NAME (ca, stores, balancers, …) is made in the workspace by the first run.

product = "{product}"
domain  = "apim.example.com"          # completes host names without a dot
subject = { organization = "Example", country = "LK" }   # also organizational_unit, locality, state

[ca]
issuer   = "local"                    # local | self-signed | external (not built yet)
key      = "rsa-3072"                 # rsa-2048 | rsa-3072 | rsa-4096 | ec-p256 | ec-p384
validity = "20y"
password = "file:secrets/ca"
# certificate = "corp/chain.pem"      # an existing CA, root or intermediate; its key is never copied
# key_file = "corp/ca.key"
# key_password = "file:corp/ca.password"
# name_constraints = true             # limits the CA to these names; Java does not enforce it
# sha256 = "…"                        # pins the CA's certificate; the first run prints this line

[primary]                             # the one key that all nodes share: signs tokens, encrypts
alias    = "{alias}"
key      = "rsa-3072"                 # RSA only
validity = "20y"
# keystore = "current/{primary}"   # a cluster that holds data brings its own
# keystore_password = "prompt"
# sha256 = "…"                        # pins its certificate; the first run prints this line

# [internal]                          # a key of its own for stored data; without it the primary serves
# keystore = "current/{internal}"   # without: made once
# keystore_password = "prompt"
"#;

const ENCRYPTION: &str = r#"
# [encryption]                        # the key for stored data, the same on all nodes; never replaced
# key = "file:secrets/encryption"     # 64 hex digits
"#;

const MIDDLE: &str = r#"
[tls]                                 # each node's own; a node may override any of these but shared
key      = "rsa-2048"
validity = "825d"
# renew_before = "30d"
# names = ["*.apim.example.com"]      # in the certificate of every node
# client_auth = true                  # nodes authenticate to each other with it
# localhost = true                    # the product calls itself by this name
# keep_key = false                    # a new certificate has a new key
# shared = false                      # true: one key and certificate with all names for all nodes

[stores]
format   = "jks"                      # jks | pkcs12
password = "file:secrets/stores"
# profile = "{profile}"                   # of pkcs12: java8 | modern
# truststore = "vendor/{truststore}" # its CAs stay; or { file, password, sha256 }
# trust = ["corp-root.pem"]           # what else must be trusted: directories, databases
# [stores.tls]                        # or primary, internal, truststore; also alias, password, format
# file = "{tls}"
"#;

const TAIL: &str = r#"
# A group may have another name than its role, and several groups the same role:
# [roles.gateway-eu]
# role = "gateway"
# balancer = ["gw-eu", { host = "gw.example.eu", tls = "own", certificate = "gw-eu.pem" }]
# nodes = { gateway-eu-1 = { host = "gw3", ip = ["10.0.1.21"], sans = ["gw.internal"], offset = 1 } }
# Balancers: tls = passthrough (the nodes answer for the name) | issued (a certificate from here)
# | own (its own certificate).

# Servers that are not part of the cluster:
# [external.identity]
# role = "key-manager"                # or analytics, backend, database, directory, identity-provider
# hosts = ["is.example.com"]
# certificate = "is.pem"              # what it presents
# trust = ["is-root.pem"]             # goes into every truststore
# shared_primary = true               # it decrypts what the cluster wrote
"#;
