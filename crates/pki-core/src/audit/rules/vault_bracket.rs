use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    wso2::vault::Content,
};

pub(super) static RULE: Rule = Rule {
    id: "vault-bracket",
    severity: Severity::Info,
    confidence: Confidence::High,
    what: "A password with `]`, waiting to be encrypted",
    why: "The cipher tool takes what stands between brackets, up to the first `]` in \
          cipher-text.properties: it encrypts a part of the password, and the node does not get \
          in.",
    remedy: "apim-pki vault encrypt --home {home} --alias {alias}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "Utils.readTokens of wso2/cipher-tool 1.0.0-wso2v8",
    checks: &[Check::Home(check)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    for secret in &home.vault.secrets {
        if matches!(secret.content, Content::Plain { cut: true, .. }) {
            sink.say("the cipher tool would encrypt a part of it: it ends at the first `]`")
                .at_setting(home, Some(&secret.place))
                .alias = Some(secret.alias.as_str().into());
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("info", |lab| lab.home_with_secret("pass]word")),
    ("silent", |lab| lab.home_with_secret("password")),
];
