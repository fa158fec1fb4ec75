//! What looks like a store, a password or a URL, and is in none of the tables: known and of no concern, or
//! not known.

use crate::wso2::config::{Document, HomeConfig, Leaf, Syntax, account, v2};

/// Sorts what the tables did not take.
pub(super) fn account(config: &mut HomeConfig) {
    account::account(config, reason);
}

fn reason(document: &Document, leaf: &Leaf) -> Option<&'static str> {
    if document.syntax() != Syntax::Toml {
        return v2::reason(document, leaf);
    }
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
        account::is_vocabulary(leaf)
            .then_some("it names a claim or a vocabulary, which nobody opens")
    })
}

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
    use crate::wso2::config::{Generation, Mention};

    #[test]
    fn what_no_table_knows_is_told_and_not_passed_over() {
        let toml = "[my.own]\nurl = \"https://x\"\nname = \"x\"\n[secrets]\na = \"[password]\"\n";
        let document = Document::read("f", Syntax::Toml, toml.as_bytes()).unwrap();
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
