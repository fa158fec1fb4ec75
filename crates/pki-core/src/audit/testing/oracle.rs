//! What rules say of their fixtures, against what they should say.

use super::{Case, Fixtures, Lab, Mutant};
use crate::audit::{Confidence, Finding, Rule};

/// A rule, what it is tried on, and what can be made of it.
pub(crate) struct Tried {
    pub(crate) rule: &'static Rule,
    pub(crate) fixtures: Fixtures,
    pub(crate) mutants: fn() -> Vec<Mutant>,
}

/// What a fixture says of which a rule is to say nothing.
pub(crate) const SILENT: &str = "silent";

impl Tried {
    /// The cases, each with what is to be said of it: made once, since their keys are dear.
    pub(crate) fn cases(&self) -> Vec<(&'static str, Case)> {
        let fixtures = self.fixtures.iter();
        fixtures.map(|(says, case)| (*says, case(&Lab))).collect()
    }

    /// What is wrong with what the rules of a table say of cases of this rule: nothing, if all is as it
    /// should be.
    pub(crate) fn complaints(
        &self,
        table: &[&'static Rule],
        cases: &[(&'static str, Case)],
    ) -> Vec<String> {
        let mut complaints = Vec::new();
        for (at, (expected, case)) in cases.iter().enumerate() {
            let found = told(&case.audit(table).findings, self.rule);
            if found != *expected {
                let (rule, number) = (self.rule.id, at + 1);
                complaints.push(format!(
                    "{rule}: fixture {number}: {found}, and not {expected}"
                ));
            }
        }
        complaints
    }
}

/// What a rule says, as fixtures have it.
fn told(findings: &[Finding], rule: &Rule) -> String {
    let own = findings.iter().filter(|finding| finding.rule == rule);
    let own: Vec<String> = own
        .map(
            |finding| match (finding.severity.name(), finding.confidence) {
                (severity, Confidence::High) => severity.to_owned(),
                (severity, confidence) => format!("{severity} ({confidence})"),
            },
        )
        .collect();
    match own.is_empty() {
        true => SILENT.to_owned(),
        false => own.join(", "),
    }
}
