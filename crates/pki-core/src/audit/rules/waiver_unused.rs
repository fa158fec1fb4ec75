use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Waivers};

pub(super) static RULE: Rule = Rule {
    id: "waiver-unused",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    what: "A waiver that no finding needs",
    why: "What it was for is mended, or it names something that is not there: a waiver that stays lets the \
          next finding pass that nobody has looked at. A run over a part of the deployment may not meet \
          what it is for.",
    remedy: "apim-pki explain waiver-unused",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The policy: `[[audit.waivers]]`",
    checks: &[Check::Waivers(check)],
};

fn check(waivers: &Waivers<'_>, sink: &mut Sink<'_>) {
    for (waiver, met) in waivers.waivers {
        if *met == 0 {
            sink.say(format!(
                "nothing that was found needs the waiver of `{}` by {}",
                waiver.rule, waiver.owner
            ))
            .in_policy(waiver);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning (medium)", |lab| {
        lab.waiver("file-perms", "2040-01-01")
    }),
    ("silent", |lab| {
        lab.jks("a.jks", [lab.tls().entry("a")])
            .mode(0o644)
            .and_waiver("file-perms", "2040-01-01")
    }),
];
