use crate::audit::{Check, Confidence, Rule, Severity, Sink, subject::Waivers};

pub(super) static RULE: Rule = Rule {
    id: "waiver-expired",
    severity: Severity::Warning,
    confidence: Confidence::High,
    what: "A waiver whose last day is over",
    why: "Somebody answered for a finding until a day. Now it counts again: either it is mended, or the \
          owner gives a new reason and a new day.",
    remedy: "apim-pki explain waiver-expired",
    remedy_in_workspace: None,
    remedy_in_home: None,
    source: "The policy: `[[audit.waivers]]`",
    checks: &[Check::Waivers(check)],
};

fn check(waivers: &Waivers<'_>, sink: &mut Sink<'_>) {
    let today = waivers.context.now.date();
    for (waiver, _) in waivers.waivers {
        if waiver.expires < today {
            sink.say(format!(
                "the waiver of `{}` by {} ended on {}: {}",
                waiver.rule, waiver.owner, waiver.expires, waiver.reason
            ))
            .in_policy(waiver);
        }
    }
}

#[cfg(test)]
pub(super) const FIXTURES: crate::audit::testing::Fixtures = &[
    ("warning", |lab| lab.waiver("file-perms", "2026-01-01")),
    ("silent", |lab| lab.waiver("file-perms", "2040-01-01")),
    // On its last day.
    ("silent", |lab| lab.waiver("file-perms", "2026-11-23")),
];
