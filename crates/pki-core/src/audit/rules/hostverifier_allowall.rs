use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    wso2::config::{Client, NameCheck},
};

pub(super) static RULE: Rule = Rule {
    id: "hostverifier-allowall",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "Clients that look at no host name",
    why: "The product's start scripts have had `-Dhttpclient.hostnameVerifier=AllowAll` since 2.2. \
          Whoever has any certificate that the truststore trusts passes for any server: with the \
          default certificates still trusted that is everybody.",
    remedy: "# take it out where the finding says; before that, see that every name is in a certificate:\n\
             apim-pki verify --home {home}",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "api-manager.sh and wso2server.sh of wso2/product-apim; HTTPClientUtils of \
             wso2/carbon-kernel; wso2/api-manager#1876",
    checks: &[Check::Home(check)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    for setting in &home.config().name_checks {
        if setting.check.known() == Some(&NameCheck::AllowAll) {
            let who = match setting.client {
                Client::Kernel => "the server's own HTTP clients",
                Client::Synapse => "the gateway's HTTPS sender",
                Client::Websocket => "the gateway's WebSocket sender",
                Client::Other(name) => name,
                _ => "a client",
            };
            sink.say(format!("{who}: every certificate passes for every host"))
                .at_setting(home, setting.check.place.as_ref());
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| {
        lab.home_with_script("-Dhttpclient.hostnameVerifier=AllowAll")
    }),
    ("silent", |lab| {
        lab.home_with_script("-Dhttpclient.hostnameVerifier=Strict")
    }),
];
