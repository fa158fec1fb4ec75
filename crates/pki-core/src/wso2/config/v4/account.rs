//! What looks like a store, a password or a URL, and is in none of the tables: known and of no concern, or
//! not known.

use std::collections::HashSet;

use crate::wso2::config::{Document, HomeConfig, Leaf, Mention, Place, StoreUse};

/// Sorts every value that looks like a store, a password or a URL, and that nothing else has taken, into
/// [`HomeConfig::ignored`] or [`HomeConfig::unknown`].
pub(super) fn account(config: &mut HomeConfig) {
    let taken = taken(config);
    let mut ignored = Vec::new();
    let mut unknown = Vec::new();
    for document in &config.documents {
        let leaves = document.leaves().iter();
        for leaf in leaves.filter(|leaf| is_of_interest(leaf)) {
            let place = Place::of(document, leaf);
            if taken.contains(&place) {
                continue;
            }
            match reason(document, leaf) {
                Some(why) => ignored.push(Mention { place, why }),
                None => unknown.push(Mention { place, why: "" }),
            }
        }
    }
    config.ignored.extend(ignored);
    config.unknown.extend(unknown);
}

/// The places of everything that the configuration holds.
fn taken(config: &HomeConfig) -> HashSet<Place> {
    let mut taken = HashSet::new();
    let mut take = |place: &Option<Place>| {
        taken.extend(place.clone());
    };
    for StoreUse {
        location,
        kind,
        password,
        alias,
        key_password,
        ..
    } in &config.stores
    {
        take(&location.place);
        take(&kind.place);
        take(&password.place);
        take(&alias.place);
        take(&key_password.place);
    }
    for call in &config.calls {
        take(&call.setting.place);
    }
    for source in &config.sources {
        take(&source.url.place);
    }
    for credential in &config.credentials {
        take(&credential.password.place);
    }
    take(&config.encryption_key.place);
    take(&config.transformation.place);
    for host in &config.hosts {
        take(&host.place);
    }
    taken
}

/// True for what looks like a store, a password or a URL.
fn is_of_interest(leaf: &Leaf) -> bool {
    let looks = |text: &str| {
        let lower = text.to_ascii_lowercase();
        LOOKS.iter().any(|look| lower.contains(look))
    };
    looks(leaf.name()) || looks(leaf.text())
}

fn reason(document: &Document, leaf: &Leaf) -> Option<&'static str> {
    let holds = |(pattern, _): &&(&str, &str)| {
        let pattern = *pattern;
        match (pattern.strip_prefix('*'), pattern.strip_suffix('*')) {
            (Some(end), None) => leaf.key.ends_with(end),
            (None, Some(start)) => leaf.key.starts_with(start),
            _ => leaf.key == pattern,
        }
    };
    let by_key = IGNORED.iter().find(holds).map(|(_, why)| *why);
    by_key.or_else(|| {
        let claim = CLAIMS.iter().any(|claim| leaf.text().contains(claim));
        let namespace = document.syntax() == crate::wso2::config::Syntax::Xml
            && leaf.name().starts_with("@xmlns");
        (claim || namespace).then_some("it names a claim or a vocabulary, which nobody opens")
    })
}

/// What a store, a password or a URL looks like, in lower case.
const LOOKS: &[&str] = &[
    "jks", "p12", "assword", "http://", "https://", "ssl://", "tcp://", "amqp://", "ws://",
    "wss://", "ldap://", "ldaps://", "jdbc:",
];

/// URLs that are names.
const CLAIMS: &[&str] = &[
    "http://wso2.org/claims",
    "http://wso2.org/oidc",
    "http://schemas.",
    "http://www.w3.org/",
];

/// Keys that look like something else, whole or with `*` at one end, and what they are.
#[rustfmt::skip]
const IGNORED: &[(&str, &str)] = &[
    ("secrets.*", "it is an encrypted secret"),
    ("runtime_secrets.*", "it says where secrets come from"),
    ("keystore.saml.*", "it is a keystore of its own, which the cluster's keys are not for"),
    ("custom_keystore.*", "it is a keystore of its own, which the cluster's keys are not for"),
    ("keystore.custom.*", "it is a keystore of its own, which the cluster's keys are not for"),
    ("keystore.datasource.*", "it is a keystore of its own, which the cluster's keys are not for"),
    ("keystore.tenant.*", "it is about the keystores of tenants, which the product makes"),
    ("keystore.userstore_password_encryption", "it names a key, and holds no password"),
    ("transport.http.listener.keystore.file_name", INEFFECTIVE),
    ("transport.http.listener.truststore.file_name", INEFFECTIVE),
    ("transport.http.sender.keystore.file_name", INEFFECTIVE),
    ("transport.http.sender.truststore.file_name", INEFFECTIVE),
    ("apim.cors.*", "browsers name it as where they come from"),
    ("cors.*", "browsers name it as where they come from"),
    ("apim.jwt.claim_dialect", "it names a claim or a vocabulary, which nobody opens"),
    ("apim.jwt.gateway_generator.*", "it names a claim or a vocabulary, which nobody opens"),
    ("keystore.primary.name", "it is without effect: `file_name` names the file"),
    ("keystore.internal.name", "it is without effect: `file_name` names the file"),
    ("keystore.tls.name", "it is without effect: `file_name` names the file"),
    ("truststore.name", "it is without effect: `file_name` names the file"),
    ("apim.workflow.password", "it is without effect: the product reads `wf_engine_pass`"),
    ("identity_mgt.*", "it is a rule about passwords of people"),
    ("password_policy.*", "it is a rule about passwords of people"),
    ("password_trim.*", "it is a rule about passwords of people"),
    ("oauth.grant_type.*", "it is about a way to get a token"),
    ("user_store.password_*", "it is a rule about passwords of people"),
    ("user_store.properties.Password*", "it is a rule about passwords of people"),
    ("user_store.properties.StoreSaltedPassword", "it is a rule about passwords of people"),
    ("transport.passthru_https.listener.ssl_profile.file_path", "it names a file of profiles"),
    ("transport.passthru_https.sender.ssl_profile.file_path", "it names a file of profiles"),
];

const INEFFECTIVE: &str = "it is without effect: the product keeps it under a key that no template reads (`….location` is read)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wso2::config::Generation;

    #[test]
    fn what_no_table_knows_is_told_and_not_passed_over() {
        let toml = "[my.own]\nurl = \"https://x\"\nname = \"x\"\n[secrets]\na = \"[password]\"\n";
        let document =
            Document::read("f", crate::wso2::config::Syntax::Toml, toml.as_bytes()).unwrap();
        let mut config = HomeConfig::empty(Generation::Toml);
        config.documents.push(document);
        account(&mut config);
        let keys = |mentions: &[Mention]| -> Vec<String> {
            mentions.iter().map(|it| it.place.key.clone()).collect()
        };
        assert_eq!(keys(&config.unknown), ["my.own.url"]);
        assert_eq!(keys(&config.ignored), ["secrets.a"]);
    }
}
