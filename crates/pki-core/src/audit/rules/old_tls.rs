use crate::{
    audit::{Check, Confidence, Rule, Severity, Sink, subject::Home},
    verify::endpoint::EndpointProblem,
    wso2::config::State,
};

pub(super) static RULE: Rule = Rule {
    id: "old-tls",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A listener that takes TLS 1.0 or 1.1",
    why: "RFC 8996 has put both to rest, and current JDKs refuse them: they help nobody who is up \
          to date. A listener that takes nothing newer, as the AMQP port of 3.0 and later by \
          default, cannot shake hands with a current JDK at all.",
    remedy: "apim-pki probe {host}",
    remedy_in_workspace: None,
    remedy_in_home: Some(
        "# leave TLSv1.2 and TLSv1.3 at the place that the finding names, restart, and look:\n\
         apim-pki probe HOST:PORT",
    ),
    source: "RFC 8996; jdk.tls.disabledAlgorithms of JDK 8u292, 11.0.11, 17; broker.xml.j2 of \
             wso2/product-apim; wso2/api-manager#2810",
    checks: &[Check::Home(check), Check::Endpoint(endpoint)],
};

fn check(home: &Home<'_>, sink: &mut Sink<'_>) {
    for listener in &home.config().protocols {
        let Some(versions) = listener
            .versions
            .known()
            .filter(|_| listener.state == State::On)
        else {
            continue;
        };
        let is_old = |version: &&String| OLD.contains(&version.as_str());
        let old: Vec<&str> = versions.iter().filter(is_old).map(String::as_str).collect();
        if old.is_empty() {
            continue;
        }
        let nothing_newer = match old.len() == versions.len() {
            true => " and nothing newer: a current JDK shakes no hand with it",
            false => "",
        };
        let by_default = match listener.versions.place {
            None => ", by the default of the release",
            Some(_) => "",
        };
        sink.say(format!(
            "{} takes {}{nothing_newer}{by_default}",
            listener.consumer.called(),
            old.join(", ")
        ))
        .at_setting(home, listener.versions.place.as_ref());
    }
}

const OLD: [&str; 5] = ["SSLv2Hello", "SSLv3", "TLSv1", "TLSv1.0", "TLSv1.1"];

fn endpoint(problem: &EndpointProblem) -> bool {
    matches!(problem, EndpointProblem::OldVersion { .. })
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.tomcat("TLSv1.1,TLSv1.2")),
    ("silent", |lab| lab.tomcat("TLSv1.2,TLSv1.3")),
    ("warning", |lab| {
        lab.endpoint(EndpointProblem::OldVersion {
            version: crate::observe::endpoint::TlsVersion::Tls10,
        })
    }),
    ("silent", |lab| lab.endpoint(lab.expires_soon())),
    ("warning", |lab| lab.tomcat("TLSv1")),
    ("warning", |lab| lab.tomcat("SSLv2Hello,TLSv1.2")),
];
